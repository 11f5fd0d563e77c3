/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/objects.h"
#include "migrations-reader/php/operators.h"

#include <string.h>

/* How a column is declared in CREATE TABLE and ALTER TABLE. */

/* !empty($column[$name]) */
static bool is_set(struct php_value column, const char *name)
{
        const struct php_value *value = php_array_get_text(column, name);

        return value && php_truth(*value);
}

static enum php_flow append_text(struct php_run *run, struct php_value value, struct buffer *out)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;

        if (value.type == PHP_TYPE_ARRAY || value.type == PHP_TYPE_OBJECT)
                return php_needs_php(run, "an array or object as part of a column's declaration");
        TRY(php_stringify(run, value, &text));
        buffer_append(out, php_string_bytes(text), php_string_size(text));
        return PHP_OK;
}

static enum php_flow append_literal(struct php_run *run, struct php_value value, struct buffer *out)
{
        _cleanup_buffer_ struct buffer text = {0};

        TRY(append_text(run, value, &text));
        platform_append_literal(out, text.data ? text.data : "");
        return PHP_OK;
}

/* A number in brackets, or the one for none. */
static enum php_flow append_length(
        struct php_run *run, struct php_value column, const char *name, struct buffer *out)
{
        const struct php_value *length = php_array_get_text(column, name);

        if (length && php_truth(*length))
                return append_text(run, *length, out);
        buffer_append_string(out, "255");
        return PHP_OK;
}

static int64_t length_of(struct php_value column)
{
        const struct php_value *length = php_array_get_text(column, "length");
        int64_t number = 0;

        if (!length || php_to_int(*length, &number) != PHP_DONE)
                return 0;
        return number;
}

#define LENGTH_VARCHAR 65535
static const struct {
        int64_t limit;
        const char *text, *blob;
} sizes[] = {{255, "TINYTEXT", "TINYBLOB"}, {65535, "TEXT", "BLOB"}, {16777215, "MEDIUMTEXT", "MEDIUMBLOB"}};

static const char *sized_type(struct php_value column, bool blob)
{
        int64_t length = length_of(column);

        if (length != 0)
                for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
                        if (length <= sizes[i].limit)
                                return blob ? sizes[i].blob : sizes[i].text;
        return blob ? "LONGBLOB" : "LONGTEXT";
}

static enum php_flow append_sized(
        struct php_run *run, struct php_value column, bool binary, struct buffer *out)
{
        if (length_of(column) > LENGTH_VARCHAR) {
                buffer_append_string(out, sized_type(column, binary));
                return PHP_OK;
        }
        if (!is_set(column, "fixed"))
                buffer_append_string(out, "VAR");
        buffer_append_string(out, binary ? "BINARY(" : "CHAR(");
        TRY(append_length(run, column, "length", out));
        buffer_append_string(out, ")");
        return PHP_OK;
}

static enum php_flow append_decimal(struct php_run *run, struct php_value column, struct buffer *out)
{
        const struct php_value *precision = php_array_get_text(column, "precision");
        const struct php_value *scale = php_array_get_text(column, "scale");

        buffer_append_string(out, "NUMERIC(");
        TRY(append_text(run, precision && php_truth(*precision) ? *precision : php_int(10), out));
        buffer_append_string(out, ", ");
        TRY(append_text(run, scale && php_truth(*scale) ? *scale : php_int(0), out));
        buffer_append_string(out, ")");
        return PHP_OK;
}

static void append_integer(const char *name, struct php_value column, struct buffer *out)
{
        buffer_append_format(out, "%s%s%s", name, is_set(column, "unsigned") ? " UNSIGNED" : "",
                is_set(column, "autoincrement") ? " AUTO_INCREMENT" : "");
}

static void append_json(const struct platform *platform, struct php_value column, struct buffer *out)
{
        switch (platform->kind) {
        case PLATFORM_MYSQL:
                buffer_append_string(out, sized_type(column, false));
                return;
        case PLATFORM_MARIADB:
        case PLATFORM_MARIADB1027:
                buffer_append_string(out, "LONGTEXT");
                return;
        case PLATFORM_MYSQL57:
        case PLATFORM_MYSQL80:
        case PLATFORM_MARIADB1043:
        case PLATFORM_MARIADB1052:
                buffer_append_string(out, "JSON");
                return;
        }
}

static bool is_version(struct php_value column)
{
        const struct php_value *version = php_array_get_text(column, "version");

        return version && version->type == PHP_TYPE_BOOL && version->boolean;
}

static enum php_flow append_unsigned_real(struct php_run *run, const struct platform *platform,
        const struct type_info *type, struct php_value column, struct buffer *out)
{
        if (type->declaration == DECLARE_DECIMAL)
                TRY(append_decimal(run, column, out));
        else
                buffer_append_string(out, "DOUBLE PRECISION");
        if (platform->version >= DOCTRINE_2_10 && is_set(column, "unsigned"))
                buffer_append_string(out, " UNSIGNED");
        return PHP_OK;
}

enum php_flow type_declaration(struct php_run *run, const struct platform *platform,
        const struct type_info *type, struct php_value column, struct buffer *out)
{
        _cleanup_php_value_ struct php_value fixed = PHP_NULL_VALUE;

        switch (type->declaration) {
        case DECLARE_VARCHAR:
        case DECLARE_ASCII:
                return append_sized(run, column, false, out);
        case DECLARE_BINARY:
                return append_sized(run, column, true, out);
        case DECLARE_TEXT:
        case DECLARE_CLOB:
                buffer_append_string(out, sized_type(column, false));
                return PHP_OK;
        case DECLARE_BLOB:
                buffer_append_string(out, sized_type(column, true));
                return PHP_OK;
        case DECLARE_INTEGER:
                append_integer("INT", column, out);
                return PHP_OK;
        case DECLARE_BIGINT:
                append_integer("BIGINT", column, out);
                return PHP_OK;
        case DECLARE_SMALLINT:
                append_integer("SMALLINT", column, out);
                return PHP_OK;
        case DECLARE_BOOLEAN:
                buffer_append_string(out, "TINYINT(1)");
                return PHP_OK;
        case DECLARE_DATETIME:
                buffer_append_string(out, is_version(column) ? "TIMESTAMP" : "DATETIME");
                return PHP_OK;
        case DECLARE_DATE:
                buffer_append_string(out, "DATE");
                return PHP_OK;
        case DECLARE_TIME:
                buffer_append_string(out, "TIME");
                return PHP_OK;
        case DECLARE_FLOAT:
        case DECLARE_DECIMAL:
                return append_unsigned_real(run, platform, type, column, out);
        case DECLARE_GUID:
                buffer_append_string(out, "CHAR(36)");
                return PHP_OK;
        case DECLARE_JSON:
                append_json(platform, column, out);
                return PHP_OK;
        case DECLARE_INTERVAL:
                fixed = php_copy(column);
                php_array_set_text(&fixed, "length", php_int(255));
                return append_sized(run, fixed, false, out);
        case DECLARE_NOTHING:
                return PHP_OK;
        }
        return PHP_OK;
}

/* The word that a default of this type may be instead of a literal, or NULL. Dbal 2.5 looks at the class's
 * name: Mautic's own datetime is none that it knows. */
static const char *default_word(const struct platform *platform, const struct type_info *type)
{
        bool old = platform->version == DOCTRINE_2_5;

        if (type->declaration == DECLARE_TIME)
                return "CURRENT_TIME";
        if (type->declaration == DECLARE_DATE)
                return "CURRENT_DATE";
        if (type->declaration != DECLARE_DATETIME ||
                (old && strcmp(type->words, "DateTime") != 0 && strcmp(type->words, "DateTimeTz") != 0))
                return NULL;
        return "CURRENT_TIMESTAMP";
}

/* Dbal 2.5 compares with ==: true is the word too, and 0 was before PHP 8. */
static enum php_flow default_expression(struct php_run *run, const struct platform *platform,
        const struct type_info *type, struct php_value value, const char **ret)
{
        const char *word = default_word(platform, type);
        bool equal = word && php_string_is(value, word);

        if (word && platform->version == DOCTRINE_2_5) {
                _cleanup_php_value_ struct php_value text = php_text(word);

                if (php_loose_equal(value, text, &equal) != PHP_DONE)
                        return php_needs_php(run, "a default that PHP 7 and PHP 8 compare differently");
        }
        *ret = equal ? word : NULL;
        return PHP_OK;
}

static bool takes_no_default(const struct platform *platform, const struct type_info *type)
{
        bool mariadb = platform->version >= DOCTRINE_3_7 && platform->kind >= PLATFORM_MARIADB;

        return type && !mariadb && (type->declaration == DECLARE_TEXT || type->declaration == DECLARE_BLOB);
}

/* Dbal 3.7 leaves out the quotes around a boolean. */
static enum php_flow append_boolean(struct php_run *run, const struct platform *platform,
        const struct type_info *type, struct php_value value, struct buffer *out)
{
        const char *quote = type && platform->version >= DOCTRINE_3_7 ? "" : "'";

        buffer_append_string(out, quote);
        TRY(append_text(run, type && value.type == PHP_TYPE_BOOL ? php_int(value.boolean) : value, out));
        buffer_append_string(out, quote);
        return PHP_OK;
}

enum php_flow default_declaration(
        struct php_run *run, const struct platform *platform, struct php_value column, struct buffer *out)
{
        const struct php_value *value = php_array_get_text(column, "default");
        const struct php_value *type_value = php_array_get_text(column, "type");
        const struct type_info *type = type_value ? type_of(run, *type_value) : NULL;
        const char *expression = NULL;

        if (!value_isset(value) || takes_no_default(platform, type)) {
                buffer_append_string(out, is_set(column, "notnull") ? "" : " DEFAULT NULL");
                return PHP_OK;
        }
        buffer_append_string(out, " DEFAULT ");
        if (!type || type->declaration == DECLARE_BOOLEAN)
                return append_boolean(run, platform, type, *value, out);
        if (type_is_integer(type))
                return append_text(run, *value, out);
        TRY(default_expression(run, platform, type, *value, &expression));
        if (expression) {
                buffer_append_string(out, expression);
                return PHP_OK;
        }
        if (platform->version >= DOCTRINE_2_10)
                return append_literal(run, *value, out);
        buffer_append_string(out, "'");
        TRY(append_text(run, *value, out));
        buffer_append_string(out, "'");
        return PHP_OK;
}

/* " CHARACTER SET x" and " COLLATE x": neither where MariaDB's JSON has its own. */
static enum php_flow append_charset(
        struct php_run *run, const struct platform *platform, struct php_value column, struct buffer *out)
{
        if (!is_set(column, "charset"))
                return PHP_OK;
        if (platform->version == DOCTRINE_2_5) {
                buffer_append_string(out, " "); /* it has no words for it, but the blank in front */
                return PHP_OK;
        }
        buffer_append_string(out, " CHARACTER SET ");
        return append_text(run, *php_array_get_text(column, "charset"), out);
}

static enum php_flow append_collation(
        struct php_run *run, const struct platform *platform, struct php_value column, struct buffer *out)
{
        _cleanup_buffer_ struct buffer name = {0};
        _cleanup_free_ char *quoted = NULL;

        if (!is_set(column, "collation"))
                return PHP_OK;
        TRY(append_text(run, *php_array_get_text(column, "collation"), &name));
        quoted = platform_quote_single(name.data ? name.data : "");
        buffer_append_format(out, " COLLATE %s", platform->version == DOCTRINE_2_5 ? name.data : quoted);
        return PHP_OK;
}

static bool is_server_json(const struct platform *platform, const struct type_info *type)
{
        return type && type->declaration == DECLARE_JSON &&
               (platform->kind == PLATFORM_MARIADB1043 || platform->kind == PLATFORM_MARIADB1052);
}

static enum php_flow append_parts(struct php_run *run, const struct platform *platform,
        const struct type_info *type, struct php_value column, struct buffer *out)
{
        bool plain = is_server_json(platform, type);
        const struct php_value *comment = php_array_get_text(column, "comment");

        TRY(type_declaration(run, platform, type, column, out));
        if (!plain)
                TRY(append_charset(run, platform, column, out));
        TRY(default_declaration(run, platform, column, out));
        if (is_set(column, "notnull"))
                buffer_append_string(out, " NOT NULL");
        if (is_set(column, "unique"))
                buffer_append_string(out, " UNIQUE");
        if (is_set(column, "check")) {
                buffer_append_string(out, " ");
                TRY(append_text(run, *php_array_get_text(column, "check"), out));
        }
        if (!plain)
                TRY(append_collation(run, platform, column, out));
        if (!value_isset(comment) || php_string_is(*comment, ""))
                return PHP_OK;
        buffer_append_string(out, " COMMENT ");
        return append_literal(run, *comment, out);
}

enum php_flow column_declaration(struct php_run *run, const struct platform *platform, const char *name,
        struct php_value column, struct buffer *out)
{
        const struct php_value *definition = php_array_get_text(column, "columnDefinition");
        const struct php_value *type_value = php_array_get_text(column, "type");
        const struct type_info *type = type_value ? type_of(run, *type_value) : NULL;

        buffer_append_format(out, "%s ", name);
        if (value_isset(definition))
                return append_text(run, *definition, out);
        if (!type)
                return php_needs_php(run, "a column without a type of Doctrine's own");
        return append_parts(run, platform, type, column, out);
}

enum php_flow column_comment(struct php_run *run, const struct platform *platform,
        const struct column *column, struct php_value *ret)
{
        const struct type_info *type = type_of(run, column->values[COLUMN_TYPE]);
        _cleanup_buffer_ struct buffer out = {0};

        if (!type || !type_needs_hint(type, platform)) {
                *ret = php_copy(column->values[COLUMN_COMMENT]);
                return PHP_OK;
        }
        TRY(append_text(run, column->values[COLUMN_COMMENT], &out));
        buffer_append_format(&out, "(DC2Type:%s)", type->name);
        *ret = php_from_buffer(&out);
        return PHP_OK;
}

enum php_flow column_sent(struct php_run *run, const struct platform *platform, const struct column *column,
        struct php_value *ret)
{
        const struct php_value *version =
                php_array_get_text(column->values[COLUMN_PLATFORM_OPTIONS], "version");
        _cleanup_php_value_ struct php_value sent = column_array(column), comment = PHP_NULL_VALUE;
        _cleanup_free_ char *name = asset_quoted_name(&column->asset, platform);

        TRY(column_comment(run, platform, column, &comment));
        php_array_set_text(&sent, "name", php_text(name));
        php_array_set_text(&sent, "version", value_isset(version) ? php_copy(*version) : php_bool(false));
        php_array_set_text(&sent, "comment", php_steal(&comment));
        *ret = php_steal(&sent);
        return PHP_OK;
}
