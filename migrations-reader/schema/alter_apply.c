/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/alter.h"

#include "lib/memory.h"
#include "migrations-reader/schema/charsets.h"

#include <string.h>
#include <strings.h>

/* A change under way. */
struct change {
        struct ddl *ddl;
        struct alter *alter;
        const struct schema_table *old;
        struct table_plan plan;
};

static struct schema_table *new_table(const struct schema_table *old, struct table_options *options)
{
        struct schema_table *table = memory_new(sizeof *table);
        table->name = string_copy(old->name);
        table->engine = string_copy(options->engine ?: old->engine);
        table->charset = string_copy(options->charset ?: old->charset);
        table->collation = string_copy(options->charset ? options->collation : old->collation);
        table->comment = string_copy(options->comment ?: old->comment);
        table->row_format = string_copy(options->has_row_format ? options->row_format : old->row_format);
        table->auto_increment = options->has_auto_increment ? options->auto_increment : old->auto_increment;
        table->uncertain = old->uncertain;
        return table;
}

/* IF EXISTS and IF NOT EXISTS: what does not apply is passed over. */

static bool has_constraint(const struct schema_table *table, const char *name)
{
        for (size_t i = 0; i < table->check_count; i++)
                if (!table->checks[i].of_column && strcasecmp(table->checks[i].name, name) == 0)
                        return true;
        const struct schema_index *index = schema_find_index(table, name);
        return schema_find_foreign_key(table, name) || (index && index->unique);
}

static bool is_there(const struct schema_table *table, enum drop_kind kind, const char *name)
{
        switch (kind) {
        case DROP_COLUMN:
                return schema_find_column(table, name) != NULL;
        case DROP_KEY:
                return schema_find_index(table, name) != NULL;
        case DROP_FOREIGN_KEY:
                return schema_find_foreign_key(table, name) != NULL;
        case DROP_CONSTRAINT:
                return has_constraint(table, name);
        }
        return false;
}

static bool is_conditional(const struct alter *alter)
{
        bool found = false;
        for (size_t i = 0; i < alter->drop_count; i++)
                found = found || alter->drops[i].if_exists;
        for (size_t i = 0; i < alter->rename_count; i++)
                found = found || alter->renames[i].if_exists;
        for (size_t i = 0; i < alter->definition.column_count; i++)
                found = found || alter->definition.columns[i].if_exists ||
                        alter->definition.columns[i].if_not_exists;
        for (size_t i = 0; i < alter->definition.key_count; i++)
                found = found || alter->definition.keys[i].if_not_exists;
        return found;
}

static void pass_over_drops(struct change *change)
{
        struct alter *alter = change->alter;
        for (size_t i = 0; i < alter->drop_count; i++) {
                struct dropped *drop = &alter->drops[i];
                bool twice = false;
                for (size_t k = 0; k < i; k++)
                        twice = twice || (alter->drops[k].kind == drop->kind &&
                                                 strcasecmp(alter->drops[k].name, drop->name) == 0);
                if (drop->if_exists && (twice || !is_there(change->old, drop->kind, drop->name)))
                        drop->done = true;
        }
}

/* A column that is passed over is one whose name is "". */
static void pass_over_columns(struct change *change)
{
        struct table_definition *definition = &change->alter->definition;
        for (size_t i = 0; i < definition->column_count; i++) {
                struct column_spec *spec = &definition->columns[i];
                bool twice = false;
                for (size_t k = 0; k < i; k++)
                        twice = twice || strcasecmp(definition->columns[k].name, spec->name) == 0;
                bool there = schema_find_column(change->old, spec->old_name ?: spec->name) != NULL;
                if ((spec->if_not_exists && (there || twice)) || (spec->if_exists && !there))
                        spec->name[0] = '\0';
        }
}

static void pass_over_keys(struct change *change)
{
        struct table_definition *definition = &change->alter->definition;
        for (size_t i = 0; i < definition->key_count; i++) {
                struct planned_key *key = &definition->keys[i];
                const char *name = key->index.name              ? key->index.name
                                   : key->index.part_count == 0 ? ""
                                                                : key->index.parts[0].column;
                if (key->if_not_exists && !key->generated && schema_find_index(change->old, name))
                        key->ignored = true;
        }
}

/* Columns */

static struct dropped *find_drop(struct alter *alter, enum drop_kind kind, const char *name)
{
        for (size_t i = 0; i < alter->drop_count; i++)
                if (!alter->drops[i].done && alter->drops[i].kind == kind &&
                        strcasecmp(alter->drops[i].name, name) == 0)
                        return &alter->drops[i];
        return NULL;
}

static bool take_drop(struct alter *alter, enum drop_kind kind, const char *name)
{
        struct dropped *drop = find_drop(alter, kind, name);
        if (drop)
                drop->done = true;
        return drop != NULL;
}

static struct renamed *find_rename(struct alter *alter, bool column, const char *name)
{
        for (size_t i = 0; i < alter->rename_count; i++)
                if (!alter->renames[i].done && alter->renames[i].column == column &&
                        strcasecmp(alter->renames[i].old, name) == 0)
                        return &alter->renames[i];
        return NULL;
}

static struct column_spec *find_spec(struct alter *alter, const char *old)
{
        for (size_t i = 0; i < alter->definition.column_count; i++) {
                struct column_spec *spec = &alter->definition.columns[i];
                if (spec->name[0] && spec->old_name && strcasecmp(spec->old_name, old) == 0)
                        return spec;
        }
        return NULL;
}

static char *converted_text(const struct type_facts *facts, const char *from, const char *to)
{
        static const uint64_t sizes[] = {0, 255, 65535, 16777215, UINT32_MAX};
        uint64_t bytes = sizes[facts->bytes];
        if (facts->bytes < 4)
                bytes = bytes / charset_width(from) * charset_width(to);
        return type_text_for(bytes, false);
}

static bool convert_column(struct change *change, struct schema_column *column)
{
        const struct table_options *options = &change->alter->options;
        if (!options->convert || !column->charset)
                return true;
        struct type_facts facts = type_facts_of(column->type);
        if (strcmp(options->charset, "binary") == 0 ||
                (facts.kind == TYPE_VARCHAR && facts.length > 65535 / charset_width(options->charset)))
                return ddl_doubt(change->ddl, "the conversion of column %s", column->name);
        if (facts.kind == TYPE_TEXT)
                string_replace(&column->type, converted_text(&facts, column->charset, options->charset));
        string_replace(&column->charset, string_copy(options->charset));
        string_replace(&column->collation, string_copy(options->collation));
        return true;
}

static bool set_column_default(struct change *change, struct schema_column *column)
{
        struct ddl *ddl = change->ddl;
        for (size_t i = 0; i < change->alter->default_count; i++) {
                struct set_default *set = &change->alter->defaults[i];
                if (set->done || strcasecmp(set->column, column->name) != 0)
                        continue;
                set->done = true;
                if (column->expression || *column->extra)
                        return ddl_doubt(ddl, "a default for column %s", column->name);
                string_replace(&column->default_value, NULL);
                switch (default_spec_render(&set->value, column->type, column->nullable, &ddl->schema->server,
                        &column->default_value)) {
                case DEFAULT_RENDERED:
                        break;
                case DEFAULT_REFUSED:
                        if (!ddl->bad_default)
                                ddl->bad_default = string_copy(column->name);
                        break;
                case DEFAULT_DOUBTFUL:
                        (void)ddl_doubt(ddl, "the default of column %s is not followed", column->name);
                        break;
                }
        }
        return true;
}

static bool keep_column(struct change *change, const struct schema_column *old)
{
        struct planned_column planned = {.column = schema_column_copy(old), .old = old};
        bool fine = set_column_default(change, &planned.column) && convert_column(change, &planned.column);
        struct renamed *renamed = find_rename(change->alter, true, old->name);
        if (renamed) {
                renamed->done = true;
                string_replace(&planned.column.name, string_copy(renamed->new));
        }
        add_planned_column(&change->plan, planned);
        return fine;
}

static size_t place_of(struct change *change, const struct column_spec *spec)
{
        if (spec->first)
                return 0;
        if (!spec->after)
                return change->plan.column_count;
        for (size_t i = 0; i < change->plan.column_count; i++)
                if (strcasecmp(change->plan.columns[i].column.name, spec->after) == 0)
                        return i + 1;
        return SIZE_MAX;
}

static bool refuse_unknown(struct change *change, const char *column)
{
        return ddl_refuse(change->ddl, 1054, "Unknown column '%s' in '%s'", column, change->old->name);
}

/* Types that the server does not turn into each other. */
static bool is_convertible(const struct schema_column *old, const struct schema_column *new)
{
        enum type_kind before = type_facts_of(old->type).kind, after = type_facts_of(new->type).kind;
        bool special = before == TYPE_GEOMETRY || before == TYPE_OTHER || after == TYPE_GEOMETRY ||
                       after == TYPE_OTHER;
        return !special || strcmp(old->type, new->type) == 0;
}

static bool insert_column(
        struct change *change, const struct column_spec *spec, const struct schema_column *old)
{
        struct planned_column planned = {.spec = spec, .old = old};
        size_t at = place_of(change, spec);
        if (at == SIZE_MAX)
                return refuse_unknown(change, spec->after);
        if (old && (old->expression != NULL) != spec->generated)
                return ddl_doubt(change->ddl, "column %s is generated before or after", old->name);
        if (!make_column(change->ddl, spec, change->plan.table, &planned.column))
                return false;
        if (old && !is_convertible(old, &planned.column))
                (void)ddl_doubt(change->ddl, "the conversion of column %s", old->name);
        add_planned_column(&change->plan, planned);
        struct planned_column *columns = change->plan.columns;
        memmove(&columns[at + 1], &columns[at],
                (change->plan.column_count - 1 - at) * sizeof *change->plan.columns);
        columns[at] = planned;
        return true;
}

static bool is_virtual(const struct schema_column *column)
{
        return strstr(column->extra, "VIRTUAL GENERATED") != NULL;
}

static bool plan_old_columns(struct change *change)
{
        for (size_t i = 0; i < change->old->column_count; i++) {
                const struct schema_column *old = &change->old->columns[i];
                if (take_drop(change->alter, DROP_COLUMN, old->name))
                        continue;
                const struct column_spec *spec = find_spec(change->alter, old->name);
                if (spec && is_virtual(old) != (spec->generated && !spec->stored))
                        return ddl_refuse(
                                change->ddl, 1907, "This is not yet supported for generated columns");
                if (spec && (spec->first || spec->after))
                        continue;
                if (!(spec ? insert_column(change, spec, old) : keep_column(change, old)))
                        return false;
        }
        return true;
}

static bool plan_new_columns(struct change *change)
{
        for (size_t i = 0; i < change->alter->definition.column_count; i++) {
                const struct column_spec *spec = &change->alter->definition.columns[i];
                const struct schema_column *old = NULL;
                if (!spec->name[0])
                        continue;
                if (spec->old_name) {
                        old = schema_find_column(change->old, spec->old_name);
                        for (size_t k = 0; k < change->alter->drop_count; k++)
                                if (change->alter->drops[k].kind == DROP_COLUMN &&
                                        strcasecmp(change->alter->drops[k].name, spec->old_name) == 0)
                                        old = NULL;
                        if (!old || find_spec(change->alter, spec->old_name) != spec)
                                return refuse_unknown(change, spec->old_name);
                        if (!spec->first && !spec->after)
                                continue;
                }
                if (!insert_column(change, spec, old))
                        return false;
        }
        return true;
}

static bool plan_columns(struct change *change)
{
        if (!plan_old_columns(change) || !plan_new_columns(change))
                return false;
        for (size_t i = 0; i < change->alter->default_count; i++)
                if (!change->alter->defaults[i].done)
                        return refuse_unknown(change, change->alter->defaults[i].column);
        for (size_t i = 0; i < change->alter->rename_count; i++) {
                struct renamed *renamed = &change->alter->renames[i];
                if (renamed->column && !renamed->done && !renamed->if_exists)
                        return refuse_unknown(change, renamed->old);
        }
        if (change->plan.column_count == 0)
                return ddl_refuse(change->ddl, 1090,
                        "You can't delete all columns with ALTER TABLE; use DROP TABLE instead");
        return true;
}

/* Keys */

static const struct planned_column *column_of(const struct change *change, const char *old)
{
        for (size_t i = 0; i < change->plan.column_count; i++)
                if (change->plan.columns[i].old && strcasecmp(change->plan.columns[i].old->name, old) == 0)
                        return &change->plan.columns[i];
        return NULL;
}

static bool can_have_part(enum type_kind kind)
{
        return kind == TYPE_CHAR || kind == TYPE_VARCHAR || kind == TYPE_BINARY || kind == TYPE_VARBINARY ||
               kind == TYPE_TEXT || kind == TYPE_BLOB;
}

/* A column that is dropped and made again in one statement keeps its place in the keys. */
static const struct planned_column *key_column_of(const struct change *change, const char *old)
{
        const struct planned_column *planned = column_of(change, old);
        for (size_t i = 0; !planned && i < change->plan.column_count; i++)
                if (!change->plan.columns[i].old && strcasecmp(change->plan.columns[i].column.name, old) == 0)
                        planned = &change->plan.columns[i];
        return planned;
}

/* A prefix that the new type can't have, or that is all of it, goes. */
static unsigned part_length(const struct planned_column *planned, unsigned length)
{
        struct type_facts after = type_facts_of(planned->column.type);
        struct type_facts before = planned->old ? type_facts_of(planned->old->type) : after;
        if (length == 0 || !can_have_part(before.kind) || !can_have_part(after.kind))
                return 0;
        if (after.kind != TYPE_TEXT && after.kind != TYPE_BLOB && after.length < length)
                return 0;
        return length;
}

static enum planned_key_kind kind_of(const struct schema_index *index)
{
        if (strcmp(index->name, "PRIMARY") == 0)
                return PLANNED_PRIMARY;
        if (strcmp(index->type, "FULLTEXT") == 0)
                return PLANNED_FULLTEXT;
        if (strcmp(index->type, "SPATIAL") == 0)
                return PLANNED_SPATIAL;
        return index->unique ? PLANNED_UNIQUE : PLANNED_PLAIN;
}

static void plan_key(struct change *change, struct planned_key key)
{
        struct table_plan *plan = &change->plan;
        plan->keys = memory_grow(plan->keys, plan->key_count, sizeof *plan->keys);
        plan->keys[plan->key_count++] = key;
}

static bool keep_key(struct change *change, const struct schema_index *old)
{
        struct planned_key key = {.kind = kind_of(old),
                .kept = true,
                .generated = old->made_by_foreign_key,
                .index = {.name = string_copy(old->name), .comment = string_copy(old->comment)}};
        const char *missing = NULL;
        for (size_t i = 0; i < old->part_count; i++) {
                const struct planned_column *planned = key_column_of(change, old->parts[i].column);
                if (!planned) {
                        missing = old->parts[i].column;
                        continue;
                }
                const struct schema_column *before = schema_find_column(change->old, old->parts[i].column);
                if (!planned->old && before && (strcmp(before->type, planned->column.type) != 0))
                        (void)ddl_doubt(change->ddl, "column %s of an index is made again", before->name);
                struct schema_index_part part = {.column = string_copy(planned->column.name),
                        .length = part_length(planned, old->parts[i].length),
                        .descending = old->parts[i].descending};
                schema_index_add_part(&key.index, part);
        }
        struct renamed *renamed = find_rename(change->alter, false, old->name);
        if (renamed) {
                renamed->done = true;
                string_replace(&key.index.name, string_copy(renamed->new));
        }
        bool empty = key.index.part_count == 0, broken = old->unique && missing && !empty;
        if (empty || broken)
                planned_key_deinit(&key);
        else
                plan_key(change, key);
        return !broken || ddl_refuse(change->ddl, 1072, "Key column '%s' doesn't exist in table", missing);
}

static bool plan_keys(struct change *change)
{
        struct alter *alter = change->alter;
        for (size_t i = 0; i < change->old->index_count; i++) {
                const struct schema_index *old = &change->old->indexes[i];
                bool constraint = old->unique && !schema_find_foreign_key(change->old, old->name);
                if (take_drop(alter, DROP_KEY, old->name) ||
                        (constraint && take_drop(alter, DROP_CONSTRAINT, old->name)))
                        continue;
                if (!keep_key(change, old))
                        return false;
        }
        for (size_t i = 0; i < alter->definition.key_count; i++)
                if (!alter->definition.keys[i].ignored) {
                        plan_key(change, alter->definition.keys[i]);
                        alter->definition.keys[i] = (struct planned_key){0};
                }
        return true;
}

/* Constraints */

static struct schema_foreign_key kept_foreign_key(struct change *change, const struct schema_foreign_key *old)
{
        bool own = schema_compare_names(change->ddl->schema, old->table, change->old->name) == 0;
        struct schema_foreign_key key = {
                .name = string_copy(old->name),
                .columns = strings_copy(old->columns),
                .table = string_copy(old->table),
                .table_columns = strings_copy(old->table_columns),
                .on_update = string_copy(old->on_update),
                .on_delete = string_copy(old->on_delete),
        };
        for (size_t i = 0; key.columns[i]; i++) {
                const struct planned_column *column = column_of(change, key.columns[i]);
                if (column)
                        string_replace(&key.columns[i], string_copy(column->column.name));
                const struct planned_column *other = own ? column_of(change, key.table_columns[i]) : NULL;
                if (other)
                        string_replace(&key.table_columns[i], string_copy(other->column.name));
        }
        return key;
}

static void keep_constraints(struct change *change)
{
        struct alter *alter = change->alter;
        for (size_t i = 0; i < change->old->foreign_key_count; i++) {
                const struct schema_foreign_key *old = &change->old->foreign_keys[i];
                if (!take_drop(alter, DROP_FOREIGN_KEY, old->name) &&
                        !take_drop(alter, DROP_CONSTRAINT, old->name))
                        schema_table_add_foreign_key(change->plan.table, kept_foreign_key(change, old));
        }
}

static void keep_checks(struct change *change)
{
        for (size_t i = 0; i < change->old->check_count; i++) {
                const struct schema_check *old = &change->old->checks[i];
                if (!old->of_column && !take_drop(change->alter, DROP_CONSTRAINT, old->name))
                        schema_table_add_check(
                                change->plan.table, (struct schema_check){.name = string_copy(old->name),
                                                            .expression = string_copy(old->expression)});
        }
}

static bool check_drops(struct change *change)
{
        static const char *const words[] = {[DROP_COLUMN] = "COLUMN",
                [DROP_KEY] = "INDEX",
                [DROP_FOREIGN_KEY] = "FOREIGN KEY",
                [DROP_CONSTRAINT] = "CONSTRAINT"};
        for (size_t i = 0; i < change->alter->drop_count; i++) {
                const struct dropped *drop = &change->alter->drops[i];
                bool there = drop->kind == DROP_FOREIGN_KEY || drop->kind == DROP_CONSTRAINT
                                     ? is_there(change->old, drop->kind, drop->name)
                                     : drop->done;
                if (!there && !drop->done)
                        return ddl_refuse(change->ddl, 1091, "Can't DROP %s `%s`; check that it exists",
                                words[drop->kind], drop->name);
        }
        return true;
}

static bool check_renames(struct change *change)
{
        for (size_t i = 0; i < change->alter->rename_count; i++) {
                const struct renamed *renamed = &change->alter->renames[i];
                if (!renamed->done && !renamed->if_exists)
                        return ddl_refuse(change->ddl, 1176, "Key '%s' doesn't exist in table '%s'",
                                renamed->old, change->old->name);
        }
        return true;
}

/* Expressions name columns: what goes or is renamed would have to be followed in them. */
static bool is_mentioned(const struct schema_table *table, const char *column)
{
        _cleanup_free_ char *quoted = database_quote_name(column);
        for (size_t i = 0; i < table->column_count; i++) {
                const struct schema_column *other = &table->columns[i];
                if (strcasecmp(other->name, column) != 0 &&
                        ((other->expression && strcasestr(other->expression, quoted)) ||
                                (other->default_value && strcasestr(other->default_value, quoted))))
                        return true;
        }
        for (size_t i = 0; i < table->check_count; i++) {
                const struct schema_check *check = &table->checks[i];
                bool own = check->of_column && strcasecmp(check->name, column) == 0;
                if (!own && strcasestr(check->expression, quoted))
                        return true;
        }
        return false;
}

static bool own_check_names(const struct schema_table *table, const char *column)
{
        for (size_t i = 0; i < table->check_count; i++)
                if (table->checks[i].of_column && strcasecmp(table->checks[i].name, column) == 0)
                        return true;
        return false;
}

static bool check_expressions(struct change *change)
{
        for (size_t i = 0; i < change->old->column_count; i++) {
                const struct schema_column *old = &change->old->columns[i];
                const struct planned_column *planned = column_of(change, old->name);
                bool same = planned && strcmp(planned->column.name, old->name) == 0;
                if (same)
                        continue;
                if (is_mentioned(change->old, old->name))
                        return ddl_doubt(change->ddl, "column %s is used in an expression", old->name);
                if (planned && !planned->spec && own_check_names(change->old, old->name))
                        return ddl_doubt(change->ddl, "column %s has a CHECK constraint", old->name);
        }
        return true;
}

/* The end */

static bool check_engine(struct change *change)
{
        const struct table_options *options = &change->alter->options;
        const struct schema_table *old = change->old, *new = change->plan.table;
        if (options->engine && strcmp(options->engine, old->engine) != 0 &&
                !string_equal(new->engine, "InnoDB") && !change->ddl->schema->no_foreign_key_checks &&
                (old->foreign_key_count > 0 || find_reference(change->ddl->schema, old->name, NULL)))
                return ddl_refuse(change->ddl, 1217,
                        "Cannot delete or update a parent row: a foreign key constraint fails");
        if (!string_equal(new->engine, "InnoDB"))
                (void)ddl_doubt(change->ddl, "the engine %s has rules of its own", new->engine);
        return true;
}

static void follow_columns(struct change *change)
{
        for (size_t i = 0; i < change->plan.column_count; i++) {
                const struct planned_column *planned = &change->plan.columns[i];
                if (planned->old && strcmp(planned->old->name, planned->column.name) != 0)
                        rename_referenced_column(change->ddl->schema, change->old->name, planned->old->name,
                                planned->column.name);
        }
}

static void put_table(struct change *change)
{
        struct schema *schema = change->ddl->schema;
        struct alter *alter = change->alter;
        struct schema_table *table = steal(&change->plan.table);
        follow_columns(change);
        struct schema_table *old = schema_take_table(schema, change->old->name);
        schema_add_table(schema, table);
        if (alter->new_name)
                (void)apply_rename(change->ddl, table->name, alter->new_name);
        change->old = NULL;
        schema_table_free(old);
}

static bool plan_table(struct change *change)
{
        struct ddl *ddl = change->ddl;
        struct table_definition *definition = &change->alter->definition;
        if (is_conditional(change->alter)) {
                pass_over_drops(change);
                pass_over_columns(change);
                pass_over_keys(change);
                if (definition->foreign_key_count > 0 || definition->check_count > 0)
                        return ddl_doubt(ddl, "IF [NOT] EXISTS with a constraint");
        }
        if (!plan_columns(change) || !plan_keys(change))
                return false;
        if (!check_foreign_columns(ddl, &change->plan, definition) || !check_drops(change) ||
                !check_renames(change))
                return false;
        keep_constraints(change);
        if (!check_expressions(change) || !finish_columns(ddl, &change->plan))
                return false;
        keep_checks(change);
        return finish_keys(ddl, &change->plan) && check_values(ddl, &change->plan) &&
               add_checks(ddl, change->plan.table, definition) && check_engine(change) &&
               check_foreign_keys(ddl, change->old, change->plan.table, &change->plan) &&
               add_foreign_keys(ddl, change->plan.table, definition, change->old);
}

static bool check_new_name(struct ddl *ddl, const struct alter *alter)
{
        const char *name = alter->new_name;
        if (!name || schema_compare_names(ddl->schema, name, alter->table) == 0)
                return true;
        if (schema_find_table(ddl->schema, name) || schema_has_view(ddl->schema, name))
                return ddl_refuse(ddl, 1050, "Table '%s' already exists", name);
        return true;
}

bool apply_alter(struct ddl *ddl, struct alter *alter)
{
        const struct schema_table *old = schema_find_table(ddl->schema, alter->table);
        if (!old && schema_has_view(ddl->schema, alter->table))
                return ddl_refuse(ddl, 1347, "'%s.%s' is not of type 'BASE TABLE'", ddl->schema->database,
                        alter->table);
        if (!old)
                return alter->if_exists || ddl_refuse(ddl, 1146, "Table '%s.%s' doesn't exist",
                                                   ddl->schema->database, alter->table);
        if (!check_new_name(ddl, alter))
                return false;
        struct change change = {.ddl = ddl, .alter = alter, .old = old};
        change.plan.table = new_table(old, &alter->options);
        change.plan.old = old;
        bool fine = plan_table(&change);
        if (fine)
                put_table(&change);
        table_plan_deinit(&change.plan);
        return fine;
}
