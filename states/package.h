/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The Mautic 3 package: where it comes from, and what it says about itself. Changes nothing; any thread. */

#include "lib/archive.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/site.h"

#include <stdbool.h>
#include <sys/stat.h>

/* The id of preflight's warning, and of what has to be accepted, for a package that jumps over releases. */
#define WARNING_PACKAGE_JUMP "package_jump"
/* The same for sources in place of a release: they hold no vendor/autoload.php, without which no console of
 * Mautic 3 starts (app/autoload.php, the same at 3.0.0 and 3.3.5). */
#define WARNING_PACKAGE_VENDOR "package_vendor"

enum package_source_kind {
        PACKAGE_PLACED, /* by hand, in the site's root: goes before all else */
        PACKAGE_FILE, /* package.file */
        PACKAGE_URL, /* package.url */
};

struct package_source {
        enum package_source_kind kind;
        int folder_fd; /* the folder it lies in, or -1 for a URL */
        char *name; /* its name there, or the URL */
        struct stat status; /* not for a URL */
        char *shown; /* for messages: path or address, without secrets */
        char *identity; /* the same text: the same bytes, as far as can be told without reading them */
};

/* Finds what the package would come from now. REASON_PACKAGE_NOT_FOUND (package.file is not there, nothing is
 * configured), REASON_PACKAGE_DAMAGED (no regular file), REASON_PERMISSION_DENIED. */
int package_source_find(const struct config *config, int root_fd, const char *root,
        struct package_source *ret, struct error *err) _must_check;
void package_source_deinit(struct package_source *source);
#define _cleanup_package_source_ _cleanup_(package_source_deinit)

struct package {
        struct archive *archive;
        struct release_metadata metadata;
        bool lacks_vendor;
        bool jump; /* its minimum_mautic_version is above 3.0.x: releases in between are left out */
};

/* Opens a package below dir_fd with the limits of the configuration and reads app/release_metadata.json in
 * it. REASON_PACKAGE_DAMAGED, REASON_PACKAGE_HOSTILE, and REASON_PACKAGE_WRONG_VERSION when it is no Mautic
 * or older than Mautic 3. */
int package_open(int dir_fd, const char *path, const struct config *config, struct package *ret,
        struct error *err) _must_check;
void package_deinit(struct package *package);
#define _cleanup_package_ _cleanup_(package_deinit)
