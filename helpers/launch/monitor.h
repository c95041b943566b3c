/* SPDX-License-Identifier: Apache-2.0 */
/* monitor - the pieces of the monitor that know each other
 *
 * Output goes from the container's pipes (or terminal) to the log and to every client; input from
 * the clients to the container. One epoll loop, nothing blocks but writes to the log.
 */
#pragma once

#include "container/attach.h"
#include "container/log-id.h"
#include "container/log.h"
#include "launch/enter.h"
#include "launch/launch.h"

#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/types.h>
#include <termios.h>

enum { CLIENTS_MAX = 64, BACKLOG_MAX = 1 << 20 };

/* One packet that a client's socket had no room for. */
struct packet {
	struct packet *next;
	size_t n;
	char data[];
};

struct client {
	int fd; /* -EBADF: a free place */
	uint32_t wants;
	bool awaits_check;           /* an answer to ATTACH_OP_CHECK */
	bool freezes;                /* ATTACH_OP_FREEZE: to be thawed when it goes */
	bool is_first;               /* of the start: it may slow the container down */
	struct packet *head, **tail; /* what waits to be sent */
	size_t backlog_bytes;
	int terminal_fd; /* to be restored if the client vanishes */
	struct termios terminal;
};

enum { HEALTH_RESULTS = 5, HEALTH_OUTPUT_MAX = 4096 };

/* What inspect shows of a check that is over. */
struct health_result {
	uint64_t began_ns, ended_ns; /* realtime */
	int exit_code;               /* -1: it took too long, or could not be run */
	char *output;                /* heap; NULL: none */
	size_t output_n;
};

struct health {
	struct entered check; /* that runs, or is dying */
	bool is_dying;        /* its result is told already */
	int output_fd;
	uint64_t next_ns, timeout_ns; /* CLOCK_MONOTONIC; 0: not waited for */
	uint64_t kill_ns;             /* the container did not obey its stop signal */
	uint32_t failing_streak;
	struct health_result now, results[HEALTH_RESULTS]; /* oldest first */
	size_t n_results;
	bool wants_restart; /* whatever the policy says */
	bool is_cut;        /* there was more output */
	bool has_killed;    /* in the cgroup of checks, which is used up by that */
};

struct monitor {
	struct launch *l;
	int epoll_fd, listen_fd, signal_fd;
	int oom_fd; /* memory.events; -EBADF: no such controller */
	uint64_t oom_kills;
	struct client clients[CLIENTS_MAX];
	struct log_writer log;
	struct {
		int pidfd; /* of the program that compresses; -EBADF: none */
		struct log_id source;
		uint32_t seen; /* rotations after which nothing was left to do */
	} squeeze;
	struct health health;
	bool output_open[2];
	bool has_ended;          /* the first process is dead and reaped */
	int status;              /* of wait(2) */
	bool is_late;            /* killed, since it had run for as long as it may */
	bool is_stopping;        /* whatever the policy says, it is not started again */
	bool is_stopped_by_user; /* and that is why */
	bool starts_again;       /* the user restarts it: no policy and no --rm counts now */
	bool is_over;            /* so is what we look after; clients are told */
	uint64_t began_ns;       /* this run; CLOCK_MONOTONIC */
	uint64_t backoff_ns;     /* pause before the last restart */
	/* Input that the container did not take yet. */
	char *pending_input;
	size_t pending_n, pending_at;
	bool input_ended;
	char buf[ATTACH_CHUNK + 1]; /* a packet: type byte and data */
	char scratch[ATTACH_CHUNK]; /* formatted log */
};

/* Which descriptor an event belongs to. */
enum event_source {
	EVENT_OUTPUT, /* + 0, 1 */
	EVENT_INPUT,
	EVENT_LISTEN,
	EVENT_SIGNAL,
	EVENT_INIT,
	EVENT_OOM,
	EVENT_ROOT,   /* what shows the root has ended */
	EVENT_HEALTH, /* + enum health_event */
	EVENT_SQUEEZE,
	EVENT_CONTAINER, /* of a session: the container has ended */
	EVENT_CLIENT,    /* + index */
};
int monitor_watch(struct monitor *m, int fd, uint32_t events, enum event_source source,
                  unsigned index);
/* What the container writes, and its input, which is not to block us. */
int monitor_watch_streams(struct monitor *m);
void monitor_change(struct monitor *m, int fd, uint32_t events, enum event_source source,
                    unsigned index);

/* Handles what happens until then (CLOCK_MONOTONIC, which no change of the time of day moves), but
 * at most once; 0: without a limit. */
void monitor_wait(struct monitor *m, uint64_t deadline_ns);
/* idle.c: epoll_wait(2) that gives memory back when nothing happens for a while. @timeout_ms < 0:
 * no limit. */
enum { IDLE_AFTER_MS = 1000 };
int idle_wait(struct monitor *m, struct epoll_event *ev, int max, int timeout_ms);
/* What a client asks for by ATTACH_CONTROL; 0 or -errno, its answer. */
int monitor_control(struct monitor *m, uint32_t op);

/* EXIT to everybody; to one who comes when everybody has heard it. */
void monitor_tell_exit(struct monitor *m);
void monitor_greet(struct monitor *m, unsigned index);

/* The same, and the end: waits until they have taken everything. A client that reads slowly still
 * gets it; one that stopped reading keeps us, but not the container, which has ended, nor its name.
 */
void monitor_part(struct monitor *m);
int monitor_exit_code(int status); /* as a shell gives it */

/* restart.c: after the end of a run. Starts it again if the policy says so, after a pause that
 * grows with each failure. False: this was the end, and the state says so. */
bool restart_after_end(struct monitor *m);

/* clients.c */
void clients_init(struct monitor *m);
int clients_add(struct monitor *m, int fd, bool is_first);
void clients_accept(struct monitor *m);
/* Sends to all that want it; m->buf holds the packet. */
void clients_broadcast(struct monitor *m, size_t packet_n);
/* To one of them; m->buf holds the packet. */
void clients_send(struct monitor *m, unsigned index, size_t packet_n);
/* Those who are there heard EXIT; nobody may slow the next run down. */
void clients_release(struct monitor *m);
void clients_event(struct monitor *m, unsigned index, uint32_t events);
void clients_drop(struct monitor *m, unsigned index);
/* True while the first client cannot keep up: then nothing is read from the container. */
bool clients_are_slow(const struct monitor *m);
/* True while something waits for a client that still reads. */
bool clients_have_backlog(const struct monitor *m);
/* Nothing is read from clients while input waits for the container; call when that changes. */
void clients_watch(struct monitor *m);

/* oom.c: at the start of a run; at an event and once it has ended; when its cgroup goes. */
void oom_watch(struct monitor *m);
void oom_check(struct monitor *m);
void oom_forget(struct monitor *m);

/* health.c: with each run; when something is due; what a descriptor of the check tells. */
void health_begin(struct monitor *m);
void health_end(struct monitor *m);
/* Other checks from now on; consumes @plan. */
void health_replace(struct monitor *m, struct health_plan *plan);
uint64_t health_deadline(const struct monitor *m); /* CLOCK_MONOTONIC; 0: none */
void health_tick(struct monitor *m);
void health_event(struct monitor *m, unsigned which);
/* A check now, or as soon as the one that runs is over; -ENODATA: there is nothing to check with.
 */
int health_check_now(struct monitor *m);
/* clients.c: whoever waits for the result. */
void clients_answer_check(struct monitor *m, int result);

/* logging.c */
void logging_open_file(struct monitor *m);

/* squeeze.c: after something was logged; when its program has ended; before we end. */
void squeeze_check(struct monitor *m);
void squeeze_event(struct monitor *m);
void squeeze_end(struct monitor *m);

/* pump.c */
/* Reads one chunk; false at the end of the stream. */
bool pump_output(struct monitor *m, int stream);
void pump_input(struct monitor *m, const char *data, size_t n);
void pump_input_end(struct monitor *m);
void pump_input_ready(struct monitor *m);
/* Forgets what one run left: its ends are closed soon. */
void pump_end(struct monitor *m);
/* Asks for the events that matter now: no output while the first client is slow. */
void pump_watch(struct monitor *m);

/* stragglers.c: ends what the first process left, where no PID namespace does. */
void stragglers_end(const struct launch *l);
