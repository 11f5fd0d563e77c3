/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Closures, arrow functions and everything else that can be called like a function. */

#include "migrations-reader/php/run_private.h"

#include <string.h>

void php_closure_free(struct php_closure *closure)
{
        if (!closure)
                return;
        php_release(closure->this);
        php_release(closure->captured);
        if (closure->owns_function)
                php_function_free(closure->function);
        free(closure->magic);
        free(closure);
}

static struct php_value closure_object(struct php_run *run, struct php_closure *closure)
{
        struct php_value object = php_object_new(run, run->closure_class);
        object.object->closure = closure;
        return object;
}

/* `f(...)`: the function itself, bound to where it was found. */
struct php_value php_closure_of(struct php_run *run, const struct php_target *target)
{
        if (target->closure && !target->magic)
                return php_copy((struct php_value){.type = PHP_TYPE_OBJECT, .object = target->closure});
        struct php_closure *closure = memory_new(sizeof(*closure));
        closure->function = target->function;
        closure->this = php_copy(target->this);
        closure->scope = target->scope;
        closure->static_class = target->static_class;
        closure->captured = php_new_array();
        closure->magic = target->magic ? string_copy(target->magic) : NULL;
        return closure_object(run, closure);
}

/* The closure that the expression makes, without anything captured. */
static struct php_closure *closure_new(struct php_run *run, const struct php_ast *node)
{
        const struct php_frame *frame = run->frame;
        struct php_closure *closure = memory_new(sizeof(*closure));
        struct php_function *function = memory_new(sizeof(*function));
        function->name = "{closure}";
        function->node = node->children[0];
        function->file = frame->file;
        function->trait = frame->function ? frame->function->trait : NULL;
        function->yields = function->node->count > 0 && php_has_yield(function->node->children[0]);
        closure->function = function;
        closure->owns_function = true;
        closure->scope = frame->scope;
        closure->static_class = frame->static_class;
        closure->captured = php_new_array();
        if (!(node->flags & PHP_FLAG_STATIC))
                closure->this = php_copy(frame->this);
        return closure;
}

static enum php_flow capture(struct php_run *run, const struct php_ast *use, struct php_closure *closure)
{
        struct php_key key = php_key_text(use->text);
        if (use->flags & PHP_FLAG_REFERENCE) {
                struct php_value *slot = php_array_slot(&run->frame->variables, key);
                php_array_set(&closure->captured, key, php_make_reference(slot));
                return PHP_OK;
        }
        const struct php_value *found = php_array_get(run->frame->variables, key);
        if (!found) {
                enum php_flow flow = php_notice(run, "undefined variable $%s", use->text);
                if (flow != PHP_OK)
                        return flow;
        }
        php_array_set(&closure->captured, key, found ? php_copy(php_look(*found)) : PHP_NULL_VALUE);
        return PHP_OK;
}

enum php_flow php_evaluate_closure(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        struct php_closure *closure = closure_new(run, node);
        for (size_t i = 1; i < node->count; i++) {
                enum php_flow flow = capture(run, node->children[i], closure);
                if (flow != PHP_OK) {
                        php_closure_free(closure);
                        return flow;
                }
        }
        *ret = closure_object(run, closure);
        return PHP_OK;
}

/* An arrow function sees the values that the variables around it have now. */
enum php_flow php_evaluate_arrow(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        struct php_closure *closure = closure_new(run, node);
        struct php_key key;
        struct php_value value;
        for (size_t at = 0; php_array_next(run->frame->variables, &at, &key, &value);)
                php_array_set(&closure->captured, key, php_copy(value));
        *ret = closure_object(run, closure);
        return PHP_OK;
}

/* ---- callables ---- */

static void closure_target(struct php_object *object, struct php_target *ret)
{
        const struct php_closure *closure = object->closure;
        *ret = (struct php_target){.function = closure->function,
                .this = closure->this,
                .static_class = closure->static_class,
                .scope = closure->scope,
                .closure = object,
                .magic = closure->magic};
}

static bool may_reach(const struct php_run *run, const struct php_function *function)
{
        const struct php_class *scope = run->frame ? run->frame->scope : NULL;
        if (function->flags & PHP_FLAG_PRIVATE)
                return scope == function->owner;
        if (function->flags & PHP_FLAG_PROTECTED)
                return scope &&
                       (php_descends(scope, function->owner) || php_descends(function->owner, scope));
        return true;
}

/* "Class::method" and ["Class", "method"] */
static enum php_flow static_callable(struct php_run *run, const char *class_name, const char *method,
        struct php_target *ret, bool *ret_callable)
{
        struct php_class *class = NULL;
        if (string_begins(method, "parent::") || strcmp(class_name, "self") == 0 ||
                strcmp(class_name, "parent") == 0 || strcmp(class_name, "static") == 0)
                return php_needs_php(run, "callable %s::%s", class_name, method);
        enum php_flow flow = php_find_class(run, class_name, &class);
        if (flow != PHP_OK)
                return flow;
        if (!class)
                return php_needs_php(run, "class %s", class_name);
        const struct php_function *function = php_find_method(class, method);
        if (!function && !php_find_method(class, "__callStatic") && !php_is_foreign(class))
                return PHP_OK;
        if (function && !may_reach(run, function))
                return PHP_OK;
        flow = php_static_target(run, class, false, method, ret);
        *ret_callable = flow == PHP_OK;
        return flow;
}

static enum php_flow object_callable(struct php_run *run, struct php_value object, const char *method,
        struct php_target *ret, bool *ret_callable)
{
        struct php_class *class = object.object->class;
        if (string_begins(method, "parent::"))
                return php_needs_php(run, "callable %s", method);
        const struct php_function *function = php_find_method(class, method);
        bool magic = php_find_method(class, "__call") || object.object->closure;
        if (!magic && (!function || !may_reach(run, function)))
                return function || !php_is_foreign(class)
                               ? PHP_OK
                               : php_needs_php(run, "method %s::%s()", class->name, method);
        enum php_flow flow = php_method_target(run, object, method, ret);
        *ret_callable = flow == PHP_OK;
        return flow;
}

static enum php_flow string_callable(
        struct php_run *run, const char *text, struct php_target *ret, bool *ret_callable)
{
        const char *colons = strstr(text, "::");
        if (colons) {
                _cleanup_free_ char *class = string_format("%.*s", (int)(colons - text), text);
                return static_callable(run, class, colons + 2, ret, ret_callable);
        }
        *ret = (struct php_target){.function = php_names_find_folded(&run->functions, text)};
        *ret_callable = ret->function != NULL;
        return PHP_OK;
}

static enum php_flow array_callable(
        struct php_run *run, struct php_value array, struct php_target *ret, bool *ret_callable)
{
        const struct php_value *first = php_array_get(array, php_key_int(0));
        const struct php_value *second = php_array_get(array, php_key_int(1));
        if (php_array_count(array) != 2 || !first || !second || second->type != PHP_TYPE_STRING)
                return PHP_OK;
        if (first->type == PHP_TYPE_OBJECT)
                return object_callable(run, *first, php_string_bytes(*second), ret, ret_callable);
        if (first->type == PHP_TYPE_STRING)
                return static_callable(
                        run, php_string_bytes(*first), php_string_bytes(*second), ret, ret_callable);
        return PHP_OK;
}

enum php_flow php_callable_target(
        struct php_run *run, struct php_value callable, struct php_target *ret, bool *ret_callable)
{
        *ret_callable = false;
        callable = php_look(callable);
        if (callable.type == PHP_TYPE_STRING)
                return string_callable(run, php_string_bytes(callable), ret, ret_callable);
        if (callable.type == PHP_TYPE_ARRAY)
                return array_callable(run, callable, ret, ret_callable);
        if (callable.type != PHP_TYPE_OBJECT)
                return PHP_OK;
        if (callable.object->closure) {
                closure_target(callable.object, ret);
                *ret_callable = true;
                return PHP_OK;
        }
        return object_callable(run, callable, "__invoke", ret, ret_callable);
}

enum php_flow php_not_callable(struct php_run *run, struct php_value value)
{
        if (value.type == PHP_TYPE_STRING)
                return php_needs_php(run, "function %s()", php_string_bytes(value));
        if (value.type == PHP_TYPE_OBJECT)
                return php_throw(run, "Error", "Object of type %s is not callable", php_class_of(value));
        if (value.type == PHP_TYPE_ARRAY)
                return php_throw(run, "Error", "Array callback must have exactly two elements");
        return php_throw(run, "Error", "Value of type %s is not callable", php_short_type_name(value));
}

/* ---- the class Closure ---- */

static struct php_closure *copy_closure(const struct php_closure *from)
{
        struct php_closure *copy = memory_new(sizeof(*copy));
        *copy = *from;
        copy->this = php_copy(from->this);
        copy->captured = php_copy(from->captured);
        copy->magic = string_copy(from->magic);
        if (from->owns_function) {
                copy->function = memory_new(sizeof(*copy->function));
                *copy->function = *from->function;
                copy->function->statics = php_copy(from->function->statics);
        }
        return copy;
}

static enum php_flow bound_scope(
        struct php_run *run, const struct php_call *call, size_t n, struct php_closure *closure)
{
        if (call->count <= n)
                return PHP_OK;
        struct php_value scope = php_argument(call, n);
        if (scope.type == PHP_TYPE_OBJECT) {
                closure->scope = scope.object->class;
                return PHP_OK;
        }
        if (scope.type != PHP_TYPE_STRING)
                return php_needs_php(run, "binding a closure to a scope");
        return php_string_is(scope, "static") ? PHP_OK
                                              : php_need_class(run, php_string_bytes(scope), &closure->scope);
}

static enum php_flow bind(struct php_run *run, struct php_call *call, struct php_value closure, size_t first)
{
        struct php_value this = php_argument(call, first);
        if (closure.type != PHP_TYPE_OBJECT || !closure.object->closure)
                return php_throw(
                        run, "TypeError", "Closure::bind(): Argument #1 ($closure) must be of type Closure");
        if (!closure.object->closure->owns_function ||
                (this.type != PHP_TYPE_OBJECT && this.type != PHP_TYPE_NULL))
                return php_needs_php(run, "binding a callable that is no closure");
        struct php_closure *copy = copy_closure(closure.object->closure);
        php_release(copy->this);
        copy->this = php_copy(this);
        enum php_flow flow = bound_scope(run, call, first + 1, copy);
        if (flow != PHP_OK) {
                php_closure_free(copy);
                return flow;
        }
        copy->static_class = this.type == PHP_TYPE_OBJECT ? this.object->class : copy->scope;
        return php_return(call, closure_object(run, copy));
}

static enum php_flow closure_bind(struct php_run *run, struct php_call *call)
{
        return bind(run, call, php_argument(call, 0), 1);
}

static enum php_flow closure_bind_to(struct php_run *run, struct php_call *call)
{
        return bind(run, call, call->this, 0);
}

static enum php_flow closure_call(struct php_run *run, struct php_call *call)
{
        struct php_value this = php_argument(call, 0);
        if (this.type != PHP_TYPE_OBJECT)
                return php_throw(
                        run, "TypeError", "Closure::call(): Argument #1 ($newThis) must be of type object");
        struct php_target target;
        closure_target(call->this.object, &target);
        target.this = this;
        target.scope = this.object->class;
        target.static_class = this.object->class;
        return php_invoke_copies(run, &target, call->arguments + 1, call->count - 1, call->ret);
}

static enum php_flow closure_from_callable(struct php_run *run, struct php_call *call)
{
        struct php_target target;
        bool is_callable = false;
        enum php_flow flow = php_callable_target(run, php_argument(call, 0), &target, &is_callable);
        if (flow != PHP_OK)
                return flow;
        if (!is_callable)
                return php_throw(run, "TypeError", "Failed to create closure from callable");
        return php_return(call, php_closure_of(run, &target));
}

static const struct php_host_method closure_methods[] = {
        {"bind", closure_bind, 2, 3, true, "closure,newThis,newScope"},
        {"bindTo", closure_bind_to, 1, 2, false, "newThis,newScope"},
        {"call", closure_call, 1, PHP_ANY, false, NULL},
        {"fromCallable", closure_from_callable, 1, 1, true, "callback"},
        {NULL},
};

static const struct php_host_class closure_class = {
        .name = "Closure", .methods = closure_methods, .is_abstract = true};
static const struct php_host_class plain_class = {.name = "stdClass"};

void php_add_closure_class(struct php_run *run)
{
        php_run_add_class(run, &closure_class);
        php_run_add_class(run, &plain_class);
        run->closure_class = php_names_find(&run->classes, "closure");
        run->closure_class->linked = true;
}
