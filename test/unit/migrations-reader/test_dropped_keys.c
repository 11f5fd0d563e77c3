/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/dropped_keys.h"

#include "lib/memory.h"
#include "test/unit/test_database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct test_server server;
static struct database *database;

static const char *const schema[] = {
        "CREATE TABLE m_parent (id INT PRIMARY KEY, a INT, b INT, UNIQUE KEY m_unique (a), KEY m_index (b))",
        ("CREATE TABLE m_child (id INT, parent INT, KEY m_key (parent), CONSTRAINT FK_1 FOREIGN KEY (parent) "
         "REFERENCES m_parent (id), CONSTRAINT m_check CHECK (id > 0))"),
        "CREATE TABLE m_bare (id INT)",
        "CREATE VIEW m_view AS SELECT id FROM m_bare",
};

/* up() of each migration, in order; what is told of them. */
static const struct {
        const char *ups[3];
        const char *told;
} cases[] = {
        {{""}, ""},
        {{"$this->addSql(\"ALTER TABLE {$this->prefix}parent DROP KEY {$this->prefix}index\");"}, ""},
        {{"$this->addSql('ALTER TABLE M_PARENT DROP INDEX M_Index');"}, ""},
        {{"$this->addSql('ALTER TABLE m_parent DROP KEY m_unique, DROP PRIMARY KEY');"}, ""},
        {{"$this->addSql('DROP INDEX `PRIMARY` ON m_parent');"}, ""},
        {{"$this->addSql('ALTER TABLE m_child DROP FOREIGN KEY fk_1');"}, ""},
        {{"$this->addSql('ALTER TABLE m_child DROP CONSTRAINT FK_1, DROP CONSTRAINT m_check');"}, ""},
        {{"$this->addSql('ALTER TABLE m_parent DROP CONSTRAINT m_unique');"}, ""},

        {{"$this->addSql(\"ALTER TABLE {$this->prefix}parent\n DROP KEY {$this->prefix}gone\");"},
                "[V1 4: index m_gone of m_parent]"},
        {{"$this->addSql('DROP INDEX gone ON m_bare');"}, "[V1 3: index gone of m_bare]"},
        {{"$this->addSql('ALTER TABLE m_bare DROP PRIMARY KEY');"}, "[V1 3: primary key PRIMARY of m_bare]"},
        {{"$this->addSql('ALTER TABLE m_child DROP PRIMARY KEY');"},
                "[V1 3: primary key PRIMARY of m_child]"},
        {{"$this->addSql('ALTER TABLE m_child DROP FOREIGN KEY m_key');"},
                "[V1 3: foreign key m_key of m_child]"},
        {{"$this->addSql('ALTER TABLE m_parent DROP KEY m_key');"}, "[V1 3: index m_key of m_parent]"},
        {{"$this->addSql('ALTER TABLE m_bare DROP CONSTRAINT x');"}, "[V1 3: constraint x of m_bare]"},
        {{"if ($t->hasIndex('x')) { $this->addSql('DROP INDEX x ON m_bare'); }"},
                "[V1 3: index x of m_bare, condition]"},
        {{"} function preUp() { $this->skipIf(true); } function x() {", "$this->addSql('DROP INDEX x ON "
                                                                        "m_bare');"},
                "[V2 3: index x of m_bare]"},
        {{"$this->addSql('DROP INDEX x ON m_bare'); } function preUp() { throw new Skip();"},
                "[V1 3: index x of m_bare, skip]"},

        /* Tables that are not there, or are no tables. */
        {{"$this->addSql('DROP INDEX x ON m_none'); $this->addSql('DROP INDEX x ON m_view');"}, ""},

        /* Added before, by whatever way; not behind, not in the same statement. */
        {{"$this->addSql('CREATE INDEX x ON m_bare (id)');", "$this->addSql('DROP INDEX X ON M_bare');"}, ""},
        {{"$this->addSql('CREATE INDEX x ON m_bare (id); DROP INDEX x ON m_bare');"}, ""},
        {{"$this->addSql('DROP INDEX x ON m_bare');", "$this->addSql('CREATE INDEX x ON m_bare (id)');"},
                "[V1 3: index x of m_bare]"},
        {{"$this->addSql('ALTER TABLE m_bare DROP KEY x, ADD KEY x (id)');"}, "[V1 3: index x of m_bare]"},
        {{"$this->addSql('CREATE INDEX x ON m_child (id)');", "$this->addSql('DROP INDEX x ON m_bare');"},
                "[V2 3: index x of m_bare]"},
        {{"$t->addIndex(['id'], $this->prefix.'x');", "", "$this->addSql('DROP INDEX m_x ON m_bare');"}, ""},
        {{"$this->addSql('DROP INDEX m_x ON m_bare'); $t->addIndex(['id'], 'm_x');"},
                "[V1 3: index m_x of m_bare]"},
        {{"$this->addSql(\"CREATE INDEX $x ON m_bare (id)\");", "$this->addSql('DROP INDEX x ON m_bare');"},
                ""},
        {{"$this->addSql('RENAME TABLE m_parent TO m_old, m_new TO m_parent');",
                 "$this->addSql('DROP INDEX x ON m_parent');"},
                ""},

        /* Never a guess. */
        {{"foreach ($k as $x) { $this->addSql(\"DROP INDEX $x ON m_bare\"); }"}, ""},
        {{"$x = $this->findPropertyName('bare', 'idx', 'ABCD'); $this->addSql('DROP INDEX '.$x.' ON "
          "m_bare');"},
                ""},
};

static char *tell(size_t index)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(planned_keys_freep) struct planned_keys *planned = planned_keys_new("m_");
        for (size_t i = 0; i < ARRAY_SIZE(cases[index].ups) && cases[index].ups[i]; i++) {
                _cleanup_free_ char *version = string_format("%zu", i + 1);
                _cleanup_free_ char *file = string_format("V%zu", i + 1);
                _cleanup_free_ char *source =
                        string_format("<?php\nclass Version%zu extends M {\nfunction up() {%s}}", i + 1,
                                cases[index].ups[i]);
                if (planned_keys_add(planned, version, file, source, strlen(source), &err) < 0)
                        fail_msg("%s", error_message(&err));
        }
        _cleanup_dropped_keys_ struct dropped_keys missing = {0};
        if (planned_keys_find_missing(planned, database, &missing, &err) < 0)
                fail_msg("%s", error_message(&err));
        struct buffer told = {0};
        for (size_t i = 0; i < missing.count; i++) {
                const struct dropped_key *key = &missing.items[i];
                assert_string_equal(key->version, key->file + 1);
                buffer_append_format(&told, "[%s %u: %s %s of %s%s%s]", key->file, key->line,
                        key_kind_name(key->kind), key->key, key->table, key->conditional ? ", condition" : "",
                        key->can_skip ? ", skip" : "");
        }
        return buffer_steal(&told);
}

static void test_missing(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_free_ char *told = tell(i);
                if (strcmp(told, cases[i].told) != 0)
                        fail_msg("%s gives %s", cases[i].ups[0], told);
        }
}

static void test_unreadable(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(planned_keys_freep) struct planned_keys *planned = planned_keys_new("");
        assert_int_equal(
                planned_keys_add(planned, "1", "app/migrations/Version1.php", "<?php {", 7, &err), -1);
        assert_non_null(strstr(error_message(&err), "app/migrations/Version1.php: line 1"));
}

static void test_lost_connection(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(planned_keys_freep) struct planned_keys *planned = planned_keys_new("");
        _cleanup_(database_closep) struct database *other = test_server_connect(&server, "keys_test");
        _cleanup_free_ char *id = NULL;
        assert_int_equal(database_query_value(other, &id, &err, "SELECT CONNECTION_ID()"), 0);
        _cleanup_free_ char *kill = string_format("KILL %s", id);
        test_sql(database, kill);
        struct dropped_keys missing = {0};
        assert_int_equal(planned_keys_find_missing(planned, other, &missing, &err), -1);
        assert_int_equal(err.reason, REASON_DATABASE_LOST);
        assert_null(missing.items);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_missing),
                cmocka_unit_test(test_unreadable),
                cmocka_unit_test(test_lost_connection),
        };
        int status = test_server_start(&server);
        if (status != 0)
                return status;
        struct database *root = test_server_connect(&server, NULL);
        test_sql(root, "CREATE DATABASE keys_test");
        database_close(root);
        database = test_server_connect(&server, "keys_test");
        for (size_t i = 0; i < ARRAY_SIZE(schema); i++)
                test_sql(database, schema[i]);
        status = cmocka_run_group_tests(tests, NULL, NULL);
        database_close(database);
        test_server_stop(&server);
        return status;
}
