/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

static const struct php_host_function *const function_tables[] = {
        php_functions_array,
        php_functions_array_build,
        php_functions_array_call,
        php_functions_array_compare,
        php_functions_array_sort,
        php_functions_character,
        php_functions_date,
        php_functions_encode,
        php_functions_format,
        php_functions_info,
        php_functions_math,
        php_functions_multibyte,
        php_functions_path,
        php_functions_random,
        php_functions_regex,
        php_functions_replace,
        php_functions_search,
        php_functions_serialize,
        php_functions_string,
        php_functions_url,
        php_functions_version,
};

static const struct php_host_class *const class_tables[] = {
        php_classes_exception,
        php_classes_collection,
        php_classes_date,
};

void php_add_standard(struct php_run *run)
{
        php_add_constants(run);
        for (size_t i = 0; i < ARRAY_SIZE(function_tables); i++)
                php_run_add_functions(run, function_tables[i]);
        for (const struct php_host_constant *at = php_constants_serialize; at->name; at++)
                php_run_define(run, at->name, php_int(at->integer));
        for (size_t i = 0; i < ARRAY_SIZE(class_tables); i++)
                for (const struct php_host_class *at = class_tables[i]; at->name; at++)
                        php_run_add_class(run, at);
}
