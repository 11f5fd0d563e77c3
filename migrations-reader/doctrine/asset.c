/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/objects.h"

#include "migrations-reader/doctrine/keywords.h"

#include <ctype.h>
#include <string.h>
#include <zlib.h>

void asset_deinit(struct asset *asset)
{
        free(asset->name);
        free(asset->space);
        *asset = (struct asset){0};
}

void asset_copy(struct asset *to, const struct asset *from)
{
        to->name = string_copy(from->name);
        to->space = string_copy(from->space);
        to->quoted = from->quoted;
}

bool name_is_quoted(const char *name)
{
        return *name == '`' || *name == '"' || *name == '[';
}

char *name_trim(const char *name)
{
        char *trimmed = memory_new(strlen(name) + 1), *end = trimmed;

        for (; *name; name++)
                if (!strchr("`\"[]", *name))
                        *end++ = *name;
        return trimmed;
}

/* PHP 8 lowers ASCII only; so does PHP 7 without a locale of its own. */
static char *lower(char *text)
{
        for (char *at = text; *at; at++)
                if (*at >= 'A' && *at <= 'Z')
                        *at = (char)(*at + ('a' - 'A'));
        return text;
}

char *name_normalize(const char *name)
{
        return lower(name_trim(name));
}

/* A former namespace and former quotes stay, as Doctrine leaves them when a table is renamed. */
void asset_set_name(struct asset *asset, const char *name)
{
        _cleanup_free_ char *trimmed = NULL;
        char *dot, *end;

        if (!name) {
                string_replace(&asset->name, NULL);
                return;
        }
        if (name_is_quoted(name)) {
                asset->quoted = true;
                trimmed = name_trim(name);
        } else
                trimmed = string_copy(name);
        dot = strchr(trimmed, '.');
        if (!dot) {
                string_replace(&asset->name, steal(&trimmed));
                return;
        }
        *dot = '\0';
        end = strchr(dot + 1, '.');
        if (end)
                *end = '\0';
        string_replace(&asset->space, string_copy(trimmed));
        string_replace(&asset->name, string_copy(dot + 1));
}

char *asset_name(const struct asset *asset)
{
        const char *name = asset->name ? asset->name : "";

        if (asset->space && *asset->space && strcmp(asset->space, "0") != 0)
                return string_format("%s.%s", asset->space, name);
        return string_copy(name);
}

struct php_value name_value(const struct asset *asset)
{
        _cleanup_free_ char *name = NULL;

        if (!asset->name)
                return PHP_NULL_VALUE;
        name = asset_name(asset);
        return php_text(name);
}

char *platform_quote_single(const char *name)
{
        struct buffer out = {0};

        buffer_append_string(&out, "`");
        for (; *name; name++)
                buffer_append(&out, *name == '`' ? "``" : name, *name == '`' ? 2 : 1);
        buffer_append_string(&out, "`");
        return buffer_steal(&out);
}

/* Each part of a dotted name through `quote`. */
static char *quote_parts(const char *name, const struct platform *platform, bool always)
{
        struct buffer out = {0};

        for (;;) {
                const char *dot = strchr(name, '.');
                size_t size = dot ? (size_t)(dot - name) : strlen(name);
                _cleanup_free_ char *part = memory_copy(name, size), *quoted = NULL;

                if (always || keyword_is_reserved(part, platform->keywords))
                        quoted = platform_quote_single(part);
                buffer_append_string(&out, quoted ? quoted : part);
                if (!dot)
                        return buffer_steal(&out);
                buffer_append_string(&out, ".");
                name = dot + 1;
        }
}

char *platform_quote_name(const char *name)
{
        return quote_parts(name, NULL, true);
}

char *asset_quoted_name(const struct asset *asset, const struct platform *platform)
{
        _cleanup_free_ char *name = asset_name(asset);

        return quote_parts(name, platform, asset->quoted);
}

char *name_quoted(const char *name, const struct platform *platform)
{
        _cleanup_asset_ struct asset identifier = {0};

        asset_set_name(&identifier, name);
        return asset_quoted_name(&identifier, platform);
}

static void append_crc(struct buffer *out, const char *name)
{
        buffer_append_format(out, "%lx", crc32(0, (const Bytef *)name, (uInt)strlen(name)));
}

char *name_generate(const char *first, char *const *names, const char *prefix, size_t longest)
{
        struct buffer out = {0};

        buffer_append_format(&out, "%s_", prefix);
        append_crc(&out, first);
        for (; *names; names++)
                append_crc(&out, *names);
        if (out.size > longest)
                out.data[out.size = longest] = '\0';
        for (char *at = out.data; *at; at++)
                *at = (char)toupper((unsigned char)*at);
        return buffer_steal(&out);
}

/* ---- Doctrine\DBAL\Schema\AbstractAsset and Identifier ---- */

static enum php_flow get_name(struct php_run *run, struct php_call *call)
{
        return php_return(call, name_value(call->this_host));
}

static enum php_flow get_quoted_name(struct php_run *run, struct php_call *call)
{
        struct platform *platform = platform_of(run, php_argument(call, 0));
        _cleanup_free_ char *name = NULL;

        if (!platform)
                return php_needs_php(run, "getQuotedName() for a platform that is not MySQL's");
        name = asset_quoted_name(call->this_host, platform);
        return php_return(call, php_text(name));
}

static enum php_flow is_quoted(struct php_run *run, struct php_call *call)
{
        const struct asset *asset = call->this_host;

        return php_return(call, php_bool(asset->quoted));
}

static enum php_flow get_namespace_name(struct php_run *run, struct php_call *call)
{
        const struct asset *asset = call->this_host;

        return php_return(call, asset->space ? php_text(asset->space) : PHP_NULL_VALUE);
}

static enum php_flow is_in_default_namespace(struct php_run *run, struct php_call *call)
{
        const struct asset *asset = call->this_host;
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        return php_return(call, php_bool(!asset->space || strcmp(asset->space, name) == 0));
}

static enum php_flow get_shortest_name(struct php_run *run, struct php_call *call)
{
        const struct asset *asset = call->this_host;
        _cleanup_free_ char *space = NULL, *name = asset_name(asset);

        TRY(text_argument(run, call, 0, &space));
        if (asset->space && strcmp(asset->space, space) == 0)
                string_replace(&name, string_copy(asset->name ? asset->name : ""));
        return php_return(call, php_text(lower(name)));
}

static enum php_flow get_full_qualified_name(struct php_run *run, struct php_call *call)
{
        const struct asset *asset = call->this_host;
        _cleanup_free_ char *space = NULL, *name = asset_name(asset);

        TRY(text_argument(run, call, 0, &space));
        if (!asset->space || !*asset->space)
                string_replace(&name, string_format("%s.%s", space, name));
        return php_return(call, php_text(lower(name)));
}

static enum php_flow construct_identifier(struct php_run *run, struct php_call *call)
{
        struct asset *asset;
        bool quote = php_truth(php_argument(call, 1));
        _cleanup_free_ char *name = NULL;

        TRY(text_argument(run, call, 0, &name));
        asset = memory_new(sizeof(*asset));
        asset_set_name(asset, name);
        if (quote)
                asset->quoted = true;
        php_set_host_data(call->this, asset);
        return PHP_OK;
}

static void identifier_free(void *host)
{
        if (host)
                asset_deinit(host);
        free(host);
}

static const struct doctrine_method asset_methods[] = {
        {{"getName", get_name, 0, PHP_ANY}},
        {{"getQuotedName", get_quoted_name, 1, PHP_ANY}},
        {{"isQuoted", is_quoted, 0, PHP_ANY}},
        {{"getNamespaceName", get_namespace_name, 0, PHP_ANY}},
        {{"isInDefaultNamespace", is_in_default_namespace, 1, PHP_ANY}},
        {{"getShortestName", get_shortest_name, 1, PHP_ANY}},
        {{"getFullQualifiedName", get_full_qualified_name, 1, PHP_ANY}},
        {{NULL}},
};

const struct doctrine_class asset_classes[] = {
        {{.name = DBAL "Schema\\AbstractAsset", .is_abstract = true}, asset_methods},
        {{.name = DBAL "Schema\\Identifier",
                .parent = DBAL "Schema\\AbstractAsset",
                .construct = construct_identifier,
                .release = identifier_free}},
        {{.name = DBAL "Schema\\Constraint", .is_abstract = true}},
        {{NULL}},
};
