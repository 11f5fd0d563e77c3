/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * PHP's regular expressions: "/pattern/modifiers" on PCRE2, which is what PHP itself uses. Matching is
 * bounded; what PHP would warn about (a bad pattern, text that is not UTF-8, a limit) stops the run.
 */

#include "migrations-reader/php/functions.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

struct regex {
        pcre2_code *code;
        pcre2_match_data *data;
        pcre2_match_context *context;
        uint32_t groups; /* the whole match too */
        const char **names; /* of the groups; NULL: it has none. Owned, the names are code's */
        bool utf8;
        int matched; /* groups of the last match, up to the last that took part */
};

/* pattern must outlive nothing. */
enum php_flow regex_init(struct php_run *run, struct php_value pattern, struct regex *ret) _must_check;
void regex_deinit(struct regex *regex);
#define _cleanup_regex_ _cleanup_(regex_deinit)

/* Walks through the matches of a subject as PHP does: behind an empty match it looks for one that is not
 * empty at the same place first, then one character on. */
struct regex_walk {
        struct php_span subject;
        size_t at;
        uint32_t options;
        bool checked; /* the subject is known to be UTF-8 */
};
/* *ret_found: there is one more match, and regex_group tells what it is. */
enum php_flow regex_next(struct php_run *run, struct regex *regex, struct regex_walk *walk, bool *ret_found)
        _must_check;

/* A group's place in the last match; false when it took no part. */
bool regex_group(const struct regex *regex, uint32_t group, size_t *ret_begin, size_t *ret_end);
