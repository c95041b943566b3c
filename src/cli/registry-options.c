/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/registry-options.h"

#include "cli/parse.h"

#include <stdlib.h>
#include <string.h>

const struct option registry_options[] = {
	{ "authfile", 0, OPTION_STRING, COMPLETE_FILE, "FILE",
	  "Where credentials are kept; $REGISTRY_AUTH_FILE", "auth.json, config.json" },
	{ "cert-dir", 0, OPTION_STRING, COMPLETE_DIR, "DIR",
	  "Certificates for this registry: *.crt, *.cert with *.key", "certs.d/HOST" },
	{ "creds", 0, OPTION_STRING, COMPLETE_NONE, "USER[:PASSWORD]",
	  "Instead of the credentials that are kept; others can read the command line, so use "
	  "login "
	  "where that matters" },
	{ "tls-verify", 0, OPTION_FLAG, COMPLETE_NONE, NULL,
	  "Whether certificates are checked; --tls-verify=false also allows plain HTTP",
	  "true, and plain HTTP for this machine's own registries" },
	{ NULL },
};

int registry_options_take(const struct args *a, struct usrct_registry_options *ret, char **ret_text,
                          struct err *e)
{
	const char *creds = args_string(a, "creds");
	char *colon;

	*ret = (struct usrct_registry_options){ .size = sizeof(*ret),
		                                .auth_file = args_string(a, "authfile"),
		                                .cert_dir = args_string(a, "cert-dir") };
	if (args_has(a, "tls-verify"))
		ret->tls = args_flag(a, "tls-verify") ? USRCT_TLS_ALWAYS : USRCT_TLS_ANY;
	if (!creds)
		return 0;
	*ret_text = strdup(creds);
	if (!*ret_text)
		return err_oom(e);
	colon = strchr(*ret_text, ':');
	if (colon)
		*colon = '\0';
	ret->user = *ret_text;
	ret->password = colon ? colon + 1 : "";
	return 0;
}

void registry_options_done(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}
