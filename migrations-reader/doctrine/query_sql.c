/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/query_builder.h"
#include "migrations-reader/php/operators.h"

#include <ctype.h>
#include <string.h>

#define NESTING_LIMIT 100 /* joins of joins */

struct php_value query_part(const struct query_builder *builder, const char *name)
{
        const struct php_value *part = php_array_get_text(builder->parts, name);
        return part ? php_look(*part) : PHP_NULL_VALUE;
}

static bool is_filled(struct php_value part)
{
        return part.type == PHP_TYPE_ARRAY ? php_array_count(part) > 0 : php_truth(part);
}

static struct php_value member(struct php_value array, const char *name)
{
        const struct php_value *value = array.type == PHP_TYPE_ARRAY ? php_array_get_text(array, name) : NULL;
        return value ? php_look(*value) : PHP_NULL_VALUE;
}

static enum php_flow append_condition(
        struct php_run *run, const struct query_builder *builder, const char *part, struct buffer *out)
{
        struct php_value condition = query_part(builder, part);
        if (condition.type == PHP_TYPE_NULL)
                return PHP_OK;
        buffer_append_string(out, strcmp(part, "where") == 0 ? " WHERE " : " HAVING ");
        return append_text(run, condition, out);
}

static enum php_flow append_list(struct php_run *run, const struct query_builder *builder, const char *part,
        const char *keyword, struct buffer *out)
{
        if (!is_filled(query_part(builder, part)))
                return PHP_OK;
        buffer_append_string(out, keyword);
        return append_joined(run, query_part(builder, part), ", ", out);
}

/* FROM and JOIN */

static struct php_value names_of(struct php_value aliases)
{
        struct php_value list = php_new_array();
        struct php_key key;
        for (size_t at = 0; php_array_next(aliases, &at, &key, NULL);)
                (void)php_array_append(&list, php_key_value(key));
        return list;
}

static enum php_flow throw_alias(
        struct php_run *run, struct php_value alias, const char *problem, struct php_value aliases)
{
        _cleanup_buffer_ struct buffer message = {0};
        _cleanup_php_value_ struct php_value names = names_of(aliases);
        buffer_append_string(&message, "The given alias '");
        TRY(append_text(run, alias, &message));
        buffer_append_format(&message,
                "' is not %s FROM and JOIN clause table. The currently registered aliases are: ", problem);
        TRY(append_joined(run, names, ", ", &message));
        return doctrine_throw(run, DBAL "Query\\QueryException", 0, "%s.", message.data);
}

static enum php_flow throw_unknown_alias(
        struct php_run *run, struct php_value alias, struct php_value aliases)
{
        _cleanup_buffer_ struct buffer message = {0};
        _cleanup_php_value_ struct php_value names = names_of(aliases);
        buffer_append_string(&message, "The given alias '");
        TRY(append_text(run, alias, &message));
        buffer_append_string(&message,
                "' is not part of any FROM or JOIN clause table. The currently registered aliases are: ");
        TRY(append_joined(run, names, ", ", &message));
        return doctrine_throw(run, DBAL "Query\\QueryException", 0, "%s.", message.data);
}

static enum php_flow append_join(
        struct php_run *run, struct php_value join, struct php_value *aliases, struct buffer *out)
{
        struct php_value alias = member(join, "joinAlias"), condition = member(join, "joinCondition");
        struct php_key key;
        if (!php_key_of(alias, &key))
                return php_needs_php(run, "a join's alias that is no string");
        if (php_array_get(*aliases, key))
                return throw_alias(run, alias, "unique in", *aliases);
        for (const char *c = php_string_bytes(member(join, "joinType")), *start = c; *c; c++) {
                char upper = (char)toupper((unsigned char)*c);
                buffer_append_string(out, c == start ? " " : "");
                buffer_append(out, &upper, 1);
        }
        buffer_append_string(out, " JOIN ");
        TRY(append_text(run, member(join, "joinTable"), out));
        buffer_append_string(out, " ");
        TRY(append_text(run, alias, out));
        if (condition.type != PHP_TYPE_NULL || version_of(run) < DOCTRINE_2_13) {
                buffer_append_string(out, " ON ");
                TRY(append_text(run, condition, out));
        }
        php_array_set(aliases, key, php_bool(true));
        return PHP_OK;
}

static enum php_flow append_joins(struct php_run *run, const struct query_builder *builder,
        struct php_value from, struct php_value *aliases, unsigned depth, struct buffer *out)
{
        struct php_key key;
        struct php_value join;
        const struct php_value *found =
                php_key_of(from, &key) ? php_array_get(query_part(builder, "join"), key) : NULL;
        if (!value_isset(found))
                return PHP_OK;
        if (depth > NESTING_LIMIT)
                return php_needs_php(run, "joins nested deeper than %d", NESTING_LIMIT);
        for (size_t at = 0; php_array_next(*found, &at, NULL, &join);)
                TRY(append_join(run, join, aliases, out));
        for (size_t at = 0; php_array_next(*found, &at, NULL, &join);)
                TRY(append_joins(run, builder, member(join, "joinAlias"), aliases, depth + 1, out));
        return PHP_OK;
}

static enum php_flow check_aliases(
        struct php_run *run, const struct query_builder *builder, struct php_value aliases)
{
        struct php_key key;
        for (size_t at = 0; php_array_next(query_part(builder, "join"), &at, &key, NULL);)
                if (!php_array_get(aliases, key)) {
                        _cleanup_php_value_ struct php_value alias = php_key_value(key);
                        return throw_unknown_alias(run, alias, aliases);
                }
        return PHP_OK;
}

static enum php_flow from_clause(struct php_run *run, const struct query_builder *builder,
        struct php_value from, struct php_value *aliases, struct php_value *clauses)
{
        struct php_value table = member(from, "table"), alias = member(from, "alias");
        struct php_value reference = alias.type == PHP_TYPE_NULL ? table : alias;
        _cleanup_buffer_ struct buffer clause = {0};
        struct php_key key;
        if (from.type != PHP_TYPE_ARRAY || !php_key_of(reference, &key))
                return php_needs_php(run, "a SELECT from what was given to delete(), update() or insert()");
        TRY(append_text(run, table, &clause));
        if (alias.type != PHP_TYPE_NULL) {
                buffer_append_string(&clause, " ");
                TRY(append_text(run, alias, &clause));
        }
        php_array_set(aliases, key, php_bool(true));
        TRY(append_joins(run, builder, reference, aliases, 0, &clause));
        php_array_set(clauses, key, php_from_buffer(&clause));
        return PHP_OK;
}

static enum php_flow append_from(struct php_run *run, const struct query_builder *builder, struct buffer *out)
{
        _cleanup_php_value_ struct php_value aliases = php_new_array(), clauses = php_new_array();
        struct php_value from;
        if (!is_filled(query_part(builder, "from")))
                return PHP_OK;
        for (size_t at = 0; php_array_next(query_part(builder, "from"), &at, NULL, &from);)
                TRY(from_clause(run, builder, php_look(from), &aliases, &clauses));
        TRY(check_aliases(run, builder, aliases));
        buffer_append_string(out, " FROM ");
        return append_joined(run, clauses, ", ", out);
}

/* LIMIT */

static enum php_flow number_of(struct php_run *run, struct php_value value, int64_t *ret)
{
        if (value.type == PHP_TYPE_ARRAY || value.type == PHP_TYPE_OBJECT ||
                php_to_int(value, ret) != PHP_DONE)
                return php_needs_php(run, "a limit that is no number");
        return PHP_OK;
}

static bool is_limited(struct php_run *run, const struct query_builder *builder)
{
        if (builder->most.type != PHP_TYPE_NULL)
                return true;
        if (version_of(run) < DOCTRINE_2_13)
                return builder->first.type != PHP_TYPE_NULL;
        return builder->first.type != PHP_TYPE_INT || builder->first.integer != 0;
}

static enum php_flow throw_offset(struct php_run *run, int64_t offset)
{
        const char *class = version_of(run) >= DOCTRINE_2_13 ? DBAL "Exception" : DBAL "DBALException";
        if (version_of(run) < DOCTRINE_2_10)
                return doctrine_throw(
                        run, class, 0, "LIMIT argument offset=%lld is not valid", (long long)offset);
        return doctrine_throw(
                run, class, 0, "Offset must be a positive integer or zero, %lld given", (long long)offset);
}

static enum php_flow append_limit(
        struct php_run *run, const struct query_builder *builder, struct buffer *out)
{
        int64_t most = 0, first = 0;
        bool has_most = builder->most.type != PHP_TYPE_NULL;
        if (!is_limited(run, builder))
                return PHP_OK;
        TRY(number_of(run, builder->most, &most));
        TRY(number_of(run, builder->first, &first));
        if (first < 0)
                return throw_offset(run, first);
        bool has_first = version_of(run) < DOCTRINE_2_10 ? builder->first.type != PHP_TYPE_NULL : first > 0;
        if (has_most)
                buffer_append_format(out, " LIMIT %lld", (long long)most);
        else if (has_first)
                buffer_append_string(out, " LIMIT 18446744073709551615");
        if (has_first)
                buffer_append_format(out, " OFFSET %lld", (long long)first);
        return PHP_OK;
}

/* Statements */

static enum php_flow append_select(
        struct php_run *run, const struct query_builder *builder, struct buffer *out)
{
        buffer_append_string(
                out, php_truth(query_part(builder, "distinct")) ? "SELECT DISTINCT " : "SELECT ");
        TRY(append_joined(run, query_part(builder, "select"), ", ", out));
        TRY(append_from(run, builder, out));
        TRY(append_condition(run, builder, "where", out));
        TRY(append_list(run, builder, "groupBy", " GROUP BY ", out));
        TRY(append_condition(run, builder, "having", out));
        TRY(append_list(run, builder, "orderBy", " ORDER BY ", out));
        return append_limit(run, builder, out);
}

/* The one table of a statement that writes. */
static enum php_flow append_table(
        struct php_run *run, const struct query_builder *builder, const char *words, struct buffer *out)
{
        struct php_value from = query_part(builder, "from"), alias = member(from, "alias");
        if (member(from, "table").type == PHP_TYPE_NULL)
                return php_needs_php(run, "a query builder that writes without a table");
        buffer_append_string(out, words);
        TRY(append_text(run, member(from, "table"), out));
        if (!php_truth(alias))
                return PHP_OK;
        buffer_append_string(out, " ");
        return append_text(run, alias, out);
}

static enum php_flow append_insert(
        struct php_run *run, const struct query_builder *builder, struct buffer *out)
{
        _cleanup_php_value_ struct php_value names = names_of(query_part(builder, "values"));
        TRY(append_table(run, builder, "INSERT INTO ", out));
        buffer_append_string(out, " (");
        TRY(append_joined(run, names, ", ", out));
        buffer_append_string(out, ") VALUES(");
        TRY(append_joined(run, query_part(builder, "values"), ", ", out));
        buffer_append_string(out, ")");
        return PHP_OK;
}

static enum php_flow append_statement(
        struct php_run *run, const struct query_builder *builder, struct buffer *out)
{
        switch (builder->type) {
        case QUERY_SELECT:
                return append_select(run, builder, out);
        case QUERY_INSERT:
                return append_insert(run, builder, out);
        case QUERY_UPDATE:
                TRY(append_table(run, builder, "UPDATE ", out));
                buffer_append_string(out, " SET ");
                TRY(append_joined(run, query_part(builder, "set"), ", ", out));
                return append_condition(run, builder, "where", out);
        case QUERY_DELETE:
                TRY(append_table(run, builder, "DELETE FROM ", out));
                return append_condition(run, builder, "where", out);
        }
        return PHP_OK;
}

enum php_flow query_make_sql(struct php_run *run, struct query_builder *builder)
{
        _cleanup_buffer_ struct buffer sql = {0};
        if (builder->sql && !builder->dirty)
                return PHP_OK;
        TRY(append_statement(run, builder, &sql));
        builder->dirty = false;
        builder->size = sql.size;
        string_replace(&builder->sql, buffer_steal(&sql));
        return PHP_OK;
}
