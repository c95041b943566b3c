/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the file says, places are registries' and short names stand for something that parses.
 */
#include "image/registries.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_places(const char *json, size_t n, const char *text)
{
	struct registry_place places[PLACES_MAX];
	struct reference ref;
	size_t k = 1;

	assert(reference_parse(text, &ref, NULL) == 0);
	places[0].ref = ref;
	if (registries_find_text(json, n, &ref, places, &k, NULL) < 0)
		return;
	assert(k >= 1 && k <= PLACES_MAX);
	for (size_t i = 0; i < k; i++) {
		char full[1024];

		assert(places[i].is_mirror == (i + 1 < k));
		assert(reference_full_name(&places[i].ref, full, sizeof(full), NULL) == 0);
		assert(!strcmp(places[i].ref.tag, ref.tag));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const names[] = { "debian", "debian:12", "team/app@x", "a:b:c" };
	const char *json = (const char *)data;
	struct reference r, plain;

	check_places(json, n, "debian:12");
	check_places(json, n, "r.example:5000/x/y");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *full = NULL;

		if (registries_expand_text(json, n, names[i], &full, NULL) < 0)
			continue;
		if (strcmp(full, names[i]) != 0 && reference_parse(names[i], &plain, NULL) == 0)
			assert(reference_has_host(full) && reference_parse(full, &r, NULL) == 0);
	}
	return 0;
}
