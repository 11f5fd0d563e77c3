/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/error.h"
#include "lib/memory.h"
#include "lib/text.h"

#include <string.h>

static const struct {
        const char *name;
        const char *advice;
} reasons[] = {
#define X(name, text, advice) [REASON_##name] = {text, advice},
        REASONS(X)
#undef X
};

const char *reason_name(enum reason reason)
{
        return (size_t)reason < ARRAY_SIZE(reasons) ? reasons[reason].name : NULL;
}

const char *reason_advice(enum reason reason)
{
        return (size_t)reason < ARRAY_SIZE(reasons) ? reasons[reason].advice : NULL;
}

enum reason reason_from_name(const char *name)
{
        for (size_t i = 1; i < ARRAY_SIZE(reasons); i++)
                if (string_equal(reasons[i].name, name))
                        return (enum reason)i;
        return REASON_NONE;
}

static enum reason reason_from_errno(int number)
{
        switch (number) {
        case ENOSPC:
        case EDQUOT:
                return REASON_DISK_FULL;
        case EACCES:
        case EPERM:
                return REASON_PERMISSION_DENIED;
        case EROFS:
                return REASON_READ_ONLY;
        case EIO:
                return REASON_INPUT_OUTPUT;
        case ENOENT:
        case ENOTDIR:
                return REASON_NOT_FOUND;
        case EEXIST:
        case ENOTEMPTY:
                return REASON_ALREADY_EXISTS;
        case EXDEV: /* openat2(2): RESOLVE_BENEATH was left */
        case ELOOP:
                return REASON_UNSAFE_PATH;
        case ETIMEDOUT:
                return REASON_TIMED_OUT;
        default:
                return REASON_UNKNOWN;
        }
}

void error_deinit(struct error *err)
{
        free(err->message);
        strings_free(err->acceptable);
        *err = (struct error){0};
}

int error_set(struct error *err, enum reason reason, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        char *message = string_format_list(format, arguments);
        va_end(arguments);
        error_deinit(err);
        *err = (struct error){.reason = reason, .message = message};
        return -1;
}

int error_set_errno(struct error *err, int number, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = string_format_list(format, arguments);
        va_end(arguments);
        error_set(err, reason_from_errno(number), "%s: %s", text, strerror(number));
        err->number = number;
        return -1;
}

int error_wrap(struct error *err, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = string_format_list(format, arguments);
        va_end(arguments);
        string_replace(&err->message, string_format("%s: %s", text, error_message(err)));
        return -1;
}

int error_accept(struct error *err, const char *id)
{
        strings_add(&err->acceptable, string_copy(id));
        return -1;
}

void error_hide(struct error *err, const char *secret)
{
        enum { TRACE_LIMIT = 15 }; /* zend.exception_string_param_max_len; fixed before PHP 8.0 */
        if (!secret || !*secret || !err->message)
                return;
        string_replace(&err->message, text_replace(err->message, secret, "***"));
        if (strlen(secret) <= TRACE_LIMIT)
                return;
        _cleanup_free_ char *cut = string_format("%.*s...", TRACE_LIMIT, secret);
        string_replace(&err->message, text_replace(err->message, cut, "***"));
}

void error_move(struct error *to, struct error *from)
{
        error_deinit(to);
        *to = *from;
        *from = (struct error){0};
}

const char *error_message(const struct error *err)
{
        return err->message ? err->message : "no message";
}
