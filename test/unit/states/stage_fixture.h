/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A stage's surroundings for a test: a root, a state folder with a checkpoint, a configuration, a cancel; and
 * what the stage says, collected in place of the runner. Included once, by the test program's only file.
 */

#include "lib/files.h"
#include "lib/memory.h"
#include "states/stages.h"
#include "test/unit/test_database.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct fixture {
        char folder[64];
        char *root;
        char *state;
        struct config config;
        struct cancel cancel;
        struct site plain_site; /* until fixture_make_site */
        struct site *site;
        struct stage_context context;
};

static struct buffer said; /* "warning: text" lines */
static _Atomic unsigned said_count; /* for another thread to look at */
static uint64_t progress_done, progress_total;
static _unused const char *progress_unit;
static _unused void (*on_progress)(void);

void stage_facts_changed(struct stage_context *context)
{
}

void stage_progress(struct stage_context *context, uint64_t done, uint64_t total, const char *unit)
{
        assert_non_null(unit);
        progress_done = done;
        progress_total = total;
        progress_unit = unit;
        if (on_progress)
                on_progress();
}

void stage_log(struct stage_context *context, enum log_level level, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = string_format_list(format, arguments);
        va_end(arguments);
        buffer_append_format(&said, "%s: %s\n", log_level_name(level), text);
        said_count++;
}

static inline bool has_said(const char *text)
{
        return said.data && strstr(said.data, text);
}

static inline void write_file(const char *path, const char *content, mode_t mode)
{
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_true(fputs(content, file) >= 0);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(chmod(path, mode), 0);
}

/* Path below the fixture's folder; the caller's. */
static inline char *fixture_path(const struct fixture *fixture, const char *name)
{
        return string_format("%s/%s", fixture->folder, name);
}

static inline bool fixture_has(const struct fixture *fixture, const char *name)
{
        _cleanup_free_ char *path = fixture_path(fixture, name);
        struct stat status;
        return lstat(path, &status) == 0;
}

static inline char *fixture_read(const struct fixture *fixture, const char *name)
{
        _cleanup_free_ char *path = fixture_path(fixture, name);
        struct buffer content = {0};
        _cleanup_fclose_ FILE *file = fopen(path, "re");
        char piece[4096];
        size_t size;
        while (file && (size = fread(piece, 1, sizeof(piece), file)) > 0)
                buffer_append(&content, piece, size);
        return buffer_steal(&content);
}

/* An executable below the fixture's folder: a sh script. */
static inline void fixture_script(const struct fixture *fixture, const char *name, const char *body)
{
        _cleanup_free_ char *path = fixture_path(fixture, name);
        _cleanup_free_ char *script = string_format("#!/bin/sh\n%s\n", body);
        write_file(path, script, 0755);
}

static inline void fixture_set(struct fixture *fixture, const char *name, const char *value)
{
        _cleanup_error_ struct error err = {0};
        if (config_set(&fixture->config, name, value, &err) < 0)
                fail_msg("%s", error_message(&err));
}

static inline void fixture_open_checkpoint(struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        checkpoint_close(fixture->context.checkpoint);
        fixture->context.checkpoint = NULL;
        if (checkpoint_open(fixture->state, &fixture->context.checkpoint, &err) < 0)
                fail_msg("%s", error_message(&err));
}

static inline void fixture_init(struct fixture *fixture, const struct stage *stage)
{
        _cleanup_error_ struct error err = {0};
        *fixture = (struct fixture){0};
        (void)snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/mautic-upgraded-test-XXXXXX");
        assert_non_null(mkdtemp(fixture->folder));
        fixture->root = fixture_path(fixture, "root");
        fixture->state = fixture_path(fixture, "state");
        assert_int_equal(mkdir(fixture->root, 0755), 0);
        assert_int_equal(mkdir(fixture->state, 0700), 0);
        config_init(&fixture->config);
        assert_int_equal(cancel_init(&fixture->cancel, &err), 0);
        fixture->plain_site.root = fixture->root;
        fixture->plain_site.root_fd = open(fixture->root, O_DIRECTORY | O_CLOEXEC);
        fixture->plain_site.paths.local_config = (char *)"app/config/local.php";
        fixture->context = (struct stage_context){
                .stage = stage,
                .config = &fixture->config,
                .cancel = &fixture->cancel,
                .site = &fixture->plain_site,
                .state_path = fixture->state,
                .state_fd = open(fixture->state, O_DIRECTORY | O_CLOEXEC),
        };
        assert_true(fixture->plain_site.root_fd >= 0 && fixture->context.state_fd >= 0);
        fixture_open_checkpoint(fixture);
        buffer_deinit(&said);
        said_count = 0;
        on_progress = NULL;
        progress_done = progress_total = 0;
}

static inline void fixture_deinit(struct fixture *fixture)
{
        checkpoint_close(fixture->context.checkpoint);
        closep(&fixture->context.state_fd);
        closep(&fixture->plain_site.root_fd);
        config_deinit(&fixture->config);
        cancel_deinit(&fixture->cancel);
        test_remove_tree(fixture->folder);
        free(fixture->root);
        free(fixture->state);
        buffer_deinit(&said);
}
#define _cleanup_fixture_ _cleanup_(fixture_deinit)

/* What its sentence offers to accept is what programs are told, and nothing else. */
static _unused void assert_acceptance_is_told(const struct error *err)
{
        if (!strstr(error_message(err), "accept") != !strings_count(err->acceptable))
                fail_msg("%zu ids: %s", strings_count(err->acceptable), error_message(err));
        for (size_t i = 0; i < strings_count(err->acceptable); i++)
                assert_non_null(strstr(error_message(err), err->acceptable[i]));
}
