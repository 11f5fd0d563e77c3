/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/query_builder.h"
#include "migrations-reader/php/operators.h"

#include <string.h>

#define EXPRESSIONS DBAL "Query\\Expression\\"

/* CompositeExpression */

struct composite {
        struct php_value type; /* "AND", "OR" */
        struct php_value parts; /* a list */
};

static struct composite *composite_of(struct php_run *run, struct php_value value)
{
        return php_host_data(run, php_look(value), EXPRESSIONS "CompositeExpression");
}

static void composite_release(void *host)
{
        struct composite *composite = host;
        php_release(composite->type);
        php_release(composite->parts);
        free(composite);
}

static void *composite_clone(const void *host)
{
        const struct composite *composite = host;
        struct composite *copy = memory_new(sizeof(*copy));
        *copy = (struct composite){.type = php_copy(composite->type), .parts = php_copy(composite->parts)};
        return copy;
}

/* What the versions leave out: 2.5 what is empty(), an empty expression not; 2.10 and 2.13 both; 3.7 null and
 * empty expressions. */
static bool is_left_out(struct php_run *run, struct php_value part)
{
        part = php_look(part);
        const struct composite *composite = part.type == PHP_TYPE_OBJECT ? composite_of(run, part) : NULL;
        if (composite)
                return version_of(run) >= DOCTRINE_2_10 && php_array_count(composite->parts) == 0;
        return version_of(run) >= DOCTRINE_3_7 ? part.type == PHP_TYPE_NULL : !php_truth(part);
}

static void composite_append(struct php_run *run, struct composite *composite, struct php_value part)
{
        if (!is_left_out(run, part))
                (void)php_array_append(&composite->parts, php_copy(php_look(part)));
}

struct php_value composite_new(
        struct php_run *run, const char *type, const struct php_value *parts, size_t count)
{
        struct composite *composite = memory_new(sizeof(*composite));
        *composite = (struct composite){.type = php_text(type), .parts = php_new_array()};
        for (size_t i = 0; i < count; i++)
                composite_append(run, composite, parts[i]);
        return php_host_object(run, EXPRESSIONS "CompositeExpression", composite);
}

bool is_composite(struct php_run *run, struct php_value value, const char *type)
{
        value = php_look(value);
        const struct composite *composite = value.type == PHP_TYPE_OBJECT ? composite_of(run, value) : NULL;
        return composite && (!type || php_string_is(composite->type, type));
}

struct php_value composite_with(
        struct php_run *run, struct php_value value, const struct php_value *parts, size_t count)
{
        struct composite *composite = composite_of(run, value);
        if (version_of(run) < DOCTRINE_2_13) {
                for (size_t i = 0; i < count; i++)
                        composite_append(run, composite, parts[i]);
                return php_copy(value);
        }
        struct composite *copy = composite_clone(composite);
        for (size_t i = 0; i < count; i++)
                (void)php_array_append(&copy->parts, php_copy(php_look(parts[i])));
        return php_host_object(run, EXPRESSIONS "CompositeExpression", copy);
}

static enum php_flow composite_construct(struct php_run *run, struct php_call *call)
{
        struct composite *composite = memory_new(sizeof(*composite));
        struct php_value part;
        *composite = (struct composite){.type = php_copy(php_argument(call, 0)), .parts = php_new_array()};
        php_set_host_data(call->this, composite);
        if (call->count > 1 && php_argument(call, 1).type != PHP_TYPE_ARRAY)
                return php_throw(run, "TypeError", "Argument 2 must be of type array");
        for (size_t at = 0; call->count > 1 && php_array_next(php_argument(call, 1), &at, NULL, &part);)
                composite_append(run, composite, part);
        return PHP_OK;
}

static enum php_flow composite_add(struct php_run *run, struct php_call *call)
{
        composite_append(run, call->this_host, php_argument(call, 0));
        return php_return(call, this_value(call));
}

static enum php_flow composite_add_multiple(struct php_run *run, struct php_call *call)
{
        struct php_value part;
        if (call->count > 0 && php_argument(call, 0).type != PHP_TYPE_ARRAY)
                return php_throw(run, "TypeError", "Argument 1 must be of type array");
        for (size_t at = 0; call->count > 0 && php_array_next(php_argument(call, 0), &at, NULL, &part);)
                composite_append(run, call->this_host, part);
        return php_return(call, this_value(call));
}

static enum php_flow composite_count(_unused struct php_run *run, struct php_call *call)
{
        const struct composite *composite = call->this_host;
        return php_return(call, php_int((int64_t)php_array_count(composite->parts)));
}

static enum php_flow composite_type(_unused struct php_run *run, struct php_call *call)
{
        const struct composite *composite = call->this_host;
        return php_return(call, php_copy(composite->type));
}

static enum php_flow composite_with_method(struct php_run *run, struct php_call *call)
{
        return php_return(call, composite_with(run, call->this, call->arguments, call->count));
}

static enum php_flow composite_and(struct php_run *run, struct php_call *call)
{
        return php_return(call, composite_new(run, "AND", call->arguments, call->count));
}

static enum php_flow composite_or(struct php_run *run, struct php_call *call)
{
        return php_return(call, composite_new(run, "OR", call->arguments, call->count));
}

static enum php_flow composite_to_string(struct php_run *run, struct php_call *call)
{
        const struct composite *composite = call->this_host;
        _cleanup_buffer_ struct buffer out = {0};
        const struct php_value *only = php_array_get(composite->parts, php_key_int(0));
        if (php_array_count(composite->parts) == 1)
                return php_stringify(run, *only, call->ret);
        _cleanup_free_ char *between = string_format(") %s (", php_string_bytes(composite->type));
        buffer_append_string(&out, "(");
        TRY(append_joined(run, composite->parts, between, &out));
        buffer_append_string(&out, ")");
        return php_return(call, php_from_buffer(&out));
}

/* Texts */

enum php_flow append_text(struct php_run *run, struct php_value value, struct buffer *out)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        if (php_look(value).type == PHP_TYPE_ARRAY)
                return php_needs_php(run, "an array where Doctrine joins strings");
        TRY(php_stringify(run, php_look(value), &text));
        buffer_append(out, php_string_bytes(text), php_string_size(text));
        return PHP_OK;
}

enum php_flow append_joined(
        struct php_run *run, struct php_value list, const char *between, struct buffer *out)
{
        struct php_value part;
        bool first = true;
        for (size_t at = 0; php_array_next(list, &at, NULL, &part); first = false) {
                if (!first)
                        buffer_append_string(out, between);
                TRY(append_text(run, part, out));
        }
        return PHP_OK;
}

/* ExpressionBuilder */

struct php_value expression_builder_new(struct php_run *run)
{
        return php_host_object(run, EXPRESSIONS "ExpressionBuilder", NULL);
}

/* It needs nothing of its connection but quote(), which is the same for all. */
static enum php_flow builder_construct(_unused struct php_run *run, _unused struct php_call *call)
{
        return PHP_OK;
}

static enum php_flow compare(struct php_run *run, struct php_call *call, const char *operator, size_t right)
{
        _cleanup_buffer_ struct buffer out = {0};
        TRY(append_text(run, php_argument(call, 0), &out));
        buffer_append_format(&out, " %s ", operator);
        TRY(append_text(run, php_argument(call, right), &out));
        return php_return(call, php_from_buffer(&out));
}

#define COMPARISON(name, operator)                                                                           \
        static enum php_flow name(struct php_run *run, struct php_call *call)                                \
        {                                                                                                    \
                return compare(run, call, operator, 1);                                                      \
        }
COMPARISON(equal, "=")
COMPARISON(not_equal, "<>")
COMPARISON(less, "<")
COMPARISON(less_or_equal, "<=")
COMPARISON(greater, ">")
COMPARISON(greater_or_equal, ">=")

static enum php_flow comparison(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value operator= PHP_NULL_VALUE;
        TRY(php_stringify(run, php_argument(call, 1), &operator));
        return compare(run, call, php_string_bytes(operator), 2);
}

/* From 2.10 on with an escape character, if one is given. */
static enum php_flow like_with(struct php_run *run, struct php_call *call, const char *operator)
{
        _cleanup_buffer_ struct buffer out = {0};
        TRY(compare(run, call, operator, 1));
        if (call->count < 3 || version_of(run) < DOCTRINE_2_10)
                return PHP_OK;
        TRY(append_text(run, *call->ret, &out));
        buffer_append_string(&out, " ESCAPE ");
        TRY(append_text(run, php_argument(call, 2), &out));
        php_clear(call->ret);
        return php_return(call, php_from_buffer(&out));
}

static enum php_flow like(struct php_run *run, struct php_call *call)
{
        return like_with(run, call, "LIKE");
}

static enum php_flow not_like(struct php_run *run, struct php_call *call)
{
        return like_with(run, call, "NOT LIKE");
}

static enum php_flow suffixed(struct php_run *run, struct php_call *call, const char *suffix)
{
        _cleanup_buffer_ struct buffer out = {0};
        TRY(append_text(run, php_argument(call, 0), &out));
        buffer_append_string(&out, suffix);
        return php_return(call, php_from_buffer(&out));
}

static enum php_flow is_null(struct php_run *run, struct php_call *call)
{
        return suffixed(run, call, " IS NULL");
}

static enum php_flow is_not_null(struct php_run *run, struct php_call *call)
{
        return suffixed(run, call, " IS NOT NULL");
}

/* (array) $y */
static enum php_flow in_list(struct php_run *run, struct php_call *call, const char *operator)
{
        struct php_value list = php_argument(call, 1);
        _cleanup_buffer_ struct buffer out = {0};
        if (list.type == PHP_TYPE_OBJECT)
                return php_needs_php(run, "an object as a list");
        TRY(append_text(run, php_argument(call, 0), &out));
        buffer_append_format(&out, " %s (", operator);
        if (list.type == PHP_TYPE_ARRAY)
                TRY(append_joined(run, list, ", ", &out));
        else
                TRY(append_text(run, list, &out));
        buffer_append_string(&out, ")");
        return php_return(call, php_from_buffer(&out));
}

static enum php_flow in(struct php_run *run, struct php_call *call)
{
        return in_list(run, call, "IN");
}

static enum php_flow not_in(struct php_run *run, struct php_call *call)
{
        return in_list(run, call, "NOT IN");
}

static enum php_flow literal(struct php_run *run, struct php_call *call)
{
        return connection_quote(run, php_argument(call, 0),
                call->count > 1 ? php_argument(call, 1) : PHP_NULL_VALUE, call->ret);
}

static const struct doctrine_method composite_methods[] = {
        {{"__toString", composite_to_string, 0, 0, false, ""}, 0, 0},
        {{"add", composite_add, 1, 1, false, NULL}, 0, 0},
        {{"addMultiple", composite_add_multiple, 0, 1, false, NULL}, 0, 0},
        {{"and", composite_and, 1, PHP_ANY, true, NULL}, DOCTRINE_2_13, 0},
        {{"count", composite_count, 0, 0, false, ""}, 0, 0},
        {{"getType", composite_type, 0, 0, false, ""}, 0, 0},
        {{"or", composite_or, 1, PHP_ANY, true, NULL}, DOCTRINE_2_13, 0},
        {{"with", composite_with_method, 1, PHP_ANY, false, NULL}, DOCTRINE_2_13, 0},
        {{NULL}, 0, 0},
};

#define TEXT(name, text)                                                                                     \
        {                                                                                                    \
                {name, PHP_TYPE_STRING, 0, text}, 0, 0                                                       \
        }

static const struct doctrine_constant composite_constants[] = {
        TEXT("TYPE_AND", "AND"),
        TEXT("TYPE_OR", "OR"),
        {{NULL}, 0, 0},
};

static const struct doctrine_method builder_methods[] = {
        {{"and", composite_and, 1, PHP_ANY, false, NULL}, DOCTRINE_2_13, 0},
        {{"andX", composite_and, 0, PHP_ANY, false, NULL}, 0, 0},
        {{"comparison", comparison, 3, 3, false, "x,operator,y"}, 0, 0},
        {{"eq", equal, 2, 2, false, "x,y"}, 0, 0},
        {{"gt", greater, 2, 2, false, "x,y"}, 0, 0},
        {{"gte", greater_or_equal, 2, 2, false, "x,y"}, 0, 0},
        {{"in", in, 2, 2, false, "x,y"}, 0, 0},
        {{"isNotNull", is_not_null, 1, 1, false, "x"}, 0, 0},
        {{"isNull", is_null, 1, 1, false, "x"}, 0, 0},
        {{"like", like, 2, 3, false, NULL}, 0, 0},
        {{"literal", literal, 1, 2, false, "input,type"}, 0, 0},
        {{"lt", less, 2, 2, false, "x,y"}, 0, 0},
        {{"lte", less_or_equal, 2, 2, false, "x,y"}, 0, 0},
        {{"neq", not_equal, 2, 2, false, "x,y"}, 0, 0},
        {{"notIn", not_in, 2, 2, false, "x,y"}, 0, 0},
        {{"notLike", not_like, 2, 3, false, NULL}, 0, 0},
        {{"or", composite_or, 1, PHP_ANY, false, NULL}, DOCTRINE_2_13, 0},
        {{"orX", composite_or, 0, PHP_ANY, false, NULL}, 0, 0},
        {{NULL}, 0, 0},
};

static const struct doctrine_constant builder_constants[] = {
        TEXT("EQ", "="),
        TEXT("GT", ">"),
        TEXT("GTE", ">="),
        TEXT("LT", "<"),
        TEXT("LTE", "<="),
        TEXT("NEQ", "<>"),
        {{NULL}, 0, 0},
};

const struct doctrine_class expression_classes[] = {
        {.class = {.name = EXPRESSIONS "CompositeExpression",
                 .interfaces = "Countable",
                 .construct = composite_construct,
                 .release = composite_release,
                 .clone = composite_clone},
                .methods = composite_methods,
                .constants = composite_constants},
        {.class = {.name = EXPRESSIONS "ExpressionBuilder", .construct = builder_construct},
                .methods = builder_methods,
                .constants = builder_constants},
        {.class = {.name = NULL}},
};
