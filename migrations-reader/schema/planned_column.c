/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/ddl.h"

#include "lib/memory.h"
#include "lib/text.h"
#include "migrations-reader/schema/charsets.h"

#include <string.h>
#include <strings.h>

#define ROW_LIMIT 65535
#define COMMENT_LIMIT 1024

void table_plan_deinit(struct table_plan *plan)
{
        for (size_t i = 0; i < plan->column_count; i++)
                schema_column_deinit(&plan->columns[i].column);
        for (size_t i = 0; i < plan->key_count; i++)
                planned_key_deinit(&plan->keys[i]);
        free(plan->columns);
        free(plan->keys);
        schema_table_free(plan->table);
        *plan = (struct table_plan){0};
}

void add_planned_column(struct table_plan *plan, struct planned_column column)
{
        plan->columns = memory_grow(plan->columns, plan->column_count, sizeof *plan->columns);
        plan->columns[plan->column_count++] = column;
}

struct planned_column *find_planned_column(const struct table_plan *plan, const char *name)
{
        for (size_t i = 0; i < plan->column_count; i++)
                if (strcasecmp(plan->columns[i].column.name, name) == 0)
                        return &plan->columns[i];
        return NULL;
}

/* Given, or the table's; a character set alone has its own default. */
static void set_charset(struct ddl *ddl, const struct type_spec *type, const struct schema_table *table,
        struct schema_column *column)
{
        if (!type_is_text(type->kind))
                return;
        if (type->collation) {
                column->collation = string_copy(type->collation);
                column->charset = collation_charset(type->collation);
        } else if (type->charset) {
                column->charset = string_copy(type->charset);
                column->collation = type->binary
                                            ? charset_binary_collation(type->charset)
                                            : charset_default_collation(&ddl->schema->server, type->charset);
        } else {
                column->charset = string_copy(table->charset);
                column->collation = type->binary && table->charset ? charset_binary_collation(table->charset)
                                                                   : string_copy(table->collation);
        }
}

/* A text of bytes is told without a character set. */
static bool drop_binary_charset(struct ddl *ddl, const struct column_spec *spec, struct schema_column *column)
{
        if (!string_equal(column->charset, "binary"))
                return true;
        if (spec->type.kind == TYPE_ENUM || spec->type.kind == TYPE_SET)
                return ddl_doubt(ddl, "column %s has the character set binary", spec->name);
        string_replace(&column->charset, NULL);
        string_replace(&column->collation, NULL);
        return true;
}

static bool check_length(struct ddl *ddl, const struct column_spec *spec, const char *charset)
{
        uint64_t limit = 65535 / charset_width(charset);
        if ((spec->type.kind != TYPE_VARCHAR && spec->type.kind != TYPE_VARBINARY) ||
                spec->type.length <= limit)
                return true;
        if (!ddl->schema->strict)
                return ddl_doubt(ddl, "column %s is too long", spec->name);
        return ddl_refuse(ddl, 1074,
                "Column length too big for column '%s' (max = %u); use BLOB or TEXT instead", spec->name,
                (unsigned)limit);
}

static bool check_members(struct ddl *ddl, const struct column_spec *spec)
{
        char *const *values = spec->type.values;
        for (size_t i = 0; values && values[i]; i++)
                for (size_t k = 0; k < i; k++) {
                        if (strcmp(values[i], values[k]) == 0)
                                return ddl_refuse(ddl, 1291, "Column '%s' has duplicated value '%s' in %s",
                                        spec->name, values[i], spec->type.kind == TYPE_SET ? "SET" : "ENUM");
                        if (strcasecmp(values[i], values[k]) == 0)
                                return ddl_doubt(ddl, "values of column %s differ by their case", spec->name);
                }
        return true;
}

static bool make_default(struct ddl *ddl, const struct column_spec *spec, struct schema_column *column)
{
        const struct default_spec *value = &spec->default_value;
        if (spec->generated && value->kind != DEFAULT_NONE)
                return ddl_doubt(ddl, "a generated column with a default");
        if (spec->auto_increment)
                return true;
        switch (default_spec_render(
                value, column->type, column->nullable, &ddl->schema->server, &column->default_value)) {
        case DEFAULT_RENDERED:
                return true;
        case DEFAULT_REFUSED:
                if (spec->type.values) /* looked for among its words at once */
                        return ddl_refuse(ddl, 1067, "Invalid default value for '%s'", spec->name);
                if (!ddl->bad_default)
                        ddl->bad_default = string_copy(spec->name);
                return true;
        case DEFAULT_DOUBTFUL:
                break;
        }
        (void)ddl_doubt(ddl, "the default of column %s is not followed", spec->name);
        return true;
}

/* Whether the first of them, without a default, gets one depends on the server's settings. */
static bool check_timestamp(struct ddl *ddl, const struct column_spec *spec)
{
        if (spec->type.kind != TYPE_TIMESTAMP || !ddl->schema->implicit_timestamps || ddl->verbatim ||
                spec->null || spec->generated)
                return true;
        bool complete = spec->not_null && spec->default_value.kind != DEFAULT_NONE;
        return complete || ddl_doubt(ddl, "the server gives TIMESTAMP column %s a default", spec->name);
}

static bool make_extra(struct ddl *ddl, const struct column_spec *spec, struct schema_column *column)
{
        const struct database_server *server = &ddl->schema->server;
        _cleanup_buffer_ struct buffer extra = {0};
        bool mysql = !server->mariadb && server->major >= 8;
        enum default_kind kind = spec->default_value.kind;
        if (mysql && (kind == DEFAULT_NOW || kind == DEFAULT_EXPRESSION))
                buffer_append_string(&extra, "DEFAULT_GENERATED");
        if (spec->auto_increment)
                buffer_append_string(&extra, "auto_increment");
        if (spec->on_update) {
                bool dated = spec->type.kind == TYPE_DATETIME || spec->type.kind == TYPE_TIMESTAMP;
                if (!dated || spec->type.length != spec->on_update_precision)
                        return ddl_refuse(ddl, 1294, "Invalid ON UPDATE clause for '%s' column", spec->name);
                _cleanup_free_ char *now = now_text(server, spec->on_update_precision);
                buffer_append_format(&extra, "%son update %s", extra.size > 0 ? " " : "", now);
        }
        if (spec->generated)
                buffer_append_string(&extra, spec->stored ? "STORED GENERATED" : "VIRTUAL GENERATED");
        if (spec->invisible) {
                if (extra.size > 0)
                        return ddl_doubt(ddl, "an invisible column with more attributes");
                buffer_append_string(&extra, "INVISIBLE");
        }
        column->extra = buffer_steal(&extra);
        return true;
}

static bool make_expression(struct ddl *ddl, const struct column_spec *spec, struct schema_column *column)
{
        if (!spec->generated)
                return true;
        if (spec->not_null && ddl->schema->server.mariadb)
                return ddl_doubt(ddl, "a generated column that is NOT NULL");
        column->expression = string_copy(spec->expression ?: "");
        if (!spec->expression)
                (void)ddl_doubt(ddl, "the expression of column %s is not followed", spec->name);
        return true;
}

bool make_column(struct ddl *ddl, const struct column_spec *spec, const struct schema_table *table,
        struct schema_column *ret)
{
        const struct type_spec *type = &spec->type;
        struct schema_column column = {
                .name = string_copy(spec->name), .comment = string_copy(spec->comment ?: "")};
        set_charset(ddl, type, table, &column);
        column.type = type_spec_text(type, &ddl->schema->server, column.charset);
        column.nullable = !spec->not_null && !spec->auto_increment && !spec->primary;
        bool fine = check_length(ddl, spec, column.charset) && check_members(ddl, spec) &&
                    drop_binary_charset(ddl, spec, &column) && check_timestamp(ddl, spec) &&
                    make_default(ddl, spec, &column) && make_extra(ddl, spec, &column) &&
                    make_expression(ddl, spec, &column);
        if (fine && text_columns(column.comment) > COMMENT_LIMIT)
                fine = ddl_refuse(ddl, 1629, "Comment for field '%s' is too long (max = 1024)", spec->name);
        if (fine)
                *ret = column;
        else
                schema_column_deinit(&column);
        return fine;
}

/* CHECK constraints */

static void add_column_check(struct table_plan *plan, struct ddl *ddl, const struct planned_column *planned)
{
        const struct column_spec *spec = planned->spec;
        if (!spec) {
                for (size_t i = 0; planned->old && i < plan->old->check_count; i++) {
                        const struct schema_check *check = &plan->old->checks[i];
                        if (check->of_column && strcasecmp(check->name, planned->old->name) == 0)
                                schema_table_add_check(plan->table,
                                        (struct schema_check){.name = string_copy(planned->column.name),
                                                .expression = string_copy(check->expression),
                                                .of_column = true});
                }
                return;
        }
        if (!spec->has_check && !spec->type.is_json)
                return;
        struct schema_check check = {.name = string_copy(spec->name), .of_column = true};
        if (spec->has_check && !spec->check)
                (void)ddl_doubt(ddl, "the CHECK of column %s is not followed", spec->name);
        if (spec->has_check)
                check.expression = string_copy(spec->check ?: "");
        else {
                _cleanup_free_ char *name = database_quote_name(spec->name);
                check.expression = string_format("json_valid(%s)", name);
        }
        schema_table_add_check(plan->table, check);
}

static const struct schema_check *find_check(const struct schema_table *table, const char *name)
{
        for (size_t i = 0; i < table->check_count; i++)
                if (!table->checks[i].of_column && strcasecmp(table->checks[i].name, name) == 0)
                        return &table->checks[i];
        return NULL;
}

/* CONSTRAINT_1 and so on, up to one that is free. */
static char *check_name(const struct schema_table *table)
{
        for (unsigned i = 1;; i++) {
                _cleanup_free_ char *name = string_format("CONSTRAINT_%u", i);
                if (!find_check(table, name))
                        return steal(&name);
        }
}

bool add_checks(struct ddl *ddl, struct schema_table *table, const struct table_definition *definition)
{
        for (size_t i = 0; i < definition->check_count; i++) {
                const struct planned_check *planned = &definition->checks[i];
                if (!planned->expression)
                        (void)ddl_doubt(ddl, "a CHECK constraint is not followed");
                if (planned->name && find_check(table, planned->name))
                        return ddl_refuse(ddl, 1826, "Duplicate CHECK constraint name '%s'", planned->name);
                struct schema_check check = {
                        .name = planned->name ? string_copy(planned->name) : check_name(table),
                        .expression = string_copy(planned->expression ?: ""),
                };
                schema_table_add_check(table, check);
        }
        return true;
}

/* Columns */

static bool check_names(struct ddl *ddl, const struct table_plan *plan)
{
        unsigned automatic = 0;
        for (size_t i = 0; i < plan->column_count; i++) {
                const struct schema_column *column = &plan->columns[i].column;
                for (size_t k = 0; k < i; k++)
                        if (strcasecmp(plan->columns[k].column.name, column->name) == 0)
                                return ddl_refuse(ddl, 1060, "Duplicate column name '%s'", column->name);
                automatic += strstr(column->extra, "auto_increment") != NULL;
        }
        if (automatic > 1)
                return ddl_refuse(ddl, 1075,
                        "Incorrect table definition; there can be only one auto column and it must be "
                        "defined as a key");
        return true;
}

/* Bytes in the server's record; a long text takes its length and a pointer. */
static uint64_t row_bytes(const struct schema_column *column)
{
        struct type_facts facts = type_facts_of(column->type);
        uint64_t bytes = (uint64_t)facts.length * charset_width(column->charset);
        switch (facts.kind) {
        case TYPE_INTEGER:
                return facts.bytes;
        case TYPE_VARCHAR:
        case TYPE_VARBINARY:
                return bytes + (bytes > 255 ? 2 : 1);
        case TYPE_CHAR:
        case TYPE_BINARY:
                return bytes;
        case TYPE_TEXT:
        case TYPE_BLOB:
                return facts.bytes + 8;
        case TYPE_JSON:
        case TYPE_GEOMETRY:
                return 12;
        case TYPE_DECIMAL:
                return facts.length / 2 + 2;
        case TYPE_BIT:
        case TYPE_DATE:
        case TYPE_DATETIME:
        case TYPE_DOUBLE:
        case TYPE_ENUM:
        case TYPE_FLOAT:
        case TYPE_OTHER:
        case TYPE_SET:
        case TYPE_TIME:
        case TYPE_TIMESTAMP:
        case TYPE_YEAR:
                return 8;
        }
        return 8;
}

static bool check_row(struct ddl *ddl, const struct table_plan *plan)
{
        uint64_t sure = 0, possible = 1 + plan->column_count / 8;
        for (size_t i = 0; i < plan->column_count; i++) {
                uint64_t bytes = row_bytes(&plan->columns[i].column);
                sure += bytes > 8 ? bytes : 0;
                possible += bytes;
        }
        if (sure > ROW_LIMIT)
                return ddl_refuse(ddl, 1118,
                        "Row size too large. The maximum row size for the used table type, not counting "
                        "BLOBs, is 65535. This includes storage overhead, check the manual. You have to "
                        "change some columns to TEXT or BLOBs");
        if (possible > ROW_LIMIT)
                return ddl_doubt(ddl, "the row may be too large");
        return true;
}

/* A generated column may use others that are generated when they stand before it. */
static bool check_expression(
        struct ddl *ddl, const struct table_plan *plan, const struct planned_column *column)
{
        char *const *names = column->spec->expression_columns;
        for (size_t i = 0; names && names[i]; i++) {
                const struct planned_column *used = find_planned_column(plan, names[i]);
                if (!used)
                        return ddl_refuse(
                                ddl, 1054, "Unknown column '%s' in 'GENERATED ALWAYS AS'", names[i]);
                if (column->spec->stored && strstr(used->column.extra, "auto_increment"))
                        return ddl_refuse(ddl, 1901,
                                "Function or expression 'AUTO_INCREMENT' cannot be used in the GENERATED "
                                "ALWAYS AS clause of `%s`",
                                used->column.name);
                if (used->column.expression && used >= column)
                        return ddl_refuse(ddl, 4029,
                                "Expression for field `%s` is referring to uninitialized field `%s`",
                                column->column.name, used->column.name);
        }
        return true;
}

bool check_values(struct ddl *ddl, const struct table_plan *plan)
{
        if (ddl->verbatim)
                return true;
        for (size_t i = 0; i < plan->column_count; i++)
                if (plan->columns[i].spec && plan->columns[i].spec->expression &&
                        !check_expression(ddl, plan, &plan->columns[i]))
                        return false;
        return !ddl->bad_default || ddl_refuse(ddl, 1067, "Invalid default value for '%s'", ddl->bad_default);
}

bool finish_columns(struct ddl *ddl, struct table_plan *plan)
{
        if (!check_names(ddl, plan) || !check_row(ddl, plan))
                return false;
        for (size_t i = 0; i < plan->column_count; i++)
                add_column_check(plan, ddl, &plan->columns[i]);
        return true;
}
