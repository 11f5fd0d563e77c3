/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Which engine applies the migrations of a stage: migrations.engine, its auto, and what was begun already. */

#include "states/stage.h"

enum migration_engine {
        MIGRATION_ENGINE_CONSOLE, /* the site's own (states/console.h) */
        MIGRATION_ENGINE_NATIVE, /* states/native_migrations.h */
};

/* steps: the stage's journal. auto takes the console, but native where cache.build = defer needs no PHP and
 * that of php.path is none, or none that the Mautic in the root is made for. What the native engine has begun
 * it ends, even with auto; REASON_MIGRATION_INTERRUPTED when the configuration names the console then. */
int migration_engine_choose(struct stage_context *context, const struct step_list *steps,
        enum migration_engine *ret, struct error *err) _must_check;
