/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A statement that takes its time: who keeps it waiting, and how a cancel reaches it. */
#include "lib/database_private.h"

#include "lib/cancel.h"
#include "lib/clock.h"
#include "lib/memory.h"

#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define TICK_MS 200
#define FIRST_LOOK_MS 1000 /* most statements have been answered by then */
#define LOOK_LIMIT_MS 10000
#define HOLDERS_TOLD 3

struct wait {
        struct database *database;
        struct database *other; /* asks about it; NULL: none was needed, or can be had */
        const char *sql;
        size_t size;
        uint64_t begin_ms, next_ms;
        bool told, broken_off;
};

static bool is_cancelled(const struct database *database)
{
        struct cancel *cancel = database->watch.cancel;
        return cancel && atomic_load(&cancel->kind) != CANCEL_NONE;
}

/* What may be broken off though it is at work: it reads, or its transaction takes everything back. All else
 * is let end, but for a wait in which it has not begun. */
static bool leaves_nothing(const struct database *database, const char *sql)
{
        static const char *const readers[] = {"SELECT", "SHOW", "CHECKSUM", "WITH", NULL};
        static const char *const writers[] = {"INSERT", "UPDATE", "DELETE", "REPLACE", NULL};
        bool in_transaction = database->mysql->server_status & SERVER_STATUS_IN_TRANS;
        return database_statement_is(sql, readers) || (in_transaction && database_statement_is(sql, writers));
}

/* As the process list has it: "Waiting for table metadata lock", "Waiting for table flush", … A commit that
 * waits for a replica waits for no lock. Source: sql/mysqld.cc of both servers, stage_waiting_for_…. */
static bool is_lock_wait(const char *state)
{
        static const char begin[] = "Waiting for ", lock[] = " lock", flush[] = " table flush";
        size_t size = state ? strlen(state) : 0;
        if (size < strlen(begin) + strlen(lock) || !string_begins(state, begin))
                return false;
        return string_equal(state + size - strlen(lock), lock) ||
               (size > strlen(flush) && string_equal(state + size - strlen(flush), flush));
}

/* Who holds it */

static void append_holder(struct buffer *text, const struct database_rows *rows, size_t row)
{
        const char *command = database_cell(rows, row, 3) ?: "";
        buffer_append_format(text, "connection %s (%s@%s, %s %s s", database_cell(rows, row, 0) ?: "?",
                database_cell(rows, row, 1) ?: "?", database_cell(rows, row, 2) ?: "?",
                strcasecmp(command, "Sleep") == 0 ? "idle for" : "at work for",
                database_cell(rows, row, 4) ?: "?");
        const char *table = database_cell(rows, row, 5);
        buffer_append_format(text, "%s%s)", table ? ", on table " : "", table ?: "");
}

/* Where the server tells of locks at all; both ask for more than most users may see. */
static int ask_for_locks(struct database *asked, bool by_plugin, unsigned long waiting,
        struct database_rows *ret, struct error *err)
{
        if (by_plugin) /* MariaDB's METADATA_LOCK_INFO does not tell who waits */
                return database_query(asked, ret, err,
                        "SELECT DISTINCT P.ID, P.USER, P.HOST, P.COMMAND, P.TIME, M.TABLE_NAME"
                        " FROM information_schema.METADATA_LOCK_INFO M"
                        " JOIN information_schema.PROCESSLIST P ON P.ID = M.THREAD_ID"
                        " WHERE M.TABLE_SCHEMA = DATABASE() AND M.TABLE_NAME <> ''"
                        " AND P.ID <> CONNECTION_ID() AND P.ID <> %lu",
                        waiting);
        return database_query(asked, ret, err,
                "SELECT DISTINCT T.PROCESSLIST_ID, T.PROCESSLIST_USER, T.PROCESSLIST_HOST,"
                " T.PROCESSLIST_COMMAND, T.PROCESSLIST_TIME, H.OBJECT_NAME"
                " FROM performance_schema.metadata_locks W"
                " JOIN performance_schema.threads O ON O.THREAD_ID = W.OWNER_THREAD_ID"
                " JOIN performance_schema.metadata_locks H ON H.OBJECT_TYPE = W.OBJECT_TYPE"
                " AND H.OBJECT_SCHEMA <=> W.OBJECT_SCHEMA AND H.OBJECT_NAME <=> W.OBJECT_NAME"
                " JOIN performance_schema.threads T ON T.THREAD_ID = H.OWNER_THREAD_ID"
                " WHERE W.LOCK_STATUS = 'PENDING' AND H.LOCK_STATUS = 'GRANTED'"
                " AND O.PROCESSLIST_ID = %lu AND T.PROCESSLIST_ID <> O.PROCESSLIST_ID",
                waiting);
}

static bool find_locks(struct database *asked, bool by_plugin, unsigned long waiting, const char *sql,
        size_t size, struct buffer *text)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        _cleanup_error_ struct error ignored = {0};
        _cleanup_free_ char *statement = memory_copy(sql, size);
        size_t told = 0;
        if (ask_for_locks(asked, by_plugin, waiting, &rows, &ignored) < 0)
                return false;
        for (size_t row = 0; row < rows.rows && told < HOLDERS_TOLD; row++) {
                const char *table = database_cell(&rows, row, 5);
                if (by_plugin && (!table || !strcasestr(statement, table)))
                        continue;
                buffer_append_string(text, told++ > 0 ? " and " : "");
                append_holder(text, &rows, row);
        }
        return told > 0;
}

/* Those that could: connections of this schema, or of none, that do not wait themselves. */
static size_t find_candidates(struct database *asked, unsigned long waiting, struct buffer *text)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        _cleanup_error_ struct error ignored = {0};
        if (database_query(asked, &rows, &ignored,
                    "SELECT ID, USER, HOST, COMMAND, TIME, NULL FROM information_schema.PROCESSLIST"
                    " WHERE ID <> CONNECTION_ID() AND ID <> %lu AND (DB = DATABASE() OR DB IS NULL)"
                    " AND COMMAND IN ('Query', 'Sleep', 'Execute')"
                    " AND (STATE IS NULL OR STATE NOT LIKE 'Waiting for%%')"
                    " ORDER BY DB IS NULL, TIME DESC LIMIT %d",
                    waiting, HOLDERS_TOLD) < 0)
                return 0;
        for (size_t row = 0; row < rows.rows; row++) {
                buffer_append_string(text, row > 0 ? " or " : "");
                append_holder(text, &rows, row);
        }
        return rows.rows;
}

char *database_describe_holders(struct database *asked, unsigned long waiting, const char *sql, size_t size)
{
        _cleanup_buffer_ struct buffer text = {0};
        if (find_locks(asked, false, waiting, sql, size, &text) ||
                find_locks(asked, true, waiting, sql, size, &text))
                return string_format("it is held by %s", text.data);
        if (find_candidates(asked, waiting, &text) > 0)
                return string_format("it may be held by %s", text.data);
        return string_copy("who holds it can't be seen by this database user (SHOW FULL PROCESSLIST as the "
                           "server's administrator tells)");
}

int database_find_lock_wait(struct database *database, char **ret, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        if (database_query(database, &rows, err,
                    "SELECT ID, STATE, TIME, INFO FROM information_schema.PROCESSLIST"
                    " WHERE DB = DATABASE() AND ID <> CONNECTION_ID() AND STATE LIKE 'Waiting for%%'"
                    " ORDER BY TIME DESC") < 0)
                return -1;
        for (size_t i = 0; i < rows.rows; i++) {
                const char *sql = database_cell(&rows, i, 3) ?: "";
                if (!is_lock_wait(database_cell(&rows, i, 1)))
                        continue;
                _cleanup_free_ char *holders = database_describe_holders(
                        database, strtoul(database_cell(&rows, i, 0), NULL, 10), sql, strlen(sql));
                *ret = string_format("connection %s has been waiting for a lock for %s s (%s); %s",
                        database_cell(&rows, i, 0), database_cell(&rows, i, 2), database_cell(&rows, i, 1),
                        holders);
                return 0;
        }
        return 1;
}

/* The wait */

void database_watch(struct database *database, const struct database_watch *watch)
{
        database->watch = *watch;
}

static bool can_ask(struct wait *wait)
{
        _cleanup_error_ struct error ignored = {0};
        if (!wait->other && database_connect(&wait->database->parameters, &wait->other, &ignored) == 0)
                wait->other->unwatched = true;
        return wait->other;
}

static void tell(struct wait *wait, const char *state)
{
        struct database *database = wait->database;
        if (wait->told)
                return;
        wait->told = true;
        string_replace(&database->holders, database_describe_holders(wait->other,
                                                   mysql_thread_id(database->mysql), wait->sql, wait->size));
        if (!database->watch.tell)
                return;
        _cleanup_free_ char *sentence =
                string_format("A statement waits for another connection (%s): %s.", state, database->holders);
        database->watch.tell(database->watch.userdata, sentence);
}

/* The process list is asked first, so that nothing is killed but the statement that waits. */
static void look(struct wait *wait)
{
        _cleanup_error_ struct error ignored = {0};
        _cleanup_free_ char *state = NULL;
        unsigned long id = mysql_thread_id(wait->database->mysql);
        if (!can_ask(wait) || database_query_value(wait->other, &state, &ignored,
                                      "SELECT STATE FROM information_schema.PROCESSLIST WHERE ID = %lu AND "
                                      "INFO IS NOT NULL",
                                      id) != 0)
                return;
        bool held = is_lock_wait(state);
        if (held)
                tell(wait, state);
        if (is_cancelled(wait->database) && (held || leaves_nothing(wait->database, wait->sql)) &&
                database_query(wait->other, NULL, &ignored, "KILL QUERY %lu", id) == 0)
                wait->broken_off = true;
}

void database_await(struct database *database, const char *sql, size_t size, bool *ret_broken_off)
{
        struct wait wait = {.database = database, .sql = sql, .size = size, .begin_ms = clock_steady_ms()};
        struct pollfd answer = {.fd = mysql_get_socket(database->mysql), .events = POLLIN};
        uint64_t limit_ms = database->parameters.answer_s * UINT64_C(1000);
        wait.next_ms = wait.begin_ms + FIRST_LOOK_MS;
        string_replace(&database->holders, NULL);
        while (!database->unwatched && !wait.broken_off) {
                int ready = poll(&answer, 1, TICK_MS);
                uint64_t now_ms = clock_steady_ms();
                if (ready > 0 || (ready < 0 && errno != EINTR))
                        break;
                if (limit_ms > 0 && now_ms - wait.begin_ms >= limit_ms) {
                        (void)shutdown(answer.fd, SHUT_RDWR); /* it is lost: what waits for it hears so */
                        break;
                }
                if (now_ms < wait.next_ms &&
                        !(is_cancelled(database) && now_ms >= wait.begin_ms + FIRST_LOOK_MS))
                        continue;
                look(&wait);
                uint64_t pause_ms = clock_steady_ms() - wait.begin_ms;
                wait.next_ms = clock_steady_ms() + (pause_ms > LOOK_LIMIT_MS ? LOOK_LIMIT_MS : pause_ms);
        }
        database_close(wait.other);
        *ret_broken_off = wait.broken_off;
}
