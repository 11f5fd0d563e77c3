/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#include <string.h>

/*
 * version_compare(): a version is cut into runs of digits and runs of other letters; "-", "_" and "+"
 * separate as "." does. Source: PHP's manual.
 */

enum kind {
        KIND_SEPARATOR,
        KIND_DIGITS,
        KIND_LETTERS,
};

static enum kind kind_of(char byte)
{
        if (strchr(".-_+", byte))
                return KIND_SEPARATOR;
        return byte >= '0' && byte <= '9' ? KIND_DIGITS : KIND_LETTERS;
}

static bool next_part(struct php_span *version, struct php_span *ret)
{
        while (version->size > 0 && kind_of(*version->bytes) == KIND_SEPARATOR)
                *version = (struct php_span){version->bytes + 1, version->size - 1};
        *ret = (struct php_span){version->bytes, 0};
        while (ret->size < version->size && kind_of(version->bytes[ret->size]) == kind_of(*ret->bytes))
                ret->size++;
        *version = (struct php_span){version->bytes + ret->size, version->size - ret->size};
        return ret->size > 0;
}

/* What words mean for the order; a number stands between release candidates and patch levels. */
#define NUMBER_RANK 4

static int rank_of(struct php_span part)
{
        static const struct {
                const char *begin;
                int rank;
        } words[] = {{"dev", 0}, {"alpha", 1}, {"a", 1}, {"beta", 2}, {"b", 2}, {"RC", 3}, {"rc", 3},
                {"pl", 5}, {"p", 5}};
        if (kind_of(*part.bytes) == KIND_DIGITS)
                return NUMBER_RANK;
        for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
                size_t size = strlen(words[i].begin);
                if (part.size >= size && memcmp(part.bytes, words[i].begin, size) == 0)
                        return words[i].rank;
        }
        return -1;
}

static int sign_of(int64_t difference)
{
        return difference < 0 ? -1 : difference > 0;
}

static int compare_parts(struct php_span left, struct php_span right)
{
        int left_rank = rank_of(left);
        int right_rank = rank_of(right);
        if (left_rank == NUMBER_RANK && right_rank == NUMBER_RANK)
                return sign_of(strtol(left.bytes, NULL, 10) - strtol(right.bytes, NULL, 10));
        return sign_of(left_rank - right_rank);
}

/* The longer version is the newer one when what it has more is a number or a patch level. */
static int compare_versions(struct php_span left, struct php_span right)
{
        struct php_span a;
        struct php_span b;
        for (;;) {
                bool has_a = next_part(&left, &a);
                bool has_b = next_part(&right, &b);
                if (!has_a && !has_b)
                        return 0;
                int order = has_a && has_b ? compare_parts(a, b)
                            : has_a        ? (rank_of(a) >= NUMBER_RANK ? 1 : -1)
                                           : (rank_of(b) >= NUMBER_RANK ? -1 : 1);
                if (order != 0)
                        return order;
        }
}

static bool answer(const char *operator, int order, bool *ret)
{
        static const struct {
                const char *operator;
                bool less, equal, greater;
        } answers[] = {
                {"<", true, false, false},
                {"lt", true, false, false},
                {"<=", true, true, false},
                {"le", true, true, false},
                {">", false, false, true},
                {"gt", false, false, true},
                {">=", false, true, true},
                {"ge", false, true, true},
                {"==", false, true, false},
                {"eq", false, true, false},
                {"!=", true, false, true},
                {"<>", true, false, true},
                {"ne", true, false, true},
        };
        for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
                if (strcmp(answers[i].operator, operator) != 0)
                        continue;
                *ret = order < 0 ? answers[i].less : order > 0 ? answers[i].greater : answers[i].equal;
                return true;
        }
        return false;
}

/* They begin with a digit, have something between and behind their separators, and no number is longer than
 * an int takes. */
static bool is_usual(struct php_span version)
{
        size_t digits = 0;
        for (size_t i = 0; i < version.size; i++) {
                digits = kind_of(version.bytes[i]) == KIND_DIGITS ? digits + 1 : 0;
                bool ends = i + 1 == version.size || kind_of(version.bytes[i + 1]) == KIND_SEPARATOR;
                if (digits > 18 || version.bytes[i] <= ' ' || version.bytes[i] == '#' ||
                        (ends && kind_of(version.bytes[i]) == KIND_SEPARATOR))
                        return false;
        }
        return version.size > 0 && kind_of(*version.bytes) == KIND_DIGITS;
}

PHP_FUNCTION(compare)
{
        _cleanup_php_value_ struct php_value left = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value right = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value operator= PHP_NULL_VALUE;
        bool result;
        TRY(php_argument_string(run, call, 0, &left));
        TRY(php_argument_string(run, call, 1, &right));
        if (!is_usual(php_span_of(left)) || !is_usual(php_span_of(right)))
                return php_needs_php(run, "version_compare() of an unusual version");
        int order = compare_versions(php_span_of(left), php_span_of(right));
        if (!php_given_value(call, 2))
                return php_return(call, php_int(order));
        TRY(php_argument_string(run, call, 2, &operator));
        if (!answer(php_string_bytes(operator), order, &result))
                return php_differs(run, "version_compare() with an unknown operator");
        return php_return(call, php_bool(result));
}

const struct php_host_function php_functions_version[] = {
        {"version_compare", compare, 2, 3, 0, "version1,version2,operator"},
        {0},
};
