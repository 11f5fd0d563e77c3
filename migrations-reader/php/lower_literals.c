/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/lower_private.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* Numbers */

static char *without_underscores(struct lowering *lowering, TSNode node)
{
        char *text = php_node_text(lowering->tree, node);
        char *out = text;
        for (const char *in = text; *in; in++)
                if (*in != '_')
                        *out++ = *in;
        *out = '\0';
        return text;
}

static unsigned digit_value(char c)
{
        return isdigit((unsigned char)c) ? (unsigned)(c - '0')
                                         : (unsigned)(tolower((unsigned char)c) - 'a') + 10;
}

static unsigned base_of(const char *text, const char **ret_digits)
{
        *ret_digits = text;
        if (text[0] != '0' || !text[1])
                return 10;
        *ret_digits = isdigit((unsigned char)text[1]) ? text + 1 : text + 2;
        switch (tolower((unsigned char)text[1])) {
        case 'x':
                return 16;
        case 'b':
                return 2;
        default:
                return 8;
        }
}

/* What does not fit becomes a float: a decimal one read as a whole, others digit by digit, as PHP does. */
struct php_ast *lower_integer(struct lowering *lowering, TSNode node)
{
        _cleanup_free_ char *text = without_underscores(lowering, node);
        const char *digits;
        unsigned base = base_of(text, &digits);
        int64_t value = 0;
        double large = 0;
        bool fits = true;
        for (; *digits; digits++) {
                unsigned digit = digit_value(*digits);
                if (digit >= base)
                        return php_ast_unsupported(node, "the number %s", text);
                large = large * base + digit;
                fits = fits && !__builtin_mul_overflow(value, (int64_t)base, &value) &&
                       !__builtin_add_overflow(value, (int64_t)digit, &value);
        }
        struct php_ast *ast = php_ast_new(PHP_AST_LITERAL, node);
        ast->value = fits ? php_int(value) : php_float(base == 10 ? strtod(text, NULL) : large);
        return ast;
}

struct php_ast *lower_float(struct lowering *lowering, TSNode node)
{
        _cleanup_free_ char *text = without_underscores(lowering, node);
        struct php_ast *ast = php_ast_new(PHP_AST_LITERAL, node);
        ast->value = php_float(strtod(text, NULL));
        return ast;
}

struct php_ast *lower_boolean(struct lowering *lowering, TSNode node)
{
        struct php_ast *ast = php_ast_new(PHP_AST_LITERAL, node);
        ast->value = php_bool(lower_text_is(lowering, node, "true"));
        return ast;
}

struct php_ast *lower_null(_unused struct lowering *lowering, TSNode node)
{
        return php_ast_new(PHP_AST_LITERAL, node);
}

/* Strings */

static const char *source_at(struct lowering *lowering, uint32_t byte)
{
        return php_tree_source(lowering->tree) + byte;
}

struct php_ast *lower_string(struct lowering *lowering, TSNode node)
{
        const char *text = source_at(lowering, ts_node_start_byte(node));
        size_t size = ts_node_end_byte(node) - ts_node_start_byte(node);
        size_t prefix = *text == '\'' ? 1 : 2;
        _cleanup_buffer_ struct buffer out = {0};
        if (size < prefix + 1 || php_decode(PHP_SINGLE_QUOTES, text + prefix, size - prefix - 1, &out) != 0)
                return php_ast_unsupported(node, "this string");
        return php_ast_string(node, out.size > 0 ? out.data : "", out.size);
}

/* A text with interpolations while it is taken apart. */
struct pieces {
        struct lowering *lowering;
        TSNode node; /* the whole string */
        struct php_ast *ast; /* INTERPOLATED */
        enum php_quotes quotes;
        uint32_t at, stop; /* text not yet taken, in bytes of the source */
        const char *indent; /* what a heredoc takes from the begin of each line */
        size_t indent_size;
        bool line_begins;
        const char *problem; /* in words, or NULL */
};

static bool begins_name(char c)
{
        return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* The grammar's idea of what is interpolated must be PHP's: nothing that PHP would interpolate stands in the
 * text, and what follows was not meant as text. */
static const char *misread(const char *text, size_t size, bool more_follows)
{
        size_t i = 0;
        for (; i < size; i++) {
                char next = i + 1 < size ? text[i + 1] : '\0';
                if (text[i] == '\\')
                        i++;
                else if ((text[i] == '$' && (begins_name(next) || next == '{')) ||
                         (text[i] == '{' && next == '$'))
                        return "an interpolation that is read in two ways";
        }
        return more_follows && i > size ? "a backslash in front of an interpolation" : NULL;
}

/* Takes the indentation from each line; false when a line that is not blank has less (PHP refuses that). */
static bool take_indentation(
        struct pieces *pieces, const char *text, size_t size, bool more_follows, struct buffer *out)
{
        const char *stop = text + size;
        while (text < stop) {
                if (pieces->line_begins) {
                        size_t taken = 0;
                        while (text < stop && taken < pieces->indent_size && *text == pieces->indent[taken]) {
                                text++;
                                taken++;
                        }
                        bool is_blank_line = text < stop ? *text == '\n' || *text == '\r' : !more_follows;
                        if (taken < pieces->indent_size && !is_blank_line)
                                return false;
                        pieces->line_begins = false;
                        continue;
                }
                pieces->line_begins =
                        *text == '\n' || (*text == '\r' && (text + 1 == stop || text[1] != '\n'));
                buffer_append(out, text++, 1);
        }
        return true;
}

static void take_text(struct pieces *pieces, uint32_t stop, bool more_follows)
{
        if (pieces->problem)
                return;
        const char *text = source_at(pieces->lowering, pieces->at);
        size_t size = stop - pieces->at;
        if (pieces->quotes != PHP_NOWDOC)
                pieces->problem = misread(text, size, more_follows);
        _cleanup_buffer_ struct buffer lines = {0}, out = {0};
        if (!take_indentation(pieces, text, size, more_follows, &lines) ||
                (more_follows && pieces->line_begins && pieces->indent_size > 0))
                pieces->problem = "a heredoc line that is indented less than its end";
        if (!pieces->problem && lines.size > 0 &&
                php_decode(pieces->quotes, lines.data, lines.size, &out) != 0)
                pieces->problem = "an escape sequence that PHP refuses";
        if (!pieces->problem && out.size > 0)
                php_ast_add(pieces->ast, php_ast_string(pieces->node, out.data, out.size));
        pieces->line_begins = pieces->line_begins && !more_follows;
        pieces->at = stop;
}

/* "$a[…]": a decimal integer is one, everything else that is no variable is a string. */
static struct php_ast *simple_index(struct lowering *lowering, TSNode node)
{
        if (php_node_is(node, "variable_name"))
                return lower_expression(lowering, node);
        _cleanup_free_ char *text = php_node_text(lowering->tree, node);
        struct php_key key = php_key_bytes(text, strlen(text));
        struct php_ast *ast = php_ast_new(PHP_AST_LITERAL, node);
        ast->value = php_key_value(key);
        return ast;
}

static struct php_ast *simple_subscript(struct lowering *lowering, TSNode node)
{
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_named_children(node, &children);
        if (children.count != 2)
                return php_ast_unsupported(node, "this interpolation");
        struct php_ast *ast = php_ast_new(PHP_AST_OFFSET, node);
        php_ast_add(ast, lower_expression(lowering, children.items[0]));
        php_ast_add(ast, simple_index(lowering, children.items[1]));
        return ast;
}

static struct php_ast *named_variable(struct lowering *lowering, TSNode name)
{
        struct php_ast *ast = php_ast_new(PHP_AST_VARIABLE, name);
        ast->text = php_node_text(lowering->tree, name);
        return ast;
}

/* "${name}" and "${name[…]}" are $name and $name[…]; any other expression gives a variable's name. */
static struct php_ast *braced_variable(struct lowering *lowering, TSNode node)
{
        TSNode inner = lower_first_named(node);
        if (!php_node_is(ts_node_child(node, 1), "{"))
                return php_ast_unsupported(node, "$$ in a string");
        if (php_node_is(inner, "name"))
                return named_variable(lowering, inner);
        if (php_node_is(inner, "subscript_expression")) {
                _cleanup_php_nodes_ struct php_nodes parts = {0};
                php_named_children(inner, &parts);
                if (parts.count == 2 && php_node_is(parts.items[0], "name")) {
                        struct php_ast *ast = php_ast_new(PHP_AST_OFFSET, inner);
                        php_ast_add(ast, named_variable(lowering, parts.items[0]));
                        php_ast_add(ast, lower_expression(lowering, parts.items[1]));
                        return ast;
                }
        }
        struct php_ast *ast = php_ast_new(PHP_AST_VARIABLE_VARIABLE, node);
        php_ast_add(ast, lower_expression(lowering, inner));
        return ast;
}

static const char *behind_variable(const char *text, const char *stop)
{
        size_t left = (size_t)(stop - text);
        if (left > 0 && text[0] == '[')
                return "an interpolated offset that is read in two ways";
        if (left > 2 && memcmp(text, "->", 2) == 0 && begins_name(text[2]))
                return "an interpolated property that is read in two ways";
        if (left > 3 && memcmp(text, "?->", 3) == 0 && begins_name(text[3]))
                return "?-> in a string, which PHP 7 does not know";
        return NULL;
}

static void take_interpolation(struct pieces *pieces, TSNode node)
{
        struct lowering *lowering = pieces->lowering;
        take_text(pieces, ts_node_start_byte(node), true);
        pieces->at = ts_node_end_byte(node);
        struct php_ast *part;
        if (php_node_is(node, "subscript_expression"))
                part = simple_subscript(lowering, node);
        else if (php_node_is(node, "dynamic_variable_name"))
                part = braced_variable(lowering, node);
        else
                part = lower_expression(lowering, node);
        php_ast_add(pieces->ast, part);
        if (php_node_is(node, "variable_name") && !pieces->problem)
                pieces->problem =
                        behind_variable(source_at(lowering, pieces->at), source_at(lowering, pieces->stop));
}

/* {$…}, from its { on. Returns the index of the last child that belongs to it. */
static size_t take_braces(struct pieces *pieces, const struct php_nodes *children, size_t at)
{
        uint32_t start = ts_node_start_byte(children->items[at]);
        take_text(pieces, start, true);
        if (*source_at(pieces->lowering, start + 1) != '$' && !pieces->problem)
                pieces->problem = "{ in a string that is read in two ways";
        for (at++; at < children->count && !php_node_is(children->items[at], "}"); at++)
                if (ts_node_is_named(children->items[at]) && !php_node_is(children->items[at], "comment"))
                        php_ast_add(pieces->ast, lower_expression(pieces->lowering, children->items[at]));
        if (at < children->count)
                pieces->at = ts_node_end_byte(children->items[at]);
        return at;
}

static bool is_interpolation(TSNode node)
{
        return php_node_is(node, "variable_name") || php_node_is(node, "dynamic_variable_name") ||
               php_node_is(node, "member_access_expression") || php_node_is(node, "subscript_expression");
}

/* `body` holds the interpolations between pieces->at and pieces->stop, or is a null node. */
static struct php_ast *lower_pieces(struct pieces *pieces, TSNode body)
{
        pieces->ast = php_ast_new(PHP_AST_INTERPOLATED, pieces->node);
        _cleanup_php_nodes_ struct php_nodes children = {0};
        if (!ts_node_is_null(body))
                php_children(body, &children);
        for (size_t i = 0; i < children.count; i++) {
                if (is_interpolation(children.items[i]))
                        take_interpolation(pieces, children.items[i]);
                else if (php_node_is(children.items[i], "{"))
                        i = take_braces(pieces, &children, i);
                else if (php_node_is(children.items[i], "comment") && !pieces->problem)
                        pieces->problem = "a string that looks like a comment";
        }
        take_text(pieces, pieces->stop, false);

        struct php_ast *ast = pieces->ast;
        bool is_text = ast->count == 0 || (ast->count == 1 && ast->children[0]->kind == PHP_AST_LITERAL);
        if (!pieces->problem && !is_text)
                return ast;
        struct php_ast *result;
        if (pieces->problem) {
                result = php_ast_unsupported(pieces->node, "%s", pieces->problem);
        } else if (ast->count == 0) {
                result = php_ast_string(pieces->node, "", 0);
        } else {
                result = ast->children[0];
                ast->count = 0;
        }
        php_ast_free(ast);
        return result;
}

struct php_ast *lower_encapsed_string(struct lowering *lowering, TSNode node)
{
        uint32_t start = ts_node_start_byte(node);
        struct pieces pieces = {.lowering = lowering,
                .node = node,
                .quotes = PHP_DOUBLE_QUOTES,
                .at = start + (*source_at(lowering, start) == '"' ? 1 : 2),
                .stop = ts_node_end_byte(node) - 1};
        return lower_pieces(&pieces, node);
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t';
}

/* The text lies between the end of the opening line and the end of the last line above the closing word. */
static bool heredoc_bounds(struct lowering *lowering, TSNode node, struct pieces *ret)
{
        TSNode word = php_node_field(node, "identifier");
        TSNode end = php_node_field(node, "end_tag");
        if (ts_node_is_null(word) || ts_node_is_null(end))
                return false;
        const char *source = php_tree_source(lowering->tree);
        const char *stop = source + ts_node_start_byte(end);
        const char *tag_end = source + ts_node_end_byte(end);
        while (stop < tag_end && (is_blank(*stop) || *stop == '\n' || *stop == '\r'))
                stop++;
        const char *start = source + ts_node_end_byte(word);
        while (start < stop && *start != '\n' && *start != '\r')
                start++;
        if (start < stop && *start == '\r')
                start++;
        if (start < stop && *start == '\n')
                start++;
        const char *last = stop;
        while (last > start && is_blank(last[-1]))
                last--;
        ret->indent = last;
        ret->indent_size = (size_t)(stop - last);
        if (last > start && last[-1] == '\n')
                last--;
        if (last > start && last[-1] == '\r')
                last--;
        ret->at = (uint32_t)(start - source);
        ret->stop = (uint32_t)(last - source);
        for (size_t i = 1; i < ret->indent_size; i++)
                if (ret->indent[i] != ret->indent[0])
                        return false;
        return true;
}

struct php_ast *lower_heredoc(struct lowering *lowering, TSNode node)
{
        bool raw = php_node_is(node, "nowdoc");
        struct pieces pieces = {.lowering = lowering,
                .node = node,
                .quotes = raw ? PHP_NOWDOC : PHP_HEREDOC,
                .line_begins = true};
        if (!heredoc_bounds(lowering, node, &pieces))
                return php_ast_unsupported(node, "a heredoc whose end is indented with blanks and tabs");
        return lower_pieces(&pieces, raw ? (TSNode){0} : php_node_field(node, "value"));
}
