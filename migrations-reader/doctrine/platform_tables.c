/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/objects.h"
#include "migrations-reader/doctrine/schema_errors.h"

#include <string.h>
#include <strings.h>

/* Statements that make and drop tables, indexes and foreign keys. */

void sql_add(struct php_value *sql, char *statement)
{
        (void)php_array_append(sql, php_text(statement));
        free(statement);
}

static enum php_flow option_text(struct php_run *run, const struct table *table, const char *name, char **ret)
{
        const struct php_value *option = php_array_get_text(table->options, name);

        return value_isset(option) ? text_of(run, *option, ret) : PHP_OK;
}

/* trim($text, " '") of dbal 2.5 */
static char *trimmed_comment(const char *comment)
{
        size_t size;

        comment += strspn(comment, " '");
        for (size = strlen(comment); size > 0 && strchr(" '", comment[size - 1]); size--)
                ;
        return memory_copy(comment, size);
}

static enum php_flow append_collate(struct php_run *run, const struct platform *platform,
        const struct table *table, const char *charset, struct buffer *out)
{
        bool old = platform->version == DOCTRINE_2_5;
        _cleanup_free_ char *collation = NULL, *quoted = NULL;

        TRY(option_text(run, table, "collate", &collation));
        if (!collation && platform->version >= DOCTRINE_3_7)
                TRY(option_text(run, table, "collation", &collation));
        if (!collation)
                collation = old ? string_copy("utf8_unicode_ci") : string_format("%s_unicode_ci", charset);
        quoted = platform_quote_single(collation);
        buffer_append_format(out, " COLLATE %s", old ? collation : quoted);
        return PHP_OK;
}

static enum php_flow append_options(
        struct php_run *run, const struct platform *platform, const struct table *table, struct buffer *out)
{
        _cleanup_free_ char *whole = NULL, *charset = NULL, *engine = NULL, *next = NULL, *comment = NULL;
        _cleanup_free_ char *row_format = NULL, *trimmed = NULL;

        TRY(option_text(run, table, "table_options", &whole));
        if (whole) {
                buffer_append_string(out, whole);
                return PHP_OK;
        }
        TRY(option_text(run, table, "charset", &charset));
        TRY(option_text(run, table, "engine", &engine));
        TRY(option_text(run, table, "auto_increment", &next));
        TRY(option_text(run, table, "comment", &comment));
        TRY(option_text(run, table, "row_format", &row_format));
        buffer_append_format(out, "DEFAULT CHARACTER SET %s", charset ? charset : "utf8");
        TRY(append_collate(run, platform, table, charset ? charset : "utf8", out));
        buffer_append_format(out, " ENGINE = %s", engine ? engine : "InnoDB");
        if (next)
                buffer_append_format(out, " AUTO_INCREMENT = %s", next);
        if (comment) {
                if (platform->version == DOCTRINE_2_5)
                        trimmed = trimmed_comment(comment);
                buffer_append_string(out, " COMMENT = ");
                platform_append_literal(out, trimmed ? trimmed : comment);
                buffer_append_string(out, " ");
        }
        if (row_format)
                buffer_append_format(out, " ROW_FORMAT = %s", row_format);
        return PHP_OK;
}

const char *index_flags_sql(const struct index *index)
{
        if (index->unique)
                return "UNIQUE ";
        if (index_has_flag(index, "fulltext"))
                return "FULLTEXT ";
        return index_has_flag(index, "spatial") ? "SPATIAL " : "";
}

static enum php_flow append_columns(
        struct php_run *run, const struct platform *platform, const struct table *table, struct buffer *out)
{
        _cleanup_php_value_ struct php_value columns = PHP_NULL_VALUE;
        _cleanup_free_ char *table_name = asset_name(&table->asset);
        struct php_value object;
        bool first = true;

        TRY(table_columns(run, table, &columns));
        if (php_array_count(columns) == 0)
                return php_throw(run, dbal_root_exception(platform->version),
                        "No columns specified for table %s", table_name);
        for (size_t at = 0; php_array_next(columns, &at, NULL, &object); first = false) {
                const struct column *column = column_of(run, object);
                _cleanup_free_ char *name = asset_quoted_name(&column->asset, platform);
                _cleanup_php_value_ struct php_value sent = PHP_NULL_VALUE;

                if (!first)
                        buffer_append_string(out, ", ");
                TRY(column_sent(run, platform, column, &sent));
                TRY(column_declaration(run, platform, name, sent, out));
        }
        return PHP_OK;
}

static enum php_flow no_columns(struct php_run *run)
{
        return php_throw(run, "InvalidArgumentException", "Incomplete definition. 'columns' required.");
}

static enum php_flow append_indexes(
        struct php_run *run, const struct platform *platform, const struct table *table, struct buffer *out)
{
        const struct index *primary = NULL;
        struct php_value object;

        for (size_t at = 0; php_array_next(table->indexes, &at, NULL, &object);) {
                const struct index *index = index_of(run, object);
                _cleanup_free_ char *name = asset_quoted_name(&index->asset, platform);
                _cleanup_free_ char *columns = index_columns_sql(index, platform);

                if (index->primary) {
                        primary = index;
                        continue;
                }
                if (!index->columns[0])
                        return no_columns(run);
                buffer_append_format(out, ", %sINDEX %s (%s)", index_flags_sql(index), name, columns);
        }
        if (primary && primary->columns[0]) {
                _cleanup_free_ char *columns = index_columns_sql(primary, platform);

                buffer_append_format(out, ", PRIMARY KEY(%s)", columns);
        }
        return PHP_OK;
}

bool engine_has_foreign_keys(enum doctrine_version version, const char *engine)
{
        size_t size;

        if (!engine)
                return true;
        engine += strspn(engine, " \t\n\r\v");
        size = strlen(engine);
        while (size > 0 && strchr(" \t\n\r\v", engine[size - 1]))
                size--;
        return size == strlen("InnoDB") && strncasecmp(engine, "InnoDB", size) == 0;
}

static enum php_flow create_foreign_keys(struct php_run *run, const struct platform *platform,
        const struct table *table, struct php_value *sql)
{
        _cleanup_free_ char *name = asset_quoted_name(&table->asset, platform);
        struct php_value object;

        for (size_t at = 0; php_array_next(table->foreign_keys, &at, NULL, &object);)
                TRY(sql_create_foreign_key(run, platform, foreign_key_of(run, object), name, sql));
        return PHP_OK;
}

enum php_flow sql_create_table(struct php_run *run, const struct platform *platform,
        const struct table *table, bool indexes, bool foreign_keys, struct php_value *sql)
{
        const struct php_value *temporary = php_array_get_text(table->options, "temporary");
        _cleanup_free_ char *name = asset_quoted_name(&table->asset, platform), *partitions = NULL;
        _cleanup_buffer_ struct buffer out = {0};

        buffer_append_format(
                &out, "CREATE %sTABLE %s (", temporary && php_truth(*temporary) ? "TEMPORARY " : "", name);
        TRY(append_columns(run, platform, table, &out));
        if (indexes)
                TRY(append_indexes(run, platform, table, &out));
        buffer_append_string(&out, ") ");
        TRY(append_options(run, platform, table, &out));
        TRY(option_text(run, table, "partition_options", &partitions));
        if (partitions)
                buffer_append_format(&out, " %s", partitions);
        sql_add(sql, buffer_steal(&out));
        if (foreign_keys && engine_has_foreign_keys(platform->version, table_option(table, "engine")))
                return create_foreign_keys(run, platform, table, sql);
        return PHP_OK;
}

/* All tables first, then their foreign keys; before dbal 3 whatever the engine. */
enum php_flow sql_create_tables(
        struct php_run *run, const struct platform *platform, struct php_value tables, struct php_value *sql)
{
        struct php_value object;

        for (size_t at = 0; php_array_next(tables, &at, NULL, &object);)
                TRY(sql_create_table(run, platform, table_of(run, object), true, false, sql));
        for (size_t at = 0; php_array_next(tables, &at, NULL, &object);) {
                const struct table *table = table_of(run, object);

                if (platform->version < DOCTRINE_3_7 ||
                        engine_has_foreign_keys(platform->version, table_option(table, "engine")))
                        TRY(create_foreign_keys(run, platform, table, sql));
        }
        return PHP_OK;
}

void sql_drop_table(const char *table, struct php_value *sql)
{
        sql_add(sql, string_format("DROP TABLE %s", table));
}

enum php_flow sql_create_index(struct php_run *run, const struct platform *platform,
        const struct index *index, const char *table, struct php_value *sql)
{
        _cleanup_free_ char *name = asset_quoted_name(&index->asset, platform);
        _cleanup_free_ char *columns = index_columns_sql(index, platform);

        if (!index->columns[0] && platform->version >= DOCTRINE_3_7)
                return php_throw(run, "InvalidArgumentException",
                        "Incomplete or invalid index definition %s on table %s", name, table);
        if (!index->columns[0])
                return no_columns(run);
        if (index->primary)
                sql_add(sql, string_format("ALTER TABLE %s ADD PRIMARY KEY (%s)", table, columns));
        else
                sql_add(sql, string_format("CREATE %sINDEX %s ON %s (%s)", index_flags_sql(index), name,
                                     table, columns));
        return PHP_OK;
}

void sql_drop_index(
        const struct platform *platform, const struct index *index, const char *table, struct php_value *sql)
{
        _cleanup_free_ char *name = asset_quoted_name(&index->asset, platform);

        if (index->primary)
                sql_add(sql, string_format("ALTER TABLE %s DROP PRIMARY KEY", table));
        else
                sql_add(sql, string_format("DROP INDEX %s ON %s", name, table));
}

static enum php_flow append_action(struct php_run *run, const struct foreign_key *key, const char *event,
        const char *words, struct buffer *out)
{
        static const char *const actions[] = {"CASCADE", "SET NULL", "NO ACTION", "RESTRICT", "SET DEFAULT"};
        const struct php_value *option = php_array_get_text(key->options, event);
        _cleanup_free_ char *action = NULL;

        if (!value_isset(option))
                return PHP_OK;
        TRY(text_of(run, *option, &action));
        for (char *at = action; *at; at++)
                if (*at >= 'a' && *at <= 'z')
                        *at = (char)(*at - ('a' - 'A'));
        for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
                if (strcmp(action, actions[i]) == 0) {
                        buffer_append_format(out, " %s %s", words, action);
                        return PHP_OK;
                }
        return php_throw(run, "InvalidArgumentException", "Invalid foreign key action: %s", action);
}

static void append_names(struct buffer *out, char *const *names, const struct platform *platform)
{
        for (size_t i = 0; names[i]; i++) {
                _cleanup_free_ char *name = name_quoted(names[i], platform);

                buffer_append_format(out, "%s%s", i > 0 ? ", " : "", name);
        }
}

static enum php_flow check_definition(struct php_run *run, const struct foreign_key *key)
{
        _cleanup_free_ char *table = foreign_key_table_name(key);
        const char *missing = !key->columns[0]           ? "local"
                              : !key->foreign_columns[0] ? "foreign"
                              : !*table                  ? "foreignTable"
                                                         : NULL;

        if (!missing)
                return PHP_OK;
        return php_throw(run, "InvalidArgumentException", "Incomplete definition. '%s' required.", missing);
}

enum php_flow foreign_key_declaration(struct php_run *run, const struct platform *platform,
        const struct foreign_key *key, struct buffer *out)
{
        _cleanup_free_ char *name = asset_quoted_name(&key->asset, platform);
        _cleanup_free_ char *table = foreign_key_table_quoted(key, platform), *match = NULL;
        const struct php_value *option = php_array_get_text(key->options, "match");

        TRY(check_definition(run, key));
        if (key->asset.name && *key->asset.name)
                buffer_append_format(out, "CONSTRAINT %s ", name);
        buffer_append_string(out, "FOREIGN KEY (");
        append_names(out, key->columns, platform);
        buffer_append_format(out, ") REFERENCES %s (", table);
        append_names(out, key->foreign_columns, platform);
        buffer_append_string(out, ")");
        if (value_isset(option)) {
                TRY(text_of(run, *option, &match));
                buffer_append_format(out, " MATCH %s", match);
        }
        TRY(append_action(run, key, "onUpdate", "ON UPDATE", out));
        return append_action(run, key, "onDelete", "ON DELETE", out);
}

enum php_flow sql_create_foreign_key(struct php_run *run, const struct platform *platform,
        const struct foreign_key *key, const char *table, struct php_value *sql)
{
        _cleanup_buffer_ struct buffer out = {0};

        buffer_append_format(&out, "ALTER TABLE %s ADD ", table);
        TRY(foreign_key_declaration(run, platform, key, &out));
        sql_add(sql, buffer_steal(&out));
        return PHP_OK;
}

void sql_drop_foreign_key(const struct platform *platform, const struct foreign_key *key, const char *table,
        struct php_value *sql)
{
        _cleanup_free_ char *name = asset_quoted_name(&key->asset, platform);

        sql_add(sql, string_format("ALTER TABLE %s DROP FOREIGN KEY %s", table, name));
}
