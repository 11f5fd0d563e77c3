/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/schema.h"

#include "lib/memory.h"
#include "migrations-reader/schema/schema_private.h"

#include <string.h>
#include <strings.h>

/* Release */

void schema_column_deinit(struct schema_column *column)
{
        free(column->name);
        free(column->type);
        free(column->default_value);
        free(column->extra);
        free(column->comment);
        free(column->charset);
        free(column->collation);
        free(column->expression);
        *column = (struct schema_column){0};
}

void schema_index_deinit(struct schema_index *index)
{
        for (size_t i = 0; i < index->part_count; i++)
                free(index->parts[i].column);
        free(index->parts);
        free(index->name);
        free(index->type);
        free(index->comment);
        *index = (struct schema_index){0};
}

void schema_foreign_key_deinit(struct schema_foreign_key *key)
{
        free(key->name);
        strings_free(key->columns);
        free(key->table);
        strings_free(key->table_columns);
        free(key->on_update);
        free(key->on_delete);
        *key = (struct schema_foreign_key){0};
}

void schema_check_deinit(struct schema_check *check)
{
        free(check->name);
        free(check->expression);
        *check = (struct schema_check){0};
}

void schema_table_free(struct schema_table *table)
{
        if (!table)
                return;
        for (size_t i = 0; i < table->column_count; i++)
                schema_column_deinit(&table->columns[i]);
        for (size_t i = 0; i < table->index_count; i++)
                schema_index_deinit(&table->indexes[i]);
        for (size_t i = 0; i < table->foreign_key_count; i++)
                schema_foreign_key_deinit(&table->foreign_keys[i]);
        for (size_t i = 0; i < table->check_count; i++)
                schema_check_deinit(&table->checks[i]);
        free(table->columns);
        free(table->indexes);
        free(table->foreign_keys);
        free(table->checks);
        free(table->name);
        free(table->engine);
        free(table->charset);
        free(table->collation);
        free(table->comment);
        free(table->row_format);
        free(table);
}

void schema_free(struct schema *schema)
{
        if (!schema)
                return;
        for (size_t i = 0; i < schema->count; i++)
                schema_table_free(schema->tables[i]);
        free(schema->tables);
        strings_free(schema->views);
        free(schema->database);
        free(schema->charset);
        free(schema->collation);
        free(schema);
}

/* Copies */

struct schema_column schema_column_copy(const struct schema_column *column)
{
        return (struct schema_column){
                .name = string_copy(column->name),
                .type = string_copy(column->type),
                .default_value = string_copy(column->default_value),
                .extra = string_copy(column->extra),
                .comment = string_copy(column->comment),
                .charset = string_copy(column->charset),
                .collation = string_copy(column->collation),
                .expression = string_copy(column->expression),
                .nullable = column->nullable,
        };
}

struct schema_index schema_index_copy(const struct schema_index *index)
{
        struct schema_index copy = *index;
        copy.name = string_copy(index->name);
        copy.type = string_copy(index->type);
        copy.comment = string_copy(index->comment);
        copy.parts = memory_new_array(index->part_count + 1, sizeof *copy.parts);
        copy.part_count = 0;
        for (size_t i = 0; i < index->part_count; i++) {
                copy.parts[i] = index->parts[i];
                copy.parts[i].column = string_copy(index->parts[i].column);
                copy.part_count++;
        }
        return copy;
}

static struct schema_foreign_key foreign_key_copy(const struct schema_foreign_key *key)
{
        return (struct schema_foreign_key){
                .name = string_copy(key->name),
                .columns = strings_copy(key->columns),
                .table = string_copy(key->table),
                .table_columns = strings_copy(key->table_columns),
                .on_update = string_copy(key->on_update),
                .on_delete = string_copy(key->on_delete),
        };
}

static struct schema_check check_copy(const struct schema_check *check)
{
        return (struct schema_check){.name = string_copy(check->name),
                .expression = string_copy(check->expression),
                .of_column = check->of_column};
}

struct schema_table *schema_table_copy(const struct schema_table *table)
{
        struct schema_table *copy = memory_new(sizeof *copy);
        *copy = (struct schema_table){
                .name = string_copy(table->name),
                .engine = string_copy(table->engine),
                .charset = string_copy(table->charset),
                .collation = string_copy(table->collation),
                .comment = string_copy(table->comment),
                .row_format = string_copy(table->row_format),
                .auto_increment = table->auto_increment,
                .uncertain = table->uncertain,
        };
        for (size_t i = 0; i < table->column_count; i++)
                schema_table_add_column(copy, schema_column_copy(&table->columns[i]));
        for (size_t i = 0; i < table->index_count; i++)
                schema_table_add_index(copy, schema_index_copy(&table->indexes[i]));
        for (size_t i = 0; i < table->foreign_key_count; i++)
                schema_table_add_foreign_key(copy, foreign_key_copy(&table->foreign_keys[i]));
        for (size_t i = 0; i < table->check_count; i++)
                schema_table_add_check(copy, check_copy(&table->checks[i]));
        return copy;
}

struct schema *schema_copy(const struct schema *schema)
{
        struct schema *copy = memory_new(sizeof *copy);
        *copy = *schema;
        copy->database = string_copy(schema->database);
        copy->charset = string_copy(schema->charset);
        copy->collation = string_copy(schema->collation);
        copy->views = strings_copy(schema->views);
        copy->tables = memory_new_array(schema->count + 1, sizeof(struct schema_table *));
        for (size_t i = 0; i < schema->count; i++)
                copy->tables[i] = schema_table_copy(schema->tables[i]);
        return copy;
}

/* Additions */

void schema_table_add_column(struct schema_table *table, struct schema_column column)
{
        table->columns = memory_grow(table->columns, table->column_count, sizeof *table->columns);
        table->columns[table->column_count++] = column;
}

void schema_table_add_index(struct schema_table *table, struct schema_index index)
{
        table->indexes = memory_grow(table->indexes, table->index_count, sizeof *table->indexes);
        table->indexes[table->index_count++] = index;
}

void schema_table_add_foreign_key(struct schema_table *table, struct schema_foreign_key key)
{
        table->foreign_keys =
                memory_grow(table->foreign_keys, table->foreign_key_count, sizeof *table->foreign_keys);
        table->foreign_keys[table->foreign_key_count++] = key;
}

void schema_table_add_check(struct schema_table *table, struct schema_check check)
{
        table->checks = memory_grow(table->checks, table->check_count, sizeof *table->checks);
        table->checks[table->check_count++] = check;
}

void schema_index_add_part(struct schema_index *index, struct schema_index_part part)
{
        index->parts = memory_resize(index->parts, index->part_count + 1, sizeof *index->parts);
        index->parts[index->part_count++] = part;
}

int schema_compare_names(const struct schema *schema, const char *left, const char *right)
{
        return schema->lower_case ? strcasecmp(left, right) : strcmp(left, right);
}

void schema_add_table(struct schema *schema, struct schema_table *table)
{
        schema->tables = memory_resize(schema->tables, schema->count + 1, sizeof(struct schema_table *));
        size_t at = schema->count++;
        for (; at > 0 && schema_compare_names(schema, schema->tables[at - 1]->name, table->name) > 0; at--)
                schema->tables[at] = schema->tables[at - 1];
        schema->tables[at] = table;
}

struct schema_table *schema_take_table(struct schema *schema, const char *name)
{
        for (size_t i = 0; i < schema->count; i++) {
                struct schema_table *table = schema->tables[i];
                if (schema_compare_names(schema, table->name, name) != 0)
                        continue;
                memmove(&schema->tables[i], &schema->tables[i + 1],
                        (schema->count - i - 1) * sizeof(struct schema_table *));
                schema->count--;
                return table;
        }
        return NULL;
}

static size_t find_view(const struct schema *schema, const char *name)
{
        size_t i = 0;
        while (schema->views && schema->views[i] && schema_compare_names(schema, schema->views[i], name) != 0)
                i++;
        return i;
}

bool schema_has_view(const struct schema *schema, const char *name)
{
        return schema->views && schema->views[find_view(schema, name)];
}

void schema_add_view(struct schema *schema, const char *name)
{
        if (!schema_has_view(schema, name))
                strings_add(&schema->views, string_copy(name));
}

void schema_remove_view(struct schema *schema, const char *name)
{
        if (!schema_has_view(schema, name))
                return;
        size_t at = find_view(schema, name), count = strings_count(schema->views);
        free(schema->views[at]);
        memmove(&schema->views[at], &schema->views[at + 1], (count - at) * sizeof *schema->views);
}

/* Look-up */

const struct schema_table *schema_find_table(const struct schema *schema, const char *name)
{
        for (size_t i = 0; i < schema->count; i++)
                if (schema_compare_names(schema, schema->tables[i]->name, name) == 0)
                        return schema->tables[i];
        return NULL;
}

const struct schema_column *schema_find_column(const struct schema_table *table, const char *name)
{
        for (size_t i = 0; i < table->column_count; i++)
                if (strcasecmp(table->columns[i].name, name) == 0)
                        return &table->columns[i];
        return NULL;
}

const struct schema_index *schema_find_index(const struct schema_table *table, const char *name)
{
        for (size_t i = 0; i < table->index_count; i++)
                if (strcasecmp(table->indexes[i].name, name) == 0)
                        return &table->indexes[i];
        return NULL;
}

const struct schema_foreign_key *schema_find_foreign_key(const struct schema_table *table, const char *name)
{
        for (size_t i = 0; i < table->foreign_key_count; i++)
                if (strcasecmp(table->foreign_keys[i].name, name) == 0)
                        return &table->foreign_keys[i];
        return NULL;
}

/* Comparison */

static bool column_equal(const struct schema_column *left, const struct schema_column *right)
{
        return string_equal(left->name, right->name) && string_equal(left->type, right->type) &&
               string_equal(left->default_value, right->default_value) &&
               string_equal(left->extra, right->extra) && string_equal(left->comment, right->comment) &&
               string_equal(left->charset, right->charset) &&
               string_equal(left->collation, right->collation) &&
               string_equal(left->expression, right->expression) && left->nullable == right->nullable;
}

static bool index_equal(const struct schema_index *left, const struct schema_index *right)
{
        if (!string_equal(left->name, right->name) || !string_equal(left->type, right->type) ||
                !string_equal(left->comment, right->comment) || left->part_count != right->part_count ||
                left->unique != right->unique)
                return false;
        for (size_t i = 0; i < left->part_count; i++)
                if (!string_equal(left->parts[i].column, right->parts[i].column) ||
                        left->parts[i].length != right->parts[i].length ||
                        left->parts[i].descending != right->parts[i].descending)
                        return false;
        return true;
}

static bool strings_same(char *const *left, char *const *right)
{
        size_t count = strings_count(left);
        if (count != strings_count(right))
                return false;
        for (size_t i = 0; i < count; i++)
                if (!string_equal(left[i], right[i]))
                        return false;
        return true;
}

static bool foreign_key_equal(const struct schema_foreign_key *left, const struct schema_foreign_key *right)
{
        return string_equal(left->name, right->name) && string_equal(left->table, right->table) &&
               string_equal(left->on_update, right->on_update) &&
               string_equal(left->on_delete, right->on_delete) &&
               strings_same(left->columns, right->columns) &&
               strings_same(left->table_columns, right->table_columns);
}

static bool check_equal(const struct schema_check *left, const struct schema_check *right)
{
        return string_equal(left->name, right->name) && string_equal(left->expression, right->expression) &&
               left->of_column == right->of_column;
}

static bool contents_equal(const struct schema_table *left, const struct schema_table *right)
{
        for (size_t i = 0; i < left->column_count; i++)
                if (!column_equal(&left->columns[i], &right->columns[i]))
                        return false;
        for (size_t i = 0; i < left->index_count; i++)
                if (!index_equal(&left->indexes[i], &right->indexes[i]))
                        return false;
        for (size_t i = 0; i < left->foreign_key_count; i++)
                if (!foreign_key_equal(&left->foreign_keys[i], &right->foreign_keys[i]))
                        return false;
        for (size_t i = 0; i < left->check_count; i++)
                if (!check_equal(&left->checks[i], &right->checks[i]))
                        return false;
        return true;
}

bool schema_table_equal(const struct schema_table *left, const struct schema_table *right)
{
        if (!left || !right)
                return left == right;
        return string_equal(left->name, right->name) && string_equal(left->engine, right->engine) &&
               string_equal(left->charset, right->charset) &&
               string_equal(left->collation, right->collation) &&
               string_equal(left->comment, right->comment) &&
               string_equal(left->row_format, right->row_format) &&
               left->column_count == right->column_count && left->index_count == right->index_count &&
               left->foreign_key_count == right->foreign_key_count &&
               left->check_count == right->check_count && contents_equal(left, right);
}

/* Words */

static void append_column(struct buffer *text, const struct schema_column *column)
{
        buffer_append_format(text, "  %s %s", column->name, column->type);
        if (column->collation)
                buffer_append_format(text, " collate %s", column->collation);
        buffer_append_string(text, column->nullable ? " null" : " not null");
        if (column->default_value)
                buffer_append_format(text, " default %s", column->default_value);
        if (column->expression)
                buffer_append_format(text, " as (%s)", column->expression);
        if (column->extra && *column->extra)
                buffer_append_format(text, " %s", column->extra);
        if (column->comment && *column->comment)
                buffer_append_format(text, " comment \"%s\"", column->comment);
        buffer_append_string(text, "\n");
}

static void append_index(struct buffer *text, const struct schema_index *index)
{
        buffer_append_format(text, "  %sindex %s (", index->unique ? "unique " : "", index->name);
        for (size_t i = 0; i < index->part_count; i++) {
                const struct schema_index_part *part = &index->parts[i];
                buffer_append_format(text, "%s%s", i > 0 ? ", " : "", part->column);
                if (part->length > 0)
                        buffer_append_format(text, "(%u)", part->length);
                if (part->descending)
                        buffer_append_string(text, " desc");
        }
        buffer_append_format(text, ") %s", index->type);
        if (index->comment && *index->comment)
                buffer_append_format(text, " comment \"%s\"", index->comment);
        buffer_append_string(text, "\n");
}

static void append_names(struct buffer *text, char *const *names)
{
        for (size_t i = 0; names && names[i]; i++)
                buffer_append_format(text, "%s%s", i > 0 ? ", " : "", names[i]);
}

static void append_foreign_key(struct buffer *text, const struct schema_foreign_key *key)
{
        buffer_append_format(text, "  foreign key %s (", key->name);
        append_names(text, key->columns);
        buffer_append_format(text, ") to %s (", key->table);
        append_names(text, key->table_columns);
        buffer_append_format(text, ") on update %s on delete %s\n", key->on_update, key->on_delete);
}

char *schema_table_text(const struct schema_table *table)
{
        _cleanup_buffer_ struct buffer text = {0};
        buffer_append_format(&text, "%s (%s, %s%s%s)%s\n", table->name, table->engine ?: "no engine",
                table->collation ?: "no collation", table->row_format ? ", row format " : "",
                table->row_format ?: "", table->uncertain ? " uncertain" : "");
        if (table->comment && *table->comment)
                buffer_append_format(&text, "  comment \"%s\"\n", table->comment);
        for (size_t i = 0; i < table->column_count; i++)
                append_column(&text, &table->columns[i]);
        for (size_t i = 0; i < table->index_count; i++)
                append_index(&text, &table->indexes[i]);
        for (size_t i = 0; i < table->foreign_key_count; i++)
                append_foreign_key(&text, &table->foreign_keys[i]);
        for (size_t i = 0; i < table->check_count; i++)
                buffer_append_format(&text, "  check %s (%s)%s\n", table->checks[i].name,
                        table->checks[i].expression, table->checks[i].of_column ? " of the column" : "");
        return buffer_steal(&text);
}
