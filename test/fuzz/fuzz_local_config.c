/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * local.php, hostile: whatever is understood can be edited, and the edit is proven by reading it back. A
 * render that fails, or changes what was not edited, is a finding.
 */

#include "lib/local_config.h"

#include "lib/memory.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const keys[] = {"k", "theme", "cache_path", "webhook_start"};

static void must_render(const struct local_config *config, char **ret_data, size_t *ret_size)
{
        _cleanup_error_ struct error err = {0};
        if (local_config_render(config, ret_data, ret_size, &err) == 0)
                return;
        fprintf(stderr, "%s\n", error_message(&err));
        abort();
}

static void must_stay_the_same(const struct local_config *config, const uint8_t *data, size_t size)
{
        _cleanup_free_ char *same = NULL;
        size_t same_size = 0;
        must_render(config, &same, &same_size);
        if (same_size != size || (size > 0 && memcmp(same, data, size) != 0))
                abort();
}

static void ask(const struct local_config *config)
{
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_free_ char *text = NULL;
                int result = local_config_get(config, keys[i], &text, &err);
                enum local_config_presence presence = local_config_presence(config, keys[i]);
                if ((result == 1) != (presence == LOCAL_CONFIG_ABSENT || presence == LOCAL_CONFIG_NULL))
                        abort();
        }
}

/* The bits of choice say which keys are replaced and which removed. */
static void edit(struct local_config *config, unsigned choice)
{
        for (size_t i = 0; i < ARRAY_SIZE(keys); i++, choice >>= 2) {
                _cleanup_error_ struct error err = {0};
                int result = 0;
                if (choice & 1)
                        result = local_config_replace(config, keys[i], "'it\\'s'", &err);
                else if (choice & 2)
                        result = local_config_remove(config, keys[i], &err);
                if (result < 0 && err.reason != REASON_LOCAL_CONFIG_UNREADABLE)
                        abort();
        }
        _cleanup_free_ char *edited = NULL;
        size_t size = 0;
        must_render(config, &edited, &size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(local_config_freep) struct local_config *config = NULL;
        if (local_config_parse((const char *)data, size, &config, &err) < 0) {
                if (err.reason != REASON_LOCAL_CONFIG_UNREADABLE)
                        abort();
                return 0;
        }
        must_stay_the_same(config, data, size);
        ask(config);
        unsigned choice = 0;
        for (size_t i = 0; i < size; i++)
                choice = choice * 31 + data[i];
        edit(config, choice);
        edit(config, 0xaa); /* everything removed */
        return 0;
}
