/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Dumps of other forms than mariadb-dump's own; test_schema_read.c reads one of those. */

#include "migrations-reader/schema/schema.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char mysql[] =
        "-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n--\n-- Host: db    Database: mautic\n"
        "-- ------------------------------------------------------\n-- Server version\t8.0.36\n\n"
        "/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\n/*!50503 SET NAMES utf8mb4 */;\n"
        "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `mautic` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE "
        "utf8mb4_0900_ai_ci */ /*!80016 DEFAULT ENCRYPTION='N' */;\n"
        "DROP TABLE IF EXISTS `b`;\n/*!50503 SET character_set_client = utf8mb4 */;\n"
        "CREATE TABLE `b` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  `a_id` int unsigned DEFAULT NULL,\n"
        "  `d` datetime DEFAULT CURRENT_TIMESTAMP,\n  PRIMARY KEY (`id`),\n  KEY `x` (`a_id`),\n"
        "  CONSTRAINT `fk` FOREIGN KEY (`a_id`) REFERENCES `z` (`id`) ON DELETE CASCADE\n"
        ") ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci\n"
        "/*!50100 PARTITION BY HASH (id)\nPARTITIONS 4 */;\n"
        "INSERT INTO `b` VALUES (1,2,'a;b'),(2,NULL,'CREATE TABLE `no` (a int);');\n"
        "DELIMITER ;;\n/*!50003 CREATE*/ /*!50003 TRIGGER `t` BEFORE INSERT ON `b` FOR EACH ROW BEGIN\n"
        "DROP TABLE b;\nEND */;;\nDELIMITER ;\n"
        "CREATE TABLE `z` (`id` int unsigned NOT NULL, PRIMARY KEY (`id`));\n"
        "/*!50001 CREATE VIEW `v` AS SELECT \n 1 AS `one`*/;\n"
        "/*!50001 DROP VIEW IF EXISTS `v`*/;\n"
        "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`root`@`%` SQL SECURITY DEFINER */\n"
        "/*!50001 VIEW `v` AS select 1 AS `one` */;\n";

static void test_mysql(void **unused)
{
        (void)unused;
        _cleanup_error_ struct error err = {0};
        _cleanup_(schema_freep) struct schema *schema = NULL;
        _cleanup_strings_ char **values = NULL;
        if (schema_read_dump(mysql, sizeof mysql - 1, "b", &schema, &values, &err) < 0)
                fail_msg("%s", error_message(&err));
        assert_false(schema->server.mariadb);
        assert_int_equal(schema->server.patch, 36);
        assert_string_equal(schema->database, "mautic");
        assert_string_equal(schema->collation, "utf8mb4_0900_ai_ci");
        assert_int_equal(schema->count, 2);
        assert_string_equal(schema->views[0], "v");
        assert_null(schema->views[1]);
        assert_string_equal(values[0], "1");
        assert_string_equal(values[1], "2");
        assert_null(values[2]);
        _cleanup_free_ char *text = schema_table_text(schema->tables[0]);
        assert_string_equal(text,
                "b (InnoDB, utf8mb4_0900_ai_ci)\n"
                "  id int not null auto_increment\n"
                "  a_id int unsigned null\n"
                "  d datetime null default CURRENT_TIMESTAMP DEFAULT_GENERATED\n"
                "  unique index PRIMARY (id) BTREE\n"
                "  index x (a_id) BTREE\n"
                "  foreign key fk (a_id) to z (id) on update NO ACTION on delete CASCADE\n");
        assert_true(schema->tables[0]->auto_increment == 7);
}

static void test_without_header(void **unused)
{
        (void)unused;
        static const char text[] = "create table t (a int, b varchar(9) character set latin1);\n"
                                   "alter table t add key (b);create index i on t (a);\n"
                                   "insert into t (b, a) values ('x', 1), ('y', -2), (lower('z'), NULL)";
        _cleanup_error_ struct error err = {0};
        _cleanup_(schema_freep) struct schema *schema = NULL;
        _cleanup_strings_ char **values = NULL;
        assert_int_equal(schema_read_dump(text, sizeof text - 1, "t", &schema, &values, &err), 0);
        assert_string_equal(schema->database, "");
        assert_true(schema->server.mariadb);
        assert_int_equal(schema->server.minor, 11);
        assert_int_equal(schema->tables[0]->index_count, 2);
        assert_string_equal(values[0], "1");
        assert_string_equal(values[2], "");
}

static void test_errors(void **unused)
{
        (void)unused;
        static const struct {
                const char *text, *expected;
        } cases[] = {
                {"\n\nCREATE TABLE t (a INT, a INT) CHARSET=utf8mb4;",
                        "line 3 of the dump: Duplicate column name 'a'"},
                {"CREATE TABLE t (a INT);\nCREATE TABLE t (a INT);",
                        "line 2 of the dump: Table 't' already exists"},
                {"INSERT INTO t VALUES ('open", "line 1 of the dump: quotes or a comment have no end"},
                {"SELECT 1;\n/* open", "line 2 of the dump: quotes or a comment have no end"},
                {"UPDATE t SET a =\n'open", "line 2 of the dump: quotes or a comment have no end"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_(schema_freep) struct schema *schema = NULL;
                assert_int_equal(
                        schema_read_dump(cases[i].text, strlen(cases[i].text), "t", &schema, NULL, &err), -1);
                assert_int_equal(err.reason, REASON_INVALID_ARGUMENT);
                assert_string_equal(error_message(&err), cases[i].expected);
                assert_null(schema);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_mysql),
                cmocka_unit_test(test_without_header),
                cmocka_unit_test(test_errors),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
