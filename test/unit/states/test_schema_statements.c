/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/schema_statements.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

/* "table a|column a.b|…" */
static char *drops_of(const struct schema_statements *statements)
{
        struct buffer text = {0};
        for (size_t i = 0; i < statements->drop_count; i++) {
                const struct schema_drop *drop = &statements->drops[i];
                buffer_append_format(&text, "%s%s %s%s%s", i > 0 ? "|" : "", drop_kind_name(drop->kind),
                        drop->table ?: "", drop->table && drop->name ? "." : "", drop->name ?: "");
        }
        return buffer_steal(&text);
}

static const struct {
        const char *output;
        size_t count;
        const char *drops;
} cases[] = {
        {"", 0, ""},
        {"Nothing to update - your database is already in sync with the current entity metadata.\n", 0, ""},
        {"\n [OK] Nothing to update - your database is already in sync.\n\n", 0, ""},
        {"ALTER TABLE leads ADD a INT NOT NULL;\nDROP TABLE by_hand;\n", 2, "table by_hand"},
        /* As doctrine/orm 2.7 prints them. */
        {"\n The following SQL statements will be executed:\n\n     DROP INDEX a_b ON leads;\n"
         "     ALTER TABLE pages DROP FOREIGN KEY FK_1, DROP hits, DROP COLUMN old, ADD c INT;\n",
                2, "index leads.a_b|foreign_key pages.FK_1|column pages.hits|column pages.old"},
        {"ALTER TABLE `my leads` DROP `a b`, DROP PRIMARY KEY, DROP INDEX i, DROP KEY `k``2`;", 1,
                "column my leads.a b|primary_key my leads|index my leads.i|index my leads.k``2"},
        {"DROP TABLE IF EXISTS a, `b`;\nDROP TABLE c;", 2, "table a|table b|table c"},
        {"DROP VIEW v;\nALTER TABLE t DROP PARTITION p;", 2, "other v|other t.p"},
        {"ALTER TABLE t DROP CONSTRAINT c, DROP CHECK d;", 1, "foreign_key t.c|other t.d"},
        {"ALTER TABLE t DROP IF EXISTS a, DROP COLUMN IF EXISTS b;", 1, "column t.a|column t.b"},
        /* Neither commas in brackets nor words in strings are clauses. */
        {"ALTER TABLE t ADD PRIMARY KEY (a, b), CHANGE c c ENUM('x, DROP y', 'z') COMMENT '(DC2Type:a);', "
         "DROP d;",
                1, "column t.d"},
        {"ALTER TABLE t CHANGE a a VARCHAR(9) DEFAULT 'it''s; ' COMMENT \"\\\"; \nDROP TABLE x;\";", 1, ""},
        {"CREATE TABLE t (a INT COMMENT 'DROP TABLE x');\r\n\r\nalter_is_no_statement", SIZE_MAX,
                "alter_is_no_statement"},
        {"Warning: something in file.php on line 1\nPHP Deprecated:  x\nDROP TABLE a;\n", 1, "table a"},
        {"DROP TABLE a", SIZE_MAX, "DROP TABLE a"},
        {"ALTER TABLE a COMMENT 'never ends;\n", SIZE_MAX, "never ends"},
        {"TRUNCATE leads;\n", SIZE_MAX, "TRUNCATE leads;"},
};

static void test_outputs(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_schema_statements_ struct schema_statements statements = {0};
                int result = schema_statements_read(cases[i].output, &statements, &err);
                if (cases[i].count == SIZE_MAX) {
                        assert_int_equal(result, -1);
                        assert_int_equal(err.reason, REASON_PROGRAM_FAILED);
                        assert_non_null(strstr(error_message(&err), cases[i].drops));
                        continue;
                }
                if (result < 0)
                        fail_msg("%s: %s", cases[i].output, error_message(&err));
                _cleanup_free_ char *drops = drops_of(&statements);
                assert_int_equal(statements.count, cases[i].count);
                assert_string_equal(drops, cases[i].drops);
        }
}

/* Two in one line are one to the reader, and shown as such: nothing of them is hidden. */
static void test_a_semicolon_inside_a_line(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_schema_statements_ struct schema_statements statements = {0};
        assert_int_equal(
                schema_statements_read("ALTER TABLE a ADD b INT; DROP TABLE c;\n", &statements, &err), 0);
        assert_int_equal(statements.count, 1);
        assert_string_equal(statements.items[0], "ALTER TABLE a ADD b INT; DROP TABLE c");
}

static void test_texts_are_whole(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_schema_statements_ struct schema_statements statements = {0};
        assert_int_equal(schema_statements_read("  ALTER TABLE a ADD b INT;\n  DROP TABLE mtc_migrations;\n",
                                 &statements, &err),
                0);
        assert_string_equal(statements.items[0], "ALTER TABLE a ADD b INT");
        assert_string_equal(statements.items[1], "DROP TABLE mtc_migrations");
        assert_true(schema_statements_drop_table(&statements, "mtc_migrations"));
        assert_false(schema_statements_drop_table(&statements, "migrations"));
        assert_false(schema_statements_drop_table(&statements, "a"));
        assert_null(drop_kind_name((enum drop_kind)99));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_outputs),
                cmocka_unit_test(test_a_semicolon_inside_a_line),
                cmocka_unit_test(test_texts_are_whole),
        };
        return cmocka_run_group_tests_name("schema_statements", tests, NULL, NULL);
}
