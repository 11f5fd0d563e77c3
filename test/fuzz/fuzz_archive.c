/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Zip archives, hostile: what is opened can be verified and extracted without leaving the folder, and what
 * was extracted once is kept the second time. A name outside of the folder is a finding.
 */

#include "lib/archive.h"
#include "lib/files.h"
#include "lib/memory.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int syncfs(int fd);

int syncfs(int fd)
{
        return 0; /* it would wait for the whole machine's disks */
}

static void must(bool holds, const struct error *err)
{
        if (holds)
                return;
        fprintf(stderr, "%s\n", error_message(err));
        abort();
}

static char scratch_path[] = "/tmp/fuzz-archive-XXXXXX";

static void remove_scratch(void)
{
        struct error err = {0};
        _cleanup_close_ int parent = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        (void)!tree_remove(parent, strrchr(scratch_path, '/') + 1, &err);
}

/* A folder that holds the archive and "out"; made once, cleaned by the next input's extraction. */
static int scratch(void)
{
        static int fd = -1;
        struct error err = {0};
        if (fd >= 0)
                return fd;
        must(mkdtemp(scratch_path) != NULL && atexit(remove_scratch) == 0, &err);
        fd = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        must(fd >= 0 && mkdirat(fd, "out", 0700) == 0, &err);
        return fd;
}

static void write_input(int folder, const uint8_t *data, size_t size)
{
        _cleanup_close_ int fd = openat(folder, "a.zip", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        struct error err = {0};
        must(fd >= 0 && file_write_all(fd, data, size, "a.zip", &err) == 0, &err);
}

static void extract_twice(struct archive *archive, int folder)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_close_ int out = openat(folder, "out", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct archive_extract_options options = {.folder_fd = out};
        struct archive_extract_result first, second;
        if (archive_extract(archive, &options, &first, &err) < 0)
                return;
        must(archive_extract(archive, &options, &second, &err) == 0, &err);
        must(second.entries == first.entries && second.bytes == first.bytes && second.kept >= first.kept,
                &err);
}

static void must_stay_inside(int folder)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_string_list_ struct string_list names = {0};
        must(folder_list(folder, ".", &names, &err) == 0 && names.count == 2, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const struct archive_limits limits = {
                .entries = 100, .bytes = 1 << 20, .file_bytes = 1 << 19, .ratio = 50};
        _cleanup_error_ struct error err = {0};
        _cleanup_(archive_closep) struct archive *archive = NULL;
        int folder = scratch();
        write_input(folder, data, size);
        if (archive_open(folder, "a.zip", &limits, &archive, &err) == 0) {
                _cleanup_error_ struct error damaged = {0};
                (void)!archive_verify(archive, NULL, &damaged);
                extract_twice(archive, folder);
        }
        must_stay_inside(folder);
        return 0;
}
