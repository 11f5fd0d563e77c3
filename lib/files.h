/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Files that survive a power cut and paths that stay below their folder.
 *
 * Every function takes a folder's descriptor and a path relative to it. Paths are resolved with
 * openat2(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS): no "..", no absolute path and no link leads out of the
 * folder (REASON_UNSAFE_PATH). Links on the way are followed while they stay below; the last component is
 * never followed when it is a symbolic link (a slash behind it changes nothing). Where the kernel or a
 * sandbox has no openat2 the same is done component by component.
 *
 * What is made comes to be under a temporary name beside it (".NAME.mautic-upgraded"), the same at each try:
 * what a kill leaves there is removed by the next try.
 */

#include "lib/error.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* Opens below dir_fd; flags and mode as open(2), O_CLOEXEC is added. Positive result 1: not there (ENOENT,
 * only without O_CREAT); *ret_fd is untouched then. */
int file_open(int dir_fd, const char *path, int flags, mode_t mode, int *ret_fd, struct error *err)
        _must_check;
/* Opens a folder below dir_fd (path "." opens it again). Same results as file_open. */
int folder_open(int dir_fd, const char *path, int *ret_fd, struct error *err) _must_check;

/* lstat below dir_fd. 0 with *ret filled, 1 when nothing is there (also below what is no folder). */
int file_stat(int dir_fd, const char *path, struct stat *ret, struct error *err) _must_check;

/* Reads a whole regular file (a link as last component is refused) of at most limit bytes; *ret_data is
 * owned by the caller and has a NUL behind it. 1 when not there. Larger: REASON_INVALID_ARGUMENT. */
int file_read(int dir_fd, const char *path, size_t limit, char **ret_data, size_t *ret_size,
        struct error *err) _must_check;

/* True for a name under which this program makes a file or a folder: what a kill left behind. */
bool file_is_temporary(const char *name);

/* Writes atomically: temporary name beside it, fsync, rename over path, fsync of the folder. mode is set
 * exactly (no umask). After a crash path holds the old or the new content, never a part. */
int file_write_atomic(int dir_fd, const char *path, const void *data, size_t size, mode_t mode,
        struct error *err) _must_check;

/* Removes what a file_write_atomic of that path has left beside it when it was killed. 1 when nothing was
 * there. */
int file_remove_temporary(int dir_fd, const char *path, struct error *err) _must_check;

/* Writes all bytes; EINTR and short writes are gone on with. name is for the message only. */
int file_write_all(int fd, const void *data, size_t size, const char *name, struct error *err) _must_check;

int file_sync(int fd, const char *name, struct error *err) _must_check;
/* Sets the time of last change of what is open; not synced. 1 when it belongs to another user, who alone may:
 * it keeps the time that it has. name is for the message only. */
int file_set_time(int fd, const struct timespec *time, const char *name, struct error *err) _must_check;
/* Everything of the file system that fd is on: for what others have written there without a sync. */
int file_system_sync(int fd, const char *name, struct error *err) _must_check;

/* Makes every missing folder of path, each with mode (umask ignored), its parent synced. What is there keeps
 * its mode; what is there and no folder: REASON_ALREADY_EXISTS. */
int folder_make(int dir_fd, const char *path, mode_t mode, struct error *err) _must_check;

/* renameat2(RENAME_NOREPLACE) from one folder's path to another's, both parents synced afterwards. What
 * stands at the target is never replaced (REASON_ALREADY_EXISTS). 1 when the source is not there. Across file
 * systems: REASON_INVALID_ARGUMENT. Where the file system lacks the flag (NFS) the target's name is taken
 * with link(2) or mkdir(2) first, which is as safe, but two steps: a kill between them leaves a file under
 * both names (the next try finishes it), or a folder and an empty one (the next try says already_exists). */
int file_rename(int from_fd, const char *from, int to_fd, const char *to, struct error *err) _must_check;

/* That path, or the first of PATH-2, PATH-3, … where nothing stands; owned by the caller. */
int file_free_name(int dir_fd, const char *path, char **ret, struct error *err) _must_check;

/* Removes a folder; 1 when nothing was there, 2 when it is not empty (or no folder). The folder above is
 * synced. */
int folder_remove_empty(int dir_fd, const char *path, struct error *err) _must_check;
/* Removes a file or a link; 1 when nothing was there. The folder is synced. */
int file_remove(int dir_fd, const char *path, struct error *err) _must_check;
/* Removes path and all below it without following any link and without crossing into another file system
 * (a mount point at or below path stops it: REASON_UNSAFE_PATH). Folders that their owner may not change are
 * made changeable. However deep the tree is, a few descriptors do. 1 when nothing was there. */
int tree_remove(int dir_fd, const char *path, struct error *err) _must_check;
/* The same for what may take long: tells of each entry that is gone, and stops between two when cancelled. */
struct cancel;
struct tree_watch {
        void (*on_removed)(uint64_t blocks, void *userdata); /* bytes that it took on disk */
        void *userdata;
        struct cancel *cancel;
};
int tree_remove_watched(int dir_fd, const char *path, const struct tree_watch *watch, struct error *err)
        _must_check;

/* Copies path below from_fd (file, folder with all below, link as link, with modes, mtimes and, where
 * allowed, owners; reflink where the file system can, holes kept) to a path that must not exist below to_fd
 * (REASON_ALREADY_EXISTS); it appears there whole and synced, or not at all. Not kept: hard links (each name
 * becomes a file of its own), extended attributes and ACLs; set-user-ID bits when the owner could not be. A
 * FIFO, socket or device (REASON_INVALID_ARGUMENT) and a mount point (REASON_UNSAFE_PATH) stop it. Cancelled
 * (cancel may be NULL), nothing of the copy is left. */
int tree_copy(int from_fd, const char *from, int to_fd, const char *to, struct cancel *cancel,
        struct error *err) _must_check;

struct tree_total {
        uint64_t entries; /* files, links and folders */
        uint64_t bytes; /* sum of st_size of regular files */
        uint64_t blocks; /* bytes taken on disk */
};
/* Sums all below path (path itself when it is no folder); links are counted, not followed, and what is
 * mounted below is left out. What vanishes meanwhile is no error. 1 when path is not there. */
int tree_total(int dir_fd, const char *path, struct tree_total *ret, struct error *err) _must_check;

/* Names of the entries of a folder, sorted bytewise, without "." and "..". The array and its strings are
 * owned by the caller: release with string_list_deinit. Only string_list_add may add to a list. 1 when the
 * folder is not there. */
struct string_list {
        char **items;
        size_t count;
};
int folder_list(int dir_fd, const char *path, struct string_list *ret, struct error *err) _must_check;
int folder_is_empty(int dir_fd, bool *ret, struct error *err) _must_check;
void string_list_add(struct string_list *list, const char *text);
bool string_list_has(const struct string_list *list, const char *text);
void string_list_deinit(struct string_list *list);
#define _cleanup_string_list_ _cleanup_(string_list_deinit)

struct free_space {
        uint64_t bytes; /* for this user */
        uint64_t inodes; /* UINT64_MAX where the file system has no fixed number (btrfs) */
};
int file_system_free(int dir_fd, struct free_space *ret, struct error *err) _must_check;

/* Lower-case hex SHA-256 (64 characters and NUL) of a regular file below dir_fd, read in pieces. 1 when not
 * there. */
int file_sha256(int dir_fd, const char *path, struct cancel *cancel, char ret_hex[65], uint64_t *ret_size,
        struct error *err) _must_check;
/* Whether path is a regular file of that size and hash; *ret is false for whatever else stands there. */
int file_matches(int dir_fd, const char *path, uint64_t size, const char *sha256, struct cancel *cancel,
        bool *ret, struct error *err) _must_check;
