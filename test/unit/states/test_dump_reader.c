/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/dump_reader.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/scratch.h"

static void test_statements(void **state)
{
        static const struct {
                const char *sql;
                enum dump_statement_kind kind;
                const char *name, *table, *definer;
                enum dump_object object;
                bool names_schema;
                uint64_t rows;
        } cases[] = {
                {"-- nothing", .kind = DUMP_BLANK},
                {"/*M!999999\\- enable the sandbox mode */", .kind = DUMP_BLANK},
                {"/*M!999999\\- enable the sandbox mode */ \n-- x\n/*!40101 SET NAMES utf8mb4 */",
                        .kind = DUMP_SESSION},
                {"/*!999999\\- enable the sandbox mode */", .kind = DUMP_BLANK},
                {"/*!999999\\- enable the sandbox mode */\n-- x\n/*!40101 SET NAMES utf8mb4 */",
                        .kind = DUMP_SESSION},
                {"\n/*!50717 SELECT COUNT(*) INTO @rocksdb_has_p_s FROM x */", .kind = DUMP_BLANK},
                {"/*!50717 PREPARE s FROM @rocksdb_get_is_supported */", .kind = DUMP_BLANK},
                {"/*!50717 EXECUTE s */", .kind = DUMP_BLANK},
                {"/*!50717 DEALLOCATE PREPARE s */", .kind = DUMP_BLANK},
                {"SELECT 1", .kind = DUMP_UNKNOWN},
                {"SET @saved = 'GLOBAL'", .kind = DUMP_SESSION},
                {"SET GLOBAL max_connections = 1", .kind = DUMP_UNKNOWN},
                {"SET @@global.max_connections = 1", .kind = DUMP_UNKNOWN},
                {"SET PASSWORD = 'x'", .kind = DUMP_UNKNOWN},
                {"LOCK TABLES `t` WRITE", .kind = DUMP_LOCK},
                {"UNLOCK TABLES", .kind = DUMP_LOCK},
                {"DROP TABLE IF EXISTS `a``b`", DUMP_DROP, "a`b", .object = DUMP_TABLE},
                {"/*!50001 DROP VIEW IF EXISTS `v`*/", DUMP_DROP, "v", .object = DUMP_VIEW},
                {"/*!50106 DROP EVENT IF EXISTS `at night` */ ", DUMP_DROP, "at night", .object = DUMP_EVENT},
                {"/*!50003 DROP PACKAGE BODY IF EXISTS `p` */", DUMP_DROP, "p", .object = DUMP_PACKAGE_BODY},
                {"DROP TABLE a, b", .kind = DUMP_UNKNOWN, .name = "a", .object = DUMP_TABLE},
                {"DROP DATABASE x", .kind = DUMP_UNKNOWN, .object = DUMP_SCHEMA},
                {"CREATE DATABASE x", .kind = DUMP_UNKNOWN, .object = DUMP_SCHEMA},
                {"CREATE TABLE `t` (id INT)", DUMP_CREATE, "t", .object = DUMP_TABLE},
                {"/*!50001 CREATE VIEW `v` AS SELECT\n 1 AS `a` */", DUMP_CREATE, "v", .object = DUMP_VIEW},
                {"/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`ro``ot`@`local%` SQL SECURITY "
                 "DEFINER "
                 "*/\n/*!50001 VIEW `v` AS select 1 AS `a` */",
                        DUMP_CREATE, "v", .definer = "ro`ot@local%", .object = DUMP_VIEW},
                {"/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER tr /* on x */ "
                 "before "
                 "INSERT\nON `my table` FOR EACH ROW SET NEW.on = 1 */",
                        DUMP_CREATE, "tr", "my table", "root@localhost", DUMP_TRIGGER},
                {"/*!50003 CREATE*/ /*!50017 DEFINER=CURRENT_USER()*/ /*!50003 trigger a.tr before insert on "
                 "a.t "
                 "for each row begin end */",
                        DUMP_CREATE, "tr", "t", .object = DUMP_TRIGGER, .names_schema = true},
                {"CREATE DEFINER=\"root\"@\"localhost\" PACKAGE BODY \"pk\" as procedure q; end", DUMP_CREATE,
                        "pk", .definer = "root@localhost", .object = DUMP_PACKAGE_BODY},
                {"CREATE DEFINER=`role` AGGREGATE FUNCTION IF NOT EXISTS `f`() RETURNS INT RETURN 1",
                        DUMP_CREATE, "f", .definer = "role", .object = DUMP_FUNCTION},
                {"CREATE SEQUENCE `s` start with 5", DUMP_CREATE, "s", .object = DUMP_SEQUENCE},
                {"CREATE USER x", .kind = DUMP_UNKNOWN},
                {"DO SETVAL(`s`, 1005, 0)", DUMP_SEQUENCE_VALUE, "s", .object = DUMP_SEQUENCE},
                {"DO SLEEP(5)", .kind = DUMP_UNKNOWN, .object = DUMP_SEQUENCE},
                {"/*!40000 ALTER TABLE `t` DISABLE KEYS */", DUMP_KEYS, "t", .object = DUMP_TABLE},
                {"ALTER TABLE t DROP x", DUMP_UNKNOWN, "t", .object = DUMP_TABLE},
                {"ALTER DATABASE `a b` CHARACTER SET latin1 ", DUMP_ALTER_SCHEMA, "a b",
                        .object = DUMP_SCHEMA},
                {"INSERT INTO `t` VALUES\n(1,')(\\'',NULL),\n(2,'''(',0x28),(3,\"(\",'\\\\')", DUMP_INSERT,
                        "t", .object = DUMP_TABLE, .rows = 3},
                {"INSERT INTO `t` (`values`, `b`) VALUES (1,2),(3,4)", DUMP_INSERT, "t", .object = DUMP_TABLE,
                        .rows = 2},
                {"INSERT INTO other.t VALUES (1)", DUMP_INSERT, "t", .object = DUMP_TABLE,
                        .names_schema = true, .rows = 1},
                {"INSERT INTO t SELECT * FROM x", DUMP_UNKNOWN, "t", .object = DUMP_TABLE},
                {"GRANT ALL ON *.* TO x", .kind = DUMP_UNKNOWN},
                {"USE x", .kind = DUMP_UNKNOWN},
                {"DELETE FROM t", .kind = DUMP_UNKNOWN},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_dump_statement_ struct dump_statement found = {0};
                dump_statement_read(cases[i].sql, strlen(cases[i].sql), &found);
                if (found.kind != cases[i].kind || found.object != cases[i].object ||
                        !string_equal(found.name, cases[i].name) ||
                        !string_equal(found.table, cases[i].table) ||
                        !string_equal(found.definer, cases[i].definer) || found.rows != cases[i].rows ||
                        found.names_schema != cases[i].names_schema)
                        fail_msg("%s: kind %d, %s %s (table %s) of %s, %u rows", cases[i].sql,
                                (int)found.kind, dump_object_name(found.object), found.name ?: "-",
                                found.table ?: "-", found.definer ?: "-", (unsigned)found.rows);
        }
}

static int read_dump(const char *text, struct dump_contents *ret, struct error *err)
{
        _cleanup_(dump_reader_freep) struct dump_reader *reader = dump_reader_new(NULL, NULL);
        for (size_t at = 0, size = strlen(text); at < size; at += 7)
                if (dump_reader_feed(reader, text + at, size - at < 7 ? size - at : 7, err) < 0)
                        return -1;
        return dump_reader_finish(reader, ret, err);
}

static void test_contents(void **state)
{
        static const char text[] =
                "CREATE TABLE v (a INT);CREATE TABLE `t` (a INT);INSERT INTO t VALUES (1),(2);\n"
                "INSERT INTO t VALUES (3);DROP TABLE IF EXISTS v;\n"
                "CREATE DEFINER=a@b VIEW v AS SELECT 1;\n"
                "CREATE DEFINER=a@b FUNCTION x.f() RETURNS INT RETURN 1;\n-- Dump completed\n";
        _cleanup_dump_contents_ struct dump_contents contents = {0};
        struct error err = {0};
        assert_ok(read_dump(text, &contents, &err));
        assert_int_equal(contents.count, 3);
        assert_int_equal(contents.bytes, strlen(text));
        assert_null(dump_contents_find(&contents, DUMP_TABLE, "v"));
        assert_non_null(dump_contents_find(&contents, DUMP_VIEW, "v"));
        assert_int_equal(dump_contents_find(&contents, DUMP_TABLE, "t")->rows, 3);
        assert_int_equal(strings_count(contents.definers), 1);
        assert_string_equal(contents.definers[0], "a@b");
        assert_int_equal(strings_count(contents.foreign), 1);
        assert_string_equal(contents.foreign[0], "function f");
}

static void test_not_whole(void **state)
{
        static const struct {
                const char *text, *says;
        } cases[] = {
                {"", "does not end with"},
                {"CREATE TABLE t (a INT);", "does not end with"},
                {"-- Dump completed\nINSERT", "does not end with"},
                {"x -- Dump completed", "does not end with"},
                {"INSERT INTO t VALUES (1);\n-- Dump completed\n", "does not make it"},
                {"CREATE TABLE t (a INT);\nINSERT INTO t VALUES ('a\n-- Dump completed\n",
                        "inside of a quoted"},
                {"DELETE FROM t;\n-- Dump completed\n", "DELETE FROM t"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_dump_contents_ struct dump_contents contents = {0};
                _cleanup_error_ struct error err = {0};
                assert_fails(read_dump(cases[i].text, &contents, &err), REASON_BACKUP_INCOMPLETE);
                if (!strstr(error_message(&err), cases[i].says))
                        fail_msg("%s: %s", cases[i].text, error_message(&err));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_statements),
                cmocka_unit_test(test_contents),
                cmocka_unit_test(test_not_whole),
        };
        return cmocka_run_group_tests_name("dump_reader", tests, NULL, NULL);
}
