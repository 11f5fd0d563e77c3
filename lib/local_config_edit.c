/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/local_config.h"

#include "lib/local_config_private.h"
#include "lib/memory.h"

#include <string.h>

/* Takes source over; NULL removes. */
static void set_edit(struct local_config *config, const char *key, char *source)
{
        for (size_t i = 0; i < config->edit_count; i++)
                if (string_equal(config->edits[i].key, key)) {
                        string_replace(&config->edits[i].source, source);
                        return;
                }
        config->edits = memory_resize(config->edits, config->edit_count + 1, sizeof(*config->edits));
        config->edits[config->edit_count++] = (struct edit){.key = string_copy(key), .source = source};
}

static const struct edit *find_edit(const struct local_config *config, const char *key)
{
        for (size_t i = 0; key && i < config->edit_count; i++)
                if (string_equal(config->edits[i].key, key))
                        return &config->edits[i];
        return NULL;
}

int local_config_replace(
        struct local_config *config, const char *key, const char *php_source, struct error *err)
{
        const struct entry *holder = local_config_holder(config, key);
        if (!holder)
                return 1;
        if (holder->kind == ENTRY_CHANGE)
                return local_config_unreadable(
                        holder->whole, err, "a setting that is to be replaced is changed by parts");
        set_edit(config, key, string_copy(php_source));
        return 0;
}

int local_config_remove(struct local_config *config, const char *key, struct error *err)
{
        if (!local_config_holder(config, key))
                return 1;
        for (size_t i = 0; i < config->entries.count; i++) {
                const struct entry *entry = &config->entries.items[i];
                if (!string_equal(entry->key, key))
                        continue;
                if (entry->kind == ENTRY_CHANGE)
                        return local_config_unreadable(
                                entry->whole, err, "a setting that is to be removed is changed by parts");
                if (entry->kind == ENTRY_ASSIGNMENT && config->alone && config->begins_with_key)
                        return local_config_unreadable(entry->whole, err,
                                "a setting that is to be removed is what a later merge begins with");
        }
        set_edit(config, key, NULL);
        return 0;
}

struct span {
        size_t start;
        size_t end;
        const char *source; /* what comes instead; NULL: nothing */
};

static bool is_blank(char c)
{
        return c == ' ' || c == '\t';
}

static size_t skip_blanks(const struct local_config *config, size_t at)
{
        while (at < config->size && is_blank(config->data[at]))
                at++;
        return at;
}

static size_t skip_blanks_back(const struct local_config *config, size_t at)
{
        while (at > 0 && is_blank(config->data[at - 1]))
                at--;
        return at;
}

static bool at_line_start(const struct local_config *config, size_t at)
{
        return at == 0 || config->data[at - 1] == '\n' || config->data[at - 1] == '\r';
}

/* Behind the line end that stands at `at`, or `at` itself when there is none. */
static size_t skip_line_end(const struct local_config *config, size_t at)
{
        if (at < config->size && config->data[at] == '\r')
                at++;
        if (at < config->size && config->data[at] == '\n')
                at++;
        return at;
}

/* Where a comment ends that ends on the line on which it starts; 0 for one that goes on. The grammar counts
 * the line end behind a "?" to the comment. */
static size_t comment_end(const struct local_config *config, TSNode comment)
{
        size_t start = ts_node_start_byte(comment);
        size_t end = ts_node_end_byte(comment);
        while (end > start && (config->data[end - 1] == '\n' || config->data[end - 1] == '\r'))
                end--;
        size_t size = end - start;
        return memchr(config->data + start, '\n', size) || memchr(config->data + start, '\r', size) ? 0 : end;
}

/* The end of the comments behind `at` that stand on its line. */
static size_t skip_comments(
        const struct local_config *config, size_t at, const struct php_nodes *siblings, size_t next)
{
        for (; next < siblings->count && php_node_is(siblings->items[next], "comment"); next++) {
                size_t end = comment_end(config, siblings->items[next]);
                if (end == 0 || ts_node_start_byte(siblings->items[next]) != skip_blanks(config, at))
                        break;
                at = end;
        }
        return at;
}

/* Where an element or a statement is to be taken out. With the line to itself it goes with its line and the
 * comment behind it; else alone, with the blanks that would be left over. A comma left in front of the
 * closing bracket is legal PHP, so the comma in front goes only where it stands right there. */
static struct span removal(const struct local_config *config, TSNode whole)
{
        _cleanup_php_nodes_ struct php_nodes siblings = {0};
        php_children(ts_node_parent(whole), &siblings);
        size_t index = 0;
        while (index + 1 < siblings.count && !ts_node_eq(siblings.items[index], whole))
                index++;

        struct span span = {.start = ts_node_start_byte(whole), .end = ts_node_end_byte(whole)};
        size_t next = index + 1;
        while (next < siblings.count && php_node_is(siblings.items[next], "comment"))
                next++;
        bool comma = next < siblings.count && php_node_is(siblings.items[next], ",");
        if (comma)
                span.end = ts_node_end_byte(siblings.items[next]);

        size_t before = skip_blanks_back(config, span.start);
        size_t after = skip_comments(config, span.end, &siblings, comma ? next + 1 : index + 1);
        after = skip_blanks(config, after);
        bool line_ends = after == config->size || skip_line_end(config, after) > after;
        if (at_line_start(config, before) && line_ends)
                return (struct span){.start = before, .end = skip_line_end(config, after)};

        size_t behind = skip_blanks(config, span.end);
        bool last_on_line = behind == config->size || skip_line_end(config, behind) > behind;
        bool follows_comma = index > 0 && php_node_is(siblings.items[index - 1], ",") &&
                             ts_node_end_byte(siblings.items[index - 1]) == before;
        if (!comma && follows_comma)
                span.start = ts_node_start_byte(siblings.items[index - 1]);
        else if (last_on_line && !at_line_start(config, before))
                span.start = before;
        else if (!at_line_start(config, before) || comma)
                span.end = behind;
        return span;
}

struct spans {
        struct span *items;
        size_t count;
};

static void spans_deinit(struct spans *spans)
{
        free(spans->items);
}

static void add_span(struct spans *spans, struct span span)
{
        spans->items = memory_resize(spans->items, spans->count + 1, sizeof(span));
        spans->items[spans->count++] = span;
}

static void collect_spans(const struct local_config *config, struct spans *spans)
{
        for (size_t i = 0; i < config->entries.count; i++) {
                const struct entry *entry = &config->entries.items[i];
                const struct edit *edit = find_edit(config, entry->key);
                if (!edit)
                        continue;
                if (!edit->source)
                        add_span(spans, removal(config, entry->whole));
                else if (entry == local_config_holder(config, entry->key))
                        add_span(spans, (struct span){.start = ts_node_start_byte(entry->value),
                                                .end = ts_node_end_byte(entry->value),
                                                .source = edit->source});
        }
}

static int compare_spans(const void *left, const void *right)
{
        const struct span *a = left, *b = right;
        return a->start < b->start ? -1 : a->start > b->start;
}

/* Removals next to each other may share a comma or blanks. */
static void apply_spans(const struct local_config *config, struct spans *spans, struct buffer *out)
{
        if (spans->count > 0)
                qsort(spans->items, spans->count, sizeof(*spans->items), compare_spans);
        size_t at = 0;
        for (size_t i = 0; i < spans->count; i++) {
                const struct span *span = &spans->items[i];
                if (span->start > at)
                        buffer_append(out, config->data + at, span->start - at);
                if (span->source)
                        buffer_append_string(out, span->source);
                if (span->end > at)
                        at = span->end;
        }
        buffer_append(out, config->data + at, config->size - at);
}

static bool same_text(const struct local_config *left, TSNode left_node, const struct local_config *right,
        TSNode right_node)
{
        size_t start = ts_node_start_byte(left_node);
        size_t size = ts_node_end_byte(left_node) - start;
        size_t other = ts_node_start_byte(right_node);
        return ts_node_end_byte(right_node) - other == size &&
               memcmp(left->data + start, right->data + other, size) == 0;
}

static bool is_as_wanted(const struct local_config *config, const struct entry *entry,
        const struct local_config *edited, const struct entry *now)
{
        if (entry->kind != now->kind || !string_equal(entry->key, now->key))
                return false;
        const struct edit *edit = find_edit(config, entry->key);
        if (edit && entry == local_config_holder(config, entry->key))
                return local_config_is_text(edited, now->value, edit->source);
        return same_text(config, entry->value, edited, now->value);
}

static int verify(const struct local_config *config, const char *data, size_t size, struct error *err)
{
        _cleanup_(local_config_freep) struct local_config *edited = NULL;
        _cleanup_error_ struct error cause = {0};
        if (local_config_read(data, size, config->variable, config->include, config->alone, &edited, &cause) <
                0)
                return error_set(err, REASON_INTERNAL, "the edited settings can't be read any more: %s",
                        error_message(&cause));
        size_t at = 0;
        for (size_t i = 0; i < config->entries.count; i++) {
                const struct entry *entry = &config->entries.items[i];
                const struct edit *edit = find_edit(config, entry->key);
                if (edit && !edit->source)
                        continue;
                if (at >= edited->entries.count ||
                        !is_as_wanted(config, entry, edited, &edited->entries.items[at]))
                        return error_set(err, REASON_INTERNAL,
                                "the edited settings differ from what was wanted at %s",
                                entry->key ? entry->key : "an element without a key");
                at++;
        }
        if (at != edited->entries.count)
                return error_set(err, REASON_INTERNAL, "the edited settings hold more than was wanted");
        return 0;
}

int local_config_render(
        const struct local_config *config, char **ret_data, size_t *ret_size, struct error *err)
{
        _cleanup_(spans_deinit) struct spans spans = {0};
        _cleanup_buffer_ struct buffer out = {0};
        collect_spans(config, &spans);
        apply_spans(config, &spans, &out);
        if (verify(config, out.data, out.size, err) < 0)
                return -1;
        *ret_size = out.size;
        *ret_data = buffer_steal(&out);
        return 0;
}

char *local_config_quote(const char *text)
{
        struct buffer out = {0};
        buffer_append_string(&out, "'");
        for (; *text; text++) {
                if (*text == '\'' || *text == '\\')
                        buffer_append(&out, "\\", 1);
                buffer_append(&out, text, 1);
        }
        buffer_append_string(&out, "'");
        return buffer_steal(&out);
}
