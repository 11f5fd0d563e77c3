/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/interpret.h"

#include "migrations-reader/php/run_private.h"

/* References are listed for the thread, not for a run: the last run to end opens the circles among them. */
static _Thread_local unsigned runs_alive;

struct php_run *php_run_new(struct php_limits limits, php_class_loader loader, void *context)
{
        struct php_run *run = memory_new(sizeof(*run));
        run->limits = limits;
        run->loader = loader;
        run->loader_context = context;
        run->memory_before = php_memory_used();
        php_names_init(&run->functions);
        php_names_init(&run->classes);
        php_names_init(&run->pending);
        php_names_init(&run->anonymous);
        run->constants = php_new_array();
        php_run_add_functions(run, php_introspection);
        php_add_closure_class(run);
        runs_alive++;
        return run;
}

static void free_declarations(struct php_run *run)
{
        for (size_t i = 0; i < run->class_count; i++)
                php_class_free(run->all_classes[i]);
        for (size_t i = 0; i < run->function_count; i++)
                php_function_free(run->all_functions[i]);
        for (size_t i = 0; i < run->pending_count; i++)
                free(run->all_pending[i]);
        free(run->all_classes);
        free(run->all_functions);
        free(run->all_pending);
}

void php_run_free(struct php_run *run)
{
        if (!run)
                return;
        php_clear(&run->exception);
        php_clear(&run->constants);
        /* What statics and constants hold goes first: objects there want their classes. */
        for (size_t i = 0; i < run->function_count; i++)
                php_clear(&run->all_functions[i]->statics);
        for (size_t i = 0; i < run->class_count; i++)
                php_class_clear(run->all_classes[i]);
        php_objects_clear(run);
        if (--runs_alive == 0)
                php_break_references();
        free_declarations(run);
        php_names_deinit(&run->functions);
        php_names_deinit(&run->classes);
        php_names_deinit(&run->pending);
        php_names_deinit(&run->anonymous);
        for (size_t i = 0; i < run->file_count; i++)
                php_file_free(run->files[i]);
        free(run->files);
        free(run->stop.message);
        error_deinit(&run->stop.error);
        free(run);
}

void php_run_add_functions(struct php_run *run, const struct php_host_function *table)
{
        for (; table->name; table++) {
                if (php_names_find(&run->functions, table->name))
                        continue;
                struct php_function *function = php_function_new(run);
                function->name = table->name;
                function->host = table;
                php_names_put(&run->functions, table->name, function);
        }
}

static void add_host_method(
        struct php_run *run, struct php_class *class, const struct php_host_method *method)
{
        struct php_function *function = php_function_new(run);
        function->name = method->name;
        function->host_method = method;
        function->owner = class;
        function->flags = PHP_FLAG_PUBLIC | (method->is_static ? (unsigned)PHP_FLAG_STATIC : 0);
        php_names_put_folded(&class->methods, method->name, function);
}

void php_run_add_class(struct php_run *run, const struct php_host_class *host)
{
        if (php_names_find_folded(&run->classes, host->name))
                return;
        struct php_class *class = php_class_new(run, host->name);
        class->host = host;
        php_names_put_folded(&run->classes, host->name, class);
        class->flags = host->is_abstract ? (unsigned)PHP_FLAG_ABSTRACT : 0;
        for (const struct php_host_method *method = host->methods; method && method->name; method++)
                add_host_method(run, class, method);
        for (const struct php_host_constant *constant = host->constants; constant && constant->name;
                constant++)
                php_class_add_host_constant(class, constant);
}

void php_run_define(struct php_run *run, const char *constant, struct php_value value)
{
        php_array_set(&run->constants, php_key_text(constant), value);
}

void php_run_set_host(struct php_run *run, void *host)
{
        run->host = host;
}

void *php_run_host(struct php_run *run)
{
        return run->host;
}

/* ---- how a run ends ---- */

static enum php_flow stop_with(struct php_run *run, enum php_stop_kind kind, char *message)
{
        if (run->stopped) { /* the first reason is the one */
                free(message);
                return PHP_STOPPED;
        }
        run->stopped = true;
        run->stop.kind = kind;
        run->stop.message = message;
        run->stop.file = php_run_file_path(run);
        run->stop.line = php_run_line(run);
        php_clear(&run->exception);
        return PHP_STOPPED;
}

enum php_flow php_needs_php(struct php_run *run, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        char *message = string_format_list(format, arguments);
        va_end(arguments);
        return stop_with(run, PHP_STOP_NEEDS_PHP, message);
}

enum php_flow php_fatal(struct php_run *run, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        char *message = string_format_list(format, arguments);
        va_end(arguments);
        return stop_with(run, PHP_STOP_ERROR, message);
}

enum php_flow php_limit(struct php_run *run, const char *what)
{
        return stop_with(run, PHP_STOP_LIMIT, string_copy(what));
}

enum php_flow php_notice(struct php_run *run, const char *format, ...)
{
        if (run->silence > 0)
                return PHP_OK;
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *message = string_format_list(format, arguments);
        va_end(arguments);
        return stop_with(run, PHP_STOP_NEEDS_PHP,
                string_format("%s: what happens then depends on PHP's error settings", message));
}

enum php_flow php_fail(struct php_run *run, struct error *err)
{
        if (!run->stopped) {
                (void)stop_with(run, PHP_STOP_FAILED, string_copy(error_message(err)));
                error_move(&run->stop.error, err);
        } else {
                error_deinit(err);
        }
        return PHP_STOPPED;
}

const struct php_stop *php_run_stop(const struct php_run *run)
{
        return run->stopped ? &run->stop : NULL;
}

unsigned php_run_line(const struct php_run *run)
{
        return run->frame ? run->frame->line : 0;
}

const char *php_run_file_path(const struct php_run *run)
{
        return run->frame && run->frame->file ? run->frame->file->path : "";
}

/* ---- bounds ---- */

enum php_flow php_step(struct php_run *run)
{
        if (run->stopped)
                return PHP_STOPPED;
        if (++run->steps > run->limits.steps)
                return php_limit(run, "more steps than a migration may take");
        if (php_memory_used() > run->memory_before + run->limits.memory)
                return php_limit(run, "more memory than a migration may take");
        return PHP_OK;
}

enum php_flow php_enter(struct php_run *run)
{
        if (run->depth >= run->limits.depth)
                return php_limit(run, "calls and expressions nested deeper than a migration may have");
        enum php_flow flow = php_step(run);
        if (flow == PHP_OK)
                run->depth++;
        return flow;
}

void php_frame_deinit(struct php_frame *frame)
{
        php_clear(&frame->variables);
        php_clear(&frame->extra);
        php_clear(&frame->result);
}

/* ---- exceptions ---- */

enum php_flow php_throw_value(struct php_run *run, struct php_value exception)
{
        php_clear(&run->exception);
        run->exception = exception;
        return PHP_THROWN;
}

enum php_flow php_throw(struct php_run *run, const char *class, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        char *message = string_format_list(format, arguments);
        va_end(arguments);
        if (run->stopped) {
                free(message);
                return PHP_STOPPED;
        }
        if (!php_names_find_folded(&run->classes, class)) {
                enum php_flow stopped = php_fatal(run, "%s: %s", class, message);
                free(message);
                return stopped;
        }
        _cleanup_php_value_ struct php_value text = php_text(message);
        free(message);
        struct php_value exception = PHP_NULL_VALUE;
        enum php_flow flow = php_new(run, class, &text, 1, &exception);
        return flow == PHP_OK ? php_throw_value(run, exception) : flow;
}

int *php_run_json_error(struct php_run *run)
{
        return &run->json_error;
}

struct php_value php_run_exception(struct php_run *run)
{
        return run->exception;
}

void php_run_forget_exception(struct php_run *run)
{
        php_clear(&run->exception);
}

enum php_flow php_answered(struct php_run *run, enum php_answer answer, struct buffer *message)
{
        _cleanup_free_ char *words = message ? buffer_steal(message) : NULL;
        switch (answer) {
        case PHP_DONE:
                return PHP_OK;
        case PHP_DISAGREE:
                return php_needs_php(run, "an operation that PHP 7 and PHP 8 disagree about");
        case PHP_TYPE_ERROR:
                return php_throw(
                        run, "TypeError", "%s", words && *words ? words : "Unsupported operand types");
        case PHP_DIVISION_BY_ZERO:
                return php_throw(
                        run, "DivisionByZeroError", "%s", words && *words ? words : "Division by zero");
        case PHP_ARITHMETIC_ERROR:
                return php_throw(run, "ArithmeticError", "%s",
                        words && *words ? words : "Bit shift by negative number");
        case PHP_NOTICE:
                return php_notice(run, "Array to string conversion");
        case PHP_NO_CONVERSION:
                return php_needs_php(run, "an operation on an object");
        }
        return PHP_OK;
}

/* ---- files ---- */

enum php_flow php_run_file(struct php_run *run, struct php_file *file)
{
        struct php_frame frame = {
                .caller = run->frame, .variables = php_new_array(), .file = file, .line = 1};
        php_declare_ahead(run, file->root, file);
        run->frame = &frame;
        enum php_flow flow = php_execute(run, file->root);
        run->frame = frame.caller;
        php_frame_deinit(&frame);
        return flow;
}
