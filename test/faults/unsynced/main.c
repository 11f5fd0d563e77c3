/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * unsynced FOLDER: a file system in memory, mounted on FOLDER, whose power can be cut (store.h says what
 * stays).
 *
 * Commands are lines on stdin, each answered by one on stdout:
 *   sync         everything is on the disk now          done
 *   cut          what is not on the disk is lost        lost NAMES FILES
 *   cut SEED     a random part of it is                 lost NAMES FILES
 * The end of stdin ends it. A cut mounts the folders anew: whatever had files open there is cut off, too.
 *
 * The kernel does not tell a file system in user space of syncfs(2): sync.c, preloaded, does.
 */
#define FUSE_USE_VERSION 312

#include "store.h"

#include <errno.h>
#include <fuse_lowlevel.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECONDS_KEPT 3600.0 /* nobody but the kernel changes anything here */
#define SYNC_ATTRIBUTE "user.unsynced.sync"

/* The kernel calls the root of each mount 1. */
static struct inode *inode_of(fuse_req_t request, fuse_ino_t number)
{
        struct inode *top = fuse_req_userdata(request);
        return number == FUSE_ROOT_ID ? top : store_inode(number);
}

static void reply_entry(fuse_req_t request, struct inode *inode)
{
        const struct fuse_entry_param entry = {
                .ino = inode->live.st_ino,
                .attr = inode->live,
                .attr_timeout = SECONDS_KEPT,
                .entry_timeout = SECONDS_KEPT,
        };
        fuse_reply_entry(request, &entry);
}

static void lookup(fuse_req_t request, fuse_ino_t folder, const char *name)
{
        struct entry *entry = store_find(inode_of(request, folder), name);
        if (entry)
                reply_entry(request, entry->live);
        else
                fuse_reply_err(request, ENOENT);
}

static void get_attributes(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *info)
{
        fuse_reply_attr(request, &inode_of(request, number)->live, SECONDS_KEPT);
}

static void set_attributes(
        fuse_req_t request, fuse_ino_t number, struct stat *wanted, int which, struct fuse_file_info *info)
{
        struct inode *inode = inode_of(request, number);
        struct timespec time;
        (void)clock_gettime(CLOCK_REALTIME, &time);
        if (which & FUSE_SET_ATTR_SIZE)
                (void)store_resize(inode, wanted->st_size);
        if (which & FUSE_SET_ATTR_MODE)
                inode->live.st_mode = (inode->live.st_mode & S_IFMT) | (wanted->st_mode & 07777);
        if (which & FUSE_SET_ATTR_UID)
                inode->live.st_uid = wanted->st_uid;
        if (which & FUSE_SET_ATTR_GID)
                inode->live.st_gid = wanted->st_gid;
        if (which & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_ATIME_NOW))
                inode->live.st_atim = which & FUSE_SET_ATTR_ATIME_NOW ? time : wanted->st_atim;
        if (which & (FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW))
                inode->live.st_mtim = which & FUSE_SET_ATTR_MTIME_NOW ? time : wanted->st_mtim;
        store_touch(inode);
        fuse_reply_attr(request, &inode->live, SECONDS_KEPT);
}

static void make(fuse_req_t request, fuse_ino_t folder, const char *name, mode_t mode, dev_t device,
        const char *link_text)
{
        const struct fuse_ctx *caller = fuse_req_ctx(request);
        struct inode *inode;
        int number = store_make(
                inode_of(request, folder), name, mode, device, caller->uid, caller->gid, link_text, &inode);
        if (number)
                fuse_reply_err(request, number);
        else
                reply_entry(request, inode);
}

static void make_node(fuse_req_t request, fuse_ino_t folder, const char *name, mode_t mode, dev_t device)
{
        make(request, folder, name, mode, device, NULL);
}

static void make_folder(fuse_req_t request, fuse_ino_t folder, const char *name, mode_t mode)
{
        make(request, folder, name, S_IFDIR | (mode & 07777), 0, NULL);
}

static void make_link(fuse_req_t request, const char *text, fuse_ino_t folder, const char *name)
{
        make(request, folder, name, S_IFLNK | 0777, 0, text);
}

static void create(
        fuse_req_t request, fuse_ino_t folder, const char *name, mode_t mode, struct fuse_file_info *info)
{
        const struct fuse_ctx *caller = fuse_req_ctx(request);
        struct inode *inode;
        int number = store_make(inode_of(request, folder), name, S_IFREG | (mode & 07777), 0, caller->uid,
                caller->gid, NULL, &inode);
        if (number) {
                fuse_reply_err(request, number);
                return;
        }
        const struct fuse_entry_param entry = {
                .ino = inode->live.st_ino,
                .attr = inode->live,
                .attr_timeout = SECONDS_KEPT,
                .entry_timeout = SECONDS_KEPT,
        };
        info->keep_cache = 1;
        fuse_reply_create(request, &entry, info);
}

static void read_link(fuse_req_t request, fuse_ino_t number)
{
        fuse_reply_readlink(request, inode_of(request, number)->data);
}

static void hard_link(fuse_req_t request, fuse_ino_t number, fuse_ino_t folder, const char *name)
{
        int failure = store_link(inode_of(request, number), inode_of(request, folder), name);
        if (failure)
                fuse_reply_err(request, failure);
        else
                reply_entry(request, inode_of(request, number));
}

static void remove_file(fuse_req_t request, fuse_ino_t folder, const char *name)
{
        fuse_reply_err(request, store_remove(inode_of(request, folder), name, false));
}

static void remove_folder(fuse_req_t request, fuse_ino_t folder, const char *name)
{
        fuse_reply_err(request, store_remove(inode_of(request, folder), name, true));
}

static void rename_entry(fuse_req_t request, fuse_ino_t from_folder, const char *from, fuse_ino_t to_folder,
        const char *to, unsigned flags)
{
        fuse_reply_err(request,
                store_rename(inode_of(request, from_folder), from, inode_of(request, to_folder), to, flags));
}

static void open_file(fuse_req_t request, fuse_ino_t number, struct fuse_file_info *info)
{
        if (info->flags & O_TRUNC)
                (void)store_resize(inode_of(request, number), 0);
        info->keep_cache = !(info->flags & O_TRUNC);
        fuse_reply_open(request, info);
}

static void read_file(
        fuse_req_t request, fuse_ino_t number, size_t size, off_t offset, struct fuse_file_info *info)
{
        const struct inode *file = inode_of(request, number);
        size_t left = offset < file->live.st_size ? (size_t)(file->live.st_size - offset) : 0;
        fuse_reply_buf(request, left ? file->data + offset : NULL, left < size ? left : size);
}

static void write_file(fuse_req_t request, fuse_ino_t number, const char *data, size_t size, off_t offset,
        struct fuse_file_info *info)
{
        (void)store_write(inode_of(request, number), data, size, offset);
        if (info->flags & O_DSYNC) /* O_SYNC holds its bit, too */
                store_sync(inode_of(request, number), (info->flags & O_SYNC) != O_SYNC);
        fuse_reply_write(request, size);
}

static void sync_inode(fuse_req_t request, fuse_ino_t number, int data_only, struct fuse_file_info *info)
{
        store_sync(inode_of(request, number), data_only);
        fuse_reply_err(request, 0);
}

static void read_folder(
        fuse_req_t request, fuse_ino_t number, size_t size, off_t offset, struct fuse_file_info *info)
{
        struct inode *folder = inode_of(request, number);
        char *page = malloc(size);
        size_t used = 0, needed = 0;
        if (!page) {
                fuse_reply_err(request, ENOMEM);
                return;
        }
        /* Cookies 1 and 2 are "." and "..", an entry's is two more than its own. */
        for (off_t i = offset; i < 2 && needed <= size - used; i++) {
                const struct inode *inode = i == 0 ? folder : folder->parent;
                needed = fuse_add_direntry(
                        request, page + used, size - used, i == 0 ? "." : "..", &inode->live, i + 1);
                used += needed <= size - used ? needed : 0;
        }
        for (size_t i = 0; i < folder->entry_count; i++) {
                const struct entry *entry = &folder->entries[i];
                if (!entry->live || (off_t)entry->cookie + 2 <= offset)
                        continue;
                needed = fuse_add_direntry(request, page + used, size - used, entry->name, &entry->live->live,
                        (off_t)entry->cookie + 2);
                if (needed > size - used)
                        break;
                used += needed;
        }
        fuse_reply_buf(request, page, used);
        free(page);
}

/* What sync.c makes of syncfs(2). */
static void set_extended_attribute(
        fuse_req_t request, fuse_ino_t number, const char *name, const char *value, size_t size, int flags)
{
        if (strcmp(name, SYNC_ATTRIBUTE) == 0)
                store_sync_all();
        fuse_reply_err(request, strcmp(name, SYNC_ATTRIBUTE) == 0 ? 0 : EOPNOTSUPP);
}

static void tell_free_space(fuse_req_t request, fuse_ino_t number)
{
        const struct statvfs status = {
                .f_bsize = PAGE,
                .f_frsize = PAGE,
                .f_blocks = 1 << 22,
                .f_bfree = 1 << 21,
                .f_bavail = 1 << 21,
                .f_files = 1 << 22,
                .f_ffree = 1 << 21,
                .f_favail = 1 << 21,
                .f_namemax = 255,
        };
        fuse_reply_statfs(request, &status);
}

static const struct fuse_lowlevel_ops operations = {
        .lookup = lookup,
        .getattr = get_attributes,
        .setattr = set_attributes,
        .readlink = read_link,
        .mknod = make_node,
        .mkdir = make_folder,
        .unlink = remove_file,
        .rmdir = remove_folder,
        .symlink = make_link,
        .rename = rename_entry,
        .link = hard_link,
        .create = create,
        .open = open_file,
        .read = read_file,
        .write = write_file,
        .fsync = sync_inode,
        .readdir = read_folder,
        .fsyncdir = sync_inode,
        .statfs = tell_free_space,
        .setxattr = set_extended_attribute,
};

#define MOUNT_LIMIT 8

struct mount {
        const char *folder;
        struct inode *top;
        struct fuse_session *session;
};

static struct {
        struct mount items[MOUNT_LIMIT];
        size_t count;
        struct fuse_buf buffer;
} mounts;

static void mount_folder(struct mount *mount)
{
        struct fuse_args arguments = FUSE_ARGS_INIT(0, NULL);
        if (fuse_opt_add_arg(&arguments, "unsynced") == 0 &&
                fuse_opt_add_arg(&arguments, "-odefault_permissions,fsname=unsynced") == 0)
                mount->session = fuse_session_new(&arguments, &operations, sizeof(operations), mount->top);
        fuse_opt_free_args(&arguments);
        if (!mount->session || fuse_session_mount(mount->session, mount->folder) != 0) {
                fprintf(stderr, "unsynced: can't mount %s\n", mount->folder);
                exit(1);
        }
}

static void mount_all(void)
{
        for (size_t i = 0; i < mounts.count; i++)
                mount_folder(&mounts.items[i]);
}

static void unmount_all(void)
{
        for (size_t i = 0; i < mounts.count; i++) {
                fuse_session_unmount(mounts.items[i].session);
                fuse_session_destroy(mounts.items[i].session);
        }
}

static void add_folder(const char *folder)
{
        struct mount *mount = &mounts.items[mounts.count];
        char name[16];
        (void)snprintf(name, sizeof(name), "%zu", mounts.count++);
        mount->folder = folder;
        (void)store_make(
                store_inode(ROOT_NUMBER), name, S_IFDIR | 0700, 0, geteuid(), getegid(), NULL, &mount->top);
}

static void serve(struct fuse_session *session)
{
        int size = fuse_session_receive_buf(session, &mounts.buffer);
        if (size > 0)
                fuse_session_process_buf(session, &mounts.buffer);
        else if (size != -EINTR && size != -EAGAIN) {
                fputs("unsynced: was unmounted by somebody else\n", stderr);
                exit(1);
        }
}

static void cut(const char *seed_text)
{
        uint64_t seed = strtoull(seed_text, NULL, 10);
        unmount_all();
        struct lost lost = store_cut(*seed_text ? &seed : NULL);
        mount_all();
        printf("lost %zu %zu\n", lost.names, lost.files);
}

/* False at the end of stdin. */
static bool obey(void)
{
        char line[64];
        if (!fgets(line, sizeof(line), stdin))
                return false;
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "cut", 3) == 0) {
                cut(line + 3 + strspn(line + 3, " "));
        } else if (strcmp(line, "sync") == 0) {
                store_sync_all();
                puts("done");
        } else {
                puts("unknown");
        }
        return true;
}

/* Serves whoever asks first; commands wait until nobody does. False at the end of stdin. */
static bool serve_once(void)
{
        struct pollfd watched[MOUNT_LIMIT + 1];
        bool idle = true;
        for (size_t i = 0; i < mounts.count; i++)
                watched[i] =
                        (struct pollfd){.fd = fuse_session_fd(mounts.items[i].session), .events = POLLIN};
        watched[mounts.count] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(watched, mounts.count + 1, -1) < 0)
                return errno == EINTR;
        for (size_t i = 0; i < mounts.count; i++)
                if (watched[i].revents) {
                        serve(mounts.items[i].session);
                        idle = false;
                }
        return idle && watched[mounts.count].revents ? obey() : true;
}

int main(int argc, char **argv)
{
        if (argc < 2 || argc > MOUNT_LIMIT + 1) {
                fputs("usage: unsynced FOLDER…\n", stderr);
                return 2;
        }
        setvbuf(stdin, NULL, _IONBF, 0); /* poll(2) knows nothing of what stdio holds */
        setvbuf(stdout, NULL, _IOLBF, 0);
        store_init();
        for (int i = 1; i < argc; i++)
                add_folder(argv[i]);
        store_sync_all();
        mount_all();
        puts("ready");
        while (serve_once())
                ;
        unmount_all();
        free(mounts.buffer.mem);
        return 0;
}
