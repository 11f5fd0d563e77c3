/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/sql_stream.h"

#include "lib/memory.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define DELIMITER_LIMIT 16
#define LOOKAHEAD 32 /* more than any mark has bytes */
#define BLANKS " \t\r\n\f\v"

enum place {
        IN_CODE,
        IN_LINE_COMMENT,
        IN_COMMENT,
};

struct sql_stream {
        sql_statement_function *on_statement;
        void *userdata;
        struct buffer text; /* from the first statement that is not whole yet */
        size_t at; /* seen so far */
        size_t begin; /* of the statement, once it has begun */
        bool begun;
        enum place place;
        char quote; /* inside of quotes: which; else 0 */
        bool plain_backslash, ansi_quotes; /* of the sql_mode that the text has set */
        char delimiter[DELIMITER_LIMIT + 1];
        size_t delimiter_size;
        bool special[256]; /* bytes that may mean something outside of quotes */
};

static void set_delimiter(struct sql_stream *stream, const char *delimiter, size_t size)
{
        stream->delimiter_size = size;
        memcpy(stream->delimiter, delimiter, size);
        memset(stream->special, 0, sizeof(stream->special));
        for (const char *mark = "'\"`#-/"; *mark; mark++)
                stream->special[(unsigned char)*mark] = true;
        stream->special[(unsigned char)*delimiter] = true;
}

struct sql_stream *sql_stream_new(sql_statement_function *on_statement, void *userdata)
{
        struct sql_stream *stream = memory_new(sizeof(*stream));
        stream->on_statement = on_statement;
        stream->userdata = userdata;
        set_delimiter(stream, ";", 1);
        return stream;
}

void sql_stream_free(struct sql_stream *stream)
{
        if (!stream)
                return;
        buffer_deinit(&stream->text);
        free(stream);
}

static size_t skip_opening(const char *sql, size_t size)
{
        size_t at = 0;
        while (at < size && strchr(BLANKS, sql[at]) && sql[at])
                at++;
        if (size - at > 3 && string_begins(sql + at, "/*!"))
                for (at += 3; at < size && (isdigit((unsigned char)sql[at]) || sql[at] == ' ');)
                        at++;
        return at;
}

/* What a statement of the text makes of quotes: SET sql_mode = 'LIST', or = @SAVED, which was none of these
 * modes, as dumps save the session's own only. */
static void follow_mode(struct sql_stream *stream, const char *sql, size_t size)
{
        size_t at = skip_opening(sql, size);
        if (size - at > 4096 || size - at < 4 || strncasecmp(sql + at, "SET", 3) != 0 ||
                !isspace((unsigned char)sql[at + 3]))
                return;
        const char *mode = strcasestr(sql + at, "sql_mode");
        while (mode && !strchr(BLANKS ",", mode[-1])) /* @@sql_mode, @saved_sql_mode */
                mode = strcasestr(mode + 1, "sql_mode");
        if (!mode)
                return;
        const char *value = mode + strlen("sql_mode");
        value += strspn(value, BLANKS);
        if (*value != '=')
                return;
        value += 1 + strspn(value + 1, BLANKS);
        size_t length = *value == '\'' ? strcspn(value + 1, "'") : 0;
        _cleanup_free_ char *list = memory_copy(value + (length > 0), length);
        stream->plain_backslash = strcasestr(list, "NO_BACKSLASH_ESCAPES") != NULL;
        stream->ansi_quotes = strcasestr(list, "ANSI_QUOTES") != NULL;
}

static int emit(struct sql_stream *stream, size_t end, struct error *err)
{
        char *sql = stream->text.data + stream->begin;
        size_t size = end - stream->begin;
        char behind = sql[size];
        sql[size] = '\0';
        int result = stream->on_statement(sql, size, stream->userdata, err);
        if (result == 0)
                follow_mode(stream, sql, size);
        sql[size] = behind;
        stream->begun = false;
        return result;
}

static bool has_prefix(const struct sql_stream *stream, const char *prefix, size_t size)
{
        return stream->text.size - stream->at >= size &&
               memcmp(stream->text.data + stream->at, prefix, size) == 0;
}

/* "-- " and "#" */
static bool at_line_comment(const struct sql_stream *stream)
{
        if (has_prefix(stream, "#", 1))
                return true;
        if (!has_prefix(stream, "--", 2))
                return false;
        const char *behind = stream->text.data + stream->at + 2;
        return behind == stream->text.data + stream->text.size || (unsigned char)*behind <= ' ';
}

static bool at_plain_comment(const struct sql_stream *stream)
{
        return has_prefix(stream, "/*", 2) && !has_prefix(stream, "/*!", 3) && !has_prefix(stream, "/*M!", 4);
}

/* 1 when more of the text is needed. */
static int read_delimiter(struct sql_stream *stream, bool last)
{
        const char *line = stream->text.data + stream->at;
        size_t left = stream->text.size - stream->at;
        const char *end = memchr(line, '\n', left);
        if (!end && !last)
                return 1;
        size_t size = end ? (size_t)(end - line) : left;
        size_t from = strlen("delimiter");
        while (from < size && isspace((unsigned char)line[from]))
                from++;
        size_t to = from;
        while (to < size && !isspace((unsigned char)line[to]))
                to++;
        if (to > from)
                set_delimiter(stream, line + from, to - from > DELIMITER_LIMIT ? DELIMITER_LIMIT : to - from);
        stream->at += size;
        return 0;
}

static bool at_delimiter_line(const struct sql_stream *stream)
{
        size_t size = strlen("delimiter");
        const char *text = stream->text.data + stream->at;
        return stream->text.size - stream->at > size && strncasecmp(text, "delimiter", size) == 0 &&
               (text[size] == ' ' || text[size] == '\t');
}

/* Blanks, comments of a line, DELIMITER. 1 when more of the text is needed. */
static int begin_statement(struct sql_stream *stream, bool last)
{
        if (strchr(BLANKS, stream->text.data[stream->at]) && stream->text.data[stream->at]) {
                stream->at++;
                return 0;
        }
        if (at_line_comment(stream)) {
                stream->place = IN_LINE_COMMENT;
                return 0;
        }
        if (at_delimiter_line(stream))
                return read_delimiter(stream, last);
        stream->begun = true;
        stream->begin = stream->at;
        return 0;
}

static void skip_quoted(struct sql_stream *stream)
{
        const char *text = stream->text.data;
        size_t at = stream->at, size = stream->text.size;
        bool escapes = !stream->plain_backslash && stream->quote != '`' &&
                       !(stream->quote == '"' && stream->ansi_quotes);
        while (at < size && text[at] != stream->quote)
                at += text[at] == '\\' && escapes ? 2 : 1;
        if (at < size) {
                stream->quote = 0;
                at++;
        }
        stream->at = at; /* perhaps one behind the end: the byte that a backslash hides is to come */
}

static void skip_comment(struct sql_stream *stream, bool last)
{
        const char *from = stream->text.data + stream->at;
        size_t left = stream->text.size - stream->at;
        const char *end =
                stream->place == IN_LINE_COMMENT ? memchr(from, '\n', left) : memmem(from, left, "*/", 2);
        if (!end) {
                stream->at = stream->text.size - (last || stream->place == IN_LINE_COMMENT ? 0 : 1);
                return;
        }
        stream->at += (size_t)(end - from) + (stream->place == IN_LINE_COMMENT ? 1 : 2);
        stream->place = IN_CODE;
}

static bool may_look(const struct sql_stream *stream, bool last)
{
        return stream->at < stream->text.size && (last || stream->text.size - stream->at >= LOOKAHEAD);
}

static int read_code(struct sql_stream *stream, bool last, struct error *err)
{
        const unsigned char *text = (const unsigned char *)stream->text.data;
        while (stream->at < stream->text.size && !stream->special[text[stream->at]])
                stream->at++;
        if (!may_look(stream, last))
                return 0;
        char mark = stream->text.data[stream->at];
        if (has_prefix(stream, stream->delimiter, stream->delimiter_size)) {
                size_t end = stream->at;
                stream->at += stream->delimiter_size;
                return emit(stream, end, err);
        }
        if (at_line_comment(stream)) {
                stream->place = IN_LINE_COMMENT;
        } else if (at_plain_comment(stream)) {
                stream->place = IN_COMMENT;
                stream->at++;
        } else if (strchr("'\"`", mark)) {
                stream->quote = mark;
        }
        stream->at++;
        return 0;
}

/* Marks of several bytes are only looked at when all of them are there. */
static int read_text(struct sql_stream *stream, bool last, struct error *err)
{
        while (may_look(stream, last)) {
                if (stream->quote)
                        skip_quoted(stream);
                else if (stream->place != IN_CODE)
                        skip_comment(stream, last);
                else if (!stream->begun) {
                        if (begin_statement(stream, last) > 0)
                                return 0;
                } else if (read_code(stream, last, err) < 0)
                        return -1;
        }
        return 0;
}

int sql_stream_feed(struct sql_stream *stream, const void *data, size_t size, struct error *err)
{
        size_t done = stream->begun ? stream->begin : stream->at;
        if (done > stream->text.size)
                done = stream->text.size;
        if (done > 0)
                memmove(stream->text.data, stream->text.data + done, stream->text.size - done);
        stream->text.size -= done;
        stream->at -= done;
        stream->begin = 0;
        buffer_append(&stream->text, data, size);
        if (read_text(stream, false, err) < 0)
                return -1;
        if (stream->text.size > SQL_STATEMENT_LIMIT)
                return error_set(err, REASON_BACKUP_INCOMPLETE,
                        "the dump holds a statement of more than %zu bytes", SQL_STATEMENT_LIMIT);
        return 0;
}

int sql_stream_finish(struct sql_stream *stream, struct error *err)
{
        if (read_text(stream, true, err) < 0)
                return -1;
        if (stream->quote || stream->place == IN_COMMENT || stream->at > stream->text.size)
                return error_set(err, REASON_BACKUP_INCOMPLETE, "the dump ends inside of %s",
                        stream->place == IN_COMMENT ? "a comment" : "a quoted text");
        return stream->begun ? emit(stream, stream->text.size, err) : 0;
}
