/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

/*
 * Throwable and its kin, and the interfaces that PHP itself knows. Message, code and the rest are properties
 * of the object, as in PHP: classes that extend Exception read and set them.
 */

static enum php_flow set_previous(struct php_run *run, struct php_call *call, size_t n)
{
        struct php_value previous = php_argument(call, n);
        if (previous.type == PHP_TYPE_NULL) {
                if (!php_property(call->this, "previous"))
                        php_set_property(call->this, "previous", PHP_NULL_VALUE);
                return PHP_OK;
        }
        if (previous.type != PHP_TYPE_OBJECT || !php_instance_of(run, previous, "Throwable"))
                return php_needs_php(run, "an exception whose cause is no exception");
        php_set_property(call->this, "previous", php_copy(previous));
        return PHP_OK;
}

/* A class that extends Exception may have given message and code values of its own: they stay when the
 * constructor's arguments are not given. */
static enum php_flow set_message_and_code(struct php_run *run, struct php_call *call)
{
        _cleanup_php_value_ struct php_value message = PHP_NULL_VALUE;
        int64_t code = 0;
        if (php_given(call, 0)) {
                TRY(php_argument_string(run, call, 0, &message));
                php_set_property(call->this, "message", php_steal(&message));
        } else if (!php_property(call->this, "message")) {
                php_set_property(call->this, "message", php_text(""));
        }
        TRY(php_optional_int(run, call, 1, &code));
        if (code != 0 || !php_property(call->this, "code"))
                php_set_property(call->this, "code", php_int(code));
        return PHP_OK;
}

static enum php_flow construct_exception(struct php_run *run, struct php_call *call)
{
        TRY(set_message_and_code(run, call));
        TRY(set_previous(run, call, 2));
        return php_return(call, PHP_NULL_VALUE);
}

static enum php_flow construct_error_exception(struct php_run *run, struct php_call *call)
{
        int64_t severity = 1;
        TRY(set_message_and_code(run, call));
        TRY(php_optional_int(run, call, 2, &severity));
        php_set_property(call->this, "severity", php_int(severity));
        TRY(set_previous(run, call, 5));
        return php_return(call, PHP_NULL_VALUE);
}

static enum php_flow return_property(struct php_call *call, const char *name, struct php_value otherwise)
{
        const struct php_value *value = php_property(call->this, name);
        if (!value)
                return php_return(call, otherwise);
        php_release(otherwise);
        return php_return(call, php_copy(php_look(*value)));
}

PHP_FUNCTION(get_message)
{
        return return_property(call, "message", php_text(""));
}

PHP_FUNCTION(get_code)
{
        return return_property(call, "code", php_int(0));
}

PHP_FUNCTION(get_previous)
{
        return return_property(call, "previous", PHP_NULL_VALUE);
}

PHP_FUNCTION(get_severity)
{
        return return_property(call, "severity", php_int(1));
}

/* Where an exception was made depends on the installation's paths and on frames that are not here. */
PHP_FUNCTION(needs_frames)
{
        return php_needs_php(run, "the place where an exception was made");
}

static const struct php_host_method exception_methods[] = {
        {"getMessage", get_message, 0, 0, false, NULL},
        {"getCode", get_code, 0, 0, false, NULL},
        {"getPrevious", get_previous, 0, 0, false, NULL},
        {"getFile", needs_frames, 0, 0, false, NULL},
        {"getLine", needs_frames, 0, 0, false, NULL},
        {"getTrace", needs_frames, 0, 0, false, NULL},
        {"getTraceAsString", needs_frames, 0, 0, false, NULL},
        {"__toString", needs_frames, 0, 0, false, NULL},
        {0},
};

static const struct php_host_method error_exception_methods[] = {
        {"getSeverity", get_severity, 0, 0, false, NULL},
        {0},
};

#define EXCEPTION(name_, parent_)                                                                            \
        {                                                                                                    \
                .name = name_, .parent = parent_, .construct = construct_exception                           \
        }
#define INTERFACE(name_, parents_)                                                                           \
        {                                                                                                    \
                .name = name_, .interfaces = parents_, .is_abstract = true                                   \
        }

const struct php_host_class php_classes_exception[] = {
        INTERFACE("Stringable", NULL),
        INTERFACE("Throwable", "Stringable"),
        INTERFACE("Traversable", NULL),
        INTERFACE("Iterator", "Traversable"),
        INTERFACE("IteratorAggregate", "Traversable"),
        INTERFACE("ArrayAccess", NULL),
        INTERFACE("Countable", NULL),
        INTERFACE("JsonSerializable", NULL),
        {.name = "stdClass"},
        {.name = "Exception",
                .interfaces = "Throwable",
                .methods = exception_methods,
                .construct = construct_exception},
        {.name = "Error",
                .interfaces = "Throwable",
                .methods = exception_methods,
                .construct = construct_exception},
        {.name = "ErrorException",
                .parent = "Exception",
                .methods = error_exception_methods,
                .construct = construct_error_exception},
        EXCEPTION("TypeError", "Error"),
        EXCEPTION("ValueError", "Error"),
        EXCEPTION("ArithmeticError", "Error"),
        EXCEPTION("AssertionError", "Error"),
        EXCEPTION("DivisionByZeroError", "ArithmeticError"),
        EXCEPTION("ArgumentCountError", "TypeError"),
        EXCEPTION("UnhandledMatchError", "Error"),
        EXCEPTION("JsonException", "Exception"),
        EXCEPTION("LogicException", "Exception"),
        EXCEPTION("BadFunctionCallException", "LogicException"),
        EXCEPTION("BadMethodCallException", "BadFunctionCallException"),
        EXCEPTION("DomainException", "LogicException"),
        EXCEPTION("InvalidArgumentException", "LogicException"),
        EXCEPTION("LengthException", "LogicException"),
        EXCEPTION("OutOfRangeException", "LogicException"),
        EXCEPTION("RuntimeException", "Exception"),
        EXCEPTION("OutOfBoundsException", "RuntimeException"),
        EXCEPTION("OverflowException", "RuntimeException"),
        EXCEPTION("RangeException", "RuntimeException"),
        EXCEPTION("UnderflowException", "RuntimeException"),
        EXCEPTION("UnexpectedValueException", "RuntimeException"),
        {0},
};
