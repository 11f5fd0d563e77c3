/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/run_private.h"

#include <string.h>

/* The table is one of PHP's own arrays, whose integers are the items' addresses. Names that are integers to
 * PHP stay apart from others all the same. */

void php_names_init(struct php_names *names)
{
        names->table = php_new_array();
}

void php_names_deinit(struct php_names *names)
{
        php_clear(&names->table);
}

struct php_key php_key_text(const char *text)
{
        return php_key_bytes(text, strlen(text));
}

static char *fold(const char *name)
{
        char *folded = string_copy(*name == '\\' ? name + 1 : name);
        for (char *at = folded; *at; at++)
                if (*at >= 'A' && *at <= 'Z')
                        *at = (char)(*at - 'A' + 'a');
        return folded;
}

void *php_names_find(const struct php_names *names, const char *name)
{
        const struct php_value *found = php_array_get(names->table, php_key_text(name));
        return found ? (void *)(intptr_t)found->integer : NULL; // NOLINT(performance-no-int-to-ptr)
}

void *php_names_find_folded(const struct php_names *names, const char *name)
{
        _cleanup_free_ char *folded = fold(name);
        return php_names_find(names, folded);
}

void php_names_put(struct php_names *names, const char *name, void *item)
{
        php_array_set(&names->table, php_key_text(name), php_int((int64_t)(intptr_t)item));
}

void php_names_put_folded(struct php_names *names, const char *name, void *item)
{
        _cleanup_free_ char *folded = fold(name);
        php_names_put(names, folded, item);
}

void *php_names_next(const struct php_names *names, size_t *at)
{
        struct php_value item;
        if (!php_array_next(names->table, at, NULL, &item))
                return NULL;
        return (void *)(intptr_t)item.integer; // NOLINT(performance-no-int-to-ptr)
}
