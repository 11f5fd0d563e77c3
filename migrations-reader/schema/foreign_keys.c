/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/ddl.h"

#include "lib/memory.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool index_covers(const struct schema_index *index, char *const *columns)
{
        size_t count = strings_count(columns);
        if (count > index->part_count || strcmp(index->type, "BTREE") != 0)
                return false;
        for (size_t i = 0; i < count; i++)
                if (index->parts[i].length > 0 || strcasecmp(index->parts[i].column, columns[i]) != 0)
                        return false;
        return true;
}

static const struct schema_index *find_covering(const struct schema_table *table, char *const *columns)
{
        for (size_t i = 0; i < table->index_count; i++)
                if (index_covers(&table->indexes[i], columns))
                        return &table->indexes[i];
        return NULL;
}

const struct schema_foreign_key *find_reference(
        const struct schema *schema, const char *table, const struct schema_table **ret_table)
{
        for (size_t i = 0; i < schema->count; i++) {
                const struct schema_table *other = schema->tables[i];
                if (schema_compare_names(schema, other->name, table) == 0)
                        continue;
                for (size_t k = 0; k < other->foreign_key_count; k++)
                        if (schema_compare_names(schema, other->foreign_keys[k].table, table) == 0) {
                                if (ret_table)
                                        *ret_table = other;
                                return &other->foreign_keys[k];
                        }
        }
        return NULL;
}

/* InnoDB tells them in the order of their names' bytes. */
static int compare_foreign_keys(const void *left, const void *right)
{
        return strcmp(((const struct schema_foreign_key *)left)->name,
                ((const struct schema_foreign_key *)right)->name);
}

void sort_foreign_keys(struct schema_table *table)
{
        if (table->foreign_key_count > 1)
                qsort(table->foreign_keys, table->foreign_key_count, sizeof *table->foreign_keys,
                        compare_foreign_keys);
}

/* "TABLE_ibfk_12": 12; 0 for another name. */
static unsigned long generated_number(const char *table, const char *name)
{
        size_t size = strlen(table);
        if (strncmp(name, table, size) != 0 || !string_begins(name + size, "_ibfk_"))
                return 0;
        const char *digits = name + size + 6;
        return *digits && *digits != '0' && strspn(digits, "0123456789") == strlen(digits)
                       ? strtoul(digits, NULL, 10)
                       : 0;
}

static unsigned long highest_number(const struct schema_table *table, const struct schema_table *old)
{
        unsigned long highest = 0;
        const struct schema_table *const tables[] = {table, old};
        for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
                for (size_t i = 0; tables[t] && i < tables[t]->foreign_key_count; i++) {
                        unsigned long number =
                                generated_number(tables[t]->name, tables[t]->foreign_keys[i].name);
                        highest = number > highest ? number : highest;
                }
        return highest;
}

static bool refuse_key(struct ddl *ddl, const struct schema_table *table, const char *why)
{
        return ddl_refuse(ddl, 1005, "Can't create table `%s`.`%s` (errno: %s)", ddl->schema->database,
                table->name, why);
}

static bool refuse_form(struct ddl *ddl, const struct schema_table *table)
{
        if (ddl->schema->no_foreign_key_checks)
                return ddl_doubt(ddl, "a foreign key of %s does not fit", table->name);
        return refuse_key(ddl, table, "150 \"Foreign key constraint is incorrectly formed\"");
}

static bool is_text_type(enum type_kind kind)
{
        return kind == TYPE_CHAR || kind == TYPE_VARCHAR;
}

static bool is_byte_type(enum type_kind kind)
{
        return kind == TYPE_BINARY || kind == TYPE_VARBINARY;
}

/* Whether InnoDB compares the two. */
static bool types_fit(const struct schema_column *left, const struct schema_column *right, bool *ret_sure)
{
        struct type_facts a = type_facts_of(left->type), b = type_facts_of(right->type);
        *ret_sure = true;
        if (is_text_type(a.kind) && is_text_type(b.kind))
                return string_equal(left->collation, right->collation);
        if (is_byte_type(a.kind) && is_byte_type(b.kind))
                return true;
        if (a.kind == TYPE_INTEGER && b.kind == TYPE_INTEGER)
                return a.bytes == b.bytes && a.is_unsigned == b.is_unsigned;
        bool simple_a = is_text_type(a.kind) || a.kind == TYPE_INTEGER || is_byte_type(a.kind);
        bool simple_b = is_text_type(b.kind) || b.kind == TYPE_INTEGER || is_byte_type(b.kind);
        if (strcmp(left->type, right->type) == 0)
                return true;
        *ret_sure = simple_a && simple_b;
        return false;
}

static bool name_is_taken(const struct ddl *ddl, const char *name, const struct schema_table *table,
        const struct schema_table *old)
{
        if (schema_find_foreign_key(table, name) || (old && schema_find_foreign_key(old, name)))
                return true;
        for (size_t i = 0; i < ddl->schema->count; i++)
                if (ddl->schema->tables[i] != old && schema_find_foreign_key(ddl->schema->tables[i], name))
                        return true;
        return false;
}

static bool check_columns(struct ddl *ddl, const struct planned_foreign_key *key,
        const struct schema_table *table, const struct schema_table *target)
{
        for (size_t i = 0; key->columns[i]; i++) {
                const struct schema_column *column = schema_find_column(table, key->columns[i]);
                const struct schema_column *other = schema_find_column(target, key->table_columns[i]);
                bool sure = true;
                if (!column || !other)
                        return refuse_form(ddl, table);
                if (column->expression || other->expression)
                        return ddl_doubt(ddl, "a foreign key on a generated column");
                if (!types_fit(column, other, &sure))
                        return sure ? refuse_form(ddl, table)
                                    : ddl_doubt(ddl, "types of a foreign key of %s", table->name);
                bool sets_null =
                        strcmp(key->on_delete, "SET NULL") == 0 || strcmp(key->on_update, "SET NULL") == 0;
                if (sets_null && !column->nullable)
                        return refuse_form(ddl, table);
        }
        return true;
}

static const struct schema_table *find_target(
        struct ddl *ddl, const struct planned_foreign_key *key, const struct schema_table *table)
{
        if (schema_compare_names(ddl->schema, key->table, table->name) == 0)
                return table;
        return schema_find_table(ddl->schema, key->table);
}

static bool check_key(struct ddl *ddl, const struct planned_foreign_key *key,
        const struct schema_table *table, const struct schema_table *old)
{
        const struct schema_table *target = find_target(ddl, key, table);
        if (!target) {
                if (!ddl->schema->no_foreign_key_checks)
                        return refuse_form(ddl, table);
                return (!old && find_covering(table, key->columns)) ||
                       ddl_doubt(ddl, "a foreign key of %s to a table that is missing", table->name);
        }
        if (!string_equal(target->engine, "InnoDB"))
                return ddl_doubt(ddl, "a foreign key to %s, which is not InnoDB", target->name);
        if (target->uncertain)
                return ddl_doubt(ddl, "the content of table %s is not known", target->name);
        if (!check_columns(ddl, key, table, target))
                return false;
        /* An altered table that refers to itself is looked at as it was. */
        const struct schema_table *before = target == table && old ? old : target;
        if (!find_covering(table, key->columns) || !find_covering(before, key->table_columns))
                return refuse_form(ddl, table);
        return true;
}

bool check_foreign_columns(
        struct ddl *ddl, const struct table_plan *plan, const struct table_definition *definition)
{
        for (size_t i = 0; i < definition->foreign_key_count; i++) {
                char *const *columns = definition->foreign_keys[i].columns;
                for (size_t k = 0; columns[k]; k++)
                        if (!find_planned_column(plan, columns[k]))
                                return ddl_refuse(
                                        ddl, 1072, "Key column '%s' doesn't exist in table", columns[k]);
        }
        return true;
}

/* The table's own spelling; that of the other table when it is there. */
static char **spell(const struct schema_table *table, char *const *columns)
{
        char **spelled = strings_copy(columns);
        for (size_t i = 0; table && spelled[i]; i++) {
                const struct schema_column *column = schema_find_column(table, spelled[i]);
                if (column)
                        string_replace(&spelled[i], string_copy(column->name));
        }
        return spelled;
}

static bool add_key(struct ddl *ddl, struct schema_table *table, const struct planned_foreign_key *key,
        const struct schema_table *old)
{
        const char *given = key->name ?: key->index_name;
        _cleanup_free_ char *name =
                given ? string_copy(given)
                      : string_format("%s_ibfk_%lu", table->name, highest_number(table, old) + 1);
        if (!ddl->verbatim && name_is_taken(ddl, name, table, old))
                return refuse_key(ddl, table, "121 \"Duplicate key on write or update\"");
        if (!ddl->verbatim && !check_key(ddl, key, table, old)) /* a dump's other table may come later */
                return false;
        const struct schema_table *target = find_target(ddl, key, table);
        struct schema_foreign_key new = {
                .name = steal(&name),
                .columns = spell(table, key->columns),
                .table = string_copy(target ? target->name : key->table),
                .table_columns = spell(target, key->table_columns),
                .on_update = string_copy(key->on_update),
                .on_delete = string_copy(key->on_delete),
        };
        schema_table_add_foreign_key(table, new);
        return true;
}

bool add_foreign_keys(struct ddl *ddl, struct schema_table *table, const struct table_definition *definition,
        const struct schema_table *old)
{
        if (definition->foreign_key_count > 0 && !string_equal(table->engine, "InnoDB"))
                return ddl_doubt(ddl, "a foreign key of %s, which is not InnoDB", table->name);
        for (size_t i = 0; i < definition->foreign_key_count; i++)
                if (!add_key(ddl, table, &definition->foreign_keys[i], old))
                        return false;
        sort_foreign_keys(table);
        return true;
}

/* Changes */

static const struct schema_column *column_after(const struct table_plan *plan, const char *name)
{
        for (size_t i = 0; i < plan->column_count; i++)
                if (plan->columns[i].old && strcasecmp(plan->columns[i].old->name, name) == 0)
                        return &plan->columns[i].column;
        return NULL;
}

/* What InnoDB takes for another type than before. */
static bool type_changes(const struct schema_column *old, const struct schema_column *new)
{
        return strcmp(old->type, new->type) != 0 || !string_equal(old->collation, new->collation) ||
               (old->expression == NULL) != (new->expression == NULL);
}

static bool is_integer_width(const struct schema_column *old, const struct schema_column *new)
{
        struct type_facts a = type_facts_of(old->type), b = type_facts_of(new->type);
        return a.kind == TYPE_INTEGER && b.kind == TYPE_INTEGER && a.bytes == b.bytes &&
               a.is_unsigned == b.is_unsigned;
}

static bool refuse_unless_unchecked(struct ddl *ddl, unsigned number, const char *column, const char *key)
{
        if (ddl->schema->no_foreign_key_checks)
                return ddl_doubt(ddl, "column %s is used in foreign key %s", column, key);
        switch (number) {
        case 1832:
        case 1833:
                return ddl_refuse(ddl, number,
                        "Cannot change column '%s': used in a foreign key constraint '%s'", column, key);
        case 1830:
                return ddl_refuse(ddl, number,
                        "Column '%s' cannot be NOT NULL: needed in a foreign key constraint '%s' SET NULL",
                        column, key);
        default:
                return ddl_refuse(ddl, number,
                        "Cannot drop column '%s': needed in a foreign key constraint '%s'", column, key);
        }
}

/* Without the primary key the table is copied, and what is missing is found when it gets its name. */
static bool refuse_index(
        struct ddl *ddl, const struct schema_table *old, const struct schema_table *new, char *const *columns)
{
        const struct schema_index *index = find_covering(old, columns);
        if (ddl->schema->no_foreign_key_checks)
                return ddl_doubt(ddl, "index %s is needed in a foreign key", index->name);
        if (schema_find_index(old, "PRIMARY") && !schema_find_index(new, "PRIMARY"))
                return ddl_refuse(ddl, 1025,
                        "Error on rename of './%s/%s' (errno: 150 \"Foreign key constraint is incorrectly "
                        "formed\")",
                        ddl->schema->database, old->name);
        return ddl_refuse(
                ddl, 1553, "Cannot drop index '%s': needed in a foreign key constraint", index->name);
}

static char **columns_after(const struct table_plan *plan, char *const *columns)
{
        char **after = strings_copy(columns);
        for (size_t i = 0; after[i]; i++) {
                const struct schema_column *column = column_after(plan, after[i]);
                if (column)
                        string_replace(&after[i], string_copy(column->name));
        }
        return after;
}

static bool check_own_types(struct ddl *ddl, const struct schema_foreign_key *key,
        const struct schema_table *old, const struct table_plan *plan)
{
        bool sets_null = strcmp(key->on_delete, "SET NULL") == 0 || strcmp(key->on_update, "SET NULL") == 0;
        for (size_t i = 0; key->columns[i]; i++) {
                const struct schema_column *before = schema_find_column(old, key->columns[i]);
                const struct schema_column *after = column_after(plan, key->columns[i]);
                if (!before || !after)
                        continue;
                if (type_changes(before, after) && !is_integer_width(before, after))
                        return refuse_unless_unchecked(ddl, 1832, before->name, key->name);
                if (sets_null && before->nullable && !after->nullable)
                        return refuse_unless_unchecked(ddl, 1830, before->name, key->name);
        }
        return true;
}

static bool check_own_index(struct ddl *ddl, const struct schema_foreign_key *key,
        const struct schema_table *old, const struct schema_table *new, const struct table_plan *plan)
{
        _cleanup_strings_ char **columns = columns_after(plan, key->columns);
        return !find_covering(old, key->columns) || find_covering(new, columns) ||
               refuse_index(ddl, old, new, key->columns);
}

static bool check_other_types(struct ddl *ddl, const struct schema_foreign_key *key,
        const struct schema_table *old, const struct table_plan *plan)
{
        for (size_t i = 0; key->table_columns[i]; i++) {
                const struct schema_column *before = schema_find_column(old, key->table_columns[i]);
                const struct schema_column *after = column_after(plan, key->table_columns[i]);
                if (before && !after)
                        return refuse_unless_unchecked(ddl, 1829, before->name, key->name);
                if (before && type_changes(before, after) && !is_integer_width(before, after))
                        return refuse_unless_unchecked(ddl, 1833, before->name, key->name);
        }
        return true;
}

static bool check_other_index(struct ddl *ddl, const struct schema_foreign_key *key,
        const struct schema_table *old, const struct schema_table *new, const struct table_plan *plan)
{
        _cleanup_strings_ char **columns = columns_after(plan, key->table_columns);
        return !find_covering(old, key->table_columns) || find_covering(new, columns) ||
               refuse_index(ddl, old, new, key->table_columns);
}

/* Those of other tables, and of the table itself, that refer to it; without those that are dropped. */
static bool check_references(struct ddl *ddl, const struct schema_table *old, const struct schema_table *new,
        const struct table_plan *plan, bool indexes)
{
        const struct schema *schema = ddl->schema;
        for (size_t i = 0; i < schema->count; i++)
                for (size_t k = 0; k < schema->tables[i]->foreign_key_count; k++) {
                        const struct schema_foreign_key *key = &schema->tables[i]->foreign_keys[k];
                        bool refers = schema_compare_names(schema, key->table, old->name) == 0;
                        bool dropped = schema->tables[i] == old && !schema_find_foreign_key(new, key->name);
                        if (!refers || dropped)
                                continue;
                        if (!(indexes ? check_other_index(ddl, key, old, new, plan)
                                      : check_other_types(ddl, key, old, plan)))
                                return false;
                }
        return true;
}

static bool check_own(struct ddl *ddl, const struct schema_table *old, const struct schema_table *new,
        const struct table_plan *plan, bool indexes)
{
        for (size_t i = 0; i < old->foreign_key_count; i++) {
                const struct schema_foreign_key *key = &old->foreign_keys[i];
                if (!schema_find_foreign_key(new, key->name))
                        continue; /* dropped */
                if (!(indexes ? check_own_index(ddl, key, old, new, plan)
                              : check_own_types(ddl, key, old, plan)))
                        return false;
        }
        return true;
}

bool check_foreign_keys(struct ddl *ddl, const struct schema_table *old, const struct schema_table *new,
        const struct table_plan *plan)
{
        return check_references(ddl, old, new, plan, false) && check_own(ddl, old, new, plan, false) &&
               check_own(ddl, old, new, plan, true) && check_references(ddl, old, new, plan, true);
}

void rename_referenced_table(struct schema *schema, const char *old, const char *new)
{
        for (size_t i = 0; i < schema->count; i++)
                for (size_t k = 0; k < schema->tables[i]->foreign_key_count; k++) {
                        struct schema_foreign_key *key = &schema->tables[i]->foreign_keys[k];
                        if (schema_compare_names(schema, key->table, old) == 0)
                                string_replace(&key->table, string_copy(new));
                }
}

void rename_referenced_column(struct schema *schema, const char *table, const char *old, const char *new)
{
        for (size_t i = 0; i < schema->count; i++)
                for (size_t k = 0; k < schema->tables[i]->foreign_key_count; k++) {
                        struct schema_foreign_key *key = &schema->tables[i]->foreign_keys[k];
                        if (schema_compare_names(schema, key->table, table) != 0)
                                continue;
                        for (size_t c = 0; key->table_columns[c]; c++)
                                if (strcasecmp(key->table_columns[c], old) == 0)
                                        string_replace(&key->table_columns[c], string_copy(new));
                }
}

/* The names that the server gave follow the table's. */
void rename_foreign_keys(struct schema_table *table, const char *old)
{
        for (size_t i = 0; i < table->foreign_key_count; i++) {
                struct schema_foreign_key *key = &table->foreign_keys[i];
                unsigned long number = generated_number(old, key->name);
                if (number > 0)
                        string_replace(&key->name, string_format("%s_ibfk_%lu", table->name, number));
        }
        sort_foreign_keys(table);
}
