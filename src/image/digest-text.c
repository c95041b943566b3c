/* SPDX-License-Identifier: Apache-2.0 */
/* digest-text - how a digest is written; apart from digest.c so that who only reads digests need
 * not link libcrypto */
#include "image/digest.h"

#include <string.h>

bool digest_is_valid(const char *text)
{
	return strncmp(text, "sha256:", 7) == 0 && strspn(text + 7, "0123456789abcdef") == 64 &&
	       text[7 + 64] == '\0';
}
