/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Puts classes together: members of their own, from traits, inherited. */

#include "migrations-reader/php/run_private.h"

#include <string.h>

#define VISIBILITY (PHP_FLAG_PUBLIC | PHP_FLAG_PROTECTED | PHP_FLAG_PRIVATE)

static unsigned visible_flags(unsigned flags)
{
        return flags & VISIBILITY ? flags : flags | PHP_FLAG_PUBLIC;
}

/* A function with a yield anywhere in it, but not in a function inside of it, makes a generator. */
bool php_has_yield(const struct php_ast *node)
{
        if (!node)
                return false;
        if (node->kind == PHP_AST_UNSUPPORTED)
                return node->text && string_begins(node->text, "yield");
        for (size_t i = 0; i < node->count; i++) {
                const struct php_ast *child = node->children[i];
                if (child && child->kind != PHP_AST_FUNCTION && child->kind != PHP_AST_CLASS &&
                        php_has_yield(child))
                        return true;
        }
        return false;
}

void php_declare_function(struct php_run *run, const struct php_ast *node, struct php_file *file)
{
        struct php_function *function = php_function_new(run);
        function->name = node->text;
        function->node = node;
        function->file = file;
        function->yields = node->count > 0 && php_has_yield(node->children[0]);
        if (!php_names_find_folded(&run->functions, node->text))
                php_names_put_folded(&run->functions, node->text, function);
}

/* ---- what a class inherits ---- */

/* A static property of its own would get a cell of its own; an inherited one shares the ancestor's. */
static void inherit(struct php_class *class, struct php_class *parent)
{
        struct php_member *member;
        for (size_t at = 0; (member = php_names_next(&parent->members, &at));)
                if (!(member->flags & PHP_FLAG_PRIVATE))
                        php_names_put(&class->members, member->name, member);
        for (size_t at = 0; (member = php_names_next(&parent->statics, &at));)
                if (!(member->flags & PHP_FLAG_PRIVATE))
                        php_names_put(&class->statics, member->name, member);
        php_inherit_interfaces(class, parent);
}

static enum php_flow link_parent(struct php_run *run, struct php_class *class)
{
        if (!class->node->parent)
                return PHP_OK;
        struct php_class *parent = NULL;
        enum php_flow flow = php_need_class(run, class->node->parent, &parent);
        if (flow != PHP_OK)
                return flow;
        if (parent->flags & (PHP_FLAG_FINAL | PHP_FLAG_INTERFACE | PHP_FLAG_TRAIT))
                return php_fatal(run, "Class %s cannot extend %s", class->name, parent->name);
        class->parent = parent;
        inherit(class, parent);
        return PHP_OK;
}

/* An interface that nobody here declares is known by its name only. */
static enum php_flow link_interfaces(struct php_run *run, struct php_class *class)
{
        for (char **name = class->node->interfaces; name && *name; name++) {
                struct php_class *interface = NULL;
                enum php_flow flow = php_find_class(run, *name, &interface);
                if (flow != PHP_OK)
                        return flow;
                if (interface) {
                        php_add_interface(class, interface);
                        continue;
                }
                php_add_external(class, **name == '\\' ? *name + 1 : *name);
                class->unknown_interfaces = true;
        }
        return PHP_OK;
}

/* ---- members ---- */

static struct php_value member_key(const struct php_class *class, const char *name, unsigned flags)
{
        if (!(flags & PHP_FLAG_PRIVATE))
                return php_text(name);
        struct buffer key = {0};
        buffer_append(&key, "", 1);
        buffer_append_string(&key, class->name);
        buffer_append(&key, "", 1);
        buffer_append_string(&key, name);
        return php_from_buffer(&key);
}

static void add_member(struct php_class *class, const struct php_ast *node, unsigned flags)
{
        struct php_names *members = flags & PHP_FLAG_STATIC ? &class->statics : &class->members;
        const struct php_member *former = php_names_find(members, node->text);
        if (former && former->owner == class)
                return; /* the class's own wins over a trait's */
        struct php_member *member = memory_new(sizeof(*member));
        member->name = node->text;
        member->key = member_key(class, node->text, flags);
        member->node = node;
        member->type = node->type;
        member->owner = class;
        member->flags = visible_flags(flags);
        member->next = class->own;
        class->own = member;
        php_names_put(members, node->text, member);
}

static void add_promoted(struct php_class *class, const struct php_ast *function)
{
        for (size_t i = 1; i < function->count; i++) {
                const struct php_ast *parameter = function->children[i];
                if (parameter->flags & (VISIBILITY | PHP_FLAG_READONLY))
                        add_member(class, parameter, parameter->flags);
        }
}

static enum php_flow add_method(struct php_run *run, struct php_class *class, const struct php_ast *node,
        struct php_file *file, const char *trait)
{
        const struct php_ast *declaration = node->children[0];
        const struct php_function *former = php_names_find_folded(&class->methods, declaration->text);
        bool is_abstract = node->flags & PHP_FLAG_ABSTRACT || class->flags & PHP_FLAG_INTERFACE;
        if (former && !(former->flags & PHP_FLAG_ABSTRACT)) {
                if (is_abstract || (trait && !former->trait))
                        return PHP_OK;
                return php_fatal(run, "Cannot redeclare %s::%s()", class->name, declaration->text);
        }
        struct php_function *function = php_function_new(run);
        function->name = declaration->text;
        function->node = declaration;
        function->file = file;
        function->owner = class;
        function->trait = trait;
        function->flags = visible_flags(node->flags | declaration->flags);
        if (is_abstract)
                function->flags |= PHP_FLAG_ABSTRACT;
        function->yields = declaration->count > 0 && php_has_yield(declaration->children[0]);
        php_names_put_folded(&class->methods, declaration->text, function);
        add_promoted(class, declaration);
        return PHP_OK;
}

static void add_constant(struct php_class *class, const struct php_ast *node)
{
        if (php_names_find(&class->constants, node->text))
                return;
        struct php_class_constant *constant = memory_new(sizeof(*constant));
        constant->name = node->text;
        constant->node = node;
        constant->owner = class;
        constant->flags = visible_flags(node->flags);
        php_names_put(&class->constants, node->text, constant);
}

static enum php_flow add_members(struct php_run *run, struct php_class *class, const struct php_ast *node,
        struct php_file *file, const char *trait);

static enum php_flow use_traits(struct php_run *run, struct php_class *class, const struct php_ast *node)
{
        for (size_t i = 0; i < node->count; i++) {
                struct php_class *trait = NULL;
                enum php_flow flow = php_need_class(run, node->children[i]->text, &trait);
                if (flow == PHP_OK && (!trait->node || !(trait->flags & PHP_FLAG_TRAIT)))
                        flow = php_needs_php(run, "trait %s", trait->name);
                if (flow == PHP_OK)
                        flow = add_members(run, class, trait->node, trait->file, trait->name);
                if (flow != PHP_OK)
                        return flow;
        }
        return PHP_OK;
}

static enum php_flow add_one(struct php_run *run, struct php_class *class, const struct php_ast *node,
        struct php_file *file, const char *trait)
{
        if (node->kind == PHP_AST_METHOD)
                return add_method(run, class, node, file, trait);
        if (node->kind == PHP_AST_PROPERTY_DECLARATION)
                add_member(class, node, node->flags);
        else if (node->kind == PHP_AST_CONSTANT_DECLARATION)
                add_constant(class, node);
        else if (node->kind == PHP_AST_UNSUPPORTED)
                return php_needs_php(run, "%s in class %s", node->text, class->name);
        return PHP_OK;
}

/* The class's own members go first, so that they win over those of traits. */
static enum php_flow add_members(struct php_run *run, struct php_class *class, const struct php_ast *node,
        struct php_file *file, const char *trait)
{
        enum php_flow flow = php_enter(run);
        if (flow != PHP_OK)
                return flow;
        for (size_t i = 0; i < node->count && flow == PHP_OK; i++) {
                const struct php_ast *member = node->children[i];
                if (member->kind == PHP_AST_BLOCK) /* several in one declaration */
                        for (size_t j = 0; j < member->count && flow == PHP_OK; j++)
                                flow = add_one(run, class, member->children[j], file, trait);
                else
                        flow = add_one(run, class, member, file, trait);
        }
        for (size_t i = 0; i < node->count && flow == PHP_OK; i++)
                if (node->children[i]->kind == PHP_AST_TRAIT_USE)
                        flow = use_traits(run, class, node->children[i]);
        php_leave(run);
        return flow;
}

/* ---- the class ---- */

static const struct php_function *unimplemented(struct php_class *class)
{
        for (const struct php_class *at = class; at; at = at->parent) {
                const struct php_function *function;
                for (size_t i = 0; (function = php_names_next(&at->methods, &i));) {
                        const struct php_function *found = php_find_method(class, function->name);
                        if (found && found->flags & PHP_FLAG_ABSTRACT)
                                return found;
                }
        }
        for (size_t i = 0; i < class->interface_count; i++) {
                const struct php_function *function;
                for (size_t at = 0; (function = php_names_next(&class->interfaces[i]->methods, &at));)
                        if (function->node && !php_find_method(class, function->name))
                                return function;
        }
        return NULL;
}

/* What PHP would refuse when it declares the class. */
static enum php_flow check_class(struct php_run *run, struct php_class *class)
{
        if (class->flags & (PHP_FLAG_ABSTRACT | PHP_FLAG_INTERFACE | PHP_FLAG_TRAIT))
                return PHP_OK;
        const struct php_function *missing = unimplemented(class);
        if (missing)
                return php_fatal(run, "Class %s does not implement the abstract method %s::%s()", class->name,
                        missing->owner->name, missing->name);
        return PHP_OK;
}

static enum php_flow build_class(struct php_run *run, struct php_class *class)
{
        enum php_flow flow = link_parent(run, class);
        if (flow == PHP_OK)
                flow = link_interfaces(run, class);
        if (flow == PHP_OK)
                flow = add_members(run, class, class->node, class->file, NULL);
        struct php_class *stringable = php_names_find(&run->classes, "stringable");
        if (flow == PHP_OK && stringable && php_names_find(&class->methods, "__tostring"))
                php_add_interface(class, stringable);
        if (flow == PHP_OK)
                flow = check_class(run, class);
        return flow;
}

enum php_flow php_declare_class(struct php_run *run, const struct php_ast *node, struct php_file *file,
        const char *name, struct php_class **ret)
{
        const struct php_pending *pending = node->text ? php_names_find_folded(&run->pending, name) : NULL;
        if ((php_names_find_folded(&run->classes, name) && node->text) || (pending && pending->node != node))
                return php_fatal(run, "Cannot declare class %s, because the name is already in use", name);
        struct php_class *class = php_class_new(run, name);
        class->node = node;
        class->file = file;
        class->linked = true;
        class->flags = node->flags;
        /* The frame says which file a stop belongs to. */
        struct php_frame frame = {.caller = run->frame,
                .scope = class,
                .static_class = class,
                .file = file,
                .line = node->line};
        run->frame = &frame;
        enum php_flow flow = build_class(run, class);
        run->frame = frame.caller;
        if (flow != PHP_OK)
                return flow;
        if (node->text)
                php_names_put_folded(&run->classes, name, class);
        *ret = class;
        return PHP_OK;
}
