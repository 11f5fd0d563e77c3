/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Proofs of the stages that unpack and move files.
 *
 * A thing is known by its inode, and where it must be by the journals of all stages: what one has moved, a
 * later one may have moved on, or be about to.
 */

#include "states/proof.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "lib/path.h"
#include "lib/sha256.h"
#include "lib/text.h"
#include "states/gate.h"
#include "states/rename_plan.h"
#include "states/stages.h"

#include <inttypes.h>
#include <string.h>

#define LOSSES_TOLD 9 /* by name */
#define FACT_EXTRACTED "extract_package.extracted"
#define DEPTH_LIMIT 128

/* What was extracted */

struct listing {
        struct sha256 *sha256;
        uint64_t entries, bytes;
};

/* What the gate adds, before the move or after it was extracted, is not the package's. */
static int is_gates(
        struct stage_context *context, const char *path, const char *name, bool *ret, struct error *err)
{
        *ret = file_is_temporary(name); /* what a kill has left of one */
        if (*ret)
                return 0;
        if (!gate_is_guard(name) && !string_equal(path, NAME_MAUTIC_3_FILES "/app/console"))
                return 0;
        return gate_is_stub(context->site->root_fd, path, ret, err);
}

static int list_entry(struct stage_context *context, struct listing *listing, const char *path,
        bool *ret_folder, struct error *err)
{
        struct stat there;
        int r = file_stat(context->site->root_fd, path, &there, err);
        if (r != 0)
                return r < 0 ? -1 : error_set(err, REASON_EVIDENCE_CONTRADICTS, "%s went away", path);
        *ret_folder = S_ISDIR(there.st_mode);
        _cleanup_free_ char *line = string_format(
                "%o %jd", (unsigned)(there.st_mode & S_IFMT), *ret_folder ? 0 : (intmax_t)there.st_size);
        sha256_add(listing->sha256, line, strlen(line) + 1);
        sha256_add(listing->sha256, path, strlen(path) + 1);
        listing->entries++;
        listing->bytes += S_ISREG(there.st_mode) ? (uint64_t)there.st_size : 0;
        return 0;
}

static int list_folder(struct stage_context *context, struct listing *listing, const char *folder,
        unsigned depth, struct error *err)
{
        _cleanup_string_list_ struct string_list names = {0};
        if (cancel_check(context->cancel, err) < 0)
                return -1;
        int r = folder_list(context->site->root_fd, folder, &names, err);
        if (r != 0)
                return r < 0 ? -1 : error_set(err, REASON_EVIDENCE_CONTRADICTS, "%s is gone", folder);
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = string_format("%s/%s", folder, names.items[i]);
                bool gates, is_folder = false;
                if (is_gates(context, path, names.items[i], &gates, err) < 0)
                        return -1;
                if (gates)
                        continue;
                if (list_entry(context, listing, path, &is_folder, err) < 0)
                        return -1;
                if (is_folder && depth > 0 && list_folder(context, listing, path, depth - 1, err) < 0)
                        return -1;
        }
        return 0;
}

/* "23225 entries, 169000000 bytes, SHA-256 of names, types and sizes …". */
static int list_extracted(struct stage_context *context, char **ret, struct error *err)
{
        _cleanup_sha256_ struct sha256 *sha256 = sha256_new();
        struct listing listing = {.sha256 = sha256};
        char hash[SHA256_HEX_SIZE];
        if (list_folder(context, &listing, NAME_MAUTIC_3_FILES, DEPTH_LIMIT, err) < 0)
                return -1;
        sha256_finish(sha256, hash);
        *ret = string_format("%" PRIu64 " entries, %" PRIu64
                             " bytes, SHA-256 of all names, kinds and sizes %s",
                listing.entries, listing.bytes, hash);
        return 0;
}

int proof_note_extracted(struct stage_context *context, struct error *err)
{
        _cleanup_free_ char *seen = NULL;
        return list_extracted(context, &seen, err) < 0
                       ? -1
                       : checkpoint_set_fact(context->checkpoint, FACT_EXTRACTED, seen, err);
}

int prove_extract_package(struct stage_context *context, struct error *err)
{
        _cleanup_rename_plan_ struct rename_plan move = {0};
        _cleanup_free_ char *expected = NULL, *seen = NULL;
        if (rename_plan_load(context, stage_move_files.name, &move, err) < 0)
                return -1;
        int known = checkpoint_get_fact(context->checkpoint, FACT_EXTRACTED, &expected, err);
        if (known < 0)
                return -1;
        if (move.count > 0 || known == 1)
                return 0;
        if (list_extracted(context, &seen, err) < 0)
                return -1;
        return string_equal(expected, seen)
                       ? 0
                       : error_set(err, REASON_EVIDENCE_CONTRADICTS,
                                 NAME_MAUTIC_3_FILES " holds %s; expected: %s", seen, expected);
}

/* Where things are */

enum { MOVE_FILES, RESTORE_USER_DATA, GATE, CLEANUP_FILES, PLANS };

/* All renames of the upgrade, in the order in which they were made. */
struct renames {
        struct rename_plan plans[PLANS];
        const char *put_away; /* where cleanup_files brings Mautic 2's folder; NULL: it is not planned */
};

static void renames_deinit(struct renames *renames)
{
        for (size_t i = 0; i < PLANS; i++)
                rename_plan_deinit(&renames->plans[i]);
}

static const struct rename_step *find_put_away(const struct rename_plan *plan)
{
        for (size_t i = 0; i < plan->count; i++)
                if (string_equal(plan->steps[i].from, NAME_MAUTIC_2_FILES))
                        return &plan->steps[i];
        return NULL;
}

static int renames_load(struct stage_context *context, struct renames *ret, struct error *err)
{
        const char *const journals[] = {
                [MOVE_FILES] = stage_move_files.name,
                [RESTORE_USER_DATA] = stage_restore_user_data.name,
                [GATE] = GATE_JOURNAL,
                [CLEANUP_FILES] = stage_cleanup_files.name,
        };
        for (size_t i = 0; i < PLANS; i++)
                if (rename_plan_load(context, journals[i], &ret->plans[i], err) < 0)
                        return -1;
        const struct rename_step *put_away = find_put_away(&ret->plans[CLEANUP_FILES]);
        ret->put_away = put_away ? put_away->to : NULL;
        return 0;
}

static int stat_or_none(struct stage_context *context, const char *path, struct stat *ret, struct error *err)
{
        int r = file_stat(context->site->root_fd, path, ret, err);
        if (r == 1)
                *ret = (struct stat){0};
        return r < 0 ? -1 : 0;
}

/* By inode; a plain file also when another plain file stands there, if `replaced` may be. */
static int is_at(struct stage_context *context, const struct rename_step *thing, const char *path,
        bool replaced, bool *ret, struct error *err)
{
        struct stat there;
        if (stat_or_none(context, path, &there, err) < 0)
                return -1;
        bool same_kind = there.st_ino != 0 && (there.st_mode & S_IFMT) == thing->type;
        *ret = same_kind && (there.st_ino == thing->inode || (replaced && thing->type == S_IFREG));
        return 0;
}

/* The same, or below the folder that Mautic 2's was renamed to. */
static int is_at_or_put_away(struct stage_context *context, const struct renames *renames,
        const struct rename_step *thing, const char *path, bool replaced, bool *ret, struct error *err)
{
        if (is_at(context, thing, path, replaced, ret, err) < 0)
                return -1;
        const char *below = path_below(path, NAME_MAUTIC_2_FILES);
        if (*ret || !renames->put_away || !below)
                return 0;
        _cleanup_free_ char *moved = string_format("%s/%s", renames->put_away, below);
        return is_at(context, thing, moved, replaced, ret, err);
}

/* Whether a step moves the thing: *ret_to is where it brings it then. */
static bool moves(const struct rename_step *step, const struct rename_step *thing, const char **ret_to)
{
        bool swap = step->kind == RENAME_SWAP;
        if (step->kind == RENAME_COPY || (step->inode != thing->inode && !swap))
                return false;
        *ret_to = step->inode == thing->inode ? step->to : step->from;
        return step->inode == thing->inode || step->partner == thing->inode;
}

/* Goes through all that was made, or is being made, of the thing since its step. */
static int find_thing(struct stage_context *context, const struct renames *renames,
        const struct rename_step *thing, bool replaced, bool *ret, struct error *err)
{
        const char *expected = thing->to;
        bool behind = false;
        if (is_at_or_put_away(context, renames, thing, expected, replaced, ret, err) < 0)
                return -1;
        for (size_t plan = 0; plan < PLANS && !*ret; plan++)
                for (size_t i = 0; i < renames->plans[plan].count && !*ret; i++) {
                        const struct rename_step *step = &renames->plans[plan].steps[i];
                        const char *to;
                        bool is_later = behind;
                        behind = behind || step == thing;
                        if (is_later && moves(step, thing, &to) &&
                                is_at_or_put_away(context, renames, thing, to, replaced, ret, err) < 0)
                                return -1;
                }
        return 0;
}

static int missing(const struct rename_step *thing, struct error *err)
{
        _cleanup_free_ char *to = text_printable(thing->to, false);
        _cleanup_free_ char *from = text_printable(thing->from, false);
        return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                "what was moved from %s to %s is not there any more (inode %" PRIu64
                "), nor where a later stage would have brought it",
                from, to, (uint64_t)thing->inode);
}

static bool is_moved_on(const struct renames *renames, const struct rename_step *thing)
{
        const struct rename_plan *plan = &renames->plans[RESTORE_USER_DATA];
        const char *to;
        for (size_t i = 0; i < plan->count; i++)
                if (moves(&plan->steps[i], thing, &to))
                        return true;
        return false;
}

static bool is_of_mautic_2(const struct rename_step *step)
{
        return path_below(step->to, NAME_MAUTIC_2_FILES) != NULL;
}

/* A copy is somebody's to write to as soon as it is there. */
static int prove_copy(struct stage_context *context, const struct rename_step *step, struct error *err)
{
        struct stat there;
        if (stat_or_none(context, step->to, &there, err) < 0)
                return -1;
        if (there.st_ino != 0)
                return 0;
        _cleanup_free_ char *to = text_printable(step->to, false);
        return error_set(err, REASON_EVIDENCE_CONTRADICTS, "%s, which was copied there, is gone", to);
}

/* What was set aside is for people to look through, and to take away. What of Mautic 2's was brought over to
 * a live Mautic 3 is its users'; the rest is what the way back needs. */
static bool is_looked_for(const struct renames *renames, const struct rename_step *step, bool live)
{
        if (!step->done || path_below(step->to, NAME_SET_ASIDE))
                return false;
        return !live || (step->kind != RENAME_COPY && is_of_mautic_2(step) && !is_moved_on(renames, step));
}

static int prove_step(struct stage_context *context, const struct renames *renames,
        const struct rename_step *step, bool replaced, struct error *err)
{
        bool found = true;
        if (cancel_check(context->cancel, err) < 0)
                return -1;
        if (step->kind == RENAME_COPY)
                return prove_copy(context, step, err);
        if (find_thing(context, renames, step, replaced, &found, err) < 0)
                return -1;
        return found ? 0 : missing(step, err);
}

/* All that is gone is told at once: who accepts one loss must have seen the others. */
struct losses {
        struct error first;
        struct buffer others;
        size_t count;
};

static void losses_deinit(struct losses *losses)
{
        error_deinit(&losses->first);
        buffer_deinit(&losses->others);
}

static int prove_or_note(struct stage_context *context, const struct renames *renames,
        const struct rename_step *step, bool replaced, struct losses *losses, struct error *err)
{
        if (prove_step(context, renames, step, replaced, err) == 0)
                return 0;
        if (err->reason != REASON_EVIDENCE_CONTRADICTS)
                return -1;
        if (losses->count++ == 0) {
                error_move(&losses->first, err);
                return 0;
        }
        error_deinit(err);
        if (losses->count > LOSSES_TOLD)
                return 0;
        _cleanup_free_ char *to = text_printable(step->to, false);
        buffer_append_format(&losses->others, "%s%s", losses->count > 2 ? ", " : "", to);
        return 0;
}

static int tell_losses(struct losses *losses, struct error *err)
{
        if (losses->count == 0)
                return 0;
        if (losses->count == 1)
                return error_move(err, &losses->first), -1;
        return error_set(err, REASON_EVIDENCE_CONTRADICTS, "%s; %zu more are gone: %s%s",
                error_message(&losses->first), losses->count - 1, losses->others.data,
                losses->count > LOSSES_TOLD ? ", …" : "");
}

int prove_move_files(struct stage_context *context, struct error *err)
{
        _cleanup_(renames_deinit) struct renames renames = {0};
        _cleanup_(losses_deinit) struct losses losses = {0};
        bool live;
        if (proof_mautic_3_is_live(context, &live, err) < 0 || renames_load(context, &renames, err) < 0)
                return -1;
        const struct rename_plan *plan = &renames.plans[MOVE_FILES];
        for (size_t i = 0; i < plan->count; i++) {
                const struct rename_step *step = &plan->steps[i];
                if (is_looked_for(&renames, step, live) &&
                        prove_or_note(context, &renames, step, !is_of_mautic_2(step), &losses, err) < 0)
                        return -1;
        }
        return tell_losses(&losses, err);
}

/* Whoever's cache can't be built is told to take plugins away, and may have to look after a theme. */
static bool may_be_taken_away(const struct stage_context *context, const char *path)
{
        const struct site_paths *paths = &context->site->paths;
        return (paths->plugins && path_below(path, paths->plugins)) ||
               (paths->themes && path_below(path, paths->themes));
}

int prove_restore_user_data(struct stage_context *context, struct error *err)
{
        _cleanup_(renames_deinit) struct renames renames = {0};
        _cleanup_(losses_deinit) struct losses losses = {0};
        bool live, building;
        if (proof_mautic_3_is_live(context, &live, err) < 0 ||
                proof_stage_was_begun(context, &stage_build_cache, &building, err) < 0 ||
                renames_load(context, &renames, err) < 0)
                return -1;
        const struct rename_plan *plan = &renames.plans[RESTORE_USER_DATA];
        for (size_t i = 0; i < plan->count && !live; i++) {
                const struct rename_step *step = &plan->steps[i];
                if (is_looked_for(&renames, step, live) &&
                        !(building && may_be_taken_away(context, step->to)) &&
                        prove_or_note(context, &renames, step, building, &losses, err) < 0)
                        return -1;
        }
        return tell_losses(&losses, err);
}

int prove_build_cache(struct stage_context *context, struct error *err)
{
        bool up;
        if (gate_is_up(context->site->root_fd, &up, err) < 0)
                return -1;
        return up ? error_set(err, REASON_EVIDENCE_CONTRADICTS,
                            "index.php is the 503 page again; expected: Mautic 3's, as visitors were let in")
                  : 0;
}

int prove_cleanup_files(struct stage_context *context, struct error *err)
{
        _cleanup_rename_plan_ struct rename_plan plan = {0};
        struct stat there;
        if (rename_plan_load(context, stage_cleanup_files.name, &plan, err) < 0)
                return -1;
        const struct rename_step *step = find_put_away(&plan);
        if (!step)
                return 0;
        if (stat_or_none(context, step->to, &there, err) < 0)
                return -1;
        if (there.st_ino == step->inode && S_ISDIR(there.st_mode))
                return 0;
        return error_set(err, REASON_EVIDENCE_CONTRADICTS, "Mautic 2's files are not in %s any more%s",
                step->to, there.st_ino == 0 ? "" : ": something else stands there");
}
