/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The program that dumps the database: MariaDB's or MySQL's, whatever it is called on this machine. */

#include "lib/cancel.h"
#include "lib/config.h"
#include "lib/process.h"

struct dump_tool {
        char *path; /* absolute */
        char *name; /* "mariadb-dump", as found */
        bool mariadb; /* mysqldump often is mariadb-dump under another name */
        unsigned major, minor;
};

/* backup.tool, or with "auto" the first that is there of mariadb-dump and mysqldump. REASON_PROGRAM_MISSING.
 */
int dump_tool_find(const struct config *config, struct cancel *cancel, struct dump_tool *ret,
        struct error *err) _must_check;
void dump_tool_deinit(struct dump_tool *tool);
#define _cleanup_dump_tool_ _cleanup_(dump_tool_deinit)

/* Understands what --version prints. */
void dump_tool_judge_version(const char *text, struct dump_tool *tool);

/* The whole command, ends with NULL: one consistent moment, every kind of object, safe for binary data, the
 * credentials from the option file alone. Owned by the caller: strings_free (lib/memory.h). */
char **dump_tool_arguments(const struct dump_tool *tool, const char *option_file, const char *database);

/* Fills err from what the program said (its own words, the password masked): database_lost,
 * database_access_denied, database_unreachable, disk_full or program_failed. Returns -1. */
int dump_tool_failed(const struct dump_tool *tool, const struct process_result *result, const char *password,
        struct error *err);

/* What every whole dump ends with (comments on): the begin of its last line. */
#define DUMP_TRAILER "-- Dump completed"
