/* SPDX-License-Identifier: Apache-2.0 */
/* usrct/image.h - images: fetch, list, look at, remove. Since: 0.1 */
#ifndef USRCT_IMAGE_H
#define USRCT_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <usrct/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct usrct;

enum usrct_pull_policy {
	USRCT_PULL_MISSING, /* only if the image is not here; what run does */
	USRCT_PULL_ALWAYS,
	USRCT_PULL_NEVER,
	USRCT_PULL_NEWER, /* always, but what is here will do if the registry does not answer */
};

enum usrct_pull_event {
	USRCT_PULL_RESOLVED,  /* reference and manifest digest are known: .text is "NAME@DIGEST" */
	USRCT_PULL_LAYER,     /* a layer's bytes moved: .digest, .done_bytes of .total_bytes */
	USRCT_PULL_LAYER_HAD, /* a layer was here already: .digest, .total_bytes */
	USRCT_PULL_UNPACKED,  /* a layer is verified and unpacked: .digest */
	USRCT_PULL_DONE,      /* .text is the image id */
	/* After DONE: the image, the only one there is, is not for the platform that was asked for;
	 * .text: "linux/arm64, not for linux/amd64" */
	USRCT_PULL_OTHER_PLATFORM,
};

struct usrct_pull_progress {
	enum usrct_pull_event event;
	const char *digest; /* "sha256:..." or NULL */
	const char *text;   /* or NULL */
	uint64_t done_bytes, total_bytes;
	unsigned layer, n_layers; /* position from 0, and how many the image has */
};

enum usrct_tls {
	USRCT_TLS_USUAL,  /* TLS with known certificates; plain HTTP for this machine's own
	                     registries */
	USRCT_TLS_ALWAYS, /* the first for these, too */
	USRCT_TLS_ANY,    /* any certificate, and plain HTTP where there is no TLS */
};

/**
 * struct usrct_registry_options - how to reach a registry
 * @size:      sizeof(struct usrct_registry_options)
 * @auth_file: credentials, or NULL for the usual places ($REGISTRY_AUTH_FILE, auth.json of podman,
 *             config.json of docker)
 * @cert_dir:  directory with *.crt, *.cert and *.key, or NULL for the usual ones (certs.d)
 * @user:      instead of what @auth_file says; NULL: not given
 * @password:  belongs to @user; a secret, not kept
 * @tls:       whom to trust
 */
struct usrct_registry_options {
	size_t size;
	const char *auth_file, *cert_dir;
	const char *user, *password;
	enum usrct_tls tls;
};

/* Called from within the pulling call, in its thread. Strings are valid during the call only. */
typedef void (*usrct_pull_callback)(const struct usrct_pull_progress *p, void *arg);

/**
 * struct usrct_pull_options - how to pull
 * @size:     sizeof(struct usrct_pull_options)
 * @progress: may be NULL
 * @arg:      given to @progress
 * @platform: "os/arch[/variant]", or NULL for this machine's
 * @registry: may be NULL
 */
struct usrct_pull_options {
	size_t size;
	usrct_pull_callback progress;
	void *arg;
	const char *platform;
	const struct usrct_registry_options *registry;
};

/**
 * usrct_image_pull() - fetch an image from a registry or an OCI image layout
 * @u:         handle
 * @reference: [HOST[:PORT]/]NAME[:TAG][@DIGEST], or oci:DIRECTORY[:TAG]
 * @opts:      may be NULL
 * @ret_id:    receives the image id ("sha256:..." of its config); the caller frees it; may be NULL
 * @e:         filled on failure; may be NULL
 *
 * Blocks for as long as the transfer takes. Layers that are here are not fetched again. A failure
 * or a kill leaves the store as it was; leftovers are removed by the next writing call.
 *
 * Return: 0, or negative errno, of which a caller may act on -ENOENT (no such image). Since: 0.1
 */
USRCT_API int usrct_image_pull(struct usrct *u, const char *reference,
                               const struct usrct_pull_options *opts, char **ret_id,
                               struct usrct_err *e);

/**
 * struct usrct_image - one image in the store
 * @id:         "sha256:..." of its config
 * @digest:     "sha256:..." of its manifest
 * @names:      NULL-terminated "HOST/NAME:TAG" list; empty for an image without a name
 * @repo_digests: NULL-terminated "HOST/NAME@sha256:..." list, as registries said
 * @created_ns: when it was built, as its config says, realtime; 0 if unknown
 * @pulled_ns:  when it came here, realtime
 * @size_bytes: what its layers take on disk, unpacked
 */
struct usrct_image {
	const char *id;
	const char *digest;
	const char *const *names;
	uint64_t created_ns, pulled_ns, size_bytes;
	const char *const *repo_digests;
};

/**
 * struct usrct_image_list_options - which images
 * @size:    sizeof(struct usrct_image_list_options)
 * @filters: "KEY=VALUE", NULL-terminated; may be NULL. Keys: reference (a pattern with * ? [ ], of
 *           NAME or NAME:TAG; other names of the image are left out), dangling (true: without a
 *           name), label (KEY or KEY=VALUE), label!, before, since (image), until (time), id (a
 *           prefix), containers (true: some container was made from it), readonly, intermediate.
 *           Values of one key are alternatives (label, before, since, until: all must fit); keys
 *           must all fit
 */
struct usrct_image_list_options {
	size_t size;
	const char *const *filters;
};

/**
 * usrct_image_list() - images, newest first
 * @opts:  may be NULL: all
 * @ret:   receives an array that the caller frees with usrct_image_list_free()
 * @ret_n: receives its length
 *
 * Takes no lock and never waits. Return: 0 or negative errno: -EINVAL (a filter). Since: 0.1
 */
USRCT_API int usrct_image_list(struct usrct *u, const struct usrct_image_list_options *opts,
                               struct usrct_image **ret, size_t *ret_n, struct usrct_err *e);
USRCT_API void usrct_image_list_free(struct usrct_image *images, size_t n);

/**
 * usrct_image_familiar() - what people write for an image's full name
 * @name: "HOST/NAME:TAG" or "HOST/NAME@DIGEST"
 *
 * "debian:12" for "docker.io/library/debian:12", unless short names are configured to mean
 * something else. Return: the end of @name, or all of it. Since: 0.1
 */
USRCT_API const char *usrct_image_familiar(const char *name);

/**
 * usrct_image_remove() - remove a name, or an image with all its names
 * @reference: a name (removed; the image goes with its last name), an id or unique id prefix
 *             (then it must not have names in several repositories, unless @force)
 * @force:     also when a stopped container was made from it; never while one runs
 * @removed:   called with "untagged: NAME" and "deleted: ID" (also of layers) as it happens; may
 *             be NULL
 *
 * Return: 0, or negative errno: -ENOENT (no such image), -EBUSY (in use). Since: 0.1
 */
USRCT_API int usrct_image_remove(struct usrct *u, const char *reference, bool force,
                                 void (*removed)(const char *line, void *arg), void *arg,
                                 struct usrct_err *e);

/**
 * usrct_image_prune() - remove all images that fit
 * @opts:    filters, as of usrct_image_list(); with reference= only the names that fit go, and with
 *           the last name the image. May be NULL: all that no container uses
 * @removed: as of usrct_image_remove()
 *
 * Whether an image fits is decided in the step that removes it: one that gets a name or a container
 * while this works is judged with it. What a container uses stays. A failure ends nothing: the
 * first is returned. Since: 0.1
 */
USRCT_API int usrct_image_prune(struct usrct *u, const struct usrct_image_list_options *opts,
                                void (*removed)(const char *line, void *arg), void *arg,
                                struct usrct_err *e);

/**
 * usrct_image_inspect() - everything known of an image, as one JSON object, Docker's field names
 * @ret_json: receives heap text that the caller frees
 *
 * Return: 0, or negative errno: -ENOENT, -ENOTUNIQ. Since: 0.1
 */
USRCT_API int usrct_image_inspect(struct usrct *u, const char *reference, char **ret_json,
                                  struct usrct_err *e);

/**
 * usrct_image_tag() - give an image another name
 * @image: a name, id or unique prefix of an id
 * @name:  [HOST[:PORT]/]NAME[:TAG]; an image that has it loses it
 *
 * Return: 0, or negative errno: -ENOENT (no such image), -EINVAL (not a name). Since: 0.1
 */
USRCT_API int usrct_image_tag(struct usrct *u, const char *image, const char *name,
                              struct usrct_err *e);

/**
 * usrct_image_untag() - take names away; the image stays, perhaps without any
 * @names: NULL-terminated; NULL or empty: all
 *
 * Return: 0, or negative errno: -ENOENT (no such image, or not a name of it). Since: 0.1
 */
USRCT_API int usrct_image_untag(struct usrct *u, const char *image, const char *const *names,
                                struct usrct_err *e);

/**
 * usrct_image_history() - the steps that made an image, newest first, as a JSON array
 * @ret_json: receives heap text that the caller frees: objects with Id (of the newest; else
 *            "<missing>"), Created (RFC 3339 or ""), CreatedBy, Comment, Author, Size (bytes),
 *            EmptyLayer, Tags
 *
 * Takes no lock. Return: 0, or negative errno: -ENOENT, -ENOTUNIQ. Since: 0.1
 */
USRCT_API int usrct_image_history(struct usrct *u, const char *reference, char **ret_json,
                                  struct usrct_err *e);

/**
 * usrct_image_layers() - all layers that images consist of, as a JSON array
 * @ret_json: receives heap text that the caller frees: objects with Chain, Parent (the Chain below,
 *            or ""), Size (bytes on disk), Users (how many images have it) and Images, those of
 *            which it is the highest: objects with Id, Names, Size. Parents come before children
 *
 * Takes no lock. Return: 0 or negative errno. Since: 0.1
 */
USRCT_API int usrct_image_layers(struct usrct *u, char **ret_json, struct usrct_err *e);

/**
 * struct usrct_load_options - how to load
 * @size:     sizeof(struct usrct_load_options)
 * @platform: "os/arch[/variant]" where the archive has several, or NULL for this machine's
 * @progress: called with the bytes of content so far; may be NULL
 * @loaded:   called for each name of each image, or with NULL once for one that has none; may be
 *            NULL
 * @arg:      given to both
 * @only:     the name that one image has in the archive ("busybox:1", or what a layout calls it),
 * or
 *            "@N" for the one that stands there as number N, counted from 0, with all its names;
 *            NULL: all
 */
struct usrct_load_options {
	size_t size;
	const char *platform;
	void (*progress)(uint64_t done_bytes, void *arg);
	void (*loaded)(const char *id, const char *name, void *arg);
	void *arg;
	const char *only;
};

/**
 * usrct_image_load() - take in the images of a docker archive or an OCI layout
 * @fd: a stream to read the archive from, compressed or not, or the directory of a layout or
 *      of skopeo's dir: form; kept
 *
 * Images are checked as pulled ones are. Those before a bad one stay. Return: 0 or negative errno:
 * -ENOENT (@only is not in it). Since: 0.1
 */
USRCT_API int usrct_image_load(struct usrct *u, int fd, const struct usrct_load_options *opts,
                               struct usrct_err *e);

/* The same from a http or https URL. Since: 0.1 */
USRCT_API int usrct_image_load_url(struct usrct *u, const char *url,
                                   const struct usrct_load_options *opts, struct usrct_err *e);

/**
 * struct usrct_import_options - what to make of a root file system
 * @size:     sizeof(struct usrct_import_options)
 * @name:     [HOST[:PORT]/]NAME[:TAG], or NULL
 * @changes:  instructions of a Containerfile ("CMD ...", "ENV ..."), NULL-terminated; may be NULL
 * @message:  stands in the image's history; may be NULL
 * @platform: "os/arch[/variant]", or NULL for this machine's
 */
struct usrct_import_options {
	size_t size;
	const char *name;
	const char *const *changes;
	const char *message, *platform;
};

/**
 * usrct_image_import() - make an image of a tar archive of a root file system
 * @fd:     the archive, compressed or not; kept
 * @opts:   may be NULL
 * @ret_id: receives the image id; the caller frees it; may be NULL
 *
 * Return: 0 or negative errno. Since: 0.1
 */
USRCT_API int usrct_image_import(struct usrct *u, int fd, const struct usrct_import_options *opts,
                                 char **ret_id, struct usrct_err *e);

/* The same from a http or https URL. Since: 0.1 */
USRCT_API int usrct_image_import_url(struct usrct *u, const char *url,
                                     const struct usrct_import_options *opts, char **ret_id,
                                     struct usrct_err *e);

enum usrct_save_format {
	USRCT_SAVE_DOCKER,     /* a tar archive that every docker, podman and skopeo loads */
	USRCT_SAVE_OCI,        /* an OCI layout as tar archive */
	USRCT_SAVE_OCI_DIR,    /* the same as directory */
	USRCT_SAVE_DOCKER_DIR, /* skopeo's dir:, for one image */
	USRCT_SAVE_DOCKER_OLD, /* as docker before 25 wrote it, readable for docker before 1.10, too
	                        */
};

/**
 * usrct_image_save() - write images out
 * @images: names, ids or digests, NULL-terminated; an image is saved under the name it is given by
 * @fd:     a stream; for the two last formats an empty directory; kept
 *
 * The same images give the same bytes. Return: 0, or negative errno: -ENOENT. Since: 0.1
 */
USRCT_API int usrct_image_save(struct usrct *u, const char *const *images,
                               enum usrct_save_format format, int fd, struct usrct_err *e);

/* One image under another name: a reference, or any word in the two OCI formats. Since: 0.1 */
USRCT_API int usrct_image_save_as(struct usrct *u, const char *image, const char *name,
                                  enum usrct_save_format format, int fd, struct usrct_err *e);

/**
 * struct usrct_push_options - how to push
 * @size:     sizeof(struct usrct_push_options)
 * @progress: told as of a pull: LAYER_HAD is what the registry has, UNPACKED what was sent; may be
 *            NULL
 * @arg:      given to @progress
 * @registry: may be NULL
 * @compression: "gzip", "zstd" or "none": layers that are otherwise are converted, and the manifest
 *            has another digest then; NULL: as they are
 */
struct usrct_push_options {
	size_t size;
	usrct_pull_callback progress;
	void *arg;
	const struct usrct_registry_options *registry;
	const char *compression;
};

/* What was pushed: "HOST/NAME:TAG", the manifest's digest and size. */
struct usrct_pushed {
	char name[600];
	char digest[72];
	uint64_t size_bytes;
};

/**
 * usrct_image_push() - send an image to a registry
 * @image: a name, id or unique prefix of an id
 * @to:    [HOST[:PORT]/]NAME[:TAG], or NULL: @image is that
 * @opts:  may be NULL
 * @ret:   written on success; may be NULL
 *
 * What the registry has is not sent again, also where another of its repositories has it. Blocks.
 * Return: 0, or negative errno: -ENOENT (no such image), -EACCES (refused). Since: 0.1
 */
USRCT_API int usrct_image_push(struct usrct *u, const char *image, const char *to,
                               const struct usrct_push_options *opts, struct usrct_pushed *ret,
                               struct usrct_err *e);

/**
 * usrct_registry_login() - try credentials at a registry, then keep them
 * @registry: HOST[:PORT]; NULL: Docker Hub
 * @opts:     .user and .password; without both, those that are kept are tried, and nothing is
 *            written; .auth_file says where they are kept
 *
 * Return: 0, or negative errno: -EACCES (refused). Since: 0.1
 */
USRCT_API int usrct_registry_login(struct usrct *u, const char *registry,
                                   const struct usrct_registry_options *opts, struct usrct_err *e);

/**
 * usrct_registry_logout() - forget credentials
 * @registry: NULL: all that the file has
 *
 * Return: 0, or negative errno: -ENOENT (there were none). Since: 0.1
 */
USRCT_API int usrct_registry_logout(struct usrct *u, const char *registry,
                                    const struct usrct_registry_options *opts, struct usrct_err *e);

/* Who is logged in; the caller frees @ret_user. 0, or -ENOENT: nobody. Since: 0.1 */
USRCT_API int usrct_registry_get_login(struct usrct *u, const char *registry,
                                       const struct usrct_registry_options *opts, char **ret_user,
                                       struct usrct_err *e);

enum usrct_search_kind {
	USRCT_SEARCH_HUB,     /* a term, at Docker Hub */
	USRCT_SEARCH_TAGS,    /* the tags of HOST/NAME */
	USRCT_SEARCH_CATALOG, /* the repositories of HOST, as far as it tells */
};

/**
 * struct usrct_search_options - what to ask
 * @size:     sizeof(struct usrct_search_options)
 * @kind:     whom
 * @what:     the term, HOST/NAME or HOST
 * @limit:    so many answers at most; 0: all, or the server's own limit
 * @registry: may be NULL
 */
struct usrct_search_options {
	size_t size;
	enum usrct_search_kind kind;
	const char *what;
	unsigned limit;
	const struct usrct_registry_options *registry;
};

/**
 * usrct_registry_search() - ask what there is
 * @ret_json: receives a JSON array of objects with Name, Description, StarCount, IsOfficial,
 *            IsAutomated; the caller frees it
 *
 * Return: 0 or negative errno. Since: 0.1
 */
USRCT_API int usrct_registry_search(struct usrct *u, const struct usrct_search_options *opts,
                                    char **ret_json, struct usrct_err *e);

/**
 * struct usrct_share_options - how to share images
 * @size:     sizeof(struct usrct_share_options)
 * @seal:     put objects under fs-verity
 * @progress: called before each layer, the @i-th of @n; may be NULL
 * @arg:      given to @progress
 */
struct usrct_share_options {
	size_t size;
	bool seal;
	void (*progress)(const char *image, size_t i, size_t n, void *arg);
	void *arg;
};

/**
 * usrct_image_share() - write the layers of images into a directory for all users of the machine
 * @images:   names or ids, NULL-terminated
 * @dir:      absolute path; empty, not there yet, or made by this call before
 * @opts:     may be NULL
 * @ret_json: {"Directory", "Images", "Layers", "NewObjects", "NewBytes"}; the caller frees it
 *
 * May be interrupted and called again. Return: 0 or negative errno: -ENOENT (no such image),
 * -ENOTSUP (stored by the plain driver), -ENOTEMPTY (@dir is something else). Since: 0.1
 */
USRCT_API int usrct_image_share(struct usrct *u, const char *const *images, const char *dir,
                                const struct usrct_share_options *opts, char **ret_json,
                                struct usrct_err *e);

#ifdef __cplusplus
}
#endif
#endif
