/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * SQL, hostile: the text is split, applied to a snapshot statement by statement and read as a dump. A table
 * that does not equal its own copy, an index on a column that is not there, or a refusal that changed
 * something is a finding.
 */

#include "migrations-reader/schema/schema.h"

#include "lib/memory.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char before[] =
        "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, a VARCHAR(255), b TEXT, KEY a (a));"
        "CREATE TABLE u (id INT PRIMARY KEY, t_id INT, FOREIGN KEY (t_id) REFERENCES t (id))";

static void require(bool condition, const char *words)
{
        if (condition)
                return;
        fprintf(stderr, "%s\n", words);
        abort();
}

static void check_table(const struct schema_table *table)
{
        _cleanup_free_ char *text = schema_table_text(table);
        require(text && table->name, "a table without a name");
        for (size_t i = 0; i < table->index_count; i++)
                for (size_t k = 0; k < table->indexes[i].part_count; k++)
                        require(schema_find_column(table, table->indexes[i].parts[k].column) != NULL,
                                "an index on a column that is not there");
}

static void check(const struct schema *schema)
{
        _cleanup_(schema_freep) struct schema *copy = schema_copy(schema);
        for (size_t i = 0; i < schema->count; i++) {
                check_table(schema->tables[i]);
                require(schema_table_equal(schema->tables[i], copy->tables[i]), "a copy that differs");
        }
}

static bool is_same(const struct schema *left, const struct schema *right)
{
        if (left->count != right->count)
                return false;
        for (size_t i = 0; i < left->count; i++)
                if (!schema_table_equal(left->tables[i], right->tables[i]))
                        return false;
        return true;
}

/* What DROP TABLE could drop in front of the one that it could not is gone. */
static bool is_partial(const char *sql, size_t size)
{
        char verb[16];
        schema_statement_verb(sql, size, verb);
        return strcmp(verb, "DROP") == 0;
}

static void apply(struct schema *schema, const char *sql, size_t size)
{
        _cleanup_(schema_freep) struct schema *copy = schema_copy(schema);
        unsigned number = 0;
        _cleanup_free_ char *message = NULL;
        enum schema_effect effect = schema_apply(schema, sql, size, &number, &message);
        check(schema);
        if (effect == SCHEMA_REFUSED) {
                require(number != 0 && message, "a refusal without a reason");
                require(is_partial(sql, size) || is_same(schema, copy), "a refusal that changed something");
        }
        if (effect == SCHEMA_SAME)
                require(is_same(schema, copy), "a change that was not told");
}

static void read_dump(const char *text, size_t size)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(schema_freep) struct schema *schema = NULL;
        _cleanup_strings_ char **values = NULL;
        if (schema_read_dump(text, size, "t", &schema, &values, &err) == 0)
                check(schema);
        else
                require(err.reason == REASON_INVALID_ARGUMENT, "a dump's error of another reason");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *text = (const char *)data;
        _cleanup_error_ struct error err = {0};
        _cleanup_(schema_freep) struct schema *schema = NULL;
        if (schema_read_dump(before, sizeof before - 1, NULL, &schema, NULL, &err) < 0)
                abort();
        schema->charset = string_copy("utf8mb4");
        schema->collation = string_copy("utf8mb4_unicode_ci");
        struct schema_statement *statements = NULL;
        size_t count = schema_split(text, size, &statements);
        for (size_t i = 0; i < count; i++) {
                bool certain = false;
                _cleanup_strings_ char **names =
                        schema_statement_tables(text + statements[i].offset, statements[i].size, &certain);
                require(names != NULL, "no list of tables");
                apply(schema, text + statements[i].offset, statements[i].size);
        }
        free(statements);
        read_dump(text, size);
        return 0;
}
