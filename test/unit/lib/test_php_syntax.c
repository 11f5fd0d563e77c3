/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/php_syntax.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static TSNode find(TSNode root, const char *type)
{
        TSTreeCursor cursor = ts_tree_cursor_new(root);
        TSNode found = {0};
        do {
                TSNode node = ts_tree_cursor_current_node(&cursor);
                if (php_node_is(node, type))
                        found = node;
        } while (ts_node_is_null(found) && php_cursor_next(&cursor));
        ts_tree_cursor_delete(&cursor);
        return found;
}

/* Values as PHP 8.2 prints them. */
static void test_constants(void **state)
{
        static const struct {
                const char *source;
                enum php_kind kind;
                const char *text;
        } cases[] = {
                {"'plain'", PHP_STRING, "plain"},
                {"'it\\'s \\\\ \\n'", PHP_STRING, "it's \\ \\n"},
                {"''", PHP_STRING, ""},
                {"\"\"", PHP_STRING, ""},
                {"b'binary'", PHP_STRING, "binary"},
                {"\"a\\tb\\x41\\101\\u{20ac}\\$x\\\"\\e\\q\"", PHP_STRING, "a\tbAA\u20ac$x\"\033\\q"},
                {"\"\\u{1F600}\"", PHP_STRING, "\U0001F600"},
                {"\"\\777\"", PHP_STRING, "\xff"},
                {"\"$ 5 and {x}\"", PHP_STRING, "$ 5 and {x}"},
                {"'a' . \"b\" . 1 . 2.5 . true . null . false", PHP_STRING, "ab12.51"},
                {"('a' . ('b')) . (('c'))", PHP_STRING, "abc"},
                {"(('deep'))", PHP_STRING, "deep"},
                {"'caf\xe9'", PHP_STRING, "caf\xe9"},
                {"0", PHP_INTEGER, "0"},
                {"3306", PHP_INTEGER, "3306"},
                {"-12", PHP_INTEGER, "-12"},
                {"-(12)", PHP_INTEGER, "-12"},
                {"0x1A", PHP_INTEGER, "26"},
                {"0b101", PHP_INTEGER, "5"},
                {"0755", PHP_INTEGER, "493"},
                {"0o17", PHP_INTEGER, "15"},
                {"1_000", PHP_INTEGER, "1000"},
                {"9223372036854775807", PHP_INTEGER, "9223372036854775807"},
                {"9223372036854775808", PHP_FLOAT, "9.2233720368548E+18"},
                {"-9223372036854775808", PHP_FLOAT, "-9.2233720368548E+18"},
                {"0xFFFFFFFFFFFFFFFF", PHP_FLOAT, "1.844674407371E+19"},
                {"1.50", PHP_FLOAT, "1.5"},
                {"5.0", PHP_FLOAT, "5"},
                {"1e25", PHP_FLOAT, "1.0E+25"},
                {"1.5e-7", PHP_FLOAT, "1.5E-7"},
                {"0.0001", PHP_FLOAT, "0.0001"},
                {"100000000000000.0", PHP_FLOAT, "1.0E+14"},
                {"TRUE", PHP_TRUE, NULL},
                {"False", PHP_FALSE, NULL},
                {"NULL", PHP_NULL, NULL},
                {"<<<EOT\none\n two \\\" \\x41\nEOT\n", PHP_STRING, "one\n two \\\" A"},
                {"<<<\"EOT\"\none\nEOT\n", PHP_STRING, "one"},
                {"<<<EOT\nEOT\n", PHP_STRING, ""},
                {"<<<EOT\r\none\r\ntwo\r\nEOT\r\n", PHP_STRING, "one\r\ntwo"},
                {"<<<'EOT'\n$x \\n\nEOT\n", PHP_STRING, "$x \\n"},
                {"<<<EOT\n    one\n      two\n\n    EOT\n", PHP_STRING, "one\n  two\n"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_(php_tree_freep) struct php_tree *tree = NULL;
                _cleanup_free_ char *source = string_format("<?php $x = %s;", cases[i].source);
                if (php_parse(source, strlen(source), &tree, &err) < 0)
                        fail_msg("%s: %s", cases[i].source, error_message(&err));
                TSNode assignment = find(php_tree_root(tree), "assignment_expression");
                _cleanup_(php_constant_deinit) struct php_constant value = {0};
                if (php_constant(tree, php_node_field(assignment, "right"), &value, &err) != 0)
                        fail_msg("%s is no constant", cases[i].source);
                assert_int_equal(value.kind, cases[i].kind);
                if (!string_equal(value.text, cases[i].text))
                        fail_msg("%s gives %s", cases[i].source, value.text ? value.text : "(null)");
        }
}

static void test_what_is_no_constant(void **state)
{
        static const char *const cases[] = {
                "getenv('X')",
                "X",
                "$y",
                "\"a $y\"",
                "\"a {$y}\"",
                "\"a ${y}\"",
                "'a' . $y",
                "'a' . f()",
                "1 + 1",
                "!true",
                "-'5'",
                "+5",
                "array()",
                "[1]",
                "`ls`",
                "<<<EOT\nhello $y\nEOT\n",
                "A::B",
                "(string) 5",
                "true ? 1 : 2",
                "__DIR__",
                "<<<EOT\n    one\n  two\n    EOT\n",
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_(php_tree_freep) struct php_tree *tree = NULL;
                _cleanup_free_ char *source = string_format("<?php $x = %s;", cases[i]);
                if (php_parse(source, strlen(source), &tree, &err) < 0)
                        fail_msg("%s: %s", cases[i], error_message(&err));
                TSNode assignment = find(php_tree_root(tree), "assignment_expression");
                struct php_constant value = {0};
                if (php_constant(tree, php_node_field(assignment, "right"), &value, &err) != 1)
                        fail_msg("%s was taken for a constant", cases[i]);
        }
}

static void test_nul_bytes_of_escapes_are_counted(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(php_tree_freep) struct php_tree *tree = NULL;
        static const char source[] = "<?php $x = \"a\\0b\";";
        assert_int_equal(php_parse(source, sizeof(source) - 1, &tree, &err), 0);
        _cleanup_(php_constant_deinit) struct php_constant value = {0};
        assert_int_equal(php_constant(tree, find(php_tree_root(tree), "encapsed_string"), &value, &err), 0);
        assert_int_equal(value.size, 3);
        assert_memory_equal(value.text, "a\0b", 4);
}

static void test_syntax_errors(void **state)
{
        static const struct {
                const char *source;
                const char *where;
        } cases[] = {
                {"", "line 1, column 1: missing \"<?php\""},
                {"\n  <html>", "line 2, column 3: missing \"<?php\""},
                {"<? $x = 1;", "line 1, column 1: missing \"<?php\""},
                {"<?phpx", "line 1, column 1: missing \"<?php\""},
                {"$x = 1;", "line 1, column 1: missing \"<?php\""},
                {"<?php\n$x = ;\n", "line 2, column 4: unexpected \"=\""},
                {"<?php\n$x = array(\n  'a' => 1,\n", "line 2"},
                {"<?php\n$x = ['a' => 'b', 'c' = 2];", "line 2"},
                {"<?php\n$x = 'secretpassword", "line 2"},
                {"<?php\n$x = 1\n$y = 2;\n", "line 2"},
                {"<?php\n// hidden ?\?> end\n$x = 1;", "line 2, column 1: \"?>\""},
                {"<?php\n$x = <<<A\none\nA.b\nA;\n", "line 2, column 6: the end"},
                {"<?php\n$x = 1; ?> text <?php $y = 2;", "line 2"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                struct php_tree *tree = NULL;
                if (php_parse(cases[i].source, strlen(cases[i].source), &tree, &err) != -1)
                        fail_msg("no error for %s", cases[i].source);
                assert_null(tree);
                assert_int_equal(err.reason, REASON_INVALID_ARGUMENT);
                if (!string_begins(err.message, cases[i].where))
                        fail_msg("%s: %s", cases[i].source, err.message);
                assert_null(strstr(err.message, "secret"));
        }
}

static void test_what_php_lets_through(void **state)
{
        static const char *const cases[] = {
                "<?php",
                "<?php\n",
                "<?PHP\n$x = 1;",
                "\xef\xbb\xbf<?php $x = 1;",
                "\n\n<?php $x = 1;",
                "<?php\r\n$x = 1;\r\n?>\r\n",
                "<?php $x = 1 ?>",
                "<?php # a\n// b\n/* c ?> */ $x = 1;",
                "<?php $x = '?>';",
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_(php_tree_freep) struct php_tree *tree = NULL;
                if (php_parse(cases[i], strlen(cases[i]), &tree, &err) < 0)
                        fail_msg("%s: %s", cases[i], error_message(&err));
        }
}

static char *nested(const char *open, const char *close, size_t depth)
{
        struct buffer source = {0};
        buffer_append_string(&source, "<?php $x = ");
        for (size_t i = 0; i < depth; i++)
                buffer_append_string(&source, open);
        buffer_append_string(&source, "1");
        for (size_t i = 0; i < depth; i++)
                buffer_append_string(&source, close);
        buffer_append_string(&source, ";");
        return buffer_steal(&source);
}

static void test_deep_nesting_needs_no_stack(void **state)
{
        static const struct {
                const char *open, *close;
                int constant;
        } cases[] = {{"[", "]", 1}, {"(", ")", 0}, {"1 . ", "", 0}, {"-", "", 0}, {"f(", ")", 1}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_(php_tree_freep) struct php_tree *tree = NULL;
                _cleanup_free_ char *source = nested(cases[i].open, cases[i].close, 60000);
                if (php_parse(source, strlen(source), &tree, &err) < 0)
                        continue; /* refused is as good; "--" is an operator of its own */
                TSNode assignment = find(php_tree_root(tree), "assignment_expression");
                _cleanup_(php_constant_deinit) struct php_constant value = {0};
                assert_int_equal(php_constant(tree, php_node_field(assignment, "right"), &value, &err),
                        cases[i].constant);
        }
}

static void test_size_is_bounded(void **state)
{
        size_t size = PHP_SOURCE_LIMIT + 1;
        _cleanup_free_ char *source = memory_new(size + 1);
        memset(source, ' ', size);
        memcpy(source, "<?php", 5);
        _cleanup_error_ struct error err = {0};
        _cleanup_(php_tree_freep) struct php_tree *tree = NULL;
        assert_int_equal(php_parse(source, size, &tree, &err), -1);
        assert_int_equal(err.reason, REASON_INVALID_ARGUMENT);
        assert_int_equal(php_parse(source, size - 1, &tree, &err), 0);
}

/* Each "#\n" is a comment, all of them children of one node, and counts twice. */
static void test_tokens_are_bounded(void **state)
{
        static const struct {
                size_t comments;
                int result;
        } cases[] = {{PHP_TOKEN_LIMIT / 2 - 4, 0}, {PHP_TOKEN_LIMIT / 2, -1}, {70000, -1}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_buffer_ struct buffer source = {0};
                buffer_append(&source, "<?php\n", 6);
                for (size_t j = 0; j < cases[i].comments; j++)
                        buffer_append(&source, "#\n", 2);
                _cleanup_error_ struct error err = {0};
                _cleanup_(php_tree_freep) struct php_tree *tree = NULL;
                assert_int_equal(php_parse(source.data, source.size, &tree, &err), cases[i].result);
                if (cases[i].result < 0)
                        assert_int_equal(err.reason, REASON_INVALID_ARGUMENT);
        }
}

static void test_positions_and_text(void **state)
{
        static const char source[] = "<?php\n\n  $abc = 'x'; // c\n";
        _cleanup_error_ struct error err = {0};
        _cleanup_(php_tree_freep) struct php_tree *tree = NULL;
        assert_int_equal(php_parse(source, sizeof(source) - 1, &tree, &err), 0);
        TSNode variable = find(php_tree_root(tree), "variable_name");
        _cleanup_free_ char *text = php_node_text(tree, variable);
        assert_string_equal(text, "$abc");
        assert_int_equal(php_node_line(variable), 3);
        assert_int_equal(php_node_column(variable), 3);
        _cleanup_php_nodes_ struct php_nodes all = {0}, named = {0};
        php_children(php_tree_root(tree), &all);
        php_named_children(php_tree_root(tree), &named);
        assert_int_equal(all.count, 3);
        assert_int_equal(named.count, 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_constants),
                cmocka_unit_test(test_what_is_no_constant),
                cmocka_unit_test(test_nul_bytes_of_escapes_are_counted),
                cmocka_unit_test(test_syntax_errors),
                cmocka_unit_test(test_what_php_lets_through),
                cmocka_unit_test(test_deep_nesting_needs_no_stack),
                cmocka_unit_test(test_size_is_bounded),
                cmocka_unit_test(test_tokens_are_bounded),
                cmocka_unit_test(test_positions_and_text),
        };
        return cmocka_run_group_tests_name("php_syntax", tests, NULL, NULL);
}
