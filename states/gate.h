/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * The gate: while files move, every visitor gets a 503 with Retry-After, and every call of app/console a
 * sentence and exit status 75 (EX_TEMPFAIL, so that cron's jobs count as put off).
 *
 * It is an index.php that needs no framework, put in the place of Mautic's own by one RENAME_EXCHANGE, and
 * taken away by another. Mautic 3's index.php waits beside it under a name that can't be guessed; a request
 * that carries the upgrade's token is let through to it, so that Mautic 3 can be tried before visitors come.
 *
 * The folders of the upgrade's own in the root hold scripts of both Mautics: whatever way a web server has of
 * being told by a file in the folder not to run them is used there.
 *
 * A PHP whose opcache does not look at files again (opcache.validate_timestamps=0, or a long revalidate_freq)
 * goes on with Mautic 2 as if there were no gate: states/gate_check.h finds that out.
 */

#include "states/rename_plan.h"
#include "states/stage.h"

#define GATE_JOURNAL "gate" /* of gate_lift's plan of renames */

/* Writes an .htaccess into a folder that must never be served. What is there already is left as it is. */
int gate_forbid_web(int root_fd, const char *folder, struct error *err) _must_check;
/* That, and for PHP as FPM or CGI a .user.ini that puts a script which answers 503 in front of every other.
 */
int gate_forbid_folder(struct stage_context *context, const char *folder, struct error *err) _must_check;
/* For a package that was unpacked over it: Mautic 3's own .htaccess gets the name that it will have in the
 * root beside the live one, and ours takes its place. */
int gate_forbid_package(struct stage_context *context, struct error *err) _must_check;
#define GATE_NAME_HTACCESS ".htaccess.m3"
/* True for the name of a file that gate_forbid_folder writes. */
bool gate_is_guard(const char *name);
#define GATE_NAME_GUARD "mautic-upgraded-gate.php"
#define GATE_NAME_PROBE "mautic-upgraded-probe.php"

/* Makes `folder`/index.php and `folder`/app with its console: what will stand in the root meanwhile. What is
 * there already is left as it is: after the exchange it is Mautic's own. */
int gate_prepare(struct stage_context *context, const char *folder, struct error *err) _must_check;
/* The second half of it alone: a folder with a console that only says that the site is being upgraded. */
int gate_prepare_app(struct stage_context *context, const char *app, struct error *err) _must_check;
/* Writes a console that only says that the site is being upgraded; what is there is left as it is. */
int gate_write_console(struct stage_context *context, const char *path, struct error *err) _must_check;
/* True for a file that the gate wrote. */
int gate_is_stub(int root_fd, const char *path, bool *ret, struct error *err) _must_check;
/* True for a folder that holds nothing but what gate_prepare put there. */
int gate_is_untouched_stub(int root_fd, const char *folder, bool *ret, struct error *err) _must_check;

/* The name in the root under which Mautic 3's index.php waits; owned by the caller. Chosen once. */
int gate_held_name(struct stage_context *context, char **ret, struct error *err) _must_check;
/* The token that the gate lets through; owned by the caller. Chosen once. */
int gate_token(struct stage_context *context, char **ret, struct error *err) _must_check;
#define GATE_TOKEN_HEADER "X-Mautic-Upgraded-Token" /* of the request */
#define GATE_FORGET_HEADER                                                                                   \
        "X-Mautic-Upgraded-Opcache: forget" /* beside it: the site's scripts leave opcache */
#define GATE_HEADER                                                                                          \
        "X-Mautic-Upgraded-Gate" /* of the answer: "closed" of the 503 page, "passed" of Mautic 3 */

/* Waits until no request and no console of the site is seen at work any more, at most config.gate_settle;
 * then says in the log who still is. */
int gate_wait_for_requests(struct stage_context *context, struct error *err) _must_check;

/* Whether visitors get the 503 now: judged from what stands in the root. */
int gate_is_up(int root_fd, bool *ret, struct error *err) _must_check;
/* Between move_files and gate_lift somebody may have taken the 503 page away, or put another index.php in its
 * place: that one is set aside, and the page stands again. */
int gate_keep_up(struct stage_context *context, struct error *err) _must_check;
/* Whether gate_lift has been begun. */
int gate_lift_begun(struct stage_context *context, bool *ret, struct error *err) _must_check;
/* For a rollback: the gate goes up again before Mautic 3, that gate_lift let visitors in to, and bin/console
 * says that it is put off, too. Nothing to do when it was never lifted. Waits for the requests under way.
 * What cleanup_files has deleted of the stubs is made anew. May be called again. */
int gate_raise_again(struct stage_context *context, struct error *err) _must_check;
/* Where Mautic 3's own bin/console is from gate_raise_again on. */
#define GATE_HELD_CONSOLE NAME_MAUTIC_3_FILES "/bin-console"
/* For a rollback before move_files: the gate in front of a Mautic 2 that was never moved, and away from it
 * again. Both journalled, both may be called again; the second leaves the tree as it was before the first. */
int gate_raise_for_rollback(struct stage_context *context, struct error *err) _must_check;
int gate_lower_after_rollback(struct stage_context *context, struct error *err) _must_check;

/* Lets the held back *.php of mautic-3-temp-files into the root, takes the console stub away and puts Mautic
 * 3's index.php into its place, last. Journalled, may be called again. */
int gate_lift(struct stage_context *context, struct error *err) _must_check;
