/* SPDX-License-Identifier: Apache-2.0 */
/* id-file - --cidfile: a file that is claimed before a container is made, and then receives its id;
 * it goes again if there was no container */
#pragma once

#include "base/err.h"

struct id_file {
	const char *path; /* NULL: none, or nothing to undo */
	int fd;
};
#define ID_FILE_NONE         \
	{                    \
		NULL, -EBADF \
	}

/* UCT_FILE_IN_THE_WAY */
int id_file_claim(struct id_file *f, const char *path, struct err *e);
int id_file_write(struct id_file *f, const char *id, struct err *e); /* also where there is none */
void id_file_done(struct id_file *f);

/* The path as seen from everywhere; the file need not exist. @ret is heap. */
int absolute_path(const char *path, char **ret, struct err *e);
