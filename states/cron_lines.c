/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/cron_lines.h"

#include "lib/memory.h"
#include "lib/process.h"
#include "lib/text.h"

#include <string.h>

#define CALL "app/console"
#define CRONTAB_LIMIT ((size_t)1024 * 1024)
#define CRONTAB_TIME_MS 10000
#define NO_CRONTAB "no crontab for" /* what cron, cronie and systemd-cron say of who has none */
#define SPACE " \t\"'"

/* Whether the path that ends with `call` (of a word that begins at word) can be the site's console. */
static bool is_of_site(const char *word, const char *call, const char *root)
{
        if (*word != '/')
                return true; /* `cd SITE && php app/console` */
        _cleanup_free_ char *folder = memory_copy(word, (size_t)(call - word));
        size_t length = strlen(folder);
        while (length > 1 && folder[length - 1] == '/')
                folder[--length] = '\0';
        if (string_equal(folder, root))
                return true;
        _cleanup_free_ char *resolved = realpath(folder, NULL); /* cron may name the site by a link */
        return string_equal(resolved, root);
}

static void pick_line(
        const char *name, unsigned number, const char *line, const char *root, struct string_list *ret)
{
        line += strspn(line, SPACE);
        const char *call = *line == '#' ? NULL : strstr(line, CALL);
        if (!call)
                return;
        const char *word = call;
        while (word > line && !strchr(SPACE "=;&|(", word[-1]))
                word--;
        if (!is_of_site(word, call, root))
                return;
        size_t length = strcspn(word, SPACE);
        const char *argument = word + length + strspn(word + length, SPACE);
        size_t argument_length = strcspn(argument, SPACE ";&|>");
        _cleanup_free_ char *text = string_format(
                "%s, line %u: %.*s %.*s", name, number, (int)length, word, (int)argument_length, argument);
        _cleanup_free_ char *printable = text_printable(text, false);
        string_list_add(ret, printable);
}

void cron_lines_pick(const char *name, const char *text, const char *root, struct string_list *ret)
{
        _cleanup_free_ char *copy = string_copy(text);
        char *rest = copy;
        unsigned number = 0;
        for (char *line; (line = strsep(&rest, "\n"));)
                pick_line(name, ++number, line, root, ret);
}

static int find_in_user_crontab(struct stage_context *context, struct string_list *ret, struct error *err)
{
        static const char *const arguments[] = {"crontab", "-l", NULL};
        const struct process_options options = {
                .arguments = arguments, .time_limit_ms = CRONTAB_TIME_MS, .cancel = context->cancel};
        _cleanup_process_result_ struct process_result result = {0};
        if (process_run(&options, &result, err) < 0)
                return -1;
        if (result.status == 0 && result.output)
                cron_lines_pick("crontab", result.output, context->site->root, ret);
        else if (!result.errors ||
                 !strstr(result.errors, NO_CRONTAB)) /* it is setgid, which a service may not use */
                stage_log(context, LOG_LEVEL_WARNING,
                        "The crontab of the site's user can't be read from here: look yourself (crontab -l) "
                        "whether "
                        "it calls app/console.");
        return 0;
}

static void find_in_file(
        int folder_fd, const char *path, const char *name, const char *root, struct string_list *ret)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_free_ char *text = NULL;
        size_t size;
        if (file_read(folder_fd, path, CRONTAB_LIMIT, &text, &size, &err) == 0)
                cron_lines_pick(name, text, root, ret);
}

static void find_in_system_crontabs(const char *root, struct string_list *ret)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_close_ int etc = open("/etc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_string_list_ struct string_list names = {0};
        if (etc < 0)
                return;
        find_in_file(etc, "crontab", "/etc/crontab", root, ret);
        if (folder_list(etc, "cron.d", &names, &err) != 0)
                return;
        for (size_t i = 0; i < names.count; i++) {
                _cleanup_free_ char *path = string_format("cron.d/%s", names.items[i]);
                _cleanup_free_ char *name = string_format("/etc/%s", path);
                find_in_file(etc, path, name, root, ret);
        }
}

int cron_lines_find(struct stage_context *context, struct string_list *ret, struct error *err)
{
        _cleanup_error_ struct error missing = {0};
        if (find_in_user_crontab(context, ret, &missing) < 0) {
                if (cancel_check(context->cancel, err) < 0)
                        return -1;
                /* no crontab program: no crontab */
        }
        find_in_system_crontabs(context->site->root, ret);
        return 0;
}
