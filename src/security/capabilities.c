/* SPDX-License-Identifier: Apache-2.0 */
#include "security/capabilities.h"

#include <linux/capability.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

const char *const capabilities_default[] = {
	"CAP_AUDIT_WRITE", "CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",     "CAP_FSETID",
	"CAP_KILL",        "CAP_MKNOD",   "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",    "CAP_SETFCAP",
	"CAP_SETGID",      "CAP_SETPCAP", "CAP_SETUID",           "CAP_SYS_CHROOT",
};
const size_t capabilities_default_n = ARRAY_SIZE(capabilities_default);

/* Indexed by number (linux/capability.h, up to Linux 6.x). */
static const char *const names[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};

int capability_parse(const char *name, uint64_t *ret_bit)
{
	if (!strncasecmp(name, "CAP_", 4))
		name += 4;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcasecmp(name, names[i])) {
			*ret_bit = 1ULL << i;
			return 0;
		}
	return -EINVAL;
}

const char *capability_name(unsigned number)
{
	return number < ARRAY_SIZE(names) ? names[number] : NULL;
}

uint64_t capabilities_all(void)
{
	uint64_t all = 0;

	for (unsigned long cap = 0; cap < ARRAY_SIZE(names); cap++)
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0)
			all |= 1ULL << cap;
	return all;
}

int capabilities_bound(uint64_t bounding, struct err *e)
{
	for (unsigned long cap = 0; cap < 64; cap++) {
		if (bounding >> cap & 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL) /* beyond what this kernel knows */
			return 0;
		return err_sys(e, "cannot drop capability %lu", cap);
	}
	return 0;
}

int capabilities_apply(const struct capability_sets *s, struct err *e)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2];

	for (unsigned i = 0; i < 2; i++)
		d[i] = (struct __user_cap_data_struct){
			.effective = (uint32_t)(s->effective >> (32 * i)),
			.permitted = (uint32_t)(s->permitted >> (32 * i)),
			.inheritable = (uint32_t)(s->inheritable >> (32 * i)),
		};
	if (syscall(SYS_capset, &h, d) < 0)
		return err_sys(e, "cannot set capabilities");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return err_sys(e, "cannot clear ambient capabilities");
	for (unsigned long cap = 0; cap < ARRAY_SIZE(names); cap++)
		if (s->ambient >> cap & 1 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_sys(e, "cannot raise ambient capability %s", names[cap]);
	return 0;
}
