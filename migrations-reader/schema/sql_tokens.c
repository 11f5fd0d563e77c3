/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/schema/sql_tokens.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const struct database_server assumed_server = {.mariadb = true, .major = 10, .minor = 11};

void sql_lexer_init(
        struct sql_lexer *lexer, const char *text, size_t size, const struct database_server *server)
{
        *lexer = (struct sql_lexer){
                .text = text, .next = text, .end = text + size, .server = server ?: &assumed_server};
}

/* '\1' is key_changes.h's mark of a part that is not known; no server takes it outside of quotes. */
static bool is_word_byte(char c)
{
        return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '\1' || (unsigned char)c >= 0x80;
}

static bool starts_with(const char *c, const char *end, const char *text)
{
        size_t size = strlen(text);
        return (size_t)(end - c) >= size && memcmp(c, text, size) == 0;
}

static const char *behind_line(const char *c, const char *end)
{
        const char *line_end = memchr(c, '\n', (size_t)(end - c));
        return line_end ? line_end + 1 : end;
}

/* MariaDB leaves out what only MySQL 5.7 and later are to run. */
static bool is_run(const struct database_server *server, bool for_mariadb, unsigned version)
{
        unsigned own = server->major * 10000 + server->minor * 100 + server->patch;
        if (for_mariadb && !server->mariadb)
                return false;
        if (server->mariadb && !for_mariadb && version >= 50700 && version <= 99999)
                return false;
        return version <= own;
}

/* At the beginning of an executable comment: its content becomes text, or all of it is passed over. */
static bool enter_executable(struct sql_lexer *lexer)
{
        const char *c = lexer->next + 2;
        bool for_mariadb = c < lexer->end && *c == 'M';
        c += for_mariadb;
        if (c >= lexer->end || *c != '!')
                return false;
        c++;
        unsigned version = 0, digits = 0;
        for (; digits < 6 && c < lexer->end && isdigit((unsigned char)*c); c++, digits++)
                version = version * 10 + (unsigned)(*c - '0');
        if (digits > 0 && digits < 5) /* no version: the digits are text */
                c -= digits, version = 0;
        if (!is_run(lexer->server, for_mariadb, version))
                return false;
        lexer->comment = lexer->next;
        lexer->next = c;
        lexer->in_comment = true;
        return true;
}

/* Whether something was passed over; a comment without an end stays. */
static bool skip_comment(struct sql_lexer *lexer)
{
        const char *c = lexer->next, *end = lexer->end;
        if (*c == '#' || (starts_with(c, end, "--") && (end - c == 2 || isspace((unsigned char)c[2])))) {
                lexer->next = behind_line(c, end);
                return true;
        }
        if (lexer->in_comment && starts_with(c, end, "*/")) {
                lexer->in_comment = false;
                lexer->next = c + 2;
                return true;
        }
        if (!starts_with(c, end, "/*"))
                return false;
        if (!lexer->in_comment && enter_executable(lexer))
                return true;
        const char *close = memmem(c + 2, (size_t)(end - c - 2), "*/", 2);
        if (!close)
                return false;
        lexer->next = close + 2;
        return true;
}

/* Behind the closing quote; NULL: there is none. A backslash escapes, but not in backticks. */
static const char *behind_quotes(const char *c, const char *end)
{
        char quote = *c++;
        for (; c < end; c++) {
                if (*c == '\\' && quote != '`')
                        c++;
                else if (*c == quote && c + 1 < end && c[1] == quote)
                        c++;
                else if (*c == quote)
                        return c + 1;
        }
        return NULL;
}

static bool give(struct sql_lexer *lexer, enum sql_token_type type, const char *behind, struct sql_token *ret)
{
        if (!behind) {
                type = SQL_BROKEN;
                behind = lexer->end;
        }
        *ret = (struct sql_token){.type = type, .start = lexer->next, .size = (size_t)(behind - lexer->next)};
        lexer->next = behind;
        lexer->after_dot = type == SQL_MARK && *ret->start == '.';
        return true;
}

static const char *behind_word(const char *c, const char *end)
{
        while (c < end && is_word_byte(*c))
                c++;
        return c;
}

static const char *behind_digits(const char *c, const char *end)
{
        while (c < end && isdigit((unsigned char)*c))
                c++;
        return c;
}

static bool is_binary_word(const char *c, const char *end)
{
        if (end - c < 3 || *c != '0' || (c[1] != 'x' && c[1] != 'b'))
                return false;
        for (const char *digit = c + 2; digit < end; digit++)
                if (c[1] == 'x' ? !isxdigit((unsigned char)*digit) : (*digit != '0' && *digit != '1'))
                        return false;
        return true;
}

/* 1e5, 1E-5 */
static const char *behind_exponent(const char *c, const char *end)
{
        if (c == end || (*c != 'e' && *c != 'E'))
                return c;
        const char *digits = c + 1;
        if (digits < end && (*digits == '+' || *digits == '-'))
                digits++;
        const char *behind = behind_digits(digits, end);
        return behind == digits || (behind < end && is_word_byte(*behind)) ? c : behind;
}

/* Behind the number at c, or NULL when a name begins there (names may begin with digits). */
static const char *behind_number(const char *c, const char *end)
{
        const char *behind = behind_digits(c, end);
        if (behind < end && *behind == '.' && (behind > c || behind + 1 < end))
                behind = behind_digits(behind + 1, end);
        const char *exponent = behind_exponent(behind, end);
        if (exponent > behind)
                return exponent;
        bool has_point = memchr(c, '.', (size_t)(behind - c)) != NULL;
        return behind < end && is_word_byte(*behind) && !has_point ? NULL : behind;
}

static bool next_variable(struct sql_lexer *lexer, struct sql_token *ret)
{
        const char *c = lexer->next + 1;
        if (c < lexer->end && *c == '@')
                c++;
        if (c < lexer->end && (*c == '\'' || *c == '"' || *c == '`'))
                return give(lexer, SQL_VARIABLE, behind_quotes(c, lexer->end), ret);
        while (c < lexer->end && (is_word_byte(*c) || *c == '.'))
                c++;
        return give(lexer, SQL_VARIABLE, c, ret);
}

static bool next_word(struct sql_lexer *lexer, struct sql_token *ret)
{
        const char *c = lexer->next, *end = lexer->end;
        if (!lexer->after_dot && end - c > 2 && strchr("xXbB", *c) && c[1] == '\'')
                return give(lexer, SQL_BINARY, behind_quotes(c + 1, end), ret);
        const char *word_end = behind_word(c, end);
        if (!lexer->after_dot && isdigit((unsigned char)*c)) {
                if (is_binary_word(c, word_end))
                        return give(lexer, SQL_BINARY, word_end, ret);
                const char *behind = behind_number(c, end);
                if (behind)
                        return give(lexer, SQL_NUMBER, behind, ret);
        }
        return give(lexer, SQL_WORD, word_end, ret);
}

static void skip_blanks(struct sql_lexer *lexer)
{
        while (lexer->next < lexer->end) {
                if (isspace((unsigned char)*lexer->next))
                        lexer->next++;
                else if (!skip_comment(lexer))
                        return;
        }
}

bool sql_lexer_next(struct sql_lexer *lexer, struct sql_token *ret)
{
        skip_blanks(lexer);
        const char *c = lexer->next, *end = lexer->end;
        if (c >= end)
                return false;
        if (*c == '`' || *c == '\'' || *c == '"')
                return give(lexer, *c == '`' ? SQL_NAME : SQL_STRING, behind_quotes(c, end), ret);
        if (starts_with(c, end, "/*"))
                return give(lexer, SQL_BROKEN, NULL, ret);
        if (*c == '@')
                return next_variable(lexer, ret);
        if (is_word_byte(*c))
                return next_word(lexer, ret);
        if (*c == '.' && !lexer->after_dot && end - c > 1 && isdigit((unsigned char)c[1]) &&
                (c == lexer->text || !(is_word_byte(c[-1]) || c[-1] == '`')))
                return give(lexer, SQL_NUMBER, behind_number(c, end), ret);
        return give(lexer, SQL_MARK, c + 1, ret);
}

const char *sql_lexer_comment_end(const struct sql_lexer *lexer)
{
        const char *c = lexer->next;
        if (!lexer->in_comment)
                return NULL;
        while (c < lexer->end && isspace((unsigned char)*c))
                c++;
        return starts_with(c, lexer->end, "*/") ? c + 2 : NULL;
}

void sql_tokens_deinit(struct sql_tokens *tokens)
{
        free(tokens->items);
        *tokens = (struct sql_tokens){0};
}

bool sql_tokens_read(
        struct sql_tokens *tokens, const char *text, size_t size, const struct database_server *server)
{
        struct sql_lexer lexer;
        struct sql_token token;
        sql_lexer_init(&lexer, text, size, server);
        while (sql_lexer_next(&lexer, &token)) {
                if (tokens->count == SQL_TOKEN_LIMIT)
                        return false;
                tokens->items = memory_grow(tokens->items, tokens->count, sizeof *tokens->items);
                tokens->items[tokens->count++] = token;
        }
        return true;
}

bool sql_token_is(const struct sql_token *token, const char *word)
{
        return token->type == SQL_WORD && token->size == strlen(word) &&
               strncasecmp(token->start, word, token->size) == 0;
}

bool sql_at_end(const struct sql_cursor *cursor)
{
        return cursor->next == cursor->end;
}

bool sql_at_word(const struct sql_cursor *cursor, const char *word)
{
        return !sql_at_end(cursor) && sql_token_is(cursor->next, word);
}

bool sql_at_mark(const struct sql_cursor *cursor, char mark)
{
        return !sql_at_end(cursor) && cursor->next->type == SQL_MARK && *cursor->next->start == mark;
}

bool sql_take_word(struct sql_cursor *cursor, const char *word)
{
        bool there = sql_at_word(cursor, word);
        cursor->next += there;
        return there;
}

bool sql_take_words(struct sql_cursor *cursor, const char *words)
{
        struct sql_cursor ahead = *cursor;
        while (*words) {
                size_t size = strcspn(words, " ");
                if (sql_at_end(&ahead) || ahead.next->type != SQL_WORD || ahead.next->size != size ||
                        strncasecmp(ahead.next->start, words, size) != 0)
                        return false;
                ahead.next++;
                words += size + (words[size] == ' ');
        }
        *cursor = ahead;
        return true;
}

bool sql_take_mark(struct sql_cursor *cursor, char mark)
{
        bool there = sql_at_mark(cursor, mark);
        cursor->next += there;
        return there;
}

/* What a backslash and this letter stand for; '\0' stays a NUL byte. */
static size_t append_escaped(struct buffer *buffer, char letter)
{
        static const char letters[] = "0btnrZ", bytes[] = "\0\b\t\n\r\032";
        const char *found = letter ? strchr(letters, letter) : NULL;
        if (letter == '%' || letter == '_') { /* kept for LIKE */
                buffer_append(buffer, "\\", 1);
                buffer_append(buffer, &letter, 1);
        } else
                buffer_append(buffer, found ? &bytes[found - letters] : &letter, 1);
        return 1;
}

char *sql_token_text(const struct sql_token *token, size_t *ret_size)
{
        _cleanup_buffer_ struct buffer text = {0};
        const char *c = token->start, *end = token->start + token->size;
        bool quoted = token->type == SQL_STRING || token->type == SQL_NAME;
        if (!quoted)
                buffer_append(&text, c, token->size);
        for (c += quoted; quoted && c < end - 1; c++) {
                if (*c == '\\' && token->type == SQL_STRING && c + 1 < end - 1) {
                        c += append_escaped(&text, c[1]);
                        continue;
                }
                buffer_append(&text, c, 1);
                c += *c == *token->start; /* a doubled quote */
        }
        if (ret_size)
                *ret_size = text.size;
        return buffer_steal(&text);
}

char *sql_take_name(struct sql_cursor *cursor)
{
        if (sql_at_end(cursor) || (cursor->next->type != SQL_WORD && cursor->next->type != SQL_NAME))
                return NULL;
        size_t size = 0;
        _cleanup_free_ char *name = sql_token_text(cursor->next, &size);
        if (size == 0 || strlen(name) != size || sql_is_reserved(cursor->next))
                return NULL;
        cursor->next++;
        return steal(&name);
}

bool sql_take_number(struct sql_cursor *cursor, uint64_t *ret)
{
        if (sql_at_end(cursor) || cursor->next->type != SQL_NUMBER || cursor->next->size > 19)
                return false;
        uint64_t number = 0;
        for (size_t i = 0; i < cursor->next->size; i++) {
                if (!isdigit((unsigned char)cursor->next->start[i]))
                        return false;
                number = number * 10 + (uint64_t)(cursor->next->start[i] - '0');
        }
        *ret = number;
        cursor->next++;
        return true;
}

char *sql_take_string(struct sql_cursor *cursor)
{
        if (sql_at_end(cursor) || cursor->next->type != SQL_STRING)
                return NULL;
        _cleanup_buffer_ struct buffer whole = {0};
        struct sql_cursor ahead = *cursor;
        for (; !sql_at_end(&ahead) && ahead.next->type == SQL_STRING; ahead.next++) {
                size_t size = 0;
                _cleanup_free_ char *text = sql_token_text(ahead.next, &size);
                buffer_append(&whole, text, size);
        }
        if (whole.data && strlen(whole.data) != whole.size)
                return NULL;
        *cursor = ahead;
        return buffer_steal(&whole);
}

/* The place of what ends at `depth` parentheses: a ')' or, with commas, a ','. */
static const struct sql_token *find_end(struct sql_cursor cursor, bool commas)
{
        size_t depth = 0;
        for (; !sql_at_end(&cursor); cursor.next++) {
                if (sql_at_mark(&cursor, '('))
                        depth++;
                else if (sql_at_mark(&cursor, ')') && depth-- == 0)
                        return cursor.next;
                else if (commas && depth == 0 && sql_at_mark(&cursor, ','))
                        return cursor.next;
        }
        return cursor.end;
}

bool sql_take_parentheses(struct sql_cursor *cursor, struct sql_cursor *ret)
{
        if (!sql_at_mark(cursor, '('))
                return false;
        struct sql_cursor inside = {.next = cursor->next + 1, .end = cursor->end};
        const struct sql_token *end = find_end(inside, false);
        if (end == cursor->end)
                return false;
        *ret = (struct sql_cursor){.next = inside.next, .end = end};
        cursor->next = end + 1;
        return true;
}

bool sql_take_item(struct sql_cursor *cursor, struct sql_cursor *ret)
{
        if (sql_at_end(cursor))
                return false;
        const struct sql_token *end = find_end(*cursor, true);
        *ret = (struct sql_cursor){.next = cursor->next, .end = end};
        cursor->next = end < cursor->end ? end + 1 : end;
        return true;
}

void sql_append_quoted(struct buffer *buffer, const char *text)
{
        buffer_append(buffer, "'", 1);
        for (; *text; text++) {
                if (*text == '\n')
                        buffer_append(buffer, "\\n", 2);
                else if (*text == '\r')
                        buffer_append(buffer, "\\r", 2);
                else if (*text == '\032')
                        buffer_append(buffer, "\\Z", 2);
                else if (*text == '\\')
                        buffer_append(buffer, "\\\\", 2);
                else if (*text == '\'')
                        buffer_append(buffer, "''", 2);
                else
                        buffer_append(buffer, text, 1);
        }
        buffer_append(buffer, "'", 1);
}
