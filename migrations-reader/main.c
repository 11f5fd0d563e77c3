/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/commands.h"

#include "lib/memory.h"
#include "lib/streams.h"

#include <locale.h>
#include <string.h>

#define PROGRAM "migrations-reader"
#define HINT "Try '" PROGRAM " --help'."

static int usage(const char *format, ...) _printf(1, 2);
static int usage(const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = string_format_list(format, arguments);
        va_end(arguments);
        (void)fprintf(stderr, PROGRAM ": %s\n" HINT "\n", text);
        return EXIT_USAGE;
}

static int help(void)
{
        printf("Usage: " PROGRAM " COMMAND --root DIR [OPTION]...\n"
               "       " PROGRAM " COMMAND --dir DIR [--prefix PREFIX] --dsn DSN [OPTION]...\n"
               "Reads Doctrine migrations without PHP: counts them, says which SQL they would run on this\n"
               "database, and runs it. Only apply changes anything.\n\nCommands:\n");
        for (const struct command *command = commands; command->name; command++) {
                _cleanup_free_ char *name = string_format("%s%s%s", command->name,
                        command->arguments ? " " : "", command->arguments ? command->arguments : "");
                printf(strlen(name) > 24 ? "  %s\n%27s%s\n" : "  %-24s%1s%s\n", name, "", command->text);
        }
        printf("\nOptions:\n");
        for (const struct reader_option *option = reader_options; option->option.name; option++) {
                _cleanup_free_ char *name = string_format("--%s%s%s", option->option.name,
                        option->argument ? " " : "", option->argument ? option->argument : "");
                printf("  %-24s %s\n", name, option->text);
        }
        printf("\nVerdicts of a plan:\n");
#define X(name, text, meaning) printf("  %-24s %s\n", text, meaning);
        PLAN_VERDICTS(X)
#undef X
        printf("\nExit status:\n");
#define X(name, value, meaning) printf("  %-24d %s\n", value, meaning);
        READER_EXITS(X)
#undef X
        return EXIT_DONE;
}

static const struct command *find_command(const char *name)
{
        for (const struct command *command = commands; command->name; command++)
                if (string_equal(command->name, name))
                        return command;
        return NULL;
}

static int take_option(struct reader *reader, int letter)
{
        switch (letter) {
        case 'a':
                reader->all = true;
                return EXIT_DONE;
        case 'd':
                reader->options.folder = optarg;
                return EXIT_DONE;
        case 'D':
                reader->options.doctrine = optarg;
                return EXIT_DONE;
        case 'f':
                reader->doctrine_format = true;
                return string_equal(optarg, "doctrine")
                               ? EXIT_DONE
                               : usage("--format: only doctrine is known, not %s", optarg);
        case 'i':
                reader->independent = true;
                return EXIT_DONE;
        case 'j':
                reader->json = true;
                return EXIT_DONE;
        case 'm':
                reader->mark_done = optarg;
                return EXIT_DONE;
        case 'n':
                string_replace(&reader->dsn, string_copy(optarg));
                explicit_bzero(optarg, strlen(optarg));
                reader->options.dsn = reader->dsn;
                return EXIT_DONE;
        case 'p':
                reader->options.prefix = optarg;
                return EXIT_DONE;
        case 'P':
                reader->options.password_file = optarg;
                return EXIT_DONE;
        case 'r':
                reader->options.root = optarg;
                return EXIT_DONE;
        case 's':
                reader->options.schema_dump = optarg;
                return EXIT_DONE;
        case 'v':
                reader->show_versions = true;
                return EXIT_DONE;
        case 'x':
                reader->next = true;
                return EXIT_DONE;
        default:
                return EXIT_DONE; /* help and version: by the caller */
        }
}

/* Without what is behind "=", which may be a password. */
static int refuse_option(int letter, const char *argument)
{
        int size = (int)strcspn(argument, "=");
        if (letter == ':')
                return usage("%.*s wants a value", size, argument);
        if (!string_begins(argument, "--"))
                return usage("there is no option -%c", optopt);
        return optopt ? usage("%.*s takes no value", size, argument)
                      : usage("there is no option %.*s", size, argument);
}

static unsigned bit_of(int letter)
{
        for (const struct reader_option *option = reader_options; option->option.name; option++)
                if (option->option.val == letter)
                        return option->bit;
        return 0;
}

static struct option *new_long_options(void)
{
        size_t count = 0;
        while (reader_options[count].option.name)
                count++;
        struct option *options = memory_new_array(count + 1, sizeof(*options));
        for (size_t i = 0; i < count; i++)
                options[i] = reader_options[i].option;
        return options;
}

/* *ret: the command that is to be run, if one is. */
static int parse(int argc, char **argv, struct reader *reader, const struct command **ret)
{
        _cleanup_free_ struct option *long_options = new_long_options();
        unsigned taken = 0;
        int letter;
        opterr = 0;
        while ((letter = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
                if (letter == 'h')
                        return help();
                if (letter == 'V') {
                        printf(PROGRAM " " PROJECT_VERSION "\n");
                        return EXIT_DONE;
                }
                if (letter == '?' || letter == ':')
                        return refuse_option(letter, argv[optind - 1]);
                int result = take_option(reader, letter);
                if (result != EXIT_DONE)
                        return result;
                taken |= bit_of(letter);
        }
        if (optind == argc)
                return usage("a command is wanted");
        const struct command *command = find_command(argv[optind]);
        if (!command)
                return usage("there is no command %s", argv[optind]);
        if (taken & ~command->options)
                return usage("%s does not take one of the options given", command->name);
        reader->versions = argv + optind + 1;
        reader->version_count = (size_t)(argc - optind - 1);
        *ret = command;
        return EXIT_DONE;
}

static int check(const struct reader *reader, const struct command *command)
{
        const struct target_options *target = &reader->options;
        if (reader->version_count > 0 && command->run != command_plan && command->run != command_show)
                return usage("%s takes no versions", command->name);
        if (command->run == command_show && reader->version_count != 1)
                return usage("show wants one VERSION");
        if (command->run == command_apply && reader->next + reader->all + (reader->mark_done != NULL) != 1)
                return usage("apply wants one of --next, --all and --mark-done");
        if (command->run == command_apply && target->schema_dump)
                return usage("apply wants a database, not a dump");
        _cleanup_error_ struct error err = {0};
        return target_check(target, &err) < 0 ? usage("%s", error_message(&err)) : EXIT_DONE;
}

static void reader_deinit(struct reader *reader)
{
        if (reader->dsn)
                explicit_bzero(reader->dsn, strlen(reader->dsn));
        free(reader->dsn);
}

int main(int argc, char **argv)
{
        (void)setlocale(LC_CTYPE, "");
        if (streams_fill_gaps() < 0)
                return EXIT_COMMAND_FAILED;
        _cleanup_(reader_deinit) struct reader reader = {.target.root_fd = -1};
        const struct command *command = NULL;
        int result = parse(argc, argv, &reader, &command);
        if (!command)
                return result;
        result = check(&reader, command);
        if (result != EXIT_DONE)
                return result;
        _cleanup_error_ struct error err = {0};
        result = target_open(&reader.options, &reader.target, &err) < 0 ? report_error(&err)
                                                                        : command->run(&reader);
        target_deinit(&reader.target);
        if (fflush(stdout) != 0) {
                (void)fprintf(stderr, PROGRAM ": writing the result failed: %s\n", strerror(errno));
                return EXIT_COMMAND_FAILED;
        }
        return result;
}
