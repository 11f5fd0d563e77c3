/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * PHP source as a syntax tree (tree-sitter-php, grammar php_only). No I/O here: bytes in, tree or error out.
 */

#include "lib/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <tree_sitter/api.h>

#define PHP_SOURCE_LIMIT ((size_t)4 * 1024 * 1024) /* larger sources are refused */
#define PHP_TOKEN_LIMIT 60000 /* words and marks of a source; more are refused */

struct php_tree;

/* source is borrowed until php_tree_free. A syntax error: -1, REASON_INVALID_ARGUMENT, message
 * "line 12, column 7: unexpected word" (columns in bytes, both from 1). The message never quotes more than
 * one punctuation mark of the source, which may hold passwords. What PHP versions understand differently (a
 * line comment with "?>" in it, a heredoc line that begins with its closing word) counts as an error. */
int php_parse(const char *source, size_t size, struct php_tree **ret, struct error *err) _must_check;
void php_tree_free(struct php_tree *tree);
DEFINE_CLEANUP(struct php_tree *, php_tree_free);

TSNode php_tree_root(const struct php_tree *tree);
const char *php_tree_source(const struct php_tree *tree);

bool php_node_is(TSNode node, const char *type);
/* The child of that field name; a null node (ts_node_is_null) when there is none. */
TSNode php_node_field(TSNode node, const char *field);
/* Copy of the node's source text, owned by the caller. */
char *php_node_text(const struct php_tree *tree, TSNode node);
unsigned php_node_line(TSNode node); /* from 1 */
unsigned php_node_column(TSNode node); /* from 1, in bytes */

/* All children in their order, tokens and comments too; and the named ones without comments. Linear, where
 * asking for child after child is not. */
struct php_nodes {
        TSNode *items;
        size_t count;
};
void php_children(TSNode node, struct php_nodes *ret);
void php_named_children(TSNode node, struct php_nodes *ret);
void php_nodes_deinit(struct php_nodes *nodes);
#define _cleanup_php_nodes_ _cleanup_(php_nodes_deinit)

/* Moves on to the next node in source order, parents before children; false behind the last. Trees can be as
 * deep as the source is long: walk them with this, never by recursion. */
bool php_cursor_next(TSTreeCursor *cursor);

/* The value of a constant expression: string literals (single, double without interpolation, heredoc and
 * nowdoc without interpolation), concatenations of them, integers, floats, true, false, null
 * (case-insensitive), parentheses, unary minus. 1 when it is something else. */
enum php_kind { PHP_NULL, PHP_FALSE, PHP_TRUE, PHP_INTEGER, PHP_FLOAT, PHP_STRING };
struct php_constant {
        enum php_kind kind;
        char *text; /* string: its bytes; integer, float: as PHP would print it; else NULL */
        size_t size;
};
void php_constant_deinit(struct php_constant *value);
int php_constant(const struct php_tree *tree, TSNode node, struct php_constant *ret, struct error *err)
        _must_check;
/* The same, with operands whose value the caller knows: source text ("__DIR__", "$root") and its string. */
struct php_known {
        const char *source;
        const char *value;
};
int php_constant_with(const struct php_tree *tree, TSNode node, const struct php_known *known,
        size_t known_count, struct php_constant *ret, struct error *err) _must_check;

/* Appends what the text between quotes stands for: escapes are decoded by the rules of its kind. 1 when PHP
 * would refuse it. */
enum php_quotes { PHP_SINGLE_QUOTES, PHP_DOUBLE_QUOTES, PHP_HEREDOC, PHP_NOWDOC };
struct buffer;
int php_decode(enum php_quotes quotes, const char *text, size_t size, struct buffer *out);
