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
        redactor_hide(redactor, "abc"); /* too short */
        redactor_hide(redactor, NULL);
        for (size_t i = 0; i < ARRAY_SIZE(dresses); i++) {
                _cleanup_free_ char *text = string_format("abc <%s> end", dresses[i]);
                _cleanup_free_ char *redacted = redactor_text(redactor, text);
                assert_string_equal(redacted, "abc <***> end");
        }
}

static void test_a_longer_secret_goes_first(void **state)
{
        _cleanup_(redactor_freep) struct redactor *redactor = redactor_new();
        redactor_hide(redactor, "secret");
        redactor_hide(redactor, "secretary");
        _cleanup_free_ char *text = redactor_text(redactor, "secretary, secret");
        assert_string_equal(text, "***, ***");
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
                cmocka_unit_test(test_a_longer_secret_goes_first),
                cmocka_unit_test(test_what_looks_like_somebody),
                cmocka_unit_test(test_php),
                cmocka_unit_test(test_json),
        };
        return cmocka_run_group_tests_name("redact", tests, NULL, NULL);
}
