/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/usage.h"

#include "base/fd.h"
#include "base/num.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_SIZE = 16384 };

static bool read_text(const char *path, const char *name, char *buf)
{
	_cleanup_close_ int fd = -EBADF;
	char file[4096];
	ssize_t n;

	buf[0] = '\0';
	if (snprintf(file, sizeof(file), "%s/%s", path, name) >= (int)sizeof(file))
		return false;
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	n = fd < 0 ? -1 : fd_read_full(fd, buf, TEXT_SIZE - 1);
	buf[MAX(n, (ssize_t)0)] = '\0';
	return n > 0;
}

/* The digits that @s begins with. */
static uint64_t leading(const char *s)
{
	char digits[24];
	size_t n = strspn(s, "0123456789");
	uint64_t v = 0;

	if (n >= sizeof(digits))
		return 0;
	memcpy(digits, s, n);
	digits[n] = '\0';
	return parse_u64(digits, &v) == 0 ? v : 0;
}

static bool read_number(const char *path, const char *name, char *buf, uint64_t *ret)
{
	if (!read_text(path, name, buf))
		return false;
	*ret = !strncmp(buf, "max", 3) ? UINT64_MAX : leading(buf);
	return true;
}

uint64_t usage_keyed(const char *text, const char *key)
{
	size_t k = strlen(key);

	for (; *text; text += strcspn(text, "\n"), text += *text == '\n')
		if (!strncmp(text, key, k) && text[k] == ' ')
			return leading(text + k + 1);
	return 0;
}

void usage_io(const char *text, uint64_t *ret_read, uint64_t *ret_write)
{
	*ret_read = *ret_write = 0;
	/* "8:0 rbytes=1 wbytes=2 rios=3 ...", one line a device */
	for (; *text; text += strcspn(text, " \n"), text += *text != '\0') {
		if (!strncmp(text, "rbytes=", 7))
			*ret_read += leading(text + 7);
		else if (!strncmp(text, "wbytes=", 7))
			*ret_write += leading(text + 7);
	}
}

int usage_pressure(const char *text, unsigned *ret)
{
	static const char some[] = "some avg10=";
	const char *s, *dot;
	uint64_t whole, part = 0;

	if (strncmp(text, some, sizeof(some) - 1) != 0)
		return -EINVAL;
	s = text + sizeof(some) - 1;
	whole = leading(s);
	dot = s + strspn(s, "0123456789");
	if (*dot == '.' && dot[1] >= '0' && dot[1] <= '9' && dot[2] >= '0' && dot[2] <= '9')
		part = (uint64_t)(dot[1] - '0') * 10 + (uint64_t)(dot[2] - '0');
	*ret = whole <= 100 ? (unsigned)(whole * 100 + part) : 0;
	return 0;
}

static void read_memory(const char *path, char *buf, struct cgroup_usage *u)
{
	uint64_t inactive;

	if (!read_number(path, "memory.current", buf, &u->memory_bytes))
		return;
	u->has |= USAGE_MEMORY;
	if (read_text(path, "memory.stat", buf)) {
		/* As Docker counts: this cache is given back before anything fails. */
		inactive = usage_keyed(buf, "inactive_file");
		u->memory_bytes -= MIN(inactive, u->memory_bytes);
	}
	if (!read_number(path, "memory.max", buf, &u->memory_limit_bytes))
		u->memory_limit_bytes = UINT64_MAX;
}

static void read_pressure(const char *path, const char *name, unsigned flag, char *buf,
                          unsigned *ret, unsigned *has)
{
	if (read_text(path, name, buf) && usage_pressure(buf, ret) == 0)
		*has |= flag;
}

void cgroup_usage(const char *path, struct cgroup_usage *ret)
{
	char buf[TEXT_SIZE];
	struct cgroup_usage u = { .memory_limit_bytes = UINT64_MAX };

	/* cpu.stat is there without the controller as well. */
	if (read_text(path, "cpu.stat", buf)) {
		u.cpu_usec = usage_keyed(buf, "usage_usec");
		u.has |= USAGE_CPU;
	}
	read_memory(path, buf, &u);
	if (read_text(path, "io.stat", buf)) {
		u.has |= USAGE_IO;
		usage_io(buf, &u.read_bytes, &u.write_bytes);
	}
	if (read_number(path, "pids.current", buf, &u.pids))
		u.has |= USAGE_PIDS;
	read_pressure(path, "cpu.pressure", USAGE_PRESSURE_CPU, buf, &u.pressure_cpu, &u.has);
	read_pressure(path, "memory.pressure", USAGE_PRESSURE_MEMORY, buf, &u.pressure_memory,
	              &u.has);
	read_pressure(path, "io.pressure", USAGE_PRESSURE_IO, buf, &u.pressure_io, &u.has);
	*ret = u;
}
