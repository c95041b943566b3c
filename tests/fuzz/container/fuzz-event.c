/* SPDX-License-Identifier: Apache-2.0 */
/* The events file is read with whatever a crash, or somebody's editor, left in it. */
#include "container/event-reader.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_event_record_ struct event_record x = { 0 };

	if (event_parse((const char *)data, n, &x) == 0)
		assert(x.type && x.action && x.id && json_is_object(x.attributes));
	else
		assert(!x.doc);
	return 0;
}
