/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stats-row.h"

#include "base/sbuf.h"
#include "cli/human.h"
#include "cli/term.h"

#include <stdio.h>
#include <string.h>

enum { LABEL_COLUMNS = 36 };

/* "1.234MiB": four digits, powers of 1024, as Docker shows memory. */
static void binary_bytes(uint64_t bytes, char *buf)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double v = (double)bytes;
	size_t i = 0;

	for (; v >= 1024 && i + 1 < ARRAY_SIZE(units); i++)
		v /= 1024;
	(void)snprintf(buf, HUMAN_SIZE, "%.4g%s", v, units[i]);
}

void stats_row_sample(struct stats_row *r, const struct usrct_stats *s)
{
	if (!s) {
		r->has_now = r->has_before = false;
		return;
	}
	r->has_before = r->has_now && !strcmp(r->now.id, s->id) && s->cpu_ns >= r->now.cpu_ns;
	r->before = r->now;
	r->now = *s;
	r->has_now = true;
	plot_add(&r->cpu, stats_row_cpu(r));
	plot_add(&r->memory, s->memory_bytes);
	plot_add(&r->pressure, (uint64_t)MAX(s->pressure_cpu, 0) +
	                               (uint64_t)MAX(s->pressure_memory, 0) +
	                               (uint64_t)MAX(s->pressure_io, 0));
}

uint64_t stats_row_cpu(const struct stats_row *r)
{
	uint64_t used = r->now.cpu_ns, passed = r->now.up_ns;

	if (!r->has_now)
		return 0;
	if (r->has_before) {
		used -= r->before.cpu_ns;
		passed = r->now.time_ns - r->before.time_ns;
	}
	return passed ? (uint64_t)((double)used * 10000 / (double)passed) : 0;
}

static json_t *percent(uint64_t hundredths)
{
	return json_sprintf("%u.%02u%%", (unsigned)(hundredths / 100),
	                    (unsigned)(hundredths % 100));
}

static json_t *pair(uint64_t a, uint64_t b)
{
	char x[HUMAN_SIZE], y[HUMAN_SIZE];

	human_bytes(a, x);
	human_bytes(b, y);
	return json_sprintf("%s / %s", x, y);
}

static uint64_t memory_part(const struct usrct_stats *s)
{
	return s->memory_limit_bytes
	               ? (uint64_t)((double)s->memory_bytes * 10000 / (double)s->memory_limit_bytes)
	               : 0;
}

json_t *stats_row_fields(const struct stats_row *r, bool truncated, bool mark_estimated)
{
	static const struct usrct_stats none;
	const struct usrct_stats *s = r->has_now ? &r->now : &none;
	char used[HUMAN_SIZE], limit[HUMAN_SIZE], id[72];

	binary_bytes(s->memory_bytes, used);
	binary_bytes(s->memory_limit_bytes, limit);
	return json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:s, s:o, s:o}", "BlockIO",
	                 pair(s->read_bytes, s->write_bytes), "CPUPerc", percent(stats_row_cpu(r)),
	                 "Container", r->ref, "ID",
	                 human_id(*r->now.id ? r->now.id : r->ref, truncated, id), "MemPerc",
	                 percent(memory_part(s)), "MemUsage",
	                 json_sprintf("%s%s / %s", mark_estimated && s->is_estimated ? "~" : "",
	                              used, limit),
	                 "Name", *r->now.name ? r->now.name : r->ref, "NetIO",
	                 pair(s->net_rx_bytes, s->net_tx_bytes), "PIDs",
	                 json_sprintf("%llu", (unsigned long long)s->pids));
}

static json_t *pressure(int hundredths)
{
	return hundredths < 0 ? json_string("--") : percent((uint64_t)hundredths);
}

json_t *stats_row_extra(const struct stats_row *r)
{
	static const struct usrct_stats none = { .pressure_cpu = -1,
		                                 .pressure_memory = -1,
		                                 .pressure_io = -1 };
	const struct usrct_stats *s = r->has_now ? &r->now : &none;
	char up[HUMAN_SIZE];
	struct stats_row since_start = *r;

	since_start.has_before = false;
	human_took(s->up_ns, up);
	return json_pack(
		"{s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:o, s:o, s:o, "
		"s:b, s:b}",
		"ContainerID", r->now.id, "CPU", percent(stats_row_cpu(r)), "AvgCPU",
		percent(stats_row_cpu(&since_start)), "CPUNano", (json_int_t)s->cpu_ns,
		"MemUsageBytes", (json_int_t)s->memory_bytes, "MemLimit",
		(json_int_t)s->memory_limit_bytes, "NetInput", (json_int_t)s->net_rx_bytes,
		"NetOutput", (json_int_t)s->net_tx_bytes, "BlockInput", (json_int_t)s->read_bytes,
		"BlockOutput", (json_int_t)s->write_bytes, "PIDS", (json_int_t)s->pids, "UpTimeNs",
		(json_int_t)s->up_ns, "UpTime", up, "CPUPressure", pressure(s->pressure_cpu),
		"MemPressure", pressure(s->pressure_memory), "IOPressure", pressure(s->pressure_io),
		"Estimated", s->is_estimated, "Paused", s->is_paused);
}

static void plot_line(struct sbuf *b, const struct plot *p, const struct term *t, uint64_t full)
{
	unsigned columns = MAX(t->columns, (unsigned)LABEL_COLUMNS + 8) - LABEL_COLUMNS - 1;

	plot_print(b, p, MIN(columns, (unsigned)PLOT_POINTS), full, t->has_utf8);
	sbuf_addc(b, '\n');
}

static void label(struct sbuf *b, const char *text)
{
	sbuf_addf(b, "%-*.*s", LABEL_COLUMNS, LABEL_COLUMNS - 1, text);
}

void stats_row_plot(const struct stats_row *r, const struct term *t, struct sbuf *b)
{
	char text[2 * HUMAN_SIZE + 16], used[HUMAN_SIZE], limit[HUMAN_SIZE];
	const struct usrct_stats *s = &r->now;
	uint64_t cpu = stats_row_cpu(r);

	sbuf_addf(b, "%s%s%s%s\n", term_style(t, STYLE_HEADING), *s->name ? s->name : r->ref,
	          term_style(t, STYLE_PLAIN),
	          !r->has_now    ? " (not running)"
	          : s->is_paused ? " (paused)"
	                         : "");
	if (!r->has_now)
		return;
	(void)snprintf(text, sizeof(text), "  cpu %u.%02u%%", (unsigned)(cpu / 100),
	               (unsigned)(cpu % 100));
	label(b, text);
	plot_line(b, &r->cpu, t, 10000);
	binary_bytes(s->memory_bytes, used);
	binary_bytes(s->memory_limit_bytes, limit);
	(void)snprintf(text, sizeof(text), "  mem %s%s / %s", s->is_estimated ? "~" : "", used,
	               limit);
	label(b, text);
	plot_line(b, &r->memory, t, s->memory_limit_bytes);
	if (s->pressure_cpu < 0 && s->pressure_memory < 0 && s->pressure_io < 0)
		return;
	(void)snprintf(text, sizeof(text), "  psi %d.%02d %d.%02d %d.%02d cpu mem io",
	               MAX(s->pressure_cpu, 0) / 100, MAX(s->pressure_cpu, 0) % 100,
	               MAX(s->pressure_memory, 0) / 100, MAX(s->pressure_memory, 0) % 100,
	               MAX(s->pressure_io, 0) / 100, MAX(s->pressure_io, 0) % 100);
	label(b, text);
	plot_line(b, &r->pressure, t, 10000);
}
