/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/memory.h"

#include <stdbool.h>
#include <string.h>

static _noreturn void out_of_memory(size_t size)
{
        fprintf(stderr, "out of memory: %zu bytes could not be had; start again to resume\n", size);
        abort();
}

static void *must_have(void *memory, size_t size)
{
        if (!memory)
                out_of_memory(size);
        return memory;
}

void *memory_new(size_t size)
{
        return memory_new_array(1, size);
}

void *memory_new_array(size_t count, size_t size)
{
        if (count == 0 || size == 0)
                count = size = 1;
        return must_have(calloc(count, size), count * size);
}

void *memory_resize(void *memory, size_t count, size_t size)
{
        if (count == 0 || size == 0)
                count = size = 1;
        return must_have(reallocarray(memory, count, size), count * size);
}

void *memory_grow(void *items, size_t count, size_t size)
{
        bool full = (count & (count - 1)) == 0; /* 0, 1, 2, 4, 8 … */
        return full ? memory_resize(items, count ? count * 2 : 1, size) : items;
}

void *memory_copy(const void *data, size_t size)
{
        char *copy = must_have(malloc(size + 1), size + 1);
        if (size > 0)
                memcpy(copy, data, size);
        copy[size] = '\0';
        return copy;
}

char *string_copy(const char *text)
{
        return text ? memory_copy(text, strlen(text)) : NULL;
}

char *string_format_list(const char *format, va_list arguments)
{
        char *text = NULL;
        if (vasprintf(&text, format, arguments) < 0)
                out_of_memory(strlen(format));
        return text;
}

char *string_format(const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        char *text = string_format_list(format, arguments);
        va_end(arguments);
        return text;
}

void string_replace(char **target, char *value)
{
        free(*target);
        *target = value;
}

int string_equal(const char *left, const char *right)
{
        if (!left || !right)
                return left == right;
        return strcmp(left, right) == 0;
}

bool string_begins(const char *text, const char *beginning)
{
        return strncmp(text, beginning, strlen(beginning)) == 0;
}

void strings_free(char **strings)
{
        for (char **string = strings; string && *string; string++)
                free(*string);
        free(strings);
}

size_t strings_count(char *const *strings)
{
        size_t count = 0;
        while (strings && strings[count])
                count++;
        return count;
}

char **strings_copy(char *const *strings)
{
        if (!strings)
                return NULL;
        size_t count = strings_count(strings);
        char **copy = memory_new_array(count + 1, sizeof *copy);
        for (size_t i = 0; i < count; i++)
                copy[i] = string_copy(strings[i]);
        return copy;
}

void strings_add(char ***strings, char *string)
{
        size_t count = strings_count(*strings);
        *strings = memory_resize(*strings, count + 2, sizeof **strings);
        (*strings)[count] = string;
        (*strings)[count + 1] = NULL;
}

void buffer_deinit(struct buffer *buffer)
{
        free(buffer->data);
        *buffer = (struct buffer){0};
}

void buffer_append(struct buffer *buffer, const void *data, size_t size)
{
        size_t needed = buffer->size + size + 1;
        if (needed < size)
                out_of_memory(size);
        if (!buffer->data || needed > buffer->capacity) {
                size_t capacity = buffer->capacity < 64 ? 64 : buffer->capacity;
                while (capacity < needed)
                        capacity = capacity > SIZE_MAX / 2 ? needed : capacity * 2;
                buffer->data = memory_resize(buffer->data, capacity, 1);
                buffer->capacity = capacity;
        }
        if (size > 0)
                memcpy(buffer->data + buffer->size, data, size);
        buffer->size += size;
        buffer->data[buffer->size] = '\0';
}

void buffer_append_string(struct buffer *buffer, const char *text)
{
        buffer_append(buffer, text, strlen(text));
}

void buffer_append_format(struct buffer *buffer, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = string_format_list(format, arguments);
        va_end(arguments);
        buffer_append_string(buffer, text);
}

void buffer_append_hex(struct buffer *buffer, const unsigned char *bytes, size_t size)
{
        for (size_t i = 0; i < size; i++)
                buffer_append_format(buffer, "%02x", bytes[i]);
}

char *buffer_steal(struct buffer *buffer)
{
        if (!buffer->data)
                buffer_append(buffer, "", 0);
        char *data = buffer->data;
        *buffer = (struct buffer){0};
        return data;
}
