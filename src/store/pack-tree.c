/* SPDX-License-Identifier: Apache-2.0 */
/* pack-tree - a tree as it is seen: what cp reads and export writes
 *
 * Interfaces of the kernel that are mounted in it (proc, sysfs and their like) are shown as the
 * empty directories that they cover: their files have no size that could be promised, and reading
 * some of them does things.
 */
#include "store/pack.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#ifndef MQUEUE_MAGIC
#define MQUEUE_MAGIC 0x19800202 /* ipc/mqueue.c */
#endif
#ifndef FUSECTL_SUPER_MAGIC
#define FUSECTL_SUPER_MAGIC 0x65735543 /* fs/fuse/control.c */
#endif
#ifndef CONFIGFS_MAGIC
#define CONFIGFS_MAGIC 0x62656570
#endif

struct tree_pack {
	const struct pack_tree_job *job;
	struct packer *packer;
	char name[PATH_MAX + NAME_MAX + 2];
};

static bool is_kernel_interface(int fd)
{
	static const unsigned long magics[] = {
		PROC_SUPER_MAGIC,   SYSFS_MAGIC,         CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
		DEVPTS_SUPER_MAGIC, MQUEUE_MAGIC,        DEBUGFS_MAGIC,      TRACEFS_MAGIC,
		SECURITYFS_MAGIC,   BPF_FS_MAGIC,        BINFMTFS_MAGIC,     PSTOREFS_MAGIC,
		EFIVARFS_MAGIC,     FUSECTL_SUPER_MAGIC, CONFIGFS_MAGIC,     SELINUX_MAGIC,
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
		if ((unsigned long)fs.f_type == magics[i])
			return true;
	return false;
}

static int visit(void *arg, const struct walk_entry *x, struct err *e)
{
	struct tree_pack *t = arg;
	bool goes_in = S_ISDIR(x->st.st_mode);
	int r;

	if (x->st.st_dev != x->parent_dev && t->job->stays)
		goes_in = false;
	if (goes_in && x->st.st_dev != x->parent_dev && is_kernel_interface(x->fd))
		goes_in = false;
	if (!x->path[0])
		r = snprintf(t->name, sizeof(t->name), "%s", *t->job->name ? t->job->name : ".");
	else if (!*t->job->name)
		r = snprintf(t->name, sizeof(t->name), "%s", x->path);
	else
		r = snprintf(t->name, sizeof(t->name), "%s/%s", t->job->name, x->path);
	if (r < 0 || r >= (int)sizeof(t->name))
		return err_errno(e, -ENAMETOOLONG, "below '/%.100s...'", x->path);
	r = packer_add(t->packer, x->fd, &x->st, t->name, e);
	return r < 0 ? r : goes_in;
}

int pack_tree(const struct pack_tree_job *job, struct pack_sums *ret, struct err *e)
{
	static const struct walk_ops ops = { .visit = visit };
	struct pack_options o = { .out_fd = job->out_fd,
		                  .proc_fd = job->proc_fd,
		                  .owners = job->owners };
	_cleanup_packer_ struct packer *p = NULL;
	struct tree_pack t = { .job = job };
	int r;

	if (is_kernel_interface(job->root_fd))
		return err_set(e, UCT_BAD_COPY_PATH, -EINVAL,
		               "the path lies in an interface of the kernel, not in a file system");
	r = packer_new(&o, &p, e);
	if (r < 0)
		return r;
	t.packer = p;
	r = walk_tree(job->root_fd, job->proc_fd, NULL, &ops, &t, e);
	return r < 0 ? r : packer_finish(p, ret, e);
}
