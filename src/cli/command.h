/* SPDX-License-Identifier: Apache-2.0 */
/* command - what a command is: the one description from which everything else is made
 *
 * Parsing, help, did-you-mean, man pages and completion read these structs and know nothing about
 * single commands. Each command stands in its own cmd-NAME.c; commands.c lists them. A flag that
 * is not in the table does not exist, and one that is in it is parsed, shown and completed.
 *
 * Lists end with an element whose first member is NULL.
 */
#pragma once

#include "base/macro.h"

#include <stdbool.h>

struct cli;
struct args;

/* What can stand in a place, for completion. */
enum complete_kind {
	COMPLETE_NONE,
	COMPLETE_VALUES, /* the option's own list */
	COMPLETE_FILE,
	COMPLETE_DIR,
	COMPLETE_VOLUME, /* SOURCE:TARGET[:MODE] */
	COMPLETE_VOLUME_NAME,
	COMPLETE_SECRET,
	COMPLETE_IMAGE,
	COMPLETE_RUNNING,   /* containers that run */
	COMPLETE_STARTABLE, /* containers that do not */
	COMPLETE_CONTAINER, /* all, running ones first */
	COMPLETE_REMOVABLE, /* all, stopped ones first */
	COMPLETE_OBJECT,    /* containers and images */
	COMPLETE_SIGNAL,
	COMPLETE_ENV,
	COMPLETE_COMMAND,
	COMPLETE_CODE,
	COMPLETE_CONTAINER_FILTER, /* KEY=VALUE of --filter */
	COMPLETE_IMAGE_FILTER,
	COMPLETE_CONTAINER_FORMAT, /* templates with a list's fields */
	COMPLETE_IMAGE_FORMAT,
};

enum option_kind {
	OPTION_FLAG,   /* --x, --x=false */
	OPTION_STRING, /* the last one counts */
	OPTION_LIST,   /* all count */
	OPTION_NUMBER, /* 0 to INT_MAX */
	OPTION_LIMIT,  /* the same, and -1 for none */
	OPTION_ENUM,   /* one of @values */
};

/**
 * struct option - one flag
 * @alias:   another long name, accepted and not shown
 * @metavar: what stands for the value in help; NULL for OPTION_FLAG
 * @help:    one phrase, no full stop
 * @preset:  the default in words, or NULL where nothing is the default
 * @values:  all there are for OPTION_ENUM; for others those worth offering
 */
struct option {
	const char *name;
	char letter; /* 0: none */
	enum option_kind kind;
	enum complete_kind complete;
	const char *metavar, *help, *preset, *alias;
	const char *const *values;
};

/**
 * struct foreign_option - a flag that Docker or podman have and this program refuses
 * @why: completes "--NAME: ", no full stop
 * @hint: what to do instead; NULL: leave it out
 * @harmless: words, divided by spaces, with which it asks for what is so anyway: accepted; an empty
 *            value is, too. NULL: none. One that begins with "false" is a switch's
 */
struct foreign_option {
	const char *name;
	char letter;
	const char *why, *hint, *harmless;
};

struct positional {
	const char *metavar;
	enum complete_kind complete;
	bool optional, many;
};

struct example {
	const char *what, *line;
};

enum command_group {
	GROUP_CONTAINERS,
	GROUP_IMAGES,
	GROUP_VOLUMES,
	GROUP_SYSTEM,
	N_COMMAND_GROUPS
};

/**
 * struct command - one command
 * @aliases:      other names; "container ls" is one, in two words
 * @summary:      one phrase for the list of commands
 * @description:  paragraphs divided by an empty line; NULL if @summary says it all
 * @exit_text:    the exit status where it is more than 0, 1 and 125; NULL
 * @options:      own flags, the most used first
 * @shared:       tables of flags shared with other commands; NULL-terminated, may be NULL
 * @foreign:      flags that are refused with a reason; may be NULL
 * @handler:      returns the exit status
 * @failure:      exit status when the library says no; 0 means 1
 * @passes_rest:  words after the first argument belong to the container's command
 * @unparsed:     all words go to the handler as they are
 * @uses_store:   the handler finds an open handle
 * @takes_latest: --latest, which is among its flags, stands for the first argument, a container; so
 *                does --cidfile where there is one
 */
struct command {
	const char *name;
	const char *const *aliases;
	enum command_group group;
	const char *summary, *description, *exit_text;
	const struct positional *args;
	const struct option *options;
	const struct option *const *shared;
	const struct foreign_option *foreign;
	const struct example *examples;
	int (*handler)(struct cli *c, const struct args *a);
	int failure;
	bool passes_rest, unparsed, uses_store, takes_latest, hidden;
};

/* All of them, in the order of the help; NULL-terminated. */
const struct command *const *commands_all(void);
const char *command_group_title(enum command_group g);
/* By name or alias; @second may be NULL. @ret_words: how many of the two words it took. */
const struct command *command_find(const char *first, const char *second, int *ret_words);
/* Walks over the names and aliases of @cmd that are "@first WORD", and gives each WORD: start with
 * NULL, ends with NULL. */
const char *command_next_word(const struct command *cmd, const char *first, const char *after);
/* Whether @first begins the name of two words of any command, as "image" does. */
bool command_is_first_word(const char *first);

/* Visits own options, then the shared tables in turn: start with NULL, ends with NULL. */
const struct option *command_next_option(const struct command *cmd, const struct option *after);
const struct option *command_option(const struct command *cmd, const char *name, size_t n);
const struct option *command_letter(const struct command *cmd, char letter);
/* The argument at a position, which repeats if the last one does; NULL beyond. */
const struct positional *command_arg(const struct command *cmd, size_t position);

struct sbuf;
/* "IMAGE [COMMAND] [ARG...]" */
void command_add_args(struct sbuf *b, const struct command *cmd);
/* "usr-ct run [OPTIONS] IMAGE ..." */
void command_add_usage(struct sbuf *b, const struct command *cmd);
