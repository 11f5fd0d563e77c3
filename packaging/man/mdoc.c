/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "packaging/man/mdoc.h"

#include "lib/memory.h"
#include "lib/text.h"

#include <ctype.h>
#include <string.h>

#define LINE_COLUMNS 76
#define LONG_WORD 40
#define TEMPLATE_LINE 1024

void put_word(const char *word, size_t size, bool first)
{
        if (first && (*word == '.' || *word == '\''))
                printf("\\&");
        for (size_t i = 0; i < size; i++)
                if (word[i] == '\\')
                        printf("\\e");
                else if (word[i] == '-')
                        printf("\\-");
                else if (word[i] == '/' && size > LONG_WORD)
                        printf("/\\:"); /* where it may be broken */
                else
                        putchar(word[i]);
}

static bool ends_sentence(const char *word, size_t size)
{
        return size > 1 && strchr(".!?", word[size - 1]) && !isupper((unsigned char)word[0]);
}

/* Text as lines of it: none too long, each sentence on its own. */
static void put_text(const char *given)
{
        _cleanup_free_ char *text = text_replace(given, "…", "...");
        size_t column = 0;
        for (const char *word = text; *word;) {
                size_t size = strcspn(word, " \n");
                if (column > 0 && column + 1 + size > LINE_COLUMNS) {
                        putchar('\n');
                        column = 0;
                } else if (column > 0) {
                        putchar(' ');
                }
                put_word(word, size, column == 0);
                column += size + 1;
                if (ends_sentence(word, size)) {
                        putchar('\n');
                        column = 0;
                }
                word += size + strspn(word + size, " \n");
        }
        if (column > 0)
                putchar('\n');
}

void put_sentence(const char *text)
{
        size_t length = strlen(text);
        /* A value ("auto|ask: …") is not a word. */
        bool begins_with_value = memchr(text, '|', strcspn(text, " ")) != NULL;
        _cleanup_free_ char *sentence =
                string_format("%c%s%s", begins_with_value ? *text : toupper((unsigned char)*text), text + 1,
                        length > 0 && strchr(".!?", text[length - 1]) ? "" : ".");
        put_text(sentence);
}

void put_argument(const char *given)
{
        _cleanup_free_ char *text = text_replace(given, "…", "...");
        printf("\"");
        put_word(text, strlen(text), false);
        printf("\"");
}

void put_option_item(const char *name, const char *argument, const char *text)
{
        printf(".It Fl Fl %s", name);
        if (argument) {
                printf(" Ar ");
                put_argument(argument);
        }
        printf("\n");
        put_sentence(text);
}

/* False when the line names a table that is none. */
static bool put_line(const char *line, const struct mdoc_table *tables)
{
        char name[64];
        if (sscanf(line, ".\\\" @%63[a-z-]@", name) != 1) {
                fputs(line, stdout);
                return true;
        }
        for (const struct mdoc_table *table = tables; table->name; table++)
                if (string_equal(table->name, name)) {
                        table->put();
                        return true;
                }
        fprintf(stderr, "man-page: there is no table %s\n", name);
        return false;
}

int mdoc_fill(int argc, char **argv, const struct mdoc_table *tables)
{
        char line[TEMPLATE_LINE];
        _cleanup_fclose_ FILE *file = argc == 2 ? fopen(argv[1], "re") : NULL;
        if (!file) {
                fprintf(stderr, "usage: man-page TEMPLATE\n");
                return EXIT_FAILURE;
        }
        while (fgets(line, sizeof(line), file))
                if (!put_line(line, tables))
                        return EXIT_FAILURE;
        return fflush(stdout) == 0 && !ferror(stdout) && !ferror(file) ? EXIT_SUCCESS : EXIT_FAILURE;
}
