/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Writing to variables, elements and properties. PHP evaluates what is in a target's brackets first, then the
 * value, and only then looks for the place: so a target becomes a path of evaluated steps, which is walked at
 * the end, when nothing else is evaluated any more.
 */

#include "migrations-reader/php/run_private.h"

#include <string.h>

struct step {
        enum { STEP_ELEMENT, STEP_APPEND, STEP_PROPERTY } kind;
        const struct php_ast *late; /* a plain variable as offset: read when the path is walked */
        struct php_value index; /* offset or property name */
};

struct path {
        enum { BASE_VARIABLE, BASE_STATIC, BASE_VALUE } base;
        struct php_value name; /* of the variable */
        struct php_member *member; /* a static property */
        struct php_value value; /* $this, or what a call gave */
        struct step *steps;
        size_t count;
};

static void path_deinit(struct path *path)
{
        php_clear(&path->name);
        php_clear(&path->value);
        for (size_t i = 0; i < path->count; i++)
                php_clear(&path->steps[i].index);
        free(path->steps);
}
#define _cleanup_path_ _cleanup_(path_deinit)

static struct php_key text_key(struct php_value text)
{
        return php_key_bytes(php_string_bytes(text), php_string_size(text));
}

/* ---- evaluating a target ---- */

static enum php_flow prepare(struct php_run *run, const struct php_ast *node, struct path *path);

static struct step *add_step(struct path *path)
{
        path->steps = memory_grow(path->steps, path->count, sizeof(*path->steps));
        path->steps[path->count] = (struct step){0};
        return &path->steps[path->count++];
}

static enum php_flow prepare_element(struct php_run *run, const struct php_ast *node, struct path *path)
{
        enum php_flow flow = prepare(run, node->children[0], path);
        if (flow != PHP_OK)
                return flow;
        const struct php_ast *index = node->children[1];
        struct step *step = add_step(path);
        step->kind = index ? STEP_ELEMENT : STEP_APPEND;
        if (!index)
                return PHP_OK;
        if (index->kind == PHP_AST_VARIABLE && !php_is_this(index)) {
                step->late = index;
                return PHP_OK;
        }
        return php_evaluate(run, index, &step->index);
}

static enum php_flow prepare_property(struct php_run *run, const struct php_ast *node, struct path *path)
{
        if (node->flags & PHP_FLAG_NULLSAFE)
                return php_fatal(run, "Can't use nullsafe operator in write context");
        enum php_flow flow = prepare(run, node->children[0], path);
        if (flow != PHP_OK)
                return flow;
        _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
        flow = php_evaluate(run, node->children[1], &name);
        if (flow != PHP_OK)
                return flow;
        struct step *step = add_step(path);
        step->kind = STEP_PROPERTY;
        return php_stringify(run, name, &step->index);
}

static enum php_flow prepare_variable(struct php_run *run, const struct php_ast *node, struct path *path)
{
        path->base = BASE_VARIABLE;
        if (php_is_this(node)) {
                path->base = BASE_VALUE;
                return php_evaluate(run, node, &path->value);
        }
        if (node->kind == PHP_AST_VARIABLE) {
                path->name = php_text(node->text);
        } else {
                _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
                enum php_flow flow = php_evaluate(run, node->children[0], &name);
                if (flow == PHP_OK)
                        flow = php_stringify(run, name, &path->name);
                if (flow != PHP_OK)
                        return flow;
        }
        if (php_string_is(path->name, "this"))
                return php_fatal(run, "Cannot re-assign $this");
        if (php_string_is(path->name, "GLOBALS") || *php_string_bytes(path->name) == '_')
                return php_string_is(path->name, "GLOBALS") || php_string_is(path->name, "_SESSION")
                               ? php_needs_php(run, "$%s", php_string_bytes(path->name))
                               : PHP_OK;
        return PHP_OK;
}

static enum php_flow prepare_static(struct php_run *run, const struct php_ast *node, struct path *path)
{
        struct php_class *class = NULL;
        bool forwards = false;
        path->base = BASE_STATIC;
        enum php_flow flow = php_resolve_class(run, node->children[0], &class, &forwards);
        return flow == PHP_OK ? php_static_cell(run, class, node->text, &path->member) : flow;
}

static enum php_flow prepare_any(struct php_run *run, const struct php_ast *node, struct path *path)
{
        if (node->kind == PHP_AST_OFFSET)
                return prepare_element(run, node, path);
        if (node->kind == PHP_AST_PROPERTY)
                return prepare_property(run, node, path);
        if (node->kind == PHP_AST_STATIC_PROPERTY)
                return prepare_static(run, node, path);
        if (php_is_place(node))
                return prepare_variable(run, node, path);
        if (node->kind == PHP_AST_UNSUPPORTED)
                return php_needs_php(run, "%s", node->text);
        path->base = BASE_VALUE;
        return php_evaluate(run, node, &path->value);
}

static enum php_flow prepare(struct php_run *run, const struct php_ast *node, struct path *path)
{
        enum php_flow flow = php_enter(run);
        if (flow != PHP_OK)
                return flow;
        flow = prepare_any(run, node, path);
        php_leave(run);
        return flow;
}

/* ---- walking ---- */

/* Where a walk stands: *slot is a variable, element or property, or `held`, what an object gave. */
struct cursor {
        struct php_value *slot;
        struct php_value held;
};

static void cursor_deinit(struct cursor *cursor)
{
        php_clear(&cursor->held);
}
#define _cleanup_cursor_ _cleanup_(cursor_deinit)

static void hold(struct cursor *cursor, struct php_value value)
{
        php_release(cursor->held);
        cursor->held = value;
        cursor->slot = &cursor->held;
}

static void begin(struct php_run *run, const struct path *path, struct cursor *cursor)
{
        switch (path->base) {
        case BASE_VARIABLE:
                cursor->slot = php_array_slot(&run->frame->variables, text_key(path->name));
                break;
        case BASE_STATIC:
                cursor->slot = &path->member->cell;
                break;
        case BASE_VALUE:
                hold(cursor, php_copy(path->value));
                break;
        }
}

static enum php_flow read_late(struct php_run *run, struct step *step)
{
        if (!step->late)
                return PHP_OK;
        const struct php_ast *late = steal(&step->late);
        _cleanup_php_value_ struct php_value name = php_text(late->text);
        return php_read_variable(run, name, false, &step->index);
}

/* Copying a shared array counts as steps. */
static void charge_copy(struct php_run *run, struct php_value array)
{
        if (*php_array_references(array.array) > 1)
                run->steps += php_array_count(array) / 16;
}

static enum php_flow make_array(struct php_run *run, struct php_value *slot)
{
        if (slot->type == PHP_TYPE_ARRAY) {
                charge_copy(run, *slot);
                return PHP_OK;
        }
        if (slot->type == PHP_TYPE_NULL || (slot->type == PHP_TYPE_BOOL && !slot->boolean)) {
                *slot = php_new_array();
                return PHP_OK;
        }
        return php_needs_php(run, "writing an element of a value of type %s", php_short_type_name(*slot));
}

static enum php_flow element_slot(
        struct php_run *run, struct php_value *array, struct step *step, struct php_value **ret)
{
        struct php_key key;
        enum php_flow flow = PHP_OK;
        if (step->kind == STEP_ELEMENT)
                flow = php_offset_key(run, step->index, &key);
        if (flow == PHP_OK)
                flow = make_array(run, array);
        if (flow != PHP_OK)
                return flow;
        *ret = step->kind == STEP_APPEND ? php_array_slot_append(array) : php_array_slot(array, key);
        if (*ret)
                return PHP_OK;
        return php_throw(
                run, "Error", "Cannot add element to the array as the next element is already occupied");
}

static enum php_flow check_array_access(struct php_run *run, struct php_value object)
{
        if (php_instance_of(run, object, "ArrayAccess"))
                return PHP_OK;
        if (php_is_foreign(object.object->class))
                return php_needs_php(run, "an object of %s as an array", php_class_of(object));
        return php_throw(run, "Error", "Cannot use object of type %s as array", php_class_of(object));
}

/* $object[…][…] = …: what offsetGet gives must be an object, else the write would be lost. */
static enum php_flow through_object(
        struct php_run *run, struct php_value *slot, struct step *step, struct cursor *cursor)
{
        _cleanup_php_value_ struct php_value object = php_copy(*slot);
        struct php_value given = PHP_NULL_VALUE;
        enum php_flow flow = check_array_access(run, object);
        if (flow == PHP_OK)
                flow = php_call_method(run, object, "offsetGet", &step->index, 1, &given);
        if (flow != PHP_OK)
                return flow;
        hold(cursor, given);
        return given.type == PHP_TYPE_OBJECT ? PHP_OK : php_needs_php(run, "changing what offsetGet gave");
}

static enum php_flow not_an_object(struct php_run *run)
{
        return php_needs_php(
                run, "writing a property of a value that is no object, which PHP 7 and PHP 8 disagree about");
}

/* One step on, making what is not there. */
static enum php_flow walk_step(
        struct php_run *run, struct step *step, bool for_reference, struct cursor *cursor)
{
        enum php_flow flow = read_late(run, step);
        if (flow != PHP_OK)
                return flow;
        struct php_value *slot = php_behind(cursor->slot);
        if (step->kind == STEP_PROPERTY)
                return slot->type == PHP_TYPE_OBJECT
                               ? php_property_slot(run, *slot, step->index, for_reference, &cursor->slot)
                               : not_an_object(run);
        if (slot->type == PHP_TYPE_OBJECT)
                return through_object(run, slot, step, cursor);
        return element_slot(run, slot, step, &cursor->slot);
}

static enum php_flow walk(
        struct php_run *run, struct path *path, size_t count, bool for_reference, struct cursor *cursor)
{
        begin(run, path, cursor);
        enum php_flow flow = PHP_OK;
        for (size_t i = 0; i < count && flow == PHP_OK; i++)
                flow = walk_step(run, &path->steps[i], for_reference && i + 1 == count, cursor);
        return flow;
}

/* ---- storing ---- */

static enum php_flow store_byte(
        struct php_run *run, struct php_value *slot, struct step *step, struct php_value value)
{
        struct php_key key;
        if (step->kind == STEP_APPEND)
                return php_throw(run, "Error", "[] operator not supported for strings");
        if (!php_key_of(step->index, &key) || key.is_string || key.integer < 0 ||
                key.integer >= (int64_t)php_string_size(*slot) || value.type != PHP_TYPE_STRING ||
                php_string_size(value) != 1)
                return php_needs_php(run, "writing an unusual offset of a string");
        _cleanup_buffer_ struct buffer bytes = {0};
        buffer_append(&bytes, php_string_bytes(*slot), php_string_size(*slot));
        run->steps += bytes.size / 1024;
        bytes.data[key.integer] = *php_string_bytes(value);
        php_release(*slot);
        *slot = php_from_buffer(&bytes);
        return PHP_OK;
}

static enum php_flow store_in_object(
        struct php_run *run, struct php_value *slot, struct step *step, struct php_value value)
{
        _cleanup_php_value_ struct php_value object = php_copy(*slot);
        _cleanup_php_value_ struct php_value ignored = PHP_NULL_VALUE;
        struct php_value arguments[] = {step->kind == STEP_APPEND ? PHP_NULL_VALUE : step->index, value};
        enum php_flow flow = check_array_access(run, object);
        return flow == PHP_OK ? php_call_method(run, object, "offsetSet", arguments, 2, &ignored) : flow;
}

static enum php_flow store_element(
        struct php_run *run, struct php_value *slot, struct step *step, struct php_value value)
{
        if (slot->type == PHP_TYPE_OBJECT)
                return store_in_object(run, slot, step, value);
        if (slot->type == PHP_TYPE_STRING)
                return store_byte(run, slot, step, value);
        struct php_value *element = NULL;
        enum php_flow flow = element_slot(run, slot, step, &element);
        if (flow == PHP_OK)
                php_assign(element, php_copy(value));
        return flow;
}

/* *value becomes what a typed property makes of it: the value that the assignment has. */
static enum php_flow store(struct php_run *run, struct path *path, struct php_value *value)
{
        _cleanup_cursor_ struct cursor cursor = {0};
        if (path->count == 0) {
                if (path->base == BASE_VALUE)
                        return php_fatal(run, "Cannot assign to this expression");
                begin(run, path, &cursor);
                php_assign(cursor.slot, php_copy(*value));
                return PHP_OK;
        }
        enum php_flow flow = walk(run, path, path->count - 1, false, &cursor);
        struct step *last = &path->steps[path->count - 1];
        if (flow == PHP_OK)
                flow = read_late(run, last);
        if (flow != PHP_OK)
                return flow;
        struct php_value *slot = php_behind(cursor.slot);
        if (last->kind != STEP_PROPERTY)
                return store_element(run, slot, last, *value);
        if (slot->type != PHP_TYPE_OBJECT)
                return not_an_object(run);
        _cleanup_php_value_ struct php_value object = php_copy(*slot);
        flow = php_write_property(run, object, last->index, *value);
        const struct php_value *stored =
                flow == PHP_OK ? php_typed_property(run, object.object, last->index) : NULL;
        if (stored)
                php_assign(value, php_copy(php_look(*stored)));
        return flow;
}

static enum php_flow check_static(struct php_run *run, const struct path *path, struct php_value *value)
{
        const struct php_member *member = path->member;
        if (path->base != BASE_STATIC || path->count > 0 || !member->type)
                return PHP_OK;
        bool fits = true;
        enum php_flow flow = php_fit_type(run, member->type, run->frame->file->strict_types, member->owner,
                member->owner, value, &fits);
        if (flow != PHP_OK || fits)
                return flow;
        return php_throw(run, "TypeError", "Cannot assign %s to property %s::$%s of type %s",
                php_short_type_name(*value), member->owner->name, member->name, member->type);
}

static enum php_flow fit_and_store(struct php_run *run, struct path *path, struct php_value *value)
{
        enum php_flow flow = check_static(run, path, value);
        return flow == PHP_OK ? store(run, path, value) : flow;
}

/* ---- reading the same place ---- */

static enum php_flow read_path(struct php_run *run, struct path *path, bool quiet, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
        enum php_flow flow = PHP_OK;
        if (path->base == BASE_VARIABLE)
                flow = php_read_variable(run, path->name, quiet, &value);
        else
                value = php_copy(path->base == BASE_STATIC ? php_look(path->member->cell) : path->value);
        for (size_t i = 0; i < path->count && flow == PHP_OK; i++) {
                struct php_value next = PHP_NULL_VALUE;
                struct step *step = &path->steps[i];
                flow = read_late(run, step);
                if (flow != PHP_OK)
                        break;
                if (step->kind == STEP_PROPERTY)
                        flow = php_read_property(run, value, step->index, quiet, &next);
                else if (step->kind == STEP_ELEMENT)
                        flow = php_read_offset(run, value, step->index, quiet, &next);
                php_release(value);
                value = next;
        }
        if (flow == PHP_OK)
                *ret = php_steal(&value);
        return flow;
}

/* ---- assignments ---- */

static bool has_references(const struct php_ast *list)
{
        for (size_t i = 0; i < list->count; i++) {
                const struct php_ast *element = list->children[i];
                if (element && (element->flags & PHP_FLAG_REFERENCE ||
                                       (element->children[1]->kind == PHP_AST_LIST &&
                                               has_references(element->children[1]))))
                        return true;
        }
        return false;
}

static enum php_flow list_index(
        struct php_run *run, const struct php_ast *element, size_t place, struct php_value *ret)
{
        if (element->children[0])
                return php_evaluate(run, element->children[0], ret);
        *ret = php_int((int64_t)place);
        return PHP_OK;
}

static enum php_flow assign_list(struct php_run *run, const struct php_ast *list, struct php_value value)
{
        for (size_t i = 0; i < list->count; i++) {
                const struct php_ast *element = list->children[i];
                if (!element)
                        continue;
                _cleanup_php_value_ struct php_value index = PHP_NULL_VALUE;
                _cleanup_php_value_ struct php_value part = PHP_NULL_VALUE;
                enum php_flow flow = list_index(run, element, i, &index);
                if (flow == PHP_OK && (value.type == PHP_TYPE_ARRAY || value.type == PHP_TYPE_OBJECT))
                        flow = php_read_offset(run, value, index, false, &part);
                if (flow == PHP_OK)
                        flow = php_assign_to(run, element->children[1], part);
                if (flow != PHP_OK)
                        return flow;
        }
        return PHP_OK;
}

/* [&$a, [$b]] = $array: `source` is a reference to the array. */
static enum php_flow assign_list_references(
        struct php_run *run, const struct php_ast *list, struct php_value source)
{
        for (size_t i = 0; i < list->count; i++) {
                const struct php_ast *element = list->children[i];
                if (!element)
                        continue;
                _cleanup_php_value_ struct php_value index = PHP_NULL_VALUE;
                enum php_flow flow = list_index(run, element, i, &index);
                if (flow != PHP_OK)
                        return flow;
                struct step step = {.kind = STEP_ELEMENT, .index = index};
                struct php_value *slot = NULL;
                struct php_value *array = php_behind(&source);
                flow = array->type == PHP_TYPE_OBJECT ? php_needs_php(run, "references out of an object")
                                                      : element_slot(run, array, &step, &slot);
                if (flow != PHP_OK)
                        return flow;
                const struct php_ast *target = element->children[1];
                if (target->kind == PHP_AST_LIST && has_references(target)) {
                        _cleanup_php_value_ struct php_value inner = php_make_reference(slot);
                        flow = assign_list_references(run, target, inner);
                } else if (element->flags & PHP_FLAG_REFERENCE) {
                        flow = php_bind_reference(run, target, php_make_reference(slot));
                } else {
                        _cleanup_php_value_ struct php_value part = php_copy(php_look(*slot));
                        flow = php_assign_to(run, target, part);
                }
                if (flow != PHP_OK)
                        return flow;
        }
        return PHP_OK;
}

enum php_flow php_assign_to(struct php_run *run, const struct php_ast *target, struct php_value value)
{
        if (target->kind == PHP_AST_LIST || target->kind == PHP_AST_ARRAY) {
                enum php_flow entered = php_enter(run);
                if (entered != PHP_OK)
                        return entered;
                enum php_flow flow = assign_list(run, target, value);
                php_leave(run);
                return flow;
        }
        _cleanup_path_ struct path path = {0};
        enum php_flow flow = prepare(run, target, &path);
        if (flow != PHP_OK)
                return flow;
        _cleanup_php_value_ struct php_value stored = php_copy(value);
        return fit_and_store(run, &path, &stored);
}

static enum php_flow evaluate_list(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        const struct php_ast *list = node->children[0];
        if (!has_references(list)) {
                enum php_flow flow = php_evaluate(run, node->children[1], ret);
                return flow == PHP_OK ? php_assign_to(run, list, *ret) : flow;
        }
        _cleanup_php_value_ struct php_value source = PHP_NULL_VALUE;
        enum php_flow flow = php_reference_to(run, node->children[1], &source);
        if (flow == PHP_OK)
                flow = assign_list_references(run, list, source);
        *ret = php_copy(php_look(source));
        return flow;
}

enum php_flow php_evaluate_assign(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        const struct php_ast *target = node->children[0];
        if (target->kind == PHP_AST_LIST || target->kind == PHP_AST_ARRAY)
                return evaluate_list(run, node, ret);
        _cleanup_path_ struct path path = {0};
        enum php_flow flow = prepare(run, target, &path);
        if (flow == PHP_OK)
                flow = php_evaluate(run, node->children[1], ret);
        return flow == PHP_OK ? fit_and_store(run, &path, ret) : flow;
}

/* `.=` on a plain variable grows the string in its place. */
static bool append_in_place(struct php_run *run, const struct path *path, struct php_value value)
{
        if (path->base != BASE_VARIABLE || path->count > 0 || value.type != PHP_TYPE_STRING)
                return false;
        if (!php_array_get(run->frame->variables, text_key(path->name)))
                return false;
        struct php_value *slot = php_behind(php_array_slot(&run->frame->variables, text_key(path->name)));
        if (slot->type != PHP_TYPE_STRING)
                return false;
        if (slot->string->references > 1)
                run->steps += php_string_size(*slot) / 1024;
        php_string_append(slot, php_string_bytes(value), php_string_size(value));
        return true;
}

static enum php_flow compound(
        struct php_run *run, const struct php_ast *node, struct path *path, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value left = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value right = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node->children[1], &right);
        if (flow != PHP_OK)
                return flow;
        if (node->operator== PHP_CONCATENATE && append_in_place(run, path, right))
                return read_path(run, path, false, ret);
        flow = read_path(run, path, false, &left);
        if (flow == PHP_OK)
                flow = php_binary(run, node->operator, left, right, ret);
        return flow == PHP_OK ? fit_and_store(run, path, ret) : flow;
}

enum php_flow php_evaluate_assign_operator(
        struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        _cleanup_path_ struct path path = {0};
        enum php_flow flow = prepare(run, node->children[0], &path);
        if (flow != PHP_OK)
                return flow;
        if (node->operator!= PHP_COALESCE)
                return compound(run, node, &path, ret);
        flow = read_path(run, &path, true, ret);
        if (flow != PHP_OK || ret->type != PHP_TYPE_NULL)
                return flow;
        flow = php_evaluate(run, node->children[1], ret);
        return flow == PHP_OK ? fit_and_store(run, &path, ret) : flow;
}

enum php_flow php_evaluate_increment(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        _cleanup_path_ struct path path = {0};
        _cleanup_php_value_ struct php_value before = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value after = PHP_NULL_VALUE;
        enum php_flow flow = prepare(run, node->children[0], &path);
        if (flow == PHP_OK)
                flow = read_path(run, &path, false, &before);
        if (flow == PHP_OK)
                flow = php_answered(
                        run, php_increment(before, node->flags & PHP_FLAG_DECREMENT ? -1 : 1, &after), NULL);
        if (flow == PHP_OK)
                flow = fit_and_store(run, &path, &after);
        if (flow == PHP_OK)
                *ret = php_steal(node->flags & PHP_FLAG_PREFIX ? &after : &before);
        return flow;
}

/* ---- references ---- */

static enum php_flow reference_on_path(struct php_run *run, struct path *path, struct php_value *ret)
{
        if (path->count == 0 && path->base == BASE_VALUE) {
                *ret = php_copy(path->value); /* $this: an object is its own handle */
                return PHP_OK;
        }
        if (path->base == BASE_STATIC && path->member->type && path->count == 0)
                return php_needs_php(run, "a reference to typed property $%s", path->member->name);
        _cleanup_cursor_ struct cursor cursor = {0};
        enum php_flow flow = walk(run, path, path->count, true, &cursor);
        if (flow == PHP_OK)
                *ret = php_make_reference(cursor.slot);
        return flow;
}

enum php_flow php_reference_to(struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        if (!php_is_place(node))
                return php_needs_php(run, "a reference to a value that is no variable");
        _cleanup_path_ struct path path = {0};
        enum php_flow flow = prepare(run, node, &path);
        return flow == PHP_OK ? reference_on_path(run, &path, ret) : flow;
}

enum php_flow php_bind_reference(struct php_run *run, const struct php_ast *node, struct php_value reference)
{
        _cleanup_path_ struct path path = {0};
        _cleanup_cursor_ struct cursor cursor = {0};
        _cleanup_php_value_ struct php_value taken = reference;
        enum php_flow flow = prepare(run, node, &path);
        if (flow == PHP_OK && path.count == 0 && path.base == BASE_VALUE)
                return php_fatal(run, "Cannot assign a reference to this expression");
        if (flow == PHP_OK)
                flow = walk(run, &path, path.count, true, &cursor);
        if (flow != PHP_OK)
                return flow;
        struct php_value former = *cursor.slot;
        *cursor.slot = php_steal(&taken);
        php_release(former);
        return PHP_OK;
}

enum php_flow php_evaluate_assign_reference(
        struct php_run *run, const struct php_ast *node, struct php_value *ret)
{
        struct php_value reference = PHP_NULL_VALUE;
        enum php_flow flow = php_reference_to(run, node->children[1], &reference);
        if (flow != PHP_OK)
                return flow;
        *ret = php_copy(php_look(reference));
        return php_bind_reference(run, node->children[0], reference);
}

/* ---- unset ---- */

static enum php_flow unset_last(struct php_run *run, struct php_value *slot, struct step *step)
{
        struct php_key key;
        _cleanup_php_value_ struct php_value object = php_copy(*slot);
        _cleanup_php_value_ struct php_value ignored = PHP_NULL_VALUE;
        if (step->kind == STEP_PROPERTY)
                return php_unset_property(run, object, step->index);
        if (slot->type == PHP_TYPE_OBJECT) {
                enum php_flow flow = check_array_access(run, object);
                return flow == PHP_OK ? php_call_method(run, object, "offsetUnset", &step->index, 1, &ignored)
                                      : flow;
        }
        if (slot->type == PHP_TYPE_STRING)
                return php_throw(run, "Error", "Cannot unset string offsets");
        if (slot->type != PHP_TYPE_ARRAY)
                return slot->type == PHP_TYPE_NULL ? PHP_OK
                                                   : php_needs_php(run, "unset of an element of no array");
        php_clear(&object); /* the array is not shared because of it */
        enum php_flow flow = php_offset_key(run, step->index, &key);
        if (flow == PHP_OK) {
                charge_copy(run, *slot);
                (void)php_array_remove(slot, key);
        }
        return flow;
}

/* Whether the next step is there: unset makes nothing. */
static enum php_flow is_there(struct php_run *run, struct php_value *slot, struct step *step, bool *ret)
{
        struct php_key key;
        enum php_flow flow = read_late(run, step);
        if (flow != PHP_OK)
                return flow;
        *ret = slot->type == PHP_TYPE_OBJECT;
        if (slot->type != PHP_TYPE_ARRAY || step->kind != STEP_ELEMENT)
                return PHP_OK;
        flow = php_offset_key(run, step->index, &key);
        *ret = flow == PHP_OK && php_array_get(*slot, key);
        return flow;
}

static enum php_flow unset_on_path(struct php_run *run, struct path *path)
{
        if (path->base == BASE_VARIABLE && !php_array_get(run->frame->variables, text_key(path->name)))
                return PHP_OK;
        _cleanup_cursor_ struct cursor cursor = {0};
        begin(run, path, &cursor);
        for (size_t i = 0; i + 1 < path->count; i++) {
                bool there = false;
                enum php_flow flow = is_there(run, php_behind(cursor.slot), &path->steps[i], &there);
                if (flow == PHP_OK && !there)
                        return PHP_OK;
                if (flow == PHP_OK)
                        flow = walk_step(run, &path->steps[i], false, &cursor);
                if (flow != PHP_OK)
                        return flow;
        }
        struct step *last = &path->steps[path->count - 1];
        enum php_flow flow = read_late(run, last);
        return flow == PHP_OK ? unset_last(run, php_behind(cursor.slot), last) : flow;
}

enum php_flow php_unset_target(struct php_run *run, const struct php_ast *node)
{
        _cleanup_path_ struct path path = {0};
        enum php_flow flow = prepare(run, node, &path);
        if (flow != PHP_OK)
                return flow;
        if (path.count > 0)
                return unset_on_path(run, &path);
        if (path.base != BASE_VARIABLE)
                return php_throw(run, "Error", "Attempt to unset static property");
        (void)php_array_remove(&run->frame->variables, text_key(path.name));
        return PHP_OK;
}
