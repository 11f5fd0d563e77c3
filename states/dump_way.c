/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/dump_way.h"

#include "lib/files.h"
#include "lib/memory.h"
#include "lib/process.h"
#include "states/native_dump.h"
#include "states/site_database.h"

#include <string.h>

struct dump {
        struct stage_context *context;
        const struct dump_way *way;
        struct compress_writer *writer; /* of a program's output */
        struct dump_reader *reader; /* the same */
        struct lock_look locks;
        uint64_t bytes; /* of a native dump's text, when it was told last */
};

void dump_way_deinit(struct dump_way *way)
{
        dump_tool_deinit(&way->tool);
}

bool dump_way_is_native(const struct config *config)
{
        return string_equal(config->backup_tool, "native");
}

int dump_way_find(struct stage_context *context, struct dump_way *way, struct error *err)
{
        way->native = dump_way_is_native(context->config);
        return way->native ? 0 : dump_tool_find(context->config, context->cancel, &way->tool, err);
}

char *dump_way_describe(const struct dump_way *way)
{
        if (way->native)
                return string_copy("connections of its own (backup.tool = native)");
        return string_format("%s %u.%u", way->tool.name, way->tool.major, way->tool.minor);
}

/* By a program */

static int write_option_file(
        struct stage_context *context, const struct database_parameters *parameters, struct error *err)
{
        _cleanup_free_ char *text = database_option_file(parameters);
        _cleanup_close_ int fd = -1;
        int result =
                file_open(context->state_fd, DUMP_OPTION_FILE, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, err);
        if (result == 0)
                result = file_write_all(fd, text, strlen(text), DUMP_OPTION_FILE, err);
        explicit_bzero(text, strlen(text));
        return result < 0 ? error_wrap(err, "writing the credentials for the dump") : 0;
}

static void tell_progress(const struct dump *dump, uint64_t done)
{
        uint64_t expected = dump->way->expected_bytes;
        stage_progress(dump->context, done, done > expected ? done : expected, "bytes");
}

static int on_dump_output(const void *data, size_t size, void *userdata, struct error *err)
{
        struct dump *dump = userdata;
        dump->locks = (struct lock_look){.told = dump->locks.told};
        if (compress_writer_write(dump->writer, data, size, err) < 0 ||
                dump_reader_feed(dump->reader, data, size, err) < 0)
                return -1;
        uint64_t done = compress_writer_bytes_in(dump->writer);
        tell_progress(dump, done);
        return 0;
}

static void on_tick(void *userdata)
{
        struct dump *dump = userdata;
        stage_look_for_lock_wait(dump->context, &dump->locks);
}

/* The child has no way to name a file of its own: --defaults-file keeps out the machine's and the user's,
 * but MySQL's programs read the login file whatever they are told. */
static const char *const dump_environment[] = {
        "MYSQL_TEST_LOGIN_FILE=/nonexistent/mautic-upgraded.mylogin.cnf", NULL};

#define DUMP_STATUS_SERVER 2 /* EX_MYSQLERR in client/mysqldump.c of MariaDB 10.11 */

/* At some points mariadb-dump 10.11 ends without a word when it loses the server; whatever else the server
 * says, it repeats. */
static int fail_dump(const struct dump_tool *tool, const struct process_result *result,
        const struct database_parameters *parameters, struct error *err)
{
        (void)dump_tool_failed(tool, result, parameters->password, err);
        if (err->reason != REASON_PROGRAM_FAILED)
                return -1;
        _cleanup_free_ char *said = string_copy(error_message(err));
        if (result->status == DUMP_STATUS_SERVER && string_equal(result->errors ?: "", ""))
                return error_set(err, REASON_DATABASE_LOST, "%s, as when it loses the server", said);
        _cleanup_(database_closep) struct database *database = NULL;
        _cleanup_error_ struct error lost = {0};
        if (database_connect(parameters, &database, &lost) == 0)
                return -1;
        return error_set(err, REASON_DATABASE_LOST, "%s; %s", said, error_message(&lost));
}

static int run_tool(struct dump *dump, struct error *err)
{
        struct stage_context *context = dump->context;
        const struct dump_tool *tool = &dump->way->tool;
        const struct database_parameters *parameters = dump->way->database;
        _cleanup_free_ char *option_file = string_format("%s/%s", context->state_path, DUMP_OPTION_FILE);
        _cleanup_strings_ char **arguments = dump_tool_arguments(tool, option_file, parameters->name);
        const struct process_options options = {
                .arguments = (const char *const *)arguments,
                .environment = dump_environment,
                .keep_fds = context->lock_fds,
                .keep_count = context->lock_count,
                .time_limit_ms = context->config->backup_timeout * 1000,
                .cancel = context->cancel,
                .on_output = on_dump_output,
                .on_tick = on_tick,
                .userdata = dump,
        };
        _cleanup_process_result_ struct process_result result = {0};
        if (write_option_file(context, parameters, err) < 0)
                return -1;
        int ran = process_run(&options, &result, err);
        struct error removal = {0};
        if (file_remove(context->state_fd, DUMP_OPTION_FILE, ran < 0 ? &removal : err) < 0 && ran == 0)
                ran = error_wrap(err, "removing the dump's credentials");
        error_deinit(&removal);
        if (ran < 0)
                return -1;
        if (result.status != 0)
                return fail_dump(tool, &result, parameters, err);
        return 0;
}

/* What the dump holds, once the program has ended without an error. */
static int end_tool(struct dump *dump, struct dump_contents *ret, struct error *err)
{
        if (dump_reader_finish(dump->reader, ret, err) < 0)
                return error_wrap(err, "%s ended without an error, but", dump->way->tool.name);
        return 0;
}

static int dump_by_tool(struct dump *dump, int fd, const char *name, struct compress_total *ret,
        struct dump_contents *ret_contents, struct error *err)
{
        _cleanup_(compress_writer_freep) struct compress_writer *writer = NULL;
        _cleanup_(dump_reader_freep) struct dump_reader *reader = dump_reader_new(NULL, NULL);
        unsigned level = (unsigned)dump->context->config->backup_level;
        if (compress_writer_new(fd, name, level, &writer, err) < 0)
                return -1;
        dump->writer = writer;
        dump->reader = reader;
        if (run_tool(dump, err) < 0 || end_tool(dump, ret_contents, err) < 0)
                return -1;
        return compress_writer_finish(writer, ret, err);
}

/* Natively */

static void on_native_progress(uint64_t bytes, void *userdata)
{
        struct dump *dump = userdata;
        if (bytes == dump->bytes) {
                stage_look_for_lock_wait(dump->context, &dump->locks);
                return;
        }
        dump->bytes = bytes;
        dump->locks = (struct lock_look){.told = dump->locks.told};
        tell_progress(dump, bytes);
}

static void tell_natively(void *userdata, const char *sentence)
{
        const struct dump *dump = userdata;
        stage_log(dump->context, LOG_LEVEL_INFO, "%s", sentence);
}

static int dump_natively(struct dump *dump, int fd, const char *name, struct compress_total *ret,
        struct dump_contents *ret_contents, struct error *err)
{
        const struct config *config = dump->context->config;
        const struct native_dump native = {
                .parameters = dump->way->database,
                .level = (unsigned)config->backup_level,
                .time_limit_ms = config->backup_timeout * 1000,
                .cancel = dump->context->cancel,
                .on_progress = on_native_progress,
                .tell = tell_natively,
                .userdata = dump,
        };
        return native_dump(&native, fd, name, ret, ret_contents, err);
}

int dump_way_run(struct stage_context *context, const struct dump_way *way, int fd, const char *name,
        struct compress_total *ret, struct dump_contents *ret_contents, struct error *err)
{
        struct dump dump = {.context = context, .way = way};
        return way->native ? dump_natively(&dump, fd, name, ret, ret_contents, err)
                           : dump_by_tool(&dump, fd, name, ret, ret_contents, err);
}
