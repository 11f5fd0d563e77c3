/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/comparator.h"

#include <string.h>

/* What differs between two schemas, and the statements for it. */

struct schema_difference {
        struct php_run *run;
        const struct comparator *comparator;
        struct schema_object *from, *to;
        struct php_value added, changed, removed; /* tables by their short names */
        struct php_value orphans; /* foreign keys to tables that are removed */
};

static void difference_deinit(struct schema_difference *diff)
{
        php_clear(&diff->added);
        php_clear(&diff->changed);
        php_clear(&diff->removed);
        php_clear(&diff->orphans);
}

/* Both are the same table of the same snapshot, and nobody has looked at them. */
static bool untouched(const struct schema_difference *diff, struct php_value from, struct php_value to)
{
        if (from.type != PHP_TYPE_INT || to.type != PHP_TYPE_INT || from.integer != to.integer ||
                diff->from->snapshot != diff->to->snapshot)
                return false;
        return !introspect_is_quirky(platform_default(diff->run), diff->from->snapshot->tables[from.integer]);
}

static enum php_flow compare_table(struct schema_difference *diff, struct php_key key, struct php_value slot)
{
        _cleanup_free_ char *name = schema_short_name(diff->run, diff->to, slot);
        _cleanup_free_ char *from_key = schema_table_key(diff->from, name);
        const struct php_value *other = php_array_get_text(diff->from->tables, from_key);
        _cleanup_php_value_ struct php_value from = PHP_NULL_VALUE, to = PHP_NULL_VALUE;
        struct php_value found = PHP_NULL_VALUE;

        if (other && untouched(diff, *other, slot))
                return PHP_OK;
        TRY(schema_make_table(diff->run, diff->to, key, &to));
        if (!other) {
                php_array_set_text(&diff->added, name, php_steal(&to));
                return PHP_OK;
        }
        TRY(schema_make_table(diff->run, diff->from, php_key_bytes(from_key, strlen(from_key)), &from));
        TRY(compare_tables(diff->run, diff->comparator, from, to, &found));
        if (found.type != PHP_TYPE_NULL)
                php_array_set_text(&diff->changed, name, found);
        return PHP_OK;
}

static enum php_flow compare_to(struct schema_difference *diff)
{
        _cleanup_php_value_ struct php_value tables = php_copy(diff->to->tables);
        struct php_value slot;
        struct php_key key;

        for (size_t at = 0; php_array_next(tables, &at, &key, &slot);) {
                TRY(php_step(diff->run));
                TRY(compare_table(diff, key, slot));
        }
        return PHP_OK;
}

static enum php_flow find_removed(struct schema_difference *diff)
{
        _cleanup_php_value_ struct php_value tables = php_copy(diff->from->tables);
        struct php_value slot;
        struct php_key key;

        for (size_t at = 0; php_array_next(tables, &at, &key, &slot);) {
                _cleanup_free_ char *name = schema_short_name(diff->run, diff->from, slot);
                _cleanup_free_ char *to_key = schema_table_key(diff->to, name);
                struct php_value table = PHP_NULL_VALUE;

                if (php_array_get_text(diff->to->tables, to_key))
                        continue;
                TRY(schema_make_table(diff->run, diff->from, key, &table));
                php_array_set_text(&diff->removed, name, table);
        }
        return PHP_OK;
}

static char *lower(char *text)
{
        for (char *at = text; *at; at++)
                if (*at >= 'A' && *at <= 'Z')
                        *at = (char)(*at + ('a' - 'A'));
        return text;
}

/* A key that goes with its table need not be dropped by the table's own change too. */
static void take_from_change(struct schema_difference *diff, const char *local, const char *removed)
{
        const struct php_value *change = php_array_get_text(diff->changed, local);
        const struct php_value *keys = change ? php_property(*change, "removedForeignKeys") : NULL;
        struct php_value kept = PHP_NULL_VALUE, object;
        struct php_key key;

        if (!keys)
                return;
        kept = php_new_array();
        for (size_t at = 0; php_array_next(php_look(*keys), &at, &key, &object);) {
                _cleanup_free_ char *table = lower(foreign_key_table_name(foreign_key_of(diff->run, object)));

                if (strcmp(table, removed) != 0)
                        php_array_set(&kept, key, php_copy(object));
        }
        php_set_property(*change, "removedForeignKeys", kept);
}

static void note_orphans(struct schema_difference *diff, const struct table *table, const char *removed)
{
        _cleanup_free_ char *local = asset_name(&table->asset);
        struct php_value object;

        (void)lower(local);
        for (size_t at = 0; php_array_next(table->foreign_keys, &at, NULL, &object);) {
                _cleanup_free_ char *name = lower(foreign_key_table_name(foreign_key_of(diff->run, object)));

                if (strcmp(name, removed) != 0)
                        continue;
                if (version_of(diff->run) < DOCTRINE_3_7 || !php_array_get_text(diff->removed, local))
                        (void)php_array_append(&diff->orphans, php_copy(object));
                take_from_change(diff, local, removed);
        }
}

static enum php_flow find_orphans(struct schema_difference *diff)
{
        struct php_value table;
        struct php_key key;

        if (php_array_count(diff->removed) == 0)
                return PHP_OK;
        TRY(schema_make_all(diff->run, diff->from));
        for (size_t at = 0; php_array_next(diff->removed, &at, &key, NULL);) {
                _cleanup_php_value_ struct php_value name = php_key_value(key), text = PHP_NULL_VALUE;

                TRY(php_stringify(diff->run, name, &text));
                for (size_t place = 0; php_array_next(diff->from->tables, &place, NULL, &table);)
                        note_orphans(diff, table_of(diff->run, table), php_string_bytes(text));
        }
        return PHP_OK;
}

enum php_flow compare_schemas(struct php_run *run, const struct comparator *comparator, struct php_value from,
        struct php_value to, struct php_value *ret)
{
        _cleanup_(difference_deinit) struct schema_difference diff = {
                .run = run,
                .comparator = comparator,
                .from = schema_of(run, from),
                .to = schema_of(run, to),
                .added = php_new_array(),
                .changed = php_new_array(),
                .removed = php_new_array(),
                .orphans = php_new_array(),
        };
        struct php_value object;

        if (!diff.from || !diff.to)
                return php_needs_php(run, "a schema that is not Doctrine's");
        TRY(compare_to(&diff));
        TRY(find_removed(&diff));
        TRY(find_orphans(&diff));
        object = difference_new(run, DBAL "Schema\\SchemaDiff", schema_diff_arrays);
        php_set_property(object, "fromSchema", php_copy(from));
        php_set_property(object, "newTables", php_steal(&diff.added));
        php_set_property(object, "changedTables", php_steal(&diff.changed));
        php_set_property(object, "removedTables", php_steal(&diff.removed));
        php_set_property(object, "orphanedForeignKeys", php_steal(&diff.orphans));
        *ret = object;
        return PHP_OK;
}

static struct php_value property(struct php_value object, const char *name)
{
        const struct php_value *value = php_property(object, name);

        if (!value || php_look(*value).type != PHP_TYPE_ARRAY)
                return php_new_array();
        return php_copy(php_look(*value));
}

static enum php_flow drop_orphans(
        struct php_run *run, const struct platform *platform, struct php_value orphans, struct php_value *sql)
{
        struct php_value object;

        for (size_t at = 0; php_array_next(orphans, &at, NULL, &object);) {
                const struct foreign_key *key = foreign_key_of(run, object);
                const struct table *table = key ? foreign_key_local(key) : NULL;
                _cleanup_free_ char *name = table ? asset_quoted_name(&table->asset, platform) : NULL;

                if (!name)
                        return php_needs_php(run, "a foreign key whose table is not known");
                sql_drop_foreign_key(platform, key, name, sql);
        }
        return PHP_OK;
}

/* Dbal 3 drops the foreign keys of all of them first. */
enum php_flow sql_drop_tables(
        struct php_run *run, const struct platform *platform, struct php_value tables, struct php_value *sql)
{
        struct php_value object, key;

        for (size_t at = 0;
                php_array_next(tables, &at, NULL, &object) && platform->version >= DOCTRINE_3_7;) {
                const struct table *table = table_of(run, object);
                _cleanup_free_ char *name = asset_quoted_name(&table->asset, platform);

                for (size_t place = 0; php_array_next(table->foreign_keys, &place, NULL, &key);)
                        sql_drop_foreign_key(platform, foreign_key_of(run, key), name, sql);
        }
        for (size_t at = 0; php_array_next(tables, &at, NULL, &object);) {
                const struct table *table = table_of(run, object);
                _cleanup_free_ char *name = asset_quoted_name(&table->asset, platform);

                sql_drop_table(name, sql);
        }
        return PHP_OK;
}

enum php_flow sql_schema_difference(struct php_run *run, const struct platform *platform,
        struct php_value difference, bool keep, struct php_value *sql)
{
        _cleanup_php_value_ struct php_value orphans = property(difference, "orphanedForeignKeys");
        _cleanup_php_value_ struct php_value added = property(difference, "newTables");
        _cleanup_php_value_ struct php_value removed = property(difference, "removedTables");
        _cleanup_php_value_ struct php_value changed = property(difference, "changedTables");
        struct php_value object;

        if (!keep)
                TRY(drop_orphans(run, platform, orphans, sql));
        TRY(sql_create_tables(run, platform, added, sql));
        if (!keep)
                TRY(sql_drop_tables(run, platform, removed, sql));
        for (size_t at = 0; php_array_next(changed, &at, NULL, &object);)
                TRY(sql_alter_table(run, platform, object, sql));
        return PHP_OK;
}

enum php_flow doctrine_schema_difference(
        struct php_run *run, struct php_value from, struct php_value to, struct php_value *ret)
{
        enum doctrine_version version = version_of(run);
        const struct schema_object *schema = schema_of(run, to);
        struct comparator comparator = {
                .kind = version >= DOCTRINE_3_7 ? COMPARE_PLATFORM : COMPARE_PLAIN,
                .platform = platform_default(run),
                .normalize = version >= DOCTRINE_3_7,
        };
        _cleanup_php_value_ struct php_value difference = PHP_NULL_VALUE, sql = php_new_array();

        /* Doctrine Migrations 2 and 3 read the schema when it is asked for; nobody did. */
        if (!schema || !schema->untouched || version == DOCTRINE_2_5) {
                TRY(compare_schemas(run, &comparator, from, to, &difference));
                TRY(sql_schema_difference(run, comparator.platform, difference, false, &sql));
        }
        *ret = php_steal(&sql);
        return PHP_OK;
}
