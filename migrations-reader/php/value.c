/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/value.h"

#include "migrations-reader/php/value_private.h"

#include <string.h>

static _Thread_local size_t memory_used;
static _Thread_local struct php_reference *first_reference;

void *php_memory_take(size_t size)
{
        memory_used += size;
        return memory_resize(NULL, size, 1);
}

void php_memory_give(void *memory, size_t size)
{
        memory_used -= size;
        free(memory);
}

size_t php_memory_used(void)
{
        return memory_used;
}

/* ---- strings ---- */

static struct php_string *string_with_capacity(size_t capacity)
{
        struct php_string *string = php_memory_take(sizeof(*string) + capacity + 1);
        string->references = 1;
        string->size = 0;
        string->capacity = capacity;
        string->bytes[0] = '\0';
        return string;
}

static void add_bytes(struct php_string *string, const char *bytes, size_t size)
{
        if (size > 0)
                memmove(string->bytes + string->size, bytes, size);
        string->size += size;
        string->bytes[string->size] = '\0';
}

struct php_string *php_string_new(const char *bytes, size_t size)
{
        struct php_string *string = string_with_capacity(size);
        add_bytes(string, bytes, size);
        return string;
}

void php_string_unref(struct php_string *string)
{
        if (--string->references == 0)
                php_memory_give(string, sizeof(*string) + string->capacity + 1);
}

struct php_value php_bytes(const char *bytes, size_t size)
{
        return (struct php_value){.type = PHP_TYPE_STRING, .string = php_string_new(bytes, size)};
}

struct php_value php_text(const char *text)
{
        return php_bytes(text, strlen(text));
}

struct php_value php_from_buffer(struct buffer *buffer)
{
        struct php_value value = php_bytes(buffer->data, buffer->size);
        buffer_deinit(buffer);
        return value;
}

const char *php_string_bytes(struct php_value string)
{
        return php_look(string).string->bytes;
}

size_t php_string_size(struct php_value string)
{
        return php_look(string).string->size;
}

bool php_string_is(struct php_value value, const char *text)
{
        value = php_look(value);
        return value.type == PHP_TYPE_STRING && value.string->size == strlen(text) &&
               memcmp(value.string->bytes, text, value.string->size) == 0;
}

void php_string_append(struct php_value *target, const char *bytes, size_t size)
{
        while (target->type == PHP_TYPE_REFERENCE)
                target = &target->reference->value;
        struct php_string *string = target->string;
        if (string->references == 1 && string->capacity - string->size >= size) {
                add_bytes(string, bytes, size);
                return;
        }
        /* Half as much again, so that a text that grows in a loop is not copied for each piece. */
        size_t needed = string->size + size;
        struct php_string *longer = string_with_capacity(needed + needed / 2);
        add_bytes(longer, string->bytes, string->size);
        add_bytes(longer, bytes, size);
        target->string = longer;
        php_string_unref(string);
}

/* ---- references ---- */

static struct php_reference *reference_new(struct php_value value)
{
        struct php_reference *reference = php_memory_take(sizeof(*reference));
        *reference = (struct php_reference){
                .references = 1, .value = value, .next = first_reference, .link = &first_reference};
        if (first_reference)
                first_reference->link = &reference->next;
        first_reference = reference;
        return reference;
}

static void reference_free(struct php_reference *reference)
{
        struct php_value value = reference->value;
        *reference->link = reference->next;
        if (reference->next)
                reference->next->link = reference->link;
        php_memory_give(reference, sizeof(*reference));
        php_release(value);
}

void php_break_references(void)
{
        struct php_reference *next;
        for (struct php_reference *at = first_reference; at; at = next) {
                at->references++; /* it stays in the list while what it held is released */
                php_clear(&at->value);
                next = at->next;
                php_release((struct php_value){.type = PHP_TYPE_REFERENCE, .reference = at});
        }
}

struct php_value php_look(struct php_value value)
{
        while (value.type == PHP_TYPE_REFERENCE)
                value = value.reference->value;
        return value;
}

struct php_value php_make_reference(struct php_value *slot)
{
        if (slot->type != PHP_TYPE_REFERENCE)
                *slot = (struct php_value){.type = PHP_TYPE_REFERENCE, .reference = reference_new(*slot)};
        return php_copy(*slot);
}

/* ---- counts ---- */

static size_t *references_of(struct php_value value)
{
        switch (value.type) {
        case PHP_TYPE_STRING:
                return &value.string->references;
        case PHP_TYPE_ARRAY:
                return php_array_references(value.array);
        case PHP_TYPE_OBJECT:
                return &((struct php_object_head *)value.object)->references;
        case PHP_TYPE_REFERENCE:
                return &value.reference->references;
        case PHP_TYPE_NULL:
        case PHP_TYPE_BOOL:
        case PHP_TYPE_INT:
        case PHP_TYPE_FLOAT:
                break;
        }
        return NULL;
}

struct php_value php_copy(struct php_value value)
{
        size_t *references = references_of(value);
        if (references)
                (*references)++;
        return value;
}

struct php_value php_copy_element(struct php_value element)
{
        if (element.type == PHP_TYPE_REFERENCE && element.reference->references == 1)
                element = element.reference->value;
        return php_copy(element);
}

static void destroy(struct php_value value)
{
        if (value.type == PHP_TYPE_ARRAY)
                php_array_free(value.array);
        else if (value.type == PHP_TYPE_OBJECT)
                php_object_destroy(value.object);
        else if (value.type == PHP_TYPE_REFERENCE)
                reference_free(value.reference);
}

/* Values that hold others are destroyed nested only so far; deeper ones wait in a list, for the nesting of
 * data has no bound and the stack has. */
#define DESTROY_DEPTH 64
static _Thread_local unsigned destroy_depth;
static _Thread_local struct php_value *waiting;
static _Thread_local size_t waiting_count;

static void destroy_waiting(void)
{
        while (waiting_count > 0) {
                struct php_value value = waiting[--waiting_count];
                destroy_depth++;
                destroy(value);
                destroy_depth--;
        }
        free(waiting);
        waiting = NULL;
}

static void destroy_bounded(struct php_value value)
{
        if (destroy_depth >= DESTROY_DEPTH) {
                waiting = memory_grow(waiting, waiting_count, sizeof(*waiting));
                waiting[waiting_count++] = value;
                return;
        }
        destroy_depth++;
        destroy(value);
        destroy_depth--;
        if (destroy_depth == 0 && waiting)
                destroy_waiting();
}

void php_release(struct php_value value)
{
        if (value.type == PHP_TYPE_STRING) {
                php_string_unref(value.string);
                return;
        }
        size_t *references = references_of(value);
        if (references && --*references == 0)
                destroy_bounded(value);
}

void php_clear(struct php_value *value)
{
        php_release(php_steal(value));
}

struct php_value php_steal(struct php_value *value)
{
        struct php_value stolen = *value;
        *value = PHP_NULL_VALUE;
        return stolen;
}

void php_assign(struct php_value *target, struct php_value value)
{
        while (target->type == PHP_TYPE_REFERENCE)
                target = &target->reference->value;
        struct php_value former = *target;
        *target = value;
        php_release(former);
}
