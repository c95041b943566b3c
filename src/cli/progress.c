/* SPDX-License-Identifier: Apache-2.0 */
/* progress - shows a pull while it goes on
 *
 * A layer goes through WAITING, FETCHING, UNPACKING, DONE in this order, or starts as HAD. Events
 * say which; drawing only looks at these states, so that it may be left out at any time.
 */
#include "cli/progress.h"

#include "base/clock.h"
#include "base/sbuf.h"
#include "cli/human.h"

#include <string.h>

#define REDRAW_NS (UINT64_C(1000000000) / 20)
#define SAMPLE_NS UINT64_C(200000000)

enum {
	OUT_MAX_BYTES = 256 << 10,
	LAYERS_MAX = 4096,
	BAR_MAX = 40,
	TEXT_COLUMNS = 43,
	WIDTH_MAX = 110
};

struct progress_layer {
	enum { WAITING, FETCHING, UNPACKING, DONE, HAD } state;
	char id[SHORT_ID_CHARS + 1];
	uint64_t done_bytes, total_bytes;
};

struct totals {
	uint64_t done_bytes, total_bytes;
	unsigned finished, had;
};

void progress_init(struct progress *p, struct term *t)
{
	*p = (struct progress){ .t = t };
}

static struct totals add_up(const struct progress *p)
{
	struct totals sum = { 0 };

	for (unsigned i = 0; i < p->n_layers; i++) {
		const struct progress_layer *l = &p->layers[i];

		sum.finished += l->state == DONE || l->state == HAD;
		sum.had += l->state == HAD;
		if (l->state == HAD)
			continue; /* nothing to fetch: it would make the rate look better */
		sum.done_bytes += l->done_bytes;
		sum.total_bytes += l->total_bytes;
	}
	return sum;
}

/* Bytes per second over the last three seconds or so; 0 while there is too little to tell. */
static uint64_t rate_of(const struct progress *p, uint64_t now_ns, uint64_t bytes)
{
	unsigned n = MIN(p->n_samples, (unsigned)PROGRESS_SAMPLES);
	unsigned oldest = (p->n_samples - n) % PROGRESS_SAMPLES;
	uint64_t ns;

	if (n == 0)
		return 0;
	ns = now_ns - p->samples[oldest].at_ns;
	if (ns < SAMPLE_NS || bytes < p->samples[oldest].bytes)
		return 0;
	return (uint64_t)((double)(bytes - p->samples[oldest].bytes) * 1e9 / (double)ns);
}

static void sample(struct progress *p, uint64_t now_ns, uint64_t bytes)
{
	unsigned last = (p->n_samples + PROGRESS_SAMPLES - 1) % PROGRESS_SAMPLES;

	if (p->n_samples > 0 && now_ns - p->samples[last].at_ns < SAMPLE_NS)
		return;
	p->samples[p->n_samples % PROGRESS_SAMPLES].at_ns = now_ns;
	p->samples[p->n_samples % PROGRESS_SAMPLES].bytes = bytes;
	p->n_samples++;
}

static void add_bar(struct sbuf *b, const struct term *t, size_t width, uint64_t done,
                    uint64_t total)
{
	double part = total ? (double)done / (double)total : 0;
	size_t full = (size_t)((double)width * MIN(part, 1.0));
	const char *rest = !t->has_utf8 ? "." : t->has_colour ? "━" : "─";

	sbuf_adds(b, term_style(t, STYLE_GOOD));
	for (size_t i = 0; i < full; i++)
		sbuf_adds(b, t->has_utf8 ? "━" : "#");
	sbuf_adds(b, term_style(t, STYLE_PLAIN));
	sbuf_adds(b, term_style(t, STYLE_DIM));
	for (size_t i = full; i < width; i++)
		sbuf_adds(b, rest);
	sbuf_adds(b, term_style(t, STYLE_PLAIN));
}

/* Label, bar and text of one line, within the terminal. A bar that would be tiny is left out. */
static void add_line(struct sbuf *b, const struct term *t, const char *label,
                     const struct progress_layer *l, const char *text)
{
	size_t width = MIN((size_t)t->columns, (size_t)WIDTH_MAX) - 1;
	size_t fixed = 2 + SHORT_ID_CHARS + 2 + 2 + TEXT_COLUMNS;
	size_t bar = width > fixed ? MIN(width - fixed, (size_t)BAR_MAX) : 0;
	size_t used = 2 + SHORT_ID_CHARS + 2;

	sbuf_addf(b, "  %-*s  ", SHORT_ID_CHARS, label);
	if (bar >= 8) {
		add_bar(b, t, bar, l->done_bytes, l->total_bytes);
		sbuf_adds(b, "  ");
		used += bar + 2;
	}
	text_clip(b, text, width > used ? width - used : 0);
	sbuf_adds(b, "\033[K\n");
}

static void add_layer(struct sbuf *b, const struct term *t, const struct progress_layer *l)
{
	char done[HUMAN_SIZE], total[HUMAN_SIZE], text[2 * HUMAN_SIZE + 16];
	struct progress_layer shown = *l;

	human_bytes(l->done_bytes, done);
	human_bytes(l->total_bytes, total);
	switch (l->state) {
	case WAITING:
		(void)snprintf(text, sizeof(text), "waiting");
		break;
	case FETCHING:
		(void)snprintf(text, sizeof(text), "%s / %s", done, total);
		break;
	case UNPACKING:
		(void)snprintf(text, sizeof(text), "%s  unpacking", total);
		break;
	case DONE:
		(void)snprintf(text, sizeof(text), "%s  done", total);
		break;
	case HAD:
		(void)snprintf(text, sizeof(text), "%s  already here", total);
		shown.done_bytes = shown.total_bytes = 1;
		break;
	}
	add_line(b, t, l->id[0] ? l->id : "layer", &shown, text);
}

static void add_overall(struct sbuf *b, const struct progress *p, uint64_t now_ns)
{
	struct totals sum = add_up(p);
	struct progress_layer all = { .done_bytes = sum.done_bytes,
		                      .total_bytes = sum.total_bytes };
	char done[HUMAN_SIZE], total[HUMAN_SIZE], rate[HUMAN_SIZE], left[HUMAN_SIZE];
	_cleanup_sbuf_ struct sbuf text = SBUF_INIT(256);
	uint64_t per_second = rate_of(p, now_ns, sum.done_bytes);
	char label[32];

	human_bytes(sum.done_bytes, done);
	human_bytes(sum.total_bytes, total);
	human_bytes(per_second, rate);
	sbuf_addf(&text, "%s / %s", done, total);
	if (per_second > 0 && sum.done_bytes < sum.total_bytes) {
		/* Whole seconds: tenths of an estimate are noise. */
		uint64_t s = (sum.total_bytes - sum.done_bytes) / per_second + 1;

		if (s < 60)
			(void)snprintf(left, sizeof(left), "%us", (unsigned)s);
		else
			human_took(s * UINT64_C(1000000000), left);
		sbuf_addf(&text, "  %s/s  ETA %s", rate, left);
	}
	(void)snprintf(label, sizeof(label), "%u/%u layers", sum.finished, p->n_layers);
	add_line(b, p->t, label, &all, text.s ? text.s : "");
}

/* Layers that do not fit on the screen: those at work are shown, the others are only counted. */
static void add_layers(struct sbuf *b, const struct progress *p)
{
	unsigned room = p->t->rows > 4 ? p->t->rows - 4 : 1;
	bool all_fit = p->n_layers <= room;

	for (unsigned i = 0; i < p->n_layers && room > 0; i++) {
		const struct progress_layer *l = &p->layers[i];

		if (!all_fit && l->state != FETCHING && l->state != UNPACKING)
			continue;
		add_layer(b, p->t, l);
		room--;
	}
}

static void erase(struct progress *p, struct sbuf *out)
{
	if (p->lines_drawn > 0)
		sbuf_addf(out, "\r\033[%uA\033[J", p->lines_drawn);
	p->lines_drawn = 0;
}

static void draw(struct progress *p, uint64_t now_ns, struct sbuf *out)
{
	size_t before;
	unsigned lines = 0;

	if (p->lines_drawn > 0)
		sbuf_addf(out, "\r\033[%uA", p->lines_drawn);
	before = out->len;
	add_layers(out, p);
	add_overall(out, p, now_ns);
	sbuf_adds(out, "\033[J");
	for (size_t i = before; i < out->len; i++)
		lines += out->s[i] == '\n';
	p->lines_drawn = lines;
	p->drawn_ns = now_ns;
}

static struct progress_layer *layer_at(struct progress *p, const struct usrct_pull_progress *ev)
{
	struct progress_layer *bigger;
	unsigned want;

	if (ev->layer >= LAYERS_MAX || ev->n_layers > LAYERS_MAX)
		return NULL;
	want = MAX(ev->n_layers, ev->layer + 1);
	if (want > p->n_layers) {
		bigger = reallocarray(p->layers, want, sizeof(*bigger));
		if (!bigger)
			return NULL; /* less to see; the pull itself goes on */
		memset(bigger + p->n_layers, 0, (want - p->n_layers) * sizeof(*bigger));
		p->layers = bigger;
		p->n_layers = want;
	}
	return &p->layers[ev->layer];
}

/* Whether the layer has come to its next state. */
static bool update_layer(struct progress *p, const struct usrct_pull_progress *ev)
{
	struct progress_layer *l = layer_at(p, ev);
	struct progress_layer before;
	char id[72];

	if (!l)
		return false;
	before = *l;
	if (ev->digest && !l->id[0])
		(void)snprintf(l->id, sizeof(l->id), "%s", human_id(ev->digest, true, id));
	if (ev->total_bytes > 0)
		l->total_bytes = ev->total_bytes;
	if (ev->event == USRCT_PULL_LAYER_HAD) {
		l->state = HAD;
	} else if (ev->event == USRCT_PULL_UNPACKED) {
		l->state = DONE;
		l->done_bytes = l->total_bytes;
	} else if (ev->done_bytes > 0) {
		l->done_bytes = ev->done_bytes;
		l->state = l->done_bytes < l->total_bytes ? FETCHING : UNPACKING;
	}
	return l->state != before.state;
}

static void add_summary(const struct progress *p, uint64_t now_ns, struct sbuf *out)
{
	struct totals sum = add_up(p);
	char size[HUMAN_SIZE], took[HUMAN_SIZE];

	human_bytes(sum.total_bytes, size);
	human_took(now_ns - p->begun_ns, took);
	if (p->n_layers == 0 || sum.had == p->n_layers)
		sbuf_adds(out, p->is_push ? "up to date: all layers are there\n"
		                          : "up to date: all layers are here\n");
	else if (sum.had > 0)
		sbuf_addf(out, "%u layers, %u already here, %s in %s\n", p->n_layers, sum.had, size,
		          took);
	else
		sbuf_addf(out, "%u layer%s, %s in %s\n", p->n_layers, p->n_layers == 1 ? "" : "s",
		          size, took);
}

/* One line for a layer that is finished, where nothing can be redrawn. */
static void add_plain(const struct progress *p, const struct usrct_pull_progress *ev,
                      struct sbuf *out)
{
	char size[HUMAN_SIZE];

	if (ev->layer >= p->n_layers)
		return;
	human_bytes(p->layers[ev->layer].total_bytes, size);
	sbuf_addf(out, "layer %u/%u  %s  %s  %s\n", ev->layer + 1, p->n_layers,
	          p->layers[ev->layer].id, size,
	          ev->event != USRCT_PULL_LAYER_HAD ? "done"
	          : p->is_push                      ? "already there"
	                                            : "already here");
}

static void step_layer(struct progress *p, const struct usrct_pull_progress *ev, uint64_t now_ns,
                       struct sbuf *out)
{
	bool is_news = update_layer(p, ev);

	sample(p, now_ns, add_up(p).done_bytes);
	if (!p->t->is_tty) {
		if (ev->event != USRCT_PULL_LAYER)
			add_plain(p, ev, out);
	} else if (is_news || p->lines_drawn == 0 || now_ns - p->drawn_ns >= REDRAW_NS) {
		/* Unpacking makes no events: what is drawn before it will stand for a while. */
		draw(p, now_ns, out);
	}
}

/* NAME@DIGEST; for eyes the digest's beginning is enough. */
static void add_name(const struct progress *p, const char *text, struct sbuf *out)
{
	const char *at = strrchr(text, '@'), *plain = term_style(p->t, STYLE_PLAIN);
	char id[72];

	if (!p->t->is_tty || !at)
		sbuf_addf(out, "%s\n", text);
	else
		sbuf_addf(out, "%s%.*s%s  %s%s%s\n", term_style(p->t, STYLE_HEADING),
		          (int)(at - text), text, plain, term_style(p->t, STYLE_DIM),
		          human_id(at + 1, true, id), plain);
}

void progress_step(struct progress *p, const struct usrct_pull_progress *ev, uint64_t now_ns,
                   struct sbuf *out)
{
	if (p->begun_ns == 0)
		p->begun_ns = now_ns;
	switch (ev->event) {
	case USRCT_PULL_RESOLVED:
		erase(p, out);
		add_name(p, ev->text ? ev->text : "", out);
		break;
	case USRCT_PULL_LAYER:
	case USRCT_PULL_LAYER_HAD:
	case USRCT_PULL_UNPACKED:
		step_layer(p, ev, now_ns, out);
		break;
	case USRCT_PULL_DONE:
		erase(p, out);
		add_summary(p, now_ns, out);
		break;
	case USRCT_PULL_OTHER_PLATFORM:
		sbuf_addf(out, "usr-ct: warning: the image is for %s\n", ev->text ? ev->text : "");
		break;
	}
}

/* All that belongs to one frame in one write, or the terminal may show half of it. */
static void flush_out(const struct progress *p, const struct sbuf *out)
{
	if (out->err || out->len == 0)
		return;
	(void)fwrite(out->s, 1, out->len, p->t->f); /* progress is not worth failing for */
	(void)fflush(p->t->f);
}

void progress_event(const struct usrct_pull_progress *ev, void *arg)
{
	_cleanup_sbuf_ struct sbuf out = SBUF_INIT(OUT_MAX_BYTES);
	struct progress *p = arg;

	if (!p->t)
		return;
	if (p->t->is_tty)
		term_measure(p->t);
	progress_step(p, ev, clock_monotonic_ns(), &out);
	flush_out(p, &out);
}

void progress_done(struct progress *p)
{
	_cleanup_sbuf_ struct sbuf out = SBUF_INIT(256);

	if (p->t) {
		erase(p, &out);
		flush_out(p, &out);
	}
	free(p->layers);
	*p = (struct progress){ 0 };
}
