/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/checks_private.h"

#include "lib/files.h"
#include "lib/memory.h"

#include <string.h>

/* Source: upgrade_v3.php. */
#define LEAST_MEMORY (UINT64_C(256) << 20)
#define LEAST_SECONDS 240

static const char *configured_default(const char *name)
{
        const char *key, *value, *text;
        for (size_t i = 0; config_describe(i, &key, &value, &text); i++)
                if (strcmp(key, name) == 0)
                        return value;
        return NULL;
}

/* What Mautic 3 runs on: the package's own word, else that of the release which is configured by default.
 * False: the package is another one, and not here yet to be asked. */
static bool find_range(const struct checks *checks, const char **ret_oldest, const char **ret_newest)
{
        *ret_oldest = checks->package_known ? checks->package.minimum_php_version : MAUTIC_3_OLDEST_PHP;
        *ret_newest = checks->package_known ? checks->package.maximum_php_version : MAUTIC_3_NEWEST_PHP;
        return checks->package_known ||
               (checks->package_is_remote &&
                       string_equal(checks->config->package_url, configured_default("package.url")));
}

static bool is_needed(const struct checks *checks)
{
        return php_use_of(checks->config) == PHP_NEEDED;
}

static int find_php(struct checks *checks, struct error *err)
{
        const struct checks_options *options = checks->options;
        if (php_use_of(checks->config) == PHP_UNUSED) {
                int result = php_find(checks->config, &checks->php.path, err);
                return result > 0 ? error_set(err, REASON_PROGRAM_MISSING, "there is none at php.path")
                                  : result;
        }
        checks->php_known = php_probe(checks->config, options->keep_fds, options->keep_count, options->cancel,
                                    &checks->php, err) == 0;
        return checks->php_known ? 0 : -1;
}

void check_php_found(struct checks *checks, struct finding *finding)
{
        static const char advice[] =
                "Install the command line's PHP, in a version that Mautic 2 and 3 both run on (7.2 or 7.3), "
                "or "
                "set php.path. Or do without: with migrations.engine = native and cache.build = defer no PHP "
                "is started here, and the web server's alone must fit.";
        _cleanup_error_ struct error err = {0};
        const char *oldest, *newest;
        (void)find_range(checks, &oldest, &newest);
        if (find_php(checks, &err) == 0)
                finding_ok(finding, "%s%s%s%s", checks->php_known ? "PHP " : "",
                        checks->php_known ? checks->php.version : "",
                        checks->php_known ? " at " : "not needed, and not started: ", checks->php.path);
        else if (is_needed(checks))
                finding_error(finding, advice, "%s", error_message(&err));
        else
                finding_warning(finding, "See that the web server's PHP fits, then accept this.",
                        "no PHP of the command line: %s; none is needed here, but the web server's PHP must "
                        "be "
                        "%s to %s",
                        error_message(&err), oldest, newest);
}

/* Nobody here can look at it. */
static void tell_web_servers_version(struct checks *checks, struct finding *finding)
{
        const char *oldest, *newest;
        bool known = find_range(checks, &oldest, &newest);
        finding_warning(finding,
                "See it in phpinfo() or the web server's configuration, and change to such a PHP when the "
                "upgrade is done, as Mautic 2 stops at 7.3.",
                "the web server's PHP, which is not seen from here, must be %s to %s for Mautic 3%s", oldest,
                newest, known ? "" : ".0, and what the package that is configured says");
}

/* Mautic 3 refuses to start on a PHP that its metadata excludes. Whose metadata is not known before the
 * download can only be warned about. */
void check_php_version(struct checks *checks, struct finding *finding)
{
        static const char advice[] =
                "Install a PHP that both can run on, beside the present one if need be, and set "
                "php.path; the web server needs the same.";
        if (!checks->php_known) {
                tell_web_servers_version(checks, finding);
                return;
        }
        const char *version = checks->php.version, *oldest, *newest;
        bool known = find_range(checks, &oldest, &newest);
        bool fits = php_version_is_between(version, oldest, newest);
        if (!fits && !is_needed(checks))
                finding_warning(finding, "See that the web server's PHP is one of these, then accept this.",
                        "PHP %s; the web server's PHP must be %s to %s, and migrations are applied without "
                        "PHP",
                        version, oldest, newest);
        else if (!fits && known)
                finding_error(finding, advice, "PHP %s; Mautic 3 runs on %s to %s", version, oldest, newest);
        else if (!fits)
                finding_warning(finding, advice,
                        "PHP %s; Mautic 3.0 runs on %s to %s, and the package that is configured is not here "
                        "yet to be asked",
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

static void add_names(struct buffer *text, const char *const *names)
{
        for (; *names; names++)
                buffer_append_format(text, "%s%s", text->size ? ", " : "", *names);
}

static void tell_web_servers_extensions(const char *const *vital, const char *const *drivers,
        const char *const *used, struct finding *finding)
{
        _cleanup_buffer_ struct buffer needed = {0}, wanted = {0};
        add_names(&needed, vital);
        add_names(&needed, drivers);
        add_names(&wanted, used);
        finding_warning(finding, "See them in phpinfo(), then accept this.",
                "the web server's PHP, which is not seen from here, must have the extensions %s, and for "
                "what "
                "a site may use %s",
                needed.data, wanted.data);
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
        if (!checks->php_known)
                tell_web_servers_extensions(vital, drivers, used, finding);
        else if (errors.count > 0 && is_needed(checks))
                finding_error(finding, "Install them for the PHP of php.path: no console starts without.",
                        "%s lacks the extensions %s", checks->php.path, name_sample_text(&errors));
        else if (errors.count > 0 || warnings.count > 0)
                finding_warning(finding,
                        "Install them, for the web server's PHP too, or accept that this site needs none.",
                        "%s lacks extensions that Mautic 3 uses: %s%s%s", checks->php.path,
                        errors.count > 0 ? name_sample_text(&errors) : "",
                        errors.count > 0 && warnings.count > 0 ? ", " : "",
                        warnings.count > 0 ? name_sample_text(&warnings) : "");
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
        bool used = php_use_of(config) != PHP_UNUSED;
        if (used && memory_of(config->php_memory_limit ? config->php_memory_limit : "") < LEAST_MEMORY)
                finding_error(finding,
                        "Raise php.memory_limit to 256M or more: building the cache takes that.",
                        "php.memory_limit is %s",
                        config->php_memory_limit ? config->php_memory_limit : "not set");
        else if (used && config->console_timeout > 0 && config->console_timeout < LEAST_SECONDS)
                finding_warning(finding,
                        "Raise php.timeout to 240 s or more: a command that takes longer is ended.",
                        "php.timeout is %llu s", (unsigned long long)config->console_timeout);
        else if (string_equal(config->cache_build, "defer"))
                finding_warning(finding, "See them in phpinfo(), then accept this.",
                        "the first request to Mautic 3 builds its cache: the web server's PHP must have a "
                        "memory_limit of 256M or more and a max_execution_time of 240 s or more");
        else
                finding_ok(finding, "php.memory_limit %s, php.timeout %llu s", config->php_memory_limit,
                        (unsigned long long)config->console_timeout);
}
