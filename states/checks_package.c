/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A package that is here already is opened and judged; of one that must be fetched, only the address is
 * tried. All of it warns: the stages that need the package come before anything is moved.
 */
#include "states/checks_private.h"

#include "lib/files.h"
#include "lib/interrupted.h"
#include "lib/memory.h"
#include "states/package.h"
#include "states/package_note.h"
#include "states/stages.h"

#include <curl/curl.h>
#include <string.h>

#define ADDRESS_TIMEOUT_S 15L

static const char advice_package[] = "Give a whole, official package of Mautic 3 with package.file or "
                                     "package.url, or put it into the root as " NAME_PACKAGE ".";

static int read_package(struct checks *checks, const struct package_source *source, struct error *err)
{
        _cleanup_package_ struct package package = {0};
        if (package_open(source->folder_fd, source->name, checks->config, &package, err) < 0)
                return -1;
        checks->package = package.metadata;
        package.metadata = (struct release_metadata){0};
        checks->package_known = true;
        checks->package_jump = package.jump;
        checks->package_lacks_vendor = package.lacks_vendor;
        checks->package_size = (uint64_t)source->status.st_size;
        checks->package_bytes = archive_byte_count(package.archive);
        checks->package_entries = archive_entry_count(package.archive);
        return 0;
}

static int check_hash(struct checks *checks, const struct package_source *source, struct error *err)
{
        const char *wanted = checks->config->package_sha256;
        char found[65];
        uint64_t size = 0;
        if (!wanted)
                return 0;
        if (file_sha256(source->folder_fd, source->name, checks->options->cancel, found, &size, err) < 0)
                return -1;
        if (strcasecmp(found, wanted) != 0)
                return error_set(err, REASON_PACKAGE_CHECKSUM, "its SHA-256 is %s, not %s", found, wanted);
        return 0;
}

static void judge_file(struct checks *checks, const struct package_source *source, struct finding *finding)
{
        _cleanup_error_ struct error err = {0};
        if (check_hash(checks, source, &err) < 0 || read_package(checks, source, &err) < 0)
                finding_warning(finding, advice_package, "%s: %s", source->shown, error_message(&err));
        else
                finding_ok(finding, "%s: Mautic %s", source->shown, checks->package.version);
}

/* Ends the request when the checks are cancelled; libcurl calls it at least once a second. */
static int watch_cancel(
        void *userdata, curl_off_t total, curl_off_t received, curl_off_t upload_total, curl_off_t sent)
{
        _cleanup_error_ struct error cancelled = {0};
        return cancel_check(userdata, &cancelled) < 0;
}

/* The address without its secrets; asked for the head alone. */
static long ask_address(const struct config *config, struct cancel *cancel, char *problem)
{
        CURL *curl = curl_easy_init();
        if (!curl)
                return -1;
        const char *schemes = config->package_insecure ? "https,http,file" : "https";
        long status = -1;
        (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, problem);
        (void)curl_easy_setopt(curl, CURLOPT_URL, config->package_url);
        (void)curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 10L);
        (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, ADDRESS_TIMEOUT_S);
        (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, schemes);
        (void)curl_easy_setopt(
                curl, CURLOPT_REDIR_PROTOCOLS_STR, config->package_insecure ? "https,http" : "https");
        (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "mautic-upgraded/" PROJECT_VERSION);
        (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch_cancel);
        (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, cancel);
        if (curl_easy_perform(curl) == CURLE_OK)
                (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_cleanup(curl);
        return status;
}

static void judge_address(struct checks *checks, const char *shown, struct finding *finding)
{
        char problem[CURL_ERROR_SIZE] = "";
        long status = ask_address(checks->config, checks->options->cancel, problem);
        if (status < 0)
                finding_warning(finding, advice_package, "%s can't be reached: %s", shown,
                        problem[0] ? problem : "no answer");
        else if (status >= 400 && status != 405 && status != 501) /* that know no HEAD */
                finding_warning(
                        finding, advice_package, "%s is answered with HTTP status %ld", shown, status);
        else
                finding_ok(finding, "%s answers", shown);
}

/* True when what is to be fetched from there was fetched ahead: *ret is the file then. */
static bool find_fetched(
        const struct checks *checks, const struct package_source *far, struct package_source *ret)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_package_note_ struct package_note note = {0};
        _cleanup_close_ int fd =
                uninterrupted(open(checks->options->state_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (fd < 0 || package_note_read(fd, &note, &err) != 0 || !note.sha256 ||
                !string_equal(note.source, far->identity) ||
                file_stat(fd, NAME_STATE_PACKAGE, &ret->status, &err) != 0 ||
                (uint64_t)ret->status.st_size != note.size)
                return false;
        ret->kind = PACKAGE_FILE;
        ret->name = string_copy(NAME_STATE_PACKAGE);
        ret->shown = string_format("%s, fetched ahead", far->shown);
        ret->folder_fd = steal_fd(&fd);
        return true;
}

void check_package(struct checks *checks, struct finding *finding)
{
        const struct site *site = checks->site;
        _cleanup_error_ struct error err = {0};
        _cleanup_package_source_ struct package_source source = {.folder_fd = -1},
                                                       fetched = {.folder_fd = -1};
        if (package_source_find(checks->config, site->root_fd, site->root, &source, &err) < 0)
                finding_warning(finding, advice_package, "%s", error_message(&err));
        else if (source.kind != PACKAGE_URL)
                judge_file(checks, &source, finding);
        else if (find_fetched(checks, &source, &fetched))
                judge_file(checks, &fetched, finding);
        else {
                checks->package_is_remote = true;
                judge_address(checks, source.shown, finding);
        }
}

/* "…/3.3.5.zip": the version that an address names, owned by the caller; NULL: none. */
static char *version_of_address(const char *url)
{
        const char *slash = url ? strrchr(url, '/') : NULL;
        size_t size = slash ? strspn(slash + 1, "0123456789.") : 0;
        if (size < strlen("3.0.0.") || strcmp(slash + 1 + size, "zip") != 0)
                return NULL;
        return memory_copy(slash + 1, size - 1);
}

/* From 3.1.0 on a package names the Mautic that it may follow, which 2.16 never is: such a package holds all
 * migrations of Mautic 3 and can follow, but its makers have not tried that. */
void check_package_jump(struct checks *checks, struct finding *finding)
{
        static const char advice[] =
                "The well-trodden way is the last 3.0.x first, then Mautic's own updates.";
        _cleanup_free_ char *named =
                checks->package_known ? NULL : version_of_address(checks->config->package_url);
        if (checks->package_known && checks->package_jump)
                finding_warning(finding, advice, "the package is Mautic %s, made to follow %s or later",
                        checks->package.version, checks->package.minimum_mautic_version);
        else if (named && site_version_compare(named, "3.1.0-alpha") >= 0)
                finding_warning(finding, advice, "the package's address names Mautic %s, beyond 3.0", named);
        else
                finding_ok(finding, "%s",
                        checks->package_known || named ? "no jump over releases"
                                                       : "not known before the download");
}

void check_package_vendor(struct checks *checks, struct finding *finding)
{
        if (!checks->package_known)
                finding_ok(finding, "not known before the download");
        else if (checks->package_lacks_vendor)
                finding_warning(finding,
                        "Give the release's own zip, not the repository's sources: its console can't start, "
                        "and the upgrade would stop with the site closed to visitors.",
                        "the package holds no vendor/autoload.php");
        else
                finding_ok(finding, "the package brings its libraries");
}
