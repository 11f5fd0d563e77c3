/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/database_private.h"

#include "lib/cancel.h"
#include "lib/memory.h"

#include <string.h>
#include <sys/socket.h>

#define BINARY_CHARSET 63 /* my_charset_bin, "the character set binary" in the protocol's descriptions */

struct database_stream {
        struct database *database;
        MYSQL_RES *result;
        struct database_column *columns;
        size_t count;
};

static bool is_number(enum enum_field_types type)
{
        switch ((int)type) { /* the rest of the server's types are text, times or bytes */
        case MYSQL_TYPE_DECIMAL:
        case MYSQL_TYPE_NEWDECIMAL:
        case MYSQL_TYPE_TINY:
        case MYSQL_TYPE_SHORT:
        case MYSQL_TYPE_INT24:
        case MYSQL_TYPE_LONG:
        case MYSQL_TYPE_LONGLONG:
        case MYSQL_TYPE_FLOAT:
        case MYSQL_TYPE_DOUBLE:
        case MYSQL_TYPE_YEAR:
                return true;
        default:
                return false;
        }
}

/* Times and MySQL's JSON have the binary character set, too, and are text. */
static bool is_bytes(enum enum_field_types type, unsigned charset)
{
        static const enum enum_field_types types[] = {MYSQL_TYPE_BIT, MYSQL_TYPE_STRING,
                MYSQL_TYPE_VAR_STRING, MYSQL_TYPE_VARCHAR, MYSQL_TYPE_BLOB, MYSQL_TYPE_LONG_BLOB,
                MYSQL_TYPE_MEDIUM_BLOB, MYSQL_TYPE_TINY_BLOB, MYSQL_TYPE_GEOMETRY};
        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                if (types[i] == type)
                        return charset == BINARY_CHARSET;
        return false;
}

int database_stream_open(
        struct database *database, const char *sql, struct database_stream **ret, struct error *err)
{
        bool broken_off = false;
        if (database_send(database, sql, strlen(sql), &broken_off, err) < 0) {
                if (err->number == SERVER_LOCK_WAIT_TIMEOUT)
                        database_name_holders(database, sql, strlen(sql), err);
                if (!broken_off || err->reason == REASON_DATABASE_LOST)
                        return -1;
                error_deinit(err);
                return cancel_check(database->watch.cancel, err) < 0
                               ? -1
                               : error_set(err, REASON_CANCELLED, "the statement was broken off");
        }
        MYSQL_RES *result = mysql_use_result(database->mysql);
        if (!result)
                return database_fail(database, err);
        struct database_stream *stream = memory_new(sizeof(*stream));
        stream->database = database;
        stream->result = result;
        stream->count = mysql_num_fields(result);
        stream->columns = memory_new_array(stream->count, sizeof(*stream->columns));
        for (size_t i = 0; i < stream->count; i++) {
                const MYSQL_FIELD *field = mysql_fetch_field_direct(result, (unsigned)i);
                stream->columns[i] = (struct database_column){
                        .name = string_copy(field->name),
                        .number = is_number(field->type),
                        .floating = field->type == MYSQL_TYPE_FLOAT || field->type == MYSQL_TYPE_DOUBLE,
                        .bytes = is_bytes(field->type, field->charsetnr),
                };
        }
        *ret = stream;
        return 0;
}

size_t database_stream_columns(const struct database_stream *stream, const struct database_column **ret)
{
        *ret = stream->columns;
        return stream->count;
}

int database_stream_next(struct database_stream *stream, const char *const **ret_cells,
        const unsigned long **ret_sizes, struct error *err)
{
        MYSQL_ROW row = mysql_fetch_row(stream->result);
        if (!row)
                return mysql_errno(stream->database->mysql) != 0 ? database_fail(stream->database, err) : 1;
        *ret_cells = (const char *const *)row;
        *ret_sizes = mysql_fetch_lengths(stream->result);
        return 0;
}

void database_stream_close(struct database_stream *stream)
{
        if (!stream)
                return;
        mysql_free_result(stream->result);
        for (size_t i = 0; i < stream->count; i++)
                free(stream->columns[i].name);
        free(stream->columns);
        free(stream);
}

/* The library's own descriptor may be closed, and another's by now: the connection's thread may just have
 * found it lost. */
void database_interrupt(struct database *database)
{
        (void)shutdown(database->socket_fd, SHUT_RDWR);
}
