/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Mautic 3 builds its cache, is tried, and visitors come back. With cache.build = defer no console runs:
 * Mautic builds its cache itself when it gets its first request, which is ours with smoke.request.
 *
 * Takes: Mautic 3 complete in the root, behind the gate. Leaves: its cache built, the gate lifted. Visitors
 * are let in only when bin/console knows its version and, with smoke.request, a page of site_url is no server
 * error. Survives a kill: whatever stands in the cache is thrown away before it is built; once the gate's
 * lifting is journalled, the cache is good and only that is finished.
 */

#include "lib/files.h"
#include "lib/memory.h"
#include "states/console.h"
#include "states/gate.h"
#include "states/proof.h"
#include "states/smoke_request.h"
#include "states/stages.h"

#include <ctype.h>
#include <string.h>

#define STEP_BUILD "build"
#define ANSWER_LIMIT_S 10L
#define BUILDING_ANSWER_LIMIT_S 300L /* of the one that has to build the cache */

static int make_folders(struct stage_context *context, struct error *err)
{
        static const char *const folders[] = {NAME_MAUTIC_3_CACHE, "var/logs", "var/spool", "var/tmp"};
        int root = context->site->root_fd;
        struct stat var;
        int r = file_stat(root, "var", &var, err);
        if (r < 0)
                return -1;
        mode_t mode = r == 0 && S_ISDIR(var.st_mode) ? var.st_mode & 0777 : 0755;
        for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
                if (folder_make(root, folders[i], mode, err) < 0)
                        return error_wrap(err, "making %s", folders[i]);
        return 0;
}

/* The step that says that a cache is being built; that of an earlier try which did not end well. */
static int begin_build(struct stage_context *context, int64_t *ret_number, struct error *err)
{
        _cleanup_step_list_ struct step_list steps = {0};
        if (checkpoint_load_steps(context->checkpoint, context->stage->name, &steps, err) < 0)
                return -1;
        for (size_t i = 0; i < steps.count; i++)
                if (!steps.items[i].done) {
                        *ret_number = steps.items[i].number;
                        return 0;
                }
        return checkpoint_add_step(
                context->checkpoint, context->stage->name, STEP_BUILD, NAME_MAUTIC_3_CACHE, ret_number, err);
}

static int build(struct stage_context *context, struct error *err)
{
        static const char *const command[] = {"cache:clear", NULL};
        int64_t number;
        if (begin_build(context, &number, err) < 0 || console_empty_cache(context, err) < 0 ||
                make_folders(context, err) < 0)
                return -1;
        if (console_run(context, CONSOLE_MAUTIC_3, command, NULL, err) < 0)
                return error_wrap(err, "building the cache of Mautic 3");
        /* PHP syncs nothing, and a cache of empty files is one that Mautic 3 dies of. */
        if (file_system_sync(context->site->root_fd, "the cache of Mautic 3", err) < 0)
                return -1;
        return checkpoint_finish_step(context->checkpoint, context->stage->name, number, "built", err);
}

/* "Mautic 3.0.2 - app/prod" holds "3.0.2", and neither "13.0.2" nor "3.0.20". */
static bool names_version(const char *output, const char *version)
{
        size_t length = strlen(version);
        for (const char *at = output; (at = strstr(at, version)); at++) {
                bool begins = at == output || (!isalnum((unsigned char)at[-1]) && at[-1] != '.') ||
                              (at[-1] == 'v' || at[-1] == 'V');
                bool ends = !isalnum((unsigned char)at[length]) &&
                            !(at[length] == '.' && isdigit((unsigned char)at[length + 1]));
                if (begins && ends)
                        return true;
        }
        return false;
}

static int require_mautic_3(struct stage_context *context, struct error *err)
{
        if (context->site->kind == SITE_MAUTIC_3 && context->site->version)
                return 0;
        return error_set(err, REASON_SMOKE_TEST_FAILED,
                "app/release_metadata.json does not say that Mautic 3 is in %s", context->site->root);
}

static int try_console(struct stage_context *context, struct error *err)
{
        static const char *const command[] = {"--version", NULL};
        _cleanup_process_result_ struct process_result result = {0};
        const char *version = context->site->version;
        if (require_mautic_3(context, err) < 0)
                return -1;
        if (console_run(context, CONSOLE_MAUTIC_3, command, &result, err) < 0)
                return error_wrap(err, "asking Mautic 3 for its version");
        if (!names_version(result.output ?: "", version)) {
                (void)process_failed("bin/console --version", &result, err);
                err->reason = REASON_SMOKE_TEST_FAILED;
                return error_wrap(err, "Mautic 3's console does not say that it is %s", version);
        }
        return 0;
}

static int try_page(struct stage_context *context, long time_limit_s, struct error *err)
{
        _cleanup_site_settings_ struct site_settings settings = {0};
        if (!context->config->smoke_request)
                return 0;
        if (site_load_settings(context->site, &settings, err) < 0)
                return -1;
        if (!settings.site_url || !*settings.site_url) {
                stage_log(context, LOG_LEVEL_INFO, "site_url is not set: no page of the site was asked for.");
                return 0;
        }
        return smoke_request(context, settings.site_url, time_limit_s, err);
}

static int build_and_try(struct stage_context *context, struct error *err)
{
        if (build(context, err) < 0)
                return -1;
        stage_progress(context, 1, 3, "steps");
        if (try_console(context, err) < 0)
                return -1;
        return try_page(context, ANSWER_LIMIT_S, err);
}

/* What an earlier try with cache.build = yes has begun must not be there: Mautic would take it for its own.
 */
static int leave_to_mautic(struct stage_context *context, struct error *err)
{
        if (require_mautic_3(context, err) < 0 || console_empty_cache(context, err) < 0 ||
                make_folders(context, err) < 0)
                return -1;
        stage_progress(context, 1, 3, "steps");
        return try_page(context, BUILDING_ANSWER_LIMIT_S, err);
}

static int build_cache(struct stage_context *context, struct error *err)
{
        bool lifting, defer = string_equal(context->config->cache_build, "defer");
        if (gate_keep_up(context, err) < 0 || gate_lift_begun(context, &lifting, err) < 0)
                return -1;
        if (!lifting) {
                stage_progress(context, 0, 3, "steps");
                if ((defer ? leave_to_mautic : build_and_try)(context, err) < 0)
                        return -1;
                stage_progress(context, 2, 3, "steps");
        }
        if (gate_lift(context, err) < 0)
                return -1;
        if (defer)
                stage_log(context, LOG_LEVEL_INFO,
                        "The cache is not built here (cache.build = defer): Mautic builds it on the first "
                        "request, which takes longer for that.");
        stage_log(context, LOG_LEVEL_INFO, "Visitors are let in to Mautic 3.");
        return defer ? STAGE_SKIP : STAGE_DONE;
}

const struct stage stage_build_cache = {
        .name = "build_cache",
        .title = "Build Mautic 3's cache and let visitors in",
        .error_code = ERR_BUILD_M3_CACHE,
        .run = build_cache,
        .prove = prove_build_cache,
        .undo = gate_raise_again,
        .begins = BOUNDARY_DATABASE_MIGRATED,
};
