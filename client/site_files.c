/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/site_files.h"

#include "lib/memory.h"
#include "lib/path.h"

#include <string.h>

#define FILE_LIMIT ((size_t)1024 * 1024)

int system_folder_open(const char *path, int *ret_fd, struct error *err)
{
        _cleanup_close_ int parent_fd = -1;
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && (errno != ENOENT || string_equal(path, ".") || string_equal(path, "/")))
                return error_set_errno(err, errno, "opening the folder %s", path);
        if (fd < 0) {
                _cleanup_free_ char *parent = path_parent(path);
                if (system_folder_open(parent, &parent_fd, err) < 0)
                        return -1;
                if (folder_make(parent_fd, path_name(path), 0755, err) < 0)
                        return error_wrap(err, "making the folder %s", path);
                if (folder_open(parent_fd, path_name(path), &fd, err) != 0)
                        return error_wrap(err, "opening the folder %s", path);
        }
        *ret_fd = fd;
        return 0;
}

int system_file_write(const char *path, const char *text, struct error *err)
{
        _cleanup_close_ int fd = -1;
        _cleanup_free_ char *folder = path_parent(path);
        _cleanup_free_ char *there = NULL;
        size_t size = 0, wanted = strlen(text);
        if (system_folder_open(folder, &fd, err) < 0)
                return -1;
        int r = file_read(fd, path_name(path), FILE_LIMIT, &there, &size, err);
        if (r < 0)
                return error_wrap(err, "reading %s", path);
        if (r == 0 && size == wanted && memcmp(there, text, size) == 0)
                return 1;
        if (file_write_atomic(fd, path_name(path), text, wanted, 0644, err) < 0)
                return error_wrap(err, "writing %s", path);
        return 0;
}

static int remove_empty_folder(const char *path, struct error *err)
{
        _cleanup_close_ int fd = -1;
        _cleanup_free_ char *parent = path_parent(path);
        if (system_folder_open(parent, &fd, err) < 0)
                return -1;
        return folder_remove_empty(fd, path_name(path), err) < 0 ? error_wrap(err, "removing %s", path) : 0;
}

int system_file_remove(const char *path, bool with_folder, struct error *err)
{
        _cleanup_free_ char *folder = path_parent(path);
        _cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? 1 : error_set_errno(err, errno, "opening the folder %s", folder);
        if (file_remove_temporary(fd, path_name(path), err) < 0)
                return error_wrap(err, "removing what was left beside %s", path);
        int r = file_remove(fd, path_name(path), err);
        if (r < 0)
                return error_wrap(err, "removing %s", path);
        if (with_folder && remove_empty_folder(folder, err) < 0)
                return -1;
        return r;
}

/* Killed between making it and giving it away, it is root's and empty. */
static int give_away(int fd, const char *path, uid_t uid, gid_t gid, struct error *err)
{
        struct stat status;
        bool empty = false;
        if (fstat(fd, &status) < 0)
                return error_set_errno(err, errno, "looking at %s", path);
        if (folder_is_empty(fd, &empty, err) < 0)
                return error_wrap(err, "looking into %s", path);
        if (status.st_uid != uid && (!empty || status.st_uid != geteuid()))
                return error_set(err, REASON_PERMISSION_DENIED,
                        "the state folder %s belongs to the user %u and not to %u: move it away, or give it "
                        "to him (chown -R)",
                        path, (unsigned)status.st_uid, (unsigned)uid);
        if (status.st_uid != uid && fchown(fd, uid, gid) < 0)
                return error_set_errno(err, errno, "giving %s to the user %u", path, (unsigned)uid);
        if ((status.st_mode & 07777) != 0700 && fchmod(fd, 0700) < 0)
                return error_set_errno(err, errno, "setting the mode of %s", path);
        return file_sync(fd, path, err);
}

int state_folder_make(const char *path, uid_t uid, gid_t gid, struct error *err)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool was_there = fd >= 0;
        if (fd < 0 && errno != ENOENT)
                return error_set_errno(err, errno, "opening the state folder %s", path);
        if (fd < 0) {
                _cleanup_close_ int parent_fd = -1;
                _cleanup_free_ char *parent = path_parent(path);
                if (system_folder_open(parent, &parent_fd, err) < 0)
                        return -1;
                if (folder_make(parent_fd, path_name(path), 0700, err) < 0 ||
                        folder_open(parent_fd, path_name(path), &fd, err) != 0)
                        return error_wrap(err, "making the state folder %s", path);
        }
        if (give_away(fd, path, uid, gid, err) < 0)
                return -1;
        return was_there ? 1 : 0;
}
