/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/console.h"

#include "lib/database.h"
#include "lib/files.h"
#include "lib/memory.h"
#include "states/site_database.h"

#include <string.h>
#include <sys/statvfs.h>

#define FEW 16 /* blocks or inodes: whoever has not got more has none to write with */

extern char **environ;

struct argument_list {
        char **items; /* ends with NULL */
        size_t count;
};

static void argument_list_deinit(struct argument_list *list)
{
        for (size_t i = 0; i < list->count; i++)
                free(list->items[i]);
        free(list->items);
}

static void argument_list_add(struct argument_list *list, char *owned)
{
        list->items = memory_resize(list->items, list->count + 2, sizeof(*list->items));
        list->items[list->count++] = owned;
        list->items[list->count] = NULL;
}

static const char *console_path(enum console console)
{
        switch (console) {
        case CONSOLE_MAUTIC_2:
                return "app/console";
        case CONSOLE_MAUTIC_3:
                return "bin/console";
        }
        return NULL;
}

static void add_php(struct argument_list *list, const struct config *config)
{
        argument_list_add(list, string_copy(config->php));
        if (config->php_memory_limit) {
                argument_list_add(list, string_copy("-d"));
                argument_list_add(list, string_format("memory_limit=%s", config->php_memory_limit));
        }
        if (config->database_socket) {
                static const char *const settings[] = {"pdo_mysql.default_socket", "mysqli.default_socket"};
                for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
                        argument_list_add(list, string_copy("-d"));
                        argument_list_add(list, string_format("%s=%s", settings[i], config->database_socket));
                }
        }
}

/* local.php may hold getenv(NAME) of any name, so the console needs the variables that this daemon was
 * started with, all but those which speak to the daemon itself or are set here. */
static bool is_not_for_php(const char *variable)
{
        static const char *const prefixes[] = {"NOTIFY_SOCKET=", "LISTEN_", "WATCHDOG_",
                "JOURNAL_STREAM=", "INVOCATION_ID=", "MAINPID=", "MANAGERPID=", "SYSTEMD_",
                "LD_PRELOAD=", "COLUMNS=", "LINES="};
        for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
                if (string_begins(variable, prefixes[i]))
                        return true;
        return false;
}

static void add_environment(struct argument_list *list)
{
        /* Else Symfony breaks its messages at 80 columns, in the middle of words; and asks stty(1) by a
         * shell, where one of both is missing. */
        argument_list_add(list, string_copy("COLUMNS=1000"));
        argument_list_add(list, string_copy("LINES=50"));
        for (char **variable = environ; variable && *variable; variable++)
                if (!is_not_for_php(*variable))
                        argument_list_add(list, string_copy(*variable));
}

/* What PHP dies with may be a stack trace with the arguments of the call that connects to the database. */
static void hide_password(const struct stage_context *context, struct error *err)
{
        _cleanup_site_settings_ struct site_settings settings = {0};
        _cleanup_error_ struct error unreadable = {0};
        if (site_load_settings(context->site, &settings, &unreadable) == 0)
                error_hide(err, settings.database.password);
}

static int call(const char *name, const struct process_options *options, struct process_result *ret,
        struct error *err)
{
        _cleanup_process_result_ struct process_result result = {0};
        if (process_run(options, &result, err) < 0) {
                if (err->reason == REASON_CANCELLED || err->reason == REASON_STOPPING)
                        return -1;
                return err->reason == REASON_TIMED_OUT ? error_wrap(err, "%s, limited by php.timeout", name)
                                                       : error_wrap(err, "%s", name);
        }
        if (result.status != 0) {
                (void)process_failed(name, &result, err);
                enum reason reason =
                        database_reason_in_text(result.errors) ?: database_reason_in_text(result.output);
                err->reason = reason ?: err->reason;
                return -1;
        }
        if (ret) {
                *ret = result;
                result = (struct process_result){0};
        }
        return 0;
}

/* PHP tells of a file that it could not write in many ways, the file system in one. */
static void ask_file_system(const struct stage_context *context, struct error *err)
{
        struct statvfs status;
        if (err->reason != REASON_PROGRAM_FAILED || fstatvfs(context->site->root_fd, &status) < 0)
                return;
        bool no_inodes = status.f_files > 0 && status.f_favail < FEW;
        if (status.f_flag & ST_RDONLY)
                err->reason = REASON_READ_ONLY;
        else if (status.f_bavail < FEW || no_inodes)
                err->reason = REASON_DISK_FULL;
}

static int run(struct stage_context *context, enum console console, const char *const *arguments,
        struct process_options *options, struct process_result *ret, struct error *err)
{
        const struct config *config = context->config;
        if (!config->php)
                return error_set(err, REASON_PROGRAM_MISSING, "php.path is empty, so no console can be run");
        _cleanup_(argument_list_deinit) struct argument_list list = {0};
        _cleanup_(argument_list_deinit) struct argument_list environment = {0};
        add_php(&list, config);
        argument_list_add(&list, string_format("%s/%s", context->site->root, console_path(console)));
        for (size_t i = 0; arguments[i]; i++)
                argument_list_add(&list, string_copy(arguments[i]));
        static const char *const common[] = {"--no-interaction", "--env=prod", "--no-debug"};
        for (size_t i = 0; i < ARRAY_SIZE(common); i++)
                argument_list_add(&list, string_copy(common[i]));
        add_environment(&environment);

        options->arguments = (const char *const *)list.items;
        options->environment = (const char *const *)environment.items;
        options->folder = context->site->root;
        options->keep_fds = context->lock_fds;
        options->keep_count = context->lock_count;
        options->time_limit_ms = config->console_timeout * 1000;
        _cleanup_free_ char *name = string_format("%s %s", console_path(console), arguments[0]);
        if (call(name, options, ret, err) == 0)
                return 0;
        hide_password(context, err);
        ask_file_system(context, err);
        return -1;
}

int console_run(struct stage_context *context, enum console console, const char *const *arguments,
        struct process_result *ret, struct error *err)
{
        struct process_options options = {.cancel = context->cancel};
        return run(context, console, arguments, &options, ret, err);
}

struct capture {
        struct buffer *output;
        size_t limit;
};

static int take_output(const void *data, size_t size, void *userdata, struct error *err)
{
        struct capture *capture = userdata;
        if (size > capture->limit - capture->output->size)
                return error_set(err, REASON_PROGRAM_FAILED, "it prints more than %zu bytes", capture->limit);
        buffer_append(capture->output, data, size);
        return 0;
}

int console_capture(struct stage_context *context, enum console console, const char *const *arguments,
        size_t limit, struct buffer *ret, struct error *err)
{
        struct capture capture = {ret, limit};
        struct process_options options = {
                .cancel = context->cancel, .on_output = take_output, .userdata = &capture};
        return run(context, console, arguments, &options, NULL, err);
}

struct wait {
        struct stage_context *context;
        const char *const *arguments;
        struct lock_look locks;
        bool told;
};

static void watch(void *userdata)
{
        struct wait *wait = userdata;
        stage_look_for_lock_wait(wait->context, &wait->locks);
        struct cancel *cancel = wait->context->cancel;
        if (wait->told || !cancel || atomic_load(&cancel->kind) == CANCEL_NONE)
                return;
        wait->told = true;
        stage_log(wait->context, LOG_LEVEL_INFO,
                "Asked to stop: waiting for the end of %s %s, which must not be broken off.",
                wait->arguments[0], wait->arguments[1]);
}

/* Not everything that dies of a lost database says so. */
static int ask_database(const struct stage_context *context, struct error *err)
{
        _cleanup_(database_closep) struct database *database = NULL;
        _cleanup_error_ struct error gone = {0};
        if (err->reason != REASON_PROGRAM_FAILED ||
                site_database_connect(context->config, context->site, NULL, &database, &gone) == 0 ||
                !database_reason((unsigned)gone.number, NULL)) /* local.php, for one, can't be read */
                return -1;
        _cleanup_free_ char *message = string_copy(error_message(err));
        return error_set(err, gone.reason, "%s; %s", message, error_message(&gone));
}

int console_run_to_end(struct stage_context *context, enum console console, const char *const *arguments,
        struct process_result *ret, struct error *err)
{
        if (cancel_check(context->cancel, err) < 0)
                return -1;
        struct wait wait = {.context = context, .arguments = arguments};
        struct process_options options = {
                .outlives = true,
                .output_folder_fd = context->state_fd,
                .on_tick = watch,
                .userdata = &wait,
        };
        return run(context, console, arguments, &options, ret, err) < 0 ? ask_database(context, err) : 0;
}

/* Symfony's own folders have no dot in front ("prod", "pro_", "prod~"); a .gitkeep of the package stays. */
int console_empty_cache(struct stage_context *context, struct error *err)
{
        _cleanup_string_list_ struct string_list names = {0};
        int r = folder_list(context->site->root_fd, NAME_MAUTIC_3_CACHE, &names, err);
        if (r != 0)
                return r < 0 ? -1 : 0;
        for (size_t i = 0; i < names.count; i++) {
                if (names.items[i][0] == '.')
                        continue;
                _cleanup_free_ char *path = string_format(NAME_MAUTIC_3_CACHE "/%s", names.items[i]);
                if (tree_remove(context->site->root_fd, path, err) < 0)
                        return error_wrap(err, "emptying " NAME_MAUTIC_3_CACHE);
        }
        return 0;
}
