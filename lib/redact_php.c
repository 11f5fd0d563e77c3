/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The secrets in PHP source (a local.php). Source: php.net, "Strings". What is left open ends with the file.
 *
 * Nothing is evaluated: each text that stands there is hidden, and what could bring in a value from elsewhere
 * is looked up in the environment or doubted.
 */
#include "lib/redact.h"

#include "lib/memory.h"
#include "lib/php_syntax.h"

#include <ctype.h>
#include <string.h>

#define SECRET_LEAST 4

struct scan {
        struct redactor *redactor;
        const char *const *but;
        bool secret_key; /* what comes next is the value of a key that says that it is one */
};

static bool is_word(char c)
{
        return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_one_of(const char *const *names, const char *text)
{
        for (; names && *names; names++)
                if (strcasecmp(*names, text) == 0)
                        return true;
        return false;
}

static bool is_named(const char *const *names, const char *text)
{
        for (; names && *names; names++)
                if (string_equal(*names, text))
                        return true;
        return false;
}

bool redactor_names_secret(const char *key)
{
        static const char *const parts[] = {"password", "secret", "key", "token", "salt"};
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                if (strcasestr(key, parts[i]))
                        return true;
        return false;
}

/* The environment */

/* A web server's variables of one request are no configuration. */
static bool is_of_request(const char *name)
{
        static const char *const begins[] = {"DOCUMENT_", "HTTP", "PATH_", "PHP_", "QUERY_STRING", "REMOTE_",
                "REQUEST_", "SCRIPT_", "SERVER_", "argc", "argv"};
        for (size_t i = 0; i < ARRAY_SIZE(begins); i++)
                if (strncmp(name, begins[i], strlen(begins[i])) == 0)
                        return true;
        return false;
}

static void hide_variable(struct scan *scan, const char *name)
{
        const char *value = getenv(name);
        if (value)
                redactor_hide(scan->redactor, value);
        else if (!is_of_request(name))
                redactor_doubt(scan->redactor,
                        "it takes a value from the environment variable %.64s, which is not set for this "
                        "program",
                        name);
}

/* Mautic's own way to write it is a text "getenv(NAME)", Symfony's "%env(NAME)%". */
static void hide_variables_in(struct scan *scan, const char *text)
{
        static const char *const marks[] = {"getenv(", "%env("};
        for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
                for (const char *c = text; (c = strstr(c, marks[i]));) {
                        c += strlen(marks[i]);
                        _cleanup_free_ char *name = memory_copy(c, strcspn(c, ")"));
                        const char *colon = strrchr(name, ':'); /* %env(resolve:NAME)% */
                        hide_variable(scan, colon ? colon + 1 : name);
                }
}

/* Texts */

static void hide_text(struct scan *scan, const char *text)
{
        hide_variables_in(scan, text);
        if (scan->secret_key || (strlen(text) >= SECRET_LEAST && !is_named(scan->but, text)))
                redactor_hide(scan->redactor, text);
}

/* Whether a '$' in it stands for a variable. */
static bool is_interpolated(const char *c)
{
        return *c == '$' && (is_word(c[1]) || c[1] == '{') && !isdigit((unsigned char)c[1]);
}

/* What the source between quotes stands for; owned by the caller. */
static char *decode(struct scan *scan, enum php_quotes quotes, const char *source, size_t size)
{
        struct buffer text = {0};
        bool varies = quotes == PHP_DOUBLE_QUOTES || quotes == PHP_HEREDOC;
        for (size_t i = 0; varies && i < size; i++) {
                if (is_interpolated(source + i))
                        redactor_doubt(scan->redactor, "a text in it has a variable in its middle");
                i += source[i] == '\\';
        }
        if (php_decode(quotes, source, size, &text) != 0 || (text.data && strlen(text.data) != text.size))
                redactor_doubt(scan->redactor, "a text in it is not understood");
        return buffer_steal(&text);
}

/* Reads the quoted text at c; *ret_end is behind it. Owned by the caller. */
static char *read_quoted(struct scan *scan, const char *c, const char **ret_end)
{
        char quote = *c++;
        size_t size = 0;
        while (c[size] && c[size] != quote)
                size += c[size] == '\\' && c[size + 1] ? 2 : 1;
        *ret_end = c + size + (c[size] == quote);
        return decode(scan, quote == '"' ? PHP_DOUBLE_QUOTES : PHP_SINGLE_QUOTES, c, size);
}

/* "<<<", blanks, a word in quotes or not, and the line's end: size of all of it, 0 when it is none. */
static size_t heredoc_opens(const char *c, char **ret_word, bool *ret_raw)
{
        if (strncmp(c, "<<<", 3) != 0)
                return 0;
        const char *word = c + 3 + strspn(c + 3, " \t");
        char quote = *word == '\'' || *word == '"' ? *word++ : '\0';
        size_t size = 0;
        while (is_word(word[size]))
                size++;
        const char *end = word + size + (quote != '\0');
        if (size == 0 || (quote && word[size] != quote) || (*end != '\n' && *end != '\r'))
                return 0;
        *ret_word = memory_copy(word, size);
        *ret_raw = quote == '\'';
        return (size_t)(end - c) + strspn(end, "\r") + (end[strspn(end, "\r")] == '\n');
}

static void hide_line(struct scan *scan, const char *line, size_t size, bool raw)
{
        size_t blanks = strspn(line, " \t");
        if (size < blanks + SECRET_LEAST)
                return;
        _cleanup_free_ char *text =
                decode(scan, raw ? PHP_NOWDOC : PHP_HEREDOC, line + blanks, size - blanks);
        hide_text(scan, text);
}

/* Each of its lines by itself, without what it is indented by, up to the one that begins with its word (who
 * parses the file refuses one that PHP before 7.3 would end elsewhere). Returns what is behind that. */
static const char *hide_heredoc(struct scan *scan, const char *body, const char *word, bool raw)
{
        size_t length = strlen(word);
        const char *line = body;
        while (*line) {
                const char *begin = line + strspn(line, " \t");
                if (strncmp(begin, word, length) == 0 && !is_word(begin[length]))
                        return begin + length;
                size_t size = strcspn(line, "\r\n");
                hide_line(scan, line, size, raw);
                line += size + strspn(line + size, "\r");
                line += *line == '\n';
        }
        return line;
}

/* What is around them */

static const char *skip_comment(const char *c)
{
        if (c[0] == '#' || (c[0] == '/' && c[1] == '/'))
                return c + strcspn(c, "\n");
        if (c[0] != '/' || c[1] != '*')
                return c;
        const char *end = strstr(c + 2, "*/");
        return end ? end + 2 : c + strlen(c);
}

static const char *skip_blanks(const char *c)
{
        return c + strspn(c, " \t\r\n");
}

static bool is_key(const char *behind)
{
        behind = skip_blanks(behind);
        return (behind[0] == '=' && behind[1] == '>') || behind[0] == ']';
}

static const char *take_quoted(struct scan *scan, const char *c)
{
        const char *behind;
        _cleanup_free_ char *text = read_quoted(scan, c, &behind);
        if (is_key(behind)) {
                hide_variables_in(scan, text);
                scan->secret_key = redactor_names_secret(text);
        } else {
                hide_text(scan, text);
        }
        return behind;
}

/* The name in ('NAME' or ['NAME' at c; what is computed can't be known. */
static const char *take_variable_name(struct scan *scan, const char *c, char open, const char *what)
{
        const char *name = skip_blanks(c);
        name = *name == open ? skip_blanks(name + 1) : "";
        if (*name != '\'' && *name != '"') {
                redactor_doubt(scan->redactor, "it takes a value from %s that can't be told", what);
                return c;
        }
        const char *behind;
        _cleanup_free_ char *text = read_quoted(scan, name, &behind);
        hide_variable(scan, text);
        return behind;
}

/* A word is a constant, a part of the language, or calls something: only what brings in nothing is known. */
static const char *take_word(struct scan *scan, const char *c)
{
        static const char *const harmless[] = {"and", "array", "array_merge", "define", "defined", "die",
                "dirname", "elseif", "empty", "exit", "if", "isset", "list", "or", "realpath", NULL};
        static const char *const reads[] = {
                "include", "include_once", "require", "require_once", "eval", "new", NULL};
        size_t size = 0;
        while (is_word(c[size]) || c[size] == '\\')
                size++;
        _cleanup_free_ char *word = memory_copy(c, size);
        const char *name = strrchr(word, '\\') ? strrchr(word, '\\') + 1 : word;
        if (strcasecmp(name, "getenv") == 0)
                return take_variable_name(scan, c + size, '(', "a getenv()");
        bool calls = *skip_blanks(c + size) == '(';
        if (is_one_of(reads, name) || (calls && !is_one_of(harmless, name)))
                redactor_doubt(scan->redactor, "it takes a value from %.64s", word);
        return c + size;
}

static const char *take_dollar(struct scan *scan, const char *c)
{
        static const char *const of_environment[] = {"$_ENV", "$_SERVER", NULL};
        size_t size = 1;
        while (is_word(c[size]))
                size++;
        _cleanup_free_ char *name = memory_copy(c, size);
        return is_named(of_environment, name) ? take_variable_name(scan, c + size, '[', name) : c + size;
}

static const char *take_next(struct scan *scan, const char *c)
{
        _cleanup_free_ char *word = NULL;
        const char *behind = skip_comment(c);
        bool raw = false;
        size_t size;
        if (behind > c)
                return behind;
        if (*c == '\'' || *c == '"')
                return take_quoted(scan, c);
        if ((size = heredoc_opens(c, &word, &raw)) > 0)
                return hide_heredoc(scan, c + size, word, raw);
        if (*c == '$')
                return take_dollar(scan, c);
        if (isdigit((unsigned char)*c)) {
                while (is_word(*c))
                        c++;
                return c;
        }
        if (is_word(*c) || *c == '\\')
                return take_word(scan, c);
        if (*c == '`')
                redactor_doubt(scan->redactor, "it takes a value from a program");
        return c + 1;
}

void redactor_hide_php(struct redactor *redactor, const char *source, const char *const *but)
{
        struct scan scan = {.redactor = redactor, .but = but};
        const char *c = strncmp(source, "<?php", 5) == 0 ? source + 5 : source;
        while (*c)
                c = take_next(&scan, c);
}
