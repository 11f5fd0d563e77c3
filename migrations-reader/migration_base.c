/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/migration_base.h"

#include "lib/text.h"
#include "migrations-reader/migration_container.h"

#include <string.h>
#include <zlib.h>

#define PROPERTY_NAME_LIMIT 63 /* characters of a generated name */
#define SUFFIX_SIZE 4 /* characters of a name that findPropertyName compares */

static struct migration_world *world_of(struct php_run *run)
{
        return php_run_host(run);
}

void migration_world_deinit(struct migration_world *world)
{
        planned_statements_deinit(&world->added);
        buffer_deinit(&world->notes);
        free(world->refused);
}

/* Doctrine\Migrations\AbstractMigration */

/* Parameters that do not fit are found out when the statement is sent, not by addSql. As it stands, with its
 * placeholders, no server takes it either. */
static void note_refusal(struct php_run *run, struct migration_world *world)
{
        const struct php_value *message = php_property(php_run_exception(run), "message");
        if (!world->refused)
                world->refused = string_format("statement %zu: %s", world->added.count + 1,
                        message && php_look(*message).type == PHP_TYPE_STRING
                                ? php_string_bytes(php_look(*message))
                                : php_class_of(php_run_exception(run)));
        php_run_forget_exception(run);
}

static enum php_flow add_one(
        struct php_run *run, struct php_value sql, struct php_value parameters, struct php_value types)
{
        struct migration_world *world = world_of(run);
        const char *bytes = php_string_bytes(sql);
        size_t size = php_string_size(sql);
        _cleanup_buffer_ struct buffer bound = {0};
        if (parameters.type == PHP_TYPE_ARRAY && php_array_count(parameters) > 0) {
                enum php_flow flow =
                        sql_bind(run, world->doctrine.source, bytes, size, parameters, types, &bound);
                if (flow == PHP_STOPPED)
                        return flow;
                if (flow == PHP_THROWN) {
                        note_refusal(run, world);
                        bound.size = 0;
                        buffer_append(&bound, bytes, size);
                }
        } else {
                buffer_append(&bound, bytes, size);
        }
        planned_statements_add(&world->added, bytes, size, parameters, bound.data ? bound.data : "",
                bound.size, php_run_line(run), false);
        return PHP_OK;
}

static struct php_value element_at(struct php_value array, struct php_key key)
{
        const struct php_value *element = array.type == PHP_TYPE_ARRAY ? php_array_get(array, key) : NULL;
        return element ? *element : PHP_NULL_VALUE;
}

/* doctrine/migrations 1.2.2 takes arrays of statements too, each with its own parameters. */
static enum php_flow add_many(struct php_run *run, struct php_call *call)
{
        struct php_key key;
        struct php_value sql;
        for (size_t at = 0; php_array_next(php_argument(call, 0), &at, &key, &sql);) {
                _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
                enum php_flow flow = php_stringify(run, sql, &text);
                if (flow == PHP_OK)
                        flow = add_one(run, text, element_at(php_argument(call, 1), key),
                                element_at(php_argument(call, 2), key));
                if (flow != PHP_OK)
                        return flow;
        }
        return PHP_OK;
}

static enum php_flow add_sql(struct php_run *run, struct php_call *call)
{
        if (php_argument(call, 0).type == PHP_TYPE_ARRAY && world_of(run)->doctrine.version == DOCTRINE_2_5)
                return add_many(run, call);
        _cleanup_php_value_ struct php_value sql = PHP_NULL_VALUE;
        enum php_flow flow = php_argument_string(run, call, 0, &sql);
        return flow == PHP_OK ? add_one(run, sql, php_argument(call, 1), php_argument(call, 2)) : flow;
}

static enum php_flow note(struct php_run *run, struct php_call *call, size_t argument)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        enum php_flow flow = php_stringify(run, php_argument(call, argument), &text);
        if (flow == PHP_OK) {
                _cleanup_buffer_ struct buffer line = {0};
                text_append_clean(&line, php_string_bytes(text));
                buffer_append_format(&world_of(run)->notes, "%s\n", line.data ? line.data : "");
        }
        return flow;
}

static enum php_flow write_message(struct php_run *run, struct php_call *call)
{
        return note(run, call, 0);
}

static enum php_flow warn_if(struct php_run *run, struct php_call *call)
{
        bool condition = false;
        enum php_flow flow = php_argument_bool(run, call, 0, &condition);
        return flow == PHP_OK && condition ? note(run, call, 1) : flow;
}

enum thrown { THROWN_SKIP, THROWN_ABORT, THROWN_IRREVERSIBLE };

static const char *exception_name(struct php_run *run, enum thrown thrown)
{
        static const char *const names[][2] = {
                [THROWN_SKIP] = {"Doctrine\\DBAL\\Migrations\\SkipMigrationException",
                        "Doctrine\\Migrations\\Exception\\SkipMigration"},
                [THROWN_ABORT] = {"Doctrine\\DBAL\\Migrations\\AbortMigrationException",
                        "Doctrine\\Migrations\\Exception\\AbortMigration"},
                [THROWN_IRREVERSIBLE] = {"Doctrine\\DBAL\\Migrations\\IrreversibleMigrationException",
                        "Doctrine\\Migrations\\Exception\\IrreversibleMigration"},
        };
        return names[thrown][world_of(run)->doctrine.version >= DOCTRINE_2_10];
}

static enum php_flow throw_with_message(struct php_run *run, struct php_call *call, size_t argument,
        enum thrown thrown, const char *otherwise)
{
        _cleanup_php_value_ struct php_value message = PHP_NULL_VALUE;
        enum php_flow flow = php_stringify(run, php_argument(call, argument), &message);
        if (flow != PHP_OK)
                return flow;
        const char *text = php_string_bytes(message);
        return php_throw(run, exception_name(run, thrown), "%s", php_truth(message) ? text : otherwise);
}

static enum php_flow throw_if(struct php_run *run, struct php_call *call, enum thrown thrown)
{
        bool condition = false;
        enum php_flow flow = php_argument_bool(run, call, 0, &condition);
        return flow == PHP_OK && condition ? throw_with_message(run, call, 1, thrown, "Unknown Reason")
                                           : flow;
}

static enum php_flow abort_if(struct php_run *run, struct php_call *call)
{
        return throw_if(run, call, THROWN_ABORT);
}

static enum php_flow skip_if(struct php_run *run, struct php_call *call)
{
        return throw_if(run, call, THROWN_SKIP);
}

static enum php_flow throw_irreversible(struct php_run *run, struct php_call *call)
{
        return throw_with_message(
                run, call, 0, THROWN_IRREVERSIBLE, "This migration is irreversible and cannot be reverted.");
}

static enum php_flow return_nothing(struct php_run *run, struct php_call *call)
{
        (void)run;
        (void)call;
        return PHP_OK;
}

static enum php_flow return_true(struct php_run *run, struct php_call *call)
{
        (void)run;
        return php_return(call, php_bool(true));
}

static enum php_flow return_empty_text(struct php_run *run, struct php_call *call)
{
        (void)run;
        return php_return(call, php_text(""));
}

static const struct php_host_method migration_methods[] = {
        {"abortIf", abort_if, 1, 2, false, "condition,message"},
        {"addSql", add_sql, 1, 3, false, "sql,params,types"},
        {"down", return_nothing, 1, 1, false, "schema"},
        {"getDescription", return_empty_text, 0, 0, false, NULL},
        {"isTransactional", return_true, 0, 0, false, NULL},
        {"postDown", return_nothing, 1, 1, false, "schema"},
        {"postUp", return_nothing, 1, 1, false, "schema"},
        {"preDown", return_nothing, 1, 1, false, "schema"},
        {"preUp", return_nothing, 1, 1, false, "schema"},
        {"skipIf", skip_if, 1, 2, false, "condition,message"},
        {"throwIrreversibleMigrationException", throw_irreversible, 0, 1, false, "message"},
        {"warnIf", warn_if, 1, 2, false, "condition,message"},
        {"write", write_message, 1, 1, false, "message"},
        {0},
};

/* Mautic\CoreBundle\Doctrine\AbstractMauticMigration */

static void upper_case(char *text)
{
        for (; *text; text++)
                if (*text >= 'a' && *text <= 'z')
                        *text = (char)(*text - 'a' + 'A');
}

static void append_crc(struct buffer *hash, const char *bytes, size_t size)
{
        buffer_append_format(hash, "%lx", crc32(0, (const unsigned char *)bytes, (uInt)size));
}

static enum php_flow append_crc_of(struct php_run *run, struct buffer *hash, struct php_value value)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        enum php_flow flow = php_stringify(run, value, &text);
        if (flow == PHP_OK)
                append_crc(hash, php_string_bytes(text), php_string_size(text));
        return flow;
}

/* (string)argument `n`, owned by the caller; the base class's own methods declare no types for these. */
static enum php_flow argument_text(struct php_run *run, const struct php_call *call, size_t n, char **ret)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        enum php_flow flow = php_stringify(run, php_argument(call, n), &text);
        if (flow == PHP_OK)
                *ret = memory_copy(php_string_bytes(text), php_string_size(text));
        return flow;
}

static enum php_flow property_name(
        struct php_run *run, struct php_call *call, const char *type, struct php_value *ret)
{
        _cleanup_free_ char *table = NULL;
        struct php_value columns = PHP_NULL_VALUE;
        size_t last = call->count - 1;
        enum php_flow flow = argument_text(run, call, 0, &table);
        if (flow == PHP_OK)
                flow = php_argument_array(run, call, last, &columns);
        if (flow != PHP_OK)
                return flow;
        _cleanup_free_ char *prefixed = string_format("%s%s", world_of(run)->prefix, table);
        _cleanup_buffer_ struct buffer name = {0};
        buffer_append_format(&name, "%s_", type);
        append_crc(&name, prefixed, strlen(prefixed));
        struct php_value column;
        for (size_t at = 0; flow == PHP_OK && php_array_next(columns, &at, NULL, &column);)
                flow = append_crc_of(run, &name, column);
        if (flow != PHP_OK)
                return flow;
        upper_case(name.data);
        *ret = php_bytes(name.data, name.size < PROPERTY_NAME_LIMIT ? name.size : PROPERTY_NAME_LIMIT);
        return PHP_OK;
}

static enum php_flow generate_property_name(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *type = NULL;
        enum php_flow flow = argument_text(run, call, 1, &type);
        return flow == PHP_OK ? property_name(run, call, type, call->ret) : flow;
}

static enum php_flow generate_keys(struct php_run *run, struct php_call *call)
{
        static const char *const types[] = {"idx", "fk"};
        _cleanup_php_value_ struct php_value keys = php_new_array();
        for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
                struct php_value name = PHP_NULL_VALUE;
                enum php_flow flow = property_name(run, call, types[i], &name);
                if (flow != PHP_OK)
                        return flow;
                (void)php_array_append(&keys, name);
        }
        return php_return(call, php_steal(&keys));
}

static const char *last_characters(const char *name)
{
        size_t size = strlen(name);
        return size > SUFFIX_SIZE ? name + size - SUFFIX_SIZE : name;
}

/* "idx" wins over "uniq" where a name holds both; names with neither are of no kind. */
static bool index_is_of(const char *name, const char *type)
{
        bool is_index = strcasestr(name, "idx") != NULL;
        bool is_unique = !is_index && strcasestr(name, "uniq") != NULL;
        return strcasecmp(type, "idx") == 0 ? is_index : is_unique;
}

/* The live name that ends like the suffix; of several the last one, as in a PHP array that they are put into.
 */
static const char *find_live_name(const struct schema_table *table, const char *type, const char *suffix)
{
        const char *found = "";
        for (size_t i = 0; strcasecmp(type, "fk") == 0 && i < table->foreign_key_count; i++)
                if (strcasecmp(last_characters(table->foreign_keys[i].name), suffix) == 0)
                        found = table->foreign_keys[i].name;
        for (size_t i = 0; strcasecmp(type, "fk") != 0 && i < table->index_count; i++)
                if (index_is_of(table->indexes[i].name, type) &&
                        strcasecmp(last_characters(table->indexes[i].name), suffix) == 0)
                        found = table->indexes[i].name;
        return found;
}

/* No such name is a notice in PHP and then the empty name, so the SQL it goes into is wrong in PHP as well.
 */
static enum php_flow find_property_name(struct php_run *run, struct php_call *call)
{
        _cleanup_free_ char *table = NULL, *type = NULL, *suffix = NULL;
        enum php_flow flow = argument_text(run, call, 0, &table);
        if (flow == PHP_OK)
                flow = argument_text(run, call, 1, &type);
        if (flow == PHP_OK)
                flow = argument_text(run, call, 2, &suffix);
        if (flow != PHP_OK)
                return flow;
        bool known_type =
                strcasecmp(type, "fk") == 0 || strcasecmp(type, "idx") == 0 || strcasecmp(type, "uniq") == 0;
        struct migration_world *world = world_of(run);
        _cleanup_free_ char *prefixed = string_format("%s%s", world->prefix, table);
        const struct schema_table *live = schema_find_table(world->doctrine.schema, prefixed);
        _cleanup_free_ char *name =
                string_copy(live && known_type ? find_live_name(live, type, last_characters(suffix)) : "");
        upper_case(name);
        return php_return(call, php_text(name));
}

static enum php_flow suppress_no_statement_error(struct php_run *run, struct php_call *call)
{
        (void)call;
        _cleanup_php_value_ struct php_value sql =
                php_text("SELECT \"This migration did not generate select statements.\" AS purpose");
        return add_one(run, sql, PHP_NULL_VALUE, PHP_NULL_VALUE);
}

static enum php_flow platform_up(struct php_run *run, struct php_call *call)
{
        if (!php_has_user_method(run, call->this, "mysqlUp"))
                return PHP_OK;
        struct php_value schema = php_argument(call, 0);
        return php_call_method(run, call->this, "mysqlUp", &schema, 1, call->ret);
}

static enum php_flow set_container(struct php_run *run, struct php_call *call)
{
        struct migration_world *world = world_of(run);
        php_set_property(call->this, "container", php_copy(php_argument(call, 0)));
        php_set_property(call->this, "prefix", php_text(world->prefix));
        php_set_property(call->this, "platform", php_text("mysql"));
        return PHP_OK;
}

static const struct php_host_method mautic_migration_methods[] = {
        {"findPropertyName", find_property_name, 3, 3, false, "table,type,suffix"},
        {"generateKeys", generate_keys, 2, 2, false, "table,columnNames"},
        {"generatePropertyName", generate_property_name, 3, 3, false, "table,type,columnNames"},
        {"setContainer", set_container, 0, 1, false, "container"},
        {"suppressNoSQLStatementError", suppress_no_statement_error, 0, 0, false, NULL},
        {"up", platform_up, 1, 1, false, "schema"},
        {0},
};

/* Mautic\CoreBundle\Doctrine\PreUpAssertionMigration */

#define ASSERTIONS "skipAssertions"

static enum php_flow skip_assertion(struct php_run *run, struct php_call *call)
{
        (void)run;
        const struct php_value *former = php_property(call->this, ASSERTIONS);
        struct php_value assertions =
                former && former->type == PHP_TYPE_ARRAY ? php_copy(*former) : php_new_array();
        struct php_value assertion = php_new_array();
        php_array_set_text(&assertion, "assertion", php_copy(php_argument(call, 0)));
        php_array_set_text(&assertion, "message", php_copy(php_argument(call, 1)));
        (void)php_array_append(&assertions, assertion);
        php_set_property(call->this, ASSERTIONS, assertions);
        return PHP_OK;
}

/* *ret: whether every assertion held, and there was one. */
static enum php_flow try_assertions(
        struct php_run *run, struct php_value assertions, struct php_value schema, bool *ret)
{
        *ret = php_array_count(assertions) > 0;
        struct php_value assertion;
        for (size_t at = 0; *ret && php_array_next(assertions, &at, NULL, &assertion);) {
                _cleanup_php_value_ struct php_value holds = PHP_NULL_VALUE;
                enum php_flow flow =
                        php_call(run, *php_array_get_text(assertion, "assertion"), &schema, 1, &holds);
                if (flow != PHP_OK)
                        return flow;
                *ret = php_truth(holds);
        }
        return PHP_OK;
}

static enum php_flow pre_up_assertions(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value nothing = PHP_NULL_VALUE;
        enum php_flow flow = php_call_method(run, call->this, "preUpAssertions", NULL, 0, &nothing);
        if (flow != PHP_OK)
                return flow;
        const struct php_value *made = php_property(call->this, ASSERTIONS);
        if (!made || made->type != PHP_TYPE_ARRAY)
                return PHP_OK;
        _cleanup_php_value_ struct php_value assertions = php_copy(*made);
        bool all = false;
        flow = try_assertions(run, assertions, php_argument(call, 0), &all);
        if (flow != PHP_OK || !all)
                return flow;
        return php_throw(run, exception_name(run, THROWN_SKIP), "Schema includes this migration");
}

static const struct php_host_method assertion_migration_methods[] = {
        {"preUp", pre_up_assertions, 1, 1, false, "schema"},
        {"skipAssertion", skip_assertion, 2, 2, false, "assertion,message"},
        {0},
};

/* Registration */

static const struct php_host_class classes_2_5[] = {
        {.name = "Doctrine\\DBAL\\Migrations\\MigrationException", .parent = "Exception"},
        {.name = "Doctrine\\DBAL\\Migrations\\SkipMigrationException",
                .parent = "Doctrine\\DBAL\\Migrations\\MigrationException"},
        {.name = "Doctrine\\DBAL\\Migrations\\AbortMigrationException",
                .parent = "Doctrine\\DBAL\\Migrations\\MigrationException"},
        {.name = "Doctrine\\DBAL\\Migrations\\IrreversibleMigrationException",
                .parent = "Doctrine\\DBAL\\Migrations\\MigrationException"},
        {.name = "Doctrine\\DBAL\\Migrations\\AbstractMigration",
                .methods = migration_methods,
                .construct = return_nothing,
                .is_abstract = true},
};

static const struct php_host_class classes_2_10[] = {
        {.name = "Doctrine\\Migrations\\Exception\\MigrationException",
                .interfaces = "Throwable",
                .is_abstract = true},
        {.name = "Doctrine\\Migrations\\Exception\\ControlException",
                .interfaces = "Doctrine\\Migrations\\Exception\\MigrationException",
                .is_abstract = true},
        {.name = "Doctrine\\Migrations\\Exception\\SkipMigration",
                .parent = "RuntimeException",
                .interfaces = "Doctrine\\Migrations\\Exception\\ControlException"},
        {.name = "Doctrine\\Migrations\\Exception\\AbortMigration",
                .parent = "RuntimeException",
                .interfaces = "Doctrine\\Migrations\\Exception\\ControlException"},
        {.name = "Doctrine\\Migrations\\Exception\\IrreversibleMigration",
                .parent = "RuntimeException",
                .interfaces = "Doctrine\\Migrations\\Exception\\MigrationException"},
        {.name = "Doctrine\\Migrations\\AbstractMigration",
                .methods = migration_methods,
                .construct = return_nothing,
                .is_abstract = true},
};

#define MAUTIC_MIGRATION "Mautic\\CoreBundle\\Doctrine\\AbstractMauticMigration"

static const struct php_host_class mautic_migration_2_5 = {.name = MAUTIC_MIGRATION,
        .parent = "Doctrine\\DBAL\\Migrations\\AbstractMigration",
        .interfaces = "Symfony\\Component\\DependencyInjection\\ContainerAwareInterface",
        .methods = mautic_migration_methods,
        .is_abstract = true};
static const struct php_host_class mautic_migration_2_10 = {.name = MAUTIC_MIGRATION,
        .parent = "Doctrine\\Migrations\\AbstractMigration",
        .interfaces = "Symfony\\Component\\DependencyInjection\\ContainerAwareInterface",
        .methods = mautic_migration_methods,
        .is_abstract = true};
static const struct php_host_class assertion_migration = {
        .name = "Mautic\\CoreBundle\\Doctrine\\PreUpAssertionMigration",
        .parent = MAUTIC_MIGRATION,
        .methods = assertion_migration_methods,
        .is_abstract = true,
};
void migration_base_register(struct php_run *run)
{
        const struct migration_world *world = world_of(run);
        bool old = world->doctrine.version == DOCTRINE_2_5;
        const struct php_host_class *classes = old ? classes_2_5 : classes_2_10;
        size_t count = old ? ARRAY_SIZE(classes_2_5) : ARRAY_SIZE(classes_2_10);
        migration_container_register(run);
        for (size_t i = 0; i < count; i++)
                php_run_add_class(run, &classes[i]);
        php_run_add_class(run, old ? &mautic_migration_2_5 : &mautic_migration_2_10);
        if (world->doctrine.version >= DOCTRINE_3_7)
                php_run_add_class(run, &assertion_migration);
        php_run_define(run, "MAUTIC_TABLE_PREFIX", php_text(world->prefix));
}

enum php_flow migration_base_prepare(struct php_run *run, struct php_value migration)
{
        struct migration_world *world = world_of(run);
        php_set_property(migration, "connection", doctrine_new_connection(run));
        php_set_property(migration, "sm", doctrine_new_schema_manager(run));
        php_set_property(migration, "platform", doctrine_new_platform(run));
        if (world->doctrine.version == DOCTRINE_2_5)
                php_set_property(migration, "factory", migration_new_factory(run));
        if (!php_has_method(run, migration, "setContainer"))
                return PHP_OK;
        _cleanup_php_value_ struct php_value container = migration_new_container(run);
        _cleanup_php_value_ struct php_value nothing = PHP_NULL_VALUE;
        return php_call_method(run, migration, "setContainer", &container, 1, &nothing);
}

bool migration_is_skip(struct php_run *run, struct php_value exception)
{
        return php_instance_of(run, exception, exception_name(run, THROWN_SKIP));
}
