/* SPDX-License-Identifier: Apache-2.0 */
/* platform - names of machines, and which variant of an image fits one
 *
 * Variants: a 32-bit arm of version n runs images for versions 5 to n, and 7 is meant where nothing
 * is said. arm64 without variant is v8. amd64 has microarchitecture levels v1 to v4; without one v1
 * is meant, so an image for v3 is not chosen unless asked for. These are containerd's rules.
 */
#include "image/platform.h"

#include "image/config.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *alias, *architecture, *variant;
} aliases[] = {
	{ "x86_64", "amd64", "" }, { "x86-64", "amd64", "" },    { "aarch64", "arm64", "" },
	{ "armhf", "arm", "v7" },  { "armel", "arm", "v6" },     { "i386", "386", "" },
	{ "i686", "386", "" },     { "ppc64el", "ppc64le", "" },
};

const char *platform_native(void)
{
#if defined(__x86_64__)
	return "linux/amd64";
#elif defined(__i386__)
	return "linux/386";
#elif defined(__aarch64__)
	return "linux/arm64";
#elif defined(__arm__) && defined(__ARM_ARCH) && __ARM_ARCH >= 7
	return "linux/arm/v7";
#elif defined(__arm__) && defined(__ARM_ARCH) && __ARM_ARCH == 6
	return "linux/arm/v6";
#elif defined(__arm__)
	return "linux/arm/v5";
#elif defined(__riscv) && __riscv_xlen == 64
	return "linux/riscv64";
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return "linux/ppc64le";
#elif defined(__s390x__)
	return "linux/s390x";
#elif defined(__loongarch64)
	return "linux/loong64";
#elif defined(__mips64) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return "linux/mips64le";
#else
#error "which GOARCH is this?"
#endif
}

/* Takes one word up to '/' or the end; a variant may be missing, but not empty after its slash. */
static int word(const char **p, char *buf, size_t size)
{
	size_t n = strcspn(*p, "/");

	if (n == 0 || n >= size)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)(*p)[i] <= ' ' || (unsigned char)(*p)[i] >= 0x7f)
			return -EINVAL;
	memcpy(buf, *p, n);
	buf[n] = '\0';
	*p += n;
	return 0;
}

int platform_split(const char *text, struct platform *ret)
{
	struct platform pl = { 0 };

	if (word(&text, pl.os, sizeof(pl.os)) < 0 || *text++ != '/' ||
	    word(&text, pl.architecture, sizeof(pl.architecture)) < 0)
		return -EINVAL;
	if (*text == '/') {
		text++;
		if (word(&text, pl.variant, sizeof(pl.variant)) < 0)
			return -EINVAL;
	}
	if (*text)
		return -EINVAL;
	*ret = pl;
	return 0;
}

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(word, *list))
			return true;
	return false;
}

/* What Go, and so whoever writes platforms into images, has names for. */
static bool is_known_architecture(const char *word)
{
	static const char *const known[] = { "386",     "amd64",   "arm",      "arm64",  "loong64",
		                             "mips",    "mips64",  "mips64le", "mipsle", "ppc64",
		                             "ppc64le", "riscv64", "s390x",    "wasm",   NULL };

	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
		if (!strcmp(word, aliases[i].alias))
			return true;
	return is_one_of(word, known);
}

static bool is_known_system(const char *word)
{
	static const char *const known[] = { "linux",   "windows", "darwin",  "freebsd", "netbsd",
		                             "openbsd", "solaris", "illumos", "wasip1",  NULL };

	return is_one_of(word, known);
}

/* One word is an architecture of this system, or a system of this architecture. */
static void complete(const char *text, char *full, size_t size)
{
	full[0] = '\0';
	if (strlen(text) > 90)
		return;
	if (strchr(text, '/'))
		(void)snprintf(full, size, "%s", text);
	else if (is_known_system(text))
		(void)snprintf(full, size, "%s%s", text, strchr(platform_native(), '/'));
	else if (is_known_architecture(text))
		(void)snprintf(full, size, "linux/%s", text);
}

int platform_parse(const char *text, char *buf, size_t size, struct err *e)
{
	struct platform pl;
	char full[128];
	int n;

	complete(text, full, sizeof(full));
	if (platform_split(full, &pl) < 0) {
		n = err_set(e, UCT_BAD_VALUE, -EINVAL, "invalid platform '%.90s'", text);
		return err_hint(e, n, "write it as linux/arm64 or linux/arm/v7");
	}
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++)
		if (!strcmp(pl.architecture, aliases[i].alias)) {
			(void)snprintf(pl.architecture, sizeof(pl.architecture), "%s",
			               aliases[i].architecture);
			if (!pl.variant[0])
				(void)snprintf(pl.variant, sizeof(pl.variant), "%s",
				               aliases[i].variant);
		}
	n = snprintf(buf, size, "%s/%s%s%s", pl.os, pl.architecture, pl.variant[0] ? "/" : "",
	             pl.variant);
	if (n < 0 || (size_t)n >= size)
		return err_set(e, UCT_BAD_VALUE, -EINVAL, "platform '%.90s' is too long", text);
	return 0;
}

/* "v7" -> 7; 0 if it is not written that way. */
static unsigned version_of(const char *variant)
{
	return variant[0] == 'v' && variant[1] >= '1' && variant[1] <= '9' && !variant[2]
	               ? (unsigned)(variant[1] - '0')
	               : 0;
}

static const char *default_variant(const char *architecture)
{
	static const struct {
		const char *architecture, *variant;
	} defaults[] = { { "arm", "v7" }, { "arm64", "v8" }, { "amd64", "v1" } };

	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		if (!strcmp(architecture, defaults[i].architecture))
			return defaults[i].variant;
	return "";
}

unsigned platform_fit(const struct platform *want, const struct platform *have)
{
	const char *w = want->variant, *h = have->variant;
	unsigned wv, hv;

	if (strcmp(want->os, have->os) != 0 || strcmp(want->architecture, have->architecture) != 0)
		return 0;
	if (!*w)
		w = default_variant(want->architecture);
	if (!*h)
		h = default_variant(have->architecture);
	if (!strcmp(w, h))
		return 100;
	wv = version_of(w);
	hv = version_of(h);
	return wv && hv && hv < wv ? 10 + hv : 0;
}
