/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/apply.h"

#include "lib/clock.h"
#include "lib/memory.h"
#include "lib/text.h"
#include "migrations-reader/apply_journal.h"
#include "migrations-reader/plan_source.h"
#include "migrations-reader/version_table.h"

#include <string.h>

#define SQL_SHOWN 500 /* bytes of a statement in a message */

/* The entry of a postUp that is run after the statements, with the migration's file behind it; and of one
 * that has to be run on the object that up was run on, which a kill takes along. */
#define POST_UP "POSTUP "
#define POST_UP_KEPT POST_UP "OF OBJECT "

struct apply {
        struct apply_settings settings;
        struct journal journal;
        char *table; /* of the executed versions */
        struct planner *kept; /* holds the object of a postUp that is still to be run, or NULL */
};

static struct database *database_of(const struct apply *apply)
{
        return apply->settings.planner.database;
}

static void tell(const struct apply *apply, const char *format, ...) _printf(2, 3);
static void tell(const struct apply *apply, const char *format, ...)
{
        if (!apply->settings.log)
                return;
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *sentence = string_format_list(format, arguments);
        va_end(arguments);
        apply->settings.log(apply->settings.context, sentence);
}

/* Statements */

static bool is_verb(const char *sql, size_t size, const char *const *verbs)
{
        char verb[16];
        schema_statement_verb(sql, size, verb);
        for (; *verbs; verbs++)
                if (strcmp(verb, *verbs) == 0)
                        return true;
        return false;
}

static const char *const row_verbs[] = {"INSERT", "UPDATE", "DELETE", "REPLACE", NULL};
static const char *const quiet_verbs[] = {"SELECT", "SHOW", "SET", "WITH", "DO", NULL};
static const char *const schema_verbs[] = {"ALTER", "CREATE", "DROP", "RENAME", "TRUNCATE", NULL};

static bool changes_rows(const struct journal_entry *entry)
{
        return is_verb(entry->sql, entry->size, row_verbs);
}

static bool changes_nothing(const struct journal_entry *entry)
{
        return is_verb(entry->sql, entry->size, quiet_verbs);
}

static bool is_post_up(const struct journal_entry *entry)
{
        return string_begins(entry->sql, POST_UP);
}

static void entries_free(struct journal_entry *entries, size_t count)
{
        for (size_t i = 0; i < count; i++)
                free(entries[i].sql);
        free(entries);
}

/* One text of addSql may hold several statements: each is an entry of its own, so that each is sent once. */
static struct journal_entry *split_plan(const struct plan *plan, size_t *ret_count)
{
        struct journal_entry *entries = NULL;
        size_t count = 0;
        for (size_t i = 0; i < plan->statements.count; i++) {
                const struct planned_statement *planned = &plan->statements.items[i];
                _cleanup_free_ struct schema_statement *parts = NULL;
                size_t part_count = schema_split(planned->bound, planned->bound_size, &parts);
                for (size_t j = 0; j < part_count; j++) {
                        entries = memory_grow(entries, count, sizeof(*entries));
                        entries[count++] = (struct journal_entry){
                                .sql = memory_copy(planned->bound + parts[j].offset, parts[j].size),
                                .size = parts[j].size,
                                .line = planned->line,
                        };
                }
        }
        if (plan->post_up) {
                char *text = string_format("%s%s", plan->post_up_alone ? POST_UP : POST_UP_KEPT, plan->file);
                entries = memory_grow(entries, count, sizeof(*entries));
                entries[count++] = (struct journal_entry){.sql = text, .size = strlen(text)};
        }
        *ret_count = count;
        return entries;
}

/* What leaves something in the session that a later connection would not have. */
static const struct journal_entry *find_unfit(const struct journal_entry *entries, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                const struct journal_entry *entry = &entries[i];
                bool known = is_post_up(entry) || changes_rows(entry) || changes_nothing(entry) ||
                             is_verb(entry->sql, entry->size, schema_verbs);
                if (!known || strcasestr(entry->sql, "TEMPORARY") || strcasestr(entry->sql, "GET_LOCK"))
                        return entry;
        }
        return NULL;
}

static bool names_user_variable(const char *sql)
{
        for (const char *at = strchr(sql, '@'); at; at = strchr(at, '@')) {
                size_t size = strspn(at, "@");
                if (size == 1)
                        return true;
                at += size;
        }
        return false;
}

/* A value that a later statement of the same session takes, and that can't be found again after an
 * interruption: what was sent in between may have changed it. SET of a constant can (restore_session). */
static bool carries_value(const struct journal_entry *entry)
{
        static const char *const words[] = {":=", "LAST_INSERT_ID", "ROW_COUNT", "FOUND_ROWS", NULL};
        for (size_t i = 0; words[i]; i++)
                if (strcasestr(entry->sql, words[i]))
                        return true;
        return changes_nothing(entry) && names_user_variable(entry->sql) &&
               (strchr(entry->sql, '(') || strcasestr(entry->sql, "INTO"));
}

static const struct journal_entry *find_carrier(const struct journal_entry *entries, size_t count)
{
        for (size_t i = 0; count > 1 && i < count; i++)
                if (!is_post_up(&entries[i]) && carries_value(&entries[i]))
                        return &entries[i];
        return NULL;
}

static bool all_in_one_transaction(
        const struct schema *schema, const struct journal_entry *entries, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                if (!changes_rows(&entries[i]) && !changes_nothing(&entries[i]))
                        return false;
                if (!schema_has_transactions(schema, entries[i].sql, entries[i].size))
                        return false;
        }
        return true;
}

/* Messages */

static char *shorten(const char *sql)
{
        _cleanup_buffer_ struct buffer line = {0};
        text_append_clean(&line, sql);
        if (line.size <= SQL_SHOWN)
                return buffer_steal(&line);
        text_cut(line.data, SQL_SHOWN);
        return string_format("%s …", line.data);
}

/* The tables of a statement */

/* For comparison and for people: each table's text, or that it is not there. */
static char *describe(const struct schema *schema, char *const *tables)
{
        _cleanup_buffer_ struct buffer text = {0};
        for (; *tables; tables++) {
                const struct schema_table *table = schema_find_table(schema, *tables);
                _cleanup_free_ char *content = table ? schema_table_text(table) : NULL;
                buffer_append_format(
                        &text, "table %s%s\n%s\n", *tables, table ? ":" : " is not there", content ?: "");
        }
        return buffer_steal(&text);
}

/* The statement's tables as they are, and as the server would leave them (NULL: that is not known). */
static int look_around(struct apply *apply, const struct journal_entry *entry, char **ret_before,
        char **ret_after, struct error *err)
{
        bool certain = true;
        unsigned number = 0;
        _cleanup_free_ char *why = NULL;
        _cleanup_(schema_freep) struct schema *schema = NULL;
        _cleanup_strings_ char **tables = schema_statement_tables(entry->sql, entry->size, &certain);
        if (schema_read(database_of(apply), &schema, err) < 0)
                return -1;
        *ret_before = describe(schema, tables);
        enum schema_effect effect = schema_apply(schema, entry->sql, entry->size, &number, &why);
        *ret_after = certain && effect == SCHEMA_CHANGED ? describe(schema, tables) : NULL;
        return 0;
}

/* What went wrong, where, and what the statement's tables look like now. */
static int fail_statement(struct apply *apply, const char *version, const struct journal_entry *entries,
        size_t index, size_t count, struct error *err)
{
        const struct journal_entry *entry = &entries[index];
        _cleanup_free_ char *sql = shorten(entry->sql);
        _cleanup_free_ char *line = entry->line ? string_format(", line %u", entry->line) : string_copy("");
        _cleanup_free_ char *now = NULL, *after = NULL;
        _cleanup_error_ struct error ignored = {0};
        if (err->reason == REASON_CANCELLED || err->reason == REASON_STOPPING ||
                err->reason == REASON_MIGRATION_INTERRUPTED)
                return -1;
        if (err->reason == REASON_DATABASE_QUERY_FAILED)
                err->reason = REASON_MIGRATION_FAILED; /* the others are no fault of the migration's */
        if (err->reason != REASON_DATABASE_LOST)
                (void)!look_around(apply, entry, &now, &after, &ignored);
        _cleanup_free_ char *message = string_copy(error_message(err));
        int number = err->number;
        error_set(err, err->reason, "migration %s%s: statement %zu of %zu (%s): %s%s%s", version, line,
                index + 1, count, sql, message, now && *now ? ". Now there is: " : "", now ?: "");
        err->number = number;
        return -1;
}

/* Rows only: one transaction */

static int query(struct apply *apply, const char *sql, struct error *err)
{
        return database_query(database_of(apply), NULL, err, "%s", sql);
}

static int roll_back(struct apply *apply)
{
        _cleanup_error_ struct error ignored = {0}; /* a lost connection has rolled back by itself */
        (void)!query(apply, "ROLLBACK", &ignored);
        return -1;
}

static int record(struct apply *apply, const char *version, uint64_t begun_ms, struct error *err)
{
        uint64_t now_ms = clock_steady_ms();
        return version_table_add(database_of(apply), apply->table, apply->settings.planner.version, version,
                now_ms > begun_ms ? now_ms - begun_ms : 0, err);
}

static int send(struct apply *apply, const struct journal_entry *entry, struct error *err)
{
        return database_query_bytes(database_of(apply), entry->sql, entry->size, NULL, err);
}

static int send_all(struct apply *apply, const char *version, const struct journal_entry *entries,
        size_t count, struct error *err)
{
        for (size_t i = 0; i < count; i++) {
                if (apply->settings.progress)
                        apply->settings.progress(apply->settings.context, version, i, count);
                if (cancel_check(apply->settings.cancel, err) < 0)
                        return -1;
                if (send(apply, &entries[i], err) < 0)
                        return fail_statement(apply, version, entries, i, count, err);
        }
        return 0;
}

static int run_in_one_transaction(struct apply *apply, const char *version,
        const struct journal_entry *entries, size_t count, struct error *err)
{
        uint64_t begun_ms = clock_steady_ms();
        if (query(apply, "START TRANSACTION", err) < 0)
                return -1;
        if (send_all(apply, version, entries, count, err) < 0 || record(apply, version, begun_ms, err) < 0 ||
                query(apply, "COMMIT", err) < 0)
                return roll_back(apply);
        return 0;
}

/* DDL: statement by statement */

static bool tables_have_transactions(const struct schema *schema, const struct journal_entry *entry)
{
        return all_in_one_transaction(schema, entry, 1);
}

static int send_rows_with_evidence(struct apply *apply, size_t index, struct error *err)
{
        struct journal *journal = &apply->journal;
        if (query(apply, "START TRANSACTION", err) < 0)
                return -1;
        if (send(apply, &journal->entries[index], err) < 0)
                return roll_back(apply);
        if (journal_set(journal, index, JOURNAL_DONE, NULL, NULL, err) < 0 ||
                query(apply, "COMMIT", err) < 0) {
                journal->entries[index].state = JOURNAL_PENDING;
                return roll_back(apply);
        }
        return 0;
}

/* Nothing tells of rows in a table without transactions whether they were changed: "running" then stays. */
static int send_rows(struct apply *apply, size_t index, struct error *err)
{
        _cleanup_(schema_freep) struct schema *schema = NULL;
        struct journal *journal = &apply->journal;
        if (schema_read(database_of(apply), &schema, err) < 0)
                return -1;
        if (tables_have_transactions(schema, &journal->entries[index]))
                return send_rows_with_evidence(apply, index, err);
        if (journal_set(journal, index, JOURNAL_RUNNING, NULL, NULL, err) < 0 ||
                send(apply, &journal->entries[index], err) < 0)
                return -1;
        return journal_set(journal, index, JOURNAL_DONE, NULL, NULL, err);
}

/* A refused statement has changed nothing, and is tried again at the next resume. */
static int take_back(struct apply *apply, size_t index, const char *before, struct error *err)
{
        _cleanup_error_ struct error ignored = {0};
        _cleanup_free_ char *now = NULL, *after = NULL;
        struct journal *journal = &apply->journal;
        if (err->reason != REASON_DATABASE_LOST &&
                look_around(apply, &journal->entries[index], &now, &after, &ignored) == 0 &&
                string_equal(now, before))
                (void)!journal_set(journal, index, JOURNAL_PENDING, NULL, NULL, &ignored);
        return -1;
}

static int send_schema_change(struct apply *apply, size_t index, struct error *err)
{
        _cleanup_free_ char *before = NULL, *after = NULL;
        struct journal *journal = &apply->journal;
        if (look_around(apply, &journal->entries[index], &before, &after, err) < 0 ||
                journal_set(journal, index, JOURNAL_RUNNING, before, after, err) < 0)
                return -1;
        if (send(apply, &journal->entries[index], err) < 0)
                return take_back(apply, index, before, err);
        /* Else a power cut could leave the table as it was before, and the entry that says it is done. */
        database_sync_server(database_of(apply));
        return journal_set(journal, index, JOURNAL_DONE, NULL, NULL, err);
}

static int send_entry(struct apply *apply, size_t index, struct error *err)
{
        const struct journal_entry *entry = &apply->journal.entries[index];
        if (changes_rows(entry))
                return send_rows(apply, index, err);
        if (!changes_nothing(entry))
                return send_schema_change(apply, index, err);
        return send(apply, entry, err) < 0
                       ? -1
                       : journal_set(&apply->journal, index, JOURNAL_DONE, NULL, NULL, err);
}

/* The last entry, when it is there: part of the transaction that records the version. */
static int run_post_up(struct apply *apply, const struct schema *schema, struct error *err)
{
        const struct journal *journal = &apply->journal;
        const struct journal_entry *last = journal->count ? &journal->entries[journal->count - 1] : NULL;
        if (!last || !is_post_up(last) || last->state == JOURNAL_DONE)
                return 0;
        if (apply->kept)
                return planner_run_kept_post_up(apply->kept, schema, err);
        if (string_begins(last->sql, POST_UP_KEPT))
                return error_set(err, REASON_MIGRATION_INTERRUPTED,
                        "migration %s was broken off before its postUp, which needs what its up had found: "
                        "its "
                        "statements are done, and what postUp does is not",
                        journal->version);
        struct planner_settings settings = apply->settings.planner;
        settings.schema = schema;
        return planner_run_post_up(&settings, journal->version, last->sql + strlen(POST_UP), err);
}

static int close_journal(struct apply *apply, bool post_up, struct error *err)
{
        struct journal *journal = &apply->journal;
        _cleanup_free_ char *version = string_copy(journal->version);
        uint64_t age_ms = (uint64_t)clock_wall_ms() - journal->begun_ms;
        _cleanup_(schema_freep) struct schema *schema = NULL;
        if (schema_read(database_of(apply), &schema, err) < 0 || query(apply, "START TRANSACTION", err) < 0)
                return -1;
        if ((post_up && run_post_up(apply, schema, err) < 0) ||
                version_table_add(database_of(apply), apply->table, apply->settings.planner.version, version,
                        age_ms, err) < 0 ||
                journal_end(journal, err) < 0 || query(apply, "COMMIT", err) < 0)
                return roll_back(apply);
        journal_forget(journal);
        return 0;
}

static int run_journal(struct apply *apply, struct error *err)
{
        struct journal *journal = &apply->journal;
        for (size_t i = 0; i < journal->count; i++) {
                if (journal->entries[i].state == JOURNAL_DONE || is_post_up(&journal->entries[i]))
                        continue;
                if (apply->settings.progress)
                        apply->settings.progress(
                                apply->settings.context, journal->version, i, journal->count);
                if (cancel_check(apply->settings.cancel, err) < 0)
                        return -1;
                if (send_entry(apply, i, err) < 0)
                        return fail_statement(
                                apply, journal->version, journal->entries, i, journal->count, err);
        }
        return close_journal(apply, true, err);
}

/* After a kill */

static int interrupted(
        struct apply *apply, size_t index, const char *before, const char *now, struct error *err)
{
        const struct journal *journal = &apply->journal;
        _cleanup_free_ char *sql = shorten(journal->entries[index].sql);
        return error_set(err, REASON_MIGRATION_INTERRUPTED,
                "migration %s was broken off in statement %zu of %zu (%s), and it can't be told whether that "
                "was "
                "executed. Its tables before: %s; now: %s",
                journal->version, index + 1, journal->count, sql, before ?: "not known", now ?: "not known");
}

/* The statement that was under way: had it been executed? */
static int judge_running(struct apply *apply, size_t index, struct error *err)
{
        struct journal *journal = &apply->journal;
        struct journal_entry *entry = &journal->entries[index];
        _cleanup_free_ char *now = NULL, *after_now = NULL;
        if (look_around(apply, entry, &now, &after_now, err) < 0)
                return -1;
        if (!entry->before)
                return interrupted(apply, index, NULL, now, err);
        if (string_equal(now, entry->before)) {
                tell(apply, "Statement %zu of migration %s had changed nothing yet: it is sent again.",
                        index + 1, journal->version);
                return journal_set(journal, index, JOURNAL_PENDING, NULL, NULL, err);
        }
        if (!string_equal(now, entry->after))
                return interrupted(apply, index, entry->before, now, err);
        tell(apply, "Statement %zu of migration %s had been executed: the next one follows.", index + 1,
                journal->version);
        return journal_set(journal, index, JOURNAL_DONE, NULL, NULL, err);
}

/* SET counts for the session alone: what earlier ones set is set again. */
static int restore_session(struct apply *apply, struct error *err)
{
        static const char *const verbs[] = {"SET", NULL};
        const struct journal *journal = &apply->journal;
        for (size_t i = 0; i < journal->count && journal->entries[i].state == JOURNAL_DONE; i++)
                if (is_verb(journal->entries[i].sql, journal->entries[i].size, verbs) &&
                        send(apply, &journal->entries[i], err) < 0)
                        return fail_statement(
                                apply, journal->version, journal->entries, i, journal->count, err);
        return 0;
}

const char *apply_under_way(const struct apply *apply)
{
        return apply->journal.version;
}

int apply_resume(struct apply *apply, struct error *err)
{
        struct journal *journal = &apply->journal;
        if (!journal->version)
                return 0;
        bool recorded = false;
        if (version_table_has(database_of(apply), apply->table, journal->version, &recorded, err) < 0)
                return -1;
        if (recorded) {
                tell(apply,
                        "Migration %s was begun here and has been recorded as executed since: that holds.",
                        journal->version);
                return close_journal(apply, false, err);
        }
        tell(apply, "Migration %s was begun and has not ended: it goes on.", journal->version);
        for (size_t i = 0; i < journal->count; i++)
                if (journal->entries[i].state == JOURNAL_RUNNING && judge_running(apply, i, err) < 0)
                        return -1;
        return restore_session(apply, err) < 0 ? -1 : run_journal(apply, err);
}

int apply_mark_done(struct apply *apply, const char *version, struct error *err)
{
        struct journal *journal = &apply->journal;
        if (journal->version && string_equal(journal->version, version))
                return close_journal(apply, false, err);
        if (version_table_prepare(database_of(apply), apply->table, apply->settings.planner.version, err) < 0)
                return -1;
        return record(apply, version, clock_steady_ms(), err);
}

/* One migration */

static int run_statements(struct apply *apply, const struct schema *schema, const char *version,
        struct journal_entry *entries, size_t count, bool transactional, struct error *err)
{
        if (transactional && all_in_one_transaction(schema, entries, count)) {
                int result = run_in_one_transaction(apply, version, entries, count, err);
                entries_free(entries, count);
                return result;
        }
        if (journal_begin(&apply->journal, version, entries, count, err) < 0)
                return -1;
        return run_journal(apply, err);
}

/* doctrine/migrations 3 leaves a skipped one unrecorded, and looks at it again in each run. */
static int record_without_statements(struct apply *apply, const struct plan *plan, struct error *err)
{
        if (plan->verdict == PLAN_SKIPPED && apply->settings.planner.version >= DOCTRINE_3_7)
                return 0;
        return record(apply, plan->version, clock_steady_ms(), err);
}

static int keep_object(
        struct apply *apply, const struct schema *schema, const struct plan *plan, struct error *err)
{
        struct planner_settings settings = apply->settings.planner;
        settings.schema = schema;
        if (!plan->post_up || plan->post_up_alone)
                return 0;
        if (planner_new(&settings, &apply->kept, err) < 0)
                return -1;
        return planner_keep(apply->kept, plan->version, plan->file, err);
}

static int run_plan(struct apply *apply, const struct schema *schema, struct plan *plan, struct error *err)
{
        size_t count = 0;
        struct journal_entry *entries = split_plan(plan, &count);
        const struct journal_entry *unfit = find_unfit(entries, count);
        if (!unfit && !(plan->transactional && all_in_one_transaction(schema, entries, count)))
                unfit = find_carrier(entries, count);
        if (unfit) {
                _cleanup_free_ char *sql = shorten(unfit->sql);
                plan->verdict = PLAN_NEEDS_PHP;
                string_replace(&plan->message,
                        string_format("%s, line %u: what this statement leaves in the session would be lost "
                                      "by an interruption: %s",
                                plan->file, unfit->line, sql));
                entries_free(entries, count);
                return 1;
        }
        if (count == 0) {
                entries_free(entries, count);
                return record_without_statements(apply, plan, err);
        }
        if (keep_object(apply, schema, plan, err) < 0) {
                entries_free(entries, count);
                return -1;
        }
        return run_statements(apply, schema, plan->version, entries, count, plan->transactional, err);
}

static int plan_migration(struct apply *apply, const struct schema *schema, const char *version,
        const char *file, struct plan *ret, struct error *err)
{
        struct planner_settings settings = apply->settings.planner;
        _cleanup_(planner_freep) struct planner *planner = NULL;
        settings.schema = schema;
        if (planner_new(&settings, &planner, err) < 0)
                return -1;
        return planner_plan(planner, version, file, ret, err);
}

static int fail_plan(const struct plan *plan, struct error *err)
{
        return error_set(err, REASON_MIGRATION_FAILED, "migration %s fails before it sends anything: %s",
                plan->version, plan->message);
}

int apply_migration(
        struct apply *apply, const char *version, const char *file, struct plan *ret, struct error *err)
{
        _cleanup_(schema_freep) struct schema *schema = NULL;
        _cleanup_plan_ struct plan plan = {0};
        if (cancel_check(apply->settings.cancel, err) < 0 ||
                version_table_prepare(
                        database_of(apply), apply->table, apply->settings.planner.version, err) < 0 ||
                schema_read(database_of(apply), &schema, err) < 0 ||
                plan_migration(apply, schema, version, file, &plan, err) < 0)
                return -1;
        int result = 0;
        switch (plan.verdict) {
        case PLAN_SQL:
        case PLAN_EMPTY:
                result = run_plan(apply, schema, &plan, err);
                break;
        case PLAN_SKIPPED:
                result = record_without_statements(apply, &plan, err);
                break;
        case PLAN_NEEDS_PHP:
                result = 1;
                break;
        case PLAN_ERROR:
                result = fail_plan(&plan, err);
                break;
        }
        planner_free(steal(&apply->kept));
        if (result < 0)
                return -1;
        *ret = plan;
        plan = (struct plan){0};
        return result;
}

int apply_finish(struct apply *apply, struct error *err)
{
        return journal_drop(&apply->journal, err);
}

int apply_new(const struct apply_settings *settings, struct apply **ret, struct error *err)
{
        _cleanup_(apply_freep) struct apply *apply = memory_new(sizeof(*apply));
        apply->settings = *settings;
        apply->table = string_format("%smigrations", settings->planner.prefix);
        if (journal_open(settings->planner.database, settings->planner.prefix, &apply->journal, err) < 0)
                return -1;
        *ret = steal(&apply);
        return 0;
}

void apply_free(struct apply *apply)
{
        if (!apply)
                return;
        journal_deinit(&apply->journal);
        free(apply->table);
        free(apply);
}
