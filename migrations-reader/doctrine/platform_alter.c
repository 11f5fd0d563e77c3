/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/objects.h"

#include <string.h>

/*
 * The statements of one TableDiff: what has to go in front (foreign keys, indexes, AUTO_INCREMENT of a key's
 * column), one ALTER TABLE for the columns, and what follows.
 */

struct alteration {
        struct php_run *run;
        const struct platform *platform;
        const struct table *from; /* NULL: not known */
        char *table; /* quoted */
        char *new_table; /* quoted; as `table` when it keeps its name */
        struct php_value added_indexes, changed_indexes, removed_indexes, renamed_indexes;
        struct php_value added_keys, changed_keys, removed_keys;
        struct php_value added_columns;
        struct buffer parts; /* of ALTER TABLE */
        struct php_value *sql;
};

static void alteration_deinit(struct alteration *alter)
{
        free(alter->table);
        free(alter->new_table);
        php_clear(&alter->added_indexes);
        php_clear(&alter->changed_indexes);
        php_clear(&alter->removed_indexes);
        php_clear(&alter->renamed_indexes);
        php_clear(&alter->added_keys);
        php_clear(&alter->changed_keys);
        php_clear(&alter->removed_keys);
        php_clear(&alter->added_columns);
        buffer_deinit(&alter->parts);
}

static struct php_value property(struct php_value diff, const char *name)
{
        const struct php_value *value = php_property(diff, name);

        if (!value || php_look(*value).type != PHP_TYPE_ARRAY)
                return php_new_array();
        return php_copy(php_look(*value));
}

static enum php_flow set_names(struct alteration *alter, struct php_value diff)
{
        const struct php_value *name = php_property(diff, "name"), *new_name = php_property(diff, "newName");
        const struct php_value *from = php_property(diff, "fromTable");
        _cleanup_free_ char *text = NULL, *new_text = NULL;

        alter->from = from ? table_of(alter->run, php_look(*from)) : NULL;
        if (alter->from)
                alter->table = asset_quoted_name(&alter->from->asset, alter->platform);
        else {
                TRY(text_of(alter->run, name ? php_look(*name) : PHP_NULL_VALUE, &text));
                alter->table = name_quoted(text, alter->platform);
        }
        if (!new_name || !php_truth(php_look(*new_name))) {
                alter->new_table = string_copy(alter->table);
                return PHP_OK;
        }
        TRY(text_of(alter->run, php_look(*new_name), &new_text));
        alter->new_table = name_quoted(new_text, alter->platform);
        buffer_append_format(&alter->parts, "RENAME TO %s", alter->new_table);
        return PHP_OK;
}

static void begin_part(struct alteration *alter, const char *words)
{
        buffer_append_format(&alter->parts, "%s%s", alter->parts.size > 0 ? ", " : "", words);
}

/* The column as it is declared in ADD and CHANGE: its comment names the type where it has to. */
static enum php_flow declare(struct alteration *alter, const struct column *column)
{
        _cleanup_free_ char *name = asset_quoted_name(&column->asset, alter->platform);
        _cleanup_php_value_ struct php_value array = column_array(column), comment = PHP_NULL_VALUE;

        TRY(column_comment(alter->run, alter->platform, column, &comment));
        php_array_set_text(&array, "comment", php_steal(&comment));
        return column_declaration(alter->run, alter->platform, name, array, &alter->parts);
}

static enum php_flow not_ours(struct php_run *run)
{
        return php_needs_php(run, "a TableDiff with parts that are not Doctrine's");
}

/* Text and blob columns have no default: a change of it alone is no change. Dbal 3 looks at the declaration.
 */
static bool changes_default_only(struct alteration *alter, struct php_value diff, const struct column *column)
{
        _cleanup_php_value_ struct php_value changed = property(diff, "changedProperties");
        const struct type_info *type = type_of(alter->run, column->values[COLUMN_TYPE]);
        struct php_value name = PHP_NULL_VALUE;
        size_t at = 0;

        if (alter->platform->version >= DOCTRINE_3_7 || php_array_count(changed) != 1)
                return false;
        (void)php_array_next(changed, &at, NULL, &name);
        return php_string_is(name, "default") && type &&
               (type->declaration == DECLARE_TEXT || type->declaration == DECLARE_BLOB);
}

static enum php_flow change_column(struct alteration *alter, struct php_value diff)
{
        const struct php_value *new_column = php_property(diff, "column");
        const struct php_value *old_column = php_property(diff, "fromColumn");
        const struct php_value *old_name = php_property(diff, "oldColumnName");
        const struct column *column = new_column ? column_of(alter->run, php_look(*new_column)) : NULL;
        const struct column *old = old_column ? column_of(alter->run, php_look(*old_column)) : NULL;
        _cleanup_asset_ struct asset identifier = {0};
        _cleanup_free_ char *name = NULL, *quoted = NULL;

        if (!column)
                return not_ours(alter->run);
        if (changes_default_only(alter, diff, column))
                return PHP_OK;
        if (old && alter->platform->version >= DOCTRINE_3_7)
                name = asset_name(&old->asset);
        else
                TRY(text_of(alter->run, old_name ? php_look(*old_name) : PHP_NULL_VALUE, &name));
        asset_set_name(&identifier, name);
        identifier.quoted = identifier.quoted || (old && old->asset.quoted);
        quoted = asset_quoted_name(&identifier, alter->platform);
        begin_part(alter, "CHANGE ");
        buffer_append_format(&alter->parts, "%s ", quoted);
        return declare(alter, column);
}

static enum php_flow alter_columns(struct alteration *alter, struct php_value diff)
{
        _cleanup_php_value_ struct php_value removed = property(diff, "removedColumns");
        _cleanup_php_value_ struct php_value changed = property(diff, "changedColumns");
        _cleanup_php_value_ struct php_value renamed = property(diff, "renamedColumns");
        struct php_value object;
        struct php_key key;

        for (size_t at = 0; php_array_next(alter->added_columns, &at, NULL, &object);) {
                if (!column_of(alter->run, object))
                        return not_ours(alter->run);
                begin_part(alter, "ADD ");
                TRY(declare(alter, column_of(alter->run, object)));
        }
        for (size_t at = 0; php_array_next(removed, &at, NULL, &object);) {
                const struct column *column = column_of(alter->run, object);
                _cleanup_free_ char *name =
                        column ? asset_quoted_name(&column->asset, alter->platform) : NULL;

                if (!column)
                        return not_ours(alter->run);
                begin_part(alter, "DROP ");
                buffer_append_string(&alter->parts, name);
        }
        for (size_t at = 0; php_array_next(changed, &at, NULL, &object);)
                TRY(change_column(alter, object));
        for (size_t at = 0; php_array_next(renamed, &at, &key, &object);) {
                _cleanup_php_value_ struct php_value key_value = php_key_value(key);
                _cleanup_free_ char *text = NULL, *name = NULL;

                if (!column_of(alter->run, object))
                        return not_ours(alter->run);
                TRY(text_of(alter->run, key_value, &text));
                name = name_quoted(text, alter->platform);
                begin_part(alter, "CHANGE ");
                buffer_append_format(&alter->parts, "%s ", name);
                TRY(declare(alter, column_of(alter->run, object)));
        }
        return PHP_OK;
}

static void add_primary_part(struct alteration *alter, const struct index *index)
{
        begin_part(alter, "ADD PRIMARY KEY (");
        for (size_t i = 0; index->columns[i]; i++)
                buffer_append_format(&alter->parts, "%s%s", i > 0 ? ", " : "", index->columns[i]);
        buffer_append_string(&alter->parts, ")");
}

/* Whether the changed key holds a column that is new and counts up: then it changes with the columns. */
static bool has_new_counter(const struct alteration *alter, const struct index *index)
{
        for (size_t i = 0; index->columns[i]; i++) {
                const struct php_value *object = php_array_get_text(alter->added_columns, index->columns[i]);
                const struct column *column = object ? column_of(alter->run, *object) : NULL;

                if (column && php_truth(column->values[COLUMN_AUTOINCREMENT]))
                        return true;
        }
        return false;
}

static void alter_primary_key(struct alteration *alter)
{
        struct php_key key = php_key_bytes("primary", strlen("primary"));
        const struct php_value *added = php_array_get(alter->added_indexes, key);
        const struct php_value *changed = php_array_get(alter->changed_indexes, key);
        const struct index *index = NULL;

        if (added) {
                index = index_of(alter->run, *added);
                if (!index)
                        return;
                add_primary_part(alter, index);
                (void)php_array_remove(&alter->added_indexes, key);
                return;
        }
        index = changed ? index_of(alter->run, *changed) : NULL;
        if (!index || alter->platform->version < DOCTRINE_2_10 || !has_new_counter(alter, index))
                return;
        begin_part(alter, "DROP PRIMARY KEY");
        add_primary_part(alter, index);
        (void)php_array_remove(&alter->changed_indexes, key);
}

/* ---- In front of ALTER TABLE ---- */

/* The column without AUTO_INCREMENT, as a key that goes needs it. Its comment stays bare here. */
static enum php_flow stop_counting(struct alteration *alter, const struct column *column)
{
        _cleanup_free_ char *name = asset_quoted_name(&column->asset, alter->platform);
        _cleanup_php_value_ struct php_value array = column_array(column);
        _cleanup_buffer_ struct buffer out = {0};

        php_array_set_text(&array, "autoincrement", php_bool(false));
        buffer_append_format(&out, "ALTER TABLE %s MODIFY ", alter->table);
        TRY(column_declaration(alter->run, alter->platform, name, array, &out));
        sql_add(alter->sql, buffer_steal(&out));
        return PHP_OK;
}

static enum php_flow free_key_columns(struct alteration *alter, const struct index *index)
{
        if (!index)
                return not_ours(alter->run);
        if (!index->primary || !alter->from)
                return PHP_OK;
        for (size_t i = 0; index->columns[i]; i++) {
                const struct php_value *object = table_column(alter->from, index->columns[i]);

                if (object && column_has_autoincrement(column_of(alter->run, *object)))
                        TRY(stop_counting(alter, column_of(alter->run, *object)));
        }
        return PHP_OK;
}

static bool same_columns(const struct index *left, const struct index *right)
{
        size_t i;

        for (i = 0; left->columns[i] && right->columns[i]; i++)
                if (strcmp(left->columns[i], right->columns[i]) != 0)
                        return false;
        return !left->columns[i] && !right->columns[i];
}

/* An index that goes and one that comes on the same columns change in one statement. */
static enum php_flow replace_index(struct alteration *alter, struct php_key removed_key)
{
        _cleanup_php_value_ struct php_value removed =
                php_copy(*php_array_get(alter->removed_indexes, removed_key));
        const struct index *old = index_of(alter->run, removed);
        _cleanup_php_value_ struct php_value added = php_copy(alter->added_indexes);
        struct php_value object;
        struct php_key key;

        for (size_t at = 0; php_array_next(added, &at, &key, &object);) {
                const struct index *index = index_of(alter->run, object);
                _cleanup_free_ char *columns = NULL, *name = NULL, *old_name = NULL;

                if (!index)
                        return not_ours(alter->run);
                if (!same_columns(old, index))
                        continue;
                columns = index_columns_sql(index, alter->platform);
                name = asset_name(&index->asset);
                old_name = asset_name(&old->asset);
                sql_add(alter->sql,
                        string_format("ALTER TABLE %s DROP INDEX %s, ADD %s%s (%s)", alter->table, old_name,
                                index->primary  ? "PRIMARY KEY"
                                : index->unique ? "UNIQUE INDEX "
                                                : "INDEX ",
                                index->primary ? "" : name, columns));
                (void)php_array_remove(&alter->added_indexes, key);
                (void)php_array_remove(&alter->removed_indexes, removed_key);
                break;
        }
        return PHP_OK;
}

static enum php_flow replace_indexes(struct alteration *alter)
{
        _cleanup_php_value_ struct php_value removed = php_copy(alter->removed_indexes);
        struct php_value object;
        struct php_key key;

        for (size_t at = 0; php_array_next(alter->changed_indexes, &at, NULL, &object);)
                TRY(free_key_columns(alter, index_of(alter->run, object)));
        for (size_t at = 0; php_array_next(removed, &at, &key, &object);) {
                TRY(free_key_columns(alter, index_of(alter->run, object)));
                TRY(replace_index(alter, key));
        }
        return PHP_OK;
}

static bool names_column(const struct index *index, const char *name)
{
        for (size_t i = 0; index->columns[i]; i++)
                if (strcmp(index->columns[i], name) == 0)
                        return true;
        return false;
}

/* A column that counts up and is no longer in the key. */
static enum php_flow free_dropped_columns(struct alteration *alter)
{
        const struct php_value *primary = alter->from ? table_primary_key(alter->from) : NULL;
        const struct index *old = primary ? index_of(alter->run, *primary) : NULL;
        struct php_value object;

        for (size_t at = 0; php_array_next(alter->changed_indexes, &at, NULL, &object);) {
                const struct index *index = index_of(alter->run, object);

                for (size_t i = 0; old && index->primary && old->columns[i]; i++) {
                        const struct php_value *found = table_column(alter->from, old->columns[i]);
                        const struct column *column = found ? column_of(alter->run, *found) : NULL;
                        _cleanup_free_ char *name = column ? asset_name(&column->asset) : NULL;
                        const char *searched =
                                alter->platform->version >= DOCTRINE_3_7 ? name : old->columns[i];

                        if (column && php_truth(column->values[COLUMN_AUTOINCREMENT]) &&
                                !names_column(index, searched))
                                TRY(stop_counting(alter, column));
                }
        }
        return PHP_OK;
}

static enum php_flow drop_keys(struct alteration *alter, struct php_value keys)
{
        struct php_value object;

        for (size_t at = 0; php_array_next(keys, &at, NULL, &object);) {
                const struct foreign_key *key = foreign_key_of(alter->run, object);

                if (!key)
                        return not_ours(alter->run);
                sql_drop_foreign_key(alter->platform, key, alter->table, alter->sql);
        }
        return PHP_OK;
}

static void drop_indexes(struct alteration *alter, struct php_value indexes)
{
        struct php_value object;

        for (size_t at = 0; php_array_next(indexes, &at, NULL, &object);) {
                const struct index *index = index_of(alter->run, object);
                _cleanup_free_ char *name = asset_quoted_name(&index->asset, alter->platform);

                if (alter->platform->version < DOCTRINE_3_7)
                        sql_drop_index(alter->platform, index, alter->table, alter->sql);
                else
                        sql_add(alter->sql, string_format("DROP INDEX %s ON %s", name, alter->table));
        }
}

/* Platforms that can't rename an index drop it and make it anew: foreign keys on it have to go for that time.
 */
static bool needs_renamed_index(const struct alteration *alter, const struct foreign_key *key)
{
        struct php_value object;

        for (size_t at = 0; php_array_next(alter->renamed_indexes, &at, NULL, &object);)
                if (foreign_key_meets(key, index_of(alter->run, object)))
                        return true;
        return false;
}

static enum php_flow each_key_of_renamed(struct alteration *alter, bool create)
{
        struct php_value object;

        if (!alter->from || platform_renames_indexes(alter->platform))
                return PHP_OK;
        for (size_t at = 0; php_array_next(alter->from->foreign_keys, &at, NULL, &object);) {
                const struct foreign_key *key = foreign_key_of(alter->run, object);

                if (!needs_renamed_index(alter, key))
                        continue;
                if (create)
                        TRY(sql_create_foreign_key(
                                alter->run, alter->platform, key, alter->new_table, alter->sql));
                else
                        sql_drop_foreign_key(alter->platform, key, alter->table, alter->sql);
        }
        return PHP_OK;
}

static void forget_keys(struct alteration *alter)
{
        php_clear(&alter->added_keys);
        php_clear(&alter->changed_keys);
        php_clear(&alter->removed_keys);
        alter->added_keys = php_new_array();
        alter->changed_keys = php_new_array();
        alter->removed_keys = php_new_array();
}

static enum php_flow go_before(struct alteration *alter)
{
        TRY(replace_indexes(alter));
        if (alter->from &&
                !engine_has_foreign_keys(alter->platform->version, table_option(alter->from, "engine")))
                forget_keys(alter);
        TRY(free_dropped_columns(alter));
        TRY(drop_keys(alter, alter->removed_keys));
        TRY(drop_keys(alter, alter->changed_keys));
        drop_indexes(alter, alter->removed_indexes);
        drop_indexes(alter, alter->changed_indexes);
        return each_key_of_renamed(alter, false);
}

/* ---- Behind it ---- */

static enum php_flow create_keys(struct alteration *alter, struct php_value keys)
{
        struct php_value object;

        for (size_t at = 0; php_array_next(keys, &at, NULL, &object);) {
                const struct foreign_key *key = foreign_key_of(alter->run, object);

                if (!key)
                        return not_ours(alter->run);
                TRY(sql_create_foreign_key(alter->run, alter->platform, key, alter->new_table, alter->sql));
        }
        return PHP_OK;
}

static enum php_flow create_indexes(struct alteration *alter, struct php_value indexes)
{
        struct php_value object;

        for (size_t at = 0; php_array_next(indexes, &at, NULL, &object);)
                TRY(sql_create_index(alter->run, alter->platform, index_of(alter->run, object),
                        alter->new_table, alter->sql));
        return PHP_OK;
}

static enum php_flow rename_indexes(struct alteration *alter)
{
        struct php_value object;
        struct php_key key;

        for (size_t at = 0; php_array_next(alter->renamed_indexes, &at, &key, &object);) {
                const struct index *index = index_of(alter->run, object);
                _cleanup_php_value_ struct php_value key_value = php_key_value(key);
                _cleanup_free_ char *text = NULL, *old = NULL, *name = NULL;

                if (!index)
                        return not_ours(alter->run);
                TRY(text_of(alter->run, key_value, &text));
                old = name_quoted(text, alter->platform);
                name = asset_quoted_name(&index->asset, alter->platform);
                if (platform_renames_indexes(alter->platform)) {
                        sql_add(alter->sql, string_format("ALTER TABLE %s RENAME INDEX %s TO %s",
                                                    alter->new_table, old, name));
                        continue;
                }
                sql_add(alter->sql, string_format("DROP INDEX %s ON %s", old, alter->new_table));
                TRY(sql_create_index(alter->run, alter->platform, index, alter->new_table, alter->sql));
        }
        return PHP_OK;
}

static enum php_flow go_behind(struct alteration *alter)
{
        TRY(create_keys(alter, alter->added_keys));
        TRY(create_keys(alter, alter->changed_keys));
        TRY(create_indexes(alter, alter->added_indexes));
        TRY(create_indexes(alter, alter->changed_indexes));
        TRY(rename_indexes(alter));
        return each_key_of_renamed(alter, true);
}

/* Doctrine takes out of the difference what it has dealt with. */
static void write_back(struct alteration *alter, struct php_value diff)
{
        php_set_property(diff, "addedIndexes", php_copy(alter->added_indexes));
        php_set_property(diff, "removedIndexes", php_copy(alter->removed_indexes));
        php_set_property(diff, "addedForeignKeys", php_copy(alter->added_keys));
        php_set_property(diff, "changedForeignKeys", php_copy(alter->changed_keys));
        php_set_property(diff, "removedForeignKeys", php_copy(alter->removed_keys));
        if (alter->platform->version < DOCTRINE_3_7)
                php_set_property(diff, "changedIndexes", php_copy(alter->changed_indexes));
}

enum php_flow sql_alter_table(
        struct php_run *run, const struct platform *platform, struct php_value diff, struct php_value *sql)
{
        _cleanup_(alteration_deinit) struct alteration alter = {
                .run = run,
                .platform = platform,
                .added_indexes = property(diff, "addedIndexes"),
                .changed_indexes = property(diff, "changedIndexes"),
                .removed_indexes = property(diff, "removedIndexes"),
                .renamed_indexes = property(diff, "renamedIndexes"),
                .added_keys = property(diff, "addedForeignKeys"),
                .changed_keys = property(diff, "changedForeignKeys"),
                .removed_keys = property(diff, "removedForeignKeys"),
                .added_columns = property(diff, "addedColumns"),
                .sql = sql,
        };

        TRY(set_names(&alter, diff));
        TRY(alter_columns(&alter, diff));
        alter_primary_key(&alter);
        TRY(go_before(&alter));
        if (alter.parts.size > 0)
                sql_add(sql, string_format("ALTER TABLE %s %s", alter.table, alter.parts.data));
        TRY(go_behind(&alter));
        write_back(&alter, diff);
        return PHP_OK;
}
