/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "migrations-reader/php/ast.h"

enum post_up_kind {
        /* It depends on nothing but the database: no properties, traits or static variables that could hold
         * what preUp or up found, no look at its parameter (the schema of before). It can be run by itself on
         * a new object, also after an interruption. */
        POST_UP_ALONE,
        /* It has to be run on the object that preUp and up were run on. */
        POST_UP_WITH_OBJECT,
        /* The class asks for services beyond the connection and the loggers: only PHP has them. */
        POST_UP_WITH_SERVICES,
};
enum post_up_kind post_up_kind(const struct php_file *file);
