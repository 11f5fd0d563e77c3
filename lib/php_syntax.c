/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/php_syntax.h"

#include "lib/memory.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

const TSLanguage *tree_sitter_php_only(void);

#define PARSE_LIMIT_MICROSECONDS                                                                             \
        (20u * 1000 * 1000) /* error recovery on hostile input can take very long                            \
                             */

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

static int find_first_error(const struct php_tree *tree, struct error *err)
{
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

int php_parse(const char *source, size_t size, struct php_tree **ret, struct error *err)
{
        if (size > PHP_SOURCE_LIMIT)
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "the file is larger than %u bytes, no source is that large", PHP_SOURCE_LIMIT);
        if (check_opening(source, size, err) < 0)
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

/* Constants */

void php_constant_deinit(struct php_constant *value)
{
        free(value->text);
        *value = (struct php_constant){0};
}

static void append_utf8(struct buffer *out, uint32_t code)
{
        char bytes[4];
        size_t size = 0;
        if (code < 0x80) {
                bytes[size++] = (char)code;
        } else if (code < 0x800) {
                bytes[size++] = (char)(0xc0 | code >> 6);
                bytes[size++] = (char)(0x80 | (code & 0x3f));
        } else if (code < 0x10000) {
                bytes[size++] = (char)(0xe0 | code >> 12);
                bytes[size++] = (char)(0x80 | (code >> 6 & 0x3f));
                bytes[size++] = (char)(0x80 | (code & 0x3f));
        } else {
                bytes[size++] = (char)(0xf0 | code >> 18);
                bytes[size++] = (char)(0x80 | (code >> 12 & 0x3f));
                bytes[size++] = (char)(0x80 | (code >> 6 & 0x3f));
                bytes[size++] = (char)(0x80 | (code & 0x3f));
        }
        buffer_append(out, bytes, size);
}

static unsigned digit_value(char c)
{
        if (c >= '0' && c <= '9')
                return (unsigned)(c - '0');
        if (c >= 'a' && c <= 'f')
                return (unsigned)(c - 'a') + 10;
        if (c >= 'A' && c <= 'F')
                return (unsigned)(c - 'A') + 10;
        return 99;
}

/* Reads up to most digits of base; returns how many there were. */
static size_t read_digits(const char *text, size_t size, unsigned base, size_t most, uint32_t *ret)
{
        uint32_t value = 0;
        size_t count = 0;
        while (count < size && count < most && digit_value(text[count]) < base) {
                if (value <= 0x10ffff)
                        value = value * base + digit_value(text[count]);
                count++;
        }
        *ret = value;
        return count;
}

/* What stands behind a backslash, by PHP's rules for double quotes (a heredoc has no \"). Returns the bytes
 * taken, 0 when the backslash stands for itself, SIZE_MAX when PHP would refuse it. */
static size_t decode_escape(struct buffer *out, const char *text, size_t size, bool heredoc)
{
        static const char letters[] = "n\nt\tr\rv\ve\033f\f\\\\$$";
        if (size == 0)
                return 0;
        for (size_t i = 0; i + 1 < sizeof(letters) - 1; i += 2)
                if (text[0] == letters[i]) {
                        buffer_append(out, &letters[i + 1], 1);
                        return 1;
                }
        uint32_t code;
        if (text[0] == '"' && !heredoc) {
                buffer_append(out, "\"", 1);
                return 1;
        }
        size_t digits = read_digits(text, size, 8, 3, &code);
        if (digits > 0) {
                char byte = (char)(code & 0xff);
                buffer_append(out, &byte, 1);
                return digits;
        }
        if (text[0] == 'x' && (digits = read_digits(text + 1, size - 1, 16, 2, &code)) > 0) {
                char byte = (char)code;
                buffer_append(out, &byte, 1);
                return digits + 1;
        }
        if (text[0] == 'u' && size > 1 && text[1] == '{') {
                digits = read_digits(text + 2, size - 2, 16, size, &code);
                if (digits == 0 || digits + 2 >= size || text[digits + 2] != '}' || code > 0x10ffff)
                        return SIZE_MAX;
                append_utf8(out, code);
                return digits + 3;
        }
        return 0;
}

static int decode_double(struct buffer *out, const char *text, size_t size, bool heredoc)
{
        for (size_t i = 0; i < size; i++) {
                if (text[i] != '\\') {
                        buffer_append(out, text + i, 1);
                        continue;
                }
                size_t taken = decode_escape(out, text + i + 1, size - i - 1, heredoc);
                if (taken == SIZE_MAX)
                        return 1;
                if (taken == 0)
                        buffer_append(out, "\\", 1);
                i += taken;
        }
        return 0;
}

static void decode_single(struct buffer *out, const char *text, size_t size)
{
        for (size_t i = 0; i < size; i++) {
                if (text[i] == '\\' && i + 1 < size && (text[i + 1] == '\\' || text[i + 1] == '\''))
                        i++;
                buffer_append(out, text + i, 1);
        }
}

/* True when nothing is interpolated. */
static bool has_only_text(TSNode node)
{
        _cleanup_php_nodes_ struct php_nodes children = {0};
        php_named_children(node, &children);
        for (size_t i = 0; i < children.count; i++)
                if (!php_node_is(children.items[i], "string_content") &&
                        !php_node_is(children.items[i], "escape_sequence") &&
                        !php_node_is(children.items[i], "nowdoc_string"))
                        return false;
        return true;
}

static int quoted_text(const struct php_tree *tree, TSNode node, struct buffer *out)
{
        const char *text = tree->source + ts_node_start_byte(node);
        size_t size = ts_node_end_byte(node) - ts_node_start_byte(node);
        if (size > 0 && (text[0] == 'b' || text[0] == 'B')) {
                text++;
                size--;
        }
        if (size < 2 || !has_only_text(node))
                return 1;
        if (text[0] == '"')
                return decode_double(out, text + 1, size - 2, false);
        decode_single(out, text + 1, size - 2);
        return 0;
}

static const char *skip_newline(const char *text, const char *stop)
{
        if (text < stop && *text == '\r')
                text++;
        if (text < stop && *text == '\n')
                text++;
        return text;
}

/* The lines between the opening and the closing word, without the last line's end and without the blanks
 * that stand in front of the closing word (PHP 7.3). 1 when a line is indented less than that. */
static int heredoc_lines(const struct php_tree *tree, TSNode node, struct buffer *out)
{
        TSNode word = php_node_field(node, "identifier");
        TSNode end = php_node_field(node, "end_tag");
        if (ts_node_is_null(word) || ts_node_is_null(end))
                return 1;
        const char *stop = tree->source + ts_node_start_byte(end);
        const char *line = tree->source + ts_node_end_byte(word);
        while (line < stop && *line != '\n' && *line != '\r')
                line++;
        line = skip_newline(line, stop);

        const char *last = stop;
        while (last > line && is_blank(last[-1]))
                last--;
        size_t indent = (size_t)(stop - last);
        if (last == line)
                return 0;
        if (last[-1] == '\n' && last - line >= 2 && last[-2] == '\r')
                last -= 2;
        else if (last[-1] == '\n' || last[-1] == '\r')
                last--;
        else
                return 1;

        while (line < last) {
                bool empty = *line == '\n' || *line == '\r';
                if (!empty) {
                        if ((size_t)(last - line) < indent || memcmp(line, stop - indent, indent) != 0)
                                return 1;
                        line += indent;
                }
                const char *start = line;
                while (line < last && *line != '\n' && *line != '\r')
                        line++;
                line = skip_newline(line, last);
                buffer_append(out, start, (size_t)(line - start));
        }
        return 0;
}

static int heredoc_text(const struct php_tree *tree, TSNode node, struct buffer *out)
{
        TSNode body = php_node_field(node, "value");
        if (!ts_node_is_null(body) && !has_only_text(body))
                return 1;
        _cleanup_buffer_ struct buffer lines = {0};
        if (heredoc_lines(tree, node, &lines) != 0)
                return 1;
        if (php_node_is(node, "heredoc"))
                return decode_double(out, lines.data, lines.size, true);
        buffer_append(out, lines.data, lines.size);
        return 0;
}

/* As echo prints it: 14 significant digits, "1.0E+25". */
static char *float_text(double number)
{
        char digits[40];
        snprintf(digits, sizeof(digits), "%.14G", number);
        char *exponent = strchr(digits, 'E');
        if (!exponent)
                return string_copy(digits);
        int power = atoi(exponent + 1);
        *exponent = '\0';
        return string_format("%s%sE%+d", digits, strchr(digits, '.') ? "" : ".0", power);
}

static char *without_underscores(const struct php_tree *tree, TSNode node)
{
        char *text = php_node_text(tree, node);
        char *out = text;
        for (const char *in = text; *in; in++)
                if (*in != '_')
                        *out++ = *in;
        *out = '\0';
        return text;
}

static void set_float(struct php_constant *ret, double number)
{
        ret->kind = PHP_FLOAT;
        ret->text = float_text(number);
        ret->size = strlen(ret->text);
}

static int integer_constant(const struct php_tree *tree, TSNode node, bool negative, struct php_constant *ret)
{
        _cleanup_free_ char *text = without_underscores(tree, node);
        unsigned base = 10;
        const char *digits = text;
        if (text[0] == '0' && text[1]) {
                char mark = (char)tolower((unsigned char)text[1]);
                base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
                digits = isdigit((unsigned char)mark) ? text + 1 : text + 2;
        }
        uint64_t value = 0;
        double large = 0;
        bool fits = true;
        for (; *digits; digits++) {
                unsigned digit = digit_value(*digits);
                if (digit >= base)
                        return 1;
                large = large * base + digit;
                if (value > ((uint64_t)INT64_MAX - digit) / base)
                        fits = false;
                else
                        value = value * base + digit;
        }
        if (!fits) {
                if (base == 10)
                        large = strtod(text, NULL);
                set_float(ret, negative ? -large : large);
                return 0;
        }
        ret->kind = PHP_INTEGER;
        ret->text = string_format("%s%" PRIu64, negative && value > 0 ? "-" : "", value);
        ret->size = strlen(ret->text);
        return 0;
}

static int number_constant(const struct php_tree *tree, TSNode node, bool negative, struct php_constant *ret)
{
        if (php_node_is(node, "integer"))
                return integer_constant(tree, node, negative, ret);
        if (!php_node_is(node, "float"))
                return 1;
        _cleanup_free_ char *text = without_underscores(tree, node);
        double number = strtod(text, NULL);
        set_float(ret, negative ? -number : number);
        return 0;
}

static TSNode inside_parentheses(TSNode node)
{
        while (php_node_is(node, "parenthesized_expression")) {
                _cleanup_php_nodes_ struct php_nodes children = {0};
                php_named_children(node, &children);
                if (children.count != 1)
                        break;
                node = children.items[0];
        }
        return node;
}

static char operator_of(const struct php_tree *tree, TSNode node)
{
        TSNode mark = php_node_field(node, "operator");
        if (ts_node_is_null(mark) || ts_node_end_byte(mark) - ts_node_start_byte(mark) != 1)
                return '\0';
        return tree->source[ts_node_start_byte(mark)];
}

static int negated_constant(const struct php_tree *tree, TSNode node, struct php_constant *ret)
{
        bool negative = false;
        while (php_node_is(node, "unary_op_expression") && operator_of(tree, node) == '-') {
                negative = !negative;
                node = inside_parentheses(php_node_field(node, "argument"));
        }
        return number_constant(tree, node, negative, ret);
}

static int leaf_constant(const struct php_tree *tree, TSNode node, struct php_constant *ret)
{
        if (php_node_is(node, "unary_op_expression"))
                return negated_constant(tree, node, ret);
        if (php_node_is(node, "integer") || php_node_is(node, "float"))
                return number_constant(tree, node, false, ret);
        if (php_node_is(node, "null")) {
                ret->kind = PHP_NULL;
                return 0;
        }
        if (php_node_is(node, "boolean")) {
                char first = tree->source[ts_node_start_byte(node)];
                ret->kind = first == 't' || first == 'T' ? PHP_TRUE : PHP_FALSE;
                return 0;
        }

        _cleanup_buffer_ struct buffer text = {0};
        int result = 1;
        if (php_node_is(node, "string") || php_node_is(node, "encapsed_string"))
                result = quoted_text(tree, node, &text);
        else if (php_node_is(node, "heredoc") || php_node_is(node, "nowdoc"))
                result = heredoc_text(tree, node, &text);
        if (result != 0)
                return result;
        ret->kind = PHP_STRING;
        ret->size = text.size;
        ret->text = buffer_steal(&text);
        return 0;
}

static void append_as_string(struct buffer *out, const struct php_constant *value)
{
        switch (value->kind) {
        case PHP_NULL:
        case PHP_FALSE:
                return;
        case PHP_TRUE:
                buffer_append(out, "1", 1);
                return;
        case PHP_INTEGER:
        case PHP_FLOAT:
        case PHP_STRING:
                buffer_append(out, value->text, value->size);
                return;
        }
}

struct node_stack {
        TSNode *items;
        size_t count;
        size_t capacity;
};

static void push(struct node_stack *stack, TSNode node)
{
        if (stack->count == stack->capacity) {
                stack->capacity = stack->capacity ? stack->capacity * 2 : 16;
                stack->items = memory_resize(stack->items, stack->capacity, sizeof(TSNode));
        }
        stack->items[stack->count++] = node;
}

static void node_stack_deinit(struct node_stack *stack)
{
        free(stack->items);
}

static bool is_known(const struct php_tree *tree, TSNode node, const struct php_known *known, size_t count,
        struct php_constant *ret)
{
        const char *text = tree->source + ts_node_start_byte(node);
        size_t size = ts_node_end_byte(node) - ts_node_start_byte(node);
        for (size_t i = 0; i < count; i++)
                if (strlen(known[i].source) == size && memcmp(known[i].source, text, size) == 0) {
                        *ret = (struct php_constant){.kind = PHP_STRING,
                                .text = string_copy(known[i].value),
                                .size = strlen(known[i].value)};
                        return true;
                }
        return false;
}

/* Concatenations nest as deep as the file has operands, so they are walked with a stack of our own. */
int php_constant_with(const struct php_tree *tree, TSNode node, const struct php_known *known,
        size_t known_count, struct php_constant *ret, struct error *err)
{
        _cleanup_(node_stack_deinit) struct node_stack stack = {0};
        _cleanup_buffer_ struct buffer text = {0};
        bool joined = false;
        push(&stack, node);
        while (stack.count > 0) {
                TSNode next = inside_parentheses(stack.items[--stack.count]);
                if (php_node_is(next, "binary_expression")) {
                        if (operator_of(tree, next) != '.')
                                return 1;
                        joined = true;
                        push(&stack, php_node_field(next, "right"));
                        push(&stack, php_node_field(next, "left"));
                        continue;
                }
                _cleanup_(php_constant_deinit) struct php_constant leaf = {0};
                if (!is_known(tree, next, known, known_count, &leaf) && leaf_constant(tree, next, &leaf) != 0)
                        return 1;
                if (!joined) {
                        *ret = leaf;
                        leaf = (struct php_constant){0};
                        return 0;
                }
                append_as_string(&text, &leaf);
        }
        size_t size = text.size;
        *ret = (struct php_constant){.kind = PHP_STRING, .text = buffer_steal(&text), .size = size};
        return 0;
}

int php_constant(const struct php_tree *tree, TSNode node, struct php_constant *ret, struct error *err)
{
        return php_constant_with(tree, node, NULL, 0, ret, err);
}
