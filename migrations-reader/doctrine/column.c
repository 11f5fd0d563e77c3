/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/objects.h"
#include "migrations-reader/php/operators.h"

#include <string.h>
#include <strings.h>

#define COLUMN_CLASS DBAL "Schema\\Column"

/* What toArray() calls each, in its order; options of addColumn() have the same names. */
static const struct {
        const char *name; /* in toArray() */
        const char *option;
} properties[] = {
        [COLUMN_TYPE] = {"type", "type"},
        [COLUMN_DEFAULT] = {"default", "default"},
        [COLUMN_NOTNULL] = {"notnull", "notnull"},
        [COLUMN_LENGTH] = {"length", "length"},
        [COLUMN_PRECISION] = {"precision", "precision"},
        [COLUMN_SCALE] = {"scale", "scale"},
        [COLUMN_FIXED] = {"fixed", "fixed"},
        [COLUMN_UNSIGNED] = {"unsigned", "unsigned"},
        [COLUMN_AUTOINCREMENT] = {"autoincrement", "autoincrement"},
        [COLUMN_DEFINITION] = {"columnDefinition", "columndefinition"},
        [COLUMN_COMMENT] = {"comment", "comment"},
        [COLUMN_PLATFORM_OPTIONS] = {NULL, "platformoptions"},
        [COLUMN_CUSTOM_OPTIONS] = {NULL, "customschemaoptions"},
};

struct column *column_new(const char *name, struct php_value type)
{
        struct column *column = memory_new(sizeof(*column));

        asset_set_name(&column->asset, name);
        for (size_t i = 0; i < COLUMN_PROPERTIES; i++)
                column->values[i] = PHP_NULL_VALUE;
        column->values[COLUMN_TYPE] = php_copy(type);
        column->values[COLUMN_PRECISION] = php_int(10);
        column->values[COLUMN_SCALE] = php_int(0);
        column->values[COLUMN_UNSIGNED] = php_bool(false);
        column->values[COLUMN_FIXED] = php_bool(false);
        column->values[COLUMN_NOTNULL] = php_bool(true);
        column->values[COLUMN_AUTOINCREMENT] = php_bool(false);
        column->values[COLUMN_PLATFORM_OPTIONS] = php_new_array();
        column->values[COLUMN_CUSTOM_OPTIONS] = php_new_array();
        return column;
}

void column_free(void *host)
{
        struct column *column = host;

        if (!column)
                return;
        asset_deinit(&column->asset);
        for (size_t i = 0; i < COLUMN_PROPERTIES; i++)
                php_clear(&column->values[i]);
        free(column);
}

void *column_clone(const void *host)
{
        const struct column *column = host;
        struct column *copy = memory_new(sizeof(*copy));

        asset_copy(&copy->asset, &column->asset);
        for (size_t i = 0; i < COLUMN_PROPERTIES; i++)
                copy->values[i] = php_copy(column->values[i]);
        return copy;
}

struct column *column_of(struct php_run *run, struct php_value column)
{
        return column.type == PHP_TYPE_OBJECT ? php_host_data(run, column, COLUMN_CLASS) : NULL;
}

bool column_has_autoincrement(const struct column *column)
{
        struct php_value value = column->values[COLUMN_AUTOINCREMENT];

        return value.type == PHP_TYPE_BOOL && value.boolean;
}

static enum php_flow to_integer(struct php_run *run, struct php_value value, struct php_value *ret)
{
        int64_t number;

        if (php_to_int(value, &number) != PHP_DONE)
                return php_needs_php(run, "a column's length, precision or scale that is no number");
        *ret = php_int(number);
        return PHP_OK;
}

/* is_numeric() or the other value */
static enum php_flow to_numeric(
        struct php_run *run, struct php_value value, int64_t other, struct php_value *ret)
{
        bool numeric = value.type == PHP_TYPE_INT || value.type == PHP_TYPE_FLOAT;
        struct php_value number = PHP_NULL_VALUE;

        if (value.type == PHP_TYPE_STRING && php_numeric(value, &numeric, &number) == PHP_DISAGREE)
                return php_needs_php(run, "a number that PHP 7 and PHP 8 read differently");
        if (!numeric) {
                *ret = php_int(other);
                return PHP_OK;
        }
        return to_integer(run, value, ret);
}

enum php_flow column_set(
        struct php_run *run, struct column *column, enum column_property property, struct php_value value)
{
        struct php_value stored = PHP_NULL_VALUE;

        switch (property) {
        case COLUMN_TYPE:
                if (!type_of(run, value))
                        return php_needs_php(run, "a column of a type that is not Doctrine's");
                stored = php_copy(value);
                break;
        case COLUMN_LENGTH:
                if (value.type != PHP_TYPE_NULL)
                        TRY(to_integer(run, value, &stored));
                break;
        case COLUMN_PRECISION:
                TRY(to_numeric(run, value, 10, &stored));
                break;
        case COLUMN_SCALE:
                TRY(to_numeric(run, value, 0, &stored));
                break;
        case COLUMN_NOTNULL:
        case COLUMN_FIXED:
        case COLUMN_UNSIGNED:
                stored = php_bool(php_truth(value));
                break;
        case COLUMN_PLATFORM_OPTIONS:
        case COLUMN_CUSTOM_OPTIONS:
                if (value.type != PHP_TYPE_ARRAY)
                        return php_throw(run, "TypeError", "Argument #1 must be of type array, %s given",
                                php_short_type_name(value));
                stored = php_copy(value);
                break;
        case COLUMN_DEFAULT:
        case COLUMN_AUTOINCREMENT:
        case COLUMN_DEFINITION:
        case COLUMN_COMMENT:
        case COLUMN_PROPERTIES:
                stored = php_copy(value);
                break;
        }
        php_clear(&column->values[property]);
        column->values[property] = stored;
        return PHP_OK;
}

static enum php_flow unknown_option(struct php_run *run, const char *name)
{
        if (version_of(run) < DOCTRINE_3_7)
                return PHP_OK;
        return php_throw(run, DBAL "Schema\\Exception\\UnknownColumnOption",
                "The \"%s\" column option is not supported.", name);
}

static enum php_flow set_option(
        struct php_run *run, struct column *column, const char *name, struct php_value value)
{
        for (size_t i = 0; i < COLUMN_PROPERTIES; i++)
                if (strcasecmp(name, properties[i].option) == 0)
                        return column_set(run, column, (enum column_property)i, value);
        if (strcasecmp(name, "options") == 0 && value.type == PHP_TYPE_ARRAY)
                return column_set_options(run, column, value);
        if (strcasecmp(name, "platformoption") == 0 || strcasecmp(name, "customschemaoption") == 0)
                return php_throw(run, "ArgumentCountError",
                        "Too few arguments to function " COLUMN_CLASS
                        "::set%s(), 1 passed and exactly 2 expected",
                        name);
        return unknown_option(run, name);
}

enum php_flow column_set_options(struct php_run *run, struct column *column, struct php_value options)
{
        struct php_key key;
        struct php_value value;

        for (size_t at = 0; php_array_next(options, &at, &key, &value);) {
                _cleanup_php_value_ struct php_value name = php_key_value(key);
                _cleanup_free_ char *text = NULL;

                TRY(text_of(run, name, &text));
                TRY(set_option(run, column, text, value));
        }
        return PHP_OK;
}

struct php_value column_array(const struct column *column)
{
        struct php_value array = php_new_array();

        php_array_set_text(
                &array, "name", column->asset.name ? php_text(column->asset.name) : PHP_NULL_VALUE);
        for (size_t i = 0; i < COLUMN_PROPERTIES; i++)
                if (properties[i].name)
                        php_array_set_text(&array, properties[i].name, php_copy(column->values[i]));
        array_merge(&array, column->values[COLUMN_PLATFORM_OPTIONS]);
        array_merge(&array, column->values[COLUMN_CUSTOM_OPTIONS]);
        return array;
}

/* ---- Doctrine\DBAL\Schema\Column ---- */

static enum php_flow construct(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = NULL;
        struct column *column;

        TRY(text_argument(run, call, 0, &name));
        if (!type_of(run, php_argument(call, 1)))
                return php_needs_php(run, "a column of a type that is not Doctrine's");
        column = column_new(name, php_argument(call, 1));
        php_set_host_data(call->this, column);
        if (call->count < 3)
                return PHP_OK;
        if (php_argument(call, 2).type != PHP_TYPE_ARRAY)
                return php_throw(run, "TypeError", "Argument #3 ($options) must be of type array, %s given",
                        php_short_type_name(php_argument(call, 2)));
        return column_set_options(run, column, php_argument(call, 2));
}

static enum php_flow set_options(struct php_run *run, struct php_call *call)
{
        if (php_argument(call, 0).type != PHP_TYPE_ARRAY)
                return php_throw(run, "TypeError", "Argument #1 ($options) must be of type array, %s given",
                        php_short_type_name(php_argument(call, 0)));
        TRY(column_set_options(run, call->this_host, php_argument(call, 0)));
        return php_return(call, this_value(call));
}

static enum php_flow to_array(struct php_run *run, struct php_call *call)
{
        return php_return(call, column_array(call->this_host));
}

/* Each property has a getter and a setter that differ in nothing but the property. */
#define ACCESSORS(name, property)                                                                            \
        static enum php_flow get_##name(struct php_run *run, struct php_call *call)                          \
        {                                                                                                    \
                return php_return(call, php_copy(((struct column *)call->this_host)->values[property]));     \
        }                                                                                                    \
        static enum php_flow set_##name(struct php_run *run, struct php_call *call)                          \
        {                                                                                                    \
                TRY(column_set(run, call->this_host, property, php_argument(call, 0)));                      \
                return php_return(call, this_value(call));                                                   \
        }

ACCESSORS(type, COLUMN_TYPE)
ACCESSORS(length, COLUMN_LENGTH)
ACCESSORS(precision, COLUMN_PRECISION)
ACCESSORS(scale, COLUMN_SCALE)
ACCESSORS(unsigned, COLUMN_UNSIGNED)
ACCESSORS(fixed, COLUMN_FIXED)
ACCESSORS(notnull, COLUMN_NOTNULL)
ACCESSORS(default, COLUMN_DEFAULT)
ACCESSORS(autoincrement, COLUMN_AUTOINCREMENT)
ACCESSORS(definition, COLUMN_DEFINITION)
ACCESSORS(comment, COLUMN_COMMENT)
ACCESSORS(platform_options, COLUMN_PLATFORM_OPTIONS)
ACCESSORS(custom_options, COLUMN_CUSTOM_OPTIONS)

static enum php_flow option_key(struct php_run *run, struct php_call *call, char **ret)
{
        return text_argument(run, call, 0, ret);
}

static enum php_flow has_option(struct php_run *run, struct php_call *call, enum column_property property)
{
        const struct column *column = call->this_host;
        _cleanup_free_ char *name = NULL;

        TRY(option_key(run, call, &name));
        return php_return(call, php_bool(value_isset(php_array_get_text(column->values[property], name))));
}

static enum php_flow get_option(struct php_run *run, struct php_call *call, enum column_property property)
{
        const struct column *column = call->this_host;
        const struct php_value *value;
        _cleanup_free_ char *name = NULL;

        TRY(option_key(run, call, &name));
        value = php_array_get_text(column->values[property], name);
        if (!value)
                return php_needs_php(run, "an option '%s' that the column does not have", name);
        return php_return(call, php_copy(*value));
}

static enum php_flow put_option(struct php_run *run, struct php_call *call, enum column_property property)
{
        struct column *column = call->this_host;
        _cleanup_free_ char *name = NULL;

        TRY(option_key(run, call, &name));
        php_array_set_text(&column->values[property], name, php_copy(php_argument(call, 1)));
        return php_return(call, this_value(call));
}

#define OPTION_METHODS(name, property)                                                                       \
        static enum php_flow has_##name(struct php_run *run, struct php_call *call)                          \
        {                                                                                                    \
                return has_option(run, call, property);                                                      \
        }                                                                                                    \
        static enum php_flow get_##name(struct php_run *run, struct php_call *call)                          \
        {                                                                                                    \
                return get_option(run, call, property);                                                      \
        }                                                                                                    \
        static enum php_flow put_##name(struct php_run *run, struct php_call *call)                          \
        {                                                                                                    \
                return put_option(run, call, property);                                                      \
        }

OPTION_METHODS(platform_option, COLUMN_PLATFORM_OPTIONS)
OPTION_METHODS(custom_option, COLUMN_CUSTOM_OPTIONS)

static const struct doctrine_method methods[] = {
        {{"setOptions", set_options, 1, PHP_ANY}},
        {{"setType", set_type, 1, PHP_ANY}},
        {{"getType", get_type, 0, PHP_ANY}},
        {{"setLength", set_length, 1, PHP_ANY}},
        {{"getLength", get_length, 0, PHP_ANY}},
        {{"setPrecision", set_precision, 1, PHP_ANY}},
        {{"getPrecision", get_precision, 0, PHP_ANY}},
        {{"setScale", set_scale, 1, PHP_ANY}},
        {{"getScale", get_scale, 0, PHP_ANY}},
        {{"setUnsigned", set_unsigned, 1, PHP_ANY}},
        {{"getUnsigned", get_unsigned, 0, PHP_ANY}},
        {{"setFixed", set_fixed, 1, PHP_ANY}},
        {{"getFixed", get_fixed, 0, PHP_ANY}},
        {{"setNotnull", set_notnull, 1, PHP_ANY}},
        {{"getNotnull", get_notnull, 0, PHP_ANY}},
        {{"setDefault", set_default, 1, PHP_ANY}},
        {{"getDefault", get_default, 0, PHP_ANY}},
        {{"setAutoincrement", set_autoincrement, 1, PHP_ANY}},
        {{"getAutoincrement", get_autoincrement, 0, PHP_ANY}},
        {{"setColumnDefinition", set_definition, 1, PHP_ANY}},
        {{"getColumnDefinition", get_definition, 0, PHP_ANY}},
        {{"setComment", set_comment, 1, PHP_ANY}},
        {{"getComment", get_comment, 0, PHP_ANY}},
        {{"setPlatformOptions", set_platform_options, 1, PHP_ANY}},
        {{"getPlatformOptions", get_platform_options, 0, PHP_ANY}},
        {{"setPlatformOption", put_platform_option, 2, PHP_ANY}},
        {{"hasPlatformOption", has_platform_option, 1, PHP_ANY}},
        {{"getPlatformOption", get_platform_option, 1, PHP_ANY}},
        {{"setCustomSchemaOptions", set_custom_options, 1, PHP_ANY}},
        {{"getCustomSchemaOptions", get_custom_options, 0, PHP_ANY}},
        {{"setCustomSchemaOption", put_custom_option, 2, PHP_ANY}},
        {{"hasCustomSchemaOption", has_custom_option, 1, PHP_ANY}},
        {{"getCustomSchemaOption", get_custom_option, 1, PHP_ANY}},
        {{"toArray", to_array, 0, PHP_ANY}},
        {{NULL}},
};

const struct doctrine_class column_classes[] = {
        {{.name = COLUMN_CLASS,
                 .parent = DBAL "Schema\\AbstractAsset",
                 .construct = construct,
                 .release = column_free,
                 .clone = column_clone},
                methods},
        {{NULL}},
};
