/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows to extended INSERTs, on the thread of one connection. */
#include "states/native_dump_private.h"

#include <ctype.h>
#include <string.h>

/* Statements keep below it but for a row that is longer by itself; mariadb-dump's net_buffer_length. */
#define STATEMENT_LIMIT ((size_t)1 << 20)
#define TEXT_SIZE ((size_t)128 << 10)
#define SLICE ((size_t)16 << 10) /* of a cell, at most doubled in the text */
#define SMALL ((size_t)64)
#define EXACT_DIGITS 17 /* more and a decimal literal could be cut; a double's literal never is */

struct writing {
        struct dump_reading *reading;
        struct dump_part *part;
        struct dump_frames *frames;
        char *text; /* TEXT_SIZE */
        size_t size;
        size_t statement; /* bytes in the INSERT; 0: none is open */
        uint64_t rows;
};

static int on_piece(struct dump_piece *piece, void *userdata, struct error *err)
{
        struct writing *writing = userdata;
        if (dump_queue_push(writing->reading->queue, writing->part, piece) < 0)
                return error_set(err, REASON_STOPPING, "the dump was stopped");
        return 0;
}

static int flush(struct writing *writing, struct error *err)
{
        size_t size = writing->size;
        writing->size = 0;
        writing->statement += size;
        return dump_frames_add(writing->frames, writing->text, size, err);
}

/* Room for so much; SLICE doubled is the most that is asked for. */
static int need(struct writing *writing, size_t size, struct error *err)
{
        return TEXT_SIZE - writing->size < size ? flush(writing, err) : 0;
}

static int put(struct writing *writing, const char *text, size_t size, struct error *err)
{
        for (size_t done = 0; done < size;) {
                size_t part = size - done < SLICE ? size - done : SLICE;
                if (need(writing, part, err) < 0)
                        return -1;
                memcpy(writing->text + writing->size, text + done, part);
                writing->size += part;
                done += part;
        }
        return 0;
}

/* What mysql_real_escape_string does for a character set in which these bytes are nothing else. */
static const char escapes[256] = {
        ['\0'] = '0', ['\n'] = 'n', ['\r'] = 'r', ['\\'] = '\\', ['\''] = '\'', ['"'] = '"', [0x1a] = 'Z'};

static size_t escape(char *to, const char *from, size_t size)
{
        char *at = to;
        for (size_t i = 0; i < size; i++) {
                char escaped = escapes[(unsigned char)from[i]];
                if (escaped) {
                        *at++ = '\\';
                        *at++ = escaped;
                } else {
                        *at++ = from[i];
                }
        }
        return (size_t)(at - to);
}

static size_t hexadecimal(char *to, const char *from, size_t size)
{
        static const char digits[] = "0123456789ABCDEF";
        for (size_t i = 0; i < size; i++) {
                to[2 * i] = digits[(unsigned char)from[i] >> 4];
                to[2 * i + 1] = digits[(unsigned char)from[i] & 15];
        }
        return 2 * size;
}

static int put_sliced(struct writing *writing, size_t (*convert)(char *, const char *, size_t),
        const char *cell, size_t size, struct error *err)
{
        for (size_t done = 0; done < size;) {
                size_t part = size - done < SLICE ? size - done : SLICE;
                if (need(writing, 2 * part + SMALL, err) < 0)
                        return -1;
                writing->size += convert(writing->text + writing->size, cell + done, part);
                done += part;
        }
        return 0;
}

static int put_number(struct writing *writing, const struct database_column *column, const char *cell,
        size_t size, struct error *err)
{
        /* No literal stands for what is no number; mariadb-dump writes the same. */
        if (isalpha((unsigned char)cell[0]) || (cell[0] == '-' && isalpha((unsigned char)cell[1])))
                return put(writing, "NULL", 4, err);
        if (put(writing, cell, size, err) < 0)
                return -1;
        bool literal = memchr(cell, 'e', size) ||
                       (size <= EXACT_DIGITS && !(size > 1 && cell[0] == '-' && cell[1] == '0'));
        return column->floating && !literal ? put(writing, "e0", 2, err) : 0;
}

static int put_cell(struct writing *writing, const struct database_column *column, const char *cell,
        size_t size, struct error *err)
{
        if (need(writing, SMALL, err) < 0)
                return -1;
        if (!cell)
                return put(writing, "NULL", 4, err);
        if (size == 0)
                return put(writing, "''", 2, err);
        if (column->number)
                return put_number(writing, column, cell, size, err);
        if (column->bytes)
                return put(writing, "0x", 2, err) < 0 ? -1
                                                      : put_sliced(writing, hexadecimal, cell, size, err);
        return put(writing, "'", 1, err) < 0 || put_sliced(writing, escape, cell, size, err) < 0
                       ? -1
                       : put(writing, "'", 1, err);
}

static int end_statement(struct writing *writing, struct error *err)
{
        if (writing->statement + writing->size == 0)
                return 0;
        if (put(writing, ";\n", 2, err) < 0 || flush(writing, err) < 0)
                return -1;
        writing->statement = 0;
        return dump_frames_may_end(writing->frames, err);
}

static size_t longest_text(const unsigned long *sizes, size_t count)
{
        size_t size = 4;
        for (size_t i = 0; i < count; i++)
                size += 2 * (size_t)sizes[i] + 6;
        return size;
}

static int begin_row(struct writing *writing, size_t longest, struct error *err)
{
        size_t so_far = writing->statement + writing->size;
        if (so_far > 0 && so_far + longest < STATEMENT_LIMIT)
                return put(writing, ",\n(", 3, err);
        const struct dump_rows *rows = writing->part->rows;
        return end_statement(writing, err) < 0 || put(writing, rows->insert, strlen(rows->insert), err) < 0
                       ? -1
                       : put(writing, "(", 1, err);
}

static int put_row(struct writing *writing, const struct database_column *columns, size_t count,
        const char *const *cells, const unsigned long *sizes, struct error *err)
{
        if (begin_row(writing, longest_text(sizes, count), err) < 0)
                return -1;
        for (size_t i = 0; i < count && !writing->part->rows->nothing; i++)
                if ((i > 0 && put(writing, ",", 1, err) < 0) ||
                        put_cell(writing, &columns[i], cells[i], sizes[i], err) < 0)
                        return -1;
        writing->rows++;
        return put(writing, ")", 1, err);
}

static int write_rows(struct writing *writing, struct database_stream *stream, struct error *err)
{
        const struct database_column *columns;
        size_t count = database_stream_columns(stream, &columns);
        const char *const *cells;
        const unsigned long *sizes;
        int result;
        while ((result = database_stream_next(stream, &cells, &sizes, err)) == 0)
                if (put_row(writing, columns, count, cells, sizes, err) < 0)
                        return -1;
        if (result < 0 || end_statement(writing, err) < 0)
                return -1;
        return dump_frames_end(writing->frames, err);
}

/* Each table is let go when it is read, so that who wants to change it need not wait for the dump's end: what
 * was read was of the snapshot all the same. A table that was changed before its turn is refused by the
 * server (ER_TABLE_DEF_CHANGED). */
static int read_part(struct writing *writing, struct error *err)
{
        struct database *database = writing->reading->database;
        struct database_stream *stream = NULL;
        if (writing->part->rows->locks && dump_queue_await_turn(writing->reading->queue, writing->part) < 0)
                return error_set(err, REASON_STOPPING, "the dump was stopped");
        if (database_query(database, NULL, err, "SAVEPOINT table_read") < 0 ||
                database_stream_open(database, writing->part->rows->select, &stream, err) < 0)
                return -1;
        int result = write_rows(writing, stream, err);
        if (result < 0)
                database_interrupt(database);
        database_stream_close(stream);
        if (result < 0)
                return -1;
        return database_query(database, NULL, err, "ROLLBACK TO SAVEPOINT table_read");
}

static int read_all(struct writing *writing, struct error *err)
{
        struct dump_queue *queue = writing->reading->queue;
        while ((writing->part = dump_queue_take(queue))) {
                writing->rows = writing->statement = writing->size = 0;
                if (read_part(writing, err) < 0)
                        return error_wrap(err, "table %s", writing->part->rows->table);
                dump_queue_part_done(queue, writing->part, writing->rows);
        }
        return 0;
}

void *dump_read_rows(void *userdata)
{
        struct dump_reading *reading = userdata;
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *text = memory_new(TEXT_SIZE);
        _cleanup_(dump_frames_freep) struct dump_frames *frames = NULL;
        struct writing writing = {.reading = reading, .text = text};
        int result =
                dump_frames_new(reading->level, on_piece, &writing, &reading->queue->bytes, &frames, &err);
        writing.frames = frames;
        if (result < 0 || read_all(&writing, &err) < 0)
                dump_queue_fail(reading->queue, &err);
        return NULL;
}
