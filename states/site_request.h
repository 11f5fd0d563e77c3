/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One request to the site as a visitor makes it, from this machine, and what the answer tells about where it
 * came from: the gate (states/gate.h) marks its own answers and those that it let through to Mautic 3, so
 * that an answer of another server, or of a cache in between, is never taken for this site's.
 */

#include "states/stage.h"

#define SITE_ANSWER_BODY 256 /* bytes that are kept */

enum gate_word {
        GATE_SILENT, /* not from behind a gate that is up */
        GATE_CLOSED, /* the gate's own 503 */
        GATE_PASSED, /* Mautic 3, which the gate let the request through to */
        GATE_OPEN, /* a script that should not run (states/gate_pages.h) */
};

struct site_answer {
        int curl_code; /* a CURLcode */
        long status; /* 0: no answer at all */
        enum gate_word gate;
        bool other_host; /* it redirects to another host */
        char body[SITE_ANSWER_BODY]; /* its beginning, NUL-terminated */
};

struct site_question {
        const char *url;
        const char *token; /* that the gate lets through, or NULL */
        const char *header; /* one more ("Name: value"), or NULL */
        long time_limit_s;
};

/* Asks, and follows redirects on the same host (http to https, Mautic's own to its login page) until the gate
 * says something or an answer is none. 0 also when nobody answers; -1 when cancelled. */
int site_request(struct stage_context *context, const struct site_question *question, struct site_answer *ret,
        struct error *err) _must_check;
/* Why there was no answer. */
const char *site_answer_problem(const struct site_answer *answer);

/* The host of an address, owned by the caller; NULL when it is no address. */
char *site_url_host(const char *url);
/* The address with a path below its own (NULL: its own) and a query (NULL: none) in place of what it has.
 * Owned by the caller; NULL when it is no address. */
char *site_url_with(const char *url, const char *path, const char *query);
