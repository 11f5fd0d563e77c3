/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Reading variables, elements and properties, and whether they are there. */

#include "migrations-reader/php/run_private.h"

#include <string.h>

static struct php_key text_key(struct php_value text)
{
        return php_key_bytes(php_string_bytes(text), php_string_size(text));
}

/* ---- variables ---- */

enum php_flow php_read_variable(struct php_run *run, struct php_value name, bool quiet, struct php_value *ret)
{
        const struct php_frame *frame = run->frame;
        if (php_string_is(name, "this")) {
                if (frame->this.type == PHP_TYPE_NULL && !quiet)
                        return php_throw(run, "Error", "Using $this when not in object context");
                *ret = php_copy(frame->this);
                return PHP_OK;
        }
        const struct php_value *found = php_array_get(frame->variables, text_key(name));
        if (found) {
                *ret = php_copy(php_look(*found));
                return PHP_OK;
        }
        if (php_string_is(name, "GLOBALS") || php_string_is(name, "_SERVER") || php_string_is(name, "_ENV") ||
                php_string_is(name, "_GET") || php_string_is(name, "_POST") ||
                php_string_is(name, "_COOKIE") || php_string_is(name, "_FILES") ||
                php_string_is(name, "_REQUEST") || php_string_is(name, "_SESSION"))
                return php_needs_php(run, "$%s", php_string_bytes(name));
        return quiet ? PHP_OK : php_notice(run, "undefined variable $%s", php_string_bytes(name));
}

static enum php_flow variable_name(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        if (node->kind == PHP_AST_VARIABLE) {
                *ret = php_text(node->text);
                return PHP_OK;
        }
        _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node->children[0], &value);
        return flow == PHP_OK ? php_stringify(run, value, ret) : flow;
}

static enum php_flow read_plain_variable(
        struct php_run *run, const struct php_ast *node, bool quiet, struct php_value *ret)
{
        const struct php_value *found = php_array_get_text(run->frame->variables, node->text);
        if (found) {
                *ret = php_copy(php_look(*found));
                return PHP_OK;
        }
        _cleanup_php_value_ struct php_value name = php_text(node->text);
        return php_read_variable(run, name, quiet, ret);
}

static enum php_flow lookup_variable(
        struct php_run *run, const struct php_ast *node, bool quiet, struct php_value *ret)
{
        if (node->kind == PHP_AST_VARIABLE)
                return read_plain_variable(run, node, quiet, ret);
        _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
        enum php_flow flow = variable_name(run, node, &name);
        return flow == PHP_OK ? php_read_variable(run, name, quiet, ret) : flow;
}

/* ---- elements ---- */

enum php_flow php_offset_key(struct php_run *run, struct php_value index, struct php_key *ret)
{
        if (index.type == PHP_TYPE_FLOAT && index.number != (double)(int64_t)index.number)
                return php_needs_php(run, "a float with a fraction as an offset");
        if (php_key_of(index, ret))
                return PHP_OK;
        return php_throw(run, "TypeError", "Illegal offset type");
}

static void describe_key(struct php_key key, char *out, size_t size)
{
        if (key.is_string)
                (void)snprintf(out, size, "\"%.60s\"", key.bytes);
        else
                (void)snprintf(out, size, "%lld", (long long)key.integer);
}

static enum php_flow read_element(struct php_run *run, struct php_value array, struct php_value index,
        bool quiet, struct php_value *ret)
{
        struct php_key key;
        enum php_flow flow = php_offset_key(run, index, &key);
        if (flow != PHP_OK)
                return flow;
        const struct php_value *found = php_array_get(array, key);
        if (found) {
                *ret = php_copy(*found);
                return PHP_OK;
        }
        char words[80];
        describe_key(key, words, sizeof(words));
        return quiet ? PHP_OK : php_notice(run, "undefined array key %s", words);
}

/* The place in a string that an offset means: an integer, or a string that is one. */
static enum php_flow string_place(
        struct php_run *run, struct php_value index, bool quiet, int64_t *ret, bool *ret_is)
{
        struct php_key key;
        *ret_is = false;
        if (index.type == PHP_TYPE_INT) {
                *ret = index.integer;
                *ret_is = true;
        } else if (index.type == PHP_TYPE_STRING && php_key_of(index, &key) && !key.is_string) {
                *ret = key.integer;
                *ret_is = true;
        } else if (!quiet || index.type == PHP_TYPE_BOOL || index.type == PHP_TYPE_FLOAT) {
                return php_needs_php(run, "an unusual offset of a string");
        }
        return PHP_OK;
}

static enum php_flow read_byte(struct php_run *run, struct php_value string, struct php_value index,
        bool quiet, struct php_value *ret)
{
        int64_t place = 0;
        bool is_place = false;
        enum php_flow flow = string_place(run, index, quiet, &place, &is_place);
        if (flow != PHP_OK || !is_place)
                return flow;
        int64_t size = (int64_t)php_string_size(string);
        if (place < 0)
                place += size;
        if (place < 0 || place >= size) {
                if (quiet)
                        return PHP_OK;
                /* Silenced, PHP 7 reads "" and PHP 8 too. */
                flow = php_notice(run, "uninitialized string offset %lld", (long long)place);
                *ret = flow == PHP_OK ? php_text("") : PHP_NULL_VALUE;
                return flow;
        }
        *ret = php_bytes(php_string_bytes(string) + place, 1);
        return PHP_OK;
}

static enum php_flow read_object_offset(struct php_run *run, struct php_value object, struct php_value index,
        bool quiet, struct php_value *ret)
{
        if (!php_instance_of(run, object, "ArrayAccess"))
                return php_is_foreign(object.object->class)
                               ? php_needs_php(run, "an object of %s as an array", php_class_of(object))
                               : php_throw(run, "Error", "Cannot use object of type %s as array",
                                         php_class_of(object));
        if (quiet) {
                _cleanup_php_value_ struct php_value there = PHP_NULL_VALUE;
                enum php_flow flow = php_call_method(run, object, "offsetExists", &index, 1, &there);
                if (flow != PHP_OK || !php_truth(there))
                        return flow;
        }
        return php_call_method(run, object, "offsetGet", &index, 1, ret);
}

enum php_flow php_read_offset(
        struct php_run *run, struct php_value base, struct php_value index, bool quiet, struct php_value *ret)
{
        if (base.type == PHP_TYPE_ARRAY)
                return read_element(run, base, index, quiet, ret);
        if (base.type == PHP_TYPE_STRING)
                return read_byte(run, base, index, quiet, ret);
        if (base.type == PHP_TYPE_OBJECT)
                return read_object_offset(run, base, index, quiet, ret);
        return quiet ? PHP_OK : php_notice(run, "an offset of a value of type %s", php_short_type_name(base));
}

static bool is_late(const struct php_ast *node)
{
        return node->kind == PHP_AST_VARIABLE && !php_is_this(node);
}

/* A plain variable is read when the offset is, behind what is evaluated in the brackets. */
static enum php_flow lookup_offset(
        struct php_run *run, const struct php_ast *node, bool quiet, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value base = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value index = PHP_NULL_VALUE;
        const struct php_ast *base_node = node->children[0], *index_node = node->children[1];
        if (!index_node)
                return php_fatal(run, "Cannot use [] for reading");
        bool late = is_late(base_node);
        enum php_flow flow = PHP_OK;
        if (!late)
                flow = quiet ? php_evaluate_quiet(run, base_node, &base)
                             : php_evaluate(run, base_node, &base);
        if (flow == PHP_OK)
                flow = php_evaluate(run, index_node, &index);
        if (flow == PHP_OK && late)
                flow = read_plain_variable(run, base_node, quiet, &base);
        return flow == PHP_OK ? php_read_offset(run, base, index, quiet, ret) : flow;
}

/* ---- properties ---- */

static enum php_flow property_name(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        if (node->kind == PHP_AST_LITERAL && node->value.type == PHP_TYPE_STRING) {
                *ret = php_copy(node->value);
                return PHP_OK;
        }
        _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node, &value);
        return flow == PHP_OK ? php_stringify(run, value, ret) : flow;
}

static enum php_flow lookup_property(
        struct php_run *run, const struct php_ast *node, bool quiet, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value object = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
        const struct php_ast *base = node->children[0];
        enum php_flow flow =
                quiet ? php_evaluate_quiet(run, base, &object) : php_evaluate(run, base, &object);
        if (flow == PHP_OK && object.type == PHP_TYPE_NULL && node->flags & PHP_FLAG_NULLSAFE)
                return PHP_OK;
        if (flow == PHP_OK)
                flow = property_name(run, node->children[1], &name);
        return flow == PHP_OK ? php_read_property(run, object, name, quiet, ret) : flow;
}

static enum php_flow lookup_static(
        struct php_run *run, const struct php_ast *node, bool quiet, struct php_value *ret)
{
        struct php_class *class = NULL;
        bool forwards = false;
        struct php_member *member = NULL;
        enum php_flow flow = php_resolve_class(run, node->children[0], &class, &forwards);
        if (flow != PHP_OK)
                return flow;
        if (quiet && !php_names_find(&class->statics, node->text) && !php_is_foreign(class))
                return PHP_OK;
        flow = php_static_cell(run, class, node->text, &member);
        if (flow == PHP_OK)
                *ret = php_copy(php_look(member->cell));
        return flow;
}

enum php_flow php_evaluate_lookup(
        struct php_run *run, const struct php_ast *node, bool quiet, struct php_value *ret)
{
        if (node->kind == PHP_AST_OFFSET)
                return lookup_offset(run, node, quiet, ret);
        if (node->kind == PHP_AST_PROPERTY)
                return lookup_property(run, node, quiet, ret);
        if (node->kind == PHP_AST_STATIC_PROPERTY)
                return lookup_static(run, node, quiet, ret);
        return lookup_variable(run, node, quiet, ret);
}

bool php_is_place(const struct php_ast *node)
{
        return node->kind == PHP_AST_VARIABLE || node->kind == PHP_AST_VARIABLE_VARIABLE ||
               node->kind == PHP_AST_OFFSET || node->kind == PHP_AST_PROPERTY ||
               node->kind == PHP_AST_STATIC_PROPERTY;
}

enum php_flow php_evaluate_quiet(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        if (!php_is_place(node))
                return php_evaluate(run, node, ret);
        *ret = PHP_NULL_VALUE;
        enum php_flow flow = php_enter(run);
        if (flow != PHP_OK)
                return flow;
        flow = php_evaluate_lookup(run, node, true, ret);
        if (flow != PHP_OK)
                php_clear(ret);
        php_leave(run);
        return flow;
}

/* ---- isset and empty ---- */

/* isset($object->x) and isset($object["x"]) ask the object only whether, not what. */
static enum php_flow object_has(
        struct php_run *run, const struct php_ast *node, struct php_value object, bool *ret)
{
        if (node->kind == PHP_AST_PROPERTY) {
                _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
                enum php_flow flow = property_name(run, node->children[1], &name);
                return flow == PHP_OK ? php_isset_property(run, object, name, ret) : flow;
        }
        _cleanup_php_value_ struct php_value index = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value answer = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node->children[1], &index);
        if (flow == PHP_OK && !php_instance_of(run, object, "ArrayAccess"))
                return php_throw(run, "Error", "Cannot use object of type %s as array", php_class_of(object));
        if (flow == PHP_OK)
                flow = php_call_method(run, object, "offsetExists", &index, 1, &answer);
        *ret = php_truth(answer);
        return flow;
}

static enum php_flow is_set(struct php_run *run, const struct php_ast *node, bool *ret)
{
        _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
        enum php_flow flow = PHP_OK;
        if (node->kind == PHP_AST_PROPERTY || (node->kind == PHP_AST_OFFSET && node->children[1])) {
                _cleanup_php_value_ struct php_value base = PHP_NULL_VALUE;
                flow = php_evaluate_quiet(run, node->children[0], &base);
                if (flow != PHP_OK)
                        return flow;
                if (base.type == PHP_TYPE_OBJECT)
                        return object_has(run, node, base, ret);
                if (node->kind == PHP_AST_PROPERTY)
                        return PHP_OK;
                _cleanup_php_value_ struct php_value index = PHP_NULL_VALUE;
                flow = php_evaluate(run, node->children[1], &index);
                if (flow == PHP_OK)
                        flow = php_read_offset(run, base, index, true, &value);
        } else {
                flow = php_evaluate_quiet(run, node, &value);
        }
        *ret = value.type != PHP_TYPE_NULL;
        return flow;
}

enum php_flow php_evaluate_isset(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        bool all = true;
        for (size_t i = 0; i < node->count && all; i++) {
                all = false;
                enum php_flow flow = is_set(run, node->children[i], &all);
                if (flow != PHP_OK)
                        return flow;
        }
        *ret = php_bool(all);
        return PHP_OK;
}

enum php_flow php_evaluate_empty(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate_quiet(run, node->children[0], &value);
        *ret = php_bool(!php_truth(value));
        return flow;
}
