/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * A plan in the journal. Beside its steps it holds notes: a folder's time of last change, taken before the
 * first rename that may change it; a folder that the plan made; and a thing that was replaced meanwhile.
 */

#include "states/rename_plan_private.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "lib/path.h"

#include <inttypes.h>
#include <string.h>

#define NOTE_TIME "note_time"
#define NOTE_MADE "note_made"
#define NOTE_ADOPTED "note_adopted"

static const char *const kind_names[] = {
        [RENAME_MOVE] = "move",
        [RENAME_SWAP] = "swap",
        [RENAME_COPY] = "copy",
};

static void step_deinit(struct rename_step *step)
{
        free(step->phase);
        free(step->from);
        free(step->to);
}

void rename_plan_deinit(struct rename_plan *plan)
{
        for (size_t i = 0; i < plan->count; i++)
                step_deinit(&plan->steps[i]);
        for (size_t i = 0; i < plan->folder_count; i++)
                free(plan->folders[i].path);
        free(plan->steps);
        free(plan->folders);
        *plan = (struct rename_plan){0};
}

static void append(struct rename_plan *plan, struct rename_step step)
{
        plan->steps = memory_grow(plan->steps, plan->count, sizeof(*plan->steps));
        plan->steps[plan->count++] = step;
}

void rename_plan_add(struct rename_plan *plan, const char *phase, enum rename_kind kind, const char *from,
        const char *to, const struct stat *thing, const struct stat *partner)
{
        append(plan, (struct rename_step){
                             .number = -1,
                             .phase = string_copy(phase),
                             .kind = kind,
                             .from = string_copy(from),
                             .to = string_copy(to),
                             .type = thing->st_mode & S_IFMT,
                             .mode = thing->st_mode & 07777,
                             .inode = thing->st_ino,
                             .partner = partner ? partner->st_ino : 0,
                     });
}

/* The journal's detail: "move 40755 1234 0 FROM TO". Names are bytes, not text, and may hold anything: all
 * but plain characters are written as %XX. */
static void append_escaped(struct buffer *buffer, const char *path)
{
        for (const unsigned char *c = (const unsigned char *)path; *c; c++) {
                if (*c > 0x20 && *c < 0x7f && *c != '%')
                        buffer_append(buffer, c, 1);
                else
                        buffer_append_format(buffer, "%%%02X", *c);
        }
}

static char *step_detail(const struct rename_step *step)
{
        _cleanup_buffer_ struct buffer text = {0};
        buffer_append_format(&text, "%s %o %" PRIu64 " %" PRIu64 " ", kind_names[step->kind],
                (unsigned)(step->type | step->mode), (uint64_t)step->inode, (uint64_t)step->partner);
        append_escaped(&text, step->from);
        buffer_append_string(&text, " ");
        append_escaped(&text, step->to);
        return buffer_steal(&text);
}

static char *unescape(const char *text)
{
        char *path = memory_new(strlen(text) + 1);
        size_t size = 0;
        for (const char *c = text; *c; c++) {
                unsigned byte;
                if (*c == '%' && sscanf(c + 1, "%2X", &byte) == 1) {
                        path[size++] = (char)byte;
                        c += 2;
                } else {
                        path[size++] = *c;
                }
        }
        return path;
}

static bool kind_from_name(const char *name, enum rename_kind *ret)
{
        for (size_t i = 0; i < ARRAY_SIZE(kind_names); i++)
                if (string_equal(kind_names[i], name)) {
                        *ret = (enum rename_kind)i;
                        return true;
                }
        return false;
}

static int step_parse(const struct step_record *record, struct rename_step *ret, struct error *err)
{
        _cleanup_free_ char *from = NULL, *to = NULL;
        char kind_name[8];
        unsigned type;
        uint64_t inode, partner;
        enum rename_kind kind;
        int count = record->detail ? sscanf(record->detail, "%7s %o %" SCNu64 " %" SCNu64 " %ms %ms",
                                             kind_name, &type, &inode, &partner, &from, &to)
                                   : 0;
        if (count != 6 || !kind_from_name(kind_name, &kind))
                return error_set(err, REASON_CHECKPOINT_DAMAGED,
                        "step %" PRId64 " of the journal has no sense", record->number);
        *ret = (struct rename_step){
                .number = record->number,
                .phase = string_copy(record->action),
                .kind = kind,
                .from = unescape(from),
                .to = unescape(to),
                .type = type & S_IFMT,
                .mode = type & 07777,
                .inode = (ino_t)inode,
                .partner = (ino_t)partner,
                .done = record->done,
        };
        return 0;
}

/* The notes */

static struct rename_folder *find_folder(struct rename_plan *plan, const char *path, bool made)
{
        for (size_t i = 0; i < plan->folder_count; i++)
                if (plan->folders[i].made == made && string_equal(plan->folders[i].path, path))
                        return &plan->folders[i];
        return NULL;
}

static void append_folder(struct rename_plan *plan, struct rename_folder folder)
{
        plan->folders = memory_grow(plan->folders, plan->folder_count, sizeof(*plan->folders));
        plan->folders[plan->folder_count++] = folder;
}

static int take_time(struct rename_plan *plan, const char *detail)
{
        uint64_t inode;
        intmax_t seconds;
        long nanoseconds;
        _cleanup_free_ char *path = NULL;
        if (sscanf(detail, "%" SCNu64 " %jd %ld %ms", &inode, &seconds, &nanoseconds, &path) != 4)
                return -1;
        append_folder(plan, (struct rename_folder){
                                    .path = unescape(path),
                                    .inode = (ino_t)inode,
                                    .time = {.tv_sec = (time_t)seconds, .tv_nsec = nanoseconds},
                            });
        return 0;
}

static int take_made(struct rename_plan *plan, const char *detail)
{
        append_folder(plan, (struct rename_folder){.path = unescape(detail), .made = true});
        return 0;
}

static int take_adopted(struct rename_plan *plan, const char *detail)
{
        int64_t number;
        unsigned type;
        uint64_t inode;
        if (sscanf(detail, "%" SCNd64 " %o %" SCNu64, &number, &type, &inode) != 3)
                return -1;
        for (size_t i = 0; i < plan->count; i++)
                if (plan->steps[i].number == number) {
                        plan->steps[i].type = type;
                        plan->steps[i].inode = (ino_t)inode;
                        return 0;
                }
        return -1;
}

static const struct {
        const char *action;
        int (*take)(struct rename_plan *plan, const char *detail);
} notes[] = {{NOTE_TIME, take_time}, {NOTE_MADE, take_made}, {NOTE_ADOPTED, take_adopted}};

static int take_record(struct rename_plan *plan, const struct step_record *record, struct error *err)
{
        for (size_t i = 0; i < ARRAY_SIZE(notes); i++)
                if (string_equal(notes[i].action, record->action))
                        return record->detail && notes[i].take(plan, record->detail) == 0
                                       ? 0
                                       : error_set(err, REASON_CHECKPOINT_DAMAGED,
                                                 "note %" PRId64 " of the journal has no sense",
                                                 record->number);
        struct rename_step step = {0};
        if (step_parse(record, &step, err) < 0)
                return -1;
        append(plan, step);
        return 0;
}

/* The note needs no evidence: it counts from when it is written. */
static int add_note(struct stage_context *context, const struct rename_plan *plan, const char *action,
        const char *detail, struct error *err)
{
        int64_t number;
        return checkpoint_add_step(context->checkpoint, plan->journal, action, detail, &number, err);
}

/* The root's own time is states/footprint.h's. */
static int note_time(
        struct stage_context *context, struct rename_plan *plan, const char *folder, struct error *err)
{
        struct stat there;
        if (string_equal(folder, ".") || find_folder(plan, folder, false))
                return 0;
        int r = file_stat(context->site->root_fd, folder, &there, err);
        if (r != 0)
                return r < 0 ? -1 : 0;
        _cleanup_buffer_ struct buffer detail = {0};
        buffer_append_format(&detail, "%" PRIu64 " %jd %ld ", (uint64_t)there.st_ino,
                (intmax_t)there.st_mtim.tv_sec, there.st_mtim.tv_nsec);
        append_escaped(&detail, folder);
        append_folder(plan, (struct rename_folder){
                                    .path = string_copy(folder),
                                    .inode = there.st_ino,
                                    .time = there.st_mtim,
                            });
        return add_note(context, plan, NOTE_TIME, detail.data, err);
}

static int note_times(struct stage_context *context, struct rename_plan *plan, const struct rename_step *step,
        struct error *err)
{
        _cleanup_free_ char *from = path_parent(step->from), *to = path_parent(step->to);
        if (note_time(context, plan, from, err) < 0 || note_time(context, plan, to, err) < 0)
                return -1;
        /* XFS takes a change of places for a change of the folder (seen with Linux 6.18). */
        if (step->kind == RENAME_SWAP && step->type == S_IFDIR)
                return note_time(context, plan, step->from, err);
        return 0;
}

int rename_make_folder(
        struct stage_context *context, struct rename_plan *plan, const char *path, struct error *err)
{
        int root = context->site->root_fd;
        _cleanup_free_ char *parent = path_parent(path);
        struct stat there;
        int r = file_stat(root, path, &there, err);
        if (r <= 0)
                return r;
        if (!string_equal(parent, ".") && rename_make_folder(context, plan, parent, err) < 0)
                return -1;
        if (!find_folder(plan, path, true)) {
                _cleanup_buffer_ struct buffer detail = {0};
                append_escaped(&detail, path);
                if (add_note(context, plan, NOTE_MADE, detail.data, err) < 0)
                        return -1;
                append_folder(plan, (struct rename_folder){.path = string_copy(path), .made = true});
        }
        return folder_make(root, path, 0755, err);
}

int rename_adopt(struct stage_context *context, struct rename_plan *plan, size_t index,
        const struct stat *there, struct error *err)
{
        struct rename_step *step = &plan->steps[index];
        _cleanup_free_ char *detail = string_format("%" PRId64 " %o %" PRIu64, step->number,
                (unsigned)(there->st_mode & S_IFMT), (uint64_t)there->st_ino);
        if (add_note(context, plan, NOTE_ADOPTED, detail, err) < 0)
                return -1;
        step->type = there->st_mode & S_IFMT;
        step->inode = there->st_ino;
        return 0;
}

int rename_plan_load(
        struct stage_context *context, const char *journal, struct rename_plan *ret, struct error *err)
{
        _cleanup_step_list_ struct step_list list = {0};
        if (checkpoint_load_steps(context->checkpoint, journal, &list, err) < 0)
                return -1;
        _cleanup_rename_plan_ struct rename_plan plan = {.journal = journal};
        for (size_t i = 0; i < list.count; i++)
                if (take_record(&plan, &list.items[i], err) < 0)
                        return -1;
        *ret = plan;
        plan = (struct rename_plan){0};
        return 0;
}

static int record_new_steps(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        for (size_t i = 0; i < plan->count; i++) {
                struct rename_step *step = &plan->steps[i];
                if (step->number >= 0)
                        continue;
                _cleanup_free_ char *detail = step_detail(step);
                if (note_times(context, plan, step, err) < 0 ||
                        checkpoint_add_step(context->checkpoint, plan->journal, step->phase, detail,
                                &step->number, err) < 0)
                        return -1;
        }
        return 0;
}

int rename_plan_record(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        if (checkpoint_begin(context->checkpoint, err) < 0)
                return -1;
        if (record_new_steps(context, plan, err) < 0 || checkpoint_commit(context->checkpoint, err) < 0) {
                checkpoint_rollback(context->checkpoint);
                return -1;
        }
        return 0;
}

bool rename_plan_has(const struct rename_plan *plan, const char *path, const struct stat *there)
{
        for (size_t i = 0; i < plan->count; i++) {
                const struct rename_step *step = &plan->steps[i];
                if (rename_is_thing(step, there) &&
                        (string_equal(step->from, path) || string_equal(step->to, path)))
                        return true;
        }
        return false;
}

bool rename_plan_phase_done(const struct rename_plan *plan, const char *phase)
{
        for (size_t i = 0; i < plan->count; i++)
                if (!plan->steps[i].done && string_equal(plan->steps[i].phase, phase))
                        return false;
        return true;
}
