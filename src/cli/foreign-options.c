/* SPDX-License-Identifier: Apache-2.0 */
/* foreign-options - flags of docker run and podman run that are refused, and why
 *
 * Nothing is ignored in silence, and "unknown flag" would leave people wondering. A flag that gets
 * an entry in one of the tables of options is found there first, so that this list may lag.
 */
#include "cli/create-options.h"

#define NO_CONTROLLER "the io controller of cgroups is not used yet"
#define NO_PORTS      "ports cannot be published yet"
#define NO_NETWORKS   "there are no user networks yet, so nothing has an address or name in one"
#define NO_PODS       "there are no pods"
#define WINDOWS_ONLY  "that is for containers of Windows"
#define NO_STARTUP    "there is one check, which may fail while the container starts"
#define START_PERIOD  "use --health-start-period and --health-start-interval"
#define HOST_NETWORK  "use --network host: what the program listens on is the host's then"

const struct foreign_option create_foreign[] = {
	{ "blkio-weight", 0, NO_CONTROLLER, NULL, "0" },
	{ "blkio-weight-device", 0, NO_CONTROLLER, NULL },
	{ "cgroup-conf", 0, "files of the cgroup are written by its own flags only",
	  "use --memory, --cpus, --pids-limit and their like" },
	{ "cgroup-parent", 0, "the cgroup's place is chosen by usr-ct", NULL },
	{ "cgroups", 0, "a cgroup is made wherever one is delegated", NULL },
	{ "chrootdirs", 0, "no directories are prepared for chroot inside", NULL },
	{ "conmon-pidfile", 0, "there is no conmon; each container has a monitor of its own",
	  "use --pidfile for the container's first process" },
	{ "cpu-count", 0, WINDOWS_ONLY, "use --cpus", "0" },
	{ "cpu-percent", 0, WINDOWS_ONLY, "use --cpus", "0" },
	{ "cpu-rt-period", 0, "cgroup v2 has no limits for realtime scheduling", NULL, "0" },
	{ "cpu-rt-runtime", 0, "cgroup v2 has no limits for realtime scheduling", NULL, "0" },
	{ "decryption-key", 0, "encrypted images cannot be read", NULL },
	{ "device-cgroup-rule", 0, "device cgroups need root",
	  "use --device for a node that you may open" },
	{ "device-read-bps", 0, NO_CONTROLLER, NULL },
	{ "device-read-iops", 0, NO_CONTROLLER, NULL },
	{ "device-write-bps", 0, NO_CONTROLLER, NULL },
	{ "device-write-iops", 0, NO_CONTROLLER, NULL },
	{ "env-merge", 0, "variables of the image are not expanded",
	  "set the whole value with -e" },
	{ "gpus", 0, "descriptions of the Container Device Interface are not read yet",
	  "name the nodes: --device /dev/dri, --device /dev/nvidia0" },
	{ "health-log-destination", 0, "results of checks are kept beside the container",
	  "usr-ct inspect shows them under State.Health.Log" },
	{ "health-max-log-count", 0, "the last five results of checks are kept", NULL, "5" },
	{ "health-max-log-size", 0, "of what a check prints, 4096 bytes are kept", NULL, "4096" },
	{ "health-startup-cmd", 0, NO_STARTUP, START_PERIOD },
	{ "health-startup-interval", 0, NO_STARTUP, START_PERIOD },
	{ "health-startup-retries", 0, NO_STARTUP, START_PERIOD },
	{ "health-startup-success", 0, NO_STARTUP, START_PERIOD },
	{ "health-startup-timeout", 0, NO_STARTUP, START_PERIOD },
	{ "init-ctr", 0, NO_PODS, NULL },
	{ "init-path", 0, "the init is part of usr-ct", "use --init, or make yours the command" },
	{ "io-maxbandwidth", 0, WINDOWS_ONLY, NULL, "0" },
	{ "io-maxiops", 0, WINDOWS_ONLY, NULL, "0" },
	{ "ip", 0, NO_NETWORKS, NULL, "" },
	{ "ip6", 0, NO_NETWORKS, NULL, "" },
	{ "isolation", 0, WINDOWS_ONLY, NULL, "default" },
	{ "kernel-memory", 0, "the kernel has no such limit any more",
	  "use --memory, which counts kernel memory too", "0" },
	{ "link", 0, NO_NETWORKS, "use --add-host NAME:ADDRESS" },
	{ "link-local-ip", 0, NO_NETWORKS, NULL },
	{ "log-driver", 0, "the log is a file with each byte, its stream and its time", NULL },
	{ "log-opt", 0, "the log is a file with each byte, its stream and its time", NULL },
	{ "lxc-conf", 0, "LXC is not used", NULL },
	{ "mac-address", 0, NO_NETWORKS, NULL, "" },
	{ "memory-swappiness", 0, "cgroup v2 has no swappiness of its own", NULL, "-1" },
	{ "network-alias", 0, NO_NETWORKS, "use --add-host NAME:ADDRESS" },
	{ "net-alias", 0, NO_NETWORKS, "use --add-host NAME:ADDRESS" },
	{ "oom-kill-disable", 0, "cgroup v2 has no way to switch the OOM killer off",
	  "use --oom-score-adj, or a larger --memory", "false" },
	{ "personality", 0, "the execution domain is the machine's own", NULL },
	{ "pod", 0, NO_PODS, "use --network host, so that programs reach each other" },
	{ "pod-id-file", 0, NO_PODS, NULL },
	{ "preserve-fd", 0, "a container gets descriptors 0, 1 and 2, and never another one",
	  NULL },
	{ "preserve-fds", 0, "a container gets descriptors 0, 1 and 2, and never another one",
	  NULL },
	{ "publish", 'p', NO_PORTS, HOST_NETWORK },
	{ "publish-all", 'P', NO_PORTS, HOST_NETWORK, "false" },
	{ "rdt-class", 0, "cache allocation is root's", NULL },
	{ "requires", 0, "containers do not depend on each other", "start the other one first" },
	{ "runtime", 0, "usr-ct runs its containers itself", NULL, "usr-ct" },
	{ "sdnotify", 0, "a program's readiness is not passed on to systemd", NULL, "ignore" },
	{ "seccomp-policy", 0, "filters in labels of images are not read",
	  "use --security-opt seccomp=unconfined to do without a filter", "default" },
	{ "shm-size-systemd", 0, "there is no systemd mode", "use --tmpfs /run --tmpfs /tmp" },
	{ "systemd", 0, "there is no systemd mode", "use --tmpfs /run --tmpfs /tmp", "false" },
	{ "use-api-socket", 0, "there is no daemon whose socket it could use", NULL, "false" },
	{ NULL, 0, NULL, NULL },
};
