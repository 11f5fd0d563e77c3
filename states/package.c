/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/package.h"
#include "lib/address.h"
#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/memory.h"
#include "lib/sha256.h"
#include "lib/text.h"
#include "states/stages.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#define METADATA "app/release_metadata.json"
#define METADATA_LIMIT 65536
#define VERSION_CHARACTERS "0123456789.+-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* Where it comes from */

static int open_folder_of(const char *path, int *ret_fd, char **ret_name, struct error *err)
{
        _cleanup_free_ char *real = realpath(path, NULL);
        if (!real) {
                error_set_errno(err, errno, "package.file: %s", path);
                if (err->reason == REASON_NOT_FOUND)
                        err->reason = REASON_PACKAGE_NOT_FOUND;
                return -1;
        }
        char *slash = strrchr(real, '/');
        *ret_name = string_copy(slash + 1);
        slash[slash == real] = '\0'; /* "/" stays */
        *ret_fd = uninterrupted(open(real, O_PATH | O_DIRECTORY | O_CLOEXEC));
        return *ret_fd < 0 ? error_set_errno(err, errno, "package.file: %s", path) : 0;
}

/* Fills what a file tells of itself. 1 when it is not there. */
static int examine(struct package_source *source, struct error *err)
{
        int found = file_stat(source->folder_fd, source->name, &source->status, err);
        if (found != 0)
                return found;
        if (!S_ISREG(source->status.st_mode))
                return error_set(err, REASON_PACKAGE_DAMAGED, "%s is not a regular file", source->shown);
        source->identity = string_format("%s %" PRIu64 " bytes, inode %" PRIu64 ", changed %" PRId64 ".%09ld",
                source->shown, (uint64_t)source->status.st_size, (uint64_t)source->status.st_ino,
                (int64_t)source->status.st_mtim.tv_sec, source->status.st_mtim.tv_nsec);
        return 0;
}

static int find_placed(int root_fd, const char *root, struct package_source *ret, struct error *err)
{
        ret->kind = PACKAGE_PLACED;
        ret->name = string_copy(NAME_PACKAGE);
        ret->shown = string_format("%s/%s", root, NAME_PACKAGE);
        ret->folder_fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
        if (ret->folder_fd < 0)
                return error_set_errno(err, errno, "can't duplicate a descriptor");
        return examine(ret, err);
}

/* What of the address is not shown tells packages apart as well ("?file=mautic-3.3.5.zip"). */
static char *url_identity(const char *url, const char *shown)
{
        char hash[SHA256_HEX_SIZE];
        if (string_equal(url, shown))
                return string_copy(shown);
        sha256_of(url, strlen(url), hash);
        return string_format("%s %s", shown, hash);
}

static int find_configured(const struct config *config, struct package_source *ret, struct error *err)
{
        if (config->package_file) {
                ret->kind = PACKAGE_FILE;
                ret->shown = string_copy(config->package_file);
                if (open_folder_of(config->package_file, &ret->folder_fd, &ret->name, err) < 0)
                        return -1;
                int found = examine(ret, err);
                if (found > 0)
                        return error_set(err, REASON_PACKAGE_NOT_FOUND, "package.file: %s is not there",
                                config->package_file);
                return found;
        }
        if (!config->package_url)
                return error_set(err, REASON_PACKAGE_NOT_FOUND,
                        "neither package.url nor package.file is set, and there is no " NAME_PACKAGE
                        " in the site's root");
        ret->kind = PACKAGE_URL;
        ret->name = string_copy(config->package_url);
        ret->shown = address_public(config->package_url);
        ret->identity = url_identity(config->package_url, ret->shown);
        return 0;
}

static void source_move(struct package_source *to, struct package_source *from)
{
        *to = *from;
        *from = (struct package_source){.folder_fd = -1};
}

int package_source_find(const struct config *config, int root_fd, const char *root,
        struct package_source *ret, struct error *err)
{
        _cleanup_package_source_ struct package_source source = {.folder_fd = -1};
        int found = find_placed(root_fd, root, &source, err);
        if (found > 0) {
                package_source_deinit(&source);
                found = find_configured(config, &source, err);
        }
        if (found < 0)
                return -1;
        source_move(ret, &source);
        return 0;
}

void package_source_deinit(struct package_source *source)
{
        if (source->name || source->shown) /* else a zeroed struct, whose descriptor is not ours */
                closep(&source->folder_fd);
        free(source->name);
        free(source->shown);
        free(source->identity);
        *source = (struct package_source){.folder_fd = -1};
}

/* What it says about itself */

static int read_metadata(struct archive *archive, struct release_metadata *ret, struct error *err)
{
        _cleanup_free_ char *json = NULL;
        size_t size = 0;
        int result = archive_read(archive, METADATA, METADATA_LIMIT, &json, &size, err);
        if (result > 0)
                return error_set(err, REASON_PACKAGE_WRONG_VERSION,
                        "it holds no " METADATA ", so it is no installation package of Mautic 3");
        if (result < 0 && err->reason != REASON_INVALID_ARGUMENT)
                return -1;
        if (result < 0 || release_metadata_parse(json, size, ret, err) < 0) {
                error_wrap(err, METADATA " in it can't be understood");
                err->reason = REASON_PACKAGE_WRONG_VERSION;
                return -1;
        }
        return 0;
}

static int check_version(const struct release_metadata *metadata, struct error *err)
{
        _cleanup_buffer_ struct buffer shown = {0};
        text_append_clean(&shown, metadata->version);
        /* It becomes part of messages and names. */
        bool is_version = strlen(metadata->version) <= 64 &&
                          strspn(metadata->version, VERSION_CHARACTERS) == strlen(metadata->version);
        if (!is_version || site_version_compare(metadata->version, "3.0.0-alpha") < 0)
                return error_set(err, REASON_PACKAGE_WRONG_VERSION,
                        "it is Mautic \"%.100s\", and Mautic 3 or later is needed",
                        shown.data ? shown.data : "");
        return 0;
}

static int check_console(struct archive *archive, struct error *err)
{
        if (archive_has_file(archive, "bin/console") && archive_has_file(archive, "index.php"))
                return 0;
        return error_set(err, REASON_PACKAGE_WRONG_VERSION,
                "it holds no bin/console or no index.php, so it is no installation package of Mautic 3");
}

static void package_move(struct package *to, struct package *from)
{
        *to = *from;
        *from = (struct package){0};
}

int package_open(
        int dir_fd, const char *path, const struct config *config, struct package *ret, struct error *err)
{
        const struct archive_limits limits = {
                .entries = config->extract_entries,
                .bytes = config->extract_limit,
                .file_bytes = config->extract_limit,
                .ratio = config->extract_ratio > UINT_MAX ? UINT_MAX : (unsigned)config->extract_ratio,
        };
        _cleanup_package_ struct package package = {0};
        if (archive_open(dir_fd, path, &limits, &package.archive, err) < 0)
                return -1;
        if (read_metadata(package.archive, &package.metadata, err) < 0 ||
                check_version(&package.metadata, err) < 0 || check_console(package.archive, err) < 0)
                return error_wrap(err, "%s", path);
        const char *minimum = package.metadata.minimum_mautic_version;
        package.lacks_vendor = !archive_has_file(package.archive, "vendor/autoload.php");
        package.jump = minimum && site_version_compare(minimum, "3.1.0-alpha") >= 0;
        package_move(ret, &package);
        return 0;
}

void package_deinit(struct package *package)
{
        archive_close(package->archive);
        release_metadata_deinit(&package->metadata);
        *package = (struct package){0};
}
