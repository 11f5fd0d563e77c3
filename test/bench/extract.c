/* SPDX-License-Identifier: GPL-3.0-or-later */

/* extract ZIP FOLDER: unpacks a package as the stage does, syncfs included, into a folder that is there. */

#include "lib/archive.h"
#include "lib/files.h"

static const struct archive_limits limits = {
        .entries = 1000000, .bytes = UINT64_C(1) << 40, .file_bytes = UINT64_C(1) << 36, .ratio = 1000};

static int extract(const char *package, const char *folder, struct error *err)
{
        _cleanup_(archive_closep) struct archive *archive = NULL;
        _cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_close_ int here = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        struct archive_extract_result result;
        if (fd < 0 || here < 0)
                return error_set_errno(err, errno, "can't open %s", folder);
        if (package[0] != '/')
                return error_set(err, REASON_INVALID_ARGUMENT, "%s is no absolute path", package);
        const struct archive_extract_options options = {.folder_fd = fd};
        return archive_open(here, package + 1, &limits, &archive, err) < 0
                       ? -1
                       : archive_extract(archive, &options, &result, err);
}

int main(int argc, char **argv)
{
        _cleanup_error_ struct error err = {0};
        if (argc != 3) {
                fprintf(stderr, "usage: extract ZIP FOLDER\n");
                return 2;
        }
        if (extract(argv[1], argv[2], &err) == 0)
                return 0;
        fprintf(stderr, "extract: %s\n", error_message(&err));
        return 1;
}
