/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A parameter of Mautic's configuration, for migrations that ask the container for it: local.php's value,
 * else the default that a bundle of the release gives it. Source: mautic/mautic 3.3.5
 * app/bundles/CoreBundle/Loader/ParameterLoader.php; the bundles' defaults are 'parameters' of the array that
 * app/bundles/<Bundle>/Config/config.php returns.
 */

#include "lib/error.h"
#include "lib/site.h"
#include "migrations-reader/planner.h"

/* site: a struct site. As struct migration_world has it. */
int site_parameter(void *site, const char *name, struct php_value *ret, struct error *err) _must_check;

/* The settings for planning this site's migrations, all but the schema. site, prefix and database are
 * borrowed. */
int site_planner_settings(struct site *site, const char *prefix, struct database *database,
        struct planner_settings *ret, struct error *err) _must_check;
