/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/download.h"
#include "lib/address.h"
#include "lib/clock.h"
#include "lib/download_part.h"
#include "lib/files.h"
#include "lib/memory.h"
#include "lib/text.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

#define REDIRECT_LIMIT 10
#define BACKOFF_LIMIT_MS 60000
#define DISCARD_LIMIT 1048576
#define LEAST_PER_S 512 /* bytes; a server that sends fewer stands still as far as we are concerned */
#define USER_AGENT "mautic-upgraded/" PROJECT_VERSION

enum outcome {
        OUTCOME_COMPLETE,
        OUTCOME_AGAIN, /* err says why; another try may help */
        OUTCOME_FINAL, /* err says why; none will */
};

struct download {
        const struct download_options *options;
        struct download_part part;
        CURL *curl;
        char *url; /* of the request at work: behind redirects */
        char error_text[CURL_ERROR_SIZE];
        bool resumed; /* a byte of an earlier call is still in the part */
        bool trusts_ranges; /* false after a server answered a range wrongly */
        /* One request: */
        bool asked_range, judged, discards, stalled, failed;
        enum outcome outcome; /* of the failure below */
        struct error failure; /* set by a callback, when failed */
        size_t discarded;
        curl_off_t received, enough; /* bytes as of now, and when enough of them had come */
        uint64_t enough_ms; /* the time of that */
};

/* Addresses */

static int check_scheme(const struct download_options *options, const char *url, struct error *err)
{
        _cleanup_free_ char *scheme = NULL;
        if (address_part(url, CURLUPART_SCHEME, &scheme, err) < 0)
                return -1;
        bool insecure = string_equal(scheme, "http") || string_equal(scheme, "file");
        if (string_equal(scheme, "https") || (insecure && options->allow_insecure))
                return 0;
        _cleanup_free_ char *shown = address_public(url);
        if (insecure)
                return error_set(err, REASON_INVALID_ARGUMENT,
                        "%s is not https, and insecure addresses are not allowed (package.insecure)", shown);
        return error_set(err, REASON_INVALID_ARGUMENT, "%s: the scheme %s is not supported", shown, scheme);
}

/* libcurl would wait for ever for a pipe's other end, and take a device for a file. */
static int check_local_file(const char *url, struct error *err)
{
        _cleanup_free_ char *scheme = NULL, *path = NULL;
        if (address_part(url, CURLUPART_SCHEME, &scheme, err) < 0)
                return -1;
        if (!string_equal(scheme, "file"))
                return 0;
        struct stat status;
        if (address_part(url, CURLUPART_PATH, &path, err) < 0)
                return -1;
        if (stat(path, &status) < 0) {
                error_set_errno(err, errno, "can't read %s", path);
                if (err->reason == REASON_NOT_FOUND)
                        err->reason = REASON_PACKAGE_NOT_FOUND;
                return -1;
        }
        if (!S_ISREG(status.st_mode))
                return error_set(err, REASON_PACKAGE_NOT_FOUND, "%s is not a regular file", path);
        return 0;
}

/* The answer's headers */

static const char *header(struct download *download, const char *name)
{
        struct curl_header *found;
        if (curl_easy_header(download->curl, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK)
                return NULL;
        return found->value;
}

static bool is_plain(const char *text)
{
        for (; *text; text++)
                if (*text < 0x20 || *text > 0x7e)
                        return false;
        return true;
}

/* What a later If-Range can be sent with: a strong ETag, else a date that is strong because the answer is at
 * least a second younger (RFC 9110, 8.8.2.2); NULL: nothing. */
static char *strong_validator(struct download *download)
{
        const char *etag = header(download, "ETag");
        if (etag && etag[0] == '"' && strlen(etag) < 1024 && is_plain(etag))
                return string_copy(etag);
        const char *modified = header(download, "Last-Modified"), *date = header(download, "Date");
        if (!modified || !date || strlen(modified) > 64 || !is_plain(modified))
                return NULL;
        time_t modified_time = curl_getdate(modified, NULL), date_time = curl_getdate(date, NULL);
        if (modified_time < 0 || date_time < 0 || date_time - modified_time < 1)
                return NULL;
        return string_copy(modified);
}

/* True when the answer contradicts the validator that the part was begun with. */
static bool validator_differs(struct download *download)
{
        const char *now = header(download, download->part.validator[0] == '"' ? "ETag" : "Last-Modified");
        return now && strcmp(now, download->part.validator) != 0;
}

/* "bytes FIRST-LAST/TOTAL" (total 0: "*") or "bytes * /TOTAL" (first and last 0). Source: RFC 9110, 14.4. */
static bool parse_content_range(
        const char *text, bool unsatisfied, uint64_t *ret_first, uint64_t *ret_last, uint64_t *ret_total)
{
        uint64_t numbers[3] = {0};
        if (!text || strncasecmp(text, "bytes ", 6) != 0)
                return false;
        text += 6;
        for (int i = unsatisfied ? 2 : 0; i < 3; i++) {
                if (unsatisfied && *text++ != '*')
                        return false;
                if (i > 0 && *text++ != (i == 1 ? '-' : '/'))
                        return false;
                if (i == 2 && strcmp(text, "*") == 0) {
                        text++;
                        break;
                }
                char *end;
                errno = 0;
                numbers[i] = strtoull(text, &end, 10);
                if (end == text || *text < '0' || *text > '9' || errno != 0)
                        return false;
                text = end;
        }
        *ret_first = numbers[0];
        *ret_last = numbers[1];
        *ret_total = numbers[2];
        return *text == '\0' && numbers[0] <= numbers[1];
}

/* Callbacks of libcurl */

static size_t fail(struct download *download, enum outcome outcome)
{
        download->failed = true;
        download->outcome = outcome;
        return 0;
}

static bool check_size(struct download *download, uint64_t size)
{
        if (size <= download->options->size_limit)
                return true;
        error_set(&download->failure, REASON_DOWNLOAD_FAILED,
                "the package is larger than the %" PRIu64 " bytes that are allowed (package.limit)",
                download->options->size_limit);
        fail(download, OUTCOME_FINAL);
        /* The room may be needed, and it is not the beginning of what is wanted. */
        _cleanup_error_ struct error ignored = {0};
        (void)!download_part_restart(&download->part, NULL, 0, &ignored);
        return false;
}

static bool restart(struct download *download, const char *validator, uint64_t length)
{
        download->resumed = false;
        if (download_part_restart(&download->part, validator, length, &download->failure) == 0)
                return true;
        fail(download, OUTCOME_FINAL);
        return false;
}

static bool judge_whole(struct download *download)
{
        curl_off_t announced = -1;
        (void)curl_easy_getinfo(download->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
        uint64_t length = announced > 0 ? (uint64_t)announced : 0;
        _cleanup_free_ char *validator = strong_validator(download);
        if (!check_size(download, length))
                return false;
        if (download->asked_range && download->options->on_notice)
                download->options->on_notice(
                        "the server can't go on with the download, or has another file now: it begins anew",
                        download->options->userdata);
        return restart(download, validator, length);
}

static bool judge_range(struct download *download)
{
        uint64_t first, last, total;
        const char *range = header(download, "Content-Range");
        struct download_part *part = &download->part;
        if (!download->asked_range || !parse_content_range(range, false, &first, &last, &total) ||
                first != part->size || (total > 0 && last + 1 != total)) {
                _cleanup_buffer_ struct buffer shown = {0};
                text_append_clean(&shown, range ? range : "no Content-Range");
                error_set(&download->failure, REASON_DOWNLOAD_FAILED,
                        "the server sent another part of the package than it was asked for (%.100s)",
                        shown.data);
                download->trusts_ranges = false;
        } else if (validator_differs(download) || (part->length > 0 && total > 0 && total != part->length)) {
                error_set(&download->failure, REASON_PACKAGE_CHANGED,
                        "the package changed on the server during the download");
        } else {
                part->length = total > 0 ? total : part->length;
                return check_size(download, part->length);
        }
        /* What is there belongs to another file, or the server can't be trusted with ranges. */
        if (restart(download, NULL, 0))
                fail(download, OUTCOME_AGAIN);
        return false;
}

/* Looks at the answer before its first byte is taken. */
static bool judge(struct download *download)
{
        long status = 0;
        download->judged = true;
        (void)curl_easy_getinfo(download->curl, CURLINFO_RESPONSE_CODE, &status);
        if (status == 200 || status == 0) /* 0: file:// */
                return judge_whole(download);
        if (status == 206)
                return judge_range(download);
        download->discards = true; /* an error page, or a redirect's text */
        return true;
}

/* The text of an error page or a redirect; one without end is not waited for. */
static size_t discard(struct download *download, size_t size)
{
        download->discarded += size;
        if (download->discarded <= DISCARD_LIMIT)
                return size;
        error_set(&download->failure, REASON_DOWNLOAD_FAILED,
                "the server answered with an error and more than %d bytes of text", DISCARD_LIMIT);
        return fail(download, OUTCOME_FINAL);
}

static size_t on_data(char *data, size_t unit, size_t count, void *userdata)
{
        struct download *download = userdata;
        size_t size = unit * count;
        if (!download->judged && !judge(download))
                return 0;
        if (download->discards)
                return discard(download, size);
        if (!check_size(download, download->part.size + size))
                return 0;
        if (download_part_append(&download->part, data, size, &download->failure) < 0)
                return fail(download, OUTCOME_FINAL);
        return size;
}

static int on_progress(
        void *userdata, curl_off_t total, curl_off_t received, curl_off_t upload_total, curl_off_t sent)
{
        struct download *download = userdata;
        const struct download_options *options = download->options;
        if (cancel_check(options->cancel, &download->failure) < 0) {
                fail(download, OUTCOME_FINAL);
                return 1;
        }
        curl_off_t connected = 0;
        (void)curl_easy_getinfo(download->curl, CURLINFO_PRETRANSFER_TIME_T, &connected);
        uint64_t now = clock_steady_ms();
        curl_off_t least = (curl_off_t)(options->stall_timeout_ms * LEAST_PER_S / 1000) + 1;
        download->received = received;
        if (received - download->enough >= least || connected == 0) { /* connecting has its own limit */
                download->enough = received;
                download->enough_ms = now;
        } else if (options->stall_timeout_ms > 0 && now - download->enough_ms >= options->stall_timeout_ms) {
                download->stalled = true;
                return 1;
        }
        if (options->on_progress && download->judged && !download->discards)
                options->on_progress(download->part.size, download->part.length, options->userdata);
        return 0;
}

/* One request */

static enum outcome explain_status(struct download *download, long status, struct error *err)
{
        _cleanup_free_ char *shown = address_public(download->url);
        if (status == 404 || status == 410) {
                error_set(err, REASON_PACKAGE_NOT_FOUND, "there is no package at %s (status %ld)", shown,
                        status);
                return OUTCOME_FINAL;
        }
        error_set(err, REASON_DOWNLOAD_FAILED, "%s answered with status %ld", shown, status);
        return status >= 500 || status == 408 || status == 429 ? OUTCOME_AGAIN : OUTCOME_FINAL;
}

static char *text_of(struct download *download, CURLcode code)
{
        struct buffer text = {0};
        text_append_clean(&text, download->error_text[0] ? download->error_text : curl_easy_strerror(code));
        return buffer_steal(&text);
}

static bool is_tls_distrust(CURLcode code)
{
        return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_ISSUER_ERROR ||
               code == CURLE_SSL_INVALIDCERTSTATUS || code == CURLE_SSL_PINNEDPUBKEYNOTMATCH;
}

static bool is_passing(CURLcode code)
{
        static const CURLcode passing[] = {CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST,
                CURLE_COULDNT_CONNECT, CURLE_PARTIAL_FILE, CURLE_OPERATION_TIMEDOUT, CURLE_SSL_CONNECT_ERROR,
                CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_HTTP2, CURLE_HTTP2_STREAM,
                CURLE_PROXY};
        for (size_t i = 0; i < ARRAY_SIZE(passing); i++)
                if (code == passing[i])
                        return true;
        return false;
}

static enum outcome explain_code(struct download *download, CURLcode code, struct error *err)
{
        _cleanup_free_ char *shown = address_public(download->url);
        _cleanup_free_ char *text = text_of(download, code);
        if (download->failed) {
                error_move(err, &download->failure);
                return download->outcome;
        }
        if (download->stalled) {
                uint64_t came = (uint64_t)(download->received - download->enough);
                uint64_t size = download->part.size;
                _cleanup_free_ char *what =
                        came > 0 ? string_format("only %" PRIu64 " bytes", came) : string_copy("nothing");
                error_set(err, REASON_TIMED_OUT, "%s sent %s for %.1f s, after %" PRIu64 " bytes", shown,
                        what, (double)download->options->stall_timeout_ms / 1000,
                        size > came ? size - came : 0);
                return OUTCOME_AGAIN;
        }
        if (is_tls_distrust(code)) {
                error_set(err, REASON_DOWNLOAD_FAILED, "the TLS certificate of %s can't be trusted: %s",
                        shown, text);
                return OUTCOME_FINAL;
        }
        enum reason reason = code == CURLE_OPERATION_TIMEDOUT       ? REASON_TIMED_OUT
                             : code == CURLE_FILE_COULDNT_READ_FILE ? REASON_PACKAGE_NOT_FOUND
                                                                    : REASON_DOWNLOAD_FAILED;
        error_set(err, reason, "fetching %s: %s", shown, text);
        return is_passing(code) ? OUTCOME_AGAIN : OUTCOME_FINAL;
}

/* 416: nothing is there behind what we have. Right when we have it all, else the part is of another file. */
static enum outcome judge_unsatisfied(struct download *download, struct error *err)
{
        uint64_t first, last, total = 0;
        struct download_part *part = &download->part;
        if (download->asked_range && !validator_differs(download) &&
                parse_content_range(header(download, "Content-Range"), true, &first, &last, &total) &&
                total == part->size)
                return OUTCOME_COMPLETE;
        download->resumed = false;
        if (download_part_restart(part, NULL, 0, err) < 0)
                return OUTCOME_FINAL;
        error_set(err, REASON_PACKAGE_CHANGED, "the package changed on the server during the download");
        return download->asked_range ? OUTCOME_AGAIN : OUTCOME_FINAL;
}

static enum outcome judge_end(struct download *download, struct error *err)
{
        long status = 0;
        struct download_part *part = &download->part;
        (void)curl_easy_getinfo(download->curl, CURLINFO_RESPONSE_CODE, &status);
        if (!download->judged && !judge(download)) { /* no byte of a body came */
                error_move(err, &download->failure);
                return download->outcome;
        }
        if (status == 416)
                return judge_unsatisfied(download, err);
        if (status != 0 && status != 200 && status != 206)
                return explain_status(download, status, err);
        if (part->length > 0 && part->size != part->length) {
                error_set(err, REASON_DOWNLOAD_FAILED,
                        "the connection ended after %" PRIu64 " of %" PRIu64 " bytes", part->size,
                        part->length);
                return OUTCOME_AGAIN;
        }
        return OUTCOME_COMPLETE;
}

static int set_options(struct download *download, struct curl_slist **headers, struct error *err)
{
        CURL *curl = download->curl;
        const struct download_options *options = download->options;
        struct download_part *part = &download->part;
        _cleanup_free_ char *range = NULL, *condition = NULL;
        _cleanup_free_ char *scheme = NULL;
        if (address_part(download->url, CURLUPART_SCHEME, &scheme, err) < 0)
                return -1;
        download->asked_range =
                part->size > 0 && part->validator && download->trusts_ranges && !string_equal(scheme, "file");
        *headers = curl_slist_append(NULL, "Accept-Encoding: identity");
        if (download->asked_range) {
                range = string_format("%" PRIu64 "-", part->size);
                condition = string_format("If-Range: %s", part->validator);
                *headers = curl_slist_append(*headers, condition);
        }
        curl_easy_reset(curl);
        download->error_text[0] = '\0';
        bool set = *headers && curl_easy_setopt(curl, CURLOPT_URL, download->url) == CURLE_OK &&
                   curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, scheme) == CURLE_OK &&
                   curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers) == CURLE_OK &&
                   curl_easy_setopt(curl, CURLOPT_RANGE, range) == CURLE_OK &&
                   curl_easy_setopt(curl, CURLOPT_USERAGENT, USER_AGENT) == CURLE_OK &&
                   curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
                   curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
                   curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms) ==
                           CURLE_OK &&
                   curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, download->error_text) == CURLE_OK &&
                   curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data) == CURLE_OK &&
                   curl_easy_setopt(curl, CURLOPT_WRITEDATA, download) == CURLE_OK &&
                   curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
                   curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
                   curl_easy_setopt(curl, CURLOPT_XFERINFODATA, download) == CURLE_OK;
        return set ? 0 : error_set(err, REASON_INTERNAL, "libcurl refuses an option");
}

/* Follows a redirect by hand, as libcurl can't be told "never away from https" over several steps. */
static enum outcome redirect(struct download *download, const char *target, int steps, struct error *err)
{
        _cleanup_free_ char *from = NULL, *to = NULL;
        _cleanup_free_ char *shown = address_public(target), *here = address_public(download->url);
        if (steps >= REDIRECT_LIMIT) {
                error_set(err, REASON_DOWNLOAD_FAILED, "more than %d redirects, the last to %s",
                        REDIRECT_LIMIT, shown);
                return OUTCOME_FINAL;
        }
        if (address_part(download->url, CURLUPART_SCHEME, &from, err) < 0 ||
                address_part(target, CURLUPART_SCHEME, &to, err) < 0) {
                error_wrap(err, "%s redirects to what is no address", here);
                err->reason = REASON_DOWNLOAD_FAILED;
                return OUTCOME_FINAL;
        }
        if (!string_equal(to, "https") && !(string_equal(from, "http") && string_equal(to, "http"))) {
                error_set(err, REASON_DOWNLOAD_FAILED, "%s redirects to %s, and %s is not allowed there",
                        here, shown, to);
                return OUTCOME_FINAL;
        }
        string_replace(&download->url, string_copy(target));
        return OUTCOME_AGAIN;
}

/* Sends one request; *ret_target is set when its answer is a redirect. */
static enum outcome request(struct download *download, char **ret_target, struct error *err)
{
        struct curl_slist *headers = NULL;
        download->judged = download->discards = download->stalled = download->failed = false;
        download->discarded = 0;
        download->received = download->enough = 0;
        download->enough_ms = clock_steady_ms();
        if (set_options(download, &headers, err) < 0) {
                curl_slist_free_all(headers);
                return OUTCOME_FINAL;
        }
        CURLcode code = curl_easy_perform(download->curl);
        const char *target = NULL;
        if (code == CURLE_OK)
                (void)curl_easy_getinfo(download->curl, CURLINFO_REDIRECT_URL, &target);
        *ret_target = string_copy(target);
        enum outcome outcome = OUTCOME_AGAIN;
        if (code != CURLE_OK)
                outcome = explain_code(download, code, err);
        else if (!target)
                outcome = judge_end(download, err);
        curl_slist_free_all(headers);
        return outcome;
}

/* The whole download */

static enum outcome try_once(struct download *download, struct error *err)
{
        string_replace(&download->url, string_copy(download->options->url));
        if (check_local_file(download->url, err) < 0)
                return OUTCOME_FINAL;
        for (int steps = 0;; steps++) {
                _cleanup_free_ char *target = NULL;
                enum outcome outcome = request(download, &target, err);
                if (!target)
                        return outcome;
                if (redirect(download, target, steps, err) == OUTCOME_FINAL)
                        return OUTCOME_FINAL;
        }
}

static uint64_t pause_before(struct download *download, unsigned tried)
{
        uint64_t pause = download->options->backoff_ms;
        for (unsigned i = 1; i < tried && pause < BACKOFF_LIMIT_MS; i++)
                pause *= 2;
        curl_off_t asked_for = 0; /* seconds, from Retry-After */
        (void)curl_easy_getinfo(download->curl, CURLINFO_RETRY_AFTER, &asked_for);
        if (asked_for > 0 && (uint64_t)asked_for * 1000 > pause)
                pause = asked_for > BACKOFF_LIMIT_MS / 1000 ? BACKOFF_LIMIT_MS : (uint64_t)asked_for * 1000;
        return pause < BACKOFF_LIMIT_MS ? pause : BACKOFF_LIMIT_MS;
}

static int pause_and_tell(struct download *download, unsigned tried, struct error *err)
{
        uint64_t pause = pause_before(download, tried);
        if (download->options->on_notice) {
                _cleanup_free_ char *text =
                        string_format("trying again in %.1f s: %s", (double)pause / 1000, error_message(err));
                download->options->on_notice(text, download->options->userdata);
        }
        return cancel_sleep(download->options->cancel, pause, err);
}

static bool is_complete(const struct download *download)
{
        const struct download_part *part = &download->part;
        return part->validator && part->length > 0 && part->size == part->length;
}

static int fetch(struct download *download, struct error *err)
{
        for (unsigned tried = 1; !is_complete(download); tried++) {
                enum outcome outcome = try_once(download, err);
                if (outcome == OUTCOME_COMPLETE)
                        break;
                if (outcome == OUTCOME_FINAL)
                        return -1;
                if (tried >= download->options->attempts) {
                        if (tried > 1)
                                return error_wrap(err, "after %u tries", tried);
                        return -1;
                }
                if (pause_and_tell(download, tried, err) < 0)
                        return -1;
        }
        if (download->options->on_progress)
                download->options->on_progress(
                        download->part.size, download->part.size, download->options->userdata);
        return 0;
}

/* Compares the hash of all bytes, the resumed ones too. 1: it differs, and a part of it is from before. */
static int verify(struct download *download, struct download_result *result, struct error *err)
{
        const struct download_options *options = download->options;
        int hashed = file_sha256(
                options->folder_fd, download->part.name, options->cancel, result->sha256, &result->size, err);
        if (hashed > 0)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS, "%s was taken away during the download",
                        download->part.name);
        if (hashed < 0)
                return -1;
        if (!options->sha256 || strcasecmp(options->sha256, result->sha256) == 0)
                return 0;
        if (download->resumed)
                return 1;
        error_set(err, REASON_PACKAGE_CHECKSUM,
                "the package that came (%" PRIu64 " bytes) has the SHA-256 %s, not %s", result->size,
                result->sha256, options->sha256);
        _cleanup_error_ struct error ignored = {0};
        (void)!download_part_remove(&download->part, &ignored);
        return -1;
}

static int fetch_and_publish(struct download *download, struct download_result *ret, struct error *err)
{
        struct download_result result = {0};
        if (fetch(download, err) < 0)
                return -1;
        int verified = verify(download, &result, err);
        if (verified > 0) { /* old and new bytes don't fit: once more, with new ones alone */
                if (!restart(download, NULL, 0)) {
                        error_move(err, &download->failure);
                        return -1;
                }
                if (fetch(download, err) < 0)
                        return -1;
                verified = verify(download, &result, err);
        }
        if (verified < 0 || download_part_publish(&download->part, download->options->name, err) < 0)
                return -1;
        result.resumed = download->resumed;
        *ret = result;
        return 0;
}

static void download_deinit(struct download *download)
{
        if (download->curl)
                curl_easy_cleanup(download->curl);
        download_part_deinit(&download->part);
        free(download->url);
        error_deinit(&download->failure);
}

static void init_curl(void)
{
        (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

int download_file(const struct download_options *options, struct download_result *ret, struct error *err)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        (void)pthread_once(&once, init_curl);
        _cleanup_(download_deinit) struct download download = {
                .options = options,
                .trusts_ranges = true,
                .part = {.fd = -1},
        };
        if (check_scheme(options, options->url, err) < 0 || cancel_check(options->cancel, err) < 0)
                return -1;
        download.curl = curl_easy_init();
        if (!download.curl)
                return error_set(err, REASON_INTERNAL, "libcurl can't be started");
        if (download_part_open(options->folder_fd, options->name, options->url, &download.part, err) < 0)
                return -1;
        download.resumed = download.part.size > 0;
        return fetch_and_publish(&download, ret, err);
}
