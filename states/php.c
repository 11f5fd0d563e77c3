/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/php.h"

#include "lib/memory.h"
#include "lib/process.h"
#include "lib/site.h"

#include <ctype.h>
#include <string.h>

#define PROBE_TIME_LIMIT_MS 30000

/* One "name value" a line; no JSON, for its extension may be missing. The marks keep apart what an
 * auto_prepend_file or a start-up warning prints. */
static const char probe[] =
        "echo \"\\n@version \", PHP_VERSION,"
        "\"\\n@memory_limit \", ini_get('memory_limit'),"
        "\"\\n@disable_functions \", ini_get('disable_functions'), \"\\n\";"
        "foreach (get_loaded_extensions() as $name) { echo '@extension ', $name, \"\\n\"; }";

enum php_use php_use_of(const struct config *config)
{
        if (string_equal(config->migrations_engine, "console") || !string_equal(config->cache_build, "defer"))
                return PHP_NEEDED;
        return string_equal(config->migrations_engine, "native") ? PHP_UNUSED : PHP_OPTIONAL;
}

void php_facts_deinit(struct php_facts *facts)
{
        free(facts->path);
        free(facts->version);
        free(facts->memory_limit);
        free(facts->disabled_functions);
        string_list_deinit(&facts->extensions);
        *facts = (struct php_facts){0};
}

/* "8.2.29-1+deb12u1" is 8.2.29. */
static char *plain_version(const char *version)
{
        return memory_copy(version, strspn(version, "0123456789."));
}

static void take_line(struct php_facts *facts, char *line)
{
        char *value = strchr(line, ' ');
        if (line[0] != '@' || !value)
                return;
        *value++ = '\0';
        if (strcmp(line, "@version") == 0)
                string_replace(&facts->version, plain_version(value));
        else if (strcmp(line, "@memory_limit") == 0)
                string_replace(&facts->memory_limit, string_copy(value));
        else if (strcmp(line, "@disable_functions") == 0)
                string_replace(&facts->disabled_functions, string_copy(value));
        else if (strcmp(line, "@extension") == 0) {
                for (char *letter = value; *letter; letter++)
                        *letter = (char)tolower((unsigned char)*letter);
                string_list_add(&facts->extensions, value);
        }
}

int php_find(const struct config *config, char **ret_path, struct error *err)
{
        return config->php ? process_find(config->php, ret_path, err) : 1;
}

int php_probe(const struct config *config, const int *keep_fds, size_t keep_count, struct cancel *cancel,
        struct php_facts *ret, struct error *err)
{
        _cleanup_php_facts_ struct php_facts facts = {0};
        int found = php_find(config, &facts.path, err);
        if (found < 0)
                return -1;
        if (found > 0)
                return error_set(err, REASON_PROGRAM_MISSING, "the PHP of php.path, %s, is not there",
                        config->php ? config->php : "which is empty");
        const char *const arguments[] = {facts.path, "-r", probe, NULL};
        const struct process_options options = {
                .arguments = arguments,
                .keep_fds = keep_fds,
                .keep_count = keep_count,
                .time_limit_ms = PROBE_TIME_LIMIT_MS,
                .cancel = cancel,
        };
        _cleanup_process_result_ struct process_result result = {0};
        if (process_run(&options, &result, err) < 0)
                return -1;
        if (result.status != 0)
                return process_failed(facts.path, &result, err);
        char *rest = result.output;
        for (char *line; (line = strsep(&rest, "\n"));)
                take_line(&facts, line);
        if (!facts.version || !facts.version[0])
                return error_set(
                        err, REASON_PROGRAM_FAILED, "%s doesn't tell its version: is it PHP?", facts.path);
        *ret = facts;
        facts = (struct php_facts){0};
        return 0;
}

bool php_version_is_between(const char *version, const char *oldest, const char *newest)
{
        return site_version_compare(version, oldest) >= 0 && site_version_compare(version, newest) <= 0;
}
