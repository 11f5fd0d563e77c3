/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One file fetched with libcurl, resumable.
 *
 * The bytes go to `<name>.part` (mode 0600) beside the target, with the validator (strong ETag or
 * Last-Modified) and length in `<name>.part.json`; a later call goes on with Range and If-Range. When all
 * bytes are there and the hash fits, it is synced and renamed to name. Network faults and 5xx, 408 and 429
 * are tried again with back-off; the rest is final. Redirects: at most 10, never from https to another
 * scheme.
 */

#include "lib/cancel.h"
#include "lib/error.h"

#include <stdbool.h>
#include <stdint.h>

struct download_options {
        const char *url; /* https; http and file only when allowed below */
        bool allow_insecure; /* http:// and file:// may be used */
        int folder_fd; /* where the file goes */
        const char *name; /* its name there, without '/' */
        const char *sha256; /* expected, lower-case hex, or NULL */
        uint64_t size_limit; /* bytes; more is refused */
        uint64_t connect_timeout_ms;
        uint64_t stall_timeout_ms; /* no byte for so long, or fewer than 512 a second: try again */
        unsigned attempts; /* 1: no second try */
        uint64_t backoff_ms; /* before the second try; doubles */
        struct cancel *cancel;
        void (*on_progress)(uint64_t done, uint64_t total, void *userdata); /* total 0: not known */
        void (*on_notice)(const char *text, void *userdata); /* "trying again in 2 s: …"; may be NULL */
        void *userdata;
};

struct download_result {
        uint64_t size;
        char sha256[65];
        bool resumed; /* at least one byte came from an earlier call */
};

/* Reasons: download_failed, timed_out, package_not_found (404, 410, missing file), package_changed,
 * package_checksum, disk_full, cancelled, invalid_argument (url). */
int download_file(const struct download_options *options, struct download_result *ret, struct error *err)
        _must_check;
