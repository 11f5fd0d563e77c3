/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/upgrade_log.h"

#include "lib/clock.h"
#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/memory.h"

#include <string.h>
#include <sys/utsname.h>

/* The root belongs to the web server's user: what stands at that name may have been put there by anyone who
 * broke into the site, so it is opened without following, without waiting for a reader, and judged. */
static int open_log(int root_fd, const char *name, int extra_flags, int *ret_fd, struct error *err)
{
        _cleanup_close_ int fd = -1;
        int result = file_open(
                root_fd, name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | extra_flags, 0600, &fd, err);
        if (result != 0)
                return result;
        struct stat stat;
        if (fstat(fd, &stat) < 0)
                return error_set_errno(err, errno, "can't look at %s", name);
        if (!S_ISREG(stat.st_mode) || stat.st_nlink != 1)
                return error_set(err, REASON_UNSAFE_PATH, "%s is no plain file with one name", name);
        /* The script left it readable by everyone. */
        if ((stat.st_mode & 07777) != 0600 && uninterrupted(fchmod(fd, 0600)) < 0)
                return error_set_errno(err, errno, "can't make %s private", name);
        *ret_fd = steal_fd(&fd);
        return 0;
}

static void replace_control_characters(char *text)
{
        for (; *text; text++)
                if ((unsigned char)*text < ' ' || *text == 0x7f)
                        *text = ' ';
}

int upgrade_log_append(int root_fd, const char *name, int64_t wall_ms, const char *text, struct error *err)
{
        _cleanup_close_ int fd = -1;
        int result = open_log(root_fd, name, 0, &fd, err);
        if (result != 0)
                return result;
        char time[20];
        clock_format_utc(wall_ms, time);
        _cleanup_free_ char *plain = string_copy(text);
        replace_control_characters(plain);
        _cleanup_free_ char *line = string_format("[%s] %s\n", time, plain);
        return file_write_all(fd, line, strlen(line), name, err);
}

int upgrade_log_header(int root_fd, const char *name, int64_t wall_ms, const char *mautic_version,
        const char *php_version, struct error *err)
{
        _cleanup_close_ int fd = -1;
        if (open_log(root_fd, name, O_CREAT, &fd, err) < 0)
                return -1;
        char time[20];
        clock_format_utc(wall_ms, time);
        struct utsname system = {0};
        (void)uname(&system);
        _cleanup_free_ char *header = string_format("\n[%s] ===== STARTING MAUTIC 3 UPGRADE AT %s... =====\n"
                                                    "Installed Mautic version:\t%s\n"
                                                    "PHP version:\t\t\t\t%s\n"
                                                    "OS:\t\t\t\t\t\t\t%s\n"
                                                    "Upgrade type:\t\t\t\tdaemon (mautic-upgraded %s)\n\n",
                time, time, mautic_version ? mautic_version : "not found",
                php_version ? php_version : "not found", system.sysname[0] ? system.sysname : "unknown",
                PROJECT_VERSION);
        /* The name comes to the disk here, once; the lines when the file is put away. */
        return file_write_all(fd, header, strlen(header), name, err) < 0 || file_sync(fd, name, err) < 0
                       ? -1
                       : file_sync(root_fd, name, err);
}
