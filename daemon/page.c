/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The status page. It is a template that the daemon fills with where the upgrade stands, so that the first
 * sight of it is the truth, with JavaScript or without; the scripts then follow through the API.
 */
#include "daemon/answers.h"
#include "daemon/page_assets.h"
#include "lib/clock.h"
#include "lib/error_codes.h"
#include "lib/reasons.h"
#include "lib/text.h"

#include <string.h>

#define TEMPLATE "index.html"
/* Only what the daemon itself serves; nothing may frame the page or send a form from it. */
#define POLICY                                                                                               \
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "      \
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

struct view {
        struct api *api;
        const struct snapshot *snapshot;
        bool may_drive;
};

/* What an upgrade's state is for people: the scripts read it from the page. */
static const struct {
        const char *tone; /* quiet, busy, good, bad or pause: how it is shown */
        const char *headline;
        const char *advice; /* what to do, when no error says it */
} upgrade_words[] = {
        [UPGRADE_IDLE] = {"quiet", "Not started",
                "Run the checks: they change nothing. Then start the upgrade."},
        [UPGRADE_RUNNING] = {"busy", "Upgrading",
                "Nothing to do. The upgrade goes on when this page is closed or reloaded."},
        [UPGRADE_FAILED] = {"bad", "Stopped: a stage failed",
                "Correct what the message names, then resume. No finished stage runs twice. Or roll back."},
        [UPGRADE_INTERRUPTED] = {"pause", "Interrupted",
                "Resume goes on exactly where it stopped. Rollback brings Mautic 2 back."},
        [UPGRADE_FINISHED] = {"good", "Finished",
                "Look through your site. The way back stays open until you clean up."},
        [UPGRADE_ROLLING_BACK] = {"busy", "Rolling back",
                "Nothing to do. The rollback goes on when this page is closed or reloaded."},
        [UPGRADE_ROLLBACK_FAILED] = {"bad", "The rollback stopped",
                "Correct what the message names, then go on with the rollback: it goes on where it stopped."},
        [UPGRADE_ROLLBACK_INTERRUPTED] = {"pause", "The rollback is interrupted",
                "Go on with the rollback: it goes on where it stopped."},
        [UPGRADE_ROLLED_BACK] = {"good", "Rolled back",
                "The site is Mautic 2 again, as it was before the start. You can start anew."},
        [UPGRADE_CLEANING] = {"busy", "Cleaning up", "Nothing to do. The backups are being deleted."},
        [UPGRADE_CLEAN_FAILED] = {"bad", "Not all backups could be deleted",
                "Correct what the message names, then clean up again: what is deleted stays so."},
        [UPGRADE_CLEAN_INTERRUPTED] = {"pause", "The cleaning up is interrupted",
                "Clean up again: it goes on where it stopped."},
        [UPGRADE_CLEANED] = {"good", "Cleaned up",
                "Nothing to do: the upgrade is over, and its backups are deleted."},
};

static const char *const stage_words[] = {
        [STAGE_PENDING] = "to do",
        [STAGE_RUNNING] = "at work",
        [STAGE_SUCCEEDED] = "done",
        [STAGE_SKIPPED] = "nothing to do",
        [STAGE_FAILED] = "failed",
        [STAGE_UNDOING] = "being taken back",
        [STAGE_UNDONE] = "taken back",
};

/* Text in HTML, between tags and in quoted attributes alike. */
static void append_escaped(struct buffer *out, const char *text)
{
        _cleanup_free_ char *valid = text_valid(text);
        _cleanup_free_ char *printable = text_printable(valid, true);
        for (const char *c = printable; c && *c; c++)
                switch (*c) {
                case '&':
                        buffer_append_string(out, "&amp;");
                        break;
                case '<':
                        buffer_append_string(out, "&lt;");
                        break;
                case '>':
                        buffer_append_string(out, "&gt;");
                        break;
                case '"':
                        buffer_append_string(out, "&quot;");
                        break;
                case '\'':
                        buffer_append_string(out, "&#39;");
                        break;
                default:
                        buffer_append(out, c, 1);
                }
}

static void append_time(struct buffer *out, int64_t wall_ms)
{
        char iso[25], utc[20];
        if (wall_ms == 0)
                return;
        clock_format_iso(wall_ms, iso);
        clock_format_utc(wall_ms, utc);
        buffer_append_format(out, "<time datetime=\"%s\">%s UTC</time>", iso, utc);
}

/* The fields of the template */

static void put_version(const struct view *view, struct buffer *out)
{
        append_escaped(out, PROJECT_VERSION);
}

static void put_site(const struct view *view, struct buffer *out)
{
        append_escaped(out, view->api->options.site);
}

static void put_root(const struct view *view, struct buffer *out)
{
        append_escaped(out, view->snapshot->root);
}

static void put_versions(const struct view *view, struct buffer *out)
{
        const struct snapshot *snapshot = view->snapshot;
        append_escaped(out, snapshot->from_version ? snapshot->from_version : "2");
        buffer_append_string(out, " → ");
        append_escaped(out, snapshot->to_version ? snapshot->to_version : "3");
}

static void put_state(const struct view *view, struct buffer *out)
{
        buffer_append_string(out, upgrade_state_name(view->snapshot->state));
}

static void put_tone(const struct view *view, struct buffer *out)
{
        buffer_append_string(out, upgrade_words[view->snapshot->state].tone);
}

static void put_headline(const struct view *view, struct buffer *out)
{
        append_escaped(out, upgrade_words[view->snapshot->state].headline);
}

static void put_advice(const struct view *view, struct buffer *out)
{
        append_escaped(out, upgrade_words[view->snapshot->state].advice);
}

static void put_boundary(const struct view *view, struct buffer *out)
{
        append_escaped(out, boundary_meaning(view->snapshot->boundary));
}

static void put_boundary_id(const struct view *view, struct buffer *out)
{
        buffer_append_string(out, boundary_name(view->snapshot->boundary));
}

static void put_may_drive(const struct view *view, struct buffer *out)
{
        buffer_append_string(out, view->may_drive ? "yes" : "no");
}

static void put_time(const struct view *view, struct buffer *out)
{
        append_time(out, clock_wall_ms());
}

static void put_stage_line(const struct view *view, struct buffer *out)
{
        const struct snapshot *snapshot = view->snapshot;
        const struct stage_snapshot *stage = snapshot_current_stage(snapshot);
        if (!stage)
                return;
        buffer_append_format(
                out, "Stage %zu of %zu: ", (size_t)(stage - snapshot->stages) + 1, snapshot->stage_count);
        append_escaped(out, stage->title);
}

static void put_progress_hidden(const struct view *view, struct buffer *out)
{
        buffer_append_string(out, snapshot_amount_at_work(view->snapshot).unit ? "" : "hidden");
}

/* The bar's attributes; without a value it is one that only moves. */
static void put_progress_value(const struct view *view, struct buffer *out)
{
        struct snapshot_amount amount = snapshot_amount_at_work(view->snapshot);
        if (amount.total > 0)
                buffer_append_format(out, "max=\"%llu\" value=\"%llu\"", (unsigned long long)amount.total,
                        (unsigned long long)amount.done);
}

static void put_progress_text(const struct view *view, struct buffer *out)
{
        struct snapshot_amount amount = snapshot_amount_at_work(view->snapshot);
        if (amount.total > 0)
                buffer_append_format(out, "%d %%", (int)((double)amount.done * 100 / (double)amount.total));
}

static void put_downtime_hidden(const struct view *view, struct buffer *out)
{
        buffer_append_string(out, view->snapshot->downtime.since_ms > 0 ? "" : "hidden");
}

static void put_downtime(const struct view *view, struct buffer *out)
{
        _cleanup_free_ char *text = downtime_says(&view->snapshot->downtime, clock_wall_ms());
        append_escaped(out, text);
}

static void put_error_hidden(const struct view *view, struct buffer *out)
{
        buffer_append_string(out, view->snapshot->error.code ? "" : "hidden");
}

static void put_error_code(const struct view *view, struct buffer *out)
{
        append_escaped(out, view->snapshot->error.code);
}

static void put_error_reason(const struct view *view, struct buffer *out)
{
        append_escaped(out, view->snapshot->error.reason);
}

static void put_error_message(const struct view *view, struct buffer *out)
{
        append_escaped(out, view->snapshot->error.message);
}

static enum error_code code_of(const struct view *view)
{
        const char *code = view->snapshot->error.code;
        return code ? error_code_from_name(code) : ERR_NONE;
}

static void put_error_meaning(const struct view *view, struct buffer *out)
{
        append_escaped(out, error_code_meaning(code_of(view)));
}

static void put_error_next(const struct view *view, struct buffer *out)
{
        const char *reason = view->snapshot->error.reason;
        append_escaped(out, reason ? reason_advice(reason_from_name(reason)) : NULL);
}

static void put_error_advice(const struct view *view, struct buffer *out)
{
        append_escaped(out, error_code_advice(code_of(view)));
}

static void put_error_link(const struct view *view, struct buffer *out)
{
        enum error_code code = code_of(view);
        _cleanup_free_ char *link = code ? error_code_link(code) : NULL;
        append_escaped(out, link);
}

static void put_stage(const struct stage_snapshot *stage, struct buffer *out)
{
        buffer_append_format(out,
                "<li class=\"stage\" data-stage=\"%s\" data-state=\"%s\"><span class=\"mark\" "
                "aria-hidden=\"true\"></span><span class=\"name\">",
                stage->name, stage_state_name(stage->state));
        append_escaped(out, stage->title);
        buffer_append_format(out, "</span> <span class=\"percent\"></span> <span class=\"word\">%s%s",
                stage_words[stage->state],
                stage->finished_ms  ? " · "
                : stage->started_ms ? " · since "
                                    : "");
        append_time(out, stage->finished_ms ? stage->finished_ms : stage->started_ms);
        buffer_append_string(out, "</span></li>\n");
}

static void put_stages(const struct view *view, struct buffer *out)
{
        for (size_t i = 0; i < view->snapshot->stage_count; i++)
                put_stage(&view->snapshot->stages[i], out);
}

static void put_upgrade_words(const struct view *view, struct buffer *out)
{
        for (size_t i = 0; i < ARRAY_SIZE(upgrade_words); i++) {
                buffer_append_format(out, "<li data-state=\"%s\" data-tone=\"%s\" data-advice=\"",
                        upgrade_state_name((enum upgrade_state)i), upgrade_words[i].tone);
                append_escaped(out, upgrade_words[i].advice);
                buffer_append_string(out, "\">");
                append_escaped(out, upgrade_words[i].headline);
                buffer_append_string(out, "</li>");
        }
}

static void put_stage_words(const struct view *view, struct buffer *out)
{
        for (size_t i = 0; i < ARRAY_SIZE(stage_words); i++)
                buffer_append_format(out, "<li data-state=\"%s\">%s</li>",
                        stage_state_name((enum stage_state)i), stage_words[i]);
}

static const struct {
        const char *name; /* between {{ and }} in the template */
        void (*put)(const struct view *view, struct buffer *out);
} fields[] = {
        {"advice", put_advice},
        {"boundary", put_boundary},
        {"boundary-id", put_boundary_id},
        {"downtime", put_downtime},
        {"downtime-hidden", put_downtime_hidden},
        {"error-advice", put_error_advice},
        {"error-code", put_error_code},
        {"error-hidden", put_error_hidden},
        {"error-link", put_error_link},
        {"error-meaning", put_error_meaning},
        {"error-message", put_error_message},
        {"error-next", put_error_next},
        {"error-reason", put_error_reason},
        {"headline", put_headline},
        {"may-drive", put_may_drive},
        {"progress-hidden", put_progress_hidden},
        {"progress-text", put_progress_text},
        {"progress-value", put_progress_value},
        {"root", put_root},
        {"site", put_site},
        {"stage-line", put_stage_line},
        {"stage-words", put_stage_words},
        {"stages", put_stages},
        {"state", put_state},
        {"time", put_time},
        {"tone", put_tone},
        {"upgrade-words", put_upgrade_words},
        {"version", put_version},
        {"versions", put_versions},
};

static int put_field(
        const struct view *view, const char *name, size_t length, struct buffer *out, struct error *err)
{
        for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
                if (strlen(fields[i].name) != length || strncmp(fields[i].name, name, length) != 0)
                        continue;
                fields[i].put(view, out);
                return 0;
        }
        return error_set(
                err, REASON_INTERNAL, "the page asks for %.*s, which nothing tells", (int)length, name);
}

static int fill(const struct view *view, const char *text, struct buffer *out, struct error *err)
{
        const char *begin;
        while ((begin = strstr(text, "{{"))) {
                const char *end = strstr(begin, "}}");
                if (!end)
                        break;
                buffer_append(out, text, (size_t)(begin - text));
                if (put_field(view, begin + 2, (size_t)(end - begin) - 2, out, err) < 0)
                        return -1;
                text = end + 2;
        }
        buffer_append_string(out, text);
        return 0;
}

int answer_page(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        _cleanup_(snapshot_unrefp) struct snapshot *snapshot = api_snapshot(api);
        const struct view view = {.api = api, .snapshot = snapshot, .may_drive = request->may_drive};
        const struct page_asset *template = page_asset_find(TEMPLATE);
        if (fill(&view, template->data, &reply->body, err) < 0)
                return -1;
        reply->status = 200;
        reply->content_type = template->content_type;
        reply->policy = POLICY;
        return 0;
}

/* If-None-Match: one or several tags, perhaps marked as weak by a proxy that compresses; or "*". */
static bool is_known(const char *if_none_match, const char *etag)
{
        return if_none_match && (string_equal(if_none_match, "*") || strstr(if_none_match, etag));
}

int answer_page_asset(
        struct api *api, const struct api_request *request, struct api_reply *reply, struct error *err)
{
        const char *name = api_path_tail(request);
        const struct page_asset *asset = string_equal(name, TEMPLATE) ? NULL : page_asset_find(name);
        if (!asset)
                return error_set(err, REASON_NOT_FOUND, "there is no %.64s", request->path);
        reply->content_type = asset->content_type;
        reply->cache = "no-cache"; /* kept, and asked for whether it is still the same */
        reply->etag = asset->etag;
        reply->status = is_known(request->if_none_match, asset->etag) ? 304 : 200;
        if (reply->status == 200)
                buffer_append(&reply->body, asset->data, asset->size);
        return 0;
}
