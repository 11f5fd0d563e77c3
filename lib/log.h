/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * Structured log lines: logfmt on stderr (time=… level=… stage=… text="…"), or the journal's own protocol
 * with fields when stderr is the journal's stream (JOURNAL_STREAM). Each line is one write(2). Thread-safe.
 * Secrets never come here.
 */

#include "lib/cleanup.h"

enum log_level {
        LOG_LEVEL_INFO,
        LOG_LEVEL_WARNING,
        LOG_LEVEL_ERROR,
};

const char *log_level_name(enum log_level level); /* "info" */

/* What the journal's catalog explains a line by; left out on stderr. */
#define LOG_MESSAGE_ID "message_id"

struct log_field {
        const char *name; /* lower case: "stage", "error_code"; the journal gets it in upper case */
        const char *value; /* NULL: the field is left out */
};

/* fields ends with a field whose name is NULL; may be NULL. */
void log_write(enum log_level level, const struct log_field *fields, const char *format, ...) _printf(3, 4);
