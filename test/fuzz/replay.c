/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Gives a fuzz target every file of the folders that are named: the corpus as a test, without a fuzzer. */

#include "lib/files.h"
#include "lib/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CORPUS_FILE_LIMIT (8u * 1024 * 1024)

static int replay_folder(const char *path, size_t *count, struct error *err)
{
        _cleanup_close_ int folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder_fd < 0)
                return error_set_errno(err, errno, "%s", path);
        _cleanup_string_list_ struct string_list names = {0};
        if (folder_list(folder_fd, ".", &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *data = NULL;
                size_t size = 0;
                if (file_read(folder_fd, names.items[i], CORPUS_FILE_LIMIT, &data, &size, err) < 0)
                        return -1;
                fprintf(stderr, "%s\n", names.items[i]);
                LLVMFuzzerTestOneInput((const uint8_t *)data, size);
                (*count)++;
        }
        return 0;
}

int main(int argc, char **argv)
{
        size_t count = 0;
        for (int i = 1; i < argc; i++) {
                _cleanup_error_ struct error err = {0};
                if (replay_folder(argv[i], &count, &err) < 0) {
                        fprintf(stderr, "%s\n", error_message(&err));
                        return 1;
                }
        }
        return count > 0 ? 0 : 1;
}
