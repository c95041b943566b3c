/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/secrets.h"

#include "base/fd.h"
#include "container/mount.h"
#include "container/spec.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* As podman: 512000 bytes are enough for keys and certificates. */
enum { SECRET_MAX_BYTES = 512000, SECRETS_MAX = 64 };

#define SECRETS_DIR "/run/secrets"

static int read_value(struct secret *s, int dirfd, const char *path, struct err *e)
{
	/* Not blocking: what was a file may have become a FIFO. */
	_cleanup_close_ int fd = openat(dirfd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_set(e, UCT_NO_SECRET, -errno, "cannot read secret '%s': %s", s->name,
		               strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size > SECRET_MAX_BYTES)
		return err_set(e, UCT_NO_SECRET, -EFBIG,
		               "secret '%s' is not a file of at most %d bytes", s->name,
		               SECRET_MAX_BYTES);
	s->data = calloc(1, (size_t)st.st_size + 1);
	if (!s->data)
		return err_oom(e);
	n = fd_read_full(fd, s->data, (size_t)st.st_size);
	if (n < 0)
		return err_errno(e, (int)n, "cannot read secret '%s'", s->name);
	s->n = (size_t)n;
	return 0;
}

static int read_one(const json_t *j, size_t index, int container_dirfd, struct secret *s,
                    struct err *e)
{
	const char *file = json_string_value(json_object_get(j, "file"));
	json_int_t uid = -1, gid = -1, mode = 0400;
	char kept[32];
	int r;

	s->name = json_string_value(json_object_get(j, "name"));
	s->target = json_string_value(json_object_get(j, "target"));
	if (!s->name || !s->target)
		return err_set(e, UCT_STORE_DAMAGED, -EINVAL, "secrets: name or target is missing");
	r = MIN(json_get_bool(j, "isEnv", &s->is_env, e), 0);
	if (r == 0)
		r = MIN(json_get_int(j, "uid", &uid, e), 0);
	if (r == 0)
		r = MIN(json_get_int(j, "gid", &gid, e), 0);
	if (r == 0)
		r = MIN(json_get_int(j, "mode", &mode, e), 0);
	if (r < 0)
		return r;
	s->uid = uid;
	s->gid = gid;
	s->mode = (mode_t)mode & 0777;
	if (file)
		return read_value(s, AT_FDCWD, file, e);
	(void)snprintf(kept, sizeof(kept), "secret-%zu", index);
	return read_value(s, container_dirfd, kept, e);
}

static int read_list(const json_t *list, int container_dirfd, bool only_env, struct secrets *ret,
                     struct err *e)
{
	struct secrets s = { 0 };
	const json_t *j;
	size_t i;
	int r = 0;

	*ret = s;
	if (!json_array_size(list))
		return 0;
	if (json_array_size(list) > SECRETS_MAX)
		return err_set(e, UCT_STORE_DAMAGED, -E2BIG, "secrets: too many");
	s.list = calloc(json_array_size(list), sizeof(*s.list));
	if (!s.list)
		return err_oom(e);
	json_array_foreach(list, i, j)
	{
		if (only_env && !json_is_true(json_object_get(j, "isEnv")))
			continue;
		if (r == 0)
			r = read_one(j, i, container_dirfd, &s.list[s.n++], e);
	}
	if (r < 0)
		secrets_done(&s);
	else
		*ret = s;
	return r;
}

int secrets_read(const json_t *list, int container_dirfd, struct secrets *ret, struct err *e)
{
	return read_list(list, container_dirfd, /* only_env= */ false, ret, e);
}

int secrets_read_env(int container_dirfd, json_t **ret_plan, struct secrets *ret, struct err *e)
{
	int r = json_read_at(container_dirfd, PLAN_FILE, SPEC_MAX_BYTES, ret_plan, e);

	return r < 0 ? r
	             : read_list(json_at(*ret_plan, "secrets"), container_dirfd,
	                         /* only_env= */ true, ret, e);
}

static bool is_absolute(const struct secret *s)
{
	return s->target[0] == '/';
}

/* Those for another place lie here too, under a name of their own, and are bound from here. */
static void name_of(const struct secret *s, size_t index, char *buf, size_t size)
{
	if (is_absolute(s))
		(void)snprintf(buf, size, ".%zu", index);
	else
		(void)snprintf(buf, size, "%s", s->target);
}

static int write_file(const struct secret *s, size_t index, int dirfd, const struct user *owner,
                      struct err *e)
{
	_cleanup_close_ int fd = -EBADF;
	char name[256];
	int r;

	name_of(s, index, name, sizeof(name));
	fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, "cannot make secret '%s'", s->name);
	r = fd_write_all(fd, s->data, s->n);
	if (r < 0)
		return err_errno(e, r, "cannot write secret '%s'", s->name);
	if (fchown(fd, s->uid < 0 ? owner->uid : (uid_t)s->uid,
	           s->gid < 0 ? owner->gid : (gid_t)s->gid) < 0 ||
	    fchmod(fd, s->mode) < 0)
		return err_sys(e, "cannot give secret '%s' its owner and mode", s->name);
	return 0;
}

/* A file of the mounted directory, at its own place. */
static int bind_file(const struct secret *s, size_t index, int root_fd, struct err *e)
{
	_cleanup_close_ int source_fd = -EBADF, fd = -EBADF, target_fd = -EBADF;
	char path[64];

	(void)snprintf(path, sizeof(path), SECRETS_DIR "/.%zu", index);
	source_fd = mount_lookup(root_fd, path);
	if (source_fd < 0)
		return err_errno(e, source_fd, "cannot find secret '%s'", s->name);
	fd = mount_clone(source_fd, "", e);
	if (fd < 0)
		return fd;
	target_fd = mount_target(root_fd, s->target, 0, e);
	return target_fd < 0 ? target_fd : mount_attach(fd, target_fd, s->target, e);
}

static int mount_directory(const struct secrets *s, int root_fd, const struct user *owner,
                           struct err *e)
{
	static const char *const config[] = { "mode=0755", "size=64m", NULL };
	_cleanup_close_ int fd = mount_new("tmpfs", config, 0, e), target_fd = -EBADF;
	int r = MIN(fd, 0);

	for (size_t i = 0; i < s->n && r == 0; i++)
		if (!s->list[i].is_env)
			r = write_file(&s->list[i], i, fd, owner, e);
	if (r == 0)
		r = mount_restrict(fd,
		                   MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
		                           MOUNT_ATTR_NOEXEC,
		                   e);
	if (r < 0)
		return r;
	target_fd = mount_target(root_fd, SECRETS_DIR, MOUNT_TARGET_DIR, e);
	return target_fd < 0 ? target_fd : mount_attach(fd, target_fd, SECRETS_DIR, e);
}

int secrets_mount(const struct secrets *s, int root_fd, const struct user *owner, struct err *e)
{
	bool any = false;
	int r;

	for (size_t i = 0; i < s->n; i++)
		any = any || !s->list[i].is_env;
	if (!any)
		return 0;
	r = mount_directory(s, root_fd, owner, e);
	for (size_t i = 0; i < s->n && r == 0; i++)
		if (!s->list[i].is_env && is_absolute(&s->list[i]))
			r = bind_file(&s->list[i], i, root_fd, e);
	return r;
}

int secrets_set_env(const struct secrets *s, struct strv *env, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct secret *x = &s->list[i];
		_cleanup_strv_ struct strv one = { 0 };

		if (!x->is_env)
			continue;
		if (strv_addf(&one, "%s=%s", x->target, x->data) < 0 ||
		    strv_env_set(env, one.v[0]) < 0)
			return err_oom(e);
	}
	return 0;
}

void secrets_done(struct secrets *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->list[i].data)
			explicit_bzero(s->list[i].data, s->list[i].n);
		free(s->list[i].data);
	}
	free(s->list);
	*s = (struct secrets){ 0 };
}
