/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* An upgrade for tests of the API: it stands where the test puts it and notes what it is told. */

#include "daemon/api.h"
#include "states/stages.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

struct fake_upgrade {
        enum upgrade_state state;
        _Atomic int64_t last_sequence;
        bool with_error;
        enum boundary boundary;
        bool files_only;
        const char *verification;
        enum prefetch_state prefetch;
        char commands[512]; /* "start php_version,disk_space;" */
        _Atomic int checks; /* how many are at work */
        _Atomic bool check_waits; /* checks end when this is false, or when cancelled */
        _Atomic int commanding; /* how many commands are being taken */
        _Atomic bool command_waits; /* they are taken when this is false */
        pthread_mutex_t taking; /* zeroed is fine: one command at a time moves the state */
};

static struct snapshot *fake_snapshot(void *userdata)
{
        struct fake_upgrade *fake = userdata;
        struct snapshot *snapshot = snapshot_new(2);
        snapshot->stages[0] = (struct stage_snapshot){.name = "preflight",
                .title = "Check the site",
                .error_code = "ERR_PREFLIGHT_FAILED",
                .state = STAGE_SUCCEEDED,
                .attempts = 1,
                .started_ms = 1000,
                .finished_ms = 2500};
        snapshot->stages[1] = (struct stage_snapshot){.name = "backup_database",
                .title = "Back up the database",
                .error_code = "ERR_DATABASE_BACKUP_FAILED",
                .state = fake->state == UPGRADE_RUNNING ? STAGE_RUNNING : STAGE_PENDING,
                .done = 10,
                .total = 40,
                .unit = "bytes"};
        snapshot->root = string_copy("/srv/g\xfcltig");
        snapshot->state = fake->state;
        snapshot->boundary = fake->boundary;
        snapshot->files_only = fake->files_only;
        snapshot->backup_verification = string_copy(fake->verification);
        snapshot->prefetch.state = fake->prefetch;
        snapshot->prefetch.done = fake->prefetch == PREFETCH_RUNNING ? 3 : 0;
        snapshot->last_sequence = fake->last_sequence;
        snapshot->started_ms = fake->state == UPGRADE_IDLE ? 0 : 1000;
        snapshot->stage = fake->state == UPGRADE_IDLE ? NULL : "backup_database";
        snapshot->rate_per_s = 5;
        snapshot->eta_ms = 5500;
        if (fake->with_error) {
                snapshot->error.code = "ERR_DATABASE_BACKUP_FAILED";
                snapshot->error.reason = "disk_full";
                snapshot->error.message = string_copy("writing \xff: No space left on device");
                strings_add(&snapshot->error.acceptable, string_copy("one"));
                strings_add(&snapshot->error.acceptable, string_copy("two"));
        }
        return snapshot;
}

static int fake_take(struct fake_upgrade *fake, enum upgrade_event command, const char *const *accepted,
        size_t accepted_count, struct error *err)
{
        if (!machine_move(&fake->state, command))
                return error_set(err, REASON_REFUSED_IN_STATE, "%s is refused", upgrade_event_name(command));
        strcat(fake->commands, upgrade_event_name(command));
        for (size_t i = 0; i < accepted_count; i++) {
                strcat(fake->commands, i == 0 ? " " : ",");
                strcat(fake->commands, accepted[i]);
        }
        strcat(fake->commands, ";");
        fake->last_sequence++;
        return 0;
}

static int fake_command(void *userdata, enum upgrade_event command, const char *const *accepted,
        size_t accepted_count, struct error *err)
{
        struct fake_upgrade *fake = userdata;
        fake->commanding++;
        while (fake->command_waits)
                (void)usleep(1000);
        pthread_mutex_lock(&fake->taking);
        int result = fake_take(fake, command, accepted, accepted_count, err);
        pthread_mutex_unlock(&fake->taking);
        fake->commanding--;
        return result;
}

static int fake_check(void *userdata, struct cancel *cancel, struct findings *ret, struct error *err)
{
        struct fake_upgrade *fake = userdata;
        fake->checks++;
        while (fake->check_waits)
                if (cancel_sleep(cancel, 1, err) < 0) {
                        fake->checks--;
                        return -1;
                }
        fake->checks--;
        ret->items = memory_new_array(2, sizeof(*ret->items));
        ret->count = 2;
        ret->items[0] = (struct finding){.id = "php_version",
                .severity = FINDING_WARNING,
                .seen = string_copy("PHP 8"),
                .advice = string_copy("Use 7.3")};
        ret->items[1] =
                (struct finding){.id = "disk_space", .severity = FINDING_OK, .seen = string_copy("1 TB")};
        return 0;
}

/* Notes the order; "shop" is the database, "p1" the plan. */
static int fake_schema(
        void *userdata, const struct schema_order *order, struct schema_plan *ret, struct error *err)
{
        struct fake_upgrade *fake = userdata;
        _cleanup_free_ char *note = string_format("schema%s%s%s%s%s;", order->complete ? " complete" : "",
                order->force ? " " : "", order->force ? order->plan : "", order->force ? " " : "",
                order->force ? order->confirmation : "");
        strcat(fake->commands, note);
        if (order->force && !string_equal(order->confirmation, "shop"))
                return error_set(err, REASON_CONFIRMATION_WRONG, "the name is shop");
        if (schema_statements_read("ALTER TABLE leads DROP by_hand;\nDROP TABLE mtc_migrations;\n",
                    &ret->statements, err) < 0)
                return -1;
        ret->id = string_copy("p1");
        ret->database = string_copy("shop");
        ret->migrations_table = string_copy("mtc_migrations");
        ret->backup = string_copy("/state/dump");
        ret->backup_ms = 1000;
        ret->executed = order->force ? 2 : 0;
        return 0;
}

static int fake_rollback(void *userdata, bool files_only, struct error *err)
{
        struct fake_upgrade *fake = userdata;
        if (!machine_move(&fake->state, EVENT_ROLLBACK))
                return error_set(err, REASON_REFUSED_IN_STATE, "rollback is refused");
        strcat(fake->commands, files_only ? "rollback files_only;" : "rollback;");
        fake->last_sequence++;
        return 0;
}

static int fake_prefetch(void *userdata, struct error *err)
{
        struct fake_upgrade *fake = userdata;
        if (!machine_allows(fake->state, EVENT_START))
                return error_set(err, REASON_REFUSED_IN_STATE, "prefetch is refused");
        strcat(fake->commands, "prefetch;");
        fake->prefetch = PREFETCH_RUNNING;
        return 0;
}

static int fake_prefetch_cancel(void *userdata, struct error *err)
{
        struct fake_upgrade *fake = userdata;
        if (fake->prefetch != PREFETCH_RUNNING)
                return error_set(err, REASON_REFUSED_IN_STATE, "nothing is fetched");
        fake->prefetch = PREFETCH_STOPPED;
        return 0;
}

static int fake_verify(void *userdata, struct backup_verification *ret, struct error *err)
{
        struct fake_upgrade *fake = userdata;
        if (fake->state == UPGRADE_RUNNING)
                return error_set(err, REASON_REFUSED_IN_STATE, "verify is refused");
        if (fake->state == UPGRADE_IDLE)
                return error_set(err, REASON_BACKUP_MISSING, "there is no backup");
        strcat(fake->commands, "verify;");
        ret->verdict = BACKUP_FAILED;
        ret->why = string_copy("leads has 1 row \xff");
        ret->tables = 3;
        return 0;
}

static inline struct api_upgrade fake_api(struct fake_upgrade *fake)
{
        return (struct api_upgrade){.snapshot = fake_snapshot,
                .command = fake_command,
                .check = fake_check,
                .schema = fake_schema,
                .rollback = fake_rollback,
                .prefetch = fake_prefetch,
                .prefetch_cancel = fake_prefetch_cancel,
                .verify = fake_verify,
                .userdata = fake};
}
