/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Between runner.c (what any thread may call), worker.c (the worker thread) and those that belong to them,
 * for nobody else.
 *
 * What both see (the upgrade, the meter, the waiting command) is under one mutex, held for a copy or a swap
 * only; the checkpoint is the worker's alone, so no lock is held over a disk write. Until the thread runs,
 * and after it has ended, its work is done by the caller of runner_new and runner_free.
 */

#include "lib/cancel.h"
#include "lib/files.h"
#include "lib/pulse.h"
#include "states/prefetch.h"
#include "states/runner.h"
#include "states/stages.h"
#include "states/upgrade.h"

#include <pthread.h>

/* A command on its way to the worker; lives on the stack of the thread that waits for the answer. */
struct command {
        enum upgrade_event event; /* not looked at when there is work */
        runner_work_function *work; /* beside the stages, or NULL */
        const struct stage *as;
        void *userdata;
        const char *const *accepted;
        size_t accepted_count;
        bool files_only; /* with EVENT_ROLLBACK */
        bool answered;
        int result;
        struct error *err;
};

/* The package on its way, on a thread of its own (prefetch.c). */
struct prefetch {
        bool has_thread; /* the worker's alone, as thread is */
        pthread_t thread;
        struct cancel cancel;
        struct pulse pulse;
        int ended_fd; /* eventfd(2), readable once the thread has nothing more to do */
        /* Under the runner's mutex. */
        enum prefetch_state state;
        uint64_t done, total;
        enum reason reason;
        char *message;
        uint64_t notice_ms;
};

struct runner {
        const struct config *config;
        const struct stage *const *stages;
        char *state_path;
        void (*on_change)(void *userdata);
        void (*on_wait)(uint64_t limit_s, void *userdata);
        void *userdata;

        char *root; /* absolute, links resolved */
        int root_fd, state_fd;
        int daemon_lock; /* no child has it */
        int locks[2]; /* the state folder's and the root's, which children have, too */
        struct cancel cancel;
        pthread_t thread;
        bool thread_started;

        struct pulse pulse; /* the worker's */
        struct prefetch prefetch;

        /* The worker's alone. */
        struct checkpoint *checkpoint;
        pthread_t worker; /* the thread itself */
        bool log_is_broken; /* upgrade_log.txt could not be written, and that has been told */
        bool php_is_asked;
        char *php_version; /* for the log's header; NULL: not known */
        uint64_t saved_ms;
        struct string_list accepted_now; /* ids that the last command brought */
        bool proves; /* what the stages left is looked at before the next one: the upgrade goes on after a
                        stop */

        pthread_mutex_t mutex;
        pthread_cond_t wake; /* for the worker: a command, or stopping */
        pthread_cond_t answer; /* for those who wait: a command was answered, or the place is free */
        /* Under the mutex. Only the worker changes upgrade, so it may read it without. */
        struct upgrade upgrade;
        struct progress_meter meter;
        struct command *command;
        struct snapshot *snapshot; /* the newest that was asked for; NULL: something has changed since */
        char *backup_verification; /* FACT_BACKUP_VERIFICATION */
        int64_t last_sequence, activity_ms;
        uint64_t notice_ms;
        bool resting; /* the worker waits for a command */
        bool stopping, stopped;
};

/* runner.c, under the mutex: hands the command to the worker and waits for its answer. */
int runner_hand_over(struct runner *runner, struct command *command, struct error *err) _must_check;

/* worker.c: from any thread. */
void runner_lock(struct runner *runner);
void runner_unlock(struct runner *runner);
/* Under the mutex: the next runner_snapshot makes a new one. */
void runner_snapshot_is_old(struct runner *runner);
void runner_tell(struct runner *runner); /* on_change; not under the mutex */

/* worker.c: on the worker thread, or in its place before it runs. */
void *worker_main(void *runner); /* the thread; goes on at once with an upgrade that is moving */
/* The one way the upgrade changes: saved first, told second. -1 when it can't be saved: then it has not
 * changed. */
int worker_change(struct runner *runner, struct upgrade_change *change, struct error *err) _must_check;
/* The same for a stage that begins or ends, there or back. */
int worker_move_stage(struct runner *runner, size_t index, enum stage_state state, const char *text,
        struct error *err) _must_check;
/* After such a failure: the upgrade stands failed in memory alone, and nothing more is begun. */
void worker_stop_unrecorded(struct runner *runner, size_t stage, const struct error *err);
/* The same for a failure of its own that can't be recorded: both are told. */
void worker_fail_unrecorded(
        struct runner *runner, size_t stage, struct error *err, const struct error *unwritable);
/* The way back, or clean, stops with err: interrupted when it was cancelled, else failed. stage: the one that
 * is in that state then, or NO_STAGE. */
void worker_give_up(
        struct runner *runner, size_t stage, enum stage_state state, struct error *err, const char *text);
/* A change that must not fail: when it can't be saved the upgrade stops, unrecorded. */
void worker_change_or_stop(struct runner *runner, struct upgrade_change *change);
void worker_finish(struct runner *runner, const char *what);
/* Whether err says that the work was told to stop, and it was. */
bool worker_was_cancelled(struct runner *runner, const struct error *err);
char *stage_title_says(const struct stage *stage, const char *what); /* "Back up the database: done." */
/* What the snapshot tells of facts: the package's version, the backup's verification. */
void worker_learn_facts(struct runner *runner);
/* The site, opened anew; a root that was exchanged is refused. What a stage gets, with that site. */
int worker_open_site(struct runner *runner, struct site **ret, struct error *err) _must_check;
struct stage_context worker_context(struct runner *runner, const struct stage *stage, struct site *site);
/* One of the stage's functions, with its result; NULL has nothing to do. */
typedef int stage_function(struct stage_context *context, struct error *err);
int worker_call_stage(struct runner *runner, const struct stage *stage, stage_function *function,
        struct error *err) _must_check;

/* worker_log.c, on the worker thread. */
void worker_add_event(struct runner *runner, enum log_level level, const char *stage, const char *text);
/* The event, and the same on stderr. stage: its name, or NULL. */
void worker_tell(struct runner *runner, enum log_level level, const char *stage, const char *text);
void worker_log_line(struct runner *runner, const char *text);
void worker_log_header(struct runner *runner); /* of upgrade_log.txt */
void worker_log_change(struct runner *runner, const struct upgrade_change *change);

/* worker_commands.c, on the worker thread: records what is commanded; the work itself is not begun yet. */
int worker_execute(struct runner *runner, const struct command *command, struct error *err) _must_check;
/* An upgrade found at work was interrupted: says so, and with resume = auto sets it going again. */
void worker_judge_interruption(struct runner *runner);

/* evidence.c, on the worker thread: what the stages that are done have left. False when the upgrade, which
 * was running, goes on no more. */
bool worker_prove_stages(struct runner *runner);

/* rollback.c, on the worker thread: takes back what was begun, as far as it comes. */
void worker_roll_back(struct runner *runner);

/* worker_clean.c, on the worker thread: deletes what only the way back needed, as far as it comes. */
void worker_clean(struct runner *runner);

/* side_work.c, on the worker thread. */
int worker_work(struct runner *runner, const struct command *command, struct error *err) _must_check;
/* Ends what work beside the stages has left unfinished. */
int worker_settle(struct runner *runner, struct error *err) _must_check;

/* prefetch.c; before the worker runs and after it has ended, in its place. */
int prefetch_init(struct prefetch *prefetch, struct error *err) _must_check;
void prefetch_deinit(struct prefetch *prefetch);
/* What an earlier process has left: told by status. */
void prefetch_recall(struct runner *runner);
/* On the worker thread: a thread that has nothing more to do is taken back. */
void prefetch_reap(struct runner *runner);
/* On the worker thread: before the stage of that index runs, sets out to fetch what a later one will take,
 * where that pays. Why it can't is not worth a failure: it is told. */
void prefetch_beside(struct runner *runner, size_t index);
/* On the worker thread, before that stage runs: what is fetched for it is waited for. -1: the upgrade is to
 * stop. */
int prefetch_await(struct runner *runner, const struct stage *stage, struct error *err) _must_check;
/* On the worker thread: from now on nobody but the worker touches the state folder. */
void prefetch_end(struct runner *runner);
/* On the worker thread, behind prefetch_end: what was fetched is nothing any more that status tells of. */
void prefetch_forget(struct runner *runner);
/* Under the mutex. */
void prefetch_show(const struct prefetch *prefetch, struct snapshot *snapshot);
