/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Which migrations a caller means. */

#include "migrations-reader/migrations.h"

/* "20200101000000" or "Version20200101000000"; NULL: neither a file nor a row. */
const struct migration *find_version(const struct migrations *migrations, const char *version);

/* Those named (versions ends with NULL); where none is, the new ones, with `independent` all available ones.
 * *ret: owned by the caller, what it points to by migrations. REASON_INVALID_ARGUMENT: there is none of that
 * name, or no file of it. */
int select_migrations(const struct migrations *migrations, char *const *versions, bool independent,
        const struct migration ***ret, size_t *ret_count, struct error *err) _must_check;
