/* SPDX-License-Identifier: Apache-2.0 */
/* array - heap arrays that grow */
#pragma once

#include "base/macro.h"

/* Makes room for one more behind the @n elements. @array is the address of the pointer to them,
 * which may move; 0 or -ENOMEM, and then nothing has changed. */
int array_grow(void *array, size_t n, size_t *cap, size_t element_bytes);
