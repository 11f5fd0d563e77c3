/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/php_syntax.h"

#include "lib/memory.h"
#include "lib/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

static bool is_blank(char c)
{
        return c == ' ' || c == '\t';
}

void php_constant_deinit(struct php_constant *value)
{
        free(value->text);
        *value = (struct php_constant){0};
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
                text_append_character(out, code);
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

int php_decode(enum php_quotes quotes, const char *text, size_t size, struct buffer *out)
{
        switch (quotes) {
        case PHP_SINGLE_QUOTES:
                decode_single(out, text, size);
                return 0;
        case PHP_DOUBLE_QUOTES:
        case PHP_HEREDOC:
                return decode_double(out, text, size, quotes == PHP_HEREDOC);
        case PHP_NOWDOC:
                buffer_append(out, text, size);
                return 0;
        }
        return 1;
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
        const char *text = php_tree_source(tree) + ts_node_start_byte(node);
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
        const char *stop = php_tree_source(tree) + ts_node_start_byte(end);
        const char *line = php_tree_source(tree) + ts_node_end_byte(word);
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
        return php_tree_source(tree)[ts_node_start_byte(mark)];
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
                char first = php_tree_source(tree)[ts_node_start_byte(node)];
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
        const char *text = php_tree_source(tree) + ts_node_start_byte(node);
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
