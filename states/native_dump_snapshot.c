/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several connections that see one moment. */
#include "states/backup_inventory.h"
#include "states/native_dump_private.h"

#include <inttypes.h>

/* While the lock is waited for, and held, nobody can write: no longer than a visitor's patience. */
#define LOCK_PATIENCE_S 5
/* Should this machine or the network be gone while the lock is held, the server ends the connection, and with
 * it the lock. */
#define LOCK_HELD_S 20

static void tell(const struct native_dump *dump, const char *format, ...) _printf(2, 3);

static void tell(const struct native_dump *dump, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *sentence = string_format_list(format, arguments);
        va_end(arguments);
        if (dump->tell)
                dump->tell(dump->userdata, sentence);
}

/* Not every server has it. */
static void set_where_possible(struct database *database, const char *setting)
{
        _cleanup_error_ struct error refused = {0};
        (void)!database_query(database, NULL, &refused, "SET SESSION %s", setting);
}

static int connect_one(const struct native_dump *dump, const struct database_watch *watch,
        struct database **ret, struct error *err)
{
        _cleanup_(database_closep) struct database *database = NULL;
        if (database_connect(dump->parameters, &database, err) < 0)
                return -1;
        database_watch(database, watch);
        if (inventory_prepare(database, err) < 0)
                return -1;
        /* A table may take hours, and its text may have to wait for its turn. Nor may a server's own settings
         * keep rows back, refuse to read that many, or hold what was only looked at. */
        static const char *const settings[] = {"net_write_timeout = 31536000", "max_statement_time = 0",
                "max_execution_time = 0", "idle_transaction_timeout = 0",
                "idle_readonly_transaction_timeout = 0", "sql_select_limit = 18446744073709551615",
                "sql_big_selects = 1", "autocommit = 1"};
        for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
                set_where_possible(database, settings[i]);
        *ret = steal(&database);
        return 0;
}

void dump_connections_close(struct dump_connections *connections)
{
        for (size_t i = 0; i < connections->count; i++)
                database_close(connections->readers[i]);
        free(connections->readers);
        database_close(connections->keeper);
        *connections = (struct dump_connections){0};
}

static void keep_one_reader(struct dump_connections *connections)
{
        while (connections->count > 1)
                database_close(connections->readers[--connections->count]);
}

/* Several only where yet another could be had: what a user may have is the site's as well, which must not
 * find the door closed. */
static int connect_readers(const struct native_dump *dump, unsigned wanted,
        struct dump_connections *connections, struct error *err)
{
        /* They work on threads of their own, which may not speak. */
        const struct database_watch silent = {.cancel = dump->cancel};
        unsigned tried = wanted > 1 ? wanted + 1 : 1;
        connections->readers = memory_new_array(tried, sizeof(struct database *));
        while (connections->count < tried &&
                connect_one(dump, &silent, &connections->readers[connections->count], err) == 0)
                connections->count++;
        if (connections->count == 0)
                return -1;
        if (connections->count == tried) {
                while (connections->count > wanted)
                        database_close(connections->readers[--connections->count]);
                return 0;
        }
        keep_one_reader(connections);
        tell(dump, "The backup reads its rows over one connection, as more would leave the site none: %s",
                error_message(err));
        error_deinit(err);
        return 0;
}

/* The lock */

struct lock {
        int (*take)(struct database *keeper, struct error *err);
        const char *give;
};

/* All commits are held up. */
static int take_stage(struct database *keeper, struct error *err)
{
        return database_query(keeper, NULL, err, "BACKUP STAGE START") < 0
                       ? -1
                       : database_query(keeper, NULL, err, "BACKUP STAGE BLOCK_COMMIT");
}

/* Transactions that write to one of the schema's own tables are waited for, then kept out; who only reads is
 * not in the way. So there is no FLUSH TABLES, which would wait for readers, and make all others wait with it
 * for as long as these take, also when it has been given up. To servers before MySQL 5.7 transactions are in
 * the way of a session without autocommit alone. */
static int take_tables(struct database *keeper, struct error *err)
{
        _cleanup_database_rows_ struct database_rows rows = {0};
        _cleanup_buffer_ struct buffer sql = {0};
        if (database_query(keeper, &rows, err,
                    "SELECT t.TABLE_NAME FROM information_schema.TABLES t"
                    " JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE"
                    " WHERE t.TABLE_SCHEMA = DATABASE() AND e.TRANSACTIONS = 'YES'"
                    " AND t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')") < 0)
                return -1;
        for (size_t i = 0; i < rows.rows; i++) {
                _cleanup_free_ char *quoted = database_quote_name(database_cell(&rows, i, 0));
                buffer_append_format(&sql, "%s%s READ", i > 0 ? ", " : "LOCK TABLES ", quoted);
        }
        if (rows.rows == 0)
                return 0;
        if (database_query(keeper, NULL, err, "SET SESSION autocommit = 0") < 0)
                return -1;
        /* Of all tables together, where the server knows it (MariaDB); else each is waited for as long. */
        _cleanup_free_ char *patience = string_format("max_statement_time = %d", LOCK_PATIENCE_S);
        set_where_possible(keeper, patience);
        return database_query(keeper, NULL, err, "%s", sql.data);
}

static const struct lock by_stage = {take_stage, "BACKUP STAGE END"};
static const struct lock by_tables = {take_tables, "UNLOCK TABLES"};

static const struct lock *choose_lock(const struct database_server *server)
{
        bool stages = server->mariadb && (server->major > 10 || (server->major == 10 && server->minor >= 5));
        return stages ? &by_stage : &by_tables;
}

/* Also what is held in part, and the session's settings in any case. */
static int give_back(struct database *keeper, const struct lock *lock, struct error *err)
{
        int result = database_query(keeper, NULL, err, "%s", lock->give);
        set_where_possible(keeper, "max_statement_time = 0");
        _cleanup_error_ struct error second = {0};
        struct error *of_settings = result < 0 ? &second : err;
        if (database_query(keeper, NULL, of_settings, "SET SESSION autocommit = 1") < 0 ||
                inventory_prepare(keeper, of_settings) < 0)
                return -1;
        return result;
}

static int try_to_take(struct database *keeper, const struct lock *lock, struct error *err)
{
        _cleanup_error_ struct error none = {0};
        if (database_query(keeper, NULL, err,
                    "SET SESSION lock_wait_timeout = %d, innodb_lock_wait_timeout = %d, wait_timeout = %d",
                    LOCK_PATIENCE_S, LOCK_PATIENCE_S, LOCK_HELD_S) < 0)
                return -1;
        if (lock->take(keeper, err) == 0)
                return 0;
        (void)!give_back(keeper, lock, &none);
        return -1;
}

static bool ends_the_dump(const struct error *err)
{
        return err->reason == REASON_CANCELLED || err->reason == REASON_STOPPING ||
               err->reason == REASON_DATABASE_LOST;
}

/* 1 with *ret_why: none can be had. */
static int take(struct database *keeper, const struct lock **lock, char **ret_why, struct error *err)
{
        while (try_to_take(keeper, *lock, err) < 0) {
                if (ends_the_dump(err))
                        return -1;
                bool denied = *lock == &by_stage && err->reason == REASON_DATABASE_ACCESS_DENIED;
                string_replace(ret_why, string_copy(error_message(err)));
                error_deinit(err);
                if (!denied)
                        return 1;
                *lock = &by_tables;
        }
        return 0;
}

static int begin_all(const struct dump_connections *connections, struct error *err)
{
        for (size_t i = 0; i < connections->count; i++)
                if (database_query(connections->readers[i], NULL, err,
                            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ") < 0 ||
                        database_query(connections->readers[i], NULL, err,
                                "START TRANSACTION WITH CONSISTENT SNAPSHOT") < 0)
                        return error_wrap(err, "beginning the snapshot");
        return 0;
}

/* 1 with *ret_why: the lock can't be had. */
static int begin_behind_lock(struct dump_connections *connections, char **ret_why, struct error *err)
{
        struct database_server server;
        if (database_server_version(connections->keeper, &server, err) < 0)
                return -1;
        const struct lock *lock = choose_lock(&server);
        int result = take(connections->keeper, &lock, ret_why, err);
        if (result != 0)
                return result;
        if (begin_all(connections, err) == 0)
                return give_back(connections->keeper, lock, err) < 0
                               ? error_wrap(err, "ending the moment of the snapshot")
                               : 0;
        database_close(steal(&connections->keeper)); /* and with it the lock, whatever the server says */
        return -1;
}

static int begin(const struct native_dump *dump, struct dump_connections *connections, struct error *err)
{
        _cleanup_free_ char *why = NULL;
        if (connections->count > 1) {
                int result = begin_behind_lock(connections, &why, err);
                if (result <= 0)
                        return result;
                tell(dump,
                        "The backup reads its rows over one connection, as the moment for several can't be "
                        "held: %s",
                        why);
                keep_one_reader(connections);
        }
        return begin_all(connections, err);
}

int dump_connections_open(const struct native_dump *dump, struct dump_connections *ret, struct error *err)
{
        const struct database_watch spoken = {
                .cancel = dump->cancel, .tell = dump->tell, .userdata = dump->userdata};
        struct dump_connections connections = {0};
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        unsigned automatic = processors < 2 ? 2 : processors > 4 ? 4 : (unsigned)processors;
        if (connect_one(dump, &spoken, &connections.keeper, err) < 0 ||
                connect_readers(dump, dump->connections ?: automatic, &connections, err) < 0 ||
                begin(dump, &connections, err) < 0) {
                dump_connections_close(&connections);
                return -1;
        }
        *ret = connections;
        return 0;
}
