/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * download_package: the Mautic 3 package into the state folder, judged before anything moves.
 *
 *   package.zip            whole, synced, mode 0600: the artifact "package", with its version as a fact
 *   package.zip.part(.json) an unfinished download, gone on with at the next entry (lib/download.h)
 *   package.zip.copy       an unfinished copy, begun anew at the next entry
 *   package.zip.damaged    what came but was no package; the next try fetches anew
 *   package.zip.replaced   what stood under the name but is of another source, or another upgrade
 *
 * A package placed by hand in the site's root goes before package.file, and that before package.url; both are
 * copied, so that extraction never depends on a file that can change. The step "fetch" names the source
 * before package.zip appears: after a kill, what lies there is known to be of that source, and is judged
 * again.
 *
 * What download_package_ahead has fetched, on another thread and perhaps before the start, lies under the
 * same names, so that either goes on with what the other has begun. It has no checkpoint: package.zip.json
 * (states/package_note.h) says in the step's place what package.zip is, and with which hash it was found
 * whole. The stage looks at the file and its hash, takes it as its own, and removes the note with that.
 */

#include "lib/download.h"
#include "lib/files.h"
#include "lib/memory.h"
#include "states/facts.h"
#include "states/package.h"
#include "states/package_note.h"
#include "states/php.h"
#include "states/prefetch.h"
#include "states/proof.h"
#include "states/stages.h"

#include <inttypes.h>
#include <string.h>

#define STEP_FETCH "fetch"
#define NAME_COPY NAME_STATE_PACKAGE ".copy"
#define NAME_DAMAGED NAME_STATE_PACKAGE ".damaged"
#define NAME_REPLACED NAME_STATE_PACKAGE ".replaced"
#define PIECE_SIZE ((size_t)256 * 1024)
#define CONNECT_TIMEOUT_MS 30000
#define BACKOFF_MS 1000

static void tell_progress(uint64_t done, uint64_t total, void *userdata)
{
        stage_progress(userdata, done, total, "bytes");
}

static void tell_notice(const char *text, void *userdata)
{
        stage_log(userdata, LOG_LEVEL_WARNING, "Download of the package: %s.", text);
}

static int set_aside(struct stage_context *context, const char *name, struct error *err)
{
        if (package_note_remove(context->state_fd, err) < 0 || file_remove(context->state_fd, name, err) < 0)
                return -1;
        int renamed = file_rename(context->state_fd, NAME_STATE_PACKAGE, context->state_fd, name, err);
        if (renamed == 0)
                stage_log(context, LOG_LEVEL_INFO, "%s/" NAME_STATE_PACKAGE " was set aside as %s.",
                        context->state_path, name);
        return renamed < 0 ? -1 : 0;
}

/* What is there already */

/* 1 when the recorded package is there, right, and the one that the configuration names. */
static int find_recorded(struct stage_context *context, const char *expected, struct error *err)
{
        _cleanup_artifact_record_ struct artifact_record record = {0};
        int found = checkpoint_load_artifact(context->checkpoint, ARTIFACT_PACKAGE, &record, err);
        if (found != 0)
                return found < 0 ? -1 : 0;
        bool matches = false;
        if (expected && strcasecmp(expected, record.sha256) != 0)
                return 0;
        if (file_matches(context->state_fd, NAME_STATE_PACKAGE, record.size, record.sha256, context->cancel,
                    &matches, err) < 0)
                return -1;
        return matches;
}

/* Whether the journal says that package.zip, when it is there, is of this source and still to be judged. */
static int find_step(struct stage_context *context, const struct package_source *source, bool *ret_found,
        int64_t *ret_number, struct error *err)
{
        _cleanup_step_list_ struct step_list steps = {0};
        if (checkpoint_load_steps(context->checkpoint, context->stage->name, &steps, err) < 0)
                return -1;
        *ret_found = false;
        for (size_t i = steps.count; i-- > 0;) {
                if (!string_equal(steps.items[i].action, STEP_FETCH))
                        continue;
                *ret_found = !steps.items[i].done && string_equal(steps.items[i].detail, source->identity);
                *ret_number = steps.items[i].number;
                return 0;
        }
        return 0;
}

/* Fetching */

static int copy_bytes(struct stage_context *context, const struct package_source *source, int from, int to,
        struct error *err)
{
        _cleanup_free_ char *piece = memory_new(PIECE_SIZE);
        uint64_t done = 0, total = (uint64_t)source->status.st_size;
        while (true) {
                if (cancel_check(context->cancel, err) < 0)
                        return -1;
                ssize_t count = read(from, piece, PIECE_SIZE);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count < 0)
                        return error_set_errno(err, errno, "can't read %s", source->shown);
                if (count == 0)
                        break;
                done += (uint64_t)count;
                if (done > total)
                        break;
                if (file_write_all(to, piece, (size_t)count, NAME_COPY, err) < 0)
                        return -1;
                stage_progress(context, done, total, "bytes");
        }
        struct stat now;
        if (fstat(from, &now) < 0)
                return error_set_errno(err, errno, "can't examine %s", source->shown);
        if (done != total || now.st_mtim.tv_sec != source->status.st_mtim.tv_sec ||
                now.st_mtim.tv_nsec != source->status.st_mtim.tv_nsec)
                return error_set(err, REASON_PACKAGE_CHANGED,
                        "%s changed while it was copied: wait until it is there as a whole, then resume",
                        source->shown);
        return file_sync(to, NAME_COPY, err);
}

/* Copies a file of this machine to package.zip. */
static int copy_package(struct stage_context *context, const struct package_source *source, struct error *err)
{
        _cleanup_close_ int from = -1, to = -1;
        if ((uint64_t)source->status.st_size > context->config->package_limit)
                return error_set(err, REASON_PACKAGE_HOSTILE,
                        "%s has %" PRIu64 " bytes, more than the %" PRIu64
                        " that are allowed (package.limit)",
                        source->shown, (uint64_t)source->status.st_size, context->config->package_limit);
        int opened = file_open(source->folder_fd, source->name, O_RDONLY | O_NONBLOCK, 0, &from, err);
        if (opened > 0)
                return error_set(err, REASON_PACKAGE_NOT_FOUND, "%s is gone", source->shown);
        if (opened < 0 || file_remove(context->state_fd, NAME_COPY, err) < 0 ||
                file_open(context->state_fd, NAME_COPY, O_WRONLY | O_CREAT | O_EXCL, 0600, &to, err) < 0)
                return -1;
        if (copy_bytes(context, source, from, to, err) < 0) {
                _cleanup_error_ struct error ignored = {0};
                (void)!file_remove(context->state_fd, NAME_COPY, &ignored); /* its room may be needed */
                return -1;
        }
        int renamed = file_rename(context->state_fd, NAME_COPY, context->state_fd, NAME_STATE_PACKAGE, err);
        if (renamed > 0)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS, "%s/" NAME_COPY " was taken away",
                        context->state_path);
        return renamed;
}

static int download_package_from(
        struct stage_context *context, const char *url, const char *expected, struct error *err)
{
        const struct config *config = context->config;
        struct download_options options = {
                .url = url,
                .allow_insecure = config->package_insecure,
                .folder_fd = context->state_fd,
                .name = NAME_STATE_PACKAGE,
                .sha256 = expected,
                .size_limit = config->package_limit,
                .connect_timeout_ms = CONNECT_TIMEOUT_MS,
                .stall_timeout_ms = config->download_stall * 1000,
                .attempts = config->download_attempts > 1000 ? 1000 : (unsigned)config->download_attempts,
                .backoff_ms = BACKOFF_MS,
                .cancel = context->cancel,
                .on_progress = tell_progress,
                .on_notice = tell_notice,
                .userdata = context,
        };
        struct download_result result;
        if (download_file(&options, &result, err) < 0)
                return -1;
        if (result.resumed)
                stage_log(context, LOG_LEVEL_INFO, "The download went on where an earlier one had stopped.");
        return 0;
}

/* 1: what lies there, of an earlier upgrade, is by its hash the package that is asked for. */
static int is_expected(struct stage_context *context, const char *expected, struct error *err)
{
        char sha256[65];
        uint64_t size = 0;
        if (!expected)
                return 0;
        int hashed = file_sha256(context->state_fd, NAME_STATE_PACKAGE, context->cancel, sha256, &size, err);
        return hashed < 0 ? -1 : hashed == 0 && strcasecmp(expected, sha256) == 0;
}

/* Takes what lies under package.zip's name out of the way, unless it is of this source (is_known), or the one
 * that is asked for. 1: it stays. */
static int make_way(struct stage_context *context, bool is_known, const char *expected, struct error *err)
{
        struct stat status;
        int there = file_stat(context->state_fd, NAME_STATE_PACKAGE, &status, err);
        if (there != 0)
                return there < 0 ? -1 : 0;
        if (is_known)
                return 1;
        int right = is_expected(context, expected, err);
        if (right > 0)
                stage_log(context, LOG_LEVEL_INFO,
                        "The package of an earlier upgrade is there, and has the SHA-256 that is asked for.");
        return right != 0 ? right : set_aside(context, NAME_REPLACED, err);
}

/* is_there: it lies there already. */
static int bring(struct stage_context *context, const struct package_source *source, const char *expected,
        bool is_there, struct error *err)
{
        if (is_there) /* whoever renamed it may have been killed before the sync */
                return file_sync(context->state_fd, NAME_STATE_PACKAGE, err);
        stage_log(context, LOG_LEVEL_INFO, "The package is taken from %s.", source->shown);
        return source->kind == PACKAGE_URL ? download_package_from(context, source->name, expected, err)
                                           : copy_package(context, source, err);
}

/* Whether package.zip, when it is there, is of this source, and not known to be another than is asked for. */
static bool is_noted(
        const struct package_note *note, const struct package_source *source, const char *expected)
{
        return string_equal(note->source, source->identity) &&
               (!expected || !note->sha256 || strcasecmp(expected, note->sha256) == 0);
}

/* Makes package.zip of the source, unless it lies there already. */
static int fetch(struct stage_context *context, const struct package_source *source,
        const struct package_note *note, const char *expected, int64_t *ret_step, struct error *err)
{
        bool is_known = false;
        if (find_step(context, source, &is_known, ret_step, err) < 0)
                return -1;
        /* A note of another source must not be found beside what is fetched now. */
        if (!is_noted(note, source, expected) && package_note_remove(context->state_fd, err) < 0)
                return -1;
        int there = make_way(context, is_known || is_noted(note, source, expected), expected, err);
        if (there < 0 || (!is_known && checkpoint_add_step(context->checkpoint, context->stage->name,
                                               STEP_FETCH, source->identity, ret_step, err) < 0))
                return -1;
        return bring(context, source, expected, there > 0, err);
}

/* Judging */

static int has_accepted(struct stage_context *context, const char *warning, bool *ret, struct error *err)
{
        _cleanup_free_ char *accepted = NULL;
        if (checkpoint_get_fact(context->checkpoint, FACT_ACCEPTED_WARNINGS, &accepted, err) < 0)
                return -1;
        *ret = fact_accepts(accepted, warning);
        return 0;
}

/* Of a package that had to be fetched, preflight could not know it. */
static int check_warnings(struct stage_context *context, const struct package *package, struct error *err)
{
        bool jump, vendor;
        if (has_accepted(context, WARNING_PACKAGE_JUMP, &jump, err) < 0 ||
                has_accepted(context, WARNING_PACKAGE_VENDOR, &vendor, err) < 0)
                return -1;
        if (package->jump && !jump) {
                error_set(err, REASON_PACKAGE_WRONG_VERSION,
                        "the package is Mautic %s, which wants Mautic %s or later before it: that jumps over "
                        "releases. "
                        "Give a package of Mautic 3.0, or accept the warning: resume "
                        "--accept " WARNING_PACKAGE_JUMP,
                        package->metadata.version, package->metadata.minimum_mautic_version);
                return error_accept(err, WARNING_PACKAGE_JUMP);
        }
        if (package->lacks_vendor && !vendor) {
                error_set(err, REASON_PACKAGE_WRONG_VERSION,
                        "the package holds no vendor/autoload.php, so that Mautic 3's console can't start: "
                        "it is made of sources. Give a release, or accept the warning: resume "
                        "--accept " WARNING_PACKAGE_VENDOR);
                return error_accept(err, WARNING_PACKAGE_VENDOR);
        }
        return 0;
}

/* A console that Mautic 3 refuses to start would be found out when its files stand in the root already. */
static int check_php(struct stage_context *context, const struct package *package, struct error *err)
{
        const struct release_metadata *release = &package->metadata;
        if (php_use_of(context->config) != PHP_NEEDED) {
                stage_log(context, LOG_LEVEL_INFO,
                        "Mautic %s runs on PHP %s to %s: the web server's PHP must be one of them.",
                        release->version, release->minimum_php_version, release->maximum_php_version);
                return 0;
        }
        _cleanup_php_facts_ struct php_facts php = {0};
        if (php_probe(context->config, context->lock_fds, context->lock_count, context->cancel, &php, err) <
                0)
                return -1;
        if (php_version_is_between(php.version, release->minimum_php_version, release->maximum_php_version))
                return 0;
        return error_set(err, REASON_PHP_UNFIT,
                "the package, Mautic %s, runs on PHP %s to %s, but %s is PHP %s", release->version,
                release->minimum_php_version, release->maximum_php_version, php.path, php.version);
}

static int check_sha256(const char *expected, const char *found, struct error *err)
{
        if (!expected || strcasecmp(expected, found) == 0)
                return 0;
        return error_set(
                err, REASON_PACKAGE_CHECKSUM, "the package has the SHA-256 %s, not %s", found, expected);
}

static int record(struct stage_context *context, const char *version, uint64_t size, char *sha256,
        int64_t step, struct error *err)
{
        _cleanup_free_ char *path = string_format("%s/%s", context->state_path, NAME_STATE_PACKAGE);
        _cleanup_free_ char *evidence = string_format("%" PRIu64 " bytes, SHA-256 %s", size, sha256);
        const struct artifact_record artifact = {
                .name = (char *)ARTIFACT_PACKAGE, .path = path, .size = size, .sha256 = sha256};
        if (checkpoint_begin(context->checkpoint, err) < 0 ||
                checkpoint_save_artifact(context->checkpoint, &artifact, err) < 0 ||
                checkpoint_set_fact(context->checkpoint, FACT_TO_VERSION, version, err) < 0 ||
                checkpoint_finish_step(context->checkpoint, context->stage->name, step, evidence, err) < 0 ||
                checkpoint_commit(context->checkpoint, err) < 0) {
                checkpoint_rollback(context->checkpoint);
                return -1;
        }
        return 0;
}

/* Whether the bytes themselves are at fault: resume must not find them again. */
static bool is_spoilt(enum reason reason)
{
        return reason == REASON_PACKAGE_DAMAGED || reason == REASON_PACKAGE_HOSTILE ||
               reason == REASON_PACKAGE_CHECKSUM || reason == REASON_PACKAGE_WRONG_VERSION;
}

/* Takes a package that is none out of the way. Of a copied one the original remains. */
static int reject(struct stage_context *context, const struct package_source *source, struct error *err)
{
        _cleanup_error_ struct error problem = {0};
        if (!is_spoilt(err->reason))
                return -1;
        int done = package_note_remove(context->state_fd, &problem);
        if (done == 0)
                done = source->kind == PACKAGE_URL
                               ? set_aside(context, NAME_DAMAGED, &problem)
                               : file_remove(context->state_fd, NAME_STATE_PACKAGE, &problem);
        if (done < 0)
                stage_log(context, LOG_LEVEL_WARNING, "The package could not be taken out of the way: %s.",
                        error_message(&problem));
        return error_wrap(err, "%s", source->shown);
}

/* Whether package.zip is a whole package of Mautic 3, the one that is asked for. note: what it was when each
 * file in it was looked at. */
static int look_at_bytes(struct stage_context *context, const struct package_source *source,
        const struct package_note *note, const char *expected, struct package *ret, char ret_sha256[65],
        uint64_t *ret_size, struct error *err)
{
        int hashed = file_sha256(
                context->state_fd, NAME_STATE_PACKAGE, context->cancel, ret_sha256, ret_size, err);
        if (hashed < 0)
                return -1;
        if (hashed > 0)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS, "%s/" NAME_STATE_PACKAGE " was taken away",
                        context->state_path);
        bool was_verified = *ret_size == note->size && string_equal(note->sha256, ret_sha256);
        if (check_sha256(expected, ret_sha256, err) < 0 ||
                package_open(context->state_fd, NAME_STATE_PACKAGE, context->config, ret, err) < 0 ||
                (!was_verified && archive_verify(ret->archive, context->cancel, err) < 0))
                return reject(context, source, err);
        return 0;
}

static int judge(struct stage_context *context, const struct package_source *source,
        const struct package_note *note, const char *expected, int64_t step, struct error *err)
{
        _cleanup_package_ struct package package = {0};
        char sha256[65];
        uint64_t size = 0;
        if (look_at_bytes(context, source, note, expected, &package, sha256, &size, err) < 0)
                return -1;
        if (check_warnings(context, &package, err) < 0 || check_php(context, &package, err) < 0)
                return -1; /* kept: once accepted, it need not be fetched again */
        if (record(context, package.metadata.version, size, sha256, step, err) < 0)
                return -1;
        stage_log(context, LOG_LEVEL_INFO,
                "The package is Mautic %s: %" PRIu64 " bytes, SHA-256 %s%s, %" PRIu64
                " files and folders of %" PRIu64 " bytes.",
                package.metadata.version, size, sha256, expected ? " as expected" : "",
                archive_entry_count(package.archive), archive_byte_count(package.archive));
        return STAGE_DONE;
}

static int take_package(struct stage_context *context, struct error *err)
{
        const char *expected = context->config->package_sha256; /* NULL: none is asked for */
        _cleanup_package_source_ struct package_source source = {0};
        _cleanup_package_note_ struct package_note note = {0};
        int64_t step = 0;
        int recorded = find_recorded(context, expected, err);
        if (recorded < 0)
                return -1;
        if (recorded > 0) {
                stage_log(context, LOG_LEVEL_INFO, "The package is there already, and it is right.");
                return STAGE_DONE;
        }
        if (package_source_find(context->config, context->site->root_fd, context->site->root, &source, err) <
                        0 ||
                package_note_read(context->state_fd, &note, err) < 0 ||
                fetch(context, &source, &note, expected, &step, err) < 0)
                return -1;
        return judge(context, &source, &note, expected, step, err);
}

/* Once it is recorded it is this upgrade's: the next one fetches its own. */
static int download_package(struct stage_context *context, struct error *err)
{
        if (take_package(context, err) < 0)
                return -1;
        return package_note_remove(context->state_fd, err) < 0 ? -1 : STAGE_DONE;
}

/* Ahead of the stage */

/* 1: package.zip is of this source, was found whole, and is as it was. */
static int is_fetched(struct stage_context *context, const struct package_source *source,
        const struct package_note *note, const char *expected, struct error *err)
{
        bool matches = false;
        if (!note->sha256 || !is_noted(note, source, expected))
                return 0;
        int looked = file_matches(context->state_fd, NAME_STATE_PACKAGE, note->size, note->sha256,
                context->cancel, &matches, err);
        return looked < 0 ? -1 : matches;
}

/* Of a file that is not what its note says nobody knows where it is from. */
static int fetch_ahead(struct stage_context *context, const struct package_source *source,
        const struct package_note *note, const char *expected, struct error *err)
{
        const struct package_note intent = {.source = source->identity};
        bool is_begun = !note->sha256 && is_noted(note, source, expected);
        int there = make_way(context, is_begun, expected, err);
        if (there < 0 || (!is_begun && package_note_write(context->state_fd, &intent, err) < 0))
                return -1;
        return bring(context, source, expected, there > 0, err);
}

static int judge_ahead(struct stage_context *context, const struct package_source *source,
        const char *expected, struct error *err)
{
        static const struct package_note unknown;
        _cleanup_package_ struct package package = {0};
        char sha256[65];
        struct package_note note = {.source = source->identity, .sha256 = sha256};
        if (look_at_bytes(context, source, &unknown, expected, &package, sha256, &note.size, err) < 0)
                return -1;
        note.version = package.metadata.version;
        return package_note_write(context->state_fd, &note, err);
}

int download_package_ahead(struct stage_context *context, struct error *err)
{
        const char *expected = context->config->package_sha256;
        _cleanup_package_source_ struct package_source source = {0};
        _cleanup_package_note_ struct package_note note = {0};
        if (package_source_find(context->config, context->site->root_fd, context->site->root, &source, err) <
                        0 ||
                package_note_read(context->state_fd, &note, err) < 0)
                return -1;
        int fetched = is_fetched(context, &source, &note, expected, err);
        if (fetched != 0)
                return fetched < 0 ? -1 : 0;
        if (fetch_ahead(context, &source, &note, expected, err) < 0)
                return -1;
        return judge_ahead(context, &source, expected, err);
}

/* The way back */

/* The package itself is kept for another try; nothing of it is on the site. */
static int remove_unfinished(struct stage_context *context, struct error *err)
{
        static const char *const names[] = {
                NAME_STATE_PACKAGE ".part", NAME_STATE_PACKAGE ".part.json", NAME_COPY};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (file_remove(context->state_fd, names[i], err) < 0)
                        return error_wrap(err, "removing the unfinished download");
        return 0;
}

const struct stage stage_download_package = {
        .name = "download_package",
        .title = "Download the Mautic 3 package",
        .error_code = ERR_DOWNLOAD_UPGRADE_PACKAGE_FAILED,
        .run = download_package,
        .undo = remove_unfinished,
        .prove = prove_download_package,
        .begins = BOUNDARY_NOTHING_CHANGED,
};
