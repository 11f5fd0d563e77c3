/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/sites_systemd.h"

#include "lib/process.h"
#include "lib/text.h"

#include <sys/stat.h>

#define WORDS_MOST 8
#define LIMIT_MS (180 * 1000U) /* a daemon that is stopped may take its time to a safe place */

void site_report_act(struct site_report *report, const char *act, const char *what)
{
        _cleanup_free_ char *shown = text_printable(what, false);
        if (!report->json)
                printf("%-6s  %s\n", act, shown);
        json_array_append_new(report->acts, json_pack("{s:s, s:o}", "act", act, "what", text_json(what)));
}

const char *site_report_advice(const struct site_report *report)
{
        return json_array_size(report->acts) > 0 ? "The same command again goes on where this one stopped."
                                                 : NULL;
}

bool systemd_runs(void)
{
        struct stat status;
        return lstat("/run/systemd/system", &status) == 0 && S_ISDIR(status.st_mode);
}

static char *command_line(const char *const *words)
{
        struct buffer text = {0};
        buffer_append_string(&text, "systemctl");
        for (; *words; words++)
                buffer_append_format(&text, " %s", *words);
        return buffer_steal(&text);
}

int systemctl(
        const struct client *client, struct site_report *report, const char *const *words, struct error *err)
{
        const char *arguments[WORDS_MOST + 2] = {"systemctl"};
        _cleanup_process_result_ struct process_result result = {0};
        _cleanup_free_ char *line = command_line(words);
        if (client->no_systemd || client->prefix_root) {
                site_report_act(report, "to run", line);
                return 0;
        }
        for (size_t i = 0; i < WORDS_MOST && words[i]; i++)
                arguments[i + 1] = words[i];
        const struct process_options options = {.arguments = arguments, .time_limit_ms = LIMIT_MS};
        if (process_run(&options, &result, err) < 0)
                return error_wrap(err, "%s", line);
        if (result.status != 0)
                return process_failed(line, &result, err);
        site_report_act(report, "ran", line);
        return 0;
}
