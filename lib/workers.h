/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * One piece of work shared out to a few threads, the caller's among them, and ended as if one had done it:
 * items are taken in their order, the failure of the first in that order is the failure of all, and what
 * stands in front of it is done.
 */

#include "lib/error.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define WORKERS_MOST 4

struct pulse;

struct workers {
        size_t count; /* of items */
        unsigned threads; /* at most so many: workers_fitting */
        /* Several threads at once; worker is from 0, the caller's own thread, to threads - 1. */
        int (*act)(unsigned worker, size_t item, void *userdata, struct error *err);
        /* The first item behind `item` that is better left to whoever is free; NULL: the very next one. */
        size_t (*behind)(size_t item, void *userdata);
        /* In the caller's thread alone: after each of its items, now and then while it waits for the others,
         * and at the end. NULL: nothing. */
        void (*on_turn)(void *userdata);
        void *userdata;

        /* From here on its own. */
        pthread_mutex_t lock;
        pthread_cond_t changed;
        size_t next;
        unsigned running;
        _Atomic size_t failed; /* the first item that failed, or count */
        struct error failure;
        struct pulse *pulse;
};

/* One thread for each processor, from 2 to WORKERS_MOST, but no more than have `each` items to do. */
unsigned workers_fitting(size_t items, size_t each);
/* Returns when no thread is at work any more. Threads that can't be had are done without. Each gives the
 * caller's signs of life (lib/pulse.h), and takes no signals. */
int workers_run(struct workers *workers, struct error *err) _must_check;
/* Whether an item in front of this one has failed: who does something long may stop then, with -1 and any
 * error, which nobody sees. */
bool workers_is_in_vain(const struct workers *workers, size_t item);
