/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/dump_reader.h"

#include "lib/memory.h"
#include "lib/sql_stream.h"
#include "lib/text.h"
#include "states/dump_tool.h"

#include <string.h>

#define TAIL_SIZE 256

struct counted {
        char *table;
        uint64_t rows;
};

struct dump_reader {
        struct sql_stream *stream;
        dump_statement_function *on_statement;
        void *userdata;
        struct dump_contents contents;
        char tail[TAIL_SIZE]; /* the end of what came */
        size_t tail_size;
        struct counted *counted; /* by dump_reader_count */
        size_t counted_count;
};

static void item_deinit(struct dump_item *item)
{
        free(item->name);
        free(item->table);
}

void dump_contents_deinit(struct dump_contents *contents)
{
        for (size_t i = 0; i < contents->count; i++)
                item_deinit(&contents->items[i]);
        free(contents->items);
        strings_free(contents->definers);
        strings_free(contents->foreign);
        *contents = (struct dump_contents){0};
}

static struct dump_item *find(const struct dump_contents *contents, enum dump_object object, const char *name)
{
        for (size_t i = 0; i < contents->count; i++)
                if (contents->items[i].object == object && string_equal(contents->items[i].name, name))
                        return &contents->items[i];
        return NULL;
}

const struct dump_item *dump_contents_find(
        const struct dump_contents *contents, enum dump_object object, const char *name)
{
        return find(contents, object, name);
}

static void add_once(char ***strings, const char *text)
{
        for (char **string = *strings; string && *string; string++)
                if (string_equal(*string, text))
                        return;
        strings_add(strings, string_copy(text));
}

/* A view stands in the dump as something else first, which is dropped again. */
static void add_item(struct dump_contents *contents, const struct dump_statement *statement)
{
        if (find(contents, statement->object, statement->name))
                return;
        contents->items = memory_grow(contents->items, contents->count, sizeof(*contents->items));
        contents->items[contents->count++] = (struct dump_item){.object = statement->object,
                .name = string_copy(statement->name),
                .table = string_copy(statement->table)};
}

static void remove_item(struct dump_contents *contents, const struct dump_statement *statement)
{
        struct dump_item *item = find(contents, statement->object, statement->name);
        if (!item)
                return;
        item_deinit(item);
        size_t at = (size_t)(item - contents->items);
        memmove(item, item + 1, (contents->count - at - 1) * sizeof(*item));
        contents->count--;
        contents->last = 0;
}

static int add_rows(struct dump_contents *contents, const char *table, uint64_t rows, struct error *err)
{
        struct dump_item *item = contents->last < contents->count ? &contents->items[contents->last] : NULL;
        if (!item || item->object != DUMP_TABLE || !string_equal(item->name, table))
                item = find(contents, DUMP_TABLE, table);
        if (!item)
                return error_set(err, REASON_BACKUP_INCOMPLETE,
                        "the dump has rows of table %s, but does not make it", table);
        contents->last = (size_t)(item - contents->items);
        item->rows += rows;
        return 0;
}

static int count_statement(
        struct dump_contents *contents, const struct dump_statement *statement, struct error *err)
{
        if (statement->definer)
                add_once(&contents->definers, statement->definer);
        if (statement->names_schema) {
                _cleanup_free_ char *thing =
                        string_format("%s %s", dump_object_name(statement->object), statement->name);
                add_once(&contents->foreign, thing);
        }
        switch (statement->kind) {
        case DUMP_CREATE:
                add_item(contents, statement);
                return 0;
        case DUMP_DROP:
                remove_item(contents, statement);
                return 0;
        case DUMP_INSERT:
                return add_rows(contents, statement->name, statement->rows, err);
        case DUMP_UNKNOWN:
        case DUMP_BLANK:
        case DUMP_SESSION:
        case DUMP_LOCK:
        case DUMP_KEYS:
        case DUMP_SEQUENCE_VALUE:
        case DUMP_ALTER_SCHEMA:
                break;
        }
        return 0;
}

static int fail_unknown(const char *sql, size_t size, struct error *err)
{
        _cleanup_free_ char *begin = memory_copy(sql, size > 400 ? 400 : size);
        _cleanup_buffer_ struct buffer text = {0};
        text_append_clean(&text, begin);
        return error_set(err, REASON_BACKUP_INCOMPLETE,
                "the dump holds a statement that no dump of a schema holds: %.200s", text.data ?: "");
}

static int on_sql(const char *sql, size_t size, void *userdata, struct error *err)
{
        struct dump_reader *reader = userdata;
        _cleanup_dump_statement_ struct dump_statement statement = {0};
        dump_statement_read(sql, size, &statement);
        if (statement.kind == DUMP_BLANK)
                return 0;
        if (statement.kind == DUMP_UNKNOWN)
                return fail_unknown(sql, size, err);
        if (count_statement(&reader->contents, &statement, err) < 0)
                return -1;
        return reader->on_statement ? reader->on_statement(sql, size, &statement, reader->userdata, err) : 0;
}

struct dump_reader *dump_reader_new(dump_statement_function *on_statement, void *userdata)
{
        struct dump_reader *reader = memory_new(sizeof(*reader));
        reader->on_statement = on_statement;
        reader->userdata = userdata;
        reader->stream = sql_stream_new(on_sql, reader);
        return reader;
}

void dump_reader_free(struct dump_reader *reader)
{
        if (!reader)
                return;
        sql_stream_free(reader->stream);
        dump_contents_deinit(&reader->contents);
        for (size_t i = 0; i < reader->counted_count; i++)
                free(reader->counted[i].table);
        free(reader->counted);
        free(reader);
}

uint64_t dump_reader_bytes(const struct dump_reader *reader)
{
        return reader->contents.bytes;
}

static void keep_tail(struct dump_reader *reader, const char *data, size_t size)
{
        if (size >= TAIL_SIZE) {
                memcpy(reader->tail, data + size - TAIL_SIZE, TAIL_SIZE);
                reader->tail_size = TAIL_SIZE;
                return;
        }
        size_t kept = reader->tail_size + size > TAIL_SIZE ? TAIL_SIZE - size : reader->tail_size;
        memmove(reader->tail, reader->tail + reader->tail_size - kept, kept);
        memcpy(reader->tail + kept, data, size);
        reader->tail_size = kept + size;
}

static bool ends_with_trailer(const struct dump_reader *reader)
{
        size_t size = reader->tail_size;
        while (size > 0 && (reader->tail[size - 1] == '\n' || reader->tail[size - 1] == '\r'))
                size--;
        size_t begin = size;
        while (begin > 0 && reader->tail[begin - 1] != '\n')
                begin--;
        return size - begin >= strlen(DUMP_TRAILER) &&
               memcmp(reader->tail + begin, DUMP_TRAILER, strlen(DUMP_TRAILER)) == 0;
}

int dump_reader_feed(struct dump_reader *reader, const void *data, size_t size, struct error *err)
{
        reader->contents.bytes += size;
        keep_tail(reader, data, size);
        return sql_stream_feed(reader->stream, data, size, err);
}

void dump_reader_count(struct dump_reader *reader, const char *table, uint64_t rows)
{
        struct counted *last = reader->counted_count > 0 ? &reader->counted[reader->counted_count - 1] : NULL;
        if (last && string_equal(last->table, table)) {
                last->rows += rows;
                return;
        }
        reader->counted = memory_grow(reader->counted, reader->counted_count, sizeof(*reader->counted));
        reader->counted[reader->counted_count++] =
                (struct counted){.table = string_copy(table), .rows = rows};
}

static int add_counted(struct dump_reader *reader, struct error *err)
{
        for (size_t i = 0; i < reader->counted_count; i++)
                if (add_rows(&reader->contents, reader->counted[i].table, reader->counted[i].rows, err) < 0)
                        return -1;
        return 0;
}

/* The trailer first: a dump that was cut most often ends inside of something as well. */
int dump_reader_finish(struct dump_reader *reader, struct dump_contents *ret, struct error *err)
{
        if (!ends_with_trailer(reader))
                return error_set(
                        err, REASON_BACKUP_INCOMPLETE, "the dump does not end with '" DUMP_TRAILER "'");
        if (sql_stream_finish(reader->stream, err) < 0 || add_counted(reader, err) < 0)
                return -1;
        *ret = reader->contents;
        reader->contents = (struct dump_contents){0};
        return 0;
}
