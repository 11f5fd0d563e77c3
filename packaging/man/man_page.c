/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes a man page of a template: a line ".\" @NAME@" is replaced by what the table of that name holds, as
 * items of an mdoc list (mdoc(7)). So nothing can stand in a page that the programs do not know, nor be left
 * out.
 */
#include "client/commands.h"
#include "client/options.h"
#include "daemon/options.h"
#include "daemon/routes.h"
#include "lib/error_codes.h"
#include "lib/text.h"
#include "states/machine.h"
#include "states/stage.h"

#include <ctype.h>
#include <string.h>

#define LINE_COLUMNS 76
#define LONG_WORD 40
#define TEMPLATE_LINE 1024

/* One word of text, with what mdoc would take for its own made harmless. */
static void put_word(const char *word, size_t size, bool first)
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

/* Text that may not end with a full stop by itself. */
static void put_sentence(const char *text)
{
        size_t length = strlen(text);
        /* A value ("auto|ask: …") is not a word. */
        bool begins_with_value = memchr(text, '|', strcspn(text, " ")) != NULL;
        _cleanup_free_ char *sentence =
                string_format("%c%s%s", begins_with_value ? *text : toupper((unsigned char)*text), text + 1,
                        length > 0 && strchr(".!?", text[length - 1]) ? "" : ".");
        put_text(sentence);
}

/* An argument of a macro, with blanks in it or not. */
static void put_argument(const char *given)
{
        _cleanup_free_ char *text = text_replace(given, "…", "...");
        printf("\"");
        put_word(text, strlen(text), false);
        printf("\"");
}

static void put_option_item(const char *name, const char *argument, const char *text)
{
        printf(".It Fl Fl %s", name);
        if (argument) {
                printf(" Ar ");
                put_argument(argument);
        }
        printf("\n");
        put_sentence(text);
}

static void put_options_of(const struct command *command)
{
        const struct client_option *option;
        const char *separator = "Takes";
        for (size_t i = 0; (option = option_at(i)); i++)
                if (option->bit & command->options) {
                        printf("%s\n.Fl Fl %s", separator, option->option.name);
                        separator = " ,";
                }
        if (command->options)
                printf(" .\n");
}

static void put_commands(void)
{
        const struct command *command;
        for (size_t i = 0; (command = command_at(i)); i++) {
                printf(".It Cm %s", command->name);
                if (command->argument) {
                        printf(" Ar ");
                        put_word(command->argument, strlen(command->argument), false);
                }
                printf("\n");
                put_sentence(command->text);
                put_options_of(command);
        }
}

static void put_answers(void)
{
        const struct command *command;
        for (size_t i = 0; (command = command_at(i)); i++) {
                printf(".It Cm %s\n", command->name);
                put_sentence(command->answer);
        }
}

static void put_client_options(void)
{
        const struct client_option *option;
        for (size_t i = 0; (option = option_at(i)); i++)
                put_option_item(option->option.name, option->argument, option->text);
}

static void put_daemon_options(void)
{
        const struct daemon_option *option;
        for (size_t i = 0; (option = daemon_option_at(i)); i++)
                put_option_item(option->option.name, option->argument, option->text);
}

static void put_exit_codes(void)
{
        const char *text;
        int status;
        for (size_t i = 0; exit_describe(i, &status, &text); i++) {
                printf(".It %d\n", status);
                put_sentence(text);
        }
}

static void put_keys(void)
{
        const char *name, *value, *text;
        for (size_t i = 0; config_describe(i, &name, &value, &text); i++) {
                printf(".It Cm %s\n", name);
                put_sentence(text);
                if (*value) {
                        printf("Default:\n.Ql ");
                        put_argument(value);
                        printf(" .\n");
                }
        }
}

static void put_errors(void)
{
        for (size_t i = 0; error_code_at(i) != ERR_NONE; i++) {
                printf(".It Dv %s\n", error_code_name(error_code_at(i)));
                put_sentence(error_code_meaning(error_code_at(i)));
                put_sentence(error_code_advice(error_code_at(i)));
        }
}

static void put_reasons(void)
{
        for (int i = REASON_NONE + 1; reason_name((enum reason)i); i++) {
                printf(".It Dv %s\n", reason_name((enum reason)i));
                put_sentence(reason_advice((enum reason)i));
        }
}

static void put_routes(void)
{
        for (size_t i = 0; i < api_route_count; i++) {
                const struct api_route *route = &api_routes[i];
                printf(".It Cm %s Pa %s\n", route->method, route->path);
                put_sentence(route->text);
                for (const char *name = route->query; *name;) {
                        size_t size = strcspn(name, " ");
                        if (size > 0)
                                printf("Parameter:\n.Ar %.*s .\n", (int)size, name);
                        name += size + strspn(name + size, " ");
                }
        }
}

static void put_parameters(void)
{
        for (size_t i = 0; i < api_parameter_count; i++) {
                printf(".It Ar %s\n", api_parameters[i].name);
                put_sentence(api_parameters[i].text);
        }
}

static void put_states(void)
{
        static const enum upgrade_state states[] = {
#define X(name, ...) UPGRADE_##name,
                UPGRADE_STATES(X)
#undef X
        };
        for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
                printf(".It Dv %s\n", upgrade_state_name(states[i]));
                put_sentence(upgrade_state_meaning(states[i]));
        }
}

static void put_boundaries(void)
{
        static const enum boundary boundaries[] = {
#define X(name, ...) BOUNDARY_##name,
                BOUNDARIES(X)
#undef X
        };
        for (size_t i = 0; i < ARRAY_SIZE(boundaries); i++) {
                printf(".It Dv %s\n", boundary_name(boundaries[i]));
                put_sentence(boundary_meaning(boundaries[i]));
        }
}

static const struct {
        const char *name;
        void (*put)(void);
} tables[] = {
        {"answers", put_answers},
        {"boundaries", put_boundaries},
        {"client-options", put_client_options},
        {"commands", put_commands},
        {"daemon-options", put_daemon_options},
        {"errors", put_errors},
        {"exit-codes", put_exit_codes},
        {"keys", put_keys},
        {"parameters", put_parameters},
        {"reasons", put_reasons},
        {"routes", put_routes},
        {"states", put_states},
};

/* False when the line names a table that is none. */
static bool put_line(const char *line)
{
        char name[64];
        if (sscanf(line, ".\\\" @%63[a-z-]@", name) != 1) {
                fputs(line, stdout);
                return true;
        }
        for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
                if (string_equal(tables[i].name, name)) {
                        tables[i].put();
                        return true;
                }
        fprintf(stderr, "man-page: there is no table %s\n", name);
        return false;
}

int main(int argc, char **argv)
{
        char line[TEMPLATE_LINE];
        _cleanup_fclose_ FILE *file = argc == 2 ? fopen(argv[1], "re") : NULL;
        if (!file) {
                fprintf(stderr, "usage: man-page TEMPLATE\n");
                return EXIT_FAILURE;
        }
        while (fgets(line, sizeof(line), file))
                if (!put_line(line))
                        return EXIT_FAILURE;
        return fflush(stdout) == 0 && !ferror(stdout) && !ferror(file) ? EXIT_SUCCESS : EXIT_FAILURE;
}
