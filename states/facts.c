/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/facts.h"

#include "lib/memory.h"

#include <ctype.h>
#include <string.h>
#include <sys/random.h>

int fact_random(struct stage_context *context, const char *name, char **ret, struct error *err)
{
        int r = checkpoint_get_fact(context->checkpoint, name, ret, err);
        if (r <= 0)
                return r;
        unsigned char bytes[16];
        if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
                return error_set_errno(err, errno, "can't get random bytes");
        _cleanup_buffer_ struct buffer hex = {0};
        buffer_append_hex(&hex, bytes, sizeof(bytes));
        if (checkpoint_set_fact(context->checkpoint, name, hex.data, err) < 0)
                return -1;
        *ret = buffer_steal(&hex);
        return 0;
}

char *fact_accept_id(const char *prefix, const char *version)
{
        char *id = string_format("%s%s", prefix, version);
        for (char *letter = id; *letter; letter++)
                *letter = (char)tolower((unsigned char)*letter);
        return id;
}

bool fact_accepts(const char *accepted, const char *id)
{
        size_t size = strlen(id);
        for (const char *line = accepted; line && *line; line += strcspn(line, "\n"), line += *line == '\n')
                if (strcspn(line, "\n") == size && strncmp(line, id, size) == 0)
                        return true;
        return false;
}
