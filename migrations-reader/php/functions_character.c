/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

/* The ctype functions, in the locale C. */

static bool is_upper(char byte)
{
        return byte >= 'A' && byte <= 'Z';
}

static bool is_lower(char byte)
{
        return byte >= 'a' && byte <= 'z';
}

static bool is_alpha(char byte)
{
        return is_upper(byte) || is_lower(byte);
}

static bool is_digit(char byte)
{
        return byte >= '0' && byte <= '9';
}

static bool is_alnum(char byte)
{
        return is_alpha(byte) || is_digit(byte);
}

static bool is_xdigit(char byte)
{
        return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

static bool is_graph(char byte)
{
        return byte > ' ' && byte < 0x7f;
}

static bool is_print(char byte)
{
        return byte == ' ' || is_graph(byte);
}

static bool is_punct(char byte)
{
        return is_graph(byte) && !is_alnum(byte);
}

static bool is_control(char byte)
{
        return (byte >= 0 && byte < ' ') || byte == 0x7f;
}

static enum php_flow all_are(struct php_run *run, struct php_call *call, bool (*is)(char))
{
        struct php_value text = php_argument(call, 0);
        if (text.type == PHP_TYPE_INT)
                return php_needs_php(run, "the kind of a character that is told by its number");
        if (text.type != PHP_TYPE_STRING)
                return php_return(call, php_bool(false));
        struct php_span span = php_span_of(text);
        for (size_t i = 0; i < span.size; i++)
                if (!is(span.bytes[i]))
                        return php_return(call, php_bool(false));
        return php_return(call, php_bool(span.size > 0));
}

#define CHARACTER(name, is)                                                                                  \
        PHP_FUNCTION(name)                                                                                   \
        {                                                                                                    \
                return all_are(run, call, is);                                                               \
        }

CHARACTER(all_alnum, is_alnum)
CHARACTER(all_alpha, is_alpha)
CHARACTER(all_control, is_control)
CHARACTER(all_digit, is_digit)
CHARACTER(all_graph, is_graph)
CHARACTER(all_lower, is_lower)
CHARACTER(all_print, is_print)
CHARACTER(all_punct, is_punct)
CHARACTER(all_space, php_space)
CHARACTER(all_upper, is_upper)
CHARACTER(all_xdigit, is_xdigit)

const struct php_host_function php_functions_character[] = {
        {"ctype_alnum", all_alnum, 1, 1, 0, "text"},
        {"ctype_alpha", all_alpha, 1, 1, 0, "text"},
        {"ctype_cntrl", all_control, 1, 1, 0, "text"},
        {"ctype_digit", all_digit, 1, 1, 0, "text"},
        {"ctype_graph", all_graph, 1, 1, 0, "text"},
        {"ctype_lower", all_lower, 1, 1, 0, "text"},
        {"ctype_print", all_print, 1, 1, 0, "text"},
        {"ctype_punct", all_punct, 1, 1, 0, "text"},
        {"ctype_space", all_space, 1, 1, 0, "text"},
        {"ctype_upper", all_upper, 1, 1, 0, "text"},
        {"ctype_xdigit", all_xdigit, 1, 1, 0, "text"},
        {0},
};
