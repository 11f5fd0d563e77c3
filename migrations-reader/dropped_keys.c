/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/dropped_keys.h"

#include "lib/memory.h"
#include "migrations-reader/migration_sql.h"

#include <string.h>

#define PLANNED_LIMIT 10000

static void dropped_key_deinit(struct dropped_key *key)
{
        free(key->version);
        free(key->file);
        free(key->table);
        free(key->key);
}

void dropped_keys_deinit(struct dropped_keys *keys)
{
        for (size_t i = 0; i < keys->count; i++)
                dropped_key_deinit(&keys->items[i]);
        free(keys->items);
        *keys = (struct dropped_keys){0};
}

/* One change of one statement. */
struct planned_key {
        struct dropped_key key; /* table NULL: of any table; key NULL: any key of the table */
        bool added;
        size_t statement; /* counted over all migrations */
};

struct planned_keys {
        char *prefix;
        struct planned_key *items;
        size_t count;
        size_t statements;
};

struct planned_keys *planned_keys_new(const char *prefix)
{
        struct planned_keys *planned = memory_new(sizeof *planned);
        planned->prefix = string_copy(prefix);
        return planned;
}

void planned_keys_free(struct planned_keys *planned)
{
        if (!planned)
                return;
        for (size_t i = 0; i < planned->count; i++)
                dropped_key_deinit(&planned->items[i].key);
        free(planned->items);
        free(planned->prefix);
        free(planned);
}

/* Beyond the limit nothing is judged any more, rather than judged without what was left out. */
static void add_planned(struct planned_keys *planned, struct planned_key item)
{
        if (planned->count == PLANNED_LIMIT) {
                dropped_key_deinit(&item.key);
                return;
        }
        if ((planned->count & (planned->count - 1)) == 0)
                planned->items = memory_resize(
                        planned->items, planned->count ? planned->count * 2 : 1, sizeof *planned->items);
        planned->items[planned->count++] = item;
}

static void add_text(struct planned_keys *planned, const char *version, const char *file,
        const struct migration_sql *sql, const struct sql_text *text)
{
        _cleanup_key_changes_ struct key_changes changes = {0};
        key_changes_read(text->text.data, text->text.size, &changes);
        for (size_t i = 0; i < changes.count; i++) {
                struct key_change *change = &changes.items[i];
                struct planned_key item = {
                        .key =
                                {
                                        .version = string_copy(version),
                                        .file = string_copy(file),
                                        .line = sql_text_line(text, change->offset),
                                        .table = steal(&change->table),
                                        .key = steal(&change->key),
                                        .kind = change->kind,
                                        .conditional = text->conditional,
                                        .can_skip = sql->can_skip,
                                },
                        .added = change->added,
                        .statement = planned->statements + change->statement,
                };
                add_planned(planned, item);
        }
        if (changes.count > 0)
                planned->statements += changes.items[changes.count - 1].statement + 1;
}

/* What is done to the Schema becomes SQL behind the migration's own. */
static void add_key_names(struct planned_keys *planned, const struct migration_sql *sql)
{
        for (size_t i = 0; i < sql->key_name_count; i++) {
                struct planned_key item = {
                        .key.key = string_copy(sql->key_names[i]),
                        .added = true,
                        .statement = planned->statements,
                };
                add_planned(planned, item);
        }
        planned->statements++;
}

int planned_keys_add(struct planned_keys *planned, const char *version, const char *file, const char *source,
        size_t size, struct error *err)
{
        _cleanup_migration_sql_ struct migration_sql sql = {0};
        _cleanup_free_ char *class_name = string_format("Version%s", version);
        if (migration_sql_read(source, size, class_name, planned->prefix, &sql, err) < 0)
                return error_wrap(err, "%s", file);
        for (size_t i = 0; i < sql.count; i++)
                add_text(planned, version, file, &sql, &sql.items[i]);
        add_key_names(planned, &sql);
        return 0;
}

/* The live schema */

struct live {
        struct database_rows indexes; /* table, index; a row without index for each table */
        struct database_rows constraints; /* table, constraint, type */
};

static void live_deinit(struct live *live)
{
        database_rows_deinit(&live->indexes);
        database_rows_deinit(&live->constraints);
}

static int read_live(struct database *database, struct live *ret, struct error *err)
{
        _cleanup_(live_deinit) struct live live = {0};
        if (database_query(database, &live.indexes, err,
                    "SELECT TABLE_NAME, NULL FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() "
                    "AND TABLE_TYPE = 'BASE TABLE' UNION ALL SELECT DISTINCT TABLE_NAME, INDEX_NAME FROM "
                    "information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()") < 0 ||
                database_query(database, &live.constraints, err,
                        "SELECT TABLE_NAME, CONSTRAINT_NAME, CONSTRAINT_TYPE FROM "
                        "information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = DATABASE()") < 0)
                return error_wrap(err, "reading the keys of the database");
        *ret = live;
        live = (struct live){0};
        return 0;
}

/* As the server compares the names of keys; for tables it is the more careful way. */
static bool same_name(const char *left, const char *right)
{
        return left && right && strcasecmp(left, right) == 0;
}

static bool has_table(const struct live *live, const char *table)
{
        for (size_t i = 0; i < live->indexes.rows; i++)
                if (!database_cell(&live->indexes, i, 1) &&
                        same_name(database_cell(&live->indexes, i, 0), table))
                        return true;
        return false;
}

static bool has_index(const struct live *live, const char *table, const char *key)
{
        for (size_t i = 0; i < live->indexes.rows; i++)
                if (same_name(database_cell(&live->indexes, i, 0), table) &&
                        same_name(database_cell(&live->indexes, i, 1), key))
                        return true;
        return false;
}

static bool has_constraint(const struct live *live, const char *table, const char *key, const char *type)
{
        for (size_t i = 0; i < live->constraints.rows; i++)
                if (same_name(database_cell(&live->constraints, i, 0), table) &&
                        same_name(database_cell(&live->constraints, i, 1), key) &&
                        (!type || same_name(database_cell(&live->constraints, i, 2), type)))
                        return true;
        return false;
}

static bool has_key(const struct live *live, const struct dropped_key *key)
{
        switch (key->kind) {
        case KEY_FOREIGN:
                return has_constraint(live, key->table, key->key, "FOREIGN KEY");
        case KEY_INDEX:
        case KEY_PRIMARY:
                return has_index(live, key->table, key->key);
        case KEY_CONSTRAINT:
                return has_constraint(live, key->table, key->key, NULL) ||
                       has_index(live, key->table, key->key);
        }
        return true;
}

/* Of the same statement doesn't count: the server looks for what to drop first. */
static bool is_added_before(const struct planned_keys *planned, const struct planned_key *dropped)
{
        for (size_t i = 0; i < planned->count; i++) {
                const struct planned_key *item = &planned->items[i];
                if (item->statement >= dropped->statement)
                        return false;
                if (item->added && (!item->key.table || same_name(item->key.table, dropped->key.table)) &&
                        (!item->key.key || same_name(item->key.key, dropped->key.key)))
                        return true;
        }
        return false;
}

static bool is_missing(
        const struct planned_keys *planned, const struct live *live, const struct planned_key *item)
{
        return !item->added && has_table(live, item->key.table) && !has_key(live, &item->key) &&
               !is_added_before(planned, item);
}

static struct dropped_key dropped_key_copy(const struct dropped_key *key)
{
        struct dropped_key copy = *key;
        copy.version = string_copy(key->version);
        copy.file = string_copy(key->file);
        copy.table = string_copy(key->table);
        copy.key = string_copy(key->key);
        return copy;
}

int planned_keys_find_missing(const struct planned_keys *planned, struct database *database,
        struct dropped_keys *ret, struct error *err)
{
        _cleanup_(live_deinit) struct live live = {0};
        if (read_live(database, &live, err) < 0)
                return -1;
        struct dropped_keys keys = {.items = memory_new_array(planned->count + 1, sizeof *keys.items)};
        for (size_t i = 0; i < planned->count; i++)
                if (is_missing(planned, &live, &planned->items[i]))
                        keys.items[keys.count++] = dropped_key_copy(&planned->items[i].key);
        *ret = keys;
        return 0;
}
