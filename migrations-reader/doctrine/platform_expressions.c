/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/platform.h"
#include "migrations-reader/doctrine/schema_errors.h"
#include "migrations-reader/php/operators.h"

#include <string.h>

/* What a platform says without looking at anything: SQL expressions around its arguments, and plain facts. */

/* Each $1 … $9 of the words becomes that argument. */
static enum php_flow expand(struct php_run *run, struct php_call *call, const char *words)
{
        _cleanup_buffer_ struct buffer out = {0};

        buffer_append_string(&out, "");
        for (; *words; words++) {
                _cleanup_free_ char *text = NULL;

                if (*words != '$') {
                        buffer_append(&out, words, 1);
                        continue;
                }
                TRY(text_argument(run, call, (size_t)(*++words - '1'), &text));
                buffer_append_string(&out, text);
        }
        return php_return(call, php_from_buffer(&out));
}

#define EXPRESSION(name, words)                                                                              \
        static enum php_flow name(struct php_run *run, struct php_call *call)                                \
        {                                                                                                    \
                return expand(run, call, words);                                                             \
        }

EXPRESSION(avg, "AVG($1)")
EXPRESSION(count, "COUNT($1)")
EXPRESSION(max, "MAX($1)")
EXPRESSION(min, "MIN($1)")
EXPRESSION(sum, "SUM($1)")
EXPRESSION(md5, "MD5($1)")
EXPRESSION(length, "LENGTH($1)")
EXPRESSION(char_length, "CHAR_LENGTH($1)")
EXPRESSION(sqrt_of, "SQRT($1)")
EXPRESSION(mod, "MOD($1, $2)")
EXPRESSION(rtrim, "RTRIM($1)")
EXPRESSION(ltrim, "LTRIM($1)")
EXPRESSION(upper, "UPPER($1)")
EXPRESSION(lower, "LOWER($1)")
EXPRESSION(now, "NOW()")
EXPRESSION(not_of, "NOT($1)")
EXPRESSION(is_null, "$1 IS NULL")
EXPRESSION(is_not_null, "$1 IS NOT NULL")
EXPRESSION(between, "$1 BETWEEN $2 AND $3")
EXPRESSION(acos_of, "ACOS($1)")
EXPRESSION(sin_of, "SIN($1)")
EXPRESSION(cos_of, "COS($1)")
EXPRESSION(pi, "PI()")
EXPRESSION(regexp, "RLIKE")
EXPRESSION(guid, "UUID()")
EXPRESSION(date_difference, "DATEDIFF($1, $2)")
EXPRESSION(bit_and, "($1 & $2)")
EXPRESSION(bit_or, "($1 | $2)")
EXPRESSION(add_seconds, "DATE_ADD($1, INTERVAL $2 SECOND)")
EXPRESSION(sub_seconds, "DATE_SUB($1, INTERVAL $2 SECOND)")
EXPRESSION(add_minutes, "DATE_ADD($1, INTERVAL $2 MINUTE)")
EXPRESSION(sub_minutes, "DATE_SUB($1, INTERVAL $2 MINUTE)")
EXPRESSION(add_hours, "DATE_ADD($1, INTERVAL $2 HOUR)")
EXPRESSION(sub_hours, "DATE_SUB($1, INTERVAL $2 HOUR)")
EXPRESSION(add_days, "DATE_ADD($1, INTERVAL $2 DAY)")
EXPRESSION(sub_days, "DATE_SUB($1, INTERVAL $2 DAY)")
EXPRESSION(add_weeks, "DATE_ADD($1, INTERVAL $2 WEEK)")
EXPRESSION(sub_weeks, "DATE_SUB($1, INTERVAL $2 WEEK)")
EXPRESSION(add_months, "DATE_ADD($1, INTERVAL $2 MONTH)")
EXPRESSION(sub_months, "DATE_SUB($1, INTERVAL $2 MONTH)")
EXPRESSION(add_quarters, "DATE_ADD($1, INTERVAL $2 QUARTER)")
EXPRESSION(sub_quarters, "DATE_SUB($1, INTERVAL $2 QUARTER)")
EXPRESSION(add_years, "DATE_ADD($1, INTERVAL $2 YEAR)")
EXPRESSION(sub_years, "DATE_SUB($1, INTERVAL $2 YEAR)")
EXPRESSION(for_update, "FOR UPDATE")
EXPRESSION(lock_in_share, "LOCK IN SHARE MODE")
EXPRESSION(same, "$1")
EXPRESSION(name_of_platform, "mysql")
EXPRESSION(identifier_quote, "`")
EXPRESSION(literal_quote, "'")
EXPRESSION(comment_start, "--")
EXPRESSION(comment_end, "\n")
EXPRESSION(current_date, "CURRENT_DATE")
EXPRESSION(current_time, "CURRENT_TIME")
EXPRESSION(current_timestamp, "CURRENT_TIMESTAMP")
EXPRESSION(current_database, "DATABASE()")
EXPRESSION(datetime_format, "Y-m-d H:i:s")
EXPRESSION(date_format, "Y-m-d")
EXPRESSION(time_format, "H:i:s")
EXPRESSION(savepoint, "SAVEPOINT $1")
EXPRESSION(release_savepoint, "RELEASE SAVEPOINT $1")
EXPRESSION(rollback_savepoint, "ROLLBACK TO SAVEPOINT $1")
EXPRESSION(temporary, "TEMPORARY")
EXPRESSION(create_temporary, "CREATE TEMPORARY TABLE")
EXPRESSION(show_databases, "SHOW DATABASES")
EXPRESSION(show_tables, "SHOW FULL TABLES WHERE Table_type = 'BASE TABLE'")
EXPRESSION(show_index, "SHOW INDEX FROM $1")
EXPRESSION(create_view, "CREATE VIEW $1 AS $2")
EXPRESSION(drop_view, "DROP VIEW $1")
EXPRESSION(create_database, "CREATE DATABASE $1")
EXPRESSION(drop_database, "DROP DATABASE $1")
EXPRESSION(empty_insert, "INSERT INTO $1 ($2) VALUES (null)")
EXPRESSION(empty, "")
EXPRESSION(unique, "UNIQUE")

static enum php_flow yes(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_bool(true));
}

static enum php_flow no(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_bool(false));
}

static enum php_flow longest_identifier(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_int(63));
}

static enum php_flow longest_varchar(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_int(65535));
}

static enum php_flow default_length(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_int(255));
}

static enum php_flow wildcards(struct php_run *run, struct php_call *call)
{
        char percent[] = "%", underscore[] = "_", *names[] = {percent, underscore, NULL};

        return php_return(call, strings_value(names));
}

static enum php_flow has_json(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_bool(platform_has_json(call->this_host)));
}

static enum php_flow round_of(struct php_run *run, struct php_call *call)
{
        return expand(run, call, call->count > 1 ? "ROUND($1, $2)" : "ROUND($1, 0)");
}

static enum php_flow substring(struct php_run *run, struct php_call *call)
{
        return expand(run, call,
                php_argument(call, 2).type == PHP_TYPE_NULL ? "SUBSTRING($1 FROM $2)"
                                                            : "SUBSTRING($1 FROM $2 FOR $3)");
}

static enum php_flow locate(struct php_run *run, struct php_call *call)
{
        struct php_value start = php_argument(call, 2);
        bool from_start = call->count < 3 || (start.type == PHP_TYPE_BOOL && !start.boolean);

        return expand(run, call, from_start ? "LOCATE($2, $1)" : "LOCATE($2, $1, $3)");
}

static enum php_flow dummy_select(struct php_run *run, struct php_call *call)
{
        return expand(
                run, call, call->count > 0 && version_of(run) > DOCTRINE_2_5 ? "SELECT $1" : "SELECT 1");
}

static enum php_flow concat(struct php_run *run, struct php_call *call)
{
        _cleanup_buffer_ struct buffer out = {0};

        buffer_append_string(&out, "CONCAT(");
        for (size_t i = 0; i < call->count; i++) {
                _cleanup_free_ char *text = NULL;

                TRY(text_argument(run, call, i, &text));
                buffer_append_format(&out, "%s%s", i > 0 ? ", " : "", text);
        }
        buffer_append_string(&out, ")");
        return php_return(call, php_from_buffer(&out));
}

static enum php_flow trim_of(struct php_run *run, struct php_call *call)
{
        static const char *const modes[] = {"", "LEADING ", "TRAILING ", "BOTH "};
        struct php_value mode = call->count > 1 ? php_argument(call, 1) : php_int(0);
        struct php_value with = call->count > 2 ? php_argument(call, 2) : php_bool(false);
        bool plain = with.type == PHP_TYPE_BOOL && !with.boolean;
        _cleanup_free_ char *text = NULL, *character = NULL, *trimmed = NULL;

        if (mode.type != PHP_TYPE_INT || mode.integer < 0 || mode.integer > 3)
                return php_needs_php(run, "getTrimExpression() with a mode that is not Doctrine's");
        TRY(text_argument(run, call, 0, &text));
        if (!plain)
                TRY(text_argument(run, call, 2, &character));
        trimmed = string_format("TRIM(%s%s%s%s%s)", modes[mode.integer], character ? character : "",
                character ? " " : "", mode.integer > 0 || character ? "FROM " : "", text);
        return php_return(call, php_text(trimmed));
}

static enum php_flow limit_number(struct php_run *run, struct php_call *call, size_t n, int64_t *ret)
{
        if (php_to_int(php_argument(call, n), ret) != PHP_DONE)
                return php_needs_php(run, "a limit that is no number");
        return PHP_OK;
}

/* Dbal 2.5 writes OFFSET 0 too. */
static enum php_flow modify_limit(struct php_run *run, struct php_call *call)
{
        bool old = version_of(run) == DOCTRINE_2_5;
        bool limited = php_argument(call, 1).type != PHP_TYPE_NULL;
        bool moved = php_argument(call, 2).type != PHP_TYPE_NULL;
        int64_t limit = 0, offset = 0;
        _cleanup_free_ char *query = NULL;
        _cleanup_buffer_ struct buffer out = {0};

        TRY(text_argument(run, call, 0, &query));
        TRY(limit_number(run, call, 1, &limit));
        TRY(limit_number(run, call, 2, &offset));
        if (offset < 0)
                return php_throw(run, dbal_root_exception(version_of(run)),
                        old ? "LIMIT argument offset=%lld is not valid"
                            : "Offset must be a positive integer or zero, %lld given",
                        (long long)offset);
        moved = old ? moved : offset > 0;
        buffer_append_string(&out, query);
        if (limited)
                buffer_append_format(&out, " LIMIT %lld", (long long)limit);
        else if (moved)
                buffer_append_string(&out, " LIMIT 18446744073709551615");
        if (moved)
                buffer_append_format(&out, " OFFSET %lld", (long long)offset);
        return php_return(call, php_from_buffer(&out));
}

static enum php_flow convert_booleans(struct php_run *run, struct php_call *call)
{
        struct php_value value = php_argument(call, 0), item;
        struct php_key key;

        if (value.type == PHP_TYPE_BOOL)
                return php_return(call, php_int(value.boolean));
        *call->ret = php_copy(value);
        if (value.type == PHP_TYPE_ARRAY)
                for (size_t at = 0; php_array_next(value, &at, &key, &item);)
                        if (item.type == PHP_TYPE_BOOL)
                                php_array_set(call->ret, key, php_int(item.boolean));
        return PHP_OK;
}

static enum php_flow convert_from_boolean(struct php_run *run, struct php_call *call)
{
        struct php_value value = php_argument(call, 0);

        return php_return(call, value.type == PHP_TYPE_NULL ? PHP_NULL_VALUE : php_bool(php_truth(value)));
}

static enum php_flow isolation(struct php_run *run, struct php_call *call)
{
        static const char *const levels[] = {
                "READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"};
        struct php_value level = php_argument(call, 0);
        _cleanup_free_ char *sql = NULL;

        if (level.type != PHP_TYPE_INT || level.integer < 1 || level.integer > 4)
                return php_needs_php(run, "an isolation level that is not Doctrine's");
        sql = string_format("SET SESSION TRANSACTION ISOLATION LEVEL %s", levels[level.integer - 1]);
        return php_return(call, php_text(sql));
}

/* Each get…TypeDeclarationSQL() declares as the type of that name does. */
static enum php_flow declare(struct php_run *run, struct php_call *call, const char *name)
{
        const struct type_info *type = type_find(version_of(run), name);
        _cleanup_buffer_ struct buffer out = {0};

        if (!type || php_argument(call, 0).type != PHP_TYPE_ARRAY)
                return php_needs_php(run, "a declaration of something else than an array");
        TRY(type_declaration(run, call->this_host, type, php_argument(call, 0), &out));
        return php_return(call, php_from_buffer(&out));
}

#define DECLARATION(name)                                                                                    \
        static enum php_flow declare_##name(struct php_run *run, struct php_call *call)                      \
        {                                                                                                    \
                return declare(run, call, #name);                                                            \
        }

DECLARATION(bigint)
DECLARATION(binary)
DECLARATION(blob)
DECLARATION(boolean)
DECLARATION(date)
DECLARATION(datetime)
DECLARATION(decimal)
DECLARATION(float)
DECLARATION(guid)
DECLARATION(integer)
DECLARATION(json)
DECLARATION(smallint)
DECLARATION(string)
DECLARATION(text)
DECLARATION(time)

/* What lists tables on a server: the schema manager's own way is not this one. */
static enum php_flow list_sql(struct php_run *run, struct php_call *call)
{
        return php_needs_php(run, "a platform's query for the schema");
}

#define ANY PHP_ANY

const struct doctrine_method expression_methods[] = {
        {{"getName", name_of_platform, 0, ANY}},
        {{"getAvgExpression", avg, 1, ANY}},
        {{"getCountExpression", count, 1, ANY}},
        {{"getMaxExpression", max, 1, ANY}},
        {{"getMinExpression", min, 1, ANY}},
        {{"getSumExpression", sum, 1, ANY}},
        {{"getMd5Expression", md5, 1, ANY}},
        {{"getLengthExpression", length, 1, ANY}, .gone = DOCTRINE_3_7},
        {{"getLengthExpression", char_length, 1, ANY}, .from = DOCTRINE_3_7},
        {{"getSqrtExpression", sqrt_of, 1, ANY}},
        {{"getRoundExpression", round_of, 1, ANY}},
        {{"getModExpression", mod, 2, ANY}},
        {{"getTrimExpression", trim_of, 1, ANY}},
        {{"getRtrimExpression", rtrim, 1, ANY}},
        {{"getLtrimExpression", ltrim, 1, ANY}},
        {{"getUpperExpression", upper, 1, ANY}},
        {{"getLowerExpression", lower, 1, ANY}},
        {{"getLocateExpression", locate, 2, ANY}},
        {{"getNowExpression", now, 0, ANY}},
        {{"getSubstringExpression", substring, 2, ANY}},
        {{"getConcatExpression", concat, 0, ANY}},
        {{"getNotExpression", not_of, 1, ANY}},
        {{"getIsNullExpression", is_null, 1, ANY}},
        {{"getIsNotNullExpression", is_not_null, 1, ANY}},
        {{"getBetweenExpression", between, 3, ANY}},
        {{"getAcosExpression", acos_of, 1, ANY}},
        {{"getSinExpression", sin_of, 1, ANY}},
        {{"getCosExpression", cos_of, 1, ANY}},
        {{"getPiExpression", pi, 0, ANY}},
        {{"getRegexpExpression", regexp, 0, ANY}},
        {{"getGuidExpression", guid, 0, ANY}, .gone = DOCTRINE_3_7},
        {{"getDateDiffExpression", date_difference, 2, ANY}},
        {{"getBitAndComparisonExpression", bit_and, 2, ANY}},
        {{"getBitOrComparisonExpression", bit_or, 2, ANY}},
        {{"getDateAddSecondsExpression", add_seconds, 2, ANY}},
        {{"getDateSubSecondsExpression", sub_seconds, 2, ANY}},
        {{"getDateAddMinutesExpression", add_minutes, 2, ANY}},
        {{"getDateSubMinutesExpression", sub_minutes, 2, ANY}},
        {{"getDateAddHourExpression", add_hours, 2, ANY}},
        {{"getDateSubHourExpression", sub_hours, 2, ANY}},
        {{"getDateAddDaysExpression", add_days, 2, ANY}},
        {{"getDateSubDaysExpression", sub_days, 2, ANY}},
        {{"getDateAddWeeksExpression", add_weeks, 2, ANY}},
        {{"getDateSubWeeksExpression", sub_weeks, 2, ANY}},
        {{"getDateAddMonthExpression", add_months, 2, ANY}},
        {{"getDateSubMonthExpression", sub_months, 2, ANY}},
        {{"getDateAddQuartersExpression", add_quarters, 2, ANY}},
        {{"getDateSubQuartersExpression", sub_quarters, 2, ANY}},
        {{"getDateAddYearsExpression", add_years, 2, ANY}},
        {{"getDateSubYearsExpression", sub_years, 2, ANY}},
        {{"getForUpdateSQL", for_update, 0, ANY}},
        {{"getReadLockSQL", lock_in_share, 0, ANY}},
        {{"getWriteLockSQL", for_update, 0, ANY}},
        {{"appendLockHint", same, 2, ANY}},
        {{"getIdentifierQuoteCharacter", identifier_quote, 0, ANY}},
        {{"getStringLiteralQuoteCharacter", literal_quote, 0, ANY}},
        {{"getSqlCommentStartString", comment_start, 0, ANY}},
        {{"getSqlCommentEndString", comment_end, 0, ANY}},
        {{"getCurrentDateSQL", current_date, 0, ANY}},
        {{"getCurrentTimeSQL", current_time, 0, ANY}},
        {{"getCurrentTimestampSQL", current_timestamp, 0, ANY}},
        {{"getCurrentDatabaseExpression", current_database, 0, ANY}, .from = DOCTRINE_3_7},
        {{"getDateTimeFormatString", datetime_format, 0, ANY}},
        {{"getDateTimeTzFormatString", datetime_format, 0, ANY}},
        {{"getDateFormatString", date_format, 0, ANY}},
        {{"getTimeFormatString", time_format, 0, ANY}},
        {{"createSavePoint", savepoint, 1, ANY}},
        {{"releaseSavePoint", release_savepoint, 1, ANY}},
        {{"rollbackSavePoint", rollback_savepoint, 1, ANY}},
        {{"getTemporaryTableSQL", temporary, 0, ANY}},
        {{"getCreateTemporaryTableSnippetSQL", create_temporary, 0, ANY}},
        {{"getTemporaryTableName", same, 1, ANY}},
        {{"getListDatabasesSQL", show_databases, 0, ANY}},
        {{"getListTablesSQL", show_tables, 0, ANY}},
        {{"getListTableConstraintsSQL", show_index, 1, ANY}},
        {{"getListTableColumnsSQL", list_sql, 1, ANY}},
        {{"getListTableIndexesSQL", list_sql, 1, ANY}},
        {{"getListTableForeignKeysSQL", list_sql, 1, ANY}},
        {{"getListTableMetadataSQL", list_sql, 1, ANY}, .from = DOCTRINE_2_10},
        {{"getListViewsSQL", list_sql, 1, ANY}},
        {{"getCreateViewSQL", create_view, 2, ANY}},
        {{"getDropViewSQL", drop_view, 1, ANY}},
        {{"getCreateDatabaseSQL", create_database, 1, ANY}},
        {{"getDropDatabaseSQL", drop_database, 1, ANY}},
        {{"getEmptyIdentityInsertSQL", empty_insert, 2, ANY}},
        {{"getIdentityColumnNullInsertSQL", empty, 0, ANY}},
        {{"getUniqueFieldDeclarationSQL", unique, 0, ANY}},
        {{"getDummySelectSQL", dummy_select, 0, ANY}},
        {{"getSetTransactionIsolationSQL", isolation, 1, ANY}},
        {{"getMaxIdentifierLength", longest_identifier, 0, ANY}},
        {{"getVarcharMaxLength", longest_varchar, 0, ANY}},
        {{"getBinaryMaxLength", longest_varchar, 0, ANY}},
        {{"getCharMaxLength", longest_varchar, 0, ANY}, .from = DOCTRINE_2_10},
        {{"getVarcharDefaultLength", default_length, 0, ANY}},
        {{"getBinaryDefaultLength", default_length, 0, ANY}},
        {{"getWildcards", wildcards, 0, ANY}},
        {{"modifyLimitQuery", modify_limit, 2, ANY}},
        {{"convertBooleans", convert_booleans, 1, ANY}},
        {{"convertBooleansToDatabaseValue", convert_booleans, 1, ANY}},
        {{"convertFromBoolean", convert_from_boolean, 1, ANY}},
        {{"hasNativeGuidType", no, 0, ANY}},
        {{"hasNativeJsonType", has_json, 0, ANY}, .from = DOCTRINE_2_10},
        {{"prefersSequences", no, 0, ANY}, .gone = DOCTRINE_3_7},
        {{"prefersIdentityColumns", yes, 0, ANY}},
        {{"usesSequenceEmulatedIdentityColumns", no, 0, ANY}},
        {{"supportsSequences", no, 0, ANY}},
        {{"supportsIdentityColumns", yes, 0, ANY}},
        {{"supportsIndexes", yes, 0, ANY}},
        {{"supportsPartialIndexes", no, 0, ANY}},
        {{"supportsColumnLengthIndexes", yes, 0, ANY}, .from = DOCTRINE_2_10},
        {{"supportsAlterTable", yes, 0, ANY}},
        {{"supportsTransactions", yes, 0, ANY}},
        {{"supportsSavepoints", yes, 0, ANY}},
        {{"supportsReleaseSavepoints", yes, 0, ANY}},
        {{"supportsPrimaryConstraints", yes, 0, ANY}},
        {{"supportsForeignKeyConstraints", yes, 0, ANY}},
        {{"supportsForeignKeyOnUpdate", yes, 0, ANY}, .gone = DOCTRINE_3_7},
        {{"supportsSchemas", no, 0, ANY}},
        {{"canEmulateSchemas", no, 0, ANY}},
        {{"supportsCreateDropDatabase", yes, 0, ANY}},
        {{"supportsGettingAffectedRows", yes, 0, ANY}},
        {{"supportsInlineColumnComments", yes, 0, ANY}},
        {{"supportsCommentOnStatement", no, 0, ANY}},
        {{"supportsViews", yes, 0, ANY}},
        {{"supportsColumnCollation", yes, 0, ANY}},
        {{"supportsLimitOffset", yes, 0, ANY}},
        {{"getBigIntTypeDeclarationSQL", declare_bigint, 1, ANY}},
        {{"getBinaryTypeDeclarationSQL", declare_binary, 1, ANY}},
        {{"getBlobTypeDeclarationSQL", declare_blob, 1, ANY}},
        {{"getBooleanTypeDeclarationSQL", declare_boolean, 1, ANY}},
        {{"getClobTypeDeclarationSQL", declare_text, 1, ANY}},
        {{"getDateTypeDeclarationSQL", declare_date, 1, ANY}},
        {{"getDateTimeTypeDeclarationSQL", declare_datetime, 1, ANY}},
        {{"getDateTimeTzTypeDeclarationSQL", declare_datetime, 1, ANY}},
        {{"getDecimalTypeDeclarationSQL", declare_decimal, 1, ANY}},
        {{"getFloatDeclarationSQL", declare_float, 0, ANY}},
        {{"getGuidTypeDeclarationSQL", declare_guid, 1, ANY}},
        {{"getIntegerTypeDeclarationSQL", declare_integer, 1, ANY}},
        {{"getJsonTypeDeclarationSQL", declare_json, 1, ANY}, .from = DOCTRINE_2_10},
        {{"getSmallIntTypeDeclarationSQL", declare_smallint, 1, ANY}},
        {{"getStringTypeDeclarationSQL", declare_string, 1, ANY}, .from = DOCTRINE_3_7},
        {{"getTimeTypeDeclarationSQL", declare_time, 1, ANY}},
        {{"getVarcharTypeDeclarationSQL", declare_string, 1, ANY}},
        {{NULL}},
};
