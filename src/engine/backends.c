/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/backends.h"

#include "base/file.h"
#include "base/libexec.h"
#include "base/proc.h"
#include "base/sbuf.h"
#include "base/sock.h"
#include "security/probe-proto.h"

#include <string.h>
#include <sys/utsname.h>

enum { ANSWER_MAX = 256 };
#define DRIVER_FILE "storage-driver"

static const char *const kernel_names[] = {
	[KERNEL_NO_OVERLAY] = "none", [KERNEL_OVERLAY] = "plain", [KERNEL_DATA_ONLY] = "objects"
};

/* What the kernel says, by trying: a process of its own makes namespaces and mounts for that. */
static int ask_probe(enum kernel_layers *ret, struct err *e)
{
	_cleanup_libexec_ struct libexec probe = LIBEXEC_NONE;
	struct probe_result x;
	int r = libexec_start("probe", &probe, e);

	*ret = KERNEL_NO_OVERLAY;
	while (r == 0 && sock_recv(probe.sock_fd, &x, sizeof(x), NULL, 0) == sizeof(x)) {
		if (x.id == PROBE_OVERLAY && x.error == 0)
			*ret = KERNEL_OVERLAY; /* asked for before the other */
		if (x.id == PROBE_DATA_ONLY && x.error == 0)
			*ret = KERNEL_DATA_ONLY;
	}
	return r;
}

/* The answer of an earlier process of this session and kernel: 1, and @ret. The runtime directory
 * dies at reboot; a container image of it must not outlive a kexec, hence the release. */
static int recall(struct usrct *u, const char *release, enum kernel_layers *ret)
{
	_cleanup_free_ char *text = NULL;
	size_t n = strlen(release);

	if (file_read_at(u->runtime_dirfd, DRIVER_FILE, ANSWER_MAX, &text, NULL, NULL) < 0 ||
	    strncmp(text, release, n) != 0 || text[n] != ' ')
		return 0;
	text[strcspn(text, "\n")] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(kernel_names); i++)
		if (!strcmp(text + n + 1, kernel_names[i])) {
			*ret = (enum kernel_layers)i;
			return 1;
		}
	return 0;
}

int engine_kernel_layers(struct usrct *u, enum kernel_layers *ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	struct utsname host;
	int r = engine_runtime_dir(u, e);

	(void)uname(&host); /* fails only for a bad pointer */
	if (r < 0 || recall(u, host.release, ret))
		return MIN(r, 0);
	r = ask_probe(ret, e);
	text = strf("%s %s\n", host.release, kernel_names[*ret]);
	/* If it cannot be kept, it is asked again. */
	if (r == 0 && text)
		(void)file_write_at(u->runtime_dirfd, DRIVER_FILE, text, strlen(text), 0600, false,
		                    NULL);
	return r;
}

static int check_fuse(struct err *e)
{
	char path[64];

	if (proc_find_program("fuse-overlayfs", path, sizeof(path)) < 0)
		return err_set(e, UCT_NO_FUSE, -ENOENT, "fuse-overlayfs is not installed");
	if (access("/dev/fuse", R_OK | W_OK) < 0)
		return err_set(e, UCT_NO_FUSE, -errno, "cannot open '/dev/fuse': %s",
		               strerror(errno));
	return 0;
}

static int choose(struct usrct *u, enum mount_backend *ret, struct err *e)
{
	enum kernel_layers kernel;
	struct err why;
	int r = engine_kernel_layers(u, &kernel, e);

	if (r < 0)
		return r;
	*ret = BACKEND_OVERLAY;
	if (kernel != KERNEL_NO_OVERLAY)
		return 0;
	*ret = BACKEND_FUSE;
	r = check_fuse(&why);
	return r < 0 ? err_set(e, UCT_NO_BACKEND, r, "the kernel refuses overlayfs, and %.200s",
	                       why.msg)
	             : 0;
}

int engine_backend(struct usrct *u, const char *wanted, enum mount_backend *ret, struct err *e)
{
	if (!wanted || !*wanted)
		wanted = secure_getenv("USRCT_MOUNT_BACKEND");
	if (!wanted || !*wanted || !strcmp(wanted, "auto"))
		return choose(u, ret, e);
	if (backend_parse(wanted, ret) < 0)
		return err_set(e, UCT_BAD_BACKEND, -EINVAL, "there is no mount back end '%.64s'",
		               wanted);
	return *ret == BACKEND_FUSE ? check_fuse(e) : 0;
}

const char *backend_graph_driver(enum mount_backend b)
{
	static const char *const names[BACKEND_COUNT] = { [BACKEND_OVERLAY] = "overlay2",
		                                          [BACKEND_FUSE] = "fuse-overlayfs",
		                                          [BACKEND_COPY] = "vfs" };

	return names[b];
}

enum mount_backend backend_of_plan(const json_t *plan)
{
	const char *name = json_string_value(json_object_get(plan, "mountBackend"));
	enum mount_backend b;

	/* Containers that were made before there was a choice. */
	return name && backend_parse(name, &b) == 0 ? b : BACKEND_OVERLAY;
}
