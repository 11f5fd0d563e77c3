/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#include "migrations-reader/php/regex.h"

#include <ctype.h>
#include <string.h>

#define RESULT_LIMIT ((size_t)64 << 20)

enum {
        PATTERN_ORDER = 1,
        SET_ORDER = 2,
        OFFSET_CAPTURE = 256,
        UNMATCHED_AS_NULL = 512,
};

enum {
        GREP_INVERT = 1,
        SPLIT_NO_EMPTY = 1,
        SPLIT_DELIM_CAPTURE = 2,
        SPLIT_OFFSET_CAPTURE = 4,
};

/* A group of the last match as PHP shows it. */
static struct php_value group_value(
        const struct regex *regex, struct php_span subject, uint32_t group, int64_t flags)
{
        size_t begin = 0;
        size_t end = 0;
        bool took_part = regex_group(regex, group, &begin, &end);
        struct php_value text = took_part || !(flags & UNMATCHED_AS_NULL)
                                        ? php_bytes(subject.bytes + begin, end - begin)
                                        : PHP_NULL_VALUE;
        if (!(flags & OFFSET_CAPTURE))
                return text;
        struct php_value pair = php_new_array();
        php_array_append(&pair, text);
        php_array_append(&pair, php_int(took_part ? (int64_t)begin : -1));
        return pair;
}

static void set_group(
        struct php_value *array, const struct regex *regex, uint32_t group, struct php_value value)
{
        if (regex->names[group])
                php_array_set_text(array, regex->names[group], php_copy(value));
        php_array_append(array, value);
}

/* The groups up to the last that took part. PHP before 7.4 left the others out even as null. */
static enum php_flow groups_of(struct php_run *run, const struct regex *regex, struct php_span subject,
        int64_t flags, struct php_value *ret)
{
        if ((flags & UNMATCHED_AS_NULL) && regex->matched < (int)regex->groups)
                return php_differs(run, "groups without a match as null");
        *ret = php_new_array();
        for (int i = 0; i < regex->matched; i++)
                set_group(ret, regex, (uint32_t)i, group_value(regex, subject, (uint32_t)i, flags));
        return PHP_OK;
}

/* The pattern and the subject, as most functions take them. */
struct matching {
        struct regex regex;
        struct php_value subject;
};

static void matching_deinit(struct matching *matching)
{
        regex_deinit(&matching->regex);
        php_clear(&matching->subject);
}
#define _cleanup_matching_ _cleanup_(matching_deinit)

static enum php_flow read_matching(struct php_run *run, struct php_call *call, struct matching *ret)
{
        _cleanup_php_value_ struct php_value pattern = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &pattern));
        TRY(php_argument_string(run, call, 1, &ret->subject));
        return regex_init(run, pattern, &ret->regex);
}

static enum php_flow read_walk(
        struct php_run *run, struct php_call *call, const struct matching *matching, struct regex_walk *ret)
{
        int64_t offset = 0;
        TRY(php_optional_int(run, call, 4, &offset));
        *ret = (struct regex_walk){.subject = php_span_of(matching->subject)};
        int64_t size = (int64_t)ret->subject.size;
        if (offset < 0)
                offset = offset < -size ? 0 : size + offset;
        if (offset > size)
                return php_needs_php(run, "matching beyond the end of a text");
        ret->at = (size_t)offset;
        return PHP_OK;
}

PHP_FUNCTION(match)
{
        _cleanup_matching_ struct matching matching = {0};
        _cleanup_php_value_ struct php_value groups = PHP_NULL_VALUE;
        struct regex_walk walk;
        int64_t flags = 0;
        bool found;
        TRY(read_matching(run, call, &matching));
        TRY(php_optional_int(run, call, 3, &flags));
        TRY(read_walk(run, call, &matching, &walk));
        if (flags & ~(OFFSET_CAPTURE | UNMATCHED_AS_NULL))
                return php_needs_php(run, "preg_match() with unknown flags");
        TRY(regex_next(run, &matching.regex, &walk, &found));
        if (php_given(call, 2)) {
                if (found)
                        TRY(groups_of(run, &matching.regex, walk.subject, flags, &groups));
                else
                        groups = php_new_array();
                php_put_argument(call, 2, php_steal(&groups));
        }
        return php_return(call, php_int(found));
}

/* All matches, one list of texts for each group. */
static void add_by_group(
        const struct regex *regex, struct php_span subject, int64_t flags, struct php_value *groups)
{
        for (uint32_t i = 0; i < regex->groups; i++)
                php_array_append(
                        php_array_slot(groups, php_key_int(i)), group_value(regex, subject, i, flags));
}

static struct php_value named_groups(const struct regex *regex, struct php_value groups)
{
        struct php_value named = php_new_array();
        for (uint32_t i = 0; i < regex->groups; i++)
                set_group(&named, regex, i, php_copy(*php_array_get(groups, php_key_int(i))));
        return named;
}

PHP_FUNCTION(match_all)
{
        _cleanup_matching_ struct matching matching = {0};
        _cleanup_php_value_ struct php_value all = php_new_array();
        struct regex_walk walk;
        int64_t flags = 0;
        int64_t count = 0;
        bool found;
        TRY(read_matching(run, call, &matching));
        TRY(php_optional_int(run, call, 3, &flags));
        TRY(read_walk(run, call, &matching, &walk));
        bool by_set = flags & SET_ORDER;
        if ((flags & ~(PATTERN_ORDER | SET_ORDER | OFFSET_CAPTURE | UNMATCHED_AS_NULL)) ||
                (flags & (PATTERN_ORDER | SET_ORDER)) == (PATTERN_ORDER | SET_ORDER))
                return php_needs_php(run, "preg_match_all() with unknown flags");
        for (uint32_t i = 0; !by_set && i < matching.regex.groups; i++)
                php_array_append(&all, php_new_array());
        for (;; count++) {
                TRY(regex_next(run, &matching.regex, &walk, &found));
                if (!found)
                        break;
                if (by_set) {
                        _cleanup_php_value_ struct php_value groups = PHP_NULL_VALUE;
                        TRY(groups_of(run, &matching.regex, walk.subject, flags, &groups));
                        php_array_append(&all, php_steal(&groups));
                } else {
                        add_by_group(&matching.regex, walk.subject, flags, &all);
                }
        }
        if (php_given(call, 2))
                php_put_argument(call, 2, by_set ? php_steal(&all) : named_groups(&matching.regex, all));
        return php_return(call, php_int(count));
}

/* ---- replacing ---- */

/* What one preg_replace… call does to each subject. */
struct replacing {
        struct php_run *run;
        struct php_value patterns; /* a string or an array */
        struct php_value with; /* a string, an array, or what to call */
        bool calls;
        int64_t limit;
        int64_t count;
};

/* "$1", "\1" or "${1}" at text; its size, or 0. */
static size_t read_reference(struct php_span text, uint32_t *ret_group)
{
        size_t at = 1;
        bool braces = text.size > 1 && text.bytes[0] == '$' && text.bytes[1] == '{';
        if (braces)
                at++;
        if (at >= text.size || !isdigit((unsigned char)text.bytes[at]))
                return 0;
        *ret_group = (uint32_t)(text.bytes[at++] - '0');
        if (at < text.size && isdigit((unsigned char)text.bytes[at]))
                *ret_group = *ret_group * 10 + (uint32_t)(text.bytes[at++] - '0');
        if (!braces)
                return at;
        return at < text.size && text.bytes[at] == '}' ? at + 1 : 0;
}

static void append_replacement(
        struct buffer *out, const struct regex *regex, struct php_span subject, struct php_span with)
{
        bool escaped = false; /* the byte before is a backslash that stands for itself so far */
        while (with.size > 0) {
                size_t size = 0;
                uint32_t group;
                bool special = *with.bytes == '\\' || *with.bytes == '$';
                if (special && escaped) {
                        out->data[out->size - 1] = *with.bytes;
                        escaped = false;
                        size = 1;
                } else if (special && (size = read_reference(with, &group)) > 0) {
                        size_t begin = 0;
                        size_t end = 0;
                        if (regex_group(regex, group, &begin, &end))
                                buffer_append(out, subject.bytes + begin, end - begin);
                } else {
                        escaped = *with.bytes == '\\';
                        buffer_append(out, with.bytes, 1);
                        size = 1;
                }
                with = (struct php_span){with.bytes + size, with.size - size};
        }
}

static enum php_flow append_called(
        struct replacing *replacing, struct buffer *out, const struct regex *regex, struct php_span subject)
{
        _cleanup_php_value_ struct php_value groups = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value result = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        TRY(groups_of(replacing->run, regex, subject, 0, &groups));
        TRY(php_call(replacing->run, replacing->with, &groups, 1, &result));
        TRY(php_stringify(replacing->run, php_look(result), &text));
        buffer_append(out, php_string_bytes(text), php_string_size(text));
        return PHP_OK;
}

static enum php_flow replace_pattern(struct replacing *replacing, struct php_value pattern,
        struct php_span with, struct php_value *subject)
{
        _cleanup_regex_ struct regex regex = {0};
        _cleanup_buffer_ struct buffer out = {0};
        TRY(regex_init(replacing->run, pattern, &regex));
        struct regex_walk walk = {.subject = php_span_of(*subject)};
        size_t from = 0;
        for (int64_t left = replacing->limit; left != 0; left--) {
                size_t begin = 0;
                size_t end = 0;
                bool found;
                TRY(regex_next(replacing->run, &regex, &walk, &found));
                if (!found)
                        break;
                (void)regex_group(&regex, 0, &begin, &end);
                buffer_append(&out, walk.subject.bytes + from, begin - from);
                if (replacing->calls)
                        TRY(append_called(replacing, &out, &regex, walk.subject));
                else
                        append_replacement(&out, &regex, walk.subject, with);
                if (out.size > RESULT_LIMIT)
                        return php_needs_php(replacing->run, "a replacement that grows so long");
                from = end;
                replacing->count++;
        }
        buffer_append(&out, walk.subject.bytes + from, walk.subject.size - from);
        php_clear(subject);
        *subject = php_from_buffer(&out);
        return PHP_OK;
}

static enum php_flow replace_stringified(struct replacing *replacing, struct php_value pattern,
        struct php_value with, struct php_value *subject)
{
        _cleanup_php_value_ struct php_value pattern_text = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value with_text = PHP_NULL_VALUE;
        TRY(php_stringify(replacing->run, pattern, &pattern_text));
        if (replacing->calls)
                with_text = php_text("");
        else
                TRY(php_stringify(replacing->run, with, &with_text));
        return replace_pattern(replacing, pattern_text, php_span_of(with_text), subject);
}

/* All patterns in turn; with an array of replacements, the one at the same place, or "". */
static enum php_flow replace_patterns(struct replacing *replacing, struct php_value *subject)
{
        if (replacing->patterns.type != PHP_TYPE_ARRAY)
                return replace_stringified(replacing, replacing->patterns, replacing->with, subject);
        _cleanup_php_value_ struct php_value nothing = php_text("");
        bool by_place = !replacing->calls && replacing->with.type == PHP_TYPE_ARRAY;
        struct php_value pattern;
        size_t with_at = 0;
        for (size_t at = 0; php_array_next(replacing->patterns, &at, NULL, &pattern);) {
                struct php_value with = replacing->with;
                if (by_place && !php_array_next(replacing->with, &with_at, NULL, &with))
                        with = nothing;
                TRY(replace_stringified(replacing, pattern, with, subject));
        }
        return PHP_OK;
}

static enum php_flow replace_subjects(
        struct replacing *replacing, struct php_value subjects, struct php_value *ret)
{
        _cleanup_php_value_ struct php_value results = php_new_array();
        struct php_key key;
        struct php_value value;
        for (size_t at = 0; php_array_next(subjects, &at, &key, &value);) {
                _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
                TRY(php_stringify(replacing->run, value, &text));
                TRY(replace_patterns(replacing, &text));
                php_array_set(&results, key, php_steal(&text));
        }
        *ret = php_steal(&results);
        return PHP_OK;
}

static enum php_flow replace_any(struct php_run *run, struct php_call *call, bool calls)
{
        struct php_value subject = php_argument(call, 2);
        struct replacing replacing = {.run = run,
                .patterns = php_argument(call, 0),
                .with = php_argument(call, 1),
                .calls = calls,
                .limit = -1};
        _cleanup_php_value_ struct php_value result = PHP_NULL_VALUE;
        TRY(php_optional_int(run, call, 3, &replacing.limit));
        if (calls)
                TRY(php_check_callable(run, call, 1));
        if (replacing.patterns.type == PHP_TYPE_OBJECT || (!calls && replacing.with.type == PHP_TYPE_OBJECT))
                return php_needs_php(run, "a regular expression or replacement that is an object");
        if (!calls && replacing.with.type == PHP_TYPE_ARRAY && replacing.patterns.type != PHP_TYPE_ARRAY)
                return php_needs_php(run, "preg_replace() of a pattern by an array");
        if (subject.type == PHP_TYPE_ARRAY) {
                TRY(replace_subjects(&replacing, subject, &result));
        } else {
                TRY(php_argument_string(run, call, 2, &result));
                TRY(replace_patterns(&replacing, &result));
        }
        if (php_given(call, 4))
                php_put_argument(call, 4, php_int(replacing.count));
        return php_return(call, php_steal(&result));
}

PHP_FUNCTION(replace)
{
        return replace_any(run, call, false);
}

PHP_FUNCTION(replace_by_call)
{
        return replace_any(run, call, true);
}

/* ---- splitting ---- */

struct pieces {
        struct php_value list;
        struct php_span subject;
        int64_t flags;
};

static bool add_piece(struct pieces *pieces, size_t begin, size_t end)
{
        if ((pieces->flags & SPLIT_NO_EMPTY) && begin == end)
                return false;
        struct php_value text = php_bytes(pieces->subject.bytes + begin, end - begin);
        if (pieces->flags & SPLIT_OFFSET_CAPTURE) {
                struct php_value pair = php_new_array();
                php_array_append(&pair, text);
                php_array_append(&pair, php_int((int64_t)begin));
                text = pair;
        }
        php_array_append(&pieces->list, text);
        return true;
}

static void add_delimiters(struct pieces *pieces, const struct regex *regex)
{
        for (int i = 1; i < regex->matched && (pieces->flags & SPLIT_DELIM_CAPTURE); i++) {
                size_t begin = 0;
                size_t end = 0;
                if (regex_group(regex, (uint32_t)i, &begin, &end) || !(pieces->flags & SPLIT_NO_EMPTY))
                        (void)add_piece(pieces, begin, end);
        }
}

static enum php_flow split_all(struct php_run *run, struct regex *regex, int64_t limit, struct pieces *pieces)
{
        struct regex_walk walk = {.subject = pieces->subject};
        size_t from = 0;
        while (limit < 0 || limit > 1) {
                size_t begin = 0;
                size_t end = 0;
                bool found;
                TRY(regex_next(run, regex, &walk, &found));
                if (!found)
                        break;
                (void)regex_group(regex, 0, &begin, &end);
                if (add_piece(pieces, from, begin) && limit > 0)
                        limit--;
                add_delimiters(pieces, regex);
                from = end;
                if (begin == end && end >= pieces->subject.size)
                        break;
        }
        (void)add_piece(pieces, from, pieces->subject.size);
        return PHP_OK;
}

PHP_FUNCTION(split)
{
        _cleanup_matching_ struct matching matching = {0};
        int64_t limit = -1;
        int64_t flags = 0;
        TRY(read_matching(run, call, &matching));
        if (php_given_value(call, 2))
                TRY(php_argument_int(run, call, 2, &limit));
        TRY(php_optional_int(run, call, 3, &flags));
        struct pieces pieces = {
                .list = php_new_array(), .subject = php_span_of(matching.subject), .flags = flags};
        enum php_flow flow = split_all(run, &matching.regex, limit == 0 ? -1 : limit, &pieces);
        if (flow == PHP_OK)
                return php_return(call, pieces.list);
        php_release(pieces.list);
        return flow;
}

PHP_FUNCTION(grep)
{
        _cleanup_php_value_ struct php_value pattern = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value kept = php_new_array();
        _cleanup_regex_ struct regex regex = {0};
        struct php_value array;
        struct php_value value;
        struct php_key key;
        int64_t flags = 0;
        TRY(php_argument_string(run, call, 0, &pattern));
        TRY(php_argument_array(run, call, 1, &array));
        TRY(php_optional_int(run, call, 2, &flags));
        TRY(regex_init(run, pattern, &regex));
        for (size_t at = 0; php_array_next(array, &at, &key, &value);) {
                _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
                bool found;
                TRY(php_stringify(run, value, &text));
                struct regex_walk walk = {.subject = php_span_of(text)};
                TRY(regex_next(run, &regex, &walk, &found));
                if (found != (flags == GREP_INVERT))
                        php_array_set(&kept, key, php_copy(value));
        }
        return php_return(call, php_steal(&kept));
}

PHP_FUNCTION(quote)
{
        _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
        _cleanup_php_value_ struct php_value delimiter = PHP_NULL_VALUE;
        TRY(php_argument_string(run, call, 0, &text));
        if (php_given_value(call, 1))
                TRY(php_argument_string(run, call, 1, &delimiter));
        else
                delimiter = php_text("");
        struct php_span span = php_span_of(text);
        char mark = php_string_bytes(delimiter)[0];
        if (mark != '#' && memchr(span.bytes, '#', span.size))
                return php_needs_php(run, "preg_quote() of #, which PHP before 7.3 did not quote");
        _cleanup_buffer_ struct buffer out = {0};
        for (size_t i = 0; i < span.size; i++) {
                char byte = span.bytes[i];
                if (byte == '\0') {
                        buffer_append_string(&out, "\\000");
                        continue;
                }
                if (strchr(".\\+*?[^]$(){}=!<>|:-", byte) || byte == mark)
                        buffer_append_string(&out, "\\");
                buffer_append(&out, &byte, 1);
        }
        return php_return(call, php_from_buffer(&out));
}

/* What fails stops the run. */
PHP_FUNCTION(last_error)
{
        return php_return(call, php_int(0));
}

const struct php_host_function php_functions_regex[] = {
        {"preg_grep", grep, 2, 3, 0, "pattern,array,flags"},
        {"preg_last_error", last_error, 0, 0, 0, NULL},
        {"preg_match", match, 2, 5, 1 << 2, "pattern,subject,matches,flags,offset"},
        {"preg_match_all", match_all, 2, 5, 1 << 2, "pattern,subject,matches,flags,offset"},
        {"preg_quote", quote, 1, 2, 0, "str,delimiter"},
        {"preg_replace", replace, 3, 5, 1 << 4, "pattern,replacement,subject,limit,count"},
        {"preg_replace_callback", replace_by_call, 3, 5, 1 << 4, "pattern,callback,subject,limit,count"},
        {"preg_split", split, 2, 4, 0, "pattern,subject,limit,flags"},
        {0},
};
