/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#include "lib/text.h"

#include <ctype.h>
#include <string.h>

static bool is_plain(char byte, bool raw)
{
        return (byte >= '0' && byte <= '9') || (php_lower(byte) >= 'a' && php_lower(byte) <= 'z') ||
               byte == '-' || byte == '_' || byte == '.' || (raw && byte == '~');
}

/* raw: RFC 3986; else as forms do, with "+" for a space. */
static void append_encoded(struct buffer *out, struct php_span text, bool raw)
{
        for (size_t i = 0; i < text.size; i++) {
                char byte = text.bytes[i];
                if (is_plain(byte, raw))
                        buffer_append(out, &byte, 1);
                else if (byte == ' ' && !raw)
                        buffer_append_string(out, "+");
                else
                        buffer_append_format(out, "%%%02X", (unsigned)(unsigned char)byte);
        }
}

static enum php_flow encode(struct php_run *run, struct php_call *call, bool raw)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        _cleanup_buffer_ struct buffer out = {0};
        TRY(php_argument_string(run, call, 0, &text));
        append_encoded(&out, php_span_of(text), raw);
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(encode_form)
{
        return encode(run, call, false);
}

PHP_FUNCTION(encode_raw)
{
        return encode(run, call, true);
}

static enum php_flow decode(struct php_run *run, struct php_call *call, bool raw)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        _cleanup_buffer_ struct buffer out = {0};
        TRY(php_argument_string(run, call, 0, &text));
        struct php_span span = php_span_of(text);
        for (size_t i = 0; i < span.size; i++) {
                char byte = span.bytes[i];
                if (byte == '+' && !raw) {
                        byte = ' ';
                } else if (byte == '%' && span.size - i > 2 && isxdigit((unsigned char)span.bytes[i + 1]) &&
                           isxdigit((unsigned char)span.bytes[i + 2])) {
                        byte = (char)(text_hex_digit(span.bytes[i + 1]) << 4 |
                                      text_hex_digit(span.bytes[i + 2]));
                        i += 2;
                }
                buffer_append(&out, &byte, 1);
        }
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(decode_form)
{
        return decode(run, call, false);
}

PHP_FUNCTION(decode_raw)
{
        return decode(run, call, true);
}

/* ---- queries ---- */

struct query {
        struct php_run *run;
        struct php_span prefix; /* before numbered names at the top */
        struct php_span separator;
        bool raw;
        struct buffer out;
};

static void query_deinit(struct query *query)
{
        buffer_deinit(&query->out);
}

static enum php_flow append_pair(struct query *query, struct php_span name, struct php_value value)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        if (value.type == PHP_TYPE_BOOL)
                text = php_text(value.boolean ? "1" : "0");
        else
                TRY(php_stringify(query->run, value, &text));
        if (query->out.size > 0)
                buffer_append(&query->out, query->separator.bytes, query->separator.size);
        buffer_append(&query->out, name.bytes, name.size);
        buffer_append_string(&query->out, "=");
        append_encoded(&query->out, php_span_of(text), query->raw);
        return PHP_OK;
}

static enum php_flow append_query(
        struct query *query, struct php_value array, const char *outer, unsigned depth)
{
        struct php_key key;
        struct php_value value;
        if (depth > 100)
                return php_needs_php(query->run, "an array nested so deeply");
        for (size_t at = 0; php_array_next(array, &at, &key, &value);) {
                _cleanup_buffer_ struct buffer name = {0};
                TRY(php_step(query->run));
                if (value.type == PHP_TYPE_NULL)
                        continue;
                if (value.type == PHP_TYPE_OBJECT)
                        return php_needs_php(query->run, "http_build_query() of an object");
                if (outer)
                        buffer_append_format(&name, "%s%%5B", outer);
                if (key.is_string)
                        append_encoded(&name, (struct php_span){key.bytes, key.size}, query->raw);
                if (!key.is_string && !outer)
                        append_encoded(&name, query->prefix, query->raw);
                if (!key.is_string)
                        buffer_append_format(&name, "%lld", (long long)key.integer);
                if (outer)
                        buffer_append_string(&name, "%5D");
                const char *text = name.data ? name.data : "";
                if (value.type == PHP_TYPE_ARRAY)
                        TRY(append_query(query, value, text, depth + 1));
                else
                        TRY(append_pair(query, (struct php_span){text, name.size}, value));
        }
        return PHP_OK;
}

PHP_FUNCTION(build_query)
{
        _cleanup_php_value_ struct php_value prefix = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value separator = PHP_NULL_VALUE;
        struct php_value array;
        int64_t encoding = 1;
        if (php_argument(call, 0).type != PHP_TYPE_ARRAY)
                return php_needs_php(run, "http_build_query() of an object");
        TRY(php_argument_array(run, call, 0, &array));
        TRY(php_optional_string(run, call, 1, "", &prefix));
        if (php_given_value(call, 2))
                TRY(php_argument_string(run, call, 2, &separator));
        else
                separator = php_text("&");
        TRY(php_optional_int(run, call, 3, &encoding));
        if (php_string_size(separator) == 0)
                return php_needs_php(run, "http_build_query() with an empty separator");
        _cleanup_(query_deinit) struct query query = {.run = run,
                .prefix = php_span_of(prefix),
                .separator = php_span_of(separator),
                .raw = encoding == 2};
        TRY(append_query(&query, array, NULL, 0));
        return php_return(call, php_from_buffer(&query.out));
}

/* ---- addresses ---- */

/* The parts in the order of PHP_URL_SCHEME and so on; size 0: absent. */
enum { SCHEME, HOST, PORT, USER, PASS, PATH, QUERY, FRAGMENT, PARTS };

struct address {
        struct php_span parts[PARTS];
        bool has[PARTS];
};

static struct php_span take_until(struct php_span *text, const char *ends)
{
        size_t size = 0;
        while (size < text->size && !strchr(ends, text->bytes[size]))
                size++;
        struct php_span taken = {text->bytes, size};
        *text = (struct php_span){text->bytes + size, text->size - size};
        return taken;
}

static void set_part(struct address *address, int part, struct php_span text)
{
        address->parts[part] = text;
        address->has[part] = true;
}

/* user:password@host:port */
static bool read_authority(struct address *address, struct php_span authority)
{
        const char *at = memrchr(authority.bytes, '@', authority.size);
        if (at) {
                struct php_span user = {authority.bytes, (size_t)(at - authority.bytes)};
                authority = (struct php_span){at + 1, authority.size - user.size - 1};
                set_part(address, USER, take_until(&user, ":"));
                if (user.size > 0)
                        set_part(address, PASS, (struct php_span){user.bytes + 1, user.size - 1});
        }
        set_part(address, HOST, take_until(&authority, ":"));
        if (authority.size > 0)
                set_part(address, PORT, (struct php_span){authority.bytes + 1, authority.size - 1});
        return address->parts[HOST].size > 0 && address->parts[HOST].bytes[0] != '[';
}

static bool is_scheme(struct php_span text)
{
        for (size_t i = 0; i < text.size; i++)
                if (!isalnum((unsigned char)text.bytes[i]) && !strchr("+-.", text.bytes[i]))
                        return false;
        return text.size > 0 && isalpha((unsigned char)text.bytes[0]);
}

/* The plain forms: scheme://authority/path?query#fragment and /path?query#fragment, each part of some size.
 * What else parse_url() accepts or refuses changed with PHP's versions. */
static bool read_address(struct php_span text, struct address *ret)
{
        *ret = (struct address){0};
        if (text.size == 0)
                return false;
        for (size_t i = 0; i < text.size; i++)
                if (text.bytes[i] <= ' ' || text.bytes[i] == 0x7f)
                        return false;
        const char *mark = memmem(text.bytes, text.size, "://", 3);
        if (text.size > 0 && text.bytes[0] != '/') {
                if (!mark)
                        return false;
                set_part(ret, SCHEME, (struct php_span){text.bytes, (size_t)(mark - text.bytes)});
                size_t taken = ret->parts[SCHEME].size + 3;
                text = (struct php_span){text.bytes + taken, text.size - taken};
                if (!is_scheme(ret->parts[SCHEME]) || !read_authority(ret, take_until(&text, "/?#")))
                        return false;
        } else if (text.size > 1 && text.bytes[1] == '/') {
                return false;
        }
        struct php_span path = take_until(&text, "?#");
        if (path.size > 0)
                set_part(ret, PATH, path);
        if (text.size > 0 && *text.bytes == '?') {
                text = (struct php_span){text.bytes + 1, text.size - 1};
                set_part(ret, QUERY, take_until(&text, "#"));
        }
        if (text.size > 0)
                set_part(ret, FRAGMENT, (struct php_span){text.bytes + 1, text.size - 1});
        for (int i = 0; i < PARTS; i++)
                if (ret->has[i] && ret->parts[i].size == 0 && i != USER && i != PASS)
                        return false;
        return true;
}

static bool read_port(struct php_span text, int64_t *ret)
{
        *ret = 0;
        for (size_t i = 0; i < text.size; i++) {
                if (!isdigit((unsigned char)text.bytes[i]) || text.size > 5)
                        return false;
                *ret = *ret * 10 + (text.bytes[i] - '0');
        }
        return *ret > 0 && *ret <= 65535;
}

PHP_FUNCTION(parse_address)
{
        static const char *const names[PARTS] = {
                "scheme", "host", "port", "user", "pass", "path", "query", "fragment"};
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        int64_t wanted = -1;
        int64_t port = 0;
        struct address address;
        TRY(php_argument_string(run, call, 0, &text));
        TRY(php_optional_int(run, call, 1, &wanted));
        if (!read_address(php_span_of(text), &address) ||
                (address.has[PORT] && !read_port(address.parts[PORT], &port)) || wanted < -1 ||
                wanted >= PARTS)
                return php_needs_php(run, "parse_url() of an unusual address");
        _cleanup_php_value_ struct php_value parts = php_new_array();
        for (int i = 0; i < PARTS; i++)
                if (address.has[i])
                        php_array_set_text(&parts, names[i],
                                i == PORT ? php_int(port) : php_span_value(address.parts[i]));
        if (wanted < 0)
                return php_return(call, php_steal(&parts));
        const struct php_value *part = php_array_get_text(parts, names[wanted]);
        return php_return(call, part ? php_copy(*part) : PHP_NULL_VALUE);
}

const struct php_host_function php_functions_url[] = {
        {"http_build_query", build_query, 1, 4, 0, "data,numeric_prefix,arg_separator,encoding_type"},
        {"parse_url", parse_address, 1, 2, 0, "url,component"},
        {"rawurldecode", decode_raw, 1, 1, 0, "string"},
        {"rawurlencode", encode_raw, 1, 1, 0, "string"},
        {"urldecode", decode_form, 1, 1, 0, "string"},
        {"urlencode", encode_form, 1, 1, 0, "string"},
        {0},
};
