/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/restorable.h"

#include "lib/memory.h"
#include "states/definers.h"
#include "states/site_database.h"

#include <inttypes.h>

void dump_demands_deinit(struct dump_demands *demands)
{
        string_list_deinit(&demands->owners);
        free(demands->longest_of);
        *demands = (struct dump_demands){0};
}

/* Rights */

static const char *const table_rights[] = {"DROP", "CREATE", "ALTER", "SELECT", "INSERT", "REFERENCES", NULL};

static const char *const *rights_of(enum dump_object object)
{
        static const char *const none[] = {NULL};
        static const char *const view[] = {"CREATE VIEW", NULL};
        static const char *const trigger[] = {"TRIGGER", NULL};
        static const char *const routine[] = {"CREATE ROUTINE", "ALTER ROUTINE", NULL};
        static const char *const event[] = {"EVENT", NULL};
        switch (object) {
        case DUMP_TABLE:
        case DUMP_SEQUENCE:
        case DUMP_SCHEMA:
                return none;
        case DUMP_VIEW:
                return view;
        case DUMP_TRIGGER:
                return trigger;
        case DUMP_PROCEDURE:
        case DUMP_FUNCTION:
        case DUMP_PACKAGE:
        case DUMP_PACKAGE_BODY:
                return routine;
        case DUMP_EVENT:
                return event;
        }
        return none;
}

static void add_missing(
        const struct grants *grants, const char *schema, const char *const *rights, struct string_list *ret)
{
        for (; *rights; rights++)
                if (!string_list_has(ret, *rights) && !grants_have(grants, schema, *rights))
                        string_list_add(ret, *rights);
}

char *restorable_missing_rights(const struct grants *grants, const char *schema,
        const struct inventory *inventory, const struct schema_scope *scope, bool whole)
{
        _cleanup_string_list_ struct string_list missing = {0};
        _cleanup_buffer_ struct buffer text = {0};
        if (grants_have_role(grants)) /* it may give what these lines do not show */
                return NULL;
        if (whole)
                add_missing(grants, schema, table_rights, &missing);
        for (size_t i = 0; i < inventory->count; i++) {
                const struct inventory_item *item = &inventory->items[i];
                if (!scope || schema_scope_has(scope, item->table ?: item->name))
                        add_missing(grants, schema, rights_of(item->object), &missing);
        }
        for (size_t i = 0; i < missing.count; i++)
                buffer_append_format(&text, "%s%s", i > 0 ? ", " : "", missing.items[i]);
        return missing.count > 0 ? buffer_steal(&text) : NULL;
}

static int judge_rights(struct database *database, const struct inventory *inventory,
        const struct schema_scope *scope, char **ret_why, struct error *err)
{
        _cleanup_database_grants_ struct database_grants grants = {0};
        _cleanup_free_ char *schema = NULL, *user = NULL;
        if (database_query_value(database, &schema, err, "SELECT DATABASE()") < 0 ||
                database_query_value(database, &user, err, "SELECT CURRENT_USER()") < 0 ||
                site_database_grants(database, &grants, err) < 0)
                return -1;
        _cleanup_free_ char *missing =
                restorable_missing_rights(&grants.grants, schema ?: "", inventory, scope, true);
        if (!missing)
                return restorable_binary_log(database, &grants.grants, inventory, scope, ret_why, err);
        *ret_why = string_format(
                "%s lacks rights on %s that restoring the backup takes: %s", user, schema, missing);
        return RESTORABLE_FORBIDDEN;
}

/* A server with a binary log takes triggers and functions from nobody but who may do anything (1419, also to
 * drop a trigger), unless it trusts them. */
int restorable_binary_log(struct database *database, const struct grants *grants,
        const struct inventory *inventory, const struct schema_scope *scope, char **ret_why,
        struct error *err)
{
        _cleanup_free_ char *guarded = NULL;
        bool has = false;
        for (size_t i = 0; !has && i < inventory->count; i++) {
                const struct inventory_item *item = &inventory->items[i];
                has = (item->object == DUMP_TRIGGER || item->object == DUMP_FUNCTION) &&
                      (!scope || schema_scope_has(scope, item->table ?: item->name));
        }
        if (!has || grants_have_role(grants) || grants_have_globally(grants, "SUPER") ||
                grants_have_globally(grants, "BINLOG ADMIN"))
                return 0;
        if (database_query_value(database, &guarded, err,
                    "SELECT @@GLOBAL.log_bin AND NOT @@GLOBAL.log_bin_trust_function_creators") < 0)
                return -1;
        if (!string_equal(guarded, "1"))
                return 0;
        *ret_why = string_copy(
                "the server keeps a binary log and does not trust triggers and functions of users "
                "without SUPER: set log_bin_trust_function_creators = 1 on the server");
        return RESTORABLE_FORBIDDEN;
}

/* The longest statement */

int restorable_packet(struct database *database, uint64_t *ret, struct error *err)
{
        _cleanup_free_ char *value = NULL;
        if (database_query_value(database, &value, err, "SELECT @@GLOBAL.max_allowed_packet") < 0)
                return -1;
        *ret = value ? strtoull(value, NULL, 10) : 0;
        return 0;
}

/* A packet has the command's byte in front of the statement. */
static int judge_packet(
        struct database *database, const struct dump_demands *demands, char **ret_why, struct error *err)
{
        uint64_t packet;
        if (restorable_packet(database, &packet, err) < 0)
                return -1;
        if (demands->longest < packet)
                return 0;
        *ret_why = string_format("the backup's longest statement (table %s) has %" PRIu64
                                 " bytes, and the server takes %" PRIu64
                                 ": raise max_allowed_packet on the server above that",
                demands->longest_of ?: "not known", demands->longest, packet);
        return RESTORABLE_TOO_LONG;
}

int restorable_judge(struct database *database, const struct inventory *inventory,
        const struct schema_scope *scope, const struct dump_demands *demands, char **ret_why,
        struct error *err)
{
        int result = judge_packet(database, demands, ret_why, err);
        if (result == 0)
                result = judge_rights(database, inventory, scope, ret_why, err);
        if (result == 0)
                result = definers_judge(database, &demands->owners, ret_why, err);
        return result;
}
