/* SPDX-License-Identifier: Apache-2.0 */
/* push.c against a registry that is a function here: it answers all requests of a step at once, as
 * no real one can be made to. */
#include "testing.h"

#include "base/sbuf.h"
#include "image/push.h"
#include "image/registry.h"

enum { BLOBS = 9, REQUESTS_MAX = 256, MIB = 1 << 20 };

/* What the registry says; fills in @t's status and headers. Returns the errno of the transfer. */
typedef int answer_fn(struct transfer *t);

static struct transfer *requests;
static answer_fn *answer;
static unsigned n_steps, n_asked;
static size_t n_blobs = BLOBS;        /* of the image */
static char asked[REQUESTS_MAX][128]; /* "METHOD PATH" in order */

/* --- in the place of transfer.c and source.c */

int transfer_start(struct registry *reg, const struct transfer_job *job, struct transfer **ret,
                   struct err *e)
{
	struct transfer *t = calloc(1, sizeof(*t));

	(void)e;
	assert_non_null(t);
	t->base.source = &reg->base;
	t->job = *job;
	t->next = requests;
	requests = t;
	*ret = t;
	return 0;
}

void transfer_free(struct transfer *t)
{
	if (!t)
		return;
	for (struct transfer **p = &requests; *p; p = &(*p)->next)
		if (*p == t) {
			*p = t->next;
			break;
		}
	free(t->job.url);
	free(t);
}

uint64_t transfer_delay_ms(const struct transfer *t, unsigned tries)
{
	(void)t;
	(void)tries;
	return 1;
}

/* A wait that nothing can end is what these tests are for. */
int source_step(struct source *s, struct pollfd *fds, size_t n, int timeout_ms, struct err *e)
{
	static const struct err none, failed = { .code = -EPROTO };
	size_t ended = 0;

	(void)s;
	(void)fds;
	(void)n;
	(void)e;
	assert_true(++n_steps < 100000);
	for (struct transfer *t = requests; t; t = t->next) {
		int r;

		if (t->state == TRANSFER_DONE)
			continue;
		t->state = TRANSFER_DONE;
		ended++;
		assert_true(n_asked < REQUESTS_MAX);
		(void)snprintf(asked[n_asked++], sizeof(*asked), "%s %s%s%s",
		               t->job.method ? t->job.method : "GET", strchr(t->job.url + 7, '/'),
		               t->job.content_range[0] ? " " : "", t->job.content_range);
		r = answer(t);
		t->job.sink.done(t->job.sink.arg, r, r < 0 ? &failed : &none);
	}
	if (!ended) {
		assert_in_range(timeout_ms, 0, 1000); /* until something is tried again */
		assert_int_equal(poll(NULL, 0, timeout_ms), 0);
	}
	return 0;
}

/* --- an image of empty blobs */

static struct registry reg = { .base.ref.name = "x", .base.ref.tag = "1", .url = "http://r" };
static unsigned told[PUSH_SENT + 1];

static void tell(void *arg, const char *digest, uint64_t done_bytes, enum push_how how)
{
	(void)arg;
	(void)digest;
	(void)done_bytes;
	told[how]++;
}

static int push(answer_fn *how, uint64_t size_bytes)
{
	struct descriptor layers[BLOBS - 1] = { 0 };
	struct manifest manifest = { .layers = layers, .n_layers = n_blobs - 1 };
	struct document doc = { .text = (char *)(uintptr_t) "{}", .n = 2 };
	struct push_job job = {
		.manifest = &manifest, .document = &doc, .media_type = "x", .tell = tell
	};
	struct scratch dir;
	struct err e = { 0 };
	int r;

	scratch_make(&dir);
	for (size_t i = 0; i < BLOBS; i++) {
		struct descriptor *d = i < BLOBS - 1 ? &layers[i] : &manifest.config;
		int fd;

		(void)snprintf(d->digest, sizeof(d->digest), "sha256:%064zu", i);
		d->size_bytes = size_bytes;
		fd = openat(dir.fd, d->digest + 7, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		assert_int_equal(ftruncate(fd, (off_t)size_bytes), 0);
		(void)close(fd);
	}
	job.blobs_dirfd = dir.fd;
	reg.base.cancel_fd = -EBADF;
	answer = how;
	n_steps = n_asked = 0;
	memset(told, 0, sizeof(told));
	r = source_push(&reg.base, &job, &e);
	assert_null(requests);
	for (size_t i = 0; i < BLOBS; i++)
		assert_int_equal(
			unlinkat(dir.fd, (i ? layers[i - 1] : manifest.config).digest + 7, 0), 0);
	scratch_done(&dir);
	return r;
}

/* --- tests */

static bool is_method(const struct transfer *t, const char *method)
{
	return !strcmp(t->job.method ? t->job.method : "GET", method);
}

static int all_there(struct transfer *t)
{
	t->status = is_method(t, "HEAD") ? 200 : 201;
	return 0;
}

/* Four at a time end in one step, and the next four have to begin before anybody waits. */
static void test_all_end_at_once(void **state)
{
	(void)state;
	assert_int_equal(push(all_there, 3), 0);
	assert_int_equal(told[PUSH_HAD], BLOBS);
	assert_int_equal(n_asked, BLOBS + 1);
	assert_string_equal(asked[BLOBS], "PUT /v2/x/manifests/1");
	assert_int_equal(n_steps, (BLOBS + 3) / 4 + 1);
}

static int takes_all(struct transfer *t)
{
	t->status = is_method(t, "HEAD")    ? 404
	            : is_method(t, "POST")  ? 202
	            : is_method(t, "PATCH") ? 202
	                                    : 201;
	(void)snprintf(t->location, sizeof(t->location), "/upload/1");
	return t->status == 404 ? -ENOENT : 0;
}

static void test_sent(void **state)
{
	(void)state;
	assert_int_equal(push(takes_all, 3), 0);
	assert_int_equal(told[PUSH_SENT], BLOBS);
	assert_int_equal(n_asked, 3 * BLOBS + 1);
	assert_int_equal(push(takes_all, 5 << 20), 0);
	assert_int_equal(n_asked, 4 * BLOBS + 1);
}

static int busy_first(struct transfer *t)
{
	if (n_asked > 12)
		return takes_all(t);
	t->status = 503;
	return -EPROTO;
}

/* All wait for the time to try again: the wait is that long and no longer. */
static void test_all_wait(void **state)
{
	(void)state;
	assert_int_equal(push(busy_first, 3), 0);
	assert_int_equal(told[PUSH_SENT], BLOBS);
}

static int refuses(struct transfer *t)
{
	t->status = 403;
	return -EACCES;
}

static void test_refused(void **state)
{
	(void)state;
	assert_int_equal(push(refuses, 3), -EACCES);
}

/* --- one blob that does not arrive in one go */

/* A registry that has so much of the upload, and what happens to each PATCH. */
static uint64_t has_bytes, keeps_bytes, total_bytes;
static unsigned n_breaks, n_uploads, put_status, ask_status;
static const char *says_range;

static int uploads(struct transfer *t)
{
	if (is_method(t, "PUT") && strstr(t->job.url, "/manifests/"))
		return t->status = 201, 0;
	if (is_method(t, "HEAD"))
		return t->status = 404, -ENOENT;
	if (is_method(t, "POST")) {
		has_bytes = 0;
		n_uploads++;
	} else if (is_method(t, "GET")) {
		t->status = ask_status;
		(void)snprintf(t->range, sizeof(t->range), "0-%llu",
		               has_bytes ? (unsigned long long)has_bytes - 1 : 0);
		if (says_range)
			(void)snprintf(t->range, sizeof(t->range), "%s", says_range);
		return ask_status == 204 ? 0 : -ENOENT;
	} else if (is_method(t, "PATCH") && n_breaks) {
		n_breaks--;
		has_bytes = MIN(t->job.body_offset + keeps_bytes, total_bytes);
		return -ECONNRESET;
	} else if (is_method(t, "PATCH")) {
		assert_int_equal(t->job.body_offset, has_bytes);
		has_bytes += t->job.body_bytes;
	} else if (put_status) {
		t->status = put_status;
		put_status = 0;
		return -EPROTO;
	} else {
		assert_int_equal(has_bytes, total_bytes);
		return t->status = 201, 0;
	}
	t->status = 202;
	(void)snprintf(t->location, sizeof(t->location), "/up/%u", n_uploads);
	return 0;
}

static int push_one(uint64_t size_bytes, uint64_t keeps, unsigned breaks)
{
	int r;

	n_blobs = 1;
	has_bytes = n_uploads = put_status = 0;
	total_bytes = size_bytes;
	keeps_bytes = keeps;
	n_breaks = breaks;
	ask_status = 204;
	r = push(uploads, size_bytes);
	n_blobs = BLOBS;
	return r;
}

static unsigned count_asked(const char *what)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_asked; i++)
		n += !strncmp(asked[i], what, strlen(what));
	return n;
}

/* The rest only, and where it goes. */
static void test_resumed(void **state)
{
	(void)state;
	assert_int_equal(push_one(5 * MIB, 3 * MIB, 1), 0);
	assert_string_equal(asked[2], "PATCH /up/1");
	assert_string_equal(asked[3], "GET /up/1");
	assert_string_equal(asked[4], "PATCH /up/1 3145728-5242879");
	assert_int_equal(n_uploads, 1);
	/* It has got all of it: only the last word was lost. */
	assert_int_equal(push_one(5 * MIB, 5 * MIB, 1), 0);
	assert_int_equal(count_asked("PATCH"), 1);
}

/* As long as there is progress nobody gives up, and not for ever without. */
static void test_resumed_often(void **state)
{
	(void)state;
	assert_int_equal(push_one(19 * MIB, MIB, 18), 0);
	assert_int_equal(n_uploads, 1);
	assert_int_equal(push_one(19 * MIB, 1000, 18), -ECONNRESET);
	assert_int_equal(count_asked("PATCH"), 5);
}

static void test_begun_anew(void **state)
{
	static const char *const senseless[] = {
		"", "0-0", "1-5", "0-", "0-x", "5", "0-99999999999999999999", "0-5242880", "0--1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(senseless); i++) {
		says_range = senseless[i];
		assert_int_equal(push_one(5 * MIB, 3 * MIB, 1), 0);
		assert_int_equal(n_uploads, 2);
	}
	says_range = "bytes=0-3145727";
	assert_int_equal(push_one(5 * MIB, 3 * MIB, 1), 0);
	assert_int_equal(n_uploads, 1);
	says_range = NULL;
}

static int forgets(struct transfer *t)
{
	ask_status = 404;
	return uploads(t);
}

static void test_forgotten(void **state)
{
	(void)state;
	n_blobs = 1;
	n_breaks = 1;
	n_uploads = 0;
	total_bytes = 5 * MIB;
	assert_int_equal(push(forgets, 5 * MIB), 0);
	assert_int_equal(n_uploads, 2);
	n_blobs = BLOBS;
}

static int loses_bytes(struct transfer *t)
{
	if (n_uploads == 1 && is_method(t, "PUT"))
		put_status = 400;
	return uploads(t);
}

/* What was put together is wrong: all of it once more, in one go. */
static void test_wrongly_resumed(void **state)
{
	(void)state;
	n_blobs = 1;
	n_breaks = 1;
	n_uploads = 0;
	total_bytes = 5 * MIB;
	ask_status = 204;
	assert_int_equal(push(loses_bytes, 5 * MIB), 0);
	assert_int_equal(n_uploads, 2);
	/* And where nothing was put together, that is an end. */
	n_uploads = 0;
	assert_int_equal(push(loses_bytes, 5 * MIB), -EPROTO);
	n_blobs = BLOBS;
}

static int wants_pieces(struct transfer *t)
{
	int r;

	if (is_method(t, "PATCH") && (!t->job.content_range[0] || n_breaks)) {
		n_breaks -= n_breaks > 0;
		t->status = 416;
		return -EPROTO;
	}
	r = uploads(t);
	if (is_method(t, "POST"))
		(void)snprintf(t->piece_min, sizeof(t->piece_min), "%u", 18 * MIB);
	return r;
}

/* A stream that does not say where it goes is refused; pieces are as large as they have to be, and
 * a piece that is out of order is asked about. */
static void test_pieces(void **state)
{
	(void)state;
	n_blobs = 1;
	n_breaks = n_uploads = 0;
	total_bytes = 40 * MIB;
	ask_status = 204;
	assert_int_equal(push(wants_pieces, 40 * MIB), 0);
	assert_int_equal(n_uploads, 2);
	assert_int_equal(count_asked("PATCH /up/2 0-18874367"), 1);
	assert_int_equal(count_asked("PATCH /up/2 18874368-37748735"), 1);
	assert_int_equal(count_asked("PATCH /up/2 37748736-41943039"), 1);
	n_uploads = 0;
	n_breaks = 2;
	assert_int_equal(push(wants_pieces, 40 * MIB), 0);
	assert_int_equal(count_asked("GET /up/2"), 1);
	n_blobs = BLOBS;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_end_at_once), cmocka_unit_test(test_sent),
		cmocka_unit_test(test_all_wait),        cmocka_unit_test(test_refused),
		cmocka_unit_test(test_resumed),         cmocka_unit_test(test_resumed_often),
		cmocka_unit_test(test_begun_anew),      cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_wrongly_resumed), cmocka_unit_test(test_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
