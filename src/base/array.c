/* SPDX-License-Identifier: Apache-2.0 */
#include "base/array.h"

#include <string.h>

int array_grow(void *array, size_t n, size_t *cap, size_t element_bytes)
{
	size_t more = *cap ? *cap * 2 : 16;
	void *p;

	if (n < *cap)
		return 0;
	if (more > SIZE_MAX / 2 / element_bytes)
		return -ENOMEM;
	/* A pointer of any type: reading it as void * is not allowed. */
	memcpy(&p, array, sizeof(p));
	p = reallocarray(p, more, element_bytes);
	if (!p)
		return -ENOMEM;
	memcpy(array, &p, sizeof(p));
	*cap = more;
	return 0;
}
