/* SPDX-License-Identifier: Apache-2.0 */
#include "image/token-answer.h"

#include "base/json.h"
#include "base/sbuf.h"

#include <string.h>

/* A token goes into a header line, so it may have nothing that would end one. */
static bool is_token_text(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] >= 0x7f)
			return false;
	return n > 0;
}

int token_answer_parse(const char *text, size_t n, const char *host, struct token_answer *ret,
                       struct err *e)
{
	_cleanup_json_ json_t *j = NULL;
	const char *token, *refresh;

	if (n == 0 || json_parse(text, n, "token", &j, NULL) < 0)
		return err_set(e, UCT_REGISTRY_ANSWER, -EBADMSG,
		               "the token service of registry '%s' does not answer in JSON", host);
	token = json_string_value(json_object_get(j, "token"));
	if (!token)
		token = json_string_value(json_object_get(j, "access_token"));
	if (!is_token_text(token))
		return err_set(e, UCT_REGISTRY_ANSWER, -EBADMSG,
		               "the token service of registry '%s' sent no token", host);
	refresh = json_string_value(json_object_get(j, "refresh_token"));
	ret->refresh = is_token_text(refresh) ? strdup(refresh) : NULL;
	ret->authorization = strf("Bearer %s", token);
	return ret->authorization ? 0 : err_oom(e);
}
