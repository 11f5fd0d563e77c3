/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/support.h"

#include "lib/checkpoint.h"
#include "lib/clock.h"
#include "lib/files.h"
#include "lib/gate_facts.h"
#include "lib/log_place.h"
#include "lib/process.h"
#include "lib/site.h"
#include "lib/site_secrets.h"
#include "lib/text.h"

#include <curl/curl.h>
#include <gnu/libc-version.h>
#include <mysql.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <zip.h>
#include <zlib.h>
#include <zstd.h>

#define ROWS_MOST 20000
#define LOG_BYTES ((off_t)1024 * 1024)
#define PROGRAM_LIMIT_MS 15000
#define DATABASE_TIMEOUT_S 5
#define SYSTEM_FILE "/etc/os-release"

struct collector {
        const struct support_source *source;
        struct redactor *redactor;
        char *root; /* NULL: not known */
        json_t *answer, *not_read;
};

static void not_read(struct collector *collector, const char *what, const char *why)
{
        json_array_append_new(
                collector->not_read, json_pack("{s:s, s:o}", "what", what, "why", text_json(why)));
}

static void failed(struct collector *collector, const char *what, struct error *err)
{
        not_read(collector, what, error_message(err));
        error_deinit(err);
}

static void collect_local_config(struct collector *collector)
{
        _cleanup_error_ struct error err = {0};
        json_t *values = NULL;
        if (!collector->root)
                not_read(collector, "local.php", "the site's root is not known");
        else if (site_secrets_told(collector->root, &values, &err) < 0)
                failed(collector, "local.php", &err);
        else
                json_object_set_new(collector->answer, "local_config", values);
}

/* The daemon's own */

static void collect_configuration(struct collector *collector)
{
        const char *name, *value, *text;
        if (!collector->source->config) {
                not_read(collector, "configuration", "it is not known which file it is in");
                return;
        }
        json_t *values = json_object();
        for (size_t i = 0; config_describe(i, &name, &value, &text); i++) {
                _cleanup_free_ char *set = config_value(collector->source->config, i);
                if (string_equal(name, "hooks.on_event") && set) /* its arguments may hold an address's key */
                        set[strcspn(set, " \t")] = '\0';
                json_object_set_new(values, name, text_json(set));
        }
        json_object_set_new(collector->answer, "configuration", values);
}

/* Also finds out which site it is. */
static int load_checkpoint(struct collector *collector, struct error *err)
{
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        json_t *export = NULL;
        int r = checkpoint_open_reader(collector->source->state_path, &checkpoint, err);
        if (r > 0)
                return error_set(err, REASON_NOT_FOUND, "there is none in %s", collector->source->state_path);
        if (r < 0 || checkpoint_export(checkpoint, ROWS_MOST, &export, err) < 0)
                return -1;
        json_object_set_new(collector->answer, "checkpoint", export);
        return 0;
}

/* From the collected checkpoint, borrowed; NULL: not there. */

static const char *fact(const struct collector *collector, const char *name)
{
        const json_t *checkpoint = json_object_get(collector->answer, "checkpoint");
        size_t i;
        json_t *row;
        json_array_foreach(json_object_get(checkpoint, "fact"), i, row)
        {
                if (string_equal(json_string_value(json_object_get(row, "name")), name))
                        return json_string_value(json_object_get(row, "value"));
        }
        return NULL;
}

static void collect_checkpoint(struct collector *collector)
{
        _cleanup_error_ struct error err = {0};
        if (!collector->source->state_path)
                not_read(collector, "checkpoint", "the state folder is not known");
        else if (load_checkpoint(collector, &err) < 0)
                failed(collector, "checkpoint", &err);
        redactor_hide(collector->redactor, fact(collector, FACT_GATE_TOKEN));
        redactor_hide(collector->redactor, fact(collector, FACT_GATE_HELD_NAME));
}

static const char *upgrade_member(const struct collector *collector, const char *name)
{
        const json_t *checkpoint = json_object_get(collector->answer, "checkpoint");
        const json_t *upgrade = json_array_get(json_object_get(checkpoint, "upgrade"), 0);
        return json_string_value(json_object_get(upgrade, name));
}

static void find_root(struct collector *collector)
{
        const struct support_source *source = collector->source;
        const char *root = source->root                             ? source->root
                           : source->config && source->config->root ? source->config->root
                                                                    : upgrade_member(collector, "root");
        collector->root = string_copy(root);
}

/* The log */

static int read_tail(int folder_fd, const char *path, char **ret, struct error *err)
{
        _cleanup_close_ int fd = -1;
        _cleanup_buffer_ struct buffer text = {0};
        struct stat status;
        char piece[65536];
        ssize_t length;
        int r = file_open(folder_fd, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0, &fd, err);
        if (r != 0)
                return r < 0 ? -1 : error_set(err, REASON_NOT_FOUND, "there is no %s", path);
        if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
                return error_set(err, REASON_INPUT_OUTPUT, "%s is no file", path);
        off_t offset = status.st_size > LOG_BYTES ? status.st_size - LOG_BYTES : 0;
        while ((length = pread(fd, piece, sizeof(piece), offset)) > 0 && text.size <= (size_t)LOG_BYTES) {
                buffer_append(&text, piece, (size_t)length);
                offset += length;
        }
        if (length < 0)
                return error_set_errno(err, errno, "reading %s", path);
        *ret = buffer_steal(&text);
        return 0;
}

static int load_log(struct collector *collector, char **ret, struct error *err)
{
        bool in_state;
        const char *path = log_place_of(fact(collector, FACT_UPGRADE_LOG), &in_state);
        const char *folder = in_state ? collector->source->state_path : collector->root;
        if (!folder || !path)
                return error_set(err, REASON_NOT_FOUND, "it is put away, or the site's root is not known");
        _cleanup_close_ int folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (folder_fd < 0)
                return error_set_errno(err, errno, "opening %s", folder);
        return read_tail(folder_fd, path, ret, err);
}

static void collect_log(struct collector *collector)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *text = NULL;
        if (load_log(collector, &text, &err) < 0)
                failed(collector, NAME_LOG, &err);
        else
                json_object_set_new(collector->answer, "log", text_json(text));
}

/* Versions */

static void add_version(struct collector *collector, const char *name, const char *text)
{
        json_object_set_new(json_object_get(collector->answer, "versions"), name, text_json(text));
}

static void add_system(struct collector *collector)
{
        struct utsname system;
        if (uname(&system) == 0) {
                _cleanup_free_ char *kernel =
                        string_format("%s %s %s", system.sysname, system.release, system.machine);
                add_version(collector, "kernel", kernel);
        }
        _cleanup_fclose_ FILE *file = fopen(SYSTEM_FILE, "re");
        char line[512];
        while (file && fgets(line, sizeof(line), file))
                if (string_begins(line, "PRETTY_NAME=")) {
                        line[strcspn(line, "\n")] = '\0';
                        add_version(collector, "system", line + 12);
                }
        add_version(collector, "libc", gnu_get_libc_version());
}

static void add_libraries(struct collector *collector)
{
        add_version(collector, "program", PROJECT_VERSION);
        add_version(collector, "jansson", jansson_version_str());
        add_version(collector, "libcurl", curl_version());
        add_version(collector, "libmariadb", mysql_get_client_info());
        add_version(collector, "libzip", zip_libzip_version());
        add_version(collector, "openssl", OpenSSL_version(OPENSSL_VERSION));
        add_version(collector, "sqlite", sqlite3_libversion());
        add_version(collector, "zlib", zlibVersion());
        add_version(collector, "zstd", ZSTD_versionString());
}

static void add_program(struct collector *collector, const char *name, const char *const *arguments)
{
        const struct process_options options = {.arguments = arguments,
                .time_limit_ms = PROGRAM_LIMIT_MS,
                .cancel = collector->source->cancel};
        _cleanup_process_result_ struct process_result result = {0};
        _cleanup_error_ struct error err = {0};
        if (process_run(&options, &result, &err) < 0)
                failed(collector, name, &err);
        else
                add_version(collector, name, result.output);
}

/* Those that the upgrade would take. */
static void add_programs(struct collector *collector)
{
        const struct config *config = collector->source->config;
        const char *php = config ? config->php : "php";
        const char *dump = config && config->backup_tool && !string_equal(config->backup_tool, "auto")
                                   ? config->backup_tool
                                   : NULL;
        _cleanup_free_ char *found = NULL;
        _cleanup_error_ struct error err = {0};
        if (!dump)
                dump = process_find("mariadb-dump", &found, &err) == 0 ? "mariadb-dump" : "mysqldump";
        add_program(collector, "php", (const char *const[]){php, "-v", NULL});
        add_program(collector, "php_modules", (const char *const[]){php, "-m", NULL});
        add_program(collector, "dump_program", (const char *const[]){dump, "--version", NULL});
        add_program(collector, "mariadb", (const char *const[]){"mariadb", "--version", NULL});
}

static int ask_server(struct collector *collector, struct database_server *ret, struct error *err)
{
        _cleanup_(site_freep) struct site *site = NULL;
        _cleanup_site_settings_ struct site_settings settings = {0};
        _cleanup_(database_closep) struct database *database = NULL;
        const struct config *config = collector->source->config;
        if (site_open(collector->root, &site, err) < 0 || site_load_settings(site, &settings, err) < 0)
                return -1;
        settings.database.timeout_s = settings.database.answer_s = DATABASE_TIMEOUT_S;
        if (config && config->database_socket)
                string_replace(&settings.database.unix_socket, string_copy(config->database_socket));
        redactor_hide(collector->redactor, settings.database.password);
        if (database_connect(&settings.database, &database, err) < 0)
                return -1;
        return database_server_version(database, ret, err);
}

static void add_server(struct collector *collector)
{
        struct database_server server;
        _cleanup_error_ struct error err = {0};
        if (!collector->root)
                not_read(collector, "database server", "the site's root is not known");
        else if (ask_server(collector, &server, &err) < 0)
                failed(collector, "database server", &err);
        else
                add_version(collector, "database_server", server.text);
}

static void collect_versions(struct collector *collector)
{
        json_object_set_new(collector->answer, "versions", json_object());
        add_system(collector);
        add_libraries(collector);
        add_programs(collector);
        add_server(collector);
}

/* Places: those that the upgrade works with, by name; what else stands in the root is nobody's business. */

static json_t *file_system_json(int fd)
{
        struct statfs system;
        if (fstatfs(fd, &system) < 0)
                return json_null();
        return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "type", (json_int_t)system.f_type, "bytes",
                (json_int_t)system.f_blocks * (json_int_t)system.f_bsize, "bytes_free",
                (json_int_t)system.f_bavail * (json_int_t)system.f_bsize, "inodes",
                (json_int_t)system.f_files, "inodes_free", (json_int_t)system.f_ffree, "flags",
                (json_int_t)system.f_flags);
}

static void add_place(struct collector *collector, const char *folder, int folder_fd, const char *name)
{
        struct stat status;
        if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
                return;
        char mode[8], time[25];
        _cleanup_free_ char *path =
                string_equal(name, ".") ? string_copy(folder) : string_format("%s/%s", folder, name);
        (void)snprintf(mode, sizeof(mode), "%06o", status.st_mode);
        clock_format_iso((int64_t)status.st_mtim.tv_sec * 1000, time);
        json_array_append_new(json_object_get(collector->answer, "places"),
                json_pack("{s:o, s:s, s:i, s:i, s:I, s:s, s:I, s:o}", "path", text_json(path), "mode", mode,
                        "uid", (int)status.st_uid, "gid", (int)status.st_gid, "size",
                        (json_int_t)status.st_size, "modified", time, "device", (json_int_t)status.st_dev,
                        "file_system", string_equal(name, ".") ? file_system_json(folder_fd) : json_null()));
}

static void add_places(struct collector *collector, const char *folder, const char *const *names)
{
        _cleanup_close_ int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        if (fd < 0) {
                not_read(collector, folder ? folder : "folders", folder ? strerror(errno) : "not known");
                return;
        }
        for (; *names; names++)
                add_place(collector, folder, fd, *names);
}

static void collect_places(struct collector *collector)
{
        static const char *const of_root[] = {".", "app", "app/cache", "app/config", "app/config/local.php",
                "app/console", "app/logs", "app/migrations", "app/release_metadata.json", "app/version.txt",
                "bin", "bin/console", "index.php", "media", "mautic-2-backup-files",
                "mautic-2-set-aside-files", "mautic-3-temp-files", "mautic-3-update-package.zip", "plugins",
                "themes", NAME_LOG, "var", "var/cache", "var/logs", "vendor", ".htaccess", ".user.ini", NULL};
        static const char *const of_state[] = {".", CHECKPOINT_FILE, CHECKPOINT_FILE "-wal",
                "m3_upgrade_db_backup.json", "m3_upgrade_db_backup.sql.zst", NAME_LOCAL_CONFIG_ORIGINAL,
                "package.zip", "daemon.sock", NULL};
        json_object_set_new(collector->answer, "places", json_array());
        add_places(collector, collector->root, of_root);
        add_places(collector, collector->source->state_path, of_state);
}

/* What others wrote, or answered: it may hold what is to be hidden. */
static void leave_out_the_doubtful(struct collector *collector)
{
        static const char *const own[] = {"configuration", "local_config", "versions", "places", "not_read"};
        _cleanup_free_ char *why =
                string_format("left out, as not all is known that must be hidden in it: %s",
                        redactor_doubts(collector->redactor));
        json_auto_t *kept = json_object();
        const char *name;
        json_t *value;
        for (size_t at = 0; at < ARRAY_SIZE(own); at++)
                json_object_set(kept, own[at], json_object_get(collector->answer, own[at]));
        json_object_foreach(collector->answer, name, value)
        {
                if (!json_object_get(kept, name))
                        not_read(collector, name, why);
        }
        size_t i;
        json_array_foreach(collector->source->not_answered, i, value)
                not_read(collector, json_string_value(json_object_get(value, "what")), why);
        json_object_clear(collector->answer);
        json_object_update(collector->answer, kept);
}

static void collect_answers(struct collector *collector)
{
        const struct support_source *source = collector->source;
        json_object_update(collector->answer, source->answers);
        if (!redactor_doubts(collector->redactor))
                json_array_extend(collector->not_read, source->not_answered);
}

json_t *support_collect(const struct support_source *source)
{
        struct collector collector = {.source = source, .redactor = redactor_new(), .answer = json_object()};
        collector.not_read = json_array();
        json_object_set_new(collector.answer, "not_read", collector.not_read);
        collect_configuration(&collector);
        collect_checkpoint(&collector);
        find_root(&collector);
        site_secrets_hide(collector.redactor, collector.root, source->state_path);
        collect_local_config(&collector);
        collect_log(&collector);
        collect_versions(&collector);
        collect_places(&collector);
        collect_answers(&collector);
        if (redactor_doubts(collector.redactor))
                leave_out_the_doubtful(&collector);
        json_t *redacted = redactor_json(collector.redactor, collector.answer);
        json_decref(collector.answer);
        redactor_free(collector.redactor);
        free(collector.root);
        return redacted;
}
