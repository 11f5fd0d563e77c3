/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/redact.h"

#include "lib/files.h"
#include "lib/text.h"

#include <ctype.h>
#include <string.h>

#define SECRET_LEAST 4
#define LINE_LEAST 8 /* of a secret of several lines: shorter ones are nobody's secret */
#define FORMS_MOST ((size_t)64 * 1024)
#define FORM_BYTES_MOST ((size_t)32 * 1024 * 1024)
#define BUCKETS 4096
#define HIDDEN "***"
#define TRACE_LIMIT 15 /* zend.exception_string_param_max_len; fixed before PHP 8.0 */
#define DEPTH_MOST 64

/* One way in which a secret may stand in a text. */
struct form {
        struct form *next; /* of those that begin alike */
        char *text;
        size_t size;
};

struct redactor {
        struct form *buckets[BUCKETS]; /* by their first SECRET_LEAST bytes */
        struct string_list words; /* the shorter ones: hidden where they stand alone */
        size_t count, bytes;
        bool full;
        char *doubt; /* NULL: none */
};

struct redactor *redactor_new(void)
{
        return memory_new(sizeof(struct redactor));
}

void redactor_free(struct redactor *redactor)
{
        if (!redactor)
                return;
        for (size_t i = 0; i < BUCKETS; i++)
                for (struct form *form = redactor->buckets[i], *next; form; form = next) {
                        next = form->next;
                        free(form->text);
                        free(form);
                }
        string_list_deinit(&redactor->words);
        free(redactor->doubt);
        free(redactor);
}

void redactor_doubt(struct redactor *redactor, const char *format, ...)
{
        if (redactor->doubt)
                return;
        va_list arguments;
        va_start(arguments, format);
        redactor->doubt = string_format_list(format, arguments);
        va_end(arguments);
}

const char *redactor_doubts(const struct redactor *redactor)
{
        return redactor->doubt;
}

/* At least SECRET_LEAST bytes are there. */
static size_t bucket_of(const char *text)
{
        unsigned hash = 0;
        for (size_t i = 0; i < SECRET_LEAST; i++)
                hash = hash * 131 + (unsigned char)text[i];
        return hash % BUCKETS;
}

static bool has_form(const struct redactor *redactor, const char *text, size_t size)
{
        const struct form *form = redactor->buckets[bucket_of(text)];
        while (form && (form->size != size || memcmp(form->text, text, size) != 0))
                form = form->next;
        return form;
}

/* Takes text over. */
static void add_form(struct redactor *redactor, char *text)
{
        _cleanup_free_ char *own = text;
        size_t size = strlen(own);
        bool word = size < SECRET_LEAST;
        if (size == 0 || (word ? string_list_has(&redactor->words, own) : has_form(redactor, own, size)))
                return;
        if (redactor->count >= FORMS_MOST || redactor->bytes + size > FORM_BYTES_MOST) {
                redactor->full = true;
                redactor_doubt(redactor, "there is more to hide than can be looked for");
                return;
        }
        redactor->count++;
        redactor->bytes += size;
        if (word) {
                string_list_add(&redactor->words, own);
                return;
        }
        struct form *form = memory_new(sizeof(*form)), **bucket = &redactor->buckets[bucket_of(own)];
        *form = (struct form){.next = *bucket, .text = steal(&own), .size = size};
        *bucket = form;
}

/* With a backslash before each of these characters. */
static char *with_backslashes(const char *text, const char *characters)
{
        struct buffer result = {0};
        for (; *text; text++)
                buffer_append_format(&result, "%s%c", strchr(characters, *text) ? "\\" : "", *text);
        return buffer_steal(&result);
}

static char *with_percents(const char *text, const char *plain)
{
        struct buffer result = {0};
        for (; *text; text++)
                if (isalnum((unsigned char)*text) || strchr(plain, *text))
                        buffer_append(&result, text, 1);
                else
                        buffer_append_format(&result, "%%%02X", (unsigned char)*text);
        return buffer_steal(&result);
}

static char *in_json(const char *text, size_t flags)
{
        _cleanup_free_ char *valid = text_valid(text);
        json_auto_t *value = json_string(valid);
        char *quoted = json_dumps(value, JSON_ENCODE_ANY | flags);
        char *inner = memory_copy(quoted + 1, strlen(quoted) - 2);
        free(quoted);
        return inner;
}

/* jansson writes \u00FC, PHP and Python \u00fc. Takes text over. */
static char *with_small_escapes(char *text)
{
        for (char *c = text; (c = strstr(c, "\\u"));)
                for (char *end = c + 6; c < end && *c; c++)
                        *c = (char)tolower((unsigned char)*c);
        return text;
}

static void add_forms(struct redactor *redactor, const char *secret)
{
        add_form(redactor, string_copy(secret));
        add_form(redactor, text_valid(secret));
        add_form(redactor, with_backslashes(secret, "'\\"));
        add_form(redactor, with_backslashes(secret, "'\"\\"));
        add_form(redactor, with_backslashes(secret, "\"\\$"));
        add_form(redactor, in_json(secret, 0));
        add_form(redactor, in_json(secret, JSON_ENSURE_ASCII));
        add_form(redactor, in_json(secret, JSON_ESCAPE_SLASH));
        add_form(redactor, in_json(secret, JSON_ENSURE_ASCII | JSON_ESCAPE_SLASH));
        add_form(redactor, with_small_escapes(in_json(secret, JSON_ENSURE_ASCII)));
        add_form(redactor, with_small_escapes(in_json(secret, JSON_ENSURE_ASCII | JSON_ESCAPE_SLASH)));
        add_form(redactor, with_percents(secret, "-_.~"));
        add_form(redactor, with_percents(secret, "-_."));
        if (strlen(secret) > TRACE_LIMIT)
                add_form(redactor, string_format("%.*s...", TRACE_LIMIT, secret));
}

/* What takes secrets in may give them out line by line. */
static void add_lines(struct redactor *redactor, const char *secret)
{
        for (const char *line = secret; *line;) {
                size_t size = strcspn(line, "\r\n");
                _cleanup_free_ char *own = memory_copy(line, size);
                if (size >= LINE_LEAST)
                        add_forms(redactor, own);
                line += size + strspn(line + size, "\r\n");
        }
}

void redactor_hide(struct redactor *redactor, const char *secret)
{
        if (!secret || redactor->full)
                return;
        add_forms(redactor, secret);
        if (strpbrk(secret, "\r\n"))
                add_lines(redactor, secret);
}

/* Looking for them */

static bool is_of_word(char c)
{
        return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* The bytes at `at` that must be hidden; 0: none. */
static size_t secret_at(const struct redactor *redactor, const char *text, size_t at, size_t size)
{
        const char *here = text + at;
        size_t left = size - at, longest = 0;
        if (left >= SECRET_LEAST)
                for (const struct form *form = redactor->buckets[bucket_of(here)]; form; form = form->next)
                        if (form->size > longest && form->size <= left &&
                                memcmp(form->text, here, form->size) == 0)
                                longest = form->size;
        if (at > 0 && is_of_word(text[at - 1]))
                return longest;
        for (size_t i = 0; i < redactor->words.count; i++) {
                size_t length = strlen(redactor->words.items[i]);
                if (length > longest && length <= left &&
                        memcmp(redactor->words.items[i], here, length) == 0 && !is_of_word(here[length]))
                        longest = length;
        }
        return longest;
}

/* Also where one overlaps another: nothing of either stays. */
static char *hide_secrets(const struct redactor *redactor, const char *text)
{
        struct buffer result = {0};
        size_t size = strlen(text), hidden = 0;
        for (size_t at = 0; at < size; at++) {
                size_t length = secret_at(redactor, text, at, size);
                if (length > 0 && at >= hidden)
                        buffer_append_string(&result, HIDDEN);
                if (at + length > hidden)
                        hidden = length > 0 ? at + length : hidden;
                if (at >= hidden)
                        buffer_append(&result, text + at, 1);
        }
        return buffer_steal(&result);
}

/* What looks like something that is nobody's business */

static bool is_of_address(char c)
{
        return isalnum((unsigned char)c) || strchr("._%+-", c);
}

/* An e-mail address is what stands before its @ and behind it: so many bytes each; 0 when it is none. */

/* Not before the beginning of text. */
static size_t address_before(const char *text, const char *at)
{
        const char *c = at;
        while (c > text && c[-1] && is_of_address(c[-1]))
                c--;
        return (size_t)(at - c);
}

/* The @ is one of them. */
static size_t domain_behind(const char *at)
{
        size_t size = 1;
        while (at[size] && (isalnum((unsigned char)at[size]) || at[size] == '-' || at[size] == '.'))
                size++;
        while (size > 1 && (at[size - 1] == '.' || at[size - 1] == '-'))
                size--;
        return memchr(at, '.', size) ? size : 0;
}

static char *hide_addresses(const char *text)
{
        struct buffer result = {0};
        const char *rest = text;
        for (const char *at = text; (at = strchr(at, '@'));) {
                size_t before = address_before(rest, at), behind = domain_behind(at);
                if (before == 0 || behind == 0) {
                        at++;
                        continue;
                }
                buffer_append(&result, rest, (size_t)(at - rest) - before);
                buffer_append_string(&result, HIDDEN);
                at += behind;
                rest = at;
        }
        buffer_append_string(&result, rest);
        return buffer_steal(&result);
}

/* A URL's user and password, and its query, which may hold a token. */
static char *hide_in_urls(const char *text)
{
        struct buffer result = {0};
        for (const char *mark; (mark = strstr(text, "://"));) {
                const char *host = mark + 3, *end = host + strcspn(host, " \t\r\n\"'<>");
                const char *slash = host + strcspn(host, "/?# \t\r\n\"'<>");
                const char *at = memrchr(host, '@', (size_t)(slash - host));
                const char *query = memchr(host, '?', (size_t)(end - host));
                buffer_append(&result, text, (size_t)(host - text));
                if (at)
                        buffer_append_string(&result, HIDDEN);
                host = at ? at : host;
                buffer_append(&result, host, (size_t)((query ? query + 1 : end) - host));
                if (query)
                        buffer_append_string(&result, HIDDEN);
                text = end;
        }
        buffer_append_string(&result, text);
        return buffer_steal(&result);
}

/* What stands behind a mark, up to the one that closes it; without that to the line's end. */
static char *hide_behind(const char *text, const char *mark, const char *close)
{
        struct buffer result = {0};
        for (const char *found; (found = strstr(text, mark));) {
                const char *begin = found + strlen(mark), *line_end = begin + strcspn(begin, "\n");
                const char *end = memmem(begin, (size_t)(line_end - begin), close, strlen(close));
                buffer_append(&result, text, (size_t)(begin - text));
                buffer_append_string(&result, HIDDEN);
                text = end ? end : line_end;
        }
        buffer_append_string(&result, text);
        return buffer_steal(&result);
}

static char *hide_patterns(char *text)
{
        static const struct {
                const char *mark, *close;
        } quotes[] = {
                {"Duplicate entry '", "' for key"},
                {" value: '", "' "},
                {"with params [", "]:"},
        };
        _cleanup_free_ char *current = text;
        string_replace(&current, hide_in_urls(current));
        string_replace(&current, hide_addresses(current));
        for (size_t i = 0; i < ARRAY_SIZE(quotes); i++)
                string_replace(&current, hide_behind(current, quotes[i].mark, quotes[i].close));
        return steal(&current);
}

char *redactor_text(const struct redactor *redactor, const char *text)
{
        _cleanup_free_ char *current = hide_secrets(redactor, text);
        string_replace(&current, text_valid(current));
        return hide_patterns(steal(&current));
}

static json_t *redact(const struct redactor *redactor, const json_t *value, int depth);

static json_t *redact_text(const struct redactor *redactor, const char *text, int depth)
{
        json_auto_t *inner = *text == '{' || *text == '[' ? json_loads(text, 0, NULL) : NULL;
        if (inner)
                return redact(redactor, inner, depth + 1);
        _cleanup_free_ char *redacted = redactor_text(redactor, text);
        return json_string(redacted);
}

static json_t *redact(const struct redactor *redactor, const json_t *value, int depth)
{
        const char *name;
        json_t *member;
        size_t i;
        if (depth > DEPTH_MOST)
                return json_string(HIDDEN);
        if (json_is_string(value))
                return redact_text(redactor, json_string_value(value), depth);
        if (json_is_array(value)) {
                json_t *list = json_array();
                json_array_foreach(value, i, member)
                        json_array_append_new(list, redact(redactor, member, depth + 1));
                return list;
        }
        if (!json_is_object(value))
                return json_deep_copy(value);
        json_t *object = json_object();
        json_object_foreach((json_t *)(uintptr_t)value, name, member)
                json_object_set_new(object, name, redact(redactor, member, depth + 1));
        return object;
}

json_t *redactor_json(const struct redactor *redactor, const json_t *value)
{
        return redact(redactor, value, 0);
}
