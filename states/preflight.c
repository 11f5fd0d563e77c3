/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * preflight: everything that would make a later stage fail, found before anything is touched.
 *
 * Takes the site, its database and the configuration; leaves the findings (FACT_PREFLIGHT_FINDINGS) and
 * changes nothing else (two empty files are made and removed at the end), so a kill costs nothing: the checks
 * run again. Errors block. A warning blocks until it is accepted by its id, so that a new one is not accepted
 * unseen.
 */
#include "lib/memory.h"
#include "states/checks.h"
#include "states/facts.h"
#include "states/leftovers.h"
#include "states/rename_plan.h"
#include "states/stages.h"

static void on_progress(size_t done, size_t total, void *userdata)
{
        stage_progress(userdata, done, total, "checks");
}

static int run_checks(struct stage_context *context, struct findings *ret, struct error *err)
{
        const struct checks_options options = {
                .config = context->config,
                .state_path = context->state_path,
                .cancel = context->cancel,
                .keep_fds = context->lock_fds,
                .keep_count = context->lock_count,
                .on_progress = on_progress,
                .userdata = context,
        };
        return checks_run(&options, ret, err);
}

static void tell(struct stage_context *context, const struct findings *findings, const char *accepted)
{
        for (size_t i = 0; i < findings->count; i++) {
                const struct finding *finding = &findings->items[i];
                switch (finding->severity) {
                case FINDING_OK:
                        stage_log(context, LOG_LEVEL_INFO, "Check %s: ok: %s.", finding->id, finding->seen);
                        break;
                case FINDING_WARNING:
                        stage_log(context, LOG_LEVEL_WARNING, "Check %s: warning%s: %s. What to do: %s",
                                finding->id, fact_accepts(accepted, finding->id) ? " (accepted)" : "",
                                finding->seen, finding->advice);
                        break;
                case FINDING_ERROR:
                        stage_log(context, LOG_LEVEL_ERROR, "Check %s: error: %s. What to do: %s",
                                finding->id, finding->seen, finding->advice);
                        break;
                }
        }
}

/* The findings that block: ids for the command, sentences for people. */
struct blocking {
        struct buffer ids, sentences;
        size_t count;
};

static void blocking_deinit(struct blocking *blocking)
{
        buffer_deinit(&blocking->ids);
        buffer_deinit(&blocking->sentences);
}

static void add_blocking(struct blocking *blocking, const struct finding *finding)
{
        buffer_append_format(&blocking->ids, "%s%s", blocking->count ? "," : "", finding->id);
        buffer_append_format(
                &blocking->sentences, "%s%s: %s", blocking->count ? "; " : "", finding->id, finding->seen);
        blocking->count++;
}

/* A warning that nobody has accepted. */
static bool blocks(const struct finding *finding, const char *accepted)
{
        return finding->severity == FINDING_WARNING && !fact_accepts(accepted, finding->id);
}

static int judge(const struct findings *findings, const char *accepted, struct error *err)
{
        _cleanup_(blocking_deinit) struct blocking errors = {0}, warnings = {0};
        for (size_t i = 0; i < findings->count; i++) {
                const struct finding *finding = &findings->items[i];
                if (finding->severity == FINDING_ERROR)
                        add_blocking(&errors, finding);
                else if (blocks(finding, accepted))
                        add_blocking(&warnings, finding);
        }
        if (errors.count > 0)
                return error_set(err, REASON_PREFLIGHT_ERRORS, "%s", errors.sentences.data);
        if (warnings.count == 0)
                return 0;
        error_set(err, REASON_PREFLIGHT_WARNINGS,
                "%s. To go on with them as they are: mautic-upgradectl resume --accept %s",
                warnings.sentences.data, warnings.ids.data);
        for (size_t i = 0; i < findings->count; i++)
                if (blocks(&findings->items[i], accepted))
                        error_accept(err, findings->items[i].id);
        return -1;
}

/* Only here, for it makes and removes two files, which a mere look at the site must not: else move_files
 * would be the first to find out, behind Mautic 2's migrations. */
static int try_renames(struct stage_context *context, struct error *err)
{
        if (rename_probe(context->site->root_fd, err) == 0)
                return 0;
        if (err->reason != REASON_DISK_FULL && err->reason != REASON_PERMISSION_DENIED)
                err->reason = REASON_PREFLIGHT_ERRORS;
        return -1;
}

static int preflight(struct stage_context *context, struct error *err)
{
        _cleanup_findings_ struct findings findings = {0};
        _cleanup_free_ char *accepted = NULL;
        if (checkpoint_get_fact(context->checkpoint, FACT_ACCEPTED_WARNINGS, &accepted, err) < 0 ||
                run_checks(context, &findings, err) < 0)
                return -1;
        _cleanup_free_ char *json = findings_to_json(&findings);
        if (checkpoint_set_fact(context->checkpoint, FACT_PREFLIGHT_FINDINGS, json, err) < 0)
                return error_wrap(err, "recording the findings");
        tell(context, &findings, accepted);
        if (judge(&findings, accepted, err) < 0 || try_renames(context, err) < 0)
                return -1;
        return STAGE_DONE;
}

const struct stage stage_preflight = {
        .name = "preflight",
        .title = "Check what could go wrong",
        .error_code = ERR_PREFLIGHT_FAILED,
        .run = preflight,
        .undo = leftovers_sweep, /* of all stages: this is the last one that is taken back */
        .begins = BOUNDARY_NOTHING_CHANGED,
};
