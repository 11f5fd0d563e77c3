/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/confirm.h"

#include <string.h>
#include <unistd.h>

/* What a person types; NULL when nothing came. */
static char *read_answer(void)
{
        char *line = NULL;
        size_t capacity = 0;
        ssize_t size = getline(&line, &capacity, stdin);
        if (size <= 0) {
                free(line);
                return NULL;
        }
        line[strcspn(line, "\r\n")] = '\0';
        return line;
}

int confirm_on_terminal(const char *question, const char *word, const char *otherwise)
{
        if (!isatty(STDIN_FILENO))
                return fail(EXIT_REFUSED, "not_confirmed", otherwise, "this must be confirmed");
        fflush(stdout);
        fprintf(stderr, "%s ", question);
        _cleanup_free_ char *answer = read_answer();
        if (string_equal(answer, word))
                return EXIT_DONE;
        return fail(EXIT_REFUSED, "not_confirmed", NULL, "not confirmed: nothing was done");
}
