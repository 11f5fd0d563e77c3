/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * From 3.1 on Mautic has a generated column that no migration adds: the console does when it sees the command
 * doctrine:migrations:migrate, and Mautic's charts take it for granted on each server that can have it. Where
 * migrations are applied without the console, this adds it as Mautic would.
 * Sources (mautic/mautic 3.3.5): CoreBundle's MigrationCommandSubscriber, GeneratedColumnsProvider and
 * GeneratedColumn; EmailBundle's GeneratedColumnSubscriber, the only one in Mautic 3.
 */

#include "lib/database.h"
#include "states/stage.h"

/* Adds what the release in the root has and the database lacks: nothing where there is no such release,
 * server or table. What is there tells whether it is done, so it may be called again. */
int generated_columns_add(struct stage_context *context, struct database *database, const char *prefix,
        struct error *err) _must_check;
