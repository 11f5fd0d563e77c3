/* SPDX-License-Identifier: GPL-3.0-or-later */

/* PHP's functions that look at the run itself: its variables, functions, classes and objects. */

#include "migrations-reader/php/run_private.h"

#include <string.h>

/* ---- variables of the caller ---- */

static enum php_flow compact_one(struct php_run *run, struct php_value name, struct php_value *array)
{
        if (name.type == PHP_TYPE_ARRAY) {
                enum php_flow flow = php_enter(run);
                if (flow != PHP_OK)
                        return flow;
                struct php_value inner;
                for (size_t at = 0; flow == PHP_OK && php_array_next(name, &at, NULL, &inner);)
                        flow = compact_one(run, inner, array);
                php_leave(run);
                return flow;
        }
        if (name.type != PHP_TYPE_STRING)
                return php_needs_php(run, "compact() with a name that is no string");
        struct php_key key = php_key_bytes(php_string_bytes(name), php_string_size(name));
        const struct php_value *found = php_array_get(run->frame->variables, key);
        if (!found)
                return php_string_is(name, "this")
                               ? php_needs_php(run, "compact() with $this")
                               : php_notice(run, "undefined variable $%s", php_string_bytes(name));
        php_array_set(array, key, php_copy(*found));
        return PHP_OK;
}

static enum php_flow compact(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value array = php_new_array();
        for (size_t i = 0; i < call->count; i++) {
                enum php_flow flow = compact_one(run, php_argument(call, i), &array);
                if (flow != PHP_OK)
                        return flow;
        }
        return php_return(call, php_steal(&array));
}

static bool is_variable_name(struct php_key key)
{
        if (!key.is_string || key.size == 0 || (key.bytes[0] >= '0' && key.bytes[0] <= '9'))
                return false;
        for (size_t i = 0; i < key.size; i++) {
                unsigned char byte = (unsigned char)key.bytes[i];
                if (byte < 0x80 && byte != '_' && !(byte >= 'a' && byte <= 'z') &&
                        !(byte >= 'A' && byte <= 'Z') && !(byte >= '0' && byte <= '9'))
                        return false;
        }
        return true;
}

static enum php_flow extract(struct php_run *run, struct php_call *call)
{
        struct php_value array;
        enum php_flow flow = php_argument_array(run, call, 0, &array);
        if (flow != PHP_OK)
                return flow;
        if (call->count > 1)
                return php_needs_php(run, "extract() with flags");
        struct php_key key;
        struct php_value value;
        int64_t count = 0;
        _cleanup_php_value_ struct php_value held = php_copy(array);
        for (size_t at = 0; php_array_next(held, &at, &key, &value);) {
                if (!is_variable_name(key))
                        continue;
                if (strcmp(key.bytes, "this") == 0 || strcmp(key.bytes, "GLOBALS") == 0)
                        return php_needs_php(run, "extract() of $%s", key.bytes);
                php_array_set(&run->frame->variables, key, php_copy(value));
                count++;
        }
        return php_return(call, php_int(count));
}

static enum php_flow get_defined_vars(struct php_run *run, struct php_call *call)
{
        return php_return(call, php_copy(run->frame->variables));
}

/* The values that parameters have now, and the arguments behind them. */
static enum php_flow arguments_now(struct php_run *run, const char *function, struct php_value *ret)
{
        const struct php_frame *frame = run->frame;
        if (!frame->function)
                return php_throw(run, "Error", "%s() cannot be called from the global scope", function);
        *ret = php_new_array();
        const struct php_ast *node = frame->function->node;
        for (size_t i = 1; i < node->count && i <= frame->passed; i++) {
                const struct php_ast *parameter = node->children[i];
                const struct php_value *value = php_array_get_text(frame->variables, parameter->text);
                if (parameter->flags & PHP_FLAG_VARIADIC || !value) {
                        php_clear(ret);
                        return php_needs_php(run, "%s() with a variadic or unset parameter", function);
                }
                (void)php_array_append(ret, php_copy(php_look(*value)));
        }
        struct php_value value;
        for (size_t at = 0; php_array_next(frame->extra, &at, NULL, &value);)
                (void)php_array_append(ret, php_copy(value));
        return PHP_OK;
}

static enum php_flow func_get_args(struct php_run *run, struct php_call *call)
{
        return arguments_now(run, "func_get_args", call->ret);
}

static enum php_flow func_get_arg(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value all = PHP_NULL_VALUE;
        int64_t place = 0;
        enum php_flow flow = php_argument_int(run, call, 0, &place);
        if (flow == PHP_OK)
                flow = arguments_now(run, "func_get_arg", &all);
        if (flow != PHP_OK)
                return flow;
        const struct php_value *found = php_array_get(all, php_key_int(place));
        return found ? php_return(call, php_copy(*found)) : php_needs_php(run, "func_get_arg() of none");
}

static enum php_flow func_num_args(struct php_run *run, struct php_call *call)
{
        return run->frame->function ? php_return(call, php_int((int64_t)run->frame->passed))
                                    : php_needs_php(run, "func_num_args() outside of functions");
}

/* ---- constants and functions ---- */

static enum php_flow define_constant(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
        enum php_flow flow = php_argument_string(run, call, 0, &name);
        if (flow != PHP_OK)
                return flow;
        const char *text = php_string_bytes(name);
        if (strstr(text, "::") || php_array_get_text(run->constants, text))
                return php_needs_php(run, "define() of %s, which is there already", text);
        php_run_define(run, text, php_copy(php_argument(call, 1)));
        return php_return(call, php_bool(true));
}

static enum php_flow class_constant_named(
        struct php_run *run, const char *text, const char *colons, struct php_value *ret)
{
        _cleanup_free_ char *name = string_format("%.*s", (int)(colons - text), text);
        struct php_class *class = NULL;
        enum php_flow flow = php_need_class(run, name, &class);
        return flow == PHP_OK ? php_class_constant(run, class, colons + 2, ret) : flow;
}

static enum php_flow constant(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
        enum php_flow flow = php_argument_string(run, call, 0, &name);
        if (flow != PHP_OK)
                return flow;
        const char *text = php_string_bytes(name);
        const char *colons = strstr(text, "::");
        if (colons)
                return class_constant_named(run, text, colons, call->ret);
        const struct php_value *found = php_array_get_text(run->constants, *text == '\\' ? text + 1 : text);
        return found ? php_return(call, php_copy(*found)) : php_needs_php(run, "constant %s", text);
}

static enum php_flow defined(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
        enum php_flow flow = php_argument_string(run, call, 0, &name);
        if (flow != PHP_OK)
                return flow;
        const char *text = php_string_bytes(name);
        if (!strstr(text, "::") && php_array_get_text(run->constants, *text == '\\' ? text + 1 : text))
                return php_return(call, php_bool(true));
        return php_needs_php(run, "whether constant %s is defined", text);
}

static enum php_flow function_exists(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
        enum php_flow flow = php_argument_string(run, call, 0, &name);
        if (flow != PHP_OK)
                return flow;
        if (php_names_find_folded(&run->functions, php_string_bytes(name)))
                return php_return(call, php_bool(true));
        return php_needs_php(run, "whether function %s() exists", php_string_bytes(name));
}

static enum php_flow is_callable(struct php_run *run, struct php_call *call)
{
        struct php_target target;
        bool is = false;
        if (call->count > 1)
                return php_needs_php(run, "is_callable() with flags");
        struct php_value value = php_argument(call, 0);
        enum php_flow flow = php_callable_target(run, value, &target, &is);
        if (flow == PHP_OK && !is && value.type == PHP_TYPE_STRING)
                return php_needs_php(run, "whether %s is callable", php_string_bytes(value));
        return flow == PHP_OK ? php_return(call, php_bool(is)) : flow;
}

/* ---- classes and objects ---- */

/* The class of an object or of a name; NULL in *ret when nobody here declares it. */
static enum php_flow class_of(struct php_run *run, struct php_value value, struct php_class **ret)
{
        *ret = NULL;
        if (value.type == PHP_TYPE_OBJECT)
                *ret = value.object->class;
        else if (value.type == PHP_TYPE_STRING)
                return php_find_class(run, php_string_bytes(value), ret);
        return PHP_OK;
}

/* There may be classes that only the real autoloader finds: absence can't be told. */
static enum php_flow exists(struct php_run *run, struct php_call *call, unsigned kinds, unsigned wanted)
{
        struct php_class *class = NULL;
        struct php_value name = php_argument(call, 0);
        if (name.type != PHP_TYPE_STRING)
                return php_needs_php(run, "whether a class exists whose name is no string");
        enum php_flow flow = php_find_class(run, php_string_bytes(name), &class);
        if (flow != PHP_OK)
                return flow;
        if (!class)
                return php_needs_php(run, "whether class %s exists", php_string_bytes(name));
        if (class->host && (class->flags & PHP_FLAG_ABSTRACT))
                return php_needs_php(run, "whether %s is a class or an interface", class->name);
        return php_return(call, php_bool((class->flags & kinds) == wanted));
}

#define KINDS (PHP_FLAG_INTERFACE | PHP_FLAG_TRAIT)

static enum php_flow class_exists(struct php_run *run, struct php_call *call)
{
        return exists(run, call, KINDS, 0);
}

static enum php_flow interface_exists(struct php_run *run, struct php_call *call)
{
        return exists(run, call, KINDS, PHP_FLAG_INTERFACE);
}

static enum php_flow get_class(struct php_run *run, struct php_call *call)
{
        struct php_value object = php_argument(call, 0);
        if (call->count == 0 && run->frame->scope)
                return php_return(call, php_text(run->frame->scope->name));
        if (object.type != PHP_TYPE_OBJECT)
                return php_needs_php(run, "get_class() of no object, which PHP 7 and PHP 8 disagree about");
        return php_return(call, php_text(php_class_of(object)));
}

static enum php_flow get_called_class(struct php_run *run, struct php_call *call)
{
        if (!run->frame->static_class)
                return php_throw(run, "Error", "get_called_class() must be called from within a class");
        return php_return(call, php_text(run->frame->static_class->name));
}

static enum php_flow get_parent_class(struct php_run *run, struct php_call *call)
{
        struct php_class *class = run->frame->scope;
        enum php_flow flow = call->count > 0 ? class_of(run, php_argument(call, 0), &class) : PHP_OK;
        if (flow != PHP_OK)
                return flow;
        if (!class)
                return php_needs_php(run, "get_parent_class() of an unknown class");
        return php_return(call, class->parent ? php_text(class->parent->name) : php_bool(false));
}

static enum php_flow method_exists(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
        struct php_class *class = NULL;
        enum php_flow flow = class_of(run, php_argument(call, 0), &class);
        if (flow == PHP_OK)
                flow = php_argument_string(run, call, 1, &name);
        if (flow != PHP_OK)
                return flow;
        const char *text = php_string_bytes(name);
        if (!class)
                return php_needs_php(run, "method_exists() of an unknown class");
        bool found = php_find_method(class, text) != NULL;
        if (!found && php_is_foreign(class))
                return php_needs_php(run, "whether method %s::%s() exists", class->name, text);
        return php_return(call, php_bool(found));
}

static enum php_flow property_exists(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
        struct php_value object = php_argument(call, 0);
        struct php_class *class = NULL;
        enum php_flow flow = class_of(run, object, &class);
        if (flow == PHP_OK)
                flow = php_argument_string(run, call, 1, &name);
        if (flow != PHP_OK)
                return flow;
        const char *text = php_string_bytes(name);
        if (!class)
                return php_needs_php(run, "property_exists() of an unknown class");
        bool found = php_names_find(&class->members, text) || php_names_find(&class->statics, text) ||
                     (object.type == PHP_TYPE_OBJECT && php_array_get_text(object.object->properties, text));
        if (!found && php_is_foreign(class))
                return php_needs_php(run, "whether property %s::$%s exists", class->name, text);
        return php_return(call, php_bool(found));
}

static enum php_flow get_object_vars(struct php_run *run, struct php_call *call)
{
        struct php_value object = php_argument(call, 0);
        if (object.type != PHP_TYPE_OBJECT)
                return php_needs_php(run, "get_object_vars() of no object");
        if (php_is_foreign(object.object->class))
                return php_needs_php(run, "get_object_vars() of an object of %s", php_class_of(object));
        return php_return(call, php_visible_properties(object.object, run->frame->scope, false));
}

static enum php_flow is_kind(struct php_run *run, struct php_call *call, bool itself, bool names)
{
        _cleanup_php_value_ struct php_value wanted = PHP_NULL_VALUE;
        struct php_class *class = NULL;
        struct php_value value = php_argument(call, 0);
        enum php_flow flow = PHP_OK;
        if (call->count > 2)
                flow = php_argument_bool(run, call, 2, &names);
        if (flow == PHP_OK && (names || value.type == PHP_TYPE_OBJECT))
                flow = class_of(run, value, &class);
        if (flow == PHP_OK)
                flow = php_argument_string(run, call, 1, &wanted);
        if (flow != PHP_OK)
                return flow;
        const char *text = php_string_bytes(wanted);
        if (!class)
                return names && value.type == PHP_TYPE_STRING
                               ? php_needs_php(run, "whether %s is a %s", php_string_bytes(value), text)
                               : php_return(call, php_bool(false));
        bool is = php_descends_name(class, text);
        if (!is && class->unknown_interfaces)
                return php_needs_php(run, "whether a %s is a %s", class->name, text);
        if (is && !itself && class == php_names_find_folded(&run->classes, text))
                is = false;
        return php_return(call, php_bool(is));
}

static enum php_flow is_a(struct php_run *run, struct php_call *call)
{
        return is_kind(run, call, true, false);
}

static enum php_flow is_subclass_of(struct php_run *run, struct php_call *call)
{
        return is_kind(run, call, false, true);
}

const struct php_host_function php_introspection[] = {
        {"class_exists", class_exists, 1, 2, 0, "class,autoload"},
        {"compact", compact, 1, PHP_ANY, 0, NULL},
        {"constant", constant, 1, 1, 0, "name"},
        {"define", define_constant, 2, 3, 0, "constant_name,value,case_insensitive"},
        {"defined", defined, 1, 1, 0, "constant_name"},
        {"extract", extract, 1, 3, 0, "array,flags,prefix"},
        {"func_get_arg", func_get_arg, 1, 1, 0, NULL},
        {"func_get_args", func_get_args, 0, 0, 0, NULL},
        {"func_num_args", func_num_args, 0, 0, 0, NULL},
        {"function_exists", function_exists, 1, 1, 0, "function"},
        {"get_called_class", get_called_class, 0, 0, 0, NULL},
        {"get_class", get_class, 0, 1, 0, "object"},
        {"get_defined_vars", get_defined_vars, 0, 0, 0, NULL},
        {"get_object_vars", get_object_vars, 1, 1, 0, "object"},
        {"get_parent_class", get_parent_class, 0, 1, 0, "object_or_class"},
        {"interface_exists", interface_exists, 1, 2, 0, "interface,autoload"},
        {"is_a", is_a, 2, 3, 0, "object_or_class,class,allow_string"},
        {"is_callable", is_callable, 1, 3, 0, NULL},
        {"is_subclass_of", is_subclass_of, 2, 3, 0, "object_or_class,class,allow_string"},
        {"method_exists", method_exists, 2, 2, 0, "object_or_class,method"},
        {"property_exists", property_exists, 2, 2, 0, "object_or_class,property"},
        {NULL},
};
