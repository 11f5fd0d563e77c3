/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#include <string.h>

/* What PHP reads out of a path without looking at the disk. */

enum {
        PATH_DIRNAME = 1,
        PATH_BASENAME = 2,
        PATH_EXTENSION = 4,
        PATH_FILENAME = 8,
        PATH_ALL = 15,
};

static struct php_span without_slashes(struct php_span path)
{
        while (path.size > 0 && path.bytes[path.size - 1] == '/')
                path.size--;
        return path;
}

static struct php_span parent_of(struct php_span path)
{
        if (path.size == 0)
                return path;
        struct php_span left = without_slashes(path);
        if (left.size == 0)
                return (struct php_span){"/", 1};
        const char *slash = memrchr(left.bytes, '/', left.size);
        if (!slash)
                return (struct php_span){".", 1};
        left = without_slashes((struct php_span){left.bytes, (size_t)(slash - left.bytes)});
        return left.size == 0 ? (struct php_span){"/", 1} : left;
}

static struct php_span name_of(struct php_span path)
{
        struct php_span left = without_slashes(path);
        const char *slash = memrchr(left.bytes, '/', left.size);
        if (!slash)
                return left;
        return (struct php_span){slash + 1, left.size - (size_t)(slash + 1 - left.bytes)};
}

PHP_FUNCTION(path_parent)
{
        _cleanup_php_value_ struct php_value path = PHP_NULL_VALUE;
        int64_t levels = 1;
        TRY(php_argument_string(run, call, 0, &path));
        TRY(php_optional_int(run, call, 1, &levels));
        if (levels < 1)
                return php_differs(run, "dirname() with invalid levels");
        struct php_span span = php_span_of(path);
        for (struct php_span before = {0}; levels > 0 && span.size != before.size; levels--) {
                before = span;
                span = parent_of(span);
        }
        return php_return(call, php_span_value(span));
}

PHP_FUNCTION(path_name)
{
        _cleanup_php_value_ struct php_value path = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value suffix = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &path));
        TRY(php_optional_string(run, call, 1, "", &suffix));
        struct php_span name = name_of(php_span_of(path));
        struct php_span end = php_span_of(suffix);
        if (end.size < name.size && memcmp(name.bytes + name.size - end.size, end.bytes, end.size) == 0)
                name.size -= end.size;
        return php_return(call, php_span_value(name));
}

static void set_span(struct php_value *array, const char *key, struct php_span span)
{
        php_array_set_text(array, key, php_span_value(span));
}

static struct php_value path_parts(struct php_span path, int64_t flags)
{
        struct php_value parts = php_new_array();
        struct php_span name = name_of(path);
        const char *dot = memrchr(name.bytes, '.', name.size);
        size_t stem = dot ? (size_t)(dot - name.bytes) : name.size;
        if (flags & PATH_DIRNAME && path.size > 0)
                set_span(&parts, "dirname", parent_of(path));
        if (flags & PATH_BASENAME)
                set_span(&parts, "basename", name);
        if (flags & PATH_EXTENSION && dot)
                set_span(&parts, "extension", (struct php_span){dot + 1, name.size - stem - 1});
        if (flags & PATH_FILENAME)
                set_span(&parts, "filename", (struct php_span){name.bytes, stem});
        return parts;
}

PHP_FUNCTION(path_info)
{
        _cleanup_php_value_ struct php_value path = PHP_NULL_VALUE;
        int64_t flags = PATH_ALL;
        TRY(php_argument_string(run, call, 0, &path));
        TRY(php_optional_int(run, call, 1, &flags));
        _cleanup_php_value_ struct php_value parts = path_parts(php_span_of(path), flags);
        if (flags == PATH_ALL)
                return php_return(call, php_steal(&parts));
        struct php_value first;
        size_t at = 0;
        bool any = php_array_next(parts, &at, NULL, &first);
        return php_return(call, any ? php_copy(first) : php_text(""));
}

const struct php_host_function php_functions_path[] = {
        {"basename", path_name, 1, 2, 0, "path,suffix"},
        {"dirname", path_parent, 1, 2, 0, "path,levels"},
        {"pathinfo", path_info, 1, 2, 0, "path,flags"},
        {0},
};
