/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Declared types of parameters, results and properties. Source: PHP manual "Type declarations". */

#include "migrations-reader/php/run_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- scalars in weak mode ---- */

static bool begins_like_a_number(const char *text)
{
        char *end = NULL;
        text += strspn(text, " \t\n\r\v\f");
        if (!strchr("+-.0123456789", *text) || !*text)
                return false;
        (void)strtod(text, &end);
        return end != text;
}

/* A numeric string's number; *ret_numeric false when it is none. */
static enum php_flow number_of(
        struct php_run *run, struct php_value string, bool *ret_numeric, struct php_value *ret)
{
        enum php_answer answer = php_numeric(string, ret_numeric, ret);
        if (answer == PHP_DONE && !*ret_numeric && begins_like_a_number(php_string_bytes(string)))
                answer = PHP_DISAGREE;
        if (answer != PHP_DISAGREE)
                return PHP_OK;
        return php_needs_php(run, "a string that only begins like a number, where PHP 7 and PHP 8 disagree");
}

static bool float_to_int(double number, struct php_value *value)
{
        if (isnan(number) || number < -9223372036854775808.0 || number >= 9223372036854775808.0)
                return false;
        *value = php_int((int64_t)number);
        return true;
}

static enum php_flow coerce_to_int(struct php_run *run, struct php_value *value, bool *ret_fits)
{
        struct php_value number = *value;
        bool numeric = true;
        if (value->type == PHP_TYPE_STRING) {
                enum php_flow flow = number_of(run, *value, &numeric, &number);
                if (flow != PHP_OK || !numeric)
                        return flow;
        }
        struct php_value made = number;
        if (number.type == PHP_TYPE_BOOL)
                made = php_int(number.boolean);
        else if (number.type == PHP_TYPE_FLOAT && !float_to_int(number.number, &made))
                return PHP_OK;
        *ret_fits = true;
        php_release(*value);
        *value = made;
        return PHP_OK;
}

static enum php_flow coerce_to_float(struct php_run *run, struct php_value *value, bool *ret_fits)
{
        struct php_value number = *value;
        bool numeric = true;
        if (value->type == PHP_TYPE_STRING) {
                enum php_flow flow = number_of(run, *value, &numeric, &number);
                if (flow != PHP_OK || !numeric)
                        return flow;
        }
        if (number.type == PHP_TYPE_BOOL)
                number = php_float(number.boolean);
        else if (number.type == PHP_TYPE_INT)
                number = php_float((double)number.integer);
        *ret_fits = true;
        php_release(*value);
        *value = number;
        return PHP_OK;
}

static enum php_flow coerce_to_string(struct php_run *run, struct php_value *value, bool *ret_fits)
{
        if (value->type == PHP_TYPE_OBJECT && !php_find_method(value->object->class, "__toString"))
                return php_is_foreign(value->object->class) && !value->object->closure
                               ? php_needs_php(run, "the text of an object of %s", php_class_of(*value))
                               : PHP_OK;
        struct php_value text = PHP_NULL_VALUE;
        enum php_flow flow = php_stringify(run, *value, &text);
        if (flow != PHP_OK)
                return flow;
        *ret_fits = true;
        php_release(*value);
        *value = text;
        return PHP_OK;
}

/* What may not become a scalar at all: null, arrays, and objects but for strings. */
static bool may_coerce(struct php_value value, enum php_type wanted)
{
        switch (value.type) {
        case PHP_TYPE_BOOL:
        case PHP_TYPE_INT:
        case PHP_TYPE_FLOAT:
        case PHP_TYPE_STRING:
                return true;
        case PHP_TYPE_OBJECT:
                return wanted == PHP_TYPE_STRING;
        case PHP_TYPE_NULL:
        case PHP_TYPE_ARRAY:
        case PHP_TYPE_REFERENCE:
                break;
        }
        return false;
}

enum php_flow php_coerce_scalar(
        struct php_run *run, enum php_type wanted, bool strict, struct php_value *value, bool *ret_fits)
{
        *ret_fits = value->type == wanted;
        if (*ret_fits || !may_coerce(*value, wanted))
                return PHP_OK;
        if (wanted == PHP_TYPE_FLOAT && value->type == PHP_TYPE_INT)
                return coerce_to_float(run, value, ret_fits);
        if (strict)
                return PHP_OK;
        if (wanted == PHP_TYPE_INT)
                return coerce_to_int(run, value, ret_fits);
        if (wanted == PHP_TYPE_FLOAT)
                return coerce_to_float(run, value, ret_fits);
        if (wanted == PHP_TYPE_STRING)
                return coerce_to_string(run, value, ret_fits);
        if (wanted == PHP_TYPE_BOOL) {
                bool truth = php_truth(*value);
                php_clear(value);
                *value = php_bool(truth);
                *ret_fits = true;
        }
        return PHP_OK;
}

/* ---- declared types ---- */

struct fitting {
        struct php_run *run;
        struct php_class *scope;
        struct php_class *static_class;
        struct php_value value;
};

static const struct {
        const char *name;
        enum php_type type;
} plain_types[] = {
        {"array", PHP_TYPE_ARRAY},
        {"bool", PHP_TYPE_BOOL},
        {"float", PHP_TYPE_FLOAT},
        {"int", PHP_TYPE_INT},
        {"null", PHP_TYPE_NULL},
        {"object", PHP_TYPE_OBJECT},
        {"string", PHP_TYPE_STRING},
        {"void", PHP_TYPE_NULL},
};

static enum php_flow fits_class(const struct fitting *fitting, const char *name, bool *ret)
{
        if (fitting->value.type != PHP_TYPE_OBJECT)
                return PHP_OK;
        const struct php_class *class = fitting->value.object->class;
        if (strcasecmp(name, "self") == 0)
                *ret = fitting->scope && php_descends(class, fitting->scope);
        else if (strcasecmp(name, "static") == 0)
                *ret = fitting->static_class && php_descends(class, fitting->static_class);
        else if (strcasecmp(name, "parent") == 0)
                *ret = fitting->scope && fitting->scope->parent &&
                       php_descends(class, fitting->scope->parent);
        else
                *ret = php_descends_name(class, name);
        if (!*ret && class->unknown_interfaces)
                return php_needs_php(fitting->run, "whether a %s is a %s", class->name, name);
        return PHP_OK;
}

static enum php_flow fits_name(const struct fitting *fitting, const char *name, bool *ret)
{
        struct php_value value = fitting->value;
        for (size_t i = 0; i < ARRAY_SIZE(plain_types); i++)
                if (strcasecmp(plain_types[i].name, name) == 0) {
                        *ret = value.type == plain_types[i].type;
                        return PHP_OK;
                }
        if (strcasecmp(name, "mixed") == 0) {
                *ret = true;
        } else if (strcasecmp(name, "false") == 0 || strcasecmp(name, "true") == 0) {
                *ret = value.type == PHP_TYPE_BOOL && value.boolean == (strcasecmp(name, "true") == 0);
        } else if (strcasecmp(name, "iterable") == 0) {
                *ret = value.type == PHP_TYPE_ARRAY;
                return *ret ? PHP_OK : fits_class(fitting, "Traversable", ret);
        } else if (strcasecmp(name, "callable") == 0) {
                struct php_target target;
                return php_callable_target(fitting->run, value, &target, ret);
        } else {
                return fits_class(fitting, name, ret);
        }
        return PHP_OK;
}

/* One after the other of "A|B": the next name, or NULL. */
static char *next_name(const char **at)
{
        *at += strspn(*at, "|? ");
        size_t length = strcspn(*at, "| ");
        if (length == 0)
                return NULL;
        const char *begin = *at;
        *at += length;
        return string_format("%.*s", (int)length, *begin == '\\' ? begin + 1 : begin);
}

static bool declares(const char *type, const char *wanted)
{
        char *name;
        bool found = false;
        while (!found && (name = next_name(&type))) {
                found = strcasecmp(name, wanted) == 0;
                free(name);
        }
        return found;
}

static enum php_flow fits_some(const struct fitting *fitting, const char *type, bool *ret)
{
        enum php_flow flow = PHP_OK;
        char *name;
        while (flow == PHP_OK && !*ret && (name = next_name(&type))) {
                flow = fits_name(fitting, name, ret);
                free(name);
        }
        return flow;
}

/* Whether a union's int takes the value; of a string with a fraction PHP makes a float. */
static enum php_flow is_integral(struct php_run *run, struct php_value value, bool *ret)
{
        struct php_value number = value;
        bool numeric = true;
        if (value.type == PHP_TYPE_STRING) {
                enum php_flow flow = number_of(run, value, &numeric, &number);
                if (flow != PHP_OK)
                        return flow;
        }
        *ret = numeric && (number.type != PHP_TYPE_FLOAT || value.type == PHP_TYPE_FLOAT);
        return PHP_OK;
}

/* PHP's order of preference for a scalar that is none of the declared types. */
static enum php_flow coerce_to_some(
        struct php_run *run, const char *type, bool strict, struct php_value *value, bool *ret)
{
        static const struct {
                const char *name;
                enum php_type type;
        } order[] = {{"int", PHP_TYPE_INT}, {"float", PHP_TYPE_FLOAT}, {"string", PHP_TYPE_STRING},
                {"bool", PHP_TYPE_BOOL}};
        bool is_union = strchr(type, '|') != NULL;
        for (size_t i = 0; i < ARRAY_SIZE(order) && !*ret; i++) {
                if (!declares(type, order[i].name))
                        continue;
                bool whole = true;
                enum php_flow flow = PHP_OK;
                if (is_union && !strict && order[i].type == PHP_TYPE_INT && may_coerce(*value, PHP_TYPE_INT))
                        flow = is_integral(run, *value, &whole);
                if (flow == PHP_OK && (order[i].type != PHP_TYPE_INT || whole))
                        flow = php_coerce_scalar(run, order[i].type, strict, value, ret);
                if (flow != PHP_OK)
                        return flow;
        }
        return PHP_OK;
}

enum php_flow php_fit_type(struct php_run *run, const char *type, bool strict, struct php_class *scope,
        struct php_class *static_class, struct php_value *value, bool *ret_fits)
{
        *ret_fits = true;
        if (!type || strcmp(type, "mixed") == 0)
                return PHP_OK;
        if (strchr(type, '&'))
                return php_needs_php(run, "type %s", type);
        struct fitting fitting = {run, scope, static_class, *value};
        *ret_fits = *type == '?' && value->type == PHP_TYPE_NULL;
        enum php_flow flow = *ret_fits ? PHP_OK : fits_some(&fitting, type, ret_fits);
        if (flow != PHP_OK || *ret_fits)
                return flow;
        return coerce_to_some(run, type, strict, value, ret_fits);
}
