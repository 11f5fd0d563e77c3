/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The migrations that are still to run: those of the site, and those of a package that is here already. All
 * of it warns: they run after the backup.
 */
#include "states/checks_private.h"

#include "lib/files.h"
#include "lib/php_syntax.h"
#include "migrations-reader/dropped_keys.h"
#include "migrations-reader/migrations.h"
#include "states/package.h"

#include <string.h>

static int read_migrations(struct checks *checks, struct migrations *ret, struct error *err)
{
        return migrations_read(checks->site->root_fd, MIGRATIONS_FOLDER, checks->database,
                checks->settings.prefix, ret, err);
}

/* A warning, as in upgrade_v3.php: the stage that needs the number comes before anything is moved. */
void check_migrations_readable(struct checks *checks, struct finding *finding)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_migrations_ struct migrations migrations = {0};
        if (read_migrations(checks, &migrations, &err) < 0)
                finding_warning(finding, reason_advice(err.reason), "%s", error_message(&err));
        else if (!migrations.table_exists)
                finding_warning(finding, "See that db_name and db_table_prefix are this site's.",
                        "there is no table %s: no migration counts as executed", migrations.table);
        else
                finding_ok(finding, "%zu available, %zu executed, %zu new", migrations.available,
                        migrations.executed, migrations.new);
}

/* Recorded, without a file, and newer than every file: a later Mautic has run them. Names order them. */
static void find_later(const struct migrations *migrations, struct name_sample *ret, const char **ret_newest)
{
        *ret_newest = NULL;
        for (size_t i = 0; i < migrations->count; i++)
                if (migrations->items[i].available)
                        *ret_newest = migrations->items[i].version;
        for (size_t i = 0; i < migrations->count && *ret_newest; i++) {
                const struct migration *migration = &migrations->items[i];
                if (!migration->available && strcmp(migration->version, *ret_newest) > 0)
                        name_sample_add(ret, migration->version);
        }
}

/* Files of Mautic 2 were put back, and the database of Mautic 3 was left. */
void check_migrations_of_later(struct checks *checks, struct finding *finding)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_migrations_ struct migrations migrations = {0};
        _cleanup_name_sample_ struct name_sample later = {0};
        const char *newest = NULL;
        if (checks->site->kind != SITE_MAUTIC_2) {
                finding_ok(finding, "the root does not hold Mautic 2's migrations");
                return;
        }
        if (read_migrations(checks, &migrations, &err) < 0) {
                finding_warning(finding, reason_advice(err.reason), "not checked: %s", error_message(&err));
                return;
        }
        find_later(&migrations, &later, &newest);
        if (later.count > 0)
                finding_warning(finding,
                        "Was this database upgraded before, and are only the files Mautic 2's? Put back the "
                        "database that belongs to them. If you accept it, what is recorded is not run again.",
                        "%s has migrations of a later Mautic than these files, whose newest is %s: %s",
                        migrations.table, newest, name_sample_text(&later));
        else
                finding_ok(finding, "no migration of a later Mautic is recorded");
}

static int add_site(struct checks *checks, const struct migrations *migrations, struct planned_keys *planned,
        struct error *err)
{
        for (size_t i = 0; i < migrations->count; i++) {
                const struct migration *migration = &migrations->items[i];
                if (!migration->available || migration->executed)
                        continue;
                _cleanup_free_ char *source = NULL;
                size_t size = 0;
                int result = file_read(
                        checks->site->root_fd, migration->file, PHP_SOURCE_LIMIT, &source, &size, err);
                if (result < 0 || (result == 0 && planned_keys_add(planned, migration->version,
                                                          migration->file, source, size, err) < 0))
                        return -1;
        }
        return 0;
}

/* "20190724110039" of "app/migrations/Version20190724110039.php", owned by the caller; else NULL. */
static char *version_of_name(const char *name)
{
        static const char before[] = MIGRATIONS_FOLDER "/Version", behind[] = ".php";
        size_t size = strlen(name), edges = strlen(before) + strlen(behind);
        if (size <= edges || !string_begins(name, before) ||
                strcmp(name + size - strlen(behind), behind) != 0 || strchr(name + strlen(before), '/'))
                return NULL;
        return memory_copy(name + strlen(before), size - edges);
}

static bool is_known(const struct migrations *migrations, const char *version)
{
        for (size_t i = 0; i < migrations->count; i++)
                if (string_equal(migrations->items[i].version, version))
                        return true;
        return false;
}

/* What Mautic 2 has run by then, or will have, does not run again. */
static int add_package(struct checks *checks, const struct migrations *migrations,
        struct planned_keys *planned, struct error *err)
{
        _cleanup_package_source_ struct package_source source = {.folder_fd = -1};
        _cleanup_package_ struct package package = {0};
        if (package_source_find(checks->config, checks->site->root_fd, checks->site->root, &source, err) <
                        0 ||
                package_open(source.folder_fd, source.name, checks->config, &package, err) < 0)
                return -1;
        const char *name;
        for (uint64_t i = 0; (name = archive_file_name(package.archive, i)); i++) {
                _cleanup_free_ char *version = version_of_name(name);
                if (!version || is_known(migrations, version))
                        continue;
                _cleanup_free_ char *text = NULL;
                _cleanup_free_ char *shown = string_format("the package's %s", name);
                size_t size = 0;
                if (archive_read(package.archive, name, PHP_SOURCE_LIMIT, &text, &size, err) != 0 ||
                        planned_keys_add(planned, version, shown, text, size, err) < 0)
                        return -1;
        }
        return 0;
}

static int find_missing(struct checks *checks, struct dropped_keys *ret, struct error *err)
{
        _cleanup_migrations_ struct migrations migrations = {0};
        _cleanup_(planned_keys_freep) struct planned_keys *planned =
                planned_keys_new(checks->settings.prefix);
        if (read_migrations(checks, &migrations, err) < 0 ||
                add_site(checks, &migrations, planned, err) < 0 ||
                (checks->package_known && add_package(checks, &migrations, planned, err) < 0))
                return -1;
        return planned_keys_find_missing(planned, checks->database, ret, err);
}

static void add_missing_key(struct name_sample *sample, const struct dropped_key *key)
{
        _cleanup_free_ char *text = string_format("%s, line %u: %s %s of %s%s%s", key->file, key->line,
                key_kind_name(key->kind), key->key, key->table, key->conditional ? ", under a condition" : "",
                key->can_skip ? ", unless the migration skips itself" : "");
        name_sample_add(sample, text);
}

/* A condition, or a skip, may well ask for that very key: the finding says that there is one. */
void check_migrations_dropped_keys(struct checks *checks, struct finding *finding)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_dropped_keys_ struct dropped_keys missing = {0};
        if (find_missing(checks, &missing, &err) < 0) {
                finding_warning(finding, reason_advice(err.reason), "not checked: %s", error_message(&err));
                return;
        }
        _cleanup_name_sample_ struct name_sample sample = {0};
        for (size_t i = 0; i < missing.count; i++)
                add_missing_key(&sample, &missing.items[i]);
        if (missing.count > 0)
                finding_warning(finding,
                        "Compare these tables with those of a fresh Mautic of the same version, and create "
                        "the keys that are missing; else expect these migrations to fail.",
                        "new migrations drop keys that are not there: %s", name_sample_text(&sample));
        else
                finding_ok(finding, "no new migration%s is seen to drop a key that is not there",
                        checks->package_known ? ", the package's too," : " of Mautic 2");
}
