/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct-tidy - what a monitor cannot do when its container has gone, since that needs the index:
 * remove the image that was to go with it (--rmi)
 *
 * The monitor becomes this program. It may be in the holder's user namespace then, as root over the
 * user's ids, so it needs no helper to remove what belongs to them. Like the command line it lives
 * on the public API alone. Whatever it cannot do, the next command does.
 */
#include "base/fd.h"

#include <unistd.h>
#include <usrct/system.h>
#include <usrct/usrct.h>

int main(int argc, char **argv)
{
	struct usrct_options o = { .size = sizeof(o) };
	struct usrct *u = NULL;
	int r;

	if (argc != 3)
		return 1;
	(void)fd_close_from(3);
	o.data_dir = argv[1];
	o.runtime_dir = argv[2];
	r = usrct_open(&o, &u, NULL);
	if (r == 0)
		r = usrct_tidy(u, NULL);
	usrct_close(u);
	return r < 0 ? 1 : 0;
}
