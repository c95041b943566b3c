/* SPDX-License-Identifier: Apache-2.0 */
/* spec - an OCI runtime-spec document (config.json), checked and ready to be executed
 *
 * Source: OCI runtime specification 1.2, config.md and config-linux.md. Strings point into the
 * JSON document that the struct owns. A field that cannot be honoured is an error, never ignored.
 */
#pragma once

#include "base/id-map.h"
#include "base/json.h"
#include "base/strv.h"

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

/* The two documents in a container's directory: this one, and what only our launcher must know,
 * which helpers/launch/plan.h reads. */
#define SPEC_FILE "config.json"
#define PLAN_FILE "launch.json"
enum { SPEC_MAX_BYTES = 4 << 20 }; /* each of them */

struct spec_mount {
	const char *target, *type, *source;
	char *const *options; /* NULL-terminated */
};
struct spec_rlimit {
	int resource;
	struct rlimit limit;
};
enum spec_capability_set {
	SPEC_BOUNDING,
	SPEC_EFFECTIVE,
	SPEC_PERMITTED,
	SPEC_INHERITABLE,
	SPEC_AMBIENT,
	SPEC_CAPABILITY_SETS,
};
enum { SPEC_MOUNTS_MAX = 512, SPEC_RLIMITS_MAX = 16, SPEC_GROUPS_MAX = 256 };

struct spec {
	json_t *doc;
	struct strv pool; /* strings that are not in the document */

	bool terminal, no_new_privileges, root_readonly;
	char **args, **env; /* NULL-terminated */
	const char *cwd;
	uid_t uid;
	gid_t gid;
	gid_t groups[SPEC_GROUPS_MAX];
	size_t n_groups;
	mode_t umask;
	bool has_oom_score_adj;
	int oom_score_adj;
	char *const *capabilities[SPEC_CAPABILITY_SETS]; /* names; NULL: none */
	struct spec_rlimit rlimits[SPEC_RLIMITS_MAX];
	size_t n_rlimits;

	const char *hostname, *domainname;
	struct spec_mount *mounts;
	size_t n_mounts;
	uint64_t namespaces; /* CLONE_NEW* to make */
	uint64_t joined;     /* those of another container, whose path is "container:ID" */
	struct id_maps ids;  /* to the ids of whoever starts it; empty: all of these */
	char **masked_paths, **readonly_paths, **sysctls; /* sysctls: "a.b=c" */
	struct strv resources; /* "memory.max=1048576": container/resources.h */

	/* Annotations of ours. */
	const char *user; /* "NAME[:GROUP]", to be found in the image; overrides uid and gid */
	const char *group_names; /* "NAME,NAME": further groups, to be found in the image; NULL */
	bool default_seccomp;    /* the compiled filter */
	bool keep_groups;        /* the caller's supplementary groups stay, whatever they are */
};

/* The keys of our annotations. */
#define SPEC_ANNOTATION_USER    "io.usr-ct.user"
#define SPEC_ANNOTATION_GROUPS  "io.usr-ct.groups"
#define SPEC_ANNOTATION_SECCOMP "io.usr-ct.seccomp"
/* As crun has it: "1". */
#define SPEC_ANNOTATION_KEEP_GROUPS "run.oci.keep_original_groups"

/* A list of mappings, "linux.uidMappings" or its like. */
int spec_id_map(const json_t *list, struct id_map *ret, struct err *e);
int spec_parse(const char *text, size_t n, struct spec *ret, struct err *e);
void spec_done(struct spec *s);
