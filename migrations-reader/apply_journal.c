/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/apply_journal.h"

#include "lib/clock.h"
#include "lib/memory.h"

#include <inttypes.h>
#include <string.h>

#define TABLE "mautic_upgraded_journal"
#define NO_SUCH_TABLE 1146 /* ER_NO_SUCH_TABLE */

enum { COLUMN_VERSION, COLUMN_SQL, COLUMN_LINE, COLUMN_STATE, COLUMN_BEFORE, COLUMN_AFTER, COLUMN_BEGUN };

void journal_forget(struct journal *journal)
{
        for (size_t i = 0; i < journal->count; i++) {
                free(journal->entries[i].sql);
                free(journal->entries[i].before);
                free(journal->entries[i].after);
        }
        free(journal->entries);
        journal->entries = NULL;
        journal->count = 0;
        string_replace(&journal->version, NULL);
}

void journal_deinit(struct journal *journal)
{
        journal_forget(journal);
        free(journal->table);
        *journal = (struct journal){0};
}

static enum journal_state state_of(const char *text)
{
        unsigned long state = text ? strtoul(text, NULL, 10) : 0;
        return state <= JOURNAL_DONE ? (enum journal_state)state : JOURNAL_RUNNING;
}

static void take_rows(struct journal *journal, const struct database_rows *rows)
{
        journal->entries = memory_new_array(rows->rows, sizeof(*journal->entries));
        for (size_t i = 0; i < rows->rows; i++) {
                const char *line = database_cell(rows, i, COLUMN_LINE);
                journal->entries[journal->count++] = (struct journal_entry){
                        .sql = memory_copy(database_cell(rows, i, COLUMN_SQL) ?: "",
                                rows->sizes[i * rows->columns + COLUMN_SQL]),
                        .size = rows->sizes[i * rows->columns + COLUMN_SQL],
                        .line = line ? (unsigned)strtoul(line, NULL, 10) : 0,
                        .state = state_of(database_cell(rows, i, COLUMN_STATE)),
                        .before = string_copy(database_cell(rows, i, COLUMN_BEFORE)),
                        .after = string_copy(database_cell(rows, i, COLUMN_AFTER)),
                };
        }
        if (rows->rows == 0)
                return;
        const char *begun = database_cell(rows, 0, COLUMN_BEGUN);
        journal->version = string_copy(database_cell(rows, 0, COLUMN_VERSION));
        journal->begun_ms = begun ? strtoull(begun, NULL, 10) : 0;
}

/* There is never more than one migration under way: the database's lock sees to that. */
int journal_open(struct database *database, const char *prefix, struct journal *ret, struct error *err)
{
        _cleanup_free_ char *plain = string_format("%s" TABLE, prefix);
        struct journal journal = {.database = database, .table = database_quote_name(plain)};
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(database, &rows, err,
                    "SELECT version, statement, line, state, tables_before, tables_after, begun_ms FROM %s "
                    "ORDER BY number",
                    journal.table) < 0) {
                if (err->number != NO_SUCH_TABLE) {
                        journal_deinit(&journal);
                        return error_wrap(err, "reading the journal %s", plain);
                }
                error_deinit(err);
        }
        take_rows(&journal, &rows);
        *ret = journal;
        return 0;
}

static int make_table(struct journal *journal, struct error *err)
{
        return database_query(journal->database, NULL, err,
                "CREATE TABLE IF NOT EXISTS %s (number INT NOT NULL PRIMARY KEY, version VARCHAR(191) NOT "
                "NULL, "
                "statement LONGBLOB NOT NULL, line INT NOT NULL, state TINYINT NOT NULL, "
                "tables_before LONGTEXT, tables_after LONGTEXT, begun_ms BIGINT NOT NULL) "
                "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin ENGINE = InnoDB",
                journal->table);
}

static int insert_entry(struct journal *journal, size_t number, struct error *err)
{
        const struct journal_entry *entry = &journal->entries[number];
        _cleanup_free_ char *version = database_quote(journal->database, journal->version);
        _cleanup_free_ char *sql = database_quote_bytes(journal->database, entry->sql, entry->size);
        return database_query(journal->database, NULL, err,
                "INSERT INTO %s (number, version, statement, line, state, begun_ms) VALUES (%zu, %s, _binary "
                "%s, "
                "%u, %d, %" PRIu64 ")",
                journal->table, number, version, sql, entry->line, JOURNAL_PENDING, journal->begun_ms);
}

static int insert_entries(struct journal *journal, struct error *err)
{
        if (database_query(journal->database, NULL, err, "START TRANSACTION") < 0)
                return -1;
        for (size_t i = 0; i < journal->count; i++)
                if (insert_entry(journal, i, err) < 0) {
                        _cleanup_error_ struct error ignored = {0};
                        (void)!database_query(journal->database, NULL, &ignored, "ROLLBACK");
                        return -1;
                }
        return database_query(journal->database, NULL, err, "COMMIT");
}

int journal_begin(struct journal *journal, const char *version, struct journal_entry *entries, size_t count,
        struct error *err)
{
        journal_forget(journal);
        journal->version = string_copy(version);
        journal->entries = entries;
        journal->count = count;
        journal->begun_ms = clock_wall_ms();
        if (make_table(journal, err) < 0 || insert_entries(journal, err) < 0) {
                journal_forget(journal);
                return error_wrap(err, "recording the statements of migration %s", version);
        }
        return 0;
}

static char *quote_or_null(struct journal *journal, const char *text)
{
        return text ? database_quote(journal->database, text) : string_copy("NULL");
}

int journal_set(struct journal *journal, size_t index, enum journal_state state, const char *before,
        const char *after, struct error *err)
{
        struct journal_entry *entry = &journal->entries[index];
        _cleanup_free_ char *quoted_before = quote_or_null(journal, before);
        _cleanup_free_ char *quoted_after = quote_or_null(journal, after);
        if (database_query(journal->database, NULL, err,
                    "UPDATE %s SET state = %d, tables_before = %s, tables_after = %s WHERE number = %zu",
                    journal->table, state, quoted_before, quoted_after, index) < 0)
                return error_wrap(
                        err, "recording statement %zu of migration %s", index + 1, journal->version);
        entry->state = state;
        string_replace(&entry->before, string_copy(before));
        string_replace(&entry->after, string_copy(after));
        return 0;
}

int journal_end(struct journal *journal, struct error *err)
{
        if (!journal->version)
                return 0;
        if (database_query(journal->database, NULL, err, "DELETE FROM %s", journal->table) < 0)
                return error_wrap(err, "closing the journal of migration %s", journal->version);
        return 0;
}

int journal_drop(struct journal *journal, struct error *err)
{
        if (journal->version)
                return 0;
        if (database_query(journal->database, NULL, err, "DROP TABLE IF EXISTS %s", journal->table) < 0)
                return error_wrap(err, "removing the empty journal");
        return 0;
}
