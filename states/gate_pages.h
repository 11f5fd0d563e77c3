/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the gate (states/gate.h) writes: PHP for 5.6 to 8.4, and what forbids a folder to web servers. Every
 * text holds GATE_MARK near its beginning. All answers are for the caller to free.
 */

#include <stdint.h>

#define GATE_MARK "mautic-upgraded: gate"

/* The index.php that answers with the 503, and lets through to the script `held` beside it who has the token
 * of that SHA-256. With GATE_FORGET_HEADER beside the token it tells opcache to forget this site's scripts.
 */
char *gate_page(const char *token_sha256, const char *held, uint64_t retry_after);
/* A script to be put in front of all others of a folder: the same answer, and the end. */
char *gate_guard(uint64_t retry_after);
/* A .user.ini that puts the script at this path in front; NULL when the path can't be said in one. Read by
 * PHP as FPM, CGI and FastCGI: https://www.php.net/manual/en/configuration.file.per-user.php */
char *gate_user_ini(const char *guard_path);

/* app/console: a sentence, and exit status 75. */
extern const char gate_console[];
/* A script that says in the answer's header that it has run. */
extern const char gate_probe[];
/* An .htaccess. Mautic's own in the root grants <FilesMatch "^(index|…)\.php$">, and Apache merges what
 * stands in such sections after all that stands outside of them: so it is denied in one as well. */
extern const char gate_htaccess[];
