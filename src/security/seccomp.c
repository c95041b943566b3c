/* SPDX-License-Identifier: Apache-2.0 */
#include "security/seccomp.h"

#include <linux/seccomp.h>
#include <sys/syscall.h>

static const struct sock_filter default_program[] = {
#include "security/seccomp-default.inc"
};

static const struct sock_filter single_program[] = {
#include "security/seccomp-single.inc"
};

const struct sock_filter *seccomp_single_program(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(single_program);
	return single_program;
}

const struct sock_filter *seccomp_default_program(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(default_program);
	return default_program;
}

int seccomp_load_program(const struct sock_filter *program, size_t n, struct err *e)
{
	struct sock_fprog p = { (unsigned short)n, (struct sock_filter *)(uintptr_t)program };

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p) < 0)
		return err_sys(e, "cannot load the system call filter");
	return 0;
}
