/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the schema holds, in the dump's order, and the ranges in which big tables are read. */
#include "states/backup_inventory.h"
#include "states/native_dump_private.h"

#include <string.h>

#define RANGE_SIZE (UINT64_C(16) << 20) /* of a table's data, as the server estimates it */
#define RANGES_LIMIT 4096

struct plan {
        struct database *keeper;
        struct dump_queue *queue;
        dump_look_function *look;
        void *userdata; /* of look */
        uint64_t range_size; /* 0: each table in one part */
        char *collation; /* the schema's */
        struct buffer text; /* that is still to be put into the queue */
};

struct table {
        const char *name;
        bool transactional;
        uint64_t bytes; /* the server's estimate */
};

static void put_text(struct plan *plan)
{
        if (plan->text.size > 0)
                dump_queue_add_text(plan->queue, buffer_steal(&plan->text));
}

/* Columns */

struct columns {
        struct buffer select, insert; /* lists */
        size_t count; /* of those with data */
        char *key; /* first of the primary key, quoted, when it is an integer; or NULL */
};

static void columns_deinit(struct columns *columns)
{
        buffer_deinit(&columns->select);
        buffer_deinit(&columns->insert);
        free(columns->key);
}

/* EXTRA of MariaDB to 10.1: "VIRTUAL", "PERSISTENT"; later, and MySQL: "VIRTUAL GENERATED", "STORED
 * GENERATED". MySQL's "DEFAULT_GENERATED" is a default. */
static bool is_generated(const char *extra)
{
        return strstr(extra, "VIRTUAL") || strstr(extra, "PERSISTENT") || strstr(extra, "STORED GENERATED");
}

static bool is_integer(const char *type)
{
        static const char *const types[] = {"tinyint", "smallint", "mediumint", "int", "bigint"};
        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                if (string_equal(type, types[i]))
                        return true;
        return false;
}

/* The server writes a FLOAT with six digits; as a DOUBLE it has all that it needs. */
static void add_column(struct columns *columns, const char *name, const char *type)
{
        _cleanup_free_ char *quoted = database_quote_name(name);
        const char *comma = columns->count++ > 0 ? ", " : "";
        buffer_append_format(
                &columns->select, "%s%s%s", comma, quoted, string_equal(type, "float") ? " * 1e0" : "");
        buffer_append_format(&columns->insert, "%s%s", comma, quoted);
}

/* Names are compared as they are: to the server, tables of which but the case of letters differs are alike
 * here. A table that can't be opened has no columns in this list, and that is no error to the server. */
static int read_columns(struct plan *plan, const char *table, struct columns *ret, struct error *err)
{
        _cleanup_free_ char *quoted = database_quote(plan->keeper, table);
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(plan->keeper, &rows, err,
                    "SELECT c.COLUMN_NAME, c.EXTRA, c.DATA_TYPE, c.TABLE_NAME, s.COLUMN_NAME"
                    " FROM information_schema.COLUMNS c LEFT JOIN information_schema.STATISTICS s"
                    " ON s.TABLE_SCHEMA = DATABASE() AND s.TABLE_NAME = %s AND s.INDEX_NAME = 'PRIMARY'"
                    " AND s.SEQ_IN_INDEX = 1 AND s.COLUMN_NAME = c.COLUMN_NAME AND BINARY s.TABLE_NAME = %s"
                    " WHERE c.TABLE_SCHEMA = DATABASE() AND c.TABLE_NAME = %s ORDER BY c.ORDINAL_POSITION",
                    quoted, quoted, quoted) < 0)
                return -1;
        bool any = false;
        for (size_t i = 0; i < rows.rows; i++) {
                const char *name = database_cell(&rows, i, 0), *extra = database_cell(&rows, i, 1) ?: "";
                const char *type = database_cell(&rows, i, 2);
                if (!string_equal(database_cell(&rows, i, 3), table))
                        continue;
                any = true;
                if (is_generated(extra))
                        continue;
                add_column(ret, name, type);
                if (database_cell(&rows, i, 4) && is_integer(type))
                        string_replace(&ret->key, database_quote_name(name));
        }
        return any ? 0 : error_set(err, REASON_DATABASE_QUERY_FAILED, "the server tells of no columns");
}

/* Ranges */

struct ranges {
        struct plan *plan;
        const char *table, *key; /* quoted */
        uint64_t target; /* rows */
        uint64_t pending; /* rows since the last border */
        __int128 *borders;
        size_t count;
};

/* A 64-bit number of either kind. */
static char *number_text(__int128 number)
{
        return number < 0 ? string_format("%lld", (long long)number)
                          : string_format("%llu", (unsigned long long)number);
}

static __int128 number_of(const char *text)
{
        return *text == '-' ? (__int128)strtoll(text, NULL, 10) : (__int128)strtoull(text, NULL, 10);
}

/* The server's estimate, from a look at the index's two ends. */
static int estimate(const struct ranges *ranges, __int128 from, __int128 to, uint64_t *ret, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        _cleanup_free_ char *low = number_text(from), *high = number_text(to);
        if (ranges->plan->look(ranges->plan->userdata, err) < 0 ||
                database_query(ranges->plan->keeper, &rows, err,
                        "EXPLAIN SELECT %s FROM %s FORCE INDEX (PRIMARY) WHERE %s BETWEEN %s AND %s",
                        ranges->key, ranges->table, ranges->key, low, high) < 0)
                return -1;
        *ret = 0;
        for (size_t i = 0; i < rows.columns; i++)
                if (rows.rows > 0 && string_equal(rows.names[i], "rows") && database_cell(&rows, 0, i))
                        *ret = strtoull(database_cell(&rows, 0, i), NULL, 10);
        return 0;
}

static void add_range(struct ranges *ranges, __int128 from, uint64_t rows)
{
        if (ranges->pending > 0 && ranges->pending + rows > ranges->target) {
                ranges->borders = memory_grow(ranges->borders, ranges->count, sizeof(*ranges->borders));
                ranges->borders[ranges->count++] = from;
                ranges->pending = 0;
        }
        ranges->pending += rows;
}

/* Halves until a part is small enough: keys with gaps, or all at one end, make even ranges nevertheless. */
static int split(struct ranges *ranges, __int128 from, __int128 to, uint64_t rows, struct error *err)
{
        if (rows <= ranges->target || from >= to || ranges->count >= RANGES_LIMIT) {
                add_range(ranges, from, rows);
                return 0;
        }
        __int128 middle = from + (to - from) / 2;
        uint64_t lower, upper;
        if (estimate(ranges, from, middle, &lower, err) < 0 ||
                estimate(ranges, middle + 1, to, &upper, err) < 0)
                return -1;
        return split(ranges, from, middle, lower, err) < 0 ? -1 : split(ranges, middle + 1, to, upper, err);
}

static int find_ranges(struct ranges *ranges, const struct table *table, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        uint64_t parts = table->bytes / ranges->plan->range_size, all;
        if (database_query(ranges->plan->keeper, &rows, err, "SELECT MIN(%s), MAX(%s) FROM %s", ranges->key,
                    ranges->key, ranges->table) < 0)
                return -1;
        const char *low = database_cell(&rows, 0, 0), *high = database_cell(&rows, 0, 1);
        if (!low || !high || parts == 0)
                return 0;
        if (estimate(ranges, number_of(low), number_of(high), &all, err) < 0)
                return -1;
        ranges->target = all / parts + 1;
        return split(ranges, number_of(low), number_of(high), all, err);
}

/* Parts */

static void put_rows(struct plan *plan, const struct table *table, const char *quoted,
        const struct columns *columns, const char *where)
{
        struct dump_rows *rows = memory_new(sizeof(*rows));
        rows->table = string_copy(table->name);
        rows->nothing = columns->count == 0;
        rows->locks = !table->transactional;
        rows->select = string_format("SELECT /*!40001 SQL_NO_CACHE */ %s FROM %s%s",
                rows->nothing ? "1" : columns->select.data, quoted, where);
        /* With a list: the definition was asked for by another statement than the columns. */
        rows->insert = string_format("INSERT INTO %s (%s) VALUES\n", quoted, columns->insert.data ?: "");
        dump_queue_add_rows(plan->queue, rows);
}

/* The first range has no lower border, the last no upper one: none is left out that came since. */
static void put_ranges(struct plan *plan, const struct table *table, const char *quoted,
        const struct columns *columns, const struct ranges *ranges)
{
        for (size_t i = 0; i <= ranges->count; i++) {
                _cleanup_buffer_ struct buffer where = {0};
                _cleanup_free_ char *low = i > 0 ? number_text(ranges->borders[i - 1]) : NULL;
                _cleanup_free_ char *high = i < ranges->count ? number_text(ranges->borders[i]) : NULL;
                buffer_append_string(&where, " FORCE INDEX (PRIMARY) WHERE ");
                if (low)
                        buffer_append_format(&where, "%s >= %s", ranges->key, low);
                if (high)
                        buffer_append_format(&where, "%s%s < %s", low ? " AND " : "", ranges->key, high);
                put_rows(plan, table, quoted, columns, where.data);
        }
}

static int plan_rows(struct plan *plan, const struct table *table, const char *quoted, struct error *err)
{
        _cleanup_(columns_deinit) struct columns columns = {0};
        if (read_columns(plan, table->name, &columns, err) < 0)
                return error_wrap(err, "table %s", table->name);
        struct ranges ranges = {.plan = plan, .table = quoted, .key = columns.key};
        bool in_ranges = plan->range_size > 0 && table->transactional && columns.key &&
                         table->bytes > 2 * plan->range_size;
        if (in_ranges && find_ranges(&ranges, table, err) < 0) {
                free(ranges.borders);
                return error_wrap(err, "table %s", table->name);
        }
        if (ranges.count > 0)
                put_ranges(plan, table, quoted, &columns, &ranges);
        else
                put_rows(plan, table, quoted, &columns, "");
        free(ranges.borders);
        return 0;
}

/* Keys that are written once, behind all rows: engines without transactions alone have that. */
static int plan_table(struct plan *plan, const struct table *table, const char *engine, struct error *err)
{
        _cleanup_free_ char *quoted = database_quote_name(table->name);
        if (dump_table_definition(plan->keeper, table->name, &plan->text, err) < 0)
                return -1;
        if (!inventory_keeps_elsewhere(engine)) {
                if (!table->transactional)
                        buffer_append_format(&plan->text, "ALTER TABLE %s DISABLE KEYS;\n", quoted);
                put_text(plan);
                if (plan_rows(plan, table, quoted, err) < 0)
                        return -1;
                if (!table->transactional)
                        buffer_append_format(&plan->text, "ALTER TABLE %s ENABLE KEYS;\n", quoted);
        }
        return dump_triggers(plan->keeper, table->name, plan->collation, &plan->text, err);
}

static uint64_t number_cell(const struct database_rows *rows, size_t row, size_t column)
{
        const char *cell = database_cell(rows, row, column);
        return cell ? strtoull(cell, NULL, 10) : 0;
}

enum kind { SEQUENCES, TABLES, VIEWS };

static enum kind kind_of(const char *type)
{
        if (string_equal(type, "SEQUENCE"))
                return SEQUENCES;
        return string_equal(type, "VIEW") || string_equal(type, "SYSTEM VIEW") ? VIEWS : TABLES;
}

static int plan_one(
        struct plan *plan, const struct database_rows *rows, size_t i, enum kind kind, struct error *err)
{
        const struct table table = {
                .name = database_cell(rows, i, 0),
                .transactional = string_equal(database_cell(rows, i, 3), "YES"),
                .bytes = number_cell(rows, i, 4),
        };
        if (plan->look(plan->userdata, err) < 0)
                return -1;
        switch (kind) {
        case SEQUENCES:
                return dump_sequence_definition(plan->keeper, table.name, &plan->text, err);
        case TABLES:
                return plan_table(plan, &table, database_cell(rows, i, 2), err);
        case VIEWS:
                return dump_view_placeholder(plan->keeper, table.name, &plan->text, err);
        }
        return 0;
}

static int plan_kind(struct plan *plan, const struct database_rows *rows, enum kind kind, struct error *err)
{
        for (size_t i = 0; i < rows->rows; i++)
                if (kind_of(database_cell(rows, i, 1)) == kind && plan_one(plan, rows, i, kind, err) < 0)
                        return -1;
        return 0;
}

/* Views, each behind those that it is made of as far as their names tell: WITH CHECK OPTION can't be had of a
 * placeholder. */

struct view {
        char *quoted; /* its name */
        struct buffer text; /* its definition; none: it is written */
};

static bool names_another(const struct view *views, size_t count, const struct view *view)
{
        for (size_t i = 0; i < count; i++)
                if (&views[i] != view && views[i].text.size > 0 && strstr(view->text.data, views[i].quoted))
                        return true;
        return false;
}

static struct view *next_view(struct view *views, size_t count)
{
        struct view *first = NULL;
        for (size_t i = 0; i < count; i++) {
                if (views[i].text.size == 0)
                        continue;
                if (!names_another(views, count, &views[i]))
                        return &views[i];
                first = first ?: &views[i];
        }
        return first;
}

static int read_views(struct plan *plan, const struct database_rows *rows, struct view *views, size_t *count,
        struct error *err)
{
        for (size_t i = 0; i < rows->rows; i++) {
                const char *name = database_cell(rows, i, 0);
                if (kind_of(database_cell(rows, i, 1)) != VIEWS)
                        continue;
                struct view *view = &views[(*count)++];
                view->quoted = database_quote_name(name);
                if (plan->look(plan->userdata, err) < 0 ||
                        dump_view_definition(plan->keeper, name, &view->text, err) < 0)
                        return -1;
        }
        return 0;
}

static int plan_views(struct plan *plan, const struct database_rows *rows, struct error *err)
{
        struct view *views = memory_new_array(rows->rows, sizeof(*views)), *next;
        size_t count = 0;
        int result = read_views(plan, rows, views, &count, err);
        while (result == 0 && (next = next_view(views, count))) {
                buffer_append(&plan->text, next->text.data, next->text.size);
                buffer_deinit(&next->text);
        }
        for (size_t i = 0; i < count; i++) {
                free(views[i].quoted);
                buffer_deinit(&views[i].text);
        }
        free(views);
        return result;
}

static int plan_tables(struct plan *plan, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(plan->keeper, &rows, err,
                    "SELECT t.TABLE_NAME, t.TABLE_TYPE, t.ENGINE, e.TRANSACTIONS, t.DATA_LENGTH"
                    " FROM information_schema.TABLES t"
                    " LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE"
                    " WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE NOT LIKE '%%TEMPORARY%%'"
                    " ORDER BY t.TABLE_NAME, BINARY t.TABLE_NAME") < 0)
                return error_wrap(err, "listing the tables");
        if (plan_kind(plan, &rows, SEQUENCES, err) < 0 || plan_kind(plan, &rows, TABLES, err) < 0 ||
                plan_kind(plan, &rows, VIEWS, err) < 0 ||
                dump_events(plan->keeper, plan->collation, &plan->text, err) < 0 ||
                dump_routines(plan->keeper, plan->collation, &plan->text, err) < 0)
                return -1;
        return plan_views(plan, &rows, err);
}

static int plan_all(struct plan *plan, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(plan->keeper, &rows, err, "SELECT DATABASE(), VERSION(), @@collation_database") <
                0)
                return -1;
        plan->collation = string_copy(database_cell(&rows, 0, 2) ?: "");
        dump_session_begin(&plan->text, database_cell(&rows, 0, 0) ?: "", database_cell(&rows, 0, 1) ?: "");
        /* A body's text is in the character set that it was written in. */
        if (database_query(plan->keeper, NULL, err, "SET SESSION character_set_results = binary") < 0 ||
                plan_tables(plan, err) < 0)
                return -1;
        dump_session_end(&plan->text);
        put_text(plan);
        dump_queue_end(plan->queue);
        return 0;
}

int dump_plan(const struct native_dump *dump, struct database *keeper, bool ranges, struct dump_queue *queue,
        dump_look_function *look, void *userdata, struct error *err)
{
        struct plan plan = {.keeper = keeper,
                .queue = queue,
                .look = look,
                .userdata = userdata,
                .range_size = ranges ? dump->range_size ?: RANGE_SIZE : 0};
        int result = plan_all(&plan, err);
        buffer_deinit(&plan.text);
        free(plan.collation);
        return result;
}
