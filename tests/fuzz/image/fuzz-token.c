/* SPDX-License-Identifier: Apache-2.0 */
#include "image/credentials.h"
#include "image/token-answer.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct token_answer a = { 0 };
	struct err e = { 0 };

	if (token_answer_parse((const char *)data, n, "r.example", &a, &e) == 0) {
		/* They become a header line. */
		assert(!strncmp(a.authorization, "Bearer ", 7) && a.authorization[7]);
		assert(!strpbrk(a.authorization + 7, "\r\n \t"));
		assert(!a.refresh || (*a.refresh && !strpbrk(a.refresh, "\r\n \t")));
	} else {
		assert(e.uct == UCT_REGISTRY_ANSWER || e.uct == UCT_NO_MEMORY);
	}
	credentials_free(a.authorization);
	credentials_free(a.refresh);
	return 0;
}
