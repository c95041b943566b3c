/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp-gen - compile seccomp-default.txt (or seccomp-single.txt) into a classic BPF program, as
 * a C array
 *
 * Runs on the build machine. The program is a binary search over intervals of system call numbers
 * with the same action, one tree for each architecture: about 0.06 ms to load less than a linear
 * list, and nothing to compute at run time. libseccomp is asked only for the numbers of names.
 */
#include "base/macro.h"
#include "base/num.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { NR_MAX = 600, CONDS_MAX = 4, RULES_MAX = 8, PROGRAM_MAX = 4096, LINE_MAX_BYTES = 512 };

struct cond {
	unsigned arg;
	int negate;
	uint64_t mask, value;
};
struct rule { /* all conditions hold: this action */
	uint32_t action;
	struct cond conds[CONDS_MAX];
	size_t n;
};
struct syscall_entry {
	uint32_t action; /* SECCOMP_RET_*, when no rule decides */
	struct rule rules[RULES_MAX];
	size_t n_rules;
};
struct arch {
	uint32_t token; /* SCMP_ARCH_* */
	uint32_t audit; /* AUDIT_ARCH_*; the same number in libseccomp's interface, but for x32 */
	struct syscall_entry table[NR_MAX];
};

static uint32_t unknown_action = SECCOMP_RET_ERRNO | ENOSYS;
static uint32_t foreign_action = SECCOMP_RET_KILL_PROCESS; /* another architecture */
static const uint32_t refused_action = SECCOMP_RET_ERRNO | EPERM;
static const uint32_t faked_action = SECCOMP_RET_ERRNO; /* success, and nothing done */

static struct arch archs[2];
static size_t n_archs;
static struct sock_filter program[PROGRAM_MAX];
static size_t n_program;

static void die(const char *what, const char *detail)
{
	(void)fprintf(stderr, "seccomp-gen: %s: %s\n", what, detail);
	exit(1);
}

static size_t emit(unsigned code, unsigned jt, unsigned jf, uint32_t k)
{
	if (n_program == PROGRAM_MAX)
		die("program too long", "");
	program[n_program] = (struct sock_filter){ (__u16)code, (__u8)jt, (__u8)jf, k };
	return n_program++;
}

static size_t emit_jump(void)
{
	return emit(BPF_JMP | BPF_JA, 0, 0, 0);
}

static void land_here(size_t jump)
{
	program[jump].k = (uint32_t)(n_program - jump - 1);
}

/* Compares one half of an argument; leaves a jump taken when it differs. */
static size_t emit_half(const struct cond *c, int high)
{
	uint32_t mask = (uint32_t)(high ? c->mask >> 32 : c->mask);
	uint32_t value = (uint32_t)(high ? c->value >> 32 : c->value);
	size_t at = offsetof(struct seccomp_data, args) + 8 * (size_t)c->arg + (high ? 4 : 0);

	(void)emit(BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)at);
	if (mask != UINT32_MAX)
		(void)emit(BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
	(void)emit(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, value);
	return emit_jump();
}

static void emit_rule(const struct rule *r)
{
	size_t differs[2 * CONDS_MAX], n = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct cond *c = &r->conds[i];
		size_t high = emit_half(c, 1), low = emit_half(c, 0);

		if (!c->negate) {
			differs[n++] = high;
			differs[n++] = low;
			continue;
		}
		differs[n++] = emit_jump(); /* both halves are equal: the negation fails */
		land_here(high);
		land_here(low);
	}
	(void)emit(BPF_RET | BPF_K, 0, 0, r->action);
	for (size_t i = 0; i < n; i++)
		land_here(differs[i]);
}

static void emit_leaf(const struct syscall_entry *s)
{
	for (size_t i = 0; i < s->n_rules; i++)
		emit_rule(&s->rules[i]);
	(void)emit(BPF_RET | BPF_K, 0, 0, s->action);
}

struct interval {
	uint32_t first;
	const struct syscall_entry *entry;
};

/* Binary search: the accumulator holds the call's number. */
static void emit_tree(const struct interval *iv, size_t n)
{
	size_t half = n / 2, left;

	if (n == 1) {
		emit_leaf(iv->entry);
		return;
	}
	(void)emit(BPF_JMP | BPF_JGE | BPF_K, 1, 0, iv[half].first);
	left = emit_jump();
	emit_tree(iv + half, n - half);
	land_here(left);
	emit_tree(iv, half);
}

static void emit_arch(const struct arch *a)
{
	const struct syscall_entry beyond = { .action = unknown_action };
	static struct interval iv[NR_MAX + 1];
	size_t n = 0;

	for (uint32_t nr = 0; nr < NR_MAX; nr++) {
		const struct syscall_entry *s = &a->table[nr], *last = n ? iv[n - 1].entry : NULL;

		if (last && !s->n_rules && !last->n_rules && s->action == last->action)
			continue;
		iv[n++] = (struct interval){ nr, s };
	}
	iv[n++] = (struct interval){ NR_MAX, &beyond };
	(void)emit(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
	emit_tree(iv, n);
}

static void compile(void)
{
	for (size_t i = 0; i < n_archs; i++) {
		size_t other;

		(void)emit(BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
		(void)emit(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, archs[i].audit);
		other = emit_jump();
		emit_arch(&archs[i]);
		land_here(other);
	}
	(void)emit(BPF_RET | BPF_K, 0, 0, foreign_action);
}

static struct syscall_entry *find_entry(struct arch *a, const char *name, uint32_t number)
{
	int nr = seccomp_syscall_resolve_name_arch(a->token, name);

	if (nr == __NR_SCMP_ERROR && number)
		nr = (int)number;
	/* Negative: libseccomp's pseudo number of a call that this architecture does not have. */
	return nr >= 0 && nr < NR_MAX ? &a->table[nr] : NULL;
}

static char *next_word(char **at)
{
	char *p = *at + strspn(*at, " "), *end;

	if (!*p)
		return NULL;
	end = p + strcspn(p, " ");
	*at = *end ? end + 1 : end;
	*end = '\0';
	return p;
}

static uint64_t parse_value(const char *s)
{
	uint64_t v = 0;

	if (s && s[0] == '0' && s[1] == 'x') {
		for (s += 2; *s; s++) {
			const char *digit = strchr("0123456789abcdef", *s);

			if (!digit)
				die("not a number", s);
			v = v << 4 | (uint64_t)(digit - "0123456789abcdef");
		}
	} else if (!s || parse_u64(s, &v) < 0) {
		die("not a number", s ? s : "(nothing)");
	}
	return v;
}

/* "argN == V", "argN != V", "argN & MASK == V" */
static void parse_cond(char **at, struct cond *c)
{
	char *arg = next_word(at), *op = next_word(at);

	if (!arg || strncmp(arg, "arg", 3) != 0 || arg[3] < '0' || arg[3] > '5' || !op)
		die("not a condition", arg ? arg : "(nothing)");
	*c = (struct cond){ .arg = (unsigned)(arg[3] - '0'), .mask = UINT64_MAX };
	if (!strcmp(op, "&")) {
		c->mask = parse_value(next_word(at));
		op = next_word(at);
	}
	c->negate = op && !strcmp(op, "!=");
	if (!op || (!c->negate && strcmp(op, "==") != 0))
		die("not a comparison", op ? op : "(nothing)");
	c->value = parse_value(next_word(at));
}

static void parse_rule(const char *name, uint32_t action, char *at)
{
	struct rule r = { .action = action };
	char *and;

	do {
		if (r.n == CONDS_MAX)
			die("too many conditions", name);
		parse_cond(&at, &r.conds[r.n++]);
		and = next_word(&at);
	} while (and&&!strcmp(and, "and"));
	for (size_t i = 0; i < n_archs; i++) {
		struct syscall_entry *s = find_entry(&archs[i], name, 0);

		if (!s)
			continue;
		if (s->n_rules == RULES_MAX)
			die("too many rules", name);
		s->rules[s->n_rules++] = r;
		if (action == SECCOMP_RET_ALLOW)
			s->action = refused_action;
	}
}

/* "else allow": for what is not listed. */
static void set_default(const char *word)
{
	if (strcmp(word, "allow") != 0)
		die("not a default", word);
	unknown_action = foreign_action = SECCOMP_RET_ALLOW;
	for (size_t i = 0; i < n_archs; i++)
		for (size_t nr = 0; nr < NR_MAX; nr++)
			archs[i].table[nr].action = unknown_action;
}

static uint32_t action_of(const char *verb)
{
	if (!strcmp(verb, "allow"))
		return SECCOMP_RET_ALLOW;
	if (!strcmp(verb, "fake"))
		return faked_action;
	if (strcmp(verb, "eperm") != 0)
		die("not a rule", verb);
	return refused_action;
}

static void parse_line(char *line)
{
	char *verb = next_word(&line), *word = next_word(&line);
	uint32_t action;

	if (!verb || !word)
		die("not a rule", verb ? verb : "(nothing)");
	if (!strcmp(verb, "else")) {
		set_default(word);
		return;
	}
	action = action_of(verb);
	if (!strncmp(line, "if ", 3)) {
		parse_rule(word, action, line + 3);
		return;
	}
	for (; word; word = next_word(&line)) {
		char *eq = strchr(word, '=');
		uint32_t number = 0;

		if (eq) {
			*eq = '\0';
			number = (uint32_t)parse_value(eq + 1);
		}
		for (size_t i = 0; i < n_archs; i++) {
			struct syscall_entry *s = find_entry(&archs[i], word, number);

			if (s)
				s->action = action;
		}
	}
}

static void add_arch(uint32_t token, uint32_t audit)
{
	struct arch *a = &archs[n_archs++];

	a->token = token;
	a->audit = audit;
	for (size_t nr = 0; nr < NR_MAX; nr++)
		a->table[nr].action = unknown_action;
}

static void choose_archs(void)
{
	uint32_t native = seccomp_arch_native();

	if (native == SCMP_ARCH_X86_64) {
		/* x32 shares the audit value; its numbers lie beyond NR_MAX and answer ENOSYS. */
		add_arch(native, AUDIT_ARCH_X86_64);
		add_arch(SCMP_ARCH_X86, AUDIT_ARCH_I386);
	} else if (native == SCMP_ARCH_AARCH64) {
		add_arch(native, AUDIT_ARCH_AARCH64);
		add_arch(SCMP_ARCH_ARM, AUDIT_ARCH_ARM);
	} else {
		add_arch(native, native); /* SCMP_ARCH_* are AUDIT_ARCH_* */
	}
}

int main(int argc, char **argv)
{
	char line[LINE_MAX_BYTES];
	FILE *in, *out;

	if (argc != 3)
		die("usage", "seccomp-gen RULES OUTPUT");
	in = fopen(argv[1], "re");
	out = fopen(argv[2], "we");
	if (!in || !out)
		die("cannot open", argv[in ? 2 : 1]);
	choose_archs();
	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] && line[0] != '#')
			parse_line(line);
	}
	(void)fclose(in);
	compile();
	(void)fprintf(out, "/* made by seccomp-gen */\n");
	for (size_t i = 0; i < n_program; i++)
		(void)fprintf(out, "{ 0x%02x, %u, %u, 0x%08x },\n", program[i].code, program[i].jt,
		              program[i].jf, program[i].k);
	return fclose(out) == 0 ? 0 : 1;
}
