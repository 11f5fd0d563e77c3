/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/column_types.h"

#include "lib/memory.h"
#include "migrations-reader/schema/charsets.h"
#include "migrations-reader/schema/schema_private.h"

#include <string.h>
#include <strings.h>

/* Words that must be tried before a shorter beginning of theirs stand in front of it. */
static const struct type_word {
        const char *words, *base;
        enum type_kind kind;
        unsigned length; /* when none is given; 0: none */
        bool national;
} type_words[] = {
        {"BIGINT", "bigint", TYPE_INTEGER, 0, false},
        {"BINARY", "binary", TYPE_BINARY, 1, false},
        {"BIT", "bit", TYPE_BIT, 1, false},
        {"BLOB", "blob", TYPE_BLOB, 0, false},
        {"BOOL", "tinyint", TYPE_INTEGER, 1, false},
        {"BOOLEAN", "tinyint", TYPE_INTEGER, 1, false},
        {"CHAR BYTE", "binary", TYPE_BINARY, 1, false},
        {"CHAR VARYING", "varchar", TYPE_VARCHAR, 0, false},
        {"CHARACTER VARYING", "varchar", TYPE_VARCHAR, 0, false},
        {"CHAR", "char", TYPE_CHAR, 1, false},
        {"CHARACTER", "char", TYPE_CHAR, 1, false},
        {"DATE", "date", TYPE_DATE, 0, false},
        {"DATETIME", "datetime", TYPE_DATETIME, 0, false},
        {"DEC", "decimal", TYPE_DECIMAL, 10, false},
        {"DECIMAL", "decimal", TYPE_DECIMAL, 10, false},
        {"DOUBLE PRECISION", "double", TYPE_DOUBLE, 0, false},
        {"DOUBLE", "double", TYPE_DOUBLE, 0, false},
        {"ENUM", "enum", TYPE_ENUM, 0, false},
        {"FIXED", "decimal", TYPE_DECIMAL, 10, false},
        {"FLOAT", "float", TYPE_FLOAT, 0, false},
        {"FLOAT4", "float", TYPE_FLOAT, 0, false},
        {"FLOAT8", "double", TYPE_DOUBLE, 0, false},
        {"GEOMETRY", "geometry", TYPE_GEOMETRY, 0, false},
        {"GEOMETRYCOLLECTION", "geometrycollection", TYPE_GEOMETRY, 0, false},
        {"INET4", "inet4", TYPE_OTHER, 0, false},
        {"INET6", "inet6", TYPE_OTHER, 0, false},
        {"INT", "int", TYPE_INTEGER, 0, false},
        {"INT1", "tinyint", TYPE_INTEGER, 0, false},
        {"INT2", "smallint", TYPE_INTEGER, 0, false},
        {"INT3", "mediumint", TYPE_INTEGER, 0, false},
        {"INT4", "int", TYPE_INTEGER, 0, false},
        {"INT8", "bigint", TYPE_INTEGER, 0, false},
        {"INTEGER", "int", TYPE_INTEGER, 0, false},
        {"JSON", "json", TYPE_JSON, 0, false},
        {"LINESTRING", "linestring", TYPE_GEOMETRY, 0, false},
        {"LONG CHARACTER VARYING", "mediumtext", TYPE_TEXT, 0, false},
        {"LONG VARBINARY", "mediumblob", TYPE_BLOB, 0, false},
        {"LONG VARCHAR", "mediumtext", TYPE_TEXT, 0, false},
        {"LONG", "mediumtext", TYPE_TEXT, 0, false},
        {"LONGBLOB", "longblob", TYPE_BLOB, 0, false},
        {"LONGTEXT", "longtext", TYPE_TEXT, 0, false},
        {"MEDIUMBLOB", "mediumblob", TYPE_BLOB, 0, false},
        {"MEDIUMINT", "mediumint", TYPE_INTEGER, 0, false},
        {"MEDIUMTEXT", "mediumtext", TYPE_TEXT, 0, false},
        {"MIDDLEINT", "mediumint", TYPE_INTEGER, 0, false},
        {"MULTILINESTRING", "multilinestring", TYPE_GEOMETRY, 0, false},
        {"MULTIPOINT", "multipoint", TYPE_GEOMETRY, 0, false},
        {"MULTIPOLYGON", "multipolygon", TYPE_GEOMETRY, 0, false},
        {"NATIONAL CHAR VARYING", "varchar", TYPE_VARCHAR, 0, true},
        {"NATIONAL CHARACTER VARYING", "varchar", TYPE_VARCHAR, 0, true},
        {"NATIONAL CHARACTER", "char", TYPE_CHAR, 1, true},
        {"NATIONAL CHAR", "char", TYPE_CHAR, 1, true},
        {"NATIONAL VARCHAR", "varchar", TYPE_VARCHAR, 0, true},
        {"NCHAR VARCHAR", "varchar", TYPE_VARCHAR, 0, true},
        {"NCHAR VARYING", "varchar", TYPE_VARCHAR, 0, true},
        {"NCHAR", "char", TYPE_CHAR, 1, true},
        {"NUMERIC", "decimal", TYPE_DECIMAL, 10, false},
        {"NVARCHAR", "varchar", TYPE_VARCHAR, 0, true},
        {"POINT", "point", TYPE_GEOMETRY, 0, false},
        {"POLYGON", "polygon", TYPE_GEOMETRY, 0, false},
        {"REAL", "double", TYPE_DOUBLE, 0, false},
        {"SERIAL", "bigint", TYPE_INTEGER, 0, false},
        {"SET", "set", TYPE_SET, 0, false},
        {"SMALLINT", "smallint", TYPE_INTEGER, 0, false},
        {"TEXT", "text", TYPE_TEXT, 0, false},
        {"TIME", "time", TYPE_TIME, 0, false},
        {"TIMESTAMP", "timestamp", TYPE_TIMESTAMP, 0, false},
        {"TINYBLOB", "tinyblob", TYPE_BLOB, 0, false},
        {"TINYINT", "tinyint", TYPE_INTEGER, 0, false},
        {"TINYTEXT", "tinytext", TYPE_TEXT, 0, false},
        {"UUID", "uuid", TYPE_OTHER, 0, false},
        {"VARBINARY", "varbinary", TYPE_VARBINARY, 0, false},
        {"VARCHAR", "varchar", TYPE_VARCHAR, 0, false},
        {"VARCHARACTER", "varchar", TYPE_VARCHAR, 0, false},
        {"YEAR", "year", TYPE_YEAR, 4, false},
};

static const struct integer_type {
        const char *base;
        unsigned bytes, width, unsigned_width;
} integer_types[] = {
        {"tinyint", 1, 4, 3},
        {"smallint", 2, 6, 5},
        {"mediumint", 3, 9, 8},
        {"int", 4, 11, 10},
        {"bigint", 8, 20, 20},
};

static const struct integer_type *find_integer(const char *base)
{
        for (size_t i = 0; i < ARRAY_SIZE(integer_types); i++)
                if (strcmp(integer_types[i].base, base) == 0)
                        return &integer_types[i];
        return NULL;
}

void type_spec_deinit(struct type_spec *type)
{
        strings_free(type->values);
        free(type->charset);
        free(type->collation);
        *type = (struct type_spec){0};
}

bool type_is_text(enum type_kind kind)
{
        return kind == TYPE_CHAR || kind == TYPE_VARCHAR || kind == TYPE_TEXT || kind == TYPE_ENUM ||
               kind == TYPE_SET;
}

bool type_is_blob(enum type_kind kind)
{
        return kind == TYPE_TEXT || kind == TYPE_BLOB || kind == TYPE_JSON || kind == TYPE_GEOMETRY;
}

static enum type_result refuse(unsigned *ret_number, char **ret_message, unsigned number, char *message)
{
        *ret_number = number;
        string_replace(ret_message, message);
        return TYPE_REFUSED;
}

/* ( length [, decimals] ) */
static bool take_length(struct sql_cursor *cursor, struct type_spec *type)
{
        struct sql_cursor inside;
        if (!sql_at_mark(cursor, '('))
                return true;
        if (!sql_take_parentheses(cursor, &inside) || !sql_take_number(&inside, &type->length))
                return false;
        type->has_length = true;
        if (sql_take_mark(&inside, ','))
                type->has_decimals = sql_take_number(&inside, &type->decimals);
        return sql_at_end(&inside);
}

static bool take_values(struct sql_cursor *cursor, struct type_spec *type)
{
        struct sql_cursor inside;
        if (!sql_take_parentheses(cursor, &inside))
                return false;
        do {
                char *value = sql_take_string(&inside);
                if (!value)
                        return false;
                size_t size = strlen(value);
                while (size > 0 && value[size - 1] == ' ') /* the server cuts them */
                        value[--size] = '\0';
                strings_add(&type->values, value);
        } while (sql_take_mark(&inside, ','));
        return sql_at_end(&inside);
}

/* utf8 is the national character set. */
static void set_charset(
        struct type_spec *type, const struct database_server *server, const char *charset, char *collation)
{
        string_replace(&type->charset, charset_name(server, charset));
        string_replace(&type->collation, collation);
}

static enum type_result check_pair(struct type_spec *type, unsigned *ret_number, char **ret_message)
{
        if (!type->charset || !type->collation)
                return TYPE_READ;
        _cleanup_free_ char *charset = collation_charset(type->collation);
        if (strcmp(charset, type->charset) == 0)
                return TYPE_READ;
        return refuse(ret_number, ret_message, 1253,
                string_format("COLLATION '%s' is not valid for CHARACTER SET '%s'", type->collation,
                        type->charset));
}

static bool take_charset_words(struct sql_cursor *cursor)
{
        return sql_take_words(cursor, "CHARACTER SET") || sql_take_words(cursor, "CHAR SET") ||
               sql_take_word(cursor, "CHARSET");
}

static char *take_charset_name(struct sql_cursor *cursor)
{
        (void)sql_take_mark(cursor, '=');
        if (sql_take_word(cursor, "BINARY")) /* a reserved word */
                return string_copy("binary");
        char *name = sql_take_name(cursor);
        return name ?: sql_take_string(cursor);
}

bool type_spec_read_charset(struct sql_cursor *cursor, const struct database_server *server,
        struct type_spec *type, enum type_result *ret, unsigned *ret_number, char **ret_message)
{
        *ret = TYPE_READ;
        if (take_charset_words(cursor)) {
                _cleanup_free_ char *name = take_charset_name(cursor);
                set_charset(type, server, name ?: "", steal(&type->collation));
                if (!type->charset)
                        *ret = name ? refuse(ret_number, ret_message, 1115,
                                              string_format("Unknown character set: '%s'", name))
                                    : TYPE_UNKNOWN;
        } else if (sql_take_word(cursor, "COLLATE")) {
                _cleanup_free_ char *name = take_charset_name(cursor);
                string_replace(&type->collation, name ? collation_name(server, name) : NULL);
                if (!type->collation)
                        *ret = TYPE_UNKNOWN;
        } else if (sql_take_word(cursor, "ASCII"))
                set_charset(type, server, "latin1", NULL);
        else if (sql_take_word(cursor, "UNICODE"))
                set_charset(type, server, "ucs2", NULL);
        else if (sql_take_word(cursor, "BYTE"))
                set_charset(type, server, "binary", NULL);
        else if (sql_take_word(cursor, "BINARY"))
                type->binary = true;
        else
                return false;
        if (*ret == TYPE_READ)
                *ret = check_pair(type, ret_number, ret_message);
        return true;
}

static void take_number_words(struct sql_cursor *cursor, struct type_spec *type)
{
        for (;;) {
                if (sql_take_word(cursor, "UNSIGNED"))
                        type->is_unsigned = true;
                else if (sql_take_word(cursor, "ZEROFILL"))
                        type->is_unsigned = type->zerofill = true;
                else if (!sql_take_word(cursor, "SIGNED"))
                        return;
        }
}

static bool is_number(enum type_kind kind)
{
        return kind == TYPE_INTEGER || kind == TYPE_DECIMAL || kind == TYPE_FLOAT || kind == TYPE_DOUBLE;
}

static enum type_result check_decimals(
        const struct type_spec *type, const char *column, unsigned *ret_number, char **ret_message)
{
        if (type->has_decimals && type->decimals > (type->kind == TYPE_DECIMAL ? 38u : 30u))
                return refuse(ret_number, ret_message, 1425,
                        string_format("Too big scale %u specified for '%s'. Maximum is %u",
                                (unsigned)type->decimals, column, type->kind == TYPE_DECIMAL ? 38 : 30));
        if (type->kind == TYPE_DECIMAL && type->length > 65)
                return refuse(ret_number, ret_message, 1426,
                        string_format("Too big precision specified for '%s'. Maximum is 65", column));
        if (type->kind != TYPE_DECIMAL && type->has_decimals && type->length > 255)
                return refuse(ret_number, ret_message, 1439,
                        string_format("Display width out of range for '%s' (max = 255)", column));
        if (type->has_decimals && type->decimals > type->length)
                return refuse(ret_number, ret_message, 1427,
                        string_format("For float(M,D), double(M,D) or decimal(M,D), M must be >= D "
                                      "(column '%s')",
                                column));
        return TYPE_READ;
}

/* FLOAT(25) to FLOAT(53) is a DOUBLE. */
static enum type_result fit_float(
        struct type_spec *type, const char *column, unsigned *ret_number, char **ret_message)
{
        if (!type->has_length || type->has_decimals)
                return TYPE_READ;
        if (type->length > 53)
                return refuse(ret_number, ret_message, 1063,
                        string_format("Incorrect column specifier for column '%s'", column));
        if (type->length > 24) {
                type->kind = TYPE_DOUBLE;
                type->base = "double";
        }
        type->has_length = false;
        return TYPE_READ;
}

static enum type_result check_width(const struct type_spec *type, unsigned limit, const char *column,
        unsigned *ret_number, char **ret_message)
{
        if (!type->has_length || type->length <= limit)
                return TYPE_READ;
        return refuse(ret_number, ret_message, 1439,
                string_format("Display width out of range for '%s' (max = %u)", column, limit));
}

static enum type_result check_type(
        struct type_spec *type, const char *column, unsigned *ret_number, char **ret_message)
{
        switch (type->kind) {
        case TYPE_INTEGER:
                return type->has_decimals ? TYPE_UNKNOWN
                                          : check_width(type, 255, column, ret_number, ret_message);
        case TYPE_DECIMAL:
                return check_decimals(type, column, ret_number, ret_message);
        case TYPE_FLOAT:
                return type->has_decimals ? check_decimals(type, column, ret_number, ret_message)
                                          : fit_float(type, column, ret_number, ret_message);
        case TYPE_DOUBLE:
                if (type->has_length && !type->has_decimals)
                        return TYPE_UNKNOWN;
                return check_decimals(type, column, ret_number, ret_message);
        case TYPE_BIT:
                return check_width(type, 64, column, ret_number, ret_message);
        case TYPE_TIME:
        case TYPE_DATETIME:
        case TYPE_TIMESTAMP:
                if (type->has_length && type->length > 6)
                        return refuse(ret_number, ret_message, 1426,
                                string_format("Too big precision specified for '%s'. Maximum is 6", column));
                return TYPE_READ;
        case TYPE_CHAR:
        case TYPE_BINARY:
                if (type->has_length && type->length > 255)
                        return refuse(ret_number, ret_message, 1074,
                                string_format("Column length too big for column '%s' (max = 255); use BLOB "
                                              "or TEXT instead",
                                        column));
                return TYPE_READ;
        case TYPE_VARCHAR:
        case TYPE_VARBINARY:
                return type->has_length ? TYPE_READ : TYPE_UNKNOWN;
        case TYPE_TEXT:
        case TYPE_BLOB:
                if (type->has_length && strcmp(type->base, "text") != 0 && strcmp(type->base, "blob") != 0)
                        return TYPE_UNKNOWN;
                return TYPE_READ;
        case TYPE_YEAR:
                return type->has_length && type->length != 4 ? TYPE_UNKNOWN : TYPE_READ;
        case TYPE_DATE:
        case TYPE_ENUM:
        case TYPE_SET:
        case TYPE_GEOMETRY:
        case TYPE_JSON:
        case TYPE_OTHER:
                return type->has_length ? TYPE_UNKNOWN : TYPE_READ;
        }
        return TYPE_UNKNOWN;
}

static const struct type_word *take_type_word(struct sql_cursor *cursor)
{
        for (size_t i = 0; i < ARRAY_SIZE(type_words); i++)
                if (sql_take_words(cursor, type_words[i].words))
                        return &type_words[i];
        return NULL;
}

static enum type_result read_attributes(struct sql_cursor *cursor, const struct database_server *server,
        struct type_spec *type, unsigned *ret_number, char **ret_message)
{
        enum type_result result = TYPE_READ;
        if (is_number(type->kind))
                take_number_words(cursor, type);
        while (result == TYPE_READ && type_is_text(type->kind) &&
                type_spec_read_charset(cursor, server, type, &result, ret_number, ret_message))
                ;
        return result;
}

enum type_result type_spec_read(struct sql_cursor *cursor, const struct database_server *server,
        const char *column, struct type_spec *ret, unsigned *ret_number, char **ret_message)
{
        bool serial = sql_at_word(cursor, "SERIAL");
        const struct type_word *word = take_type_word(cursor);
        if (!word)
                return TYPE_UNKNOWN;
        *ret = (struct type_spec){.kind = word->kind, .base = word->base, .length = word->length};
        ret->has_length = word->length > 0 && word->kind == TYPE_INTEGER; /* BOOL */
        ret->is_serial = ret->is_unsigned = serial;
        if (word->national)
                set_charset(ret, server, "utf8", NULL);
        if (word->kind == TYPE_JSON && server->mariadb) {
                ret->kind = TYPE_TEXT;
                ret->base = "longtext";
                ret->is_json = true;
                set_charset(ret, server, "utf8mb4", string_copy("utf8mb4_bin"));
        }
        bool listed = word->kind == TYPE_ENUM || word->kind == TYPE_SET;
        if (listed ? !take_values(cursor, ret) : !take_length(cursor, ret))
                return TYPE_UNKNOWN;
        if (word->kind == TYPE_DECIMAL && ret->length == 0)
                ret->length = 10;
        enum type_result result = check_type(ret, column, ret_number, ret_message);
        return result == TYPE_READ ? read_attributes(cursor, server, ret, ret_number, ret_message) : result;
}

char *type_text_for(uint64_t bytes, bool blob)
{
        const char *word = bytes <= 255         ? "tiny"
                           : bytes <= 65535     ? ""
                           : bytes <= 16777215u ? "medium"
                                                : "long";
        return string_format("%s%s", word, blob ? "blob" : "text");
}

/* MySQL 8.0.19 tells no display width but of tinyint(1) and with zerofill. */
static char *integer_text(const struct type_spec *type, const struct database_server *server)
{
        const struct integer_type *integer = find_integer(type->base);
        unsigned width = type->has_length && type->length > 0 ? (unsigned)type->length
                         : type->is_unsigned                  ? integer->unsigned_width
                                                              : integer->width;
        bool shown = server->mariadb || server->major * 10000 + server->minor * 100 + server->patch < 80019 ||
                     type->zerofill ||
                     (strcmp(type->base, "tinyint") == 0 && width == 1 && !type->is_unsigned);
        return shown ? string_format("%s(%u)", type->base, width) : string_copy(type->base);
}

static char *values_text(const struct type_spec *type)
{
        _cleanup_buffer_ struct buffer text = {0};
        buffer_append_format(&text, "%s(", type->base);
        for (size_t i = 0; type->values && type->values[i]; i++) {
                buffer_append_string(&text, i > 0 ? "," : "");
                sql_append_quoted(&text, type->values[i]);
        }
        buffer_append_string(&text, ")");
        return buffer_steal(&text);
}

static char *text_text(const struct type_spec *type, const char *charset)
{
        bool blob = type->kind == TYPE_BLOB || string_equal(charset, "binary");
        if (type->has_length && type->length > 0)
                return type_text_for(type->length * (blob ? 1 : charset_width(charset)), blob);
        if (!blob || type->kind == TYPE_BLOB)
                return string_copy(type->base);
        size_t size = strlen(type->base) - strlen("text");
        return string_format("%.*sblob", (int)size, type->base);
}

static char *base_text(
        const struct type_spec *type, const struct database_server *server, const char *charset)
{
        bool binary = string_equal(charset, "binary");
        switch (type->kind) {
        case TYPE_INTEGER:
                return integer_text(type, server);
        case TYPE_DECIMAL:
                return string_format("decimal(%u,%u)", (unsigned)type->length, (unsigned)type->decimals);
        case TYPE_FLOAT:
        case TYPE_DOUBLE:
                return type->has_decimals ? string_format("%s(%u,%u)", type->base, (unsigned)type->length,
                                                    (unsigned)type->decimals)
                                          : string_copy(type->base);
        case TYPE_BIT:
                return string_format("bit(%u)", type->length > 0 ? (unsigned)type->length : 1);
        case TYPE_YEAR:
                return string_copy(server->mariadb || server->major < 8 ? "year(4)" : "year");
        case TYPE_TIME:
        case TYPE_DATETIME:
        case TYPE_TIMESTAMP:
                return type->length > 0 ? string_format("%s(%u)", type->base, (unsigned)type->length)
                                        : string_copy(type->base);
        case TYPE_CHAR:
        case TYPE_VARCHAR:
                return string_format("%s(%u)",
                        !binary                   ? type->base
                        : type->kind == TYPE_CHAR ? "binary"
                                                  : "varbinary",
                        (unsigned)type->length);
        case TYPE_BINARY:
        case TYPE_VARBINARY:
                return string_format("%s(%u)", type->base, (unsigned)type->length);
        case TYPE_TEXT:
        case TYPE_BLOB:
                return text_text(type, charset);
        case TYPE_ENUM:
        case TYPE_SET:
                return values_text(type);
        case TYPE_DATE:
        case TYPE_GEOMETRY:
        case TYPE_JSON:
        case TYPE_OTHER:
                return string_copy(type->base);
        }
        return NULL;
}

char *type_spec_text(const struct type_spec *type, const struct database_server *server, const char *charset)
{
        _cleanup_free_ char *base = base_text(type, server, charset);
        return string_format(
                "%s%s%s", base, type->is_unsigned ? " unsigned" : "", type->zerofill ? " zerofill" : "");
}

/* COLUMN_TYPE */

struct type_facts type_facts_of(const char *column_type)
{
        size_t size = strcspn(column_type, "( ");
        struct type_facts facts = {.kind = TYPE_OTHER};
        for (size_t i = 0; i < ARRAY_SIZE(type_words); i++)
                if (strlen(type_words[i].base) == size &&
                        strncmp(type_words[i].base, column_type, size) == 0) {
                        facts.kind = type_words[i].kind;
                        break;
                }
        if (column_type[size] == '(' && facts.kind != TYPE_ENUM && facts.kind != TYPE_SET)
                facts.has_decimals =
                        sscanf(column_type + size, "(%u,%u)", &facts.length, &facts.decimals) == 2;
        bool listed = facts.kind == TYPE_ENUM || facts.kind == TYPE_SET;
        facts.is_unsigned = !listed && strstr(column_type, " unsigned") != NULL;
        facts.zerofill = !listed && strstr(column_type, " zerofill") != NULL;
        for (size_t i = 0; facts.kind == TYPE_INTEGER && i < ARRAY_SIZE(integer_types); i++)
                if (strlen(integer_types[i].base) == size &&
                        strncmp(integer_types[i].base, column_type, size) == 0)
                        facts.bytes = integer_types[i].bytes;
        if (facts.kind == TYPE_TEXT || facts.kind == TYPE_BLOB)
                facts.bytes = *column_type == 't' && column_type[1] == 'i' ? 1
                              : *column_type == 'm'                        ? 3
                              : *column_type == 'l'                        ? 4
                                                                           : 2;
        return facts;
}

char **type_values(const char *column_type)
{
        _cleanup_sql_tokens_ struct sql_tokens tokens = {0};
        struct type_spec type = {0};
        if (sql_tokens_read(&tokens, column_type, strlen(column_type), NULL) && tokens.count > 1) {
                struct sql_cursor cursor = {.next = tokens.items + 1, .end = tokens.items + tokens.count};
                (void)take_values(&cursor, &type);
        }
        char **values = steal(&type.values);
        return values ?: memory_new_array(1, sizeof *values);
}
