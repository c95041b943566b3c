/* SPDX-License-Identifier: Apache-2.0 */
/* probe-proto - what usr-ct-probe tells doctor
 *
 * Features are found by trying them, in a process of its own: it makes namespaces and mounts that
 * die with it. One SOCK_SEQPACKET socket, descriptor 3; one PROBE packet for each thing tried, then
 * end of file.
 */
#pragma once

#include <stdint.h>

enum probe_id {
	PROBE_USERNS,
	PROBE_NAMESPACES,
	PROBE_MOUNT_API,
	PROBE_OVERLAY,
	PROBE_OVERLAY_FD, /* layers by descriptor, Linux 6.13 */
	PROBE_DATA_ONLY,  /* contents in a data-only layer, Linux 6.16 */
	PROBE_OPENAT2,
	PROBE_SECCOMP,
	PROBE_LANDLOCK,
	PROBE_COUNT,
};

struct probe_result {
	uint32_t id;
	int32_t error; /* 0 works, or a negative errno */
};
