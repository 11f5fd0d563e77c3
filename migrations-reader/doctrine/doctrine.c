/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/doctrine.h"

#include "migrations-reader/doctrine/connection.h"
#include "migrations-reader/doctrine/platform.h"
#include "migrations-reader/doctrine/types.h"

#include <string.h>

/* What a run has once. They go with the run, through an object that one of its constants holds. */
struct doctrine_objects {
        struct php_value *types; /* by number */
        struct php_value platform, manager;
};

#define OBJECTS_CLASS DBAL "Objects"
#define OBJECTS_CONSTANT "\\Doctrine"

static void objects_free(void *host)
{
        struct doctrine_objects *objects = host;

        if (!objects)
                return;
        for (size_t i = 0; i < type_count(); i++)
                php_clear(&objects->types[i]);
        free(objects->types);
        php_clear(&objects->platform);
        php_clear(&objects->manager);
        free(objects);
}

static const struct doctrine_class objects_classes[] = {
        {{.name = OBJECTS_CLASS, .is_abstract = true, .release = objects_free}},
        {{NULL}},
};

static const struct doctrine_class *const tables[] = {
        objects_classes,
        asset_classes,
        exception_classes,
        type_classes,
        platform_classes,
        column_classes,
        index_classes,
        foreign_key_classes,
        table_classes,
        schema_classes,
        comparator_classes,
        manager_classes,
        connection_classes,
        expression_classes,
        query_classes,
        query_exception_classes,
        statement_classes,
};

void doctrine_register(struct php_run *run, struct doctrine *doctrine)
{
        struct doctrine_objects *objects = memory_new(sizeof(*objects));

        for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
                classes_register(run, doctrine->version, tables[i]);
        objects->types = memory_new_array(type_count(), sizeof(*objects->types));
        doctrine->objects = objects;
        php_run_define(run, OBJECTS_CONSTANT, php_host_object(run, OBJECTS_CLASS, objects));
}

struct doctrine *doctrine_of(struct php_run *run)
{
        return php_run_host(run);
}

struct php_value *objects_type(struct php_run *run, const struct type_info *type)
{
        return &doctrine_of(run)->objects->types[type_number(type)];
}

static struct php_value *platform_slot(struct php_run *run)
{
        struct doctrine *doctrine = doctrine_of(run);
        struct php_value *slot = &doctrine->objects->platform;

        if (slot->type == PHP_TYPE_NULL) {
                struct platform *platform = platform_new(doctrine->version, platform_kind_of(doctrine), true);

                *slot = php_host_object(run, platform_class(platform), platform);
        }
        return slot;
}

struct platform *platform_default(struct php_run *run)
{
        return platform_of(run, *platform_slot(run));
}

struct php_value doctrine_new_platform(struct php_run *run)
{
        return php_copy(*platform_slot(run));
}

struct php_value doctrine_new_schema_manager(struct php_run *run)
{
        struct php_value *slot = &doctrine_of(run)->objects->manager;

        if (slot->type == PHP_TYPE_NULL)
                *slot = php_host_object(run, DBAL "Schema\\MySqlSchemaManager", NULL);
        return php_copy(*slot);
}

/* Mautic's default_table_options. */
struct php_value default_table_options(struct php_run *run)
{
        enum doctrine_version version = version_of(run);
        struct php_value options = php_new_array();

        php_array_set_text(&options, "charset", php_text(version == DOCTRINE_2_5 ? "utf8" : "utf8mb4"));
        if (version < DOCTRINE_3_7)
                php_array_set_text(&options, "collate",
                        php_text(version == DOCTRINE_2_5 ? "utf8_unicode_ci" : "utf8mb4_unicode_ci"));
        php_array_set_text(&options, "row_format", php_text("DYNAMIC"));
        if (version >= DOCTRINE_3_7)
                php_array_set_text(&options, "collation", php_text("utf8mb4_unicode_ci"));
        return options;
}

enum php_flow doctrine_new_schema(struct php_run *run, struct php_value *ret)
{
        const struct doctrine *doctrine = doctrine_of(run);
        const struct schema *snapshot = doctrine->schema;
        const char *database = snapshot && *snapshot->database ? snapshot->database : NULL;
        struct schema_object *schema;

        if (doctrine->version == DOCTRINE_2_5)
                TRY(introspect_check(run, platform_default(run), snapshot));
        schema = memory_new(sizeof(*schema));
        asset_set_name(&schema->asset, database ? database : "public");
        schema->tables = php_new_array();
        schema->namespaces = php_new_array();
        schema->config = schema_config_new(run, database, default_table_options(run));
        schema->snapshot = snapshot;
        schema->untouched = doctrine->version > DOCTRINE_2_5;
        schema->unnamed = !database;
        for (size_t i = 0; snapshot && i < snapshot->count; i++) {
                _cleanup_free_ char *key = schema_table_key(schema, snapshot->tables[i]->name);

                php_array_set_text(&schema->tables, key, php_int((int64_t)i));
        }
        *ret = schema_object_new(run, schema);
        return PHP_OK;
}
