/* SPDX-License-Identifier: Apache-2.0 */
/* fixture - a store in a temporary directory, and processes that die at will */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "store/blobs.h"
#include "store/containers.h"
#include "store/images.h"
#include "store/layers.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

struct fixture {
	char dir[64];
	struct store *s;
	struct err e;
};

static inline int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/usr-ct-test-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(store_open(f->dir, STORE_WRITE, &f->s, &f->e), 0);
	*state = f;
	return 0;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	store_close(f->s);
	(void)tree_remove_at(AT_FDCWD, f->dir, NULL);
	free(f);
	return 0;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

/* Runs @fn in a process of its own that ends without cleaning up, as after SIGKILL. */
static inline void in_dead_process(struct fixture *f, void (*fn)(struct fixture *f))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		/* The parent's connection must not be used here: a handle of our own. */
		if (store_open(f->dir, STORE_WRITE, &f->s, &f->e) < 0)
			_exit(99);
		fn(f);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static inline size_t count_in(const struct fixture *f, const char *dir)
{
	char cmd[128];
	struct stat st;
	size_t n = 0;

	(void)snprintf(cmd, sizeof(cmd), "%s/%s", f->dir, dir);
	if (stat(cmd, &st) == 0)
		n = (size_t)st.st_nlink - 2; /* sub-directories */
	return n;
}

static inline bool exists(const struct fixture *f, const char *path)
{
	return faccessat(store_dirfd(f->s), path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* An id of one repeated digit. */
static inline const char *hex64(char *buf, char digit)
{
	memset(buf, digit, 64);
	buf[64] = '\0';
	return buf;
}

static inline void put_blob(struct fixture *f, char digit, const char *text)
{
	char path[256], hex[65];

	(void)snprintf(path, sizeof(path), "oci/blobs/sha256/%s", hex64(hex, digit));
	assert_int_equal(dir_make_at(store_dirfd(f->s), "oci/blobs/sha256", 0700, NULL), 0);
	assert_int_equal(
		file_write_at(store_dirfd(f->s), path, text, strlen(text), 0644, false, NULL), 0);
}

static inline int add_layer(struct fixture *f, char digit)
{
	struct layer_stage l;
	char hex[65], diff[80];
	int r;

	assert_int_equal(layer_stage(f->s, &l, &f->e), 0);
	assert_int_equal(mkdirat(l.dirfd, "fs", 0755), 0);
	(void)snprintf(diff, sizeof(diff), "sha256:%s", hex64(hex, digit));
	r = layer_commit(f->s, &l, hex, diff, 1000, &f->e);
	layer_stage_done(&l);
	return r;
}

/* Image @id with manifest blob @id, and layers and layer blobs of the digits in @layers. */
static inline int add_image(struct fixture *f, char id, const char *layers, const char *name)
{
	struct image_row row = { .created_ns = 1, .pulled_ns = (uint64_t)id, .size_bytes = 7 };
	char chains[8][CHAIN_SIZE], blobs[9][DIGEST_SIZE], hex[65];

	(void)snprintf(row.id, sizeof(row.id), "sha256:%s", hex64(hex, id));
	(void)snprintf(row.manifest, sizeof(row.manifest), "sha256:%s", hex);
	memcpy(blobs[0], row.id, DIGEST_SIZE);
	for (size_t i = 0; layers[i]; i++) {
		(void)hex64(chains[i], layers[i]);
		(void)snprintf(blobs[i + 1], DIGEST_SIZE, "sha256:%s", chains[i]);
		row.n_chains++;
	}
	row.chains = chains;
	row.blobs = blobs;
	row.n_blobs = row.n_chains + 1;
	return image_put(f->s, &row, name, &f->e);
}

static inline int add_container(struct fixture *f, const char *name, char digit, char image)
{
	struct container_row row = { .created_ns = (uint64_t)digit };
	struct container_stage stage;
	char hex[65];
	int r;

	row.name = (char *)(uintptr_t)name;
	row.image = row.command = (char *)(uintptr_t) "x";
	(void)hex64(row.id, digit);
	if (image)
		(void)snprintf(row.image_id, sizeof(row.image_id), "sha256:%s", hex64(hex, image));
	r = container_stage(f->s, &stage, &f->e);
	if (r == 0)
		r = container_publish(f->s, &row, &stage, &f->e);
	container_stage_done(&stage);
	return r;
}
