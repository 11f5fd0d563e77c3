/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/migration_container.h"

#include "migrations-reader/migration_base.h"

#include <string.h>

/* The container, and of its services those that change nothing: the connection and the loggers. */

#define CONTAINER "Symfony\\Component\\DependencyInjection\\Container"
#define CONTAINER_INTERFACE "Symfony\\Component\\DependencyInjection\\ContainerInterface"
#define REGISTRY "Doctrine\\Bundle\\DoctrineBundle\\Registry"
#define LOGGER "Monolog\\Logger"
#define FACTORY "Mautic\\CoreBundle\\Factory\\MauticFactory"

static enum php_flow return_connection(struct php_run *run, struct php_call *call)
{
        return php_return(call, doctrine_new_connection(run));
}

static enum php_flow return_logger(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_host_object(run, LOGGER, NULL));
}

static enum php_flow log_nothing(struct php_run *run, struct php_call *call)
{
        (void)run;
        return php_return(call, php_bool(true));
}

static const struct {
        const char *name, *class; /* class NULL: the connection */
} services[] = {
        {"database_connection", NULL},
        {"doctrine", REGISTRY},
        {"doctrine.dbal.default_connection", NULL},
        {"logger", LOGGER},
        {"mautic.factory", FACTORY},
        {"monolog.logger.mautic", LOGGER},
};

bool migration_service_is_known(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(services); i++)
                if (string_equal(name, services[i].name))
                        return true;
        return false;
}

static enum php_flow get_service(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
        enum php_flow flow = php_argument_string(run, call, 0, &name);
        if (flow != PHP_OK)
                return flow;
        for (size_t i = 0; i < ARRAY_SIZE(services); i++)
                if (php_string_is(name, services[i].name))
                        return php_return(
                                call, services[i].class ? php_host_object(run, services[i].class, NULL)
                                                        : doctrine_new_connection(run));
        return php_needs_php(run, "the service %s of Mautic's container", php_string_bytes(name));
}

static enum php_flow get_parameter(struct php_run *run, struct php_call *call)
{
        struct migration_world *world = php_run_host(run);
        _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
        enum php_flow flow = php_argument_string(run, call, 0, &name);
        if (flow != PHP_OK)
                return flow;
        const char *key = php_string_bytes(name);
        if (string_begins(key, "mautic."))
                key += 7;
        if (strcmp(key, "db_table_prefix") == 0)
                return php_return(call, php_text(world->prefix));
        _cleanup_error_ struct error err = {0};
        int result = world->parameter ? world->parameter(world->context, key, call->ret, &err) : 1;
        if (result != 0)
                return php_needs_php(run, "the configuration parameter %s%s%s", php_string_bytes(name),
                        result < 0 ? ": " : "", result < 0 ? error_message(&err) : "");
        return PHP_OK;
}

static const struct php_host_method container_methods[] = {
        {"get", get_service, 1, 2, false, NULL},
        {"getParameter", get_parameter, 1, 1, false, NULL},
        {0},
};
static const struct php_host_method registry_methods[] = {
        {"getConnection", return_connection, 0, 1, false, NULL},
        {0},
};
static const struct php_host_method factory_methods[] = {
        {"getDatabase", return_connection, 0, 0, false, NULL},
        {"getLogger", return_logger, 0, 1, false, NULL},
        {"getParameter", get_parameter, 1, 2, false, NULL},
        {0},
};
static const struct php_host_method logger_methods[] = {
        {"addCritical", log_nothing, 1, 2, false, NULL},
        {"addDebug", log_nothing, 1, 2, false, NULL},
        {"addError", log_nothing, 1, 2, false, NULL},
        {"addInfo", log_nothing, 1, 2, false, NULL},
        {"addNotice", log_nothing, 1, 2, false, NULL},
        {"addWarning", log_nothing, 1, 2, false, NULL},
        {"critical", log_nothing, 1, 2, false, NULL},
        {"debug", log_nothing, 1, 2, false, NULL},
        {"error", log_nothing, 1, 2, false, NULL},
        {"info", log_nothing, 1, 2, false, NULL},
        {"notice", log_nothing, 1, 2, false, NULL},
        {"warning", log_nothing, 1, 2, false, NULL},
        {0},
};

/* Mautic\CoreBundle\Helper\Serializer (2.15 on): unserialize without objects. */
static enum php_flow serializer_decode(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        enum php_flow flow = php_argument_string(run, call, 0, &text);
        if (flow != PHP_OK)
                return flow;
        const char *object = memmem(php_string_bytes(text), php_string_size(text), "O:", 2);
        if (object)
                return php_needs_php(run, "Serializer::decode of a text that may hold an object");
        _cleanup_php_value_ struct php_value function = php_text("unserialize");
        return php_call(run, function, &text, 1, call->ret);
}

static const struct php_host_method serializer_methods[] = {
        {"decode", serializer_decode, 1, 2, true, NULL},
        {0},
};

static const struct php_host_class classes[] = {
        {.name = "Psr\\Log\\LoggerInterface", .is_abstract = true},
        {.name = CONTAINER_INTERFACE, .is_abstract = true},
        {.name = CONTAINER,
                .interfaces = CONTAINER_INTERFACE,
                .methods = container_methods,
                .is_abstract = true},
        {.name = "Symfony\\Component\\DependencyInjection\\ContainerAwareInterface", .is_abstract = true},
        {.name = FACTORY, .methods = factory_methods, .is_abstract = true},
        {.name = REGISTRY, .methods = registry_methods, .is_abstract = true},
        {.name = LOGGER,
                .interfaces = "Psr\\Log\\LoggerInterface",
                .methods = logger_methods,
                .is_abstract = true},
        {.name = "Mautic\\CoreBundle\\Helper\\Serializer", .methods = serializer_methods},
};

void migration_container_register(struct php_run *run)
{
        for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
                php_run_add_class(run, &classes[i]);
}

struct php_value migration_new_container(struct php_run *run)
{
        return php_host_object(run, CONTAINER, NULL);
}

struct php_value migration_new_factory(struct php_run *run)
{
        return php_host_object(run, FACTORY, NULL);
}
