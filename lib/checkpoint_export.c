/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/checkpoint_query.h"
#include "lib/memory.h"
#include "lib/text.h"

#include <jansson.h>

static void finalizep(sqlite3_stmt **statement)
{
        (void)sqlite3_finalize(*statement);
}

static json_t *column_value(sqlite3_stmt *statement, int column)
{
        switch (sqlite3_column_type(statement, column)) {
        case SQLITE_INTEGER:
                return json_integer(sqlite3_column_int64(statement, column));
        case SQLITE_NULL:
                return json_null();
        default: {
                _cleanup_free_ char *valid = text_valid((const char *)sqlite3_column_text(statement, column));
                return json_string(valid ? valid : "");
        }
        }
}

static json_t *row_object(sqlite3_stmt *statement)
{
        json_t *row = json_object();
        for (int i = 0; i < sqlite3_column_count(statement); i++)
                json_object_set_new(row, sqlite3_column_name(statement, i), column_value(statement, i));
        return row;
}

static int export_table(
        struct checkpoint *checkpoint, const char *table, int64_t rows, json_t *list, struct error *err)
{
        _cleanup_(finalizep) sqlite3_stmt *statement = NULL;
        _cleanup_free_ char *sql =
                string_format("SELECT * FROM (SELECT rowid AS row, * FROM %s ORDER BY rowid DESC LIMIT %lld) "
                              "ORDER BY row",
                        table, (long long)rows);
        int result = sqlite3_prepare_v2(checkpoint->db, sql, -1, &statement, NULL);
        if (result != SQLITE_OK)
                return checkpoint_fail(checkpoint, result, err);
        while ((result = sqlite3_step(statement)) == SQLITE_ROW)
                json_array_append_new(list, row_object(statement));
        return result == SQLITE_DONE ? 0 : checkpoint_fail(checkpoint, result, err);
}

static int count_rows(struct checkpoint *checkpoint, const char *table, int64_t *ret, struct error *err)
{
        _cleanup_(finalizep) sqlite3_stmt *statement = NULL;
        _cleanup_free_ char *sql = string_format("SELECT count(*) FROM %s", table);
        int result = sqlite3_prepare_v2(checkpoint->db, sql, -1, &statement, NULL);
        if (result == SQLITE_OK)
                result = sqlite3_step(statement);
        if (result != SQLITE_ROW)
                return checkpoint_fail(checkpoint, result, err);
        *ret = sqlite3_column_int64(statement, 0);
        return 0;
}

static int export_tables(
        struct checkpoint *checkpoint, int64_t rows, json_t *all, json_t *left_out, struct error *err)
{
        static const char *const tables[] = {"upgrade", "stage", "step", "artifact", "fact", "event"};
        for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
                json_t *list = json_array();
                int64_t count = 0;
                json_object_set_new(all, tables[i], list);
                if (count_rows(checkpoint, tables[i], &count, err) < 0 ||
                        export_table(checkpoint, tables[i], rows, list, err) < 0)
                        return -1;
                if (count > rows)
                        json_object_set_new(left_out, tables[i], json_integer(count - rows));
        }
        return 0;
}

/* Inside a transaction, so that all tables are of one moment while the worker writes on. */
int checkpoint_export(struct checkpoint *checkpoint, int64_t rows, struct json_t **ret, struct error *err)
{
        json_auto_t *all = json_object(), *left_out = json_object();
        bool own = sqlite3_get_autocommit(checkpoint->db);
        int result = own ? sqlite3_exec(checkpoint->db, "BEGIN", NULL, NULL, NULL) : SQLITE_OK;
        if (result != SQLITE_OK)
                return checkpoint_fail(checkpoint, result, err);
        int r = export_tables(checkpoint, rows, all, left_out, err);
        if (own)
                (void)sqlite3_exec(checkpoint->db, "ROLLBACK", NULL, NULL, NULL);
        if (r < 0)
                return error_wrap(err, "exporting the checkpoint");
        json_object_set(all, "left_out", left_out);
        *ret = json_incref(all);
        return 0;
}
