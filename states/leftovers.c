/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/leftovers.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "lib/text.h"
#include "states/footprint.h"
#include "states/gate.h"
#include "states/stages.h"

#define TOLD_LIMIT 20

/* True for what the upgrade itself has left. */
static int is_left_over(
        struct stage_context *context, const char *folder, const char *name, bool *ret, struct error *err)
{
        int root = context->site->root_fd;
        if (string_equal(name, RENAME_NAME_COPY) || file_is_temporary(name)) { /* what a kill cut short */
                *ret = true;
                return 0;
        }
        _cleanup_free_ char *path = string_format("%s/%s", folder, name);
        struct stat there = {0};
        if (file_stat(root, path, &there, err) < 0)
                return -1;
        if (S_ISDIR(there.st_mode))
                return gate_is_untouched_stub(root, path, ret, err);
        return gate_is_stub(root, path, ret, err);
}

int leftovers_remove(
        struct stage_context *context, struct rename_plan *plan, const char *folder, struct error *err)
{
        int root = context->site->root_fd;
        _cleanup_string_list_ struct string_list names = {0};
        int r = folder_list(root, folder, &names, err);
        if (r != 0)
                return r < 0 ? -1 : 0;
        for (size_t i = 0; i < names.count; i++) {
                bool left_over;
                if (is_left_over(context, folder, names.items[i], &left_over, err) < 0)
                        return -1;
                _cleanup_free_ char *path = string_format("%s/%s", folder, names.items[i]);
                if (!left_over && rename_set_aside(context, plan, path, err) < 0)
                        return -1;
        }
        return tree_remove(root, folder, err) < 0 ? -1 : 0;
}

/* They are in nobody's journal, and may be what somebody has brought for Mautic 3. */
static int tell_new_names(struct stage_context *context, struct error *err)
{
        _cleanup_string_list_ struct string_list names = {0};
        _cleanup_buffer_ struct buffer text = {0};
        size_t count = 0;
        if (footprint_find_new(context->checkpoint, context->site->root_fd, &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                if (string_equal(names.items[i], NAME_SET_ASIDE) || string_equal(names.items[i], NAME_LOG))
                        continue;
                _cleanup_free_ char *printable = text_printable(names.items[i], false);
                if (++count <= TOLD_LIMIT)
                        buffer_append_format(&text, "%s%s", count > 1 ? ", " : "", printable);
        }
        if (count > 0)
                stage_log(context, LOG_LEVEL_WARNING,
                        "%zu entries of the site's folder came since the upgrade began, and stay: %s%s.",
                        count, text.data, count > TOLD_LIMIT ? ", …" : "");
        return 0;
}

/* A folder is made empty, and gets its name before anything is put into it. */
int leftovers_sweep(struct stage_context *context, struct error *err)
{
        int root = context->site->root_fd;
        _cleanup_string_list_ struct string_list names = {0};
        if (rename_probe_remove(root, err) < 0 || folder_list(root, ".", &names, err) < 0)
                return -1;
        for (size_t i = 0; i < names.count; i++) {
                struct stat there;
                int r = file_is_temporary(names.items[i]) ? file_stat(root, names.items[i], &there, err) : 1;
                if (r == 0 && S_ISDIR(there.st_mode))
                        r = folder_remove_empty(root, names.items[i], err);
                else if (r == 0 && S_ISREG(there.st_mode))
                        r = file_remove(root, names.items[i], err);
                if (r < 0)
                        return -1;
        }
        return tell_new_names(context, err);
}
