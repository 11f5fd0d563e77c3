/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/folder_rights.h"

#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/memory.h"
#include "lib/text.h"

#include <unistd.h>

static bool differ(const struct stat *left, const struct stat *right)
{
        return left->st_uid != right->st_uid || left->st_gid != right->st_gid ||
               (left->st_mode & 07777) != (right->st_mode & 07777);
}

/* Whether it may well go right the next time; what this user may not do stays so. */
static bool is_passing(int number)
{
        return number == ENOSPC || number == EDQUOT || number == EIO || number == EROFS || number == EINTR;
}

/* 0, or the errno of what went wrong. Owner first: a change of it can take bits of the mode away. */
static int set_rights(int fd, const struct stat *wanted)
{
        int number = uninterrupted(fchown(fd, wanted->st_uid, wanted->st_gid)) < 0 ? errno : 0;
        if (number != 0 && !is_passing(number))
                number = uninterrupted(fchown(fd, (uid_t)-1, wanted->st_gid)) < 0 ? errno : 0;
        if (number != 0)
                return number;
        return uninterrupted(fchmod(fd, wanted->st_mode & 07777)) < 0 ? errno : 0;
}

static int give(struct stage_context *context, const struct stat *wanted, const char *to, struct error *err)
{
        _cleanup_close_ int fd = -1;
        struct stat now;
        int r = folder_open(context->site->root_fd, to, &fd, err);
        if (r != 0)
                return r < 0 ? -1 : 0;
        int number = set_rights(fd, wanted);
        if (is_passing(number))
                return error_set_errno(err, number, "can't give %s the rights that it had in Mautic 2", to);
        if (fstat(fd, &now) < 0)
                return error_set_errno(err, errno, "%s", to);
        if (number != 0 || differ(&now, wanted)) {
                _cleanup_free_ char *printable = text_printable(to, false);
                stage_log(context, LOG_LEVEL_WARNING,
                        "%s had owner %u, group %u and mode %04o in Mautic 2 and has %u, %u and %04o now: "
                        "see that the web server may write there.",
                        printable, wanted->st_uid, wanted->st_gid, wanted->st_mode & 07777, now.st_uid,
                        now.st_gid, now.st_mode & 07777);
        }
        return file_sync(fd, to, err);
}

/* 0: both are folders, and `to` has the rights of `from` now; 1: nothing to do here or below. */
static int take_over(struct stage_context *context, const char *from, const char *to, struct error *err)
{
        struct stat old, new;
        int root = context->site->root_fd;
        int r = file_stat(root, from, &old, err);
        if (r == 0)
                r = file_stat(root, to, &new, err);
        if (r != 0)
                return r;
        if (!S_ISDIR(old.st_mode) || !S_ISDIR(new.st_mode))
                return 1;
        return differ(&old, &new) ? give(context, &old, to, err) : 0;
}

int folder_rights_take_over(
        struct stage_context *context, const char *from, const char *to, struct error *err)
{
        return take_over(context, from, to, err) < 0 ? -1 : 0;
}

int folder_rights_take_over_below(
        struct stage_context *context, const char *from, const char *to, struct error *err)
{
        if (cancel_check(context->cancel, err) < 0)
                return -1;
        int r = take_over(context, from, to, err);
        if (r != 0)
                return r < 0 ? -1 : 0;
        _cleanup_string_list_ struct string_list names = {0};
        if (folder_list(context->site->root_fd, from, &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *below = string_format("%s/%s", from, names.items[i]);
                _cleanup_free_ char *goal = string_format("%s/%s", to, names.items[i]);
                if (folder_rights_take_over_below(context, below, goal, err) < 0)
                        return -1;
        }
        return 0;
}
