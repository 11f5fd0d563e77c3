/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/footprint.h"

#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/log.h"
#include "lib/memory.h"
#include "states/stages.h"
#include "states/upgrade_log.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOG_LIMIT ((size_t)64 * 1024 * 1024)

struct footprint {
        struct timespec root_time;
        bool had_log;
        off_t log_size;
        mode_t log_mode;
        struct timespec log_time;
};

/* As hexadecimal digits: a name may hold anything but a NUL. */
static void append_name(struct buffer *text, const char *name)
{
        buffer_append_string(text, "\n");
        buffer_append_hex(text, (const unsigned char *)name, strlen(name));
}

static int list_names(int root_fd, char **ret, struct error *err)
{
        _cleanup_string_list_ struct string_list names = {0};
        if (folder_list(root_fd, ".", &names, err) < 0)
                return -1;
        struct buffer text = {0};
        for (size_t i = 0; i < names.count; i++)
                append_name(&text, names.items[i]);
        *ret = buffer_steal(&text);
        return 0;
}

int footprint_take(int root_fd, char **ret, struct error *err)
{
        _cleanup_free_ char *names = NULL;
        struct stat root, log;
        if (fstat(root_fd, &root) < 0)
                return error_set_errno(err, errno, "can't look at the site's root");
        int r = file_stat(root_fd, NAME_LOG, &log, err);
        if (r < 0 || list_names(root_fd, &names, err) < 0)
                return -1;
        _cleanup_free_ char *of_log =
                r == 0 && S_ISREG(log.st_mode)
                        ? string_format("%jd %o %jd %ld", (intmax_t)log.st_size, log.st_mode & 07777,
                                  (intmax_t)log.st_mtim.tv_sec, log.st_mtim.tv_nsec)
                        : string_copy("none");
        *ret = string_format("root %jd %ld log %s%s", (intmax_t)root.st_mtim.tv_sec, root.st_mtim.tv_nsec,
                of_log, names ?: "");
        return 0;
}

static int parse(const char *text, struct footprint *ret, struct error *err)
{
        intmax_t root_s, size, log_s;
        long root_ns, log_ns;
        unsigned mode;
        int count = sscanf(
                text, "root %jd %ld log %jd %o %jd %ld", &root_s, &root_ns, &size, &mode, &log_s, &log_ns);
        if (count != 2 && count != 6)
                return error_set(err, REASON_CHECKPOINT_DAMAGED, "the fact " FACT_FOOTPRINT " has no sense");
        *ret = (struct footprint){.root_time = {.tv_sec = (time_t)root_s, .tv_nsec = root_ns}};
        if (count == 6) {
                ret->had_log = true;
                ret->log_size = (off_t)size;
                ret->log_mode = (mode_t)mode;
                ret->log_time = (struct timespec){.tv_sec = (time_t)log_s, .tv_nsec = log_ns};
        }
        return 0;
}

static int set_time(int fd, const char *name, const struct timespec *time, struct error *err)
{
        int r = file_set_time(fd, time, name, err);
        if (r <= 0)
                return r < 0 ? -1 : file_sync(fd, name, err);
        log_write(LOG_LEVEL_WARNING, NULL, "%s belongs to another user and keeps its new time", name);
        return 0;
}

/* Whoever may write to the root may put a link, or a folder, in the log's place: that is not followed, and no
 * reason to keep the site from being Mautic 2's again. */
static int is_replaced(int root_fd, bool *ret, struct error *err)
{
        struct stat there;
        int r = file_stat(root_fd, NAME_LOG, &there, err);
        *ret = r == 0 && !S_ISREG(there.st_mode);
        return r < 0 ? -1 : 0;
}

/* The lines of this upgrade come into the state folder, once: from then on lines are added there. */
static int move_lines(struct checkpoint *checkpoint, const struct footprint *before, int root_fd,
        int state_fd, const char *log, bool replaced, struct error *err)
{
        _cleanup_free_ char *name = NULL, *text = NULL;
        int r = checkpoint_get_fact(checkpoint, FACT_UPGRADE_LOG, &name, err);
        if (r < 0)
                return -1;
        if (r == 0 && string_begins(name, UPGRADE_LOG_IN_STATE))
                return 0;
        size_t size = 0, skip = before->had_log ? (size_t)before->log_size : 0;
        r = replaced ? 1 : file_read(root_fd, NAME_LOG, LOG_LIMIT, &text, &size, err);
        if (r < 0)
                return -1;
        if (skip > size)
                skip = 0;
        if (file_write_atomic(state_fd, log, text ? text + skip : "", size - skip, 0600, err) < 0)
                return -1;
        _cleanup_free_ char *in_state = string_format(UPGRADE_LOG_IN_STATE "%s", log);
        return checkpoint_set_fact(checkpoint, FACT_UPGRADE_LOG, in_state, err);
}

static int restore_log(const struct footprint *before, int root_fd, struct error *err)
{
        if (!before->had_log)
                return file_remove(root_fd, NAME_LOG, err) < 0 ? -1 : 0;
        _cleanup_close_ int fd = -1;
        int r = file_open(root_fd, NAME_LOG, O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0, &fd, err);
        if (r != 0)
                return r < 0 ? -1 : 0;
        struct stat now;
        if (fstat(fd, &now) < 0 ||
                (S_ISREG(now.st_mode) && now.st_size > before->log_size &&
                        uninterrupted(ftruncate(fd, before->log_size)) < 0) ||
                uninterrupted(fchmod(fd, before->log_mode)) < 0)
                return error_set_errno(err, errno, "can't give " NAME_LOG " its former size and mode");
        return set_time(fd, NAME_LOG, &before->log_time, err);
}

int footprint_restore(
        struct checkpoint *checkpoint, int root_fd, int state_fd, const char *log, struct error *err)
{
        _cleanup_free_ char *text = NULL;
        struct footprint before = {0};
        int r = checkpoint_get_fact(checkpoint, FACT_FOOTPRINT, &text, err);
        if (r != 0)
                return r < 0 ? -1 : 0;
        bool replaced = false;
        if (parse(text, &before, err) < 0 || is_replaced(root_fd, &replaced, err) < 0 ||
                move_lines(checkpoint, &before, root_fd, state_fd, log, replaced, err) < 0 ||
                (!replaced && restore_log(&before, root_fd, err) < 0))
                return error_wrap(err, "putting " NAME_LOG " away");
        if (set_time(root_fd, "the site's root", &before.root_time, err) < 0)
                return -1;
        return replaced;
}

int footprint_find_new(struct checkpoint *checkpoint, int root_fd, struct string_list *ret, struct error *err)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_string_list_ struct string_list names = {0};
        int r = checkpoint_get_fact(checkpoint, FACT_FOOTPRINT, &text, err);
        if (r != 0)
                return r < 0 ? -1 : 0;
        _cleanup_free_ char *then = string_format("%s\n", strchr(text, '\n') ?: "");
        if (folder_list(root_fd, ".", &names, err) < 0)
                return -1;
        for (size_t i = 0; then[1] && i < names.count; i++) {
                _cleanup_buffer_ struct buffer line = {0};
                append_name(&line, names.items[i]);
                buffer_append_string(&line, "\n");
                if (!strstr(then, line.data))
                        string_list_add(ret, names.items[i]);
        }
        return 0;
}
