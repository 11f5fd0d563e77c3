/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/regex.h"

#include <ctype.h>
#include <string.h>

#define MATCH_LIMIT 200000 /* a fifth of pcre.backtrack_limit: beyond, PHP may do as it likes */
#define HEAP_LIMIT_KB 20000
#define BYTES_PER_STEP 256
#define MESSAGE_SIZE 200

static char closing_of(char opening)
{
        static const char pairs[] = "()[]{}<>";
        const char *found = strchr(pairs, opening);
        return found && (found - pairs) % 2 == 0 ? found[1] : opening;
}

/* The end of the pattern: the delimiter that closes it, or NULL. */
static const char *find_end(struct php_span text, char opening, char closing)
{
        unsigned depth = 1;
        for (size_t i = 0; i < text.size; i++) {
                if (text.bytes[i] == '\\')
                        i++;
                else if (text.bytes[i] == closing && --depth == 0)
                        return text.bytes + i;
                else if (text.bytes[i] == opening && opening != closing)
                        depth++;
        }
        return NULL;
}

static bool read_modifier(char letter, uint32_t *options, uint32_t *extra)
{
        static const struct {
                char letter;
                uint32_t option;
        } modifiers[] = {
                {'i', PCRE2_CASELESS},
                {'m', PCRE2_MULTILINE},
                {'s', PCRE2_DOTALL},
                {'x', PCRE2_EXTENDED},
                {'A', PCRE2_ANCHORED},
                {'D', PCRE2_DOLLAR_ENDONLY},
                {'S', 0},
                {'U', PCRE2_UNGREEDY},
                {'J', PCRE2_DUPNAMES},
                {'u', PCRE2_UTF | PCRE2_UCP},
                {'X', 0},
                {' ', 0},
                {'\n', 0},
        };
        if (letter == 'X')
                *extra = 0;
        for (size_t i = 0; i < ARRAY_SIZE(modifiers); i++) {
                if (modifiers[i].letter == letter) {
                        *options |= modifiers[i].option;
                        return true;
                }
        }
        return false;
}

static enum php_flow compile(
        struct php_run *run, struct php_span pattern, uint32_t options, uint32_t extra, struct regex *ret)
{
        int error;
        PCRE2_SIZE at;
        pcre2_compile_context *context = pcre2_compile_context_create(NULL);
        pcre2_set_compile_extra_options(context, extra);
        ret->code = pcre2_compile((PCRE2_SPTR)pattern.bytes, pattern.size, options, &error, &at, context);
        pcre2_compile_context_free(context);
        if (ret->code)
                return PHP_OK;
        PCRE2_UCHAR message[MESSAGE_SIZE] = "";
        (void)pcre2_get_error_message(error, message, sizeof(message));
        return php_needs_php(run, "a regular expression that is not valid (%s)", (const char *)message);
}

/* Names are stored as two bytes of group number and the name. */
static void read_names(struct regex *regex)
{
        uint32_t count = 0;
        uint32_t size = 0;
        PCRE2_SPTR table = NULL;
        (void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMECOUNT, &count);
        (void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
        (void)pcre2_pattern_info(regex->code, PCRE2_INFO_NAMETABLE, &table);
        regex->names = memory_new_array(regex->groups, sizeof(*regex->names));
        for (uint32_t i = 0; i < count; i++, table += size) {
                uint32_t group = (uint32_t)table[0] << 8 | table[1];
                if (group < regex->groups)
                        regex->names[group] = (const char *)table + 2;
        }
}

static void prepare(struct regex *regex)
{
        uint32_t captures = 0;
        (void)pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &captures);
        regex->groups = captures + 1;
        regex->data = pcre2_match_data_create_from_pattern(regex->code, NULL);
        regex->context = pcre2_match_context_create(NULL);
        pcre2_set_match_limit(regex->context, MATCH_LIMIT);
        pcre2_set_depth_limit(regex->context, MATCH_LIMIT);
        pcre2_set_heap_limit(regex->context, HEAP_LIMIT_KB);
        read_names(regex);
}

enum php_flow regex_init(struct php_run *run, struct php_value pattern, struct regex *ret)
{
        struct php_span text = php_span_of(pattern);
        uint32_t options = 0;
        uint32_t extra = PCRE2_EXTRA_BAD_ESCAPE_IS_LITERAL;
        *ret = (struct regex){0};
        while (text.size > 0 && php_space(*text.bytes))
                text = (struct php_span){text.bytes + 1, text.size - 1};
        if (text.size == 0 || isalnum((unsigned char)*text.bytes) || *text.bytes == '\\' ||
                *text.bytes == '\0')
                return php_needs_php(run, "a regular expression without delimiters");
        struct php_span inner = {text.bytes + 1, text.size - 1};
        const char *end = find_end(inner, *text.bytes, closing_of(*text.bytes));
        if (!end)
                return php_needs_php(run, "a regular expression without an end");
        inner.size = (size_t)(end - inner.bytes);
        for (const char *letter = end + 1; letter < text.bytes + text.size; letter++)
                if (!read_modifier(*letter, &options, &extra))
                        return php_needs_php(run, "a regular expression with the modifier %c",
                                isprint((unsigned char)*letter) ? *letter : '?');
        if (memchr(inner.bytes, '\0', inner.size))
                return php_needs_php(run, "a regular expression with a NUL");
        TRY(compile(run, inner, options, extra, ret));
        ret->utf8 = options & PCRE2_UTF;
        prepare(ret);
        return PHP_OK;
}

void regex_deinit(struct regex *regex)
{
        pcre2_match_data_free(regex->data);
        pcre2_match_context_free(regex->context);
        pcre2_code_free(regex->code);
        free(regex->names);
}

/* Matching costs steps, so that the run's bound holds for it too. */
static enum php_flow count_steps(struct php_run *run, size_t size)
{
        for (size_t i = 0; i <= size / BYTES_PER_STEP; i++)
                TRY(php_step(run));
        return PHP_OK;
}

static enum php_flow match_once(struct php_run *run, struct regex *regex, struct regex_walk *walk)
{
        TRY(count_steps(run, walk->subject.size - walk->at));
        uint32_t options = walk->options | (walk->checked ? PCRE2_NO_UTF_CHECK : 0);
        regex->matched = pcre2_match(regex->code, (PCRE2_SPTR)walk->subject.bytes, walk->subject.size,
                walk->at, options, regex->data, regex->context);
        walk->checked = true;
        if (regex->matched > 0 || regex->matched == PCRE2_ERROR_NOMATCH)
                return PHP_OK;
        PCRE2_UCHAR message[MESSAGE_SIZE] = "";
        (void)pcre2_get_error_message(regex->matched, message, sizeof(message));
        return php_needs_php(run, "a match that failed (%s)", (const char *)message);
}

static size_t character_size(const struct regex *regex, const struct regex_walk *walk)
{
        size_t size = 1;
        while (regex->utf8 && walk->at + size < walk->subject.size &&
                ((unsigned char)walk->subject.bytes[walk->at + size] & 0xc0) == 0x80)
                size++;
        return size;
}

enum php_flow regex_next(struct php_run *run, struct regex *regex, struct regex_walk *walk, bool *ret_found)
{
        static const uint32_t behind_empty = PCRE2_NOTEMPTY_ATSTART | PCRE2_ANCHORED;
        *ret_found = false;
        for (;;) {
                size_t begin;
                size_t end;
                TRY(match_once(run, regex, walk));
                if (regex_group(regex, 0, &begin, &end)) {
                        if (end < begin || begin < walk->at)
                                return php_needs_php(run, "a match that ends before it begins");
                        walk->at = end;
                        walk->options = begin == end ? behind_empty : 0;
                        *ret_found = true;
                        return PHP_OK;
                }
                if (!walk->options || walk->at >= walk->subject.size)
                        return PHP_OK;
                walk->at += character_size(regex, walk);
                walk->options = 0;
        }
}

bool regex_group(const struct regex *regex, uint32_t group, size_t *ret_begin, size_t *ret_end)
{
        const PCRE2_SIZE *places = pcre2_get_ovector_pointer(regex->data);
        if ((int)group >= regex->matched || places[2 * (size_t)group] == PCRE2_UNSET)
                return false;
        *ret_begin = places[2 * (size_t)group];
        *ret_end = places[2 * (size_t)group + 1];
        return true;
}
