/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Prints the journal's catalog (https://systemd.io/CATALOG), from the tables that the programs are made of:
 * what journalctl -x says behind a line of the daemon.
 */
#include "lib/error_codes.h"
#include "lib/memory.h"
#include "lib/text.h"
#include "states/messages.h"

#define LINE_COLUMNS 76

/* A line that begins with "--" would begin another entry: none does, for words of the texts do not. */
static void put_text(const char *text)
{
        _cleanup_free_ char *lines = text_wrap(text, LINE_COLUMNS, "");
        printf("%s\n", lines);
}

static void put_entry(const char *id, const char *subject, const char *documentation)
{
        printf("\n-- %s\nSubject: %s\nDefined-By: mautic-upgraded\nDocumentation: man:mautic-upgradectl(1)\n",
                id, subject);
        if (documentation)
                printf("Documentation: %s\n", documentation);
        printf("\n");
}

static void put_message(const char *id, const char *subject, const char *text)
{
        put_entry(id, subject, NULL);
        put_text(text);
}

static void put_error(enum error_code code)
{
        _cleanup_free_ char *link = error_code_link(code);
        _cleanup_free_ char *subject =
                string_format("The upgrade to Mautic 3 stopped with %s", error_code_name(code));
        put_entry(error_code_message_id(code), subject, link);
        put_text(error_code_meaning(code));
        printf("\n");
        put_text(error_code_advice(code));
}

int main(void)
{
        printf("# SPDX-License-Identifier: GPL-3.0-or-later\n");
#define X(name, id, subject, text) put_message(id, subject, text);
        MESSAGES(X)
#undef X
        for (size_t i = 0; error_code_at(i) != ERR_NONE; i++)
                put_error(error_code_at(i));
        return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
