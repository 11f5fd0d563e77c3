/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/log.h"
#include "lib/clock.h"
#include "lib/memory.h"
#include "lib/text.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#ifdef HAVE_SYSTEMD
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#endif

/* A value that is longer is cut: a program that prints megabytes must not make a line of megabytes. */
#define VALUE_LIMIT 8192

const char *log_level_name(enum log_level level)
{
        switch (level) {
        case LOG_LEVEL_INFO:
                return "info";
        case LOG_LEVEL_WARNING:
                return "warning";
        case LOG_LEVEL_ERROR:
                return "error";
        }
        return "unknown";
}

/* C0, DEL and C1 (U+0080 to U+009F): what a terminal would obey. */
static bool is_control(unsigned point)
{
        return point < 0x20 || (point >= 0x7f && point < 0xa0);
}

static void append_escaped(struct buffer *line, const unsigned char *bytes, size_t size)
{
        for (size_t i = 0; i < size; i++)
                switch (bytes[i]) {
                case '\n':
                        buffer_append_string(line, "\\n");
                        break;
                case '\r':
                        buffer_append_string(line, "\\r");
                        break;
                case '\t':
                        buffer_append_string(line, "\\t");
                        break;
                case '"':
                        buffer_append_string(line, "\\\"");
                        break;
                case '\\':
                        buffer_append_string(line, "\\\\");
                        break;
                default:
                        buffer_append_format(line, "\\x%02x", bytes[i]);
                }
}

static void append_quoted(struct buffer *line, const char *value)
{
        size_t size = strlen(value), at = 0;
        buffer_append_string(line, "\"");
        while (at < size && at < VALUE_LIMIT) {
                unsigned point = 0;
                size_t length = text_character(value + at, size - at, &point);
                if (length == 0 || is_control(point) || point == '"' || point == '\\')
                        append_escaped(line, (const unsigned char *)value + at, length ? length : 1);
                else
                        buffer_append(line, value + at, length);
                at += length ? length : 1;
        }
        if (at < size)
                buffer_append_format(line, "… (%zu bytes more)", size - at);
        buffer_append_string(line, "\"");
}

static bool is_bare(const char *value)
{
        size_t size = strlen(value);
        if (size == 0 || size > VALUE_LIMIT)
                return false;
        for (size_t i = 0; i < size; i++)
                if (value[i] <= ' ' || value[i] >= 0x7f || strchr("\"=\\", value[i]))
                        return false;
        return true;
}

static void append_field(struct buffer *line, const char *name, const char *value)
{
        buffer_append_format(line, " %s=", name);
        if (is_bare(value))
                buffer_append_string(line, value);
        else
                append_quoted(line, value);
}

static void write_line(enum log_level level, const struct log_field *fields, const char *text)
{
        char now[25];
        clock_format_iso(clock_wall_ms(), now);
        _cleanup_buffer_ struct buffer line = {0};
        buffer_append_format(&line, "time=%s level=%s", now, log_level_name(level));
        for (const struct log_field *field = fields; field && field->name; field++)
                if (field->value && strcmp(field->name, LOG_MESSAGE_ID) != 0)
                        append_field(&line, field->name, field->value);
        buffer_append_string(&line, " text=");
        append_quoted(&line, text);
        buffer_append_string(&line, "\n");
        for (size_t done = 0; done < line.size;) {
                ssize_t count = write(STDERR_FILENO, line.data + done, line.size - done);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count <= 0)
                        return; /* nobody is left who could be told */
                done += (size_t)count;
        }
}

#ifdef HAVE_SYSTEMD
static bool journal_is_there;

/* systemd.exec(5), JOURNAL_STREAM: "device:inode" of the stream; stderr may have been redirected since. */
static void look_for_journal(void)
{
        const char *stream = getenv("JOURNAL_STREAM");
        struct stat status;
        if (!stream || fstat(STDERR_FILENO, &status) < 0)
                return;
        _cleanup_free_ char *own =
                string_format("%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
        journal_is_there = strcmp(own, stream) == 0;
}

static int journal_priority(enum log_level level)
{
        switch (level) {
        case LOG_LEVEL_INFO:
                return LOG_INFO;
        case LOG_LEVEL_WARNING:
                return LOG_WARNING;
        case LOG_LEVEL_ERROR:
                return LOG_ERR;
        }
        return LOG_INFO;
}

/* Owns what it points to. */
static struct iovec journal_entry(const char *name, const char *value)
{
        char *entry = string_format("%s=%.*s", name, VALUE_LIMIT, value);
        for (char *letter = entry; *letter != '='; letter++)
                if (*letter >= 'a' && *letter <= 'z')
                        *letter = (char)(*letter - 'a' + 'A');
        return (struct iovec){.iov_base = entry, .iov_len = strlen(entry)};
}

static bool write_journal(enum log_level level, const struct log_field *fields, const char *text)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        (void)pthread_once(&once, look_for_journal);
        if (!journal_is_there)
                return false;
        size_t count = 2;
        for (const struct log_field *field = fields; field && field->name; field++)
                count++;
        struct iovec *entries = memory_new_array(count, sizeof(*entries));
        count = 0;
        entries[count++] = journal_entry("message", text);
        entries[count++] = (struct iovec){.iov_base = string_format("PRIORITY=%d", journal_priority(level))};
        entries[1].iov_len = strlen(entries[1].iov_base);
        for (const struct log_field *field = fields; field && field->name; field++)
                if (field->value)
                        entries[count++] = journal_entry(field->name, field->value);
        int result = sd_journal_sendv(entries, (int)count);
        for (size_t i = 0; i < count; i++)
                free(entries[i].iov_base);
        free(entries);
        return result >= 0;
}
#else
static bool write_journal(enum log_level level, const struct log_field *fields, const char *text)
{
        return false;
}
#endif

void log_write(enum log_level level, const struct log_field *fields, const char *format, ...)
{
        int saved = errno;
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = string_format_list(format, arguments);
        va_end(arguments);
        if (!write_journal(level, fields, text))
                write_line(level, fields, text);
        errno = saved;
}
