/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A site in a temporary folder, a stage's context around it, and stages run in a child that dies at its Nth
 * act on disk (test/unit/kill_at.h). The stage's two calls into the runner are defined here.
 */

#include "lib/checkpoint.h"
#include "lib/files.h"
#include "lib/memory.h"
#include "states/gate.h"
#include "states/proof.h"
#include "states/stages.h"
#include "test/unit/kill_at.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>

#define METADATA                                                                                             \
        "{\"version\": \"3.0.2\", \"minimum_php_version\": \"7.2.21\", \"maximum_php_version\": \"7.3.99\"}"

#define EXIT_STAGE_FAILED 98

static struct buffer logged;

void stage_facts_changed(struct stage_context *context)
{
}

void stage_progress(struct stage_context *context, uint64_t done, uint64_t total, const char *unit)
{
}

void stage_log(struct stage_context *context, enum log_level level, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = string_format_list(format, arguments);
        va_end(arguments);
        buffer_append_format(&logged, "%s: %s\n", log_level_name(level), text);
}

struct fixture {
        char *folder; /* holds site/ and state/ */
        char *root, *state;
        struct config config;
};

static _unused int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
        if (type == FTW_DP || type == FTW_D)
                (void)rmdir(path);
        else
                (void)unlink(path);
        return 0;
}

static _unused struct fixture *fixture_new(void)
{
        struct fixture *fixture = memory_new(sizeof(*fixture));
        /* Memory is quick, and has all that is needed of a file system. */
        _cleanup_free_ char *name = string_format(
                "%s/mautic-upgraded-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        assert_non_null(mkdtemp(name));
        fixture->folder = realpath(name, NULL);
        fixture->root = string_format("%s/site", fixture->folder);
        fixture->state = string_format("%s/state", fixture->folder);
        assert_int_equal(mkdir(fixture->root, 0755), 0);
        assert_int_equal(mkdir(fixture->state, 0700), 0);
        config_init(&fixture->config);
        fixture->config.gate_settle = 0;
        acts = kill_at = 0;
        before_rename = NULL;
        buffer_deinit(&logged);
        return fixture;
}

static _unused void fixture_free(struct fixture *fixture)
{
        (void)nftw(fixture->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        config_deinit(&fixture->config);
        buffer_deinit(&logged);
        free(fixture->folder);
        free(fixture->root);
        free(fixture->state);
        free(fixture);
}

/* Writes "path" with a text; missing folders are made; a path with '/' at its end is a folder. */
static _unused void put(const struct fixture *fixture, const char *path, const char *text)
{
        _cleanup_free_ char *full = string_format("%s/%s", fixture->root, path);
        for (char *slash = full + strlen(fixture->root) + 1; (slash = strchr(slash, '/')); slash++) {
                *slash = '\0';
                (void)mkdir(full, 0755);
                *slash = '/';
        }
        if (full[strlen(full) - 1] == '/')
                return;
        _cleanup_fclose_ FILE *file = fopen(full, "w");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
}

static _unused void put_link(const struct fixture *fixture, const char *path, const char *target)
{
        _cleanup_free_ char *full = string_format("%s/%s", fixture->root, path);
        assert_int_equal(symlink(target, full), 0);
}

static _unused bool there_is(const struct fixture *fixture, const char *path)
{
        _cleanup_free_ char *full = string_format("%s/%s", fixture->root, path);
        struct stat info;
        return lstat(full, &info) == 0;
}

static _unused mode_t mode_of(const struct fixture *fixture, const char *path)
{
        _cleanup_free_ char *full = string_format("%s/%s", fixture->root, path);
        struct stat info;
        assert_int_equal(lstat(full, &info), 0);
        return info.st_mode & 07777;
}

/* The text of a file, or NULL; owned by the caller. */
static _unused char *text_of(const struct fixture *fixture, const char *path)
{
        _cleanup_free_ char *full = string_format("%s/%s", fixture->root, path);
        _cleanup_fclose_ FILE *file = fopen(full, "r");
        _cleanup_buffer_ struct buffer text = {0};
        char piece[4096];
        if (!file)
                return NULL;
        for (size_t size; (size = fread(piece, 1, sizeof(piece), file)) > 0;)
                buffer_append(&text, piece, size);
        return buffer_steal(&text);
}

static _unused void assert_text(const struct fixture *fixture, const char *path, const char *expected)
{
        _cleanup_free_ char *text = text_of(fixture, path);
        if (!text)
                fail_msg("%s is not there", path);
        assert_string_equal(text, expected);
}

static _unused void dump_folder(const char *folder, const char *below, struct buffer *ret)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_string_list_ struct string_list names = {0};
        assert_int_equal(folder_list(fd, ".", &names, &err), 0);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = string_format("%s/%s", folder, names.items[i]);
                _cleanup_free_ char *shown = string_format("%s/%s", below, names.items[i]);
                struct stat info;
                char target[512] = "";
                assert_int_equal(lstat(path, &info), 0);
                if (S_ISLNK(info.st_mode))
                        assert_true(readlink(path, target, sizeof(target) - 1) > 0);
                char hash[65] = "";
                uint64_t size;
                /* A .user.ini of the gate's names its absolute path. */
                bool same_everywhere = *below == '\0' || !string_equal(names.items[i], ".user.ini");
                if (S_ISREG(info.st_mode) && same_everywhere)
                        assert_int_equal(file_sha256(fd, names.items[i], NULL, hash, &size, &err), 0);
                buffer_append_format(ret, "%s %o %s%s\n", shown, info.st_mode, target, hash);
                if (S_ISDIR(info.st_mode))
                        dump_folder(path, shown, ret);
        }
}

/* All of the site: names, modes, contents, targets of links. Owned by the caller. */
static _unused char *dump(const struct fixture *fixture)
{
        struct buffer text = {0};
        dump_folder(fixture->root, "", &text);
        return buffer_steal(&text);
}

/* Opens everything as the runner does, calls the stage's function, closes everything. */
static _unused int call_stage(const struct fixture *fixture, const struct stage *stage,
        int (*function)(struct stage_context *context, struct error *err), struct error *err)
{
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        _cleanup_(site_freep) struct site *site = NULL;
        _cleanup_close_ int state_fd = open(fixture->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (checkpoint_open(fixture->state, &checkpoint, err) < 0 || site_open(fixture->root, &site, err) < 0)
                return -1;
        struct stage_context context = {
                .stage = stage,
                .config = &fixture->config,
                .checkpoint = checkpoint,
                .site = site,
                .state_path = fixture->state,
                .state_fd = state_fd,
        };
        return function(&context, err);
}

static _unused int run_stage(const struct fixture *fixture, const struct stage *stage, struct error *err)
{
        return call_stage(fixture, stage, stage->run, err);
}

static _unused void assert_stage(const struct fixture *fixture, const struct stage *stage)
{
        _cleanup_error_ struct error err = {0};
        int result = run_stage(fixture, stage, &err);
        if (result != STAGE_DONE)
                fail_msg("%s: %s", stage->name, error_message(&err));
}

static _unused void assert_stage_fails(
        const struct fixture *fixture, const struct stage *stage, enum reason reason)
{
        _cleanup_error_ struct error err = {0};
        assert_int_equal(run_stage(fixture, stage, &err), -1);
        if (err.reason != reason)
                fail_msg("%s instead of %s: %s", reason_name(err.reason), reason_name(reason),
                        error_message(&err));
}

/* Random names, chosen beforehand so that two runs can be compared. */
static _unused void fix_names(const struct fixture *fixture)
{
        static const char *const facts[] = {
                "gate.token", "gate.held_name", "gate.witness", "cleanup_files.suffix"};
        _cleanup_error_ struct error err = {0};
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        assert_int_equal(checkpoint_open(fixture->state, &checkpoint, &err), 0);
        for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
                assert_int_equal(
                        checkpoint_set_fact(checkpoint, facts[i], "00112233445566778899aabbccddeeff", &err),
                        0);
}

/* Takes back a list of stages, the last one first, as a rollback does; each twice, as when a kill comes
 * before the record. *undone, for a child in shared memory, is how many of them are: they are not taken back
 * again. */
static _unused int undo_stages(
        const struct fixture *fixture, const struct stage *const *list, size_t *undone, struct error *err)
{
        size_t count = 0;
        while (list[count])
                count++;
        for (; *undone < count; (*undone)++) {
                const struct stage *stage = list[count - 1 - *undone];
                for (unsigned i = 0; i < 2; i++)
                        if (call_stage(fixture, stage, stage->undo, err) < 0)
                                return error_wrap(err, "%s", stage->name);
        }
        return 0;
}

/* What build_cache does to files. */
static _unused int run_gate_lift(struct stage_context *context, struct error *err)
{
        return gate_lift(context, err);
}
static _unused const struct stage lift = {.name = "build_cache",
        .title = "Lift",
        .run = run_gate_lift,
        .undo = gate_raise_again,
        .prove = prove_build_cache};

struct child {
        const struct fixture *fixture;
        const struct stage *const *list;
};

static _unused int run_stages(void *userdata)
{
        const struct child *child = userdata;
        _cleanup_error_ struct error err = {0};
        for (size_t i = 0; child->list[i]; i++)
                if (run_stage(child->fixture, child->list[i], &err) < 0) {
                        (void)fprintf(stderr, "# %s: %s\n", child->list[i]->name, error_message(&err));
                        return EXIT_STAGE_FAILED;
                }
        return 0;
}

/* Runs stages in a child that dies at its Nth act (0: never). Returns its exit status. */
static _unused int run_in_child(
        const struct fixture *fixture, const struct stage *const *list, unsigned nth_act)
{
        struct child child = {fixture, list};
        int status = 0;
        (void)dies_at(nth_act, run_stages, &child, &status);
        return status;
}

/* For every N: the stages are killed at their Nth act, begun again and killed once more a little later, begun
 * again; what they leave must be what an undisturbed run leaves. make builds the site. */
static _unused void assert_survives_kills(struct fixture *(*make)(void), const struct stage *const *before,
        const struct stage *const *list, unsigned second_kill)
{
        struct fixture *undisturbed = make();
        fix_names(undisturbed);
        assert_int_equal(run_in_child(undisturbed, before, 0), 0);
        assert_int_equal(run_in_child(undisturbed, list, 0), 0);
        _cleanup_free_ char *expected = dump(undisturbed);
        fixture_free(undisturbed);

        unsigned nth;
        for (nth = 1;; nth++) {
                struct fixture *fixture = make();
                fix_names(fixture);
                assert_int_equal(run_in_child(fixture, before, 0), 0);
                int first = run_in_child(fixture, list, nth);
                assert_true(first == 0 || first == EXIT_KILLED);
                (void)run_in_child(fixture, list, second_kill);
                assert_int_equal(run_in_child(fixture, list, 0), 0);
                _cleanup_free_ char *seen = dump(fixture);
                if (strcmp(seen, expected) != 0)
                        fail_msg("killed at act %u:\n%s\ninstead of\n%s", nth, seen, expected);
                fixture_free(fixture);
                if (first == 0)
                        break;
        }
        assert_true(nth > 20); /* else nothing was killed at all */
}

/* Mautic 2.16.5 in the root and Mautic 3.0.2 unpacked, as far as the stages look. */
static _unused struct fixture *two_sites(void)
{
        static const char *const files[][2] = {
                {"app/version.txt", "2.16.5\n"},
                {"app/console", "<?php // Mautic 2\n"},
                {"app/config/paths.php",
                        "<?php\n$paths = ['themes' => 'themes', 'assets' => 'media', 'plugins' => 'plugins', "
                        "'local_config' => '%kernel.root_dir%/config/local.php'];\n"},
                {"app/config/local.php",
                        "<?php\n$parameters = array('db_driver' => 'pdo_mysql', 'db_host' => 'localhost', "
                        "'db_name' => 'm', 'db_user' => 'u', 'db_password' => '', 'secret_key' => 'x',\n"
                        "'mailer_spool_path' => '%kernel.root_dir%/../var/spool');\n"},
                {"app/config/paths_local.php", "<?php $paths['themes'] = 'themes';\n"},
                {"app/cache/prod/x", "cache"},
                {"app/spool/default/waiting.message", "mail"},
                {"index.php", "<?php // Mautic 2\n"},
                {"index_dev.php", "<?php // Mautic 2 dev\n"},
                {"upgrade_v3.php", "<?php // script\n"},
                {"custom_offline.php", "<?php // mine\n"},
                {".htaccess", "# Mautic 2\n"},
                {".user.ini", "memory_limit = 1G\n"},
                {".well-known/token", "acme"},
                {"robots.txt", "User-agent: *\nDisallow: /\n"},
                {"google1234.html", "verification"},
                {"odd name\n%é.txt", "odd"},
                {"plugins/MauticCrmBundle/Crm.php", "m2 crm"},
                {"plugins/MauticCrmBundle/Mine.php", "added by me"},
                {"plugins/MauticSocialBundle/Integration/GooglePlusIntegration.php", "dropped by Mautic 3"},
                {"plugins/AcmeBundle/Acme.php", "acme"},
                {"plugins/NewInThreeBundle/Old.php", "for Mautic 2"},
                {"themes/blank/theme.html", "m2 blank"},
                {"themes/mine/theme.html", "my theme"},
                {"media/files/upload.pdf", "pdf"},
                {"media/files/.htaccess", "# m2"},
                {"media/own/own.txt", "own"},
                {"media/images/logo.png", "my logo"},
                {"translations/.htaccess", "deny"},
                {"translations/fr/Core/messages.ini", "fr"},
                {"vendor/autoload.php", "<?php // m2 vendor\n"},
                {"shared-files/one.txt", "one"},
                {NAME_LOG, "[2026-11-22 16:23:15] begun\n"},
                {NAME_MAUTIC_3_FILES "/app/release_metadata.json", METADATA},
                {NAME_MAUTIC_3_FILES "/app/config/paths.php",
                        "<?php\n$paths = ['themes' => 'themes', 'assets' => 'media', "
                        "'plugins' => 'plugins', 'local_config' => "
                        "'%kernel.root_dir%/config/local.php'];\n"},
                {NAME_MAUTIC_3_FILES "/bin/console",
                        "#!/usr/bin/env php\n<?php echo 'Mautic 3.0.2 - app/prod', PHP_EOL;\n"},
                {NAME_MAUTIC_3_FILES "/index.php", "<?php // Mautic 3\n"},
                {NAME_MAUTIC_3_FILES "/index_dev.php", "<?php // Mautic 3 dev\n"},
                {NAME_MAUTIC_3_FILES "/.htaccess", "# Mautic 3\n"},
                {NAME_MAUTIC_3_FILES "/robots.txt", "User-agent: *\n"},
                {NAME_MAUTIC_3_FILES "/plugins/MauticCrmBundle/Crm.php", "m3 crm"},
                {NAME_MAUTIC_3_FILES "/plugins/MauticSocialBundle/Integration/Twitter.php", "m3 social"},
                {NAME_MAUTIC_3_FILES "/plugins/NewInThreeBundle/New.php", "for Mautic 3"},
                {NAME_MAUTIC_3_FILES "/themes/blank/theme.html", "m3 blank"},
                {NAME_MAUTIC_3_FILES "/media/files/.htaccess", "# m3"},
                {NAME_MAUTIC_3_FILES "/media/images/favicon.ico", "icon"},
                {NAME_MAUTIC_3_FILES "/translations/.htaccess", "deny"},
                {NAME_MAUTIC_3_FILES "/vendor/autoload.php", "<?php // m3 vendor\n"},
                {NAME_MAUTIC_3_FILES "/var/.htaccess", "deny"},
                {NAME_MAUTIC_3_FILES "/critical_migrations.txt", "20160225000000"},
        };
        struct fixture *fixture = fixture_new();
        for (size_t i = 0; i < ARRAY_SIZE(files); i++)
                put(fixture, files[i][0], files[i][1]);
        put_link(fixture, "media/linked", "../../elsewhere");
        put_link(fixture, "linked-folder", "/nowhere");
        return fixture;
}
