/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/sql_stream.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/scratch.h"

/* Statements, a '|' behind each. */
static int collect(const char *sql, size_t size, void *userdata, struct error *err)
{
        struct buffer *found = userdata;
        assert_int_equal(sql[size], '\0');
        buffer_append(found, sql, size);
        buffer_append_string(found, "|");
        return 0;
}

static int cut(const char *text, size_t size, size_t piece, struct buffer *found, struct error *err)
{
        _cleanup_(sql_stream_freep) struct sql_stream *stream = sql_stream_new(collect, found);
        for (size_t at = 0; at < size; at += piece)
                if (sql_stream_feed(stream, text + at, size - at < piece ? size - at : piece, err) < 0)
                        return -1;
        return sql_stream_finish(stream, err);
}

static const struct {
        const char *text, *statements;
} cases[] = {
        {"", ""},
        {"  \n\t", ""},
        {"a;b", "a|b|"},
        {"a;b;\n", "a|b|"},
        {";;a;", "||a|"},
        {"-- c;\n--\n# d;\na -- e;\n;b;", "a -- e;\n|b|"},
        {"a--b;c;", "a--b|c|"},
        {"'a;''b;' \"c;\"\"\" `d;`` `; e;", "'a;''b;' \"c;\"\"\" `d;`` `|e|"},
        {"'a\\';' \"b\\\";\" `c\\`; d;", "'a\\';' \"b\\\";\" `c\\`|d|"},
        {"/* a; ' */ b;c;", "/* a; ' */ b|c|"},
        {"/*!50003 a 'x;' */;/*M! b */;", "/*!50003 a 'x;' */|/*M! b */|"},
        {"/*! a /* ; */ b */;c;", "/*! a /* ; */ b */|c|"},
        {"/*/ ; */ a;b;", "/*/ ; */ a|b|"},
        {"DELIMITER ;;\nCREATE TRIGGER t BEGIN a; ';;'; END ;;\ndelimiter ;\nb;c;",
                "CREATE TRIGGER t BEGIN a; ';;'; END |b|c|"},
        {"a delimiter x;\nb;", "a delimiter x|b|"},
        {"DELIMITER\t$$\r\na;b$$\nDELIMITER ;\nc;", "a;b|c|"},
        {"SET sql_mode = 'NO_BACKSLASH_ESCAPES';'\\';a;SET sql_mode = @saved;'\\';';b;",
                "SET sql_mode = 'NO_BACKSLASH_ESCAPES'|'\\'|a|SET sql_mode = @saved|'\\';'|b|"},
        {"/*!50003 SET sql_mode              = 'ANSI_QUOTES' */ ;\"\\\";'\\'';a;",
                "/*!50003 SET sql_mode              = 'ANSI_QUOTES' */ |\"\\\"|'\\''|a|"},
        {"SET @s = @@sql_mode, sql_mode = 'NO_BACKSLASH_ESCAPES';'\\';a;",
                "SET @s = @@sql_mode, sql_mode = 'NO_BACKSLASH_ESCAPES'|'\\'|a|"},
        {"SET @saved_sql_mode = 'NO_BACKSLASH_ESCAPES';'\\';';a;",
                "SET @saved_sql_mode = 'NO_BACKSLASH_ESCAPES'|'\\';'|a|"},
};

/* However the text is cut on its way. */
static void test_cases(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                for (size_t piece = 1; piece < 80; piece++) {
                        _cleanup_buffer_ struct buffer found = {0};
                        struct error err = {0};
                        assert_ok(cut(cases[i].text, strlen(cases[i].text), piece, &found, &err));
                        if (!string_equal(found.data ?: "", cases[i].statements))
                                fail_msg("%s in pieces of %zu: %s", cases[i].text, piece, found.data ?: "");
                }
}

static void test_open_ends(void **state)
{
        static const char *const texts[] = {"a 'b", "a \"b;", "a `b", "a /* b", "a 'b\\", "a 'b\\'"};
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                _cleanup_buffer_ struct buffer found = {0};
                _cleanup_error_ struct error err = {0};
                assert_fails(cut(texts[i], strlen(texts[i]), 3, &found, &err), REASON_BACKUP_INCOMPLETE);
        }
}

static void test_any_bytes(void **state)
{
        static const char text[] = "a '\0\x1a\r\n;' b;\0c;";
        _cleanup_buffer_ struct buffer found = {0};
        struct error err = {0};
        assert_ok(cut(text, sizeof(text) - 1, 2, &found, &err));
        assert_int_equal(found.size, sizeof(text) - 1);
        assert_memory_equal(found.data, "a '\0\x1a\r\n;' b|\0c|", found.size);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cases),
                cmocka_unit_test(test_open_ends),
                cmocka_unit_test(test_any_bytes),
        };
        return cmocka_run_group_tests_name("sql_stream", tests, NULL, NULL);
}
