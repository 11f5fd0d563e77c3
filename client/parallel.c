/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/parallel.h"

#include "lib/memory.h"

#include <pthread.h>
#include <time.h>

#define ATTEND_MS 100

struct parallel {
        pthread_mutex_t mutex;
        pthread_cond_t thread_ended;
        size_t next, count;
        size_t threads; /* that are at work */
        void (*work)(size_t index, void *userdata);
        void *userdata;
};

static bool take_index(struct parallel *parallel, size_t *ret)
{
        pthread_mutex_lock(&parallel->mutex);
        bool is_left = parallel->next < parallel->count;
        if (is_left)
                *ret = parallel->next++;
        pthread_mutex_unlock(&parallel->mutex);
        return is_left;
}

static void *work_through(void *userdata)
{
        struct parallel *parallel = userdata;
        for (size_t index; take_index(parallel, &index);)
                parallel->work(index, parallel->userdata);
        pthread_mutex_lock(&parallel->mutex);
        parallel->threads--;
        pthread_cond_signal(&parallel->thread_ended);
        pthread_mutex_unlock(&parallel->mutex);
        return NULL;
}

/* Returns how many could be started. */
static size_t start_threads(struct parallel *parallel, pthread_t *threads, size_t wanted)
{
        for (size_t i = 0; i < wanted; i++) {
                pthread_mutex_lock(&parallel->mutex);
                parallel->threads++;
                pthread_mutex_unlock(&parallel->mutex);
                if (pthread_create(&threads[i], NULL, work_through, parallel) == 0)
                        continue;
                pthread_mutex_lock(&parallel->mutex);
                parallel->threads--;
                pthread_mutex_unlock(&parallel->mutex);
                return i;
        }
        return wanted;
}

static void attend_until_done(struct parallel *parallel, bool (*attend)(void *userdata))
{
        pthread_mutex_lock(&parallel->mutex);
        while (parallel->threads > 0) {
                struct timespec until;
                (void)clock_gettime(CLOCK_MONOTONIC, &until);
                until.tv_nsec += ATTEND_MS * 1000000L;
                until.tv_sec += until.tv_nsec / 1000000000L;
                until.tv_nsec %= 1000000000L;
                (void)pthread_cond_timedwait(&parallel->thread_ended, &parallel->mutex, &until);
                if (!attend)
                        continue;
                pthread_mutex_unlock(&parallel->mutex);
                bool go_on = attend(parallel->userdata);
                pthread_mutex_lock(&parallel->mutex);
                if (go_on)
                        continue;
                parallel->next = parallel->count;
                attend = NULL;
        }
        pthread_mutex_unlock(&parallel->mutex);
}

void parallel_run(size_t count, size_t at_once, void (*work)(size_t index, void *userdata),
        bool (*attend)(void *userdata), void *userdata)
{
        struct parallel parallel = {.count = count, .work = work, .userdata = userdata};
        size_t wanted = at_once < count ? at_once : count;
        _cleanup_free_ pthread_t *threads = memory_new_array(wanted > 0 ? wanted : 1, sizeof(*threads));
        pthread_condattr_t attributes;
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_mutex_init(&parallel.mutex, NULL);
        pthread_cond_init(&parallel.thread_ended, &attributes);
        size_t started = start_threads(&parallel, threads, wanted);
        if (started == 0 && count > 0) {
                parallel.threads = 1; /* this one */
                (void)work_through(&parallel);
        }
        attend_until_done(&parallel, attend);
        for (size_t i = 0; i < started; i++)
                pthread_join(threads[i], NULL);
        pthread_cond_destroy(&parallel.thread_ended);
        pthread_mutex_destroy(&parallel.mutex);
        pthread_condattr_destroy(&attributes);
}
