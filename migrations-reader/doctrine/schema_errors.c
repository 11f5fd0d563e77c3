/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/schema_errors.h"

const char *dbal_root_exception(enum doctrine_version version)
{
        return version >= DOCTRINE_2_13 ? DBAL "Exception" : DBAL "DBALException";
}

/* SchemaException until dbal 3 has a class for each. */
static enum php_flow throw_schema(struct php_run *run, const char *class, int64_t code, const char *old_words,
        const char *new_words, const char *first, const char *second)
{
        bool new = version_of(run) >= DOCTRINE_3_7;
        _cleanup_free_ char *class_name = new ? string_format(DBAL "Schema\\Exception\\%s", class)
                                              : string_copy(DBAL "Schema\\SchemaException");
        _cleanup_buffer_ struct buffer message = {0};
        const char *words = new ? new_words : old_words, *names[] = {first, second};
        size_t used = 0;

        for (; *words; words++)
                if (*words == '#')
                        buffer_append_string(&message, names[used++]);
                else
                        buffer_append(&message, words, 1);
        return doctrine_throw(run, class_name, code, "%s", message.data);
}

enum php_flow throw_column_missing(struct php_run *run, const char *column, const char *table)
{
        return throw_schema(run, "ColumnDoesNotExist", 30, "There is no column with name '#' on table '#'.",
                "There is no column with name \"#\" on table \"#\".", column, table);
}

enum php_flow throw_column_exists(struct php_run *run, const char *column, const struct asset *table)
{
        _cleanup_free_ char *name = asset_name(table);

        return throw_schema(run, "ColumnAlreadyExists", 40, "The column '#' on table '#' already exists.",
                "The column \"#\" on table \"#\" already exists.", column, name);
}

enum php_flow throw_index_missing(struct php_run *run, const char *index, const struct asset *table)
{
        return throw_schema(run, "IndexDoesNotExist", 50, "Index '#' does not exist on table '#'.",
                "Index \"#\" does not exist on table \"#\".", index, table->name);
}

enum php_flow throw_index_exists(struct php_run *run, const char *index, const struct asset *table)
{
        return throw_schema(run, "IndexAlreadyExists", 60,
                "An index with name '#' was already defined on table '#'.",
                "An index with name \"#\" was already defined on table \"#\".", index, table->name);
}

enum php_flow throw_index_name(struct php_run *run, const char *index)
{
        return throw_schema(run, "IndexNameInvalid", 90, "Invalid index-name # given, has to be [a-zA-Z0-9_]",
                "Invalid index name \"#\" given, has to be [a-zA-Z0-9_].", index, "");
}

enum php_flow throw_foreign_key_missing(struct php_run *run, const char *key, const struct asset *table)
{
        return throw_schema(run, "ForeignKeyDoesNotExist", 100,
                "There exists no foreign key with the name '#' on table '#'.",
                "There exists no foreign key with the name \"#\" on table \"#\".", key, table->name);
}

enum php_flow throw_table_missing(struct php_run *run, const char *table)
{
        return throw_schema(run, "TableDoesNotExist", 10, "There is no table with name '#' in the schema.",
                "There is no table with name \"#\" in the schema.", table, "");
}

enum php_flow throw_table_exists(struct php_run *run, const char *table)
{
        return throw_schema(run, "TableAlreadyExists", 20, "The table with name '#' already exists.",
                "The table with name \"#\" already exists.", table, "");
}

enum php_flow throw_namespace_exists(struct php_run *run, const char *name)
{
        return throw_schema(run, "NamespaceAlreadyExists", version_of(run) >= DOCTRINE_3_7 ? 120 : 110,
                "The namespace with name '#' already exists.",
                "The namespace with name \"#\" already exists.", name, "");
}
