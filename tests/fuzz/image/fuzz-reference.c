/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever reads as a reference must survive being written and read again. */
#include "image/reference.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_again(const struct reference *r)
{
	struct reference again;
	char full[1024], familiar[1024], full_again[1024];

	if (reference_full_name(r, full, sizeof(full), NULL) < 0 || !full[0])
		return;
	reference_familiar(full, familiar, sizeof(familiar));
	assert(reference_parse(familiar, &again, NULL) == 0);
	assert(reference_full_name(&again, full_again, sizeof(full_again), NULL) == 0);
	assert(!strcmp(full, full_again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1);
	struct reference r;
	struct err e = { 0 };

	if (!text)
		return 0;
	memcpy(text, data, n);
	text[n] = '\0';
	if (reference_parse(text, &r, &e) == 0)
		check_again(&r);
	else
		assert(e.uct == UCT_BAD_REFERENCE);
	free(text);
	return 0;
}
