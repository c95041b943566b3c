/* SPDX-License-Identifier: Apache-2.0 */
/* pins - keeping what a pull or build has stored but no image names yet
 *
 * A pull commits layers and blobs one by one and says which image they belong to at its very end.
 * It also relies on layers that it found in place. Nothing in the index protects either against a
 * garbage collection in between. So whoever begins to look for layers or blobs first makes a pin,
 * a directory tmp/pull-PID-UNIQUE-RANDOM, and then takes and releases the write lock once:
 *
 * - a collection that began before has ended when the lock is obtained, so what is found after that
 *   stays; one that begins later reads tmp/ under the lock, sees the pin, and collects nothing;
 * - it leaves the file trash/.collect instead, which tells store_sweep() that work is waiting;
 * - a pin ends with image_put(), with store_close(), or with its process, as all in tmp/ does.
 *
 * Downloads in progress lie inside the pin's directory. A pull that ended without an image leaves
 * the mark as well, and one that was killed is found dead: the next sweep removes what it stored,
 * but for that of another pull, which has a pin by then and finds what is there already.
 */
#pragma once

#include "store/store.h"

#define COLLECT_NAME ".collect"
#define COLLECT_MARK "trash/" COLLECT_NAME

/* Does nothing if this handle has a pin already, or was opened for reading. */
int pin_take(struct store *s, struct err *e);
/* @is_complete: an image names now what was stored. */
void pin_drop(struct store *s, bool is_complete);
/* Whether anybody alive, this process included, has one; to be asked under the lock. */
bool pin_is_held(struct store *s);
bool pin_is_held_by_others(struct store *s);
void collect_mark(struct store *s);

/* PID and UNIQUE out of a name in tmp/; false if it is not one of ours. @is_pull may be NULL. */
bool tmp_name_parse(const char *name, struct proc_id *ret, bool *ret_is_pull);
/* Whether the maker, or a process that inherited its descriptor, still works on tmp/@name. */
bool tmp_is_in_use(int tmp_dirfd, const char *name, const struct proc_id *maker);
