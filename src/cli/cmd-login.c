/* SPDX-License-Identifier: Apache-2.0 */
/* usr-ct login, logout - credentials for registries
 *
 * A password is read from standard input or from the terminal without echo. As an argument it would
 * stand in the list of processes and in the shell's history, so that flag is refused.
 */
#include "cli/cli.h"

#include "base/fd.h"
#include "cli/registry-options.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>

enum { LINE_MAX_BYTES = 16 << 10 };

struct secret {
	char text[LINE_MAX_BYTES];
};

static void secret_done(struct secret *s)
{
	explicit_bzero(s, sizeof(*s));
}
#define _cleanup_secret_ _cleanup_(secret_done)

static int fail(struct cli *c, const char *what)
{
	struct err e;

	(void)err_set(&e, UCT_USAGE, -EINVAL, "%s", what);
	return cli_fail_local(c, &e);
}

/* Without the line's end. */
static int read_line(int fd, char *buf, size_t size)
{
	size_t n = 0;

	while (n + 1 < size) {
		ssize_t got = RETRY_EINTR(read(fd, buf + n, 1));

		if (got < 0)
			return -errno;
		if (got == 0 || buf[n] == '\n')
			break;
		n++;
	}
	if (n > 0 && buf[n - 1] == '\r')
		n--;
	buf[n] = '\0';
	return n > 0 ? 0 : -ENODATA;
}

/* Asks at the terminal that we belong to, whatever standard input is. */
static int ask(const char *question, bool echo, char *buf, size_t size)
{
	_cleanup_close_ int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct termios old, quiet;
	int r;

	if (fd < 0 || tcgetattr(fd, &old) < 0)
		return -errno;
	quiet = old;
	if (!echo)
		quiet.c_lflag &= ~(tcflag_t)ECHO;
	/* Before the question, so that nothing of the answer is shown or thrown away. */
	r = tcsetattr(fd, TCSADRAIN, &quiet) < 0 ? -errno
	                                         : fd_write_all(fd, question, strlen(question));
	if (r == 0)
		r = read_line(fd, buf, size);
	(void)tcsetattr(fd, TCSADRAIN, &old); /* there is nobody to tell */
	if (!echo)
		(void)fd_write_all(fd, "\n", 1); /* the one that was not shown */
	return r;
}

static int get_login(struct cli *c, const struct args *a, const struct usrct_registry_options *o)
{
	_cleanup_free_ char *user = NULL;
	struct usrct_err e = { 0 };

	if (usrct_registry_get_login(c->u, a->n_words ? a->words[0] : NULL, o, &user, &e) < 0)
		return cli_fail(c, &e);
	(void)fprintf(c->out.f, "%s\n", user);
	return 0;
}

static int find_user(const struct args *a, char *buf, size_t size)
{
	const char *given = args_string(a, "username");

	if (!given)
		return ask("Username: ", true, buf, size);
	return snprintf(buf, size, "%s", given) < (int)size ? 0 : -E2BIG;
}

/* As docker and podman do it: who is logged in need not do it again. 1 that was enough. */
static int try_kept(struct cli *c, const struct args *a, const struct usrct_registry_options *o)
{
	const char *registry = a->n_words ? a->words[0] : NULL, *given = args_string(a, "username");
	_cleanup_free_ char *user = NULL;

	if (args_flag(a, "password-stdin") ||
	    usrct_registry_get_login(c->u, registry, o, &user, NULL) < 0 ||
	    (given && strcmp(given, user) != 0))
		return 0;
	if (usrct_registry_login(c->u, registry, o, NULL) < 0) {
		(void)fprintf(c->err.f, "The credentials of '%s' that are kept do not work\n",
		              user);
		return 0;
	}
	(void)fprintf(c->err.f, "With the credentials of '%s' that are kept\n", user);
	(void)fprintf(c->out.f, "Login Succeeded!\n");
	return 1;
}

static int login(struct cli *c, const struct args *a)
{
	struct usrct_registry_options o = { .size = sizeof(o),
		                            .auth_file = args_string(a, "authfile"),
		                            .cert_dir = args_string(a, "cert-dir") };
	_cleanup_secret_ struct secret password = { 0 };
	struct usrct_err e = { 0 };
	char user[512];

	if (args_flag(a, "get-login"))
		return get_login(c, a, &o);
	if (args_has(a, "tls-verify"))
		o.tls = args_flag(a, "tls-verify") ? USRCT_TLS_ALWAYS : USRCT_TLS_ANY;
	if (try_kept(c, a, &o))
		return 0;
	if (args_flag(a, "password-stdin") && !args_has(a, "username"))
		return fail(c, "--password-stdin needs --username");
	if (find_user(a, user, sizeof(user)) < 0)
		return fail(c, "there is no terminal to ask for a name: use --username");
	if (args_flag(a, "password-stdin")
	            ? read_line(STDIN_FILENO, password.text, sizeof(password.text)) < 0
	            : ask("Password: ", false, password.text, sizeof(password.text)) < 0)
		return fail(c, args_flag(a, "password-stdin")
		                       ? "there is no password on standard input"
		                       : "there is no terminal to ask for a password: use "
		                         "--password-stdin");
	o.user = user;
	o.password = password.text;
	if (usrct_registry_login(c->u, a->n_words ? a->words[0] : NULL, &o, &e) < 0)
		return cli_fail(c, &e);
	(void)fprintf(c->out.f, "Login Succeeded!\n");
	return 0;
}

static int logout(struct cli *c, const struct args *a)
{
	const struct usrct_registry_options o = { .size = sizeof(o),
		                                  .auth_file = args_string(a, "authfile") };
	const char *registry = a->n_words ? a->words[0] : args_flag(a, "all") ? NULL : "docker.io";
	struct usrct_err e = { 0 };

	if (usrct_registry_logout(c->u, registry, &o, &e) < 0)
		return cli_fail(c, &e);
	if (registry)
		(void)fprintf(c->out.f, "Removed login credentials for %s\n", registry);
	else
		(void)fprintf(c->out.f, "Removed all login credentials\n");
	return 0;
}

const struct command cmd_login = {
	.name = "login",
	.group = GROUP_IMAGES,
	.summary = "Log in to a registry",
	.description =
		"REGISTRY is HOST[:PORT]; without it it is Docker Hub. Name and password are tried "
		"there and then kept in auth.json, where podman, buildah and skopeo look too, or "
		"with the program that this file names (credsStore, credHelpers). What docker "
		"login "
		"has kept is used as well.\n\n"
		"The password comes from standard input or is asked for at the terminal, unless "
		"what is kept still works.",
	.args = (const struct positional[]){ { "REGISTRY", COMPLETE_NONE, true, false }, { NULL } },
	.options =
		(const struct option[]){
			{ "username", 'u', OPTION_STRING, COMPLETE_NONE, "NAME",
	                  "Name to log in with" },
			{ "password-stdin", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "The password is the first line of standard input" },
			{ "authfile", 0, OPTION_STRING, COMPLETE_FILE, "FILE",
	                  "Where to keep them; $REGISTRY_AUTH_FILE", "podman's auth.json" },
			{ "cert-dir", 0, OPTION_STRING, COMPLETE_DIR, "DIR",
	                  "Certificates for this registry", "certs.d/HOST" },
			{ "get-login", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Print who is logged in, and do nothing else" },
			{ "tls-verify", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	                  "Whether certificates are checked", "true" },
			{ NULL },
		},
	.foreign = (const struct foreign_option[]){ { "password", 'p',
	                                              "everybody can read a command line",
	                                              "use --password-stdin" },
	                                            { "verbose", 'v', "there is no more to tell",
	                                              "the file is the one of --authfile" },
	                                            { NULL, 0, NULL, NULL } },
	.examples =
		(const struct example[]){
			{ "In a script",
	                  "usr-ct login -u me --password-stdin registry.example <password-file" },
			{ NULL, NULL } },
	.handler = login,
	.uses_store = true,
};

const struct command cmd_logout = {
	.name = "logout",
	.group = GROUP_IMAGES,
	.summary = "Forget the credentials for a registry",
	.args = (const struct positional[]){ { "REGISTRY", COMPLETE_NONE, true, false }, { NULL } },
	.options =
		(const struct option[]){
			{ "all", 'a', OPTION_FLAG, COMPLETE_NONE, NULL, "For all registries" },
			{ "authfile", 0, OPTION_STRING, COMPLETE_FILE, "FILE",
	                  "Where they are kept; $REGISTRY_AUTH_FILE", "podman's auth.json" },
			{ NULL },
		},
	.examples = (const struct example[]){ { "One of several",
	                                        "usr-ct logout registry.example:5000" },
	                                      { NULL, NULL } },
	.handler = logout,
	.uses_store = true,
};
