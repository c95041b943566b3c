/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/isolation-options.h"

static const char *const networks[] = { "private",       "none",  "host",
	                                "slirp4netns",   "pasta", "private:slirp4netns",
	                                "private:pasta", NULL };
static const char *const own_or_host[] = { "private", "host", NULL };
static const char *const ipc_modes[] = { "private", "host", "none", "shareable", NULL };
static const char *const user_modes[] = { "host-root",  "keep-id", "auto", "nomap",
	                                  "container:", "private", "host", NULL };

const struct option isolation_options[] = {
	{ "network", 0, OPTION_STRING, COMPLETE_VALUES, "MODE",
	  "How it is connected: private, none, host; private:slirp4netns and private:pasta name "
	  "the program that connects it",
	  "private", "net", networks },
	{ "hostname", 'h', OPTION_STRING, COMPLETE_NONE, "NAME", "Host name inside",
	  "the container's short id" },
	{ "domainname", 0, OPTION_STRING, COMPLETE_NONE, "NAME", "Domain name inside" },
	{ "add-host", 0, OPTION_LIST, COMPLETE_NONE, "NAME:ADDRESS",
	  "Add a line to /etc/hosts; the address may be host-gateway" },
	{ "dns", 0, OPTION_LIST, COMPLETE_NONE, "ADDRESS",
	  "Name server instead of the host's; none keeps the image's resolv.conf" },
	{ "dns-search", 0, OPTION_LIST, COMPLETE_NONE, "DOMAIN",
	  "Search domain instead of the host's; a dot for none" },
	{ "dns-option", 0, OPTION_LIST, COMPLETE_NONE, "OPTION",
	  "Option for resolv.conf(5) instead of the host's", NULL, "dns-opt" },
	{ "no-hosts", 0, OPTION_FLAG, COMPLETE_NONE, NULL, "Keep the image's /etc/hosts" },
	{ "no-hostname", 0, OPTION_FLAG, COMPLETE_NONE, NULL, "Keep the image's /etc/hostname" },
	{ "expose", 0, OPTION_LIST, COMPLETE_NONE, "PORT[/PROTOCOL]",
	  "Remember a port that the program listens on; it is not published" },
	{ "ipc", 0, OPTION_STRING, COMPLETE_VALUES, "MODE",
	  "System V IPC, message queues and /dev/shm: private, shareable, container:NAME (of one "
	  "that is shareable), host, or none",
	  "private", NULL, ipc_modes },
	{ "pid", 0, OPTION_STRING, COMPLETE_VALUES, "MODE",
	  "Processes it sees: private, container:NAME or host", "private", NULL, own_or_host },
	{ "uts", 0, OPTION_STRING, COMPLETE_VALUES, "MODE",
	  "Host name: private, container:NAME or host", "private", NULL, own_or_host },
	{ "cgroupns", 0, OPTION_STRING, COMPLETE_VALUES, "MODE", "Cgroups it sees: private or host",
	  "private", NULL, own_or_host },
	{ "userns", 0, OPTION_STRING, COMPLETE_VALUES, "MODE",
	  "Which ids it has: host-root (root is you), keep-id (your own number is you; also with "
	  "uid=N, gid=N, size=N behind a colon), auto (a range of its own; also size=N, "
	  "uidmapping=MAP, gidmapping=MAP), nomap (without you), container:NAME, host (as "
	  "host-root), private (you are root, or the image's user where a directory of the host is "
	  "mounted)",
	  "private", NULL, user_modes },
	{ "uidmap", 0, OPTION_LIST, COMPLETE_NONE, "MAP",
	  "Map INSIDE:OUTSIDE[:COUNT]; outside, 0 is you and 1, 2, ... are your subordinate ids; "
	  "@OUTSIDE is a number of the machine's. Flags before it: + keeps all other ids as by "
	  "default, u and g are for uids or gids alone" },
	{ "gidmap", 0, OPTION_LIST, COMPLETE_NONE, "MAP", "The same for gids; else as --uidmap" },
	{ "subuidname", 0, OPTION_STRING, COMPLETE_NONE, "NAME",
	  "Map the ranges that NAME has in /etc/subuid, without yourself; only your own can be" },
	{ "subgidname", 0, OPTION_STRING, COMPLETE_NONE, "NAME", "The same for /etc/subgid" },
	{ NULL },
};

int isolation_fill(struct create_request *q, const struct args *a, struct err *e)
{
	struct usrct_create_options *o = &q->create;
	const struct {
		const char *name;
		const char *const **ret;
	} lists[] = {
		{ "add-host", &o->add_hosts },    { "dns", &o->dns },
		{ "dns-search", &o->dns_search }, { "dns-option", &o->dns_options },
		{ "expose", &o->expose },         { "uidmap", &o->uidmaps },
		{ "gidmap", &o->gidmaps },
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(lists) && r == 0; i++)
		r = create_request_list(q, a, lists[i].name, lists[i].ret, e);
	o->network = args_string(a, "network");
	o->hostname = args_string(a, "hostname");
	o->domainname = args_string(a, "domainname");
	o->no_hosts = args_flag(a, "no-hosts");
	o->no_hostname = args_flag(a, "no-hostname");
	o->ipc = args_string(a, "ipc");
	o->pid = args_string(a, "pid");
	o->uts = args_string(a, "uts");
	o->cgroupns = args_string(a, "cgroupns");
	o->userns = args_string(a, "userns");
	o->subuidname = args_string(a, "subuidname");
	o->subgidname = args_string(a, "subgidname");
	return r;
}
