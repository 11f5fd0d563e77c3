/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Extraction, in the archive's own order, shared out to a few threads by the folders that files lie in: two
 * that make files in one folder wait for each other.
 *
 * A file is written under its own name and synced by nobody: after a kill or a power cut each is proven by
 * size and CRC-32 or written again, and one syncfs at the end vouches for all. A temporary
 * name would prove nothing more, and cost a rename each.
 */

#include "lib/archive_private.h"
#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/memory.h"
#include "lib/workers.h"

#include <string.h>

#define FILES_EACH 16 /* fewer are not worth a thread */
#define FILES_AT_ONCE 32 /* of one folder, so that nobody waits long for the last one */
#define FOLDERS_EACH 64

struct extraction;

/* What each thread has of its own. */
struct extractor {
        struct extraction *extraction;
        bool is_caller;
        struct archive_reader reader;
        char *parent; /* the folder of the last file, and its descriptor */
        int parent_fd;
};

struct extraction {
        struct archive *archive;
        const struct archive_extract_options *options;
        const struct archive_file **order;
        struct workers workers;
        struct extractor extractors[WORKERS_MOST];
        _Atomic uint64_t done; /* bytes */
        uint64_t told; /* of them */
        _Atomic uint64_t kept;
};

static void extraction_init(struct extraction *extraction)
{
        for (size_t i = 0; i < WORKERS_MOST; i++)
                extraction->extractors[i] = (struct extractor){
                        .extraction = extraction,
                        .is_caller = i == 0,
                        .reader = {.archive = extraction->archive},
                        .parent_fd = -1,
                };
}

static void extraction_deinit(struct extraction *extraction)
{
        for (size_t i = 0; i < WORKERS_MOST; i++) {
                struct extractor *extractor = &extraction->extractors[i];
                archive_reader_deinit(&extractor->reader);
                free(extractor->parent);
                closep(&extractor->parent_fd);
        }
        free(extraction->order);
}

/* Progress is told by the caller's own thread, whoever has made it; where there is none it is silent, for
 * telling is a sign of life. */
static void tell_progress(struct extraction *extraction)
{
        uint64_t done = atomic_load(&extraction->done);
        if (done == extraction->told || !extraction->options->on_progress)
                return;
        extraction->told = done;
        extraction->options->on_progress(done, extraction->archive->bytes, extraction->options->userdata);
}

static void note_progress(struct extractor *extractor, uint64_t more)
{
        atomic_fetch_add(&extractor->extraction->done, more);
        if (extractor->is_caller)
                tell_progress(extractor->extraction);
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
        struct extractor *extractor, const char *path, const char **ret_name, struct error *err)
{
        const char *slash = strrchr(path, '/');
        _cleanup_free_ char *parent = slash ? memory_copy(path, (size_t)(slash - path)) : string_copy(".");
        *ret_name = slash ? slash + 1 : path;
        if (string_equal(parent, extractor->parent))
                return 0;
        _cleanup_close_ int fd = -1;
        int opened = folder_open(extractor->extraction->options->folder_fd, parent, &fd, err);
        if (opened > 0)
                return error_set(
                        err, REASON_EVIDENCE_CONTRADICTS, "%s was taken away during the extraction", parent);
        if (opened < 0)
                return -1;
        closep(&extractor->parent_fd);
        extractor->parent_fd = steal_fd(&fd);
        string_replace(&extractor->parent, steal(&parent));
        return 0;
}

static int make_folders(struct extraction *extraction, struct error *err)
{
        struct extractor *extractor = &extraction->extractors[0];
        for (size_t i = 0; i < extraction->archive->folder_count; i++) {
                const struct archive_folder *folder = &extraction->archive->folders[i];
                const char *name;
                if (cancel_check(extraction->options->cancel, err) < 0 ||
                        enter_parent(extractor, folder->name, &name, err) < 0)
                        return -1;
                if (uninterrupted(mkdirat(extractor->parent_fd, name, 0700)) < 0 && errno != EEXIST)
                        return error_set_errno(err, errno, "can't make the folder %s", folder->name);
        }
        return 0;
}

/* One file */

static int set_mode_and_time(int fd, mode_t mode, time_t mtime, const char *name, struct error *err)
{
        struct stat status;
        const struct timespec times[] = {{.tv_sec = mtime}, {.tv_sec = mtime}};
        if (fstat(fd, &status) < 0)
                return error_set_errno(err, errno, "can't examine %s", name);
        bool has_time =
                mtime == (time_t)-1 || (status.st_mtim.tv_sec == mtime && status.st_mtim.tv_nsec == 0);
        if (((status.st_mode & 07777) != mode && uninterrupted(fchmod(fd, mode)) < 0) ||
                (!has_time && uninterrupted(futimens(fd, times)) < 0))
                return error_set_errno(err, errno, "can't set mode and time of %s", name);
        return 0;
}

/* Returns 0 when what stands there is right already, 1 when it is to be written. */
static int keep_file(
        struct extractor *extractor, const char *name, const struct archive_file *file, struct error *err)
{
        struct stat status;
        uint64_t size = 0;
        uint32_t crc = 0;
        _cleanup_close_ int fd = uninterrupted(
                openat(extractor->parent_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
        if (fd < 0)
                return 1;
        if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_nlink != 1 ||
                (uint64_t)status.st_size != file->size)
                return 1;
        int measured = archive_reader_measure(
                &extractor->reader, fd, extractor->extraction->options->cancel, &size, &crc, err);
        if (measured < 0)
                return -1;
        if (measured > 0 || size != file->size || crc != file->crc)
                return 1;
        if (set_mode_and_time(fd, file->mode, file->mtime, file->name, err) < 0)
                return -1;
        atomic_fetch_add(&extractor->extraction->kept, 1);
        note_progress(extractor, file->size);
        return 0;
}

struct target {
        struct extractor *extractor;
        size_t item;
        const char *name;
        int fd; /* -1: written nowhere */
};

static int write_piece(const void *data, size_t size, void *userdata, struct error *err)
{
        struct target *target = userdata;
        struct extraction *extraction = target->extractor->extraction;
        if (target->fd >= 0 && file_write_all(target->fd, data, size, target->name, err) < 0)
                return -1;
        note_progress(target->extractor, size);
        if (workers_is_in_vain(&extraction->workers, target->item))
                return error_set(err, REASON_STOPPING, "a file in front of %s has failed", target->name);
        return cancel_check(extraction->options->cancel, err);
}

/* Returns 1 when something of that name is there. */
static int make_file(struct extractor *extractor, const char *name, const struct archive_file *file,
        int *ret_fd, struct error *err)
{
        const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
        int fd = uninterrupted(openat(extractor->parent_fd, name, flags, file->mode));
        if (fd < 0 && errno == EEXIST)
                return 1;
        if (fd < 0)
                return error_set_errno(err, errno, "can't make %s", file->name);
        *ret_fd = fd;
        return 0;
}

/* Makes the file, or finds it there. */
static int claim_file(struct extractor *extractor, const char *name, const struct archive_file *file,
        int *ret_fd, struct error *err)
{
        int there = make_file(extractor, name, file, ret_fd, err);
        if (there <= 0)
                return there;
        int wrong = keep_file(extractor, name, file, err);
        if (wrong <= 0)
                return wrong;
        if (uninterrupted(unlinkat(extractor->parent_fd, name, 0)) < 0)
                return error_set_errno(err, errno, "can't remove %s", file->name);
        there = make_file(extractor, name, file, ret_fd, err);
        return there > 0 ? error_set(err, REASON_ALREADY_EXISTS, "%s was put there by another", file->name)
                         : there;
}

static int extract_file(unsigned worker, size_t item, void *userdata, struct error *err)
{
        struct extraction *extraction = userdata;
        struct extractor *extractor = &extraction->extractors[worker];
        const struct archive_file *file = extraction->order[item];
        const char *name;
        _cleanup_close_ int fd = -1;
        if (cancel_check(extraction->options->cancel, err) < 0 ||
                enter_parent(extractor, file->name, &name, err) < 0 ||
                claim_file(extractor, name, file, &fd, err) < 0)
                return -1;
        if (fd < 0)
                return 0;
        struct target target = {.extractor = extractor, .item = item, .name = file->name, .fd = fd};
        if (archive_reader_read(&extractor->reader, file, write_piece, &target, err) == 0 &&
                set_mode_and_time(fd, file->mode, file->mtime, file->name, err) == 0)
                return 0;
        /* The room may be needed by whoever makes some after a full disk. */
        (void)unlinkat(extractor->parent_fd, name, 0);
        return -1;
}

static int verify_file(unsigned worker, size_t item, void *userdata, struct error *err)
{
        struct extraction *extraction = userdata;
        struct extractor *extractor = &extraction->extractors[worker];
        struct target target = {
                .extractor = extractor, .item = item, .name = extraction->order[item]->name, .fd = -1};
        if (cancel_check(extraction->options->cancel, err) < 0)
                return -1;
        return archive_reader_read(&extractor->reader, extraction->order[item], write_piece, &target, err);
}

/* All files */

static int compare_places(const void *left, const void *right)
{
        uint64_t one = (*(const struct archive_file *const *)left)->index;
        uint64_t other = (*(const struct archive_file *const *)right)->index;
        return one < other ? -1 : one > other;
}

/* In the archive's own order its file is read from front to back. */
static void put_in_order(struct extraction *extraction)
{
        const struct archive *archive = extraction->archive;
        extraction->order = memory_new_array(archive->file_count, sizeof(const struct archive_file *));
        for (size_t i = 0; i < archive->file_count; i++)
                extraction->order[i] = &archive->files[i];
        if (archive->file_count > 1)
                qsort(extraction->order, archive->file_count, sizeof(const struct archive_file *),
                        compare_places);
}

static size_t folder_length(const char *name)
{
        const char *slash = strrchr(name, '/');
        return slash ? (size_t)(slash - name) : 0;
}

static size_t behind_folder(size_t item, void *userdata)
{
        const struct extraction *extraction = userdata;
        const char *name = extraction->order[item]->name;
        size_t length = folder_length(name), end = item + 1;
        while (end < extraction->archive->file_count && end - item < FILES_AT_ONCE &&
                folder_length(extraction->order[end]->name) == length &&
                memcmp(extraction->order[end]->name, name, length) == 0)
                end++;
        return end;
}

static void take_turn(void *userdata)
{
        tell_progress(userdata);
}

static int visit_files(struct extraction *extraction,
        int (*visit)(unsigned worker, size_t item, void *userdata, struct error *err), struct error *err)
{
        size_t count = extraction->archive->file_count;
        put_in_order(extraction);
        extraction->workers = (struct workers){
                .count = count,
                .threads = workers_fitting(count, FILES_EACH),
                .act = visit,
                .behind = behind_folder,
                .on_turn = take_turn,
                .userdata = extraction,
        };
        return workers_run(&extraction->workers, err);
}

static int finish_folder(unsigned worker, size_t item, void *userdata, struct error *err)
{
        struct extraction *extraction = userdata;
        const struct archive_folder *folder = &extraction->archive->folders[item];
        _cleanup_close_ int fd = -1;
        if (cancel_check(extraction->options->cancel, err) < 0)
                return -1;
        int opened = folder_open(extraction->options->folder_fd, folder->name, &fd, err);
        if (opened > 0)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS, "%s was taken away during the extraction",
                        folder->name);
        return opened < 0 ? -1 : set_mode_and_time(fd, folder->mode, folder->mtime, folder->name, err);
}

/* Modes and times of folders come last: what is made in a folder changes its time. */
static int finish_folders(struct extraction *extraction, struct error *err)
{
        size_t count = extraction->archive->folder_count;
        extraction->workers = (struct workers){
                .count = count,
                .threads = workers_fitting(count, FOLDERS_EACH),
                .act = finish_folder,
                .userdata = extraction,
        };
        return workers_run(&extraction->workers, err);
}

int archive_extract(struct archive *archive, const struct archive_extract_options *options,
        struct archive_extract_result *ret, struct error *err)
{
        _cleanup_(extraction_deinit) struct extraction extraction = {.archive = archive, .options = options};
        extraction_init(&extraction);
        if (remove_strangers(&extraction, "", err) < 0 || make_folders(&extraction, err) < 0 ||
                visit_files(&extraction, extract_file, err) < 0 || finish_folders(&extraction, err) < 0)
                return -1;
        if (file_system_sync(options->folder_fd, "the extracted files", err) < 0)
                return -1;
        *ret = (struct archive_extract_result){
                .entries = archive_entry_count(archive),
                .bytes = archive->bytes,
                .kept = atomic_load(&extraction.kept),
        };
        return 0;
}

int archive_verify(struct archive *archive, struct cancel *cancel, struct error *err)
{
        const struct archive_extract_options options = {.folder_fd = -1, .cancel = cancel};
        _cleanup_(extraction_deinit) struct extraction extraction = {.archive = archive, .options = &options};
        extraction_init(&extraction);
        return visit_files(&extraction, verify_file, err);
}

int archive_compare(
        struct archive *archive, const char *name, int dir_fd, const char *path, bool *ret, struct error *err)
{
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
        _cleanup_archive_reader_ struct archive_reader reader = {.archive = archive};
        uint64_t size = 0;
        uint32_t crc = 0;
        int measured = archive_reader_measure(&reader, fd, NULL, &size, &crc, err);
        *ret = measured == 0 && size == file->size && crc == file->crc;
        return measured < 0 ? -1 : 0;
}
