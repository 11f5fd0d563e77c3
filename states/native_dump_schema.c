/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The dump's frame, and what has no body: tables, sequences, views. */
#include "states/native_dump_private.h"

#include "lib/text.h"
#include "states/dump_tool.h"

#include <string.h>

/* A name's own line feeds must not end the comment. */
void dump_comment(struct buffer *text, const char *what, const char *name)
{
        _cleanup_free_ char *printable = text_printable(name, false);
        buffer_append_format(text, "\n-- %s %s\n\n", what, printable);
}

static const char *const session_begin[] = {
        "SET @OLD_CHARACTER_SET_CLIENT = @@CHARACTER_SET_CLIENT",
        "SET @OLD_CHARACTER_SET_RESULTS = @@CHARACTER_SET_RESULTS",
        "SET @OLD_COLLATION_CONNECTION = @@COLLATION_CONNECTION",
        "SET NAMES utf8mb4",
        "SET @OLD_TIME_ZONE = @@TIME_ZONE, TIME_ZONE = '+00:00'",
        "SET @OLD_UNIQUE_CHECKS = @@UNIQUE_CHECKS, UNIQUE_CHECKS = 0",
        "SET @OLD_FOREIGN_KEY_CHECKS = @@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS = 0",
        "SET @OLD_SQL_MODE = @@SQL_MODE, SQL_MODE = 'NO_AUTO_VALUE_ON_ZERO'",
        "SET @OLD_SQL_NOTES = @@SQL_NOTES, SQL_NOTES = 0",
};

static const char *const session_end[] = {
        "SET TIME_ZONE = @OLD_TIME_ZONE",
        "SET SQL_MODE = @OLD_SQL_MODE",
        "SET FOREIGN_KEY_CHECKS = @OLD_FOREIGN_KEY_CHECKS",
        "SET UNIQUE_CHECKS = @OLD_UNIQUE_CHECKS",
        "SET CHARACTER_SET_CLIENT = @OLD_CHARACTER_SET_CLIENT",
        "SET CHARACTER_SET_RESULTS = @OLD_CHARACTER_SET_RESULTS",
        "SET COLLATION_CONNECTION = @OLD_COLLATION_CONNECTION",
        "SET SQL_NOTES = @OLD_SQL_NOTES",
};

void dump_session_begin(struct buffer *text, const char *schema, const char *server)
{
        _cleanup_free_ char *name = text_printable(schema, false);
        _cleanup_free_ char *version = text_printable(server, false);
        buffer_append_format(text,
                "-- Database %s, dumped by mautic-upgraded " PROJECT_VERSION " from server %s\n\n", name,
                version);
        for (size_t i = 0; i < ARRAY_SIZE(session_begin); i++)
                buffer_append_format(text, "%s;\n", session_begin[i]);
}

void dump_session_end(struct buffer *text)
{
        buffer_append_string(text, "\n");
        for (size_t i = 0; i < ARRAY_SIZE(session_end); i++)
                buffer_append_format(text, "%s;\n", session_end[i]);
        buffer_append_string(text, "\n" DUMP_TRAILER "\n");
}

static int show(struct database *keeper, const char *what, const char *name, struct database_rows *ret,
        struct error *err)
{
        _cleanup_free_ char *quoted = database_quote_name(name);
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(keeper, &rows, err, "SHOW %s %s", what, quoted) < 0)
                return -1;
        if (rows.rows == 0 || !database_cell(&rows, 0, 1))
                return error_set(
                        err, REASON_DATABASE_QUERY_FAILED, "the server tells nothing for SHOW %s", what);
        *ret = rows;
        rows = (struct database_rows){0};
        return 0;
}

int dump_table_definition(struct database *keeper, const char *table, struct buffer *text, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        _cleanup_free_ char *quoted = database_quote_name(table);
        if (show(keeper, "CREATE TABLE", table, &rows, err) < 0)
                return error_wrap(err, "table %s", table);
        dump_comment(text, "Table", table);
        buffer_append_format(text, "DROP TABLE IF EXISTS %s;\n%s;\n", quoted, database_cell(&rows, 0, 1));
        return 0;
}

/* The numbers that the server keeps in stock are skipped, as after a restart: what was given out is never
 * given out again. */
int dump_sequence_definition(
        struct database *keeper, const char *sequence, struct buffer *text, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        _cleanup_free_ char *quoted = database_quote_name(sequence), *next = NULL;
        if (show(keeper, "CREATE SEQUENCE", sequence, &rows, err) < 0 ||
                database_query_value(keeper, &next, err, "SELECT next_not_cached_value FROM %s", quoted) < 0)
                return error_wrap(err, "sequence %s", sequence);
        dump_comment(text, "Sequence", sequence);
        buffer_append_format(text, "DROP SEQUENCE IF EXISTS %s;\n%s;\n", quoted, database_cell(&rows, 0, 1));
        if (next)
                buffer_append_format(text, "DO SETVAL(%s, %s, 0);\n", quoted, next);
        return 0;
}

/* Views on views are made in any order where each has stood there before with its columns. */
int dump_view_placeholder(struct database *keeper, const char *view, struct buffer *text, struct error *err)
{
        _cleanup_database_rows_ struct database_rows columns = {0};
        _cleanup_free_ char *quoted = database_quote_name(view);
        if (show(keeper, "FIELDS FROM", view, &columns, err) < 0)
                return error_wrap(err, "view %s", view);
        dump_comment(text, "Placeholder of view", view);
        buffer_append_format(text,
                "DROP TABLE IF EXISTS %s;\nDROP VIEW IF EXISTS %s;\nCREATE VIEW %s AS SELECT\n", quoted,
                quoted, quoted);
        for (size_t i = 0; i < columns.rows; i++) {
                _cleanup_free_ char *column = database_quote_name(database_cell(&columns, i, 0));
                buffer_append_format(text, " NULL AS %s%s\n", column, i + 1 < columns.rows ? "," : ";");
        }
        return 0;
}

/* SHOW CREATE VIEW: its name, its definition, character_set_client, collation_connection. */
int dump_view_definition(struct database *keeper, const char *view, struct buffer *text, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        _cleanup_free_ char *quoted = database_quote_name(view);
        if (show(keeper, "CREATE VIEW", view, &rows, err) < 0)
                return error_wrap(err, "view %s", view);
        dump_comment(text, "View", view);
        const char *charset = database_cell(&rows, 0, 2) ?: "utf8mb4";
        buffer_append_format(text,
                "DROP VIEW IF EXISTS %s;\n"
                "SET @saved_cs_client = @@character_set_client, @saved_cs_results = @@character_set_results,"
                " @saved_col_connection = @@collation_connection;\n"
                "SET character_set_client = %s, character_set_results = %s, collation_connection = %s;\n"
                "%s;\n"
                "SET character_set_client = @saved_cs_client, character_set_results = @saved_cs_results,"
                " collation_connection = @saved_col_connection;\n",
                quoted, charset, charset, database_cell(&rows, 0, 3) ?: "utf8mb4_general_ci",
                database_cell(&rows, 0, 1));
        return 0;
}
