/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Methods, constants and static properties of a class and its ancestors. */

#include "migrations-reader/php/run_private.h"

#include <string.h>

struct php_function *php_find_method(struct php_class *class, const char *name)
{
        for (const struct php_class *at = class; at; at = at->parent) {
                struct php_function *found = php_names_find_folded(&at->methods, name);
                if (found)
                        return found;
        }
        if (class->flags & (PHP_FLAG_ABSTRACT | PHP_FLAG_INTERFACE))
                for (size_t i = 0; i < class->interface_count; i++) {
                        struct php_function *found =
                                php_names_find_folded(&class->interfaces[i]->methods, name);
                        if (found)
                                return found;
                }
        return NULL;
}

enum php_flow php_evaluate_in_class(
        struct php_run *run, struct php_class *class, const struct php_ast *node, struct php_value *ret)
{
        if (node->kind == PHP_AST_LITERAL) {
                *ret = php_copy(node->value);
                return PHP_OK;
        }
        struct php_frame frame = {.caller = run->frame,
                .scope = class,
                .static_class = class,
                .file = class->file,
                .variables = php_new_array(),
                .line = node->line};
        run->frame = &frame;
        enum php_flow flow = php_evaluate(run, node, ret);
        run->frame = frame.caller;
        php_frame_deinit(&frame);
        return flow;
}

/* ---- constants ---- */

static struct php_class_constant *find_constant(const struct php_class *class, const char *name)
{
        for (const struct php_class *at = class; at; at = at->parent) {
                struct php_class_constant *found = php_names_find(&at->constants, name);
                if (found && (at == class || !(found->flags & PHP_FLAG_PRIVATE)))
                        return found;
        }
        for (size_t i = 0; i < class->interface_count; i++) {
                struct php_class_constant *found = php_names_find(&class->interfaces[i]->constants, name);
                if (found)
                        return found;
        }
        return NULL;
}

static bool may_use(const struct php_run *run, unsigned flags, const struct php_class *owner)
{
        const struct php_class *scope = run->frame ? run->frame->scope : NULL;
        if (flags & PHP_FLAG_PRIVATE)
                return scope == owner;
        if (flags & PHP_FLAG_PROTECTED)
                return scope && (php_descends(scope, owner) || php_descends(owner, scope));
        return true;
}

static enum php_flow evaluate_constant(struct php_run *run, struct php_class_constant *constant)
{
        if (constant->state == PHP_CONSTANT_BUSY)
                return php_throw(run, "Error", "Cannot declare self-referencing constant %s::%s",
                        constant->owner->name, constant->name);
        constant->state = PHP_CONSTANT_BUSY;
        struct php_value value = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate_in_class(run, constant->owner, constant->node->children[0], &value);
        constant->state = flow == PHP_OK ? PHP_CONSTANT_READY : PHP_CONSTANT_RAW;
        if (flow == PHP_OK)
                constant->value = value;
        return flow;
}

/* A class of a host, or one with interfaces that nobody here declares, may have more than is known. */
static bool is_open(const struct php_class *class)
{
        return php_is_foreign(class) || class->unknown_interfaces;
}

enum php_flow php_class_constant(
        struct php_run *run, struct php_class *class, const char *name, struct php_value *ret)
{
        struct php_class_constant *constant = find_constant(class, name);
        if (!constant)
                return is_open(class)
                               ? php_needs_php(run, "constant %s::%s", class->name, name)
                               : php_throw(run, "Error", "Undefined constant %s::%s", class->name, name);
        if (!may_use(run, constant->flags, constant->owner))
                return php_throw(run, "Error", "Cannot access %s constant %s::%s",
                        constant->flags & PHP_FLAG_PRIVATE ? "private" : "protected", class->name, name);
        if (constant->state != PHP_CONSTANT_READY) {
                enum php_flow flow = evaluate_constant(run, constant);
                if (flow != PHP_OK)
                        return flow;
        }
        *ret = php_copy(constant->value);
        return PHP_OK;
}

/* ---- static properties ---- */

static enum php_flow evaluate_static(struct php_run *run, struct php_member *member)
{
        member->evaluated = true;
        struct php_value value = PHP_NULL_VALUE;
        if (member->node->count > 0 && member->node->children[0]) {
                enum php_flow flow =
                        php_evaluate_in_class(run, member->owner, member->node->children[0], &value);
                if (flow != PHP_OK)
                        return flow;
        } else if (member->type) {
                return php_needs_php(run, "static property $%s before it is initialized", member->name);
        }
        php_assign(&member->cell, value);
        return PHP_OK;
}

enum php_flow php_static_cell(
        struct php_run *run, struct php_class *class, const char *name, struct php_member **ret)
{
        struct php_member *member = php_names_find(&class->statics, name);
        if (!member)
                return is_open(class)
                               ? php_needs_php(run, "static property %s::$%s", class->name, name)
                               : php_throw(run, "Error", "Access to undeclared static property %s::$%s",
                                         class->name, name);
        if (!may_use(run, member->flags, member->owner))
                return php_throw(run, "Error", "Cannot access %s property %s::$%s",
                        member->flags & PHP_FLAG_PRIVATE ? "private" : "protected", class->name, name);
        if (!member->evaluated) {
                enum php_flow flow = evaluate_static(run, member);
                if (flow != PHP_OK)
                        return flow;
        }
        *ret = member;
        return PHP_OK;
}
