/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/files.h"
#include "lib/cancel.h"
#include "lib/files_beneath.h"
#include "lib/interrupted.h"
#include "lib/memory.h"
#include "lib/pulse.h"
#include "lib/sha256.h"

#include <dirent.h>
#include <string.h>
#include <sys/statvfs.h>

#define PIECE 131072

static bool is_link(int dir_fd, const char *path)
{
        struct stat status;
        _cleanup_close_ int fd = open_beneath(dir_fd, path, O_PATH | O_NOFOLLOW, 0);
        return fd >= 0 && fstat(fd, &status) == 0 && S_ISLNK(status.st_mode);
}

/* "name/" would follow a link that "name" names. */
static char *without_slashes(const char *path)
{
        size_t size = strlen(path);
        while (size > 1 && path[size - 1] == '/')
                size--;
        return memory_copy(path, size);
}

int file_open(int dir_fd, const char *path, int flags, mode_t mode, int *ret_fd, struct error *err)
{
        _cleanup_free_ char *name = without_slashes(path);
        int fd = open_beneath(dir_fd, name, flags | O_NOFOLLOW, mode);
        if (fd >= 0) {
                *ret_fd = fd;
                return 0;
        }
        int number = errno;
        if (number == ENOENT && !(flags & O_CREAT))
                return 1;
        if (number == ENOTDIR && is_link(dir_fd, name)) /* what O_DIRECTORY says of a link */
                number = ELOOP;
        if (number == ELOOP)
                return error_set_errno(err, number, "%s is a link, which is not followed", path);
        if (number == EXDEV)
                return error_set_errno(err, number, "%s leads out of its folder", path);
        return error_set_errno(err, number, "can't open %s", path);
}

int folder_open(int dir_fd, const char *path, int *ret_fd, struct error *err)
{
        return file_open(dir_fd, path, O_RDONLY | O_DIRECTORY, 0, ret_fd, err);
}

int file_stat(int dir_fd, const char *path, struct stat *ret, struct error *err)
{
        _cleanup_close_ int fd = -1;
        struct stat status;
        int result = file_open(dir_fd, path, O_PATH, 0, &fd, err);
        if (result < 0 && err->number == ENOTDIR) { /* "file/name": nothing is there */
                error_deinit(err);
                return 1;
        }
        if (result != 0)
                return result;
        if (fstat(fd, &status) < 0)
                return error_set_errno(err, errno, "can't look at %s", path);
        *ret = status;
        return 0;
}

/* O_NONBLOCK: opening a FIFO must not hang. */
static int open_regular(int dir_fd, const char *path, int *ret_fd, struct stat *ret_status, struct error *err)
{
        _cleanup_close_ int fd = -1;
        int result = file_open(dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd, err);
        if (result != 0)
                return result;
        if (fstat(fd, ret_status) < 0)
                return error_set_errno(err, errno, "can't look at %s", path);
        if (!S_ISREG(ret_status->st_mode))
                return error_set(err, REASON_INVALID_ARGUMENT, "%s is not a regular file", path);
        *ret_fd = steal_fd(&fd);
        return 0;
}

/* The number of bytes read, 0 at the end of the file. */
static ssize_t read_piece(int fd, void *data, size_t size, const char *name, struct error *err)
{
        ssize_t count;
        do
                count = read(fd, data, size);
        while (count < 0 && errno == EINTR);
        return count < 0 ? error_set_errno(err, errno, "can't read %s", name) : count;
}

int file_read(
        int dir_fd, const char *path, size_t limit, char **ret_data, size_t *ret_size, struct error *err)
{
        _cleanup_close_ int fd = -1;
        _cleanup_buffer_ struct buffer content = {0};
        _cleanup_free_ char *piece =
                memory_resize(NULL, PIECE, 1); /* not zeroed: it is filled before it is read */
        struct stat status;
        int result = open_regular(dir_fd, path, &fd, &status, err);
        if (result != 0)
                return result;
        ssize_t count = 0;
        while (content.size <= limit && (count = read_piece(fd, piece, PIECE, path, err)) > 0)
                buffer_append(&content, piece, (size_t)count);
        if (count < 0)
                return -1;
        if (content.size > limit)
                return error_set(err, REASON_INVALID_ARGUMENT, "%s is larger than %zu bytes", path, limit);
        *ret_size = content.size;
        *ret_data = buffer_steal(&content);
        return 0;
}

int file_write_all(int fd, const void *data, size_t size, const char *name, struct error *err)
{
        for (size_t done = 0; done < size;) {
                ssize_t count = write(fd, (const char *)data + done, size - done);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count < 0)
                        return error_set_errno(err, errno, "can't write %s", name);
                done += (size_t)count;
        }
        return 0;
}

int file_sync(int fd, const char *name, struct error *err)
{
        _pulse_waits_;
        return uninterrupted(fsync(fd)) < 0 ? error_set_errno(err, errno, "can't write %s to the disk", name)
                                            : 0;
}

int file_set_time(int fd, const struct timespec *time, const char *name, struct error *err)
{
        const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, *time};
        if (uninterrupted(futimens(fd, times)) == 0)
                return 0;
        return errno == EPERM || errno == EACCES
                       ? 1
                       : error_set_errno(err, errno, "can't set the time of %s", name);
}

int file_system_sync(int fd, const char *name, struct error *err)
{
        _pulse_waits_;
        return uninterrupted(syncfs(fd)) < 0 ? error_set_errno(err, errno, "can't write %s to the disk", name)
                                             : 0;
}

static int write_temporary(int folder_fd, const char *temporary, const char *path, const void *data,
        size_t size, mode_t mode, struct error *err)
{
        /* What a former try left behind. */
        if (uninterrupted(unlinkat(folder_fd, temporary, 0)) < 0 && errno != ENOENT)
                return error_set_errno(err, errno, "can't remove %s", temporary);
        _cleanup_close_ int fd = uninterrupted(openat(
                folder_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0600));
        if (fd < 0)
                return error_set_errno(err, errno, "can't make %s", path);
        if (file_write_all(fd, data, size, path, err) < 0)
                return -1;
        if (uninterrupted(fchmod(fd, mode)) < 0)
                return error_set_errno(err, errno, "can't set the mode of %s", path);
        return file_sync(fd, path, err);
}

int file_write_atomic(
        int dir_fd, const char *path, const void *data, size_t size, mode_t mode, struct error *err)
{
        _cleanup_close_ int folder_fd = -1;
        _cleanup_free_ char *name = NULL;
        int result = parent_open(dir_fd, path, &folder_fd, &name, err);
        if (result > 0)
                return error_set_errno(err, ENOENT, "can't make %s", path);
        if (result < 0)
                return -1;
        _cleanup_free_ char *temporary = temporary_name(name);
        if (write_temporary(folder_fd, temporary, path, data, size, mode, err) < 0) {
                (void)unlinkat(folder_fd, temporary, 0);
                return -1;
        }
        if (uninterrupted(renameat(folder_fd, temporary, folder_fd, name)) < 0) {
                error_set_errno(err, errno, "can't put %s in its place", path);
                (void)unlinkat(folder_fd, temporary, 0);
                return -1;
        }
        return file_sync(folder_fd, path, err);
}

/* Under a temporary name first, so that after a kill the folder has its mode or is not there. */
static int make_one(int parent_fd, const char *name, const char *path, mode_t mode, struct error *err)
{
        _cleanup_free_ char *temporary = temporary_name(name);
        if (uninterrupted(mkdirat(parent_fd, temporary, 0700)) < 0 && errno != EEXIST)
                return error_set_errno(err, errno, "can't make the folder %s", path);
        _cleanup_close_ int fd =
                uninterrupted(openat(parent_fd, temporary, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (fd < 0 || uninterrupted(fchmod(fd, mode)) < 0 || uninterrupted(fsync(fd)) < 0)
                return error_set_errno(err, errno, "can't make the folder %s", path);
        int result = file_rename(parent_fd, temporary, parent_fd, name, err);
        if (result < 0) {
                (void)unlinkat(parent_fd, temporary, AT_REMOVEDIR);
                return error_wrap(err, "can't make the folder %s", path);
        }
        return result > 0 ? error_set_errno(err, ENOENT, "can't make the folder %s", path) : 0;
}

int folder_make(int dir_fd, const char *path, mode_t mode, struct error *err)
{
        _cleanup_free_ char *prefix = without_slashes(path);
        _cleanup_close_ int parent_fd = -1;
        if (*prefix == '/')
                return error_set_errno(err, EXDEV, "%s leads out of its folder", path);
        if (folder_open(dir_fd, ".", &parent_fd, err) != 0)
                return -1;
        for (char *start = prefix; *start;) {
                char *end = start + strcspn(start, "/");
                char slash = *end;
                *end = '\0';
                /* Links in the middle are followed as long as they stay below, the last one is not. */
                int fd = open_beneath(dir_fd, prefix, O_RDONLY | O_DIRECTORY | (slash ? 0 : O_NOFOLLOW), 0);
                if (fd < 0 && errno == ENOENT) {
                        if (make_one(parent_fd, start, path, mode, err) < 0)
                                return -1;
                        fd = open_beneath(dir_fd, prefix, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
                }
                if (fd < 0 && errno == ENOTDIR)
                        return error_set_errno(
                                err, EEXIST, "can't make the folder %s: %s is no folder", path, prefix);
                if (fd < 0)
                        return error_set_errno(err, errno, "can't open the folder %s", prefix);
                closep(&parent_fd);
                parent_fd = fd;
                *end = slash;
                start = end + strspn(end, "/");
        }
        return 0;
}

/* Where the file system has no RENAME_NOREPLACE (NFS, some of FUSE): link(2) refuses a name that is taken, in
 * the same instant as it takes it. A folder can't be linked, but mkdir(2) takes a name in the same way, and
 * rename(2) replaces a folder only when it is empty: nothing but the one just made can be lost. A kill
 * between the two leaves both names, and the next try says so (for a file, it goes on). */
static int rename_without_flag(int from_fd, const char *from, int to_fd, const char *to)
{
        struct stat source, target;
        if (fstatat(from_fd, from, &source, AT_SYMLINK_NOFOLLOW) < 0)
                return -1;
        if (S_ISDIR(source.st_mode)) {
                if (uninterrupted(mkdirat(to_fd, to, 0700)) < 0)
                        return -1;
                if (uninterrupted(renameat(from_fd, from, to_fd, to)) == 0)
                        return 0;
                int number = errno;
                (void)unlinkat(to_fd, to, AT_REMOVEDIR);
                errno = number;
                return -1;
        }
        if (uninterrupted(linkat(from_fd, from, to_fd, to, 0)) < 0) {
                int number = errno;
                bool ours = number == EEXIST && fstatat(to_fd, to, &target, AT_SYMLINK_NOFOLLOW) == 0 &&
                            target.st_dev == source.st_dev && target.st_ino == source.st_ino;
                errno = number;
                if (!ours)
                        return -1;
        }
        return uninterrupted(unlinkat(from_fd, from, 0));
}

/* EINVAL also says that a folder was to go below itself; rename(2) then says it again. EEXIST may come of a
 * power cut between the syncs of the two folders: btrfs can leave the file under both names. */
static int rename_noreplace(int from_fd, const char *from, int to_fd, const char *to)
{
        if (uninterrupted(renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE)) == 0)
                return 0;
        if (errno != EINVAL && errno != ENOSYS && errno != EEXIST)
                return -1;
        return rename_without_flag(from_fd, from, to_fd, to);
}

int file_rename(int from_fd, const char *from, int to_fd, const char *to, struct error *err)
{
        _cleanup_close_ int from_folder = -1, to_folder = -1;
        _cleanup_free_ char *name = NULL, *new_name = NULL;
        int result = parent_open(from_fd, from, &from_folder, &name, err);
        if (result != 0)
                return result;
        result = parent_open(to_fd, to, &to_folder, &new_name, err);
        if (result != 0)
                return result < 0 ? -1 : error_set_errno(err, ENOENT, "there is no folder for %s", to);
        if (rename_noreplace(from_folder, name, to_folder, new_name) == 0)
                return file_sync(to_folder, to, err) < 0 ? -1 : file_sync(from_folder, from, err);
        int number = errno;
        if (number == ENOENT)
                return 1;
        if (number == EEXIST || number == ENOTEMPTY)
                return error_set(err, REASON_ALREADY_EXISTS, "can't rename %s to %s: something stands there",
                        from, to);
        error_set_errno(err, number, "can't rename %s to %s", from, to);
        if (number == EXDEV) /* not the EXDEV of openat2(2): no path is unsafe */
                err->reason = REASON_INVALID_ARGUMENT;
        return -1;
}

int file_remove(int dir_fd, const char *path, struct error *err)
{
        _cleanup_close_ int folder_fd = -1;
        _cleanup_free_ char *name = NULL;
        int result = parent_open(dir_fd, path, &folder_fd, &name, err);
        if (result != 0)
                return result;
        if (uninterrupted(unlinkat(folder_fd, name, 0)) == 0)
                return file_sync(folder_fd, path, err);
        return errno == ENOENT ? 1 : error_set_errno(err, errno, "can't remove %s", path);
}

int file_remove_temporary(int dir_fd, const char *path, struct error *err)
{
        _cleanup_close_ int folder_fd = -1;
        _cleanup_free_ char *name = NULL;
        int result = parent_open(dir_fd, path, &folder_fd, &name, err);
        if (result != 0)
                return result;
        _cleanup_free_ char *temporary = temporary_name(name);
        return file_remove(folder_fd, temporary, err);
}

int file_free_name(int dir_fd, const char *path, char **ret, struct error *err)
{
        _cleanup_free_ char *name = string_copy(path);
        struct stat there;
        int result;
        for (unsigned i = 2; (result = file_stat(dir_fd, name, &there, err)) == 0; i++)
                string_replace(&name, string_format("%s-%u", path, i));
        if (result < 0)
                return -1;
        *ret = steal(&name);
        return 0;
}

int folder_remove_empty(int dir_fd, const char *path, struct error *err)
{
        _cleanup_close_ int folder_fd = -1;
        _cleanup_free_ char *name = NULL;
        int result = parent_open(dir_fd, path, &folder_fd, &name, err);
        if (result != 0)
                return result;
        if (uninterrupted(unlinkat(folder_fd, name, AT_REMOVEDIR)) == 0)
                return file_sync(folder_fd, path, err);
        if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
                return 2;
        return errno == ENOENT ? 1 : error_set_errno(err, errno, "can't remove the folder %s", path);
}

static int compare_names(const void *left, const void *right)
{
        return strcmp(*(char *const *)left, *(char *const *)right);
}

static struct string_list take_list(struct string_list *list)
{
        struct string_list taken = *list;
        *list = (struct string_list){0};
        return taken;
}

int folder_list(int dir_fd, const char *path, struct string_list *ret, struct error *err)
{
        _cleanup_string_list_ struct string_list list = {0};
        int fd = -1;
        int result = folder_open(dir_fd, path, &fd, err);
        if (result != 0)
                return result;
        DIR *folder = fdopendir(fd);
        if (!folder) {
                error_set_errno(err, errno, "can't list %s", path);
                closep(&fd);
                return -1;
        }
        struct dirent *entry;
        for (errno = 0; (entry = readdir(folder)); errno = 0)
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                        string_list_add(&list, entry->d_name);
        int number = errno;
        (void)closedir(folder);
        if (number)
                return error_set_errno(err, number, "can't list %s", path);
        if (list.count > 0)
                qsort(list.items, list.count, sizeof(*list.items), compare_names);
        *ret = take_list(&list);
        return 0;
}

int folder_is_empty(int dir_fd, bool *ret, struct error *err)
{
        _cleanup_string_list_ struct string_list names = {0};
        if (folder_list(dir_fd, ".", &names, err) != 0)
                return -1;
        *ret = names.count == 0;
        return 0;
}

void string_list_add(struct string_list *list, const char *text)
{
        list->items = memory_grow(list->items, list->count, sizeof(*list->items));
        list->items[list->count++] = string_copy(text);
}

bool string_list_has(const struct string_list *list, const char *text)
{
        for (size_t i = 0; i < list->count; i++)
                if (strcmp(list->items[i], text) == 0)
                        return true;
        return false;
}

void string_list_deinit(struct string_list *list)
{
        for (size_t i = 0; i < list->count; i++)
                free(list->items[i]);
        free(list->items);
        *list = (struct string_list){0};
}

int file_system_free(int dir_fd, struct free_space *ret, struct error *err)
{
        struct statvfs status;
        if (fstatvfs(dir_fd, &status) < 0)
                return error_set_errno(err, errno, "can't ask the file system for its free space");
        *ret = (struct free_space){
                .bytes = (uint64_t)status.f_bavail * status.f_frsize,
                .inodes = status.f_files == 0 ? UINT64_MAX : (uint64_t)status.f_favail,
        };
        return 0;
}

int file_sha256(int dir_fd, const char *path, struct cancel *cancel, char ret_hex[65], uint64_t *ret_size,
        struct error *err)
{
        _cleanup_close_ int fd = -1;
        _cleanup_sha256_ struct sha256 *sha256 = sha256_new();
        _cleanup_free_ unsigned char *piece = memory_new(PIECE);
        struct stat status;
        uint64_t size = 0;
        ssize_t count;
        int result = open_regular(dir_fd, path, &fd, &status, err);
        if (result != 0)
                return result;
        while ((count = read_piece(fd, piece, PIECE, path, err)) != 0) {
                if (count < 0 || cancel_check(cancel, err) < 0)
                        return -1;
                sha256_add(sha256, piece, (size_t)count);
                size += (uint64_t)count;
        }
        sha256_finish(sha256, ret_hex);
        *ret_size = size;
        return 0;
}

int file_matches(int dir_fd, const char *path, uint64_t size, const char *sha256, struct cancel *cancel,
        bool *ret, struct error *err)
{
        struct stat status;
        char found[SHA256_HEX_SIZE];
        uint64_t found_size = 0;
        bool matches = false;
        int result = file_stat(dir_fd, path, &status, err);
        if (result == 0 && S_ISREG(status.st_mode) && (uint64_t)status.st_size == size) {
                result = file_sha256(dir_fd, path, cancel, found, &found_size, err);
                matches = result == 0 && found_size == size && string_equal(found, sha256);
        }
        if (result < 0)
                return -1;
        *ret = matches;
        return 0;
}
