/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/php/functions.h"

#include <float.h>
#include <math.h>

/* PHP's own constants that don't depend on its version, its build or the machine. Source: PHP's manual. */

struct whole_constant {
        const char *name;
        int64_t value;
};

static const struct whole_constant whole_constants[] = {
        {"ARRAY_FILTER_USE_BOTH", 1},
        {"ARRAY_FILTER_USE_KEY", 2},
        {"CASE_LOWER", 0},
        {"CASE_UPPER", 1},
        {"COUNT_NORMAL", 0},
        {"COUNT_RECURSIVE", 1},
        {"ENT_COMPAT", 2},
        {"ENT_HTML401", 0},
        {"ENT_HTML5", 48},
        {"ENT_IGNORE", 4},
        {"ENT_NOQUOTES", 0},
        {"ENT_QUOTES", 3},
        {"ENT_SUBSTITUTE", 8},
        {"ENT_XHTML", 32},
        {"ENT_XML1", 16},
        {"E_ALL", 32767},
        {"E_COMPILE_ERROR", 64},
        {"E_COMPILE_WARNING", 128},
        {"E_CORE_ERROR", 16},
        {"E_CORE_WARNING", 32},
        {"E_DEPRECATED", 8192},
        {"E_ERROR", 1},
        {"E_NOTICE", 8},
        {"E_PARSE", 4},
        {"E_RECOVERABLE_ERROR", 4096},
        {"E_USER_DEPRECATED", 16384},
        {"E_USER_ERROR", 256},
        {"E_USER_NOTICE", 1024},
        {"E_USER_WARNING", 512},
        {"E_WARNING", 2},
        {"LOCK_EX", 2},
        {"LOCK_SH", 1},
        {"LOCK_UN", 3},
        {"MB_CASE_LOWER", 1},
        {"MB_CASE_TITLE", 2},
        {"MB_CASE_UPPER", 0},
        {"PATHINFO_BASENAME", 2},
        {"PATHINFO_DIRNAME", 1},
        {"PATHINFO_EXTENSION", 4},
        {"PATHINFO_FILENAME", 8},
        {"PHP_FLOAT_DIG", 15},
        {"PHP_INT_MAX", INT64_MAX},
        {"PHP_INT_MIN", INT64_MIN},
        {"PHP_INT_SIZE", 8},
        {"PHP_QUERY_RFC1738", 1},
        {"PHP_QUERY_RFC3986", 2},
        {"PHP_ROUND_HALF_DOWN", 2},
        {"PHP_ROUND_HALF_EVEN", 3},
        {"PHP_ROUND_HALF_ODD", 4},
        {"PHP_ROUND_HALF_UP", 1},
        {"PHP_URL_FRAGMENT", 7},
        {"PHP_URL_HOST", 1},
        {"PHP_URL_PASS", 4},
        {"PHP_URL_PATH", 5},
        {"PHP_URL_PORT", 2},
        {"PHP_URL_QUERY", 6},
        {"PHP_URL_SCHEME", 0},
        {"PHP_URL_USER", 3},
        {"PREG_GREP_INVERT", 1},
        {"PREG_OFFSET_CAPTURE", 256},
        {"PREG_PATTERN_ORDER", 1},
        {"PREG_SET_ORDER", 2},
        {"PREG_SPLIT_DELIM_CAPTURE", 2},
        {"PREG_SPLIT_NO_EMPTY", 1},
        {"PREG_SPLIT_OFFSET_CAPTURE", 4},
        {"PREG_UNMATCHED_AS_NULL", 512},
        {"SORT_ASC", 4},
        {"SORT_DESC", 3},
        {"SORT_FLAG_CASE", 8},
        {"SORT_LOCALE_STRING", 5},
        {"SORT_NATURAL", 6},
        {"SORT_NUMERIC", 1},
        {"SORT_REGULAR", 0},
        {"SORT_STRING", 2},
        {"STR_PAD_BOTH", 2},
        {"STR_PAD_LEFT", 0},
        {"STR_PAD_RIGHT", 1},
};

static const struct {
        const char *name;
        double value;
} float_constants[] = {
        {"M_E", 2.7182818284590452354},
        {"M_LN10", 2.30258509299404568402},
        {"M_LN2", 0.69314718055994530942},
        {"M_PI", 3.14159265358979323846},
        {"M_PI_2", 1.57079632679489661923},
        {"M_PI_4", 0.78539816339744830962},
        {"M_SQRT2", 1.41421356237309504880},
        {"PHP_FLOAT_EPSILON", DBL_EPSILON},
        {"PHP_FLOAT_MAX", DBL_MAX},
        {"PHP_FLOAT_MIN", DBL_MIN},
};

/* PHP_OS and the separators are those of where this program runs: Linux. */
static const struct {
        const char *name;
        const char *value;
} text_constants[] = {
        {"DATE_ATOM", "Y-m-d\\TH:i:sP"},
        {"DATE_COOKIE", "l, d-M-Y H:i:s T"},
        {"DATE_ISO8601", "Y-m-d\\TH:i:sO"},
        {"DATE_RFC2822", "D, d M Y H:i:s O"},
        {"DATE_RFC3339", "Y-m-d\\TH:i:sP"},
        {"DATE_RFC3339_EXTENDED", "Y-m-d\\TH:i:s.vP"},
        {"DATE_RFC822", "D, d M y H:i:s O"},
        {"DATE_RSS", "D, d M Y H:i:s O"},
        {"DATE_W3C", "Y-m-d\\TH:i:sP"},
        {"DIRECTORY_SEPARATOR", "/"},
        {"PATH_SEPARATOR", ":"},
        {"PHP_EOL", "\n"},
        {"PHP_OS", "Linux"},
        {"PHP_OS_FAMILY", "Linux"},
};

void php_add_constants(struct php_run *run)
{
        for (size_t i = 0; i < ARRAY_SIZE(whole_constants); i++)
                php_run_define(run, whole_constants[i].name, php_int(whole_constants[i].value));
        for (size_t i = 0; i < ARRAY_SIZE(float_constants); i++)
                php_run_define(run, float_constants[i].name, php_float(float_constants[i].value));
        for (size_t i = 0; i < ARRAY_SIZE(text_constants); i++)
                php_run_define(run, text_constants[i].name, php_text(text_constants[i].value));
        php_run_define(run, "INF", php_float((double)INFINITY));
        php_run_define(run, "NAN", php_float((double)NAN));
}
