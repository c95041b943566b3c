/* SPDX-License-Identifier: Apache-2.0 */
/* share - writes images into a directory that all users of a machine may read (store/shared.h)
 *
 * Objects come first, under temporary names, and are compared with their digests once they are
 * there; then a layer's index, which is what others look for; then the image's documents. A kill
 * leaves what the next call uses or removes. One at a time: the directory is locked.
 */
#include "engine/check.h"
#include "engine/sharing.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/sbuf.h"
#include "store/blobs.h"
#include "store/layer-index.h"
#include "store/shared.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/fsverity.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define TEMPORARY "usr-ct-new"

enum { SHARED_MODE = 0444, DIR_MODE = 0755, INDEX_MAX = 16 << 20, BLOB_MAX = 16 << 20 };

struct share {
	struct usrct *u;
	const struct usrct_share_options *o;
	const char *path;
	int dirfd;
	size_t n_written, n_layers;
	uint64_t bytes;
	json_t *images;
};

static int make_dir(int dirfd, const char *name, struct err *e)
{
	if (mkdirat(dirfd, name, DIR_MODE) < 0 && errno != EEXIST)
		return err_sys(e, "cannot make directory '%s'", name);
	/* Whatever the umask is. */
	return fchmodat(dirfd, name, DIR_MODE, 0) < 0
	               ? err_sys(e, "cannot set the mode of '%s'", name)
	               : 0;
}

/* But for what a call that was killed left before there was a mark. */
static bool is_empty(int dirfd)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *de;

	if (!d) {
		cleanup_close(&fd);
		return false;
	}
	while ((de = readdir(d)))
		n += strcmp(de->d_name, TEMPORARY) != 0;
	(void)closedir(d);
	return n == 2;
}

/* First of all, so that the next call knows the directory whatever happens to this one. */
static int take_over(const struct share *s, struct err *e)
{
	_cleanup_close_ int fd = -EBADF;

	if (!is_empty(s->dirfd))
		return err_set(e, UCT_USAGE, -ENOTEMPTY,
		               "'%s' is neither empty nor a directory of shared layers", s->path);
	if (fchmod(s->dirfd, DIR_MODE) < 0)
		return err_sys(e, "cannot set the mode of '%s'", s->path);
	fd = openat(s->dirfd, TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
	            0600);
	if (fd < 0 || write(fd, SHARED_VERSION, strlen(SHARED_VERSION)) < 0 ||
	    fchmod(fd, SHARED_MODE) < 0 || renameat(s->dirfd, TEMPORARY, s->dirfd, SHARED_MARK) < 0)
		return err_sys(e, "cannot mark '%s' as a directory of shared layers", s->path);
	return 0;
}

static int open_target(struct share *s, struct err *e)
{
	static const char *const dirs[] = { OBJECT_DIR, "layers", "oci", "oci/blobs",
		                            "oci/blobs/sha256" };
	int r = dir_make_at(AT_FDCWD, s->path, DIR_MODE, e), fd = -EBADF;

	if (r < 0)
		return r;
	s->dirfd = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dirfd < 0)
		return err_sys(e, "cannot open '%s'", s->path);
	if (flock(s->dirfd, LOCK_EX) < 0)
		return err_sys(e, "cannot lock '%s'", s->path);
	if (faccessat(s->dirfd, SHARED_MARK, F_OK, 0) < 0)
		r = take_over(s, e);
	for (size_t i = 0; i < ARRAY_SIZE(dirs) && r == 0; i++)
		r = make_dir(s->dirfd, dirs[i], e);
	if (r == 0)
		fd = r = shared_open(s->path, true, e);
	if (r >= 0)
		(void)close(fd);
	(void)unlinkat(s->dirfd, TEMPORARY, 0); /* of a call that was killed */
	return MIN(r, 0);
}

static int copy(int from_fd, int to_fd, struct err *e)
{
	/* One inode's blocks for both where the file system can: btrfs, XFS. */
	if (ioctl(to_fd, FICLONE, from_fd) == 0)
		return 0;
	return fd_copy_all(from_fd, to_fd, e);
}

static int seal(const struct share *s, const char *name, struct err *e)
{
	struct fsverity_enable_arg arg = { .version = 1,
		                           .hash_algorithm = FS_VERITY_HASH_ALG_SHA256,
		                           .block_size = 4096 };
	_cleanup_close_ int fd = openat(s->dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || (ioctl(fd, FS_IOC_ENABLE_VERITY, &arg) < 0 && errno != EEXIST))
		return err_hint(e, err_sys(e, "cannot put '%s' under fs-verity", name),
		                "ext4 wants tune2fs -O verity; or leave --seal out");
	return 0;
}

static int write_object(struct share *s, const struct object_id *id, const char *name, int from_fd,
                        struct err *e)
{
	_cleanup_close_ int fd = openat(
		s->dirfd, TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	_cleanup_free_ char *to = strf(OBJECT_DIR "/%s", name),
			    *dir = strf(OBJECT_DIR "/%.2s", name);
	int r = fd < 0 ? err_sys(e, "cannot write below '%s'", s->path) : 0;

	if (!to || !dir)
		return err_oom(e);
	if (r == 0)
		r = copy(from_fd, fd, e);
	if (r == 0 && ftruncate(fd, (off_t)id->size_bytes) < 0)
		r = err_sys(e, "cannot set the size of an object");
	if (r < 0)
		return r;
	(void)fsetxattr(fd, OBJECT_XATTR, id->digest, sizeof(id->digest), 0); /* where it can be */
	if (fchmod(fd, SHARED_MODE) < 0)
		return err_sys(e, "cannot set the mode of an object");
	cleanup_close(&fd);
	fd = -EBADF;
	r = s->o->seal ? seal(s, TEMPORARY, e) : 0;
	if (r == 0)
		r = make_dir(s->dirfd, dir, e);
	if (r == 0 && renameat(s->dirfd, TEMPORARY, s->dirfd, to) < 0)
		r = err_sys(e, "cannot place object '%s'", name);
	s->n_written += r == 0;
	s->bytes += r == 0 ? id->size_bytes : 0;
	return r;
}

/* Ours, or that of a shared directory that the layer itself came from. */
static int open_source(struct share *s, const char *chain, const char *name, struct err *e)
{
	_cleanup_strv_ struct strv dirs = { 0 };
	_cleanup_free_ char *own = strf(OBJECT_DIR "/%s", name);
	int fd = own ? openat(store_dirfd(s->u->store), own, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
	             : -EBADF;

	if (fd < 0)
		(void)shared_layer_dirs(s->u->store, chain, &dirs, NULL);
	for (size_t i = 0; i < dirs.n && fd < 0; i++) {
		_cleanup_free_ char *path = strf("%s/" OBJECT_DIR "/%s", dirs.v[i], name);

		fd = path ? open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -EBADF;
	}
	return fd >= 0 ? fd
	               : err_set(e, UCT_OBJECT_DAMAGED, -ENOENT, "object '%s' is not there", name);
}

static int share_object(struct share *s, const char *chain, const struct object_id *id, bool again,
                        struct err *e)
{
	char name[OBJECT_NAME_SIZE];
	_cleanup_free_ char *to = NULL;
	_cleanup_close_ int fd = -EBADF;
	struct stat st;

	object_name(id->digest, name);
	to = strf(OBJECT_DIR "/%s", name);
	if (!to)
		return err_oom(e);
	if (!again && fstatat(s->dirfd, to, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    (uint64_t)st.st_size == id->size_bytes && S_ISREG(st.st_mode))
		return s->o->seal ? seal(s, to, e) : 0;
	fd = open_source(s, chain, name, e);
	return fd < 0 ? fd : write_object(s, id, name, fd, e);
}

static int share_objects(struct share *s, const char *chain, const struct layer_index *x,
                         bool again, struct err *e)
{
	struct object_id id;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < x->n_objects; i++) {
		layer_index_object(x, i, &id);
		r = share_object(s, chain, &id, again, e);
	}
	return r;
}

static int share_layer(struct share *s, const char *chain, struct err *e)
{
	_cleanup_layer_index_ struct layer_index x = { 0 };
	_cleanup_free_ char *data = NULL, *dir = strf("layers/%s", chain),
			    *to = strf("layers/%s/" LAYER_INDEX_FILE, chain);
	const enum sharing_verify how = s->o->seal ? SHARING_SEALED : SHARING_HASH;
	size_t n = 0;
	int r = dir && to ? layer_index_load(s->u->store, chain, &data, &n, e) : err_oom(e);

	if (r == 0)
		r = layer_index_open(data, n, &x, e);
	if (r == 0)
		r = share_objects(s, chain, &x, false, e);
	if (r == 0)
		r = sharing_verify_layer(s->u, s->dirfd, data, n, how, e);
	/* Something that was there is damaged; what others have open they keep. */
	if (r == -EUCLEAN && share_objects(s, chain, &x, true, NULL) == 0)
		r = sharing_verify_layer(s->u, s->dirfd, data, n, how, e);
	if (r == 0)
		r = make_dir(s->dirfd, dir, e);
	if (r == 0)
		r = file_write_at(s->dirfd, to, data, n, SHARED_MODE, false, e);
	s->n_layers += r == 0;
	return r < 0 ? err_in(e, r, "cannot share layer '%.12s'", chain) : 0;
}

static int copy_blob(struct share *s, const char *digest, uint64_t *ret_bytes, struct err *e)
{
	_cleanup_free_ char *text = NULL,
			    *to = strf("oci/blobs/sha256/%s", digest + strlen("sha256:"));
	size_t n = 0;
	int r = to ? blob_read(s->u->store, digest, BLOB_MAX, &text, &n, e) : err_oom(e);

	if (ret_bytes)
		*ret_bytes = n;
	return r < 0 ? r : file_write_at(s->dirfd, to, text, n, SHARED_MODE, false, e);
}

/* One manifest for each name; an older one of the name goes. */
static int add_name(json_t *manifests, const struct image_row *row, uint64_t bytes,
                    const char *name)
{
	const json_t *v;
	size_t i;

	json_array_foreach(manifests, i, v)
	{
		const char *is = json_string_value(json_object_get(
			json_object_get(v, "annotations"), "org.opencontainers.image.ref.name"));

		if (is && !strcmp(is, name)) {
			(void)json_array_remove(manifests, i);
			break;
		}
	}
	return json_array_append_new(
		manifests, json_pack("{s:s, s:s, s:I, s:{s:s}}", "mediaType",
	                             "application/vnd.oci.image.manifest.v1+json", "digest",
	                             row->manifest, "size", (json_int_t)bytes, "annotations",
	                             "org.opencontainers.image.ref.name", name));
}

static int share_documents(struct share *s, const struct image_row *row, struct err *e)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}\n";
	_cleanup_json_ json_t *index = NULL;
	_cleanup_free_ char *text = NULL;
	uint64_t bytes = 0;
	int r = copy_blob(s, row->manifest, &bytes, e);

	if (r == 0)
		r = copy_blob(s, row->id, NULL, e);
	if (r == 0)
		r = file_write_at(s->dirfd, "oci/oci-layout", layout, strlen(layout), SHARED_MODE,
		                  false, e);
	if (r < 0)
		return r;
	r = json_read_at(s->dirfd, "oci/index.json", INDEX_MAX, &index, NULL);
	if (r < 0 || !json_is_array(json_object_get(index, "manifests"))) {
		json_decref(index);
		index = json_pack("{s:i, s:s, s:[]}", "schemaVersion", 2, "mediaType",
		                  "application/vnd.oci.image.index.v1+json", "manifests");
	}
	for (char *const *name = row->names; index && name && *name; name++)
		(void)add_name(json_object_get(index, "manifests"), row, bytes, *name);
	r = index ? json_print(index, true, &text, e) : err_oom(e);
	return r < 0 ? r
	             : file_write_at(s->dirfd, "oci/index.json", text, strlen(text), SHARED_MODE,
	                             false, e);
}

static int share_image(struct share *s, const char *name, struct err *e)
{
	enum layer_driver driver = LAYER_PLAIN;
	struct image_row row = { 0 };
	int r = engine_find_image(s->u, name, &row, e);

	if (r == 0)
		return err_set(e, UCT_IMAGE_UNKNOWN, -ENOENT, "no image '%s'", name);
	for (size_t i = 0; i < row.n_chains && r > 0; i++) {
		r = layer_driver_of(s->u->store, row.chains[i], &driver, e);
		if (r > 0 && driver != LAYER_OBJECTS)
			r = err_set(e, UCT_NOT_SHAREABLE, -ENOTSUP,
			            "layer %zu of image '%s' is of the plain driver", i + 1, name);
	}
	for (size_t i = 0; i < row.n_chains && r >= 0; i++) {
		if (s->o->progress)
			s->o->progress(name, i + 1, row.n_chains, s->o->arg);
		r = share_layer(s, row.chains[i], e);
	}
	if (r >= 0)
		r = share_documents(s, &row, e);
	if (r >= 0)
		(void)json_array_append_new(s->images, json_string(row.id));
	image_row_done(&row);
	return MIN(r, 0);
}

static int share(struct share *s, const char *const *images, struct err *e)
{
	int r = engine_sweep(s->u, e);

	if (r == 0)
		r = open_target(s, e);
	for (; r == 0 && *images; images++)
		r = share_image(s, *images, e);
	if (r == 0 && syncfs(s->dirfd) < 0)
		r = err_sys(e, "cannot sync '%s'", s->path);
	return r;
}

int usrct_image_share(struct usrct *u, const char *const *images, const char *dir,
                      const struct usrct_share_options *opts, char **ret_json,
                      struct usrct_err *out)
{
	struct usrct_share_options o = { .size = sizeof(o) };
	struct share s = { .u = u, .o = &o, .path = dir, .dirfd = -EBADF, .images = json_array() };
	_cleanup_json_ json_t *j = NULL;
	struct err e = { 0 };
	int r;

	if (opts)
		memcpy(&o, opts, MIN(opts->size, sizeof(o)));
	if (dir[0] != '/')
		r = err_set(&e, UCT_BAD_SHARED_DIRS, -EINVAL, "'%s' is not an absolute path", dir);
	else
		r = s.images ? share(&s, images, &e) : err_oom(&e);
	if (r == 0) {
		j = json_pack("{s:s, s:O, s:I, s:I, s:I}", "Directory", dir, "Images", s.images,
		              "Layers", (json_int_t)s.n_layers, "NewObjects",
		              (json_int_t)s.n_written, "NewBytes", (json_int_t)s.bytes);
		r = j ? json_print(j, true, ret_json, &e) : err_oom(&e);
	}
	cleanup_close(&s.dirfd);
	json_decref(s.images);
	return ENGINE_RETURN(r, out, &e);
}
