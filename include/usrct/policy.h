/* SPDX-License-Identifier: Apache-2.0 */
/* usrct/policy.h - how a container is looked after: restarts, health checks, log. Since: 0.1 */
#ifndef USRCT_POLICY_H
#define USRCT_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct usrct_policy - members that are NULL or 0 mean what the image says, else the default
 * @size:        sizeof(struct usrct_policy)
 * @restart:     "no" (default), "on-failure[:MAX]", "always", "unless-stopped"
 * @log_driver:  "json-file", "k8s-file", "local" (three names for the same file), "journald",
 * "none"
 * @log_options: "KEY=VALUE", NULL-terminated; max-size, max-file, tag ...
 * @health_cmd:  for the container's shell; a JSON array is executed as it is; "none": no checks
 * @health_interval_ns: between two checks; default 30 s
 * @health_timeout_ns:  for one check; default 30 s
 * @health_start_period_ns: in which failures do not count; default 0
 * @health_start_interval_ns: between two checks meanwhile; default 5 s
 * @health_retries: failures in a row that make it unhealthy; default 3
 * @health_on_failure: "none" (default), "kill", "restart", "stop": what happens once it is
 * unhealthy
 * @no_health:   no checks, whatever the image says
 */
struct usrct_policy {
	size_t size;
	const char *restart;
	const char *log_driver;
	const char *const *log_options;
	const char *health_cmd;
	uint64_t health_interval_ns, health_timeout_ns, health_start_period_ns,
		health_start_interval_ns;
	int health_retries;
	const char *health_on_failure;
	bool no_health;
};

#ifdef __cplusplus
}
#endif
#endif
