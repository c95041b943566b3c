/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/limits.h"

#include "base/fd.h"
#include "base/sbuf.h"
#include "base/strv.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_SIZE = 4200 };

/* The name of a setting's file and where its value begins. */
struct setting {
	char file[64];
	const char *value;
	bool is_optional;
};

static int split(const char *text, struct setting *ret)
{
	const char *eq;

	ret->is_optional = *text == '?';
	text += ret->is_optional;
	eq = strchr(text, '=');
	if (!eq || eq == text || (size_t)(eq - text) >= sizeof(ret->file))
		return -EINVAL;
	memcpy(ret->file, text, (size_t)(eq - text));
	ret->file[eq - text] = '\0';
	ret->value = eq + 1;
	return strchr(ret->file, '/') ? -EINVAL : 0;
}

static int read_file(const char *path, const char *name, int flags, char *buf, size_t size)
{
	char file[4096];
	ssize_t n;
	int fd;

	if (snprintf(file, sizeof(file), "%s/%s", path, name) >= (int)sizeof(file))
		return -ENAMETOOLONG;
	fd = open(file, flags | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	n = fd_read_full(fd, buf, size - 1);
	buf[MAX(n, (ssize_t)0)] = '\0';
	buf[strcspn(buf, "\n")] = '\0'; /* the first line is what one writes */
	return fd;
}

static bool has_word(const char *list, const char *word, size_t n)
{
	for (const char *s = list; *s; s += strcspn(s, " "), s += strspn(s, " "))
		if (strcspn(s, " ") == n && !strncmp(s, word, n))
			return true;
	return false;
}

static int no_controller(const char *path, const char *controller, size_t n, const char *available,
                         struct err *e)
{
	int r = err_set(e, UCT_NO_CONTROLLER, -EOPNOTSUPP,
	                "controller '%.*s' is not delegated to you: '%s/cgroup.controllers' %s%s",
	                (int)n, controller, path, *available ? "has only: " : "is empty",
	                available);

	return err_hint(e, r,
	                "as administrator, write '[Service]' and 'Delegate=cpu cpuset io memory "
	                "pids' into /etc/systemd/system/user@.service.d/delegate.conf, run "
	                "systemctl daemon-reload, log in again");
}

static int write_controllers(int fd, const char *path, const char *text, struct err *e)
{
	int r = fd_write_all(fd, text, strlen(text));

	if (r == 0)
		return 0;
	if (r == -EBUSY) {
		r = err_set(e, UCT_NO_CONTROLLER, r,
		            "cannot write '%s' to '%s/cgroup.subtree_control': there are "
		            "processes in that cgroup",
		            text, path);
		return err_hint(e, r,
		                "give usr-ct a cgroup of its own: systemd-run --user --scope -p "
		                "Delegate=yes -- usr-ct ..., or DelegateSubgroup= in the unit");
	}
	return err_recode(
		e, err_errno(e, r, "cannot write '%s' to '%s/cgroup.subtree_control'", text, path),
		UCT_NO_CONTROLLER);
}

/* What a container can use, wanted or not: update and stats need it later. Best effort. */
static void enable_known(int fd, const char *available, const char *enabled)
{
	static const char *const known[] = { "cpu", "cpuset", "io", "memory", "pids" };
	struct sbuf b = SBUF_INIT(256);

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (has_word(available, known[i], strlen(known[i])) &&
		    !has_word(enabled, known[i], strlen(known[i])))
			sbuf_addf(&b, "+%s ", known[i]);
	if (b.len && fd >= 0)
		(void)fd_write_all(fd, b.s, b.len); /* one that is needed is tried again below */
	sbuf_done(&b);
}

int cgroup_enable(const char *path, char *const *settings, struct err *e)
{
	char available[512] = "", enabled[512] = "", text[72];
	_unused_ _cleanup_close_ int have_fd =
		read_file(path, "cgroup.controllers", O_RDONLY, available, sizeof(available));
	_cleanup_close_ int fd =
		read_file(path, "cgroup.subtree_control", O_RDWR, enabled, sizeof(enabled));
	int r;

	enable_known(fd, available, enabled);
	cleanup_close(&fd);
	fd = read_file(path, "cgroup.subtree_control", O_RDWR, enabled, sizeof(enabled));
	for (; settings && *settings; settings++) {
		struct setting s;
		size_t n;

		if (split(*settings, &s) < 0)
			return err_set(e, UCT_INTERNAL, -EINVAL, "setting '%s'", *settings);
		n = strcspn(s.file, ".");
		if (s.is_optional || has_word(enabled, s.file, n))
			continue;
		if (!has_word(available, s.file, n))
			return no_controller(path, s.file, n, available, e);
		if (fd < 0)
			return err_recode(
				e,
				err_errno(e, fd, "cannot open '%s/cgroup.subtree_control'", path),
				UCT_NO_CONTROLLER);
		(void)snprintf(text, sizeof(text), "+%.*s", (int)n, s.file);
		r = write_controllers(fd, path, text, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int refused(const char *path, const struct setting *s, int r, struct err *e)
{
	size_t n = strcspn(s->file, ".");

	if (r == -ENOENT || r == -EACCES || r == -EPERM || r == -EROFS) {
		r = err_set(e, UCT_NO_CONTROLLER, -EOPNOTSUPP,
		            "'%s/%s' cannot be written (%s): controller '%.*s' is missing", path,
		            s->file, strerror(-r), (int)n, s->file);
		return err_hint(e, r,
		                "usr-ct doctor shows which controllers are delegated; a container "
		                "that was started without them must be started again");
	}
	return err_set(e, UCT_LIMIT_REFUSED, r, "the kernel refuses '%s' in '%s/%s': %s", s->value,
	               path, s->file, strerror(-r));
}

/* 1 written, 0 left out, negative errno. @old receives what was there. */
static int apply_one(const char *path, const struct setting *s, char *old, struct err *e)
{
	_cleanup_close_ int fd = read_file(path, s->file, O_RDWR, old, VALUE_SIZE);
	int r = fd;

	if (fd == -ENOENT && s->is_optional)
		return 0;
	if (fd >= 0) {
		/* A write of nothing does not reach the kernel's file; a line without text does. */
		const char *value = *s->value ? s->value : "\n";

		r = pwrite(fd, value, strlen(value), 0) < 0 ? -errno : 1;
	}
	if (r < 0 && s->is_optional)
		return 0;
	return r < 0 ? refused(path, s, r, e) : 1;
}

static void roll_back(const char *path, struct strv *before, size_t from)
{
	char old[VALUE_SIZE];
	struct setting s;

	/* Best effort: the kernel took these values a moment ago. */
	for (size_t i = before->n; i-- > from;)
		if (split(before->v[i], &s) == 0)
			(void)apply_one(path, &s, old, NULL);
}

int cgroup_apply(const char *path, char *const *settings, struct strv *ret_before, struct err *e)
{
	_cleanup_strv_ struct strv mine = { 0 };
	struct strv *before = ret_before ? ret_before : &mine;
	size_t from = before->n;
	char old[VALUE_SIZE];
	int r = 0;

	for (; settings && *settings && r >= 0; settings++) {
		struct setting s;

		r = split(*settings, &s);
		if (r < 0)
			(void)err_set(e, UCT_INTERNAL, r, "setting '%s'", *settings);
		else
			r = apply_one(path, &s, old, e);
		if (r > 0 && strv_addf(before, "%s=%s", s.file, old) < 0)
			r = err_oom(e);
	}
	if (r < 0)
		roll_back(path, before, from);
	return MIN(r, 0);
}
