/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/comparator.h"
#include "migrations-reader/php/operators.h"

#include <string.h>

/*
 * Dbal 3 compares tables of MySQL without what their columns have from the table: a column's charset and
 * collation count only where they are not the table's.
 */

/* From a server: information_schema.COLLATIONS. null when it does not tell. */
static enum php_flow ask_charset(
        struct php_run *run, const char *collation, struct php_value *ret, bool *ret_known)
{
        struct sql_source *source = doctrine_of(run)->source;
        _cleanup_database_rows_ struct database_rows rows = {0};
        _cleanup_free_ char *quoted = source->quote(source->context, collation, strlen(collation));
        _cleanup_free_ char *why = NULL;
        _cleanup_free_ char *sql = string_format(
                "SELECT CHARACTER_SET_NAME FROM information_schema.COLLATIONS WHERE COLLATION_NAME = %s",
                quoted);
        _cleanup_error_ struct error err = {0};
        int result = source->read(source->context, sql, strlen(sql), &rows, &why, &err);

        if (result < 0)
                return php_fail(run, &err);
        *ret_known = result == 0;
        if (result == 0 && rows.rows > 0 && database_cell(&rows, 0, 0))
                *ret = php_text(database_cell(&rows, 0, 0));
        return PHP_OK;
}

/* Without a server: a collation's name begins with its charset's. */
static enum php_flow derive_charset(struct php_run *run, const char *collation, struct php_value *ret)
{
        static const char *const certain[] = {"utf8mb4", "utf8mb3", "latin1", "latin2", "ascii", "ucs2",
                "utf16", "utf32", "cp1250", "cp1251", "koi8r", "greek", "hebrew", "big5", "gbk", "sjis",
                "euckr"};
        const char *end = strchr(collation, '_');

        if (strcmp(collation, "binary") == 0) {
                *ret = php_text(collation);
                return PHP_OK;
        }
        for (size_t i = 0; end && i < ARRAY_SIZE(certain); i++)
                if (strlen(certain[i]) == (size_t)(end - collation) &&
                        strncmp(certain[i], collation, strlen(certain[i])) == 0) {
                        *ret = php_text(certain[i]);
                        return PHP_OK;
                }
        return php_needs_php(run, "the charset of collation %s, which only a server tells", collation);
}

static enum php_flow charset_of(struct php_run *run, const char *collation, struct php_value *ret)
{
        bool known = false;

        TRY(ask_charset(run, collation, ret, &known));
        return known ? PHP_OK : derive_charset(run, collation, ret);
}

static bool same_text(struct php_value left, const struct php_value *right)
{
        return right && left.type == PHP_TYPE_STRING && right->type == PHP_TYPE_STRING &&
               php_identical(left, *right);
}

/* What of the options is not the table's. */
static struct php_value without_tables(struct php_value options, const struct table *table)
{
        struct php_value kept = php_new_array(), value;
        struct php_key key;

        for (size_t at = 0; php_array_next(options, &at, &key, &value);) {
                const struct php_value *own = php_array_get(table->options, key);
                bool counts = key.is_string &&
                              (strcmp(key.bytes, "charset") == 0 || strcmp(key.bytes, "collation") == 0);

                if (!counts || !same_text(value, own))
                        php_array_set(&kept, key, php_copy(value));
        }
        return kept;
}

static enum php_flow normalize_column(struct php_run *run, const struct table *table, struct column *column)
{
        struct php_value *options = &column->values[COLUMN_PLATFORM_OPTIONS];
        const struct php_value *collation = php_array_get_text(*options, "collation");
        _cleanup_php_value_ struct php_value normalized = php_copy(*options), charset = PHP_NULL_VALUE;

        if (value_isset(collation) && collation->type == PHP_TYPE_STRING &&
                !value_isset(php_array_get_text(*options, "charset"))) {
                TRY(charset_of(run, php_string_bytes(*collation), &charset));
                if (charset.type != PHP_TYPE_NULL)
                        php_array_set_text(&normalized, "charset", php_steal(&charset));
        }
        php_clear(options);
        *options = without_tables(normalized, table);
        return PHP_OK;
}

enum php_flow normalize_table(struct php_run *run, struct php_value object, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value copy = PHP_NULL_VALUE;
        struct php_value column;
        struct table *table;

        TRY(table_clone(run, object, &copy));
        table = table_of(run, copy);
        for (size_t at = 0; php_array_next(table->columns, &at, NULL, &column);)
                TRY(normalize_column(run, table, column_of(run, column)));
        *ret = php_steal(&copy);
        return PHP_OK;
}
