/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Forgets a site, but for its state folder. In this order, so that the same call goes on wherever a former
 * one was killed: stop and disable; NAME.conf, without which nothing starts for this site any more; the
 * drop-ins; systemd is told. What is gone already is no error, as long as something of the site is there.
 */
#include "client/site_files.h"
#include "client/sites.h"
#include "client/sites_systemd.h"
#include "lib/checkpoint.h"
#include "lib/lock.h"
#include "lib/path.h"
#include "lib/text.h"

#include <string.h>
#include <sys/stat.h>

#define ANSWER_S 5
#define LOCK_PATIENCE_MS 10000
#define DAEMON_PATIENCE_MS 2000
#define ADVICE_FORCE "End it first (resume, rollback, clean), or say --force: what is begun stays as it is."

struct removal {
        const struct client *client;
        const char *name;
        struct site_places places;
        char *state; /* the state folder */
        char *socket;
        char *socket_unit, *service_unit;
        int lock_fd, state_fd, state_lock_fd;
        struct site_report report;
};

static void removal_deinit(struct removal *removal)
{
        site_places_deinit(&removal->places);
        free(removal->state);
        free(removal->socket);
        free(removal->socket_unit);
        free(removal->service_unit);
        closep(&removal->lock_fd);
        closep(&removal->state_lock_fd);
        closep(&removal->state_fd);
        json_decref(removal->report.acts);
}

static void removal_init(struct removal *removal)
{
        const char *prefix = removal->client->prefix_root;
        _cleanup_config_ struct config config = {0};
        _cleanup_error_ struct error unreadable = {0};
        config_init(&config);
        site_places_init(&removal->places, prefix, removal->name);
        if (sites_load_config(prefix, removal->name, &config, &unreadable) == 0 && config.state_folder)
                removal->state = string_copy(config.state_folder);
        else
                removal->state = string_copy(removal->places.state);
        removal->socket = sites_socket(prefix, removal->name);
        removal->socket_unit = string_format("mautic-upgraded@%s.socket", removal->name);
        removal->service_unit = string_format("mautic-upgraded@%s.service", removal->name);
}

static bool is_there(const char *path)
{
        struct stat status;
        return lstat(path, &status) == 0;
}

static int check_known(const struct removal *removal, struct error *err)
{
        if (is_there(removal->places.configuration) || is_there(removal->places.service_folder) ||
                is_there(removal->places.socket_folder))
                return 0;
        return error_set(err, REASON_NOT_FOUND, "there is no site %s: %s is missing", removal->name,
                removal->places.configuration);
}

/* Whether the upgrade may be left alone in that state for good. Any other one waits for somebody, or works.
 */
static int check_state(const struct removal *removal, const char *state, struct error *err)
{
        static const char *const at_rest[] = {"idle", "finished", "rolled_back", "cleaned"};
        for (size_t i = 0; i < ARRAY_SIZE(at_rest); i++)
                if (string_equal(at_rest[i], state))
                        return 0;
        if (removal->client->force)
                return 0;
        return error_set(err, REASON_REFUSED_IN_STATE,
                "the upgrade of %s is neither done nor rolled back: %s", removal->name, state);
}

static int check_checkpoint(const struct removal *removal, struct error *err)
{
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        _cleanup_upgrade_record_ struct upgrade_record record = {0};
        int r = checkpoint_open_reader(removal->state, &checkpoint, err);
        if (r == 0)
                r = checkpoint_load_upgrade(checkpoint, &record, err);
        if (r < 0 && removal->client->force) {
                error_deinit(err);
                return 0;
        }
        if (r < 0)
                return error_wrap(err, "where the upgrade stands can't be told");
        return r > 0 ? 0 : check_state(removal, record.state, err);
}

/* The daemon knows best; without one the checkpoint tells. */
static int check_rest(const struct removal *removal, struct error *err)
{
        _cleanup_(connection_freep) struct connection *connection = connection_new(removal->socket);
        _cleanup_reply_ struct reply reply = {0};
        enum reach reach = connection_request(connection, "GET", "/v1/status", NULL, ANSWER_S, &reply);
        const char *state = json_string_value(json_object_get(reply.json, "state"));
        if (reach == REACH_OK && state)
                return check_state(removal, state, err);
        return check_checkpoint(removal, err);
}

/* Systemd. Without it a daemon that still runs is found by its lock. */

static bool has_systemd(const struct removal *removal)
{
        return systemd_runs() || removal->client->prefix_root;
}

static int ask_systemd(struct removal *removal, const char *const *words, struct error *err)
{
        return has_systemd(removal) ? systemctl(removal->client, &removal->report, words, err) : 0;
}

static int stop(struct removal *removal, struct error *err)
{
        const char *const words[] = {"disable", "--now", removal->socket_unit, removal->service_unit, NULL};
        return ask_systemd(removal, words, err);
}

static void start_again(struct removal *removal)
{
        const char *const enable[] = {"enable", removal->socket_unit, removal->service_unit, NULL};
        const char *const start[] = {"start", removal->socket_unit, NULL};
        _cleanup_error_ struct error err = {0};
        if (ask_systemd(removal, enable, &err) < 0 || ask_systemd(removal, start, &err) < 0)
                complain("%s", error_message(&err));
}

/* From here on no daemon begins anything: it would need this lock. */
static int hold_state(struct removal *removal, struct error *err)
{
        removal->state_fd = open(removal->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (removal->state_fd < 0)
                return errno == ENOENT ? 0 : error_set_errno(err, errno, "opening %s", removal->state);
        if (lock_folder(removal->state_fd, removal->state, DAEMON_PATIENCE_MS, &removal->state_lock_fd, err) <
                        0 &&
                !removal->client->force)
                return error_wrap(err, "a daemon still serves %s: stop it first", removal->name);
        error_deinit(err);
        return check_checkpoint(removal, err);
}

/* The files */

static int remove_file(struct removal *removal, const char *path, bool with_folder, struct error *err)
{
        int r = system_file_remove(path, with_folder, err);
        if (r == 0)
                site_report_act(&removal->report, "gone", path);
        return r < 0 ? -1 : 0;
}

static int remove_unit(struct removal *removal, const char *folder, struct error *err)
{
        _cleanup_free_ char *path = string_format("%s/%s", folder, SITES_UNIT_FILE);
        if (remove_file(removal, path, true, err) < 0)
                return -1;
        if (is_there(folder))
                site_report_act(&removal->report, "left", folder);
        return 0;
}

static int remove_files(struct removal *removal, struct error *err)
{
        _cleanup_free_ char *folder = path_parent(removal->places.configuration);
        _cleanup_free_ char *staged = string_format("%s/.%s.conf.add", folder, removal->name);
        if (remove_file(removal, removal->places.configuration, false, err) < 0 ||
                remove_file(removal, staged, false, err) < 0 ||
                remove_unit(removal, removal->places.service_folder, err) < 0)
                return -1;
        if (remove_unit(removal, removal->places.socket_folder, err) < 0)
                return -1;
        _cleanup_free_ char *environment = string_format("%s/%s.env", folder, removal->name);
        if (is_there(environment))
                site_report_act(&removal->report, "left", environment);
        return 0;
}

static int reload(struct removal *removal, struct error *err)
{
        const char *const words[] = {"daemon-reload", NULL};
        return ask_systemd(removal, words, err);
}

static int lock_sites(struct removal *removal, struct error *err)
{
        _cleanup_close_ int fd = -1;
        _cleanup_free_ char *folder = path_parent(removal->places.configuration);
        if (system_folder_open(folder, &fd, err) < 0)
                return -1;
        return lock_folder(fd, folder, LOCK_PATIENCE_MS, &removal->lock_fd, err);
}

static int take_away(struct removal *removal, struct error *err)
{
        if (check_known(removal, err) < 0 || lock_sites(removal, err) < 0 || check_rest(removal, err) < 0 ||
                stop(removal, err) < 0)
                return -1;
        if (hold_state(removal, err) < 0) {
                start_again(removal);
                return -1;
        }
        if (remove_files(removal, err) < 0)
                return -1;
        return reload(removal, err);
}

static void say_end(const struct removal *removal)
{
        bool stays = is_there(removal->state);
        if (removal->client->json) {
                json_auto_t *answer = json_pack("{s:s, s:o, s:O}", "site", removal->name, "state_folder",
                        stays ? text_json(removal->state) : json_null(), "acts", removal->report.acts);
                print_json(answer);
                return;
        }
        if (stays)
                printf("%s is no site of this machine any more. Its state stays in %s: checkpoint, log, and "
                       "a "
                       "backup of the database if there is one.\n",
                        removal->name, removal->state);
        else
                printf("%s is no site of this machine any more.\n", removal->name);
}

int command_sites_remove(struct client *client, const char *name)
{
        _cleanup_(removal_deinit) struct removal removal = {
                .client = client,
                .name = name,
                .lock_fd = -1,
                .state_fd = -1,
                .state_lock_fd = -1,
                .report = {.json = client->json, .acts = json_array()},
        };
        _cleanup_error_ struct error err = {0};
        removal_init(&removal);
        if (take_away(&removal, &err) < 0) {
                bool refused = err.reason == REASON_REFUSED_IN_STATE || err.reason == REASON_LOCKED;
                return fail(refused ? EXIT_REFUSED : EXIT_COMMAND_FAILED, reason_name(err.reason),
                        err.reason == REASON_REFUSED_IN_STATE ? ADVICE_FORCE
                                                              : site_report_advice(&removal.report),
                        "%s", error_message(&err));
        }
        say_end(&removal);
        return EXIT_DONE;
}
