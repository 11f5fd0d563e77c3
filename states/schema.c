/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/schema.h"

#include "lib/sha256.h"

static const struct {
        const char *columns, *table, *order;
} sources[] = {
        {"TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_COLLATION", "TABLES", "TABLE_NAME"},
        {"TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, COLLATION_NAME, EXTRA",
                "COLUMNS", "TABLE_NAME, ORDINAL_POSITION"},
        {"TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, NON_UNIQUE, SUB_PART", "STATISTICS",
                "TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX"},
        {"TABLE_NAME, CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME",
                "KEY_COLUMN_USAGE", "TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION"},
};

/* Each cell with its size in front, so that no two results read the same. */
static void add_rows(struct sha256 *sha256, const struct database_rows *rows)
{
        sha256_add(sha256, &rows->rows, sizeof(rows->rows));
        for (size_t i = 0; i < rows->rows * rows->columns; i++) {
                size_t mark = rows->cells[i] ? rows->sizes[i] : SIZE_MAX;
                sha256_add(sha256, &mark, sizeof(mark));
                if (rows->cells[i])
                        sha256_add(sha256, rows->cells[i], rows->sizes[i]);
        }
}

int schema_fingerprint(struct database *database, const char *except, char ret_hex[65], struct error *err)
{
        _cleanup_sha256_ struct sha256 *sha256 = sha256_new();
        _cleanup_free_ char *quoted = database_quote(database, except);
        for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
                _cleanup_database_rows_ struct database_rows rows = {0};
                if (database_query(database, &rows, err,
                            "SELECT %s FROM information_schema.%s WHERE TABLE_SCHEMA = DATABASE()"
                            " AND TABLE_NAME <> %s ORDER BY %s",
                            sources[i].columns, sources[i].table, quoted, sources[i].order) < 0)
                        return error_wrap(err, "reading what the tables look like");
                add_rows(sha256, &rows);
        }
        sha256_finish(sha256, ret_hex);
        return 0;
}
