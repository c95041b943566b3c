/* SPDX-License-Identifier: Apache-2.0 */
/* usrct/events.h - what happens to containers and images, as it happens. Since: 0.1 */
#ifndef USRCT_EVENTS_H
#define USRCT_EVENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <usrct/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct usrct;

/**
 * struct usrct_event - one thing that happened; valid during the callback
 * @type:       "container", "image" ...
 * @action:     "start", "die", "health_status: healthy" ...
 * @id:         the container's id, the image's id or reference
 * @attributes: NAME, VALUE, NAME, VALUE, ..., NULL; sorted by name
 * @time_ns:    realtime
 * @json:       all of it on one line, with Docker's field names
 */
struct usrct_event {
	const char *type, *action, *id;
	const char *const *attributes;
	uint64_t time_ns;
	const char *json;
};

/**
 * struct usrct_events_options - which events
 * @size:      sizeof(struct usrct_events_options)
 * @since_ns:  realtime; 0: those that happen from now on, unless @until_ns is given
 * @until_ns:  realtime, may be in the future; 0: without end
 * @no_follow: return after the last event there is
 * @filters:   "KEY=VALUE", NULL-terminated, may be NULL. Keys: type, event, container, image,
 * label, scope, volume, network, daemon. Values of one key are alternatives (labels: all must fit),
 * keys must all fit.
 */
struct usrct_events_options {
	size_t size;
	uint64_t since_ns, until_ns;
	bool no_follow;
	const char *const *filters;
};

/**
 * usrct_events() - call back for each event
 * @opts: may be NULL
 * @each: returns 0 to go on; any other value ends the call, which returns it
 *
 * Blocks until the end of the asked time. Return: 0, or negative errno: -EINVAL (an unknown
 * filter). Since: 0.1
 */
USRCT_API int usrct_events(struct usrct *u, const struct usrct_events_options *opts,
                           int (*each)(const struct usrct_event *ev, void *arg), void *arg,
                           struct usrct_err *e);

#ifdef __cplusplus
}
#endif
#endif
