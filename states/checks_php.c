/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/checks_private.h"

#include "lib/files.h"
#include "lib/memory.h"

#include <string.h>

/* Source: composer.json of mautic/mautic 2.16.5 ("php": ">=5.6.19 <7.4") and app/release_metadata.json of
 * 3.0.2, which is what package.url names unless it is set. */
#define MAUTIC_2_OLDEST_PHP "5.6.19"
#define MAUTIC_2_NEWEST_PHP "7.3.99"
#define MAUTIC_3_OLDEST_PHP "7.2.21"
#define MAUTIC_3_NEWEST_PHP "7.3.99"
/* Source: upgrade_v3.php. */
#define LEAST_MEMORY (UINT64_C(256) << 20)
#define LEAST_SECONDS 240

void check_php_found(struct checks *checks, struct finding *finding)
{
        const struct checks_options *options = checks->options;
        _cleanup_error_ struct error err = {0};
        checks->php_known = php_probe(checks->config, options->keep_fds, options->keep_count, options->cancel,
                                    &checks->php, &err) == 0;
        if (!checks->php_known)
                finding_error(finding,
                        "Install the command line's PHP, in a version that Mautic 2 and 3 both run on (7.2 "
                        "or 7.3), "
                        "or set php.path.",
                        "%s", error_message(&err));
        else
                finding_ok(finding, "PHP %s at %s", checks->php.version, checks->php.path);
}

static const char *configured_default(const char *name)
{
        const char *key, *value, *text;
        for (size_t i = 0; config_describe(i, &key, &value, &text); i++)
                if (strcmp(key, name) == 0)
                        return value;
        return NULL;
}

/* Mautic 3 refuses to start on a PHP that its metadata excludes. Whose metadata is not known before the
 * download can only be warned about. */
void check_php_version(struct checks *checks, struct finding *finding)
{
        static const char advice[] =
                "Install a PHP that both can run on, beside the present one if need be, and set "
                "php.path; the web server needs the same.";
        const char *version = checks->php.version;
        bool known = checks->package_known ||
                     (checks->package_is_remote &&
                             string_equal(checks->config->package_url, configured_default("package.url")));
        const char *oldest =
                checks->package_known ? checks->package.minimum_php_version : MAUTIC_3_OLDEST_PHP;
        const char *newest =
                checks->package_known ? checks->package.maximum_php_version : MAUTIC_3_NEWEST_PHP;
        if (!php_version_is_between(version, oldest, newest) && known)
                finding_error(finding, advice, "PHP %s; Mautic 3 runs on %s to %s", version, oldest, newest);
        else if (!php_version_is_between(version, oldest, newest))
                finding_warning(finding, advice,
                        "PHP %s; Mautic 3.0 runs on %s to %s, and the package that is configured is not here "
                        "yet to be "
                        "asked",
                        version, oldest, newest);
        else if (!php_version_is_between(version, MAUTIC_2_OLDEST_PHP, MAUTIC_2_NEWEST_PHP))
                finding_warning(finding, advice,
                        "PHP %s; Mautic 2.16's console is made for " MAUTIC_2_OLDEST_PHP
                        " to " MAUTIC_2_NEWEST_PHP,
                        version);
        else
                finding_ok(finding, "PHP %s runs both", version);
}

static void add_missing(const struct checks *checks, const char *const *names, struct name_sample *missing)
{
        for (; *names; names++)
                if (!string_list_has(&checks->php.extensions, *names))
                        name_sample_add(missing, *names);
}

/* Source: app/bundles/InstallBundle/Configurator/Step/CheckStep.php and composer.json of 3.0.2. Without the
 * first no console starts; what the others are for depends on the site and its plugins. */
void check_php_extensions(struct checks *checks, struct finding *finding)
{
        static const char *const vital[] = {"ctype", "json", "pcre", "tokenizer", NULL};
        static const char *const used[] = {"curl", "dom", "fileinfo", "iconv", "imap", "intl", "mbstring",
                "openssl", "session", "simplexml", "xml", "zip", "zlib", NULL};
        const char *driver = checks->settings_known ? checks->settings.driver : NULL;
        const char *const drivers[] = {string_equal(driver, "mysqli") ? "mysqli" : "pdo_mysql", NULL};
        _cleanup_name_sample_ struct name_sample errors = {0}, warnings = {0};
        add_missing(checks, vital, &errors);
        add_missing(checks, drivers, &errors);
        add_missing(checks, used, &warnings);
        if (errors.count > 0)
                finding_error(finding, "Install them for the PHP of php.path: no console starts without.",
                        "%s lacks the extensions %s", checks->php.path, name_sample_text(&errors));
        else if (warnings.count > 0)
                finding_warning(finding,
                        "Install them, for the web server's PHP too, or accept that this site needs none.",
                        "%s lacks extensions that Mautic 3 uses: %s", checks->php.path,
                        name_sample_text(&warnings));
        else
                finding_ok(finding, "all that Mautic 3 asks for");
}

/* php.ini's shorthand: "512M", "1G", "-1" (none: UINT64_MAX). */
static uint64_t memory_of(const char *text)
{
        char *unit = NULL;
        long long value = strtoll(text, &unit, 10);
        if (value < 0)
                return UINT64_MAX;
        unsigned shift = *unit == 'G' || *unit == 'g'   ? 30
                         : *unit == 'M' || *unit == 'm' ? 20
                         : *unit == 'K' || *unit == 'k' ? 10
                                                        : 0;
        return (uint64_t)value << shift;
}

/* The consoles get these from the configuration (-d memory_limit); the command line's PHP has no
 * max_execution_time. */
void check_php_limits(struct checks *checks, struct finding *finding)
{
        const struct config *config = checks->config;
        if (memory_of(config->php_memory_limit ? config->php_memory_limit : "") < LEAST_MEMORY)
                finding_error(finding,
                        "Raise php.memory_limit to 256M or more: building the cache takes that.",
                        "php.memory_limit is %s",
                        config->php_memory_limit ? config->php_memory_limit : "not set");
        else if (config->console_timeout > 0 && config->console_timeout < LEAST_SECONDS)
                finding_warning(finding,
                        "Raise php.timeout to 240 s or more: a command that takes longer is ended.",
                        "php.timeout is %llu s", (unsigned long long)config->console_timeout);
        else
                finding_ok(finding, "php.memory_limit %s, php.timeout %llu s", config->php_memory_limit,
                        (unsigned long long)config->console_timeout);
}
