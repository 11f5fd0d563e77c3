/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the database's tables look like, in one number. */

#include "lib/database.h"

/* SHA-256 (lower-case hex) over the tables, columns, indexes and foreign keys of the connection's database,
 * but for those of the table `except`: two times the same means that no DDL has changed it in between. */
int schema_fingerprint(struct database *database, const char *except, char ret_hex[65], struct error *err)
        _must_check;
