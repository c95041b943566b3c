/* SPDX-License-Identifier: Apache-2.0 */
/* get - FETCH_GET: the content of a URL into the file that came with START, for `import` */
#include "fetch.h"

#include "base/fd.h"
#include "image/http.h"

#include <string.h>

enum { WAIT_MS = 60000 };

struct get {
	int fd;
	bool is_done;
	struct err e;
};

static int on_data(void *arg, uint64_t at, const void *data, size_t n)
{
	struct get *g = arg;
	int r = fd_write_all(g->fd, data, n);

	(void)at;
	return r < 0 ? err_errno(&g->e, r, "cannot write what was received") : 0;
}

static void on_done(void *arg)
{
	struct get *g = arg;

	g->is_done = true;
}

static int judge(const struct http_request *q, const struct get *g, struct err *e)
{
	if (q->failure == HTTP_SINK_REFUSED) {
		if (e)
			*e = g->e;
		return g->e.code;
	}
	if (q->failure != HTTP_FINE)
		return err_set(e, UCT_REGISTRY_UNREACHABLE, -EHOSTUNREACH, "cannot fetch '%s': %s",
		               q->url, q->reason);
	if (q->status == 404)
		return err_set(e, UCT_REGISTRY_ANSWER, -ENOENT, "there is no '%s'", q->url);
	if (q->status != 200)
		return err_set(e, UCT_REGISTRY_ANSWER, -EPROTO,
		               "the server answers with status %u for '%s'", q->status, q->url);
	return 0;
}

int fetch_get(struct fetch *f, struct err *e)
{
	struct get g = { .fd = f->blobs_dirfd };
	struct http_request q = {
		.url = f->start.reference, .on_data = on_data, .on_done = on_done, .arg = &g
	};
	struct pollfd cancel = { .fd = f->sock_fd, .events = POLLIN };
	struct http *h = NULL;
	int r = http_new(&h, e);

	if (r >= 0)
		r = http_start(h, &q, e);
	while (r >= 0 && !g.is_done) {
		r = http_step(h, &cancel, 1, WAIT_MS, e);
		if (r >= 0 && cancel.revents)
			r = err_errno(e, -ECANCELED, "import was given up");
	}
	if (r >= 0)
		r = judge(&q, &g, e);
	http_cancel(h, &q);
	http_free(h);
	if (r >= 0) {
		const struct fetch_row done = { .type = FETCH_DONE };

		r = fetch_send(f, &done, sizeof(done), e);
	}
	return r;
}
