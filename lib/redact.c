/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/redact.h"

#include "lib/files.h"
#include "lib/text.h"

#include <ctype.h>
#include <string.h>

#define SECRET_LEAST 4
#define HIDDEN "***"
#define TRACE_LIMIT 15 /* zend.exception_string_param_max_len; fixed before PHP 8.0 */
#define DEPTH_MOST 64

struct redactor {
        struct string_list secrets; /* longest first, so that none is hidden by a part of it */
};

struct redactor *redactor_new(void)
{
        return memory_new(sizeof(struct redactor));
}

void redactor_free(struct redactor *redactor)
{
        if (!redactor)
                return;
        string_list_deinit(&redactor->secrets);
        free(redactor);
}

/* Takes form over. */
static void add_form(struct redactor *redactor, char *form)
{
        struct string_list *list = &redactor->secrets;
        if (!string_list_has(list, form)) {
                string_list_add(list, form);
                for (size_t i = list->count - 1; i > 0 && strlen(list->items[i]) > strlen(list->items[i - 1]);
                        i--) {
                        char *shorter = list->items[i - 1];
                        list->items[i - 1] = list->items[i];
                        list->items[i] = shorter;
                }
        }
        free(form);
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

void redactor_hide(struct redactor *redactor, const char *secret)
{
        if (!secret || strlen(secret) < SECRET_LEAST)
                return;
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

/* Texts in PHP source. Source: php.net, "Strings". What is left open ends with the file. */

static const char *skip_comment(const char *c)
{
        if (c[0] == '#' || (c[0] == '/' && c[1] == '/'))
                return c + strcspn(c, "\n");
        if (c[0] != '/' || c[1] != '*')
                return c;
        const char *end = strstr(c + 2, "*/");
        return end ? end + 2 : c + strlen(c);
}

/* Reads the quoted text at c; *ret_end is behind it. Owned by the caller. */
static char *read_quoted(const char *c, const char **ret_end)
{
        static const char escapes[] = "nrtvef", meant[] = "\n\r\t\v\033\f";
        struct buffer text = {0};
        char quote = *c++;
        const char *plain = quote == '"' ? "\\$" : "\\";
        for (; *c && *c != quote; c++) {
                const char *escape = quote == '"' && c[0] == '\\' && c[1] ? strchr(escapes, c[1]) : NULL;
                bool escaped = c[0] == '\\' && c[1] && (c[1] == quote || strchr(plain, c[1]));
                c += escape || escaped;
                buffer_append(&text, escape ? &meant[escape - escapes] : c, 1);
        }
        *ret_end = *c ? c + 1 : c;
        return buffer_steal(&text);
}

static bool is_key(const char *behind)
{
        behind += strspn(behind, " \t\r\n");
        return (behind[0] == '=' && behind[1] == '>') || behind[0] == ']';
}

static bool is_named(const char *const *names, const char *text)
{
        for (; names && *names; names++)
                if (string_equal(*names, text))
                        return true;
        return false;
}

#define GETENV "getenv("

/* The values of the variables that a text reads: PHP's getenv('NAME') has come apart before, Mautic's own way
 * to write it is a text "getenv(NAME)". */
static void hide_environment(struct redactor *redactor, const char *text)
{
        for (const char *c = text; (c = strstr(c, GETENV));) {
                c += strlen(GETENV);
                _cleanup_free_ char *name = memory_copy(c, strcspn(c, ")"));
                redactor_hide(redactor, getenv(name));
        }
}

void redactor_hide_php(struct redactor *redactor, const char *source, const char *const *but)
{
        for (const char *c = source; *c;) {
                const char *behind = skip_comment(c);
                if (behind > c) {
                        c = behind;
                        continue;
                }
                if (*c != '\'' && *c != '"') {
                        c++;
                        continue;
                }
                _cleanup_free_ char *text = read_quoted(c, &behind);
                bool of_environment = (size_t)(c - source) >= strlen(GETENV) &&
                                      strncmp(c - strlen(GETENV), GETENV, strlen(GETENV)) == 0;
                hide_environment(redactor, text);
                if (of_environment)
                        redactor_hide(redactor, getenv(text));
                else if (!is_key(behind) && !is_named(but, text))
                        redactor_hide(redactor, text);
                c = behind;
        }
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
                const char *end = strstr(begin, close);
                buffer_append(&result, text, (size_t)(begin - text));
                buffer_append_string(&result, HIDDEN);
                text = end && end < line_end ? end : line_end;
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
        _cleanup_free_ char *current = string_copy(text);
        for (size_t i = 0; i < redactor->secrets.count; i++)
                if (strstr(current, redactor->secrets.items[i]))
                        string_replace(&current, text_replace(current, redactor->secrets.items[i], HIDDEN));
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
