/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/types.h"
#include "migrations-reader/doctrine/objects.h"
#include "migrations-reader/doctrine/schema_errors.h"

#include <string.h>

#define TYPES DBAL "Types\\"
#define MAUTIC_TYPES "Mautic\\CoreBundle\\Doctrine\\Type\\"

/* Mautic's config.php replaces array, datetime and, from 5 on, datetime_immutable, and adds generated. */
static const struct type_info types[] = {
        {"array", MAUTIC_TYPES "ArrayType", "Array", DECLARE_CLOB, HINT_ALWAYS, true},
        {"ascii_string", TYPES "AsciiStringType", "AsciiString", DECLARE_ASCII, .from = DOCTRINE_2_13},
        {"bigint", TYPES "BigIntType", "BigInt", DECLARE_BIGINT},
        {"binary", TYPES "BinaryType", "Binary", DECLARE_BINARY},
        {"blob", TYPES "BlobType", "Blob", DECLARE_BLOB},
        {"boolean", TYPES "BooleanType", "Boolean", DECLARE_BOOLEAN},
        {"date", TYPES "DateType", "Date", DECLARE_DATE},
        {"date_immutable", TYPES "DateImmutableType", "DateImmutable", DECLARE_DATE, HINT_ALWAYS,
                .from = DOCTRINE_2_10},
        {"dateinterval", TYPES "DateIntervalType", "DateInterval", DECLARE_INTERVAL, HINT_ALWAYS,
                .from = DOCTRINE_2_10},
        {"datetime", MAUTIC_TYPES "UTCDateTimeType", "UTCDateTime", DECLARE_DATETIME, HINT_NEVER, true},
        {"datetime_immutable", TYPES "DateTimeImmutableType", "DateTimeImmutable", DECLARE_DATETIME,
                HINT_ALWAYS, .from = DOCTRINE_2_10, .gone = DOCTRINE_3_7},
        {"datetime_immutable", MAUTIC_TYPES "UTCDateTimeImmutableType", "UTCDateTimeImmutable",
                DECLARE_DATETIME, HINT_ALWAYS, true, .from = DOCTRINE_3_7},
        {"datetimetz", TYPES "DateTimeTzType", "DateTimeTz", DECLARE_DATETIME},
        {"datetimetz_immutable", TYPES "DateTimeTzImmutableType", "DateTimeTzImmutable", DECLARE_DATETIME,
                HINT_ALWAYS, .from = DOCTRINE_2_10},
        {"decimal", TYPES "DecimalType", "Decimal", DECLARE_DECIMAL},
        {"float", TYPES "FloatType", "Float", DECLARE_FLOAT},
        {"generated", MAUTIC_TYPES "GeneratedType", "Generated", DECLARE_NOTHING, HINT_NEVER, true,
                .from = DOCTRINE_2_10},
        {"guid", TYPES "GuidType", "Guid", DECLARE_GUID, HINT_ALWAYS},
        {"integer", TYPES "IntegerType", "Integer", DECLARE_INTEGER},
        {"json", TYPES "JsonType", "Json", DECLARE_JSON, HINT_WITHOUT_JSON, .from = DOCTRINE_2_10},
        {"json_array", TYPES "JsonArrayType", "JsonArray", DECLARE_CLOB, HINT_ALWAYS, .gone = DOCTRINE_2_10},
        {"json_array", TYPES "JsonArrayType", "JsonArray", DECLARE_JSON, HINT_ALWAYS, .from = DOCTRINE_2_10,
                .gone = DOCTRINE_3_7},
        {"object", TYPES "ObjectType", "Object", DECLARE_CLOB, HINT_ALWAYS},
        {"simple_array", TYPES "SimpleArrayType", "SimpleArray", DECLARE_CLOB, HINT_ALWAYS},
        {"smallint", TYPES "SmallIntType", "SmallInt", DECLARE_SMALLINT},
        {"string", TYPES "StringType", "String", DECLARE_VARCHAR},
        {"text", TYPES "TextType", "Text", DECLARE_TEXT},
        {"time", TYPES "TimeType", "Time", DECLARE_TIME},
        {"time_immutable", TYPES "TimeImmutableType", "TimeImmutable", DECLARE_TIME, HINT_ALWAYS,
                .from = DOCTRINE_2_10},
};

const struct type_info *type_find(enum doctrine_version version, const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                if (strcmp(types[i].name, name) == 0 && version >= types[i].from &&
                        (!types[i].gone || version < types[i].gone))
                        return &types[i];
        return NULL;
}

size_t type_number(const struct type_info *type)
{
        return (size_t)(type - types);
}

size_t type_count(void)
{
        return ARRAY_SIZE(types);
}

const struct type_info *type_of(struct php_run *run, struct php_value type)
{
        if (type.type != PHP_TYPE_OBJECT)
                return NULL;
        return php_host_data(run, type, TYPES "Type");
}

bool type_is_integer(const struct type_info *type)
{
        return type->declaration == DECLARE_INTEGER || type->declaration == DECLARE_BIGINT ||
               type->declaration == DECLARE_SMALLINT;
}

bool type_needs_hint(const struct type_info *type, const struct platform *platform)
{
        struct php_value name;

        if (platform->configured && platform->version <= DOCTRINE_2_10 && type->configured)
                return true;
        if (platform->version < DOCTRINE_3_7)
                for (size_t at = 0; php_array_next(platform->commented, &at, NULL, &name);)
                        if (php_string_is(name, type->name))
                                return true;
        switch (type->hint) {
        case HINT_NEVER:
                return false;
        case HINT_ALWAYS:
                return true;
        case HINT_WITHOUT_JSON:
                return !platform_has_json(platform);
        }
        return false;
}

enum php_flow type_get(struct php_run *run, const char *name, struct php_value *ret)
{
        enum doctrine_version version = version_of(run);
        const struct type_info *type = type_find(version, name);
        struct php_value *slot;

        if (!type)
                return php_throw(run, dbal_root_exception(version),
                        "Unknown column type \"%s\" requested. Any Doctrine type that you use has to be "
                        "registered with \\Doctrine\\DBAL\\Types\\Type::addType(). You can get a list of all "
                        "the known types with \\Doctrine\\DBAL\\Types\\Type::getTypesMap(). If this error "
                        "occurs during database introspection then you might have %s to register all "
                        "database types for a Doctrine Type. Use "
                        "AbstractPlatform#registerDoctrineTypeMapping() or have your custom types implement "
                        "Type#getMappedDatabaseTypes(). If the type name is empty you might have a problem "
                        "with the cache or forgot some mapping information.",
                        name, version == DOCTRINE_2_5 ? "forgot" : "forgotten");
        slot = objects_type(run, type);
        /* The data is the table's: nothing is released with the object, and nothing written through it. */
        if (slot->type == PHP_TYPE_NULL)
                *slot = php_host_object(run, type->class, (void *)(uintptr_t)type);
        *ret = php_copy(*slot);
        return PHP_OK;
}

/* ---- Static methods of Doctrine\DBAL\Types\Type ---- */

static enum php_flow get_type(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        return type_get(run, name, call->ret);
}

static enum php_flow has_type(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        return php_return(call, php_bool(type_find(version_of(run), name)));
}

static enum php_flow change_types(struct php_run *run, struct php_call *call)
{
        return php_needs_php(run, "a Doctrine type of its own (Type::addType, overrideType)");
}

static enum php_flow get_types_map(struct php_run *run, struct php_call *call)
{
        return php_needs_php(run, "Type::getTypesMap() or Type::getTypeRegistry()");
}

static enum php_flow lookup_name(struct php_run *run, struct php_call *call)
{
        const struct type_info *type = type_of(run, php_argument(call, 0));

        if (!type)
                return php_needs_php(run, "a Doctrine type of its own");
        return php_return(call, php_text(type->name));
}

/* ---- Methods of a type ---- */

static enum php_flow get_name(struct php_run *run, struct php_call *call)
{
        const struct type_info *type = call->this_host;

        return php_return(call, php_text(type->name));
}

/* The last part of the class's name; from 2.10 on with the backslash in front of it. */
static enum php_flow to_string(struct php_run *run, struct php_call *call)
{
        const struct type_info *type = call->this_host;
        _cleanup_free_ char *text =
                string_format("%s%s", version_of(run) == DOCTRINE_2_5 ? "" : "\\", type->words);

        return php_return(call, php_text(text));
}

static enum php_flow get_sql_declaration(struct php_run *run, struct php_call *call)
{
        const struct type_info *type = call->this_host;
        struct platform *platform = platform_of(run, php_argument(call, 1));
        _cleanup_buffer_ struct buffer out = {0};

        if (!platform || php_argument(call, 0).type != PHP_TYPE_ARRAY)
                return php_needs_php(run, "getSQLDeclaration() for a platform that is not MySQL's");
        if (type->declaration == DECLARE_NOTHING)
                return php_return(call, PHP_NULL_VALUE);
        TRY(type_declaration(run, platform, type, php_argument(call, 0), &out));
        return php_return(call, php_from_buffer(&out));
}

static enum php_flow requires_hint(struct php_run *run, struct php_call *call)
{
        const struct type_info *type = call->this_host;
        struct platform *platform = platform_of(run, php_argument(call, 0));

        if (!platform)
                return php_needs_php(run, "requiresSQLCommentHint() for a platform that is not MySQL's");
        return php_return(call, php_bool(type->hint == HINT_ALWAYS ||
                                         (type->hint == HINT_WITHOUT_JSON && !platform_has_json(platform))));
}

static enum php_flow no_mapped_types(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_new_array());
}

static enum php_flow no_conversion(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_bool(false));
}

static enum php_flow same_expression(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_copy(php_argument(call, 0)));
}

static enum php_flow get_default_length(struct php_run *run, struct php_call *call)
{
        const struct type_info *type = call->this_host;
        bool string = type->declaration == DECLARE_VARCHAR || type->declaration == DECLARE_ASCII ||
                      type->declaration == DECLARE_GUID;

        return php_return(call, string ? php_int(255) : PHP_NULL_VALUE);
}

static const struct doctrine_method type_methods[] = {
        {{"getType", get_type, 1, PHP_ANY, true}},
        {{"hasType", has_type, 1, PHP_ANY, true}},
        {{"addType", change_types, 2, PHP_ANY, true}},
        {{"overrideType", change_types, 2, PHP_ANY, true}},
        {{"getTypesMap", get_types_map, 0, PHP_ANY, true}},
        {{"getTypeRegistry", get_types_map, 0, PHP_ANY, true}, .from = DOCTRINE_2_10},
        {{"lookupName", lookup_name, 1, PHP_ANY, true}, .from = DOCTRINE_3_7},
        {{"getName", get_name, 0, PHP_ANY}},
        {{"__toString", to_string, 0, PHP_ANY}, .gone = DOCTRINE_3_7},
        {{"getSQLDeclaration", get_sql_declaration, 2, PHP_ANY}},
        {{"requiresSQLCommentHint", requires_hint, 1, PHP_ANY}},
        {{"getMappedDatabaseTypes", no_mapped_types, 1, PHP_ANY}},
        {{"canRequireSQLConversion", no_conversion, 0, PHP_ANY}},
        {{"convertToDatabaseValueSQL", same_expression, 2, PHP_ANY}},
        {{"convertToPHPValueSQL", same_expression, 2, PHP_ANY}},
        {{"getDefaultLength", get_default_length, 1, PHP_ANY}, .gone = DOCTRINE_3_7},
        {{"getBindingType", type_binding, 0, PHP_ANY}},
        {{"convertToDatabaseValue", type_to_database, 2, PHP_ANY}},
        {{"convertToPHPValue", type_to_php, 2, PHP_ANY}},
        {{NULL}},
};

#define TYPE_CONSTANT(name, text)                                                                            \
        {                                                                                                    \
                {                                                                                            \
                        name, PHP_TYPE_STRING, 0, text                                                       \
                }                                                                                            \
        }

static const struct doctrine_constant old_constants[] = {
        TYPE_CONSTANT("TARRAY", "array"),
        TYPE_CONSTANT("SIMPLE_ARRAY", "simple_array"),
        TYPE_CONSTANT("JSON_ARRAY", "json_array"),
        TYPE_CONSTANT("BIGINT", "bigint"),
        TYPE_CONSTANT("BOOLEAN", "boolean"),
        TYPE_CONSTANT("DATETIME", "datetime"),
        TYPE_CONSTANT("DATETIMETZ", "datetimetz"),
        TYPE_CONSTANT("DATE", "date"),
        TYPE_CONSTANT("TIME", "time"),
        TYPE_CONSTANT("DECIMAL", "decimal"),
        TYPE_CONSTANT("INTEGER", "integer"),
        TYPE_CONSTANT("OBJECT", "object"),
        TYPE_CONSTANT("SMALLINT", "smallint"),
        TYPE_CONSTANT("STRING", "string"),
        TYPE_CONSTANT("TEXT", "text"),
        TYPE_CONSTANT("BINARY", "binary"),
        TYPE_CONSTANT("BLOB", "blob"),
        TYPE_CONSTANT("FLOAT", "float"),
        TYPE_CONSTANT("GUID", "guid"),
        {{"DATE_IMMUTABLE", PHP_TYPE_STRING, 0, "date_immutable"}, .from = DOCTRINE_2_10},
        {{"DATEINTERVAL", PHP_TYPE_STRING, 0, "dateinterval"}, .from = DOCTRINE_2_10},
        {{"DATETIME_IMMUTABLE", PHP_TYPE_STRING, 0, "datetime_immutable"}, .from = DOCTRINE_2_10},
        {{"DATETIMETZ_IMMUTABLE", PHP_TYPE_STRING, 0, "datetimetz_immutable"}, .from = DOCTRINE_2_10},
        {{"JSON", PHP_TYPE_STRING, 0, "json"}, .from = DOCTRINE_2_10},
        {{"TIME_IMMUTABLE", PHP_TYPE_STRING, 0, "time_immutable"}, .from = DOCTRINE_2_10},
        {{NULL}},
};

static const struct doctrine_constant new_constants[] = {
        TYPE_CONSTANT("ARRAY", "array"),
        TYPE_CONSTANT("BIGINT", "bigint"),
        TYPE_CONSTANT("BINARY", "binary"),
        TYPE_CONSTANT("BLOB", "blob"),
        TYPE_CONSTANT("BOOLEAN", "boolean"),
        TYPE_CONSTANT("DATE_MUTABLE", "date"),
        TYPE_CONSTANT("DATE_IMMUTABLE", "date_immutable"),
        TYPE_CONSTANT("DATEINTERVAL", "dateinterval"),
        TYPE_CONSTANT("DATETIME_MUTABLE", "datetime"),
        TYPE_CONSTANT("DATETIME_IMMUTABLE", "datetime_immutable"),
        TYPE_CONSTANT("DATETIMETZ_MUTABLE", "datetimetz"),
        TYPE_CONSTANT("DATETIMETZ_IMMUTABLE", "datetimetz_immutable"),
        TYPE_CONSTANT("DECIMAL", "decimal"),
        TYPE_CONSTANT("FLOAT", "float"),
        TYPE_CONSTANT("GUID", "guid"),
        TYPE_CONSTANT("INTEGER", "integer"),
        TYPE_CONSTANT("JSON", "json"),
        TYPE_CONSTANT("OBJECT", "object"),
        TYPE_CONSTANT("SIMPLE_ARRAY", "simple_array"),
        TYPE_CONSTANT("SMALLINT", "smallint"),
        TYPE_CONSTANT("STRING", "string"),
        TYPE_CONSTANT("TEXT", "text"),
        TYPE_CONSTANT("TIME_MUTABLE", "time"),
        TYPE_CONSTANT("TIME_IMMUTABLE", "time_immutable"),
        {{"ASCII_STRING", PHP_TYPE_STRING, 0, "ascii_string"}, .from = DOCTRINE_2_13},
        {{"JSON_ARRAY", PHP_TYPE_STRING, 0, "json_array"}, .gone = DOCTRINE_3_7},
        {{NULL}},
};

/* A type is only ever got from Type::getType(). */
#define TYPE_CLASS(class_name, parent_name, implemented)                                                     \
        {                                                                                                    \
                .name = TYPES class_name, .parent = TYPES parent_name, .interfaces = implemented,            \
                .is_abstract = true                                                                          \
        }

#define INTEGER_MAPPING TYPES "PhpIntegerMappingType"
#define DATETIME_MAPPING TYPES "PhpDateTimeMappingType"

const struct doctrine_class type_classes[] = {
        {{.name = INTEGER_MAPPING, .is_abstract = true}, .from = DOCTRINE_2_10},
        {{.name = DATETIME_MAPPING, .is_abstract = true}, .from = DOCTRINE_2_10},
        {{.name = TYPES "Type", .is_abstract = true}, type_methods, old_constants, .gone = DOCTRINE_3_7},
        {{.name = TYPES "Type", .is_abstract = true}, type_methods, .from = DOCTRINE_3_7},
        {{.name = TYPES "Types", .is_abstract = true}, NULL, new_constants, .from = DOCTRINE_2_10},
        {TYPE_CLASS("ArrayType", "Type", NULL)},
        {TYPE_CLASS("BigIntType", "Type", NULL), .gone = DOCTRINE_2_10},
        {TYPE_CLASS("BigIntType", "Type", INTEGER_MAPPING), .from = DOCTRINE_2_10},
        {TYPE_CLASS("BinaryType", "Type", NULL)},
        {TYPE_CLASS("BlobType", "Type", NULL)},
        {TYPE_CLASS("BooleanType", "Type", NULL)},
        {TYPE_CLASS("DateType", "Type", NULL)},
        {TYPE_CLASS("DateImmutableType", "DateType", NULL), .from = DOCTRINE_2_10},
        {TYPE_CLASS("DateIntervalType", "Type", NULL), .from = DOCTRINE_2_10},
        {TYPE_CLASS("DateTimeType", "Type", NULL), .gone = DOCTRINE_2_10},
        {TYPE_CLASS("DateTimeType", "Type", DATETIME_MAPPING), .from = DOCTRINE_2_10},
        {TYPE_CLASS("DateTimeImmutableType", "DateTimeType", NULL), .from = DOCTRINE_2_10},
        {TYPE_CLASS("DateTimeTzType", "Type", NULL), .gone = DOCTRINE_2_10},
        {TYPE_CLASS("DateTimeTzType", "Type", DATETIME_MAPPING), .from = DOCTRINE_2_10},
        {TYPE_CLASS("DateTimeTzImmutableType", "DateTimeTzType", NULL), .from = DOCTRINE_2_10},
        {TYPE_CLASS("VarDateTimeType", "DateTimeType", NULL)},
        {TYPE_CLASS("DecimalType", "Type", NULL)},
        {TYPE_CLASS("FloatType", "Type", NULL)},
        {TYPE_CLASS("StringType", "Type", NULL)},
        {TYPE_CLASS("AsciiStringType", "StringType", NULL), .from = DOCTRINE_2_13},
        {TYPE_CLASS("GuidType", "StringType", NULL)},
        {TYPE_CLASS("IntegerType", "Type", NULL), .gone = DOCTRINE_2_10},
        {TYPE_CLASS("IntegerType", "Type", INTEGER_MAPPING), .from = DOCTRINE_2_10},
        {TYPE_CLASS("JsonType", "Type", NULL), .from = DOCTRINE_2_10},
        {TYPE_CLASS("JsonArrayType", "Type", NULL), .gone = DOCTRINE_2_10},
        {TYPE_CLASS("JsonArrayType", "JsonType", NULL), .from = DOCTRINE_2_10, .gone = DOCTRINE_3_7},
        {TYPE_CLASS("ObjectType", "Type", NULL)},
        {TYPE_CLASS("SimpleArrayType", "Type", NULL)},
        {TYPE_CLASS("SmallIntType", "Type", NULL), .gone = DOCTRINE_2_10},
        {TYPE_CLASS("SmallIntType", "Type", INTEGER_MAPPING), .from = DOCTRINE_2_10},
        {TYPE_CLASS("TextType", "Type", NULL)},
        {TYPE_CLASS("TimeType", "Type", NULL)},
        {TYPE_CLASS("TimeImmutableType", "TimeType", NULL), .from = DOCTRINE_2_10},
        {{.name = MAUTIC_TYPES "ArrayType", .parent = TYPES "ArrayType", .is_abstract = true}},
        {{.name = MAUTIC_TYPES "UTCDateTimeType", .parent = TYPES "DateTimeType", .is_abstract = true}},
        {{.name = MAUTIC_TYPES "UTCDateTimeImmutableType",
                 .parent = TYPES "DateTimeImmutableType",
                 .is_abstract = true},
                .from = DOCTRINE_3_7},
        {{.name = MAUTIC_TYPES "GeneratedType", .parent = TYPES "Type", .is_abstract = true},
                .from = DOCTRINE_2_10},
        {{NULL}},
};
