/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * PHP, hostile: whatever parses is run, within narrow bounds, and ends in one of the ways that there are.
 * What a run leaves behind is for the sanitizers to find.
 */

#include "migrations-reader/php/host.h"
#include "migrations-reader/php/interpret.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SOURCE_LIMIT (64u * 1024)

static const struct php_limits narrow = {.steps = 20000, .depth = 300, .memory = (size_t)16 << 20};

/* Stands for a host's functions: looks at all that it gets. */
static enum php_flow look(struct php_run *run, struct php_call *call)
{
        for (size_t i = 0; i < call->count; i++) {
                _cleanup_php_value_ struct php_value text = PHP_NULL_VALUE;
                enum php_flow flow = php_argument_string(run, call, i, &text);
                if (flow != PHP_OK)
                        return flow;
        }
        return PHP_OK;
}

static enum php_flow visit(struct php_run *run, struct php_call *call)
{
        return php_call(run, php_argument(call, 0), call->arguments + 1, call->count - 1, call->ret);
}

static const struct php_host_function functions[] = {
        {"show", look, 0, PHP_ANY, 0, NULL},
        {"visit", visit, 1, PHP_ANY, 2, NULL},
        {NULL},
};

static void must_have_ended_well(struct php_run *run, enum php_flow flow)
{
        if (flow == PHP_THROWN && php_run_exception(run).type != PHP_TYPE_OBJECT)
                abort();
        if (flow == PHP_STOPPED && (!php_run_stop(run) || !php_run_stop(run)->message))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_(php_file_freep) struct php_file *file = NULL;
        if (size > SOURCE_LIMIT || php_file_read("input.php", (const char *)data, size, &file, &err) < 0)
                return 0;
        size_t before = php_memory_used();
        struct php_run *run = php_run_new(narrow, NULL, NULL);
        php_add_standard(run);
        php_run_add_functions(run, functions);
        must_have_ended_well(run, php_run_file(run, file));
        php_run_free(run);
        if (php_memory_used() != before)
                abort();
        return 0;
}
