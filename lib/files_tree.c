/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/cancel.h"
#include "lib/files.h"
#include "lib/files_beneath.h"
#include "lib/interrupted.h"
#include "lib/memory.h"
#include "lib/pulse.h"

#include <limits.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

/*
 * Whole trees, with one descriptor a tree however deep it is.
 *
 * A cursor stands in one folder. It goes down by the name of an entry, never through a link, and up by "..",
 * where it must find the folder that it came from (device and inode): whoever moves folders about meanwhile
 * stops the walk, and can't lead it elsewhere.
 */

#define PIECE 131072
#define REMOVE_ROUNDS 100 /* for a folder into which somebody goes on writing */

struct place {
        char *name; /* as seen from the folder above */
        dev_t device;
        ino_t inode;
        struct string_list entries;
        size_t next;
        unsigned rounds;
};

struct cursor {
        const struct tree_watch *watch; /* over what is removed; NULL: nobody looks */
        int fd;
        struct place *places;
        size_t depth;
        uint64_t mount; /* 0: the kernel doesn't tell */
};

static void place_deinit(struct place *place)
{
        free(place->name);
        string_list_deinit(&place->entries);
}

static void cursor_deinit(struct cursor *cursor)
{
        while (cursor->depth > 0)
                place_deinit(&cursor->places[--cursor->depth]);
        free(cursor->places);
        closep(&cursor->fd);
}
#define _cleanup_cursor_ _cleanup_(cursor_deinit)

static struct place *top(struct cursor *cursor)
{
        return &cursor->places[cursor->depth - 1];
}

/* The path of an entry where the cursor stands, for messages. A deep one is cut in its middle. */
static char *path_of(const struct cursor *cursor, const char *entry)
{
        struct buffer path = {0};
        for (size_t i = 0; i < cursor->depth; i++) {
                bool cut = i >= 16 && i + 4 < cursor->depth;
                if (!cut)
                        buffer_append_format(&path, "%s/", cursor->places[i].name);
                else if (i == 16)
                        buffer_append_string(&path, "…/");
        }
        buffer_append_string(&path, entry);
        return buffer_steal(&path);
}

static int fail_at(
        const struct cursor *cursor, const char *entry, int number, const char *what, struct error *err)
{
        _cleanup_free_ char *path = path_of(cursor, entry);
        return error_set_errno(err, number, "can't %s %s", what, path);
}

/* The mount's number since Linux 5.8, so that a bind mount of the same device is seen, too. */
static int identify(int fd, struct statx *ret)
{
        return statx(fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_MNT_ID, ret);
}

static dev_t device_of(const struct statx *status)
{
        return makedev(status->stx_dev_major, status->stx_dev_minor);
}

static uint64_t mount_of(const struct statx *status)
{
        return status->stx_mask & STATX_MNT_ID ? status->stx_mnt_id : 0;
}

/* Takes fd over as the folder to stand in; above is the folder that it was opened from. 1, and the cursor
 * stays where it is, when another file system is mounted there. */
static int cursor_push(struct cursor *cursor, int fd, int above, const char *name, struct error *err)
{
        _cleanup_close_ int owned = fd;
        struct statx status, upper;
        if (identify(fd, &status) < 0 || identify(above, &upper) < 0)
                return fail_at(cursor, name, errno, "look at", err);
        if (device_of(&status) != device_of(&upper) || mount_of(&status) != mount_of(&upper))
                return 1;
        cursor->places = memory_resize(cursor->places, cursor->depth + 1, sizeof(*cursor->places));
        cursor->places[cursor->depth++] = (struct place){
                .name = string_copy(name), .device = device_of(&status), .inode = status.stx_ino};
        closep(&cursor->fd);
        cursor->fd = steal_fd(&owned);
        return 0;
}

static int open_folder(int fd, const char *name)
{
        return uninterrupted(openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

static int fail_mounted(const struct cursor *cursor, const char *name, struct error *err)
{
        _cleanup_free_ char *path = path_of(cursor, name);
        return error_set(err, REASON_UNSAFE_PATH, "another file system is mounted on %s", path);
}

static int cursor_enter(struct cursor *cursor, int above, const char *name, struct error *err)
{
        int fd = open_folder(above, name);
        if (fd < 0)
                return fail_at(cursor, name, errno, "open", err);
        return cursor_push(cursor, fd, above, name, err);
}

static int cursor_list(struct cursor *cursor, struct error *err)
{
        struct place *place = top(cursor);
        string_list_deinit(&place->entries);
        place->next = 0;
        if (folder_list(cursor->fd, ".", &place->entries, err) == 0)
                return 0;
        _cleanup_free_ char *path = path_of(cursor, "");
        return error_wrap(err, "in %s", path);
}

/* Goes up, not above the folder where the walk began: there only the place is forgotten. */
static int cursor_leave(struct cursor *cursor, struct error *err)
{
        place_deinit(&cursor->places[--cursor->depth]);
        if (cursor->depth == 0)
                return 0;
        struct place *place = top(cursor);
        struct stat status;
        _cleanup_close_ int fd = uninterrupted(openat(cursor->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (fd < 0 || fstat(fd, &status) < 0)
                return fail_at(cursor, "", errno, "go back to", err);
        if (status.st_dev != place->device || status.st_ino != place->inode) {
                _cleanup_free_ char *path = path_of(cursor, "");
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "a folder below %s was moved elsewhere meanwhile", path);
        }
        closep(&cursor->fd);
        cursor->fd = steal_fd(&fd);
        return 0;
}

static const char *next_entry(struct cursor *cursor)
{
        struct place *place = top(cursor);
        return place->next < place->entries.count ? place->entries.items[place->next++] : NULL;
}

/* Remove */

/* A folder's owner may take away his own right to write or search; he may also give it back. */
static bool give_right(int folder_fd, const char *name)
{
        struct stat status;
        return fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode) &&
               (status.st_mode & 0700) != 0700 &&
               uninterrupted(
                       fchmodat(folder_fd, name, (status.st_mode & 07777) | 0700, AT_SYMLINK_NOFOLLOW)) == 0;
}

static bool give_right_here(int fd)
{
        struct stat status;
        return fstat(fd, &status) == 0 && (status.st_mode & 0700) != 0700 &&
               uninterrupted(fchmod(fd, (status.st_mode & 07777) | 0700)) == 0;
}

/* Goes into a folder to empty it. */
static int remove_enter(struct cursor *cursor, int above, const char *name, struct error *err)
{
        int fd = open_folder(above, name);
        if (fd < 0 && errno == EACCES) {
                int number = errno;
                fd = give_right(above, name) ? open_folder(above, name) : -1;
                errno = fd < 0 ? number : 0;
        }
        if (fd < 0)
                return fail_at(cursor, name, errno, "open", err);
        int result = cursor_push(cursor, fd, above, name, err);
        if (result != 0)
                return result < 0 ? -1 : fail_mounted(cursor, name, err);
        result = cursor_list(cursor, err);
        if (result < 0 && err->number == EACCES && give_right_here(cursor->fd))
                result = cursor_list(cursor, err);
        return result;
}

static int fail_to_remove(const struct cursor *cursor, const char *name, struct error *err)
{
        if (errno == EBUSY) /* rmdir(2) and unlink(2) of a mount point */
                return fail_mounted(cursor, name, err);
        return fail_at(cursor, name, errno, "remove", err);
}

/* Removes one entry of the folder; 1 when it is a folder with something in it. */
static int remove_unwatched(int folder_fd, const char *name)
{
        if (uninterrupted(unlinkat(folder_fd, name, 0)) == 0 || errno == ENOENT)
                return 0;
        int number = errno;
        struct stat status;
        if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode)) {
                if (uninterrupted(unlinkat(folder_fd, name, AT_REMOVEDIR)) == 0 || errno == ENOENT)
                        return 0;
                number = errno;
                if (number == ENOTEMPTY || number == EEXIST)
                        return 1;
        }
        errno = number;
        return -1;
}

static int remove_entry(const struct cursor *cursor, int folder_fd, const char *name)
{
        struct stat status;
        bool tells = cursor->watch && fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
        int result = remove_unwatched(folder_fd, name);
        if (result == 0 && tells)
                cursor->watch->on_removed((uint64_t)status.st_blocks * 512, cursor->watch->userdata);
        return result;
}

/* The folder is gone through: out of it, and it is removed, or gone through again. */
static int remove_leave(struct cursor *cursor, int start_fd, struct error *err)
{
        unsigned rounds = top(cursor)->rounds;
        _cleanup_free_ char *name = string_copy(top(cursor)->name);
        if (cursor_leave(cursor, err) < 0)
                return -1;
        int folder_fd = cursor->depth == 0 ? start_fd : cursor->fd;
        int result = remove_entry(cursor, folder_fd, name);
        if (result == 0)
                return 0;
        if (result < 0)
                return fail_to_remove(cursor, name, err);
        if (rounds >= REMOVE_ROUNDS)
                return fail_at(cursor, name, ENOTEMPTY, "remove", err);
        if (remove_enter(cursor, folder_fd, name, err) < 0)
                return -1;
        top(cursor)->rounds = rounds + 1;
        return 0;
}

static int remove_below(struct cursor *cursor, int start_fd, struct error *err)
{
        while (cursor->depth > 0) {
                const char *name = next_entry(cursor);
                pulse_beat();
                if (cursor->watch && cancel_check(cursor->watch->cancel, err) < 0)
                        return -1;
                if (!name) {
                        if (remove_leave(cursor, start_fd, err) < 0)
                                return -1;
                        continue;
                }
                int result = remove_entry(cursor, cursor->fd, name);
                if (result < 0 && errno == EACCES && give_right_here(cursor->fd))
                        result = remove_entry(cursor, cursor->fd, name);
                if (result < 0)
                        return fail_to_remove(cursor, name, err);
                if (result > 0 && remove_enter(cursor, cursor->fd, name, err) < 0)
                        return -1;
        }
        return 0;
}

int tree_remove(int dir_fd, const char *path, struct error *err)
{
        return tree_remove_watched(dir_fd, path, NULL, err);
}

int tree_remove_watched(int dir_fd, const char *path, const struct tree_watch *watch, struct error *err)
{
        _cleanup_close_ int folder_fd = -1;
        _cleanup_free_ char *name = NULL;
        _cleanup_cursor_ struct cursor cursor = {.fd = -1, .watch = watch};
        struct stat status;
        int result = parent_open(dir_fd, path, &folder_fd, &name, err);
        if (result != 0)
                return result;
        if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 1 : error_set_errno(err, errno, "can't look at %s", path);
        result = remove_entry(&cursor, folder_fd, name);
        if (result < 0)
                return fail_to_remove(&cursor, path, err);
        if (result > 0 && (remove_enter(&cursor, folder_fd, name, err) < 0 ||
                                  remove_below(&cursor, folder_fd, err) < 0))
                return error_wrap(err, "removing %s", path);
        return file_sync(folder_fd, path, err);
}

/* Total */

static void add_to_total(struct tree_total *total, const struct stat *status)
{
        total->entries++;
        total->blocks += (uint64_t)status->st_blocks * 512;
        if (S_ISREG(status->st_mode))
                total->bytes += (uint64_t)status->st_size;
}

static int total_below(struct cursor *cursor, struct tree_total *total, struct error *err)
{
        while (cursor->depth > 0) {
                pulse_beat();
                struct stat status;
                const char *name = next_entry(cursor);
                if (!name) {
                        if (cursor_leave(cursor, err) < 0)
                                return -1;
                        continue;
                }
                if (fstatat(cursor->fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
                        if (errno == ENOENT) /* a living site's cache */
                                continue;
                        return fail_at(cursor, name, errno, "look at", err);
                }
                add_to_total(total, &status);
                if (!S_ISDIR(status.st_mode))
                        continue;
                int result = cursor_enter(cursor, cursor->fd, name, err);
                if (result < 0 && err->number == ENOENT)
                        error_deinit(err);
                else if (result < 0 || (result == 0 && cursor_list(cursor, err) < 0))
                        return -1;
        }
        return 0;
}

int tree_total(int dir_fd, const char *path, struct tree_total *ret, struct error *err)
{
        _cleanup_cursor_ struct cursor cursor = {.fd = -1};
        struct tree_total total = {0};
        struct stat status;
        int fd = -1;
        int result = file_stat(dir_fd, path, &status, err);
        if (result != 0)
                return result;
        if (!S_ISDIR(status.st_mode)) {
                add_to_total(&total, &status);
                *ret = total;
                return 0;
        }
        result = folder_open(dir_fd, path, &fd, err);
        if (result != 0)
                return result;
        if (cursor_push(&cursor, fd, fd, path, err) < 0 || cursor_list(&cursor, err) < 0 ||
                total_below(&cursor, &total, err) < 0)
                return -1;
        *ret = total;
        return 0;
}

/* Copy */

/* Owner, mode and times of the original, in the order in which none undoes another. A user who is not root
 * can't give files away: the copy is his then, and a set-user-ID bit must not be his, too. */
static int set_attributes(int fd, const struct stat *original)
{
        mode_t mode = original->st_mode & 07777;
        struct stat copy;
        if (uninterrupted(fchown(fd, original->st_uid, original->st_gid)) < 0 && errno != EPERM)
                return -1;
        if (fstat(fd, &copy) < 0)
                return -1;
        if (copy.st_uid != original->st_uid || copy.st_gid != original->st_gid)
                mode &= 01777;
        const struct timespec times[2] = {original->st_atim, original->st_mtim};
        return uninterrupted(fchmod(fd, mode)) < 0 || uninterrupted(futimens(fd, times)) < 0 ? -1 : 0;
}

/* Copies the bytes from start to end; 1 when the file ends before, ECANCELED when asked to stop. */
static int copy_range(int from, int to, off_t start, off_t end, char *piece, struct cancel *cancel)
{
        _cleanup_error_ struct error ignored = {0};
        while (start < end) {
                if (cancel_check(cancel, &ignored) < 0) {
                        errno = ECANCELED;
                        return -1;
                }
                size_t wanted = end - start < PIECE ? (size_t)(end - start) : PIECE;
                ssize_t count = pread(from, piece, wanted, start);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count <= 0)
                        return count < 0 ? -1 : 1;
                for (ssize_t done = 0; done < count;) {
                        ssize_t written = pwrite(to, piece + done, (size_t)(count - done), start + done);
                        if (written < 0 && errno != EINTR)
                                return -1;
                        done += written > 0 ? written : 0;
                }
                start += count;
        }
        return 0;
}

/* A reflink where the file system can, else the data and not the holes. */
static int copy_data(int from, int to, struct cancel *cancel)
{
        _cleanup_free_ char *piece = NULL;
        struct stat status;
        if (ioctl(to, FICLONE, from) == 0)
                return 0;
        piece = memory_new(PIECE);
        if (fstat(from, &status) < 0)
                return -1;
        for (off_t at = 0; at < status.st_size;) {
                off_t data = lseek(from, at, SEEK_DATA);
                if (data < 0 && errno == ENXIO)
                        break;
                off_t hole = data < 0 ? -1 : lseek(from, data, SEEK_HOLE);
                if (data < 0 || hole < 0)
                        data = at, hole = status.st_size;
                int result = copy_range(from, to, data, hole, piece, cancel);
                if (result != 0)
                        return result < 0 ? -1 : 0;
                at = hole;
        }
        return uninterrupted(ftruncate(to, status.st_size));
}

static int copy_file(int from_folder, const char *from, int to_folder, const char *to, struct cancel *cancel)
{
        struct stat status;
        _cleanup_close_ int source = uninterrupted(
                openat(from_folder, from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
        if (source < 0 || fstat(source, &status) < 0)
                return -1;
        if (!S_ISREG(status.st_mode)) {
                errno = EINVAL; /* changed since it was looked at */
                return -1;
        }
        _cleanup_close_ int target = uninterrupted(
                openat(to_folder, to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (target < 0 || copy_data(source, target, cancel) < 0)
                return -1;
        return set_attributes(target, &status);
}

static int copy_link(
        int from_folder, const char *from, const struct stat *status, int to_folder, const char *to)
{
        char text[PATH_MAX];
        ssize_t size = readlinkat(from_folder, from, text, sizeof(text));
        if (size < 0)
                return -1;
        if ((size_t)size == sizeof(text)) {
                errno = ENAMETOOLONG;
                return -1;
        }
        text[size] = '\0';
        const struct timespec times[2] = {status->st_atim, status->st_mtim};
        if (uninterrupted(symlinkat(text, to_folder, to)) < 0)
                return -1;
        if (uninterrupted(fchownat(to_folder, to, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW)) < 0 &&
                errno != EPERM)
                return -1;
        return uninterrupted(utimensat(to_folder, to, times, AT_SYMLINK_NOFOLLOW));
}

/* Where a copy stands: in the source and at the same place in the copy. */
struct copy {
        struct cursor source;
        struct cursor target;
        struct cancel *cancel;
};

static void copy_deinit(struct copy *copy)
{
        cursor_deinit(&copy->source);
        cursor_deinit(&copy->target);
}

static int copy_enter(struct copy *copy, int from_folder, const char *from, int to_folder, const char *to,
        struct error *err)
{
        int source = open_folder(from_folder, from);
        if (source < 0)
                return fail_at(&copy->source, from, errno, "open", err);
        int above = copy->source.depth == 0 ? source : from_folder;
        int result = cursor_push(&copy->source, source, above, from, err);
        if (result != 0)
                return result < 0 ? -1 : fail_mounted(&copy->source, from, err);
        if (uninterrupted(mkdirat(to_folder, to, 0700)) < 0)
                return fail_at(&copy->target, to, errno, "make the folder", err);
        result = cursor_enter(&copy->target, to_folder, to, err);
        if (result != 0)
                return result < 0 ? -1 : fail_mounted(&copy->target, to, err);
        return cursor_list(&copy->source, err);
}

static int copy_leave(struct copy *copy, struct error *err)
{
        struct stat status;
        if (fstat(copy->source.fd, &status) < 0 || set_attributes(copy->target.fd, &status) < 0)
                return fail_at(&copy->target, "", errno, "set owner, mode and times of", err);
        return cursor_leave(&copy->source, err) < 0 || cursor_leave(&copy->target, err) < 0 ? -1 : 0;
}

/* One entry; what a folder holds is copied after it, by the walk. */
static int copy_entry(struct copy *copy, int from_folder, const char *from, int to_folder, const char *to,
        struct error *err)
{
        struct stat status;
        if (fstatat(from_folder, from, &status, AT_SYMLINK_NOFOLLOW) < 0)
                return fail_at(&copy->source, from, errno, "look at", err);
        if (S_ISDIR(status.st_mode))
                return copy_enter(copy, from_folder, from, to_folder, to, err);
        if (!S_ISREG(status.st_mode) && !S_ISLNK(status.st_mode)) {
                _cleanup_free_ char *path = path_of(&copy->source, from);
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "%s is neither a file nor a folder nor a link: it can't be copied", path);
        }
        int result = S_ISREG(status.st_mode) ? copy_file(from_folder, from, to_folder, to, copy->cancel)
                                             : copy_link(from_folder, from, &status, to_folder, to);
        if (result < 0 && errno == ECANCELED && cancel_check(copy->cancel, err) < 0)
                return -1;
        return result < 0 ? fail_at(&copy->source, from, errno, "copy", err) : 0;
}

static int copy_all(int from_folder, const char *from, int to_folder, const char *to, struct cancel *cancel,
        struct error *err)
{
        _cleanup_(copy_deinit) struct copy copy = {.source.fd = -1, .target.fd = -1, .cancel = cancel};
        if (copy_entry(&copy, from_folder, from, to_folder, to, err) < 0)
                return -1;
        while (copy.source.depth > 0) {
                if (cancel_check(cancel, err) < 0)
                        return -1;
                const char *name = next_entry(&copy.source);
                int result = name ? copy_entry(&copy, copy.source.fd, name, copy.target.fd, name, err)
                                  : copy_leave(&copy, err);
                if (result < 0)
                        return -1;
        }
        return 0;
}

/* A file by itself: whatever else is to be written on its file system is not waited for. A link, which can't
 * be opened, and a file that its owner may not read go with all of it. */
static int sync_copy(int folder, const char *name, struct error *err)
{
        struct stat status;
        _cleanup_close_ int fd =
                uninterrupted(openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
                return file_system_sync(folder, "the copy", err);
        return file_sync(fd, name, err);
}

/* Made under a temporary name: what stands under the right one is whole. */
static int copy_and_place(int from_folder, const char *from, int to_folder, const char *to,
        struct cancel *cancel, struct error *err)
{
        _cleanup_free_ char *temporary = temporary_name(to);
        _cleanup_error_ struct error ignored = {0};
        struct stat status;
        if (fstatat(to_folder, to, &status, AT_SYMLINK_NOFOLLOW) == 0)
                return error_set(err, REASON_ALREADY_EXISTS, "something stands there");
        if (tree_remove(to_folder, temporary, err) < 0)
                return -1;
        int result = copy_all(from_folder, from, to_folder, temporary, cancel, err);
        if (result == 0)
                result = sync_copy(to_folder, temporary, err);
        if (result == 0)
                result = file_rename(to_folder, temporary, to_folder, to, err);
        if (result > 0)
                result = error_set(err, REASON_EVIDENCE_CONTRADICTS, "%s went away", temporary);
        if (result < 0 && tree_remove(to_folder, temporary, &ignored) < 0)
                return error_wrap(err, "(and %s is left behind)", temporary);
        return result;
}

int tree_copy(
        int from_fd, const char *from, int to_fd, const char *to, struct cancel *cancel, struct error *err)
{
        _cleanup_close_ int from_folder = -1, to_folder = -1;
        _cleanup_free_ char *from_name = NULL, *to_name = NULL;
        int result = parent_open(from_fd, from, &from_folder, &from_name, err);
        if (result < 0)
                return -1;
        if (result == 0)
                result = parent_open(to_fd, to, &to_folder, &to_name, err);
        if (result > 0)
                error_set_errno(err, ENOENT, "no folder");
        if (result != 0 || copy_and_place(from_folder, from_name, to_folder, to_name, cancel, err) < 0)
                return error_wrap(err, "copying %s to %s", from, to);
        return 0;
}
