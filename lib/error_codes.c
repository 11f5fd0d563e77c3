/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/error_codes.h"
#include "lib/cleanup.h"
#include "lib/memory.h"

#include <ctype.h>
#include <string.h>

static const struct {
        const char *name;
        const char *message_id;
        const char *meaning;
        const char *advice;
} codes[] = {
#define X(code, id, meaning, advice) [code] = {#code, id, meaning, advice},
        ERROR_CODES(X)
#undef X
};

const char *error_code_name(enum error_code code)
{
        return (size_t)code < ARRAY_SIZE(codes) ? codes[code].name : NULL;
}

const char *error_code_meaning(enum error_code code)
{
        return (size_t)code < ARRAY_SIZE(codes) ? codes[code].meaning : NULL;
}

const char *error_code_advice(enum error_code code)
{
        return (size_t)code < ARRAY_SIZE(codes) ? codes[code].advice : NULL;
}

const char *error_code_message_id(enum error_code code)
{
        return (size_t)code < ARRAY_SIZE(codes) ? codes[code].message_id : NULL;
}

enum error_code error_code_from_name(const char *name)
{
        for (size_t i = 1; name && i < ARRAY_SIZE(codes); i++)
                if (strcasecmp(codes[i].name, name) == 0)
                        return (enum error_code)i;
        return ERR_NONE;
}

enum error_code error_code_at(size_t index)
{
        return index + 1 < ARRAY_SIZE(codes) ? (enum error_code)(index + 1) : ERR_NONE;
}

char *error_code_link(enum error_code code)
{
        const char *name = error_code_name(code);
        if (!name)
                return NULL;
        char *link = string_format("http://mau.tc/m3-upgrade-error#%s", name);
        for (char *c = strchr(link, '#'); *c; c++)
                *c = (char)tolower((unsigned char)*c);
        return link;
}
