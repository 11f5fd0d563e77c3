/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Extraction, one file at a time, in the archive's own order.
 *
 * Single files are not synced: after a power cut each is proven by its CRC-32 or written again, and one
 * syncfs at the end vouches for all.
 */

#include "lib/archive_private.h"
#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/memory.h"

#include <inttypes.h>
#include <string.h>
#include <zlib.h>

#define PIECE_SIZE ((size_t)256 * 1024)

struct extraction {
        struct archive *archive;
        const struct archive_extract_options *options;
        char *temporary; /* where a file is written before it gets its name */
        unsigned char *piece;
        uint64_t done;
        uint64_t kept;
        char *parent; /* the folder of the last file, and its descriptor */
        int parent_fd;
};

static void tell_progress(struct extraction *extraction, uint64_t more)
{
        extraction->done += more;
        if (extraction->options->on_progress)
                extraction->options->on_progress(
                        extraction->done, extraction->archive->bytes, extraction->options->userdata);
}

/* Folders */

static int remove_all(int folder_fd, const char *path, const struct stat *status, struct error *err)
{
        if (S_ISDIR(status->st_mode))
                return tree_remove(folder_fd, path, err) < 0 ? -1 : 0;
        return file_remove(folder_fd, path, err) < 0 ? -1 : 0;
}

/* Removes below path what the archive does not hold, or holds as something else. */
static int remove_strangers(struct extraction *extraction, const char *path, struct error *err)
{
        int folder_fd = extraction->options->folder_fd;
        _cleanup_string_list_ struct string_list names = {0};
        if (cancel_check(extraction->options->cancel, err) < 0 ||
                folder_list(folder_fd, path[0] ? path : ".", &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *name = string_format("%s%s%s", path, path[0] ? "/" : "", names.items[i]);
                struct stat status;
                bool (*keeps)(const char *name) = extraction->options->keeps;
                int found = file_stat(folder_fd, name, &status, err);
                if (found < 0)
                        return -1;
                if (found > 0 || (!path[0] && keeps && keeps(name)))
                        continue;
                bool is_folder = S_ISDIR(status.st_mode);
                bool belongs = is_folder ? archive_find_folder(extraction->archive, name) != NULL
                                         : S_ISREG(status.st_mode) &&
                                                   archive_find_file(extraction->archive, name) != NULL;
                if (!belongs && remove_all(folder_fd, name, &status, err) < 0)
                        return -1;
                if (belongs && is_folder && remove_strangers(extraction, name, err) < 0)
                        return -1;
        }
        return 0;
}

/* Opens the folder that path lies in, unless it is the last one anyway. */
static int enter_parent(
        struct extraction *extraction, const char *path, const char **ret_name, struct error *err)
{
        const char *slash = strrchr(path, '/');
        _cleanup_free_ char *parent = slash ? memory_copy(path, (size_t)(slash - path)) : string_copy(".");
        *ret_name = slash ? slash + 1 : path;
        if (string_equal(parent, extraction->parent))
                return 0;
        _cleanup_close_ int fd = -1;
        int opened = folder_open(extraction->options->folder_fd, parent, &fd, err);
        if (opened > 0)
                return error_set(
                        err, REASON_EVIDENCE_CONTRADICTS, "%s was taken away during the extraction", parent);
        if (opened < 0)
                return -1;
        closep(&extraction->parent_fd);
        extraction->parent_fd = steal_fd(&fd);
        string_replace(&extraction->parent, steal(&parent));
        return 0;
}

static int make_folders(struct extraction *extraction, struct error *err)
{
        for (size_t i = 0; i < extraction->archive->folder_count; i++) {
                const struct archive_folder *folder = &extraction->archive->folders[i];
                const char *name;
                if (enter_parent(extraction, folder->name, &name, err) < 0)
                        return -1;
                if (uninterrupted(mkdirat(extraction->parent_fd, name, 0700)) < 0 && errno != EEXIST)
                        return error_set_errno(err, errno, "can't make the folder %s", folder->name);
        }
        return 0;
}

/* Modes and times of folders come last: what is made in a folder changes its time. */
static int finish_folders(struct extraction *extraction, struct error *err)
{
        for (size_t i = extraction->archive->folder_count; i-- > 0;) {
                const struct archive_folder *folder = &extraction->archive->folders[i];
                const struct timespec times[] = {
                        {.tv_sec = folder->mtime},
                        {.tv_sec = folder->mtime},
                };
                _cleanup_close_ int fd = -1;
                int opened = folder_open(extraction->options->folder_fd, folder->name, &fd, err);
                if (opened > 0)
                        return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                                "%s was taken away during the extraction", folder->name);
                if (opened < 0)
                        return -1;
                if (uninterrupted(fchmod(fd, folder->mode)) < 0 ||
                        (folder->mtime != (time_t)-1 && uninterrupted(futimens(fd, times)) < 0))
                        return error_set_errno(err, errno, "can't set the mode of %s", folder->name);
        }
        return 0;
}

/* One file */

static int finish_file(int fd, const struct archive_file *file, struct error *err)
{
        const struct timespec times[] = {{.tv_sec = file->mtime}, {.tv_sec = file->mtime}};
        if (uninterrupted(fchmod(fd, file->mode)) < 0 || uninterrupted(futimens(fd, times)) < 0)
                return error_set_errno(err, errno, "can't set mode and time of %s", file->name);
        return 0;
}

/* Returns 1 when the bytes of fd are not those of file. */
static int compare_crc(
        struct extraction *extraction, int fd, const struct archive_file *file, struct error *err)
{
        uLong crc = crc32(0, NULL, 0);
        uint64_t size = 0;
        while (true) {
                if (cancel_check(extraction->options->cancel, err) < 0)
                        return -1;
                ssize_t count = read(fd, extraction->piece, PIECE_SIZE);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count < 0)
                        return 1; /* not readable: written again */
                if (count == 0)
                        break;
                crc = crc32(crc, extraction->piece, (uInt)count);
                size += (uint64_t)count;
        }
        return size == file->size && crc == file->crc ? 0 : 1;
}

/* Returns 0 when the file stands there already and is right, 1 when it is to be written. */
static int keep_file(
        struct extraction *extraction, const char *name, const struct archive_file *file, struct error *err)
{
        struct stat status;
        _cleanup_close_ int fd = uninterrupted(
                openat(extraction->parent_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        if (fd < 0)
                return 1;
        if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_nlink != 1 ||
                (uint64_t)status.st_size != file->size)
                return 1;
        int differs = compare_crc(extraction, fd, file, err);
        if (differs != 0)
                return differs;
        if (finish_file(fd, file, err) < 0)
                return -1;
        extraction->kept++;
        tell_progress(extraction, file->size);
        return 0;
}

/* Unpacks one file into fd, or, with -1, only to compare size and CRC. */
static int unpack(struct extraction *extraction, int fd, const struct archive_file *file, struct error *err)
{
        _cleanup_zip_file_ zip_file_t *source = zip_fopen_index(extraction->archive->zip, file->index, 0);
        if (!source)
                return archive_zip_failed(zip_get_error(extraction->archive->zip), file->name, err);
        uint64_t size = 0;
        while (true) {
                if (cancel_check(extraction->options->cancel, err) < 0)
                        return -1;
                zip_int64_t count = zip_fread(source, extraction->piece, PIECE_SIZE);
                if (count < 0) /* the CRC is compared at the end */
                        return archive_zip_failed(zip_file_get_error(source), file->name, err);
                if (count == 0)
                        break;
                size += (uint64_t)count;
                if (size > file->size)
                        break;
                if (fd >= 0 && file_write_all(fd, extraction->piece, (size_t)count, file->name, err) < 0)
                        return -1;
                tell_progress(extraction, (uint64_t)count);
        }
        if (size != file->size)
                return error_set(
                        err, REASON_PACKAGE_DAMAGED, "%s has not the size that the archive says", file->name);
        return 0;
}

static int open_temporary(struct extraction *extraction, int *ret_fd, struct error *err)
{
        int folder_fd = extraction->options->folder_fd;
        const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
        int fd = uninterrupted(openat(folder_fd, extraction->temporary, flags, 0600));
        if (fd < 0 && errno == EEXIST) { /* of a file before, whose writing failed */
                if (uninterrupted(unlinkat(folder_fd, extraction->temporary, 0)) < 0)
                        return error_set_errno(err, errno, "can't remove %s", extraction->temporary);
                fd = uninterrupted(openat(folder_fd, extraction->temporary, flags, 0600));
        }
        if (fd < 0)
                return error_set_errno(err, errno, "can't make %s", extraction->temporary);
        *ret_fd = fd;
        return 0;
}

static int write_file(
        struct extraction *extraction, const char *name, const struct archive_file *file, struct error *err)
{
        _cleanup_close_ int fd = -1;
        if (open_temporary(extraction, &fd, err) < 0)
                return -1;
        if (unpack(extraction, fd, file, err) < 0 || finish_file(fd, file, err) < 0) {
                /* The room may be needed by whoever makes some after a full disk. */
                (void)unlinkat(extraction->options->folder_fd, extraction->temporary, 0);
                return -1;
        }
        if (uninterrupted(renameat(
                    extraction->options->folder_fd, extraction->temporary, extraction->parent_fd, name)) < 0)
                return error_set_errno(err, errno, "can't rename a file to %s", file->name);
        return 0;
}

static int extract_file(struct extraction *extraction, const struct archive_file *file, struct error *err)
{
        const char *name;
        if (enter_parent(extraction, file->name, &name, err) < 0)
                return -1;
        int kept = keep_file(extraction, name, file, err);
        if (kept <= 0)
                return kept;
        return write_file(extraction, name, file, err);
}

/* The whole archive */

static int compare_places(const void *left, const void *right)
{
        uint64_t one = (*(const struct archive_file *const *)left)->index;
        uint64_t other = (*(const struct archive_file *const *)right)->index;
        return one < other ? -1 : one > other;
}

typedef int visit_function(struct extraction *extraction, const struct archive_file *file, struct error *err);

/* In the archive's own order its file is read from front to back. */
static int visit_files(struct extraction *extraction, visit_function *visit, struct error *err)
{
        struct archive *archive = extraction->archive;
        _cleanup_free_ const struct archive_file **order =
                memory_new_array(archive->file_count, sizeof(const struct archive_file *));
        for (size_t i = 0; i < archive->file_count; i++)
                order[i] = &archive->files[i];
        if (archive->file_count > 1)
                qsort(order, archive->file_count, sizeof(const struct archive_file *), compare_places);
        for (size_t i = 0; i < archive->file_count; i++)
                if (cancel_check(extraction->options->cancel, err) < 0 ||
                        visit(extraction, order[i], err) < 0)
                        return -1;
        return 0;
}

static void extraction_deinit(struct extraction *extraction)
{
        free(extraction->temporary);
        free(extraction->piece);
        free(extraction->parent);
        closep(&extraction->parent_fd);
}

static char *choose_temporary(const struct archive *archive)
{
        char *name = string_copy(".mautic-upgraded.part");
        while (archive_find_file(archive, name) || archive_find_folder(archive, name))
                string_replace(&name, string_format("%s_", name));
        return name;
}

int archive_extract(struct archive *archive, const struct archive_extract_options *options,
        struct archive_extract_result *ret, struct error *err)
{
        _cleanup_(extraction_deinit) struct extraction extraction = {
                .archive = archive,
                .options = options,
                .temporary = choose_temporary(archive),
                .piece = memory_new(PIECE_SIZE),
                .parent_fd = -1,
        };
        if (remove_strangers(&extraction, "", err) < 0 || make_folders(&extraction, err) < 0 ||
                visit_files(&extraction, extract_file, err) < 0 || finish_folders(&extraction, err) < 0)
                return -1;
        if (file_system_sync(options->folder_fd, "the extracted files", err) < 0)
                return -1;
        *ret = (struct archive_extract_result){
                .entries = archive_entry_count(archive),
                .bytes = archive->bytes,
                .kept = extraction.kept,
        };
        return 0;
}

static int verify_file(struct extraction *extraction, const struct archive_file *file, struct error *err)
{
        return unpack(extraction, -1, file, err);
}

int archive_verify(struct archive *archive, struct cancel *cancel, struct error *err)
{
        const struct archive_extract_options options = {.folder_fd = -1, .cancel = cancel};
        _cleanup_(extraction_deinit) struct extraction extraction = {
                .archive = archive,
                .options = &options,
                .piece = memory_new(PIECE_SIZE),
                .parent_fd = -1,
        };
        return visit_files(&extraction, verify_file, err);
}

int archive_compare(
        struct archive *archive, const char *name, int dir_fd, const char *path, bool *ret, struct error *err)
{
        const struct archive_extract_options options = {.folder_fd = dir_fd};
        _cleanup_(extraction_deinit) struct extraction extraction = {
                .archive = archive, .options = &options, .parent_fd = -1};
        const struct archive_file *file = archive_find_file(archive, name);
        struct stat status;
        _cleanup_close_ int fd = -1;
        *ret = false;
        if (!file)
                return 0;
        int found = file_stat(dir_fd, path, &status, err);
        if (found != 0 || !S_ISREG(status.st_mode) || (uint64_t)status.st_size != file->size)
                return found < 0 ? -1 : 0;
        found = file_open(dir_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, &fd, err);
        if (found != 0)
                return found < 0 ? -1 : 0;
        extraction.piece = memory_new(PIECE_SIZE);
        int differs = compare_crc(&extraction, fd, file, err);
        *ret = differs == 0;
        return differs < 0 ? -1 : 0;
}
