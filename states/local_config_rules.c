/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/local_config_rules.h"

#include "lib/memory.h"
#include "lib/text.h"

#include <string.h>

enum condition {
        WHEN_SET, /* the key is there, null too */
        WHEN_NULL,
        WHEN_NOT_EMPTY, /* PHP's !empty(): neither null, false, 0, "", "0" nor an empty array */
        WHEN_EQUAL, /* the string is exactly `text` */
        WHEN_CONTAINING, /* each `text` in the string becomes `change` */
};

struct rule {
        const char *key;
        enum condition condition;
        const char *text;
        const char *change; /* PHP source, for WHEN_CONTAINING plain text; NULL: the key goes */
};

static const struct rule rules[] = {
        {"api_rate_limiter_cache", WHEN_NOT_EMPTY, NULL, "['adapter' => 'cache.adapter.filesystem']"},
        {"mailer_transport", WHEN_EQUAL, "mail", "'sendmail'"},
        {"system_update_url", WHEN_EQUAL,
                "https://updates.mautic.org/index.php?option=com_mauticdownload&task=checkUpdates",
                "'https://api.github.com/repos/mautic/mautic/releases'"},
        {"dev_hosts", WHEN_NULL, NULL, "[]"},
        {"theme", WHEN_EQUAL, "Mauve", "'blank'"},
        {"track_by_fingerprint", WHEN_SET, NULL, NULL},
        {"webhook_start", WHEN_SET, NULL, NULL},
        {"cache_path", WHEN_CONTAINING, "/app/cache", "/app/../var/cache"},
        {"log_path", WHEN_CONTAINING, "/app/logs", "/app/../var/logs"},
        {"tmp_path", WHEN_CONTAINING, "/app/cache", "/app/../var/tmp"},
        {"mailer_spool_path", WHEN_CONTAINING, "%kernel.root_dir%/spool", "%kernel.root_dir%/../var/spool"},
        {"db_server_version", WHEN_SET, NULL, "'5.7'"},
};

static bool is_empty_array(const struct local_config *config, const char *key)
{
        const struct php_tree *tree;
        TSNode value;
        if (local_config_value(config, key, &tree, &value) != 0 ||
                !php_node_is(value, "array_creation_expression"))
                return false;
        _cleanup_php_nodes_ struct php_nodes elements = {0};
        php_named_children(value, &elements);
        return elements.count == 0;
}

/* What the rule makes of a value: *ret_source is its new PHP source, NULL to remove it. 1: nothing to do. */
static int apply_to_text(const struct rule *rule, const char *text, char **ret_source)
{
        switch (rule->condition) {
        case WHEN_SET:
                break;
        case WHEN_NULL:
                return 1;
        case WHEN_NOT_EMPTY:
                if (*text == '\0' || string_equal(text, "0"))
                        return 1;
                break;
        case WHEN_EQUAL:
                if (!string_equal(text, rule->text))
                        return 1;
                break;
        case WHEN_CONTAINING: {
                if (!strstr(text, rule->text))
                        return 1;
                _cleanup_free_ char *changed = text_replace(text, rule->text, rule->change);
                *ret_source = local_config_quote(changed);
                return 0;
        }
        }
        *ret_source = string_copy(rule->change);
        return 0;
}

/* The same for what has no text: null, or an expression. */
static int apply_to_other(struct stage_context *context, const struct local_config *config,
        const struct rule *rule, bool is_null, char **ret_source)
{
        switch (rule->condition) {
        case WHEN_SET:
                break;
        case WHEN_NULL:
                if (!is_null)
                        return 1;
                break;
        case WHEN_NOT_EMPTY:
                if (is_null || is_empty_array(config, rule->key))
                        return 1;
                break;
        case WHEN_EQUAL:
        case WHEN_CONTAINING:
                if (!is_null && context)
                        stage_log(context, LOG_LEVEL_WARNING,
                                "%s: %s is no constant and stays as it is; see yourself that it fits Mautic "
                                "3",
                                context->site->paths.local_config, rule->key);
                return 1;
        }
        *ret_source = string_copy(rule->change);
        return 0;
}

/* 0: edited; 1: nothing to do. */
static int apply_rule(struct stage_context *context, struct local_config *config, const struct rule *rule,
        struct error *err)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_free_ char *source = NULL;
        int result = 1;
        enum local_config_presence presence = local_config_presence(config, rule->key);
        switch (presence) {
        case LOCAL_CONFIG_ABSENT:
                return 1;
        case LOCAL_CONFIG_CONSTANT:
                if (local_config_get(config, rule->key, &text, err) < 0)
                        return -1;
                result = apply_to_text(rule, text, &source);
                break;
        case LOCAL_CONFIG_NULL:
        case LOCAL_CONFIG_EXPRESSION:
                result = apply_to_other(context, config, rule, presence == LOCAL_CONFIG_NULL, &source);
                break;
        }
        if (result != 0)
                return result;
        return source ? local_config_replace(config, rule->key, source, err)
                      : local_config_remove(config, rule->key, err);
}

int local_config_rules_apply(
        struct stage_context *context, struct local_config *config, char **ret_keys, struct error *err)
{
        _cleanup_buffer_ struct buffer keys = {0};
        for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
                int result = apply_rule(context, config, &rules[i], err);
                if (result < 0)
                        return -1;
                if (result == 0)
                        buffer_append_format(&keys, "%s%s", keys.size ? ", " : "", rules[i].key);
        }
        *ret_keys = buffer_steal(&keys);
        return 0;
}
