/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/site_request.h"

#include "lib/memory.h"
#include "states/gate.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#define REDIRECT_LIMIT 5
#define BODY_LIMIT ((size_t)4 * 1024 * 1024)

DEFINE_CLEANUP(CURL *, curl_easy_cleanup);
DEFINE_CLEANUP(CURLU *, curl_url_cleanup);
DEFINE_CLEANUP(struct curl_slist *, curl_slist_free_all);

struct transfer {
        struct site_answer answer;
        char *redirect; /* where it leads, or NULL */
        size_t body;
        struct cancel *cancel;
};

static void transfer_deinit(struct transfer *transfer)
{
        free(transfer->redirect);
}

static size_t on_header(char *data, size_t size, size_t count, void *userdata)
{
        static const struct {
                const char *text;
                enum gate_word word;
        } words[] = {
                {GATE_HEADER ": closed", GATE_CLOSED},
                {GATE_HEADER ": passed", GATE_PASSED},
                {GATE_HEADER ": open", GATE_OPEN},
        };
        struct transfer *transfer = userdata;
        for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
                size_t length = strlen(words[i].text);
                if (size * count >= length && strncasecmp(data, words[i].text, length) == 0)
                        transfer->answer.gate = words[i].word;
        }
        return size * count;
}

/* The page itself does not matter; an endless one is cut off. */
static size_t on_body(char *data, size_t size, size_t count, void *userdata)
{
        struct transfer *transfer = userdata;
        size_t room = sizeof(transfer->answer.body) - 1;
        if (transfer->body < room) {
                size_t more = room - transfer->body;
                memcpy(transfer->answer.body + transfer->body, data,
                        size * count < more ? size * count : more);
        }
        transfer->body += size * count;
        return transfer->body > BODY_LIMIT ? 0 : size * count;
}

static int on_progress(void *userdata, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
        struct transfer *transfer = userdata;
        _cleanup_error_ struct error err = {0};
        return cancel_check(transfer->cancel, &err) < 0;
}

static struct curl_slist *make_headers(const struct site_question *question)
{
        struct curl_slist *headers = NULL;
        if (question->token) {
                _cleanup_free_ char *token = string_format(GATE_TOKEN_HEADER ": %s", question->token);
                headers = curl_slist_append(headers, token);
        }
        return question->header ? curl_slist_append(headers, question->header) : headers;
}

static int ask(
        const char *url, const struct site_question *question, struct transfer *transfer, struct error *err)
{
        _cleanup_(curl_easy_cleanupp) CURL *curl = curl_easy_init();
        _cleanup_(curl_slist_free_allp) struct curl_slist *headers = make_headers(question);
        if (!curl)
                return error_set(err, REASON_INTERNAL, "libcurl can't be used");
        curl_easy_setopt(curl, CURLOPT_URL, url);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl, CURLOPT_NOPROXY, "*"); /* it is this machine's own site */
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, question->time_limit_s);
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "mautic-upgraded/" PROJECT_VERSION);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, transfer);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer);
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, transfer);
        transfer->answer.curl_code = (int)curl_easy_perform(curl);
        if (cancel_check(transfer->cancel, err) < 0)
                return -1;
        char *redirect = NULL;
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &transfer->answer.status);
        curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &redirect);
        transfer->redirect = string_copy(redirect);
        return 0;
}

int site_request(struct stage_context *context, const struct site_question *question, struct site_answer *ret,
        struct error *err)
{
        _cleanup_free_ char *url = string_copy(question->url), *host = site_url_host(url);
        for (unsigned i = 0;; i++) {
                _cleanup_(transfer_deinit) struct transfer transfer = {.cancel = context->cancel};
                if (ask(url, question, &transfer, err) < 0)
                        return -1;
                _cleanup_free_ char *next = transfer.redirect ? site_url_host(transfer.redirect) : NULL;
                bool same_host = next && host && strcasecmp(next, host) == 0;
                if (transfer.answer.gate == GATE_SILENT && same_host && i < REDIRECT_LIMIT) {
                        string_replace(&url, steal(&transfer.redirect));
                        continue;
                }
                transfer.answer.other_host = transfer.redirect && !same_host;
                *ret = transfer.answer;
                return 0;
        }
}

const char *site_answer_problem(const struct site_answer *answer)
{
        return curl_easy_strerror((CURLcode)answer->curl_code);
}

static char *part_of(CURLU *parts, CURLUPart part)
{
        char *text = NULL;
        if (curl_url_get(parts, part, &text, 0) != CURLUE_OK)
                return NULL;
        char *copy = string_copy(text);
        curl_free(text);
        return copy;
}

char *site_url_host(const char *url)
{
        _cleanup_(curl_url_cleanupp) CURLU *parts = curl_url();
        if (!parts || !url || curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK)
                return NULL;
        return part_of(parts, CURLUPART_HOST);
}

char *site_url_with(const char *url, const char *path, const char *query)
{
        _cleanup_(curl_url_cleanupp) CURLU *parts = curl_url();
        if (!parts || !url || curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK)
                return NULL;
        _cleanup_free_ char *own = part_of(parts, CURLUPART_PATH);
        size_t length = own ? strlen(own) : 0;
        while (length > 0 && own[length - 1] == '/')
                length--;
        _cleanup_free_ char *below = path ? string_format("%.*s/%s", (int)length, own ?: "", path) : NULL;
        if ((below && curl_url_set(parts, CURLUPART_PATH, below, 0) != CURLUE_OK) ||
                curl_url_set(parts, CURLUPART_QUERY, query, 0) != CURLUE_OK ||
                curl_url_set(parts, CURLUPART_FRAGMENT, NULL, 0) != CURLUE_OK)
                return NULL;
        return part_of(parts, CURLUPART_URL);
}
