/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/objects.h"
#include "migrations-reader/php/operators.h"

#include <string.h>
#include <strings.h>

#define INDEX_CLASS DBAL "Schema\\Index"

static void add_flag(struct index *index, const char *flag)
{
        _cleanup_free_ char *lower = string_copy(flag);
        size_t count = strings_count(index->flags);

        for (char *at = lower; *at; at++)
                if (*at >= 'A' && *at <= 'Z')
                        *at = (char)(*at + ('a' - 'A'));
        if (strings_contain(index->flags, lower))
                return;
        index->flags = memory_resize(index->flags, count + 2, sizeof(char *));
        index->flags[count] = steal(&lower);
        index->flags[count + 1] = NULL;
}

struct index *index_new(const char *name, char *const *columns, bool unique, bool primary, char *const *flags,
        struct php_value options)
{
        struct index *index = memory_new(sizeof(*index));

        asset_set_name(&index->asset, name);
        index->columns = strings_without_doubles(columns);
        index->unique = unique || primary;
        index->primary = primary;
        index->flags = memory_new_array(1, sizeof(char *));
        for (; flags && *flags; flags++)
                add_flag(index, *flags);
        index->options = php_copy(options);
        return index;
}

void index_free(void *host)
{
        struct index *index = host;

        if (!index)
                return;
        asset_deinit(&index->asset);
        strings_free(index->columns);
        strings_free(index->flags);
        php_clear(&index->options);
        free(index);
}

void *index_clone(const void *host)
{
        const struct index *index = host;
        struct index *copy =
                index_new(NULL, index->columns, index->unique, index->primary, index->flags, index->options);

        asset_copy(&copy->asset, &index->asset);
        return copy;
}

struct index *index_of(struct php_run *run, struct php_value index)
{
        return index.type == PHP_TYPE_OBJECT ? php_host_data(run, index, INDEX_CLASS) : NULL;
}

bool index_has_flag(const struct index *index, const char *flag)
{
        return strings_contain(index->flags, flag);
}

static bool same_name(const char *left, const char *right)
{
        _cleanup_free_ char *left_name = name_normalize(left), *right_name = name_normalize(right);

        return strcmp(left_name, right_name) == 0;
}

bool index_spans(const struct index *index, char *const *columns)
{
        for (size_t i = 0; index->columns[i]; i++)
                if (!columns[i] || !same_name(index->columns[i], columns[i]))
                        return false;
        return true;
}

static const struct php_value *option(const struct index *index, const char *name)
{
        return php_array_get_text(index->options, name);
}

static bool same_condition(const struct index *index, const struct index *other)
{
        const struct php_value *mine = option(index, "where"), *its = option(other, "where");

        if (value_isset(mine) && value_isset(its))
                return php_identical(*mine, *its);
        return !value_isset(mine) && !value_isset(its);
}

/* Lengths that are set, by their place. */
static struct php_value set_lengths(const struct index *index)
{
        const struct php_value *lengths = option(index, "lengths");
        struct php_value kept = php_new_array(), value;
        struct php_key key;

        if (lengths && lengths->type == PHP_TYPE_ARRAY)
                for (size_t at = 0; php_array_next(*lengths, &at, &key, &value);)
                        if (value.type != PHP_TYPE_NULL)
                                php_array_set(&kept, key, php_copy(value));
        return kept;
}

static bool same_lengths(const struct index *index, const struct index *other)
{
        _cleanup_php_value_ struct php_value mine = set_lengths(index), its = set_lengths(other);

        return php_identical(mine, its);
}

bool index_fulfilled(enum doctrine_version version, const struct index *index, const struct index *other)
{
        if (strings_count(index->columns) != strings_count(other->columns) ||
                !index_spans(index, other->columns) || !same_condition(index, other))
                return false;
        if (version >= DOCTRINE_2_10 && !same_lengths(index, other))
                return false;
        if (!index->unique && !index->primary)
                return true;
        return index->primary == other->primary && index->unique == other->unique;
}

/* Lengths are taken in their order, whatever their keys. */
char *index_columns_sql(const struct index *index, const struct platform *platform)
{
        const struct php_value *lengths =
                platform->version >= DOCTRINE_2_10 ? option(index, "lengths") : NULL;
        struct buffer out = {0};
        size_t at = 0;

        buffer_append_string(&out, "");
        for (size_t i = 0; index->columns[i]; i++) {
                _cleanup_free_ char *name = name_quoted(index->columns[i], platform);
                _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
                struct php_value length = PHP_NULL_VALUE;

                buffer_append_format(&out, "%s%s", i > 0 ? ", " : "", name);
                if (!lengths || lengths->type != PHP_TYPE_ARRAY ||
                        !php_array_next(*lengths, &at, NULL, &length) || length.type == PHP_TYPE_NULL)
                        continue;
                if (php_to_string(length, &text) == PHP_DONE)
                        buffer_append_format(&out, "(%s)", php_string_bytes(text));
        }
        return buffer_steal(&out);
}

/* ---- Doctrine\DBAL\Schema\Index ---- */

static enum php_flow construct(struct php_run *run, struct php_call *call)
{
        _cleanup_strings_ char **columns = NULL, **flags = NULL;
        _cleanup_php_value_ struct php_value options = PHP_NULL_VALUE;
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        TRY(list_argument(run, call, 1, &columns));
        TRY(list_argument(run, call, 4, &flags));
        options = call->count > 5 ? php_copy(php_argument(call, 5)) : php_new_array();
        if (options.type != PHP_TYPE_ARRAY)
                return php_needs_php(run, "an index's options that are no array");
        php_set_host_data(call->this, index_new(name, columns, php_truth(php_argument(call, 2)),
                                              php_truth(php_argument(call, 3)), flags, options));
        return PHP_OK;
}

static enum php_flow get_columns(struct php_run *run, struct php_call *call)
{
        return php_return(call, strings_value(((struct index *)call->this_host)->columns));
}

static enum php_flow get_unquoted_columns(struct php_run *run, struct php_call *call)
{
        const struct index *index = call->this_host;
        struct php_value array = php_new_array();

        for (size_t i = 0; index->columns[i]; i++) {
                _cleanup_free_ char *name = name_trim(index->columns[i]);

                (void)php_array_append(&array, php_text(name));
        }
        return php_return(call, array);
}

static enum php_flow get_quoted_columns(struct php_run *run, struct php_call *call)
{
        const struct index *index = call->this_host;
        struct platform *platform = platform_of(run, php_argument(call, 0));
        struct php_value array;

        if (!platform)
                return php_needs_php(run, "getQuotedColumns() for a platform that is not MySQL's");
        array = php_new_array();
        for (size_t i = 0; index->columns[i]; i++) {
                struct index one = *index;
                char *names[2] = {index->columns[i], NULL};
                _cleanup_php_value_ struct php_value options = php_new_array();
                const struct php_value *lengths = option(index, "lengths");
                struct php_value length = PHP_NULL_VALUE, list = php_new_array();
                _cleanup_free_ char *text = NULL;
                size_t at = 0;

                for (size_t skip = 0; lengths && lengths->type == PHP_TYPE_ARRAY && skip <= i; skip++)
                        if (!php_array_next(*lengths, &at, NULL, &length))
                                length = PHP_NULL_VALUE;
                (void)php_array_append(&list, php_copy(length));
                php_array_set_text(&options, "lengths", list);
                one.columns = names;
                one.options = options;
                text = index_columns_sql(&one, platform);
                (void)php_array_append(&array, php_text(text));
        }
        return php_return(call, array);
}

static enum php_flow is_simple(struct php_run *run, struct php_call *call)
{
        const struct index *index = call->this_host;

        return php_return(call, php_bool(!index->primary && !index->unique));
}

static enum php_flow is_unique(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_bool(((struct index *)call->this_host)->unique));
}

static enum php_flow is_primary(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_bool(((struct index *)call->this_host)->primary));
}

static enum php_flow has_column_at(struct php_run *run, struct php_call *call)
{
        const struct index *index = call->this_host;
        struct php_value place = call->count > 1 ? php_argument(call, 1) : php_int(0);
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        for (size_t i = 0; index->columns[i]; i++)
                if (same_name(index->columns[i], name))
                        return php_return(
                                call, php_bool(place.type == PHP_TYPE_INT && place.integer == (int64_t)i));
        return php_return(call, php_bool(place.type == PHP_TYPE_BOOL && !place.boolean));
}

static enum php_flow spans_columns(struct php_run *run, struct php_call *call)
{
        _cleanup_strings_ char **columns = NULL;

        TRY(list_argument(run, call, 0, &columns));
        return php_return(call, php_bool(index_spans(call->this_host, columns)));
}

static enum php_flow is_fulfilled_by(struct php_run *run, struct php_call *call)
{
        const struct index *other = index_of(run, php_argument(call, 0));

        if (!other)
                return php_needs_php(run, "an index that is not Doctrine's");
        return php_return(call, php_bool(index_fulfilled(version_of(run), call->this_host, other)));
}

static enum php_flow overrules(struct php_run *run, struct php_call *call)
{
        const struct index *index = call->this_host, *other = index_of(run, php_argument(call, 0));

        if (!other)
                return php_needs_php(run, "an index that is not Doctrine's");
        return php_return(call, php_bool(!other->primary && index->unique &&
                                         index_spans(index, other->columns) && same_condition(index, other)));
}

static enum php_flow get_flags(struct php_run *run, struct php_call *call)
{
        return php_return(call, strings_value(((struct index *)call->this_host)->flags));
}

static enum php_flow put_flag(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *flag = NULL;

        TRY(text_argument(run, call, 0, &flag));
        add_flag(call->this_host, flag);
        return php_return(call, this_value(call));
}

static enum php_flow has_flag(struct php_run *run, struct php_call *call)
{
        const struct index *index = call->this_host;
        _cleanup_free_ char *flag = NULL;

        TRY(text_argument(run, call, 0, &flag));
        for (size_t i = 0; index->flags[i]; i++)
                if (strcasecmp(index->flags[i], flag) == 0)
                        return php_return(call, php_bool(true));
        return php_return(call, php_bool(false));
}

static enum php_flow remove_flag(struct php_run *run, struct php_call *call)
{
        struct index *index = call->this_host;
        _cleanup_free_ char *flag = NULL;
        size_t kept = 0;

        TRY(text_argument(run, call, 0, &flag));
        for (size_t i = 0; index->flags[i]; i++)
                if (strcasecmp(index->flags[i], flag) == 0)
                        free(index->flags[i]);
                else
                        index->flags[kept++] = index->flags[i];
        index->flags[kept] = NULL;
        return PHP_OK;
}

static enum php_flow find_option(struct php_run *run, struct php_call *call, const struct php_value **ret)
{
        const struct index *index = call->this_host;
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        for (char *at = name; *at; at++)
                if (*at >= 'A' && *at <= 'Z')
                        *at = (char)(*at + ('a' - 'A'));
        *ret = option(index, name);
        return PHP_OK;
}

static enum php_flow has_option(struct php_run *run, struct php_call *call)
{
        const struct php_value *value = NULL;

        TRY(find_option(run, call, &value));
        return php_return(call, php_bool(value_isset(value)));
}

static enum php_flow get_option(struct php_run *run, struct php_call *call)
{
        const struct php_value *value = NULL;

        TRY(find_option(run, call, &value));
        if (!value)
                return php_needs_php(run, "an option that the index does not have");
        return php_return(call, php_copy(*value));
}

static enum php_flow get_options(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_copy(((struct index *)call->this_host)->options));
}

static const struct doctrine_method methods[] = {
        {{"getColumns", get_columns, 0, PHP_ANY}},
        {{"getQuotedColumns", get_quoted_columns, 1, PHP_ANY}},
        {{"getUnquotedColumns", get_unquoted_columns, 0, PHP_ANY}},
        {{"isSimpleIndex", is_simple, 0, PHP_ANY}},
        {{"isUnique", is_unique, 0, PHP_ANY}},
        {{"isPrimary", is_primary, 0, PHP_ANY}},
        {{"hasColumnAtPosition", has_column_at, 1, PHP_ANY}},
        {{"spansColumns", spans_columns, 1, PHP_ANY}},
        {{"isFullfilledBy", is_fulfilled_by, 1, PHP_ANY}},
        {{"isFulfilledBy", is_fulfilled_by, 1, PHP_ANY}, .from = DOCTRINE_3_7},
        {{"overrules", overrules, 1, PHP_ANY}},
        {{"getFlags", get_flags, 0, PHP_ANY}},
        {{"addFlag", put_flag, 1, PHP_ANY}},
        {{"hasFlag", has_flag, 1, PHP_ANY}},
        {{"removeFlag", remove_flag, 1, PHP_ANY}},
        {{"hasOption", has_option, 1, PHP_ANY}},
        {{"getOption", get_option, 1, PHP_ANY}},
        {{"getOptions", get_options, 0, PHP_ANY}},
        {{NULL}},
};

const struct doctrine_class index_classes[] = {
        {{.name = INDEX_CLASS,
                 .parent = DBAL "Schema\\AbstractAsset",
                 .interfaces = DBAL "Schema\\Constraint",
                 .construct = construct,
                 .release = index_free,
                 .clone = index_clone},
                methods},
        {{NULL}},
};
