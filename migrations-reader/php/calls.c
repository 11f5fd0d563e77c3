/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Running a function that has been found, with arguments that have been evaluated. */

#include "migrations-reader/php/run_private.h"

#include <string.h>

void php_arguments_deinit(struct php_arguments *arguments)
{
        for (size_t i = 0; i < arguments->count; i++)
                if (!php_is_absent(arguments->values[i]))
                        php_release(arguments->values[i]);
        free(arguments->values);
        php_clear(&arguments->named);
        *arguments = (struct php_arguments){0};
}

void php_arguments_add(struct php_arguments *arguments, struct php_value value)
{
        arguments->values = memory_grow(arguments->values, arguments->count, sizeof(*arguments->values));
        arguments->values[arguments->count++] = value;
}

char *php_function_title(const struct php_function *function)
{
        if (function->owner)
                return string_format("%s::%s", function->owner->name, function->name);
        return string_copy(function->name ? function->name : "{closure}");
}

/* ---- functions of a host ---- */

struct bounds {
        unsigned char least, most;
};

static struct bounds bounds_of(const struct php_function *function)
{
        if (function->host)
                return (struct bounds){function->host->least, function->host->most};
        if (function->host_method)
                return (struct bounds){function->host_method->least, function->host_method->most};
        return (struct bounds){0, PHP_ANY};
}

static enum php_flow check_count(
        struct php_run *run, const struct php_function *function, const struct php_arguments *arguments)
{
        struct bounds bounds = bounds_of(function);
        bool too_many = function->host && bounds.most != PHP_ANY && arguments->count > bounds.most;
        if (arguments->count >= bounds.least && !too_many)
                return PHP_OK;
        _cleanup_free_ char *title = php_function_title(function);
        unsigned expected = too_many ? bounds.most : bounds.least;
        return php_throw(run, "ArgumentCountError", "%s() expects %s %u argument%s, %zu given", title,
                bounds.least == bounds.most ? "exactly" : (too_many ? "at most" : "at least"), expected,
                expected == 1 ? "" : "s", arguments->count);
}

static php_host_call host_call_of(const struct php_function *function)
{
        if (function->host)
                return function->host->call;
        return function->host_method ? function->host_method->call : function->construct;
}

static enum php_flow call_host(struct php_run *run, const struct php_target *target, bool strict,
        struct php_arguments *arguments, struct php_value *ret)
{
        const struct php_function *function = target->function;
        for (size_t i = 0; i < arguments->count; i++)
                if (php_is_absent(arguments->values[i]))
                        return php_needs_php(
                                run, "%s() with an argument left out before a named one", function->name);
        if (arguments->named.type != PHP_TYPE_NULL)
                return php_needs_php(run, "%s() with named arguments", function->name);
        enum php_flow flow = check_count(run, function, arguments);
        if (flow != PHP_OK)
                return flow;
        /* Methods stand for ones of PHP code, which do not mind more arguments than they know. */
        size_t most = bounds_of(function).most;
        struct php_call call = {.this = target->this,
                .this_host = target->this.type == PHP_TYPE_OBJECT ? target->this.object->host : NULL,
                .class_name = target->static_class ? target->static_class->name : NULL,
                .arguments = arguments->values,
                .count = most != PHP_ANY && arguments->count > most ? most : arguments->count,
                .ret = ret,
                .is_ignored = ret == run->ignored};
        bool outer = run->strict_call;
        run->strict_call = strict;
        flow = host_call_of(function)(run, &call);
        run->strict_call = outer;
        return run->stopped ? PHP_STOPPED : flow;
}

/* ---- functions of PHP code ---- */

static enum php_flow wrong_result(
        struct php_run *run, const struct php_function *function, struct php_value given, bool none)
{
        _cleanup_free_ char *title = php_function_title(function);
        return php_throw(run, "TypeError", "%s(): Return value must be of type %s, %s returned", title,
                function->node->type,
                none ? "none"
                     : (given.type == PHP_TYPE_OBJECT ? php_class_of(given) : php_short_type_name(given)));
}

static enum php_flow fit_result(struct php_run *run, const struct php_target *target, struct php_frame *frame)
{
        const struct php_function *function = target->function;
        bool fits = true;
        enum php_flow flow = php_fit_type(run, function->node->type, function->file->strict_types,
                target->scope, frame->static_class, &frame->result, &fits);
        if (flow != PHP_OK || fits)
                return flow;
        return wrong_result(run, function, frame->result, frame->completion != PHP_RETURNING);
}

static enum php_flow run_body(struct php_run *run, const struct php_target *target, bool strict,
        struct php_arguments *arguments, struct php_frame *frame)
{
        const struct php_function *function = target->function;
        enum php_flow flow = php_bind_parameters(run, target, strict, arguments, frame);
        if (flow == PHP_OK)
                flow = php_execute(run, function->node->children[0]);
        if (flow == PHP_OK && function->node->type)
                flow = fit_result(run, target, frame);
        return flow;
}

/* A closure of an expression sees what it took along, each call its own copy of it. */
static struct php_value first_variables(const struct php_target *target)
{
        return target->closure ? php_copy(target->closure->closure->captured) : php_new_array();
}

static enum php_flow call_user(struct php_run *run, const struct php_target *target, bool strict,
        struct php_arguments *arguments, struct php_value *ret)
{
        struct php_function *function = target->function;
        if (function->yields)
                return php_needs_php(run, "yield in %s()", function->name ? function->name : "a closure");
        /* Its result may change until it is used: `f() + f()` sees the last value twice. */
        if (function->node->flags & PHP_FLAG_RETURNS_REFERENCE)
                return php_needs_php(run, "%s(), which returns a reference", function->name);
        if (function->node->count == 0 || !function->node->children[0])
                return php_throw(run, "Error", "Cannot call abstract method %s::%s()", function->owner->name,
                        function->name);
        struct php_frame frame = {.caller = run->frame,
                .variables = first_variables(target),
                .this = target->this,
                .scope = target->scope,
                .static_class = target->static_class,
                .function = function,
                .file = function->file,
                .line = function->node->line,
                .extra = php_new_array(),
                .passed = arguments->count};
        run->frame = &frame;
        enum php_flow flow = run_body(run, target, strict, arguments, &frame);
        if (flow == PHP_OK)
                *ret = php_steal(&frame.result);
        /* Destructors of hosts may look at the frame. */
        php_frame_deinit(&frame);
        run->frame = frame.caller;
        return flow;
}

/* __call and __callStatic get the name and an array. */
static void pack_magic(const char *name, struct php_arguments *arguments)
{
        struct php_value list = php_new_array();
        for (size_t i = 0; i < arguments->count; i++)
                if (!php_is_absent(arguments->values[i]))
                        (void)php_array_append(&list, php_steal(&arguments->values[i]));
        php_arguments_deinit(arguments);
        php_arguments_add(arguments, php_text(name));
        php_arguments_add(arguments, list);
}

enum php_flow php_invoke(struct php_run *run, const struct php_target *target,
        struct php_arguments *arguments, struct php_value *ret)
{
        bool weak = run->weak_call;
        run->weak_call = false;
        enum php_flow flow = php_enter(run);
        if (flow != PHP_OK)
                return flow;
        bool strict = !weak && run->frame && run->frame->file && run->frame->file->strict_types;
        struct php_value this = php_copy(target->this);
        struct php_value closure = PHP_NULL_VALUE;
        if (target->closure)
                closure = php_copy((struct php_value){.type = PHP_TYPE_OBJECT, .object = target->closure});
        if (target->magic)
                pack_magic(target->magic, arguments);
        if (target->function->node)
                flow = call_user(run, target, strict, arguments, ret);
        else
                flow = call_host(run, target, strict, arguments, ret);
        if (flow != PHP_OK)
                php_clear(ret);
        php_release(closure);
        php_release(this);
        php_leave(run);
        return flow;
}

enum php_flow php_invoke_copies(struct php_run *run, const struct php_target *target,
        const struct php_value *given, size_t count, struct php_value *ret)
{
        _cleanup_(php_arguments_deinit) struct php_arguments arguments = {0};
        for (size_t i = 0; i < count; i++)
                php_arguments_add(&arguments, php_takes_reference(target->function, i)
                                                      ? php_copy(given[i])
                                                      : php_copy(php_look(given[i])));
        run->weak_call = true;
        *ret = PHP_NULL_VALUE;
        return php_invoke(run, target, &arguments, ret);
}

/* ---- objects ---- */

static enum php_flow check_instantiable(struct php_run *run, const struct php_class *class)
{
        const char *what = NULL;
        if (class->flags & PHP_FLAG_INTERFACE)
                what = "interface";
        else if (class->flags & PHP_FLAG_TRAIT)
                what = "trait";
        else if (class->flags & PHP_FLAG_ABSTRACT)
                what = "abstract class";
        return what ? php_throw(run, "Error", "Cannot instantiate %s %s", what, class->name) : PHP_OK;
}

enum php_flow php_make_object(struct php_run *run, struct php_class *class, struct php_value *ret)
{
        enum php_flow flow = check_instantiable(run, class);
        if (flow == PHP_OK && php_find_method(class, "__destruct"))
                return php_needs_php(run, "__destruct of class %s", class->name);
        if (flow != PHP_OK)
                return flow;
        _cleanup_php_value_ struct php_value object = php_object_new(run, class);
        flow = php_initialize_properties(run, object.object);
        if (flow == PHP_OK)
                *ret = php_steal(&object);
        return flow;
}

enum php_flow php_construct(struct php_run *run, struct php_value object, struct php_arguments *arguments)
{
        struct php_class *class = object.object->class;
        struct php_function *constructor = php_find_method(class, "__construct");
        if (!constructor)
                return PHP_OK;
        struct php_target target = {
                .function = constructor, .this = object, .static_class = class, .scope = constructor->owner};
        _cleanup_php_value_ struct php_value ignored = PHP_NULL_VALUE;
        return php_invoke(run, &target, arguments, &ignored);
}

enum php_flow php_instantiate(
        struct php_run *run, struct php_class *class, struct php_arguments *arguments, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value object = PHP_NULL_VALUE;
        enum php_flow flow = php_make_object(run, class, &object);
        if (flow == PHP_OK)
                flow = php_construct(run, object, arguments);
        if (flow == PHP_OK)
                *ret = php_steal(&object);
        return flow;
}

/* ---- what hosts call ---- */

enum php_flow php_new(struct php_run *run, const char *name, const struct php_value *given, size_t count,
        struct php_value *ret)
{
        struct php_class *class = NULL;
        enum php_flow flow = php_need_class(run, name, &class);
        if (flow != PHP_OK)
                return flow;
        _cleanup_(php_arguments_deinit) struct php_arguments arguments = {0};
        for (size_t i = 0; i < count; i++)
                php_arguments_add(&arguments, php_copy(php_look(given[i])));
        run->weak_call = true;
        flow = php_instantiate(run, class, &arguments, ret);
        run->weak_call = false;
        return flow;
}

enum php_flow php_call_magic(struct php_run *run, struct php_value object, const char *name,
        const struct php_value *arguments, size_t count, bool *ret_called, struct php_value *ret)
{
        struct php_class *class = object.object->class;
        struct php_function *function = php_find_method(class, name);
        *ret_called = function != NULL;
        if (!function)
                return PHP_OK;
        struct php_target target = {
                .function = function, .this = object, .static_class = class, .scope = function->owner};
        return php_invoke_copies(run, &target, arguments, count, ret);
}

enum php_flow php_call_method(struct php_run *run, struct php_value object, const char *method,
        const struct php_value *arguments, size_t count, struct php_value *ret)
{
        object = php_look(object);
        bool called = false;
        if (object.type != PHP_TYPE_OBJECT)
                return php_throw(run, "Error", "Call to a member function %s() on %s", method,
                        php_short_type_name(object));
        enum php_flow flow = php_call_magic(run, object, method, arguments, count, &called, ret);
        if (flow == PHP_OK && !called)
                return php_needs_php(run, "method %s::%s()", php_class_of(object), method);
        return flow;
}

enum php_flow php_call(struct php_run *run, struct php_value callable, const struct php_value *arguments,
        size_t count, struct php_value *ret)
{
        struct php_target target = {0};
        bool is_callable = false;
        _cleanup_php_value_ struct php_value held = php_copy(php_look(callable));
        enum php_flow flow = php_callable_target(run, held, &target, &is_callable);
        if (flow != PHP_OK)
                return flow;
        if (!is_callable)
                return php_not_callable(run, held);
        return php_invoke_copies(run, &target, arguments, count, ret);
}

bool php_has_method(struct php_run *run, struct php_value object, const char *method)
{
        object = php_look(object);
        return object.type == PHP_TYPE_OBJECT && php_find_method(object.object->class, method) != NULL;
}

bool php_has_user_method(struct php_run *run, struct php_value object, const char *method)
{
        object = php_look(object);
        if (object.type != PHP_TYPE_OBJECT)
                return false;
        const struct php_function *function = php_find_method(object.object->class, method);
        return function && function->node;
}

enum php_flow php_stringify(struct php_run *run, struct php_value value, struct php_value *ret)
{
        value = php_look(value);
        if (value.type != PHP_TYPE_OBJECT) {
                _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
                enum php_flow flow = php_answered(run, php_to_string(value, &text), NULL);
                if (flow == PHP_OK)
                        *ret = php_steal(&text);
                return flow;
        }
        bool called = false;
        enum php_flow flow = php_call_magic(run, value, "__toString", NULL, 0, &called, ret);
        if (flow != PHP_OK || (called && ret->type == PHP_TYPE_STRING))
                return flow;
        if (called)
                return php_throw(run, "TypeError", "%s::__toString(): Return value must be of type string",
                        php_class_of(value));
        if (php_is_foreign(value.object->class) && !value.object->closure)
                return php_needs_php(run, "the text of an object of %s", php_class_of(value));
        return php_throw(
                run, "Error", "Object of class %s could not be converted to string", php_class_of(value));
}
