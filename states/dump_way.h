/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * How the database is dumped, as backup.tool says: by a program (states/dump_tool.h), or natively
 * (states/native_dump.h). Either writes the same kind of file.
 */

#include "lib/compress.h"
#include "lib/database.h"
#include "states/dump_reader.h"
#include "states/dump_tool.h"
#include "states/stage.h"

/* The credentials, in the state folder while a program runs. */
#define DUMP_OPTION_FILE "database-client.cnf"

struct dump_way {
        const struct database_parameters *database; /* borrowed */
        uint64_t expected_bytes; /* for the progress; 0: not known */
        bool native;
        struct dump_tool tool; /* else */
};
void dump_way_deinit(struct dump_way *way);
#define _cleanup_dump_way_ _cleanup_(dump_way_deinit)

bool dump_way_is_native(const struct config *config);
/* Fills native and tool. REASON_PROGRAM_MISSING. With auto, native is no stand-in for a program that is
 * missing: which backup a site gets should not depend on what happens to be installed. */
int dump_way_find(struct stage_context *context, struct dump_way *way, struct error *err) _must_check;
/* "mariadb-dump 10.19"; owned by the caller. */
char *dump_way_describe(const struct dump_way *way);

/* Writes the dump to fd (borrowed, not synced), compressed, and tells how far it is. Reasons: those of
 * dump_tool_failed and process_run, or of native_dump. */
int dump_way_run(struct stage_context *context, const struct dump_way *way, int fd, const char *name,
        struct compress_total *ret, struct dump_contents *ret_contents, struct error *err) _must_check;
