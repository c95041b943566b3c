/* SPDX-License-Identifier: Apache-2.0 */
/* no-room - the one fault that a full disk can be
 *
 * The index's log is shared through a mapped file (SQLite's -shm). File systems that write nothing
 * in place, such as btrfs, want room for each page that is written so, and send SIGBUS where there
 * is none. The store is made for programs that are killed at any point; this only says why.
 */
#pragma once

/* From now on such an end is told, and its status is EXIT_OUR_FAULT. */
void no_room_tell(void);
