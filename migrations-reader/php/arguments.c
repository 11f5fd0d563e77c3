/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The arguments of host functions, coerced as PHP does for its own functions. */

#include "migrations-reader/php/run_private.h"

struct php_value php_argument(const struct php_call *call, size_t n)
{
        return n < call->count ? php_look(call->arguments[n]) : PHP_NULL_VALUE;
}

static enum php_flow wrong(struct php_run *run, size_t n, const char *wanted, struct php_value given)
{
        return php_throw(run, "TypeError", "Argument #%zu must be of type %s, %s given", n + 1, wanted,
                given.type == PHP_TYPE_OBJECT ? php_class_of(given) : php_short_type_name(given));
}

/* Weak mode takes null for a scalar (PHP 8.1 frowns, and takes it). */
static enum php_flow coerce(struct php_run *run, const struct php_call *call, size_t n, enum php_type wanted,
        const char *name, struct php_value *ret)
{
        struct php_value given = php_argument(call, n);
        bool fits = false;
        *ret = php_copy(given);
        if (given.type == PHP_TYPE_NULL && (!run->strict_call || n >= call->count)) {
                fits = true;
                *ret = wanted == PHP_TYPE_STRING ? php_text("")
                       : wanted == PHP_TYPE_INT  ? php_int(0)
                       : wanted == PHP_TYPE_BOOL ? php_bool(false)
                                                 : php_float(0);
        }
        enum php_flow flow = fits ? PHP_OK : php_coerce_scalar(run, wanted, run->strict_call, ret, &fits);
        if (flow == PHP_OK && !fits)
                flow = wrong(run, n, name, given);
        if (flow != PHP_OK)
                php_clear(ret);
        return flow;
}

enum php_flow php_argument_string(
        struct php_run *run, const struct php_call *call, size_t n, struct php_value *ret)
{
        return coerce(run, call, n, PHP_TYPE_STRING, "string", ret);
}

enum php_flow php_argument_int(struct php_run *run, const struct php_call *call, size_t n, int64_t *ret)
{
        struct php_value value;
        enum php_flow flow = coerce(run, call, n, PHP_TYPE_INT, "int", &value);
        if (flow == PHP_OK)
                *ret = value.integer;
        return flow;
}

enum php_flow php_argument_float(struct php_run *run, const struct php_call *call, size_t n, double *ret)
{
        struct php_value value;
        enum php_flow flow = coerce(run, call, n, PHP_TYPE_FLOAT, "float", &value);
        if (flow == PHP_OK)
                *ret = value.number;
        return flow;
}

enum php_flow php_argument_bool(struct php_run *run, const struct php_call *call, size_t n, bool *ret)
{
        struct php_value value;
        enum php_flow flow = coerce(run, call, n, PHP_TYPE_BOOL, "bool", &value);
        if (flow == PHP_OK)
                *ret = value.boolean;
        return flow;
}

enum php_flow php_argument_array(
        struct php_run *run, const struct php_call *call, size_t n, struct php_value *ret)
{
        struct php_value given = php_argument(call, n);
        if (given.type != PHP_TYPE_ARRAY)
                return wrong(run, n, "array", given);
        *ret = given;
        return PHP_OK;
}
