/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/dump_replay.h"

#include "lib/compress.h"
#include "lib/files.h"
#include "lib/memory.h"

#include <string.h>

#define BLOCK_SIZE ((size_t)256 * 1024)

struct sending {
        const struct dump_replay *replay;
        char *into; /* quoted */
};

static bool is_wanted(const struct dump_replay *replay, const struct dump_statement *statement)
{
        switch (statement->kind) {
        case DUMP_BLANK:
        case DUMP_LOCK:
        case DUMP_UNKNOWN:
                return false;
        case DUMP_SESSION:
        case DUMP_ALTER_SCHEMA:
                return true;
        case DUMP_DROP:
        case DUMP_CREATE:
        case DUMP_KEYS:
        case DUMP_INSERT:
        case DUMP_SEQUENCE_VALUE:
                break;
        }
        if (replay->into && (statement->names_schema || statement->object == DUMP_EVENT))
                return false;
        return schema_scope_has(replay->scope, statement->table ?: statement->name);
}

static void explain(const struct dump_statement *statement, struct error *err)
{
        int number = err->number;
        const char *owner = statement->definer ?: "its definer";
        if (statement->name)
                error_wrap(err, "%s %s", dump_object_name(statement->object), statement->name);
        const char *message = error_message(err);
        if (number == SERVER_PRIVILEGE_DENIED)
                string_replace(&err->message,
                        string_format("%s; it belongs to %s: the database user needs the right to make what "
                                      "belongs to another (MariaDB: GRANT SET USER ON *.*; MySQL 8: "
                                      "SET_USER_ID or SET_ANY_DEFINER; older ones: SUPER)",
                                message, owner));
        else if (number == SERVER_ROUTINE_UNSAFE || number == SERVER_ROUTINE_NEEDS_SUPER)
                string_replace(&err->message,
                        string_format(
                                "%s; set log_bin_trust_function_creators = 1 on the server, or give the "
                                "database user SUPER",
                                message));
        else if ((number == SERVER_CANNOT_CREATE && err->reason == REASON_DATABASE_DAMAGED) ||
                 number == SERVER_TABLESPACE_EXISTS)
                string_replace(&err->message,
                        string_format("%s; a power cut has left the file of a table that the server does not "
                                      "know any more: move the table's .ibd out of the schema's folder below "
                                      "the server's datadir, then go on",
                                message));
        else if (number == SERVER_PACKET_TOO_LARGE)
                string_replace(
                        &err->message, string_format("%s; raise max_allowed_packet on the server", message));
        err->number = number;
}

static int send_sql(const struct sending *sending, const char *sql, size_t size,
        const struct dump_statement *statement, struct error *err)
{
        if (database_query_bytes(sending->replay->database, sql, size, NULL, err) == 0)
                return 0;
        explain(statement, err);
        return -1;
}

/* ALTER DATABASE `name` CHARACTER SET …: the name is the dumped schema's. */
static int send_for_schema(const struct sending *sending, const char *sql, size_t size,
        const struct dump_statement *statement, struct error *err)
{
        _cleanup_buffer_ struct buffer text = {0};
        size_t behind = statement->name_at + statement->name_size;
        buffer_append(&text, sql, statement->name_at);
        buffer_append_string(&text, sending->into);
        buffer_append(&text, sql + behind, size - behind);
        return send_sql(sending, text.data, text.size, statement, err);
}

static void note_demands(struct dump_demands *demands, const struct dump_statement *statement, size_t size)
{
        if (!demands)
                return;
        if (statement->definer && !string_list_has(&demands->owners, statement->definer))
                string_list_add(&demands->owners, statement->definer);
        if (size <= demands->longest)
                return;
        demands->longest = size;
        string_replace(&demands->longest_of, string_copy(statement->table ?: statement->name));
}

static int on_statement(const char *sql, size_t size, const struct dump_statement *statement, void *userdata,
        struct error *err)
{
        const struct sending *sending = userdata;
        if (cancel_check(sending->replay->context->cancel, err) < 0)
                return -1;
        if (!is_wanted(sending->replay, statement))
                return 0;
        note_demands(sending->replay->demands, statement, size);
        if (!sending->replay->database)
                return 0;
        if (statement->kind == DUMP_ALTER_SCHEMA && statement->name && sending->into)
                return send_for_schema(sending, sql, size, statement, err);
        return send_sql(sending, sql, size, statement, err);
}

static int feed_file(const struct dump_replay *replay, int fd, struct dump_reader *reader, struct error *err)
{
        _cleanup_(decompress_reader_freep) struct decompress_reader *file = NULL;
        _cleanup_free_ char *block = memory_new(BLOCK_SIZE);
        size_t size = 0;
        int result;
        if (decompress_reader_new(fd, replay->name, &file, err) < 0)
                return -1;
        while ((result = decompress_reader_read(file, block, BLOCK_SIZE, &size, err)) == 0) {
                if (dump_reader_feed(reader, block, size, err) < 0 ||
                        cancel_check(replay->context->cancel, err) < 0)
                        return -1;
                uint64_t done = dump_reader_bytes(reader);
                stage_progress(replay->context, done,
                        done > replay->expected_bytes ? 0 : replay->expected_bytes, "bytes");
        }
        return result < 0 ? -1 : 0;
}

int dump_replay(const struct dump_replay *replay, struct dump_contents *ret, struct error *err)
{
        _cleanup_free_ char *into = replay->into ? database_quote_name(replay->into) : NULL;
        struct sending sending = {.replay = replay, .into = into};
        _cleanup_(dump_reader_freep) struct dump_reader *reader = dump_reader_new(on_statement, &sending);
        _cleanup_close_ int fd = -1;
        int result = file_open(replay->context->state_fd, replay->name, O_RDONLY, 0, &fd, err);
        if (result > 0)
                return error_set(err, REASON_BACKUP_MISSING, "%s/%s is gone", replay->context->state_path,
                        replay->name);
        if (result < 0 || feed_file(replay, fd, reader, err) < 0)
                return -1;
        return dump_reader_finish(reader, ret, err);
}
