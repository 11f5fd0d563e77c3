/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/migration_sql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Every text as "[LINE:TEXT]", "?" for what is not known, "!" in front of a conditional one; the line is that
 * of the first byte. */
static char *tell(const char *source, bool *ret_can_skip)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_migration_sql_ struct migration_sql sql = {0};
        if (migration_sql_read(source, strlen(source), "Version1", "m_", &sql, &err) < 0)
                return string_format("error: %s", error_message(&err));
        struct buffer told = {0};
        for (size_t i = 0; i < sql.count; i++) {
                const struct sql_text *text = &sql.items[i];
                buffer_append_format(&told, "%s[%u:", text->conditional ? "!" : "", sql_text_line(text, 0));
                for (size_t at = 0; at < text->text.size; at++)
                        buffer_append(&told, text->text.data[at] == '\1' ? "?" : text->text.data + at, 1);
                buffer_append_string(&told, "]");
        }
        for (size_t i = 0; i < sql.key_name_count; i++)
                buffer_append_format(&told, "<%s>", sql.key_names[i]);
        *ret_can_skip = sql.can_skip;
        return buffer_steal(&told);
}

static char *with_up(const char *body)
{
        return string_format(
                "<?php\nclass Version1 extends M {\npublic function up(Schema $schema) {\n%s\n}}\n", body);
}

static void test_bodies(void **state)
{
        static const struct {
                const char *body, *told; /* the body begins on line 4 */
        } cases[] = {
                {"", ""},
                {"$this->addSql('a');", "[4:a]"},
                {"$this->addSql('a'); $this->addSql(\"b\");", "[4:a][4:b]"},
                {"$this->ADDSQL('it\\'s', ['x']);", "[4:it's]"},
                {"$this->addSql('a '.$this->prefix.'b');", "[4:a m_b]"},
                {"$this->addSql(('a' . (\"b\" . 'c')));", "[4:abc]"},
                {"$this->addSql(\"a {$this->prefix}b $this->prefix \\\"\\n\\x41\\$\");",
                        "[4:a m_b m_ \"\nA$]"},
                {"$this->addSql('{$this->prefix}');", "[4:{$this->prefix}]"},
                {"$this->addSql(MAUTIC_TABLE_PREFIX.'a');", "[4:m_a]"},
                {"$this->addSql(<<<SQL\nX {$this->prefix}y\n  z\nSQL\n);", "[5:X m_y\n  z]"},
                {"$this->addSql(<<<'SQL'\nX {$this->prefix}y\nSQL\n);", "[5:X {$this->prefix}y]"},
                {"$this->addSql(<<<SQL\nSQL\n);", "[0:]"},
                {"$this->connection->executeQuery('a');", "[4:a]"},
                {"$this->connection->exec('a');", "[4:a]"},
                {"$other->addSql('a'); addSql('a'); self::addSql('a'); $this->log('a');", ""},
                {"$this->addSql();", ""},
                {"$this->addSql(...$a);", "[0:?]"},

                /* What is not constant. */
                {"$this->addSql('a'.$this->find('x').'b');", "[4:a?b]"},
                {"$this->addSql(\"a {$x['y']} b\");", "[4:a ? b]"},
                {"$this->addSql(\"a $x b\");", "[4:a ? b]"},
                {"$this->addSql(\"a ${x} b\");", "[4:a ? b]"},
                {"$this->addSql($a ? 'a' : 'b');", "[0:?]"},
                {"$this->addSql(sprintf('a %s', 'b'));", "[0:?]"},
                {"$this->addSql(self::SQL.$this->other);", "[0:??]"},
                {"$this->addSql('a' + 'b');", "[0:?]"},

                /* Variables. */
                {"$t = $this->prefix.'a';\n$this->addSql(\"x $t\");", "[5:x m_a]"},
                {"$t = 'a';\n$u = \"$t b\";\n$this->addSql($u);", "[4:a b]"},
                {"$s = 'a';\n$this->addSql($s);\n$s = 'b';\n$this->addSql($s);", "[4:a][6:b]"},
                {"$s = <<<SQL\na\nSQL;\n$this->addSql($s);", "[5:a]"},
                {"$s = 'a'; if ($x) { $this->addSql($s); }", "![4:a]"},
                {"$s = 'a'; if ($x) { $s = 'b'; } $this->addSql($s);", "[0:?]"},
                {"$s = 'a'; if ($x) $s = 'b'; $this->addSql($s);", "[0:?]"},
                {"if ($x) { $s = 'b'; $this->addSql($s); }", "![4:b]"},
                {"if ($x) { $s = 'b'; } $this->addSql($s);", "[0:?]"},
                {"$s = 'a'; foreach ($x as $y) { $this->addSql($s); $s = 'b'; }", "![0:?]"},
                {"$s = 'a'; foreach ($x as $y) { $s = 'b'; $this->addSql($s); }", "![4:b]"},
                {"$s = 'a'; foreach ($x as $s) { $this->addSql($s); }", "![0:?]"},
                {"$s = 'a'; foreach ($x as $k => $s) {} $this->addSql($s);", "[0:?]"},
                {"$s = 'a'; foreach ($x as [$s, $t]) {} $this->addSql($s);", "[0:?]"},
                {"$s = 'a'; $s .= 'b'; $this->addSql($s);", "[0:?]"},
                {"$s = 'a'; [$s, $t] = f(); $this->addSql($s);", "[0:?]"},
                {"$s = 'a'; ['k' => $s] = f(); $this->addSql($s);", "[0:?]"},
                {"$s = 'a'; list($s) = f(); $this->addSql($s);", "[0:?]"},
                {"$s = 'a'; [[$s]] = f(); $this->addSql($s);", "[0:?]"},
                {"$s = 'a'; $s[0] = 'b'; $this->addSql($s);", "[0:?]"},
                {"$s = 'a'; $s++; $this->addSql($s);", "[0:?]"},
                {"$s = 'a'; unset($s); $this->addSql($s);", "[0:?]"},
                {"$s = 'a'; $r = &$s; $r = 'b'; $this->addSql($s);", "[0:?]"},
                {"$s = 'a'; change($s); $this->addSql($s);", "[0:?]"},
                {"$s = 'a'; $n = strlen($s); $this->addSql($s);", "[4:a]"},
                {"$s = 'a'; $q->bindParam(1, $s); $this->addSql($s);", "[0:?]"},
                {"$s = 'a'; $$n = 'b'; $this->addSql($s);", "[0:?]"},
                {"$s = 'a'; extract($x); $this->addSql($s);", "[0:?]"},
                {"$s = 'a'; f(function () use (&$s) {}); $this->addSql($s);", "[0:?]"},
                {"$s = 'a'; f(function () use ($s) {}); $this->addSql($s);", "[4:a]"},
                {"global $s; $this->addSql($s);", "[0:?]"},
                {"try { $s = 'a'; f(); } catch (E $s) {} $this->addSql($s);", "[0:?]"},
                {"$s = $s; $this->addSql($s);", "[0:?]"},
                {"$a = $b = 'x'; $this->addSql($a); $this->addSql($b);", "[0:?][0:?]"},
                {"$this->addSql($s); $s = 'a';", "[0:?]"},
                {"switch ($x) { case 1: $s = 'a'; break; } $this->addSql($s);", "[0:?]"},

                /* Conditions. */
                {"if ($t->hasIndex('k')) { $this->addSql('a'); } $this->addSql('b');", "![4:a][4:b]"},
                {"if (!$x) { return; } $this->addSql('a');", "![4:a]"},
                {"$this->skipIf($x, ''); $this->addSql('a');", "![4:a]"},
                {"if ($x) { throw new SkipMigration(''); } $this->addSql('a');", "![4:a]"},
                {"$x && $this->addSql('a');", "![4:a]"},
                {"$x ? $this->addSql('a') : 0;", "![4:a]"},
                {"while ($x) $this->addSql('a');", "![4:a]"},
                {"try { $this->addSql('a'); } catch (E $e) {}", "![4:a]"},
                {"f(function () { $this->addSql('a'); }); f(fn () => $this->addSql('b'));", ""},

                /* Keys by the Schema. */
                {"$t->addIndex(['a'], $this->prefix.'k'); $t->addUniqueIndex(['a'], f());", "<m_k>"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *source = with_up(cases[i].body);
                bool can_skip;
                _cleanup_free_ char *told = tell(source, &can_skip);
                if (strcmp(told, cases[i].told) != 0)
                        fail_msg("%s gives \"%s\"", cases[i].body, told);
        }
}

static void test_lines(void **state)
{
        static const char source[] =
                "<?php\nclass Version1 extends M {\nfunction up() {\n"
                "  $t =\n    $this->prefix . 't';\n"
                "  $this->addSql(<<<SQL\n    A {$this->prefix}a\n    B $t\n    C\n    SQL\n"
                "  );\n  $this->addSql(\"D\\nE\n  F \" .\n    'G');\n}}\n";
        static const struct {
                size_t text;
                char letter;
                unsigned line;
        } cases[] = {
                {0, 'A', 7},
                {0, 'B', 8},
                {0, 't', 5},
                {0, 'C', 9},
                {1, 'D', 12},
                {1, 'E', 12},
                {1, 'F', 13},
                {1, 'G', 14},
        };
        _cleanup_error_ struct error err = {0};
        _cleanup_migration_sql_ struct migration_sql sql = {0};
        assert_int_equal(migration_sql_read(source, strlen(source), "Version1", "m_", &sql, &err), 0);
        assert_int_equal(sql.count, 2);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const struct sql_text *text = &sql.items[cases[i].text];
                const char *found = strchr(text->text.data, cases[i].letter);
                assert_non_null(found);
                unsigned line = sql_text_line(text, (size_t)(found - text->text.data));
                if (line != cases[i].line)
                        fail_msg("%c stands on line %u, not %u", cases[i].letter, line, cases[i].line);
        }
}

static void test_methods(void **state)
{
        static const struct {
                const char *class, *told;
                bool can_skip;
        } cases[] = {
                {"function postUp() { $this->addSql('c'); } function up() { $this->addSql('b'); } function "
                 "preUp() { $this->addSql('a'); } function down() { $this->addSql('d'); }",
                        "[2:a][2:b][2:c]", false},
                {"function preUp() { if (x()) throw new SkipMigration(''); } function UP() { "
                 "$this->addSql('a'); }",
                        "[2:a]", true},
                {"function preUp() { $this->skipIf(true, ''); }", "", true},
                {"function preUp() { $this->check(); } private function check() { throw new X; }", "", true},
                {"function preUp() { $this->connection->exec('a'); return; }", "[2:a]", false},
                {"function preUpAssertions() { }", "", true},
                {"function up() { throw new X; }", "", false},
                {"abstract function up();", "", false},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *source =
                        string_format("<?php\nclass Version1 extends M { %s }", cases[i].class);
                bool can_skip;
                _cleanup_free_ char *told = tell(source, &can_skip);
                if (strcmp(told, cases[i].told) != 0 || can_skip != cases[i].can_skip)
                        fail_msg("%s gives \"%s\"%s", cases[i].class, told, can_skip ? ", skips" : "");
        }
}

/* ---- odd files ---- */

static const char odd[] =
        "<?php\nclass Version1 extends M {\npublic function preUp(Schema $s) { if (!$s->hasIndex(\"{$this->"
        "prefix}k\")) { throw new SkipMigration('x'); } }\npublic function up(Schema $s) {\n$t = "
        "\"{$this->prefix}t\"; $u = <<<A\n {$this->f(<<<B\n {$t} ${x} $t[0]\n B\n)} \\x41 \\u{41}\n A;\n"
        "$this->addSql($u); $this->addSql(<<<'N'\nALTER TABLE t DROP KEY k\nN\n); $this->addSql(b\"x\" . "
        "b'\\\\' . (('y')) . \"\\\"$t$u\"); } }\n";

static void must_not_crash(const char *source, size_t size)
{
        /* In memory that ends where it ends; the parser's contract asks for no NUL. */
        _cleanup_free_ char *copy = memory_new_array(size + 1, 1);
        memcpy(copy, source, size);
        _cleanup_error_ struct error err = {0};
        _cleanup_migration_sql_ struct migration_sql sql = {0};
        if (migration_sql_read(copy, size, "Version1", "m_", &sql, &err) < 0)
                assert_int_equal(err.reason, REASON_INVALID_ARGUMENT);
}

static void test_cut_anywhere(void **state)
{
        for (size_t size = 0; size < sizeof odd; size++)
                must_not_crash(odd, size);
}

static void test_one_byte_is_another(void **state)
{
        static const char others[] = "\"'`${}(;\\\n<\1";
        char source[sizeof odd];
        for (size_t at = 6; at < sizeof odd - 1; at++) {
                memcpy(source, odd, sizeof odd);
                source[at] = others[at % (sizeof others - 1)];
                must_not_crash(source, sizeof odd - 1);
        }
}

static void test_what_would_take_for_ever(void **state)
{
        struct buffer body = {0};
        buffer_append_string(&body, "$v0 = '';\n");
        for (size_t i = 1; i < 12; i++) {
                buffer_append_format(&body, "$v%zu = \"", i);
                for (size_t times = 0; times < 100; times++)
                        buffer_append_format(&body, "$v%zu", i - 1);
                buffer_append_string(&body, "\";\n");
        }
        buffer_append_string(&body, "$this->addSql($v7); $this->addSql('x'");
        for (size_t i = 0; i < 20000; i++)
                buffer_append_string(&body, ".('x')");
        buffer_append_string(&body, ");");
        _cleanup_free_ char *source = with_up(body.data);
        must_not_crash(source, strlen(source));
        buffer_deinit(&body);
}

static void test_no_such_class(void **state)
{
        static const char *const sources[] = {
                "", "<?php", "<?php class Version2 extends M {}", "<?php class {"};
        for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
                _cleanup_error_ struct error err = {0};
                struct migration_sql sql = {0};
                assert_int_equal(
                        migration_sql_read(sources[i], strlen(sources[i]), "Version1", "", &sql, &err), -1);
                assert_int_equal(err.reason, REASON_INVALID_ARGUMENT);
                assert_null(sql.items);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bodies),
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_methods),
                cmocka_unit_test(test_cut_anywhere),
                cmocka_unit_test(test_one_byte_is_another),
                cmocka_unit_test(test_what_would_take_for_ever),
                cmocka_unit_test(test_no_such_class),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
