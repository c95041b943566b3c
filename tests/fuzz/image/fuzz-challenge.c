/* SPDX-License-Identifier: Apache-2.0 */
#include "image/challenge.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct challenge c = { 0 };
	char *text = malloc(n + 1);

	if (!text)
		return 0;
	memcpy(text, data, n);
	text[n] = '\0';
	challenge_parse(text, &c);
	assert(c.scheme != CHALLENGE_BEARER || c.realm[0]);
	/* These become a URL; a line break in them would end the request line. */
	assert(!strpbrk(c.realm, "\r\n") && !strpbrk(c.service, "\r\n") &&
	       !strpbrk(c.scope, "\r\n"));
	free(text);
	return 0;
}
