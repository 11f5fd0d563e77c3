/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Runs PHP snippets on Doctrine's classes over the schema of a small shop, read from a dump: no server. */

#include "lib/memory.h"
#include "migrations-reader/doctrine/doctrine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

/* One snippet and what it says through out(), a line each. A text for a version is what real Doctrine said on
 * the same tables; for all versions: they said the same. */
struct doctrine_case {
        const char *name, *code;
        const char *all;
        const char *expected[DOCTRINE_3_7 + 1]; /* when `all` is NULL; NULL: not asked in that version */
};

static const char shop_dump[] =
        "-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)\n"
        "--\n"
        "-- Host: localhost    Database: shop\n"
        "-- ------------------------------------------------------\n"
        "-- Server version\t10.11.6-MariaDB\n"
        "\n"
        "CREATE TABLE `customers` (\n"
        "  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,\n"
        "  `email` varchar(191) NOT NULL,\n"
        "  `name` varchar(50) DEFAULT 'it''s \\\\ \"x\"',\n"
        "  `balance` decimal(12,4) DEFAULT NULL,\n"
        "  `state` enum('new','old') NOT NULL DEFAULT 'new',\n"
        "  `notes` longtext DEFAULT NULL COMMENT '(DC2Type:array)',\n"
        "  `added` datetime NOT NULL DEFAULT current_timestamp(),\n"
        "  `is_active` tinyint(1) NOT NULL DEFAULT 1,\n"
        "  `order` smallint(6) DEFAULT NULL,\n"
        "  PRIMARY KEY (`id`),\n"
        "  UNIQUE KEY `email_unique` (`email`),\n"
        "  KEY `name_search` (`name`(10),`state`),\n"
        "  FULLTEXT KEY `notes_text` (`notes`)\n"
        ") ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci COMMENT='who "
        "buys' ROW_FORMAT=DYNAMIC;\n"
        "\n"
        "CREATE TABLE `logs` (\n"
        "  `line` text DEFAULT NULL\n"
        ") ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci;\n"
        "\n"
        "CREATE TABLE `orders` (\n"
        "  `id` int(11) NOT NULL AUTO_INCREMENT,\n"
        "  `customer_id` int(10) unsigned DEFAULT NULL,\n"
        "  `parent_id` int(11) DEFAULT NULL,\n"
        "  `total` double NOT NULL,\n"
        "  PRIMARY KEY (`id`),\n"
        "  KEY `by_customer` (`customer_id`),\n"
        "  KEY `by_parent` (`parent_id`,`total`),\n"
        "  CONSTRAINT `FK_CUSTOMER` FOREIGN KEY (`customer_id`) REFERENCES `customers` (`id`) ON DELETE "
        "CASCADE,\n"
        "  CONSTRAINT `FK_PARENT` FOREIGN KEY (`parent_id`) REFERENCES `orders` (`id`) ON DELETE SET NULL ON "
        "UPDATE NO ACTION\n"
        ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci ROW_FORMAT=DYNAMIC;\n";

/* Mautic's db_server_version of each release; from 4 on the server is asked. */
static const char *const server_versions[] = {"5.5", "5.7", NULL, NULL};

/* The first member of the run's host, as the contract wants it. */
struct doctrine_world {
        struct doctrine doctrine;
        struct buffer said;
};

static int no_server(void *context, const char *sql, size_t size, struct database_rows *ret, char **ret_why,
        struct error *err)
{
        return 1;
}

static int note_write(void *context, const char *sql, size_t size, struct php_value params, const char *bound,
        size_t bound_size, unsigned line, char **ret_why, struct error *err)
{
        struct doctrine_world *world = context;

        buffer_append_string(&world->said, "write: ");
        buffer_append(&world->said, sql, size);
        buffer_append_string(&world->said, "\n");
        return 0;
}

static char *quote_plainly(void *context, const char *text, size_t size)
{
        return string_format("'%.*s'", (int)size, text);
}

static enum php_flow say(struct php_run *run, struct php_call *call)
{
        struct doctrine_world *world = php_run_host(run);
        struct php_value text = PHP_NULL_VALUE;
        enum php_flow flow = php_stringify(run, php_argument(call, 0), &text);

        if (flow != PHP_OK)
                return flow;
        buffer_append(&world->said, php_string_bytes(text), php_string_size(text));
        buffer_append_string(&world->said, "\n");
        php_release(text);
        return PHP_OK;
}

static enum php_flow get_schema(struct php_run *run, struct php_call *call)
{
        return doctrine_new_schema(run, call->ret);
}

static enum php_flow get_platform(struct php_run *run, struct php_call *call)
{
        return php_return(call, doctrine_new_platform(run));
}

static enum php_flow get_manager(struct php_run *run, struct php_call *call)
{
        return php_return(call, doctrine_new_schema_manager(run));
}

static enum php_flow get_difference(struct php_run *run, struct php_call *call)
{
        return doctrine_schema_difference(run, php_argument(call, 0), php_argument(call, 1), call->ret);
}

static const struct php_host_function snippet_functions[] = {
        {"out", say, 1, 1},
        {"schema", get_schema, 0, 0},
        {"platform", get_platform, 0, 0},
        {"manager", get_manager, 0, 0},
        {"difference", get_difference, 2, 2},
        {NULL},
};

/* What is left when the snippet did not end by itself, as a last line. */
static void say_end(struct php_run *run, struct doctrine_world *world, enum php_flow flow)
{
        const struct php_stop *stop = php_run_stop(run);

        if (flow == PHP_THROWN)
                buffer_append_format(&world->said, "thrown: %s\n", php_class_of(php_run_exception(run)));
        if (flow == PHP_STOPPED)
                buffer_append_format(&world->said, "stopped: %s\n",
                        stop->message ? stop->message : error_message(&stop->error));
}

/* Owned by the caller. */
static char *run_snippet(enum doctrine_version version, const char *server_version, const char *code)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(schema_freep) struct schema *snapshot = NULL;
        _cleanup_(php_file_freep) struct php_file *file = NULL;
        _cleanup_free_ char *source = string_format("<?php\n%s", code);
        struct doctrine_world world = {.doctrine = {.version = version, .server_version = server_version}};
        struct sql_source sql_source = {.context = &world,
                .read = no_server,
                .write = note_write,
                .quote = quote_plainly,
                .database = "shop"};
        struct php_run *run = php_run_new(PHP_LIMITS_DEFAULT, NULL, NULL);
        char **rows = NULL;

        if (schema_read_dump(shop_dump, strlen(shop_dump), NULL, &snapshot, &rows, &err) < 0)
                fail_msg("%s", error_message(&err));
        strings_free(rows);
        if (php_file_read("snippet.php", source, strlen(source), &file, &err) < 0)
                fail_msg("%s", error_message(&err));
        world.doctrine.schema = snapshot;
        world.doctrine.source = &sql_source;
        php_add_standard(run);
        php_run_set_host(run, &world);
        doctrine_register(run, &world.doctrine);
        php_run_add_functions(run, snippet_functions);
        say_end(run, &world, php_run_file(run, file));
        php_run_free(run);
        return buffer_steal(&world.said);
}

static void run_case(const struct doctrine_case *item)
{
        for (int version = DOCTRINE_2_5; version <= DOCTRINE_3_7; version++) {
                const char *expected = item->all ? item->all : item->expected[version];
                _cleanup_free_ char *said = NULL;

                if (!expected)
                        continue;
                said = run_snippet((enum doctrine_version)version, server_versions[version], item->code);
                if (strcmp(said, expected) != 0)
                        print_error("case %s, version %d\n", item->name, version);
                assert_string_equal(said, expected);
        }
}
