/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/gate_console.h"

#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/memory.h"
#include "states/gate.h"
#include "states/gate_pages.h"
#include "states/stages.h"

#include <inttypes.h>
#include <string.h>

#define KEPT "mautic-2-console"
#define CONSOLE "console"
#define FACT_APP_TIME "gate.app_time" /* of app, before anything was done in it */

struct places {
        int kept; /* the folder mautic-2-backup-files */
        int app; /* Mautic 2's, wherever it is */
};

static void places_deinit(struct places *places)
{
        closep(&places->kept);
        closep(&places->app);
}

/* 1 when one of the two is not there, or is a file. */
static int places_open(struct stage_context *context, const char *app, struct places *ret, struct error *err)
{
        _cleanup_(places_deinit) struct places places = {-1, -1};
        int root = context->site->root_fd;
        int r = folder_open(root, NAME_MAUTIC_2_FILES, &places.kept, err);
        if (r == 0)
                r = folder_open(root, app, &places.app, err);
        if (r != 0)
                return r;
        *ret = places;
        places = (struct places){-1, -1};
        return 0;
}

static int remember_time(struct stage_context *context, int app_fd, struct error *err)
{
        _cleanup_free_ char *known = NULL;
        struct stat app;
        int r = checkpoint_get_fact(context->checkpoint, FACT_APP_TIME, &known, err);
        if (r <= 0)
                return r;
        if (fstat(app_fd, &app) < 0)
                return error_set_errno(err, errno, "can't look at app");
        _cleanup_free_ char *text =
                string_format("%" PRId64 " %ld", (int64_t)app.st_mtim.tv_sec, app.st_mtim.tv_nsec);
        return checkpoint_set_fact(context->checkpoint, FACT_APP_TIME, text, err);
}

static int restore_time(struct stage_context *context, int app_fd, struct error *err)
{
        _cleanup_free_ char *known = NULL;
        int64_t seconds;
        long nanoseconds;
        int r = checkpoint_get_fact(context->checkpoint, FACT_APP_TIME, &known, err);
        if (r < 0)
                return -1;
        if (r == 1 || sscanf(known, "%" SCNd64 " %ld", &seconds, &nanoseconds) != 2)
                return 0;
        const struct timespec time = {.tv_sec = (time_t)seconds, .tv_nsec = nanoseconds};
        r = file_set_time(app_fd, &time, "app", err);
        if (r > 0)
                stage_log(context, LOG_LEVEL_WARNING, "app belongs to another user and keeps its new time.");
        return r < 0 ? -1 : 0;
}

int gate_hold_console(struct stage_context *context, struct error *err)
{
        _cleanup_(places_deinit) struct places places = {-1, -1};
        struct stat console;
        bool closed;
        int r = places_open(context, "app", &places, err);
        if (r == 0)
                r = file_stat(places.app, CONSOLE, &console, err);
        if (r != 0)
                return r < 0 ? -1 : 0;
        if (gate_is_stub(places.app, CONSOLE, &closed, err) < 0)
                return -1;
        if (closed || !S_ISREG(console.st_mode))
                return 0;
        if (remember_time(context, places.app, err) < 0)
                return -1;
        if (uninterrupted(linkat(places.app, CONSOLE, places.kept, KEPT, 0)) < 0 && errno != EEXIST)
                return error_set_errno(err, errno, "can't keep app/console as " NAME_MAUTIC_2_FILES "/" KEPT);
        struct stat kept;
        r = file_stat(places.kept, KEPT, &kept, err);
        if (r < 0)
                return -1;
        if (r == 1 || kept.st_ino != console.st_ino)
                return error_set(err, REASON_ALREADY_EXISTS,
                        NAME_MAUTIC_2_FILES "/" KEPT " is something else than app/console");
        if (file_sync(places.kept, NAME_MAUTIC_2_FILES, err) < 0)
                return -1;
        return file_write_atomic(places.app, CONSOLE, gate_console, strlen(gate_console), 0755, err);
}

/* Which of the two folders is Mautic 2's: the other holds nothing but stubs, or is Mautic 3's. back: the
 * console has its place again. */
static int find_app(
        struct stage_context *context, ino_t kept, bool back, struct places *ret, struct error *err)
{
        static const char *const apps[] = {NAME_MAUTIC_2_FILES "/app", "app"};
        for (size_t i = 0; i < ARRAY_SIZE(apps); i++) {
                _cleanup_(places_deinit) struct places places = {-1, -1};
                struct stat console;
                bool stubs = true, stub = false;
                int r = places_open(context, apps[i], &places, err);
                if (r == 0)
                        r = file_stat(places.app, CONSOLE, &console, err);
                if (r < 0)
                        return -1;
                if (r == 1)
                        continue;
                if (gate_is_untouched_stub(context->site->root_fd, apps[i], &stubs, err) < 0 ||
                        gate_is_stub(places.app, CONSOLE, &stub, err) < 0)
                        return -1;
                if (back ? !stub : console.st_ino == kept || (stub && !stubs)) {
                        *ret = places;
                        places = (struct places){-1, -1};
                        return 0;
                }
        }
        return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                "the place of Mautic 2's console, kept as " NAME_MAUTIC_2_FILES "/" KEPT
                ", is not to be found in app");
}

int gate_release_console(struct stage_context *context, struct error *err)
{
        _cleanup_(places_deinit) struct places places = {-1, -1};
        struct stat kept, console;
        bool back;
        int root = context->site->root_fd;
        int r = file_stat(root, NAME_MAUTIC_2_FILES "/" KEPT, &kept, err);
        if (r != 0)
                return r < 0 ? -1 : 0;
        if (gate_is_stub(root, NAME_MAUTIC_2_FILES "/" KEPT, &back, err) < 0 ||
                find_app(context, kept.st_ino, back, &places, err) < 0 ||
                file_stat(places.app, CONSOLE, &console, err) < 0)
                return -1;
        /* The stub that comes to the second name says that only the time is left to be put right. */
        if (!back && console.st_ino != kept.st_ino) {
                if (uninterrupted(renameat2(places.kept, KEPT, places.app, CONSOLE, RENAME_EXCHANGE)) < 0)
                        return error_set_errno(err, errno, "can't put app/console back");
                if (file_sync(places.app, "app", err) < 0 ||
                        file_sync(places.kept, NAME_MAUTIC_2_FILES, err) < 0)
                        return -1;
        }
        /* Killed while it wrote the stub, gate_hold_console has left a part of it. */
        if (file_remove_temporary(places.app, CONSOLE, err) < 0 ||
                restore_time(context, places.app, err) < 0 || file_sync(places.app, "app", err) < 0)
                return -1;
        return file_remove(places.kept, KEPT, err) < 0 ? -1 : 0;
}
