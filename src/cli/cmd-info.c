/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct info and usr-ct version - what is installed, and what it works with */
#include "cli/cli.h"

#include "base/json.h"
#include "base/sbuf.h"
#include "cli/format.h"
#include "cli/human.h"

#include <ctype.h>
#include <string.h>
#include <sys/utsname.h>

enum { INFO_MAX_BYTES = 1 << 20, DEPTH_MAX = 8 };

static const struct option format_options[] = {
	{ "format", 'f', OPTION_STRING, COMPLETE_NONE, "TEMPLATE",
	  "Print what a template makes of it, or json, instead of text", "text" },
	{ NULL },
};

/* Whether --format asks for something else than text. */
static bool has_format(const struct args *a)
{
	const char *format = args_string(a, "format");

	return format && *format && strcmp(format, "text") != 0;
}

/* Consumes @j. @extra: fields that only templates see; may be NULL. */
static int print_format(struct cli *c, const struct args *a, json_t *j, const json_t *extra)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(INFO_MAX_BYTES);
	const struct format_options o = { .text = args_string(a, "format"), .raw = true };
	_cleanup_format_ struct format *f = NULL;
	_unused_ _cleanup_json_ json_t *owned = j;
	struct err e;

	if (format_compile(&o, &f, &e) < 0 || format_row(f, json_incref(j), extra, NULL, &e) < 0 ||
	    format_end(f, &b, &e) < 0)
		return cli_fail_local(c, &e);
	return cli_print(c, &b);
}

static bool is_capital(const char *key, size_t i, size_t n)
{
	return i < n && isupper((unsigned char)key[i]);
}

/* "dataDir" or "data_dir" to "Data dir"; "OSType" keeps its capitals. */
static void add_title(struct sbuf *b, const char *key, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool starts_word = i > 0 && is_capital(key, i, n) && !is_capital(key, i - 1, n);
		char ch = key[i];

		if (starts_word)
			sbuf_addc(b, ' ');
		if (i == 0)
			ch = (char)toupper((unsigned char)ch);
		else if (ch == '_' || ch == '-')
			ch = ' ';
		else if (starts_word && !is_capital(key, i + 1, n))
			ch = (char)tolower((unsigned char)ch);
		sbuf_addc(b, ch);
	}
}

/* The length of a key without "_bytes" or "Bytes", if it ends so. */
static size_t without_unit(const char *key, bool *ret_is_size)
{
	static const char *const units[] = { "_bytes", "Bytes" };
	size_t n = strlen(key), m;

	*ret_is_size = true;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		m = strlen(units[i]);
		if (n > m && strcmp(key + n - m, units[i]) == 0)
			return n - m;
	}
	*ret_is_size = false;
	return n;
}

static void add_scalar(struct sbuf *b, const json_t *v, bool is_size)
{
	char size[HUMAN_SIZE];

	if (json_is_string(v))
		sbuf_adds(b, json_string_value(v));
	else if (json_is_boolean(v))
		sbuf_adds(b, json_is_true(v) ? "yes" : "no");
	else if (json_is_integer(v) && is_size && json_integer_value(v) >= 0) {
		human_bytes((uint64_t)json_integer_value(v), size);
		sbuf_adds(b, size);
	} else if (json_is_integer(v))
		sbuf_addf(b, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		sbuf_addf(b, "%g", json_real_value(v));
	else
		sbuf_addc(b, '-');
}

static void add_object(struct sbuf *b, json_t *object, size_t depth);

static void add_array(struct sbuf *b, json_t *array, size_t depth)
{
	json_t *v;
	size_t n = json_array_size(array);

	if (n == 0)
		sbuf_adds(b, " none");
	for (size_t i = 0; i < n; i++) {
		v = json_array_get(array, i);
		if (json_is_object(v)) {
			sbuf_addc(b, '\n');
			add_object(b, v, depth + 1);
			continue;
		}
		sbuf_adds(b, i == 0 ? " " : ", ");
		add_scalar(b, v, /* is_size= */ false);
	}
}

static void add_object(struct sbuf *b, json_t *object, size_t depth)
{
	bool is_size;
	const char *key;
	json_t *v;
	size_t n;

	if (depth > DEPTH_MAX)
		return;
	/* The macro wants a pointer to non-const; nothing is changed through it. */
	json_object_foreach((json_t *)(uintptr_t)object, key, v)
	{
		n = without_unit(key, &is_size);
		text_pad(b, 2 * depth);
		add_title(b, key, n);
		sbuf_addc(b, ':');
		if (json_is_object(v)) {
			sbuf_addc(b, '\n');
			add_object(b, v, depth + 1);
			continue;
		}
		if (json_is_array(v)) {
			add_array(b, v, depth);
		} else {
			sbuf_addc(b, ' ');
			add_scalar(b, v, is_size);
		}
		sbuf_addc(b, '\n');
	}
}

/* As images name it, not as uname(2) does. */
static const char *architecture(const char *machine)
{
	static const struct {
		const char *machine, *name;
	} table[] = { { "x86_64", "amd64" },
		      { "aarch64", "arm64" },
		      { "i686", "386" },
		      { "armv7l", "arm" },
		      { "armv6l", "arm" } };

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (strcmp(machine, table[i].machine) == 0)
			return table[i].name;
	return machine;
}

static json_t *copy_of(const json_t *info, const char *key)
{
	return json_incref(json_object_get(info, key));
}

/* Host and Store as podman has them, from what there is. */
static json_t *podman_info(const json_t *i)
{
	const char *machine = json_string_value(json_object_get(i, "Architecture"));
	json_t *host = json_pack(
		"{s:s, s:o*, s:o*, s:s, s:o*, s:o*, s:o*, s:o*, s:s, s:s, s:o*, s:o*}", "Arch",
		architecture(machine ? machine : ""), "CPUs", copy_of(i, "NCPU"), "CgroupManager",
		copy_of(i, "CgroupDriver"), "CgroupsVersion", "v2", "Hostname", copy_of(i, "Name"),
		"Kernel", copy_of(i, "KernelVersion"), "LogDriver", copy_of(i, "LoggingDriver"),
		"MemTotal", copy_of(i, "MemTotal"), "EventLogger", "file", "OS", "linux",
		"RootlessNetworkCmd", copy_of(i, "Network"), "IDMappings",
		copy_of(i, "IDMappings"));
	json_t *store = json_pack(
		"{s:o*, s:o*, s:o*, s:{s:o*, s:o*, s:o*, s:o*}, s:{s:o*}}", "GraphDriverName",
		copy_of(i, "Driver"), "GraphRoot", copy_of(i, "DataDir"), "RunRoot",
		copy_of(i, "RuntimeDir"), "ContainerStore", "Number", copy_of(i, "Containers"),
		"Running", copy_of(i, "ContainersRunning"), "Paused",
		copy_of(i, "ContainersPaused"), "Stopped", copy_of(i, "ContainersStopped"),
		"ImageStore", "Number", copy_of(i, "Images"));

	if (host)
		(void)json_object_update_new(
			host, json_pack("{s:s, s:b, s:{s:b, s:b}, s:{s:s, s:s, s:s}}",
		                        "NetworkBackend", "none", "ServiceIsRemote", 0, "Security",
		                        "Rootless", 1, "SECCOMPEnabled", 1, "OCIRuntime", "Name",
		                        "usr-ct", "Path", "", "Version", USRCT_VERSION));
	return json_pack("{s:o*, s:o*}", "Host", host, "Store", store);
}

/* Consumes @j. */
static int print_info(struct cli *c, const struct args *a, json_t *j)
{
	_cleanup_json_ json_t *extra = podman_info(j);

	return print_format(c, a, j, extra);
}

static int info(struct cli *c, const struct args *a)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(INFO_MAX_BYTES);
	_cleanup_json_ json_t *j = NULL;
	_cleanup_free_ char *text = NULL;
	struct usrct_err e = { 0 };
	int status;

	if (usrct_info(c->u, &text, &e) < 0)
		return cli_fail(c, &e);
	status = cli_read_answer(c, text, &j);
	if (status)
		return status;
	if (has_format(a))
		return print_info(c, a, TAKE_PTR(j));
	add_object(&b, j, 0);
	return cli_print(c, &b);
}

/* There is no server; scripts that ask for its version mean what does the work. */
static json_t *version_object(const char *arch, const char *kernel)
{
	json_t *one =
		json_pack("{ss ss ss ss ss ss ss ss ss}", "Version", USRCT_VERSION, "ApiVersion",
	                  "1.43", "APIVersion", "1.43", "Library", usrct_version(), "GoVersion", "",
	                  "GitCommit", "", "Os", "linux", "Arch", arch, "KernelVersion", kernel);
	json_t *client = json_copy(one), *both;

	if (one)
		(void)json_object_update_new(one, json_pack("{s:s, s:b, s:s, s:{s:s}, s:[]}",
		                                            "MinAPIVersion", "1.24", "Experimental",
		                                            0, "BuildTime", "", "Platform", "Name",
		                                            "usr-ct", "Components"));
	if (client)
		(void)json_object_update_new(
			client,
			json_pack("{s:s, s:s, s:o, s:s, s:i, s:s}", "DefaultAPIVersion", "1.43",
		                  "Context", "default", "OsArch", json_sprintf("linux/%s", arch),
		                  "BuildTime", "", "Built", 0, "BuiltTime", ""));
	both = json_pack("{s:o*, s:o*}", "Client", client, "Server", one);
	return both;
}

static int version(struct cli *c, const struct args *a)
{
	_cleanup_sbuf_ struct sbuf b = SBUF_INIT(INFO_MAX_BYTES);
	struct utsname u = { 0 };
	const char *arch;

	(void)uname(&u); /* fails only for a bad pointer */
	arch = architecture(u.machine);
	if (has_format(a))
		return print_format(c, a, version_object(arch, u.release), NULL);
	sbuf_addf(&b,
	          "usr-ct\n Version:   %s\n Library:   %s\n OS/Arch:   linux/%s\n "
	          "Kernel:    %s\n",
	          USRCT_VERSION, usrct_version(), arch, u.release);
	return cli_print(c, &b);
}

const struct command cmd_info = {
	.name = "info",
	.aliases = (const char *const[]){ "system info", NULL },
	.group = GROUP_SYSTEM,
	.summary = "Show where the store is and what usr-ct works with here",
	.options = format_options,
	.handler = info,
	.examples = (const struct example[]){ { "As one JSON object", "usr-ct info --format json" },
	                                      { NULL, NULL } },
	.uses_store = true,
};

const struct command cmd_version = {
	.name = "version",
	.group = GROUP_SYSTEM,
	.summary = "Show the versions of usr-ct and of the kernel",
	.options = format_options,
	.examples = (const struct example[]){ { "Only the number", "usr-ct version --format "
	                                                           "'{{.Client.Version}}'" },
	                                      { NULL, NULL } },
	.handler = version,
};
