/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What would stop a rollback half way, looked at while Mautic 3 is still in service: once it is closed there
 * is no site until the way back has come to its end.
 */

#include "lib/memory.h"
#include "states/stage.h"

/* 0: nothing is in the way that can be seen from here, or the gate is up already. -1 with
 * REASON_EVIDENCE_CONTRADICTS when something of Mautic 2's files is gone; with the reasons of
 * restore_database_can_begin. */
int rollback_check(struct stage_context *context, struct error *err) _must_check;

/* Mautic 2's files alone: the first ones that are gone, below the root, in words behind each other in
 * *missing, and how many. -1: can't be looked at. Any thread. */
int rollback_check_files(struct stage_context *context, struct buffer *missing, size_t *ret_count,
        struct error *err) _must_check;
