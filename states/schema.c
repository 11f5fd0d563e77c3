/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/schema.h"

#include "lib/memory.h"
#include "lib/sha256.h"
#include "states/backup_inventory.h"

#include <string.h>

#define FURTHER_TABLES "(further tables)"
#define HASH_SIZE 16 /* hex digits of each table that are kept */
#define NAMED_LIMIT 20

static const struct {
        const char *columns, *source, *schema, *order;
} sources[] = {
        {"TABLE_TYPE, ENGINE, TABLE_COLLATION", "TABLES", "TABLE_SCHEMA", "TABLE_NAME"},
        {"COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, COLLATION_NAME, EXTRA, COLUMN_COMMENT",
                "COLUMNS", "TABLE_SCHEMA", "TABLE_NAME, ORDINAL_POSITION"},
        {"INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, NON_UNIQUE, SUB_PART, INDEX_TYPE", "STATISTICS",
                "TABLE_SCHEMA", "TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX"},
        {"CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME", "KEY_COLUMN_USAGE",
                "TABLE_SCHEMA", "TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION"},
        {"CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE", "REFERENTIAL_CONSTRAINTS", "CONSTRAINT_SCHEMA",
                "TABLE_NAME, CONSTRAINT_NAME"},
};

struct table {
        char *name;
        struct buffer description;
};

struct tables {
        struct table *items; /* sorted; behind them one more for all further ones */
        size_t count;
};

static void tables_deinit(struct tables *tables)
{
        for (size_t i = 0; tables->items && i <= tables->count; i++) {
                free(tables->items[i].name);
                buffer_deinit(&tables->items[i].description);
        }
        free(tables->items);
}

static int compare_tables(const void *left, const void *right)
{
        return strcmp(((const struct table *)left)->name, ((const struct table *)right)->name);
}

static int list_tables(struct database *database, const char *except, struct tables *ret, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(database, &rows, err,
                    "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
                    " AND TABLE_NAME <> %s ORDER BY TABLE_NAME LIMIT %d",
                    except, SCHEMA_TABLES_LIMIT) < 0)
                return -1;
        ret->items = memory_new_array(rows.rows + 1, sizeof(*ret->items));
        ret->count = rows.rows;
        for (size_t i = 0; i < rows.rows; i++)
                ret->items[i].name = string_copy(database_cell(&rows, i, 0));
        ret->items[ret->count].name = string_copy(FURTHER_TABLES);
        qsort(ret->items, ret->count, sizeof(*ret->items), compare_tables);
        return 0;
}

static struct table *find_table(const struct tables *tables, const char *name)
{
        const struct table key = {.name = (char *)name};
        struct table *found =
                bsearch(&key, tables->items, tables->count, sizeof(*tables->items), compare_tables);
        return found ?: &tables->items[tables->count];
}

/* Each cell with its size in front, so that no two rows read the same. The first is the table's name. */
static void describe(const struct tables *tables, const struct database_rows *rows, const char *source)
{
        for (size_t row = 0; row < rows->rows; row++) {
                struct buffer *description =
                        &find_table(tables, database_cell(rows, row, 0) ?: "")->description;
                buffer_append_string(description, source);
                for (size_t i = row * rows->columns; i < (row + 1) * rows->columns; i++) {
                        size_t mark = rows->cells[i] ? rows->sizes[i] : SIZE_MAX;
                        buffer_append(description, &mark, sizeof(mark));
                        if (rows->cells[i])
                                buffer_append(description, rows->cells[i], rows->sizes[i]);
                }
        }
}

static int read_tables(struct database *database, const char *except, struct tables *ret, struct error *err)
{
        _cleanup_free_ char *quoted = database_quote(database, except);
        if (list_tables(database, quoted, ret, err) < 0)
                return -1;
        for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
                _cleanup_database_rows_ struct database_rows rows = {0};
                if (database_query(database, &rows, err,
                            "SELECT TABLE_NAME, %s FROM information_schema.%s WHERE %s = DATABASE()"
                            " AND TABLE_NAME <> %s ORDER BY %s",
                            sources[i].columns, sources[i].source, sources[i].schema, quoted,
                            sources[i].order) < 0)
                        return -1;
                describe(ret, &rows, sources[i].source);
        }
        return 0;
}

static int add_hash(json_t *fingerprint, const struct table *table, struct error *err)
{
        char hex[SHA256_HEX_SIZE];
        sha256_of(table->description.data ?: "", table->description.size, hex);
        hex[HASH_SIZE] = '\0';
        if (json_object_set_new(fingerprint, table->name, json_string(hex)) < 0)
                return error_set(err, REASON_INTERNAL, "a table's name is no UTF-8");
        return 0;
}

int schema_fingerprint(struct database *database, const char *except, json_t **ret, struct error *err)
{
        _cleanup_(tables_deinit) struct tables tables = {0};
        if (read_tables(database, except, &tables, err) < 0)
                return error_wrap(err, "reading what the tables look like");
        json_auto_t *fingerprint = json_object();
        for (size_t i = 0; i <= tables.count; i++)
                if ((i < tables.count || tables.items[i].description.size > 0) &&
                        add_hash(fingerprint, &tables.items[i], err) < 0)
                        return -1;
        *ret = json_incref(fingerprint);
        return 0;
}

static void name_table(struct buffer *names, size_t *count, const char *name, const char *what)
{
        if (++*count <= NAMED_LIMIT)
                buffer_append_format(names, "%s%s%s", names->size > 0 ? ", " : "", name, what);
}

char *schema_difference(const json_t *before, const json_t *after)
{
        _cleanup_buffer_ struct buffer names = {0};
        size_t count = 0;
        const char *name;
        json_t *hash;
        json_object_foreach((json_t *)before, name, hash)
        {
                const json_t *now = json_object_get(after, name);
                if (!now)
                        name_table(&names, &count, name, " (gone)");
                else if (!json_equal(hash, now))
                        name_table(&names, &count, name, "");
        }
        json_object_foreach((json_t *)after, name, hash) if (!json_object_get(before, name))
                name_table(&names, &count, name, " (new)");
        if (count > NAMED_LIMIT)
                buffer_append_format(&names, " and %zu more", count - NAMED_LIMIT);
        return count > 0 ? buffer_steal(&names) : NULL;
}

static int check_table(struct database *database, const char *name, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        _cleanup_free_ char *quoted = database_quote_name(name);
        if (database_query(database, &rows, err, "SELECT 1 FROM %s LIMIT 1", quoted) == 0)
                return 0;
        if (err->reason != REASON_DATABASE_QUERY_FAILED && err->reason != REASON_DATABASE_ACCESS_DENIED)
                return error_wrap(err, "reading the table %s", name);
        error_deinit(err); /* the site's user may not read it, or it was dropped since */
        return 0;
}

int schema_check_tables(struct database *database, const char *prefix, struct error *err)
{
        _cleanup_schema_scope_ struct schema_scope scope = {0};
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (schema_scope_read(database, prefix, &scope, err) < 0 ||
                database_query(database, &rows, err,
                        "SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES"
                        " WHERE TABLE_SCHEMA = DATABASE() AND COALESCE(TABLE_TYPE, '') NOT IN ('VIEW', "
                        "'SEQUENCE')") < 0)
                return error_wrap(err, "looking for damaged tables");
        for (size_t i = 0; i < rows.rows; i++)
                if (schema_scope_has(&scope, database_cell(&rows, i, 0)) &&
                        !inventory_keeps_elsewhere(database_cell(&rows, i, 1)) &&
                        check_table(database, database_cell(&rows, i, 0), err) < 0)
                        return -1;
        return 0;
}
