/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/migration_engine.h"

#include "lib/memory.h"
#include "states/native_migrations.h"
#include "states/php.h"

#include <string.h>

/* What the native engine has begun and not ended; NULL: nothing. */
static const struct step_record *find_native_try(const struct step_list *steps)
{
        for (size_t i = 0; i < steps->count; i++) {
                const struct step_record *step = &steps->items[i];
                if (!step->done && step->action && string_begins(step->action, NATIVE_STEP_PREFIX))
                        return step;
        }
        return NULL;
}

/* Whether the PHP of the command line is one that the Mautic in the root is made for. */
static int php_fits(struct stage_context *context, bool *ret, struct error *err)
{
        _cleanup_php_facts_ struct php_facts php = {0};
        _cleanup_release_metadata_ struct release_metadata release = {0};
        _cleanup_error_ struct error problem = {0};
        *ret = false;
        if (php_probe(context->config, context->lock_fds, context->lock_count, context->cancel, &php,
                    &problem) < 0) {
                stage_log(context, LOG_LEVEL_INFO, "No PHP to run the console with: %s.",
                        error_message(&problem));
                return cancel_check(context->cancel, err);
        }
        const char *oldest = MAUTIC_2_OLDEST_PHP, *newest = MAUTIC_2_NEWEST_PHP;
        if (context->site->kind == SITE_MAUTIC_3) {
                int result = site_load_release(context->site, &release, err);
                if (result != 0)
                        return result < 0 ? -1
                                          : error_set(err, REASON_EVIDENCE_CONTRADICTS,
                                                    "app/release_metadata.json went away");
                oldest = release.minimum_php_version;
                newest = release.maximum_php_version;
        }
        *ret = php_version_is_between(php.version, oldest, newest);
        if (!*ret)
                stage_log(context, LOG_LEVEL_INFO,
                        "%s is PHP %s, and this Mautic's console is made for %s to %s.", php.path,
                        php.version, oldest, newest);
        return 0;
}

/* Begun natively, a migration is ended natively: its statements are in the journal, and no console knows
 * them. */
int migration_engine_choose(struct stage_context *context, const struct step_list *steps,
        enum migration_engine *ret, struct error *err)
{
        const struct config *config = context->config;
        const struct step_record *begun = find_native_try(steps);
        if (begun && string_equal(config->migrations_engine, "console"))
                return error_set(err, REASON_MIGRATION_INTERRUPTED,
                        "a migration was begun by the native engine and has not ended (%s): set "
                        "migrations.engine = native and resume, which ends it",
                        begun->detail ? begun->detail : begun->action);
        bool fits = true;
        if (!begun && php_use_of(config) == PHP_OPTIONAL && php_fits(context, &fits, err) < 0)
                return -1;
        *ret = begun || !fits || string_equal(config->migrations_engine, "native") ? MIGRATION_ENGINE_NATIVE
                                                                                   : MIGRATION_ENGINE_CONSOLE;
        return 0;
}
