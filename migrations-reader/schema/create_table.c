/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/ddl.h"

#include "lib/memory.h"

#include <string.h>
#include <strings.h>

static bool is_innodb(const struct schema_table *table)
{
        return string_equal(table->engine, "InnoDB");
}

static struct schema_table *new_table(
        const struct schema *schema, const char *name, struct table_options *options)
{
        struct schema_table *table = memory_new(sizeof *table);
        table->name = string_copy(name);
        table->engine = options->engine ? steal(&options->engine) : string_copy("InnoDB");
        table->charset = string_copy(options->charset ?: schema->charset);
        table->collation = string_copy(options->charset ? options->collation : schema->collation);
        table->comment = string_copy(options->comment ?: "");
        table->row_format = steal(&options->row_format);
        table->auto_increment = options->auto_increment;
        return table;
}

static bool read_body(struct ddl *ddl, struct table_definition *definition)
{
        struct sql_cursor inside, item, behind = ddl->cursor;
        if (!sql_take_parentheses(&behind, &inside))
                return ddl_syntax(ddl);
        while (sql_take_item(&inside, &item)) {
                ddl->cursor = item;
                if (!read_definition(ddl, definition))
                        return false;
                if (!sql_at_end(&ddl->cursor))
                        return ddl_syntax(ddl);
        }
        ddl->cursor = behind;
        return true;
}

static bool read_options(struct ddl *ddl, struct table_options *options)
{
        while (!sql_at_end(&ddl->cursor)) {
                if (sql_at_word(&ddl->cursor, "PARTITION"))
                        break; /* how rows are spread is no part of the snapshot */
                if (!read_option(ddl, options))
                        return ddl->number == 0 && !ddl->doubtful ? ddl_syntax(ddl) : false;
                (void)sql_take_mark(&ddl->cursor, ',');
        }
        return finish_options(ddl, options);
}

static bool check_new_name(struct ddl *ddl, const char *name)
{
        size_t size = strlen(name);
        if (size > 64 || name[size - 1] == ' ')
                return ddl_refuse(ddl, 1103, "Incorrect table name '%s'", name);
        return true;
}

/* Takes the lists out of the definition. */
static bool fill_plan(struct ddl *ddl, struct table_plan *plan, struct table_definition *definition)
{
        for (size_t i = 0; i < definition->column_count; i++) {
                struct planned_column planned = {.spec = &definition->columns[i]};
                if (!make_column(ddl, planned.spec, plan->table, &planned.column))
                        return false;
                add_planned_column(plan, planned);
        }
        plan->keys = definition->keys;
        plan->key_count = definition->key_count;
        definition->keys = NULL;
        definition->key_count = 0;
        if (plan->column_count == 0)
                return ddl_doubt(ddl, "a table without columns");
        return finish_columns(ddl, plan) && finish_keys(ddl, plan) && check_values(ddl, plan) &&
               add_checks(ddl, plan->table, definition) &&
               add_foreign_keys(ddl, plan->table, definition, NULL);
}

static bool create_from(
        struct ddl *ddl, const char *name, struct table_definition *definition, struct table_options *options)
{
        _cleanup_(table_plan_deinit) struct table_plan plan = {
                .table = new_table(ddl->schema, name, options)};
        if (!plan.table->collation)
                (void)ddl_doubt(ddl, "the database's collation is not known");
        if (!is_innodb(plan.table))
                (void)ddl_doubt(ddl, "the engine %s has rules of its own", plan.table->engine);
        if (!fill_plan(ddl, &plan, definition))
                return false;
        schema_add_table(ddl->schema, steal(&plan.table));
        return true;
}

static bool is_there(const struct ddl *ddl, const char *name)
{
        return schema_find_table(ddl->schema, name) || schema_has_view(ddl->schema, name);
}

/* LIKE other: all but its foreign keys and its counter. */
static bool create_like(struct ddl *ddl, const char *name, const char *other)
{
        const struct schema_table *source = schema_find_table(ddl->schema, other);
        if (schema_compare_names(ddl->schema, name, other) == 0)
                return ddl_refuse(ddl, 1066, "Not unique table/alias: '%s'", name);
        if (is_there(ddl, name))
                return ddl_refuse(ddl, 1050, "Table '%s' already exists", name);
        if (!source && schema_has_view(ddl->schema, other))
                return ddl_refuse(
                        ddl, 1347, "'%s.%s' is not of type 'BASE TABLE'", ddl->schema->database, other);
        if (!source)
                return ddl_refuse(ddl, 1146, "Table '%s.%s' doesn't exist", ddl->schema->database, other);
        struct schema_table *table = schema_table_copy(source);
        string_replace(&table->name, string_copy(name));
        for (size_t i = 0; i < table->foreign_key_count; i++)
                schema_foreign_key_deinit(&table->foreign_keys[i]);
        table->foreign_key_count = 0;
        table->auto_increment = 0;
        schema_add_table(ddl->schema, table);
        return true;
}

static char *take_like(struct ddl *ddl)
{
        struct sql_cursor inside, outside = ddl->cursor;
        bool nested = sql_take_parentheses(&ddl->cursor, &inside);
        if (nested)
                ddl->cursor = inside;
        if (!sql_take_word(&ddl->cursor, "LIKE")) {
                ddl->cursor = outside;
                return NULL;
        }
        char *name = ddl_take_table(ddl);
        return name ?: string_copy("");
}

bool apply_create_table(struct ddl *ddl, bool replace)
{
        _cleanup_(table_definition_deinit) struct table_definition definition = {0};
        _cleanup_(table_options_deinit) struct table_options options = {0};
        bool if_not_exists = ddl_take_if_not_exists(ddl);
        _cleanup_free_ char *name = ddl_take_table(ddl);
        if (!name || !check_new_name(ddl, name))
                return false;
        bool there = is_there(ddl, name);
        _cleanup_free_ char *like = take_like(ddl);
        if (replace && there)
                return ddl_doubt(ddl, "CREATE OR REPLACE TABLE on a table that is there");
        if (like)
                return *like && ((there && if_not_exists) || create_like(ddl, name, like));
        if (!read_body(ddl, &definition) || !read_options(ddl, &options))
                return false;
        if (there && if_not_exists)
                return true;
        if (there)
                return ddl_refuse(ddl, 1050, "Table '%s' already exists", name);
        return create_from(ddl, name, &definition, &options);
}
