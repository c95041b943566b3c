/* SPDX-License-Identifier: Apache-2.0 */
/* err - fills struct err; the only place that formats error text */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct err_entry table[] = {
#define UCT(number, name, kind, title, explain, hint) { number, #name, kind, title, explain, hint },
#include "base/err-codes.h"
#undef UCT
};

const struct err_entry *err_table(size_t *ret_n)
{
	*ret_n = ARRAY_SIZE(table);
	return table;
}

const struct err_entry *err_lookup(int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].number == number)
			return &table[i];
	return NULL;
}

static void fill(struct err *e, enum err_uct uct, int r)
{
	const struct err_entry *t = err_lookup((int)uct);

	e->uct = (int)uct;
	e->code = r;
	e->kind = t ? t->kind : ERR_SYSTEM;
	(void)snprintf(e->hint, sizeof(e->hint), "%s", t ? t->hint : "");
}

int err_set(struct err *e, enum err_uct uct, int r, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return r;
	fill(e, uct, r);
	va_start(ap, fmt);
	(void)vsnprintf(e->msg, sizeof(e->msg), fmt, ap); /* a cut message is still a message */
	va_end(ap);
	return r;
}

/* Some errnos are situations of their own, whoever meets them. */
static enum err_uct uct_of_errno(int r)
{
	switch (-r) {
	case ENOSPC:
	case EDQUOT:
		return UCT_NO_SPACE;
	case ENOMEM:
		return UCT_NO_MEMORY;
	case ENOSYS:
		return UCT_NO_SYSCALL;
	default:
		return UCT_SYSTEM;
	}
}

PRINTF(3, 0)
static int verr_errno(struct err *e, int r, const char *fmt, va_list ap)
{
	size_t n;

	if (!e)
		return r;
	fill(e, uct_of_errno(r), r);
	if (r == -EACCES || r == -EPERM)
		e->kind = ERR_DENIED;
	if (r == -EPERM) /* rarely a matter of a file's mode */
		(void)snprintf(e->hint, sizeof(e->hint), "%s",
		               "usr-ct doctor names what this machine does not allow");
	(void)vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	n = strlen(e->msg);
	(void)snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", strerror(-r));
	return r;
}

int err_sys(struct err *e, const char *fmt, ...)
{
	int r = errno ? -errno : -EIO;
	va_list ap;

	va_start(ap, fmt);
	(void)verr_errno(e, r, fmt, ap);
	va_end(ap);
	return r;
}

int err_errno(struct err *e, int r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)verr_errno(e, r, fmt, ap);
	va_end(ap);
	return r;
}

int err_in(struct err *e, int r, const char *fmt, ...)
{
	char inner[sizeof(e->msg)];
	va_list ap;
	size_t n;

	if (!e)
		return r;
	memcpy(inner, e->msg, sizeof(inner));
	va_start(ap, fmt);
	(void)vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	(void)snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", inner);
	return r;
}

int err_hint(struct err *e, int r, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return r;
	va_start(ap, fmt);
	(void)vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	return r;
}

int err_recode(struct err *e, int r, enum err_uct uct)
{
	if (e && (e->uct == UCT_SYSTEM || e->uct == 0))
		fill(e, uct, r);
	return r;
}

int err_oom(struct err *e)
{
	return err_set(e, UCT_NO_MEMORY, -ENOMEM, "out of memory");
}
