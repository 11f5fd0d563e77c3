/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Writing to the table of executed migrations, in the format of the Doctrine whose files they are.
 * Sources: doctrine/migrations 1.2.2 Configuration::createMigrationTable, Version::markMigrated; 2.2.1
 * Tracking/TableDefinition, TableUpdater, Version::markVersion; 3.5.5 Metadata/Storage/TableMetadataStorage.
 */

#include "lib/database.h"
#include "migrations-reader/doctrine/doctrine.h"

#include <stdint.h>

/* Makes the table, or alters it where a newer Doctrine would on its first write. DDL: it commits by itself; a
 * table that is as it should be is left alone, so a repetition is harmless. */
int version_table_prepare(struct database *database, const char *table, enum doctrine_version version,
        struct error *err) _must_check;
/* The row of one version, inside the caller's transaction. It may be there already. */
int version_table_add(struct database *database, const char *table, enum doctrine_version version,
        const char *migration, uint64_t duration_ms, struct error *err) _must_check;
/* Whether the version has a row, in any Doctrine's format. No table: it has none. */
int version_table_has(struct database *database, const char *table, const char *migration, bool *ret,
        struct error *err) _must_check;
