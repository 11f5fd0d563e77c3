/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/migrations.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "migrations-reader/migration_class.h"

#include <pthread.h>
#include <string.h>

#define DEPTH_LIMIT 16 /* of folders below app/migrations */
#define FILE_LIMIT 100000
#define ROW_LIMIT 100000
#define NO_SUCH_TABLE 1146 /* ER_NO_SUCH_TABLE */

static void migration_deinit(struct migration *migration)
{
        free(migration->version);
        free(migration->file);
        free(migration->description);
        free(migration->problem);
        free(migration->row);
        free(migration->executed_at);
}

void migrations_deinit(struct migrations *migrations)
{
        for (size_t i = 0; i < migrations->count; i++)
                migration_deinit(&migrations->items[i]);
        free(migrations->items);
        free(migrations->table);
        free(migrations->previous);
        free(migrations->current);
        free(migrations->next);
        free(migrations->latest);
        *migrations = (struct migrations){0};
}

static struct migration *add_migration(struct migrations *migrations, const char *version)
{
        migrations->items = memory_grow(migrations->items, migrations->count, sizeof(*migrations->items));
        struct migration *migration = &migrations->items[migrations->count++];
        *migration = (struct migration){.version = string_copy(version)};
        return migration;
}

static int compare_migrations(const void *left, const void *right)
{
        const struct migration *a = left, *b = right;
        int order = strcmp(a->version, b->version);
        return order ? order : (int)b->available - (int)a->available;
}

static void sort_migrations(struct migrations *migrations)
{
        if (migrations->count > 0)
                qsort(migrations->items, migrations->count, sizeof(*migrations->items), compare_migrations);
}

/* One file */

static int undetected(const char *path, unsigned line, struct error *err, const char *what)
{
        return error_set(err, REASON_MIGRATIONS_UNDETECTED, "%s: line %u: %s", path, line, what);
}

/* "Version20190724110039" from ".php" files of that kind, whatever the case (as RecursiveRegexFinder finds
 * them); NULL for other files. */
static char *class_of_file(const char *name)
{
        size_t size = strlen(name);
        const size_t before = strlen("Version"), behind = strlen(".php");
        if (size <= before + behind || size > before + 255 + behind ||
                strncasecmp(name, "Version", before) != 0 || strcasecmp(name + size - behind, ".php") != 0)
                return NULL;
        return memory_copy(name, size - behind);
}

static TSNode find_child(TSNode node, const char *type)
{
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_named_children(node, &children);
        for (size_t i = 0; i < children.count; i++)
                if (php_node_is(children.items[i], type))
                        return children.items[i];
        return (TSNode){0};
}

/* What getDescription() returns when it does nothing else than returning a constant string; else NULL. */
static char *read_description(const struct php_tree *tree, TSNode class)
{
        TSNode method = migration_method(tree, class, "getDescription");
        if (ts_node_is_null(method) || ts_node_is_null(php_node_field(method, "body")))
                return NULL;
        _cleanup_php_nodes_ struct php_nodes statements = {0};
        php_named_children(php_node_field(method, "body"), &statements);
        if (statements.count != 1 || !php_node_is(statements.items[0], "return_statement"))
                return NULL;
        _cleanup_php_nodes_ struct php_nodes returned = {0};
        php_named_children(statements.items[0], &returned);
        _cleanup_error_ struct error err = {0};
        _cleanup_(php_constant_deinit) struct php_constant value = {0};
        if (returned.count != 1 || php_constant(tree, returned.items[0], &value, &err) != 0 ||
                value.kind != PHP_STRING || value.size == 0)
                return NULL;
        return steal(&value.text);
}

static int read_class(const char *path, const struct php_tree *tree, const char *class_name,
        char **ret_description, struct error *err)
{
        TSNode class = migration_class(tree, class_name);
        if (ts_node_is_null(class))
                return undetected(path, 1, err, "it holds no class of the file's name");
        if (ts_node_is_null(find_child(class, "base_clause")))
                return undetected(path, php_node_line(class), err, "its class extends no migration");
        *ret_description = read_description(tree, class);
        return 0;
}

static int undetected_because(const char *path, struct error *err)
{
        err->reason = REASON_MIGRATIONS_UNDETECTED;
        return error_wrap(err, "%s", path);
}

static int read_file(
        int root_fd, const char *path, const char *class_name, char **ret_description, struct error *err)
{
        _cleanup_free_ char *source = NULL;
        _cleanup_(php_tree_freep) struct php_tree *tree = NULL;
        size_t size = 0;
        int result = file_read(root_fd, path, PHP_SOURCE_LIMIT, &source, &size, err);
        if (result == 1)
                return error_set(err, REASON_MIGRATIONS_UNDETECTED, "%s went away while it was read", path);
        if (result < 0 || php_parse(source, size, &tree, err) < 0)
                return undetected_because(path, err);
        return read_class(path, tree, class_name, ret_description, err);
}

/* The folder */

static int add_file(struct migrations *migrations, const char *path, const char *name, struct error *err)
{
        _cleanup_free_ char *class_name = class_of_file(name);
        if (!class_name)
                return 0;
        const char *version = class_name + strlen("Version");
        if (migrations->count == FILE_LIMIT)
                return error_set(err, REASON_MIGRATIONS_UNDETECTED, "there are more than %d migration files",
                        FILE_LIMIT);
        if (string_equal(version, "0")) /* Doctrine's word for "before the first one" */
                return undetected(path, 1, err, "the version 0 is reserved");
        struct migration *migration = add_migration(migrations, version);
        migration->file = string_copy(path);
        migration->available = true;
        return 0;
}

/* Doctrine's finder goes through the folders below, and not behind links. */
static int add_folder(
        struct migrations *migrations, int root_fd, const char *folder, unsigned depth, struct error *err)
{
        if (depth == DEPTH_LIMIT)
                return error_set(
                        err, REASON_MIGRATIONS_UNDETECTED, "%s: folders are nested too deep", folder);
        _cleanup_string_list_ struct string_list names = {0};
        if (folder_list(root_fd, folder, &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = string_format("%s/%s", folder, names.items[i]);
                struct stat status;
                int result = file_stat(root_fd, path, &status, err);
                if (result < 0)
                        return -1;
                if (result == 1)
                        continue;
                if (S_ISDIR(status.st_mode))
                        result = add_folder(migrations, root_fd, path, depth + 1, err);
                else
                        result = add_file(migrations, path, names.items[i], err);
                if (result < 0)
                        return -1;
        }
        return 0;
}

/* Parsing is what takes the time, so the files are shared out to several threads: each takes every nth. */
#define READERS 4

struct file_reader {
        struct migrations *migrations;
        int root_fd;
        size_t first;
};

static void *read_files(void *argument)
{
        const struct file_reader *reader = argument;
        struct migrations *migrations = reader->migrations;
        for (size_t i = reader->first; i < migrations->count; i += READERS) {
                struct migration *migration = &migrations->items[i];
                _cleanup_error_ struct error err = {0};
                _cleanup_free_ char *class_name = string_format("Version%s", migration->version);
                if (read_file(reader->root_fd, migration->file, class_name, &migration->description, &err) <
                        0)
                        migration->problem = string_copy(error_message(&err));
        }
        return NULL;
}

static void read_all_files(struct migrations *migrations, int root_fd)
{
        struct file_reader readers[READERS];
        pthread_t threads[READERS];
        size_t started = 0;
        for (size_t i = 0; i < READERS; i++)
                readers[i] = (struct file_reader){.migrations = migrations, .root_fd = root_fd, .first = i};
        while (started < READERS - 1 &&
                pthread_create(&threads[started], NULL, read_files, &readers[started]) == 0)
                started++;
        /* Those for which there was no thread are read here. */
        for (size_t i = started; i < READERS; i++)
                (void)read_files(&readers[i]);
        for (size_t i = 0; i < started; i++)
                (void)pthread_join(threads[i], NULL);
}

static int read_folder(struct migrations *migrations, int root_fd, const char *folder, struct error *err)
{
        _cleanup_close_ int folder_fd = -1;
        int result = folder_open(root_fd, folder, &folder_fd, err);
        if (result == 0)
                result = add_folder(migrations, root_fd, folder, 0, err);
        if (result < 0) {
                err->reason = REASON_MIGRATIONS_UNDETECTED;
                return -1;
        }
        sort_migrations(migrations);
        for (size_t i = 1; i < migrations->count; i++)
                if (string_equal(migrations->items[i - 1].version, migrations->items[i].version))
                        return error_set(err, REASON_MIGRATIONS_UNDETECTED, "%s and %s are the same version",
                                migrations->items[i - 1].file, migrations->items[i].file);
        migrations->available = migrations->count;
        read_all_files(migrations, root_fd);
        return 0;
}

/* The table */

/* "20190724110039", or "Mautic\Migrations\Version20190724110039" as doctrine/migrations 3 writes it. */
static const char *version_of_row(const char *value)
{
        const char *class_name = strrchr(value, '\\');
        class_name = class_name ? class_name + 1 : value;
        return string_begins(class_name, "Version") && class_name[7] ? class_name + 7 : class_name;
}

static struct migration *find_file(struct migrations *migrations, const char *version)
{
        if (migrations->available == 0)
                return NULL;
        struct migration key = {.version = (char *)(uintptr_t)version, .available = true};
        return bsearch(&key, migrations->items, migrations->available, sizeof(key), compare_migrations);
}

static void add_row(struct migrations *migrations, const char *value, const char *executed_at)
{
        const char *version = version_of_row(value);
        struct migration *migration = find_file(migrations, version);
        if (!migration)
                migration = add_migration(migrations, version);
        migration->executed = true;
        migrations->has_namespaces |= strchr(value, '\\') != NULL;
        string_replace(&migration->row, string_copy(value));
        string_replace(&migration->executed_at, string_copy(executed_at));
}

/* The rows are the last ones in items, sorted: a version written in both ways counts once. */
static void drop_doubles(struct migrations *migrations)
{
        size_t kept = 0;
        for (size_t i = 0; i < migrations->count; i++) {
                if (kept > 0 &&
                        string_equal(migrations->items[kept - 1].version, migrations->items[i].version)) {
                        migration_deinit(&migrations->items[i]);
                        continue;
                }
                migrations->items[kept++] = migrations->items[i];
        }
        migrations->count = kept;
}

/* A plain SELECT: Doctrine itself would make the table, or add a column to it. */
static int select_rows(struct migrations *migrations, struct database *database, struct database_rows *ret,
        struct error *err)
{
        _cleanup_free_ char *table = database_quote_name(migrations->table);
        if (database_query(database, ret, err, "SELECT * FROM %s LIMIT %d", table, ROW_LIMIT + 1) == 0) {
                migrations->table_exists = true;
                return 0;
        }
        if (err->number == NO_SUCH_TABLE) {
                error_deinit(err);
                return 1;
        }
        if (err->reason == REASON_DATABASE_QUERY_FAILED)
                err->reason = REASON_MIGRATIONS_UNDETECTED;
        return error_wrap(err, "reading the table %s", migrations->table);
}

static void sort_rows(struct migrations *migrations)
{
        sort_migrations(migrations);
        drop_doubles(migrations);
}

static int find_column(const struct database_rows *rows, const char *name)
{
        for (size_t i = 0; i < rows->columns; i++)
                if (strcasecmp(rows->names[i], name) == 0)
                        return (int)i;
        return -1;
}

static int read_table(struct migrations *migrations, struct database *database, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        int result = select_rows(migrations, database, &rows, err);
        if (result != 0)
                return result < 0 ? -1 : 0;
        if (rows.rows > ROW_LIMIT)
                return error_set(err, REASON_MIGRATIONS_UNDETECTED, "the table %s has more than %d rows",
                        migrations->table, ROW_LIMIT);
        int version = find_column(&rows, "version"), time = find_column(&rows, "executed_at");
        if (version < 0)
                return error_set(err, REASON_MIGRATIONS_UNDETECTED, "the table %s has no column version",
                        migrations->table);
        migrations->has_times = time >= 0;
        for (size_t i = 0; i < rows.rows; i++)
                if (database_cell(&rows, i, (size_t)version))
                        add_row(migrations, database_cell(&rows, i, (size_t)version),
                                time >= 0 ? database_cell(&rows, i, (size_t)time) : NULL);
        sort_rows(migrations);
        return 0;
}

/* The figures */

static void count(struct migrations *migrations)
{
        migrations->available = 0;
        for (size_t i = 0; i < migrations->count; i++) {
                const struct migration *migration = &migrations->items[i];
                migrations->executed += migration->executed;
                migrations->available += migration->available;
                migrations->executed_unavailable += migration->executed && !migration->available;
                migrations->new += migration->available && !migration->executed;
                migrations->unreadable += migration->problem != NULL;
        }
}

/* The nearest file before (step -1) or behind (step 1) an index; NULL when there is none. */
static const struct migration *neighbour(const struct migrations *migrations, size_t index, int step)
{
        for (size_t i = index + (size_t)step; i < migrations->count; i += (size_t)step)
                if (migrations->items[i].available)
                        return &migrations->items[i];
        return NULL;
}

static char *version_copy(const struct migration *migration)
{
        return migration ? string_copy(migration->version) : NULL;
}

/* As Doctrine tells them (Configuration::getCurrentVersion, getRelativeVersion): the current one is the
 * newest that is executed among those with a file, or the newest row where there is no file at all; previous
 * and next are its neighbours among the files, executed or not. Doctrine's "0" for none is NULL here. */
static void tell_versions(struct migrations *migrations)
{
        size_t current = migrations->count;
        for (size_t i = 0; i < migrations->count; i++) {
                const struct migration *migration = &migrations->items[i];
                if (migration->executed && (migration->available || migrations->available == 0))
                        current = i;
        }
        migrations->latest = version_copy(neighbour(migrations, migrations->count, -1));
        if (current == migrations->count) {
                migrations->next = version_copy(neighbour(migrations, SIZE_MAX, 1));
                return;
        }
        migrations->current = string_copy(migrations->items[current].version);
        if (migrations->available == 0)
                return;
        migrations->previous = version_copy(neighbour(migrations, current, -1));
        migrations->next = version_copy(neighbour(migrations, current, 1));
}

static void finish(struct migrations *migrations, struct migrations *ret)
{
        count(migrations);
        tell_versions(migrations);
        *ret = *migrations;
        *migrations = (struct migrations){0};
}

int migrations_look(int root_fd, const char *folder, struct database *database, const char *prefix,
        struct migrations *ret, struct error *err)
{
        _cleanup_migrations_ struct migrations migrations = {0};
        migrations.table = string_format("%smigrations", prefix);
        if (read_folder(&migrations, root_fd, folder, err) < 0 || read_table(&migrations, database, err) < 0)
                return -1;
        finish(&migrations, ret);
        return 0;
}

int migrations_judge(const struct migrations *migrations, struct error *err)
{
        for (size_t i = 0; i < migrations->count; i++)
                if (migrations->items[i].problem)
                        return error_set(
                                err, REASON_MIGRATIONS_UNDETECTED, "%s", migrations->items[i].problem);
        return 0;
}

int migrations_read(int root_fd, const char *folder, struct database *database, const char *prefix,
        struct migrations *ret, struct error *err)
{
        _cleanup_migrations_ struct migrations migrations = {0};
        if (migrations_look(root_fd, folder, database, prefix, &migrations, err) < 0 ||
                migrations_judge(&migrations, err) < 0)
                return -1;
        *ret = migrations;
        migrations = (struct migrations){0};
        return 0;
}

int migrations_look_rows(int root_fd, const char *folder, char *const *rows, const char *prefix,
        struct migrations *ret, struct error *err)
{
        _cleanup_migrations_ struct migrations migrations = {0};
        migrations.table = string_format("%smigrations", prefix);
        if (read_folder(&migrations, root_fd, folder, err) < 0)
                return -1;
        migrations.table_exists = rows != NULL;
        for (size_t i = 0; rows && rows[i]; i++)
                add_row(&migrations, rows[i], NULL);
        sort_rows(&migrations);
        finish(&migrations, ret);
        return 0;
}

bool migration_is_left_behind(
        const struct migrations *migrations, const struct migration *migration, bool mautic_3)
{
        if (!migration->executed || migration->available || !mautic_3)
                return false;
        if (migrations->has_namespaces)
                return !strchr(migration->row, '\\');
        return !migrations->has_times || !migration->executed_at;
}
