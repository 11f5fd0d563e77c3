/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#include <string.h>

/* A longer result needs PHP. */
#define REPLACED_LIMIT ((size_t)64 << 20)

struct replacement {
        struct php_run *run;
        bool fold; /* without regard to case */
        int64_t count;
};

/* *subject with each place of search replaced. */
static enum php_flow replace_one(struct replacement *replacement, struct php_value *subject,
        struct php_span search, struct php_span with)
{
        struct php_span text = php_span_of(*subject);
        _cleanup_php_value_ struct php_value lowered =
                replacement->fold ? php_lowered(*subject) : php_copy(*subject);
        struct php_span looked_at = php_span_of(lowered);
        int64_t found = search.size == 0 ? -1 : php_span_find(looked_at, search, 0);
        if (found < 0)
                return PHP_OK;
        _cleanup_buffer_ struct buffer out = {0};
        size_t from = 0;
        for (; found >= 0; found = php_span_find(looked_at, search, from)) {
                TRY(php_step(replacement->run));
                if (out.size + with.size > REPLACED_LIMIT)
                        return php_needs_php(replacement->run, "a replacement that grows so long");
                buffer_append(&out, text.bytes + from, (size_t)found - from);
                buffer_append(&out, with.bytes, with.size);
                from = (size_t)found + search.size;
                replacement->count++;
        }
        buffer_append(&out, text.bytes + from, text.size - from);
        php_clear(subject);
        *subject = php_from_buffer(&out);
        return PHP_OK;
}

static enum php_flow replace_stringified(struct replacement *replacement, struct php_value *subject,
        struct php_value search, struct php_value with)
{
        _cleanup_php_value_ struct php_value search_text = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value with_text = PHP_NULL_VALUE;
        TRY(php_stringify(replacement->run, search, &search_text));
        TRY(php_stringify(replacement->run, with, &with_text));
        if (replacement->fold) {
                struct php_value lowered = php_lowered(search_text);
                php_clear(&search_text);
                search_text = lowered;
        }
        return replace_one(replacement, subject, php_span_of(search_text), php_span_of(with_text));
}

/* All searches in turn; with arrays for both, the replacement is the one at the same place, or "". */
static enum php_flow replace_all(struct replacement *replacement, struct php_value *subject,
        struct php_value search, struct php_value with)
{
        if (search.type != PHP_TYPE_ARRAY)
                return replace_stringified(replacement, subject, search, with);
        _cleanup_php_value_ struct php_value nothing = php_text("");
        struct php_value piece;
        size_t with_at = 0;
        for (size_t at = 0; php_array_next(search, &at, NULL, &piece);) {
                struct php_value piece_with = with;
                TRY(php_step(replacement->run));
                if (with.type == PHP_TYPE_ARRAY && !php_array_next(with, &with_at, NULL, &piece_with))
                        piece_with = nothing;
                TRY(replace_stringified(replacement, subject, piece, piece_with));
        }
        return PHP_OK;
}

static enum php_flow replace_in_array(struct replacement *replacement, struct php_value subjects,
        struct php_value search, struct php_value with, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value results = php_new_array();
        struct php_key key;
        struct php_value value;
        for (size_t at = 0; php_array_next(subjects, &at, &key, &value);) {
                if (value.type == PHP_TYPE_ARRAY || value.type == PHP_TYPE_OBJECT)
                        return php_needs_php(
                                replacement->run, "str_replace() in an array of %ss", php_type_name(value));
                _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
                TRY(php_stringify(replacement->run, value, &text));
                TRY(replace_all(replacement, &text, search, with));
                php_array_set(&results, key, php_steal(&text));
        }
        *ret = php_steal(&results);
        return PHP_OK;
}

/* An array parameter as it stands, any other as the string that it makes. */
static enum php_flow array_or_string(
        struct php_run *run, struct php_call *call, size_t n, struct php_value *ret)
{
        struct php_value value = php_argument(call, n);
        if (value.type != PHP_TYPE_ARRAY)
                return php_argument_string(run, call, n, ret);
        *ret = php_copy(value);
        return PHP_OK;
}

static enum php_flow replace_strings(struct php_run *run, struct php_call *call, bool fold)
{
        _cleanup_php_value_ struct php_value search = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value with = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value subject = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value result = PHP_NULL_VALUE;
        struct replacement replacement = {.run = run, .fold = fold};
        TRY(array_or_string(run, call, 0, &search));
        TRY(array_or_string(run, call, 1, &with));
        TRY(array_or_string(run, call, 2, &subject));
        if (search.type != PHP_TYPE_ARRAY && with.type == PHP_TYPE_ARRAY)
                return php_differs(run, "str_replace() of a string by an array");
        if (subject.type == PHP_TYPE_ARRAY) {
                TRY(replace_in_array(&replacement, subject, search, with, &result));
        } else {
                result = php_steal(&subject);
                TRY(replace_all(&replacement, &result, search, with));
        }
        if (php_given(call, 3))
                php_put_argument(call, 3, php_int(replacement.count));
        return php_return(call, php_steal(&result));
}

PHP_FUNCTION(replace)
{
        return replace_strings(run, call, false);
}

PHP_FUNCTION(replace_folded)
{
        return replace_strings(run, call, true);
}

static enum php_flow translate_bytes(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value from = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value to = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        TRY(php_argument_string(run, call, 1, &from));
        TRY(php_argument_string(run, call, 2, &to));
        char table[256];
        for (unsigned i = 0; i < sizeof(table); i++)
                table[i] = (char)i;
        for (size_t i = 0; i < php_string_size(from) && i < php_string_size(to); i++)
                table[(unsigned char)php_string_bytes(from)[i]] = php_string_bytes(to)[i];
        _cleanup_buffer_ struct buffer out = {0};
        buffer_append(&out, php_string_bytes(text), php_string_size(text));
        for (size_t i = 0; i < out.size; i++)
                out.data[i] = table[(unsigned char)out.data[i]];
        return php_return(call, php_from_buffer(&out));
}

/* The pairs of strtr(), as strings, and the sizes of their keys. */
struct pairs {
        struct php_value by_text;
        size_t shortest;
        size_t longest;
};

static void pairs_deinit(struct pairs *pairs)
{
        php_clear(&pairs->by_text);
}

static enum php_flow read_pairs(struct php_run *run, struct php_value array, struct pairs *ret)
{
        struct php_key key;
        struct php_value value;
        ret->shortest = SIZE_MAX;
        for (size_t at = 0; php_array_next(array, &at, &key, &value);) {
                _cleanup_php_value_ struct php_value key_value = php_key_value(key);
                _cleanup_php_value_ struct php_value key_text = PHP_NULL_VALUE;
                _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
                TRY(php_step(run));
                TRY(php_stringify(run, key_value, &key_text));
                TRY(php_stringify(run, value, &text));
                size_t size = php_string_size(key_text);
                if (size == 0)
                        return php_differs(run, "strtr() of an empty string");
                ret->shortest = size < ret->shortest ? size : ret->shortest;
                ret->longest = size > ret->longest ? size : ret->longest;
                php_array_set(&ret->by_text, key, php_steal(&text));
        }
        return PHP_OK;
}

/* The longest pair whose key stands at the begin of text; NULL when none does. */
static enum php_flow find_pair(struct php_run *run, const struct pairs *pairs, struct php_span text,
        const struct php_value **ret, size_t *ret_size)
{
        *ret = NULL;
        for (size_t size = text.size < pairs->longest ? text.size : pairs->longest; size >= pairs->shortest;
                size--) {
                TRY(php_step(run));
                *ret_size = size;
                *ret = php_array_get(pairs->by_text, php_key_bytes(text.bytes, size));
                if (*ret)
                        break;
        }
        return PHP_OK;
}

static enum php_flow translate_pairs(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        struct php_value array;
        _cleanup_(pairs_deinit) struct pairs pairs = {.by_text = php_new_array()};
        TRY(php_argument_string(run, call, 0, &text));
        TRY(php_argument_array(run, call, 1, &array));
        TRY(read_pairs(run, array, &pairs));
        struct php_span left = php_span_of(text);
        _cleanup_buffer_ struct buffer out = {0};
        while (left.size > 0) {
                const struct php_value *with;
                size_t size = 1;
                TRY(find_pair(run, &pairs, left, &with, &size));
                if (!with)
                        size = 1;
                if (out.size > REPLACED_LIMIT)
                        return php_needs_php(run, "a replacement that grows so long");
                buffer_append(
                        &out, with ? php_string_bytes(*with) : left.bytes, with ? php_string_size(*with) : 1);
                left = (struct php_span){left.bytes + size, left.size - size};
        }
        return php_return(call, php_from_buffer(&out));
}

PHP_FUNCTION(translate)
{
        if (call->count == 3)
                return translate_bytes(run, call);
        if (php_argument(call, 1).type != PHP_TYPE_ARRAY)
                return php_differs(run, "strtr() of two arguments without an array");
        return translate_pairs(run, call);
}

const struct php_host_function php_functions_replace[] = {
        {"str_ireplace", replace_folded, 3, 4, 1 << 3, "search,replace,subject,count"},
        {"str_replace", replace, 3, 4, 1 << 3, "search,replace,subject,count"},
        {"strtr", translate, 2, 3, 0, "string,from,to"},
        {0},
};
