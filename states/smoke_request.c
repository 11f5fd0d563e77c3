/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/smoke_request.h"

#include "lib/memory.h"
#include "lib/text.h"
#include "states/gate.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#define TRIES 3
#define PAUSE_MS 1000
#define REDIRECT_LIMIT 5
#define BODY_LIMIT ((size_t)4 * 1024 * 1024)

DEFINE_CLEANUP(CURL *, curl_easy_cleanup);
DEFINE_CLEANUP(CURLU *, curl_url_cleanup);
DEFINE_CLEANUP(struct curl_slist *, curl_slist_free_all);

struct answer {
        CURLcode code;
        long status;
        bool from_mautic; /* the gate says that it let the request through */
        char *redirect; /* where it leads, or NULL */
        size_t body;
        struct cancel *cancel;
};

static void answer_deinit(struct answer *answer)
{
        free(answer->redirect);
}

static size_t on_header(char *data, size_t size, size_t count, void *userdata)
{
        static const char passed[] = GATE_PASSED_HEADER ": passed";
        struct answer *answer = userdata;
        if (size * count >= sizeof(passed) - 1 && strncasecmp(data, passed, sizeof(passed) - 1) == 0)
                answer->from_mautic = true;
        return size * count;
}

/* The page itself does not matter; an endless one is cut off. */
static size_t on_body(char *data, size_t size, size_t count, void *userdata)
{
        struct answer *answer = userdata;
        answer->body += size * count;
        return answer->body > BODY_LIMIT ? 0 : size * count;
}

static int on_progress(void *userdata, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
        struct answer *answer = userdata;
        _cleanup_error_ struct error err = {0};
        return cancel_check(answer->cancel, &err) < 0;
}

static int ask(
        const char *url, const char *token, long time_limit_s, struct answer *answer, struct error *err)
{
        _cleanup_(curl_easy_cleanupp) CURL *curl = curl_easy_init();
        _cleanup_free_ char *header = string_format(GATE_TOKEN_HEADER ": %s", token);
        _cleanup_(curl_slist_free_allp) struct curl_slist *headers = curl_slist_append(NULL, header);
        if (!curl || !headers)
                return error_set(err, REASON_INTERNAL, "libcurl can't be used");
        curl_easy_setopt(curl, CURLOPT_URL, url);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl, CURLOPT_NOPROXY, "*"); /* it is this machine's own site */
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, time_limit_s);
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "mautic-upgraded/" PROJECT_VERSION);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, answer);
        answer->code = curl_easy_perform(curl);
        if (cancel_check(answer->cancel, err) < 0)
                return -1;
        char *redirect = NULL;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
        curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &redirect);
        answer->redirect = string_copy(redirect);
        return 0;
}

static char *host_of(const char *url)
{
        _cleanup_(curl_url_cleanupp) CURLU *parts = curl_url();
        char *host = NULL;
        if (!parts || curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK ||
                curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK)
                return NULL;
        char *copy = string_copy(host);
        curl_free(host);
        return copy;
}

/* Follows redirects of the web server (http to https) on the same host; the first answer that Mautic gives
 * ends it, so that its own redirect to the login page counts. */
static int ask_and_follow(struct stage_context *context, const char *site_url, const char *token,
        long time_limit_s, struct answer *ret, struct error *err)
{
        _cleanup_free_ char *url = string_copy(site_url), *host = host_of(site_url);
        for (unsigned i = 0;; i++) {
                _cleanup_(answer_deinit) struct answer answer = {.cancel = context->cancel};
                if (ask(url, token, time_limit_s, &answer, err) < 0)
                        return -1;
                _cleanup_free_ char *next_host = answer.redirect ? host_of(answer.redirect) : NULL;
                if (!answer.from_mautic && next_host && host && strcasecmp(next_host, host) == 0 &&
                        i < REDIRECT_LIMIT) {
                        string_replace(&url, steal(&answer.redirect));
                        continue;
                }
                *ret = answer;
                answer.redirect = NULL;
                return 0;
        }
}

int smoke_request(struct stage_context *context, const char *site_url, long time_limit_s, struct error *err)
{
        _cleanup_free_ char *token = NULL, *host = host_of(site_url), *name = text_printable(host, false);
        if (!host) {
                stage_log(context, LOG_LEVEL_WARNING,
                        "site_url is no address: no page of the site was asked for.");
                return 0;
        }
        if (gate_token(context, &token, err) < 0)
                return -1;
        _cleanup_(answer_deinit) struct answer answer = {0};
        for (unsigned i = 0; i < TRIES; i++) {
                if (i > 0 && cancel_sleep(context->cancel, PAUSE_MS, err) < 0)
                        return -1;
                answer_deinit(&answer);
                if (ask_and_follow(context, site_url, token, time_limit_s, &answer, err) < 0)
                        return -1;
                if (answer.from_mautic && answer.status > 0 && answer.status < 500) {
                        stage_log(context, LOG_LEVEL_INFO, "Mautic 3 answers at %s with status %ld.", name,
                                answer.status);
                        return 0;
                }
        }
        if (answer.from_mautic && answer.status >= 500)
                return error_set(err, REASON_SMOKE_TEST_FAILED,
                        "Mautic 3 answers at %s with status %ld; visitors still get the 503 page", name,
                        answer.status);
        if (answer.status == 0)
                stage_log(context, LOG_LEVEL_WARNING,
                        "The site can't be reached from here at %s (%s): look at a page of it yourself.",
                        name, curl_easy_strerror(answer.code));
        else
                stage_log(context, LOG_LEVEL_WARNING,
                        "The answer of %s (status %ld) is not from this site's folder: look at a page of it "
                        "yourself.",
                        name, answer.status);
        return 0;
}
