/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Whether visitors see the gate that is up, asked at site_url as they do.
 *
 * What stands in the root is not always what PHP runs: opcache goes on with what it remembers until it looks
 * at the file again (opcache.revalidate_freq), or for ever (opcache.validate_timestamps=0). No further rename
 * is made before the gate's own answer has come.
 */

#include "states/stage.h"

/* Asks until the 503 page has come some times in a row, at most config.gate_patience. 0 when it has, and
 * also, told in the log, when that can't be found out from here: nobody answers, what answers is not served
 * from this root, gate.check = no. -1 with REASON_GATE_UNSEEN when Mautic goes on answering; cancelled. Warns
 * when the web server runs scripts in mautic-2-backup-files. Safe to be called again. */
int gate_check(struct stage_context *context, struct error *err) _must_check;
/* Removes the file that gate_check asks for to know its root, should a kill have left it. */
int gate_check_forget(struct stage_context *context, struct error *err) _must_check;
