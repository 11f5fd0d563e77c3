/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names that changed together: made or taken away (one), renamed (two). */
struct change {
        uint64_t number;
        struct timespec when;
        size_t count;
        struct {
                struct inode *folder;
                char *name;
                struct inode *child; /* NULL: taken away */
        } sets[2];
        struct inode *emptied; /* a folder that went away: what was taken out of it goes first */
        struct change *earlier, *later;
};

static struct {
        struct inode **inodes; /* by number; none is ever forgotten */
        size_t count;
        uint64_t changes, cookies;
        struct change *first, *last;
} store;

static void *resize(void *memory, size_t count, size_t size)
{
        void *grown = reallocarray(memory, count ? count : 1, size);
        if (!grown) {
                fputs("unsynced: no memory left\n", stderr);
                exit(1);
        }
        return grown;
}

static void *zeroed(size_t count, size_t size)
{
        return memset(resize(NULL, count, size), 0, count * size);
}

static char *copy_text(const char *text)
{
        size_t size = strlen(text) + 1;
        return memcpy(resize(NULL, size, 1), text, size);
}

static struct timespec now(void)
{
        struct timespec time;
        (void)clock_gettime(CLOCK_REALTIME, &time);
        return time;
}

static size_t pages_of(off_t size)
{
        return ((size_t)size + PAGE - 1) / PAGE;
}

/* Inodes */

static struct inode *inode_new(mode_t mode, uid_t user, gid_t group)
{
        struct inode *inode = zeroed(1, sizeof(*inode));
        struct timespec time = now();
        store.inodes = resize(store.inodes, store.count + 1, sizeof(struct inode *));
        inode->live = (struct stat){
                .st_ino = store.count,
                .st_mode = mode,
                .st_nlink = S_ISDIR(mode) ? 2 : 0,
                .st_uid = user,
                .st_gid = group,
                .st_blksize = PAGE,
                .st_atim = time,
                .st_mtim = time,
                .st_ctim = time,
        };
        inode->synced = inode->live;
        store.inodes[store.count++] = inode;
        return inode;
}

void store_init(void)
{
        store.inodes = zeroed(ROOT_NUMBER, sizeof(struct inode *));
        store.count = ROOT_NUMBER;
        struct inode *root = inode_new(S_IFDIR | 0755, 0, 0);
        root->parent = root;
}

struct inode *store_inode(uint64_t number)
{
        return store.inodes[number];
}

void store_touch(struct inode *inode)
{
        inode->live.st_ctim = now();
}

/* Names */

static struct entry *find_any(struct inode *folder, const char *name)
{
        for (size_t i = 0; i < folder->entry_count; i++)
                if (strcmp(folder->entries[i].name, name) == 0)
                        return &folder->entries[i];
        return NULL;
}

struct entry *store_find(struct inode *folder, const char *name)
{
        struct entry *entry = find_any(folder, name);
        return entry && entry->live ? entry : NULL;
}

static struct entry *find_or_add(struct inode *folder, const char *name)
{
        struct entry *entry = find_any(folder, name);
        if (entry)
                return entry;
        folder->entries = resize(folder->entries, folder->entry_count + 1, sizeof(struct entry));
        entry = &folder->entries[folder->entry_count++];
        *entry = (struct entry){.cookie = ++store.cookies, .name = copy_text(name)};
        return entry;
}

static void drop_if_nothing(struct inode *folder, struct entry *entry)
{
        if (entry->live || entry->synced)
                return;
        size_t index = (size_t)(entry - folder->entries);
        free(entry->name);
        memmove(entry, entry + 1, (folder->entry_count - index - 1) * sizeof(*entry));
        folder->entry_count--;
}

static void count_name(struct inode *folder, struct inode *child, int more)
{
        nlink_t *links = S_ISDIR(child->live.st_mode) ? &folder->live.st_nlink : &child->live.st_nlink;
        *links = (nlink_t)((long)*links + more);
}

static void set_live(struct inode *folder, const char *name, struct inode *child, struct timespec when)
{
        struct entry *entry = find_or_add(folder, name);
        if (entry->live)
                count_name(folder, entry->live, -1);
        entry->live = child;
        if (child) {
                count_name(folder, child, 1);
                child->live.st_ctim = when;
                if (S_ISDIR(child->live.st_mode))
                        child->parent = folder;
        }
        folder->live.st_mtim = folder->live.st_ctim = when;
        drop_if_nothing(folder, entry);
}

static struct change *change_new(struct inode *emptied)
{
        struct change *change = zeroed(1, sizeof(*change));
        change->number = ++store.changes;
        change->when = now();
        change->emptied = emptied;
        change->earlier = store.last;
        if (store.last)
                store.last->later = change;
        else
                store.first = change;
        store.last = change;
        return change;
}

static void change_set(struct change *change, struct inode *folder, const char *name, struct inode *child)
{
        change->sets[change->count].folder = folder;
        change->sets[change->count].name = copy_text(name);
        change->sets[change->count++].child = child;
        set_live(folder, name, child, change->when);
}

static void change_free(struct change *change)
{
        *(change->earlier ? &change->earlier->later : &store.first) = change->later;
        *(change->later ? &change->later->earlier : &store.last) = change->earlier;
        for (size_t i = 0; i < change->count; i++)
                free(change->sets[i].name);
        free(change);
}

static bool is_empty(const struct inode *folder)
{
        for (size_t i = 0; i < folder->entry_count; i++)
                if (folder->entries[i].live)
                        return false;
        return true;
}

int store_make(struct inode *folder, const char *name, mode_t mode, dev_t device, uid_t user, gid_t group,
        const char *link_text, struct inode **ret)
{
        if (store_find(folder, name))
                return EEXIST;
        if (folder->live.st_mode & S_ISGID) {
                group = folder->live.st_gid;
                mode |= S_ISDIR(mode) ? S_ISGID : 0;
        }
        struct inode *inode = inode_new(mode, user, group);
        inode->live.st_rdev = inode->synced.st_rdev = device;
        if (link_text) {
                inode->data = copy_text(link_text);
                inode->live.st_size = inode->synced.st_size = (off_t)strlen(link_text);
        }
        change_set(change_new(NULL), folder, name, inode);
        *ret = inode;
        return 0;
}

int store_link(struct inode *inode, struct inode *folder, const char *name)
{
        if (store_find(folder, name))
                return EEXIST;
        change_set(change_new(NULL), folder, name, inode);
        return 0;
}

int store_remove(struct inode *folder, const char *name, bool is_folder)
{
        struct entry *entry = store_find(folder, name);
        if (!entry)
                return ENOENT;
        struct inode *child = entry->live;
        if (S_ISDIR(child->live.st_mode) != is_folder)
                return is_folder ? ENOTDIR : EISDIR;
        if (is_folder && !is_empty(child))
                return ENOTEMPTY;
        change_set(change_new(is_folder ? child : NULL), folder, name, NULL);
        child->live.st_ctim = folder->live.st_ctim;
        return 0;
}

int store_rename(
        struct inode *from_folder, const char *from, struct inode *to_folder, const char *to, unsigned flags)
{
        struct entry *source = store_find(from_folder, from), *target = store_find(to_folder, to);
        struct inode *thing = source ? source->live : NULL, *other = target ? target->live : NULL;
        if (!thing || (flags & RENAME_EXCHANGE && !other))
                return ENOENT;
        if (other && flags & RENAME_NOREPLACE)
                return EEXIST;
        if (thing == other)
                return 0;
        bool replaces = other && !(flags & RENAME_EXCHANGE);
        if (replaces && S_ISDIR(other->live.st_mode) && !is_empty(other))
                return ENOTEMPTY;
        struct change *change = change_new(replaces && S_ISDIR(other->live.st_mode) ? other : NULL);
        change_set(change, from_folder, from, flags & RENAME_EXCHANGE ? other : NULL);
        change_set(change, to_folder, to, thing);
        return 0;
}

/* Data */

/* Before a page of the disk's is changed, its old bytes are kept. */
static void keep_pages(struct inode *file, size_t first, size_t end)
{
        size_t pages = pages_of(file->synced.st_size);
        file->changed = true;
        if (pages > 0 && !file->kept)
                file->kept = zeroed(pages, sizeof(char *));
        for (size_t i = first; i < end && i < pages; i++)
                if (!file->kept[i])
                        file->kept[i] = memcpy(resize(NULL, PAGE, 1), file->data + i * PAGE, PAGE);
}

static void forget_pages(struct inode *file)
{
        for (size_t i = 0; file->kept && i < pages_of(file->synced.st_size); i++)
                free(file->kept[i]);
        free(file->kept);
        file->kept = NULL;
        file->changed = false;
}

/* Room is of whole pages, and zero behind the file's end. */
static void make_room(struct inode *file, off_t size)
{
        size_t wanted = pages_of(size) * PAGE;
        if (wanted <= file->room)
                return;
        wanted = wanted < file->room * 2 ? file->room * 2 : wanted;
        file->data = resize(file->data, wanted, 1);
        memset(file->data + file->room, 0, wanted - file->room);
        file->room = wanted;
}

static void set_size(struct inode *file, off_t size)
{
        file->live.st_size = size;
        file->live.st_blocks = (blkcnt_t)(pages_of(size) * (PAGE / 512));
        file->live.st_mtim = file->live.st_ctim = now();
}

int store_write(struct inode *file, const void *data, size_t size, off_t offset)
{
        off_t end = offset + (off_t)size;
        make_room(file, end);
        keep_pages(file, (size_t)offset / PAGE, pages_of(end));
        memcpy(file->data + offset, data, size);
        set_size(file, end > file->live.st_size ? end : file->live.st_size);
        return 0;
}

int store_resize(struct inode *file, off_t size)
{
        off_t old = file->live.st_size;
        make_room(file, size);
        if (size < old) {
                keep_pages(file, (size_t)size / PAGE, pages_of(old));
                memset(file->data + size, 0, (size_t)(old - size));
        }
        file->changed = true;
        set_size(file, size);
        return 0;
}

/* To the disk */

static void sync_data(struct inode *file)
{
        forget_pages(file);
        file->synced.st_size = file->live.st_size;
        file->synced.st_blocks = file->live.st_blocks;
}

static void commit(struct change *change)
{
        for (size_t i = 0; i < change->count; i++) {
                struct inode *folder = change->sets[i].folder;
                struct entry *entry = find_or_add(folder, change->sets[i].name);
                entry->synced = change->sets[i].child;
                drop_if_nothing(folder, entry);
                folder->synced.st_mtim = folder->synced.st_ctim = change->when;
        }
        change_free(change);
}

static void raise_limit(struct inode *folder, uint64_t limit)
{
        if (folder && folder->limit < limit)
                folder->limit = limit;
}

/* Commits what the folders' limits ask for, with all that must come before it. */
static void commit_up_to_limits(void)
{
        for (struct change *change = store.last; change; change = change->earlier) {
                bool wanted = false;
                for (size_t i = 0; i < change->count; i++)
                        wanted = wanted || change->sets[i].folder->limit >= change->number;
                for (size_t i = 0; wanted && i < change->count; i++)
                        raise_limit(change->sets[i].folder, change->number);
                if (wanted)
                        raise_limit(change->emptied, change->number);
        }
        for (struct change *change = store.first, *later; change; change = later) {
                later = change->later;
                if (change->sets[0].folder->limit >= change->number)
                        commit(change);
        }
        for (size_t i = ROOT_NUMBER; i < store.count; i++)
                store.inodes[i]->limit = 0;
}

void store_sync(struct inode *inode, bool data_only)
{
        if (S_ISDIR(inode->live.st_mode)) {
                inode->limit = UINT64_MAX;
                commit_up_to_limits();
        } else if (S_ISREG(inode->live.st_mode)) {
                sync_data(inode);
        }
        if (!data_only)
                inode->synced = inode->live;
}

void store_sync_all(void)
{
        while (store.first)
                commit(store.first);
        for (size_t i = ROOT_NUMBER; i < store.count; i++)
                store_sync(store.inodes[i], false);
}

/* The cut */

static uint64_t random_state;

/* splitmix64, https://prng.di.unimi.it/splitmix64.c */
static uint64_t random_number(void)
{
        uint64_t z = (random_state += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
}

static bool toss(void)
{
        return random_number() & 1;
}

/* The disk has got one page and not another, a new length or still the old one. */
static void keep_some_data(struct inode *file)
{
        size_t live_pages = pages_of(file->live.st_size), synced_pages = pages_of(file->synced.st_size);
        for (size_t i = 0; i < synced_pages; i++)
                if (file->kept && file->kept[i] && i < live_pages && toss()) {
                        free(file->kept[i]);
                        file->kept[i] = NULL;
                }
        if (file->live.st_size <= file->synced.st_size || toss())
                return;
        for (size_t i = synced_pages; i < live_pages; i++)
                if (toss())
                        memset(file->data + i * PAGE, 0, PAGE);
        if (file->kept) {
                file->kept = resize(file->kept, live_pages, sizeof(char *));
                memset(file->kept + synced_pages, 0, (live_pages - synced_pages) * sizeof(char *));
        }
        file->synced.st_size = file->live.st_size;
        file->synced.st_blocks = file->live.st_blocks;
}

static void keep_some(uint64_t seed)
{
        random_state = seed;
        for (struct change *change = store.first; change; change = change->later)
                for (size_t i = 0; i < change->count; i++)
                        if (toss())
                                raise_limit(change->sets[i].folder, change->number);
        commit_up_to_limits();
        for (size_t i = ROOT_NUMBER; i < store.count; i++) {
                struct inode *inode = store.inodes[i];
                off_t size = inode->synced.st_size;
                blkcnt_t blocks = inode->synced.st_blocks;
                if (toss())
                        inode->synced = inode->live;
                inode->synced.st_size = size;
                inode->synced.st_blocks = blocks;
                if (inode->changed)
                        keep_some_data(inode);
        }
}

static void restore_data(struct inode *file)
{
        off_t size = file->synced.st_size;
        size_t pages = pages_of(size);
        make_room(file, size);
        for (size_t i = 0; file->kept && i < pages; i++)
                if (file->kept[i])
                        memcpy(file->data + i * PAGE, file->kept[i], PAGE);
        if (file->room > (size_t)size)
                memset(file->data + size, 0, file->room - (size_t)size);
        forget_pages(file);
}

static void restore_names(struct inode *folder)
{
        for (size_t i = folder->entry_count; i-- > 0;) {
                folder->entries[i].live = folder->entries[i].synced;
                drop_if_nothing(folder, &folder->entries[i]);
        }
}

static void count_all_names(void)
{
        for (size_t i = ROOT_NUMBER; i < store.count; i++)
                store.inodes[i]->live.st_nlink = S_ISDIR(store.inodes[i]->live.st_mode) ? 2 : 0;
        for (size_t i = ROOT_NUMBER; i < store.count; i++) {
                struct inode *folder = store.inodes[i];
                for (size_t j = 0; j < folder->entry_count; j++) {
                        struct inode *child = folder->entries[j].live;
                        count_name(folder, child, 1);
                        if (S_ISDIR(child->live.st_mode))
                                child->parent = folder;
                }
        }
        for (size_t i = ROOT_NUMBER; i < store.count; i++)
                store.inodes[i]->synced.st_nlink = store.inodes[i]->live.st_nlink;
}

struct lost store_cut(const uint64_t *seed)
{
        struct lost lost = {0};
        if (seed)
                keep_some(*seed);
        while (store.first) {
                lost.names += store.first->count;
                change_free(store.first);
        }
        for (size_t i = ROOT_NUMBER; i < store.count; i++) {
                struct inode *inode = store.inodes[i];
                if (S_ISREG(inode->live.st_mode) && inode->changed) {
                        lost.files++;
                        restore_data(inode);
                }
                restore_names(inode);
                inode->live = inode->synced;
        }
        count_all_names();
        return lost;
}
