/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/checks_private.h"

#include "lib/command_line.h"
#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/memory.h"
#include "lib/path.h"
#include "lib/process.h"
#include "states/local_config_rules.h"
#include "states/site_database.h"
#include "states/stages.h"

#include <ctype.h>
#include <string.h>

#define ANSWER_S 60 /* of the database server, for one of the checks' statements */

/* The oldest release that upgrade_v3.php takes on. */
#define OLDEST_VERSION "2.16.3"

void check_root_is_mautic(struct checks *checks, struct finding *finding)
{
        const struct site *site = checks->site;
        if (!site)
                finding_error(finding, reason_advice(checks->site_problem.reason), "%s",
                        error_message(&checks->site_problem));
        else if (site->kind == SITE_EMPTY)
                finding_error(finding, reason_advice(REASON_NOT_MAUTIC),
                        "%s is no Mautic: it holds neither app/version.txt nor app/release_metadata.json",
                        site->root);
        else
                finding_ok(finding, "%s holds a Mautic", site->root);
}

/* Doctrine looks for its files with glob(3), to which these letters of the folder's own path are a pattern:
 * it finds no migration there, says that there is none, and all seems well. Source: GlobFinder of
 * doctrine/migrations 1.2.2 and 2.2.1. */
void check_root_name(struct checks *checks, struct finding *finding)
{
        const char *root = checks->site->root;
        bool consoles = !string_equal(checks->config->migrations_engine, "native");
        if (consoles && strpbrk(root, "*?[\\"))
                finding_error(finding,
                        "Rename the folder, or set migrations.engine = native, which finds them.",
                        "%s: with *, ?, [ or \\ in its path the site's console finds no migrations", root);
        else
                finding_ok(finding, "%s", root);
}

void check_mautic_version(struct checks *checks, struct finding *finding)
{
        const struct site *site = checks->site;
        if (!site->version)
                finding_error(finding, "Put back the app/version.txt of the release that is installed.",
                        "the version is not known: no app/version.txt");
        else if (site->kind == SITE_MAUTIC_3 || site_version_compare(site->version, "3.0.0-alpha") >= 0)
                finding_error(finding, reason_advice(REASON_ALREADY_MAUTIC_3), "this is Mautic %s already",
                        site->version);
        else if (site_version_compare(site->version, OLDEST_VERSION) < 0)
                finding_error(finding, reason_advice(REASON_MAUTIC_TOO_OLD),
                        "Mautic %s, older than " OLDEST_VERSION, site->version);
        else
                finding_ok(finding, "Mautic %s", site->version);
}

static bool root_has(const struct checks *checks, const char *name)
{
        _cleanup_error_ struct error err = {0};
        struct stat status;
        return file_stat(checks->site->root_fd, name, &status, &err) == 0;
}

/* Preflight is the first stage: what stands there now is not of this upgrade. */
void check_half_upgraded(struct checks *checks, struct finding *finding)
{
        static const char *const traces[] = {
                NAME_MAUTIC_2_FILES, NAME_MAUTIC_3_FILES, "m3_upgrade_pending_phase_2.txt"};
        _cleanup_name_sample_ struct name_sample found = {0};
        for (size_t i = 0; i < ARRAY_SIZE(traces); i++)
                if (root_has(checks, traces[i]))
                        name_sample_add(&found, traces[i]);
        if (found.count > 0)
                finding_error(finding,
                        "Another upgrade (upgrade_v3.php?) was begun and not ended. Bring its files back or "
                        "move "
                        "these out of the root: they may hold the only copy of the site's files.",
                        "there already: %s", name_sample_text(&found));
        else if (root_has(checks, NAME_BACKUP))
                finding_warning(finding, "Move it out of the root: a web server may give it to anyone.",
                        "an older dump of the database lies in the root: " NAME_BACKUP);
        else
                finding_ok(finding, "no traces of another upgrade");
}

void check_git_checkout(struct checks *checks, struct finding *finding)
{
        static const char *const names[] = {"composer.json", ".git"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (root_has(checks, names[i])) {
                        finding_warning(finding,
                                "The package is a release, not a checkout: after the upgrade the root is no "
                                "working tree any more. Accept it if that is meant.",
                                "%s in the root: this seems to be a checkout of the repository", names[i]);
                        return;
                }
        finding_ok(finding, "a released package");
}

/* The command is never needed: without it the upgrade goes on, and nobody hears of it. */
void check_hooks_command(struct checks *checks, struct finding *finding)
{
        static const char advice[] =
                "Correct hooks.on_event and start the daemon again, or accept that nobody is "
                "notified.";
        _cleanup_string_list_ struct string_list words = {0};
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *path = NULL;
        const char *command = checks->config->hooks_on_event;
        if (!command) {
                finding_ok(finding, "nobody is to be notified");
                return;
        }
        int found = command_line_split(command, &words, &err);
        if (found == 0)
                found = process_find(words.items[0], &path, &err);
        if (found == 0)
                finding_ok(finding, "%s can be executed", path);
        else if (found < 0)
                finding_warning(finding, advice, "hooks.on_event: %s", error_message(&err));
        else
                finding_warning(finding, advice,
                        "hooks.on_event: %s is not there, or this user can't execute it", words.items[0]);
}

/* The plugins of Mautic 2.16.5 itself; upgrade_v3.php names the same eleven. */
static bool is_standard_plugin(const char *name)
{
        static const char *const names[] = {"Citrix", "Clearbit", "CloudStorage", "Crm", "EmailMarketing",
                "Focus", "FullContact", "Gmail", "Outlook", "Social", "Zapier"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                _cleanup_free_ char *bundle = string_format("Mautic%sBundle", names[i]);
                if (strcmp(name, bundle) == 0)
                        return true;
        }
        return false;
}

/* A folder of paths.php: below the root, or anywhere when it is absolute. NULL: it can't be read. */
static DIR *open_place(const struct checks *checks, const char *path)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_close_ int fd = -1;
        if (path[0] == '/')
                fd = uninterrupted(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        else if (folder_open(checks->site->root_fd, path, &fd, &err) != 0)
                return NULL;
        DIR *folder = fd < 0 ? NULL : fdopendir(fd);
        if (folder)
                (void)steal_fd(&fd);
        return folder;
}

static bool is_folder(int dir_fd, const char *name)
{
        struct stat status;
        return name[0] != '.' && fstatat(dir_fd, name, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

void check_plugins(struct checks *checks, struct finding *finding)
{
        const char *place = checks->site->paths.plugins;
        _cleanup_closedir_ DIR *folder = open_place(checks, place);
        if (!folder) {
                finding_warning(finding, "See that the folder is there and can be read.",
                        "the plugins' folder %s can't be read", place);
                return;
        }
        _cleanup_string_list_ struct string_list custom = {0};
        for (struct dirent *entry; (entry = readdir(folder));)
                if (is_folder(dirfd(folder), entry->d_name) && !is_standard_plugin(entry->d_name))
                        string_list_add(&custom, entry->d_name);
        _cleanup_name_sample_ struct name_sample sample = {0};
        for (size_t i = 0; i < custom.count; i++)
                name_sample_add(&sample, custom.items[i]);
        if (custom.count > 0)
                finding_warning(finding,
                        "See that each has a release for Mautic 3; a plugin that has none can stop Mautic 3 "
                        "from "
                        "building its cache: disable it and move it away first.",
                        "beyond Mautic's own: %s", name_sample_text(&sample));
        else
                finding_ok(finding, "none beyond Mautic's own");
}

void check_local_config(struct checks *checks, struct finding *finding)
{
        _cleanup_error_ struct error err = {0};
        checks->settings_known =
                site_database_settings(checks->config, checks->site, &checks->settings, &err) == 0;
        checks->settings.database.answer_s = ANSWER_S;
        if (!checks->settings_known)
                finding_error(finding, reason_advice(err.reason), "%s", error_message(&err));
        else
                finding_ok(finding, "%s can be read", checks->site->paths.local_config);
}

/* What it sets comes after local.php, and the upgrade edits local.php alone. */
void check_local_overrides(struct checks *checks, struct finding *finding)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(local_config_freep) struct local_config *overrides = NULL;
        _cleanup_free_ char *keys = NULL;
        int result = site_read_overrides(checks->site, &overrides, &err);
        if (result == 0)
                result = local_config_rules_apply(NULL, overrides, &keys, &err);
        if (result < 0)
                finding_error(finding, reason_advice(err.reason), "%s", error_message(&err));
        else if (keys && *keys)
                finding_warning(finding,
                        "The upgrade changes these keys in local.php, where they do not count: change them "
                        "in "
                        "this file yourself, in the words of Mautic 3, or take them out of it.",
                        SITE_OVERRIDES_FILE " sets what Mautic 3 has otherwise: %s", keys);
        else
                finding_ok(finding, "nothing overrides what is changed in local.php");
}

/* Finds 'type' => 'word' in the source of an array; false: there is no such constant. */
static bool find_cache_type(const char *source, char *ret_word, size_t size)
{
        const char *key = strstr(source, "'type'");
        if (!key)
                key = strstr(source, "\"type\"");
        if (!key)
                return false;
        const char *value = key + strlen("'type'");
        value += strspn(value, " \t\r\n");
        if (!string_begins(value, "=>"))
                return false;
        value += 2;
        value += strspn(value, " \t\r\n");
        size_t length = value[0] == '\'' || value[0] == '"' ? strcspn(value + 1, "'\"") : 0;
        if (length == 0 || length >= size)
                return false;
        memcpy(ret_word, value + 1, length);
        ret_word[length] = '\0';
        return true;
}

void check_rate_limiter_cache(struct checks *checks, struct finding *finding)
{
        const char *source = checks->settings.rate_limiter_cache;
        char type[64] = "";
        if (!source)
                finding_ok(finding, "api_rate_limiter_cache is not set");
        else if (find_cache_type(source, type, sizeof type) && strcmp(type, "file_system") == 0)
                finding_ok(finding, "api_rate_limiter_cache is file_system");
        else
                finding_warning(finding,
                        "It will be set to Mautic 3's file system adapter. Note your own value and set it "
                        "again, in "
                        "the words of Mautic 3, after the upgrade.",
                        "api_rate_limiter_cache has a value of its own%s%s", type[0] ? ": type " : "", type);
}

void check_spool(struct checks *checks, struct finding *finding)
{
        _cleanup_free_ char *path = string_format("%s/default", checks->settings.mailer_spool_path);
        _cleanup_closedir_ DIR *folder = opendir(path);
        size_t count = 0;
        for (struct dirent *entry; folder && (entry = readdir(folder));)
                count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
        if (!folder && errno != ENOENT)
                finding_warning(finding, "See whether mail waits there.", "%s can't be read: %s", path,
                        strerror(errno));
        else if (count > 0)
                finding_warning(finding,
                        "Send it first: php app/console mautic:emails:send --env=prod. Mautic 3 looks in "
                        "var/spool.",
                        "mail waits in %s: %zu", path, count);
        else
                finding_ok(finding, "no mail waits");
}

/* Processes */

/* Reads a small file of /proc/PID; NULs between arguments stay. Returns its size, 0: gone or empty. */
static size_t read_proc(const char *pid, const char *name, char *text, size_t size)
{
        _cleanup_free_ char *path = string_format("/proc/%s/%s", pid, name);
        _cleanup_close_ int fd = uninterrupted(open(path, O_RDONLY | O_CLOEXEC));
        ssize_t count = fd < 0 ? 0 : read(fd, text, size - 1);
        text[count > 0 ? count : 0] = '\0';
        return count > 0 ? (size_t)count : 0;
}

static bool works_in(const char *pid, const char *root)
{
        char folder[4096];
        _cleanup_free_ char *path = string_format("/proc/%s/cwd", pid);
        ssize_t size = readlink(path, folder, sizeof folder - 1);
        folder[size > 0 ? size : 0] = '\0';
        return path_below(folder, root);
}

/* "php mautic:emails:send (process 4711)" when it is a PHP that works on the site; else NULL. Arguments may
 * hold secrets: only the console's command is told. */
static char *php_on_site(const char *pid, const char *root)
{
        char arguments[8192];
        size_t size = read_proc(pid, "cmdline", arguments, sizeof arguments);
        const char *program = strrchr(arguments, '/') ? strrchr(arguments, '/') + 1 : arguments;
        if (size == 0 || !string_begins(program, "php"))
                return NULL;
        bool on_site = works_in(pid, root);
        const char *command = "";
        for (const char *at = arguments + strlen(arguments) + 1; at < arguments + size;
                at += strlen(at) + 1) {
                if (path_below(at, root))
                        on_site = true;
                if (string_begins(at, "mautic:") || string_begins(at, "doctrine:") ||
                        string_begins(at, "cache:"))
                        command = at;
        }
        return on_site ? string_format("%s%s%s (process %s)", program, command[0] ? " " : "", command, pid)
                       : NULL;
}

void check_processes(struct checks *checks, struct finding *finding)
{
        _cleanup_closedir_ DIR *folder = opendir("/proc");
        _cleanup_name_sample_ struct name_sample found = {0};
        for (struct dirent *entry; folder && (entry = readdir(folder));) {
                _cleanup_free_ char *shown = isdigit((unsigned char)entry->d_name[0])
                                                     ? php_on_site(entry->d_name, checks->site->root)
                                                     : NULL;
                if (shown)
                        name_sample_add(&found, shown);
        }
        if (!folder)
                finding_warning(
                        finding, "See that no cron job of this site is at work.", "/proc can't be read");
        else if (found.count > 0)
                finding_warning(finding,
                        "Stop the site's cron jobs, and wait until these have ended: what they write while "
                        "files "
                        "move may be lost.",
                        "PHP is at work on this site: %s", name_sample_text(&found));
        else
                finding_ok(finding, "no PHP of the command line is at work on this site");
}
