/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The words of MySQL's and MariaDB's SQL. Bytes in, tokens out; nothing is copied: a token points into the
 * text. Sources: MariaDB manual, "Comment Syntax", "Identifier Names", "String Literals"; MySQL 8.0 manual 9.
 */

#include "lib/database.h"
#include "lib/memory.h"

#include <stdbool.h>
#include <stddef.h>

enum sql_token_type {
        SQL_WORD, /* a keyword or a bare name */
        SQL_NAME, /* a name in backticks: never a keyword */
        SQL_STRING, /* '…' or "…" */
        SQL_NUMBER, /* 12, 1.5, 1e3 */
        SQL_BINARY, /* 0x1f, x'1f', b'01', 0b01 */
        SQL_VARIABLE, /* @name, @@name, @'name' */
        SQL_MARK, /* one other byte */
        SQL_BROKEN, /* quotes or a comment without an end; the last token */
};

struct sql_token {
        enum sql_token_type type;
        const char *start; /* with its quotes */
        size_t size;
};

/* What a server of this kind makes of executable comments (slash, star, !version). */
struct sql_lexer {
        const char *text, *next, *end;
        const struct database_server *server;
        bool in_comment; /* inside of an executable one */
        const char *comment; /* where the last executable one began */
        bool after_dot; /* what comes is a name, also one that begins with a digit */
};
/* server: NULL is MariaDB 10.11. */
void sql_lexer_init(
        struct sql_lexer *lexer, const char *text, size_t size, const struct database_server *server);
/* False at the end of the text. */
bool sql_lexer_next(struct sql_lexer *lexer, struct sql_token *ret);
/* Behind the end of the executable comment in which the last token stood, when it is the comment's last; else
 * NULL. */
const char *sql_lexer_comment_end(const struct sql_lexer *lexer);

struct sql_tokens {
        struct sql_token *items;
        size_t count;
};
void sql_tokens_deinit(struct sql_tokens *tokens);
#define _cleanup_sql_tokens_ _cleanup_(sql_tokens_deinit)
/* Adds all tokens; false when there are more than SQL_TOKEN_LIMIT. */
#define SQL_TOKEN_LIMIT 200000
bool sql_tokens_read(
        struct sql_tokens *tokens, const char *text, size_t size, const struct database_server *server);

/* A piece of the tokens: a statement or one of its clauses. */
struct sql_cursor {
        const struct sql_token *next, *end;
};
bool sql_token_is(const struct sql_token *token, const char *word);
bool sql_at_end(const struct sql_cursor *cursor);
bool sql_at_word(const struct sql_cursor *cursor, const char *word);
bool sql_at_mark(const struct sql_cursor *cursor, char mark);
bool sql_take_word(struct sql_cursor *cursor, const char *word);
/* All of the words, which stand apart by one space, or none of them. */
bool sql_take_words(struct sql_cursor *cursor, const char *words);
bool sql_take_mark(struct sql_cursor *cursor, char mark);
/* A word that is no name without backticks. */
bool sql_is_reserved(const struct sql_token *token);
/* A name (bare or in backticks) without its quotes, owned by the caller; NULL: there is none. */
char *sql_take_name(struct sql_cursor *cursor);
/* A whole number; false: there is none. */
bool sql_take_number(struct sql_cursor *cursor, uint64_t *ret);
/* '…' "…" with what stands behind it as one literal; escapes are resolved. NULL: there is none, or one with a
 * NUL byte. */
char *sql_take_string(struct sql_cursor *cursor);
/* At '(': the content as a cursor; the other one goes behind the ')'. False when it has no end. */
bool sql_take_parentheses(struct sql_cursor *cursor, struct sql_cursor *ret);
/* Takes what stands in front of the next comma outside of parentheses, and the comma. False at the end. */
bool sql_take_item(struct sql_cursor *cursor, struct sql_cursor *ret);

/* A token's text without quotes, owned by the caller. *ret_size may be NULL. */
char *sql_token_text(const struct sql_token *token, size_t *ret_size);
/* 'text', as SHOW CREATE TABLE quotes it. */
void sql_append_quoted(struct buffer *buffer, const char *text);
