/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/grants.h"

#include "lib/memory.h"

#include <string.h>
#include <strings.h>

/* Moves behind a quoted name (`a``b`, "a", 'a'), a parenthesis with what is in it, or one letter. */
static const char *skip_token(const char *text)
{
        if (*text == '`' || *text == '"' || *text == '\'') {
                char quote = *text++;
                while (*text && !(*text == quote && text[1] != quote))
                        text += *text == quote ? 2 : 1;
                return *text ? text + 1 : text;
        }
        if (*text == '(') {
                for (text++; *text && *text != ')';)
                        text = skip_token(text);
                return *text ? text + 1 : text;
        }
        return *text ? text + 1 : text;
}

/* The next place of word, outside of names and parentheses; NULL: there is none. */
static const char *find_word(const char *text, const char *word)
{
        size_t size = strlen(word);
        while (*text && strncasecmp(text, word, size) != 0)
                text = skip_token(text);
        return *text ? text : NULL;
}

/* Whether one of the comma-separated privileges up to end is that one, or all. With columns behind it, it is
 * none of the whole table. */
static bool list_has(const char *list, const char *end, const char *privilege)
{
        while (list < end) {
                list += strspn(list, " ");
                const char *item = list;
                while (list < end && *list != ',')
                        list = skip_token(list);
                size_t size = (size_t)(list - item);
                while (size > 0 && item[size - 1] == ' ')
                        size--;
                static const char *const all[] = {"ALL", "ALL PRIVILEGES"};
                for (size_t i = 0; i < ARRAY_SIZE(all); i++)
                        if (size == strlen(all[i]) && strncasecmp(item, all[i], size) == 0)
                                return true;
                if (size == strlen(privilege) && strncasecmp(item, privilege, size) == 0)
                        return true;
                if (list < end)
                        list++;
        }
        return false;
}

/* LIKE, with '\' before a '%' or '_' that means itself. Only the last '%' is ever tried again, so a pattern
 * of many costs no more than both lengths multiplied. */
static bool matches(const char *pattern, const char *name)
{
        const char *behind_percent = NULL, *tried = NULL;
        for (;;) {
                bool literal = *pattern == '\\' && pattern[1];
                if (*pattern == '%') {
                        behind_percent = ++pattern;
                        tried = name;
                } else if (*name && ((*pattern == '_') || pattern[literal] == *name)) {
                        pattern += 1 + literal;
                        name++;
                } else if (!*name && !*pattern) {
                        return true;
                } else if (behind_percent && *tried) {
                        pattern = behind_percent;
                        name = ++tried;
                } else {
                        return false;
                }
        }
}

/* `db`.* or *.*: whether that is about the database. Anything else (a table, a routine) is not. */
static bool object_covers(const char *object, const char *database)
{
        if (string_begins(object, "*.*"))
                return true;
        if (!database)
                return false;
        if (*object != '`' && *object != '"')
                return false;
        const char *end = skip_token(object);
        if (!string_begins(end, ".*") || end - object < 2)
                return false;
        char quote = *object;
        _cleanup_free_ char *name = memory_copy(object + 1, (size_t)(end - object) - 2);
        char *out = name;
        for (const char *in = name; *in; in++) {
                *out++ = *in;
                if (*in == quote && in[1] == quote)
                        in++;
        }
        *out = '\0';
        return matches(name, database);
}

static bool line_has(const char *line, const char *verb, const char *database, const char *privilege)
{
        size_t size = strlen(verb);
        if (strncasecmp(line, verb, size) != 0 || line[size] != ' ')
                return false;
        const char *on = find_word(line + size, " ON ");
        return on && list_has(line + size, on, privilege) && object_covers(on + strlen(" ON "), database);
}

bool grants_have(const struct grants *grants, const char *database, const char *privilege)
{
        bool granted = false, revoked = false;
        for (size_t i = 0; i < grants->count; i++) {
                granted = granted || line_has(grants->lines[i], "GRANT", database, privilege);
                revoked = revoked || line_has(grants->lines[i], "REVOKE", database, privilege);
        }
        return granted && !revoked;
}

bool grants_have_globally(const struct grants *grants, const char *privilege)
{
        return grants_have(grants, NULL, privilege);
}

bool grants_have_role(const struct grants *grants)
{
        for (size_t i = 0; i < grants->count; i++)
                if (strncasecmp(grants->lines[i], "GRANT ", 6) == 0 && !find_word(grants->lines[i], " ON "))
                        return true;
        return false;
}
