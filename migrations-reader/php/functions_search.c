/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#include <string.h>

/* The needle of strpos() and its kin: PHP 7 takes what is no string for a character's number. */
static enum php_flow argument_needle(
        struct php_run *run, const struct php_call *call, size_t n, struct php_value *ret)
{
        if (php_argument(call, n).type != PHP_TYPE_STRING)
                return php_differs(run, "looking for a %s in a string", php_type_name(php_argument(call, n)));
        TRY(php_argument_string(run, call, n, ret));
        if (php_string_size(*ret) == 0)
                return php_differs(run, "looking for an empty string");
        return PHP_OK;
}

/* Both texts of a search, in lower case if wanted. */
struct search {
        struct php_value text;
        struct php_value needle;
};

static void search_deinit(struct search *search)
{
        php_clear(&search->text);
        php_clear(&search->needle);
}
#define _cleanup_search_ _cleanup_(search_deinit)

static enum php_flow read_search(struct php_run *run, struct php_call *call, bool fold, struct search *ret)
{
        TRY(php_argument_string(run, call, 0, &ret->text));
        TRY(argument_needle(run, call, 1, &ret->needle));
        if (fold) {
                struct php_value text = php_lowered(ret->text);
                struct php_value needle = php_lowered(ret->needle);
                search_deinit(ret);
                *ret = (struct search){text, needle};
        }
        return PHP_OK;
}

static enum php_flow find_position(struct php_run *run, struct php_call *call, bool fold)
{
        _cleanup_search_ struct search search = {0};
        int64_t offset = 0;
        TRY(read_search(run, call, fold, &search));
        TRY(php_optional_int(run, call, 2, &offset));
        int64_t size = (int64_t)php_string_size(search.text);
        if (offset < 0)
                offset += size;
        if (offset < 0 || offset > size)
                return php_differs(run, "looking in a string beyond its end");
        int64_t found = php_span_find(php_span_of(search.text), php_span_of(search.needle), (size_t)offset);
        return php_return(call, found < 0 ? php_bool(false) : php_int(found));
}

PHP_FUNCTION(position)
{
        return find_position(run, call, false);
}

PHP_FUNCTION(position_folded)
{
        return find_position(run, call, true);
}

/* The last place of needle that begins at or behind `from` and at or before `to`. */
static int64_t find_last(struct php_span text, struct php_span needle, size_t from, size_t to)
{
        for (size_t at = to + 1; at-- > from;)
                if (text.size - at >= needle.size && memcmp(text.bytes + at, needle.bytes, needle.size) == 0)
                        return (int64_t)at;
        return -1;
}

static enum php_flow find_last_position(struct php_run *run, struct php_call *call, bool fold)
{
        _cleanup_search_ struct search search = {0};
        int64_t offset = 0;
        TRY(read_search(run, call, fold, &search));
        TRY(php_optional_int(run, call, 2, &offset));
        struct php_span text = php_span_of(search.text);
        struct php_span needle = php_span_of(search.needle);
        int64_t size = (int64_t)text.size;
        if (offset > size || offset < -size)
                return php_differs(run, "looking in a string beyond its end");
        /* A negative offset says how far from the end the last place may begin. */
        int64_t from = offset < 0 ? 0 : offset;
        int64_t to = offset < 0 ? size + offset : size;
        int64_t found = find_last(text, needle, (size_t)from, (size_t)to);
        return php_return(call, found < 0 ? php_bool(false) : php_int(found));
}

PHP_FUNCTION(last_position)
{
        return find_last_position(run, call, false);
}

PHP_FUNCTION(last_position_folded)
{
        return find_last_position(run, call, true);
}

static enum php_flow find_part(struct php_run *run, struct php_call *call, bool fold)
{
        _cleanup_search_ struct search search = {0};
        bool before = false;
        TRY(read_search(run, call, fold, &search));
        TRY(php_optional_bool(run, call, 2, &before));
        int64_t found = php_span_find(php_span_of(search.text), php_span_of(search.needle), 0);
        if (found < 0)
                return php_return(call, php_bool(false));
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        struct php_span span = php_span_of(text);
        if (before)
                return php_return(call, php_bytes(span.bytes, (size_t)found));
        return php_return(call, php_bytes(span.bytes + found, span.size - (size_t)found));
}

PHP_FUNCTION(part)
{
        return find_part(run, call, false);
}

PHP_FUNCTION(part_folded)
{
        return find_part(run, call, true);
}

/* strrchr() looks for the first byte of its needle only. */
PHP_FUNCTION(last_part)
{
        _cleanup_search_ struct search search = {0};
        TRY(read_search(run, call, false, &search));
        struct php_span text = php_span_of(search.text);
        const char *found = memrchr(text.bytes, php_string_bytes(search.needle)[0], text.size);
        if (!found)
                return php_return(call, php_bool(false));
        return php_return(call, php_bytes(found, text.size - (size_t)(found - text.bytes)));
}

static enum php_flow read_pair(struct php_run *run, struct php_call *call, struct search *ret)
{
        TRY(php_argument_string(run, call, 0, &ret->text));
        return php_argument_string(run, call, 1, &ret->needle);
}

PHP_FUNCTION(contains)
{
        _cleanup_search_ struct search search = {0};
        TRY(read_pair(run, call, &search));
        return php_return(
                call, php_bool(php_span_find(php_span_of(search.text), php_span_of(search.needle), 0) >= 0));
}

PHP_FUNCTION(starts_with)
{
        _cleanup_search_ struct search search = {0};
        TRY(read_pair(run, call, &search));
        struct php_span text = php_span_of(search.text);
        struct php_span needle = php_span_of(search.needle);
        return php_return(call,
                php_bool(text.size >= needle.size && memcmp(text.bytes, needle.bytes, needle.size) == 0));
}

PHP_FUNCTION(ends_with)
{
        _cleanup_search_ struct search search = {0};
        TRY(read_pair(run, call, &search));
        struct php_span text = php_span_of(search.text);
        struct php_span needle = php_span_of(search.needle);
        return php_return(
                call, php_bool(text.size >= needle.size &&
                               memcmp(text.bytes + text.size - needle.size, needle.bytes, needle.size) == 0));
}

/* Where a part that is told by offset and length begins and how long it is, as substr() and array_slice()
 * count: negative from the end. */
static struct php_span cut(struct php_span text, int64_t offset, int64_t length)
{
        int64_t size = (int64_t)text.size;
        int64_t from = offset > size ? size : offset >= 0 ? offset : offset < -size ? 0 : size + offset;
        int64_t most = size - from;
        int64_t taken = length > most ? most : length >= 0 ? length : length < -most ? 0 : most + length;
        return (struct php_span){text.bytes + from, (size_t)taken};
}

/* Where PHP 7 gave false for an empty part. */
static bool was_false(int64_t size, int64_t offset, int64_t length, bool has_length)
{
        if (offset > size)
                return true;
        if (!has_length || length >= 0)
                return false;
        return length < -size || length + size - (offset < -size ? 0 : offset) < 0;
}

PHP_FUNCTION(substring)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        int64_t offset;
        int64_t length = INT64_MAX;
        TRY(php_argument_string(run, call, 0, &text));
        TRY(php_argument_int(run, call, 1, &offset));
        if (php_given(call, 2) && !php_given_value(call, 2))
                return php_differs(run, "substr() with the length null");
        TRY(php_optional_int(run, call, 2, &length));
        struct php_span span = php_span_of(text);
        if (was_false((int64_t)span.size, offset, length, php_given(call, 2)))
                return php_differs(run, "substr() beyond the end of the string");
        return php_return(call, php_span_value(cut(span, offset, length)));
}

PHP_FUNCTION(substring_count)
{
        _cleanup_search_ struct search search = {0};
        int64_t offset = 0;
        int64_t length = INT64_MAX;
        TRY(read_pair(run, call, &search));
        TRY(php_optional_int(run, call, 2, &offset));
        if (php_given(call, 3) && !php_given_value(call, 3))
                return php_differs(run, "substr_count() with the length null");
        TRY(php_optional_int(run, call, 3, &length));
        struct php_span text = php_span_of(search.text);
        struct php_span needle = php_span_of(search.needle);
        int64_t size = (int64_t)text.size;
        int64_t from = offset < 0 ? offset + size : offset;
        if (needle.size == 0 || from < 0 || from > size ||
                (php_given(call, 3) && (length < -(size - from) || length > size - from)))
                return php_differs(run, "substr_count() with an empty or impossible part");
        text = cut(text, from, length);
        int64_t count = 0;
        for (int64_t at = 0; (at = php_span_find(text, needle, (size_t)at)) >= 0; at += (int64_t)needle.size)
                count++;
        return php_return(call, php_int(count));
}

PHP_FUNCTION(substring_replace)
{
        if (php_argument(call, 0).type == PHP_TYPE_ARRAY || php_argument(call, 1).type == PHP_TYPE_ARRAY ||
                php_argument(call, 2).type == PHP_TYPE_ARRAY || php_argument(call, 3).type == PHP_TYPE_ARRAY)
                return php_needs_php(run, "substr_replace() with arrays");
        _cleanup_search_ struct search search = {0};
        int64_t offset;
        int64_t length = INT64_MAX;
        TRY(read_pair(run, call, &search));
        TRY(php_argument_int(run, call, 2, &offset));
        if (php_given(call, 3) && !php_given_value(call, 3))
                return php_differs(run, "substr_replace() with the length null");
        TRY(php_optional_int(run, call, 3, &length));
        struct php_span text = php_span_of(search.text);
        struct php_span gone = cut(text, offset, length);
        size_t before = (size_t)(gone.bytes - text.bytes);
        _cleanup_buffer_ struct buffer out = {0};
        buffer_append(&out, text.bytes, before);
        buffer_append(&out, php_string_bytes(search.needle), php_string_size(search.needle));
        buffer_append(&out, gone.bytes + gone.size, text.size - before - gone.size);
        return php_return(call, php_from_buffer(&out));
}

static enum php_flow compare_strings(struct php_run *run, struct php_call *call, bool fold, bool limited)
{
        _cleanup_search_ struct search search = {0};
        TRY(read_pair(run, call, &search));
        struct php_span left = php_span_of(search.text);
        struct php_span right = php_span_of(search.needle);
        if (limited) {
                int64_t length;
                TRY(php_argument_int(run, call, 2, &length));
                if (length < 0)
                        return php_differs(run, "comparing strings over a negative length");
                left.size = left.size < (uint64_t)length ? left.size : (size_t)length;
                right.size = right.size < (uint64_t)length ? right.size : (size_t)length;
        }
        return php_return(call, php_int(php_span_compare(left, right, fold)));
}

PHP_FUNCTION(compare)
{
        return compare_strings(run, call, false, false);
}

PHP_FUNCTION(compare_folded)
{
        return compare_strings(run, call, true, false);
}

PHP_FUNCTION(compare_limited)
{
        return compare_strings(run, call, false, true);
}

PHP_FUNCTION(compare_limited_folded)
{
        return compare_strings(run, call, true, true);
}

static enum php_flow compare_naturally(struct php_run *run, struct php_call *call, bool fold)
{
        _cleanup_search_ struct search search = {0};
        TRY(read_pair(run, call, &search));
        return php_return(call,
                php_int(php_natural_compare(php_span_of(search.text), php_span_of(search.needle), fold)));
}

PHP_FUNCTION(compare_natural)
{
        return compare_naturally(run, call, false);
}

PHP_FUNCTION(compare_natural_folded)
{
        return compare_naturally(run, call, true);
}

static int64_t count_parts(struct php_span text, struct php_span separator)
{
        int64_t count = 1;
        for (int64_t at = 0; (at = php_span_find(text, separator, (size_t)at)) >= 0;
                at += (int64_t)separator.size)
                count++;
        return count;
}

/* explode() with a negative limit leaves so many parts out at the end; else the last part is the rest. */
PHP_FUNCTION(explode)
{
        _cleanup_search_ struct search search = {0};
        int64_t limit = INT64_MAX;
        TRY(read_pair(run, call, &search));
        TRY(php_optional_int(run, call, 2, &limit));
        struct php_span separator = php_span_of(search.text);
        struct php_span text = php_span_of(search.needle);
        if (separator.size == 0)
                return php_differs(run, "explode() with an empty separator");
        int64_t count = count_parts(text, separator);
        bool whole = limit >= 0;
        int64_t most = limit == 0 ? 1 : limit;
        if (limit < 0)
                most = limit < -count ? 0 : count + limit;
        else if (most > count)
                most = count;
        _cleanup_php_value_ struct php_value parts = php_new_array();
        size_t from = 0;
        for (int64_t i = 0; i < most; i++) {
                TRY(php_step(run));
                int64_t found = php_span_find(text, separator, from);
                size_t end = found < 0 || (whole && i == most - 1) ? text.size : (size_t)found;
                php_array_append(&parts, php_bytes(text.bytes + from, end - from));
                from = end + separator.size;
        }
        return php_return(call, php_steal(&parts));
}

PHP_FUNCTION(implode)
{
        _cleanup_php_value_ struct php_value separator = PHP_NULL_VALUE;
        struct php_value pieces = php_argument(call, 0);
        if (call->count == 2 && pieces.type == PHP_TYPE_ARRAY) {
                return php_differs(run, "implode() with the array first");
        } else if (call->count == 2) {
                TRY(php_argument_string(run, call, 0, &separator));
                TRY(php_argument_array(run, call, 1, &pieces));
        } else if (pieces.type != PHP_TYPE_ARRAY) {
                return php_differs(run, "implode() without an array");
        } else {
                separator = php_text("");
        }
        _cleanup_buffer_ struct buffer out = {0};
        struct php_value piece;
        bool first = true;
        for (size_t at = 0; php_array_next(pieces, &at, NULL, &piece); first = false) {
                _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
                TRY(php_step(run));
                TRY(php_stringify(run, piece, &text));
                if (!first)
                        buffer_append(&out, php_string_bytes(separator), php_string_size(separator));
                buffer_append(&out, php_string_bytes(text), php_string_size(text));
        }
        return php_return(call, php_from_buffer(&out));
}

const struct php_host_function php_functions_search[] = {
        {"explode", explode, 2, 3, 0, "separator,string,limit"},
        {"implode", implode, 1, 2, 0, "separator,array"},
        {"join", implode, 1, 2, 0, "separator,array"},
        {"str_contains", contains, 2, 2, 0, "haystack,needle"},
        {"str_ends_with", ends_with, 2, 2, 0, "haystack,needle"},
        {"str_starts_with", starts_with, 2, 2, 0, "haystack,needle"},
        {"strcasecmp", compare_folded, 2, 2, 0, "string1,string2"},
        {"strcmp", compare, 2, 2, 0, "string1,string2"},
        {"stripos", position_folded, 2, 3, 0, "haystack,needle,offset"},
        {"stristr", part_folded, 2, 3, 0, "haystack,needle,before_needle"},
        {"strnatcasecmp", compare_natural_folded, 2, 2, 0, "string1,string2"},
        {"strnatcmp", compare_natural, 2, 2, 0, "string1,string2"},
        {"strncasecmp", compare_limited_folded, 3, 3, 0, "string1,string2,length"},
        {"strncmp", compare_limited, 3, 3, 0, "string1,string2,length"},
        {"strpos", position, 2, 3, 0, "haystack,needle,offset"},
        {"strrchr", last_part, 2, 2, 0, "haystack,needle"},
        {"strripos", last_position_folded, 2, 3, 0, "haystack,needle,offset"},
        {"strrpos", last_position, 2, 3, 0, "haystack,needle,offset"},
        {"strstr", part, 2, 3, 0, "haystack,needle,before_needle"},
        {"substr", substring, 2, 3, 0, "string,offset,length"},
        {"substr_count", substring_count, 2, 4, 0, "haystack,needle,offset,length"},
        {"substr_replace", substring_replace, 3, 4, 0, "string,replace,offset,length"},
        {0},
};
