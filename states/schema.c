/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/schema.h"

#include "lib/memory.h"

#include <openssl/evp.h>

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
static bool digest_rows(EVP_MD_CTX *digest, const struct database_rows *rows)
{
        bool good = EVP_DigestUpdate(digest, &rows->rows, sizeof(rows->rows)) == 1;
        for (size_t i = 0; good && i < rows->rows * rows->columns; i++) {
                size_t mark = rows->cells[i] ? rows->sizes[i] : SIZE_MAX;
                good = EVP_DigestUpdate(digest, &mark, sizeof(mark)) == 1 &&
                       (!rows->cells[i] || EVP_DigestUpdate(digest, rows->cells[i], rows->sizes[i]) == 1);
        }
        return good;
}

static void free_digest(EVP_MD_CTX **digest)
{
        EVP_MD_CTX_free(*digest);
}

int schema_fingerprint(struct database *database, const char *except, char ret_hex[65], struct error *err)
{
        _cleanup_(free_digest) EVP_MD_CTX *digest = EVP_MD_CTX_new();
        _cleanup_free_ char *quoted = database_quote(database, except);
        bool good = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;
        for (size_t i = 0; good && i < ARRAY_SIZE(sources); i++) {
                _cleanup_database_rows_ struct database_rows rows = {0};
                if (database_query(database, &rows, err,
                            "SELECT %s FROM information_schema.%s WHERE TABLE_SCHEMA = DATABASE()"
                            " AND TABLE_NAME <> %s ORDER BY %s",
                            sources[i].columns, sources[i].table, quoted, sources[i].order) < 0)
                        return error_wrap(err, "reading what the tables look like");
                good = digest_rows(digest, &rows);
        }
        unsigned char bytes[EVP_MAX_MD_SIZE];
        if (!good || EVP_DigestFinal_ex(digest, bytes, NULL) != 1)
                return error_set(err, REASON_INTERNAL, "can't compute a SHA-256");
        for (size_t i = 0; i < 32; i++)
                (void)snprintf(ret_hex + 2 * i, 3, "%02x", bytes[i]);
        return 0;
}
