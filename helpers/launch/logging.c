/* SPDX-License-Identifier: Apache-2.0 */
/* logging - where the container's output is kept: a file, the journal, or nowhere */
#include "launch/monitor.h"

#include "base/sbuf.h"
#include "container/events.h"
#include "container/log-tag.h"

int launch_open_journal(struct launch *l, struct err *e)
{
	struct journal_identity who = { .id = l->id,
		                        .tag = l->plan.log.tag,
		                        .socket = l->plan.log.socket };
	_cleanup_json_ json_t *actor = NULL;
	_cleanup_sbuf_ struct sbuf tag = SBUF_INIT(4096);
	int r;

	if (l->plan.log.driver != LOG_TO_JOURNAL)
		return 0;
	r = json_read_at(LAUNCH_CONTAINER, EVENT_ACTOR_FILE, EVENT_ACTOR_MAX + 1024, &actor, e);
	if (r < 0)
		return r;
	who.name = json_string_value(json_object_get(actor, "name"));
	who.image = json_string_value(json_object_get(actor, "image"));
	if (!who.name || !who.image)
		return err_set(e, UCT_STORE_DAMAGED, -EBADMSG, "'%s' of a container",
		               EVENT_ACTOR_FILE);
	if (who.tag) {
		const struct log_tag facts = { .id = l->id, .name = who.name, .image = who.image };

		if (log_tag_expand(who.tag, &facts, &tag) < 0)
			return err_set(e, UCT_STORE_DAMAGED, -EBADMSG, "the tag of the log");
		who.tag = tag.s;
	}
	return journal_open(&who, &l->journal, e);
}

/* A log that cannot be written is no reason for the container not to run: what it prints still
 * reaches those who are attached. */
void logging_open_file(struct monitor *m)
{
	const struct log_plan *p = &m->l->plan.log;

	m->log = (struct log_writer){ .fd = -EBADF,
		                      .dirfd = LAUNCH_CONTAINER,
		                      .max_bytes = p->max_bytes,
		                      .max_files = p->max_files,
		                      .scratch = m->scratch,
		                      .scratch_size = sizeof(m->scratch) };
	m->squeeze.pidfd = -EBADF;
	m->squeeze.seen = UINT32_MAX; /* what an earlier run left */
	/* What is written at once fits into a file. */
	if (p->max_bytes && p->max_bytes < sizeof(m->scratch))
		m->log.scratch_size = MAX((size_t)p->max_bytes, (size_t)LOG_SCRATCH_MIN);
	if (p->driver == LOG_TO_FILE)
		log_open(&m->log);
}
