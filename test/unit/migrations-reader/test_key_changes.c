/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/key_changes.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* "-i t.k" is an index dropped, f a foreign key, p a primary key, c a constraint; "+t.k" is one added, "*"
 * any;
 * "@1" in front when it is not the first statement's. */
static char *tell(const char *text, size_t size)
{
        _cleanup_key_changes_ struct key_changes changes = {0};
        key_changes_read(text, size, &changes);
        struct buffer told = {0};
        buffer_append_string(&told, "");
        for (size_t i = 0; i < changes.count; i++) {
                const struct key_change *change = &changes.items[i];
                assert_true(change->offset < size);
                if (told.size > 0)
                        buffer_append_string(&told, " ");
                if (change->statement > 0)
                        buffer_append_format(&told, "@%zu", change->statement);
                if (!change->added)
                        buffer_append_format(&told, "-%c ", key_kind_name(change->kind)[0]);
                buffer_append_format(&told, "%s%s.%s", change->added ? "+" : "", change->table,
                        change->key ? change->key : "*");
        }
        return buffer_steal(&told);
}

#define UNKNOWN "\1"

static void test_statements(void **state)
{
        static const struct {
                const char *sql, *changes;
        } cases[] = {
                {"", ""},
                {"SELECT 1", ""},
                {"ALTER TABLE t DROP FOREIGN KEY k", "-f t.k"},
                {"alter table t drop index k;", "-i t.k"},
                {"ALTER TABLE t DROP KEY k", "-i t.k"},
                {"ALTER TABLE `t` DROP PRIMARY KEY", "-p t.PRIMARY"},
                {"ALTER TABLE `a b` DROP CONSTRAINT `k``x`", "-c a b.k`x"},
                {"ALTER ONLINE IGNORE TABLE t DROP KEY k", "-i t.k"},
                {"DROP INDEX k ON t", "-i t.k"},
                {"drop index `k` on `t` algorithm=inplace", "-i t.k"},
                {"ALTER TABLE t DROP KEY a, DROP KEY b,\n DROP INDEX c", "-i t.a -i t.b -i t.c"},
                {"ALTER TABLE t DROP KEY a; DROP INDEX b ON u;; x; ALTER TABLE v DROP KEY c",
                        "-i t.a @1-i u.b @4-i v.c"},
                {"# drop it\nALTER TABLE t -- now\n /* DROP KEY x, */ DROP KEY k # end", "-i t.k"},

                /* No keys. */
                {"ALTER TABLE t DROP COLUMN k", ""},
                {"ALTER TABLE t DROP k", ""},
                {"ALTER TABLE t DROP `index`, DROP `key`", ""},
                {"ALTER TABLE t DROP PARTITION k", ""},
                {"ALTER TABLE t ADD c ENUM('a, DROP KEY k') NOT NULL, ADD d INT", ""},
                {"INSERT INTO t VALUES ('x; ALTER TABLE t DROP KEY k')", ""},
                {"INSERT INTO t VALUES ('it''s \\'; DROP INDEX k ON t; ', \"; DROP INDEX k ON t\")", ""},
                {"UPDATE t SET a = '; DROP INDEX k ON t'; DROP INDEX l ON t", "@1-i t.l"},

                /* What can end well without the key, or is of another database. */
                {"ALTER TABLE t DROP KEY IF EXISTS k", ""},
                {"ALTER TABLE IF EXISTS t DROP KEY k", ""},
                {"DROP INDEX IF EXISTS k ON t", ""},
                {"ALTER TABLE d.t DROP KEY k", ""},
                {"DROP INDEX k ON `d`.`t`", ""},
                {"ALTER TABLE t /*!50000 DROP KEY k */", "-i t.k"},

                /* What is not known is not judged. */
                {"ALTER TABLE " UNKNOWN " DROP KEY k", ""},
                {"ALTER TABLE t" UNKNOWN " DROP KEY k", ""},
                {"ALTER TABLE `t" UNKNOWN "` DROP KEY k", ""},
                {"ALTER TABLE t DROP KEY " UNKNOWN, ""},
                {"ALTER TABLE t DROP KEY k" UNKNOWN, ""},
                {"ALTER TABLE t DROP KEY " UNKNOWN "k", ""},
                {"ALTER TABLE t DROP KEY k " UNKNOWN, ""},
                {"ALTER TABLE t DROP " UNKNOWN " k", ""},
                {"ALTER TABLE t " UNKNOWN " DROP KEY k, DROP KEY l", "+t.* -i t.l"},
                {UNKNOWN " TABLE t DROP KEY k", ""},
                {UNKNOWN "ALTER TABLE t DROP KEY k", ""},
                {"DROP INDEX " UNKNOWN " ON t", ""},
                {"DROP INDEX k ON " UNKNOWN, ""},
                {"DROP INDEX k " UNKNOWN " t", ""},

                /* Added ones. */
                {"ALTER TABLE t ADD KEY k (a, b), ADD UNIQUE INDEX l (c), ADD c INT", "+t.k +t.l"},
                {"ALTER TABLE t ADD UNIQUE k (a)", "+t.k"},
                {"ALTER TABLE t ADD PRIMARY KEY (a)", "+t.PRIMARY"},
                {"ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES u (id)", "+t.k"},
                {"ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u (id)", "+t.*"},
                {"ALTER TABLE t ADD c INT UNIQUE, MODIFY d INT, CHANGE e f INT PRIMARY KEY", "+t.* +t.*"},
                {"ALTER TABLE t ADD KEY " UNKNOWN " (a)", "+t.*"},
                {"ALTER TABLE t RENAME INDEX k TO l", "+t.l"},
                {"ALTER TABLE t RENAME TO u", "+t.* +u.*"},
                {"CREATE UNIQUE INDEX k ON t (a)", "+t.k"},
                {"CREATE INDEX k USING BTREE ON t (a)", "+t.k"},
                {"CREATE TABLE IF NOT EXISTS t (id INT, KEY k (id))", "+t.*"},
                {"DROP TABLE IF EXISTS t, `u`", "+t.* +u.*"},
                {"RENAME TABLE a TO b, c TO d", "+a.* +b.* +c.* +d.*"},

                /* Cut off, or nonsense. */
                {"ALTER", ""},
                {"ALTER TABLE", ""},
                {"ALTER TABLE t", ""},
                {"ALTER TABLE t DROP", ""},
                {"ALTER TABLE t DROP KEY", ""},
                {"ALTER TABLE t DROP FOREIGN k", ""},
                {"ALTER TABLE t DROP KEY `k", ""},
                {"ALTER TABLE t DROP KEY `", ""},
                {"ALTER TABLE t DROP KEY ``", ""},
                {"ALTER TABLE t DROP KEY 'k'", ""},
                {"ALTER TABLE t DROP KEY k)))", ""},
                {"ALTER TABLE t. DROP KEY k", ""},
                {"DROP INDEX", ""},
                {"DROP INDEX k ON", ""},
                {"DROP TABLE ,", ""},
                {"RENAME TABLE", ""},
                {"RENAME TABLE 'a'", ""},
                {"'\\", ""},
                {"\"", ""},
                {"/*", ""},
                {"--", ""},
                {";;;(((,,,", ""},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *told = tell(cases[i].sql, strlen(cases[i].sql));
                if (strcmp(told, cases[i].changes) != 0)
                        fail_msg("%s gives \"%s\"", cases[i].sql, told);
        }
}

static void test_offsets(void **state)
{
        static const char sql[] = "ALTER TABLE t\n  ADD KEY a (a),\n  DROP KEY b; DROP INDEX c ON t";
        _cleanup_key_changes_ struct key_changes changes = {0};
        key_changes_read(sql, strlen(sql), &changes);
        assert_int_equal(changes.count, 3);
        assert_ptr_equal(sql + changes.items[0].offset, strstr(sql, "ADD"));
        assert_ptr_equal(sql + changes.items[1].offset, strstr(sql, "DROP KEY"));
        assert_ptr_equal(sql + changes.items[2].offset, strstr(sql, "DROP INDEX"));
}

/* Every beginning of a text, in memory that ends where it ends. */
static void test_cut_anywhere(void **state)
{
        static const char sql[] =
                "/*x*/ALTER TABLE `a` DROP KEY `b``c`, ADD c ENUM('\\'') -- x\n; DROP INDEX b "
                "ON c#x\n;RENAME TABLE a TO b;DROP TABLE a,b;CREATE INDEX x ON \"y\\\"";
        for (size_t size = 0; size < sizeof sql; size++) {
                _cleanup_free_ char *text = memory_new_array(size + 1, 1);
                memcpy(text, sql, size);
                _cleanup_free_ char *told = tell(text, size);
                assert_non_null(told);
        }
}

static void test_very_many(void **state)
{
        struct buffer sql = {0};
        buffer_append_string(&sql, "ALTER TABLE t DROP KEY a");
        for (size_t i = 0; i < 20000; i++)
                buffer_append_string(&sql, ",DROP KEY a");
        _cleanup_key_changes_ struct key_changes changes = {0};
        key_changes_read(sql.data, sql.size, &changes);
        assert_int_equal(changes.count, 10000);
        buffer_deinit(&sql);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_statements),
                cmocka_unit_test(test_offsets),
                cmocka_unit_test(test_cut_anywhere),
                cmocka_unit_test(test_very_many),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
