/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/platform-options.h"

#include "base/json.h"
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

static const char *const platforms[] = { "linux/amd64",   "linux/arm64",
	                                 "linux/arm/v7",  "linux/386",
	                                 "linux/ppc64le", "linux/riscv64",
	                                 "linux/s390x",   NULL };

const struct option platform_options[] = {
	{ "platform", 0, OPTION_STRING, COMPLETE_VALUES, "OS/ARCH[/VARIANT]",
	  "The machines that the image is for", "this one", NULL, platforms },
	{ "arch", 0, OPTION_STRING, COMPLETE_NONE, "ARCH", "Architecture alone, as in --platform" },
	{ "os", 0, OPTION_STRING, COMPLETE_NONE, "OS", "Operating system, beside --arch" },
	{ "variant", 0, OPTION_STRING, COMPLETE_NONE, "VARIANT", "Variant of --arch" },
	{ NULL },
};

int platform_options_take(const struct args *a, char buf[PLATFORM_SIZE], const char **ret,
                          struct err *e)
{
	const char *arch = args_string(a, "arch"), *os = args_string(a, "os");
	const char *variant = args_string(a, "variant"), *whole = args_nonempty(a, "platform");

	*ret = whole;
	if (whole && (arch || os || variant))
		return err_set(e, UCT_FLAGS_CONFLICT, -EINVAL,
		               "--platform says what --arch, --os and --variant say");
	if (variant && !arch)
		return err_set(e, UCT_USAGE, -EINVAL, "--variant needs --arch");
	if (os && !arch)
		return err_set(e, UCT_USAGE, -EINVAL, "--os needs --arch");
	if (!arch)
		return 0;
	if (snprintf(buf, PLATFORM_SIZE, "%s/%s%s%s", os ? os : "linux", arch, variant ? "/" : "",
	             variant ? variant : "") >= PLATFORM_SIZE)
		return err_set(e, UCT_BAD_VALUE, -EINVAL, "--arch '%s' is too long", arch);
	*ret = buf;
	return 0;
}

const struct option platform_check_options[] = {
	{ "platform", 0, OPTION_STRING, COMPLETE_VALUES, "OS/ARCH[/VARIANT]",
	  "Only if the image is for these machines", "whatever it is for", NULL, platforms },
	{ NULL },
};

static const char *text(const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	return s ? s : "";
}

/* The variant counts only where it is asked for. */
static bool fits(const json_t *image, const char *wanted, char is[PLATFORM_SIZE])
{
	const char *variant = text(image, "Variant");
	size_t n;

	(void)snprintf(is, PLATFORM_SIZE, "%s/%s", text(image, "Os"), text(image, "Architecture"));
	n = strlen(is);
	if (!strcmp(is, wanted))
		return true;
	if (*variant)
		(void)snprintf(is + n, PLATFORM_SIZE - n, "/%s", variant);
	return !strcmp(is, wanted);
}

int platform_check(struct cli *c, const struct args *a, const char *image)
{
	const char *wanted = args_string(a, "platform");
	_cleanup_free_ char *json = NULL;
	_cleanup_json_ json_t *j = NULL;
	char is[PLATFORM_SIZE];
	struct usrct_err e = { 0 };
	struct err bad;
	int status;

	if (!wanted)
		return 0;
	if (usrct_image_inspect(c->u, image, &json, &e) < 0)
		return cli_fail(c, &e);
	status = cli_read_answer(c, json, &j);
	if (status || fits(j, wanted, is))
		return status;
	(void)err_set(&bad, UCT_NO_PLATFORM, -ENOENT, "image '%s' is for %s, not for %s", image, is,
	              wanted);
	(void)err_hint(&bad, -ENOENT, "usr-ct pull --platform %s fetches the other one", wanted);
	return cli_fail_local(c, &bad);
}
