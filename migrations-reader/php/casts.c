/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Expressions about what a value is: instanceof, clone, casts. */

#include "migrations-reader/php/run_private.h"

#include <string.h>
#include <strings.h>

static enum php_flow is_instance(struct php_run *run, struct php_value object, const char *name, bool *ret)
{
        *ret = php_instance_of(run, object, name);
        if (!*ret && object.type == PHP_TYPE_OBJECT && object.object->class->unknown_interfaces)
                return php_needs_php(run, "whether a %s is a %s", php_class_of(object), name);
        return PHP_OK;
}

enum php_flow php_evaluate_instanceof(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value object = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value wanted = PHP_NULL_VALUE;
        const struct php_ast *name = node->children[1];
        bool is = false;
        enum php_flow flow = php_evaluate(run, node->children[0], &object);
        if (flow != PHP_OK)
                return flow;
        bool special = name->kind == PHP_AST_CLASS_NAME &&
                       (strcasecmp(name->text, "self") == 0 || strcasecmp(name->text, "static") == 0 ||
                               strcasecmp(name->text, "parent") == 0);
        if (special) {
                struct php_class *class = NULL;
                bool forwards = false;
                flow = php_resolve_class(run, name, &class, &forwards);
                is = flow == PHP_OK && object.type == PHP_TYPE_OBJECT &&
                     php_descends(object.object->class, class);
        } else if (name->kind == PHP_AST_CLASS_NAME) {
                flow = is_instance(run, object, name->text, &is);
        } else {
                flow = php_evaluate(run, name, &wanted);
                if (flow == PHP_OK && wanted.type == PHP_TYPE_OBJECT)
                        is = object.type == PHP_TYPE_OBJECT &&
                             php_descends(object.object->class, wanted.object->class);
                else if (flow == PHP_OK && wanted.type == PHP_TYPE_STRING)
                        flow = is_instance(run, object, php_string_bytes(wanted), &is);
                else if (flow == PHP_OK)
                        flow = php_throw(run, "Error", "Class name must be a valid object or a string");
        }
        *ret = php_bool(is);
        return flow;
}

enum php_flow php_evaluate_clone(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value object = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node->children[0], &object);
        if (flow != PHP_OK)
                return flow;
        if (object.type != PHP_TYPE_OBJECT)
                return php_throw(run, "Error", "__clone method called on non-object");
        return php_clone_object(run, object, ret);
}

static enum php_flow cast_to_array(struct php_run *run, struct php_value value, struct php_value *ret)
{
        if (value.type == PHP_TYPE_OBJECT && !value.object->closure) {
                if (php_instance_of(run, value, "ArrayObject") ||
                        php_instance_of(run, value, "ArrayIterator"))
                        return php_call_method(run, value, "getArrayCopy", NULL, 0, ret);
                if (php_is_foreign(value.object->class))
                        return php_needs_php(run, "(array) of an object of %s", php_class_of(value));
                *ret = php_visible_properties(value.object, NULL, true);
                return PHP_OK;
        }
        if (value.type == PHP_TYPE_ARRAY) {
                *ret = php_copy(value);
                return PHP_OK;
        }
        *ret = php_new_array();
        if (value.type != PHP_TYPE_NULL)
                (void)php_array_append(ret, php_copy(value));
        return PHP_OK;
}

static enum php_flow cast_to_object(struct php_run *run, struct php_value value, struct php_value *ret)
{
        if (value.type == PHP_TYPE_OBJECT) {
                *ret = php_copy(value);
                return PHP_OK;
        }
        enum php_flow flow = php_new(run, "stdClass", NULL, 0, ret);
        if (flow != PHP_OK || value.type == PHP_TYPE_NULL)
                return flow;
        if (value.type == PHP_TYPE_ARRAY)
                php_assign(&ret->object->properties, php_copy(value));
        else
                php_set_property(*ret, "scalar", php_copy(value));
        return PHP_OK;
}

static enum php_flow cast_scalar(
        struct php_run *run, enum php_cast cast, struct php_value value, struct php_value *ret)
{
        int64_t integer = 0;
        double number = 0;
        if (value.type == PHP_TYPE_OBJECT && cast != PHP_CAST_BOOL && cast != PHP_CAST_STRING)
                return php_needs_php(run, "a number made of an object of %s", php_class_of(value));
        enum php_flow flow = PHP_OK;
        if (cast == PHP_CAST_INT) {
                flow = php_answered(run, php_to_int(value, &integer), NULL);
                *ret = php_int(integer);
        } else if (cast == PHP_CAST_FLOAT) {
                flow = php_answered(run, php_to_float(value, &number), NULL);
                *ret = php_float(number);
        } else if (cast == PHP_CAST_BOOL) {
                *ret = php_bool(php_truth(value));
        } else if (cast == PHP_CAST_STRING) {
                flow = php_stringify(run, value, ret);
        }
        return flow;
}

enum php_flow php_evaluate_cast(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node->children[0], &value);
        if (flow != PHP_OK)
                return flow;
        if (node->cast == PHP_CAST_ARRAY)
                return cast_to_array(run, value, ret);
        if (node->cast == PHP_CAST_OBJECT)
                return cast_to_object(run, value, ret);
        return cast_scalar(run, node->cast, value, ret);
}
