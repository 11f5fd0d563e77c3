/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A stage's surroundings with a Mautic 2 site in them whose database is on the private server. */

#include "test/unit/states/stage_fixture.h"

static inline void fixture_make_folder(const struct fixture *fixture, const char *name)
{
        _cleanup_free_ char *path = fixture_path(fixture, name);
        assert_int_equal(mkdir(path, 0755), 0);
}

static inline void fixture_write(const struct fixture *fixture, const char *name, const char *content)
{
        _cleanup_free_ char *path = fixture_path(fixture, name);
        write_file(path, content, 0644);
}

static inline void fixture_write_local(const struct fixture *fixture, const char *database, const char *user,
        const char *password, const char *prefix)
{
        _cleanup_free_ char *name = local_config_quote(database);
        _cleanup_free_ char *quoted = local_config_quote(password);
        _cleanup_free_ char *local = string_format("<?php\n$parameters = array(\n"
                                                   "    'db_driver' => 'pdo_mysql',\n"
                                                   "    'db_host' => 'localhost',\n"
                                                   "    'db_port' => '3306',\n"
                                                   "    'db_name' => %s,\n"
                                                   "    'db_user' => '%s',\n"
                                                   "    'db_password' => %s,\n"
                                                   "    'db_table_prefix' => '%s',\n);\n",
                name, user, quoted, prefix);
        fixture_write(fixture, "root/app/config/local.php", local);
}

static inline void fixture_make_site(
        struct fixture *fixture, const struct test_server *server, const char *database, const char *prefix)
{
        static const char *const folders[] = {"root/app", "root/app/config", "root/app/migrations"};
        for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
                fixture_make_folder(fixture, folders[i]);
        fixture_write(fixture, "root/app/version.txt", "2.16.5\n");
        fixture_write_local(fixture, database, "root", "", prefix);
        fixture_set(fixture, "database.socket", server->socket);
        _cleanup_error_ struct error err = {0};
        if (site_open(fixture->root, &fixture->site, &err) < 0)
                fail_msg("%s", error_message(&err));
        fixture->context.site = fixture->site;
}

static inline void site_fixture_deinit(struct fixture *fixture)
{
        site_free(fixture->site);
        fixture_deinit(fixture);
}
#define _cleanup_site_fixture_ _cleanup_(site_fixture_deinit)

/* Runs the stage; a result other than the expected one fails the test with the stage's message. */
static inline void expect_stage(struct fixture *fixture, int expected)
{
        _cleanup_error_ struct error err = {0};
        int result = fixture->context.stage->run(&fixture->context, &err);
        if (result != expected)
                fail_msg("%s gives %d, not %d: %s\n%s", fixture->context.stage->name, result, expected,
                        error_message(&err), said.data ?: "");
}

static inline void expect_failure(
        struct fixture *fixture, enum reason reason, const char *first, const char *second)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(fixture->context.stage->run(&fixture->context, &err), -1);
        if (err.reason != reason)
                fail_msg("the reason is %s, not %s: %s", reason_name(err.reason), reason_name(reason),
                        error_message(&err));
        if (!strstr(error_message(&err), first) || (second && !strstr(error_message(&err), second)))
                fail_msg("'%s' does not say '%s' and '%s'", error_message(&err), first, second ?: "");
        assert_acceptance_is_told(&err);
}

/* Runs the stage in a process of its own that is killed on its way by what the test has prepared; the
 * checkpoint is opened anew, as the next start does. */
static inline void run_until_killed(struct fixture *fixture)
{
        checkpoint_close(fixture->context.checkpoint);
        fixture->context.checkpoint = NULL;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                struct error err = {0};
                if (checkpoint_open(fixture->state, &fixture->context.checkpoint, &err) == 0)
                        (void)!fixture->context.stage->run(&fixture->context, &err);
                fprintf(stderr, "not killed: %s\n", error_message(&err));
                _exit(0);
        }
        assert_int_equal(test_wait(pid), 128 + SIGKILL);
        fixture_open_checkpoint(fixture);
}

static _unused void die_on_progress(void)
{
        if (progress_done > 0)
                (void)raise(SIGKILL);
}
