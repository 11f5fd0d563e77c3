/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/platform.h"

#include "migrations-reader/doctrine/introspection.h"
#include "migrations-reader/doctrine/keywords.h"
#include "migrations-reader/doctrine/schema_errors.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PLATFORMS DBAL "Platforms\\"

static const struct {
        const char *old_class, *class; /* of dbal 2 and 3 */
        unsigned keywords_25, keywords_2, keywords_3;
} kinds[] = {
        [PLATFORM_MYSQL] = {PLATFORMS "MySqlPlatform", PLATFORMS "MySQLPlatform", KEYWORDS_MYSQL_25,
                KEYWORDS_MYSQL, KEYWORDS_MYSQL},
        [PLATFORM_MYSQL57] = {PLATFORMS "MySQL57Platform", PLATFORMS "MySQL57Platform", KEYWORDS_MYSQL57_25,
                KEYWORDS_MYSQL57, KEYWORDS_MYSQL57},
        [PLATFORM_MYSQL80] = {PLATFORMS "MySQL80Platform", PLATFORMS "MySQL80Platform", KEYWORDS_MYSQL57_25,
                KEYWORDS_MYSQL80, KEYWORDS_MYSQL80},
        [PLATFORM_MARIADB] = {PLATFORMS "MariaDBPlatform", PLATFORMS "MariaDBPlatform", KEYWORDS_MYSQL_25,
                KEYWORDS_MARIADB102, KEYWORDS_MARIADB},
        [PLATFORM_MARIADB1027] = {PLATFORMS "MariaDb1027Platform", PLATFORMS "MariaDb1027Platform",
                KEYWORDS_MYSQL_25, KEYWORDS_MARIADB102, KEYWORDS_MARIADB},
        [PLATFORM_MARIADB1043] = {PLATFORMS "MariaDb1043Platform", PLATFORMS "MariaDb1043Platform",
                KEYWORDS_MYSQL_25, KEYWORDS_MARIADB102, KEYWORDS_MARIADB},
        [PLATFORM_MARIADB1052] = {PLATFORMS "MariaDb1052Platform", PLATFORMS "MariaDb1052Platform",
                KEYWORDS_MYSQL_25, KEYWORDS_MARIADB102, KEYWORDS_MARIADB},
};

const char *platform_class(const struct platform *platform)
{
        return platform->version >= DOCTRINE_3_7 ? kinds[platform->kind].class
                                                 : kinds[platform->kind].old_class;
}

bool platform_has_json(const struct platform *platform)
{
        return platform->version >= DOCTRINE_2_10 &&
               (platform->kind == PLATFORM_MYSQL57 || platform->kind == PLATFORM_MYSQL80);
}

bool platform_is_mariadb1027(const struct platform *platform)
{
        return platform->kind >= PLATFORM_MARIADB1027;
}

bool platform_renames_indexes(const struct platform *platform)
{
        return platform->kind == PLATFORM_MYSQL57 || platform->kind == PLATFORM_MYSQL80 ||
               platform->kind == PLATFORM_MARIADB1052;
}

void platform_append_literal(struct buffer *out, const char *text)
{
        buffer_append_string(out, "'");
        for (; *text; text++)
                buffer_append(out,
                        *text == '\\'   ? "\\\\"
                        : *text == '\'' ? "''"
                                        : text,
                        *text == '\\' || *text == '\'' ? 2 : 1);
        buffer_append_string(out, "'");
}

/* ---- Which platform ---- */

static unsigned number(unsigned major, unsigned minor, unsigned patch)
{
        return major * 1000000 + minor * 1000 + patch;
}

static enum platform_kind mariadb_kind(enum doctrine_version version, unsigned server)
{
        if (version == DOCTRINE_2_5 || server < number(10, 2, 7))
                return PLATFORM_MYSQL;
        if (version < DOCTRINE_3_7 || server < number(10, 4, 3))
                return PLATFORM_MARIADB1027;
        return server < number(10, 5, 2) ? PLATFORM_MARIADB1043 : PLATFORM_MARIADB1052;
}

static enum platform_kind mysql_kind(enum doctrine_version version, unsigned server)
{
        unsigned since_57 = version == DOCTRINE_2_5 ? number(5, 7, 0) : number(5, 7, 9);

        if (server < since_57)
                return PLATFORM_MYSQL;
        return version == DOCTRINE_2_5 || server < number(8, 0, 0) ? PLATFORM_MYSQL57 : PLATFORM_MYSQL80;
}

/* AbstractMySQLDriver: a version as Mautic's db_server_version tells it ("5.5", "5.7", "mariadb-10.3.9"). */
static enum platform_kind kind_of_text(enum doctrine_version version, const char *text)
{
        bool mariadb = strcasestr(text, "mariadb");
        unsigned major = 0, minor = 0, patch = 0;
        int count;

        if (strncasecmp(text, "5.5.5-", strlen("5.5.5-")) == 0 && mariadb)
                text += strlen("5.5.5-");
        if (strncasecmp(text, "mariadb-", strlen("mariadb-")) == 0)
                text += strlen("mariadb-");
        count = sscanf(text, "%9u.%9u.%9u", &major, &minor, &patch);
        if (mariadb)
                return mariadb_kind(version, number(major, minor, patch));
        if (version >= DOCTRINE_2_10 && count == 2 && major == 5 && minor == 7)
                patch = 9;
        return mysql_kind(version, number(major, minor, patch));
}

enum platform_kind platform_kind_of(const struct doctrine *doctrine)
{
        const struct database_server *server = doctrine->schema ? &doctrine->schema->server : NULL;

        if (doctrine->server_version)
                return kind_of_text(doctrine->version, doctrine->server_version);
        if (!server)
                return PLATFORM_MYSQL;
        if (server->mariadb)
                return mariadb_kind(doctrine->version, number(server->major, server->minor, server->patch));
        return mysql_kind(doctrine->version, number(server->major, server->minor, server->patch));
}

struct platform *platform_new(enum doctrine_version version, enum platform_kind kind, bool configured)
{
        struct platform *platform = memory_new(sizeof(*platform));

        platform->kind = kind;
        platform->version = version;
        platform->keywords = version == DOCTRINE_2_5  ? kinds[kind].keywords_25
                             : version < DOCTRINE_3_7 ? kinds[kind].keywords_2
                                                      : kinds[kind].keywords_3;
        platform->configured = configured;
        platform->mapping = php_new_array();
        platform->commented = php_new_array();
        return platform;
}

static void platform_free(void *host)
{
        struct platform *platform = host;

        if (!platform)
                return;
        php_clear(&platform->mapping);
        php_clear(&platform->commented);
        free(platform);
}

struct platform *platform_of(struct php_run *run, struct php_value platform)
{
        return platform.type == PHP_TYPE_OBJECT ? php_host_data(run, platform, PLATFORMS "AbstractPlatform")
                                                : NULL;
}

/* ---- Methods about tables, indexes and foreign keys ---- */

/* A Table's quoted name, or the string that was given. */
static enum php_flow table_name(
        struct php_run *run, struct php_call *call, size_t n, bool identifier, char **ret)
{
        struct table *table = table_of(run, php_argument(call, n));
        _cleanup_free_ char *text = NULL;

        if (table) {
                *ret = asset_quoted_name(&table->asset, call->this_host);
                return PHP_OK;
        }
        TRY(text_argument(run, call, n, &text));
        *ret = identifier ? name_quoted(text, call->this_host) : steal(&text);
        return PHP_OK;
}

/* A foreign key's or an index's quoted name, or that of a string. */
static enum php_flow constraint_name(
        struct php_run *run, struct php_call *call, size_t n, bool identifier, char **ret)
{
        struct foreign_key *key = foreign_key_of(run, php_argument(call, n));
        struct index *index = index_of(run, php_argument(call, n));
        const struct asset *asset = key ? &key->asset : index ? &index->asset : NULL;
        _cleanup_free_ char *text = NULL;

        if (asset) {
                *ret = asset_quoted_name(asset, call->this_host);
                return PHP_OK;
        }
        TRY(text_argument(run, call, n, &text));
        *ret = identifier ? name_quoted(text, call->this_host) : steal(&text);
        return PHP_OK;
}

static enum php_flow return_text(struct php_call *call, char *text)
{
        *call->ret = php_text(text);
        free(text);
        return PHP_OK;
}

/* The first of the statements, which is the only one. */
static enum php_flow return_first(struct php_call *call, struct php_value sql)
{
        const struct php_value *first = php_array_get(sql, php_key_int(0));

        return php_return(call, first ? php_copy(*first) : PHP_NULL_VALUE);
}

static enum php_flow drop_table_sql(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *table = NULL;

        TRY(table_name(run, call, 0, false, &table));
        return return_text(call, string_format("DROP TABLE %s", table));
}

static enum php_flow drop_temporary_table_sql(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *table = NULL;

        TRY(table_name(run, call, 0, false, &table));
        return return_text(call, string_format("DROP TEMPORARY TABLE %s", table));
}

static enum php_flow drop_index_sql(struct php_run *run, struct php_call *call)
{
        const struct index *index = index_of(run, php_argument(call, 0));
        _cleanup_free_ char *name = NULL, *table = NULL;

        TRY(constraint_name(run, call, 0, false, &name));
        TRY(table_name(run, call, 1, false, &table));
        if (index && index->primary)
                return return_text(call, string_format("ALTER TABLE %s DROP PRIMARY KEY", table));
        return return_text(call, string_format("DROP INDEX %s ON %s", name, table));
}

static enum php_flow drop_constraint_sql(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = NULL, *table = NULL;

        TRY(constraint_name(run, call, 0, true, &name));
        TRY(table_name(run, call, 1, true, &table));
        return return_text(call, string_format("ALTER TABLE %s DROP CONSTRAINT %s", table, name));
}

static enum php_flow drop_foreign_key_sql(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = NULL, *table = NULL;

        TRY(constraint_name(run, call, 0, true, &name));
        TRY(table_name(run, call, 1, true, &table));
        return return_text(call, string_format("ALTER TABLE %s DROP FOREIGN KEY %s", table, name));
}

static enum php_flow create_table_sql(struct php_run *run, struct php_call *call)
{
        const struct table *table = table_of(run, php_argument(call, 0));
        struct php_value flags = call->count > 1 ? php_argument(call, 1) : php_int(1);
        _cleanup_php_value_ struct php_value sql = php_new_array();

        if (!table || flags.type != PHP_TYPE_INT)
                return php_needs_php(run, "getCreateTableSQL() with other arguments than a Table and flags");
        TRY(sql_create_table(run, call->this_host, table, flags.integer & 1, flags.integer & 2, &sql));
        return php_return(call, php_steal(&sql));
}

static enum php_flow create_tables_sql(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value sql = php_new_array();

        TRY(sql_create_tables(run, call->this_host, php_argument(call, 0), &sql));
        return php_return(call, php_steal(&sql));
}

static enum php_flow drop_tables_sql(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value sql = php_new_array();

        TRY(sql_drop_tables(run, call->this_host, php_argument(call, 0), &sql));
        return php_return(call, php_steal(&sql));
}

static enum php_flow alter_table_sql(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value sql = php_new_array();

        if (!php_instance_of(run, php_argument(call, 0), DBAL "Schema\\TableDiff"))
                return php_needs_php(run, "getAlterTableSQL() of something else than a TableDiff");
        TRY(sql_alter_table(run, call->this_host, php_argument(call, 0), &sql));
        return php_return(call, php_steal(&sql));
}

static enum php_flow alter_schema_sql(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value sql = php_new_array();

        TRY(sql_schema_difference(run, call->this_host, php_argument(call, 0), false, &sql));
        return php_return(call, php_steal(&sql));
}

static enum php_flow create_index_sql(struct php_run *run, struct php_call *call)
{
        const struct index *index = index_of(run, php_argument(call, 0));
        _cleanup_php_value_ struct php_value sql = php_new_array();
        _cleanup_free_ char *table = NULL;

        if (!index)
                return php_needs_php(run, "getCreateIndexSQL() of something else than an Index");
        TRY(table_name(run, call, 1, false, &table));
        TRY(sql_create_index(run, call->this_host, index, table, &sql));
        return return_first(call, sql);
}

static enum php_flow create_primary_key_sql(struct php_run *run, struct php_call *call)
{
        const struct index *index = index_of(run, php_argument(call, 0));
        _cleanup_free_ char *table = NULL, *columns = NULL;

        if (!index)
                return php_needs_php(run, "getCreatePrimaryKeySQL() of something else than an Index");
        TRY(table_name(run, call, 1, false, &table));
        columns = index_columns_sql(index, call->this_host);
        return return_text(call, string_format("ALTER TABLE %s ADD PRIMARY KEY (%s)", table, columns));
}

static enum php_flow create_foreign_key_sql(struct php_run *run, struct php_call *call)
{
        const struct foreign_key *key = foreign_key_of(run, php_argument(call, 0));
        _cleanup_php_value_ struct php_value sql = php_new_array();
        _cleanup_free_ char *table = NULL;

        if (!key)
                return php_needs_php(run, "getCreateForeignKeySQL() of something else than a foreign key");
        TRY(table_name(run, call, 1, false, &table));
        TRY(sql_create_foreign_key(run, call->this_host, key, table, &sql));
        return return_first(call, sql);
}

static enum php_flow foreign_key_declaration_sql(struct php_run *run, struct php_call *call)
{
        const struct foreign_key *key = foreign_key_of(run, php_argument(call, 0));
        _cleanup_buffer_ struct buffer out = {0};

        if (!key)
                return php_needs_php(run, "getForeignKeyDeclarationSQL() of something else");
        TRY(foreign_key_declaration(run, call->this_host, key, &out));
        return php_return(call, php_from_buffer(&out));
}

static enum php_flow rename_table_sql(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *from = NULL, *to = NULL;
        struct php_value sql = php_new_array();

        if (text_argument(run, call, 0, &from) != PHP_OK || text_argument(run, call, 1, &to) != PHP_OK) {
                php_release(sql);
                return php_needs_php(run, "getRenameTableSQL() of something else than names");
        }
        sql_add(&sql, string_format("ALTER TABLE %s RENAME TO %s", from, to));
        return php_return(call, sql);
}

static enum php_flow truncate_sql(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *table = NULL;

        TRY(table_name(run, call, 0, true, &table));
        return return_text(call, string_format("TRUNCATE %s", table));
}

static enum php_flow column_declaration_sql(struct php_run *run, struct php_call *call)
{
        _cleanup_buffer_ struct buffer out = {0};
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        if (php_argument(call, 1).type != PHP_TYPE_ARRAY)
                return php_needs_php(run, "getColumnDeclarationSQL() of something else than an array");
        TRY(column_declaration(run, call->this_host, name, php_argument(call, 1), &out));
        return php_return(call, php_from_buffer(&out));
}

static enum php_flow default_declaration_sql(struct php_run *run, struct php_call *call)
{
        _cleanup_buffer_ struct buffer out = {0};

        if (php_argument(call, 0).type != PHP_TYPE_ARRAY)
                return php_needs_php(run, "getDefaultValueDeclarationSQL() of something else than an array");
        buffer_append_string(&out, "");
        TRY(default_declaration(run, call->this_host, php_argument(call, 0), &out));
        return php_return(call, php_from_buffer(&out));
}

/* ---- Types ---- */

static enum php_flow get_mapping(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = NULL, *lower = NULL;
        const char *mapped;

        TRY(text_argument(run, call, 0, &name));
        lower = name_normalize(name);
        mapped = platform_map_type(call->this_host, lower);
        if (!mapped)
                return throw_unknown_database_type(run, call->this_host, lower);
        return php_return(call, php_text(mapped));
}

static enum php_flow has_mapping(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = NULL, *lower = NULL;

        TRY(text_argument(run, call, 0, &name));
        lower = name_normalize(name);
        return php_return(call, php_bool(platform_map_type(call->this_host, lower)));
}

static enum php_flow register_mapping(struct php_run *run, struct php_call *call)
{
        struct platform *platform = call->this_host;
        _cleanup_free_ char *name = NULL, *lower = NULL, *type = NULL;

        TRY(text_argument(run, call, 0, &name));
        TRY(text_argument(run, call, 1, &type));
        if (!type_find(platform->version, type))
                return php_throw(run, dbal_root_exception(platform->version),
                        "Type to be overwritten %s does not exist.", type);
        lower = name_normalize(name);
        php_array_set_text(&platform->mapping, lower, php_text(type));
        return PHP_OK;
}

static enum php_flow is_commented(struct php_run *run, struct php_call *call)
{
        const struct type_info *type = type_of(run, php_argument(call, 0));

        if (!type)
                return php_needs_php(run, "a Doctrine type of its own");
        return php_return(call, php_bool(type_needs_hint(type, call->this_host)));
}

static enum php_flow mark_commented(struct php_run *run, struct php_call *call)
{
        struct platform *platform = call->this_host;
        const struct type_info *type = type_of(run, php_argument(call, 0));
        _cleanup_free_ char *name = NULL;

        if (!type)
                TRY(text_argument(run, call, 0, &name));
        (void)php_array_append(&platform->commented, php_text(type ? type->name : name));
        return PHP_OK;
}

static enum php_flow type_comment(struct php_run *run, struct php_call *call)
{
        const struct type_info *type = type_of(run, php_argument(call, 0));

        if (!type)
                return php_needs_php(run, "a Doctrine type of its own");
        return return_text(call, string_format("(DC2Type:%s)", type->name));
}

/* ---- Quoting ---- */

static enum php_flow quote_identifier(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        return return_text(call, platform_quote_name(name));
}

static enum php_flow quote_single_identifier(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        return return_text(call, platform_quote_single(name));
}

static enum php_flow quote_literal(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_buffer_ struct buffer out = {0};

        TRY(text_argument(run, call, 0, &text));
        platform_append_literal(&out, text);
        return php_return(call, php_from_buffer(&out));
}

static enum php_flow get_keywords(struct php_run *run, struct php_call *call)
{
        unsigned *lists = memory_new(sizeof(*lists));

        *lists = ((struct platform *)call->this_host)->keywords;
        return php_return(call, php_host_object(run, PLATFORMS "Keywords\\KeywordList", lists));
}

static enum php_flow is_keyword(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *word = NULL;

        TRY(text_argument(run, call, 0, &word));
        return php_return(call, php_bool(keyword_is_reserved(word, *(unsigned *)call->this_host)));
}

static enum php_flow construct(struct php_run *run, struct php_call *call, enum platform_kind kind)
{
        php_set_host_data(call->this, platform_new(version_of(run), kind, false));
        return PHP_OK;
}

#define CONSTRUCTOR(name, kind)                                                                              \
        static enum php_flow construct_##name(struct php_run *run, struct php_call *call)                    \
        {                                                                                                    \
                return construct(run, call, kind);                                                           \
        }

CONSTRUCTOR(mysql, PLATFORM_MYSQL)
CONSTRUCTOR(mysql57, PLATFORM_MYSQL57)
CONSTRUCTOR(mysql80, PLATFORM_MYSQL80)
CONSTRUCTOR(mariadb, PLATFORM_MARIADB)
CONSTRUCTOR(mariadb1027, PLATFORM_MARIADB1027)
CONSTRUCTOR(mariadb1043, PLATFORM_MARIADB1043)
CONSTRUCTOR(mariadb1052, PLATFORM_MARIADB1052)

static const struct doctrine_method platform_methods[] = {
        {{"getDropTableSQL", drop_table_sql, 1, PHP_ANY}},
        {{"getDropTemporaryTableSQL", drop_temporary_table_sql, 1, PHP_ANY}},
        {{"getDropIndexSQL", drop_index_sql, 2, PHP_ANY}},
        {{"getDropUniqueConstraintSQL", drop_index_sql, 2, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getDropConstraintSQL", drop_constraint_sql, 2, PHP_ANY}},
        {{"getDropForeignKeySQL", drop_foreign_key_sql, 2, PHP_ANY}},
        {{"getCreateTableSQL", create_table_sql, 1, PHP_ANY}},
        {{"getCreateTablesSQL", create_tables_sql, 1, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getDropTablesSQL", drop_tables_sql, 1, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getAlterTableSQL", alter_table_sql, 1, PHP_ANY}},
        {{"getAlterSchemaSQL", alter_schema_sql, 1, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getCreateIndexSQL", create_index_sql, 2, PHP_ANY}},
        {{"getCreatePrimaryKeySQL", create_primary_key_sql, 2, PHP_ANY}},
        {{"getCreateForeignKeySQL", create_foreign_key_sql, 2, PHP_ANY}},
        {{"getForeignKeyDeclarationSQL", foreign_key_declaration_sql, 1, PHP_ANY}},
        {{"getRenameTableSQL", rename_table_sql, 2, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"getTruncateTableSQL", truncate_sql, 1, PHP_ANY}},
        {{"getColumnDeclarationSQL", column_declaration_sql, 2, PHP_ANY}},
        {{"getDefaultValueDeclarationSQL", default_declaration_sql, 1, PHP_ANY}},
        {{"getDoctrineTypeMapping", get_mapping, 1, PHP_ANY}},
        {{"hasDoctrineTypeMappingFor", has_mapping, 1, PHP_ANY}},
        {{"registerDoctrineTypeMapping", register_mapping, 2, PHP_ANY}},
        {{"isCommentedDoctrineType", is_commented, 1, PHP_ANY}},
        {{"markDoctrineTypeCommented", mark_commented, 1, PHP_ANY}},
        {{"getDoctrineTypeComment", type_comment, 1, PHP_ANY}},
        {{"quoteIdentifier", quote_identifier, 1, PHP_ANY}},
        {{"quoteSingleIdentifier", quote_single_identifier, 1, PHP_ANY}},
        {{"quoteStringLiteral", quote_literal, 1, PHP_ANY}},
        {{"getReservedKeywordsList", get_keywords, 0, PHP_ANY}},
        {{NULL}},
};

static const struct doctrine_method keyword_methods[] = {
        {{"isKeyword", is_keyword, 1, PHP_ANY}},
        {{NULL}},
};

#define NUMBER(name, value)                                                                                  \
        {                                                                                                    \
                {                                                                                            \
                        name, PHP_TYPE_INT, value, NULL                                                      \
                }                                                                                            \
        }

static const struct doctrine_constant flags[] = {
        NUMBER("CREATE_INDEXES", 1),
        NUMBER("CREATE_FOREIGNKEYS", 2),
        {{NULL}},
};

static const struct doctrine_constant limits[] = {
        NUMBER("LENGTH_LIMIT_TINYTEXT", 255),
        NUMBER("LENGTH_LIMIT_TEXT", 65535),
        NUMBER("LENGTH_LIMIT_MEDIUMTEXT", 16777215),
        NUMBER("LENGTH_LIMIT_TINYBLOB", 255),
        NUMBER("LENGTH_LIMIT_BLOB", 65535),
        NUMBER("LENGTH_LIMIT_MEDIUMBLOB", 16777215),
        {{NULL}},
};

/* Which platform a class makes, and below which other it stands. */
#define PLATFORM(class_name, parent_name, constructor)                                                       \
        {                                                                                                    \
                .name = PLATFORMS class_name, .parent = PLATFORMS parent_name,                               \
                .construct = construct_##constructor, .release = platform_free                               \
        }

const struct doctrine_class platform_classes[] = {
        {{.name = PLATFORMS "AbstractPlatform", .is_abstract = true}, platform_methods, flags,
                .more = expression_methods},
        {PLATFORM("MySqlPlatform", "AbstractPlatform", mysql), NULL, limits, .gone = DOCTRINE_3_7},
        {{.name = PLATFORMS "AbstractMySQLPlatform",
                 .parent = PLATFORMS "AbstractPlatform",
                 .is_abstract = true},
                NULL, limits, .from = DOCTRINE_3_7},
        {PLATFORM("MySQLPlatform", "AbstractMySQLPlatform", mysql), .from = DOCTRINE_3_7},
        {PLATFORM("MySQL57Platform", "MySqlPlatform", mysql57)},
        {PLATFORM("MySQL80Platform", "MySQL57Platform", mysql80), .from = DOCTRINE_2_10},
        {PLATFORM("MariaDBPlatform", "MySQLPlatform", mariadb), .from = DOCTRINE_3_7},
        {PLATFORM("MariaDb1027Platform", "MySqlPlatform", mariadb1027), .from = DOCTRINE_2_10,
                .gone = DOCTRINE_3_7},
        {PLATFORM("MariaDb1027Platform", "MariaDBPlatform", mariadb1027), .from = DOCTRINE_3_7},
        {PLATFORM("MariaDb1043Platform", "MariaDb1027Platform", mariadb1043), .from = DOCTRINE_3_7},
        {PLATFORM("MariaDb1052Platform", "MariaDb1043Platform", mariadb1052), .from = DOCTRINE_3_7},
        {{.name = PLATFORMS "Keywords\\KeywordList", .is_abstract = true, .release = free}, keyword_methods},
        {{NULL}},
};
