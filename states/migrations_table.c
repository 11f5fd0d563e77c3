/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/migrations_table.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "lib/sha256.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#define STEP_KEEP "keep"
#define COPY_LIMIT ((size_t)64 * 1024 * 1024)
#define ROWS_LIMIT 20000

static char *table_name(const struct site_settings *settings)
{
        return string_format("%smigrations", settings->prefix);
}

/* The names of its columns, in order; none: there is no table. */
static int list_columns(
        struct database *database, const char *table, struct database_rows *ret, struct error *err)
{
        _cleanup_free_ char *quoted = database_quote(database, table);
        return database_query(database, ret, err,
                "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()"
                " AND TABLE_NAME = %s ORDER BY ORDINAL_POSITION",
                quoted);
}

static bool has_column(const struct database_rows *columns, const char *name)
{
        for (size_t i = 0; i < columns->rows; i++)
                if (strcasecmp(database_cell(columns, i, 0), name) == 0)
                        return true;
        return false;
}

static json_t *names_json(const struct database_rows *columns)
{
        json_t *names = json_array();
        for (size_t i = 0; i < columns->rows; i++)
                json_array_append_new(names, json_string(database_cell(columns, i, 0)));
        return names;
}

static int read_rows(
        struct database *database, const char *table, const json_t *columns, json_t **ret, struct error *err)
{
        _cleanup_buffer_ struct buffer list = {0};
        _cleanup_database_rows_ struct database_rows rows = {0};
        _cleanup_free_ char *name = database_quote_name(table);
        size_t i;
        json_t *column;
        json_array_foreach(columns, i, column)
        {
                _cleanup_free_ char *quoted = database_quote_name(json_string_value(column));
                buffer_append_format(&list, "%s%s", i > 0 ? ", " : "", quoted);
        }
        if (database_query(
                    database, &rows, err, "SELECT %s FROM %s LIMIT %d", list.data, name, ROWS_LIMIT + 1) < 0)
                return -1;
        if (rows.rows > ROWS_LIMIT)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "%s holds more than %d rows: is it Doctrine's?", table, ROWS_LIMIT);
        json_t *all = json_array();
        for (size_t row = 0; row < rows.rows; row++) {
                json_t *cells = json_array();
                for (size_t cell = 0; cell < rows.columns; cell++) {
                        const char *text = database_cell(&rows, row, cell);
                        json_array_append_new(cells, text ? json_string(text) : json_null());
                }
                json_array_append_new(all, cells);
        }
        *ret = all;
        return 0;
}

static int read_create(struct database *database, const char *table, char **ret, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        _cleanup_free_ char *name = database_quote_name(table);
        if (database_query(database, &rows, err, "SHOW CREATE TABLE %s", name) < 0)
                return -1;
        const char *text = rows.columns > 1 ? database_cell(&rows, 0, 1) : NULL;
        if (!text)
                return error_set(
                        err, REASON_DATABASE_QUERY_FAILED, "the server does not tell how %s was made", table);
        *ret = string_copy(text);
        return 0;
}

/* 1: there is no table. */
static int copy_table(struct database *database, const struct site_settings *settings, char **ret_text,
        size_t *ret_rows, struct error *err)
{
        _cleanup_database_rows_ struct database_rows columns = {0};
        _cleanup_free_ char *table = table_name(settings), *create = NULL;
        json_t *rows = NULL;
        if (list_columns(database, table, &columns, err) < 0)
                return -1;
        if (columns.rows == 0)
                return 1;
        json_auto_t *names = names_json(&columns);
        if (read_create(database, table, &create, err) < 0 ||
                read_rows(database, table, names, &rows, err) < 0)
                return -1;
        size_t count = json_array_size(rows);
        json_auto_t *copy = json_pack("{s:s, s:s, s:s, s:O, s:o}", "database", settings->database.name,
                "table", table, "create", create, "columns", names, "rows", rows);
        char *text = copy ? json_dumps(copy, JSON_INDENT(1)) : NULL;
        if (!text)
                return error_set(err, REASON_INTERNAL, "a row of %s can't be written down", table);
        *ret_text = text;
        *ret_rows = count;
        return 0;
}

int migrations_table_keep(struct stage_context *context, struct database *database,
        const struct site_settings *settings, size_t *ret_rows, struct error *err)
{
        _cleanup_free_ char *text = NULL;
        size_t rows = 0;
        char sha256[SHA256_HEX_SIZE];
        int64_t step;
        int result = copy_table(database, settings, &text, &rows, err);
        if (result < 0)
                return error_wrap(err, "keeping the migrations table");
        *ret_rows = 0;
        if (result > 0)
                return 0;
        sha256_of(text, strlen(text), sha256);
        if (file_write_atomic(context->state_fd, NAME_MIGRATIONS_TABLE, text, strlen(text), 0600, err) < 0 ||
                checkpoint_add_step(
                        context->checkpoint, context->stage->name, STEP_KEEP, sha256, &step, err) < 0)
                return error_wrap(err, "keeping the migrations table");
        *ret_rows = rows;
        return 0;
}

/* The number of the step that is not done, and the hash in it; 1: there is none. */
static int find_step(struct stage_context *context, int64_t *ret_number, char **ret_sha256, struct error *err)
{
        _cleanup_step_list_ struct step_list steps = {0};
        if (checkpoint_load_steps(context->checkpoint, context->stage->name, &steps, err) < 0)
                return -1;
        for (size_t i = 0; i < steps.count; i++)
                if (!steps.items[i].done && string_equal(steps.items[i].action, STEP_KEEP)) {
                        *ret_number = steps.items[i].number;
                        *ret_sha256 = steal(&steps.items[i].detail);
                        return 0;
                }
        return 1;
}

int migrations_table_is_kept(struct stage_context *context, bool *ret, struct error *err)
{
        _cleanup_free_ char *sha256 = NULL;
        int64_t step;
        int result = find_step(context, &step, &sha256, err);
        if (result < 0)
                return -1;
        *ret = result == 0;
        return 0;
}

static int read_copy(struct stage_context *context, const char *expected, json_t **ret, struct error *err)
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        char sha256[SHA256_HEX_SIZE];
        int result = file_read(context->state_fd, NAME_MIGRATIONS_TABLE, COPY_LIMIT, &text, &size, err);
        if (result < 0)
                return -1;
        if (result == 0)
                sha256_of(text, size, sha256);
        json_t *copy = result == 0 && string_equal(sha256, expected) ? json_loadb(text, size, 0, NULL) : NULL;
        if (!copy)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "the copy of the migrations table, %s/" NAME_MIGRATIONS_TABLE
                        ", is gone or was changed; "
                        "its rows are in the backup, too",
                        context->state_path);
        *ret = copy;
        return 0;
}

static const char *text_in(const json_t *object, const char *name)
{
        const char *text = json_string_value(json_object_get(object, name));
        return text ? text : "";
}

static int check_origin(const json_t *copy, const struct site_settings *settings, struct error *err)
{
        _cleanup_free_ char *table = table_name(settings);
        if (string_equal(text_in(copy, "database"), settings->database.name) &&
                string_equal(text_in(copy, "table"), table))
                return 0;
        return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                "the rows to put back are those of %s in the database %s, but local.php names %s in %s now",
                text_in(copy, "table"), text_in(copy, "database"), table, settings->database.name);
}

static bool has_row(const struct database_rows *versions, const char *version)
{
        for (size_t i = 0; i < versions->rows; i++)
                if (string_equal(database_cell(versions, i, 0), version))
                        return true;
        return false;
}

/* One row, in those columns that the table has now: Mautic may have made it anew in its own way. */
static int insert_row(struct database *database, const char *table, const struct database_rows *there,
        const json_t *columns, const json_t *cells, struct error *err)
{
        _cleanup_buffer_ struct buffer names = {0}, values = {0};
        size_t i;
        json_t *column;
        json_array_foreach(columns, i, column)
        {
                const char *name = json_string_value(column);
                const char *text = json_string_value(json_array_get(cells, i));
                if (!has_column(there, name))
                        continue;
                _cleanup_free_ char *quoted = database_quote_name(name);
                _cleanup_free_ char *value = text ? database_quote(database, text) : string_copy("NULL");
                buffer_append_format(&names, "%s%s", names.size ? ", " : "", quoted);
                buffer_append_format(&values, "%s%s", values.size ? ", " : "", value);
        }
        return database_query(
                database, NULL, err, "INSERT INTO %s (%s) VALUES (%s)", table, names.data, values.data);
}

static size_t version_index(const json_t *columns)
{
        size_t i;
        json_t *column;
        json_array_foreach(
                columns, i, column) if (strcasecmp(json_string_value(column) ?: "", "version") == 0) return i;
        return SIZE_MAX;
}

static int insert_missing(
        struct database *database, const char *table, const json_t *copy, size_t *ret_rows, struct error *err)
{
        _cleanup_database_rows_ struct database_rows columns = {0}, versions = {0};
        _cleanup_free_ char *name = database_quote_name(table);
        const json_t *names = json_object_get(copy, "columns");
        size_t version = version_index(names), added = 0, i;
        json_t *cells;
        if (list_columns(database, table, &columns, err) < 0)
                return -1;
        if (version == SIZE_MAX || !has_column(&columns, "version"))
                return error_set(err, REASON_EVIDENCE_CONTRADICTS, "%s has no column version", table);
        if (database_query(database, &versions, err, "SELECT version FROM %s", name) < 0)
                return -1;
        json_array_foreach(json_object_get(copy, "rows"), i, cells)
        {
                if (has_row(&versions, json_string_value(json_array_get(cells, version))))
                        continue;
                if (insert_row(database, name, &columns, names, cells, err) < 0)
                        return -1;
                added++;
        }
        *ret_rows = added;
        return 0;
}

static int restore(
        struct database *database, const char *table, const json_t *copy, size_t *ret_rows, struct error *err)
{
        _cleanup_database_rows_ struct database_rows columns = {0};
        if (list_columns(database, table, &columns, err) < 0)
                return -1;
        if (columns.rows == 0 && database_query(database, NULL, err, "%s", text_in(copy, "create")) < 0)
                return -1;
        if (database_query(database, NULL, err, "START TRANSACTION") < 0)
                return -1;
        if (insert_missing(database, table, copy, ret_rows, err) < 0) {
                _cleanup_error_ struct error ignored = {0};
                (void)!database_query(database, NULL, &ignored, "ROLLBACK");
                return -1;
        }
        return database_query(database, NULL, err, "COMMIT");
}

int migrations_table_put_back(struct stage_context *context, struct database *database,
        const struct site_settings *settings, size_t *ret_rows, struct error *err)
{
        _cleanup_free_ char *sha256 = NULL, *table = table_name(settings);
        json_auto_t *copy = NULL;
        int64_t step;
        size_t rows = 0;
        int result = find_step(context, &step, &sha256, err);
        if (result != 0) {
                *ret_rows = 0;
                return result < 0 ? -1 : 0;
        }
        if (read_copy(context, sha256, &copy, err) < 0 || check_origin(copy, settings, err) < 0 ||
                restore(database, table, copy, &rows, err) < 0)
                return error_wrap(err, "putting the rows of %s back", table);
        _cleanup_free_ char *evidence = string_format(
                "%zu of %zu rows had to be added", rows, json_array_size(json_object_get(copy, "rows")));
        if (checkpoint_finish_step(context->checkpoint, context->stage->name, step, evidence, err) < 0)
                return -1;
        *ret_rows = rows;
        return 0;
}
