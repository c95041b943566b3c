/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/mount-options.h"

static const char *const image_volumes[] = { "ignore", "tmpfs", NULL };

const struct option mount_options[] = {
	{ "volume", 'v', OPTION_LIST, COMPLETE_VOLUME, "SOURCE:TARGET[:OPTIONS]",
	  "Mount a file or directory of yours; a relative path starts with ./; options are ro, "
	  "nosuid, nodev, noexec, bind, rslave" },
	{ "mount", 0, OPTION_LIST, COMPLETE_NONE, "KEY=VALUE,...",
	  "The same in words: type=bind or tmpfs, source=, target=, readonly and more" },
	{ "tmpfs", 0, OPTION_LIST, COMPLETE_NONE, "TARGET[:OPTIONS]",
	  "Mount an empty file system in memory" },
	{ "device", 0, OPTION_LIST, COMPLETE_FILE, "PATH[:TARGET[:rwm]]",
	  "Give it a device that you may open, or a directory of them" },
	{ "secret", 0, OPTION_LIST, COMPLETE_NONE, "NAME[,KEY=VALUE...]",
	  "Give it a secret as a file in /run/secrets, which lies in memory: one you keep by NAME, "
	  "or "
	  "id=NAME,src=FILE, or id=NAME,env=VARIABLE; with type=env as a variable" },
	{ "read-only", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Make its root file system unwritable" },
	{ "read-only-tmpfs", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "With --read-only: /run, /tmp and /var/tmp are writable and start empty" },
	{ "shm-size", 0, OPTION_STRING, COMPLETE_NONE, "BYTES", "Size of /dev/shm", "64m" },
	{ "image-volume", 0, OPTION_STRING, COMPLETE_VALUES, "HOW",
	  "What becomes of the volumes that an image declares: ordinary directories, or tmpfs",
	  "ignore", NULL, image_volumes },
	{ "storage-opt", 0, OPTION_LIST, COMPLETE_NONE, "KEY=VALUE",
	  "Where its files lie: size=BYTES or upper=memory keep what it writes in memory, with "
	  "--rm; mount_backend=overlay, fuse-overlayfs or copy says how they are put together" },
	{ NULL },
};

int mounts_fill(struct create_request *q, const struct args *a, struct err *e)
{
	struct usrct_create_options *o = &q->create;
	int r = create_request_list(q, a, "volume", &o->volumes, e);

	if (r == 0)
		r = create_request_list(q, a, "mount", &o->mounts, e);
	if (r == 0)
		r = create_request_list(q, a, "tmpfs", &o->tmpfs, e);
	if (r == 0)
		r = create_request_list(q, a, "device", &o->devices, e);
	if (r == 0)
		r = create_request_list(q, a, "secret", &o->secrets, e);
	if (r == 0)
		r = create_request_list(q, a, "storage-opt", &o->storage_opts, e);
	o->read_only = args_flag(a, "read-only");
	o->read_only_tmpfs = args_flag(a, "read-only-tmpfs");
	o->shm_size = args_string(a, "shm-size");
	o->image_volumes = args_string(a, "image-volume");
	return r;
}
