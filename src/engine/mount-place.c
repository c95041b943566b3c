/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/mount-place.h"

#include "base/macro.h"

#include <string.h>
#include <sys/stat.h>

bool mount_place_is_reserved(const char *source, const char *home)
{
	/* Themselves, and with a slash all below them too. */
	static const char *const places[] = {
		"/bin/",  "/boot/", "/dev/",  "/etc/", "/home",    "/lib/",    "/lib64/",
		"/media", "/opt",   "/proc/", "/root", "/run",     "/sbin/",   "/srv",
		"/sys/",  "/tmp",   "/usr/",  "/var",  "/var/lib", "/var/log", "/var/tmp"
	};

	if (!strcmp(source, "/") || (home && *home && !strcmp(source, home)))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		size_t n = strlen(places[i]);
		bool is_deep = places[i][n - 1] == '/';

		if (is_deep && !strncmp(source, places[i], n - 1) &&
		    (source[n - 1] == '/' || !source[n - 1]))
			return true;
		if (!strcmp(source, places[i]))
			return true;
	}
	/* What contains the home would take it along. */
	return home && !strncmp(home, source, strlen(source)) && home[strlen(source)] == '/';
}

int mount_check_place(const struct mount_spec *m, const char *source, struct err *e)
{
	const char *home = secure_getenv("HOME");
	char *real = home ? realpath(home, NULL) : NULL;
	bool is_reserved = mount_place_is_reserved(source, real ? real : home);
	struct stat st;

	free(real);
	if (m->relabel && is_reserved)
		return err_set(e, UCT_RELABEL_REFUSED, -EPERM, "%s '%s': '%s' is not relabelled",
		               m->flag, m->spec, source);
	if (!m->chowns)
		return 0;
	if (is_reserved)
		return err_set(e, UCT_CHOWN_REFUSED, -EPERM, "%s '%s': '%s' is not given away",
		               m->flag, m->spec, source);
	/* What belongs to a subordinate id was given away before: the kernel knows whose that is.
	 */
	if (stat(source, &st) == 0 && st.st_uid == 0 && geteuid() != 0)
		return err_set(e, UCT_CHOWN_REFUSED, -EPERM, "%s '%s': '%s' is not yours", m->flag,
		               m->spec, source);
	return 0;
}
