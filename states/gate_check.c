/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/gate_check.h"

#include "lib/clock.h"
#include "lib/files.h"
#include "lib/memory.h"
#include "lib/site.h"
#include "lib/text.h"
#include "states/facts.h"
#include "states/gate.h"
#include "states/site_request.h"
#include "states/stages.h"

#include <inttypes.h>
#include <string.h>

#define FACT_WITNESS "gate.witness"
#define IN_A_ROW 3 /* PHP processes that do not share an opcache look at the file one by one */
#define TRIES 2 /* to reach the site at all */
#define PAUSE_MS 500
#define ANSWER_LIMIT_S 10L

enum verdict {
        SEES_GATE,
        SEES_MAUTIC, /* a page, whoever's */
        SEES_NOTHING, /* no answer */
        SEES_OTHERS, /* an answer that no Mautic gives to a visitor */
};

static enum verdict judge(const struct site_answer *answer)
{
        if (answer->gate == GATE_CLOSED)
                return SEES_GATE;
        if (answer->status == 0)
                return SEES_NOTHING;
        return answer->status < 400 && !answer->other_host ? SEES_MAUTIC : SEES_OTHERS;
}

static int ask(struct stage_context *context, const char *site_url, const char *path,
        struct site_answer *answer, struct error *err)
{
        /* No cache in between has seen it. */
        _cleanup_free_ char *query = string_format("mautic-upgraded=%" PRIu64, clock_steady_ms());
        _cleanup_free_ char *url = site_url_with(site_url, path, query);
        const struct site_question question = {.url = url, .time_limit_s = ANSWER_LIMIT_S};
        *answer = (struct site_answer){0};
        return url ? site_request(context, &question, answer, err) : 0;
}

/* A plain file, so that no PHP has a say in whether it is served. */
static int witness_name(struct stage_context *context, char **ret_name, char **ret_text, struct error *err)
{
        _cleanup_free_ char *random = NULL;
        if (fact_random(context, FACT_WITNESS, &random, err) < 0)
                return -1;
        *ret_name = string_format("mautic-upgraded-%.16s.css", random);
        *ret_text = string_format("/* %s */\n", random + 16);
        return 0;
}

int gate_check_forget(struct stage_context *context, struct error *err)
{
        _cleanup_free_ char *random = NULL, *name = NULL, *text = NULL;
        int r = checkpoint_get_fact(context->checkpoint, FACT_WITNESS, &random, err);
        if (r != 0)
                return r < 0 ? -1 : 0;
        if (witness_name(context, &name, &text, err) < 0)
                return -1;
        return file_remove(context->site->root_fd, name, err) < 0 ? -1 : 0;
}

/* Whether what answers at site_url is served from this root. */
static int is_this_root(struct stage_context *context, const char *site_url, bool *ret, struct error *err)
{
        _cleanup_free_ char *name = NULL, *text = NULL;
        struct site_answer answer;
        if (witness_name(context, &name, &text, err) < 0 ||
                file_write_atomic(context->site->root_fd, name, text, strlen(text), 0644, err) < 0)
                return error_wrap(err, "trying whether the site is served from here");
        int r = ask(context, site_url, name, &answer, err);
        _cleanup_error_ struct error removing = {0};
        if (file_remove(context->site->root_fd, name, r < 0 ? &removing : err) < 0 || r < 0)
                return -1;
        *ret = answer.status == 200 && string_equal(answer.body, text);
        return 0;
}

/* The .htaccess and .user.ini there may be of no use with this web server. */
static int warn_of_scripts(struct stage_context *context, const char *site_url, struct error *err)
{
        struct site_answer answer;
        if (ask(context, site_url, NAME_MAUTIC_2_FILES "/" GATE_NAME_PROBE, &answer, err) < 0)
                return -1;
        if (answer.gate == GATE_OPEN)
                stage_log(context, LOG_LEVEL_WARNING,
                        "The web server runs scripts in " NAME_MAUTIC_2_FILES
                        " for whoever asks for them: forbid it that folder until the upgrade is done.");
        return 0;
}

static int tell_unseen(struct stage_context *context, const char *name, struct error *err)
{
        return error_set(err, REASON_GATE_UNSEEN,
                "Mautic 2 still answers at %s, %" PRIu64
                " s after the 503 page took the place of index.php: PHP's opcache goes on with what it "
                "remembers",
                name, context->config->gate_patience);
}

static int tell_unknown(struct stage_context *context, const char *name, const struct site_answer *answer,
        enum verdict verdict)
{
        if (verdict == SEES_NOTHING)
                stage_log(context, LOG_LEVEL_WARNING,
                        "The site can't be reached from here at %s (%s): look yourself whether visitors get "
                        "the 503 page.",
                        name, site_answer_problem(answer));
        else
                stage_log(context, LOG_LEVEL_WARNING,
                        "The answer of %s (status %ld) is not from this site's folder: look yourself whether "
                        "visitors get the 503 page.",
                        name, answer->status);
        return 0;
}

static int check(struct stage_context *context, const char *site_url, const char *name, struct error *err)
{
        const uint64_t begin_ms = clock_steady_ms(), limit_ms = context->config->gate_patience * 1000;
        bool known = false; /* that it is this root */
        unsigned seen = 0, unsure = 0;
        for (;;) {
                struct site_answer answer;
                if (ask(context, site_url, NULL, &answer, err) < 0)
                        return -1;
                enum verdict verdict = judge(&answer);
                if (verdict == SEES_GATE) {
                        if (++seen < IN_A_ROW)
                                continue;
                        stage_log(context, LOG_LEVEL_INFO, "%s answers with the 503 page.", name);
                        return warn_of_scripts(context, site_url, err);
                }
                seen = 0;
                if (verdict == SEES_MAUTIC && !known) {
                        if (is_this_root(context, site_url, &known, err) < 0)
                                return -1;
                        if (!known)
                                return tell_unknown(context, name, &answer, SEES_OTHERS);
                } else if (verdict != SEES_MAUTIC && ++unsure == TRIES) {
                        return tell_unknown(context, name, &answer, verdict);
                }
                if (clock_steady_ms() - begin_ms >= limit_ms)
                        return verdict == SEES_MAUTIC ? tell_unseen(context, name, err)
                                                      : tell_unknown(context, name, &answer, verdict);
                if (cancel_sleep(context->cancel, PAUSE_MS, err) < 0)
                        return -1;
        }
}

int gate_check(struct stage_context *context, struct error *err)
{
        _cleanup_site_settings_ struct site_settings settings = {0};
        if (gate_check_forget(context, err) < 0)
                return -1;
        if (!context->config->gate_check)
                return 0;
        if (site_load_settings(context->site, &settings, err) < 0) {
                stage_log(context, LOG_LEVEL_WARNING, "No page of the site was asked for: %s.",
                        error_message(err));
                error_deinit(err);
                return 0;
        }
        if (!settings.site_url || !*settings.site_url)
                return 0;
        _cleanup_free_ char *host = site_url_host(settings.site_url);
        _cleanup_free_ char *name = text_printable(host, false);
        if (!host) {
                stage_log(context, LOG_LEVEL_WARNING,
                        "site_url is no address: look yourself whether visitors get the 503 page.");
                return 0;
        }
        return check(context, settings.site_url, name, err);
}
