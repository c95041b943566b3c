/* SPDX-License-Identifier: Apache-2.0 */
/* document - from an image's config and the user's options to an OCI runtime document and a plan */
#pragma once

#include "base/json.h"
#include "base/sbuf.h"
#include "engine/ids.h"
#include "engine/storage-opts.h"
#include "image/config.h"
#include "network/uplink.h"

#include <usrct/container.h>

struct create_hook;
struct created;
struct mount_plan;

/* Which namespaces are the container's own. */
struct isolation {
	bool ipc, pid, uts, cgroup, network; /* also those that it has with another container */
	bool has_no_shm;                     /* --ipc none: not even a /dev/shm */
	uint64_t joined;                     /* CLONE_NEW*: they are another container's */
	const char *joins;                   /* that one, as the user named it; NULL: none */
};

struct document {
	const struct usrct_create_options *opts;
	const struct image_config *image;
	const char *id;
	const char *image_id;      /* "sha256:..." */
	const char *container_dir; /* absolute, as it will be named */
	const char *pidfile;       /* absolute; NULL: none */
	enum network_kind network;
	struct storage storage;
	const struct create_hook *hook; /* engine/create.h; may be NULL */
	struct created *to_start;       /* engine/create.h; NULL: not now */
	struct mount_plan *mounts;      /* filled by document_spec(); engine/mount-add.h */
	struct isolation own;           /* made by document_isolation() */
	/* Made by ids_choose(). */
	struct ids ids;
	char keep_user[24];                /* "UID:GID" to run as; empty: as the image says */
	char userns_of[CONTAINER_ID_SIZE]; /* whose user namespace is joined; empty */
	struct strv args;                  /* made by document_args() */
};

/* ENTRYPOINT and CMD as Docker joins them; UCT_NO_COMMAND if nothing is left. */
int document_args(struct document *d, struct err *e);
/* namespaces.c: --ipc, --pid, --uts, --cgroupns, --userns. Needs .network. */
int document_isolation(struct document *d, struct err *e);
json_t *document_namespaces(const struct document *d);
/* Whether any of them is another container's; before document_isolation() too. */
bool document_joins(const struct usrct_create_options *o);
/* The other container's documents: may its namespaces be joined, and has it them itself? */
int document_check_joined(struct document *d, const json_t *spec, const json_t *plan,
                          struct err *e);
/* For a host configuration: "container:ID", or NULL. */
json_t *document_joined_mode(const struct document *d, uint64_t flag);
/* config.json */
int document_spec(const struct document *d, json_t **ret, struct err *e);
/* launch.json; @layers are paths below the data directory, lowest first. */
int document_plan(const struct document *d, const struct strv *layers, json_t **ret, struct err *e);

struct privileges;
/* mounts.c: adds the standard mounts, then the user's. */
int document_mounts(const struct document *d, const struct privileges *p, json_t *ret_array,
                    struct err *e);
/* process.c: the object "process", and annotations that go with it. */
int document_process(const struct document *d, const struct privileges *p, json_t *notes,
                     json_t **ret, struct err *e);
const char *document_user(const struct document *d); /* "" is root */

json_t *document_strings(char *const *list); /* NULL: out of memory, or not UTF-8 */
int document_not_utf8(struct err *e);
