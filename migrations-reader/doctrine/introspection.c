/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/introspection.h"
#include "migrations-reader/doctrine/schema_errors.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What Doctrine makes of a table of the server: AbstractSchemaManager and MySqlSchemaManager of each version.
 */

/* Database types as the platform maps them; others only by Mautic's configuration. */
static const struct {
        const char *database, *doctrine;
} mapping[] = {
        {"bigint", "bigint"},
        {"binary", "binary"},
        {"blob", "blob"},
        {"char", "string"},
        {"date", "date"},
        {"datetime", "datetime"},
        {"decimal", "decimal"},
        {"double", "float"},
        {"float", "float"},
        {"int", "integer"},
        {"integer", "integer"},
        {"longblob", "blob"},
        {"longtext", "text"},
        {"mediumblob", "blob"},
        {"mediumint", "integer"},
        {"mediumtext", "text"},
        {"numeric", "decimal"},
        {"real", "float"},
        {"set", "simple_array"},
        {"smallint", "smallint"},
        {"string", "string"},
        {"text", "text"},
        {"time", "time"},
        {"timestamp", "datetime"},
        {"tinyblob", "blob"},
        {"tinyint", "boolean"},
        {"tinytext", "text"},
        {"varbinary", "binary"},
        {"varchar", "string"},
        {"year", "date"},
};
static const char *const configured[] = {"enum", "point", "bit"};

const char *platform_map_type(const struct platform *platform, const char *database)
{
        const struct php_value *own = php_array_get_text(platform->mapping, database);

        if (own && own->type == PHP_TYPE_STRING)
                return php_string_bytes(*own);
        for (size_t i = 0; i < ARRAY_SIZE(mapping); i++)
                if (strcmp(mapping[i].database, database) == 0)
                        return mapping[i].doctrine;
        if (strcmp(database, "json") == 0 && platform->kind != PLATFORM_MYSQL &&
                platform->version >= DOCTRINE_2_10)
                return "json";
        for (size_t i = 0; platform->configured && i < ARRAY_SIZE(configured); i++)
                if (strcmp(configured[i], database) == 0)
                        return "string";
        return NULL;
}

bool doctrine_knows_type(const char *database)
{
        for (size_t i = 0; i < ARRAY_SIZE(mapping); i++)
                if (strcmp(mapping[i].database, database) == 0)
                        return true;
        for (size_t i = 0; i < ARRAY_SIZE(configured); i++)
                if (strcmp(configured[i], database) == 0)
                        return true;
        return strcmp(database, "json") == 0;
}

enum php_flow throw_unknown_database_type(
        struct php_run *run, const struct platform *platform, const char *database)
{
        return php_throw(run, dbal_root_exception(platform->version),
                "Unknown database type %s requested, %s may not support it.", database,
                platform_class(platform));
}

static char *lower(const char *text, size_t size)
{
        char *copy = memory_copy(text, size);

        for (char *at = copy; *at; at++)
                if (*at >= 'A' && *at <= 'Z')
                        *at = (char)(*at + ('a' - 'A'));
        return copy;
}

/* "varchar" of "varchar(191)", as strtok takes it, and the next word behind it. */
static char *base_type(const char *type, const char **ret_rest)
{
        static const char separators[] = "(), ";
        size_t size;

        type += strspn(type, separators);
        size = strcspn(type, separators);
        *ret_rest = type + size + strspn(type + size, separators);
        return lower(type, size);
}

static bool has_json_check(const struct schema_table *table, const struct schema_column *column)
{
        _cleanup_free_ char *expression = string_format("json_valid(`%s`)", column->name);

        for (size_t i = 0; i < table->check_count; i++)
                if (strcmp(table->checks[i].expression, expression) == 0)
                        return true;
        return false;
}

/* MariaDB stores JSON as longtext; dbal 3 looks for the check that it comes with. */
static char *column_type(
        const struct platform *platform, const struct schema_table *table, const struct schema_column *column)
{
        bool looks = platform->kind == PLATFORM_MARIADB1043 || platform->kind == PLATFORM_MARIADB1052;

        if (looks && strcmp(column->type, "longtext") == 0 && has_json_check(table, column))
                return string_copy("json");
        return string_copy(column->type);
}

/* The type that a comment names; *ret_text is the comment without it. */
static char *hinted_type(
        enum doctrine_version version, const char *comment, const char *mapped, char **ret_text)
{
        static const char begin[] = "(DC2Type:";
        _cleanup_free_ char *type = string_copy(mapped), *hint = NULL;
        struct buffer rest = {0};

        for (const char *at = strstr(comment, begin); at; at = strstr(at + 1, begin)) {
                const char *name = at + strlen(begin);
                size_t size =
                        version == DOCTRINE_2_5
                                ? strspn(name,
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
                                : strcspn(name, ")\n");

                if (size > 0 && name[size] == ')') {
                        string_replace(&type, memory_copy(name, size));
                        break;
                }
        }
        hint = string_format("%s%s)", begin, type);
        buffer_append_string(&rest, "");
        for (const char *found; (found = strstr(comment, hint)); comment = found + strlen(hint))
                buffer_append(&rest, comment, (size_t)(found - comment));
        buffer_append_string(&rest, comment);
        *ret_text = buffer_steal(&rest);
        return steal(&type);
}

/* ---- Defaults ---- */

static const struct {
        char escaped, plain;
} escapes[] = {{'0', '\0'}, {'\'', '\''}, {'"', '"'}, {'b', '\b'}, {'n', '\n'}, {'r', '\r'}, {'t', '\t'},
        {'Z', '\x1a'}, {'\\', '\\'}, {'%', '%'}, {'_', '_'}};

/* The inside of a literal of MariaDB. */
static struct php_value unescaped(const char *text, size_t size)
{
        _cleanup_buffer_ struct buffer out = {0};

        buffer_append_string(&out, "");
        for (size_t i = 0; i < size; i++) {
                const char *plain = &text[i];

                if (i + 1 < size && text[i] == '\'' && text[i + 1] == '\'')
                        i++;
                else if (i + 1 < size && text[i] == '\\')
                        for (size_t k = 0; k < ARRAY_SIZE(escapes); k++)
                                if (escapes[k].escaped == text[i + 1]) {
                                        plain = &escapes[k].plain;
                                        i++;
                                        break;
                                }
                buffer_append(&out, plain, 1);
        }
        return php_from_buffer(&out);
}

static struct php_value column_default(const struct platform *platform, const char *text)
{
        static const struct {
                const char *server, *doctrine;
        } functions[] = {{"current_timestamp()", "CURRENT_TIMESTAMP"}, {"curdate()", "CURRENT_DATE"},
                {"curtime()", "CURRENT_TIME"}};
        size_t size;

        if (!text)
                return PHP_NULL_VALUE;
        if (!platform_is_mariadb1027(platform))
                return php_text(text);
        if (strcmp(text, "NULL") == 0)
                return PHP_NULL_VALUE;
        size = strlen(text);
        if (size > 0 && text[size - 1] == '\n')
                size--;
        if (size >= 2 && text[0] == '\'' && text[size - 1] == '\'' && !memchr(text, '\n', size))
                return unescaped(text + 1, size - 2);
        for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
                if (strcmp(functions[i].server, text) == 0)
                        return php_text(functions[i].doctrine);
        return php_text(text);
}

/* ---- Lengths ---- */

static const struct {
        const char *type;
        int64_t length;
} fixed_lengths[] = {{"tinytext", 255}, {"text", 65535}, {"mediumtext", 16777215}, {"tinyblob", 255},
        {"blob", 65535}, {"mediumblob", 16777215}};
static const char *const without_length[] = {
        "tinyint", "smallint", "mediumint", "int", "integer", "bigint", "year"};
static const char *const real_types[] = {"float", "double", "real", "numeric", "decimal"};

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (strcmp(names[i], name) == 0)
                        return true;
        return false;
}

/* "decimal(10,2)": letters, two numbers in brackets. */
static bool read_precision(const char *type, int64_t *ret_precision, int64_t *ret_scale)
{
        const char *bracket = strchr(type, '(');
        unsigned precision, scale;
        int end = 0;

        if (!bracket || sscanf(bracket, "(%9u,%9u)%n", &precision, &scale, &end) != 2 || end == 0)
                return false;
        *ret_precision = precision;
        *ret_scale = scale;
        return true;
}

static struct php_value column_length(enum doctrine_version version, const char *base, const char *rest)
{
        int64_t length = strtoll(rest, NULL, 10);

        for (size_t i = 0; i < ARRAY_SIZE(fixed_lengths); i++)
                if (strcmp(fixed_lengths[i].type, base) == 0)
                        length = fixed_lengths[i].length;
        if (is_one_of(base, without_length, ARRAY_SIZE(without_length)))
                return PHP_NULL_VALUE;
        /* What is no number is 0; only dbal 2.5 takes that for none. */
        return length == 0 && version == DOCTRINE_2_5 ? PHP_NULL_VALUE : php_int(length);
}

static void set(struct column *column, enum column_property property, struct php_value value)
{
        php_clear(&column->values[property]);
        column->values[property] = value;
}

static void set_length(struct column *column, enum doctrine_version version, const char *type,
        const char *base, const char *rest)
{
        int64_t precision, scale;

        if (is_one_of(base, real_types, ARRAY_SIZE(real_types)) && read_precision(type, &precision, &scale)) {
                set(column, COLUMN_PRECISION, php_int(precision));
                set(column, COLUMN_SCALE, php_int(scale));
                return;
        }
        set(column, COLUMN_LENGTH, column_length(version, base, rest));
}

/* Dbal 3 takes a json column for changed whose type on the server is another than it would declare. */
static bool json_mismatches(
        const struct platform *platform, const char *mapped, const char *hinted, const char *base)
{
        const char *expected = platform->kind == PLATFORM_MARIADB1027 || platform->kind == PLATFORM_MARIADB ||
                                               platform->kind == PLATFORM_MYSQL
                                       ? "longtext"
                                       : "json";

        return platform->version >= DOCTRINE_3_7 && strcmp(hinted, "json") == 0 &&
               strcmp(mapped, hinted) != 0 && strcmp(expected, base) != 0;
}

static void set_options(struct column *column, const struct platform *platform,
        const struct schema_column *source, bool mismatch)
{
        struct php_value *options = &column->values[COLUMN_PLATFORM_OPTIONS];

        if (source->charset && platform->version >= DOCTRINE_2_10)
                php_array_set_text(options, "charset", php_text(source->charset));
        if (source->collation)
                php_array_set_text(options, "collation", php_text(source->collation));
        if (mismatch)
                php_array_set_text(options, "declarationMismatch", php_bool(true));
}

static enum php_flow introspect_column(struct php_run *run, const struct platform *platform,
        const struct schema_table *table, const struct schema_column *source, struct php_value *ret)
{
        const char *rest = NULL, *mapped;
        _cleanup_free_ char *type = column_type(platform, table, source), *base = base_type(type, &rest);
        _cleanup_free_ char *hinted = NULL, *comment = NULL;
        _cleanup_php_value_ struct php_value type_object = PHP_NULL_VALUE;
        struct column *column;

        mapped = platform_map_type(platform, base);
        if (!mapped)
                return throw_unknown_database_type(run, platform, base);
        hinted = hinted_type(platform->version, source->comment, mapped, &comment);
        TRY(type_get(run, hinted, &type_object));
        column = column_new(source->name, type_object);
        set_length(column, platform->version, type, base, rest);
        set(column, COLUMN_UNSIGNED, php_bool(strstr(type, "unsigned")));
        set(column, COLUMN_FIXED, php_bool(strcmp(base, "char") == 0 || strcmp(base, "binary") == 0));
        set(column, COLUMN_DEFAULT, column_default(platform, source->default_value));
        set(column, COLUMN_NOTNULL, php_bool(!source->nullable));
        set(column, COLUMN_AUTOINCREMENT, php_bool(strstr(source->extra, "auto_increment")));
        set(column, COLUMN_COMMENT, *comment ? php_text(comment) : PHP_NULL_VALUE);
        set_options(column, platform, source, json_mismatches(platform, mapped, hinted, base));
        *ret = php_host_object(run, DBAL "Schema\\Column", column);
        return PHP_OK;
}

enum php_flow introspect_columns(struct php_run *run, const struct platform *platform,
        const struct schema_table *table, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value columns = php_new_array();

        for (size_t i = 0; i < table->column_count; i++) {
                struct php_value column = PHP_NULL_VALUE;
                _cleanup_free_ char *name = NULL, *key = NULL;

                TRY(introspect_column(run, platform, table, &table->columns[i], &column));
                name = asset_quoted_name(&column_of(run, column)->asset, platform);
                key = lower(name, strlen(name));
                php_array_set_text(&columns, key, column);
        }
        *ret = php_steal(&columns);
        return PHP_OK;
}

/* ---- Indexes and foreign keys ---- */

static struct php_value index_options(enum doctrine_version version, const struct schema_index *index)
{
        bool spatial = version >= DOCTRINE_2_13 && strstr(index->type, "SPATIAL");
        struct php_value options = php_new_array(), lengths;

        if (version == DOCTRINE_2_5)
                return options;
        lengths = php_new_array();
        for (size_t i = 0; i < index->part_count; i++)
                (void)php_array_append(&lengths, index->parts[i].length == 0 || spatial
                                                         ? PHP_NULL_VALUE
                                                         : php_int(index->parts[i].length));
        php_array_set_text(&options, "lengths", lengths);
        return options;
}

enum php_flow introspect_indexes(struct php_run *run, const struct schema_table *table, struct php_value *ret)
{
        struct php_value indexes = php_new_array();

        for (size_t i = 0; i < table->index_count; i++) {
                const struct schema_index *source = &table->indexes[i];
                bool primary = strcmp(source->name, "PRIMARY") == 0;
                _cleanup_free_ char *key = lower(source->name, strlen(source->name));
                _cleanup_php_value_ struct php_value options = index_options(version_of(run), source);
                char flag[] = "fulltext", spatial[] = "spatial";
                char *flags[] = {strstr(source->type, "FULLTEXT")  ? flag
                                 : strstr(source->type, "SPATIAL") ? spatial
                                                                   : NULL,
                        NULL};
                char **columns = memory_new_array(source->part_count + 1, sizeof(char *));

                for (size_t k = 0; k < source->part_count; k++)
                        columns[k] = source->parts[k].column;
                php_array_set_text(&indexes, key,
                        php_host_object(run, DBAL "Schema\\Index",
                                index_new(source->name, columns, source->unique, primary, flags, options)));
                free(columns);
        }
        *ret = indexes;
        return PHP_OK;
}

static struct php_value action(const char *rule)
{
        return !rule || strcmp(rule, "RESTRICT") == 0 ? PHP_NULL_VALUE : php_text(rule);
}

enum php_flow introspect_foreign_keys(
        struct php_run *run, const struct schema_table *table, struct php_value *ret)
{
        struct php_value keys = php_new_array();

        for (size_t i = 0; i < table->foreign_key_count; i++) {
                const struct schema_foreign_key *source = &table->foreign_keys[i];
                _cleanup_php_value_ struct php_value options = php_new_array();

                php_array_set_text(&options, "onDelete", action(source->on_delete));
                php_array_set_text(&options, "onUpdate", action(source->on_update));
                (void)php_array_append(
                        &keys, php_host_object(run, DBAL "Schema\\ForeignKeyConstraint",
                                       foreign_key_new(source->name, source->columns, source->table,
                                               source->table_columns, options)));
        }
        *ret = keys;
        return PHP_OK;
}

/* ---- Tables ---- */

static struct php_value create_options(const struct schema_table *table)
{
        struct php_value options = php_new_array();

        if (table->row_format)
                php_array_set_text(&options, "row_format", php_text(table->row_format));
        return options;
}

/* Dbal 2.5 does not ask for them. */
static void set_table_options(
        enum doctrine_version version, const struct schema_table *source, struct table *table)
{
        struct php_value *options = &table->options;

        if (version == DOCTRINE_2_5)
                return;
        if (source->engine || version >= DOCTRINE_3_7)
                php_array_set_text(
                        options, "engine", source->engine ? php_text(source->engine) : PHP_NULL_VALUE);
        if (source->collation)
                php_array_set_text(options, "collation", php_text(source->collation));
        if (source->charset && version >= DOCTRINE_3_7)
                php_array_set_text(options, "charset", php_text(source->charset));
        if (source->auto_increment > 0) {
                _cleanup_free_ char *number =
                        string_format("%llu", (unsigned long long)source->auto_increment);

                php_array_set_text(options, "autoincrement", php_text(number));
        } else if (version >= DOCTRINE_3_7)
                php_array_set_text(options, "autoincrement", PHP_NULL_VALUE);
        php_array_set_text(options, "comment", php_text(source->comment));
        php_array_set_text(options, "create_options", create_options(source));
}

static enum php_flow add_each(struct php_run *run, struct table *table, struct php_value objects,
        enum php_flow (*add)(struct php_run *run, struct table *table, struct php_value object))
{
        struct php_value object;

        for (size_t at = 0; php_array_next(objects, &at, NULL, &object);)
                TRY(add(run, table, object));
        return PHP_OK;
}

enum php_flow introspect_table(struct php_run *run, const struct platform *platform,
        const struct schema_table *source, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value object = PHP_NULL_VALUE, columns = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value indexes = PHP_NULL_VALUE, keys = PHP_NULL_VALUE;
        struct table *table;

        if (source->uncertain)
                return php_needs_php(run,
                        "table %s as an earlier migration leaves it, by a statement that is not followed",
                        source->name);
        TRY(introspect_columns(run, platform, source, &columns));
        TRY(introspect_foreign_keys(run, source, &keys));
        TRY(introspect_indexes(run, source, &indexes));
        TRY(table_new(run, source->name, &object));
        table = table_of(run, object);
        TRY(add_each(run, table, columns, table_add_column));
        TRY(add_each(run, table, indexes, table_add_index));
        TRY(add_each(run, table, keys, table_add_foreign_key));
        set_table_options(platform->version, source, table);
        *ret = php_steal(&object);
        return PHP_OK;
}

enum php_flow introspect_check(
        struct php_run *run, const struct platform *platform, const struct schema *schema)
{
        for (size_t i = 0; schema && i < schema->count; i++)
                for (size_t k = 0; k < schema->tables[i]->column_count; k++) {
                        const struct schema_column *column = &schema->tables[i]->columns[k];
                        const char *rest = NULL, *mapped;
                        _cleanup_free_ char *type = column_type(platform, schema->tables[i], column);
                        _cleanup_free_ char *base = base_type(type, &rest), *hinted = NULL, *comment = NULL;

                        mapped = platform_map_type(platform, base);
                        if (!mapped)
                                return throw_unknown_database_type(run, platform, base);
                        if (!*column->comment)
                                continue;
                        hinted = hinted_type(platform->version, column->comment, mapped, &comment);
                        if (!type_find(platform->version, hinted)) {
                                struct php_value none = PHP_NULL_VALUE;

                                return type_get(run, hinted, &none);
                        }
                }
        return PHP_OK;
}

static bool same_list(char *const *left, char *const *right)
{
        for (; *left && *right; left++, right++)
                if (strcasecmp(*left, *right) != 0)
                        return false;
        return !*left && !*right;
}

/* Two foreign keys that are equal but for the name: the comparator drops one of them. */
static bool has_twins(const struct schema_table *table)
{
        for (size_t i = 0; i < table->foreign_key_count; i++)
                for (size_t k = i + 1; k < table->foreign_key_count; k++)
                        if (same_list(table->foreign_keys[i].columns, table->foreign_keys[k].columns) &&
                                strcasecmp(table->foreign_keys[i].table, table->foreign_keys[k].table) == 0)
                                return true;
        return false;
}

bool introspect_is_quirky(const struct platform *platform, const struct schema_table *table)
{
        if (has_twins(table))
                return true;
        for (size_t i = 0; i < table->column_count && platform->version >= DOCTRINE_3_7; i++)
                if (strstr(table->columns[i].comment, "(DC2Type:json)"))
                        return true;
        return false;
}
