/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/sysctls.h"

#include "engine/document.h"

#include <sched.h>
#include <string.h>

static const char *const of_ipc[] = {
	"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
	"kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
};

static bool is_of_ipc(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(of_ipc); i++)
		if (!strcmp(key, of_ipc[i]))
			return true;
	return !strncmp(key, "fs.mqueue.", 10);
}

static int refuse(const char *key, const char *why, struct err *e)
{
	return err_set(e, UCT_SYSCTL_REFUSED, -EPERM, "--sysctl '%s': %s", key, why);
}

/* The name becomes a path below /proc/sys: no way out of it, and one spelling. */
static bool is_plain(const char *key)
{
	for (const char *p = key; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		      (*p >= '0' && *p <= '9') || strchr("._-", *p)) ||
		    (*p == '.' && (p == key || p[1] == '.' || !p[1])))
			return false;
	return *key;
}

static int check(const char *key, const struct isolation *own, struct err *e)
{
	int r;

	if (!is_plain(key))
		return err_set(e, UCT_BAD_VALUE, -EINVAL, "--sysctl '%s': not a name", key);
	if (!strncmp(key, "net.", 4))
		return own->network ? 0 : refuse(key, "the network is the host's", e);
	if (is_of_ipc(key) && own->joined & CLONE_NEWIPC)
		return refuse(key, "the IPC namespace is another container's", e);
	if (is_of_ipc(key))
		return own->ipc ? 0 : refuse(key, "the IPC namespace is the host's", e);
	if (!strcmp(key, "kernel.hostname") || !strcmp(key, "kernel.domainname")) {
		r = refuse(key, "there is a flag for it", e);
		return err_hint(e, r, "use --%s", key + strlen("kernel."));
	}
	return refuse(key, "it belongs to the whole machine", e);
}

int sysctls_add(const char *const *list, const struct isolation *own, json_t *ret_object,
                struct err *e)
{
	for (; list && *list; list++) {
		const char *eq = strchr(*list, '=');
		_cleanup_free_ char *key = NULL;
		int r;

		if (!eq)
			return err_set(e, UCT_BAD_VALUE, -EINVAL,
			               "--sysctl '%s': it has no '=VALUE'", *list);
		key = strndup(*list, (size_t)(eq - *list));
		if (!key)
			return err_oom(e);
		/* sysctl(8) takes both spellings; slashes matter where a dot is in a name. */
		for (char *p = key; *p; p++)
			if (*p == '/')
				*p = '.';
		r = check(key, own, e);
		if (r < 0)
			return r;
		if (json_object_set_new(ret_object, key, json_string(eq + 1)) < 0)
			return err_set(e, UCT_BAD_VALUE, -EILSEQ, "--sysctl '%s' is not UTF-8",
			               key);
	}
	return 0;
}
