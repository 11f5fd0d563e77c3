/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What stands behind the PHP objects of Doctrine's schema classes. Where PHP code may put any value (a
 * column's default, an option) it is kept as a PHP value. All of it belongs to one run and one thread.
 * Sources: doctrine/dbal 2.5.13, 2.10.1, 2.13.8 and 3.7.2, read as facts about behaviour.
 */

#include "migrations-reader/doctrine/doctrine.h"

#define DBAL "Doctrine\\DBAL\\"

/* Hands over a flow that is not PHP_OK. */
#define TRY(expression)                                                                                      \
        do {                                                                                                 \
                enum php_flow try_flow = (expression);                                                       \
                if (try_flow != PHP_OK)                                                                      \
                        return try_flow;                                                                     \
        } while (0)

struct platform;
struct table;

/* ---- Names ---- */

/* The first member of each named object. */
struct asset {
        char *name; /* NULL: none was set */
        char *space; /* in front of the dot, or NULL */
        bool quoted;
};
void asset_set_name(struct asset *asset, const char *name); /* NULL: no name */
void asset_copy(struct asset *to, const struct asset *from);
void asset_deinit(struct asset *asset);
#define _cleanup_asset_ _cleanup_(asset_deinit)
char *asset_name(const struct asset *asset); /* getName(): with the namespace; "" when there is none */
char *asset_quoted_name(const struct asset *asset, const struct platform *platform);
char *name_quoted(const char *name, const struct platform *platform); /* of new Identifier(name) */
char *name_trim(const char *name); /* without any of ` " [ ] */
char *name_normalize(const char *name); /* trimmed and in lower case */
bool name_is_quoted(const char *name); /* begins like a quoted one */
/* PREFIX_ and the CRC-32 of each name, cut: Doctrine's names for indexes and foreign keys. */
char *name_generate(const char *first, char *const *names, const char *prefix, size_t longest);
struct php_value name_value(const struct asset *asset);

/* ---- Types and platforms ---- */

struct type_info {
        const char *name; /* "string" */
        const char *class;
        const char *words; /* what (string) of its object gives in dbal 2 */
        enum type_declaration {
                DECLARE_VARCHAR, /* StringType without GuidType */
                DECLARE_ASCII,
                DECLARE_TEXT, /* TextType */
                DECLARE_CLOB, /* others that are kept as text */
                DECLARE_BLOB,
                DECLARE_BINARY,
                DECLARE_INTEGER,
                DECLARE_BIGINT,
                DECLARE_SMALLINT,
                DECLARE_BOOLEAN,
                DECLARE_DATETIME, /* PhpDateTimeMappingType */
                DECLARE_DATE,
                DECLARE_TIME,
                DECLARE_FLOAT,
                DECLARE_DECIMAL,
                DECLARE_GUID,
                DECLARE_JSON, /* JsonType */
                DECLARE_INTERVAL,
                DECLARE_NOTHING
        } declaration;
        enum type_hint { HINT_NEVER, HINT_ALWAYS, HINT_WITHOUT_JSON } hint; /* a column's comment names it */
        bool configured; /* in Mautic's config: DoctrineBundle 1 marks such types as commented */
        enum doctrine_version from, gone; /* gone 0: never */
};
/* NULL: that version has no such type. */
const struct type_info *type_find(enum doctrine_version version, const char *name);
const struct type_info *type_of(struct php_run *run, struct php_value type); /* NULL: no type of ours */
/* instanceof PhpIntegerMappingType */
bool type_is_integer(const struct type_info *type);
/* The one object of that type in this run, owned by the caller; throws for an unknown name. */
enum php_flow type_get(struct php_run *run, const char *name, struct php_value *ret) _must_check;
bool type_needs_hint(const struct type_info *type, const struct platform *platform);

enum platform_kind {
        PLATFORM_MYSQL,
        PLATFORM_MYSQL57,
        PLATFORM_MYSQL80,
        PLATFORM_MARIADB, /* only `new`, dbal 3 */
        PLATFORM_MARIADB1027,
        PLATFORM_MARIADB1043,
        PLATFORM_MARIADB1052,
};
struct platform {
        enum platform_kind kind;
        enum doctrine_version version;
        unsigned keywords; /* the lists of keywords.h */
        bool configured; /* Mautic's: its mapping of types, and the comments that its bundle asks for */
        struct php_value mapping; /* registered by the migration: database type => name; an array */
        struct php_value commented; /* marked by the migration: names */
};
const char *platform_class(const struct platform *platform);
bool platform_has_json(const struct platform *platform); /* hasNativeJsonType */
bool platform_is_mariadb1027(const struct platform *platform); /* instanceof MariaDb1027Platform */
bool platform_renames_indexes(const struct platform *platform);
struct platform *platform_of(struct php_run *run, struct php_value platform); /* NULL: no platform of ours */
/* The platform of the connection; borrowed. */
struct platform *platform_default(struct php_run *run);
char *platform_quote_name(const char *name); /* quoteIdentifier: each part */
char *platform_quote_single(const char *name);
void platform_append_literal(struct buffer *out, const char *text); /* quoteStringLiteral */

/* ---- Columns, indexes, foreign keys, tables ---- */

enum column_property {
        COLUMN_TYPE,
        COLUMN_DEFAULT,
        COLUMN_NOTNULL,
        COLUMN_LENGTH,
        COLUMN_PRECISION,
        COLUMN_SCALE,
        COLUMN_FIXED,
        COLUMN_UNSIGNED,
        COLUMN_AUTOINCREMENT,
        COLUMN_DEFINITION,
        COLUMN_COMMENT,
        COLUMN_PLATFORM_OPTIONS, /* arrays, these two */
        COLUMN_CUSTOM_OPTIONS,
        COLUMN_PROPERTIES
};
struct column {
        struct asset asset;
        struct php_value values[COLUMN_PROPERTIES];
};
struct column *column_new(const char *name, struct php_value type);
void column_free(void *column);
void *column_clone(const void *column);
enum php_flow column_set(struct php_run *run, struct column *column, enum column_property property,
        struct php_value value) _must_check; /* as the setter converts; value is borrowed */
enum php_flow column_set_options(struct php_run *run, struct column *column, struct php_value options)
        _must_check;
struct php_value column_array(const struct column *column); /* toArray() */
bool column_has_autoincrement(const struct column *column); /* it is true, not just truthy */
struct column *column_of(struct php_run *run, struct php_value column);

struct index {
        struct asset asset;
        char **columns; /* as written, ends with NULL */
        bool unique, primary;
        char **flags; /* lower case, ends with NULL */
        struct php_value options;
};
struct index *index_new(const char *name, char *const *columns, bool unique, bool primary, char *const *flags,
        struct php_value options);
void index_free(void *index);
void *index_clone(const void *index);
bool index_has_flag(const struct index *index, const char *flag);
bool index_spans(const struct index *index, char *const *columns);
bool index_fulfilled(enum doctrine_version version, const struct index *index, const struct index *other);
/* Its columns, quoted, each with its prefix's length, joined by ", ". */
char *index_columns_sql(const struct index *index, const struct platform *platform);
struct index *index_of(struct php_run *run, struct php_value index);

/* How a foreign key knows tables without keeping them alive, which would be a circle: both hold the link. */
struct table_link {
        unsigned holders;
        struct table *table; /* NULL: it is gone */
        struct asset last; /* its name then */
};
struct foreign_key {
        struct asset asset;
        char **columns, **foreign_columns; /* as written, end with NULL */
        struct table_link *foreign; /* the table that was given as an object; NULL: … */
        struct asset foreign_name; /* … then the name tells it */
        struct table_link *local; /* the table that it is in, or NULL */
        struct php_value options;
};
struct foreign_key *foreign_key_new(const char *name, char *const *columns, const char *foreign_table,
        char *const *foreign_columns, struct php_value options);
void foreign_key_free(void *key);
void *foreign_key_clone(const void *key);
void foreign_key_set_table(struct foreign_key *key, struct table *table);
void table_link_drop(struct table_link *link); /* NULL is fine */
void foreign_key_set_local(struct foreign_key *key, struct table *table);
struct table *foreign_key_local(const struct foreign_key *key); /* NULL: not known, or gone */
char *foreign_key_table_name(const struct foreign_key *key);
char *foreign_key_unqualified(enum doctrine_version version, const struct foreign_key *key); /* lower case */
char *foreign_key_table_quoted(const struct foreign_key *key, const struct platform *platform);
/* "" when there is none, or it changes nothing; upper case; owned by the caller. */
char *foreign_key_action(const struct foreign_key *key, const char *event);
bool foreign_key_meets(const struct foreign_key *key, const struct index *index);
struct foreign_key *foreign_key_of(struct php_run *run, struct php_value key);

struct table {
        struct asset asset;
        struct php_value columns, indexes, foreign_keys; /* arrays: normalized name => object */
        struct php_value implicit; /* indexes made for foreign keys: name => Index */
        struct php_value options;
        struct php_value config; /* SchemaConfig or null */
        char *primary; /* the primary key's name among indexes, or NULL */
        struct php_object *self; /* weak */
        struct table_link *link; /* to itself */
        struct php_run *run;
};
void table_free(void *table);
void *table_copy(const void *table); /* with copies of all that is in it */
/* What `new Table($name)` does; call NULL: not for an object that is being made. */
enum php_flow table_init(struct php_run *run, struct php_call *call, const char *name, struct table **ret)
        _must_check;
enum php_flow table_new(struct php_run *run, const char *name, struct php_value *ret) _must_check;
struct table *table_of(struct php_run *run, struct php_value table);
enum php_flow table_add_column(struct php_run *run, struct table *table, struct php_value column) _must_check;
enum php_flow table_add_index(struct php_run *run, struct table *table, struct php_value index) _must_check;
enum php_flow table_add_foreign_key(struct php_run *run, struct table *table, struct php_value key)
        _must_check;
enum php_flow table_clone(struct php_run *run, struct php_value table, struct php_value *ret) _must_check;
enum php_flow table_columns(struct php_run *run, const struct table *table, struct php_value *ret)
        _must_check; /* getColumns() */
/* Columns whose keys are among the names, in the table's order. */
struct php_value table_filter(const struct table *table, char *const *names);
struct php_value table_foreign_columns(struct php_run *run, const struct table *table);
char *table_generate_name(
        struct php_run *run, const struct table *table, char *const *columns, const char *prefix);
/* A new Index object, its name and columns checked. */
enum php_flow table_make_index(struct php_run *run, const struct table *table, const char *name,
        char *const *columns, bool unique, bool primary, char *const *flags, struct php_value options,
        struct php_value *ret) _must_check;
/* Borrowed objects, NULL: there is none. Names as PHP code gives them. */
const struct php_value *table_column(const struct table *table, const char *name);
const struct php_value *table_index(const struct table *table, const char *name);
const struct php_value *table_primary_key(const struct table *table);
const char *table_option(const struct table *table, const char *name); /* a string's bytes, or NULL */

/* ---- The schema ---- */

struct schema_object {
        struct asset asset;
        struct php_value tables; /* full name => Table, or the number of the snapshot's table, not made yet */
        struct php_value namespaces;
        struct php_value config;
        const struct schema *snapshot; /* borrowed; NULL: none */
        bool untouched; /* nobody has called it yet: as a lazy proxy of Doctrine Migrations 2 and 3 */
        bool unnamed; /* the database's name is not known */
        struct php_run *run;
};
struct schema_object *schema_of(struct php_run *run, struct php_value schema);
struct php_value schema_object_new(struct php_run *run, struct schema_object *schema);
char *schema_table_key(const struct schema_object *schema, const char *name); /* "database.table" */
char *schema_short_name(struct php_run *run, const struct schema_object *schema,
        struct php_value slot); /* of a table, lower case */
/* The tables with all that is in them made. */
enum php_flow schema_make_table(struct php_run *run, struct schema_object *schema, struct php_key key,
        struct php_value *ret) _must_check;
enum php_flow schema_make_all(struct php_run *run, struct schema_object *schema) _must_check;
struct php_value schema_config_new(
        struct php_run *run, const char *name, struct php_value options); /* takes them */
size_t schema_config_longest(struct php_run *run, struct php_value config); /* of identifiers */

/* introspection.c */
enum php_flow introspect_table(struct php_run *run, const struct platform *platform,
        const struct schema_table *table, struct php_value *ret) _must_check;
enum php_flow introspect_columns(struct php_run *run, const struct platform *platform,
        const struct schema_table *table, struct php_value *ret) _must_check;
enum php_flow introspect_indexes(struct php_run *run, const struct schema_table *table, struct php_value *ret)
        _must_check;
enum php_flow introspect_foreign_keys(
        struct php_run *run, const struct schema_table *table, struct php_value *ret) _must_check;
/* Throws what reading the whole database would throw: for a type that is not known. */
enum php_flow introspect_check(
        struct php_run *run, const struct platform *platform, const struct schema *schema) _must_check;
/* Whether comparing the table with itself could tell a difference. */
bool introspect_is_quirky(const struct platform *platform, const struct schema_table *table);

/* ---- SQL ---- */

/* declaration.c: `column` is an array as toArray() gives, perhaps with more. */
enum php_flow column_declaration(struct php_run *run, const struct platform *platform, const char *name,
        struct php_value column, struct buffer *out) _must_check;
enum php_flow type_declaration(struct php_run *run, const struct platform *platform,
        const struct type_info *type, struct php_value column, struct buffer *out) _must_check;
enum php_flow default_declaration(struct php_run *run, const struct platform *platform,
        struct php_value column, struct buffer *out) _must_check;
/* toArray() with the quoted name, the version and the comment that is sent. */
enum php_flow column_sent(struct php_run *run, const struct platform *platform, const struct column *column,
        struct php_value *ret) _must_check;
enum php_flow column_comment(struct php_run *run, const struct platform *platform,
        const struct column *column, struct php_value *ret) _must_check;

/* platform_tables.c: statements are appended to `sql`, an array of strings. */
enum php_flow sql_create_table(struct php_run *run, const struct platform *platform,
        const struct table *table, bool indexes, bool foreign_keys, struct php_value *sql) _must_check;
enum php_flow sql_create_tables(struct php_run *run, const struct platform *platform, struct php_value tables,
        struct php_value *sql) _must_check;
void sql_drop_table(const char *table, struct php_value *sql);
enum php_flow sql_create_index(struct php_run *run, const struct platform *platform,
        const struct index *index, const char *table, struct php_value *sql) _must_check;
void sql_drop_index(const struct platform *platform, const struct index *index, const char *table,
        struct php_value *sql); /* the primary key too, as dbal 2 drops it */
enum php_flow sql_create_foreign_key(struct php_run *run, const struct platform *platform,
        const struct foreign_key *key, const char *table, struct php_value *sql) _must_check;
enum php_flow foreign_key_declaration(struct php_run *run, const struct platform *platform,
        const struct foreign_key *key, struct buffer *out) _must_check;
void sql_drop_foreign_key(const struct platform *platform, const struct foreign_key *key, const char *table,
        struct php_value *sql);
const char *index_flags_sql(const struct index *index);
bool engine_has_foreign_keys(enum doctrine_version version, const char *engine);
void sql_add(struct php_value *sql, char *statement); /* takes it */

/* platform_alter.c: of a TableDiff object */
enum php_flow sql_alter_table(struct php_run *run, const struct platform *platform, struct php_value diff,
        struct php_value *sql) _must_check;

/* comparator.c */
enum comparator_kind { COMPARE_PLAIN, COMPARE_PLATFORM }; /* the latter: dbal 3's of the schema manager */
struct comparator {
        enum comparator_kind kind;
        const struct platform *platform;
        bool normalize; /* MySQL\Comparator: options that are the table's own are left out */
};
/* null in *ret: they are equal. */
enum php_flow compare_tables(struct php_run *run, const struct comparator *comparator, struct php_value from,
        struct php_value to, struct php_value *ret) _must_check;
enum php_flow compare_schemas(struct php_run *run, const struct comparator *comparator, struct php_value from,
        struct php_value to, struct php_value *ret) _must_check;
enum php_flow compare_tables_fully(struct php_run *run, const struct comparator *comparator,
        struct php_value from, struct php_value to, bool always, struct php_value *ret)
        _must_check; /* always: a TableDiff even when they are equal */
enum php_flow sql_drop_tables(struct php_run *run, const struct platform *platform, struct php_value tables,
        struct php_value *sql) _must_check;
enum php_flow sql_schema_difference(struct php_run *run, const struct platform *platform,
        struct php_value difference, bool keep, struct php_value *sql) _must_check;

/* ---- Calls ---- */

enum doctrine_version version_of(struct php_run *run);
/* An argument as bytes; null and a missing one give "". */
enum php_flow text_argument(struct php_run *run, const struct php_call *call, size_t n, char **ret)
        _must_check;
/* An array of strings; not given: an empty one. */
enum php_flow list_argument(struct php_run *run, const struct php_call *call, size_t n, char ***ret)
        _must_check;
enum php_flow strings_of(struct php_run *run, struct php_value array, char ***ret) _must_check;
struct php_value strings_value(char *const *strings);
bool strings_contain(char *const *strings, const char *text);
/* A copy; a name that comes twice counts once, as it would be the same key of an array. */
char **strings_without_doubles(char *const *names);
enum php_flow text_of(struct php_run *run, struct php_value value, char **ret) _must_check; /* (string) */
struct php_value this_value(const struct php_call *call); /* $this, one more count */
/* Like array_merge. */
void array_merge(struct php_value *target, struct php_value source);
bool value_isset(const struct php_value *value); /* there, and not null */
enum php_flow doctrine_throw(struct php_run *run, const char *class, int64_t code, const char *format, ...)
        _printf(4, 5);

/* ---- Classes ---- */

struct doctrine_method {
        struct php_host_method method;
        enum doctrine_version from, gone; /* gone 0: never */
};
struct doctrine_constant {
        struct php_host_constant constant;
        enum doctrine_version from, gone;
};
struct doctrine_class {
        struct php_host_class class; /* its methods and constants are those below */
        const struct doctrine_method *methods; /* ends with name NULL; or NULL */
        const struct doctrine_constant *constants; /* ends with name NULL; or NULL */
        enum doctrine_version from, gone;
        const struct doctrine_method *more; /* methods from another file; or NULL */
};
/* Registers what this version has of a table that ends with name NULL. */
void classes_register(struct php_run *run, enum doctrine_version version, const struct doctrine_class *table);

extern const struct doctrine_class asset_classes[], column_classes[], comparator_classes[],
        exception_classes[], foreign_key_classes[], index_classes[], manager_classes[], platform_classes[],
        schema_classes[], table_classes[], type_classes[];

/* The object of that type that this run has: a slot, null at first. */
struct php_value *objects_type(struct php_run *run, const struct type_info *type);
struct php_value default_table_options(struct php_run *run); /* Mautic's; owned by the caller */
