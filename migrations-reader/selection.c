/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/selection.h"

#include "lib/memory.h"

#include <string.h>

const struct migration *find_version(const struct migrations *migrations, const char *version)
{
        if (string_begins(version, "Version"))
                version += 7;
        for (size_t i = 0; i < migrations->count; i++)
                if (string_equal(migrations->items[i].version, version))
                        return &migrations->items[i];
        return NULL;
}

static int select_named(const struct migrations *migrations, char *const *versions,
        const struct migration ***ret, size_t *ret_count, struct error *err)
{
        _cleanup_free_ const struct migration **chosen = NULL;
        size_t count = 0;
        for (; *versions; versions++) {
                const struct migration *migration = find_version(migrations, *versions);
                if (!migration)
                        return error_set(err, REASON_INVALID_ARGUMENT, "there is no migration %s", *versions);
                if (!migration->available)
                        return error_set(err, REASON_INVALID_ARGUMENT,
                                "migration %s has no file any more: it can't be planned", *versions);
                chosen = memory_grow(chosen, count, sizeof(*chosen));
                chosen[count++] = migration;
        }
        *ret = steal(&chosen);
        *ret_count = count;
        return 0;
}

int select_migrations(const struct migrations *migrations, char *const *versions, bool independent,
        const struct migration ***ret, size_t *ret_count, struct error *err)
{
        if (versions && *versions)
                return select_named(migrations, versions, ret, ret_count, err);
        const struct migration **chosen = NULL;
        size_t count = 0;
        for (size_t i = 0; i < migrations->count; i++) {
                const struct migration *migration = &migrations->items[i];
                if (!migration->available || (migration->executed && !independent))
                        continue;
                chosen = memory_grow(chosen, count, sizeof(*chosen));
                chosen[count++] = migration;
        }
        *ret = chosen;
        *ret_count = count;
        return 0;
}
