/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/workers.h"

#include "lib/pulse.h"

#include <sched.h>
#include <signal.h>
#include <time.h>

#define TURN_NS 100000000L /* so often while it waits */

struct helper {
        struct workers *workers;
        unsigned number;
        pthread_t thread;
};

unsigned workers_fitting(size_t items, size_t each)
{
        cpu_set_t set;
        /* It fails where there are more processors than the set has room for. */
        int processors = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : WORKERS_MOST;
        size_t most = processors < 2 ? 2 : processors > WORKERS_MOST ? WORKERS_MOST : (size_t)processors;
        size_t busy = items / (each > 0 ? each : 1);
        return (unsigned)(busy < 1 ? 1 : busy < most ? busy : most);
}

bool workers_is_in_vain(const struct workers *workers, size_t item)
{
        return item > atomic_load(&workers->failed);
}

/* Takes the next items, from *ret_first to the one in front of *ret_end. */
static bool take(struct workers *workers, size_t *ret_first, size_t *ret_end)
{
        (void)pthread_mutex_lock(&workers->lock);
        size_t first = workers->next;
        bool more = first < workers->count && !workers_is_in_vain(workers, first);
        if (more) {
                size_t end = workers->behind ? workers->behind(first, workers->userdata) : first + 1;
                workers->next = end;
                *ret_first = first;
                *ret_end = end;
        }
        (void)pthread_mutex_unlock(&workers->lock);
        return more;
}

static void note_failure(struct workers *workers, size_t item, struct error *err)
{
        (void)pthread_mutex_lock(&workers->lock);
        if (item < atomic_load(&workers->failed)) {
                atomic_store(&workers->failed, item);
                error_move(&workers->failure, err);
        }
        (void)pthread_mutex_unlock(&workers->lock);
        error_deinit(err);
}

static void work(struct workers *workers, unsigned number)
{
        size_t item, end;
        while (take(workers, &item, &end)) {
                for (; item < end && !workers_is_in_vain(workers, item); item++) {
                        struct error err = {0};
                        if (workers->act(number, item, workers->userdata, &err) < 0)
                                note_failure(workers, item, &err);
                        if (number == 0 && workers->on_turn)
                                workers->on_turn(workers->userdata);
                }
        }
}

static void *help(void *userdata)
{
        struct helper *helper = userdata;
        struct workers *workers = helper->workers;
        pulse_attach(workers->pulse);
        work(workers, helper->number);
        (void)pthread_mutex_lock(&workers->lock);
        workers->running--;
        (void)pthread_cond_signal(&workers->changed);
        (void)pthread_mutex_unlock(&workers->lock);
        return NULL;
}

/* Returns how many there are. */
static unsigned start_helpers(struct workers *workers, struct helper *helpers)
{
        unsigned count = 0;
        sigset_t all, former;
        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &former);
        for (bool had = true; had && count + 1 < workers->threads && count + 1 < WORKERS_MOST; count += had) {
                helpers[count] = (struct helper){.workers = workers, .number = count + 1};
                (void)pthread_mutex_lock(&workers->lock);
                had = pthread_create(&helpers[count].thread, NULL, help, &helpers[count]) == 0;
                workers->running += had;
                (void)pthread_mutex_unlock(&workers->lock);
        }
        (void)pthread_sigmask(SIG_SETMASK, &former, NULL);
        return count;
}

static void wait_for_helpers(struct workers *workers)
{
        (void)pthread_mutex_lock(&workers->lock);
        while (workers->running > 0) {
                struct timespec until;
                (void)clock_gettime(CLOCK_MONOTONIC, &until);
                until.tv_nsec += TURN_NS;
                until.tv_sec += until.tv_nsec / 1000000000;
                until.tv_nsec %= 1000000000;
                (void)pthread_cond_timedwait(&workers->changed, &workers->lock, &until);
                (void)pthread_mutex_unlock(&workers->lock);
                if (workers->on_turn)
                        workers->on_turn(workers->userdata);
                (void)pthread_mutex_lock(&workers->lock);
        }
        (void)pthread_mutex_unlock(&workers->lock);
}

static void init(struct workers *workers)
{
        pthread_condattr_t attributes;
        (void)pthread_condattr_init(&attributes);
        (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        (void)pthread_cond_init(&workers->changed, &attributes);
        (void)pthread_condattr_destroy(&attributes);
        (void)pthread_mutex_init(&workers->lock, NULL);
        workers->next = 0;
        workers->running = 0;
        atomic_store(&workers->failed, workers->count);
        workers->failure = (struct error){0};
        workers->pulse = pulse_attached();
}

int workers_run(struct workers *workers, struct error *err)
{
        struct helper helpers[WORKERS_MOST];
        init(workers);
        unsigned count = start_helpers(workers, helpers);
        work(workers, 0);
        wait_for_helpers(workers);
        for (unsigned i = 0; i < count; i++)
                (void)pthread_join(helpers[i].thread, NULL);
        if (workers->on_turn)
                workers->on_turn(workers->userdata);
        (void)pthread_mutex_destroy(&workers->lock);
        (void)pthread_cond_destroy(&workers->changed);
        if (atomic_load(&workers->failed) == workers->count)
                return 0;
        error_move(err, &workers->failure);
        return -1;
}
