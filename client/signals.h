/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The signals that whoever shows a view must answer, as a descriptor to poll: from signals_take on they wait
 * there and do nothing by themselves. */

#include "lib/cleanup.h"

#include <stdbool.h>

/* Returns the descriptor; -1 where the system has none left: then signals act as they always do. */
int signals_take(void);

enum signal_wish {
        WISH_NONE,
        WISH_END, /* somebody wants the program to end */
        WISH_REST, /* Ctrl-Z */
        WISH_GO_ON, /* it was stopped and goes on */
        WISH_SIZE, /* the terminal has another size */
};
/* The next one that waits; *ret_number is the signal. Does not block. */
enum signal_wish signals_next(int fd, int *ret_number);
/* Stops this process as Ctrl-Z does; returns when it goes on, or at once where no shell could go on with it.
 */
void signals_rest(void);
