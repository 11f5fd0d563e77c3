/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/files.h"
#include "lib/memory.h"
#include "lib/php_syntax.h"
#include "lib/site.h"
#include "migrations-reader/planner.h"

#include <string.h>

#define LOCK_LIMIT ((size_t)16 * 1024 * 1024)
#define RELEASE_LIMIT ((size_t)64 * 1024)

static const char *const names[] = {
        [DOCTRINE_2_5] = "2.5",
        [DOCTRINE_2_10] = "2.10",
        [DOCTRINE_2_13] = "2.13",
        [DOCTRINE_3_7] = "3.7",
};

bool doctrine_version_from_name(const char *name, enum doctrine_version *ret)
{
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (string_equal(name, names[i])) {
                        *ret = (enum doctrine_version)i;
                        return true;
                }
        return false;
}

/* The nearest one that is known and not newer. */
static enum doctrine_version of_dbal(const char *version)
{
        if (*version == 'v')
                version++;
        for (size_t i = ARRAY_SIZE(names) - 1; i > 0; i--)
                if (site_version_compare(version, names[i]) >= 0)
                        return (enum doctrine_version)i;
        return DOCTRINE_2_5;
}

static enum doctrine_version of_mautic(const char *version)
{
        static const enum doctrine_version by_major[] = {
                DOCTRINE_2_5, DOCTRINE_2_5, DOCTRINE_2_5, DOCTRINE_2_10, DOCTRINE_2_13};
        size_t major = strtoul(version, NULL, 10);
        return major < ARRAY_SIZE(by_major) ? by_major[major] : DOCTRINE_3_7;
}

/* "2.5.13" behind "name": "doctrine/dbal" in composer.lock, which Composer writes with its keys in this
 * order; NULL when it is not there. */
static char *dbal_of_lock(const char *lock)
{
        const char *package = strstr(lock, "\"name\": \"doctrine/dbal\"");
        const char *version = package ? strstr(package, "\"version\": \"") : NULL;
        if (!version)
                return NULL;
        version += strlen("\"version\": \"");
        const char *end = strchr(version, '"');
        return end ? memory_copy(version, (size_t)(end - version)) : NULL;
}

static int detect_by_lock(int root_fd, enum doctrine_version *ret, struct error *err)
{
        _cleanup_free_ char *lock = NULL;
        size_t size = 0;
        int result = file_read(root_fd, "composer.lock", LOCK_LIMIT, &lock, &size, err);
        if (result != 0)
                return result;
        _cleanup_free_ char *version = dbal_of_lock(lock);
        if (!version)
                return 1;
        *ret = of_dbal(version);
        return 0;
}

static int detect_by_release(int root_fd, enum doctrine_version *ret, struct error *err)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_release_metadata_ struct release_metadata metadata = {0};
        size_t size = 0;
        int result = file_read(root_fd, "app/release_metadata.json", RELEASE_LIMIT, &text, &size, err);
        if (result < 0)
                return -1;
        if (result == 0) {
                if (release_metadata_parse(text, size, &metadata, err) < 0)
                        return -1;
                *ret = of_mautic(metadata.version);
                return 0;
        }
        result = file_read(root_fd, "app/version.txt", RELEASE_LIMIT, &text, &size, err);
        if (result == 0)
                *ret = of_mautic(text);
        return result;
}

/* What a migration names tells from which Doctrine on it can run at all. */
static const struct {
        const char *word;
        enum doctrine_version version;
} signs[] = {
        {"Doctrine\\DBAL\\Migrations\\", DOCTRINE_2_5},
        {"Doctrine\\Migrations\\", DOCTRINE_2_10},
        {"fetchAllAssociative", DOCTRINE_2_13},
        {"fetchAssociative", DOCTRINE_2_13},
        {"executeStatement", DOCTRINE_2_13},
        {"PreUpAssertionMigration", DOCTRINE_3_7},
};

static int look_for_signs(
        int root_fd, const char *path, bool *found, enum doctrine_version *newest, struct error *err)
{
        _cleanup_free_ char *source = NULL;
        size_t size = 0;
        int result = file_read(root_fd, path, PHP_SOURCE_LIMIT, &source, &size, err);
        if (result != 0)
                return result < 0 ? -1 : 0;
        for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
                if (strstr(source, signs[i].word) && (!*found || signs[i].version > *newest)) {
                        *newest = signs[i].version;
                        *found = true;
                }
        return 0;
}

static int detect_by_files(int root_fd, const char *folder, enum doctrine_version *ret, struct error *err)
{
        _cleanup_string_list_ struct string_list files = {0};
        bool found = false;
        if (folder_list(root_fd, folder, &files, err) < 0)
                return -1;
        for (size_t i = 0; i < files.count; i++) {
                size_t size = strlen(files.items[i]);
                if (size < 4 || strcasecmp(files.items[i] + size - 4, ".php") != 0)
                        continue;
                _cleanup_free_ char *path = string_format("%s/%s", folder, files.items[i]);
                if (look_for_signs(root_fd, path, &found, ret, err) < 0)
                        return -1;
        }
        return found ? 0 : 1;
}

int doctrine_version_detect(int root_fd, const char *folder, enum doctrine_version *ret, struct error *err)
{
        int result = detect_by_lock(root_fd, ret, err);
        if (result == 1)
                result = detect_by_release(root_fd, ret, err);
        if (result == 1)
                result = detect_by_files(root_fd, folder, ret, err);
        return result;
}
