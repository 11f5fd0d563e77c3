/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/web_requests.h"

#include "lib/memory.h"
#include "lib/path.h"
#include "lib/text.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#define STATUS_LIMIT 4096

/* A link of /proc; false when it can't be read (the process is gone, or another user's). */
static bool read_link(int folder_fd, const char *name, char ret[PATH_MAX])
{
        ssize_t size = readlinkat(folder_fd, name, ret, PATH_MAX - 1);
        if (size < 0)
                return false;
        ret[size] = '\0';
        return true;
}

/* The first bytes of a file of /proc: NUL-terminated, the empty text when it can't be read. */
static void read_start(int folder_fd, const char *name, char *ret, size_t size)
{
        ret[0] = '\0';
        _cleanup_close_ int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC);
        ssize_t count = fd < 0 ? -1 : read(fd, ret, size - 1);
        ret[count < 0 ? 0 : count] = '\0';
}

static bool runs_php(const char *command)
{
        static const char *const names[] = {
                "php", "apache", "httpd", "litespeed", "lsws", "frankenphp", "unitd"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (strstr(command, names[i]))
                        return true;
        return false;
}

static bool is_own_child(int process_fd)
{
        char status[STATUS_LIMIT];
        read_start(process_fd, "status", status, sizeof(status));
        const char *line = strstr(status, "\nPPid:");
        return line && atoi(line + strlen("\nPPid:")) == getpid();
}

static bool has_open_file(int process_fd, const char *root)
{
        char path[PATH_MAX];
        int fd = openat(process_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return false;
        _cleanup_closedir_ DIR *folder = fdopendir(fd);
        if (!folder) {
                (void)close(fd);
                return false;
        }
        for (struct dirent *entry; (entry = readdir(folder));)
                if (entry->d_name[0] != '.' && read_link(fd, entry->d_name, path) && path_below(path, root))
                        return true;
        return false;
}

static bool is_at_work(int process_fd, const char *root)
{
        char path[PATH_MAX], command[STATUS_LIMIT];
        if (read_link(process_fd, "cwd", path) && path_below(path, root))
                return true;
        /* `php /var/www/site/app/console …` */
        read_start(process_fd, "cmdline", command, sizeof(command));
        size_t length = strlen(command);
        if (length + 1 < sizeof(command) && path_below(command + length + 1, root))
                return true;
        return has_open_file(process_fd, root);
}

int web_requests_find(const char *root, struct string_list *ret, struct error *err)
{
        _cleanup_closedir_ DIR *folder = opendir("/proc");
        if (!folder)
                return error_set_errno(err, errno, "can't read /proc");
        for (struct dirent *entry; (entry = readdir(folder));) {
                if (!isdigit((unsigned char)entry->d_name[0]) || atoi(entry->d_name) == getpid())
                        continue;
                _cleanup_close_ int process_fd =
                        openat(dirfd(folder), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (process_fd < 0)
                        continue;
                char command[64];
                read_start(process_fd, "comm", command, sizeof(command));
                command[strcspn(command, "\n")] = '\0';
                if (!runs_php(command) || is_own_child(process_fd) || !is_at_work(process_fd, root))
                        continue;
                _cleanup_free_ char *printable = text_printable(command, false);
                _cleanup_free_ char *line = string_format("%s (process %s)", printable, entry->d_name);
                string_list_add(ret, line);
        }
        return 0;
}
