/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/local_config.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

static struct local_config *must_parse(const char *source)
{
        _cleanup_error_ struct error err = {0};
        struct local_config *config = NULL;
        if (local_config_parse(source, strlen(source), &config, &err) < 0)
                fail_msg("%s\n%s", source, error_message(&err));
        return config;
}

static void must_have(const struct local_config *config, const char *key, const char *expected)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *text = NULL;
        int result = local_config_get(config, key, &text, &err);
        if (result < 0)
                fail_msg("%s: %s", key, error_message(&err));
        assert_int_equal(result, expected ? 0 : 1);
        if (!string_equal(text, expected))
                fail_msg("%s is %s, not %s", key, text, expected);
}

/* As Configurator::render() of Mautic 2.16.5 writes it. */
static const char written_by_mautic[] =
        "<?php\n$parameters = array(\n\t'db_driver' => 'pdo_mysql',\n\t'db_host' => 'localhost',\n"
        "\t'db_port' => 3306,\n\t'db_table_prefix' => null,\n\t'db_password' => 'it\\'s \\\\ \"q\" $x',\n"
        "\t'api_enabled' => false,\n\t'debug' => true,\n"
        "\t'trusted_hosts' => array(\n\n\t),\n"
        "\t'api_rate_limiter_cache' => array(\n\t\t'type' => 'file_system'\n\t),\n"
        "\t'cache_path' => '/srv/m/app/cache',\n);\n";

static void test_reads_what_mautic_writes(void **state)
{
        _cleanup_(local_config_freep) struct local_config *config = must_parse(written_by_mautic);
        must_have(config, "db_driver", "pdo_mysql");
        must_have(config, "db_port", "3306");
        must_have(config, "db_table_prefix", NULL);
        must_have(config, "db_password", "it's \\ \"q\" $x");
        must_have(config, "api_enabled", "");
        must_have(config, "debug", "1");
        must_have(config, "missing", NULL);
        assert_int_equal(local_config_presence(config, "missing"), LOCAL_CONFIG_ABSENT);
        assert_int_equal(local_config_presence(config, "db_table_prefix"), LOCAL_CONFIG_NULL);
        assert_int_equal(local_config_presence(config, "debug"), LOCAL_CONFIG_CONSTANT);
        assert_int_equal(local_config_presence(config, "trusted_hosts"), LOCAL_CONFIG_EXPRESSION);
}

static void test_what_holds(void **state)
{
        static const struct {
                const char *body;
                const char *value; /* of 'k'; NULL: an expression */
        } cases[] = {
                {"$parameters = ['k' => 1, 'k' => 2];", "2"},
                {"$parameters = ['k' => 1]; $parameters['k'] = 2;", "2"},
                {"$parameters['k'] = 2;", "2"},
                {"$parameters = ['k' => 1]; $parameters = ['k' => 3];", "3"},
                {"$parameters = (['k' => 1]);", "1"},
                {"$parameters = ARRAY(\"k\" => 1);", "1"},
                {"$parameters = ['k' => 1]; $parameters = array_merge($parameters, ['k' => 2]);", "2"},
                {"$parameters = ['k' => 1]; $parameters = \\Array_Merge(['k' => 2], $parameters);", "1"},
                {"$parameters = array_merge(['k' => 1], array('k' => 2), []);", "2"},
                {"$parameters = ['x' => 1, 'k' => getenv('K')];", NULL},
                {"$parameters = ['k' => ['a' => 1]]; $parameters['k']['a'] = 2;", NULL},
                {"$parameters = ['k' => 'a']; $parameters['k'] .= 'b';", NULL},
                {"$parameters = ['k' => 'a']; $parameters['k'] .= 'b'; $parameters['k'] = 'c';", "c"},
                {"$parameters = ['k' => include 'x.php']; $parameters['k'] = 'c';", "c"},
                {"include 'x.php'; $parameters = ['k' => 'c'];", "c"},
                {"$parameters = ['k' => &$y];", NULL},
                {"$parameters = ['k' => <<<EOT\nhere $ doc\nEOT\n];", "here $ doc"},
                {"$host = getenv('H'); define('A', 1); $parameters = ['k' => 'c']; unset($host);", "c"},
                {"if (!defined('M')) { exit; } $parameters = ['k' => 'c'];", "c"},
                {"function f() { return 1; } $parameters = ['k' => 'c'];", "c"},
                {"namespace A; use B\\C; $parameters = ['k' => 'c'];", "c"},
                {"$parameters = ['k' => 'a'.'b', 5, 7 => 'k', 'K' => 'other'];", "ab"},
                {"$parameters = ['j' => 1, // 'k' => 5\n 'k' => 6 /* 7 */];", "6"},
                {"$parameters = ['k' => 'c'] ?>\n", "c"},
                {"$parameters[] = 5; $parameters['k'] = 'c';", "c"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *source = string_format("<?php %s", cases[i].body);
                _cleanup_(local_config_freep) struct local_config *config = must_parse(source);
                if (cases[i].value) {
                        must_have(config, "k", cases[i].value);
                        continue;
                }
                _cleanup_error_ struct error err = {0};
                char *text = NULL;
                if (local_config_get(config, "k", &text, &err) != -1)
                        fail_msg("read from %s", source);
                assert_int_equal(err.reason, REASON_LOCAL_CONFIG_UNREADABLE);
                assert_non_null(strstr(err.message, "line 1, column "));
                assert_int_equal(local_config_presence(config, "k"), LOCAL_CONFIG_EXPRESSION);
        }
}

static void test_what_is_not_understood(void **state)
{
        static const struct {
                const char *source;
                const char *where;
        } cases[] = {
                {"<?php\n", "line 1, column 1: no statement sets $parameters"},
                {"<?php\n$parameter = [];", "line 1, column 1"},
                {"<?php\nreturn ['a' => 1];", "line 2, column 1"},
                {"<?php\n$parameters = ['a' => 1];\nreturn $parameters;", "line 3, column 1"},
                {"<?php\nif ($x) {\n  $parameters = [];\n}", "line 3, column 3"},
                {"<?php\nif ($x) return;\n$parameters = [];", "line 2, column 9"},
                {"<?php\n$parameters = $x;", "line 2, column 15"},
                {"<?php\n$parameters = include 'x.php';", "line 2, column 15"},
                {"<?php\n$parameters = [];\ninclude 'x.php';", "line 3, column 1"},
                {"<?php\ninclude 'x.php';\n$parameters['a'] = 1;", "line 2, column 1"},
                {"<?php\ninclude 'x.php';\n$parameters = array_merge($parameters, []);", "line 2, column 1"},
                {"<?php\n$parameters = [];\n$parameters['a'] = require 'x.php';", "line 3, column 20"},
                {"<?php\n$parameters = [];\nextract($_ENV);", "line 3, column 1"},
                {"<?php\n$parameters = [];\n\\EVAL('x');", "line 3, column 1"},
                {"<?php\n$parameters = [];\n$$n = 1;", "line 3, column 1"},
                {"<?php\n$parameters = [];\n$GLOBALS['parameters'] = 1;", "line 3, column 1"},
                {"<?php\n$parameters = [];\nf($parameters);", "line 3, column 3"},
                {"<?php\n$parameters = [];\n$r = &$parameters;", "line 3, column 7"},
                {"<?php\n$parameters = [];\nunset($parameters['a']);", "line 3, column 7"},
                {"<?php\n$parameters = [];\n$parameters += ['a' => 1];", "line 3, column 1"},
                {"<?php\n$parameters = [];\n$parameters[$k] = 1;", "line 3, column 13"},
                {"<?php\n$parameters = [KEY => 1];", "line 2, column 16"},
                {"<?php\n$parameters = [...$x];", "line 2, column 16"},
                {"<?php\n$parameters = array_merge($x, []);", "line 2, column 27"},
                {"<?php\n$parameters = [];\n$parameters = array_merge($parameters, $parameters);",
                        "line 3, column 40"},
                {"<?php\n$parameters = array_merge(...$x);", "line 2, column 27"},
                {"<?php\n$parameters = ['a' => $parameters['b']];", "line 2, column 23"},
                {"<?php\n$parameters = ['a' => \"{$parameters['b']}\"];", "line 2, column 25"},
                {"<?php\n$a = $parameters = [];", "line 2, column 6"},
                {"<?php\n[$parameters] = $x;", "line 2, column 2"},
                {"<?php\n$parameters = [];\ngoto end; end:", "line 3, column 1"},
                {"<?php\n$parameters = [\n  'a' = 1\n];", "line"},
                {"<?php\n$parameters = ['a' => 'b'", "line 2"},
                {"<?php\n$parameters = array_merge($parameters, []);", "line 2, column 27"},
                {"<html>", "line 1, column 1"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                struct local_config *config = NULL;
                if (local_config_parse(cases[i].source, strlen(cases[i].source), &config, &err) != -1)
                        fail_msg("understood: %s", cases[i].source);
                assert_int_equal(err.reason, REASON_LOCAL_CONFIG_UNREADABLE);
                if (!string_begins(err.message, cases[i].where))
                        fail_msg("%s\n%s", cases[i].source, err.message);
        }
}

static char *render(const struct local_config *config)
{
        _cleanup_error_ struct error err = {0};
        char *data = NULL;
        size_t size = 0;
        if (local_config_render(config, &data, &size, &err) < 0)
                fail_msg("%s", error_message(&err));
        assert_int_equal(strlen(data), size);
        return data;
}

static void test_nothing_edited_nothing_changed(void **state)
{
        static const char *const sources[] = {
                written_by_mautic,
                "\xef\xbb\xbf<?php\r\n$parameters = [\r\n\t'a' => 1, # x\r\n]\r\n;\r\n?>\r\n",
                "<?php $parameters['a'] = 1",
        };
        for (size_t i = 0; i < 2; i++) {
                _cleanup_(local_config_freep) struct local_config *config = must_parse(sources[i]);
                _cleanup_free_ char *data = render(config);
                assert_string_equal(data, sources[i]);
        }
}

static void test_replace(void **state)
{
        static const struct {
                const char *before;
                const char *after; /* 'k' replaced by [1] */
        } cases[] = {
                {"<?php $parameters = ['a' => 0, 'k' => 'x', 'b' => 2];",
                        "<?php $parameters = ['a' => 0, 'k' => [1], 'b' => 2];"},
                {"<?php\r\n$parameters = array(\r\n\t'k'\t=>\tarray(\r\n\t\t'x'\r\n\t),  // why\r\n);\r\n",
                        "<?php\r\n$parameters = array(\r\n\t'k'\t=>\t[1],  // why\r\n);\r\n"},
                {"<?php $parameters = ['k' => 1, 'k' => 2];", "<?php $parameters = ['k' => 1, 'k' => [1]];"},
                {"<?php $parameters = ['k' => 1]; $parameters[\"k\"] = f(2); // c\n",
                        "<?php $parameters = ['k' => 1]; $parameters[\"k\"] = [1]; // c\n"},
                {"<?php $parameters = ['k' => <<<E\nx\nE\n];", "<?php $parameters = ['k' => [1]\n];"},
                {"<?php $parameters = ['k' => 1]; $parameters = array_merge(['k' => 2], $parameters);",
                        "<?php $parameters = ['k' => [1]]; $parameters = array_merge(['k' => 2], "
                        "$parameters);"},
                {"<?php $parameters = ['k' => /* a */ (1) /* b */];",
                        "<?php $parameters = ['k' => /* a */ [1] /* b */];"},
                {"<?php $parameters['k'] = 1 ?>", "<?php $parameters['k'] = [1] ?>"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_(local_config_freep) struct local_config *config = must_parse(cases[i].before);
                assert_int_equal(local_config_replace(config, "nothing", "1", &err), 1);
                assert_int_equal(local_config_replace(config, "k", "0", &err), 0);
                assert_int_equal(local_config_replace(config, "k", "[1]", &err), 0);
                _cleanup_free_ char *data = render(config);
                assert_string_equal(data, cases[i].after);
        }
}

static void test_remove(void **state)
{
        static const struct {
                const char *before;
                const char *after; /* 'k' and 'l' removed */
        } cases[] = {
                /* with the line to itself: line, comma and the comment behind it go */
                {"<?php\n$p = 1;\n$parameters = array(\n\t'a' => 1,\n\t'k' => 2, // of k\n\t// of b\n\t'b' "
                 "=> "
                 "3,\n);\n",
                        "<?php\n$p = 1;\n$parameters = array(\n\t'a' => 1,\n\t// of b\n\t'b' => 3,\n);\n"},
                {"<?php\r\n$parameters = [\r\n  'k' => 2,\r\n  'b' => 3\r\n];",
                        "<?php\r\n$parameters = [\r\n  'b' => 3\r\n];"},
                {"<?php\n$parameters = [\n  'a' => 1,\n  'k' => 2\n];",
                        "<?php\n$parameters = [\n  'a' => 1,\n];"},
                {"<?php\n$parameters = [\n  'a' => 1,\n  'k' => [\n    2,\n  ], /* x */ # y\n];",
                        "<?php\n$parameters = [\n  'a' => 1,\n];"},
                {"<?php\n$parameters = [\n  'k' => 2 /* x */ , /* y\n */ 'a' => 1,\n];",
                        "<?php\n$parameters = [\n  /* y\n */ 'a' => 1,\n];"},
                {"<?php\n$parameters = [\n  'k' => 2\n  , 'a' => 1,\n];",
                        "<?php\n$parameters = [\n  'a' => 1,\n];"},
                {"<?php\n$parameters = [\n  'k' => 2\n];", "<?php\n$parameters = [\n];"},
                {"<?php\n$parameters = [\n  'k' => 2, // really?\n  'a' => 1,\n];",
                        "<?php\n$parameters = [\n  'a' => 1,\n];"},
                /* on a line with others */
                {"<?php $parameters = ['a' => 1, 'k' => 2, 'b' => 3];",
                        "<?php $parameters = ['a' => 1, 'b' => 3];"},
                {"<?php $parameters = ['a' => 1, 'k' => 2];", "<?php $parameters = ['a' => 1];"},
                {"<?php $parameters = ['a' => 1, 'k' => 2,];", "<?php $parameters = ['a' => 1, ];"},
                {"<?php $parameters = ['k' => 2, 'a' => 1];", "<?php $parameters = ['a' => 1];"},
                {"<?php $parameters = ['k' => 2];", "<?php $parameters = [];"},
                {"<?php $parameters = ['k' => 2, 'l' => 3];", "<?php $parameters = [];"},
                {"<?php $parameters = ['a' => 1, 'k' => 2, 'l' => 3];", "<?php $parameters = ['a' => 1, ];"},
                {"<?php $parameters = ['k' => 2, 'a' => 1, 'l' => 3];", "<?php $parameters = ['a' => 1];"},
                {"<?php $parameters = [\n 'a' => 1, 'k' => 2, // both\n];",
                        "<?php $parameters = [\n 'a' => 1, // both\n];"},
                {"<?php $parameters = [\n 'a' => 1, 'k' => 2,\n];", "<?php $parameters = [\n 'a' => 1,\n];"},
                {"<?php $parameters = [\n 'k' => 2, 'a' => 1,\n];", "<?php $parameters = [\n 'a' => 1,\n];"},
                {"<?php $parameters = ['a' => 1, // c\n 'k' => 2];",
                        "<?php $parameters = ['a' => 1, // c\n ];"},
                {"<?php $parameters = array('k' => 2,\n 'a' => 1);",
                        "<?php $parameters = array(\n 'a' => 1);"},
                /* doubled keys, statements */
                {"<?php $parameters = ['k' => 1, 'a' => 1, 'k' => 2];", "<?php $parameters = ['a' => 1];"},
                {"<?php\n$parameters = ['k' => 1];\n$parameters['k'] = 2; // c\n$parameters['a'] = 3;\n",
                        "<?php\n$parameters = [];\n$parameters['a'] = 3;\n"},
                {"<?php $parameters['k'] = 2; $parameters['a'] = 3;", "<?php $parameters['a'] = 3;"},
                {"<?php $parameters['k'] = 2;\n$parameters['a'] = 3;", "<?php\n$parameters['a'] = 3;"},
                {"<?php\n$parameters['k'] = 2;", "<?php\n"},
                {"<?php\n$parameters = [\n  'x' => ['k' => 1],\n  'k' => ['k' => 1],\n];",
                        "<?php\n$parameters = [\n  'x' => ['k' => 1],\n];"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_(local_config_freep) struct local_config *config = must_parse(cases[i].before);
                assert_int_equal(local_config_remove(config, "nothing", &err), 1);
                assert_int_equal(local_config_remove(config, "k", &err), 0);
                assert_true(local_config_remove(config, "l", &err) >= 0);
                _cleanup_free_ char *data = render(config);
                assert_string_equal(data, cases[i].after);
        }
}

static void test_changed_by_parts_is_not_edited(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(local_config_freep) struct local_config *config =
                must_parse("<?php\n$parameters = ['k' => [], 'l' => 1];\n$parameters['k']['x'] = 1;\n");
        assert_int_equal(local_config_replace(config, "k", "1", &err), -1);
        assert_int_equal(err.reason, REASON_LOCAL_CONFIG_UNREADABLE);
        assert_non_null(strstr(err.message, "line 3, column 1"));
        assert_int_equal(local_config_remove(config, "k", &err), -1);
        assert_int_equal(err.reason, REASON_LOCAL_CONFIG_UNREADABLE);
        assert_int_equal(local_config_replace(config, "l", "2", &err), 0);
        _cleanup_free_ char *data = render(config);
        assert_string_equal(
                data, "<?php\n$parameters = ['k' => [], 'l' => 2];\n$parameters['k']['x'] = 1;\n");
}

static void test_what_a_merge_begins_with_stays(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(local_config_freep) struct local_config *config = must_parse(
                "<?php\n$parameters['k'] = 1;\n$parameters = array_merge($parameters, ['l' => 1]);");
        assert_int_equal(local_config_remove(config, "k", &err), -1);
        assert_int_equal(err.reason, REASON_LOCAL_CONFIG_UNREADABLE);
        assert_non_null(strstr(err.message, "line 2, column 1"));
        assert_int_equal(local_config_remove(config, "l", &err), 0);
        _cleanup_free_ char *data = render(config);
        assert_string_equal(
                data, "<?php\n$parameters['k'] = 1;\n$parameters = array_merge($parameters, []);");
}

/* What is no single expression is caught by reading the result back. */
static void test_result_is_verified(void **state)
{
        static const char *const sources[] = {
                "1, 'x' => 2", "1]; //", "", "(", "1 /*", "f($parameters)", "1, "};
        for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_(local_config_freep) struct local_config *config =
                        must_parse("<?php $parameters = ['k' => 0, 'b' => 2];");
                assert_int_equal(local_config_replace(config, "k", sources[i], &err), 0);
                char *data = NULL;
                size_t size = 0;
                if (local_config_render(config, &data, &size, &err) != -1)
                        fail_msg("let through: %s", data);
                assert_int_equal(err.reason, REASON_INTERNAL);
        }
}

static void test_quote(void **state)
{
        static const char *const texts[] = {"", "plain", "it's", "back\\slash", "\\'", "caf\xe9\n"};
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                _cleanup_free_ char *quoted = local_config_quote(texts[i]);
                _cleanup_free_ char *source = string_format("<?php $parameters = ['k' => %s];", quoted);
                _cleanup_(local_config_freep) struct local_config *config = must_parse(source);
                must_have(config, "k", texts[i]);
        }
        _cleanup_free_ char *quoted = local_config_quote("it's");
        assert_string_equal(quoted, "'it\\'s'");
}

static void test_value_with_nul_is_refused(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(local_config_freep) struct local_config *config =
                must_parse("<?php $parameters = ['k' => \"a\\0b\"];");
        char *text = NULL;
        assert_int_equal(local_config_get(config, "k", &text, &err), -1);
        assert_int_equal(err.reason, REASON_LOCAL_CONFIG_UNREADABLE);
}

static void test_other_variable_and_known_include(void **state)
{
        static const char source[] = "<?php $paths = ['a' => 'x'];\n"
                                     "if (file_exists(__DIR__.'/paths_local.php')) {\n"
                                     "    include __DIR__.'/paths_local.php';\n}\n"
                                     "$paths = array_merge($paths, ['root' => substr($root, 0, -4)]);\n";
        _cleanup_error_ struct error err = {0};
        _cleanup_(local_config_freep) struct local_config *config = NULL;
        assert_int_equal(local_config_parse_variable(
                                 source, sizeof(source) - 1, "paths", "paths_local.php", &config, &err),
                0);
        must_have(config, "a", "x");
        assert_true(local_config_has_base(config));
        struct local_config *refused = NULL;
        assert_int_equal(
                local_config_parse_variable(source, sizeof(source) - 1, "paths", NULL, &refused, &err), -1);
        assert_int_equal(
                local_config_parse_variable(source, sizeof(source) - 1, "paths", "other.php", &refused, &err),
                -1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_reads_what_mautic_writes),
                cmocka_unit_test(test_what_holds),
                cmocka_unit_test(test_what_is_not_understood),
                cmocka_unit_test(test_nothing_edited_nothing_changed),
                cmocka_unit_test(test_replace),
                cmocka_unit_test(test_remove),
                cmocka_unit_test(test_changed_by_parts_is_not_edited),
                cmocka_unit_test(test_what_a_merge_begins_with_stays),
                cmocka_unit_test(test_result_is_verified),
                cmocka_unit_test(test_quote),
                cmocka_unit_test(test_value_with_nul_is_refused),
                cmocka_unit_test(test_other_variable_and_known_include),
        };
        return cmocka_run_group_tests_name("local_config", tests, NULL, NULL);
}
