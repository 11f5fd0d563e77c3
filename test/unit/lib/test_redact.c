/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/memory.h"
#include "lib/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#define SECRET "p'a\"s\\s #w;o=r$d/ü"

static void test_a_secret_in_every_dress(void **state)
{
        static const char *const dresses[] = {
                SECRET, "p\\'a\"s\\\\s #w;o=r$d/ü", /* PHP, in single quotes */
                "p'a\\\"s\\\\s #w;o=r\\$d/ü", /* PHP, in double quotes */
                "p\\'a\\\"s\\\\s #w;o=r$d/ü", /* SQL */
                "p'a\\\"s\\\\s #w;o=r$d\\/\\u00FC", /* JSON */
                "p'a\\\"s\\\\s #w;o=r$d/\\u00fc", /* JSON */
                "p%27a%22s%5Cs%20%23w%3Bo%3Dr%24d%2F%C3%BC", /* a URL */
                "p'a\"s\\s #w;o=r$...", /* a stack trace of PHP */
        };
        _cleanup_(redactor_freep) struct redactor *redactor = redactor_new();
        redactor_hide(redactor, SECRET);
        redactor_hide(redactor, NULL);
        for (size_t i = 0; i < ARRAY_SIZE(dresses); i++) {
                _cleanup_free_ char *text = string_format("abc <%s> end", dresses[i]);
                _cleanup_free_ char *redacted = redactor_text(redactor, text);
                assert_string_equal(redacted, "abc <***> end");
        }
}

static void test_secrets_side_by_side(void **state)
{
        static const char *const secrets[] = {
                "secret", "secretary", "tarypuzzle", "x1", "'y", "first line of it\nab\nsecond line of it"};
        static const struct {
                const char *text, *redacted;
        } cases[] = {
                {"secretary, secret", "***, ***"},
                {"a secretarypuzzled cat", "a ***d cat"}, /* of two that overlap nothing stays */
                {"secretsecret", "******"},
                {"secre", "secre"},
                {"x1 of x11, ax1, (x1)", "*** of x11, ax1, (***)"}, /* short: as a word of its own */
                {"it's 'y, and\\'y", "it's ***, and\\***"},
                {"<first line of it>, <second line of it>, ab", "<***>, <***>, ab"},
                {"", ""},
        };
        _cleanup_(redactor_freep) struct redactor *redactor = redactor_new();
        for (size_t i = 0; i < ARRAY_SIZE(secrets); i++)
                redactor_hide(redactor, secrets[i]);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *redacted = redactor_text(redactor, cases[i].text);
                assert_string_equal(redacted, cases[i].redacted);
        }
        assert_null(redactor_doubts(redactor));
}

/* More than can be looked for is not looked for in part and told as if it were all. */
static void test_too_many_secrets_are_a_doubt(void **state)
{
        _cleanup_(redactor_freep) struct redactor *redactor = redactor_new();
        for (int i = 0; i < 70000; i++) {
                _cleanup_free_ char *secret = string_format("secret%d", i);
                redactor_hide(redactor, secret);
        }
        assert_non_null(redactor_doubts(redactor));
        _cleanup_free_ char *text = redactor_text(redactor, "secret7, public");
        assert_string_equal(text, "***, public");
}

/* A log full of what begins and never ends takes no longer than any other. */
static void test_what_is_open_is_hidden_to_the_lines_end(void **state)
{
        struct buffer text = {0};
        for (int i = 0; i < 50000; i++)
                buffer_append_string(&text, "Duplicate entry 'a@b\n");
        _cleanup_(redactor_freep) struct redactor *redactor = redactor_new();
        _cleanup_free_ char *redacted = redactor_text(redactor, text.data);
        static const char end[] = "\nDuplicate entry '***\n";
        assert_string_equal(redacted + strlen(redacted) - strlen(end), end);
        assert_null(strchr(redacted, '@'));
        buffer_deinit(&text);
}

static void test_what_looks_like_somebody(void **state)
{
        static const struct {
                const char *text, *redacted;
        } cases[] = {
                {"mail to jane.doe+x@example.org.", "mail to ***."},
                {"a @ b, @home, x@y", "a @ b, @home, x@y"},
                {"http://example.org/a?b=c d", "http://example.org/a?*** d"},
                {"http://me:pass@example.org/a", "http://***@example.org/a"},
                {"mysql://me:p@ss@db:3306", "mysql://***@db:3306"},
                {"see https://example.org/, then http://u:p@h",
                        "see https://example.org/, then http://***@h"},
                {"Duplicate entry 'Jane-7' for key 'x'", "Duplicate entry '***' for key 'x'"},
                {"Duplicate entry 'Jane\nnext", "Duplicate entry '***\nnext"},
                {"Incorrect string value: '\\xF0' for column", "Incorrect string value: '***' for column"},
                {"executing 'X' with params [\"Jane\", 7]:\nmore", "executing 'X' with params [***]:\nmore"},
                {"nothing of it", "nothing of it"},
                {"a\xff", "a\xef\xbf\xbd"},
        };
        _cleanup_(redactor_freep) struct redactor *redactor = redactor_new();
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *redacted = redactor_text(redactor, cases[i].text);
                assert_string_equal(redacted, cases[i].redacted);
        }
}

static void test_php(void **state)
{
        static const char source[] = "<?php // it's a comment, 'commented'\n"
                                     "/* don't */ # nor 'this'\n"
                                     "$parameters = array('db_password' => 'in\\'single', \"key\" => "
                                     "\"in\\\"double\\$\",\n"
                                     "'told' => 'localhost', 'short' => 'abc', 'x' => 'getenv(REDACT_ONE)',\n"
                                     "'y' => getenv('REDACT_TWO'));\n"
                                     "$parameters['deep']['er'] = 'assigned';";
        static const char *const but[] = {"localhost", NULL};
        setenv("REDACT_ONE", "first value", 1);
        setenv("REDACT_TWO", "second value", 1);
        _cleanup_(redactor_freep) struct redactor *redactor = redactor_new();
        redactor_hide_php(redactor, source, but);
        _cleanup_free_ char *text = redactor_text(redactor,
                "in'single, in\"double$, localhost, abc, first value, second value, assigned, "
                "db_password, deep, er, commented");
        assert_string_equal(
                text, "***, ***, localhost, abc, ***, ***, ***, db_password, deep, er, commented");
}

static void test_php_of_other_kinds(void **state)
{
        static const struct {
                const char *source, *text, *redacted;
                const char *doubt; /* a part of it, NULL: none */
        } cases[] = {
                {"'mailer_password' => 'ab', 'theme' => 'cd'", "ab cd", "*** cd", NULL},
                {"$parameters['secret_key'] = 'xyz';", "xyz", "***", NULL},
                {"'secret_key' => 'told'", "told", "***", NULL}, /* also when something told is the same */
                {"'x' => 'told'", "told", "told", NULL},
                {"'x' => \"a\\x41\\u{42}c\"", "aABc", "***", NULL},
                {"'x' => <<<EOT\n  first line\n  it's the second\n  EOT\n, 'y' => 'other'",
                        "first line / it's the second / other", "*** / *** / ***", NULL},
                {"'x' => <<<'E'\n$raw \\value\nE;\n'after'", "$raw \\value after", "*** ***", NULL},
                {"'x' => <<<E\n$inside it\nE;", "", "", "variable"},
                {"'x' => \"a $variable\"", "", "", "variable"},
                {"'x' => \"a \\$name costs $5\"", "a $name costs $5", "***", NULL},
                {"'x' => getenv('REDACT_ONE').'tail'", "first value tail", "*** ***", NULL},
                {"'x' => $_ENV['REDACT_ONE'], 'y' => $_SERVER[\"REDACT_TWO\"]", "first value, second value",
                        "***, ***", NULL},
                {"'x' => '%env(resolve:REDACT_ONE)%'", "first value", "***", NULL},
                {"'x' => getenv('REDACT_NOT_SET')", "", "", "REDACT_NOT_SET"},
                {"'x' => 'getenv(REDACT_NOT_SET)'", "", "", "REDACT_NOT_SET"},
                {"'x' => $_ENV['REDACT_NOT_SET']", "", "", "REDACT_NOT_SET"},
                {"'x' => $_SERVER['HTTP_HOST']", "", "", NULL}, /* of a request */
                {"'x' => $_ENV[$name]", "", "", "$_ENV"},
                {"'x' => getenv($name)", "", "", "getenv"},
                {"'x' => file_get_contents('/run/secret')", "", "", "file_get_contents"},
                {"include 'secrets.php';", "", "", "include"},
                {"'x' => `cat secret`", "", "", "program"},
                {"'x' => new Secret", "", "", "new"},
                {"'x' => dirname(__DIR__).'/path', 'y' => array_merge(array(1), [true])", "", "", NULL},
        };
        static const char *const but[] = {"told", NULL};
        setenv("REDACT_ONE", "first value", 1);
        setenv("REDACT_TWO", "second value", 1);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_(redactor_freep) struct redactor *redactor = redactor_new();
                _cleanup_free_ char *source = string_format("<?php\n%s", cases[i].source);
                redactor_hide_php(redactor, source, but);
                _cleanup_free_ char *text = redactor_text(redactor, cases[i].text);
                const char *doubt = redactor_doubts(redactor);
                if (strcmp(text, cases[i].redacted) != 0 || !doubt != !cases[i].doubt ||
                        (doubt && !strstr(doubt, cases[i].doubt)))
                        fail_msg("%s: %s, %s", cases[i].source, text, doubt);
        }
}

static void test_json(void **state)
{
        _cleanup_(redactor_freep) struct redactor *redactor = redactor_new();
        redactor_hide(redactor, "pa\"ss");
        json_auto_t *value = json_pack("{s:[s, i], s:s, s:b}", "list", "a pa\"ss", 7, "inner",
                "{\"message\": \"pa\\\"ss\"}", "flag", 1);
        json_auto_t *redacted = redactor_json(redactor, value);
        char *text = json_dumps(redacted, JSON_COMPACT | JSON_SORT_KEYS);
        assert_string_equal(text, "{\"flag\":true,\"inner\":{\"message\":\"***\"},\"list\":[\"a ***\",7]}");
        free(text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_secret_in_every_dress),
                cmocka_unit_test(test_secrets_side_by_side),
                cmocka_unit_test(test_too_many_secrets_are_a_doubt),
                cmocka_unit_test(test_what_is_open_is_hidden_to_the_lines_end),
                cmocka_unit_test(test_what_looks_like_somebody),
                cmocka_unit_test(test_php),
                cmocka_unit_test(test_php_of_other_kinds),
                cmocka_unit_test(test_json),
        };
        return cmocka_run_group_tests_name("redact", tests, NULL, NULL);
}
