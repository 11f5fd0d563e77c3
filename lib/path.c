/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/path.h"
#include "lib/memory.h"

#include <string.h>

const char *path_below(const char *path, const char *folder)
{
        size_t size = strlen(folder);
        if (strcmp(folder, "/") == 0)
                return path[0] == '/' ? path + 1 : NULL;
        if (size == 0 || strncmp(path, folder, size) != 0)
                return NULL;
        if (path[size] == '\0')
                return path + size;
        return path[size] == '/' ? path + size + 1 : NULL;
}

const char *path_name(const char *path)
{
        const char *slash = strrchr(path, '/');
        return slash ? slash + 1 : path;
}

char *path_parent(const char *path)
{
        const char *slash = strrchr(path, '/');
        if (!slash)
                return string_copy(".");
        return memory_copy(path, slash == path ? 1 : (size_t)(slash - path));
}
