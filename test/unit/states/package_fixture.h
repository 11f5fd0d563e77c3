/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Packages for the tests of download_package and extract_package. Included once, by the program's only file.
 */

#include "test/unit/kill_at.h"
#include "test/unit/states/stage_fixture.h"
#include "test/unit/zip_builder.h"

#define METADATA_OF(version, minimum)                                                                        \
        "{\"version\": \"" version                                                                           \
        "\", \"minimum_php_version\": \"7.2.21\", \"maximum_php_version\": \"99.99.99\", "                   \
        "\"minimum_mautic_version\": \"" minimum "\"}"

/* The items of a small but whole package; more can follow them. */
#define PACKAGE_ITEMS(version, minimum)                                                                      \
        {"index.php", "<?php\n", .mode = S_IFREG | 0644}, {"bin/console", "#!", .mode = S_IFREG | 0755},     \
                {"app/release_metadata.json", METADATA_OF(version, minimum)}, {"app/deep/file", "deep"},     \
                {"vendor/autoload.php", "<?php\n"},                                                          \
        {                                                                                                    \
                "media/", NULL                                                                               \
        }

/* Writes a file below the fixture's folder, bytes as they are. */
static inline void put_bytes(struct fixture *fixture, const char *name, const char *data, size_t size)
{
        _cleanup_free_ char *path = fixture_path(fixture, name);
        _cleanup_fclose_ FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_int_equal(fwrite(data, 1, size, file), size);
}

static inline void put_package(
        struct fixture *fixture, const char *name, const struct zip_item *items, size_t count)
{
        _cleanup_buffer_ struct buffer zip = {0};
        zip_build(items, count, &zip);
        put_bytes(fixture, name, zip.data, zip.size);
}
#define PUT_PACKAGE(fixture, name, ...)                                                                      \
        put_package(fixture, name, (const struct zip_item[]){__VA_ARGS__},                                   \
                ARRAY_SIZE(((const struct zip_item[]){__VA_ARGS__})))

static inline void put_good_package(struct fixture *fixture, const char *name)
{
        PUT_PACKAGE(fixture, name, PACKAGE_ITEMS("3.0.2", "3.0.0-alpha"));
}

static inline void set_path(struct fixture *fixture, const char *key, const char *name)
{
        _cleanup_free_ char *path = fixture_path(fixture, name);
        fixture_set(fixture, key, path);
}

static inline void stage_succeeds(struct fixture *fixture, const struct stage *stage)
{
        _cleanup_error_ struct error err = {0};
        fixture->context.stage = stage;
        buffer_deinit(&said);
        if (stage->run(&fixture->context, &err) != STAGE_DONE)
                fail_msg("%s: %s: %s", stage->name, reason_name(err.reason), error_message(&err));
}

static inline void stage_fails(
        struct fixture *fixture, const struct stage *stage, enum reason reason, const char *part)
{
        _cleanup_error_ struct error err = {0};
        fixture->context.stage = stage;
        buffer_deinit(&said);
        if (stage->run(&fixture->context, &err) >= 0)
                fail_msg("%s went well, though: %s", stage->name, part);
        if (err.reason != reason || !strstr(error_message(&err), part))
                fail_msg("wanted %s \"%s\", got %s: %s", reason_name(reason), part, reason_name(err.reason),
                        error_message(&err));
        assert_acceptance_is_told(&err);
}

/* For dies_at: opens the checkpoint anew, as after a start, and runs the stage. 0: done, 1: failed. */
static inline int run_stage_anew(void *userdata)
{
        struct fixture *fixture = userdata;
        struct error err = {0};
        if (checkpoint_open(fixture->state, &fixture->context.checkpoint, &err) < 0)
                return 1;
        return fixture->context.stage->run(&fixture->context, &err) == STAGE_DONE ? 0 : 1;
}
