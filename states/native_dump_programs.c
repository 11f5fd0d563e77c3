/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Triggers, routines and events: bodies, each with the session that it was made in. */
#include "states/native_dump_private.h"

#include <string.h>

#define DELIMITER_LIMIT 15 /* characters that the client programs take */

struct program {
        const char *kind; /* "TRIGGER", for DROP; NULL: it goes with its table */
        const char *name;
        const char *sql_mode, *body, *charset, *collation, *schema_collation;
        const char *time_zone; /* an event's; else NULL */
};

/* That of a collation is its name's begin: "utf8mb4_bin", "binary". */
static char *charset_of(const char *collation)
{
        return memory_copy(collation, strcspn(collation, "_"));
}

/* What a body remembers of its schema is the collation of the day when it was made. Without a name the
 * statement means the schema that the dump is restored into. */
static void append_schema_collation(struct buffer *text, const char *collation)
{
        _cleanup_free_ char *charset = charset_of(collation);
        buffer_append_format(text, "ALTER DATABASE CHARACTER SET %s COLLATE %s;\n", charset, collation);
}

/* Semicolons, so many that the body has none like it. */
static int choose_delimiter(const char *body, char ret[DELIMITER_LIMIT + 1], struct error *err)
{
        for (size_t size = 2; size <= DELIMITER_LIMIT; size++) {
                memset(ret, ';', size);
                ret[size] = '\0';
                if (!strstr(body, ret))
                        return 0;
        }
        return error_set(
                err, REASON_BACKUP_INCOMPLETE, "its body holds %d semicolons in a row", DELIMITER_LIMIT);
}

static int append_program(
        struct buffer *text, const struct program *program, const char *collation, struct error *err)
{
        char delimiter[DELIMITER_LIMIT + 1];
        const char *schema_collation = program->schema_collation ?: collation;
        bool other_collation = !string_equal(schema_collation, collation);
        if (choose_delimiter(program->body, delimiter, err) < 0)
                return -1;
        if (other_collation)
                append_schema_collation(text, schema_collation);
        buffer_append_format(text,
                "SET @saved_cs_client = @@character_set_client, @saved_cs_results = @@character_set_results,"
                " @saved_col_connection = @@collation_connection;\n"
                "SET @saved_sql_mode = @@sql_mode, @saved_time_zone = @@time_zone;\n"
                "SET sql_mode = '%s';\n",
                program->sql_mode);
        if (program->kind) { /* of packages the server knows in Oracle's mode alone */
                _cleanup_free_ char *quoted = database_quote_name(program->name);
                buffer_append_format(text, "DROP %s IF EXISTS %s;\n", program->kind, quoted);
        }
        buffer_append_format(text,
                "SET character_set_client = %s, character_set_results = %s, collation_connection = %s;\n",
                program->charset, program->charset, program->collation);
        if (program->time_zone)
                buffer_append_format(text, "SET time_zone = '%s';\n", program->time_zone);
        buffer_append_format(text, "DELIMITER %s\n", delimiter);
        buffer_append_string(text, program->body);
        buffer_append_format(text,
                "\n%s\nDELIMITER ;\n"
                "SET sql_mode = @saved_sql_mode, time_zone = @saved_time_zone;\n"
                "SET character_set_client = @saved_cs_client, character_set_results = @saved_cs_results,"
                " collation_connection = @saved_col_connection;\n",
                delimiter);
        if (other_collation)
                append_schema_collation(text, collation);
        return 0;
}

/* Where SHOW CREATE … tells what, the collations behind it. */
struct places {
        size_t body, charset, time_zone; /* time_zone 0: none */
};
static const struct places of_events = {.body = 3, .charset = 4, .time_zone = 2};
static const struct places of_others = {.body = 2, .charset = 3};

static int append_shown(struct database *keeper, const char *kind, const char *name, bool drop,
        const struct places *places, const char *collation, struct buffer *text, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        _cleanup_free_ char *quoted = database_quote_name(name);
        if (database_query(keeper, &rows, err, "SHOW CREATE %s %s", kind, quoted) < 0)
                return error_wrap(err, "%s %s", kind, name);
        const struct program program = {
                .kind = drop ? kind : NULL,
                .name = name,
                .sql_mode = database_cell(&rows, 0, 1) ?: "",
                .body = database_cell(&rows, 0, places->body),
                .charset = database_cell(&rows, 0, places->charset) ?: "utf8mb4",
                .collation = database_cell(&rows, 0, places->charset + 1) ?: "utf8mb4_general_ci",
                .schema_collation = database_cell(&rows, 0, places->charset + 2),
                .time_zone = places->time_zone ? database_cell(&rows, 0, places->time_zone) : NULL,
        };
        if (!program.body || !*program.body)
                return error_set(err, REASON_DATABASE_ACCESS_DENIED,
                        "the database user may not see what the %s %s does", kind, name);
        return append_program(text, &program, collation, err) < 0 ? error_wrap(err, "%s %s", kind, name) : 0;
}

int dump_triggers(struct database *keeper, const char *table, const char *collation, struct buffer *text,
        struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        _cleanup_free_ char *quoted = database_quote(keeper, table);
        if (database_query(keeper, &rows, err,
                    "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS"
                    " WHERE EVENT_OBJECT_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = %s"
                    " ORDER BY EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER",
                    quoted) < 0)
                return error_wrap(err, "triggers of table %s", table);
        for (size_t i = 0; i < rows.rows; i++) {
                const char *name = database_cell(&rows, i, 0);
                if (!string_equal(database_cell(&rows, i, 1), table)) /* but for the case of letters */
                        continue;
                dump_comment(text, "Trigger", name);
                if (append_shown(keeper, "TRIGGER", name, false, &of_others, collation, text, err) < 0)
                        return -1;
        }
        return 0;
}

/* SHOW EVENTS: schema, name, … It is refused to who may not see them; information_schema would have none. */
int dump_events(struct database *keeper, const char *collation, struct buffer *text, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(keeper, &rows, err, "SHOW EVENTS") < 0)
                return error_wrap(err, "events");
        for (size_t i = 0; i < rows.rows; i++) {
                const char *name = database_cell(&rows, i, 1);
                dump_comment(text, "Event", name);
                if (append_shown(keeper, "EVENT", name, true, &of_events, collation, text, err) < 0)
                        return -1;
        }
        return 0;
}

/* A package before its body. */
int dump_routines(struct database *keeper, const char *collation, struct buffer *text, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(keeper, &rows, err,
                    "SELECT ROUTINE_NAME, UPPER(ROUTINE_TYPE) FROM information_schema.ROUTINES"
                    " WHERE ROUTINE_SCHEMA = DATABASE()"
                    " ORDER BY FIELD(ROUTINE_TYPE, 'FUNCTION', 'PROCEDURE', 'PACKAGE', 'PACKAGE BODY'),"
                    " ROUTINE_NAME") < 0)
                return error_wrap(err, "routines");
        for (size_t i = 0; i < rows.rows; i++) {
                const char *name = database_cell(&rows, i, 0), *kind = database_cell(&rows, i, 1);
                dump_comment(text, "Routine", name);
                if (append_shown(keeper, kind, name, true, &of_others, collation, text, err) < 0)
                        return -1;
        }
        return 0;
}
