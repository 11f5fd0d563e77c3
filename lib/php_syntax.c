/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/php_syntax.h"

#include "lib/memory.h"

#include <ctype.h>
#include <string.h>

const TSLanguage *tree_sitter_php_only(void);

/* Error recovery on hostile input can take very long. */
#define PARSE_LIMIT_MICROSECONDS ((uint64_t)20 * 1000 * 1000)

struct php_tree {
        TSTree *tree;
        const char *source;
        size_t size;
};

DEFINE_CLEANUP(TSParser *, ts_parser_delete);

static void cursor_deinit(TSTreeCursor *cursor)
{
        ts_tree_cursor_delete(cursor);
}

bool php_cursor_next(TSTreeCursor *cursor)
{
        if (ts_tree_cursor_goto_first_child(cursor))
                return true;
        while (!ts_tree_cursor_goto_next_sibling(cursor))
                if (!ts_tree_cursor_goto_parent(cursor))
                        return false;
        return true;
}

bool php_node_is(TSNode node, const char *type)
{
        return !ts_node_is_null(node) && strcmp(ts_node_type(node), type) == 0;
}

TSNode php_node_field(TSNode node, const char *field)
{
        return ts_node_child_by_field_name(node, field, (uint32_t)strlen(field));
}

char *php_node_text(const struct php_tree *tree, TSNode node)
{
        uint32_t start = ts_node_start_byte(node);
        return memory_copy(tree->source + start, ts_node_end_byte(node) - start);
}

unsigned php_node_line(TSNode node)
{
        return ts_node_start_point(node).row + 1;
}

unsigned php_node_column(TSNode node)
{
        return ts_node_start_point(node).column + 1;
}

TSNode php_tree_root(const struct php_tree *tree)
{
        return ts_tree_root_node(tree->tree);
}

const char *php_tree_source(const struct php_tree *tree)
{
        return tree->source;
}

void php_nodes_deinit(struct php_nodes *nodes)
{
        free(nodes->items);
        *nodes = (struct php_nodes){0};
}

void php_children(TSNode node, struct php_nodes *ret)
{
        *ret = (struct php_nodes){.items = memory_new_array(ts_node_child_count(node), sizeof(TSNode))};
        _cleanup_(cursor_deinit) TSTreeCursor cursor = ts_tree_cursor_new(node);
        if (!ts_tree_cursor_goto_first_child(&cursor))
                return;
        do
                ret->items[ret->count++] = ts_tree_cursor_current_node(&cursor);
        while (ts_tree_cursor_goto_next_sibling(&cursor));
}

void php_named_children(TSNode node, struct php_nodes *ret)
{
        php_children(node, ret);
        size_t kept = 0;
        for (size_t i = 0; i < ret->count; i++)
                if (ts_node_is_named(ret->items[i]) && !php_node_is(ret->items[i], "comment"))
                        ret->items[kept++] = ret->items[i];
        ret->count = kept;
}

/* Parsing */

/* What stands there, in words that can't give away a password next to the error. */
static void describe(const char *text, size_t size, char ret[32])
{
        unsigned char first = size > 0 ? (unsigned char)text[0] : 0;
        if (size == 0)
                snprintf(ret, 32, "end of file");
        else if (first == '\'' || first == '"')
                snprintf(ret, 32, "quoted string");
        else if (isdigit(first))
                snprintf(ret, 32, "number");
        else if (isalpha(first) || first == '_' || first == '$' || first >= 0x80)
                snprintf(ret, 32, "word");
        else if (isprint(first))
                snprintf(ret, 32, "\"%c\"", first);
        else
                snprintf(ret, 32, "byte 0x%02x", first);
}

static int unexpected(const struct php_tree *tree, TSNode node, struct error *err)
{
        uint32_t start = ts_node_start_byte(node);
        char what[32];
        describe(tree->source + start, tree->size - start, what);
        return error_set(err, REASON_INVALID_ARGUMENT, "line %u, column %u: unexpected %s",
                php_node_line(node), php_node_column(node), what);
}

/* Where a line comment ends at "?>", PHP leaves its mode; the grammar doesn't always see it. */
static bool hides_closing_tag(const struct php_tree *tree, TSNode comment)
{
        const char *text = tree->source + ts_node_start_byte(comment);
        size_t size = ts_node_end_byte(comment) - ts_node_start_byte(comment);
        bool block = size >= 2 && text[0] == '/' && text[1] == '*';
        return !block && memmem(text, size, "?>", 2);
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t';
}

static bool is_word(char c)
{
        return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* PHP before and since 7.3 and the grammar differ in which line may end a heredoc: a body line that begins
 * with its word is not understood the same by all. */
static bool end_is_ambiguous(const struct php_tree *tree, TSNode heredoc)
{
        TSNode word = php_node_field(heredoc, "identifier");
        TSNode end = php_node_field(heredoc, "end_tag");
        if (ts_node_is_null(word) || ts_node_is_null(end))
                return true;
        const char *name = tree->source + ts_node_start_byte(word);
        size_t size = ts_node_end_byte(word) - ts_node_start_byte(word);
        const char *stop = tree->source + ts_node_start_byte(end);
        for (const char *c = tree->source + ts_node_end_byte(word); c < stop; c++) {
                if (*c != '\n' && *c != '\r')
                        continue;
                const char *line = c + 1;
                while (line < stop && is_blank(*line))
                        line++;
                if (line < stop && (size_t)(stop - line) >= size && memcmp(line, name, size) == 0 &&
                        !is_word(line[size]))
                        return true;
        }
        return false;
}

/* Most sources need no look at each node: the root knows of errors and missing words below it, and the rest
 * takes a "?>" or a "<<<". */
static bool is_surely_right(const struct php_tree *tree)
{
        return !ts_node_has_error(php_tree_root(tree)) && !memmem(tree->source, tree->size, "?>", 2) &&
               !memmem(tree->source, tree->size, "<<<", 3);
}

static int find_first_error(const struct php_tree *tree, struct error *err)
{
        if (is_surely_right(tree))
                return 0;
        _cleanup_(cursor_deinit) TSTreeCursor cursor = ts_tree_cursor_new(php_tree_root(tree));
        do {
                TSNode node = ts_tree_cursor_current_node(&cursor);
                if (ts_node_is_missing(node))
                        return error_set(err, REASON_INVALID_ARGUMENT, "line %u, column %u: missing \"%s\"",
                                php_node_line(node), php_node_column(node), ts_node_type(node));
                if (php_node_is(node, "ERROR"))
                        return unexpected(tree, node, err);
                if (php_node_is(node, "comment") && hides_closing_tag(tree, node))
                        return error_set(err, REASON_INVALID_ARGUMENT,
                                "line %u, column %u: \"?>\" inside a line comment", php_node_line(node),
                                php_node_column(node));
                if ((php_node_is(node, "heredoc") || php_node_is(node, "nowdoc")) &&
                        end_is_ambiguous(tree, node))
                        return error_set(err, REASON_INVALID_ARGUMENT,
                                "line %u, column %u: the end of this heredoc is ambiguous",
                                php_node_line(node), php_node_column(node));
        } while (php_cursor_next(&cursor));
        return 0;
}

/* Text in front of "<?php" would be printed by PHP, and a file without it is no program at all; the grammar
 * takes both for code. A byte order mark and blanks are let through, as by the grammar. */
static int check_opening(const char *source, size_t size, struct error *err)
{
        size_t at = size >= 3 && memcmp(source, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
        unsigned line = 1;
        size_t line_start = 0;
        for (; at < size && isspace((unsigned char)source[at]); at++)
                if (source[at] == '\n') {
                        line++;
                        line_start = at + 1;
                }
        if (size - at >= 5 && strncasecmp(source + at, "<?php", 5) == 0 &&
                (size - at == 5 || isspace((unsigned char)source[at + 5])))
                return 0;
        return error_set(err, REASON_INVALID_ARGUMENT, "line %u, column %zu: missing \"<?php\"", line,
                at - line_start + 1);
}

/* The library's nodes count their children in 16 bits and write past their ends beyond that. Comments in a
 * row, and what an error skips, are all children of one node: no more tokens than that may be there at all.
 * Each token has a word, a mark or a line's end of its own. */
static int check_tokens(const char *source, size_t size, struct error *err)
{
        size_t count = 0;
        bool in_word = false;
        for (size_t i = 0; i < size; i++) {
                unsigned char byte = (unsigned char)source[i];
                bool word = isalnum(byte) || byte == '_' || byte >= 0x80;
                count += word ? !in_word : byte == '\n' || !isspace(byte);
                in_word = word;
        }
        if (count > PHP_TOKEN_LIMIT)
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "the file has more than %d words and marks, no source is that large",
                        PHP_TOKEN_LIMIT);
        return 0;
}

int php_parse(const char *source, size_t size, struct php_tree **ret, struct error *err)
{
        if (size > PHP_SOURCE_LIMIT)
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "the file is larger than %zu bytes, no source is that large", PHP_SOURCE_LIMIT);
        if (check_opening(source, size, err) < 0 || check_tokens(source, size, err) < 0)
                return -1;

        _cleanup_(ts_parser_deletep) TSParser *parser = ts_parser_new();
        if (!ts_parser_set_language(parser, tree_sitter_php_only()))
                return error_set(err, REASON_INTERNAL, "the PHP grammar doesn't fit the tree-sitter library");
        ts_parser_set_timeout_micros(parser, PARSE_LIMIT_MICROSECONDS);

        _cleanup_(php_tree_freep) struct php_tree *tree = memory_new(sizeof(*tree));
        tree->source = source;
        tree->size = size;
        tree->tree = ts_parser_parse_string(parser, NULL, source, (uint32_t)size);
        if (!tree->tree)
                return error_set(err, REASON_INVALID_ARGUMENT, "line 1, column 1: too tangled to be parsed");
        if (find_first_error(tree, err) < 0)
                return -1;
        *ret = steal(&tree);
        return 0;
}

void php_tree_free(struct php_tree *tree)
{
        if (!tree)
                return;
        if (tree->tree)
                ts_tree_delete(tree->tree);
        free(tree);
}
