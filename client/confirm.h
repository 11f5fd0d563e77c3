/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Asking a person before something is done that can't be taken back. */

#include "client/output.h"

/* EXIT_DONE when `word` was typed on the terminal; else EXIT_REFUSED, with a sentence on stderr. Nobody is
 * asked where nobody can answer: then `otherwise` says how else to confirm. */
int confirm_on_terminal(const char *question, const char *word, const char *otherwise);
