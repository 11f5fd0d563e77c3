/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "migrations-reader/schema/schema.h"
#include "migrations-reader/schema/sql_tokens.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Tokens, one letter for the type and the text, with spaces between. */
static char *describe(const char *sql, const struct database_server *server)
{
        static const char letters[] = {[SQL_WORD] = 'w',
                [SQL_NAME] = 'n',
                [SQL_STRING] = 's',
                [SQL_NUMBER] = 'i',
                [SQL_BINARY] = 'b',
                [SQL_VARIABLE] = 'v',
                [SQL_MARK] = 'm',
                [SQL_BROKEN] = '!'};
        struct sql_lexer lexer;
        struct sql_token token;
        _cleanup_buffer_ struct buffer text = {0};
        sql_lexer_init(&lexer, sql, strlen(sql), server);
        while (sql_lexer_next(&lexer, &token))
                buffer_append_format(&text, "%s%c%.*s", text.size > 0 ? " " : "", letters[token.type],
                        (int)token.size, token.start);
        return buffer_steal(&text);
}

static void test_tokens(void **unused)
{
        (void)unused;
        static const struct {
                const char *sql, *expected;
        } cases[] = {
                {"", ""},
                {"SELECT `a``b`, 'it''s', \"x\\\"y\"", "wSELECT n`a``b` m, s'it''s' m, s\"x\\\"y\""},
                {"1 1.5 .5 1e3 1e 1ab a.1b", "i1 i1.5 i.5 i1e3 w1e w1ab wa m. w1b"},
                {"0x1F 0xzz x'41' b'01' 0b01 N'x' _utf8'y'",
                        "b0x1F w0xzz bx'41' bb'01' b0b01 wN s'x' w_utf8 s'y'"},
                {"@a @@b.c @'d' := 1", "v@a v@@b.c v@'d' m: m= i1"},
                {"a # x\nb -- y\nc --z /* w */ d", "wa wb wc m- m- wz wd"},
                {"/*! a */ /*!40101 b */ /*!99999 c */ /*M! d */ /*M!999999\\- e */ f", "wa wb wd wf"},
                {"/*!50701 mysql */ /*!100100 mariadb */", "wmariadb"},
                {"/*!40101 a /* nested */ b */ c", "wa wb wc"},
                {"a 'open", "wa !'open"},
                {"a /* open", "wa !/* open"},
                {"`open", "!`open"},
                {"'a\\", "!'a\\"},
                {"--", ""},
                {"# only", ""},
                {"\xc3\xbc$_1", "w\xc3\xbc$_1"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *text = describe(cases[i].sql, NULL);
                assert_string_equal(text, cases[i].expected);
        }
        static const struct database_server mysql = {.major = 8, .minor = 0, .patch = 30};
        _cleanup_free_ char *text = describe("/*!50701 a */ /*M! b */ /*!80031 c */", &mysql);
        assert_string_equal(text, "wa");
}

static void test_literals(void **unused)
{
        (void)unused;
        static const struct {
                const char *sql, *expected; /* NULL: none */
        } cases[] = {
                {"'it''s'", "it's"},
                {"\"a\\n\\t\\\\\\%\\q\"", "a\n\t\\\\%q"},
                {"'a' 'b' \"c\"", "abc"},
                {"''", ""},
                {"'a\\0b'", NULL},
                {"x", NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_sql_tokens_ struct sql_tokens tokens = {0};
                assert_true(sql_tokens_read(&tokens, cases[i].sql, strlen(cases[i].sql), NULL));
                struct sql_cursor cursor = {.next = tokens.items, .end = tokens.items + tokens.count};
                _cleanup_free_ char *text = sql_take_string(&cursor);
                if (!cases[i].expected)
                        assert_null(text);
                else
                        assert_string_equal(text, cases[i].expected);
        }
}

static void test_split(void **unused)
{
        (void)unused;
        static const struct {
                const char *sql, *expected;
        } cases[] = {
                {"", ""},
                {" ; ;; ", ""},
                {"a", "[a]"},
                {"# x\n a 1 ; -- y\n b 'x;y' /* ; */ ;", "[a 1][b 'x;y']"},
                {"/*!40101 SET a=1 */; c", "[/*!40101 SET a=1 */][c]"},
                {"CREATE /*! TABLE */ t /* z */;", "[CREATE /*! TABLE */ t]"},
                {"a `;` \";\" b", "[a `;` \";\" b]"},
                {"a;'open;", "[a]['open;]"},
                {"a; CREATE TRIGGER t BEFORE INSERT ON u FOR EACH ROW BEGIN b; c; END;",
                        "[a][CREATE TRIGGER t BEFORE INSERT ON u FOR EACH ROW BEGIN b; c; END;]"},
                {"CREATE TABLE event (i INT); BEGIN; a", "[CREATE TABLE event (i INT)][BEGIN][a]"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct schema_statement *list = NULL;
                _cleanup_buffer_ struct buffer text = {0};
                size_t count = schema_split(cases[i].sql, strlen(cases[i].sql), &list);
                for (size_t k = 0; k < count; k++)
                        buffer_append_format(
                                &text, "[%.*s]", (int)list[k].size, cases[i].sql + list[k].offset);
                free(list);
                assert_string_equal(text.data ?: "", cases[i].expected);
        }
}

static void test_verbs(void **unused)
{
        (void)unused;
        static const struct {
                const char *sql, *expected;
        } cases[] = {
                {"select 1", "SELECT"},
                {" ((Select 1))", "SELECT"},
                {"# x\nUpdate t", "UPDATE"},
                {"/*!40101 SET x=1 */", "SET"},
                {"", ""},
                {"'x'", ""},
                {"`select` 1", ""},
                {"abcdefghijklmnopq", ""},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char word[16];
                schema_statement_verb(cases[i].sql, strlen(cases[i].sql), word);
                assert_string_equal(word, cases[i].expected);
        }
}

static void test_tables(void **unused)
{
        (void)unused;
        static const struct {
                const char *sql, *expected; /* names; ? at the end: not for sure */
        } cases[] = {
                {"SELECT 1", ""},
                {"SELECT a, b FROM t WHERE x IN (1, 2)", "t"},
                {"SELECT * FROM a x, b AS y JOIN `c d` ON x.i = y.i, e WHERE f = 1", "a b c d e"},
                {"SELECT * FROM (a, b) LEFT JOIN (SELECT i FROM c GROUP BY j, k) z USING (l, m)", "a b c"},
                {"SELECT EXTRACT(DAY FROM d), TRIM(BOTH x FROM y) FROM t", "t"},
                {"SELECT t.from, (SELECT MAX(i) FROM u) FROM db.t FOR UPDATE", "u t"},
                {"SELECT 1 FROM a STRAIGHT_JOIN b UNION SELECT 2 FROM c", "a b c"},
                {"SELECT 1 FROM DUAL", ""},
                {"SELECT * FROM information_schema.COLUMNS", "COLUMNS?"},
                {"INSERT INTO a (x, y) SELECT u, v FROM b ON DUPLICATE KEY UPDATE x = 1", "a b"},
                {"INSERT IGNORE a VALUES (1), (2)", "a"},
                {"REPLACE INTO a SET x = (SELECT 1 FROM b)", "a b"},
                {"UPDATE LOW_PRIORITY a, b SET a.x = b.y WHERE EXISTS (SELECT 1 FROM c)", "a b c"},
                {"UPDATE a JOIN b ON a.i = b.i SET x = 1", "a b"},
                {"DELETE FROM a WHERE i NOT IN (SELECT i FROM b)", "a b"},
                {"DELETE x FROM a x JOIN b y ON 1", "a b"},
                {"DELETE FROM a USING a JOIN b", "a b"},
                {"ALTER TABLE a ADD FOREIGN KEY (x) REFERENCES b (i), RENAME TO c", "a b c"},
                {"CREATE TABLE IF NOT EXISTS a (i INT REFERENCES b (i), j INT) ENGINE=InnoDB", "a b"},
                {"CREATE TABLE a LIKE b", "a b"},
                {"CREATE TABLE a (LIKE b)", "a b"},
                {"CREATE TABLE a AS SELECT * FROM b", "a b"},
                {"CREATE UNIQUE INDEX i ON a (x)", "a"},
                {"CREATE OR REPLACE VIEW v AS SELECT 1 FROM a", "v a"},
                {"DROP TABLE IF EXISTS a, b", "a b"},
                {"DROP INDEX i ON a", "a"},
                {"RENAME TABLE a TO b, c TO d", "a b c d"},
                {"TRUNCATE TABLE a", "a"},
                {"SHOW INDEX FROM a", "a"},
                {"SHOW FULL COLUMNS FROM a", "a"},
                {"SHOW TABLES", "?"},
                {"DESCRIBE a", "a"},
                {"SET @a = 1; UPDATE a SET x = 1; DELETE FROM b", "a b"},
                {"CALL p()", "?"},
                {"SELECT 'open FROM a", "?"},
                {"WITH x AS (SELECT 1 FROM a) SELECT * FROM x", "a x"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                bool certain = false;
                _cleanup_strings_ char **names =
                        schema_statement_tables(cases[i].sql, strlen(cases[i].sql), &certain);
                _cleanup_buffer_ struct buffer text = {0};
                for (size_t k = 0; names[k]; k++)
                        buffer_append_format(&text, "%s%s", k > 0 ? " " : "", names[k]);
                buffer_append_string(&text, certain ? "" : "?");
                if (strcmp(text.data, cases[i].expected) != 0)
                        fail_msg("%s: %s, expected %s", cases[i].sql, text.data, cases[i].expected);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_tokens),
                cmocka_unit_test(test_literals),
                cmocka_unit_test(test_split),
                cmocka_unit_test(test_verbs),
                cmocka_unit_test(test_tables),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
