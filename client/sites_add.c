/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes a site known. In this order, each made whole or not at all, so that the same call goes on wherever a
 * former one was killed:
 *
 *   state folder       there and still root's: it is empty, and is given away now
 *   drop-ins           there, as they should be or not: written anew where they differ
 *   NAME.conf          last of the files, never written over: whoever sees it sees a site that is complete.
 *                      It is made beside its place as .NAME.conf.add, which the next call replaces
 *   systemctl          does no harm a second time
 */
#include "client/site_files.h"
#include "client/site_owner.h"
#include "client/site_unit.h"
#include "client/sites.h"
#include "client/sites_systemd.h"
#include "lib/checkpoint.h"
#include "lib/lock.h"
#include "lib/path.h"
#include "lib/text.h"

#include <limits.h>
#include <string.h>

#define LOCK_PATIENCE_MS 10000
#define KEYS_MOST 256

struct addition {
        const struct client *client;
        const char *name;
        struct site_places places;
        struct site *site;
        struct site_owner owner;
        struct config wanted;
        bool is_set[KEYS_MOST]; /* by --set, in the order of the table of keys */
        char *given; /* the root as it was given, absolute */
        char *state; /* the state folder */
        struct site_unit unit;
        int configuration_fd, lock_fd;
        char *staged; /* the configuration under its temporary name */
        bool is_known; /* the configuration is there */
        bool units_changed; /* a daemon that runs has begun with former ones */
        struct site_report report;
        json_t *notes;
};

static void addition_deinit(struct addition *addition)
{
        site_places_deinit(&addition->places);
        site_free(addition->site);
        site_owner_deinit(&addition->owner);
        config_deinit(&addition->wanted);
        string_list_deinit(&addition->unit.writable);
        string_list_deinit(&addition->unit.readable);
        free(addition->given);
        free(addition->state);
        free(addition->staged);
        closep(&addition->configuration_fd);
        closep(&addition->lock_fd);
        json_decref(addition->report.acts);
        json_decref(addition->notes);
}

static void note(struct addition *addition, const char *format, ...) _printf(2, 3);
static void note(struct addition *addition, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = string_format_list(format, arguments);
        va_end(arguments);
        json_array_append_new(addition->notes, text_json(text));
        if (!addition->client->json)
                complain("%s", text);
}

/* What is wanted */

static int take_assignment(struct addition *addition, const char *assignment, struct error *err)
{
        const char *equals = strchr(assignment, '='), *key, *value, *text;
        _cleanup_free_ char *name = equals ? memory_copy(assignment, (size_t)(equals - assignment)) : NULL;
        if (!equals)
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "--set %s: section.key=value is wanted, as php.path=/usr/bin/php7.3", assignment);
        if (string_equal(name, "site.root"))
                return error_set(err, REASON_INVALID_ARGUMENT, "--set site.root: --root says that");
        if (config_set(&addition->wanted, name, equals + 1, err) < 0)
                return error_wrap(err, "--set %s", name);
        for (size_t i = 0; i < KEYS_MOST && config_describe(i, &key, &value, &text); i++)
                addition->is_set[i] |= string_equal(key, name);
        return 0;
}

static int check_absolute(const char *key, const char *path, struct error *err)
{
        if (!path || *path == '/')
                return 0;
        return error_set(err, REASON_INVALID_ARGUMENT, "--set %s=%s: an absolute path is wanted", key, path);
}

static int take_wishes(struct addition *addition, struct error *err)
{
        config_init(&addition->wanted);
        for (char *const *set = addition->client->sets; set && *set; set++)
                if (take_assignment(addition, *set, err) < 0)
                        return -1;
        if (check_absolute("daemon.state", addition->wanted.state_folder, err) < 0)
                return -1;
        return check_absolute("daemon.socket", addition->wanted.socket, err);
}

/* Which site */

static const char *kind_name(enum site_kind kind)
{
        switch (kind) {
        case SITE_EMPTY:
                return "nothing";
        case SITE_MAUTIC_2:
                return "Mautic 2";
        case SITE_MAUTIC_3:
                return "Mautic 3";
        }
        return NULL;
}

static int open_site(struct addition *addition, struct error *err)
{
        const char *root = addition->client->root;
        _cleanup_free_ char *here = *root == '/' ? string_copy("") : getcwd(NULL, 0);
        addition->given = string_format("%s%s%s", here ? here : "", *root == '/' ? "" : "/", root);
        if (site_open(root, &addition->site, err) < 0)
                return -1;
        if (addition->site->kind == SITE_EMPTY)
                return error_set(err, REASON_NOT_MAUTIC,
                        "%s holds no Mautic: neither app/version.txt nor app/release_metadata.json is there",
                        addition->site->root);
        return site_owner_find(addition->site, addition->client->user, &addition->owner, err);
}

static bool is_same_folder(const char *left, const char *right)
{
        char left_real[PATH_MAX], right_real[PATH_MAX];
        return realpath(left, left_real) && realpath(right, right_real) && strcmp(left_real, right_real) == 0;
}

/* Two daemons on one root would only wait for each other. */
static int check_others(const struct addition *addition, struct error *err)
{
        _cleanup_string_list_ struct string_list list = {0};
        const char *prefix = addition->client->prefix_root;
        sites_list(prefix, &list);
        for (size_t i = 0; i < list.count; i++) {
                _cleanup_config_ struct config config = {0};
                _cleanup_error_ struct error unreadable = {0};
                config_init(&config);
                if (string_equal(list.items[i], addition->name) ||
                        sites_load_config(prefix, list.items[i], &config, &unreadable) < 0 || !config.root)
                        continue;
                if (is_same_folder(config.root, addition->site->root))
                        return error_set(err, REASON_ALREADY_EXISTS, "%s is known already, as the site %s",
                                addition->site->root, list.items[i]);
        }
        return 0;
}

/* What it writes into out of the root, and what it must see. A folder inside would become a mount point,
 * which could not be renamed. */

static void add_outside(struct addition *addition, const char *path, bool is_file)
{
        _cleanup_free_ char *real = path ? realpath(path, NULL) : NULL;
        _cleanup_free_ char *folder = real && is_file ? path_parent(real) : string_copy(real);
        if (!folder || path_below(folder, addition->site->root) ||
                string_list_has(&addition->unit.writable, folder))
                return;
        string_list_add(&addition->unit.writable, folder);
}

static void find_outside(struct addition *addition)
{
        const struct site *site = addition->site;
        _cleanup_site_settings_ struct site_settings settings = {0};
        _cleanup_error_ struct error err = {0};
        const char *config = site->paths.local_config;
        _cleanup_free_ char *local =
                *config == '/' ? string_copy(config) : string_format("%s/%s", site->root, config);
        add_outside(addition, local, true);
        if (site_load_folders(site, &settings, &err) < 0) {
                note(addition,
                        "local.php could not be read (%s): whether it leads out of the root is not known "
                        "here, "
                        "and the service may write into the root alone",
                        error_message(&err));
                return;
        }
        add_outside(addition, settings.cache_path, false);
        add_outside(addition, settings.log_path, false);
        add_outside(addition, settings.mailer_spool_path, false);
}

static void add_readable(struct addition *addition, const char *path)
{
        if (path && *path == '/')
                string_list_add(&addition->unit.readable, path);
}

static void describe_unit(struct addition *addition)
{
        const struct config *wanted = &addition->wanted;
        addition->unit.user = addition->owner.user;
        addition->unit.group = addition->owner.group;
        addition->unit.socket = wanted->socket;
        addition->unit.socket_group = wanted->group;
        find_outside(addition);
        addition->unit.state = wanted->state_folder;
        if (wanted->state_folder)
                add_outside(addition, wanted->state_folder, false);
        add_readable(addition, addition->site->root); /* the unit may name a link to it */
        if (wanted->socket)
                add_readable(addition, wanted->socket);
        add_readable(addition, wanted->database_socket);
        add_readable(addition, wanted->package_file);
        add_readable(addition, wanted->php);
        add_readable(addition, wanted->listen_token);
        add_readable(addition, wanted->hooks_on_event); /* its path comes first */
}

/* The configuration */

static char *configuration_text(const struct addition *addition)
{
        struct buffer text = {0};
        const char *key, *value, *meaning, *dot;
        _cleanup_free_ char *section = NULL;
        buffer_append_string(&text,
                "# Written by \"mautic-upgradectl sites add\", which never writes over it. All keys: "
                "mautic-upgraded.conf(5).\n");
        for (size_t i = 0; config_describe(i, &key, &value, &meaning) && (dot = strchr(key, '.')); i++) {
                if (!(i < KEYS_MOST && addition->is_set[i]) && !string_equal(key, "site.root"))
                        continue;
                _cleanup_free_ char *own = memory_copy(key, (size_t)(dot - key));
                _cleanup_free_ char *setting = config_value(&addition->wanted, i);
                if (!string_equal(own, section))
                        buffer_append_format(&text, "\n[%s]\n", own);
                buffer_append_format(&text, "%s = %s\n", dot + 1, setting);
                string_replace(&section, string_copy(own));
        }
        return buffer_steal(&text);
}

/* NULL when both say the same of every key that is wanted; else the first that they do not. */
static const char *first_difference(const struct addition *addition, const struct config *found)
{
        const char *key, *value, *meaning;
        for (size_t i = 0; i < KEYS_MOST && config_describe(i, &key, &value, &meaning); i++) {
                _cleanup_free_ char *wanted = config_value(&addition->wanted, i);
                _cleanup_free_ char *there = config_value(found, i);
                if ((addition->is_set[i] || string_equal(key, "site.root")) && !string_equal(wanted, there))
                        return key;
        }
        return NULL;
}

/* Writes it under its temporary name with that root and reads it again: 1 when the file can't hold it. */
static int stage_with_root(struct addition *addition, const char *root, struct error *err)
{
        _cleanup_config_ struct config found = {0};
        _cleanup_free_ char *folder = path_parent(addition->places.configuration);
        _cleanup_free_ char *path = string_format("%s/%s", folder, addition->staged);
        _cleanup_error_ struct error unread = {0};
        _cleanup_free_ char *quoted = unit_quote("", root);
        if (!quoted || config_set(&addition->wanted, "site.root", root, &unread) < 0)
                return 1;
        _cleanup_free_ char *text = configuration_text(addition);
        if (file_write_atomic(addition->configuration_fd, addition->staged, text, strlen(text), 0644, err) <
                0)
                return error_wrap(err, "writing %s", path);
        config_init(&found);
        return config_load(&found, path, &unread) < 0 || first_difference(addition, &found) ? 1 : 0;
}

/* The root with its links resolved; where no configuration file or no unit can hold that path, the one that
 * was given, which may be a link with a plainer name. */
static int stage_configuration(struct addition *addition, struct error *err)
{
        const char *const roots[] = {addition->site->root, addition->given};
        for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
                int r = stage_with_root(addition, roots[i], err);
                if (r < 0)
                        return -1;
                if (r == 0) {
                        addition->unit.root = addition->wanted.root;
                        return 0;
                }
        }
        return error_set(err, REASON_UNSAFE_PATH,
                "the configuration file can't hold \"%s\", or a value of --set, as it is (too long, a blank "
                "and "
                "a semicolon in it, blanks at its ends, control characters): make a symbolic link with a "
                "plain "
                "name, and give that",
                addition->site->root);
}

/* One that is there stays as it is; it must only say the same. */
static int compare_configuration(struct addition *addition, struct error *err)
{
        _cleanup_config_ struct config found = {0};
        config_init(&found);
        if (config_load(&found, addition->places.configuration, err) < 0)
                return -1;
        if (!found.root || !is_same_folder(found.root, addition->site->root))
                return error_set(err, REASON_ALREADY_EXISTS,
                        "%s is there, and its site.root is %s: choose another name, or sites remove %s first",
                        addition->places.configuration, found.root ? found.root : "not set", addition->name);
        string_replace(&addition->wanted.root, string_copy(found.root));
        const char *key = first_difference(addition, &found);
        if (key)
                return error_set(err, REASON_ALREADY_EXISTS,
                        "%s is there with another value of %s, and is not written over: change it there",
                        addition->places.configuration, key);
        config_deinit(&addition->wanted);
        addition->wanted = found;
        found = (struct config){0};
        addition->unit.root = addition->wanted.root;
        return 0;
}

static int prepare_configuration(struct addition *addition, struct error *err)
{
        _cleanup_free_ char *folder = path_parent(addition->places.configuration);
        struct stat status;
        addition->staged = string_format(".%s.conf.add", addition->name);
        if (system_folder_open(folder, &addition->configuration_fd, err) < 0 ||
                lock_folder(addition->configuration_fd, folder, LOCK_PATIENCE_MS, &addition->lock_fd, err) <
                        0)
                return -1;
        int r = file_stat(
                addition->configuration_fd, path_name(addition->places.configuration), &status, err);
        if (r < 0)
                return -1;
        addition->is_known = r == 0;
        return addition->is_known ? compare_configuration(addition, err) : stage_configuration(addition, err);
}

static int finish_configuration(struct addition *addition, struct error *err)
{
        const char *name = path_name(addition->places.configuration);
        int fd = addition->configuration_fd;
        if (!addition->is_known && file_rename(fd, addition->staged, fd, name, err) != 0)
                return error_wrap(err, "writing %s", addition->places.configuration);
        if (addition->is_known && file_remove(fd, addition->staged, err) < 0)
                return error_wrap(err, "removing %s", addition->staged);
        site_report_act(
                &addition->report, addition->is_known ? "kept" : "wrote", addition->places.configuration);
        return 0;
}

static void drop_staged(struct addition *addition)
{
        _cleanup_error_ struct error err = {0};
        if (addition->staged && addition->configuration_fd >= 0)
                (void)!file_remove(addition->configuration_fd, addition->staged, &err);
}

/* The state folder */

/* What an upgrade of another root has left there is not this site's. */
static int check_checkpoint(const struct addition *addition, struct error *err)
{
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        _cleanup_upgrade_record_ struct upgrade_record record = {0};
        int r = checkpoint_open_reader(addition->state, &checkpoint, err);
        if (r == 0)
                r = checkpoint_load_upgrade(checkpoint, &record, err);
        if (r != 0)
                return r < 0 ? -1 : 0;
        if (!record.root || is_same_folder(record.root, addition->site->root) ||
                strcmp(record.root, addition->site->root) == 0)
                return 0;
        return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                "%s holds the upgrade of %s (%s): move it away first, or choose another name",
                addition->state, record.root, record.state);
}

/* One that was chosen may lie where its user has a say: there nothing is made with root's rights. */
static int check_chosen_state(const struct addition *addition, struct error *err)
{
        struct stat status;
        _cleanup_free_ char *real = realpath(addition->state, NULL);
        _cleanup_free_ char *word = text_shell_word(addition->state);
        if (path_below(real ?: addition->state, addition->site->root))
                return error_set(err, REASON_UNSAFE_PATH,
                        "the state folder %s is inside the site's root %s: choose one outside of it",
                        addition->state, addition->site->root);
        if (stat(addition->state, &status) < 0 && errno != ENOENT)
                return error_set_errno(err, errno, "looking at %s", addition->state);
        else if (errno == ENOENT || !S_ISDIR(status.st_mode) || status.st_uid != addition->owner.uid)
                return error_set(err, REASON_NOT_FOUND,
                        "the state folder %s is to be a folder of %s: install -d -m 0700 -o %s -g %s %s "
                        "makes it",
                        addition->state, addition->owner.user, addition->owner.user, addition->owner.group,
                        word);
        return 0;
}

static int make_state(struct addition *addition, struct error *err)
{
        bool is_chosen = addition->wanted.state_folder != NULL;
        addition->state = string_copy(is_chosen ? addition->wanted.state_folder : addition->places.state);
        int r = is_chosen ? check_chosen_state(addition, err)
                          : state_folder_make(addition->state, addition->owner.uid, addition->owner.gid, err);
        if (r < 0)
                return -1;
        site_report_act(&addition->report, is_chosen || r == 1 ? "kept" : "made", addition->state);
        return check_checkpoint(addition, err);
}

/* The drop-ins */

static int write_unit(struct addition *addition, const char *folder, const char *text, struct error *err)
{
        _cleanup_free_ char *path = string_format("%s/%s", folder, SITES_UNIT_FILE);
        bool was_there = access(path, F_OK) == 0;
        int r = system_file_write(path, text, err);
        if (r < 0)
                return -1;
        addition->units_changed |= was_there && r == 0;
        site_report_act(&addition->report, r == 1 ? "kept" : "wrote", path);
        return 0;
}

static int write_units(struct addition *addition, struct error *err)
{
        _cleanup_free_ char *service = NULL, *socket = NULL;
        if (site_unit_service(&addition->unit, &service, err) < 0 ||
                site_unit_socket(&addition->unit, &socket, err) < 0 ||
                write_unit(addition, addition->places.service_folder, service, err) < 0)
                return -1;
        return write_unit(addition, addition->places.socket_folder, socket, err);
}

/* The service manager */

static void tell_daemon_command(struct addition *addition)
{
        _cleanup_free_ char *state = text_shell_word(addition->state);
        _cleanup_free_ char *line =
                addition->owner.has_account
                        ? string_format("runuser -u %s -- mautic-upgraded --site %s --state-dir %s",
                                  addition->owner.user, addition->name, state)
                        : string_format(
                                  "setpriv --reuid %s --regid %s --clear-groups mautic-upgraded --site %s "
                                  "--state-dir %s",
                                  addition->owner.user, addition->owner.group, addition->name, state);
        site_report_act(&addition->report, "to run", line);
}

static int tell_systemd(struct addition *addition, struct error *err)
{
        /* The service, too: after a reboot an upgrade goes on without being asked for. */
        _cleanup_free_ char *socket = string_format("mautic-upgraded@%s.socket", addition->name);
        _cleanup_free_ char *service = string_format("mautic-upgraded@%s.service", addition->name);
        const char *const commands[][4] = {{"daemon-reload"}, {"enable", service, socket}, {"start", socket}};
        if (!systemd_runs() && !addition->client->prefix_root) {
                tell_daemon_command(addition);
                return 0;
        }
        for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
                if (systemctl(addition->client, &addition->report, commands[i], err) < 0)
                        return -1;
        if (addition->units_changed)
                note(addition,
                        "a daemon that runs keeps to the former drop-ins until systemctl restart %s %s; an "
                        "upgrade "
                        "goes on where it stood",
                        socket, service);
        return 0;
}

static void say_what_was_found(const struct addition *addition)
{
        _cleanup_free_ char *root = text_printable(addition->site->root, false);
        const char *version = addition->site->version;
        if (!addition->client->json)
                printf("%s: %s%s%s in %s; runs as %s:%s\n", addition->name, kind_name(addition->site->kind),
                        version ? ", version " : "", version ? version : "", root, addition->owner.user,
                        addition->owner.group);
}

static int add(struct addition *addition, struct error *err)
{
        if (take_wishes(addition, err) < 0 || open_site(addition, err) < 0 ||
                check_others(addition, err) < 0 || prepare_configuration(addition, err) < 0)
                return -1;
        say_what_was_found(addition);
        if (addition->site->kind == SITE_MAUTIC_3)
                note(addition, "this is Mautic 3 already: there is nothing to upgrade");
        if (addition->owner.uid == 0)
                note(addition, "the daemon, and the site's PHP with it, will run as root");
        describe_unit(addition);
        if (make_state(addition, err) < 0 || write_units(addition, err) < 0 ||
                finish_configuration(addition, err) < 0)
                return -1;
        return tell_systemd(addition, err);
}

static void say_end(const struct addition *addition)
{
        const struct site *site = addition->site;
        if (!addition->client->json) {
                printf("Next: mautic-upgradectl --site %s preflight --run\n", addition->name);
                return;
        }
        json_auto_t *answer = json_pack("{s:s, s:o, s:s, s:o, s:s, s:s, s:o, s:o, s:O, s:O}", "site",
                addition->name, "root", text_json(addition->wanted.root), "kind",
                site->kind == SITE_MAUTIC_3 ? "mautic_3" : "mautic_2", "version", text_json(site->version),
                "user", addition->owner.user, "group", addition->owner.group, "configuration",
                text_json(addition->places.configuration), "state_folder", text_json(addition->state), "acts",
                addition->report.acts, "notes", addition->notes);
        print_json(answer);
}

int command_sites_add(struct client *client, const char *name)
{
        _cleanup_(addition_deinit) struct addition addition = {
                .client = client,
                .name = name,
                .configuration_fd = -1,
                .lock_fd = -1,
                .report = {.json = client->json, .acts = json_array()},
                .notes = json_array(),
        };
        _cleanup_error_ struct error err = {0};
        site_places_init(&addition.places, client->prefix_root, name);
        if (add(&addition, &err) < 0) {
                drop_staged(&addition);
                if (err.reason == REASON_INVALID_ARGUMENT)
                        return fail_usage("%s", error_message(&err));
                return fail(EXIT_COMMAND_FAILED, reason_name(err.reason),
                        site_report_advice(&addition.report), "%s", error_message(&err));
        }
        say_end(&addition);
        return EXIT_DONE;
}
