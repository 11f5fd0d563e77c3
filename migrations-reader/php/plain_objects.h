/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * How serialize and JSON look into plain objects (stdClass) and make them, without knowing the interpreter.
 * Where there are none of these functions, no object is known.
 */

#include "migrations-reader/php/value.h"

struct php_plain_objects {
        /* The properties, all public, in an array that is borrowed. false: it is no plain object. */
        bool (*properties)(void *context, struct php_value object, struct php_value *ret);
        bool (*make)(void *context, struct php_value *ret);
        void (*set)(struct php_value object, const char *name, struct php_value value); /* takes value */
        void *context;
};
#define PHP_PLAIN_CLASS "stdClass"
