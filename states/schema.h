/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the database's tables look like, so that a later look tells which of them have changed. */

#include "lib/database.h"

#include <jansson.h>

/* An object {"TABLE": "16 hex digits", …} over the engine, columns, indexes and foreign keys of each table of
 * the connection's database but `except`; the tables beyond SCHEMA_TABLES_LIMIT are one entry. The caller's.
 */
int schema_fingerprint(struct database *database, const char *except, json_t **ret, struct error *err)
        _must_check;
#define SCHEMA_TABLES_LIMIT 2000

/* Opens each table of the connection's database that the site's prefix begins: REASON_DATABASE_DAMAGED, with
 * its name, when one can't be read any more (a server's DDL does not survive every power cut). */
int schema_check_tables(struct database *database, const char *prefix, struct error *err) _must_check;

/* The tables that differ: "companies_leads, forms (new), pages (gone)", at most some twenty of them; NULL:
 * none. Owned by the caller. */
char *schema_difference(const json_t *before, const json_t *after);
