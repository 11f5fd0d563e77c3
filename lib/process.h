/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Child processes: argument vectors, never a shell.
 *
 * The child is the leader of its own process group, dies with the daemon (PR_SET_PDEATHSIG, but see
 * outlives), has only the descriptors that it is given, default signal handling and the environment it is
 * given. On time-out or cancel its whole group gets SIGTERM and, five seconds later, SIGKILL; process_run
 * returns when it is reaped, or, with a line in the log, when the kernel holds it five more seconds. What is
 * left of the group when the leader has ended by itself (a background child that holds our pipe) is given two
 * seconds and then ended too: nothing works on the site behind a stage's back.
 *
 * PR_SET_PDEATHSIG is bound to the thread that forked (prctl(2)), not to the process: call process_run from
 * a thread that lives until the child is reaped. process_run blocks until then, so every thread that calls
 * it does. The signal reaches the child alone, not what it forked.
 */

#include "lib/cancel.h"
#include "lib/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_options {
        const char *const *arguments; /* [0] is an absolute path or is looked for in PATH; ends with NULL */
        const char *const *environment; /* "NAME=value" added to PATH, HOME, LANG, TMPDIR of this process */
        const char *folder; /* working folder, absolute; NULL: "/" */
        int input_fd; /* 0 or less: /dev/null */
        const int *keep_fds; /* descriptors (locks) the child keeps open; NULL: none */
        size_t keep_count;
        uint64_t time_limit_ms; /* 0: none */
        /* The child is not ended when this process dies, for work that must not be torn apart. Its output
         * goes to files without a name in the folder output_folder_fd, as a broken pipe would end it; SIGALRM
         * ends an orphan shortly after the time limit. Not together with on_output. */
        bool outlives;
        int output_folder_fd; /* with outlives */
        struct cancel *cancel; /* may be NULL */
        /* Gets standard output as it comes; a failure ends the child and is returned. NULL: standard output
         * is kept in result.output. */
        int (*on_output)(const void *data, size_t size, void *userdata, struct error *err);
        /* Called about ten times a second while the child runs; may be NULL. */
        void (*on_tick)(void *userdata);
        void *userdata;
};

struct process_result {
        int status; /* exit status, or 128 + signal */
        int signal; /* the signal that ended it, or 0 */
        char *output; /* the last PROCESS_OUTPUT_LIMIT bytes of standard output (without on_output) */
        char *errors; /* the last PROCESS_OUTPUT_LIMIT bytes of standard error */
        bool output_cut; /* there was more in front */
};
#define PROCESS_OUTPUT_LIMIT 65536

/* Returns 0 when the child ran and ended by itself, whatever its status (the caller judges). -1 when it
 * could not be started (REASON_PROGRAM_MISSING, …), timed out, was cancelled, or on_output failed. */
int process_run(const struct process_options *options, struct process_result *ret, struct error *err)
        _must_check;
void process_result_deinit(struct process_result *result);
#define _cleanup_process_result_ _cleanup_(process_result_deinit)

/* Fills err with REASON_PROGRAM_FAILED: "<name> ended with status 1: <last lines of its output>". Control
 * characters and terminal sequences are taken out, at most 2,000 characters are kept. Returns -1. */
int process_failed(const char *name, const struct process_result *result, struct error *err);

/* Absolute path of an executable: name as it is when it has a '/', else found in PATH and the usual system
 * folders. 1 when there is none. */
int process_find(const char *name, char **ret_path, struct error *err) _must_check;
