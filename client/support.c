/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The support bundle: what the daemon answers, or, when none runs, what can be read without one. It is
 * written under a temporary name, for its owner alone, and never over a file that is there.
 */
#include "lib/support.h"
#include "client/commands.h"
#include "client/sites.h"
#include "lib/checkpoint.h"
#include "lib/clock.h"
#include "lib/tar.h"
#include "lib/text.h"

#include <string.h>

#define ANSWER_S 120L

/* The members of what is collected, each a file of its own. */
static const struct {
        const char *member, *file;
} members[] = {
        {"configuration", "configuration.json"},
        {"local_config", "local.php.json"},
        {"checkpoint", "checkpoint.json"},
        {"log", "upgrade_log.txt"},
        {"versions", "versions.json"},
        {"places", "places.json"},
        {"status", "status.json"},
        {"stages", "stages.json"},
        {"preflight", "preflight.json"},
        {"backup", "backup.json"},
        {"migrations", "migrations.json"},
};

struct bundle {
        struct client *client;
        char *socket, *root, *state; /* NULL: not known */
        struct config config;
        bool configured; /* config is that of the site */
        json_t *not_read;
        json_t *files; /* name in the bundle -> text */
};

static void bundle_deinit(struct bundle *bundle)
{
        free(bundle->socket);
        free(bundle->root);
        free(bundle->state);
        config_deinit(&bundle->config);
        json_decref(bundle->not_read);
        json_decref(bundle->files);
}

static void not_read(struct bundle *bundle, const char *what, const char *why)
{
        json_array_append_new(bundle->not_read, json_pack("{s:s, s:o}", "what", what, "why", text_json(why)));
}

/* Takes value over. */
static void add_file(struct bundle *bundle, const char *name, json_t *value)
{
        json_auto_t *own = value;
        if (json_is_string(own)) {
                json_object_set(bundle->files, name, own);
                return;
        }
        char *text = json_dumps(own, JSON_INDENT(2));
        _cleanup_free_ char *lines = string_format("%s\n", text);
        free(text);
        json_object_set_new(bundle->files, name, json_string(lines));
}

static void add_members(struct bundle *bundle, const json_t *collected)
{
        json_t *more = json_object_get(collected, "not_read");
        json_array_extend(bundle->not_read, more);
        for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
                json_t *value = json_object_get(collected, members[i].member);
                if (value)
                        add_file(bundle, members[i].file, json_incref(value));
        }
}

/* Which site it is */

/* Without --site the state folder is the socket's, when a checkpoint lies beside it. */
static char *state_beside(const char *socket)
{
        const char *slash = strrchr(socket, '/');
        char *folder = slash ? memory_copy(socket, (size_t)(slash - socket)) : string_copy(".");
        _cleanup_free_ char *file = string_format("%s/" CHECKPOINT_FILE, folder);
        if (access(file, F_OK) == 0)
                return folder;
        free(folder);
        return NULL;
}

static void find_site(struct bundle *bundle)
{
        const struct client *client = bundle->client;
        _cleanup_error_ struct error err = {0};
        if (client->site && sites_load_config(client->prefix_root, client->site, &bundle->config, &err) == 0)
                bundle->configured = true;
        else if (client->site)
                not_read(bundle, "configuration", error_message(&err));
        if (client->state_folder)
                bundle->state = string_copy(client->state_folder);
        else if (bundle->config.state_folder)
                bundle->state = string_copy(bundle->config.state_folder);
        else if (client->site)
                bundle->state = string_format(
                        "%s%s/%s", client->prefix_root ? client->prefix_root : "", SITES_STATE, client->site);
        else if (bundle->socket)
                bundle->state = state_beside(bundle->socket);
        if (bundle->configured)
                bundle->root = string_copy(bundle->config.root);
}

/* With the daemon */

/* False when there is none. */
static bool get(struct bundle *bundle, struct connection *connection, const char *path, json_t **ret)
{
        _cleanup_reply_ struct reply reply = {0};
        enum reach reach = connection_request(connection, "GET", path, NULL, ANSWER_S, &reply);
        if (reach != REACH_OK) {
                _cleanup_free_ char *why = connection_explain(connection, reach);
                not_read(bundle, path, why);
                return false;
        }
        *ret = json_incref(reply.json);
        if (reply.status == 200 && reply.json)
                return true;
        _cleanup_free_ char *detail = member_text(reply.json, "detail");
        not_read(bundle, path, *detail ? detail : "the daemon's answer is none");
        json_decref(*ret);
        *ret = NULL;
        return true;
}

static bool collect_from_daemon(struct bundle *bundle)
{
        _cleanup_(connection_freep) struct connection *connection = connection_new(bundle->socket);
        json_auto_t *collected = NULL;
        if (!get(bundle, connection, "/v1/support", &collected))
                return false;
        add_members(bundle, collected);
        return collected;
}

/* Without it */

static void collect_alone(struct bundle *bundle)
{
        const struct support_source source = {.config = bundle->configured ? &bundle->config : NULL,
                .root = bundle->root,
                .state_path = bundle->state};
        json_auto_t *collected = support_collect(&source);
        add_members(bundle, collected);
}

/* The file */

static const char about[] =
        "A support bundle of mautic-upgraded: where the upgrade of a Mautic site stands, and on what.\n"
        "\n"
        "configuration.json  the daemon's configuration\n"
        "local.php.json      those values of Mautic's local.php that hold no secret\n"
        "checkpoint.json     the upgrade, its stages, their steps, the facts and the events\n"
        "upgrade_log.txt     the end of the log\n"
        "versions.json       of the program, its libraries, the system, PHP and the database\n"
        "places.json         the upgrade's files and folders, with modes, owners and free space\n"
        "status.json, stages.json, preflight.json, backup.json, migrations.json\n"
        "                    the daemon's answers, when one was running\n"
        "not_read.json       what could not be read, and why\n"
        "\n"
        "Passwords, keys, addresses and what the database quoted of its rows are hidden as \"***\". It "
        "holds\n"
        "none of the site's files and no row of its database. Look through it before you send it on.\n";

static int write_files(const struct bundle *bundle, struct tar_writer *writer, struct error *err)
{
        int64_t now_s = clock_wall_ms() / 1000;
        const char *name;
        json_t *text;
        if (tar_writer_add(writer, "mautic-upgraded-support/README.txt", about, strlen(about), now_s, err) <
                0)
                return -1;
        json_object_foreach(bundle->files, name, text)
        {
                _cleanup_free_ char *path = string_format("mautic-upgraded-support/%s", name);
                if (tar_writer_add(
                            writer, path, json_string_value(text), json_string_length(text), now_s, err) < 0)
                        return -1;
        }
        return tar_writer_finish(writer, err);
}

static int write_temporary(const struct bundle *bundle, int folder_fd, const char *temporary,
        struct stat *ret_status, struct error *err)
{
        _cleanup_close_ int fd = -1;
        _cleanup_(tar_writer_freep) struct tar_writer *writer = NULL;
        if (file_open(folder_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, &fd, err) < 0 ||
                tar_writer_new(fd, temporary, &writer, err) < 0 || write_files(bundle, writer, err) < 0 ||
                file_sync(fd, temporary, err) < 0)
                return -1;
        return fstat(fd, ret_status) < 0 ? error_set_errno(err, errno, "writing %s", temporary) : 0;
}

static int write_bundle(
        const struct bundle *bundle, const char *file, struct stat *ret_status, struct error *err)
{
        const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
        _cleanup_free_ char *folder =
                slash ? memory_copy(file, (size_t)(slash - file + 1)) : string_copy(".");
        _cleanup_free_ char *temporary = string_format(".%s.mautic-upgraded", name);
        _cleanup_close_ int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct stat there;
        if (folder_fd < 0)
                return error_set_errno(err, errno, "opening the folder %s", folder);
        int r = file_stat(folder_fd, name, &there, err);
        if (r <= 0)
                return r < 0 ? -1 : error_set(err, REASON_ALREADY_EXISTS, "%s is there already", file);
        if (file_remove(folder_fd, temporary, err) < 0)
                return -1;
        r = write_temporary(bundle, folder_fd, temporary, ret_status, err);
        if (r == 0)
                r = file_rename(folder_fd, temporary, folder_fd, name, err);
        if (r < 0) {
                _cleanup_error_ struct error ignored = {0};
                (void)!file_remove(folder_fd, temporary, &ignored);
        }
        return r > 0 ? error_set(err, REASON_INPUT_OUTPUT, "%s vanished while it was written", temporary) : r;
}

static void tell(const struct bundle *bundle, const char *file, const struct stat *status)
{
        _cleanup_free_ char *size = format_amount((uint64_t)status->st_size, "bytes");
        size_t i;
        json_t *entry;
        if (bundle->client->json) {
                json_auto_t *answer = json_pack("{s:o, s:I, s:O}", "file", text_json(file), "bytes",
                        (json_int_t)status->st_size, "not_read", bundle->not_read);
                print_json(answer);
                return;
        }
        printf("%s (%s) is written; look through it before you send it on.\n", file, size);
        json_array_foreach(bundle->not_read, i, entry)
        {
                _cleanup_free_ char *what = member_text(entry, "what"), *why = member_text(entry, "why");
                complain("not read: %s: %s", what, why);
        }
}

/* The reasons' own advice is for an upgrade that resumes. */
static const char *advice_for(enum reason reason)
{
        static const struct {
                enum reason reason;
                const char *advice;
        } table[] = {
                {REASON_ALREADY_EXISTS, "Give another FILE, or move that one away."},
                {REASON_DISK_FULL, "Free space there, or give a FILE on another file system."},
                {REASON_INPUT_OUTPUT, "Check that disk's health, and give a FILE on another one."},
                {REASON_NOT_FOUND, "Make the folder, or give a FILE in one that is there."},
                {REASON_PERMISSION_DENIED, "Give a FILE in a folder of yours."},
                {REASON_READ_ONLY, "Give a FILE on a file system that can be written to."},
        };
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (table[i].reason == reason)
                        return table[i].advice;
        return "Read the message, and give a FILE in another folder.";
}

int command_support_bundle(struct client *client)
{
        _cleanup_(bundle_deinit) struct bundle bundle = {
                .client = client, .not_read = json_array(), .files = json_object()};
        _cleanup_error_ struct error err = {0};
        struct stat status;
        config_init(&bundle.config);
        if (!client->argument || !*client->argument)
                return fail_usage("support-bundle into which FILE?");
        if (client->socket || client->site || !client->state_folder)
                bundle.socket = sites_find_socket(client);
        if (!bundle.socket && !client->state_folder)
                return EXIT_USAGE;
        find_site(&bundle);
        if (!bundle.socket || !collect_from_daemon(&bundle))
                collect_alone(&bundle);
        add_file(&bundle, "not_read.json", json_incref(bundle.not_read));
        if (write_bundle(&bundle, client->argument, &status, &err) < 0)
                return fail(EXIT_COMMAND_FAILED, reason_name(err.reason), advice_for(err.reason), "%s",
                        error_message(&err));
        tell(&bundle, client->argument, &status);
        return EXIT_DONE;
}
