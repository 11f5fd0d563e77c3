/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What SHOW GRANTS says, understood. Pure: lines in, an answer out. */

#include <stdbool.h>
#include <stddef.h>

struct grants {
        const char *const *lines; /* as the server gave them */
        size_t count;
};

/* Whether the lines give that privilege ("CREATE", case does not matter) on every table of the database:
 * globally or by a database's name or pattern, less what MySQL 8 revoked in part. What is granted on single
 * tables or columns does not count. */
bool grants_have(const struct grants *grants, const char *database, const char *privilege);
/* The same on everything there is (*.*). */
bool grants_have_globally(const struct grants *grants, const char *privilege);
/* Whether a role is granted: it may give more than these lines say. */
bool grants_have_role(const struct grants *grants);
