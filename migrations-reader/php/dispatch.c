/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Calls as they are written: which function a call means, and may it be called from here. */

#include "migrations-reader/php/run_private.h"

#include <string.h>
#include <strings.h>

static bool may_call(const struct php_function *function, const struct php_class *scope)
{
        if (function->flags & PHP_FLAG_PRIVATE)
                return scope == function->owner;
        if (function->flags & PHP_FLAG_PROTECTED)
                return scope &&
                       (php_descends(scope, function->owner) || php_descends(function->owner, scope));
        return true;
}

/* A private method of the class that calls goes before what a descendant made of it. */
static struct php_function *find_for_scope(
        struct php_class *class, const struct php_class *scope, const char *name)
{
        struct php_function *own = scope ? php_names_find_folded(&scope->methods, name) : NULL;
        if (own && own->flags & PHP_FLAG_PRIVATE && php_descends(class, scope))
                return own;
        return php_find_method(class, name);
}

static const char *visibility(const struct php_function *function)
{
        return function->flags & PHP_FLAG_PRIVATE ? "private" : "protected";
}

static enum php_flow undefined_method(struct php_run *run, const struct php_class *class, const char *name)
{
        if (php_is_foreign(class) || class->unknown_interfaces)
                return php_needs_php(run, "method %s::%s()", class->name, name);
        return php_throw(run, "Error", "Call to undefined method %s::%s()", class->name, name);
}

static enum php_flow cannot_call(
        struct php_run *run, const struct php_class *class, const struct php_function *function)
{
        const struct php_class *scope = run->frame ? run->frame->scope : NULL;
        bool constructs = strcasecmp(function->name, "__construct") == 0;
        return php_throw(run, "Error", "Call to %s %s%s::%s() from %s%s", visibility(function),
                constructs ? "" : "method ", class->name, function->name, scope ? "scope " : "global scope",
                scope ? scope->name : "");
}

enum php_flow php_method_target(
        struct php_run *run, struct php_value object, const char *name, struct php_target *ret)
{
        const struct php_class *scope = run->frame ? run->frame->scope : NULL;
        struct php_class *class = object.object->class;
        if (object.object->closure && strcasecmp(name, "__invoke") == 0) {
                bool is_callable = false;
                return php_callable_target(run, object, ret, &is_callable);
        }
        struct php_function *function = find_for_scope(class, scope, name);
        *ret = (struct php_target){.function = function, .this = object, .static_class = class};
        if (!function || !may_call(function, scope)) {
                struct php_function *magic = php_find_method(class, "__call");
                if (!magic)
                        return function ? cannot_call(run, class, function)
                                        : undefined_method(run, class, name);
                ret->function = magic;
                ret->magic = name;
        } else if (function->flags & PHP_FLAG_STATIC) {
                ret->this = PHP_NULL_VALUE;
        }
        ret->scope = ret->function->owner;
        return PHP_OK;
}

static bool this_is(const struct php_run *run, const struct php_class *class)
{
        return run->frame && run->frame->this.type == PHP_TYPE_OBJECT &&
               php_descends(run->frame->this.object->class, class);
}

static enum php_flow static_magic(struct php_run *run, struct php_class *class, const char *name,
        struct php_target *ret, bool *ret_found)
{
        struct php_function *magic = this_is(run, class) ? php_find_method(class, "__call") : NULL;
        if (magic)
                ret->this = run->frame->this;
        else
                magic = php_find_method(class, "__callStatic");
        *ret_found = magic != NULL;
        if (!magic)
                return PHP_OK;
        ret->function = magic;
        ret->magic = name;
        ret->scope = magic->owner;
        return PHP_OK;
}

enum php_flow php_static_target(
        struct php_run *run, struct php_class *class, bool forwards, const char *name, struct php_target *ret)
{
        const struct php_frame *frame = run->frame;
        const struct php_class *scope = frame ? frame->scope : NULL;
        struct php_function *function = find_for_scope(class, scope, name);
        bool keeps = forwards && frame && frame->static_class && php_descends(frame->static_class, class);
        *ret = (struct php_target){.function = function, .static_class = keeps ? frame->static_class : class};
        if (!function || !may_call(function, scope)) {
                bool found = false;
                enum php_flow flow = static_magic(run, class, name, ret, &found);
                if (flow != PHP_OK || found)
                        return flow;
                if (!function && strcasecmp(name, "__construct") == 0)
                        return php_throw(run, "Error", "Cannot call constructor");
                return function ? cannot_call(run, class, function) : undefined_method(run, class, name);
        }
        ret->scope = function->owner;
        if (function->flags & PHP_FLAG_STATIC)
                return PHP_OK;
        if (!this_is(run, class))
                return php_needs_php(run,
                        "a static call of method %s::%s(), which PHP 7 and PHP 8 disagree about", class->name,
                        function->name);
        ret->this = frame->this;
        ret->static_class = frame->this.object->class;
        return PHP_OK;
}

/* ---- the calls themselves ---- */

static bool makes_callable(const struct php_ast *node, size_t first)
{
        return node->count == first + 1 && node->children[first]->kind == PHP_AST_CALLABLE_ARGUMENTS;
}

static enum php_flow call_target(struct php_run *run, const struct php_ast *node, size_t first,
        const struct php_target *target, struct php_value *ret)
{
        if (makes_callable(node, first)) {
                *ret = php_closure_of(run, target);
                return PHP_OK;
        }
        _cleanup_(php_arguments_deinit) struct php_arguments arguments = {0};
        enum php_flow flow = php_collect_arguments(run, node, first, target, &arguments);
        return flow == PHP_OK ? php_invoke(run, target, &arguments, ret) : flow;
}

static enum php_flow call_named(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        const struct php_ast *name = node->children[0];
        struct php_function *function = php_names_find_folded(&run->functions, name->text);
        if (!function && name->fallback)
                function = php_names_find_folded(&run->functions, name->fallback);
        if (!function)
                return php_needs_php(run, "function %s()", name->fallback ? name->fallback : name->text);
        struct php_target target = {.function = function};
        return call_target(run, node, 1, &target, ret);
}

enum php_flow php_evaluate_call(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        if (node->children[0]->kind == PHP_AST_FUNCTION_NAME)
                return call_named(run, node, ret);
        _cleanup_php_value_ struct php_value callable = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node->children[0], &callable);
        if (flow != PHP_OK)
                return flow;
        struct php_target target = {0};
        bool is_callable = false;
        flow = php_callable_target(run, callable, &target, &is_callable);
        if (flow != PHP_OK)
                return flow;
        if (!is_callable)
                return php_not_callable(run, callable);
        return call_target(run, node, 1, &target, ret);
}

static enum php_flow method_name(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        enum php_flow flow = php_evaluate(run, node, ret);
        if (flow == PHP_OK && ret->type != PHP_TYPE_STRING)
                return php_throw(run, "Error", "Method name must be a string");
        return flow;
}

static enum php_flow call_on(struct php_run *run, const struct php_ast *node, struct php_value object,
        struct php_value name, struct php_value *ret)
{
        if (name.type == PHP_TYPE_OBJECT) { /* $object->{$closure}() */
                return php_needs_php(run, "a method call by closure");
        }
        if (object.type != PHP_TYPE_OBJECT)
                return php_throw(run, "Error", "Call to a member function %s() on %s", php_string_bytes(name),
                        php_short_type_name(object));
        struct php_target target = {0};
        enum php_flow flow = php_method_target(run, object, php_string_bytes(name), &target);
        return flow == PHP_OK ? call_target(run, node, 2, &target, ret) : flow;
}

enum php_flow php_evaluate_method_call(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value object = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
        bool nullsafe = node->flags & PHP_FLAG_NULLSAFE;
        enum php_flow flow = php_evaluate(run, node->children[0], &object);
        if (flow != PHP_OK || (nullsafe && object.type == PHP_TYPE_NULL))
                return flow;
        flow = method_name(run, node->children[1], &name);
        if (flow != PHP_OK)
                return flow;
        run->frame->line = node->line;
        return call_on(run, node, object, name, ret);
}

enum php_flow php_evaluate_static_call(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        struct php_class *class = NULL;
        bool forwards = false;
        _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
        enum php_flow flow = php_resolve_class(run, node->children[0], &class, &forwards);
        if (flow == PHP_OK)
                flow = method_name(run, node->children[1], &name);
        if (flow != PHP_OK)
                return flow;
        struct php_target target = {0};
        flow = php_static_target(run, class, forwards, php_string_bytes(name), &target);
        return flow == PHP_OK ? call_target(run, node, 2, &target, ret) : flow;
}

/* ---- new ---- */

static enum php_flow anonymous_class(struct php_run *run, const struct php_ast *node, struct php_class **ret)
{
        _cleanup_free_ char *address = string_format("@%p", (const void *)node);
        *ret = php_names_find(&run->anonymous, address);
        if (*ret)
                return PHP_OK;
        const char *parent = node->parent ? node->parent : (node->interfaces ? node->interfaces[0] : NULL);
        _cleanup_free_ char *name = string_format("%s@anonymous", parent ? parent : "class");
        enum php_flow flow = php_declare_class(run, node, run->frame->file, name, ret);
        if (flow == PHP_OK)
                php_names_put(&run->anonymous, address, *ret);
        return flow;
}

static enum php_flow evaluate_arguments_only(struct php_run *run, const struct php_ast *node)
{
        for (size_t i = 1; i < node->count; i++) {
                _cleanup_php_value_ struct php_value ignored = PHP_NULL_VALUE;
                const struct php_ast *argument = node->children[i];
                enum php_flow flow = php_evaluate(
                        run, argument->kind == PHP_AST_ARGUMENT ? argument->children[0] : argument, &ignored);
                if (flow != PHP_OK)
                        return flow;
        }
        return PHP_OK;
}

static enum php_flow construct_new(struct php_run *run, const struct php_ast *node, struct php_value object)
{
        struct php_class *class = object.object->class;
        struct php_function *constructor = php_find_method(class, "__construct");
        if (!constructor)
                return evaluate_arguments_only(run, node);
        if (!may_call(constructor, run->frame->scope))
                return cannot_call(run, class, constructor);
        struct php_target target = {
                .function = constructor, .this = object, .static_class = class, .scope = constructor->owner};
        _cleanup_php_value_ struct php_value ignored = PHP_NULL_VALUE;
        return call_target(run, node, 1, &target, &ignored);
}

enum php_flow php_evaluate_new(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        struct php_class *class = NULL;
        bool forwards = false;
        enum php_flow flow = node->children[0]->kind == PHP_AST_CLASS
                                     ? anonymous_class(run, node->children[0], &class)
                                     : php_resolve_class(run, node->children[0], &class, &forwards);
        if (flow != PHP_OK)
                return flow;
        _cleanup_php_value_ struct php_value object = PHP_NULL_VALUE;
        flow = php_make_object(run, class, &object);
        if (flow == PHP_OK)
                flow = construct_new(run, node, object);
        run->frame->line = node->line;
        if (flow == PHP_OK)
                *ret = php_steal(&object);
        return flow;
}
