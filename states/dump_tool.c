/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/dump_tool.h"

#include "lib/database.h"
#include "lib/memory.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#define VERSION_TIME_LIMIT_MS 60000

void dump_tool_deinit(struct dump_tool *tool)
{
        free(tool->path);
        free(tool->name);
        *tool = (struct dump_tool){0};
}

/* "mysqldump  Ver 8.0.36 for Linux", "… Ver 10.13 Distrib 5.7.44, for …", "… Ver 10.19 Distrib
 * 10.11.6-MariaDB, …", "… from 11.4.2-MariaDB, client 10.19 …". The path in front must not be taken for the
 * kind of program, so it is skipped. */
void dump_tool_judge_version(const char *text, struct dump_tool *tool)
{
        static const char *const marks[] = {"Distrib ", " from ", " Ver "};
        const char *blank = strpbrk(text, " \t");
        text = blank ?: text;
        tool->mariadb = strcasestr(text, "mariadb") != NULL;
        for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
                const char *mark = strstr(text, marks[i]);
                if (mark && sscanf(mark + strlen(marks[i]), "%u.%u", &tool->major, &tool->minor) == 2)
                        return;
        }
}

static int ask_version(struct cancel *cancel, struct dump_tool *tool, struct error *err)
{
        const char *const arguments[] = {tool->path, "--no-defaults", "--version", NULL};
        const struct process_options options = {
                .arguments = arguments,
                .time_limit_ms = VERSION_TIME_LIMIT_MS,
                .cancel = cancel,
        };
        _cleanup_process_result_ struct process_result result = {0};
        if (process_run(&options, &result, err) < 0)
                return error_wrap(err, "asking %s for its version", tool->path);
        if (result.status != 0)
                return process_failed(tool->path, &result, err);
        dump_tool_judge_version(result.output, tool);
        return 0;
}

int dump_tool_find(
        const struct config *config, struct cancel *cancel, struct dump_tool *ret, struct error *err)
{
        static const char *const automatic[] = {"mariadb-dump", "mysqldump", NULL};
        const char *const named[] = {config->backup_tool, NULL};
        bool choose = !config->backup_tool || string_equal(config->backup_tool, "auto");
        for (const char *const *name = choose ? automatic : named; *name; name++) {
                _cleanup_dump_tool_ struct dump_tool tool = {0};
                int result = process_find(*name, &tool.path, err);
                if (result < 0)
                        return -1;
                if (result > 0)
                        continue;
                tool.name = string_copy(*name);
                if (ask_version(cancel, &tool, err) < 0)
                        return -1;
                *ret = tool;
                tool = (struct dump_tool){0};
                return 0;
        }
        if (choose)
                return error_set(
                        err, REASON_PROGRAM_MISSING, "neither mariadb-dump nor mysqldump is installed");
        return error_set(err, REASON_PROGRAM_MISSING, "%s (backup.tool) is not installed", named[0]);
}

char **dump_tool_arguments(const struct dump_tool *tool, const char *option_file, const char *database)
{
        static const char *const common[] = {
                "--single-transaction", /* one moment of all InnoDB tables, without locking the site out */
                "--quick", /* row by row, not a table in memory */
                "--routines", "--triggers", "--events", /* else they would be missing without a word */
                "--hex-blob", /* no charset can change binary data */
                "--default-character-set=utf8mb4",
                "--max-allowed-packet=1G", /* the most there is: the longest row decides */
                "--no-tablespaces", /* would need the PROCESS privilege (MySQL 8) and restores nothing */
                "--comments", "--skip-dump-date", /* the trailer, the same for the same data */
        };
        char **arguments = memory_new_array(ARRAY_SIZE(common) + 7, sizeof(*arguments));
        size_t count = 0;
        arguments[count++] = string_copy(tool->path);
        /* Must be first. The files of the machine and of the user stay out: they could name another server.
         */
        arguments[count++] = string_format("--defaults-file=%s", option_file);
        for (size_t i = 0; i < ARRAY_SIZE(common); i++)
                arguments[count++] = string_copy(common[i]);
        bool mysql_5_6 = tool->major > 5 || (tool->major == 5 && tool->minor >= 6);
        if (!tool->mariadb && mysql_5_6)
                /* Else the restored dump would claim this server's transactions. */
                arguments[count++] = string_copy("--set-gtid-purged=OFF");
        if (!tool->mariadb && tool->major >= 8)
                /* Else it asks a MySQL 5.7 or MariaDB server for a table that only MySQL 8 has. */
                arguments[count++] = string_copy("--column-statistics=0");
        arguments[count++] = string_copy("--");
        arguments[count++] = string_copy(database);
        return arguments;
}

static bool is_preceded_by(const char *text, const char *at, const char *word)
{
        size_t size = strlen(word);
        return (size_t)(at - text) >= size && strncasecmp(at - size, word, size) == 0;
}

/* "mysqldump: Got error: 1045: …", "mysqldump: Error 2013: …", "Couldn't execute '…': … (1142)". */
static enum reason reason_of_words(const char *text)
{
        for (const char *at = text; *at;) {
                if (!isdigit((unsigned char)*at)) {
                        at++;
                        continue;
                }
                char *end;
                unsigned long number = strtoul(at, &end, 10);
                enum reason reason =
                        number <= UINT_MAX ? database_reason((unsigned)number, end) : REASON_NONE;
                if (reason != REASON_NONE &&
                        (is_preceded_by(text, at, "error: ") || is_preceded_by(text, at, "error ") ||
                                (is_preceded_by(text, at, "(") && *end == ')')))
                        return reason;
                at = end;
        }
        return REASON_PROGRAM_FAILED;
}

int dump_tool_failed(const struct dump_tool *tool, const struct process_result *result, const char *password,
        struct error *err)
{
        (void)process_failed(tool->name, result, err);
        if (result->signal == 0)
                err->reason = reason_of_words(result->errors ?: "");
        error_hide(err, password);
        return -1;
}
