/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/package_note.h"
#include "states/prefetch.h"
#include "test/unit/http_server.h"
#include "test/unit/states/package_fixture.h"

#include <ctype.h>

#define STAGE &stage_download_package
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static void assert_recorded(struct fixture *fixture, const char *version)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_artifact_record_ struct artifact_record record = {0};
        _cleanup_free_ char *fact = NULL, *path = fixture_path(fixture, "state/package.zip");
        char sha256[65];
        uint64_t size = 0;
        struct stat status;
        assert_int_equal(checkpoint_load_artifact(fixture->context.checkpoint, "package", &record, &err), 0);
        assert_int_equal(file_sha256(fixture->context.state_fd, "package.zip", NULL, sha256, &size, &err), 0);
        assert_string_equal(record.path, path);
        assert_int_equal(record.size, size);
        assert_string_equal(record.sha256, sha256);
        assert_int_equal(checkpoint_get_fact(fixture->context.checkpoint, FACT_TO_VERSION, &fact, &err), 0);
        assert_string_equal(fact, version);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        assert_false(fixture_has(fixture, "state/package.zip.copy"));
        assert_false(fixture_has(fixture, "state/package.zip.part"));
}

static void assert_unrecorded(struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_artifact_record_ struct artifact_record record = {0};
        assert_int_equal(checkpoint_load_artifact(fixture->context.checkpoint, "package", &record, &err), 1);
}

static void remove_name(struct fixture *fixture, const char *name)
{
        _cleanup_free_ char *path = fixture_path(fixture, name);
        assert_int_equal(unlink(path), 0);
}

static void serve(struct fixture *fixture, struct http_server *ret)
{
        _cleanup_free_ char *folder = fixture_path(fixture, "served"), *log = fixture_path(fixture, "log");
        assert_int_equal(mkdir(folder, 0755), 0);
        assert_int_equal(http_server_start(ret, (const char *const[]){folder, "--log", log, NULL}), 0);
        fixture_set(fixture, "package.insecure", "yes");
        fixture_set(fixture, "download.attempts", "1");
}

static void set_url(struct fixture *fixture, const struct http_server *server, const char *target)
{
        _cleanup_free_ char *url = string_format("%s%s", server->url, target);
        fixture_set(fixture, "package.url", url);
}

static size_t requests(struct fixture *fixture)
{
        _cleanup_free_ char *log = fixture_read(fixture, "log");
        size_t count = 0;
        for (const char *line = log; (line = strchr(line, '\n')); line++)
                count++;
        return count;
}

static void test_file(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, STAGE);
        put_good_package(&fixture, "given.zip");
        set_path(&fixture, "package.file", "given.zip");
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.2");
        assert_true(has_said("The package is Mautic 3.0.2: "));
        assert_true(fixture_has(&fixture, "given.zip"));
        assert_true(progress_done > 0 && progress_done == progress_total);
        remove_name(&fixture, "given.zip"); /* not needed again */
        stage_succeeds(&fixture, STAGE);
        assert_true(has_said("there already"));
}

static void test_link_to_file(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, STAGE);
        put_good_package(&fixture, "given.zip");
        _cleanup_free_ char *link = fixture_path(&fixture, "latest.zip");
        assert_int_equal(symlink("given.zip", link), 0);
        set_path(&fixture, "package.file", "latest.zip");
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.2");
}

static void test_placed_goes_first(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, STAGE);
        PUT_PACKAGE(&fixture, "root/" NAME_PACKAGE, PACKAGE_ITEMS("3.0.1", "2.16.0"));
        put_good_package(&fixture, "given.zip");
        set_path(&fixture, "package.file", "given.zip");
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.1");
        assert_true(fixture_has(&fixture, "root/" NAME_PACKAGE));
}

static void test_url(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        struct http_server server;
        fixture_init(&fixture, STAGE);
        serve(&fixture, &server);
        put_good_package(&fixture, "served/3.zip");
        set_url(&fixture, &server, "3.zip");
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.2");
        stage_succeeds(&fixture, STAGE);
        assert_int_equal(requests(&fixture), 1);
        http_server_stop(&server);
}

static void test_url_resumes(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        struct http_server server;
        fixture_init(&fixture, STAGE);
        serve(&fixture, &server);
        put_good_package(&fixture, "served/3.zip");
        set_url(&fixture, &server, "3.zip?cut=300&times=1");
        stage_fails(&fixture, STAGE, REASON_DOWNLOAD_FAILED, "3.zip");
        assert_unrecorded(&fixture);
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.2");
        assert_true(has_said("went on where an earlier one had stopped"));
        http_server_stop(&server);
}

static const struct {
        struct zip_item items[4];
        enum reason reason;
        const char *part;
} bad_packages[] = {
        {{{"../evil.php", "x"}}, REASON_PACKAGE_HOSTILE, "../evil.php"},
        {{{"index.php", "x"}}, REASON_PACKAGE_WRONG_VERSION, "no app/release_metadata.json"},
        {{{"mautic-3.0.2/app/release_metadata.json", METADATA_OF("3.0.2", "")}}, REASON_PACKAGE_WRONG_VERSION,
                "no app/release_metadata.json"},
        {{{"app/release_metadata.json", METADATA_OF("2.16.4", "2.0.0")}}, REASON_PACKAGE_WRONG_VERSION,
                "\"2.16.4\""},
        {{{"app/release_metadata.json", METADATA_OF("3\\nx", "2.0.0")}}, REASON_PACKAGE_WRONG_VERSION,
                "\"3 x\""},
        {{{"app/release_metadata.json", METADATA_OF("", "2.0.0")}}, REASON_PACKAGE_WRONG_VERSION, "\"\""},
        {{{"app/release_metadata.json", "{"}}, REASON_PACKAGE_WRONG_VERSION, "can't be understood"},
        {{{"app/release_metadata.json", METADATA_OF("3.0.2", "")}, {"index.php", "x"}},
                REASON_PACKAGE_WRONG_VERSION, "no bin/console"},
        {{{"app/release_metadata.json", METADATA_OF("3.0.2", "")}, {"index.php", "x"}, {"bin/console", "x"},
                 {"spoilt", "x", .wrong_crc = 1}},
                REASON_PACKAGE_DAMAGED, "spoilt is damaged"},
};

static void put_bad_package(struct fixture *fixture, size_t index, const char *name)
{
        size_t count = 0;
        while (count < ARRAY_SIZE(bad_packages[index].items) && bad_packages[index].items[count].name)
                count++;
        put_package(fixture, name, bad_packages[index].items, count);
}

static void test_bad_files(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(bad_packages); i++) {
                _cleanup_fixture_ struct fixture fixture;
                fixture_init(&fixture, STAGE);
                put_bad_package(&fixture, i, "given.zip");
                set_path(&fixture, "package.file", "given.zip");
                stage_fails(&fixture, STAGE, bad_packages[i].reason, bad_packages[i].part);
                stage_fails(&fixture, STAGE, bad_packages[i].reason, "given.zip");
                assert_false(fixture_has(&fixture, "state/package.zip"));
                assert_true(fixture_has(&fixture, "given.zip"));
                assert_unrecorded(&fixture);
                put_good_package(&fixture, "given.zip");
                stage_succeeds(&fixture, STAGE);
                assert_recorded(&fixture, "3.0.2");
        }
}

static void test_bad_downloads(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        struct http_server server;
        fixture_init(&fixture, STAGE);
        serve(&fixture, &server);
        set_url(&fixture, &server, "3.zip");
        for (size_t i = 0; i < ARRAY_SIZE(bad_packages); i++) {
                put_bad_package(&fixture, i, "served/3.zip");
                stage_fails(&fixture, STAGE, bad_packages[i].reason, bad_packages[i].part);
                assert_false(fixture_has(&fixture, "state/package.zip"));
                assert_true(fixture_has(&fixture, "state/package.zip.damaged"));
                assert_int_equal(requests(&fixture), i + 1); /* each time fetched anew */
        }
        put_good_package(&fixture, "served/3.zip");
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.2");
        http_server_stop(&server);
}

static void test_not_a_zip(void **state)
{
        static const char *const names[] = {"given.zip", "root/" NAME_PACKAGE};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                _cleanup_fixture_ struct fixture fixture;
                fixture_init(&fixture, STAGE);
                set_path(&fixture, "package.file", "given.zip");
                put_bytes(&fixture, names[i], "<html>404</html>", 16);
                stage_fails(&fixture, STAGE, REASON_PACKAGE_DAMAGED, names[i]);
                put_bytes(&fixture, names[i], "", 0);
                stage_fails(&fixture, STAGE, REASON_PACKAGE_DAMAGED, "no zip archive");
                put_good_package(&fixture, names[i]);
                stage_succeeds(&fixture, STAGE);
        }
}

static void test_nothing_to_take(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, STAGE);
        fixture_set(&fixture, "package.url", "");
        stage_fails(&fixture, STAGE, REASON_PACKAGE_NOT_FOUND, "neither package.url nor package.file");
        set_path(&fixture, "package.file", "missing.zip");
        stage_fails(&fixture, STAGE, REASON_PACKAGE_NOT_FOUND, "missing.zip");
        set_path(&fixture, "package.file", "root");
        stage_fails(&fixture, STAGE, REASON_PACKAGE_DAMAGED, "not a regular file");
        _cleanup_free_ char *link = fixture_path(&fixture, "root/" NAME_PACKAGE);
        assert_int_equal(symlink("/etc/passwd", link), 0);
        stage_fails(&fixture, STAGE, REASON_PACKAGE_DAMAGED, NAME_PACKAGE " is not a regular file");
        fixture_set(&fixture, "package.url", "http://127.0.0.1:1/x.zip");
        fixture_set(&fixture, "package.file", "");
        assert_int_equal(unlink(link), 0);
        stage_fails(&fixture, STAGE, REASON_INVALID_ARGUMENT, "package.insecure");
}

static void test_checksum(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, STAGE);
        put_good_package(&fixture, "given.zip");
        set_path(&fixture, "package.file", "given.zip");
        fixture_set(&fixture, "package.sha256", ZEROS);
        stage_fails(&fixture, STAGE, REASON_PACKAGE_CHECKSUM, "not " ZEROS);
        assert_false(fixture_has(&fixture, "state/package.zip"));
        _cleanup_error_ struct error err = {0};
        _cleanup_close_ int folder = open(fixture.folder, O_DIRECTORY | O_CLOEXEC);
        char sha256[65];
        uint64_t size;
        assert_int_equal(file_sha256(folder, "given.zip", NULL, sha256, &size, &err), 0);
        for (char *c = sha256; *c; c++)
                *c = (char)toupper((unsigned char)*c);
        fixture_set(&fixture, "package.sha256", sha256);
        stage_succeeds(&fixture, STAGE);
        assert_true(has_said("as expected"));
        fixture_set(&fixture, "package.sha256", ZEROS); /* the recorded one is not it any more */
        stage_fails(&fixture, STAGE, REASON_PACKAGE_CHECKSUM, "not " ZEROS);
}

static void test_jump(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        struct http_server server;
        fixture_init(&fixture, STAGE);
        serve(&fixture, &server);
        PUT_PACKAGE(&fixture, "served/3.zip", PACKAGE_ITEMS("3.3.5", "3.1.0"));
        set_url(&fixture, &server, "3.zip");
        static const char *const others[] = {
                NULL, "", "disk_space", "package_jump_other\nother_package_jump"};
        for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
                if (others[i])
                        assert_int_equal(checkpoint_set_fact(fixture.context.checkpoint,
                                                 FACT_ACCEPTED_WARNINGS, others[i], &err),
                                0);
                stage_fails(&fixture, STAGE, REASON_PACKAGE_WRONG_VERSION, "--accept package_jump");
                assert_unrecorded(&fixture);
        }
        assert_int_equal(checkpoint_set_fact(fixture.context.checkpoint, FACT_ACCEPTED_WARNINGS,
                                 "disk_space\npackage_jump\nplugins", &err),
                0);
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.3.5");
        assert_int_equal(requests(&fixture), 1);
        http_server_stop(&server);
}

static void test_sources_in_place_of_a_release(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        fixture_init(&fixture, STAGE);
        PUT_PACKAGE(&fixture, "given.zip", {"index.php", "<?php\n"}, {"bin/console", "#!"},
                {"app/release_metadata.json", METADATA_OF("3.0.2", "")},
                {"vendor/.htaccess", "deny from all"});
        set_path(&fixture, "package.file", "given.zip");
        stage_fails(&fixture, STAGE, REASON_PACKAGE_WRONG_VERSION, "--accept package_vendor");
        assert_unrecorded(&fixture);
        assert_int_equal(checkpoint_set_fact(
                                 fixture.context.checkpoint, FACT_ACCEPTED_WARNINGS, "package_vendor", &err),
                0);
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.2");
}

static void test_size_limit(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, STAGE);
        put_good_package(&fixture, "given.zip");
        set_path(&fixture, "package.file", "given.zip");
        fixture_set(&fixture, "package.limit", "100");
        stage_fails(&fixture, STAGE, REASON_PACKAGE_HOSTILE, "more than the 100 that are allowed");
}

/* What lies in the state folder without being this upgrade's is set aside, not trusted. */
static void test_foreign_package(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, STAGE);
        PUT_PACKAGE(&fixture, "state/package.zip", PACKAGE_ITEMS("3.9.9", "3.0.0"));
        put_good_package(&fixture, "given.zip");
        set_path(&fixture, "package.file", "given.zip");
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.2");
        assert_true(fixture_has(&fixture, "state/package.zip.replaced"));
}

/* After a rollback and a new start, which knows nothing of it: by its hash it is the one that is asked for.
 */
static void test_package_of_an_earlier_upgrade(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        struct http_server server;
        char sha256[65];
        uint64_t size;
        fixture_init(&fixture, STAGE);
        serve(&fixture, &server);
        put_good_package(&fixture, "served/3.zip");
        set_url(&fixture, &server, "3.zip");
        stage_succeeds(&fixture, STAGE);
        assert_int_equal(checkpoint_clear_upgrade(fixture.context.checkpoint, NULL, &err), 0);
        assert_int_equal(
                file_sha256(fixture.context.state_fd, NAME_STATE_PACKAGE, NULL, sha256, &size, &err), 0);
        fixture_set(&fixture, "package.sha256", sha256);
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.2");
        assert_int_equal(requests(&fixture), 1);
        assert_false(fixture_has(&fixture, "state/package.zip.replaced"));
        /* Nothing says of another one that it is right. */
        assert_int_equal(checkpoint_clear_upgrade(fixture.context.checkpoint, NULL, &err), 0);
        PUT_PACKAGE(&fixture, "state/package.zip", PACKAGE_ITEMS("3.0.1", "3.0.0-alpha"));
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.2");
        assert_int_equal(requests(&fixture), 2);
        assert_true(fixture_has(&fixture, "state/package.zip.replaced"));
        http_server_stop(&server);
}

static void test_recorded_package_changed(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, STAGE);
        put_good_package(&fixture, "given.zip");
        set_path(&fixture, "package.file", "given.zip");
        stage_succeeds(&fixture, STAGE);
        PUT_PACKAGE(&fixture, "state/package.zip", PACKAGE_ITEMS("3.0.1", "3.0.0-alpha"));
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.2");
}

static struct fixture *changing;

static void change_source(void)
{
        PUT_PACKAGE(changing, "given.zip", PACKAGE_ITEMS("3.0.1", "3.0.0-alpha"), {"more", "more"});
}

static void test_file_changes_while_copied(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, STAGE);
        put_good_package(&fixture, "given.zip");
        set_path(&fixture, "package.file", "given.zip");
        changing = &fixture;
        on_progress = change_source;
        stage_fails(&fixture, STAGE, REASON_PACKAGE_CHANGED, "changed while it was copied");
        assert_false(fixture_has(&fixture, "state/package.zip.copy"));
        on_progress = NULL;
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.1");
}

static void test_cancel(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, STAGE);
        put_good_package(&fixture, "given.zip");
        set_path(&fixture, "package.file", "given.zip");
        cancel_request(&fixture.cancel, CANCEL_BY_USER);
        stage_fails(&fixture, STAGE, REASON_CANCELLED, "cancelled");
        cancel_reset(&fixture.cancel);
        stage_succeeds(&fixture, STAGE);
}

/* Killed at its Nth act on disk, for every N, then started again: the same end. */
static void kill_everywhere(struct fixture *fixture, int (*run)(void *))
{
        checkpoint_close(fixture->context.checkpoint);
        fixture->context.checkpoint = NULL;
        bool died = true;
        unsigned deaths = 0;
        for (unsigned n = 1; died; n++) {
                int result = 0;
                _cleanup_free_ char *names = string_format("rm -rf '%s'/*", fixture->state);
                assert_int_equal(system(names), 0);
                died = dies_at(n, run, fixture, &result);
                deaths += died;
                if (died)
                        (void)dies_at(0, n % 2 ? run : run_stage_anew, fixture, &result);
                assert_int_equal(result, 0);
                fixture_open_checkpoint(fixture);
                assert_recorded(fixture, "3.0.2");
                assert_false(fixture_has(fixture, "state/package.zip.replaced"));
                assert_false(fixture_has(fixture, "state/package.zip.damaged"));
                assert_false(fixture_has(fixture, "state/" NAME_STATE_PACKAGE_NOTE));
                checkpoint_close(fixture->context.checkpoint);
                fixture->context.checkpoint = NULL;
        }
        assert_true(deaths > 10);
        fixture_open_checkpoint(fixture);
}

static void test_killed_everywhere_with_a_file(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, STAGE);
        put_good_package(&fixture, "given.zip");
        set_path(&fixture, "package.file", "given.zip");
        kill_everywhere(&fixture, run_stage_anew);
}

static void test_killed_everywhere_with_a_url(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        struct http_server server;
        fixture_init(&fixture, STAGE);
        serve(&fixture, &server);
        put_good_package(&fixture, "served/3.zip");
        set_url(&fixture, &server, "3.zip");
        kill_everywhere(&fixture, run_stage_anew);
        http_server_stop(&server);
}

/* Ahead of the stage: without the checkpoint, whose writer is another thread. */

static int run_ahead(struct fixture *fixture, struct error *err)
{
        struct stage_context context = fixture->context;
        context.checkpoint = NULL;
        return download_package_ahead(&context, err);
}

static void ahead_succeeds(struct fixture *fixture)
{
        _cleanup_error_ struct error err = {0};
        if (run_ahead(fixture, &err) != 0)
                fail_msg("%s", error_message(&err));
        assert_true(fixture_has(fixture, "state/" NAME_STATE_PACKAGE_NOTE));
}

static void ahead_fails(struct fixture *fixture, enum reason reason)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(run_ahead(fixture, &err), -1);
        if (err.reason != reason)
                fail_msg("%s", error_message(&err));
}

/* As the runner does it: nothing is fetched ahead of a stage that was begun. */
static int run_ahead_and_stage_anew(void *userdata)
{
        struct fixture *fixture = userdata;
        _cleanup_error_ struct error err = {0};
        _cleanup_step_list_ struct step_list steps = {0};
        if (checkpoint_open(fixture->state, &fixture->context.checkpoint, &err) < 0 ||
                checkpoint_load_steps(fixture->context.checkpoint, (STAGE)->name, &steps, &err) < 0)
                return 1;
        checkpoint_close(steal(&fixture->context.checkpoint));
        return steps.count > 0 || run_ahead(fixture, &err) == 0 ? run_stage_anew(fixture) : 1;
}

static void serve_good(struct fixture *fixture, struct http_server *ret)
{
        fixture_init(fixture, STAGE);
        serve(fixture, ret);
        put_good_package(fixture, "served/3.zip");
        set_url(fixture, ret, "3.zip");
}

/* Whatever the server has by now: what was fetched is what is taken. The next upgrade fetches its own. */
static void test_ahead(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        struct http_server server;
        serve_good(&fixture, &server);
        ahead_succeeds(&fixture);
        ahead_succeeds(&fixture);
        assert_int_equal(requests(&fixture), 1);
        assert_unrecorded(&fixture);
        PUT_PACKAGE(&fixture, "served/3.zip", PACKAGE_ITEMS("3.0.1", "3.0.0-alpha"));
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.2");
        assert_int_equal(requests(&fixture), 1);
        assert_false(fixture_has(&fixture, "state/" NAME_STATE_PACKAGE_NOTE));
        assert_int_equal(checkpoint_clear_upgrade(fixture.context.checkpoint, NULL, &err), 0);
        ahead_succeeds(&fixture);
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.1");
        assert_int_equal(requests(&fixture), 2);
        assert_true(fixture_has(&fixture, "state/package.zip.replaced"));
        http_server_stop(&server);
}

static void test_ahead_of_a_file(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        fixture_init(&fixture, STAGE);
        put_good_package(&fixture, "given.zip");
        set_path(&fixture, "package.file", "given.zip");
        ahead_succeeds(&fixture);
        PUT_PACKAGE(
                &fixture, "given.zip", PACKAGE_ITEMS("3.0.1", "3.0.0-alpha")); /* by its time another one */
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.1");
}

static void test_ahead_in_part(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        struct http_server server;
        serve_good(&fixture, &server);
        set_url(&fixture, &server, "3.zip?cut=300&times=1");
        ahead_fails(&fixture, REASON_DOWNLOAD_FAILED);
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.2");
        assert_true(has_said("went on where an earlier one had stopped"));
        http_server_stop(&server);
}

static void test_ahead_in_vain(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        struct http_server server;
        serve_good(&fixture, &server);
        for (size_t i = 0; i < ARRAY_SIZE(bad_packages); i++) {
                put_bad_package(&fixture, i, "served/3.zip");
                ahead_fails(&fixture, bad_packages[i].reason);
                assert_false(fixture_has(&fixture, "state/package.zip"));
                assert_false(fixture_has(&fixture, "state/" NAME_STATE_PACKAGE_NOTE));
        }
        stage_fails(&fixture, STAGE, bad_packages[ARRAY_SIZE(bad_packages) - 1].reason, "spoilt");
        put_good_package(&fixture, "served/3.zip");
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.2");
        http_server_stop(&server);
}

/* Another address, another hash that is asked for: what was fetched is not it. */
static void test_ahead_of_another_wish(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        struct http_server server;
        serve_good(&fixture, &server);
        ahead_succeeds(&fixture);
        PUT_PACKAGE(&fixture, "served/other.zip", PACKAGE_ITEMS("3.0.1", "3.0.0-alpha"));
        set_url(&fixture, &server, "other.zip");
        ahead_succeeds(&fixture);
        assert_int_equal(requests(&fixture), 2);
        fixture_set(&fixture, "package.sha256", ZEROS);
        ahead_fails(&fixture, REASON_PACKAGE_CHECKSUM);
        assert_int_equal(requests(&fixture), 3);
        fixture_set(&fixture, "package.sha256", "");
        ahead_succeeds(&fixture);
        fixture_set(&fixture, "package.sha256", ZEROS);
        stage_fails(&fixture, STAGE, REASON_PACKAGE_CHECKSUM, "not " ZEROS);
        assert_int_equal(requests(&fixture), 5); /* it was looked whether there is a right one by now */
        fixture_set(&fixture, "package.sha256", "");
        set_url(&fixture, &server, "3.zip");
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.2");
        http_server_stop(&server);
}

/* What was begun ahead of one source vouches for no package of another. */
static void test_ahead_and_another_source(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        struct http_server server;
        serve_good(&fixture, &server);
        set_url(&fixture, &server, "3.zip?cut=300&times=1");
        ahead_fails(&fixture, REASON_DOWNLOAD_FAILED);
        PUT_PACKAGE(&fixture, "given.zip", PACKAGE_ITEMS("3.3.5", "3.1.0"));
        set_path(&fixture, "package.file", "given.zip");
        stage_fails(&fixture, STAGE, REASON_PACKAGE_WRONG_VERSION, "--accept package_jump");
        fixture_set(&fixture, "package.file", "");
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.2");
        http_server_stop(&server);
}

/* What of an address is not shown names another package all the same. */
static void test_ahead_of_another_query(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        struct http_server server;
        serve_good(&fixture, &server);
        set_url(&fixture, &server, "3.zip?file=1");
        ahead_succeeds(&fixture);
        PUT_PACKAGE(&fixture, "served/3.zip", PACKAGE_ITEMS("3.0.1", "3.0.0-alpha"));
        set_url(&fixture, &server, "3.zip?file=2");
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.1");
        http_server_stop(&server);
}

/* A note vouches for the bytes that it names, and for no other. */
static void test_ahead_and_changed(void **state)
{
        static const char junk[] = "{\"source\":1}";
        _cleanup_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        struct http_server server;
        serve_good(&fixture, &server);
        ahead_succeeds(&fixture);
        put_bad_package(&fixture, ARRAY_SIZE(bad_packages) - 1, "state/package.zip");
        stage_fails(&fixture, STAGE, REASON_PACKAGE_DAMAGED, "spoilt is damaged");
        assert_int_equal(requests(&fixture), 1);
        ahead_succeeds(&fixture);
        put_bad_package(&fixture, ARRAY_SIZE(bad_packages) - 1, "state/package.zip");
        ahead_succeeds(&fixture); /* fetched anew */
        assert_int_equal(requests(&fixture), 3);
        assert_int_equal(checkpoint_clear_upgrade(fixture.context.checkpoint, NULL, &err), 0);
        put_bytes(&fixture, "state/" NAME_STATE_PACKAGE_NOTE, junk, sizeof(junk) - 1);
        stage_succeeds(&fixture, STAGE);
        assert_recorded(&fixture, "3.0.2");
        assert_int_equal(requests(&fixture), 4);
        http_server_stop(&server);
}

static void test_ahead_cancelled(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        struct http_server server;
        serve_good(&fixture, &server);
        cancel_request(&fixture.cancel, CANCEL_BY_STOP);
        ahead_fails(&fixture, REASON_STOPPING);
        cancel_reset(&fixture.cancel);
        ahead_succeeds(&fixture);
        http_server_stop(&server);
}

static void test_killed_everywhere_ahead(void **state)
{
        _cleanup_fixture_ struct fixture fixture;
        struct http_server server;
        serve_good(&fixture, &server);
        kill_everywhere(&fixture, run_ahead_and_stage_anew);
        http_server_stop(&server);
}

/* The package is kept for another try; nothing of it is on the site. */
static void test_undo_removes_what_is_unfinished(void **state)
{
        static const char *const unfinished[] = {
                "state/package.zip.part", "state/package.zip.part.json", "state/package.zip.copy"};
        _cleanup_fixture_ struct fixture fixture;
        _cleanup_error_ struct error err = {0};
        fixture_init(&fixture, STAGE);
        put_good_package(&fixture, "p.zip");
        set_path(&fixture, "package.file", "p.zip");
        stage_succeeds(&fixture, STAGE);
        for (size_t i = 0; i < ARRAY_SIZE(unfinished); i++)
                put_bytes(&fixture, unfinished[i], "x", 1);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(stage_download_package.undo(&fixture.context, &err), 0);
                for (size_t j = 0; j < ARRAY_SIZE(unfinished); j++)
                        assert_false(fixture_has(&fixture, unfinished[j]));
                assert_true(fixture_has(&fixture, "state/package.zip"));
        }
}

int main(void)
{
        setenv("no_proxy", "127.0.0.1", 1);
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_file),
                cmocka_unit_test(test_link_to_file),
                cmocka_unit_test(test_placed_goes_first),
                cmocka_unit_test(test_url),
                cmocka_unit_test(test_url_resumes),
                cmocka_unit_test(test_bad_files),
                cmocka_unit_test(test_bad_downloads),
                cmocka_unit_test(test_not_a_zip),
                cmocka_unit_test(test_nothing_to_take),
                cmocka_unit_test(test_checksum),
                cmocka_unit_test(test_jump),
                cmocka_unit_test(test_sources_in_place_of_a_release),
                cmocka_unit_test(test_size_limit),
                cmocka_unit_test(test_foreign_package),
                cmocka_unit_test(test_package_of_an_earlier_upgrade),
                cmocka_unit_test(test_recorded_package_changed),
                cmocka_unit_test(test_file_changes_while_copied),
                cmocka_unit_test(test_cancel),
                cmocka_unit_test(test_ahead),
                cmocka_unit_test(test_ahead_of_a_file),
                cmocka_unit_test(test_ahead_in_part),
                cmocka_unit_test(test_ahead_in_vain),
                cmocka_unit_test(test_ahead_of_another_wish),
                cmocka_unit_test(test_ahead_and_another_source),
                cmocka_unit_test(test_ahead_of_another_query),
                cmocka_unit_test(test_ahead_and_changed),
                cmocka_unit_test(test_ahead_cancelled),
                cmocka_unit_test(test_killed_everywhere_ahead),
                cmocka_unit_test(test_undo_removes_what_is_unfinished),
                cmocka_unit_test(test_killed_everywhere_with_a_file),
                cmocka_unit_test(test_killed_everywhere_with_a_url),
        };
        return cmocka_run_group_tests_name("download_package", tests, NULL, NULL);
}
