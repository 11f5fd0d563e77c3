/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/plan_source.h"

#include "lib/memory.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#define ROW_LIMIT 1000000 /* rows that one query of a migration may give */

static bool name_in(const char *name, const char *const *names)
{
        for (; *names; names++)
                if (strcasecmp(name, *names) == 0)
                        return true;
        return false;
}

static bool verb_in(const char *sql, size_t size, const char *const *verbs)
{
        char verb[16];
        schema_statement_verb(sql, size, verb);
        return name_in(verb, verbs);
}

/* What is touched */

static void touch(struct plan_source *source, const char *name, bool rows)
{
        for (size_t i = 0; i < source->touched_count; i++)
                if (strcasecmp(source->touched[i].name, name) == 0) {
                        source->touched[i].rows |= rows;
                        return;
                }
        source->touched = memory_grow(source->touched, source->touched_count, sizeof(*source->touched));
        source->touched[source->touched_count++] =
                (struct touched_table){.name = string_copy(name), .rows = rows};
}

static bool same_column(const struct schema_column *left, const struct schema_column *right)
{
        return string_equal(left->type, right->type) && left->nullable == right->nullable &&
               string_equal(left->charset, right->charset) &&
               string_equal(left->expression, right->expression);
}

/* True when each column that was there is there as it was, so that a SELECT of them gives the same rows. */
static bool keeps_columns(const struct schema_table *before, const struct schema_table *after)
{
        if (!before || !after || before->uncertain || after->uncertain)
                return false;
        for (size_t i = 0; i < before->column_count; i++) {
                const struct schema_column *left = &before->columns[i];
                const struct schema_column *right = schema_find_column(after, left->name);
                if (!right || !same_column(left, right))
                        return false;
        }
        return true;
}

static void touch_changed_table(
        struct plan_source *source, const char *name, const struct schema_table *before)
{
        const struct schema_table *after = schema_find_table(source->changed, name);
        bool kept = keeps_columns(before, after);
        if (!kept || after->column_count != before->column_count)
                touch(source, name, !kept);
}

static bool changes_schema(const char *sql, size_t size)
{
        static const char *const verbs[] = {"ALTER", "CREATE", "DROP", "RENAME", "TRUNCATE", "SET", NULL};
        _cleanup_free_ struct schema_statement *statements = NULL;
        size_t count = schema_split(sql, size, &statements);
        for (size_t i = 0; i < count; i++)
                if (verb_in(sql + statements[i].offset, statements[i].size, verbs))
                        return true;
        return false;
}

static bool only_reads(const char *sql, size_t size)
{
        static const char *const verbs[] = {"SELECT", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "", NULL};
        return verb_in(sql, size, verbs);
}

static enum schema_effect follow_schema_change(
        struct plan_source *source, const char *sql, size_t size, char *const *tables, char **ret_why)
{
        _cleanup_(schema_freep) struct schema *before = schema_copy(plan_source_schema(source));
        if (!source->changed)
                source->changed = schema_copy(before);
        unsigned number = 0;
        enum schema_effect effect = schema_apply(source->changed, sql, size, &number, ret_why);
        if (effect == SCHEMA_CHANGED || effect == SCHEMA_UNCERTAIN)
                for (; *tables; tables++)
                        touch_changed_table(source, *tables, schema_find_table(before, *tables));
        return effect;
}

enum schema_effect plan_source_follow(
        struct plan_source *source, const char *sql, size_t size, char **ret_why)
{
        bool certain = true;
        if (only_reads(sql, size))
                return SCHEMA_SAME;
        _cleanup_strings_ char **tables = schema_statement_tables(sql, size, &certain);
        source->all_touched |= !certain;
        if (changes_schema(sql, size))
                return follow_schema_change(source, sql, size, tables, ret_why);
        for (size_t i = 0; tables[i]; i++)
                touch(source, tables[i], true);
        return SCHEMA_SAME;
}

/* Reading */

static bool selects_all_columns(const char *sql, size_t size)
{
        return memchr(sql, '*', size) != NULL;
}

/* The touched table that the query reads, or NULL. Columns that are only added change nothing for a query
 * that names its columns. */
static const char *find_touched(
        const struct plan_source *source, char *const *tables, const char *sql, size_t size)
{
        for (; *tables; tables++)
                for (size_t i = 0; i < source->touched_count; i++)
                        if (strcasecmp(source->touched[i].name, *tables) == 0 &&
                                (source->touched[i].rows || selects_all_columns(sql, size)))
                                return *tables;
        return NULL;
}

static bool any_touched(const struct plan_source *source, char *const *tables)
{
        for (; *tables; tables++)
                for (size_t i = 0; i < source->touched_count; i++)
                        if (strcasecmp(source->touched[i].name, *tables) == 0)
                                return true;
        return false;
}

static bool asks_about_schema(const char *sql, size_t size)
{
        static const char *const verbs[] = {"SHOW", "DESCRIBE", "DESC", NULL};
        return verb_in(sql, size, verbs) || memmem(sql, size, "information_schema", 18) ||
               memmem(sql, size, "INFORMATION_SCHEMA", 18);
}

/* 2 when what is planned would change the answer. */
static int check_dependence(const struct plan_source *source, const char *sql, size_t size, char **ret_why)
{
        bool certain = true;
        _cleanup_strings_ char **tables = schema_statement_tables(sql, size, &certain);
        const char *touched = find_touched(source, tables, sql, size);
        bool any = source->touched_count > 0 || source->all_touched;
        if (source->all_touched || (any && !certain))
                *ret_why = string_copy("a table that could not be told");
        else if (touched)
                *ret_why = string_copy(touched);
        else if (any && asks_about_schema(sql, size))
                *ret_why = string_copy("the schema");
        else
                return 0;
        return 2;
}

/* In a read-only transaction the server itself refuses what writes, but for files: SELECT … INTO OUTFILE. */
static int check_reads_only(const char *sql, size_t size, struct error *err)
{
        static const char *const verbs[] = {
                "SELECT", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "WITH", "(", NULL};
        _cleanup_free_ struct schema_statement *statements = NULL;
        _cleanup_free_ char *text = memory_copy(sql, size);
        if (!verb_in(sql, size, verbs) || schema_split(sql, size, &statements) > 1 ||
                strcasestr(text, "outfile") || strcasestr(text, "dumpfile"))
                return error_set(err, REASON_FORBIDDEN,
                        "a query that may do more than read is not sent while a plan is made");
        return 0;
}

static int read_rows(void *context, const char *sql, size_t size, struct database_rows *ret, char **ret_why,
        struct error *err)
{
        struct plan_source *source = context;
        if (!source->database)
                return 1;
        if (source->live)
                return database_query_bytes(source->database, sql, size, ret, err);
        int result = check_dependence(source, sql, size, ret_why);
        source->depends |= result == 2;
        if (result != 0)
                return result;
        if (check_reads_only(sql, size, err) < 0)
                return -1;
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query_bytes(source->database, sql, size, &rows, err) < 0) {
                /* A column that a planned statement adds is none of the server's yet. */
                bool certain;
                _cleanup_strings_ char **tables = schema_statement_tables(sql, size, &certain);
                if (err->reason != REASON_DATABASE_QUERY_FAILED || !any_touched(source, tables))
                        return -1;
                error_deinit(err);
                *ret_why = string_copy(tables[0]);
                source->depends = true;
                return 2;
        }
        if (rows.rows > ROW_LIMIT)
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "a query of the migration gives more than %d rows", ROW_LIMIT);
        *ret = rows;
        rows = (struct database_rows){0};
        return 0;
}

/* Writing down */

int plan_source_begin(struct database *database, struct error *err)
{
        return database_query(database, NULL, err, "START TRANSACTION READ ONLY");
}

/* Names are looked up by the server itself, unless planned statements change the tables. */
static int check_with_server(
        const struct plan_source *source, const char *sql, size_t size, char **ret_why, struct error *err)
{
        bool certain = true;
        _cleanup_strings_ char **tables = schema_statement_tables(sql, size, &certain);
        if (!source->database || source->all_touched || any_touched(source, tables))
                return 0;
        /* Several in one text are sent as they are, but can't be prepared. */
        _cleanup_free_ struct schema_statement *statements = NULL;
        if (schema_split(sql, size, &statements) > 1)
                return 0;
        /* In a read-only transaction the server would refuse it for that alone. */
        if (database_query(source->database, NULL, err, "ROLLBACK") < 0)
                return -1;
        int result = database_check(source->database, sql, size, ret_why, err);
        if (result >= 0 && plan_source_begin(source->database, err) < 0)
                return -1;
        return result;
}

bool schema_has_transactions(const struct schema *schema, const char *sql, size_t size)
{
        bool certain = true;
        _cleanup_strings_ char **tables = schema_statement_tables(sql, size, &certain);
        for (size_t i = 0; certain && tables[i]; i++) {
                const struct schema_table *table = schema_find_table(schema, tables[i]);
                certain = table && string_equal(table->engine, "InnoDB");
        }
        return certain;
}

/* What commits by itself would tear the caller's transaction. */
static int write_now(
        struct plan_source *source, const char *sql, size_t size, char **ret_why, struct error *err)
{
        static const char *const verbs[] = {"INSERT", "UPDATE", "DELETE", "REPLACE", NULL};
        if (!verb_in(sql, size, verbs) || !schema_has_transactions(source->base, sql, size))
                return error_set(err, REASON_MIGRATION_FAILED,
                        "postUp sends what can't be part of a transaction: it has to be run by PHP");
        if (database_query_bytes(source->database, sql, size, NULL, err) == 0)
                return 0;
        if (err->reason != REASON_DATABASE_QUERY_FAILED)
                return -1;
        *ret_why = string_copy(error_message(err));
        error_deinit(err);
        return 1;
}

static int last_insert_id(void *context, char **ret, struct error *err)
{
        struct plan_source *source = context;
        source->depends = true;
        (void)err;
        if (!source->live)
                return 1;
        *ret = string_format("%" PRIu64, database_insert_id(source->database));
        return 0;
}

static int write_down(void *context, const char *sql, size_t size, struct php_value params, const char *bound,
        size_t bound_size, unsigned line, char **ret_why, struct error *err)
{
        struct plan_source *source = context;
        if (source->live)
                return write_now(source, bound, bound_size, ret_why, err);
        int result = check_with_server(source, bound, bound_size, ret_why, err);
        if (result < 0)
                return -1;
        planned_statements_add(&source->direct, sql, size, params, bound, bound_size, line, true);
        if (result == 1)
                return 1;
        _cleanup_free_ char *why = NULL;
        enum schema_effect effect = plan_source_follow(source, bound, bound_size, &why);
        if (effect != SCHEMA_REFUSED)
                return 0;
        *ret_why = steal(&why);
        return 1;
}

/* As mysql_real_escape_string does without NO_BACKSLASH_ESCAPES. */
static char *quote_without_server(const char *text, size_t size)
{
        static const char escaped[] = "\\'\"\n\r\0\x1a", letters[] = "\\'\"nr0Z";
        _cleanup_buffer_ struct buffer quoted = {0};
        buffer_append(&quoted, "'", 1);
        for (size_t i = 0; i < size; i++) {
                const char *found = memchr(escaped, text[i], sizeof(escaped) - 1);
                if (found)
                        buffer_append(&quoted, "\\", 1);
                buffer_append(&quoted, found ? &letters[found - escaped] : &text[i], 1);
        }
        buffer_append(&quoted, "'", 1);
        return buffer_steal(&quoted);
}

static char *quote(void *context, const char *text, size_t size)
{
        const struct plan_source *source = context;
        return source->database ? database_quote_bytes(source->database, text, size)
                                : quote_without_server(text, size);
}

void plan_source_init(struct plan_source *source, struct database *database, const struct schema *schema)
{
        *source = (struct plan_source){.database = database, .base = schema};
        source->source = (struct sql_source){.context = source,
                .read = read_rows,
                .write = write_down,
                .last_insert_id = last_insert_id,
                .quote = quote,
                .database = schema->database};
}

void plan_source_next(struct plan_source *source)
{
        source->depends = false;
        planned_statements_deinit(&source->direct);
        if (!source->changed)
                return;
        schema_free(source->former);
        source->base = source->former = steal(&source->changed);
}

const struct schema *plan_source_schema(const struct plan_source *source)
{
        return source->changed ? source->changed : source->base;
}

void plan_source_deinit(struct plan_source *source)
{
        for (size_t i = 0; i < source->touched_count; i++)
                free(source->touched[i].name);
        free(source->touched);
        planned_statements_deinit(&source->direct);
        schema_free(source->former);
        schema_free(source->changed);
        *source = (struct plan_source){0};
}
