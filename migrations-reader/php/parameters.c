/* SPDX-License-Identifier: GPL-3.0-or-later */

/* From the arguments of a call to the parameters of a function. */

#include "migrations-reader/php/run_private.h"

#include <string.h>
#include <strings.h>

const struct php_ast *php_parameter(const struct php_function *function, size_t n)
{
        const struct php_ast *node = function->node;
        if (!node || node->count < 2)
                return NULL;
        if (n + 1 < node->count)
                return node->children[n + 1];
        const struct php_ast *last = node->children[node->count - 1];
        return last->flags & PHP_FLAG_VARIADIC ? last : NULL;
}

bool php_takes_reference(const struct php_function *function, size_t n)
{
        unsigned bits = function->host          ? function->host->by_reference
                        : function->host_method ? function->host_method->by_reference
                                                : 0;
        if (!function->node)
                return n < sizeof(bits) * 8 && bits >> n & 1;
        const struct php_ast *parameter = php_parameter(function, n);
        return parameter && parameter->flags & PHP_FLAG_REFERENCE;
}

/* ---- evaluating ---- */

static bool is_call(const struct php_ast *node)
{
        return node->kind == PHP_AST_CALL || node->kind == PHP_AST_METHOD_CALL ||
               node->kind == PHP_AST_STATIC_CALL || node->kind == PHP_AST_NEW;
}

static enum php_flow evaluate_reference(
        struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        if (php_is_place(node))
                return php_reference_to(run, node, ret);
        if (!is_call(node))
                return php_needs_php(run, "a value that is no variable given by reference");
        enum php_flow flow = php_notice(run, "a result given by reference");
        return flow == PHP_OK ? php_evaluate(run, node, ret) : flow;
}

/* Where a named argument goes; false when there is no parameter of that name. */
static bool position_of_user(const struct php_function *function, const char *name, size_t *ret)
{
        for (size_t i = 1; i < function->node->count; i++) {
                const struct php_ast *parameter = function->node->children[i];
                if (strcmp(parameter->text, name) == 0 && !(parameter->flags & PHP_FLAG_VARIADIC)) {
                        *ret = i - 1;
                        return true;
                }
        }
        return false;
}

static bool position_of_host(const char *names, const char *name, size_t *ret)
{
        size_t length = strlen(name);
        for (size_t at = 0; *names; at++) {
                names += strspn(names, " ");
                size_t size = strcspn(names, ", ");
                if (size == length && memcmp(names, name, size) == 0) {
                        *ret = at;
                        return true;
                }
                names += size;
                names += strspn(names, ", ");
        }
        return false;
}

static enum php_flow add_named(struct php_run *run, const struct php_function *function, const char *name,
        struct php_value value, struct php_arguments *arguments)
{
        size_t position = 0;
        const char *names = function->host ? function->host->names
                                           : (function->host_method ? function->host_method->names : NULL);
        bool found = function->node ? position_of_user(function, name, &position)
                                    : names && position_of_host(names, name, &position);
        const struct php_ast *last = php_parameter(function, SIZE_MAX - 2);
        if (!found && last) {
                if (arguments->named.type != PHP_TYPE_ARRAY)
                        arguments->named = php_new_array();
                php_array_set(&arguments->named, php_key_text(name), value);
                return PHP_OK;
        }
        if (!found) {
                php_release(value);
                return function->node
                               ? php_throw(run, "Error", "Unknown named parameter $%s", name)
                               : php_needs_php(run, "%s() with named argument %s", function->name, name);
        }
        while (arguments->count <= position)
                php_arguments_add(arguments, PHP_ABSENT);
        if (!php_is_absent(arguments->values[position])) {
                php_release(value);
                return php_throw(run, "Error", "Named parameter $%s overwrites previous argument", name);
        }
        arguments->values[position] = value;
        return PHP_OK;
}

static enum php_flow add_spread_array(struct php_run *run, const struct php_function *function,
        struct php_value array, struct php_arguments *arguments)
{
        struct php_key key;
        struct php_value value;
        for (size_t at = 0; php_array_next(array, &at, &key, &value);) {
                enum php_flow flow = php_step(run);
                if (flow != PHP_OK)
                        return flow;
                if (php_takes_reference(function, arguments->count))
                        return php_needs_php(run, "a spread argument given by reference");
                if (!key.is_string) {
                        php_arguments_add(arguments, php_copy(value));
                        continue;
                }
                flow = add_named(run, function, key.bytes, php_copy(value), arguments);
                if (flow != PHP_OK)
                        return flow;
        }
        return PHP_OK;
}

static enum php_flow add_spread(struct php_run *run, const struct php_function *function,
        const struct php_ast *node, struct php_arguments *arguments)
{
        _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node, &value);
        if (flow != PHP_OK)
                return flow;
        if (value.type == PHP_TYPE_ARRAY)
                return add_spread_array(run, function, value, arguments);
        if (value.type == PHP_TYPE_OBJECT)
                return php_needs_php(run, "spreading an object of %s", php_class_of(value));
        return php_throw(run, "Error", "Only arrays and Traversables can be unpacked");
}

static enum php_flow add_argument(struct php_run *run, const struct php_target *target,
        const struct php_ast *node, struct php_arguments *arguments)
{
        const struct php_function *function = target->function;
        const struct php_ast *content = node->kind == PHP_AST_ARGUMENT ? node->children[0] : node;
        if (node->flags & PHP_FLAG_SPREAD)
                return add_spread(run, function, content, arguments);
        struct php_value value = PHP_NULL_VALUE;
        bool by_reference = !target->magic && !node->text && php_takes_reference(function, arguments->count);
        enum php_flow flow =
                by_reference ? evaluate_reference(run, content, &value) : php_evaluate(run, content, &value);
        if (flow != PHP_OK)
                return flow;
        if (node->kind == PHP_AST_ARGUMENT && node->text) {
                size_t position = 0;
                if (target->magic || (function->node && position_of_user(function, node->text, &position) &&
                                             php_takes_reference(function, position))) {
                        php_release(value);
                        return php_needs_php(run, "named argument %s", node->text);
                }
                return add_named(run, function, node->text, value, arguments);
        }
        php_arguments_add(arguments, value);
        return PHP_OK;
}

enum php_flow php_collect_arguments(struct php_run *run, const struct php_ast *node, size_t first,
        const struct php_target *target, struct php_arguments *ret)
{
        for (size_t i = first; i < node->count; i++) {
                enum php_flow flow = add_argument(run, target, node->children[i], ret);
                if (flow != PHP_OK)
                        return flow;
        }
        run->frame->line = node->line; /* arguments on later lines are evaluated, the call is here */
        return PHP_OK;
}

/* ---- binding ---- */

static bool defaults_to_null(const struct php_ast *parameter)
{
        const struct php_ast *initial = parameter->count > 0 ? parameter->children[0] : NULL;
        return initial &&
               ((initial->kind == PHP_AST_LITERAL && initial->value.type == PHP_TYPE_NULL) ||
                       (initial->kind == PHP_AST_CONSTANT && strcasecmp(initial->text, "null") == 0));
}

static enum php_flow wrong_argument(struct php_run *run, const struct php_function *function, size_t n,
        const struct php_ast *parameter, struct php_value given)
{
        _cleanup_free_ char *title = php_function_title(function);
        const struct php_frame *caller = run->frame->caller;
        return php_throw(run, "TypeError",
                "%s(): Argument #%zu ($%s) must be of type %s, %s given, called in %s on line %u", title,
                n + 1, parameter->text, parameter->type,
                given.type == PHP_TYPE_OBJECT ? php_class_of(given) : php_short_type_name(given),
                caller && caller->file ? caller->file->path : "", caller ? caller->line : 0);
}

/* *value is owned by the caller, also when it does not fit. */
static enum php_flow fit_argument(struct php_run *run, const struct php_target *target, bool strict, size_t n,
        const struct php_ast *parameter, struct php_value *value)
{
        if (!parameter->type || (value->type == PHP_TYPE_NULL && defaults_to_null(parameter)))
                return PHP_OK;
        bool fits = true;
        enum php_flow flow =
                php_fit_type(run, parameter->type, strict, target->scope, target->static_class, value, &fits);
        if (flow != PHP_OK || fits)
                return flow;
        return wrong_argument(run, target->function, n, parameter, *value);
}

static enum php_flow bind_default(struct php_run *run, const struct php_target *target, size_t n,
        const struct php_ast *parameter, struct php_value *ret)
{
        const struct php_function *function = target->function;
        if (parameter->count > 0 && parameter->children[0]) {
                enum php_flow flow = php_evaluate(run, parameter->children[0], ret);
                return flow == PHP_OK ? fit_argument(run, target, true, n, parameter, ret) : flow;
        }
        size_t least = 0;
        bool has_optional = false;
        for (size_t i = 1; i < function->node->count; i++) {
                const struct php_ast *other = function->node->children[i];
                bool optional = (other->count > 0 && other->children[0]) || other->flags & PHP_FLAG_VARIADIC;
                has_optional |= optional;
                if (!optional)
                        least = i;
        }
        const struct php_frame *caller = run->frame->caller;
        _cleanup_free_ char *title = php_function_title(function);
        return php_throw(run, "ArgumentCountError",
                "Too few arguments to function %s(), %zu passed in %s on line %u and %s %zu expected", title,
                run->frame->passed, caller && caller->file ? caller->file->path : "",
                caller ? caller->line : 0, has_optional ? "at least" : "exactly", least);
}

static enum php_flow bind_variadic(struct php_run *run, const struct php_target *target, bool strict,
        size_t n, const struct php_ast *parameter, struct php_arguments *arguments, struct php_value *ret)
{
        *ret = php_new_array();
        for (; n < arguments->count; n++) {
                struct php_value value = php_steal(&arguments->values[n]);
                enum php_flow flow = parameter->flags & PHP_FLAG_REFERENCE
                                             ? PHP_OK
                                             : fit_argument(run, target, strict, n, parameter, &value);
                (void)php_array_append(ret, value);
                if (flow != PHP_OK)
                        return flow;
        }
        struct php_key key;
        struct php_value value;
        for (size_t at = 0; arguments->named.type == PHP_TYPE_ARRAY &&
                            php_array_next(arguments->named, &at, &key, &value);)
                php_array_set(ret, key, php_copy(value));
        return PHP_OK;
}

static enum php_flow bind_reference(struct php_run *run, const struct php_target *target, bool strict,
        size_t n, const struct php_ast *parameter, struct php_value *value)
{
        if (value->type != PHP_TYPE_REFERENCE)
                php_release(php_make_reference(value));
        if (!parameter->type)
                return PHP_OK;
        struct php_value content = php_copy(php_look(*value));
        enum php_flow flow = fit_argument(run, target, strict, n, parameter, &content);
        php_assign(value, content);
        return flow;
}

static enum php_flow bind_one(struct php_run *run, const struct php_target *target, bool strict, size_t n,
        const struct php_ast *parameter, struct php_arguments *arguments, struct php_value *ret)
{
        if (parameter->flags & PHP_FLAG_VARIADIC)
                return bind_variadic(run, target, strict, n, parameter, arguments, ret);
        if (n >= arguments->count || php_is_absent(arguments->values[n]))
                return bind_default(run, target, n, parameter, ret);
        *ret = php_steal(&arguments->values[n]);
        if (parameter->flags & PHP_FLAG_REFERENCE)
                return bind_reference(run, target, strict, n, parameter, ret);
        return fit_argument(run, target, strict, n, parameter, ret);
}

/* __construct(private string $name): the property gets the value, too. */
static enum php_flow promote(struct php_run *run, const struct php_frame *frame,
        const struct php_ast *parameter, struct php_value value)
{
        unsigned promoted = PHP_FLAG_PUBLIC | PHP_FLAG_PROTECTED | PHP_FLAG_PRIVATE | PHP_FLAG_READONLY;
        if (!(parameter->flags & promoted) || frame->this.type != PHP_TYPE_OBJECT)
                return PHP_OK;
        _cleanup_php_value_ struct php_value name = php_text(parameter->text);
        return php_write_property(run, frame->this, name, php_look(value));
}

enum php_flow php_bind_parameters(struct php_run *run, const struct php_target *target, bool strict,
        struct php_arguments *arguments, struct php_frame *frame)
{
        const struct php_ast *node = target->function->node;
        for (size_t i = 1; i < node->count; i++) {
                const struct php_ast *parameter = node->children[i];
                struct php_value value = PHP_NULL_VALUE;
                enum php_flow flow = bind_one(run, target, strict, i - 1, parameter, arguments, &value);
                if (flow == PHP_OK)
                        flow = promote(run, frame, parameter, value);
                /* Captured variables may be references of that name: the parameter is its own. */
                (void)php_array_remove(&frame->variables, php_key_text(parameter->text));
                php_array_set(&frame->variables, php_key_text(parameter->text), value);
                if (flow != PHP_OK)
                        return flow;
        }
        const struct php_ast *last = php_parameter(target->function, SIZE_MAX - 2);
        for (size_t i = node->count - 1; !last && i < arguments->count; i++)
                if (!php_is_absent(arguments->values[i]))
                        (void)php_array_append(&frame->extra, php_steal(&arguments->values[i]));
        return PHP_OK;
}
