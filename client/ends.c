/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/ends.h"

#include "lib/clock.h"

static const struct end ends[] = {
        {"idle", NULL, false, EXIT_COMMAND_FAILED, "no upgrade has been started: there is nothing to watch"},
        {"finished", "running", false, EXIT_DONE, "The upgrade is finished."},
        {"failed", "running", false, EXIT_UPGRADE_FAILED, "the upgrade stands failed"},
        {"interrupted", "running", true, EXIT_COMMAND_FAILED,
                "the upgrade is interrupted and waits: mautic-upgradectl resume goes on where it stopped, "
                "rollback brings the site back"},
        {"rolled_back", "rolling_back", false, EXIT_DONE,
                "The upgrade is rolled back: the site is where it was before the start."},
        {"rollback_failed", "rolling_back", false, EXIT_UPGRADE_FAILED, "the rollback stands failed"},
        {"rollback_interrupted", "rolling_back", true, EXIT_COMMAND_FAILED,
                "the rollback is interrupted and waits: mautic-upgradectl rollback goes on where it stopped"},
        {"clean_failed", "cleaning", false, EXIT_UPGRADE_FAILED,
                "not all backups could be deleted: mautic-upgradectl clean tries it again"},
        {"clean_interrupted", "cleaning", true, EXIT_COMMAND_FAILED,
                "the deleting of the backups is interrupted and waits: mautic-upgradectl clean goes on with "
                "it"},
        {"cleaned", "cleaning", false, EXIT_DONE, "The backups are deleted: there is no way back any more."},
};

const struct end *end_of(const json_t *status)
{
        const char *state = json_string_value(json_object_get(status, "state"));
        bool waits = json_is_true(json_object_get(status, "waiting_for_user"));
        for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
                if (string_equal(ends[i].state, state) && (waits || !ends[i].waits))
                        return &ends[i];
        return NULL;
}

static const char *way_to(const char *state)
{
        for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
                if (string_equal(ends[i].state, state))
                        return ends[i].on_the_way;
        return state;
}

int end_code(const struct end *end, const char *state)
{
        bool wanted = !state || string_equal(end->on_the_way, way_to(state));
        return end->code == EXIT_DONE && !wanted ? EXIT_COMMAND_FAILED : (int)end->code;
}

/* How long it took from the start, and visitors could not get in, or "". Owned by the caller. */
static char *took(const struct end *end, const json_t *status)
{
        bool cleaned = string_equal(end->on_the_way, "cleaning");
        _cleanup_free_ char *downtime = cleaned ? NULL : format_downtime(status);
        int64_t started_ms = member_time_ms(status, "started_at");
        int64_t finished_ms = member_time_ms(status, "finished_at");
        if (started_ms == 0 || finished_ms < started_ms)
                return string_copy("");
        _cleanup_free_ char *duration = clock_format_duration((uint64_t)(finished_ms - started_ms));
        return string_format(" It took %s.%s%s", duration, downtime ? " " : "", downtime ?: "");
}

int end_tell(const struct client *client, const struct end *end, int code, const json_t *status)
{
        _cleanup_free_ char *duration = code == EXIT_DONE ? took(end, status) : NULL;
        if (client->json)
                print_json(status);
        else if (code == EXIT_DONE)
                printf("%s%s\n", end->text, duration);
        else
                complain("%s", end->text);
        if (code == EXIT_UPGRADE_FAILED && !client->json)
                print_failure(stderr, status);
        return code;
}

bool status_is_on_the_way_back(const json_t *status)
{
        return string_equal(way_to(json_string_value(json_object_get(status, "state"))), "rolling_back");
}

bool status_is_cleaning(const json_t *status)
{
        return string_equal(json_string_value(json_object_get(status, "state")), "cleaning");
}

const char *status_what(const json_t *status)
{
        const char *way = way_to(json_string_value(json_object_get(status, "state")));
        if (string_equal(way, "cleaning"))
                return "deleting of the backups";
        return string_equal(way, "rolling_back") ? "rollback" : "upgrade";
}

bool stage_is_at_work(const char *state)
{
        return string_equal(state, "running") || string_equal(state, "undoing");
}
