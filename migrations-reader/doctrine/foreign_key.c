/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/objects.h"

#include <string.h>
#include <strings.h>

#define FOREIGN_KEY_CLASS DBAL "Schema\\ForeignKeyConstraint"

struct foreign_key *foreign_key_new(const char *name, char *const *columns, const char *foreign_table,
        char *const *foreign_columns, struct php_value options)
{
        struct foreign_key *key = memory_new(sizeof(*key));

        asset_set_name(&key->asset, name);
        asset_set_name(&key->foreign_name, foreign_table);
        key->columns = strings_without_doubles(columns);
        key->foreign_columns = strings_without_doubles(foreign_columns);
        key->options = php_copy(options);
        return key;
}

void table_link_drop(struct table_link *link)
{
        if (!link || --link->holders > 0)
                return;
        asset_deinit(&link->last);
        free(link);
}

static void set_link(struct table_link **link, struct table_link *other)
{
        struct table_link *former = *link;

        *link = other;
        if (other)
                other->holders++;
        table_link_drop(former);
}

void foreign_key_set_local(struct foreign_key *key, struct table *table)
{
        set_link(&key->local, table ? table->link : NULL);
}

void foreign_key_set_table(struct foreign_key *key, struct table *table)
{
        set_link(&key->foreign, table->link);
}

struct table *foreign_key_local(const struct foreign_key *key)
{
        return key->local ? key->local->table : NULL;
}

void foreign_key_free(void *host)
{
        struct foreign_key *key = host;

        if (!key)
                return;
        asset_deinit(&key->asset);
        asset_deinit(&key->foreign_name);
        strings_free(key->columns);
        strings_free(key->foreign_columns);
        php_clear(&key->options);
        table_link_drop(key->local);
        table_link_drop(key->foreign);
        free(key);
}

void *foreign_key_clone(const void *host)
{
        const struct foreign_key *key = host;
        struct foreign_key *copy =
                foreign_key_new(NULL, key->columns, NULL, key->foreign_columns, key->options);

        asset_copy(&copy->asset, &key->asset);
        asset_copy(&copy->foreign_name, &key->foreign_name);
        set_link(&copy->foreign, key->foreign);
        foreign_key_set_local(copy, foreign_key_local(key));
        return copy;
}

struct foreign_key *foreign_key_of(struct php_run *run, struct php_value key)
{
        return key.type == PHP_TYPE_OBJECT ? php_host_data(run, key, FOREIGN_KEY_CLASS) : NULL;
}

/* A table that was given as an object may be renamed since. */
static const struct asset *foreign_asset(const struct foreign_key *key)
{
        if (!key->foreign)
                return &key->foreign_name;
        return key->foreign->table ? &key->foreign->table->asset : &key->foreign->last;
}

char *foreign_key_table_name(const struct foreign_key *key)
{
        return asset_name(foreign_asset(key));
}

char *foreign_key_table_quoted(const struct foreign_key *key, const struct platform *platform)
{
        return asset_quoted_name(foreign_asset(key), platform);
}

char *foreign_key_action(const struct foreign_key *key, const char *event)
{
        const struct php_value *option = php_array_get_text(key->options, event);
        char *action;

        if (!value_isset(option) || option->type != PHP_TYPE_STRING)
                return string_copy("");
        action = string_copy(php_string_bytes(*option));
        for (char *at = action; *at; at++)
                if (*at >= 'a' && *at <= 'z')
                        *at = (char)(*at - ('a' - 'A'));
        if (strcmp(action, "NO ACTION") == 0 || strcmp(action, "RESTRICT") == 0)
                *action = '\0';
        return action;
}

bool foreign_key_meets(const struct foreign_key *key, const struct index *index)
{
        for (size_t i = 0; index->columns[i]; i++)
                for (size_t k = 0; key->columns[k]; k++) {
                        _cleanup_asset_ struct asset column = {0};
                        _cleanup_free_ char *name = NULL;

                        asset_set_name(&column, key->columns[k]);
                        name = asset_name(&column);
                        if (strcasecmp(index->columns[i], name) == 0)
                                return true;
                }
        return false;
}

/* ---- Doctrine\DBAL\Schema\ForeignKeyConstraint ---- */

static enum php_flow construct(struct php_run *run, struct php_call *call)
{
        struct table *foreign = table_of(run, php_argument(call, 1));
        _cleanup_strings_ char **columns = NULL, **foreign_columns = NULL;
        _cleanup_php_value_ struct php_value options = PHP_NULL_VALUE;
        _cleanup_free_ char *name = NULL, *table = NULL;
        struct foreign_key *key;

        TRY(list_argument(run, call, 0, &columns));
        if (!foreign)
                TRY(text_argument(run, call, 1, &table));
        TRY(list_argument(run, call, 2, &foreign_columns));
        if (php_argument(call, 3).type != PHP_TYPE_NULL)
                TRY(text_argument(run, call, 3, &name));
        options = call->count > 4 ? php_copy(php_argument(call, 4)) : php_new_array();
        if (options.type != PHP_TYPE_ARRAY)
                return php_needs_php(run, "a foreign key's options that are no array");
        key = foreign_key_new(name, columns, table, foreign_columns, options);
        if (foreign)
                foreign_key_set_table(key, foreign);
        php_set_host_data(call->this, key);
        return PHP_OK;
}

static struct php_value trimmed(char *const *names)
{
        struct php_value array = php_new_array();

        for (; *names; names++) {
                _cleanup_free_ char *name = name_trim(*names);

                (void)php_array_append(&array, php_text(name));
        }
        return array;
}

static enum php_flow quoted(struct php_run *run, struct php_call *call, char *const *names)
{
        struct platform *platform = platform_of(run, php_argument(call, 0));
        struct php_value array;

        if (!platform)
                return php_needs_php(run, "quoted columns for a platform that is not MySQL's");
        array = php_new_array();
        for (; *names; names++) {
                _cleanup_free_ char *name = name_quoted(*names, platform);

                (void)php_array_append(&array, php_text(name));
        }
        return php_return(call, array);
}

static enum php_flow get_columns(struct php_run *run, struct php_call *call)
{
        return php_return(call, strings_value(((struct foreign_key *)call->this_host)->columns));
}

static enum php_flow get_foreign_columns(struct php_run *run, struct php_call *call)
{
        return php_return(call, strings_value(((struct foreign_key *)call->this_host)->foreign_columns));
}

static enum php_flow get_unquoted_columns(struct php_run *run, struct php_call *call)
{
        return php_return(call, trimmed(((struct foreign_key *)call->this_host)->columns));
}

static enum php_flow get_unquoted_foreign_columns(struct php_run *run, struct php_call *call)
{
        return php_return(call, trimmed(((struct foreign_key *)call->this_host)->foreign_columns));
}

static enum php_flow get_quoted_columns(struct php_run *run, struct php_call *call)
{
        return quoted(run, call, ((struct foreign_key *)call->this_host)->columns);
}

static enum php_flow get_quoted_foreign_columns(struct php_run *run, struct php_call *call)
{
        return quoted(run, call, ((struct foreign_key *)call->this_host)->foreign_columns);
}

static enum php_flow get_local_table(struct php_run *run, struct php_call *call)
{
        const struct table *table = foreign_key_local(call->this_host);

        if (!table)
                return php_needs_php(run, "a foreign key whose table is not known");
        return php_return(call, php_copy((struct php_value){.type = PHP_TYPE_OBJECT, .object = table->self}));
}

static enum php_flow get_local_table_name(struct php_run *run, struct php_call *call)
{
        const struct table *table = foreign_key_local(call->this_host);

        if (!table)
                return php_needs_php(run, "a foreign key whose table is not known");
        return php_return(call, name_value(&table->asset));
}

static enum php_flow set_local_table(struct php_run *run, struct php_call *call)
{
        struct foreign_key *key = call->this_host;
        struct table *table = table_of(run, php_argument(call, 0));

        if (!table)
                return php_needs_php(run, "a table that is not Doctrine's");
        foreign_key_set_local(key, table);
        return PHP_OK;
}

static enum php_flow get_foreign_table_name(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = foreign_key_table_name(call->this_host);

        return php_return(call, php_text(name));
}

/* Dbal 2.10 leaves the dot in front when there is a namespace. */
static enum php_flow get_unqualified_table_name(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *name = foreign_key_unqualified(version_of(run), call->this_host);

        return php_return(call, php_text(name));
}

char *foreign_key_unqualified(enum doctrine_version version, const struct foreign_key *key)
{
        _cleanup_free_ char *name = foreign_key_table_name(key);
        const char *dot = strrchr(name, '.');
        char *lower = string_copy(dot ? dot + (version == DOCTRINE_2_10 ? 0 : 1) : name);

        for (char *at = lower; *at; at++)
                if (*at >= 'A' && *at <= 'Z')
                        *at = (char)(*at + ('a' - 'A'));
        return lower;
}

static enum php_flow get_quoted_table_name(struct php_run *run, struct php_call *call)
{
        struct platform *platform = platform_of(run, php_argument(call, 0));
        _cleanup_free_ char *name = NULL;

        if (!platform)
                return php_needs_php(run, "a quoted name for a platform that is not MySQL's");
        name = foreign_key_table_quoted(call->this_host, platform);
        return php_return(call, php_text(name));
}

static enum php_flow has_option(struct php_run *run, struct php_call *call)
{
        const struct foreign_key *key = call->this_host;
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        return php_return(call, php_bool(value_isset(php_array_get_text(key->options, name))));
}

static enum php_flow get_option(struct php_run *run, struct php_call *call)
{
        const struct foreign_key *key = call->this_host;
        const struct php_value *value;
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        value = php_array_get_text(key->options, name);
        if (!value)
                return php_needs_php(run, "an option '%s' that the foreign key does not have", name);
        return php_return(call, php_copy(*value));
}

static enum php_flow get_options(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_copy(((struct foreign_key *)call->this_host)->options));
}

/* false in older versions, null in newer ones, when nothing is to be done */
static enum php_flow action(struct php_run *run, struct php_call *call, const char *event)
{
        _cleanup_free_ char *text = foreign_key_action(call->this_host, event);

        if (*text)
                return php_return(call, php_text(text));
        return php_return(call, version_of(run) >= DOCTRINE_2_13 ? PHP_NULL_VALUE : php_bool(false));
}

static enum php_flow on_update(struct php_run *run, struct php_call *call)
{
        return action(run, call, "onUpdate");
}

static enum php_flow on_delete(struct php_run *run, struct php_call *call)
{
        return action(run, call, "onDelete");
}

static enum php_flow intersects(struct php_run *run, struct php_call *call)
{
        const struct index *index = index_of(run, php_argument(call, 0));

        if (!index)
                return php_needs_php(run, "an index that is not Doctrine's");
        return php_return(call, php_bool(foreign_key_meets(call->this_host, index)));
}

static const struct doctrine_method methods[] = {
        {{"getLocalTable", get_local_table, 0, PHP_ANY}},
        {{"getLocalTableName", get_local_table_name, 0, PHP_ANY}},
        {{"setLocalTable", set_local_table, 1, PHP_ANY}},
        {{"getColumns", get_columns, 0, PHP_ANY}},
        {{"getLocalColumns", get_columns, 0, PHP_ANY}},
        {{"getQuotedColumns", get_quoted_columns, 1, PHP_ANY}},
        {{"getQuotedLocalColumns", get_quoted_columns, 1, PHP_ANY}},
        {{"getUnquotedLocalColumns", get_unquoted_columns, 0, PHP_ANY}},
        {{"getForeignColumns", get_foreign_columns, 0, PHP_ANY}},
        {{"getQuotedForeignColumns", get_quoted_foreign_columns, 1, PHP_ANY}},
        {{"getUnquotedForeignColumns", get_unquoted_foreign_columns, 0, PHP_ANY}},
        {{"getForeignTableName", get_foreign_table_name, 0, PHP_ANY}},
        {{"getUnqualifiedForeignTableName", get_unqualified_table_name, 0, PHP_ANY}},
        {{"getQuotedForeignTableName", get_quoted_table_name, 1, PHP_ANY}},
        {{"hasOption", has_option, 1, PHP_ANY}},
        {{"getOption", get_option, 1, PHP_ANY}},
        {{"getOptions", get_options, 0, PHP_ANY}},
        {{"onUpdate", on_update, 0, PHP_ANY}},
        {{"onDelete", on_delete, 0, PHP_ANY}},
        {{"intersectsIndexColumns", intersects, 1, PHP_ANY}},
        {{NULL}},
};

const struct doctrine_class foreign_key_classes[] = {
        {{.name = FOREIGN_KEY_CLASS,
                 .parent = DBAL "Schema\\AbstractAsset",
                 .interfaces = DBAL "Schema\\Constraint",
                 .construct = construct,
                 .release = foreign_key_free,
                 .clone = foreign_key_clone},
                methods},
        {{NULL}},
};
