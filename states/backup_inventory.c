/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/backup_inventory.h"

#include "lib/clock.h"
#include "lib/sha256.h"
#include "lib/text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

void inventory_item_deinit(struct inventory_item *item)
{
        free(item->name);
        free(item->definition);
        free(item->table);
        free(item->counter);
        free(item->checksum);
}

void inventory_deinit(struct inventory *inventory)
{
        for (size_t i = 0; i < inventory->count; i++)
                inventory_item_deinit(&inventory->items[i]);
        free(inventory->items);
        free(inventory->schema);
        free(inventory->server);
        free(inventory->charset);
        free(inventory->collation);
        free(inventory->prefix);
        *inventory = (struct inventory){0};
}

const struct inventory_item *inventory_find(
        const struct inventory *inventory, enum dump_object object, const char *name)
{
        for (size_t i = 0; i < inventory->count; i++)
                if (inventory->items[i].object == object && string_equal(inventory->items[i].name, name))
                        return &inventory->items[i];
        return NULL;
}

struct inventory_item *inventory_add(struct inventory *inventory, enum dump_object object, const char *name)
{
        inventory->items = memory_grow(inventory->items, inventory->count, sizeof(*inventory->items));
        struct inventory_item *item = &inventory->items[inventory->count++];
        *item = (struct inventory_item){.object = object, .name = string_copy(name), .steady = true};
        return item;
}

size_t inventory_tables(const struct inventory *inventory)
{
        size_t count = 0;
        for (size_t i = 0; i < inventory->count; i++)
                count += inventory->items[i].object == DUMP_TABLE;
        return count;
}

void schema_scope_deinit(struct schema_scope *scope)
{
        string_list_deinit(&scope->others);
}

static bool begins_with(const struct schema_scope *scope, const char *name, const char *prefix)
{
        return (scope->any_case ? strncasecmp : strncmp)(name, prefix, strlen(prefix)) == 0;
}

bool schema_scope_has(const struct schema_scope *scope, const char *name)
{
        if (!scope)
                return true;
        for (size_t i = 0; i < scope->others.count; i++)
                if (begins_with(scope, name, scope->others.items[i]))
                        return false;
        return !scope->prefix || begins_with(scope, name, scope->prefix);
}

/* A prefix with which three of Mautic's tables are there is a Mautic's. */
static int find_other_mautics(struct database *database, struct schema_scope *scope, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        size_t size = scope->prefix ? strlen(scope->prefix) : 0;
        if (database_query(database, &rows, err,
                    "SELECT p.prefix FROM"
                    " (SELECT LEFT(TABLE_NAME, CHAR_LENGTH(TABLE_NAME) - CHAR_LENGTH('lead_fields')) AS "
                    "prefix"
                    " FROM information_schema.TABLES"
                    " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE '%%lead\\_fields') p"
                    " WHERE (SELECT COUNT(*) FROM information_schema.TABLES t"
                    " WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_NAME IN"
                    " (CONCAT(p.prefix, 'leads'), CONCAT(p.prefix, 'campaigns'))) = 2") < 0)
                return error_wrap(err, "looking for other Mautics in the schema");
        for (size_t i = 0; i < rows.rows; i++) {
                const char *other = database_cell(&rows, i, 0);
                if (strlen(other) > size && (!scope->prefix || begins_with(scope, other, scope->prefix)))
                        string_list_add(&scope->others, other);
        }
        return 0;
}

int schema_scope_read(
        struct database *database, const char *prefix, struct schema_scope *ret, struct error *err)
{
        _cleanup_free_ char *folding = NULL;
        int result = database_query_value(database, &folding, err, "SELECT @@lower_case_table_names");
        if (result < 0)
                return -1;
        _cleanup_schema_scope_ struct schema_scope scope = {
                .prefix = prefix, .any_case = !string_equal(folding, "0")};
        if (find_other_mautics(database, &scope, err) < 0)
                return -1;
        *ret = scope;
        scope = (struct schema_scope){0};
        return 0;
}

/* Not every server has it, nor lets everybody set it. */
static void set_where_possible(struct database *database, const char *setting)
{
        _cleanup_error_ struct error refused = {0};
        (void)!database_query(database, NULL, &refused, "SET SESSION %s", setting);
}

int inventory_prepare(struct database *database, struct error *err)
{
        if (database_query(database, NULL, err,
                    "SET SESSION sql_mode = '', sql_quote_show_create = 1, time_zone = '+00:00',"
                    " wait_timeout = 31536000, lock_wait_timeout = 60, innodb_lock_wait_timeout = 60") < 0)
                return -1;
        /* A table that stands must be one that can be made again, however wide its rows. */
        set_where_possible(database, "innodb_strict_mode = 0");
        /* MySQL 5.6 and 5.7 tell of times stored as 5.5 did only then; a copy stores them otherwise. */
        set_where_possible(database, "show_old_temporals = 1");
        return 0;
}

/* Reading */

struct reading {
        struct database *database;
        enum inventory_depth depth;
        const struct schema_scope *scope;
        const struct inventory_progress *progress;
        struct inventory inventory;
};

static void hash(const char *text, size_t size, char **ret)
{
        char hex[SHA256_HEX_SIZE];
        sha256_of(text, size, hex);
        string_replace(ret, string_copy(hex));
}

static int read_schema(struct reading *reading, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(reading->database, &rows, err,
                    "SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME, VERSION()"
                    " FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = DATABASE()") < 0)
                return -1;
        if (rows.rows != 1)
                return error_set(err, REASON_DATABASE_QUERY_FAILED, "the connection is in no schema");
        struct inventory *inventory = &reading->inventory;
        inventory->schema = string_copy(database_cell(&rows, 0, 0));
        inventory->charset = string_copy(database_cell(&rows, 0, 1));
        inventory->collation = string_copy(database_cell(&rows, 0, 2));
        inventory->server = string_copy(database_cell(&rows, 0, 3));
        return 0;
}

bool inventory_keeps_elsewhere(const char *engine)
{
        static const char *const engines[] = {"MRG_MyISAM", "MRG_ISAM", "FEDERATED", "CONNECT", "OQGRAPH",
                "SPIDER", "VP", "SEQUENCE", "BLACKHOLE", "S3"};
        for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
                if (engine && strcasecmp(engine, engines[i]) == 0)
                        return true;
        return false;
}

/* Cuts " AUTO_INCREMENT=123" out of the definition's last line, where only options stand; names in quotes are
 * longer words there. */
static char *cut_counter(char *definition)
{
        static const char mark[] = ") ENGINE=", counter[] = " AUTO_INCREMENT=";
        char *options = NULL;
        for (char *at = definition; (at = strstr(at, mark)); at++)
                options = at;
        char *begin = options ? strstr(options, counter) : NULL;
        if (!begin)
                return NULL;
        char *number = begin + strlen(counter);
        size_t digits = strspn(number, "0123456789");
        char *value = memory_copy(number, digits);
        memmove(begin, number + digits, strlen(number + digits) + 1);
        return value;
}

static int read_table_definition(struct reading *reading, struct inventory_item *item, struct error *err)
{
        _cleanup_free_ char *name = database_quote_name(item->name);
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(reading->database, &rows, err, "SHOW CREATE TABLE %s", name) < 0)
                return -1;
        _cleanup_free_ char *definition = string_copy(database_cell(&rows, 0, 1) ?: "");
        item->counter = cut_counter(definition);
        static const char of_mariadb[] = " /* mariadb-5.3 */", of_mysql[] = " /* 5.5 binary format */";
        item->old_dates = strstr(definition, of_mariadb) || strstr(definition, of_mysql);
        _cleanup_free_ char *less = text_replace(definition, of_mariadb, "");
        _cleanup_free_ char *plain = text_replace(less, of_mysql, "");
        hash(plain, strlen(plain), &item->definition);
        return 0;
}

static int read_rows(struct reading *reading, struct inventory_item *item, struct error *err)
{
        _cleanup_free_ char *name = database_quote_name(item->name);
        _cleanup_free_ char *count = NULL;
        if (reading->depth < INVENTORY_ROWS || item->no_data)
                return 0;
        if (database_query_value(reading->database, &count, err, "SELECT COUNT(*) FROM %s", name) < 0)
                return -1;
        item->rows = count ? strtoull(count, NULL, 10) : 0;
        item->counted = true;
        if (reading->depth < INVENTORY_CHECKSUMS || item->old_dates || item->versioned)
                return 0;
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(reading->database, &rows, err, "CHECKSUM TABLE %s", name) < 0)
                return -1;
        item->checksum = string_copy(database_cell(&rows, 0, 1));
        return 0;
}

static int read_table(struct reading *reading, struct inventory_item *item, struct error *err)
{
        if (read_table_definition(reading, item, err) < 0 || read_rows(reading, item, err) < 0)
                return error_wrap(err, "table %s", item->name);
        return 0;
}

static int tell_progress(const struct reading *reading, size_t done, size_t total, struct error *err)
{
        const struct inventory_progress *progress = reading->progress;
        if (!progress)
                return 0;
        if (progress->on_table)
                progress->on_table(done, total, progress->userdata);
        return cancel_check(progress->cancel, err);
}

static enum dump_object object_of_type(const char *type)
{
        if (string_equal(type, "SEQUENCE"))
                return DUMP_SEQUENCE;
        return string_equal(type, "VIEW") || string_equal(type, "SYSTEM VIEW") ? DUMP_VIEW : DUMP_TABLE;
}

static int read_view(struct reading *reading, struct inventory_item *item, struct error *err)
{
        _cleanup_free_ char *name = database_quote_name(item->name);
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(reading->database, &rows, err, "SHOW CREATE VIEW %s", name) < 0)
                return error_wrap(err, "view %s", item->name);
        const char *definition = database_cell(&rows, 0, 1) ?: "";
        hash(definition, strlen(definition), &item->definition);
        return 0;
}

/* A sequence's numbers in stock are given up by each restart, so only that it is there is compared. */
static int read_table_like(
        struct reading *reading, const struct database_rows *rows, size_t i, bool rounded, struct error *err)
{
        enum dump_object object = object_of_type(database_cell(rows, i, 1));
        struct inventory_item *item = inventory_add(&reading->inventory, object, database_cell(rows, i, 0));
        item->no_data = inventory_keeps_elsewhere(database_cell(rows, i, 2));
        item->rounded = rounded;
        item->versioned = string_equal(database_cell(rows, i, 1), "SYSTEM VERSIONED");
        if (reading->depth == INVENTORY_PRESENT) {
                item->definition = string_copy("");
                return 0;
        }
        if (object == DUMP_TABLE)
                return read_table(reading, item, err);
        if (object == DUMP_VIEW)
                return read_view(reading, item, err);
        item->definition = string_copy("");
        return 0;
}

static bool is_among(const struct database_rows *names, const char *name)
{
        for (size_t i = 0; i < names->rows; i++)
                if (string_equal(database_cell(names, i, 0), name))
                        return true;
        return false;
}

static int read_tables(struct reading *reading, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0}, rounded = {0};
        if (database_query(reading->database, &rounded, err,
                    "SELECT DISTINCT TABLE_NAME FROM information_schema.COLUMNS"
                    " WHERE TABLE_SCHEMA = DATABASE() AND DATA_TYPE = 'float'") < 0 ||
                database_query(reading->database, &rows, err,
                        "SELECT TABLE_NAME, TABLE_TYPE, ENGINE FROM information_schema.TABLES"
                        " WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE NOT LIKE '%%TEMPORARY%%'"
                        " ORDER BY TABLE_NAME") < 0)
                return -1;
        for (size_t i = 0; i < rows.rows; i++) {
                if (tell_progress(reading, i, rows.rows, err) < 0)
                        return -1;
                if (schema_scope_has(reading->scope, database_cell(&rows, i, 0)) &&
                        read_table_like(
                                reading, &rows, i, is_among(&rounded, database_cell(&rows, i, 0)), err) < 0)
                        return -1;
        }
        return tell_progress(reading, rows.rows, rows.rows, err);
}

/* A hash of all cells but the first `skip`. */
static void hash_cells(const struct database_rows *rows, size_t row, size_t skip, char **ret)
{
        _cleanup_buffer_ struct buffer text = {0};
        for (size_t i = skip; i < rows->columns; i++) {
                const char *cell = database_cell(rows, row, i);
                /* What a dump puts behind a body is no part of it. */
                size_t size = cell ? strlen(cell) : 0;
                while (size > 0 && isspace((unsigned char)cell[size - 1]))
                        size--;
                buffer_append_format(&text, "%zu:", size);
                buffer_append(&text, cell ?: "", size);
        }
        hash(text.data ?: "", text.size, ret);
}

/* Their scope is their table's. */
static int read_triggers(struct reading *reading, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(reading->database, &rows, err,
                    "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING,"
                    " ACTION_STATEMENT, SQL_MODE, DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION"
                    " FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()"
                    " ORDER BY EVENT_OBJECT_TABLE, ACTION_ORDER, TRIGGER_NAME") < 0)
                return -1;
        for (size_t i = 0; i < rows.rows; i++) {
                const char *table = database_cell(&rows, i, 1);
                if (!schema_scope_has(reading->scope, table))
                        continue;
                struct inventory_item *item =
                        inventory_add(&reading->inventory, DUMP_TRIGGER, database_cell(&rows, i, 0));
                item->table = string_copy(table);
                hash_cells(&rows, i, 1, &item->definition);
        }
        return 0;
}

static int read_events(struct reading *reading, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(reading->database, &rows, err,
                    "SELECT EVENT_NAME, EVENT_DEFINITION, EVENT_TYPE, EXECUTE_AT, INTERVAL_VALUE,"
                    " INTERVAL_FIELD, SQL_MODE, STARTS, ENDS, STATUS, ON_COMPLETION, DEFINER, TIME_ZONE,"
                    " EVENT_COMMENT, CHARACTER_SET_CLIENT, COLLATION_CONNECTION"
                    " FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE() ORDER BY EVENT_NAME") <
                0)
                return -1;
        for (size_t i = 0; i < rows.rows; i++)
                if (schema_scope_has(reading->scope, database_cell(&rows, i, 0)))
                        hash_cells(&rows, i, 1,
                                &inventory_add(&reading->inventory, DUMP_EVENT, database_cell(&rows, i, 0))
                                         ->definition);
        return 0;
}

static int read_routine(struct reading *reading, struct inventory_item *item, struct error *err)
{
        _cleanup_free_ char *name = database_quote_name(item->name);
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(reading->database, &rows, err, "SHOW CREATE %s %s", dump_object_sql(item->object),
                    name) < 0)
                return error_wrap(err, "%s %s", dump_object_name(item->object), item->name);
        if (!database_cell(&rows, 0, 2)) /* another's, and this user may not see it */
                return 0;
        /* Name, sql_mode, text, and the character sets; the schema's own collation is the last. */
        struct database_rows kept = rows;
        kept.columns = rows.columns > 5 ? 5 : rows.columns;
        hash_cells(&kept, 0, 1, &item->definition);
        return 0;
}

static int read_routines(struct reading *reading, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(reading->database, &rows, err,
                    "SELECT ROUTINE_NAME, LOWER(ROUTINE_TYPE) FROM information_schema.ROUTINES"
                    " WHERE ROUTINE_SCHEMA = DATABASE() ORDER BY ROUTINE_TYPE, ROUTINE_NAME") < 0)
                return -1;
        for (size_t i = 0; i < rows.rows; i++) {
                enum dump_object object;
                if (!schema_scope_has(reading->scope, database_cell(&rows, i, 0)) ||
                        !dump_object_from_name(database_cell(&rows, i, 1), &object))
                        continue;
                struct inventory_item *item =
                        inventory_add(&reading->inventory, object, database_cell(&rows, i, 0));
                if (reading->depth > INVENTORY_PRESENT && read_routine(reading, item, err) < 0)
                        return -1;
        }
        return 0;
}

int inventory_read(struct database *database, enum inventory_depth depth, const struct schema_scope *scope,
        const struct inventory_progress *progress, struct inventory *ret, struct error *err)
{
        struct reading reading = {
                .database = database,
                .depth = depth,
                .scope = scope,
                .progress = progress,
                .inventory = {.time_ms = clock_wall_ms(), .checksums = depth == INVENTORY_CHECKSUMS},
        };
        if (inventory_prepare(database, err) < 0 || read_schema(&reading, err) < 0 ||
                read_tables(&reading, err) < 0 || read_triggers(&reading, err) < 0 ||
                read_routines(&reading, err) < 0 || read_events(&reading, err) < 0) {
                inventory_deinit(&reading.inventory);
                return error_wrap(err, "taking stock of the database");
        }
        *ret = reading.inventory;
        return 0;
}
