/* SPDX-License-Identifier: Apache-2.0 */
/* foreign-commands - commands of docker and podman that are not here, and why
 *
 * Only those that cannot come or have another form here; "unknown command" would be no answer to
 * who knows that they exist. A command that is in the table of commands is found there first.
 */
#include "cli/foreign-commands.h"

#include "base/macro.h"

#include <string.h>

#define NO_CLUSTER "there is one machine, and no cluster"
#define NO_DAEMON  "there is no daemon, here or elsewhere, that commands are sent to"
#define NO_CRIU    "saving processes to disk (CRIU) needs capabilities of the machine's root"

static const struct foreign_command all[] = {
	{ NULL, "checkpoint", NO_CRIU, "usr-ct pause keeps a container as it is, in memory" },
	{ "container", "checkpoint", NO_CRIU,
	  "usr-ct pause keeps a container as it is, in memory" },
	{ "container", "restore", NO_CRIU, "usr-ct unpause lets a paused container go on" },
	{ "container", "cleanup", "each container's monitor cleans up behind it", NULL },
	{ "container", "clone", "a container's settings are not copied",
	  "make its document a generator file: usr-ct create FILE.json" },
	{ "container", "runlabel", "command lines in labels of images are not executed",
	  "usr-ct inspect -f '{{json .Config.Labels}}' IMAGE shows them" },
	{ "container", "init", "a container is set up when it is started", "use usr-ct create" },
	{ NULL, "umount", "a stopped container's file system is not mounted for you",
	  "usr-ct cp and usr-ct export read it; usr-ct mount rm takes mounts out of a running "
	  "one" },
	{ "container", "umount", "a stopped container's file system is not mounted for you",
	  "usr-ct cp and usr-ct export read it" },
	{ "image", "mount", "an image's files are not mounted for you",
	  "usr-ct run -it --rm IMAGE sh looks into it; usr-ct create and cp take files out" },
	{ "image", "unmount", "an image's files are not mounted for you", NULL },
	{ "image", "umount", "an image's files are not mounted for you", NULL },
	{ "image", "sign", "images are not signed here",
	  "sign what was pushed: cosign sign, or skopeo copy --sign-by" },
	{ "image", "trust", "policy.json is read, not written",
	  "man containers-policy.json tells what stands there" },
	{ "image", "scp", "there is no daemon elsewhere to copy to",
	  "usr-ct save IMAGE | ssh HOST usr-ct load" },
	{ NULL, "swarm", NO_CLUSTER, NULL },
	{ NULL, "node", NO_CLUSTER, NULL },
	{ NULL, "service", NO_CLUSTER, NULL },
	{ NULL, "stack", NO_CLUSTER, NULL },
	{ NULL, "config", NO_CLUSTER, "usr-ct secret keeps small files for containers" },
	{ NULL, "farm", NO_CLUSTER, NULL },
	{ NULL, "machine", "containers are processes of this machine, without another in between",
	  NULL },
	{ NULL, "plugin", "there are no plugins", NULL },
	{ NULL, "context", NO_DAEMON, "leave DOCKER_CONTEXT and --context unset" },
	{ "system", "connection", NO_DAEMON, NULL },
	{ NULL, "trust", "Docker's content trust has been given up by its registries",
	  "policy.json names keys: man containers-policy.json" },
	{ "system", "renumber", "there are no lock numbers", NULL },
	{ "system", "reset", "the store is not removed as a whole",
	  "usr-ct rm -af && usr-ct system prune -af --volumes" },
	{ NULL, "generate", "units and manifests are not generated from containers",
	  "write a unit that calls usr-ct run, or use --restart and usr-ct-restart.service" },
};

const struct foreign_command *foreign_command_find(const char *first, const char *second)
{
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const struct foreign_command *f = &all[i];
		const char *name = f->first ? second : first;

		if (!name || strcmp(name, f->name) != 0)
			continue;
		if (!f->first || (first && !strcmp(first, f->first)))
			return f;
	}
	return NULL;
}
