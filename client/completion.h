/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Completion: scripts for the shells, made from the tables of commands and options. What a word can be is
 * said there as a list ("show verify") or by one of these, which the scripts ask this program for with
 * "completion list KIND" when somebody completes:
 *
 *   @sites      the sites of this machine
 *   @errors     the error codes
 *   @stages     the stages' names, from the daemon
 *   @warnings   the ids that --accept takes: what the failed stage asks about, the warnings of the last checks
 *   @commands   the commands; known to the script itself
 *   @files, @folders   left to the shell
 */

#include "client/commands.h"

/* Prints the words of a kind ("sites"), one a line; nothing when they can't be known. */
void completion_print_words(struct client *client, const char *kind);
