/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/run_private.h"

#include <string.h>

bool php_goes_on(struct php_run *run)
{
        struct php_frame *frame = run->frame;
        if (frame->completion == PHP_NORMAL)
                return true;
        if (frame->completion == PHP_RETURNING)
                return false;
        bool goes_on = frame->completion == PHP_CONTINUING && frame->levels == 1;
        if (--frame->levels == 0)
                frame->completion = PHP_NORMAL;
        return goes_on;
}

static enum php_flow is_true(struct php_run *run, const struct php_ast *node, bool *ret)
{
        _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
        run->frame->line = node->line;
        enum php_flow flow = php_evaluate(run, node, &value);
        *ret = flow == PHP_OK && php_truth(value);
        return flow;
}

static enum php_flow run_body(struct php_run *run, const struct php_ast *body, bool *ret_goes_on)
{
        enum php_flow flow = body ? php_execute(run, body) : php_step(run);
        *ret_goes_on = flow == PHP_OK && php_goes_on(run);
        return flow;
}

enum php_flow php_execute_while(struct php_run *run, const struct php_ast *node)
{
        enum php_flow flow = PHP_OK;
        for (bool goes_on = true; flow == PHP_OK && goes_on;) {
                flow = is_true(run, node->children[0], &goes_on);
                if (flow == PHP_OK && goes_on)
                        flow = run_body(run, node->children[1], &goes_on);
        }
        return flow;
}

enum php_flow php_execute_do(struct php_run *run, const struct php_ast *node)
{
        enum php_flow flow = PHP_OK;
        for (bool goes_on = true; flow == PHP_OK && goes_on;) {
                flow = run_body(run, node->children[0], &goes_on);
                if (flow == PHP_OK && goes_on)
                        flow = is_true(run, node->children[1], &goes_on);
        }
        return flow;
}

/* Several conditions: the last one counts. None: true. */
static enum php_flow conditions(struct php_run *run, const struct php_ast *block, bool *ret)
{
        *ret = true;
        for (size_t i = 0; block && i < block->count; i++) {
                const struct php_ast *node = block->children[i];
                enum php_flow flow =
                        is_true(run, node->kind == PHP_AST_EXPRESSION ? node->children[0] : node, ret);
                if (flow != PHP_OK)
                        return flow;
        }
        return PHP_OK;
}

enum php_flow php_execute_for(struct php_run *run, const struct php_ast *node)
{
        enum php_flow flow = node->children[0] ? php_execute(run, node->children[0]) : PHP_OK;
        for (bool goes_on = true; flow == PHP_OK && goes_on;) {
                flow = conditions(run, node->children[1], &goes_on);
                if (flow == PHP_OK && goes_on)
                        flow = run_body(run, node->children[3], &goes_on);
                if (flow == PHP_OK && goes_on && node->children[2])
                        flow = php_execute(run, node->children[2]);
        }
        return flow;
}

/* ---- foreach ---- */

static enum php_flow one_round(struct php_run *run, const struct php_ast *node, struct php_value key,
        struct php_value value, bool *ret_goes_on)
{
        enum php_flow flow = php_assign_to(run, node->children[2], value);
        if (flow == PHP_OK && node->children[1])
                flow = php_assign_to(run, node->children[1], key);
        return flow == PHP_OK ? run_body(run, node->children[3], ret_goes_on) : flow;
}

/* Names of properties are strings, also "12"; keys of arrays then are not. */
static struct php_value name_of(struct php_key key, bool is_property)
{
        struct php_value name = php_key_value(key), text;
        if (!is_property || key.is_string)
                return name;
        (void)php_to_string(name, &text);
        return text;
}

static enum php_flow each_element(
        struct php_run *run, const struct php_ast *node, struct php_value array, bool is_object)
{
        struct php_key key;
        struct php_value value;
        bool goes_on = true;
        for (size_t at = 0; goes_on && php_array_next(array, &at, &key, &value);) {
                _cleanup_php_value_ struct php_value name = name_of(key, is_object);
                _cleanup_php_value_ struct php_value element = php_copy(value);
                enum php_flow flow = one_round(run, node, name, element, &goes_on);
                if (flow != PHP_OK)
                        return flow;
        }
        return PHP_OK;
}

/* The array is looked at anew in each round: the body may change it, and what is appended is visited. */
static enum php_flow each_reference(struct php_run *run, const struct php_ast *node, struct php_value array)
{
        struct php_key key;
        struct php_value *slot = NULL;
        bool goes_on = true;
        for (size_t at = 0; goes_on;) {
                struct php_value *content = php_behind(&array);
                if (content->type != PHP_TYPE_ARRAY || !php_array_next_slot(content, &at, &key, &slot))
                        break;
                _cleanup_php_value_ struct php_value name = php_key_value(key);
                struct php_value element = php_make_reference(slot);
                enum php_flow flow = php_bind_reference(run, node->children[2], element);
                if (flow == PHP_OK && node->children[1])
                        flow = php_assign_to(run, node->children[1], name);
                if (flow == PHP_OK)
                        flow = run_body(run, node->children[3], &goes_on);
                if (flow != PHP_OK)
                        return flow;
        }
        return PHP_OK;
}

static enum php_flow call_plain(
        struct php_run *run, struct php_value object, const char *method, struct php_value *ret)
{
        php_clear(ret);
        return php_call_method(run, object, method, NULL, 0, ret);
}

static enum php_flow one_item(
        struct php_run *run, const struct php_ast *node, struct php_value iterator, bool *ret_goes_on)
{
        _cleanup_php_value_ struct php_value key = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
        enum php_flow flow = call_plain(run, iterator, "current", &value);
        if (flow == PHP_OK && node->children[1])
                flow = call_plain(run, iterator, "key", &key);
        return flow == PHP_OK ? one_round(run, node, key, value, ret_goes_on) : flow;
}

static enum php_flow each_item(struct php_run *run, const struct php_ast *node, struct php_value iterator)
{
        _cleanup_php_value_ struct php_value answer = PHP_NULL_VALUE;
        enum php_flow flow = call_plain(run, iterator, "rewind", &answer);
        for (bool goes_on = true; flow == PHP_OK && goes_on;) {
                flow = call_plain(run, iterator, "valid", &answer);
                if (flow != PHP_OK || !php_truth(answer))
                        break;
                flow = one_item(run, node, iterator, &goes_on);
                if (flow == PHP_OK && goes_on)
                        flow = call_plain(run, iterator, "next", &answer);
        }
        return flow;
}

static enum php_flow each_of_object(struct php_run *run, const struct php_ast *node, struct php_value object)
{
        if (php_instance_of(run, object, "Iterator"))
                return each_item(run, node, object);
        if (php_instance_of(run, object, "IteratorAggregate")) {
                _cleanup_php_value_ struct php_value inner = PHP_NULL_VALUE;
                enum php_flow flow = php_enter(run);
                if (flow != PHP_OK)
                        return flow;
                flow = call_plain(run, object, "getIterator", &inner);
                if (flow == PHP_OK && inner.type == PHP_TYPE_ARRAY) /* a host's way of saying it */
                        flow = each_element(run, node, inner, false);
                else if (flow == PHP_OK && inner.type != PHP_TYPE_OBJECT)
                        flow = php_throw(run, "Exception", "getIterator() must return an object");
                else if (flow == PHP_OK)
                        flow = each_of_object(run, node, inner);
                php_leave(run);
                return flow;
        }
        if (object.object->class->unknown_interfaces || php_is_foreign(object.object->class))
                return php_needs_php(run, "foreach over an object of %s", php_class_of(object));
        _cleanup_php_value_ struct php_value seen =
                php_visible_properties(object.object, run->frame->scope, false);
        return each_element(run, node, seen, true);
}

static enum php_flow foreach_reference(struct php_run *run, const struct php_ast *node)
{
        _cleanup_php_value_ struct php_value array = PHP_NULL_VALUE;
        const struct php_ast *subject = node->children[0];
        if (!php_is_place(subject))
                return php_needs_php(run, "foreach by reference over a value that is no variable");
        enum php_flow flow = php_reference_to(run, subject, &array);
        if (flow != PHP_OK)
                return flow;
        if (php_look(array).type == PHP_TYPE_ARRAY)
                return each_reference(run, node, array);
        return php_needs_php(
                run, "foreach by reference over a value of type %s", php_short_type_name(php_look(array)));
}

enum php_flow php_execute_foreach(struct php_run *run, const struct php_ast *node)
{
        if (node->flags & PHP_FLAG_REFERENCE)
                return foreach_reference(run, node);
        _cleanup_php_value_ struct php_value subject = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node->children[0], &subject);
        if (flow != PHP_OK)
                return flow;
        if (subject.type == PHP_TYPE_ARRAY)
                return each_element(run, node, subject, false);
        if (subject.type == PHP_TYPE_OBJECT)
                return each_of_object(run, node, subject);
        return php_notice(run, "foreach over a value of type %s", php_short_type_name(subject));
}
