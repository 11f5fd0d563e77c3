/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/run_private.h"

#include <string.h>

struct php_value php_object_new(struct php_run *run, struct php_class *class)
{
        struct php_object *object = php_memory_take(sizeof(*object));
        *object = (struct php_object){.references = 1,
                .run = run,
                .class = class,
                .properties = php_new_array(),
                .next = run->objects};
        if (run->objects)
                run->objects->previous = object;
        run->objects = object;
        return (struct php_value){.type = PHP_TYPE_OBJECT, .object = object};
}

static void *release_host(struct php_object *object)
{
        void *host = steal(&object->host);
        if (!host)
                return NULL;
        for (const struct php_class *class = object->class; class; class = class->parent)
                if (class->host && class->host->release) {
                        class->host->release(host);
                        break;
                }
        return NULL;
}

static void empty_object(struct php_object *object)
{
        php_clear(&object->properties);
        php_closure_free(steal(&object->closure));
        (void)release_host(object);
}

static void unlink_object(struct php_object *object)
{
        if (!object->run)
                return;
        if (object->previous)
                object->previous->next = object->next;
        else
                object->run->objects = object->next;
        if (object->next)
                object->next->previous = object->previous;
        object->run = NULL;
}

void php_object_destroy(struct php_object *object)
{
        unlink_object(object);
        empty_object(object);
        php_memory_give(object, sizeof(*object));
}

/* At the end of a run: objects may hold each other in circles, and hosts may hold some for longer. */
void php_objects_clear(struct php_run *run)
{
        while (run->objects) {
                struct php_object *object = run->objects;
                struct php_value held =
                        php_copy((struct php_value){.type = PHP_TYPE_OBJECT, .object = object});
                unlink_object(object);
                empty_object(object);
                object->class = NULL;
                php_release(held);
        }
}

/* ---- host data ---- */

struct php_value php_host_object(struct php_run *run, const char *name, void *host)
{
        struct php_class *class = NULL;
        if (php_find_class(run, name, &class) != PHP_OK || !class)
                return PHP_NULL_VALUE;
        struct php_value object = php_object_new(run, class);
        object.object->host = host;
        return object;
}

void *php_host_data(struct php_run *run, struct php_value object, const char *class)
{
        object = php_look(object);
        if (object.type != PHP_TYPE_OBJECT || !php_descends_name(object.object->class, class))
                return NULL;
        return object.object->host;
}

void php_set_host_data(struct php_value object, void *host)
{
        object = php_look(object);
        (void)release_host(object.object); /* a constructor that is called again */
        object.object->host = host;
}

const char *php_class_of(struct php_value object)
{
        object = php_look(object);
        return object.type == PHP_TYPE_OBJECT && object.object->class ? object.object->class->name : "";
}

bool php_instance_of(struct php_run *run, struct php_value object, const char *class)
{
        object = php_look(object);
        return object.type == PHP_TYPE_OBJECT && php_descends_name(object.object->class, class);
}

/* ---- properties as hosts see them ---- */

/* Also what an ancestor keeps private. */
static const struct php_member *member_of_any(const struct php_class *class, const char *name)
{
        for (; class; class = class->parent) {
                const struct php_member *member = php_names_find(&class->members, name);
                if (member)
                        return member;
        }
        return NULL;
}

static struct php_key key_of(struct php_value text)
{
        return php_key_bytes(php_string_bytes(text), php_string_size(text));
}

const struct php_value *php_property(struct php_value value, const char *name)
{
        const struct php_object *object = php_look(value).object;
        const struct php_member *member = member_of_any(object->class, name);
        return php_array_get(object->properties, member ? key_of(member->key) : php_key_text(name));
}

void php_set_property(struct php_value value, const char *name, struct php_value content)
{
        struct php_object *object = php_look(value).object;
        const struct php_member *member = member_of_any(object->class, name);
        php_array_set(&object->properties, member ? key_of(member->key) : php_key_text(name), content);
}

/* ---- initial values ---- */

static enum php_flow initialize_member(
        struct php_run *run, struct php_object *object, const struct php_member *member)
{
        struct php_value value = PHP_NULL_VALUE;
        const struct php_ast *initial = NULL;
        if (member->node->kind == PHP_AST_PROPERTY_DECLARATION && member->node->count > 0)
                initial = member->node->children[0];
        if (!initial && (member->type || member->node->kind == PHP_AST_PARAMETER))
                if (member->type)
                        return PHP_OK; /* not initialized */
        if (initial) {
                enum php_flow flow = php_evaluate_in_class(run, member->owner, initial, &value);
                if (flow != PHP_OK)
                        return flow;
        }
        php_array_set(&object->properties, key_of(member->key), value);
        return PHP_OK;
}

/* Ancestors' first: what is declared again keeps its place and takes the descendant's value. */
static enum php_flow initialize_level(struct php_run *run, struct php_object *object, struct php_class *level)
{
        if (!level)
                return PHP_OK;
        enum php_flow flow = initialize_level(run, object, level->parent);
        const struct php_member *member;
        for (size_t at = 0; flow == PHP_OK && (member = php_names_next(&level->members, &at));) {
                if (member->owner != level)
                        continue;
                const struct php_member *seen = php_names_find(&object->class->members, member->name);
                if (!(member->flags & PHP_FLAG_PRIVATE) && seen)
                        member = seen;
                if (!php_array_get(object->properties, key_of(member->key)))
                        flow = initialize_member(run, object, member);
        }
        return flow;
}

enum php_flow php_initialize_properties(struct php_run *run, struct php_object *object)
{
        return initialize_level(run, object, object->class);
}

/* ---- who may see what ---- */

static bool may_see(const struct php_member *member, const struct php_class *scope)
{
        if (member->flags & PHP_FLAG_PRIVATE)
                return scope == member->owner;
        if (member->flags & PHP_FLAG_PROTECTED)
                return scope && (php_descends(scope, member->owner) || php_descends(member->owner, scope));
        return true;
}

bool php_find_member(struct php_object *object, struct php_class *scope, struct php_value name,
        const struct php_member **ret_member, struct php_value *ret_key)
{
        const char *text = php_string_bytes(name);
        const struct php_member *member = scope ? php_names_find(&scope->members, text) : NULL;
        if (!member || member->owner != scope || !(member->flags & PHP_FLAG_PRIVATE) ||
                !php_descends(object->class, scope))
                member = php_names_find(&object->class->members, text);
        *ret_member = member;
        *ret_key = member ? member->key : name;
        return !member || may_see(member, scope);
}

static enum php_flow cannot_access(
        struct php_run *run, const struct php_object *object, const struct php_member *member)
{
        return php_throw(run, "Error", "Cannot access %s property %s::$%s",
                member->flags & PHP_FLAG_PRIVATE ? "private" : "protected", object->class->name,
                member->name);
}

/* What a host keeps in an object are its class's protected properties. */
static bool is_protected_by_host(const struct php_object *object, const struct php_class *scope)
{
        const struct php_class *at = object->class;
        while (at && !at->host)
                at = at->parent;
        return at && !at->host->shows_properties && php_is_foreign(at) && !php_descends(scope, at);
}

static bool is_guarded(
        const struct php_run *run, const struct php_object *object, const char *name, const char *method)
{
        for (const struct php_guard *guard = run->guards; guard; guard = guard->outer)
                if (guard->object == object && strcmp(guard->name, name) == 0 &&
                        strcmp(guard->method, method) == 0)
                        return true;
        return false;
}

/* Calls __get, __set, __isset or __unset. false in *ret_called: there is none, or it is the caller. */
static enum php_flow call_guarded(struct php_run *run, struct php_value object, const char *method,
        const struct php_value *arguments, size_t count, bool *ret_called, struct php_value *ret)
{
        const char *name = php_string_bytes(arguments[0]);
        *ret_called = false;
        if (is_guarded(run, object.object, name, method))
                return PHP_OK;
        struct php_guard guard = {run->guards, object.object, name, method};
        run->guards = &guard;
        enum php_flow flow = php_call_magic(run, object, method, arguments, count, ret_called, ret);
        run->guards = guard.outer;
        return flow;
}

static struct php_class *scope_of(const struct php_run *run)
{
        return run->frame ? run->frame->scope : NULL;
}

/* ---- reading ---- */

static enum php_flow missing_property(struct php_run *run, const struct php_object *object,
        const struct php_member *member, const char *name)
{
        if (member && member->type)
                return php_throw(run, "Error",
                        "Typed property %s::$%s must not be accessed before initialization",
                        member->owner->name, name);
        if (php_is_foreign(object->class) && !member)
                return php_needs_php(run, "property %s::$%s", object->class->name, name);
        return php_notice(run, "undefined property %s::$%s", object->class->name, name);
}

enum php_flow php_isset_property(
        struct php_run *run, struct php_value value, struct php_value name, bool *ret)
{
        struct php_object *object = value.object;
        const struct php_member *member;
        struct php_value key;
        bool visible = php_find_member(object, scope_of(run), name, &member, &key);
        const struct php_value *found = visible ? php_array_get(object->properties, key_of(key)) : NULL;
        *ret = found && found->type != PHP_TYPE_NULL;
        if (found)
                return PHP_OK;
        _cleanup_php_value_ struct php_value answer = PHP_NULL_VALUE;
        bool called = false;
        enum php_flow flow = call_guarded(run, value, "__isset", &name, 1, &called, &answer);
        if (flow == PHP_OK && called)
                *ret = php_truth(answer);
        else if (flow == PHP_OK && !member && php_is_foreign(object->class))
                return php_needs_php(run, "property %s::$%s", object->class->name, php_string_bytes(name));
        return flow;
}

static enum php_flow read_magic(struct php_run *run, struct php_value object, struct php_value name,
        bool quiet, bool *ret_called, struct php_value *ret)
{
        if (quiet) { /* isset and ?? ask __isset first */
                _cleanup_php_value_ struct php_value there = PHP_NULL_VALUE;
                enum php_flow flow = call_guarded(run, object, "__isset", &name, 1, ret_called, &there);
                if (flow != PHP_OK || !*ret_called || !php_truth(there))
                        return flow;
        }
        return call_guarded(run, object, "__get", &name, 1, ret_called, ret);
}

enum php_flow php_read_property(
        struct php_run *run, struct php_value value, struct php_value name, bool quiet, struct php_value *ret)
{
        const char *text = php_string_bytes(name);
        if (value.type != PHP_TYPE_OBJECT)
                return quiet ? PHP_OK : php_notice(run, "property $%s of a value that is no object", text);
        struct php_object *object = value.object;
        const struct php_member *member;
        struct php_value key;
        bool visible = php_find_member(object, scope_of(run), name, &member, &key);
        const struct php_value *found = visible ? php_array_get(object->properties, key_of(key)) : NULL;
        if (found && !member && is_protected_by_host(object, scope_of(run)))
                return php_needs_php(run, "property %s::$%s from outside", object->class->name, text);
        if (found) {
                *ret = php_copy(*found);
                return PHP_OK;
        }
        bool called = false;
        enum php_flow flow = read_magic(run, value, name, quiet, &called, ret);
        if (flow != PHP_OK || called)
                return flow;
        if (quiet && (member || !php_is_foreign(object->class)))
                return PHP_OK;
        if (!visible)
                return cannot_access(run, object, member);
        return missing_property(run, object, member, text);
}

/* ---- writing ---- */

static enum php_flow check_readonly(
        struct php_run *run, const struct php_object *object, const struct php_member *member)
{
        if (!(member->flags & PHP_FLAG_READONLY))
                return PHP_OK;
        if (php_array_get(object->properties, key_of(member->key)))
                return php_throw(run, "Error", "Cannot modify readonly property %s::$%s", member->owner->name,
                        member->name);
        if (scope_of(run) != member->owner)
                return php_throw(run, "Error", "Cannot initialize readonly property %s::$%s from %s%s",
                        member->owner->name, member->name, scope_of(run) ? "scope " : "global scope",
                        scope_of(run) ? scope_of(run)->name : "");
        return PHP_OK;
}

static enum php_flow fit_member(struct php_run *run, const struct php_member *member, struct php_value *value)
{
        bool fits = true;
        bool strict = run->frame && run->frame->file && run->frame->file->strict_types;
        struct php_value given = php_copy(*value);
        enum php_flow flow =
                php_fit_type(run, member->type, strict, member->owner, member->owner, value, &fits);
        if (flow == PHP_OK && !fits)
                flow = php_throw(run, "TypeError", "Cannot assign %s to property %s::$%s of type %s",
                        given.type == PHP_TYPE_OBJECT ? php_class_of(given) : php_short_type_name(given),
                        member->owner->name, member->name, member->type);
        php_release(given);
        return flow;
}

static enum php_flow store(struct php_run *run, struct php_object *object, const struct php_member *member,
        struct php_value key, struct php_value value)
{
        if (!member && object->class->host && php_is_foreign(object->class))
                return php_needs_php(
                        run, "writing property %s::$%s", object->class->name, php_string_bytes(key));
        enum php_flow flow = member ? check_readonly(run, object, member) : PHP_OK;
        if (flow != PHP_OK)
                return flow;
        _cleanup_php_value_ struct php_value content = php_copy(value);
        if (member && member->type)
                flow = fit_member(run, member, &content);
        if (flow != PHP_OK)
                return flow;
        /* An element that is a reference keeps being one. */
        php_assign(php_array_slot(&object->properties, key_of(key)), php_steal(&content));
        return PHP_OK;
}

enum php_flow php_write_property(
        struct php_run *run, struct php_value value, struct php_value name, struct php_value content)
{
        const char *text = php_string_bytes(name);
        if (value.type != PHP_TYPE_OBJECT)
                return php_needs_php(run,
                        "writing property $%s of a value that is no object, which PHP 7 and PHP 8 disagree "
                        "about",
                        text);
        struct php_object *object = value.object;
        const struct php_member *member;
        struct php_value key;
        bool visible = php_find_member(object, scope_of(run), name, &member, &key);
        if (!visible || !php_array_get(object->properties, key_of(key))) {
                struct php_value arguments[] = {name, content};
                _cleanup_php_value_ struct php_value ignored = PHP_NULL_VALUE;
                bool called = false;
                enum php_flow flow = PHP_OK;
                if (!visible || !member || !member->type)
                        flow = call_guarded(run, value, "__set", arguments, 2, &called, &ignored);
                if (flow != PHP_OK || called)
                        return flow;
        }
        return visible ? store(run, object, member, key, content) : cannot_access(run, object, member);
}

enum php_flow php_unset_property(struct php_run *run, struct php_value value, struct php_value name)
{
        if (value.type != PHP_TYPE_OBJECT)
                return PHP_OK;
        struct php_object *object = value.object;
        const struct php_member *member;
        struct php_value key;
        bool visible = php_find_member(object, scope_of(run), name, &member, &key);
        if (visible && member && member->flags & PHP_FLAG_READONLY)
                return php_throw(run, "Error", "Cannot unset readonly property %s::$%s", member->owner->name,
                        member->name);
        if (visible && php_array_remove(&object->properties, key_of(key)))
                return PHP_OK;
        _cleanup_php_value_ struct php_value ignored = PHP_NULL_VALUE;
        bool called = false;
        enum php_flow flow = call_guarded(run, value, "__unset", &name, 1, &called, &ignored);
        if (flow == PHP_OK && !called && !visible)
                return cannot_access(run, object, member);
        return flow;
}

static bool has_method(const struct php_object *object, const char *name)
{
        return php_find_method(object->class, name) != NULL;
}

enum php_flow php_property_slot(struct php_run *run, struct php_value value, struct php_value name,
        bool for_reference, struct php_value **ret)
{
        struct php_object *object = value.object;
        const struct php_member *member;
        struct php_value key;
        if (!php_find_member(object, scope_of(run), name, &member, &key))
                return has_method(object, "__get")
                               ? php_needs_php(run, "changing a property that __get answers")
                               : cannot_access(run, object, member);
        const struct php_value *found = php_array_get(object->properties, key_of(key));
        if (!found && has_method(object, "__get"))
                return php_needs_php(run, "changing a property that __get answers");
        if (!found && ((member && member->type) || (!member && php_is_foreign(object->class))))
                return missing_property(run, object, member, php_string_bytes(name));
        if (member && member->flags & PHP_FLAG_READONLY && found->type != PHP_TYPE_OBJECT)
                return php_throw(run, "Error", "Cannot modify readonly property %s::$%s", member->owner->name,
                        member->name);
        if (for_reference && member && member->type && strcmp(member->type, "mixed") != 0)
                return php_needs_php(run, "a reference to typed property $%s", member->name);
        *ret = php_array_slot(&object->properties, key_of(key));
        return PHP_OK;
}

const struct php_value *php_typed_property(
        struct php_run *run, struct php_object *object, struct php_value name)
{
        const struct php_member *member;
        struct php_value key;
        if (!php_find_member(object, scope_of(run), name, &member, &key) || !member || !member->type)
                return NULL;
        return php_array_get(object->properties, key_of(key));
}

/* ---- all of them ---- */

static void mangle_key(const struct php_member *member, struct buffer *out)
{
        buffer_append(out, "", 1);
        buffer_append_string(out, member->flags & PHP_FLAG_PRIVATE ? member->owner->name : "*");
        buffer_append(out, "", 1);
        buffer_append_string(out, member->name);
}

static void add_property(
        struct php_value *out, const struct php_member *member, bool mangle, struct php_value *slot)
{
        _cleanup_buffer_ struct buffer key = {0};
        if (mangle && member->flags & (PHP_FLAG_PRIVATE | PHP_FLAG_PROTECTED))
                mangle_key(member, &key);
        else
                buffer_append_string(&key, member->name);
        php_array_set(out, php_key_bytes(key.data, key.size), php_copy(php_look(*slot)));
}

static void add_level(struct php_value *out, struct php_object *object, struct php_class *level,
        struct php_class *scope, bool mangle, struct php_value *left)
{
        if (!level)
                return;
        add_level(out, object, level->parent, scope, mangle, left);
        const struct php_member *member;
        for (size_t at = 0; (member = php_names_next(&level->members, &at));) {
                if (member->owner != level)
                        continue;
                const struct php_member *seen = php_names_find(&object->class->members, member->name);
                if (!(member->flags & PHP_FLAG_PRIVATE) && seen)
                        member = seen;
                const struct php_value *value = php_array_get(*left, key_of(member->key));
                if (!value)
                        continue;
                struct php_value held = php_copy(*value);
                if (mangle || may_see(member, scope))
                        add_property(out, member, mangle, &held);
                php_release(held);
                (void)php_array_remove(left, key_of(member->key));
        }
}

struct php_value php_visible_properties(struct php_object *object, struct php_class *scope, bool mangle)
{
        struct php_value out = php_new_array();
        _cleanup_php_value_ struct php_value left = php_copy(object->properties);
        add_level(&out, object, object->class, scope, mangle, &left);
        struct php_key key;
        struct php_value value;
        for (size_t at = 0; php_array_next(left, &at, &key, &value);)
                php_array_set(&out, key, php_copy(value));
        return out;
}

/* ---- clone ---- */

static enum php_flow clone_host(struct php_run *run, const struct php_object *from, struct php_object *to)
{
        if (!php_is_foreign(from->class))
                return PHP_OK;
        for (const struct php_class *class = from->class; class; class = class->parent)
                if (class->host && class->host->clone) {
                        to->host = from->host ? class->host->clone(from->host) : NULL;
                        return PHP_OK;
                }
        return php_needs_php(run, "a clone of %s", from->class->name);
}

enum php_flow php_clone_object(struct php_run *run, struct php_value object, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value made = php_object_new(run, object.object->class);
        enum php_flow flow = clone_host(run, object.object, made.object);
        if (flow != PHP_OK)
                return flow;
        php_release(made.object->properties);
        made.object->properties = php_copy(object.object->properties);
        _cleanup_php_value_ struct php_value ignored = PHP_NULL_VALUE;
        bool called = false;
        flow = php_call_magic(run, made, "__clone", NULL, 0, &called, &ignored);
        if (flow == PHP_OK)
                *ret = php_steal(&made);
        return flow;
}

enum php_flow php_clone(struct php_run *run, struct php_value object, struct php_value *ret)
{
        return php_clone_object(run, php_look(object), ret);
}
