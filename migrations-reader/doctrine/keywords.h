/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Words that the platforms of doctrine/dbal quote as identifiers; each platform has a list of its own. */

#include <stdbool.h>

enum keyword_list {
        KEYWORDS_MYSQL_25 = 1 << 0, /* dbal 2.5's MySQL */
        KEYWORDS_MYSQL57_25 = 1 << 1,
        KEYWORDS_MYSQL = 1 << 2, /* from 2.10 on */
        KEYWORDS_MYSQL57 = 1 << 3,
        KEYWORDS_MYSQL80 = 1 << 4,
        KEYWORDS_MARIADB102 = 1 << 5, /* dbal 2 */
        KEYWORDS_MARIADB = 1 << 6, /* dbal 3 */
};

/* True when the word, in any case, is in one of the lists. */
bool keyword_is_reserved(const char *word, unsigned lists);
