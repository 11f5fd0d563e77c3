/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/objects.h"

#include <string.h>
#include <strings.h>

/*
 * In which order Doctrine gets things from the server. Its newer queries sort by a position alone, so the
 * order of indexes (from 2.10 on), and of tables and foreign keys (3), is what the server's sort leaves of
 * it. Only the server knows, and it is asked with the same columns: a sort of rows without them ends in
 * another order. Without a server, and behind planned changes, the order stays the snapshot's.
 */

struct answer {
        const char *table; /* NULL: any; else the first column tells it */
        char **names; /* each once; ends with NULL */
        size_t count;
};

static bool is_known(const struct answer *answer, const char *name)
{
        for (size_t i = 0; i < answer->count; i++)
                if (strcasecmp(answer->names[i], name) == 0)
                        return true;
        return false;
}

static void take_rows(struct answer *answer, const struct database_rows *rows)
{
        size_t column = answer->table ? 1 : 0;

        answer->names = memory_new_array(rows->rows + 1, sizeof(char *));
        for (size_t row = 0; row < rows->rows; row++) {
                const char *table = database_cell(rows, row, 0), *name = database_cell(rows, row, column);

                if (!name || (answer->table && (!table || strcasecmp(table, answer->table) != 0)))
                        continue;
                if (!is_known(answer, name))
                        answer->names[answer->count++] = string_copy(name);
        }
}

/* No names when nobody can tell. */
static enum php_flow ask(struct php_run *run, const char *sql, struct answer *answer)
{
        struct sql_source *source = doctrine_of(run)->source;
        _cleanup_database_rows_ struct database_rows rows = {0};
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *why = NULL;
        int result = source->read(source->context, sql, strlen(sql), &rows, &why, &err);

        if (result < 0)
                return php_fail(run, &err);
        if (result == 0)
                take_rows(answer, &rows);
        return PHP_OK;
}

static char *quoted(struct php_run *run, const char *text)
{
        struct sql_source *source = doctrine_of(run)->source;

        return source->quote(source->context, text, strlen(text));
}

static char *lower_key(const char *prefix, const char *name)
{
        char *key = string_format("%s%s", prefix, name);

        for (char *at = key; *at; at++)
                if (*at >= 'A' && *at <= 'Z')
                        *at = (char)(*at + ('a' - 'A'));
        return key;
}

/* What has a name in the list first, in its order; the rest as it was. */
static void reorder(struct php_value *array, char *const *names, const char *prefix)
{
        struct php_value ordered, value;
        struct php_key key;

        if (!names)
                return;
        ordered = php_new_array();
        for (; *names; names++) {
                _cleanup_free_ char *name = lower_key(prefix, *names);
                const struct php_value *found = php_array_get_text(*array, name);

                if (found)
                        php_array_set_text(&ordered, name, php_copy(*found));
        }
        for (size_t at = 0; php_array_next(*array, &at, &key, &value);)
                if (!php_array_get(ordered, key))
                        php_array_set(&ordered, key, php_copy(value));
        php_clear(array);
        *array = ordered;
}

/* Dbal 3 reads the indexes of all tables at once, older ones those of each table. */
enum php_flow order_indexes(struct php_run *run, struct table *table)
{
        bool all = version_of(run) >= DOCTRINE_3_7;
        _cleanup_free_ char *name = NULL, *database = NULL, *sql = NULL;
        struct answer answer = {.table = all ? table->read_as : NULL};

        if (!table->read_as || table->asked_indexes || version_of(run) < DOCTRINE_2_10 ||
                php_array_count(table->indexes) < 2)
                return PHP_OK;
        table->asked_indexes = true;
        name = quoted(run, table->read_as);
        database = quoted(run, doctrine_of(run)->source->database);
        sql = string_format(
                "SELECT %sINDEX_NAME, NON_UNIQUE, COLUMN_NAME, SUB_PART, INDEX_TYPE "
                "FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = %s%s%s ORDER BY SEQ_IN_INDEX",
                all ? "TABLE_NAME, " : "", database, all ? "" : " AND TABLE_NAME = ", all ? "" : name);
        TRY(ask(run, sql, &answer));
        reorder(&table->indexes, answer.names, "");
        strings_free(answer.names);
        return PHP_OK;
}

enum php_flow order_foreign_keys(struct php_run *run, struct table *table)
{
        _cleanup_free_ char *database = NULL, *sql = NULL;
        struct answer answer = {.table = table->read_as};

        if (!table->read_as || table->asked_keys || version_of(run) < DOCTRINE_3_7 ||
                php_array_count(table->foreign_keys) < 2)
                return PHP_OK;
        table->asked_keys = true;
        database = quoted(run, doctrine_of(run)->source->database);
        sql = string_format("SELECT DISTINCT k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, "
                            "k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, k.ORDINAL_POSITION, "
                            "c.UPDATE_RULE, c.DELETE_RULE FROM information_schema.KEY_COLUMN_USAGE k "
                            "INNER JOIN information_schema.REFERENTIAL_CONSTRAINTS c "
                            "ON c.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND c.TABLE_NAME = k.TABLE_NAME "
                            "WHERE k.TABLE_SCHEMA = %s AND k.REFERENCED_COLUMN_NAME IS NOT NULL "
                            "AND c.CONSTRAINT_SCHEMA = %s ORDER BY k.ORDINAL_POSITION",
                database, database);
        TRY(ask(run, sql, &answer));
        reorder(&table->foreign_keys, answer.names, "");
        strings_free(answer.names);
        return PHP_OK;
}

enum php_flow order_tables(struct php_run *run, struct php_value *tables, const char *prefix)
{
        _cleanup_free_ char *database = NULL, *sql = NULL;
        struct answer answer = {0};

        if (version_of(run) < DOCTRINE_3_7 || php_array_count(*tables) < 2)
                return PHP_OK;
        database = quoted(run, doctrine_of(run)->source->database);
        /* A column of type longtext makes the server sort references to rows, as in Doctrine's query. */
        sql = string_format("SELECT c.TABLE_NAME, c.COLUMN_DEFAULT FROM information_schema.COLUMNS c "
                            "INNER JOIN information_schema.TABLES t ON t.TABLE_NAME = c.TABLE_NAME "
                            "WHERE c.TABLE_SCHEMA = %s AND t.TABLE_SCHEMA = %s "
                            "AND t.TABLE_TYPE = 'BASE TABLE' ORDER BY ORDINAL_POSITION",
                database, database);
        TRY(ask(run, sql, &answer));
        reorder(tables, answer.names, prefix);
        strings_free(answer.names);
        return PHP_OK;
}
