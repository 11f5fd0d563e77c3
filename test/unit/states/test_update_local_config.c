/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/stages.h"
#include "states/update_local_config.h"

#include "test/unit/kill_at.h"
#include "test/unit/states/stage_fixture.h"

#include <sys/time.h>

#define LOCAL "root/app/config/local.php"
#define KEPT "state/local.php.mautic-2"
#define LINTED "state/local.php.mautic-3"

static char local_config_path[] = "app/config/local.php";

static void put_local(const struct fixture *fixture, const char *content, mode_t mode)
{
        _cleanup_free_ char *path = fixture_path(fixture, LOCAL);
        write_file(path, content, mode);
}

static void site_init(struct fixture *fixture, const char *content)
{
        fixture_init(fixture, &stage_update_local_config);
        assert_int_equal(mkdirat(fixture->plain_site.root_fd, "app", 0755), 0);
        assert_int_equal(mkdirat(fixture->plain_site.root_fd, "app/config", 0755), 0);
        fixture->plain_site.paths.local_config = local_config_path;
        fixture_script(fixture, "php", "exit 0");
        _cleanup_free_ char *php = fixture_path(fixture, "php");
        fixture_set(fixture, "php.path", php);
        if (content)
                put_local(fixture, content, 0640);
}

static int run(struct fixture *fixture, struct error *err)
{
        return stage_update_local_config.run(&fixture->context, err);
}

static void must_run(struct fixture *fixture, int expected)
{
        _cleanup_error_ struct error err = {0};
        int result = run(fixture, &err);
        if (result != expected)
                fail_msg("%d: %s", result, error_message(&err));
}

static void must_fail(struct fixture *fixture, enum reason reason, const char *says)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(run(fixture, &err), -1);
        if (err.reason != reason || !strstr(err.message, says))
                fail_msg("%s: %s", reason_name(err.reason), err.message);
}

static void expect_file(const struct fixture *fixture, const char *name, const char *expected)
{
        _cleanup_free_ char *content = fixture_read(fixture, name);
        assert_string_equal(content, expected);
}

static mode_t mode_of(const struct fixture *fixture, const char *name)
{
        _cleanup_free_ char *path = fixture_path(fixture, name);
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        return status.st_mode & 07777;
}

/* Each rule: where it holds, and where it does not. */
static void test_rules(void **state)
{
        static const struct {
                const char *before, *after; /* after NULL: nothing changes */
        } cases[] = {
                {"'api_rate_limiter_cache' => array('type' => 'memcached'),",
                        "'api_rate_limiter_cache' => ['adapter' => 'cache.adapter.filesystem'],"},
                {"'api_rate_limiter_cache' => f(),",
                        "'api_rate_limiter_cache' => ['adapter' => 'cache.adapter.filesystem'],"},
                {"'api_rate_limiter_cache' => 'x',",
                        "'api_rate_limiter_cache' => ['adapter' => 'cache.adapter.filesystem'],"},
                {"'api_rate_limiter_cache' => null,", NULL},
                {"'api_rate_limiter_cache' => array(),", NULL},
                {"'api_rate_limiter_cache' => '0',", NULL},
                {"'api_rate_limiter_cache' => false,", NULL},
                {"'mailer_transport' => 'mail',", "'mailer_transport' => 'sendmail',"},
                {"'mailer_transport' => 'smtp',", NULL},
                {"'mailer_transport' => 'Mail',", NULL},
                {"'system_update_url' => "
                 "'https://updates.mautic.org/index.php?option=com_mauticdownload&task=checkUpdates',",
                        "'system_update_url' => 'https://api.github.com/repos/mautic/mautic/releases',"},
                {"'system_update_url' => 'https://updates.example/',", NULL},
                {"'dev_hosts' => null,", "'dev_hosts' => [],"},
                {"'dev_hosts' => '',", NULL},
                {"'dev_hosts' => array('a'),", NULL},
                {"'theme' => 'Mauve',", "'theme' => 'blank',"},
                {"'theme' => 'mauve',", NULL},
                {"'track_by_fingerprint' => 1,", ""},
                {"'track_by_fingerprint' => null, 'theme' => 'x',", "'theme' => 'x',"},
                {"'webhook_start' => f(),", ""},
                {"'cache_path' => '/srv/m/app/cache',", "'cache_path' => '/srv/m/app/../var/cache',"},
                {"'cache_path' => '/app/cache/app/cache',",
                        "'cache_path' => '/app/../var/cache/app/../var/cache',"},
                {"'cache_path' => '%kernel.root_dir%/cache',", NULL},
                {"'cache_path' => \"/it's/app/cache\",", "'cache_path' => '/it\\'s/app/../var/cache',"},
                {"'log_path' => '/srv/m/app/logs',", "'log_path' => '/srv/m/app/../var/logs',"},
                {"'tmp_path' => '/srv/m/app/cache',", "'tmp_path' => '/srv/m/app/../var/tmp',"},
                {"'mailer_spool_path' => '%kernel.root_dir%/spool',",
                        "'mailer_spool_path' => '%kernel.root_dir%/../var/spool',"},
                {"'mailer_spool_path' => '/srv/m/app/spool',", NULL},
                {"'db_server_version' => '5.5',", "'db_server_version' => '5.7',"},
                {"'db_server_version' => null,", "'db_server_version' => '5.7',"},
                {"'db_server_version' => '5.7',", NULL},
                {"'other' => 'mail', 'nested' => array('theme' => 'Mauve'),", NULL},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_fixture_ struct fixture fixture;
                _cleanup_free_ char *before =
                        string_format("<?php\n$parameters = array(%s);\n", cases[i].before);
                _cleanup_free_ char *after =
                        string_format("<?php\n$parameters = array(%s);\n", cases[i].after ?: cases[i].before);
                site_init(&fixture, before);
                must_run(&fixture, cases[i].after ? STAGE_DONE : STAGE_SKIP);
                expect_file(&fixture, LOCAL, after);
        }
}

/* A file of a user's: comments, an expression, CR LF, doubled keys; all rules at once. */
static void test_whole_file(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        static const char before[] =
                "<?php\r\n// ours, don't touch\r\n$parameters = array(\r\n"
                "\t'db_password' => 'getenv(DB_PASSWORD)', // from the unit file\r\n"
                "\t'mailer_transport' => 'mail',\r\n\t'theme' => getenv('THEME'),\r\n"
                "\t'cache_path' => '/srv/m/app/cache', # fast disk\r\n\t'dev_hosts' => null,\r\n"
                "\t'track_by_fingerprint' => false, // gone in 3\r\n\t'webhook_start' => 5,\r\n"
                "\t'db_server_version' => '5.6'\r\n);\r\n"
                "$parameters['track_by_fingerprint'] = true;\r\n$parameters['cache_path'] = "
                "'/x/app/cache';\r\n";
        static const char after[] =
                "<?php\r\n// ours, don't touch\r\n$parameters = array(\r\n"
                "\t'db_password' => 'getenv(DB_PASSWORD)', // from the unit file\r\n"
                "\t'mailer_transport' => 'sendmail',\r\n\t'theme' => getenv('THEME'),\r\n"
                "\t'cache_path' => '/srv/m/app/cache', # fast disk\r\n\t'dev_hosts' => [],\r\n"
                "\t'db_server_version' => '5.7'\r\n);\r\n"
                "$parameters['cache_path'] = '/x/app/../var/cache';\r\n";
        site_init(&fixture, before);
        must_run(&fixture, STAGE_DONE);
        expect_file(&fixture, LOCAL, after);
        expect_file(&fixture, KEPT, before);
        assert_int_equal(mode_of(&fixture, LOCAL), 0640);
        assert_int_equal(mode_of(&fixture, KEPT), 0600);
        assert_false(fixture_has(&fixture, LINTED));
        assert_true(has_said("warning: app/config/local.php: theme is no constant"));
        assert_true(has_said("mailer_transport, dev_hosts, track_by_fingerprint, webhook_start, cache_path, "
                             "db_server_version"));
        must_run(&fixture, STAGE_DONE); /* again, as after a kill before the stage was recorded */
        expect_file(&fixture, LOCAL, after);
        expect_file(&fixture, KEPT, before);
}

static const char mail_before[] = "<?php\n$parameters = ['mailer_transport' => 'mail'];\n";
static const char mail_after[] = "<?php\n$parameters = ['mailer_transport' => 'sendmail'];\n";

/* Runs the stage on a copy and takes its intent over as one that was never finished. */
static void leave_intent(struct fixture *fixture)
{
        must_run(fixture, STAGE_DONE);
        _cleanup_error_ struct error err = {0};
        _cleanup_step_list_ struct step_list steps = {0};
        int64_t number;
        assert_int_equal(
                checkpoint_load_steps(fixture->context.checkpoint, "update_local_config", &steps, &err), 0);
        assert_int_equal(steps.count, 1);
        assert_true(steps.items[0].done);
        assert_int_equal(checkpoint_clear_steps(fixture->context.checkpoint, "update_local_config", &err), 0);
        assert_int_equal(checkpoint_add_step(fixture->context.checkpoint, "update_local_config",
                                 steps.items[0].action, steps.items[0].detail, &number, &err),
                0);
}

static void expect_one_finished_step(struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_step_list_ struct step_list steps = {0};
        assert_int_equal(
                checkpoint_load_steps(fixture->context.checkpoint, "update_local_config", &steps, &err), 0);
        assert_int_equal(steps.count, 1);
        assert_true(steps.items[0].done);
}

static void test_killed_before_the_rename(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        site_init(&fixture, mail_before);
        leave_intent(&fixture);
        put_local(&fixture, mail_before, 0640);
        must_run(&fixture, STAGE_DONE);
        expect_file(&fixture, LOCAL, mail_after);
        expect_file(&fixture, KEPT, mail_before);
        expect_one_finished_step(&fixture);
}

static void test_killed_behind_the_rename(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        site_init(&fixture, mail_before);
        leave_intent(&fixture);
        put_local(&fixture, mail_after, 0600); /* before mode and owner were put right */
        must_run(&fixture, STAGE_DONE);
        expect_file(&fixture, LOCAL, mail_after);
        expect_file(&fixture, KEPT, mail_before);
        assert_int_equal(mode_of(&fixture, LOCAL), 0640);
        expect_one_finished_step(&fixture);
}

static void test_neither_before_nor_after(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        site_init(&fixture, mail_before);
        leave_intent(&fixture);
        static const char other[] = "<?php\n$parameters = ['mailer_transport' => 'mail', 'x' => 1];\n";
        put_local(&fixture, other, 0640);
        must_fail(&fixture, REASON_EVIDENCE_CONTRADICTS, "local.php.mautic-2");
        expect_file(&fixture, LOCAL, other);
        expect_file(&fixture, KEPT, mail_before);
        /* the advice works */
        put_local(&fixture, mail_before, 0640);
        must_run(&fixture, STAGE_DONE);
        expect_file(&fixture, LOCAL, mail_after);
}

static void test_not_understood(void **state)
{
        static const struct {
                const char *content, *says;
        } cases[] = {
                {"<?php\nreturn [];\n", "app/config/local.php: line 2, column 1"},
                {"<?php\n$parameters = ['a' => 'secret' 'b'];\n", "app/config/local.php: line 2"},
                {"<?php\n$parameters = ['webhook_start' => []];\n$parameters['webhook_start'][] = 1;\n",
                        "app/config/local.php: line 3, column 1"},
                {"", "app/config/local.php: line 1, column 1"},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_fixture_ struct fixture fixture;
                site_init(&fixture, cases[i].content);
                must_fail(&fixture, REASON_LOCAL_CONFIG_UNREADABLE, cases[i].says);
                expect_file(&fixture, LOCAL, cases[i].content);
                assert_false(fixture_has(&fixture, KEPT));
        }
}

static void test_missing(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        site_init(&fixture, NULL);
        must_fail(&fixture, REASON_NOT_FOUND, "app/config/local.php is not there");
}

static void test_php_refuses(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        site_init(&fixture, mail_before);
        fixture_script(
                &fixture, "php", "echo \"PHP Parse error: unexpected 'secret' in $3 on line 7\"; exit 255");
        must_fail(
                &fixture, REASON_LOCAL_CONFIG_UNREADABLE, "edited settings on line 7; the file is as it was");
        expect_file(&fixture, LOCAL, mail_before);
        assert_false(fixture_has(&fixture, LINTED));
        /* a better PHP, and it goes on */
        fixture_script(&fixture, "php", "[ \"$1 $2\" = '-n -l' ] && grep -q sendmail \"$3\"");
        must_run(&fixture, STAGE_DONE);
        expect_file(&fixture, LOCAL, mail_after);
}

static int php_runs(const struct fixture *fixture)
{
        _cleanup_free_ char *calls = fixture_has(fixture, "calls") ? fixture_read(fixture, "calls") : NULL;
        return calls ? (int)strlen(calls) : 0;
}

static void beforehand(struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(update_local_config_beforehand(&fixture->context, &err), 0);
        assert_false(fixture_has(fixture, LINTED));
}

/* What PHP has looked at before the window it need not look at again; anything else it must. */
static void test_checked_beforehand(void **state)
{
        static const char script[] = "printf 1 >>\"$(dirname \"$0\")/calls\"; grep -q sendmail \"$3\"";
        static const char other[] = "<?php\n$parameters = ['mailer_transport' => 'mail', 'x' => 1];\n";
        static const struct {
                const char *then; /* local.php when the stage comes to it */
                int before, after;
        } cases[] = {{mail_before, 1, 1}, {other, 1, 2}};
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                _cleanup_fixture_ struct fixture fixture;
                site_init(&fixture, mail_before);
                fixture_script(&fixture, "php", script);
                beforehand(&fixture);
                expect_file(&fixture, LOCAL, mail_before);
                assert_int_equal(php_runs(&fixture), cases[i].before);
                put_local(&fixture, cases[i].then, 0640);
                must_run(&fixture, STAGE_DONE);
                assert_int_equal(php_runs(&fixture), cases[i].after);
        }
}

/* What is wrong is told by the stage, in its time. */
static void test_refused_beforehand(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        site_init(&fixture, mail_before);
        fixture_script(&fixture, "php", "echo \"PHP Parse error: in $3 on line 7\"; exit 255");
        beforehand(&fixture);
        must_fail(&fixture, REASON_LOCAL_CONFIG_UNREADABLE, "on line 7");
        put_local(&fixture, "<?php\nreturn [];\n", 0640);
        beforehand(&fixture);
        _cleanup_free_ char *path = fixture_path(&fixture, LOCAL);
        assert_int_equal(unlink(path), 0);
        beforehand(&fixture);
}

static void test_without_php(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        site_init(&fixture, mail_before);
        fixture_set(&fixture, "php.path", "/nonexistent/php");
        must_run(&fixture, STAGE_DONE);
        expect_file(&fixture, LOCAL, mail_after);
        assert_true(has_said("warning: /nonexistent/php is not there"));
}

static void test_cancelled(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        site_init(&fixture, mail_before);
        fixture_script(&fixture, "php", "exec sleep 1000");
        cancel_request(&fixture.cancel, CANCEL_BY_USER);
        must_fail(&fixture, REASON_CANCELLED, "");
        expect_file(&fixture, LOCAL, mail_before);
}

/* The original can't be kept: nothing is done. */
static void test_state_folder_refuses(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        site_init(&fixture, mail_before);
        assert_int_equal(mkdirat(fixture.context.state_fd, "local.php.mautic-2", 0755), 0);
        _cleanup_error_ struct error err = {0};
        assert_int_equal(run(&fixture, &err), -1);
        assert_non_null(strstr(err.message, "keeping the original"));
        expect_file(&fixture, LOCAL, mail_before);
}

static void test_outside_of_the_root_and_behind_a_link(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        site_init(&fixture, NULL);
        _cleanup_free_ char *real = fixture_path(&fixture, "shared.php");
        _cleanup_free_ char *link = fixture_path(&fixture, "link.php");
        write_file(real, mail_before, 0604);
        assert_int_equal(symlink("shared.php", link), 0);
        fixture.plain_site.paths.local_config = link;
        must_run(&fixture, STAGE_DONE);
        expect_file(&fixture, "shared.php", mail_after);
        assert_int_equal(mode_of(&fixture, "shared.php"), 0604);
        struct stat status;
        assert_int_equal(lstat(link, &status), 0);
        assert_true(S_ISLNK(status.st_mode));
}

static void test_owner_is_kept(void **state)
{
        if (geteuid() != 0)
                skip();
        _cleanup_fixture_ struct fixture fixture;
        site_init(&fixture, mail_before);
        _cleanup_free_ char *path = fixture_path(&fixture, LOCAL);
        assert_int_equal(chown(path, 12345, 12346), 0);
        must_run(&fixture, STAGE_DONE);
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_uid, 12345);
        assert_int_equal(status.st_gid, 12346);
        assert_int_equal(status.st_mode & 07777, 0640);
}

/* The way back */

#define LONG_AGO 1500000000 /* + 123456 us */

static void set_time(const struct fixture *fixture, const char *name)
{
        const struct timeval times[] = {{LONG_AGO, 123456}, {LONG_AGO, 123456}};
        _cleanup_free_ char *path = fixture_path(fixture, name);
        assert_int_equal(utimes(path, times), 0);
}

static void must_undo(struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        if (stage_update_local_config.undo(&fixture->context, &err) != 0)
                fail_msg("%s", error_message(&err));
}

static void undo_must_fail(struct fixture *fixture, const char *says)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(stage_update_local_config.undo(&fixture->context, &err), -1);
        if (err.reason != REASON_EVIDENCE_CONTRADICTS || !strstr(err.message, says))
                fail_msg("%s: %s", reason_name(err.reason), err.message);
}

static void expect_long_ago(const struct fixture *fixture, const char *name)
{
        _cleanup_free_ char *path = fixture_path(fixture, name);
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mtim.tv_sec, LONG_AGO);
        assert_int_equal(status.st_mtim.tv_nsec, 123456000);
}

static void expect_as_before(const struct fixture *fixture)
{
        expect_file(fixture, LOCAL, mail_before);
        expect_long_ago(fixture, LOCAL);
        expect_long_ago(fixture, "root/app/config");
        assert_int_equal(mode_of(fixture, LOCAL), 0640);
        assert_false(fixture_has(fixture, LINTED));
}

static void expect_alone(const struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_string_list_ struct string_list names = {0};
        assert_int_equal(folder_list(fixture->plain_site.root_fd, "app/config", &names, &err), 0);
        assert_int_equal(names.count, 1);
}

static void old_site_init(struct fixture *fixture)
{
        site_init(fixture, mail_before);
        set_time(fixture, LOCAL);
        set_time(fixture, "root/app/config");
}

static void test_undo(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        old_site_init(&fixture);
        must_undo(&fixture); /* nothing was begun */
        expect_as_before(&fixture);
        must_run(&fixture, STAGE_DONE);
        must_undo(&fixture);
        expect_as_before(&fixture);
        must_undo(&fixture);
        expect_as_before(&fixture);
        assert_false(has_said("warning"));
}

static char *kept_aside(const struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_string_list_ struct string_list names = {0};
        assert_int_equal(folder_list(fixture->context.state_fd, ".", &names, &err), 0);
        char *found = NULL;
        for (size_t i = 0; i < names.count; i++)
                if (string_begins(names.items[i], "local.php.set-aside-")) {
                        assert_null(found);
                        found = string_format("state/%s", names.items[i]);
                }
        return found;
}

static void test_undo_keeps_what_others_have_made_of_it(void **state)
{
        static const char changed[] = "<?php\n$parameters = ['mailer_transport' => 'smtp', 'new' => 1];\n";
        _cleanup_fixture_ struct fixture fixture;
        old_site_init(&fixture);
        must_run(&fixture, STAGE_DONE);
        put_local(&fixture, changed, 0600);
        must_undo(&fixture);
        expect_as_before(&fixture);
        must_undo(&fixture);
        _cleanup_free_ char *kept = kept_aside(&fixture);
        expect_file(&fixture, kept, changed);
        assert_int_equal(mode_of(&fixture, kept), 0600);
        assert_true(has_said("was changed by somebody since"));
}

static void test_undo_of_a_file_that_is_gone(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        old_site_init(&fixture);
        must_run(&fixture, STAGE_DONE);
        _cleanup_free_ char *path = fixture_path(&fixture, LOCAL);
        assert_int_equal(unlink(path), 0);
        must_undo(&fixture);
        expect_as_before(&fixture);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink("nowhere.php", path), 0);
        undo_must_fail(&fixture, "link to what is: put ");
}

/* Shared by both releases, and by others: its folder has its former time, too. */
static void test_undo_outside_of_the_root(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        site_init(&fixture, NULL);
        _cleanup_free_ char *folder = fixture_path(&fixture, "shared");
        _cleanup_free_ char *real = fixture_path(&fixture, "shared/real.php");
        _cleanup_free_ char *link = fixture_path(&fixture, "link.php");
        assert_int_equal(mkdir(folder, 0755), 0);
        write_file(real, mail_before, 0604);
        assert_int_equal(symlink("shared/real.php", link), 0);
        set_time(&fixture, "shared/real.php");
        set_time(&fixture, "shared");
        fixture.plain_site.paths.local_config = link;
        must_run(&fixture, STAGE_DONE);
        must_undo(&fixture);
        expect_file(&fixture, "shared/real.php", mail_before);
        expect_long_ago(&fixture, "shared/real.php");
        expect_long_ago(&fixture, "shared");
        assert_int_equal(mode_of(&fixture, "shared/real.php"), 0604);

        fixture.plain_site.paths.local_config = real;
        must_run(&fixture, STAGE_DONE);
        assert_int_equal(unlink(real), 0);
        must_undo(&fixture);
        expect_file(&fixture, "shared/real.php", mail_before);
        expect_long_ago(&fixture, "shared");
}

static void test_undo_without_the_original(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        old_site_init(&fixture);
        must_run(&fixture, STAGE_DONE);
        _cleanup_free_ char *kept = fixture_path(&fixture, KEPT);
        write_file(kept, "<?php // another\n", 0600);
        undo_must_fail(&fixture, "was changed");
        assert_int_equal(unlink(kept), 0);
        undo_must_fail(&fixture, "is gone");
        expect_file(&fixture, LOCAL, mail_after);
        write_file(kept, mail_before, 0600); /* the advice works */
        must_undo(&fixture);
        expect_as_before(&fixture);
}

static void test_undo_gives_the_owner_back(void **state)
{
        if (geteuid() != 0)
                skip();
        _cleanup_fixture_ struct fixture fixture;
        site_init(&fixture, mail_before);
        _cleanup_free_ char *path = fixture_path(&fixture, LOCAL);
        assert_int_equal(chown(path, 12345, 12346), 0);
        must_run(&fixture, STAGE_DONE);
        must_undo(&fixture);
        struct stat status;
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_uid, 12345);
        assert_int_equal(status.st_gid, 12346);
}

static int run_the_stage(void *userdata)
{
        struct fixture *fixture = userdata;
        _cleanup_error_ struct error err = {0};
        fixture_open_checkpoint(fixture);
        return run(fixture, &err) < 0;
}

static int undo_the_stage(void *userdata)
{
        struct fixture *fixture = userdata;
        _cleanup_error_ struct error err = {0};
        fixture_open_checkpoint(fixture);
        return stage_update_local_config.undo(&fixture->context, &err) < 0;
}

/* Killed at every act of the way there, and at every act of the way back. */
static void test_undo_killed_at_every_act(void **state)
{
        static int (*const ways[])(void *) = {run_the_stage, undo_the_stage};
        for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
                unsigned nth = 1;
                for (bool died = true; died; nth++) {
                        _cleanup_fixture_ struct fixture fixture;
                        old_site_init(&fixture);
                        int result = 0;
                        if (way > 0)
                                must_run(&fixture, STAGE_DONE);
                        checkpoint_close(steal(&fixture.context.checkpoint));
                        died = dies_at(nth, ways[way], &fixture, &result);
                        assert_true(died || result == 0);
                        fixture_open_checkpoint(&fixture);
                        must_undo(&fixture);
                        expect_as_before(&fixture);
                        expect_alone(&fixture);
                        assert_null(kept_aside(&fixture));
                }
                assert_true(nth > 5);
        }
}

static void must_contradict(struct fixture *fixture, const char *says)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(stage_update_local_config.prove(&fixture->context, &err), -1);
        if (err.reason != REASON_EVIDENCE_CONTRADICTS || !strstr(err.message, says))
                fail_msg("%s: %s", reason_name(err.reason), err.message);
}

static void must_prove(struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        if (stage_update_local_config.prove(&fixture->context, &err) != 0)
                fail_msg("%s", error_message(&err));
}

static void test_proof(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        int64_t step;
        site_init(&fixture, mail_before);
        must_run(&fixture, STAGE_DONE);
        must_prove(&fixture);
        put_local(&fixture, "<?php\n$parameters = ['mailer_transport' => 'smtp'];\n", 0640);
        must_contradict(&fixture, "app/config/local.php was changed since");
        put_local(&fixture, mail_before, 0640);
        must_contradict(&fixture, "app/config/local.php was changed since");
        put_local(&fixture, mail_after, 0600);
        must_prove(&fixture);
        _cleanup_free_ char *path = fixture_path(&fixture, LOCAL);
        assert_int_equal(unlink(path), 0);
        must_contradict(&fixture, "app/config/local.php is gone");
        /* Visitors are let in: it is theirs. */
        assert_int_equal(checkpoint_add_step(fixture.context.checkpoint, "gate", "open",
                                 "move 100000 1 0 a b", &step, &err),
                0);
        must_prove(&fixture);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rules),
                cmocka_unit_test(test_whole_file),
                cmocka_unit_test(test_killed_before_the_rename),
                cmocka_unit_test(test_killed_behind_the_rename),
                cmocka_unit_test(test_neither_before_nor_after),
                cmocka_unit_test(test_not_understood),
                cmocka_unit_test(test_missing),
                cmocka_unit_test(test_php_refuses),
                cmocka_unit_test(test_checked_beforehand),
                cmocka_unit_test(test_refused_beforehand),
                cmocka_unit_test(test_without_php),
                cmocka_unit_test(test_cancelled),
                cmocka_unit_test(test_state_folder_refuses),
                cmocka_unit_test(test_outside_of_the_root_and_behind_a_link),
                cmocka_unit_test(test_owner_is_kept),
                cmocka_unit_test(test_proof),
                cmocka_unit_test(test_undo),
                cmocka_unit_test(test_undo_keeps_what_others_have_made_of_it),
                cmocka_unit_test(test_undo_of_a_file_that_is_gone),
                cmocka_unit_test(test_undo_outside_of_the_root),
                cmocka_unit_test(test_undo_without_the_original),
                cmocka_unit_test(test_undo_gives_the_owner_back),
                cmocka_unit_test(test_undo_killed_at_every_act),
        };
        return cmocka_run_group_tests_name("update_local_config", tests, NULL, NULL);
}
