/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Files in memory of which the store knows what a power cut leaves.
 *
 * Each inode has its live state and the one that is on the "disk". Strictly as POSIX has it, and no luck
 * added:
 *
 *   file     data and attributes are on the disk when that file was synced; pages written since are lost
 *   folder   a name made, changed or taken away is on the disk when a folder that it was done in was synced.
 *            A rename is one change of both folders. What comes to the disk takes with it what was done
 * before in the same folders: within a folder the order holds, between folders nothing does. sync     of all:
 * everything
 *
 * Syncing a file does not sync its name, syncing a folder no file in it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

#define PAGE 4096u
#define ROOT_NUMBER 1

struct inode;

/* A name in a folder: what stands there, and what stands there on the disk. Either may be NULL. */
struct entry {
        uint64_t cookie; /* where readdir goes on */
        char *name;
        struct inode *live, *synced;
};

struct inode {
        struct stat live, synced;
        struct inode *parent; /* of a folder */

        char *data; /* of a file; the text of a link */
        size_t room;
        char **kept; /* pages as they are on the disk, where they were changed since; one for each synced page
                      */
        bool changed; /* data was written since the last sync */

        struct entry *entries; /* of a folder, in the order of their cookies */
        size_t entry_count;
        uint64_t limit; /* while changes are chosen: up to which one they come to the disk */
};

struct lost {
        size_t names, files;
};

void store_init(void);
struct inode *store_inode(uint64_t number);

/* All return 0 or an errno. */
struct entry *store_find(struct inode *folder, const char *name); /* the live ones only; NULL: not there */
int store_make(struct inode *folder, const char *name, mode_t mode, dev_t device, uid_t user, gid_t group,
        const char *link_text, struct inode **ret);
int store_link(struct inode *inode, struct inode *folder, const char *name);
int store_remove(struct inode *folder, const char *name, bool is_folder);
int store_rename(
        struct inode *from_folder, const char *from, struct inode *to_folder, const char *to, unsigned flags);

int store_write(struct inode *file, const void *data, size_t size, off_t offset);
int store_resize(struct inode *file, off_t size);
void store_touch(struct inode *inode); /* ctime */

/* Attributes are left as they are on the disk with data_only (fdatasync), but for the size. */
void store_sync(struct inode *inode, bool data_only);
void store_sync_all(void);

/* The power goes. Without a seed everything that was not synced is lost; with one the disk has got some of
 * it: a random part of the changes, as far as each needs those before it, and of the pages. */
struct lost store_cut(const uint64_t *seed);
