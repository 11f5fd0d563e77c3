/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/mounts.h"
#include "lib/path.h"

#include <string.h>

#define MOUNTINFO "/proc/self/mountinfo"
#define MOUNT_POINT_FIELD 5 /* counted from 1 */

void mounts_unescape(char *text)
{
        char *out = text;
        while (*text) {
                unsigned value = 0;
                if (text[0] == '\\' && strspn(text + 1, "01234567") >= 3 &&
                        sscanf(text + 1, "%3o", &value) == 1) {
                        *out++ = (char)value;
                        text += 4;
                } else {
                        *out++ = *text++;
                }
        }
        *out = '\0';
}

int mounts_find(const char *root, struct string_list *ret, struct error *err)
{
        _cleanup_fclose_ FILE *file = fopen(MOUNTINFO, "re");
        _cleanup_free_ char *line = NULL;
        size_t capacity = 0;
        if (!file)
                return error_set_errno(err, errno, "can't read " MOUNTINFO);
        while (getline(&line, &capacity, file) >= 0) {
                char *rest = line, *path = NULL;
                for (int field = 0; field < MOUNT_POINT_FIELD; field++)
                        path = strsep(&rest, " ");
                if (!path)
                        continue;
                mounts_unescape(path);
                const char *below = path_below(path, root);
                if (below && *below && !string_list_has(ret, below))
                        string_list_add(ret, below);
        }
        return ferror(file) ? error_set_errno(err, errno, "can't read " MOUNTINFO) : 0;
}
