/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/gate_private.h"

#include "lib/clock.h"
#include "lib/files.h"
#include "lib/gate_facts.h"
#include "lib/memory.h"
#include "lib/path.h"
#include "lib/sha256.h"
#include "states/downtime.h"
#include "states/facts.h"
#include "states/gate_pages.h"
#include "states/stages.h"
#include "states/web_requests.h"

#include <string.h>

#define PACKAGE_HTACCESS NAME_MAUTIC_3_FILES "/.htaccess"
#define HELD_HTACCESS NAME_MAUTIC_3_FILES "/" GATE_NAME_HTACCESS
#define STUB_LIMIT 65536
/* PHP looks at a file again after opcache.revalidate_freq, 2 s by default, and counts whole seconds, so that
 * it may be nearly 3 s: until then a worker may still start a request with the index.php it remembers. */
#define QUIET_MS 3500
#define LOOK_MS 100

int gate_token(struct stage_context *context, char **ret, struct error *err)
{
        return fact_random(context, FACT_GATE_TOKEN, ret, err);
}

int gate_held_name(struct stage_context *context, char **ret, struct error *err)
{
        _cleanup_free_ char *random = NULL;
        if (fact_random(context, FACT_GATE_HELD_NAME, &random, err) < 0)
                return -1;
        *ret = string_format("index-%s.php", random);
        return 0;
}

static int write_missing(
        int root_fd, const char *path, const char *text, size_t size, mode_t mode, struct error *err)
{
        _cleanup_free_ char *parent = path_parent(path);
        _cleanup_close_ int folder_fd = -1;
        struct stat there;
        int r = file_stat(root_fd, path, &there, err);
        if (r > 0)
                return file_write_atomic(root_fd, path, text, size, mode, err);
        /* Whoever wrote it may have been killed before the sync. */
        if (r == 0)
                r = folder_open(root_fd, parent, &folder_fd, err);
        if (r != 0)
                return r < 0 ? -1 : 0;
        return file_sync(folder_fd, path, err);
}

int gate_forbid_web(int root_fd, const char *folder, struct error *err)
{
        _cleanup_free_ char *path = string_format("%s/.htaccess", folder);
        return write_missing(root_fd, path, gate_htaccess, strlen(gate_htaccess), 0644, err);
}

/* The folder is its owner's alone: so are these. */
int gate_forbid_folder(struct stage_context *context, const char *folder, struct error *err)
{
        int root = context->site->root_fd;
        _cleanup_free_ char *guard = gate_guard(context->config->gate_retry_after);
        _cleanup_free_ char *guard_path = string_format("%s/" GATE_NAME_GUARD, folder);
        _cleanup_free_ char *probe_path = string_format("%s/" GATE_NAME_PROBE, folder);
        _cleanup_free_ char *ini_path = string_format("%s/.user.ini", folder);
        _cleanup_free_ char *absolute = string_format("%s/%s", context->site->root, guard_path);
        _cleanup_free_ char *ini = gate_user_ini(absolute);
        if (gate_forbid_web(root, folder, err) < 0 ||
                write_missing(root, guard_path, guard, strlen(guard), 0600, err) < 0 ||
                (ini && write_missing(root, ini_path, ini, strlen(ini), 0600, err) < 0) ||
                write_missing(root, probe_path, gate_probe, strlen(gate_probe), 0600, err) < 0)
                return error_wrap(err, "keeping web servers out of %s", folder);
        return 0;
}

int gate_forbid_package(struct stage_context *context, struct error *err)
{
        int root = context->site->root_fd;
        bool ours;
        struct stat there;
        if (gate_is_stub(root, PACKAGE_HTACCESS, &ours, err) < 0)
                return -1;
        int r = ours ? 1 : file_stat(root, PACKAGE_HTACCESS, &there, err);
        if (r < 0 || (r == 0 && (file_remove(root, HELD_HTACCESS, err) < 0 ||
                                        file_rename(root, PACKAGE_HTACCESS, root, HELD_HTACCESS, err) < 0)))
                return error_wrap(err, "keeping web servers out of " NAME_MAUTIC_3_FILES);
        return gate_forbid_web(root, NAME_MAUTIC_3_FILES, err);
}

bool gate_is_guard(const char *name)
{
        static const char *const names[] = {".htaccess", ".user.ini", GATE_NAME_GUARD, GATE_NAME_PROBE};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                if (string_equal(names[i], name))
                        return true;
        return false;
}

int gate_write_console(struct stage_context *context, const char *path, struct error *err)
{
        return write_missing(context->site->root_fd, path, gate_console, strlen(gate_console), 0755, err);
}

int gate_write_page(struct stage_context *context, const char *path, struct error *err)
{
        _cleanup_free_ char *token = NULL, *held = NULL;
        char hash[SHA256_HEX_SIZE];
        if (gate_token(context, &token, err) < 0 || gate_held_name(context, &held, err) < 0)
                return -1;
        sha256_of(token, strlen(token), hash);
        _cleanup_free_ char *page = gate_page(hash, held, context->config->gate_retry_after);
        return write_missing(context->site->root_fd, path, page, strlen(page), 0644, err);
}

int gate_prepare_app(struct stage_context *context, const char *app, struct error *err)
{
        int root = context->site->root_fd;
        _cleanup_free_ char *console = string_format("%s/console", app);
        if (folder_make(root, app, 0755, err) < 0 || gate_write_console(context, console, err) < 0 ||
                gate_forbid_web(root, app, err) < 0)
                return error_wrap(err, "preparing the console that answers meanwhile");
        return 0;
}

int gate_prepare(struct stage_context *context, const char *folder, struct error *err)
{
        _cleanup_free_ char *page = string_format("%s/index.php", folder);
        _cleanup_free_ char *app = string_format("%s/app", folder);
        if (gate_write_page(context, page, err) < 0)
                return error_wrap(err, "preparing the 503 page");
        return gate_prepare_app(context, app, err);
}

static bool is_stub_text(const char *text, size_t size)
{
        return memmem(text, size < 256 ? size : 256, GATE_MARK, strlen(GATE_MARK)) != NULL;
}

int gate_is_stub(int root_fd, const char *path, bool *ret, struct error *err)
{
        struct stat there;
        int r = file_stat(root_fd, path, &there, err);
        if (r < 0)
                return -1;
        *ret = false;
        if (r == 1 || !S_ISREG(there.st_mode) || there.st_size > STUB_LIMIT)
                return 0;
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        r = file_read(root_fd, path, STUB_LIMIT, &text, &size, err);
        if (r < 0)
                return -1;
        *ret = r == 0 && is_stub_text(text, size);
        return 0;
}

int gate_is_up(int root_fd, bool *ret, struct error *err)
{
        return gate_is_stub(root_fd, "index.php", ret, err);
}

int gate_is_untouched_stub(int root_fd, const char *folder, bool *ret, struct error *err)
{
        _cleanup_string_list_ struct string_list names = {0};
        if (folder_list(root_fd, folder, &names, err) < 0)
                return -1;
        bool untouched = true;
        for (size_t i = 0; untouched && i < names.count; i++) {
                if (file_is_temporary(names.items[i]))
                        continue;
                _cleanup_free_ char *path = string_format("%s/%s", folder, names.items[i]);
                if (gate_is_stub(root_fd, path, &untouched, err) < 0)
                        return -1;
        }
        *ret = untouched;
        return 0;
}

int gate_wait_for_requests(struct stage_context *context, struct error *err)
{
        const uint64_t begin_ms = clock_steady_ms(), limit_ms = context->config->gate_settle * 1000;
        uint64_t busy_ms = begin_ms; /* when somebody was seen last */
        _cleanup_string_list_ struct string_list seen = {0};
        for (uint64_t now_ms = begin_ms; now_ms - begin_ms < limit_ms && now_ms - busy_ms < QUIET_MS;
                now_ms = clock_steady_ms()) {
                string_list_deinit(&seen);
                if (web_requests_find(context->site->root, &seen, err) < 0)
                        return -1;
                if (seen.count > 0)
                        busy_ms = clock_steady_ms();
                if (cancel_sleep(context->cancel, LOOK_MS, err) < 0)
                        return -1;
        }
        for (size_t i = 0; i < seen.count; i++)
                stage_log(context, LOG_LEVEL_WARNING,
                        "%s was still at work on the site after %llu s. It may fail; what it makes anew is "
                        "set aside.",
                        seen.items[i], (unsigned long long)context->config->gate_settle);
        return 0;
}

int gate_lift_begun(struct stage_context *context, bool *ret, struct error *err)
{
        _cleanup_rename_plan_ struct rename_plan plan = {0};
        if (rename_plan_load(context, GATE_JOURNAL, &plan, err) < 0)
                return -1;
        *ret = plan.count > 0;
        return 0;
}

static int plan_held_files(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        int root = context->site->root_fd;
        _cleanup_string_list_ struct string_list names = {0};
        int r = folder_list(root, NAME_MAUTIC_3_FILES, &names, err);
        if (r < 0)
                return -1;
        for (size_t i = 0; r == 0 && i < names.count; i++) {
                const char *dot = strrchr(names.items[i], '.');
                if (!string_equal(dot, ".php") || gate_is_guard(names.items[i]))
                        continue;
                _cleanup_free_ char *from = string_format(NAME_MAUTIC_3_FILES "/%s", names.items[i]);
                struct stat there;
                if (file_stat(root, from, &there, err) != 0)
                        return error_wrap(err, "looking at %s", from);
                rename_plan_add(plan, GATE_PHASE_ADMIT, RENAME_MOVE, from, names.items[i], &there, NULL);
        }
        return 0;
}

static int plan_console(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        bool stub;
        struct stat there;
        if (gate_is_stub(context->site->root_fd, "app/console", &stub, err) < 0)
                return -1;
        if (!stub)
                return 0;
        if (file_stat(context->site->root_fd, "app/console", &there, err) != 0)
                return error_wrap(err, "looking at app/console");
        rename_plan_add(plan, GATE_PHASE_ADMIT, RENAME_MOVE, "app/console", GATE_APP_CONSOLE, &there, NULL);
        return 0;
}

static int plan_index(struct stage_context *context, struct rename_plan *plan, struct error *err)
{
        _cleanup_free_ char *held = NULL;
        struct stat index, stub;
        int root = context->site->root_fd;
        if (gate_held_name(context, &held, err) < 0)
                return -1;
        int r = file_stat(root, held, &index, err);
        if (r == 0)
                r = file_stat(root, "index.php", &stub, err);
        if (r < 0)
                return -1;
        if (r == 1)
                return error_set(err, REASON_EVIDENCE_CONTRADICTS,
                        "index.php, or Mautic 3's own that waits as %s, is gone", held);
        rename_plan_add(plan, GATE_PHASE_OPEN, RENAME_SWAP, held, "index.php", &index, &stub);
        rename_plan_add(
                plan, GATE_PHASE_OPEN, RENAME_MOVE, held, NAME_MAUTIC_3_FILES "/index.php", &stub, NULL);
        return 0;
}

/* Mautic 3's own index.php waits as long as the gate is to stand. */
static int is_to_stand(struct stage_context *context, bool *ret, struct error *err)
{
        _cleanup_free_ char *held = NULL;
        struct stat there;
        bool lifting, up;
        int root = context->site->root_fd;
        if (gate_lift_begun(context, &lifting, err) < 0 || gate_is_up(root, &up, err) < 0 ||
                gate_held_name(context, &held, err) < 0)
                return -1;
        int r = file_stat(root, held, &there, err);
        *ret = r == 0 && !lifting && !up;
        return r < 0 ? -1 : 0;
}

int gate_keep_up(struct stage_context *context, struct error *err)
{
        _cleanup_rename_plan_ struct rename_plan plan = {0};
        struct stat there;
        bool missing;
        if (is_to_stand(context, &missing, err) < 0)
                return -1;
        if (!missing)
                return 0;
        stage_log(context, LOG_LEVEL_WARNING,
                "index.php is not the 503 page any more, though visitors must not be let in yet: the page is "
                "put "
                "there again.");
        int r = file_stat(context->site->root_fd, "index.php", &there, err);
        if (r < 0 || rename_plan_load(context, stage_move_files.name, &plan, err) < 0 ||
                (r == 0 && rename_set_aside(context, &plan, "index.php", err) < 0) ||
                gate_write_page(context, "index.php", err) < 0)
                return error_wrap(err, "closing the site to visitors again");
        return 0;
}

int gate_lift(struct stage_context *context, struct error *err)
{
        _cleanup_rename_plan_ struct rename_plan plan = {0};
        if (rename_plan_load(context, GATE_JOURNAL, &plan, err) < 0)
                return -1;
        if (plan.count == 0) {
                bool up;
                if (gate_is_up(context->site->root_fd, &up, err) < 0)
                        return -1;
                if (!up)
                        return downtime_ends(context, err);
                if (folder_make(context->site->root_fd, NAME_MAUTIC_3_FILES, 0700, err) < 0 ||
                        plan_held_files(context, &plan, err) < 0 || plan_console(context, &plan, err) < 0 ||
                        plan_index(context, &plan, err) < 0 || rename_plan_record(context, &plan, err) < 0)
                        return error_wrap(err, "planning how to let visitors in");
        }
        if (rename_plan_run(context, &plan, GATE_PHASE_ADMIT, err) < 0 ||
                rename_plan_run(context, &plan, GATE_PHASE_OPEN, err) < 0 || downtime_ends(context, err) < 0)
                return error_wrap(err, "letting visitors in");
        return 0;
}
