/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Mautic's container as a migration may use it without PHP: the connection and the loggers (which change
 * nothing). Any other service stops the run by its name.
 */

#include "migrations-reader/php/host.h"

/* True for a service that the container gives without PHP. */
bool migration_service_is_known(const char *name);

void migration_container_register(struct php_run *run);
struct php_value migration_new_container(struct php_run *run);
struct php_value migration_new_factory(struct php_run *run); /* Mautic 2's MauticFactory */
