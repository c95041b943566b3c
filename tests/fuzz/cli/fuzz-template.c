/* SPDX-License-Identifier: Apache-2.0 */
/* The template is the input up to the first NUL; what follows, if it is JSON, is its data. A run
 * ends, and says why if it fails. */
#include "base/json.h"
#include "base/sbuf.h"
#include "cli/template.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char sample[] =
	"{\"Name\":\"web\",\"N\":42,\"F\":1.5,\"On\":true,\"None\":null,\"List\":[\"a\",\"b\"],"
	"\"Labels\":{\"a\":\"1\"},\"State\":{\"Status\":\"running\",\"Pid\":7}}";

static void run(const struct template *t, json_t *root)
{
	_cleanup_sbuf_ struct sbuf out = SBUF_INIT(1 << 20);
	struct template_data d = { .root = root, .extra = root, .methods = root };
	struct err e = { 0 };

	if (template_run(t, &d, &out, &e) < 0)
		assert(e.uct == UCT_TEMPLATE_VALUE || e.uct == UCT_TEMPLATE_FIELD);
	sbuf_clear(&out);
	d.headings = true;
	(void)template_run(t, &d, &out, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_free_ char *text = malloc(n + 1);
	_cleanup_template_ struct template *t = NULL;
	_cleanup_json_ json_t *root = NULL;
	struct err e = { 0 };
	size_t used;

	if (!text)
		return 0;
	memcpy(text, data, n);
	text[n] = '\0';
	used = strlen(text) + 1;
	if (used < n)
		root = json_loadb(text + used, n - used, 0, NULL);
	if (!root)
		root = json_loads(sample, 0, NULL);
	if (!root)
		return 0;
	if (template_compile(text, 0, TEMPLATE_ESCAPES, &t, &e) < 0)
		assert(e.uct == UCT_TEMPLATE && e.msg[0]);
	else
		run(t, root);
	return 0;
}
