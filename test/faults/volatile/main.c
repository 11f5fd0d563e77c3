/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * volatile FOLDER MIB: a disk of so many MiB, the file FOLDER/disk, with a cache that forgets what was
 * written since the last flush (fsync) when the power goes. A loop device on it brings a file system's own
 * flushes here.
 *
 * Commands are lines on stdin, each answered by one on stdout:
 *   cut           the power goes, and with it all that was not flushed     off WRITES
 *   cut SEED      … of which each page is on the disk or not, by chance    off WRITES
 *   limit N SEED  … when the Nth write from now on comes                   on 0
 *   on            the power is back                                        on 0
 *   state         how it stands                                            on WRITES, off WRITES
 * WRITES counts from the last "on" or "limit". While it is off each call fails with EIO. The end of stdin
 * ends it.
 */
#define FUSE_USE_VERSION 312

#include <errno.h>
#include <fuse.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DISK "/disk"
#define PAGE 4096u

static struct {
        pthread_mutex_t lock;
        char *data;
        size_t size;
        char **flushed; /* of each page: what it was at the last flush; NULL: what it is */
        size_t writes, limit; /* limit 0: none */
        unsigned seed;
        bool is_off;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* seed NULL: everything is forgotten. */
static void cut(unsigned *seed)
{
        for (size_t page = 0; page < disk.size / PAGE; page++) {
                if (!disk.flushed[page])
                        continue;
                if (!seed || rand_r(seed) % 2 == 0)
                        memcpy(disk.data + page * PAGE, disk.flushed[page], PAGE);
                free(disk.flushed[page]);
                disk.flushed[page] = NULL;
        }
        disk.is_off = true;
}

static void flush(void)
{
        for (size_t page = 0; page < disk.size / PAGE; page++) {
                free(disk.flushed[page]);
                disk.flushed[page] = NULL;
        }
}

static bool remember(size_t offset, size_t size)
{
        for (size_t page = offset / PAGE; page < (offset + size + PAGE - 1) / PAGE; page++) {
                if (disk.flushed[page])
                        continue;
                disk.flushed[page] = malloc(PAGE);
                if (!disk.flushed[page])
                        return false;
                memcpy(disk.flushed[page], disk.data + page * PAGE, PAGE);
        }
        return true;
}

static bool is_inside(off_t offset, size_t size)
{
        return offset >= 0 && (size_t)offset <= disk.size && size <= disk.size - (size_t)offset;
}

static int get_attributes(const char *path, struct stat *ret, struct fuse_file_info *info)
{
        *ret = (struct stat){.st_nlink = 1};
        if (strcmp(path, "/") == 0)
                ret->st_mode = S_IFDIR | 0700;
        else if (strcmp(path, DISK) == 0)
                *ret = (struct stat){.st_nlink = 1, .st_mode = S_IFREG | 0600, .st_size = (off_t)disk.size};
        else
                return -ENOENT;
        return 0;
}

static int open_disk(const char *path, struct fuse_file_info *info)
{
        return strcmp(path, DISK) == 0 ? 0 : -ENOENT;
}

static int read_disk(const char *path, char *data, size_t size, off_t offset, struct fuse_file_info *info)
{
        pthread_mutex_lock(&disk.lock);
        int result = disk.is_off || !is_inside(offset, size) ? -EIO : (int)size;
        if (result > 0)
                memcpy(data, disk.data + offset, size);
        pthread_mutex_unlock(&disk.lock);
        return result;
}

static int write_disk(
        const char *path, const char *data, size_t size, off_t offset, struct fuse_file_info *info)
{
        pthread_mutex_lock(&disk.lock);
        int result = -EIO;
        if (!disk.is_off && ++disk.writes == disk.limit)
                cut(disk.seed ? &disk.seed : NULL);
        if (!disk.is_off && is_inside(offset, size) && remember((size_t)offset, size)) {
                memcpy(disk.data + offset, data, size);
                result = (int)size;
        }
        pthread_mutex_unlock(&disk.lock);
        return result;
}

static int sync_disk(const char *path, int data_only, struct fuse_file_info *info)
{
        pthread_mutex_lock(&disk.lock);
        int result = disk.is_off ? -EIO : 0;
        if (result == 0)
                flush();
        pthread_mutex_unlock(&disk.lock);
        return result;
}

static void obey(const char *line)
{
        unsigned seed = 0;
        size_t limit = 0;
        if (sscanf(line, "cut %u", &seed) == 1) {
                cut(&seed);
        } else if (strcmp(line, "cut\n") == 0) {
                cut(NULL);
        } else if (sscanf(line, "limit %zu %u", &limit, &seed) == 2) {
                disk.limit = limit;
                disk.seed = seed;
                disk.writes = 0;
        } else if (strcmp(line, "on\n") == 0) {
                disk.is_off = false;
                disk.limit = 0;
                disk.writes = 0;
        }
        printf("%s %zu\n", disk.is_off ? "off" : "on", disk.writes);
}

static void *take_commands(void *argument)
{
        char line[64];
        while (fgets(line, sizeof(line), stdin)) {
                pthread_mutex_lock(&disk.lock);
                obey(line);
                pthread_mutex_unlock(&disk.lock);
        }
        fuse_unmount(argument);
        return NULL;
}

static const struct fuse_operations operations = {
        .getattr = get_attributes,
        .open = open_disk,
        .read = read_disk,
        .write = write_disk,
        .fsync = sync_disk,
};

int main(int argc, char **argv)
{
        char *words[] = {argv[0], NULL};
        struct fuse_args arguments = FUSE_ARGS_INIT(1, words);
        pthread_t commands;
        if (argc != 3) {
                fputs("usage: volatile FOLDER MIB\n", stderr);
                return 2;
        }
        disk.size = strtoul(argv[2], NULL, 10) << 20;
        disk.data = mmap(
                NULL, disk.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        disk.flushed = calloc(disk.size / PAGE, sizeof(*disk.flushed));
        struct fuse *fuse = fuse_new(&arguments, &operations, sizeof(operations), NULL);
        if (disk.data == MAP_FAILED || !disk.flushed || !fuse || fuse_mount(fuse, argv[1]) != 0) {
                fprintf(stderr, "volatile: can't mount %s\n", argv[1]);
                return 1;
        }
        setvbuf(stdout, NULL, _IOLBF, 0);
        puts("ready");
        if (pthread_create(&commands, NULL, take_commands, fuse) != 0)
                return 1;
        (void)fuse_loop(fuse);
        return 0;
}
