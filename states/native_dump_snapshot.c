/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several connections that see one moment. */
#include "states/backup_inventory.h"
#include "states/native_dump_private.h"

#include <inttypes.h>

/* While the lock is waited for, and held, nobody can write: no longer than a visitor's patience. */
#define LOCK_PATIENCE_S 5

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
        /* A table may take hours, and its text may have to wait for its turn. */
        set_where_possible(database, "net_write_timeout = 31536000");
        set_where_possible(database, "max_statement_time = 0");
        set_where_possible(database, "max_execution_time = 0");
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

/* Those that can be had, at least one: a server may have few. */
static int connect_readers(const struct native_dump *dump, unsigned wanted,
        struct dump_connections *connections, struct error *err)
{
        /* They work on threads of their own, which may not speak. */
        const struct database_watch silent = {.cancel = dump->cancel};
        connections->readers = memory_new_array(wanted, sizeof(struct database *));
        while (connections->count < wanted) {
                if (connect_one(dump, &silent, &connections->readers[connections->count], err) == 0) {
                        connections->count++;
                        continue;
                }
                if (connections->count == 0)
                        return -1;
                tell(dump, "The backup goes on with %zu connections for rows: %s", connections->count,
                        error_message(err));
                error_deinit(err);
                break;
        }
        return 0;
}

/* The lock */

struct lock {
        const char *const *take;
        const char *give;
};

static const char *const stage_statements[] = {"BACKUP STAGE START", "BACKUP STAGE BLOCK_COMMIT", NULL};
/* The first flush waits for statements under way without stopping others, so that the second is quick. */
static const char *const flush_statements[] = {
        "FLUSH NO_WRITE_TO_BINLOG TABLES", "FLUSH TABLES WITH READ LOCK", NULL};
static const struct lock by_stage = {stage_statements, "BACKUP STAGE END"};
static const struct lock by_flush = {flush_statements, "UNLOCK TABLES"};

static const struct lock *choose_lock(const struct database_server *server)
{
        bool stages = server->mariadb && (server->major > 10 || (server->major == 10 && server->minor >= 5));
        return stages ? &by_stage : &by_flush;
}

static int give_back(struct database *keeper, const struct lock *lock, struct error *err)
{
        if (database_query(keeper, NULL, err, "%s", lock->give) < 0)
                return -1;
        return database_query(keeper, NULL, err, "SET SESSION lock_wait_timeout = 60");
}

/* 1 with *ret_why: it can't be had. */
static int take(struct database *keeper, const struct lock *lock, char **ret_why, struct error *err)
{
        int result = database_query(keeper, NULL, err, "SET SESSION lock_wait_timeout = %d", LOCK_PATIENCE_S);
        for (const char *const *sql = lock->take; result == 0 && *sql; sql++)
                result = database_query(keeper, NULL, err, "%s", *sql);
        if (result == 0 || err->reason == REASON_CANCELLED || err->reason == REASON_STOPPING ||
                err->reason == REASON_DATABASE_LOST)
                return result;
        _cleanup_error_ struct error none = {0};
        *ret_why = string_copy(error_message(err));
        error_deinit(err);
        (void)!give_back(keeper, lock, &none);
        return 1;
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
        int result = take(connections->keeper, lock, ret_why, err);
        if (result != 0)
                return result;
        if (begin_all(connections, err) == 0)
                return give_back(connections->keeper, lock, err);
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
                while (connections->count > 1)
                        database_close(connections->readers[--connections->count]);
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
