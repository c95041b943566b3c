/* SPDX-License-Identifier: Apache-2.0 */
#include "store/enter.h"

#include <grp.h>
#include <sched.h>

int enter_userns(int userns_fd, struct err *e)
{
	if (setns(userns_fd, CLONE_NEWUSER) < 0)
		return err_sys(e, "cannot enter the user namespace");
	(void)setgroups(0, NULL); /* refused where the map was made without newgidmap(1) */
	if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(e, "cannot become root of the user namespace");
	return 0;
}
