/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/archive_private.h"
#include "lib/files.h"
#include "lib/memory.h"
#include "lib/text.h"

#include <inttypes.h>
#include <string.h>

#define NAME_LIMIT 1024 /* PATH_MAX less what stands in front of it */
#define PART_LIMIT 255 /* NAME_MAX */
#define PART_COUNT_LIMIT 64
#define RATIO_FROM (UINT64_C(1) << 20) /* small files may be as regular as they like */
#define EXTRA_TIMESTAMP 0x5455 /* Info-ZIP's "UT": seconds since 1970 UTC */

/* One entry as libzip tells it, before it is judged. */
struct entry {
        uint64_t index;
        const char *name;
        zip_stat_t stat;
        mode_t type; /* S_IFMT bits and permissions, 0 when not from a unix */
        bool is_folder;
};

char *archive_shown(const char *name)
{
        struct buffer clean = {0};
        text_append_clean(&clean, name);
        if (clean.size <= 200)
                return buffer_steal(&clean);
        _cleanup_free_ char *tail = text_tail(clean.data, 200);
        buffer_deinit(&clean);
        return string_copy(tail);
}

int archive_zip_failed(zip_error_t *failure, const char *name, struct error *err)
{
        _cleanup_free_ char *shown = name ? archive_shown(name) : string_copy("the archive");
        int system_number = zip_error_code_system(failure);
        bool is_system = zip_error_system_type(failure) == ZIP_ET_SYS && system_number != 0;
        if (is_system && zip_error_code_zip(failure) != ZIP_ER_INCONS)
                return error_set_errno(err, system_number, "can't read %s", shown);
        return error_set(
                err, REASON_PACKAGE_DAMAGED, "%s is damaged: %s", shown, zip_error_strerror(failure));
}

/* Judging one entry */

static int hostile(struct error *err, const struct entry *entry, const char *why)
{
        _cleanup_free_ char *shown = archive_shown(entry->name);
        return error_set(err, REASON_PACKAGE_HOSTILE, "the entry \"%s\" %s", shown, why);
}

static int check_part(const struct entry *entry, const char *part, size_t length, struct error *err)
{
        if (length == 0)
                return hostile(err, entry, "has an empty part in its name");
        if (length > PART_LIMIT)
                return hostile(err, entry, "has a name that is too long");
        if ((length == 1 && part[0] == '.') || (length == 2 && part[0] == '.' && part[1] == '.'))
                return hostile(err, entry, "has \".\" or \"..\" in its name");
        return 0;
}

static int check_name(const struct entry *entry, struct error *err)
{
        const char *name = entry->name;
        size_t length = strlen(name);
        if (length == 0)
                return hostile(err, entry, "has no name");
        if (name[0] == '/')
                return hostile(err, entry, "has an absolute name");
        if (length > NAME_LIMIT)
                return hostile(err, entry, "has a name that is too long");
        for (const char *c = name; *c; c++) {
                if (*c == '\\')
                        return hostile(err, entry, "has a backslash in its name");
                if ((unsigned char)*c < 0x20 || *c == 0x7f)
                        return hostile(err, entry, "has a control character in its name");
        }
        size_t parts = 0;
        const char *part = name;
        while (*part) {
                size_t size = strcspn(part, "/");
                if (check_part(entry, part, size, err) < 0)
                        return -1;
                if (++parts > PART_COUNT_LIMIT)
                        return hostile(err, entry, "lies in too many folders");
                part += size + (part[size] == '/');
        }
        return 0;
}

static int check_kind(const struct entry *entry, struct error *err)
{
        mode_t type = entry->type & S_IFMT;
        if (type == S_IFLNK)
                return hostile(err, entry, "is a symbolic link");
        if (type != 0 && type != S_IFREG && type != S_IFDIR)
                return hostile(err, entry, "is a device, a pipe or a socket");
        if (type == S_IFDIR && !entry->is_folder)
                return hostile(err, entry, "is a folder with the name of a file");
        if (entry->is_folder && (type == S_IFREG || entry->stat.size > 0))
                return hostile(err, entry, "is a file with the name of a folder");
        return 0;
}

static int check_data(const struct entry *entry, const struct archive_limits *limits, struct error *err)
{
        const zip_stat_t *stat = &entry->stat;
        _cleanup_free_ char *shown = archive_shown(entry->name);
        if (stat->encryption_method != ZIP_EM_NONE)
                return error_set(err, REASON_PACKAGE_DAMAGED, "the entry \"%s\" is encrypted", shown);
        if (!zip_compression_method_supported(stat->comp_method, 0))
                return error_set(err, REASON_PACKAGE_DAMAGED,
                        "the entry \"%s\" is compressed by an unknown method (%u)", shown, stat->comp_method);
        if (stat->size > limits->file_bytes)
                return error_set(err, REASON_PACKAGE_HOSTILE,
                        "the entry \"%s\" unpacks to %" PRIu64 " bytes, more than the %" PRIu64
                        " that are allowed",
                        shown, (uint64_t)stat->size, limits->file_bytes);
        if (stat->size > RATIO_FROM && stat->size / (limits->ratio > 0 ? limits->ratio : 1) > stat->comp_size)
                return error_set(err, REASON_PACKAGE_HOSTILE,
                        "the entry \"%s\" unpacks from %" PRIu64 " to %" PRIu64
                        " bytes, more than %u times (extract.ratio)",
                        shown, (uint64_t)stat->comp_size, (uint64_t)stat->size, limits->ratio);
        return 0;
}

static int load_entry(zip_t *zip, uint64_t index, struct entry *ret, struct error *err)
{
        const zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_CRC |
                                    ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
        struct entry entry = {.index = index, .name = zip_get_name(zip, index, ZIP_FL_ENC_RAW)};
        zip_uint8_t system = 0;
        zip_uint32_t attributes = 0;
        if (!entry.name || zip_stat_index(zip, index, ZIP_FL_ENC_RAW, &entry.stat) < 0 ||
                (entry.stat.valid & needed) != needed ||
                zip_file_get_external_attributes(zip, index, 0, &system, &attributes) < 0) {
                archive_zip_failed(zip_get_error(zip), entry.name, err);
                return -1;
        }
        if (system == ZIP_OPSYS_UNIX || system == ZIP_OPSYS_OS_X)
                entry.type = attributes >> 16;
        size_t length = strlen(entry.name);
        entry.is_folder = length > 0 && entry.name[length - 1] == '/';
        *ret = entry;
        return 0;
}

/* Taking entries over */

static time_t entry_mtime(zip_t *zip, const struct entry *entry)
{
        /* The DOS time of every entry has no zone; the extra field, when there, is exact. */
        zip_uint16_t size = 0;
        const zip_uint8_t *extra =
                zip_file_extra_field_get_by_id(zip, entry->index, EXTRA_TIMESTAMP, 0, &size, ZIP_FL_CENTRAL);
        if (extra && size >= 5 && (extra[0] & 1))
                return (int32_t)((uint32_t)extra[1] | (uint32_t)extra[2] << 8 | (uint32_t)extra[3] << 16 |
                                 (uint32_t)extra[4] << 24);
        return entry->stat.valid & ZIP_STAT_MTIME ? entry->stat.mtime : 0;
}

static mode_t harmless_mode(const struct entry *entry)
{
        mode_t mode = entry->type & 0777 & ~(mode_t)022;
        if (mode == 0)
                return entry->is_folder ? 0755 : 0644;
        return mode | (entry->is_folder ? 0700 : 0600); /* else we could not replace or remove it */
}

static void add_folder(struct archive *archive, const char *name, size_t length, mode_t mode, time_t mtime)
{
        archive->folders = memory_grow(archive->folders, archive->folder_count, sizeof(*archive->folders));
        archive->folders[archive->folder_count++] = (struct archive_folder){
                .name = memory_copy(name, length),
                .mode = mode,
                .mtime = mtime,
        };
}

static void add_entry(struct archive *archive, const struct entry *entry)
{
        time_t mtime = entry_mtime(archive->zip, entry);
        if (entry->is_folder) {
                add_folder(archive, entry->name, strlen(entry->name) - 1, harmless_mode(entry), mtime);
                return;
        }
        archive->files[archive->file_count++] = (struct archive_file){
                .name = string_copy(entry->name),
                .index = entry->index,
                .size = entry->stat.size,
                .packed_size = entry->stat.comp_size,
                .method = entry->stat.comp_method,
                .crc = entry->stat.crc,
                .mode = harmless_mode(entry),
                .mtime = mtime,
        };
        archive->bytes += entry->stat.size;
}

static int compare_files(const void *left, const void *right)
{
        return strcmp(((const struct archive_file *)left)->name, ((const struct archive_file *)right)->name);
}

static int compare_folders(const void *left, const void *right)
{
        return strcmp(
                ((const struct archive_folder *)left)->name, ((const struct archive_folder *)right)->name);
}

struct archive_file *archive_find_file(const struct archive *archive, const char *name)
{
        struct archive_file key = {.name = (char *)name};
        return archive->file_count == 0
                       ? NULL
                       : bsearch(&key, archive->files, archive->file_count, sizeof(key), compare_files);
}

struct archive_folder *archive_find_folder(const struct archive *archive, const char *name)
{
        struct archive_folder key = {.name = (char *)name};
        return archive->folder_count == 0
                       ? NULL
                       : bsearch(&key, archive->folders, archive->folder_count, sizeof(key), compare_folders);
}

static int named_twice(const char *name, struct error *err)
{
        _cleanup_free_ char *shown = archive_shown(name);
        return error_set(err, REASON_PACKAGE_HOSTILE, "the archive names \"%s\" twice", shown);
}

static int check_duplicates(const struct archive *archive, struct error *err)
{
        for (size_t i = 1; i < archive->file_count; i++)
                if (strcmp(archive->files[i - 1].name, archive->files[i].name) == 0)
                        return named_twice(archive->files[i].name, err);
        for (size_t i = 1; i < archive->folder_count; i++)
                if (strcmp(archive->folders[i - 1].name, archive->folders[i].name) == 0)
                        return named_twice(archive->folders[i].name, err);
        return 0;
}

static void sort_folders(struct archive *archive)
{
        if (archive->folder_count > 1)
                qsort(archive->folders, archive->folder_count, sizeof(*archive->folders), compare_folders);
}

/* Adds the folders in front of name that its neighbour in the order, `before`, does not lie in as well. */
static void add_parents(struct archive *archive, const char *name, const char *before)
{
        size_t common = 0;
        while (before && name[common] && name[common] == before[common])
                common++;
        for (size_t i = 0; name[i]; i++)
                if (name[i] == '/' && i >= common)
                        add_folder(archive, name, i, 0755, (time_t)-1);
}

/* Makes the list of folders whole: those that the archive names (their modes hold) and those in between. */
static void add_all_parents(struct archive *archive)
{
        size_t named = archive->folder_count;
        _cleanup_free_ char **names = memory_new_array(named, sizeof(*names));
        for (size_t i = 0; i < named; i++)
                names[i] = archive->folders[i].name;
        for (size_t i = 0; i < archive->file_count; i++)
                add_parents(archive, archive->files[i].name, i > 0 ? archive->files[i - 1].name : NULL);
        for (size_t i = 0; i < named; i++)
                add_parents(archive, names[i], i > 0 ? names[i - 1] : NULL);
        sort_folders(archive);
        size_t kept = 0;
        for (size_t i = 0; i < archive->folder_count; i++) {
                struct archive_folder *folder = &archive->folders[i];
                struct archive_folder *last = kept > 0 ? &archive->folders[kept - 1] : NULL;
                if (!last || strcmp(last->name, folder->name) != 0) {
                        archive->folders[kept++] = *folder;
                        continue;
                }
                if (folder->mtime != (time_t)-1) { /* the one that the archive names */
                        last->mode = folder->mode;
                        last->mtime = folder->mtime;
                }
                free(folder->name);
        }
        archive->folder_count = kept;
}

static int check_files_behind_files(const struct archive *archive, struct error *err)
{
        for (size_t i = 0; i < archive->file_count; i++)
                if (archive_find_folder(archive, archive->files[i].name)) {
                        _cleanup_free_ char *shown = archive_shown(archive->files[i].name);
                        return error_set(err, REASON_PACKAGE_HOSTILE,
                                "the archive names \"%s\" as a file and as a folder", shown);
                }
        return 0;
}

/* libzip looks for the directory in its own way: what was checked must be what it takes. */
static bool is_header(const struct archive_header *header, const struct entry *entry)
{
        return string_equal(header->name, entry->name) && header->size == entry->stat.size &&
               header->packed_size == entry->stat.comp_size && header->crc == entry->stat.crc &&
               header->method == entry->stat.comp_method;
}

static int load_entries(struct archive *archive, const struct archive_directory *directory,
        const struct archive_limits *limits, struct error *err)
{
        if ((uint64_t)zip_get_num_entries(archive->zip, 0) != directory->count)
                return error_set(err, REASON_PACKAGE_DAMAGED, "it has two directories that differ");
        archive->files = memory_new_array(directory->count, sizeof(*archive->files));
        for (uint64_t i = 0; i < directory->count; i++) {
                struct entry entry = {0};
                if (load_entry(archive->zip, i, &entry, err) < 0)
                        return -1;
                if (!is_header(&directory->items[i], &entry))
                        return error_set(err, REASON_PACKAGE_DAMAGED, "it has two directories that differ");
                if (check_name(&entry, err) < 0 || check_kind(&entry, err) < 0 ||
                        check_data(&entry, limits, err) < 0)
                        return -1;
                add_entry(archive, &entry);
                if (archive->bytes > limits->bytes)
                        return error_set(err, REASON_PACKAGE_HOSTILE,
                                "the archive unpacks to more than the %" PRIu64
                                " bytes that are allowed (extract.limit)",
                                limits->bytes);
        }
        if (archive->file_count > 1)
                qsort(archive->files, archive->file_count, sizeof(*archive->files), compare_files);
        sort_folders(archive);
        if (check_duplicates(archive, err) < 0)
                return -1;
        add_all_parents(archive);
        return check_files_behind_files(archive, err);
}

static int open_zip(int fd, zip_t **ret, struct error *err)
{
        int code = 0;
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (copy < 0)
                return error_set_errno(err, errno, "can't duplicate a descriptor");
        zip_t *zip = zip_fdopen(copy, 0, &code); /* takes copy when it succeeds */
        if (!zip) {
                zip_error_t failure;
                zip_error_init_with_code(&failure, code);
                archive_zip_failed(&failure, NULL, err);
                zip_error_fini(&failure);
                closep(&copy);
                return -1;
        }
        *ret = zip;
        return 0;
}

/* Where the data are is known only when what stands in front of them was checked. */
static void place_files(struct archive *archive, const struct archive_directory *directory)
{
        for (size_t i = 0; i < archive->file_count; i++)
                archive->files[i].offset = directory->items[archive->files[i].index].data;
}

int archive_open(int dir_fd, const char *path, const struct archive_limits *limits, struct archive **ret,
        struct error *err)
{
        _cleanup_close_ int fd = -1;
        int opened = file_open(dir_fd, path, O_RDONLY | O_NONBLOCK, 0, &fd, err);
        if (opened > 0)
                return error_set(err, REASON_PACKAGE_NOT_FOUND, "%s is not there", path);
        struct stat status;
        if (opened < 0)
                return -1;
        if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
                return error_set(err, REASON_PACKAGE_DAMAGED, "%s is not a regular file", path);
        _cleanup_archive_directory_ struct archive_directory directory = {0};
        _cleanup_(archive_closep) struct archive *archive = memory_new(sizeof(*archive));
        archive->fd = steal_fd(&fd);
        (void)pthread_mutex_init(&archive->zip_lock, NULL);
        if (archive_directory_read(archive->fd, limits, &directory, err) < 0 ||
                open_zip(archive->fd, &archive->zip, err) < 0 ||
                load_entries(archive, &directory, limits, err) < 0 ||
                archive_directory_check(archive->fd, &directory, err) < 0)
                return error_wrap(err, "%s", path);
        place_files(archive, &directory);
        *ret = steal(&archive);
        return 0;
}

void archive_close(struct archive *archive)
{
        if (!archive)
                return;
        if (archive->zip)
                zip_discard(archive->zip);
        for (size_t i = 0; i < archive->file_count; i++)
                free(archive->files[i].name);
        for (size_t i = 0; i < archive->folder_count; i++)
                free(archive->folders[i].name);
        free(archive->files);
        free(archive->folders);
        (void)pthread_mutex_destroy(&archive->zip_lock);
        closep(&archive->fd);
        free(archive);
}

uint64_t archive_entry_count(const struct archive *archive)
{
        return archive->file_count + archive->folder_count;
}

uint64_t archive_byte_count(const struct archive *archive)
{
        return archive->bytes;
}

const char *archive_file_name(const struct archive *archive, uint64_t index)
{
        return index < archive->file_count ? archive->files[index].name : NULL;
}

bool archive_has_file(const struct archive *archive, const char *name)
{
        return archive_find_file(archive, name) != NULL;
}

bool archive_has_folder(const struct archive *archive, const char *name)
{
        return archive_find_folder(archive, name) != NULL;
}
