/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Whether the server would take the backup again: the rights that its things need, whom they belong to, and
 * the longest of its statements. Asked before anything is dropped, and before anything is changed. */

#include "states/backup_inventory.h"
#include "states/grants.h"

/* What a dump asks for; filled by dump_replay. */
struct dump_demands {
        struct string_list owners; /* whom things belong to, each once */
        uint64_t longest; /* bytes of the longest statement */
        char *longest_of; /* the table that it fills, or NULL */
};
void dump_demands_deinit(struct dump_demands *demands);
#define _cleanup_dump_demands_ _cleanup_(dump_demands_deinit)

/* "CREATE VIEW, TRIGGER": what is needed to make these things again in the schema and not granted; owned by
 * the caller. NULL: nothing is missing, as far as the grants tell. whole: those that tables take, too. */
char *restorable_missing_rights(const struct grants *grants, const char *schema,
        const struct inventory *inventory, const struct schema_scope *scope, bool whole);

/* RESTORABLE_FORBIDDEN with *ret_why (owned by the caller): the server's binary log keeps the user from
 * making triggers or functions again. */
int restorable_binary_log(struct database *database, const struct grants *grants,
        const struct inventory *inventory, const struct schema_scope *scope, char **ret_why,
        struct error *err) _must_check;

/* One of these with *ret_why (owned by the caller): it would not. The rights are those in the connection's
 * schema. */
enum {
        RESTORABLE_FORBIDDEN = 1, /* the user lacks rights */
        RESTORABLE_TOO_LONG = 2, /* max_allowed_packet */
};
int restorable_judge(struct database *database, const struct inventory *inventory,
        const struct schema_scope *scope, const struct dump_demands *demands, char **ret_why,
        struct error *err) _must_check;

/* Bytes of the longest statement that the server takes. */
int restorable_packet(struct database *database, uint64_t *ret, struct error *err) _must_check;
