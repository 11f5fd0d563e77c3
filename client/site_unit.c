/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/site_unit.h"

#include "client/sites.h"
#include "lib/path.h"
#include "lib/text.h"

#include <string.h>

#define UNIT_LIMIT ((size_t)1024 * 1024)

static const char head[] = "# Written by \"mautic-upgradectl sites add\", which writes it anew whenever it "
                           "is called for this site.\n"
                           "# Your own settings belong into another file of this folder.\n";

/* Folders that the service has its own of, or none, unless it is told otherwise: when something that it needs
 * lies there. */
static const struct {
        const char *folder;
        const char *lines;
} hidden[] = {
        {"/home", "ProtectHome=read-only\n"},
        {"/root", "ProtectHome=read-only\n"},
        {"/run/user", "ProtectHome=read-only\n"},
        {"/tmp", "PrivateTmp=no\nReadWritePaths=/tmp /var/tmp\n"},
        {"/var/tmp", "PrivateTmp=no\nReadWritePaths=/tmp /var/tmp\n"},
};

static bool has_parent_part(const char *path)
{
        for (const char *part = path; (part = strstr(part, "/..")); part++)
                if (part[3] == '/' || part[3] == '\0')
                        return true;
        return false;
}

static bool fits_unit(const char *path)
{
        unsigned point = 0;
        for (size_t length; *path; path += length) {
                length = text_character(path, strnlen(path, 4), &point);
                if (length == 0 || point < 0x20 || (point >= 0x7f && point < 0xa0))
                        return false;
        }
        return true;
}

char *unit_quote(const char *before, const char *path)
{
        struct buffer text = {0};
        if (!fits_unit(path) || has_parent_part(path))
                return NULL;
        buffer_append_format(&text, "\"%s", before);
        for (; *path; path++) {
                if (*path == '\\' || *path == '"')
                        buffer_append(&text, "\\", 1);
                if (*path == '%')
                        buffer_append(&text, "%", 1);
                buffer_append(&text, path, 1);
        }
        buffer_append(&text, "\"", 1);
        return buffer_steal(&text);
}

static int add_path(
        struct buffer *text, const char *key, const char *before, const char *path, struct error *err)
{
        _cleanup_free_ char *quoted = unit_quote(before, path);
        if (!quoted)
                return error_set(err, REASON_UNSAFE_PATH,
                        "%s: a unit of systemd can't name this path (control characters, bytes that are not "
                        "UTF-8, or \"..\")",
                        path);
        buffer_append_format(text, "%s=%s\n", key, quoted);
        return 0;
}

static bool lies_in(const struct site_unit *unit, const char *folder)
{
        bool found = path_below(unit->root, folder) != NULL;
        for (size_t i = 0; i < unit->writable.count; i++)
                found |= path_below(unit->writable.items[i], folder) != NULL;
        for (size_t i = 0; i < unit->readable.count; i++)
                found |= path_below(unit->readable.items[i], folder) != NULL;
        return found;
}

/* The same lines may be called for by two folders. */
static void add_hidden(struct buffer *text, const struct site_unit *unit)
{
        for (size_t i = 0; i < ARRAY_SIZE(hidden); i++)
                if (lies_in(unit, hidden[i].folder) && !strstr(text->data, hidden[i].lines))
                        buffer_append_string(text, hidden[i].lines);
}

int site_unit_service(const struct site_unit *unit, char **ret, struct error *err)
{
        _cleanup_buffer_ struct buffer text = {0};
        buffer_append_format(&text, "%s\n[Unit]\n", head);
        if (add_path(&text, "RequiresMountsFor", "", unit->root, err) < 0 ||
                (unit->state && add_path(&text, "RequiresMountsFor", "", unit->state, err) < 0))
                return -1;
        buffer_append_format(&text, "\n[Service]\nUser=%s\nGroup=%s\n", unit->user, unit->group);
        if (add_path(&text, "ReadWritePaths", "", unit->root, err) < 0)
                return -1;
        for (size_t i = 0; i < unit->writable.count; i++)
                if (add_path(&text, "ReadWritePaths", "-", unit->writable.items[i], err) < 0)
                        return -1;
        add_hidden(&text, unit);
        *ret = buffer_steal(&text);
        return 0;
}

/* The list of sockets has one: an empty value forgets the template's. A whole line is the path, quotes and
 * backslashes are its own, but for one at the end, behind which the line would go on. */
static int add_listener(struct buffer *text, const char *socket, struct error *err)
{
        size_t size = strlen(socket);
        if (!fits_unit(socket) || (size > 0 && socket[size - 1] == '\\'))
                return error_set(
                        err, REASON_UNSAFE_PATH, "%s: a unit of systemd can't name this path", socket);
        _cleanup_free_ char *escaped = text_replace(socket, "%", "%%");
        buffer_append_format(text, "ListenStream=\nListenStream=%s\n", escaped);
        return 0;
}

int site_unit_socket(const struct site_unit *unit, char **ret, struct error *err)
{
        _cleanup_buffer_ struct buffer text = {0};
        buffer_append_format(&text, "%s\n[Socket]\nSocketUser=%s\nSocketGroup=%s\nSocketMode=%s\n", head,
                unit->user, unit->socket_group ? unit->socket_group : unit->group,
                unit->socket_group ? "0660" : "0600");
        if (unit->socket && add_listener(&text, unit->socket, err) < 0)
                return -1;
        *ret = buffer_steal(&text);
        return 0;
}

char *unit_value(const char *text, const char *key)
{
        char *value = string_copy("");
        _cleanup_free_ char *copy = string_copy(text);
        size_t size = strlen(key);
        for (char *rest = copy, *line; (line = strsep(&rest, "\n"));) {
                line += strspn(line, " \t");
                const char *equals = line + size;
                if (strncmp(line, key, size) != 0 || *(equals += strspn(equals, " \t")) != '=')
                        continue;
                const char *begin = equals + 1 + strspn(equals + 1, " \t\r");
                size_t length = strlen(begin);
                while (length > 0 && strchr(" \t\r", begin[length - 1]))
                        length--;
                string_replace(&value, memory_copy(begin, length));
        }
        return value;
}

char *site_unit_user(const char *prefix, const char *name)
{
        _cleanup_site_places_ struct site_places places = {0};
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        site_places_init(&places, prefix, name);
        _cleanup_close_ int fd = open(places.service_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || file_read(fd, SITES_UNIT_FILE, UNIT_LIMIT, &text, &size, &err) != 0)
                return string_copy("");
        return unit_value(text, "User");
}
