/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Numbers in strings, as the files behind operators.h share them. */

#include "migrations-reader/php/operators.h"

enum php_number_kind {
        PHP_NUMBER_NONE, /* no number at the begin */
        PHP_NUMBER_LEADING, /* a number and then something else: "5 apples" */
        PHP_NUMBER_SPACE, /* a number and then white space: numeric in PHP 8, leading in PHP 7 */
        PHP_NUMBER_WHOLE,
};

struct php_number {
        enum php_number_kind kind;
        struct php_value value; /* int or float; int 0 when there is none */
        int overflow; /* -1 or 1: a whole number that is too small or too large for an int, and so a float */
};
struct php_number php_read_number(const char *bytes, size_t size);

/* -1, 0, 1, or 2 when they can't be compared; php_compare_both answers PHP_DONE also when they differ. */
struct php_orders {
        int seven, eight;
};
enum php_answer php_compare_both(struct php_value left, struct php_value right, struct php_orders *ret);

/* As php_identical; PHP_NO_CONVERSION when it is nested too deep to tell. */
enum php_answer php_is_identical(struct php_value left, struct php_value right, bool *ret);
