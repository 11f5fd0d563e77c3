/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/checks_private.h"

#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/memory.h"
#include "lib/mounts.h"
#include "lib/path.h"
#include "states/mautic_2_files.h"

#include <fts.h>
#include <inttypes.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/statvfs.h>

/* What a 3.0.x takes when the package itself can't be looked at: 3.0.0 has 64 MB packed, 169 MB and 23,225
 * entries unpacked; a cache after the build about 100 MB. */
#define PACKAGE_SIZE (UINT64_C(70) << 20)
#define PACKAGE_BYTES (UINT64_C(200) << 20)
#define PACKAGE_ENTRIES 25000
#define CACHE_BYTES (UINT64_C(128) << 20)
#define CACHE_ENTRIES 5000

static const char advice_writable[] =
        "Run the daemon as the user who owns the site, or give that user the rights.";
static const char advice_mount[] = "A mount point can't be renamed: unmount it for the time of the upgrade, "
                                   "or put its content into the root.";

static const char advice_copied_mount[] = "Nothing is copied out of another file system (user_data.mode = "
                                          "copy): unmount it for the time of the "
                                          "upgrade, or put its content into the root.";

static bool look(int dir_fd, const char *name, struct statx *ret)
{
        return statx(dir_fd, name, AT_SYMLINK_NOFOLLOW | (name[0] ? 0 : AT_EMPTY_PATH), STATX_BASIC_STATS,
                       ret) == 0;
}

/* chattr +i and +a: neither root nor the owner can rename it. */
static bool is_frozen(const struct statx *status)
{
        return status->stx_attributes & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND);
}

/* By asking the kernel, not by making a folder: this runs in the middle of an upgrade too. */
void check_root_writable(struct checks *checks, struct finding *finding)
{
        int fd = checks->site->root_fd;
        struct statvfs system;
        struct statx status;
        if (fstatvfs(fd, &system) < 0 || !look(fd, "", &status))
                finding_error(finding, advice_writable, "the root can't be looked at: %s", strerror(errno));
        else if (system.f_flag & ST_RDONLY)
                finding_error(
                        finding, reason_advice(REASON_READ_ONLY), "the root's file system is read-only");
        else if (is_frozen(&status))
                finding_error(finding, "Take the attribute away: chattr -i -a.",
                        "the root is immutable or append-only");
        else if (faccessat(fd, ".", R_OK | W_OK | X_OK, AT_EACCESS) < 0)
                finding_error(finding, advice_writable, "user %u may not write to the root: %s",
                        (unsigned)geteuid(), strerror(errno));
        else if (status.stx_uid != geteuid())
                finding_warning(finding,
                        "Run the daemon as the site's owner: the files of Mautic 3 will belong to the "
                        "daemon's user, "
                        "and the web server must be able to write to some of them.",
                        "the root belongs to user %u, the daemon is user %u", status.stx_uid,
                        (unsigned)geteuid());
        else
                finding_ok(finding, "user %u may write to the root", (unsigned)geteuid());
}

/* Where the kernel doesn't tell its mounts, the devices of the entries have to do. */
static void find_mounts(const char *root, struct string_list *ret)
{
        _cleanup_error_ struct error unreadable = {0};
        (void)!mounts_find(root, ret, &unreadable);
}

void check_root_entries(struct checks *checks, struct finding *finding)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_string_list_ struct string_list entries = {0}, mounts = {0};
        struct statx root;
        int fd = checks->site->root_fd;
        if (folder_list(fd, ".", &entries, &err) < 0) {
                finding_error(finding, advice_writable, "the root can't be listed: %s", error_message(&err));
                return;
        }
        if (!look(fd, "", &root)) {
                finding_error(finding, advice_writable, "the root can't be looked at: %s", strerror(errno));
                return;
        }
        find_mounts(checks->site->root, &mounts);
        bool sticky = (root.stx_mode & S_ISVTX) && geteuid() != 0 && root.stx_uid != geteuid();
        _cleanup_name_sample_ struct name_sample mounted = {0}, held = {0};
        for (size_t i = 0; i < entries.count; i++) {
                const char *name = entries.items[i];
                struct statx status;
                if (!look(fd, name, &status))
                        continue;
                bool other = status.stx_dev_major != root.stx_dev_major ||
                             status.stx_dev_minor != root.stx_dev_minor;
                /* rename(2) of a folder writes its "..", so it needs the right to write. */
                bool is_held = is_frozen(&status) || (sticky && status.stx_uid != geteuid()) ||
                               (S_ISDIR(status.stx_mode) && faccessat(fd, name, W_OK | X_OK, AT_EACCESS) < 0);
                if (other || string_list_has(&mounts, name))
                        name_sample_add(&mounted, name);
                else if (is_held)
                        name_sample_add(&held, name);
        }
        if (mounted.count > 0)
                finding_error(
                        finding, advice_mount, "mount points in the root: %s", name_sample_text(&mounted));
        else if (held.count > 0)
                finding_error(finding, advice_writable, "user %u may not move these entries of the root: %s",
                        (unsigned)geteuid(), name_sample_text(&held));
        else
                finding_ok(finding, "%zu entries, each can be moved", entries.count);
}

/* The whole tree */

struct walk {
        struct checks *checks;
        struct name_sample held, unreadable, special;
};

/* What comes back to Mautic 3 entry by entry. */
static bool is_user_place(const struct checks *checks, const char *path)
{
        const struct site_paths *paths = &checks->site->paths;
        const char *const places[] = {paths->plugins, paths->themes, paths->media};
        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                if (path_below(path, places[i]))
                        return true;
        }
        return false;
}

/* What restore_user_data brings back by copies: those, and what no release ships. */
static bool may_be_copied(const struct checks *checks, const char *path)
{
        _cleanup_free_ char *entry = memory_copy(path, strcspn(path, "/"));
        return string_equal(checks->config->user_data, "copy") &&
               (is_user_place(checks, path) || path_below(path, "translations") ||
                       path_below(path, "app/spool") || (entry[0] != '.' && !mautic_2_ships(entry)));
}

static void visit(struct walk *walk, const FTSENT *entry, const char *path)
{
        struct checks *checks = walk->checks;
        if (entry->fts_info == FTS_DP || entry->fts_level == 0)
                return;
        checks->site_entries++;
        if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
                name_sample_add(&walk->unreadable, path);
        if (entry->fts_info == FTS_F) {
                checks->site_bytes += (uint64_t)entry->fts_statp->st_size;
                if (is_user_place(checks, path))
                        checks->user_bytes += (uint64_t)entry->fts_statp->st_size;
        }
        if (entry->fts_info == FTS_DEFAULT && may_be_copied(checks, path))
                name_sample_add(&walk->special, path);
        if (entry->fts_info == FTS_D && is_user_place(checks, path) &&
                eaccess(entry->fts_path, W_OK | X_OK) < 0)
                name_sample_add(&walk->held, path);
}

/* Links are counted, never followed; other file systems are not entered. False: cancelled or no memory. */
static bool walk_site(struct walk *walk)
{
        struct checks *checks = walk->checks;
        char *const roots[] = {checks->site->root, NULL};
        FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
        if (!tree)
                return false;
        size_t size = strlen(checks->site->root);
        _cleanup_error_ struct error cancelled = {0};
        bool whole = true;
        for (FTSENT *entry; whole && (entry = fts_read(tree));) {
                visit(walk, entry, entry->fts_level ? entry->fts_path + size + 1 : "");
                whole = cancel_check(checks->options->cancel, &cancelled) == 0;
        }
        (void)fts_close(tree);
        return whole;
}

static void judge_mounts(struct checks *checks, struct finding *finding)
{
        _cleanup_string_list_ struct string_list mounts = {0};
        _cleanup_name_sample_ struct name_sample in_way = {0}, others = {0};
        find_mounts(checks->site->root, &mounts);
        bool copies = string_equal(checks->config->user_data, "copy");
        for (size_t i = 0; i < mounts.count; i++) {
                const char *path = mounts.items[i];
                bool stops = copies ? may_be_copied(checks, path) : is_user_place(checks, path);
                name_sample_add(stops ? &in_way : &others, path);
        }
        if (in_way.count > 0)
                finding_error(finding, copies ? advice_copied_mount : advice_mount,
                        "mount points in what comes back to Mautic 3 (plugins, themes, media): %s",
                        name_sample_text(&in_way));
        else if (others.count > 0)
                finding_warning(finding,
                        "They go to the Mautic 2 files with the folder they are in; mount them anew.",
                        "mount points below the root: %s", name_sample_text(&others));
        else
                finding_ok(finding, "%" PRIu64 " files and folders, %" PRIu64 " MiB", checks->site_entries,
                        checks->site_bytes >> 20);
}

void check_site_files(struct checks *checks, struct finding *finding)
{
        struct walk walk = {.checks = checks};
        checks->files_known = walk_site(&walk);
        if (!checks->files_known)
                finding_error(finding, advice_writable, "the site's files can't be counted");
        else if (walk.held.count > 0)
                finding_error(finding, advice_writable, "user %u may not write to these folders: %s",
                        (unsigned)geteuid(), name_sample_text(&walk.held));
        else if (walk.special.count > 0)
                finding_error(finding,
                        "Remove them, or set user_data.mode = move, which renames the folders they are in.",
                        "no files, folders or links, and so can't be copied (user_data.mode = copy): %s",
                        name_sample_text(&walk.special));
        else if (walk.unreadable.count > 0)
                finding_warning(finding, advice_writable, "user %u can't read: %s", (unsigned)geteuid(),
                        name_sample_text(&walk.unreadable));
        else
                judge_mounts(checks, finding);
        name_sample_deinit(&walk.held);
        name_sample_deinit(&walk.unreadable);
        name_sample_deinit(&walk.special);
}

void check_state_folder(struct checks *checks, struct finding *finding)
{
        const char *path = checks->options->state_path;
        _cleanup_free_ char *real = realpath(path, NULL);
        if (!real || eaccess(real, R_OK | W_OK | X_OK) < 0)
                finding_error(finding, "Make the state folder and give it to the daemon's user.",
                        "the state folder %s can't be used: %s", path, strerror(errno));
        else if (path_below(real, checks->site->root))
                finding_error(finding, "Set daemon.state to a folder that no web server serves.",
                        "the state folder %s lies in the site's root: the backup could be fetched by anyone",
                        real);
        else
                finding_ok(finding, "%s, outside of the root", real);
}

/* Room */

struct need {
        uint64_t bytes, inodes;
};

static uint64_t database_bytes(struct checks *checks)
{
        _cleanup_error_ struct error unknown = {0};
        uint64_t bytes = 0;
        if (checks->database && database_data_size(checks->database, &bytes, &unknown) < 0)
                return 0;
        return bytes;
}

/* In the state folder: the dump, which may compress little (images, encrypted texts), and the package. */
static struct need need_of_state(struct checks *checks)
{
        uint64_t package = checks->package_known ? checks->package_size : PACKAGE_SIZE;
        return (struct need){database_bytes(checks) + package + (UINT64_C(16) << 20), 100};
}

/* In the root: Mautic 3 and its cache; Mautic 2's files are moved and take no new room. */
static struct need need_of_root(const struct checks *checks)
{
        struct need need = {
                (checks->package_known ? checks->package_bytes : PACKAGE_BYTES) + CACHE_BYTES,
                (checks->package_known ? checks->package_entries : PACKAGE_ENTRIES) + CACHE_ENTRIES,
        };
        if (string_equal(checks->config->user_data, "copy")) {
                need.bytes += checks->user_bytes;
                need.inodes += checks->site_entries;
        }
        return need;
}

/* Adds to `short_of` what is missing. */
static void compare_room(int fd, const char *name, struct need need, struct buffer *short_of)
{
        _cleanup_error_ struct error err = {0};
        struct free_space room;
        const char *comma = short_of->size ? "; " : "";
        if (file_system_free(fd, &room, &err) < 0)
                buffer_append_format(short_of, "%s%s: %s", comma, name, error_message(&err));
        else if (room.bytes < need.bytes)
                buffer_append_format(short_of, "%s%s: %" PRIu64 " MiB free, about %" PRIu64 " MiB needed",
                        comma, name, room.bytes >> 20, (need.bytes >> 20) + 1);
        else if (room.inodes < need.inodes)
                buffer_append_format(short_of, "%s%s: %" PRIu64 " inodes free, about %" PRIu64 " needed",
                        comma, name, room.inodes, need.inodes);
}

void check_free_space(struct checks *checks, struct finding *finding)
{
        _cleanup_close_ int state_fd =
                uninterrupted(open(checks->options->state_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        struct stat state, root;
        if (state_fd < 0 || fstat(state_fd, &state) < 0 || fstat(checks->site->root_fd, &root) < 0) {
                finding_error(finding, "See that the state folder is there.", "%s can't be looked at: %s",
                        checks->options->state_path, strerror(errno));
                return;
        }
        struct need of_state = need_of_state(checks), of_root = need_of_root(checks);
        _cleanup_buffer_ struct buffer short_of = {0};
        if (state.st_dev == root.st_dev) {
                of_root.bytes += of_state.bytes;
                of_root.inodes += of_state.inodes;
        } else {
                compare_room(state_fd, "the state folder's file system", of_state, &short_of);
        }
        compare_room(checks->site->root_fd, "the root's file system", of_root, &short_of);
        if (short_of.size > 0)
                finding_error(finding, reason_advice(REASON_DISK_FULL), "%s", short_of.data);
        else
                finding_ok(finding, "room for the dump, the package and Mautic 3");
}

/* The rule of upgrade_v3.php. */
void check_free_space_margin(struct checks *checks, struct finding *finding)
{
        _cleanup_error_ struct error err = {0};
        struct free_space room;
        if (file_system_free(checks->site->root_fd, &room, &err) < 0)
                finding_warning(finding, "See how much room there is.", "%s", error_message(&err));
        else if (room.bytes / 2 < checks->site_bytes)
                finding_warning(finding, "Free some space, or accept that there is little to spare.",
                        "%" PRIu64 " MiB free, less than twice the site's %" PRIu64 " MiB", room.bytes >> 20,
                        checks->site_bytes >> 20);
        else
                finding_ok(finding, "%" PRIu64 " MiB free, more than twice the site's %" PRIu64 " MiB",
                        room.bytes >> 20, checks->site_bytes >> 20);
}
