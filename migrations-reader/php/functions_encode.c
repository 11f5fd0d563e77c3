/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#include "lib/text.h"

#include <openssl/evp.h>
#include <string.h>
#include <zlib.h>

/* ---- digests ---- */

/* A digest as hexadecimal digits, or as its bytes. */
static struct php_value digest_value(const unsigned char *bytes, size_t size, bool binary)
{
        if (binary)
                return php_bytes((const char *)bytes, size);
        _cleanup_buffer_ struct buffer out = {0};
        buffer_append_hex(&out, bytes, size);
        return php_from_buffer(&out);
}

static enum php_flow digest(struct php_run *run, const EVP_MD *algorithm, struct php_span text, bool binary,
        struct php_value *ret)
{
        unsigned char bytes[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        if (!algorithm || EVP_Digest(text.bytes, text.size, bytes, &size, algorithm, NULL) != 1)
                return php_needs_php(run, "a digest that libcrypto does not compute here");
        *ret = digest_value(bytes, size, binary);
        return PHP_OK;
}

static uint32_t crc_of(struct php_span text)
{
        return (uint32_t)crc32_z(0, (const unsigned char *)text.bytes, text.size);
}

static enum php_flow digest_argument(struct php_run *run, struct php_call *call, const EVP_MD *algorithm)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        bool binary = false;
        TRY(php_argument_string(run, call, 0, &text));
        TRY(php_optional_bool(run, call, 1, &binary));
        return digest(run, algorithm, php_span_of(text), binary, call->ret);
}

PHP_FUNCTION(md5_digest)
{
        return digest_argument(run, call, EVP_md5());
}

PHP_FUNCTION(sha1_digest)
{
        return digest_argument(run, call, EVP_sha1());
}

PHP_FUNCTION(crc32_sum)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        return php_return(call, php_int(crc_of(php_span_of(text))));
}

static const EVP_MD *algorithm_of(struct php_value name)
{
        static const struct {
                const char *name;
                const EVP_MD *(*get)(void);
        } algorithms[] = {
                {"md5", EVP_md5},
                {"sha1", EVP_sha1},
                {"sha224", EVP_sha224},
                {"sha256", EVP_sha256},
                {"sha384", EVP_sha384},
                {"sha512", EVP_sha512},
        };
        for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++)
                if (php_string_is(name, algorithms[i].name))
                        return algorithms[i].get();
        return NULL;
}

PHP_FUNCTION(hash_text)
{
        _cleanup_php_value_ struct php_value name = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value lowered = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        bool binary = false;
        TRY(php_argument_string(run, call, 0, &name));
        TRY(php_argument_string(run, call, 1, &text));
        TRY(php_optional_bool(run, call, 2, &binary));
        lowered = php_lowered(name);
        if (php_string_is(lowered, "crc32b")) {
                uint32_t sum = crc_of(php_span_of(text));
                const unsigned char bytes[] = {(unsigned char)(sum >> 24), (unsigned char)(sum >> 16),
                        (unsigned char)(sum >> 8), (unsigned char)sum};
                return php_return(call, digest_value(bytes, sizeof(bytes), binary));
        }
        const EVP_MD *algorithm = algorithm_of(lowered);
        if (!algorithm)
                return php_needs_php(run, "hash() with the algorithm %s", php_string_bytes(name));
        return digest(run, algorithm, php_span_of(text), binary, call->ret);
}

/* ---- hexadecimal and Base64 ---- */

PHP_FUNCTION(to_hex)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        return php_return(call,
                digest_value((const unsigned char *)php_string_bytes(text), php_string_size(text), false));
}

PHP_FUNCTION(from_hex)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        struct php_span span = php_span_of(text);
        _cleanup_buffer_ struct buffer out = {0};
        if (span.size % 2 != 0)
                return php_needs_php(run, "hex2bin() of an odd number of digits");
        for (size_t i = 0; i < span.size; i += 2) {
                int high = text_hex_digit(span.bytes[i]);
                int low = text_hex_digit(span.bytes[i + 1]);
                if (high < 0 || low < 0)
                        return php_needs_php(run, "hex2bin() of what is no hexadecimal number");
                char byte = (char)(high << 4 | low);
                buffer_append(&out, &byte, 1);
        }
        return php_return(call, php_from_buffer(&out));
}

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

PHP_FUNCTION(to_base64)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        struct php_span span = php_span_of(text);
        _cleanup_buffer_ struct buffer out = {0};
        for (size_t i = 0; i < span.size; i += 3) {
                size_t left = span.size - i;
                uint32_t bits = (uint32_t)(unsigned char)span.bytes[i] << 16;
                if (left > 1)
                        bits |= (uint32_t)(unsigned char)span.bytes[i + 1] << 8;
                if (left > 2)
                        bits |= (unsigned char)span.bytes[i + 2];
                const char group[] = {base64_digits[bits >> 18], base64_digits[bits >> 12 & 63],
                        left > 1 ? base64_digits[bits >> 6 & 63] : '=',
                        left > 2 ? base64_digits[bits & 63] : '='};
                buffer_append(&out, group, sizeof(group));
        }
        return php_return(call, php_from_buffer(&out));
}

/* What is not strictly Base64 is decoded by rules that are PHP's alone. */
PHP_FUNCTION(from_base64)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        struct php_span span = php_span_of(text);
        while (span.size > 0 && span.bytes[span.size - 1] == '=')
                span.size--;
        size_t padding = php_string_size(text) - span.size;
        if (padding > 2 || (padding > 0 && php_string_size(text) % 4 != 0) || span.size % 4 == 1)
                return php_needs_php(run, "base64_decode() of what is not Base64");
        _cleanup_buffer_ struct buffer out = {0};
        uint32_t bits = 0;
        for (size_t i = 0; i < span.size; i++) {
                const char *digit = span.bytes[i] ? strchr(base64_digits, span.bytes[i]) : NULL;
                if (!digit)
                        return php_needs_php(run, "base64_decode() of what is not Base64");
                bits = bits << 6 | (uint32_t)(digit - base64_digits);
                char byte = (char)(unsigned char)(bits >> (6 - i % 4 * 2) & 0xff);
                if (i % 4 > 0)
                        buffer_append(&out, &byte, 1);
        }
        return php_return(call, php_from_buffer(&out));
}

/* ---- HTML ---- */

enum {
        QUOTES_DOUBLE = 2, /* ENT_COMPAT */
        QUOTES_BOTH = 3, /* ENT_QUOTES */
        HTML_SUBSTITUTE = 8,
        HTML_TYPES = 16 | 32, /* XML1, XHTML, HTML5 */
};

static bool is_utf8(struct php_span text)
{
        unsigned code_point;
        for (size_t at = 0, size; at < text.size; at += size) {
                size = text_character(text.bytes + at, text.size - at, &code_point);
                if (size == 0)
                        return false;
        }
        return true;
}

/* The flags, which have other defaults since PHP 8.1: where that matters the run stops. */
static enum php_flow read_flags(
        struct php_run *run, struct php_call *call, struct php_span text, int64_t *ret)
{
        *ret = QUOTES_DOUBLE;
        TRY(php_optional_int(run, call, 1, ret));
        if (!php_given(call, 1) && memchr(text.bytes, '\'', text.size))
                return php_needs_php(run, "quotes in HTML without flags, which PHP 8.1 treats differently");
        if (php_given_value(call, 2) && !php_string_is(php_argument(call, 2), "UTF-8"))
                return php_needs_php(run, "HTML in another encoding than UTF-8");
        if ((*ret & ~(QUOTES_BOTH | HTML_SUBSTITUTE | HTML_TYPES)) || call->count > 3)
                return php_needs_php(run, "these flags for HTML");
        return PHP_OK;
}

static const char *entity_of(char byte, int64_t flags)
{
        switch (byte) {
        case '&':
                return "&amp;";
        case '<':
                return "&lt;";
        case '>':
                return "&gt;";
        case '"':
                return flags & QUOTES_DOUBLE ? "&quot;" : NULL;
        case '\'':
                if ((flags & QUOTES_BOTH) != QUOTES_BOTH)
                        return NULL;
                return flags & HTML_TYPES ? "&apos;" : "&#039;";
        }
        return NULL;
}

PHP_FUNCTION(escape_html)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        int64_t flags;
        TRY(php_argument_string(run, call, 0, &text));
        struct php_span span = php_span_of(text);
        TRY(read_flags(run, call, span, &flags));
        if (!is_utf8(span))
                return php_needs_php(run, "htmlspecialchars() of text that is not UTF-8");
        if ((flags & HTML_TYPES) == 32 && memchr(span.bytes, '\'', span.size))
                return php_needs_php(run, "these flags for HTML");
        _cleanup_buffer_ struct buffer out = {0};
        for (size_t i = 0; i < span.size; i++) {
                const char *entity = entity_of(span.bytes[i], flags);
                if (entity)
                        buffer_append_string(&out, entity);
                else
                        buffer_append(&out, span.bytes + i, 1);
        }
        return php_return(call, php_from_buffer(&out));
}

/* The entity that begins here, or NULL; its size in *ret_size. */
static const char *decoded(struct php_span text, int64_t flags, size_t *ret_size)
{
        static const struct {
                const char *entity;
                const char *text;
                int64_t needs;
        } entities[] = {
                {"&amp;", "&", 0},
                {"&lt;", "<", 0},
                {"&gt;", ">", 0},
                {"&quot;", "\"", QUOTES_DOUBLE},
                {"&#039;", "'", QUOTES_BOTH},
                {"&#39;", "'", QUOTES_BOTH},
        };
        for (size_t i = 0; i < ARRAY_SIZE(entities); i++) {
                *ret_size = strlen(entities[i].entity);
                if (text.size >= *ret_size && memcmp(text.bytes, entities[i].entity, *ret_size) == 0 &&
                        (flags & entities[i].needs) == entities[i].needs)
                        return entities[i].text;
        }
        return NULL;
}

PHP_FUNCTION(unescape_html)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        int64_t flags = QUOTES_DOUBLE;
        TRY(php_argument_string(run, call, 0, &text));
        TRY(php_optional_int(run, call, 1, &flags));
        struct php_span span = php_span_of(text);
        if (!php_given(call, 1) && memmem(span.bytes, span.size, "&#", 2))
                return php_needs_php(run, "quotes in HTML without flags, which PHP 8.1 treats differently");
        if (flags & ~(QUOTES_BOTH | HTML_SUBSTITUTE))
                return php_needs_php(run, "these flags for HTML");
        _cleanup_buffer_ struct buffer out = {0};
        while (span.size > 0) {
                size_t size = 1;
                const char *plain = *span.bytes == '&' ? decoded(span, flags, &size) : NULL;
                if (*span.bytes == '&' && !plain)
                        size = 1;
                buffer_append(&out, plain ? plain : span.bytes, 1);
                span = (struct php_span){span.bytes + size, span.size - size};
        }
        return php_return(call, php_from_buffer(&out));
}

const struct php_host_function php_functions_encode[] = {
        {"base64_decode", from_base64, 1, 2, 0, "string,strict"},
        {"base64_encode", to_base64, 1, 1, 0, "string"},
        {"bin2hex", to_hex, 1, 1, 0, "string"},
        {"crc32", crc32_sum, 1, 1, 0, "string"},
        {"hash", hash_text, 2, 3, 0, "algo,data,binary"},
        {"hex2bin", from_hex, 1, 1, 0, "string"},
        {"htmlspecialchars", escape_html, 1, 4, 0, "string,flags,encoding,double_encode"},
        {"htmlspecialchars_decode", unescape_html, 1, 2, 0, "string,flags"},
        {"md5", md5_digest, 1, 2, 0, "string,binary"},
        {"sha1", sha1_digest, 1, 2, 0, "string,binary"},
        {0},
};
