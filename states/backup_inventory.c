/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/backup_inventory.h"

#include "lib/clock.h"
#include "lib/sha256.h"
#include "lib/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>

#define INVENTORY_VERSION 1

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
        *inventory = (struct inventory){0};
}

static struct inventory_item *find(
        const struct inventory *inventory, enum dump_object object, const char *name)
{
        for (size_t i = 0; i < inventory->count; i++)
                if (inventory->items[i].object == object && string_equal(inventory->items[i].name, name))
                        return &inventory->items[i];
        return NULL;
}

const struct inventory_item *inventory_find(
        const struct inventory *inventory, enum dump_object object, const char *name)
{
        return find(inventory, object, name);
}

size_t inventory_tables(const struct inventory *inventory)
{
        size_t count = 0;
        for (size_t i = 0; i < inventory->count; i++)
                count += inventory->items[i].object == DUMP_TABLE;
        return count;
}

bool schema_scope_has(const struct schema_scope *scope, const char *name)
{
        if (!scope || !scope->prefix)
                return true;
        size_t size = strlen(scope->prefix);
        return scope->any_case ? strncasecmp(name, scope->prefix, size) == 0
                               : strncmp(name, scope->prefix, size) == 0;
}

int schema_scope_read(
        struct database *database, const char *prefix, struct schema_scope *ret, struct error *err)
{
        _cleanup_free_ char *folding = NULL;
        int result = database_query_value(database, &folding, err, "SELECT @@lower_case_table_names");
        if (result < 0)
                return -1;
        *ret = (struct schema_scope){.prefix = prefix, .any_case = !string_equal(folding, "0")};
        return 0;
}

int inventory_prepare(struct database *database, struct error *err)
{
        return database_query(database, NULL, err,
                "SET SESSION sql_mode = '', sql_quote_show_create = 1, time_zone = '+00:00',"
                " wait_timeout = 31536000, lock_wait_timeout = 60, innodb_lock_wait_timeout = 60");
}

/* Reading */

struct reading {
        struct database *database;
        enum inventory_depth depth;
        const struct schema_scope *scope;
        const struct inventory_progress *progress;
        struct inventory inventory;
};

static struct inventory_item *add_item(struct reading *reading, enum dump_object object, const char *name)
{
        struct inventory *inventory = &reading->inventory;
        inventory->items = memory_grow(inventory->items, inventory->count, sizeof(*inventory->items));
        struct inventory_item *item = &inventory->items[inventory->count++];
        *item = (struct inventory_item){.object = object, .name = string_copy(name), .steady = true};
        return item;
}

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

/* Engines whose rows dumps leave out (client/mysqldump.cc, check_if_ignore_table). */
static bool engine_keeps_elsewhere(const char *engine)
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
        static const char old_date[] = " /* mariadb-5.3 */";
        item->old_dates = strstr(definition, old_date) != NULL;
        _cleanup_free_ char *plain = text_replace(definition, old_date, "");
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
        if (reading->depth < INVENTORY_CHECKSUMS || item->rounded || item->old_dates)
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
        struct inventory_item *item = add_item(reading, object, database_cell(rows, i, 0));
        item->no_data = engine_keeps_elsewhere(database_cell(rows, i, 2));
        item->rounded = rounded;
        item->versioned = string_equal(database_cell(rows, i, 1), "SYSTEM VERSIONED");
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
                struct inventory_item *item = add_item(reading, DUMP_TRIGGER, database_cell(&rows, i, 0));
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
                                &add_item(reading, DUMP_EVENT, database_cell(&rows, i, 0))->definition);
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
                struct inventory_item *item = add_item(reading, object, database_cell(&rows, i, 0));
                if (read_routine(reading, item, err) < 0)
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

/* Settling */

static int settle_table(struct inventory_item *item, const struct inventory_item *after,
        const struct dump_item *dumped, struct error *err)
{
        bool same = after && string_equal(item->definition, after->definition) &&
                    string_equal(item->counter, after->counter) &&
                    string_equal(item->checksum, after->checksum) && item->counted == after->counted &&
                    item->rows == after->rows;
        if (same && item->checksum && item->rows != dumped->rows)
                return error_set(err, REASON_BACKUP_INCOMPLETE,
                        "table %s had %" PRIu64 " rows before and after the dump, but the dump holds %" PRIu64
                        "",
                        item->name, item->rows, dumped->rows);
        if (!item->no_data) {
                item->rows = dumped->rows;
                item->counted = true;
        }
        if (same)
                return 0;
        item->steady = false;
        if (!after || !string_equal(item->definition, after->definition))
                string_replace(&item->definition, NULL);
        string_replace(&item->checksum, NULL);
        string_replace(&item->counter, NULL);
        return 0;
}

static void drop_item(struct inventory *inventory, size_t at)
{
        inventory_item_deinit(&inventory->items[at]);
        memmove(&inventory->items[at], &inventory->items[at + 1],
                (inventory->count - at - 1) * sizeof(*inventory->items));
        inventory->count--;
}

/* What came to be or went while the dump ran is in the inventory when it is in the dump. */
static int settle_item(struct inventory *before, size_t *at, const struct inventory *after,
        const struct dump_contents *dump, struct error *err)
{
        struct inventory_item *item = &before->items[*at];
        const struct inventory_item *later = find(after, item->object, item->name);
        const struct dump_item *dumped = dump_contents_find(dump, item->object, item->name);
        if (!dumped && later)
                return error_set(err, REASON_BACKUP_INCOMPLETE, "the dump lacks %s %s",
                        dump_object_name(item->object), item->name);
        if (!dumped) {
                drop_item(before, *at);
                return 0;
        }
        ++*at;
        if (item->object == DUMP_TABLE)
                return settle_table(item, later, dumped, err);
        item->steady = later && string_equal(item->definition, later->definition);
        if (!item->steady)
                string_replace(&item->definition, NULL);
        return 0;
}

int inventory_settle(struct inventory *before, const struct inventory *after,
        const struct dump_contents *dump, struct error *err)
{
        for (size_t at = 0; at < before->count;)
                if (settle_item(before, &at, after, dump, err) < 0)
                        return -1;
        for (size_t i = 0; i < dump->count; i++) {
                const struct dump_item *dumped = &dump->items[i];
                if (find(before, dumped->object, dumped->name))
                        continue;
                struct reading reading = {.inventory = *before};
                struct inventory_item *item = add_item(&reading, dumped->object, dumped->name);
                item->table = string_copy(dumped->table);
                item->rows = dumped->rows;
                item->counted = dumped->object == DUMP_TABLE;
                item->steady = false;
                *before = reading.inventory;
        }
        before->bytes = dump->bytes;
        return 0;
}

/* Comparing */

#define DIFFERENCES_TOLD 8

struct comparison {
        size_t count;
        struct buffer *text;
};

static void differ(struct comparison *comparison, const char *format, ...) _printf(2, 3);

static void differ(struct comparison *comparison, const char *format, ...)
{
        if (++comparison->count > DIFFERENCES_TOLD)
                return;
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = string_format_list(format, arguments);
        va_end(arguments);
        buffer_append_format(comparison->text, "%s%s", comparison->count > 1 ? "; " : "", text);
}

static void compare_tables(struct comparison *comparison, const struct inventory_item *expected,
        const struct inventory_item *found)
{
        if (expected->counted && found->counted && expected->rows != found->rows)
                differ(comparison, "table %s has %" PRIu64 " rows, the backup %" PRIu64 "", expected->name,
                        found->rows, expected->rows);
        else if (expected->checksum && found->checksum && !string_equal(expected->checksum, found->checksum))
                differ(comparison, "table %s has other contents than the backup's", expected->name);
        /* InnoDB may hold a counter that was only set in memory; one that it had must be there. */
        if (expected->steady && expected->counter && !string_equal(expected->counter, found->counter))
                differ(comparison, "table %s counts on from %s, the backup from %s", expected->name,
                        found->counter ?: "1", expected->counter);
}

static void compare_items(struct comparison *comparison, const struct inventory_item *expected,
        const struct inventory_item *found)
{
        if (!found) {
                differ(comparison, "%s %s is missing", dump_object_name(expected->object), expected->name);
                return;
        }
        if (expected->definition && found->definition &&
                !string_equal(expected->definition, found->definition))
                differ(comparison, "%s %s is defined otherwise", dump_object_name(expected->object),
                        expected->name);
        if (expected->object == DUMP_TABLE)
                compare_tables(comparison, expected, found);
}

static size_t end_comparison(struct comparison *comparison)
{
        if (comparison->count > DIFFERENCES_TOLD)
                buffer_append_format(
                        comparison->text, "; and %zu more", comparison->count - DIFFERENCES_TOLD);
        return comparison->count;
}

size_t inventory_compare(const struct inventory *expected, const struct inventory *found,
        const struct schema_scope *scope, struct buffer *differences, uint64_t *tables, uint64_t *rows)
{
        struct comparison comparison = {.text = differences};
        *tables = *rows = 0;
        for (size_t i = 0; i < expected->count; i++) {
                const struct inventory_item *item = &expected->items[i];
                if (!schema_scope_has(scope, item->table ?: item->name))
                        continue;
                compare_items(&comparison, item, find(found, item->object, item->name));
                *tables += item->object == DUMP_TABLE;
                *rows += item->object == DUMP_TABLE && item->counted ? item->rows : 0;
        }
        for (size_t i = 0; i < found->count; i++) {
                const struct inventory_item *item = &found->items[i];
                if (!find(expected, item->object, item->name))
                        differ(&comparison, "%s %s is not in the backup", dump_object_name(item->object),
                                item->name);
        }
        return end_comparison(&comparison);
}

size_t inventory_compare_dump(const struct inventory *expected, const struct dump_contents *dump,
        struct buffer *differences, uint64_t *tables, uint64_t *rows)
{
        struct comparison comparison = {.text = differences};
        *tables = *rows = 0;
        for (size_t i = 0; i < expected->count; i++) {
                const struct inventory_item *item = &expected->items[i];
                const struct dump_item *dumped = dump_contents_find(dump, item->object, item->name);
                if (!dumped)
                        differ(&comparison, "%s %s is missing", dump_object_name(item->object), item->name);
                else if (item->object == DUMP_TABLE && item->counted && item->rows != dumped->rows)
                        differ(&comparison, "the dump holds %" PRIu64 " rows of table %s, not %" PRIu64 "",
                                dumped->rows, item->name, item->rows);
                *tables += item->object == DUMP_TABLE;
                *rows += dumped ? dumped->rows : 0;
        }
        for (size_t i = 0; i < dump->count; i++)
                if (!find(expected, dump->items[i].object, dump->items[i].name))
                        differ(&comparison, "%s %s was not there", dump_object_name(dump->items[i].object),
                                dump->items[i].name);
        return end_comparison(&comparison);
}

/* JSON */

static json_t *text_or_null(const char *text)
{
        return text ? json_string(text) : json_null();
}

static json_t *item_json(const struct inventory_item *item)
{
        json_t *json = json_pack("{ss ss so}", "object", dump_object_name(item->object), "name", item->name,
                "definition", text_or_null(item->definition));
        if (item->table)
                (void)json_object_set_new(json, "table", json_string(item->table));
        if (item->object != DUMP_TABLE)
                return json;
        (void)json_object_set_new(
                json, "rows", item->counted ? json_integer((json_int_t)item->rows) : json_null());
        (void)json_object_set_new(json, "checksum", text_or_null(item->checksum));
        (void)json_object_set_new(json, "counter", text_or_null(item->counter));
        (void)json_object_set_new(json, "steady", json_boolean(item->steady));
        (void)json_object_set_new(json, "rounded", json_boolean(item->rounded));
        (void)json_object_set_new(json, "old_dates", json_boolean(item->old_dates));
        (void)json_object_set_new(json, "no_data", json_boolean(item->no_data));
        (void)json_object_set_new(json, "versioned", json_boolean(item->versioned));
        return json;
}

char *inventory_text(const struct inventory *inventory)
{
        json_auto_t *json = json_pack("{si ss ss ss ss sI sI sb s[]}", "version", INVENTORY_VERSION, "schema",
                inventory->schema, "server", inventory->server, "charset", inventory->charset, "collation",
                inventory->collation, "time_ms", (json_int_t)inventory->time_ms, "bytes",
                (json_int_t)inventory->bytes, "checksums", (int)inventory->checksums, "items");
        for (size_t i = 0; i < inventory->count; i++)
                (void)json_array_append_new(json_object_get(json, "items"), item_json(&inventory->items[i]));
        return json_dumps(json, JSON_INDENT(1));
}

static char *text_of(const json_t *json, const char *name)
{
        return string_copy(json_string_value(json_object_get(json, name)));
}

static bool flag_of(const json_t *json, const char *name)
{
        return json_is_true(json_object_get(json, name));
}

static bool parse_item(const json_t *json, struct inventory_item *item)
{
        if (!dump_object_from_name(json_string_value(json_object_get(json, "object")), &item->object))
                return false;
        const json_t *rows = json_object_get(json, "rows");
        item->name = text_of(json, "name");
        item->definition = text_of(json, "definition");
        item->table = text_of(json, "table");
        item->checksum = text_of(json, "checksum");
        item->counter = text_of(json, "counter");
        item->counted = json_is_integer(rows) && json_integer_value(rows) >= 0;
        item->rows = item->counted ? (uint64_t)json_integer_value(rows) : 0;
        item->steady = flag_of(json, "steady");
        item->rounded = flag_of(json, "rounded");
        item->old_dates = flag_of(json, "old_dates");
        item->no_data = flag_of(json, "no_data");
        item->versioned = flag_of(json, "versioned");
        return item->name && (item->object != DUMP_TRIGGER || item->table);
}

static bool parse_items(const json_t *items, struct inventory *inventory)
{
        size_t count = json_array_size(items);
        inventory->items = memory_new_array(count + 1, sizeof(*inventory->items));
        while (inventory->count < count) {
                const json_t *item = json_array_get(items, inventory->count);
                if (!parse_item(item, &inventory->items[inventory->count++]))
                        return false;
        }
        return json_is_array(items);
}

int inventory_parse(const char *text, size_t size, struct inventory *ret, struct error *err)
{
        json_auto_t *json = json_loadb(text, size, 0, NULL);
        _cleanup_inventory_ struct inventory inventory = {
                .schema = text_of(json, "schema"),
                .server = text_of(json, "server"),
                .charset = text_of(json, "charset"),
                .collation = text_of(json, "collation"),
                .time_ms = json_integer_value(json_object_get(json, "time_ms")),
                .bytes = (uint64_t)json_integer_value(json_object_get(json, "bytes")),
                .checksums = flag_of(json, "checksums"),
        };
        if (json_integer_value(json_object_get(json, "version")) != INVENTORY_VERSION || !inventory.schema ||
                !inventory.charset || !inventory.collation ||
                !parse_items(json_object_get(json, "items"), &inventory))
                return error_set(err, REASON_BACKUP_INCOMPLETE, "the backup's inventory can't be read");
        *ret = inventory;
        inventory = (struct inventory){0};
        return 0;
}
