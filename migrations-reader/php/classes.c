/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Which classes there are, and which one a name means. How one is put together: declare.c. */

#include "migrations-reader/php/run_private.h"

#include <string.h>
#include <strings.h>

struct php_function *php_function_new(struct php_run *run)
{
        struct php_function *function = memory_new(sizeof(*function));
        run->all_functions =
                memory_grow(run->all_functions, run->function_count, sizeof(*run->all_functions));
        run->all_functions[run->function_count++] = function;
        return function;
}

void php_function_free(struct php_function *function)
{
        if (!function)
                return;
        php_clear(&function->statics);
        free(function);
}

struct php_class *php_class_new(struct php_run *run, const char *name)
{
        struct php_class *class = memory_new(sizeof(*class));
        class->name = string_copy(name);
        php_names_init(&class->methods);
        php_names_init(&class->members);
        php_names_init(&class->statics);
        php_names_init(&class->constants);
        run->all_classes = memory_grow(run->all_classes, run->class_count, sizeof(*run->all_classes));
        run->all_classes[run->class_count++] = class;
        return class;
}

static void free_member(struct php_member *member)
{
        php_clear(&member->key);
        php_clear(&member->cell);
        free(member);
}

void php_class_clear(struct php_class *class)
{
        for (struct php_member *member = class->own; member; member = member->next)
                php_clear(&member->cell);
        struct php_class_constant *constant;
        for (size_t at = 0; (constant = php_names_next(&class->constants, &at));)
                php_clear(&constant->value);
}

/* Its tables name ancestors' members too: those belong to the ancestors, which may be gone already. */
void php_class_free(struct php_class *class)
{
        if (!class)
                return;
        struct php_class_constant *constant;
        for (size_t at = 0; (constant = php_names_next(&class->constants, &at));) {
                php_clear(&constant->value);
                free(constant);
        }
        php_names_deinit(&class->constants);
        php_names_deinit(&class->methods);
        php_names_deinit(&class->members);
        php_names_deinit(&class->statics);
        while (class->own) {
                struct php_member *member = class->own;
                class->own = member->next;
                free_member(member);
        }
        strings_free(class->external);
        free(class->interfaces);
        free(class->name);
        free(class);
}

/* ---- descent ---- */

bool php_descends(const struct php_class *class, const struct php_class *ancestor)
{
        for (const struct php_class *at = class; at; at = at->parent)
                if (at == ancestor)
                        return true;
        for (size_t i = 0; class && i < class->interface_count; i++)
                if (class->interfaces[i] == ancestor)
                        return true;
        return false;
}

static bool has_name(const struct php_class *class, const char *name)
{
        if (strcasecmp(class->name, name) == 0)
                return true;
        for (char **external = class->external; external && *external; external++)
                if (strcasecmp(*external, name) == 0)
                        return true;
        return false;
}

bool php_descends_name(const struct php_class *class, const char *name)
{
        if (*name == '\\')
                name++;
        for (const struct php_class *at = class; at; at = at->parent)
                if (has_name(at, name))
                        return true;
        for (size_t i = 0; class && i < class->interface_count; i++)
                if (has_name(class->interfaces[i], name))
                        return true;
        return false;
}

const struct php_host_class *php_host_of(const struct php_class *class)
{
        for (; class; class = class->parent)
                if (class->host)
                        return class->host;
        return NULL;
}

bool php_is_foreign(const struct php_class *class)
{
        const struct php_host_class *host = php_host_of(class);
        return host && strcmp(host->name, "stdClass") != 0;
}

void php_add_interface(struct php_class *class, struct php_class *interface)
{
        if (php_descends(class, interface))
                return;
        class->interfaces =
                memory_grow(class->interfaces, class->interface_count, sizeof(*class->interfaces));
        class->interfaces[class->interface_count++] = interface;
        for (size_t i = 0; i < interface->interface_count; i++)
                php_add_interface(class, interface->interfaces[i]);
        class->unknown_interfaces |= interface->unknown_interfaces;
        for (char **external = interface->external; external && *external; external++)
                php_add_external(class, *external);
}

void php_add_external(struct php_class *class, const char *name)
{
        size_t count = 0;
        while (class->external && class->external[count])
                count++;
        class->external = memory_resize(class->external, count + 2, sizeof(*class->external));
        class->external[count] = string_copy(name);
        class->external[count + 1] = NULL;
}

void php_inherit_interfaces(struct php_class *class, const struct php_class *parent)
{
        for (size_t i = 0; i < parent->interface_count; i++)
                php_add_interface(class, parent->interfaces[i]);
        for (char **external = parent->external; external && *external; external++)
                php_add_external(class, *external);
        class->unknown_interfaces |= parent->unknown_interfaces;
}

/* ---- a host's classes ---- */

void php_class_add_host_constant(struct php_class *class, const struct php_host_constant *from)
{
        struct php_class_constant *constant = memory_new(sizeof(*constant));
        constant->name = from->name;
        constant->owner = class;
        constant->flags = PHP_FLAG_PUBLIC;
        constant->state = PHP_CONSTANT_READY;
        if (from->type == PHP_TYPE_STRING)
                constant->value = php_text(from->text);
        else if (from->type == PHP_TYPE_INT)
                constant->value = php_int(from->integer);
        else if (from->type == PHP_TYPE_BOOL)
                constant->value = php_bool(from->integer != 0);
        php_names_put(&class->constants, from->name, constant);
}

static enum php_flow link_host_interfaces(struct php_run *run, struct php_class *class, const char *list)
{
        while (*list) {
                size_t length = strcspn(list, ",");
                _cleanup_free_ char *name = string_format("%.*s", (int)length, list + strspn(list, " "));
                struct php_class *interface = php_names_find_folded(&run->classes, name);
                if (interface) {
                        enum php_flow flow = php_link_host_class(run, interface);
                        if (flow != PHP_OK)
                                return flow;
                        php_add_interface(class, interface);
                } else {
                        php_add_external(class, name);
                }
                list += length;
                list += strspn(list, ", ");
        }
        return PHP_OK;
}

/* The nearest ancestor's constructor is the class's. */
static void link_constructor(struct php_run *run, struct php_class *class)
{
        const struct php_class *at = class;
        while (at && !at->host->construct)
                at = at->parent;
        if (!at || php_names_find(&class->methods, "__construct"))
                return;
        struct php_function *function = php_function_new(run);
        function->name = "__construct";
        function->construct = at->host->construct;
        function->owner = class;
        function->flags = PHP_FLAG_PUBLIC;
        php_names_put(&class->methods, "__construct", function);
}

enum php_flow php_link_host_class(struct php_run *run, struct php_class *class)
{
        if (class->linked || !class->host)
                return PHP_OK;
        class->linked = true;
        if (class->host->parent) {
                struct php_class *parent = php_names_find_folded(&run->classes, class->host->parent);
                if (!parent)
                        return php_needs_php(run, "class %s", class->host->parent);
                enum php_flow flow = php_link_host_class(run, parent);
                if (flow != PHP_OK)
                        return flow;
                class->parent = parent;
                php_inherit_interfaces(class, parent);
        }
        if (class->host->interfaces) {
                enum php_flow flow = link_host_interfaces(run, class, class->host->interfaces);
                if (flow != PHP_OK)
                        return flow;
        }
        link_constructor(run, class);
        return PHP_OK;
}

/* ---- finding ---- */

static void add_pending(struct php_run *run, const struct php_ast *node, struct php_file *file)
{
        struct php_pending *pending = memory_new(sizeof(*pending));
        pending->node = node;
        pending->file = file;
        run->all_pending = memory_grow(run->all_pending, run->pending_count, sizeof(*run->all_pending));
        run->all_pending[run->pending_count++] = pending;
        if (!php_names_find_folded(&run->pending, node->text))
                php_names_put_folded(&run->pending, node->text, pending);
}

/* Functions and classes of a file are known from its begin on; classes are put together when needed. */
void php_declare_ahead(struct php_run *run, const struct php_ast *block, struct php_file *file)
{
        for (size_t i = 0; block && i < block->count; i++) {
                const struct php_ast *node = block->children[i];
                if (!node)
                        continue;
                if (node->kind == PHP_AST_CLASS && node->text)
                        add_pending(run, node, file);
                else if (node->kind == PHP_AST_FUNCTION && node->text)
                        php_declare_function(run, node, file);
                else if (node->kind == PHP_AST_BLOCK)
                        php_declare_ahead(run, node, file);
        }
}

static enum php_flow declare_pending(struct php_run *run, const char *name, struct php_class **ret)
{
        struct php_pending *pending = php_names_find_folded(&run->pending, name);
        if (!pending || pending->done)
                return PHP_OK;
        pending->done = true;
        return php_declare_class(run, pending->node, pending->file, pending->node->text, ret);
}

static enum php_flow load_class(struct php_run *run, const char *name, struct php_class **ret)
{
        if (!run->loader)
                return PHP_OK;
        _cleanup_error_ struct error err = {0};
        struct php_file *file = NULL;
        int loaded = run->loader(run->loader_context, *name == '\\' ? name + 1 : name, &file, &err);
        if (loaded < 0)
                return php_fail(run, &err);
        if (loaded > 0 || !file)
                return PHP_OK;
        run->files = memory_grow(run->files, run->file_count, sizeof(*run->files));
        run->files[run->file_count++] = file;
        enum php_flow flow = php_run_file(run, file);
        if (flow != PHP_OK)
                return flow;
        *ret = php_names_find_folded(&run->classes, name);
        return *ret ? PHP_OK : declare_pending(run, name, ret);
}

enum php_flow php_find_class(struct php_run *run, const char *name, struct php_class **ret)
{
        enum php_flow flow = php_enter(run); /* a loader's file may need further classes */
        if (flow != PHP_OK)
                return flow;
        struct php_class *class = php_names_find_folded(&run->classes, name);
        if (class)
                flow = php_link_host_class(run, class);
        else
                flow = declare_pending(run, name, &class);
        if (flow == PHP_OK && !class)
                flow = load_class(run, name, &class);
        php_leave(run);
        *ret = class;
        return flow;
}

enum php_flow php_need_class(struct php_run *run, const char *name, struct php_class **ret)
{
        enum php_flow flow = php_find_class(run, name, ret);
        if (flow == PHP_OK && !*ret)
                return php_needs_php(run, "class %s", *name == '\\' ? name + 1 : name);
        return flow;
}

static enum php_flow special_class(struct php_run *run, const char *name, struct php_class **ret)
{
        const struct php_frame *frame = run->frame;
        *ret = NULL;
        if (strcasecmp(name, "self") == 0)
                *ret = frame->scope;
        else if (strcasecmp(name, "static") == 0)
                *ret = frame->static_class;
        else if (frame->scope)
                *ret = frame->scope->parent;
        if (*ret)
                return PHP_OK;
        return php_throw(run, "Error", "Cannot use \"%s\" when no class scope is active", name);
}

static bool is_special(const char *name)
{
        return strcasecmp(name, "self") == 0 || strcasecmp(name, "static") == 0 ||
               strcasecmp(name, "parent") == 0;
}

enum php_flow php_resolve_class(
        struct php_run *run, const struct php_ast *node, struct php_class **ret, bool *ret_forwards)
{
        *ret_forwards = false;
        if (node->kind == PHP_AST_CLASS_NAME) {
                *ret_forwards = is_special(node->text);
                return *ret_forwards ? special_class(run, node->text, ret)
                                     : php_need_class(run, node->text, ret);
        }
        _cleanup_php_value_ struct php_value value = PHP_NULL_VALUE;
        enum php_flow flow = php_evaluate(run, node, &value);
        if (flow != PHP_OK)
                return flow;
        if (value.type == PHP_TYPE_OBJECT) {
                *ret = value.object->class;
                return PHP_OK;
        }
        if (value.type == PHP_TYPE_STRING)
                return php_need_class(run, php_string_bytes(value), ret);
        return php_throw(
                run, "Error", "Cannot use value of type %s as class name", php_short_type_name(value));
}
