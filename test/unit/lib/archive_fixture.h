/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A folder with an archive "a.zip" and a folder "out" for it. Included once, by the program's only file. */

#include "lib/archive.h"
#include "lib/files.h"
#include "lib/memory.h"
#include "test/unit/zip_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>

static const struct archive_limits roomy = {
        .entries = 1000, .bytes = 1 << 28, .file_bytes = 1 << 27, .ratio = 100};

/* No test here pulls the plug: syncs are not waited for. */
int fsync(int fd)
{
        return 0;
}

int syncfs(int fd)
{
        return 0;
}

struct fixture {
        char path[64];
        int fd;
};

static int setup(void **state)
{
        struct fixture *fixture = memory_new(sizeof(*fixture));
        strcpy(fixture->path, "/tmp/test-archive-XXXXXX");
        if (!mkdtemp(fixture->path))
                return -1;
        fixture->fd = open(fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *state = fixture;
        return fixture->fd < 0 ? -1 : mkdirat(fixture->fd, "out", 0700);
}

static int teardown(void **state)
{
        struct fixture *fixture = *state;
        _cleanup_error_ struct error err = {0};
        char *slash = strrchr(fixture->path, '/');
        _cleanup_close_ int parent = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int removed = tree_remove(parent, slash + 1, &err);
        close(fixture->fd);
        free(fixture);
        return removed;
}

#define OK(call)                                                                                             \
        do {                                                                                                 \
                _cleanup_error_ struct error err = {0};                                                      \
                if ((call) < 0)                                                                              \
                        fail_msg("%s: %s", #call, error_message(&err));                                      \
        } while (0)

static void put(struct fixture *fixture, const char *name, const char *data, size_t size)
{
        OK(file_write_atomic(fixture->fd, name, data, size, 0644, &err));
}

static _unused void build(struct fixture *fixture, const struct zip_item *items, size_t count)
{
        _cleanup_buffer_ struct buffer zip = {0};
        zip_build(items, count, &zip);
        put(fixture, "a.zip", zip.data, zip.size);
}
#define BUILD(fixture, ...)                                                                                  \
        build(fixture, (const struct zip_item[]){__VA_ARGS__},                                               \
                ARRAY_SIZE(((const struct zip_item[]){__VA_ARGS__})))

static struct archive *opened(struct fixture *fixture)
{
        struct archive *archive = NULL;
        OK(archive_open(fixture->fd, "a.zip", &roomy, &archive, &err));
        return archive;
}

static _unused bool is_there(struct fixture *fixture, const char *path)
{
        struct stat status;
        return fstatat(fixture->fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static int extract_into(struct fixture *fixture, const char *folder, struct archive *archive,
        struct archive_extract_result *ret, struct error *err)
{
        _cleanup_close_ int fd = openat(fixture->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return archive_extract(archive, &(struct archive_extract_options){.folder_fd = fd}, ret, err);
}

static struct archive_extract_result extract(struct fixture *fixture)
{
        _cleanup_(archive_closep) struct archive *archive = opened(fixture);
        struct archive_extract_result result = {0};
        OK(extract_into(fixture, "out", archive, &result, &err));
        return result;
}
