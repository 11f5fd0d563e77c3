/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/smoke_request.h"

#include "lib/memory.h"
#include "lib/text.h"
#include "states/gate.h"
#include "states/site_request.h"

#define TRIES 3
#define PAUSE_MS 1000

static bool from_mautic(const struct site_answer *answer)
{
        return answer->gate == GATE_PASSED;
}

int smoke_request(struct stage_context *context, const char *site_url, long time_limit_s, struct error *err)
{
        _cleanup_free_ char *token = NULL, *host = site_url_host(site_url),
                            *name = text_printable(host, false);
        if (!host) {
                stage_log(context, LOG_LEVEL_WARNING,
                        "site_url is no address: no page of the site was asked for.");
                return 0;
        }
        if (gate_token(context, &token, err) < 0)
                return -1;
        struct site_question question = {
                .url = site_url, .token = token, .header = GATE_FORGET_HEADER, .time_limit_s = time_limit_s};
        struct site_answer answer = {0};
        /* PHP may remember files of Mautic 2 under the names that Mautic 3's have now. */
        if (site_request(context, &question, &answer, err) < 0)
                return -1;
        question.header = NULL;
        for (unsigned i = answer.status == 0; i < TRIES; i++) {
                if (i > 0 && cancel_sleep(context->cancel, PAUSE_MS, err) < 0)
                        return -1;
                if (site_request(context, &question, &answer, err) < 0)
                        return -1;
                if (from_mautic(&answer) && answer.status > 0 && answer.status < 500) {
                        stage_log(context, LOG_LEVEL_INFO, "Mautic 3 answers at %s with status %ld.", name,
                                answer.status);
                        return 0;
                }
        }
        if (from_mautic(&answer) && answer.status >= 500)
                return error_set(err, REASON_SMOKE_TEST_FAILED,
                        "Mautic 3 answers at %s with status %ld; visitors still get the 503 page", name,
                        answer.status);
        if (answer.status == 0)
                stage_log(context, LOG_LEVEL_WARNING,
                        "The site can't be reached from here at %s (%s): look at a page of it yourself.",
                        name, site_answer_problem(&answer));
        else
                stage_log(context, LOG_LEVEL_WARNING,
                        "The answer of %s (status %ld) is not from this site's folder: look at a page of it "
                        "yourself.",
                        name, answer.status);
        return 0;
}
