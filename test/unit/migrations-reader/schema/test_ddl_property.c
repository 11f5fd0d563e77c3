/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Random DDL, each statement sent to a private MariaDB and applied to a snapshot: success or refusal, its
 * number, and the schema afterwards must be the same. What the snapshot calls uncertain is counted, bounded,
 * and read anew from the server.
 *
 *   SCHEMA_STATEMENTS=20000 SCHEMA_SEED=7 BUILD/test/unit/test_ddl_property
 */

#include "migrations-reader/schema/schema.h"

#include "lib/memory.h"
#include "test/unit/test_database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define DEFAULT_STATEMENTS 300
#define UNCERTAIN_SHARE 10 /* at most one of so many */

/* Random choice */

static uint64_t state;

static unsigned roll(unsigned sides)
{
        state = state * 6364136223846793005u + 1442695040888963407u;
        return (unsigned)(state >> 33) % sides;
}

#define PICK(list) list[roll(ARRAY_SIZE(list))]

static bool chance(unsigned percent)
{
        return roll(100) < percent;
}

/* The grammar. Few names, so that they meet. */

static const char *const table_names[] = {"leads", "emails", "pages", "`stat s`", "forms"};
static const char *const column_names[] = {
        "id", "name", "email_id", "lead_id", "body", "`order`", "date_added", "kind"};
static const char *const new_names[] = {"a_1", "a_2", "a_3", "a_4", "a_5", "a_6"};
static const char *const index_names[] = {"i_one", "i_two", "name", "lead_id", "FK_A", "email_id_2"};
static const char *const constraints[] = {"FK_A", "FK_B", "FK_C", "leads_ibfk_1", "emails_ibfk_1"};

/* Mostly what is there, so that most statements mean something. */
static const struct schema *known;
static const struct schema_table *subject; /* the statement's table; NULL: a new one */

static unsigned new_first, new_count; /* the columns of a new one, among column_names */

static char *quoted_name; /* of the last existing one that was picked */

static const char *quote_name(const char *name)
{
        string_replace(&quoted_name, database_quote_name(name));
        return quoted_name;
}

static const char *pick_table(void)
{
        subject = known->count > 0 && chance(85) ? known->tables[roll((unsigned)known->count)] : NULL;
        if (subject)
                return quote_name(subject->name);
        const char *name = PICK(table_names);
        subject = schema_find_table(known, name);
        return name;
}

static const char *pick_target(void)
{
        return known->count > 0 && chance(85) ? quote_name(known->tables[roll((unsigned)known->count)]->name)
                                              : PICK(table_names);
}

static const char *pick_column(void)
{
        return subject && chance(90)
                       ? quote_name(subject->columns[roll((unsigned)subject->column_count)].name)
                       : PICK(column_names);
}

static const char *pick_index(void)
{
        return subject && subject->index_count > 0 && chance(85)
                       ? quote_name(subject->indexes[roll((unsigned)subject->index_count)].name)
                       : PICK(index_names);
}

static const char *pick_constraint(void)
{
        return subject && subject->foreign_key_count > 0 && chance(80)
                       ? quote_name(subject->foreign_keys[roll((unsigned)subject->foreign_key_count)].name)
                       : PICK(constraints);
}

static const char *const types[] = {"INT", "INT", "INT UNSIGNED", "INT UNSIGNED", "INT(11)", "INTEGER",
        "BIGINT UNSIGNED", "BIGINT(20)", "SMALLINT", "TINYINT(1)", "BOOL", "MEDIUMINT UNSIGNED ZEROFILL",
        "VARCHAR(191)", "VARCHAR(255)", "VARCHAR(255)", "VARCHAR(20)", "VARCHAR(1000)", "CHAR(36)", "CHAR",
        "NATIONAL VARCHAR(30)", "TEXT", "LONGTEXT", "TEXT(70000)", "TINYTEXT", "TEXT(100)",
        "LONGTEXT COMMENT '(DC2Type:array)'", "DOUBLE PRECISION", "FLOAT", "FLOAT(7,3)", "REAL", "NUMERIC",
        "DECIMAL(10,2)", "DEC(19, 4) UNSIGNED", "DATETIME", "DATETIME", "DATETIME(3)", "DATE", "TIME",
        "TIMESTAMP NULL", "YEAR", "BLOB", "LONGBLOB", "VARBINARY(16)", "BINARY(4)", "BIT(3)", "JSON",
        "ENUM('a', 'b''c', 'd')", "SET('x','y')", "POINT", "VARCHAR(30) CHARACTER SET latin1",
        "VARCHAR(60) COLLATE utf8mb4_bin", "TEXT CHARACTER SET utf8", "VARCHAR(20) BINARY",
        "CHAR(5) CHARSET ascii COLLATE ascii_bin", "VARCHAR(40) CHARACTER SET utf8mb4 COLLATE latin1_bin"};

static const char *const defaults[] = {"NULL", "0", "1", "'1'", "-5", "'x'", "''", "1.50", "'a'", "TRUE",
        "'2020-02-29'", "'2020-01-01 10:00:00'", "CURRENT_TIMESTAMP", "now()", "300", "b'010'",
        "'it''s \\\\ \"q\"'", "0.125", "'x,y'", "99999999999"};

static void add(struct buffer *sql, const char *text)
{
        buffer_append_string(sql, text);
}

static void add_column_body(struct buffer *sql)
{
        const char *type = PICK(types);
        add(sql, type);
        if (subject && chance(8))
                buffer_append_format(sql, " AS (%s) %s", pick_column(), chance(50) ? "STORED" : "VIRTUAL");
        else {
                if (chance(45))
                        add(sql, chance(75) ? " NOT NULL" : " NULL");
                if (chance(25))
                        buffer_append_format(sql, " DEFAULT %s", PICK(defaults));
                if (chance(string_begins(type, "INT") ? 10 : 1))
                        add(sql, " AUTO_INCREMENT");
                if (chance(4))
                        add(sql, chance(50) ? " UNIQUE" : " PRIMARY KEY");
        }
        if (chance(8))
                add(sql, " COMMENT '(DC2Type:guid)'");
        if (chance(2))
                buffer_append_format(sql, " REFERENCES %s (id)", pick_target());
}

static void add_parts(struct buffer *sql)
{
        add(sql, " (");
        unsigned count = 1 + roll(4) / 2;
        for (unsigned i = 0; i < count; i++) {
                buffer_append_format(sql, "%s%s", i > 0 ? ", " : "", pick_column());
                if (chance(15))
                        buffer_append_format(sql, "(%u)", chance(80) ? 5 + roll(60) : 1 + roll(900));
                if (chance(5))
                        add(sql, chance(50) ? " DESC" : " ASC");
        }
        add(sql, ")");
}

static void add_key(struct buffer *sql)
{
        static const char *const kinds[] = {
                "INDEX", "INDEX", "KEY", "INDEX", "UNIQUE INDEX", "UNIQUE", "FULLTEXT KEY"};
        const char *kind = PICK(kinds);
        buffer_append_format(sql, "%s %s", kind, chance(80) ? PICK(index_names) : "");
        add_parts(sql);
}

static void add_foreign_key(struct buffer *sql)
{
        static const char *const rules[] = {"", "", " ON DELETE CASCADE", " ON DELETE SET NULL",
                " ON UPDATE CASCADE ON DELETE NO ACTION", " ON DELETE RESTRICT"};
        if (chance(70))
                buffer_append_format(sql, "CONSTRAINT %s ", PICK(constraints));
        buffer_append_format(sql, "FOREIGN KEY (%s)", chance(75) ? pick_column() : "lead_id");
        buffer_append_format(sql, " REFERENCES %s (%s)%s", pick_target(),
                chance(80) ? "id" : PICK(column_names), PICK(rules));
}

static void add_options(struct buffer *sql)
{
        static const char *const charsets[] = {" DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
                " DEFAULT CHARACTER SET utf8 COLLATE utf8_unicode_ci", " CHARSET=latin1",
                " COLLATE utf8mb4_bin"};
        if (chance(60))
                add(sql, PICK(charsets));
        if (chance(50))
                add(sql, " ENGINE = InnoDB");
        if (chance(30))
                add(sql, " ROW_FORMAT = DYNAMIC");
        if (chance(10))
                add(sql, " COMMENT = 'it''s'");
}

static void create_table(struct buffer *sql)
{
        subject = NULL;
        new_count = 0;
        if (chance(10)) {
                buffer_append_format(sql, "CREATE TABLE %s LIKE %s", PICK(table_names), pick_target());
                return;
        }
        buffer_append_format(
                sql, "CREATE TABLE %s%s (", chance(15) ? "IF NOT EXISTS " : "", PICK(table_names));
        add(sql, chance(80) ? "id INT UNSIGNED AUTO_INCREMENT NOT NULL" : "id INT NOT NULL");
        new_first = 1 + roll(3);
        new_count = 1 + roll(ARRAY_SIZE(column_names) - new_first);
        for (unsigned i = new_first; i < new_first + new_count; i++) {
                buffer_append_format(sql, ", %s ", column_names[i]);
                add_column_body(sql);
        }
        for (unsigned i = roll(3); i > 0; i--) {
                add(sql, ", ");
                add_key(sql);
        }
        if (chance(30)) {
                add(sql, ", ");
                add_foreign_key(sql);
        }
        add(sql, chance(90) ? ", PRIMARY KEY(id))" : ")");
        add_options(sql);
}

static void add_place(struct buffer *sql)
{
        if (chance(10))
                add(sql, " FIRST");
        else if (chance(20))
                buffer_append_format(sql, " AFTER %s", pick_column());
}

static void add_new_column(struct buffer *sql)
{
        buffer_append_format(sql, "ADD %s%s%s ", chance(60) ? "COLUMN " : "",
                chance(5) ? "IF NOT EXISTS " : "", chance(60) ? PICK(column_names) : PICK(new_names));
        add_column_body(sql);
        add_place(sql);
}

static void change_column(struct buffer *sql)
{
        _cleanup_free_ char *name = string_copy(pick_column());
        buffer_append_format(sql, "CHANGE %s %s ", name, chance(60) ? name : PICK(column_names));
        add_column_body(sql);
        add_place(sql);
}

static void modify_column(struct buffer *sql)
{
        buffer_append_format(sql, "MODIFY %s ", pick_column());
        add_column_body(sql);
        add_place(sql);
}

static void drop_column(struct buffer *sql)
{
        buffer_append_format(sql, "DROP %s%s%s", chance(50) ? "COLUMN " : "", chance(10) ? "IF EXISTS " : "",
                pick_column());
}

static void add_new_key(struct buffer *sql)
{
        add(sql, "ADD ");
        if (chance(10)) {
                add(sql, "PRIMARY KEY");
                add_parts(sql);
        } else
                add_key(sql);
}

static void add_new_foreign_key(struct buffer *sql)
{
        add(sql, "ADD ");
        add_foreign_key(sql);
}

static void drop_key(struct buffer *sql)
{
        if (chance(10))
                add(sql, "DROP PRIMARY KEY");
        else
                buffer_append_format(sql, "DROP %s %s", chance(50) ? "INDEX" : "KEY", pick_index());
}

static void drop_foreign_key(struct buffer *sql)
{
        buffer_append_format(sql, "DROP %s %s%s", chance(80) ? "FOREIGN KEY" : "CONSTRAINT",
                chance(10) ? "IF EXISTS " : "", pick_constraint());
}

static void rename_part(struct buffer *sql)
{
        if (chance(50))
                buffer_append_format(sql, "RENAME INDEX %s TO %s", pick_index(), PICK(index_names));
        else
                buffer_append_format(sql, "RENAME COLUMN %s TO %s", pick_column(), PICK(column_names));
}

static void alter_column(struct buffer *sql)
{
        if (chance(30))
                buffer_append_format(sql, "ALTER %s DROP DEFAULT", pick_column());
        else
                buffer_append_format(
                        sql, "ALTER COLUMN %s SET DEFAULT %s", pick_column(), chance(50) ? "0" : "'x'");
}

static void change_options(struct buffer *sql)
{
        static const char *const options[] = {"CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
                "CONVERT TO CHARACTER SET latin1", "CONVERT TO CHARACTER SET utf8", "DEFAULT CHARSET utf8mb4",
                "COLLATE utf8mb4_bin", "ENGINE=InnoDB", "ROW_FORMAT=DYNAMIC", "ROW_FORMAT=DEFAULT",
                "COMMENT='x'", "AUTO_INCREMENT=100", "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT ''"};
        add(sql, PICK(options));
}

static void rename_in_alter(struct buffer *sql)
{
        buffer_append_format(sql, "RENAME TO %s", PICK(table_names));
}

static void (*const clauses[])(struct buffer *sql) = {add_new_column, add_new_column, add_new_column,
        change_column, change_column, modify_column, drop_column, drop_column, add_new_key, add_new_key,
        add_new_key, add_new_foreign_key, add_new_foreign_key, drop_key, drop_foreign_key, rename_part,
        alter_column, change_options, rename_in_alter};

static void alter_table(struct buffer *sql)
{
        buffer_append_format(sql, "ALTER TABLE %s ", pick_table());
        unsigned count = chance(70) ? 1 : 2 + roll(2);
        for (unsigned i = 0; i < count; i++) {
                add(sql, i > 0 ? ", " : "");
                PICK(clauses)(sql);
        }
}

static void create_index(struct buffer *sql)
{
        _cleanup_free_ char *table = string_copy(pick_table());
        buffer_append_format(
                sql, "CREATE %sINDEX %s ON %s", chance(25) ? "UNIQUE " : "", PICK(index_names), table);
        add_parts(sql);
}

static void drop_index(struct buffer *sql)
{
        _cleanup_free_ char *table = string_copy(pick_table());
        buffer_append_format(sql, "DROP INDEX %s ON %s", pick_index(), table);
}

static void drop_table(struct buffer *sql)
{
        buffer_append_format(sql, "DROP TABLE %s%s", chance(40) ? "IF EXISTS " : "", pick_table());
}

static void rename_table(struct buffer *sql)
{
        buffer_append_format(sql, "RENAME TABLE %s TO %s", pick_table(), PICK(table_names));
        if (chance(20))
                buffer_append_format(sql, ", %s TO %s", pick_target(), PICK(table_names));
}

static void change_view(struct buffer *sql)
{
        static const char *const statements[] = {"CREATE VIEW v AS SELECT 1",
                "CREATE OR REPLACE VIEW v AS SELECT 2", "DROP VIEW v", "DROP VIEW IF EXISTS v",
                "DROP TABLE v", "CREATE VIEW leads AS SELECT 3", "DROP VIEW emails"};
        add(sql, PICK(statements));
}

static void truncate_table(struct buffer *sql)
{
        buffer_append_format(sql, "TRUNCATE %s%s", chance(50) ? "TABLE " : "", pick_table());
}

static void (*const statements[])(struct buffer *sql) = {create_table, create_table, create_table,
        create_table, alter_table, alter_table, alter_table, alter_table, alter_table, alter_table,
        alter_table, alter_table, alter_table, create_index, drop_index, drop_table, rename_table,
        change_view, truncate_table};

/* The comparison */

struct run {
        struct database *database;
        struct schema *ours;
        unsigned count, uncertain, failures, accepted;
};

static struct schema *read_schema(struct database *database)
{
        _cleanup_error_ struct error err = {0};
        struct schema *schema = NULL;
        if (schema_read(database, &schema, &err) < 0) {
                fprintf(stderr, "%s\n", error_message(&err));
                abort();
        }
        return schema;
}

static void complain(struct run *run, const char *sql, const char *what)
{
        run->failures++;
        fprintf(stderr, "%s\n   %s\n", sql, what);
}

static void compare_tables(struct run *run, const char *sql, const struct schema *server)
{
        if (server->count != run->ours->count) {
                complain(run, sql, "another number of tables");
                return;
        }
        for (size_t i = 0; i < server->count; i++) {
                const struct schema_table *table = schema_find_table(run->ours, server->tables[i]->name);
                if (schema_table_equal(server->tables[i], table))
                        continue;
                _cleanup_free_ char *expected = schema_table_text(server->tables[i]);
                _cleanup_free_ char *actual = table ? schema_table_text(table) : string_copy("no such table");
                _cleanup_free_ char *what = string_format("SERVER %s   OURS %s", expected, actual);
                complain(run, sql, what);
        }
}

static void step(struct run *run, const char *sql)
{
        _cleanup_error_ struct error err = {0};
        int expected = database_query(run->database, NULL, &err, "%s", sql) < 0 ? err.number : 0;
        unsigned number = 0;
        _cleanup_free_ char *message = NULL;
        enum schema_effect effect = schema_apply(run->ours, sql, strlen(sql), &number, &message);
        run->count++;
        run->accepted += expected == 0;
        struct schema *server = read_schema(run->database);
        unsigned failures = run->failures;
        if (effect == SCHEMA_UNCERTAIN) {
                run->uncertain++;
                if (getenv("SCHEMA_VERBOSE"))
                        fprintf(stderr, "uncertain (%s; server %d): %s\n", message, expected, sql);
        } else {
                if ((effect == SCHEMA_REFUSED ? (int)number : 0) != expected) {
                        _cleanup_free_ char *what = string_format("server %d (%s), ours %u (%s)", expected,
                                expected ? error_message(&err) : "fine", number, message ?: "fine");
                        complain(run, sql, what);
                }
                compare_tables(run, sql, server);
        }
        if (effect == SCHEMA_UNCERTAIN || failures != run->failures) {
                schema_free(run->ours);
                run->ours = server;
        } else
                schema_free(server);
}

static unsigned number_of(const char *variable, unsigned otherwise)
{
        const char *text = getenv(variable);
        return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static struct test_server server;

static void test_random_statements(void **unused)
{
        (void)unused;
        unsigned limit = number_of("SCHEMA_STATEMENTS", DEFAULT_STATEMENTS);
        state = number_of("SCHEMA_SEED", 20261122);
        struct run run = {.database = test_server_connect(&server, NULL)};
        test_sql(run.database, "CREATE DATABASE property CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci");
        test_sql(run.database, "USE property");
        run.ours = read_schema(run.database);
        while (run.count < limit) {
                _cleanup_buffer_ struct buffer sql = {0};
                known = run.ours;
                PICK(statements)(&sql);
                step(&run, sql.data);
        }
        fprintf(stderr, "%u statements, %u accepted by the server, %u uncertain, %u differences\n", run.count,
                run.accepted, run.uncertain, run.failures);
        schema_free(run.ours);
        database_close(run.database);
        free(quoted_name);
        assert_int_equal(run.failures, 0);
        assert_true(run.accepted * 5 > run.count);
        assert_true(run.uncertain * UNCERTAIN_SHARE <= run.count);
}

int main(void)
{
        int status = test_server_start(&server);
        if (status != 0)
                return status;
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_statements)};
        status = cmocka_run_group_tests(tests, NULL, NULL);
        test_server_stop(&server);
        return status;
}
