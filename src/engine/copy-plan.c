/* SPDX-License-Identifier: Apache-2.0 */
/* copy-plan - Docker's rules for cp, as its reference says them
 *
 *	source      target          result
 *	file        missing         a file of that name; with a slash behind it: an error
 *	file        file            replaced
 *	file        directory       into it, under its own name
 *	directory   missing         a directory of that name with the contents
 *	directory   file            an error
 *	directory   directory       into it, under its own name; "dir/.": the contents into it
 */
#include "engine/copy.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

int copy_plan(const struct pack_info *from, const struct pack_info *to, bool makes_dirs,
              struct copy_plan *ret, struct err *e)
{
	const char *name = from->is_contents || !from->base[0] ? "." : from->base;

	bool into = to->is_dir || (makes_dirs && to->wants_dir && !from->is_dir);

	*ret = (struct copy_plan){ .into_parent = !into };
	if (to->exists && !to->is_dir) {
		mode_t type = to->mode & S_IFMT;

		if (from->is_dir)
			return err_set(e, UCT_BAD_COPY_PATH, -ENOTDIR,
			               "cannot copy a directory onto the file '%s'", to->base);
		if (type == S_IFCHR || type == S_IFBLK)
			return err_set(e, UCT_BAD_COPY_PATH, -EINVAL,
			               "cannot copy onto the device '%s'", to->base);
	}
	if (!into && !from->is_dir && to->wants_dir)
		return err_set(e, UCT_NO_SUCH_PATH, -ENOENT, "the directory '%s' does not exist",
		               to->base);
	(void)snprintf(ret->name, sizeof(ret->name), "%s", into ? name : to->base);
	return 0;
}
