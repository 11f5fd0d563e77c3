/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/commands.h"

#include "lib/memory.h"
#include "lib/streams.h"

#include <getopt.h>
#include <locale.h>
#include <string.h>

#define PROGRAM "migrations-reader"
#define HINT "Try '" PROGRAM " --help'."

static const struct {
        struct option option;
        unsigned bit; /* 0: every command takes it */
        const char *argument;
        const char *text;
} options[] = {
        {{"all", no_argument, NULL, 'a'}, OPTION_APPLY, NULL, "all new migrations"},
        {{"dir", required_argument, NULL, 'd'}, 0, "DIR", "the folder of the migrations, in place of --root"},
        {{"doctrine", required_argument, NULL, 'D'}, 0, "VERSION",
                "doctrine/dbal that they are for: 2.5, 2.10, 2.13, 3.7 (default: found out)"},
        {{"dsn", required_argument, NULL, 'n'}, 0, "DSN",
                "mysql://user:password@host:port/database?unix_socket=PATH (default: local.php's)"},
        {{"format", required_argument, NULL, 'f'}, OPTION_FORMAT, "doctrine",
                "prints what doctrine:migrations:status prints"},
        {{"help", no_argument, NULL, 'h'}, 0, NULL, "this text"},
        {{"independent", no_argument, NULL, 'i'}, OPTION_INDEPENDENT, NULL,
                "plans each one alone, on the database as it is; without VERSION all available ones"},
        {{"json", no_argument, NULL, 'j'}, 0, NULL, "prints JSON"},
        {{"mark-done", required_argument, NULL, 'm'}, OPTION_APPLY, "VERSION",
                "records it as executed, sends none of its statements (any more)"},
        {{"next", no_argument, NULL, 'x'}, OPTION_APPLY, NULL, "the next new migration"},
        {{"password-file", required_argument, NULL, 'P'}, 0, "FILE",
                "its first line is the database password (or set DATABASE_PASSWORD)"},
        {{"prefix", required_argument, NULL, 'p'}, 0, "PREFIX",
                "of the tables (default: local.php's, or none)"},
        {{"root", required_argument, NULL, 'r'}, 0, "DIR", "the root of a Mautic site"},
        {{"schema-dump", required_argument, NULL, 's'}, 0, "FILE",
                "reads the schema from an SQL dump (plain, gzip or zstd); no database is asked"},
        {{"show-versions", no_argument, NULL, 'v'}, OPTION_SHOW_VERSIONS, NULL,
                "lists the versions as well, with --format=doctrine"},
        {{"version", no_argument, NULL, 'V'}, 0, NULL, "the version"},
};

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
        for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
                _cleanup_free_ char *name = string_format("--%s%s%s", options[i].option.name,
                        options[i].argument ? " " : "", options[i].argument ? options[i].argument : "");
                printf("  %-24s %s\n", name, options[i].text);
        }
        printf("\nVerdicts of a plan:\n");
#define X(name, text, meaning) printf("  %-24s %s\n", text, meaning);
        PLAN_VERDICTS(X)
#undef X
        printf("\nExit status: 0 done; 1 the command failed; 2 wrong command line; 3 a migration failed; 4 "
               "the\n"
               "database was not reached; 5 refused, as another process holds the database's upgrade "
               "lock.\n");
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
        if (strncmp(argument, "--", 2) != 0)
                return usage("there is no option -%c", optopt);
        return optopt ? usage("%.*s takes no value", size, argument)
                      : usage("there is no option %.*s", size, argument);
}

static unsigned bit_of(int letter)
{
        for (size_t i = 0; i < ARRAY_SIZE(options); i++)
                if (options[i].option.val == letter)
                        return options[i].bit;
        return 0;
}

/* *ret_run: whether a command is to be run. */
static int parse(int argc, char **argv, struct reader *reader, const struct command **ret)
{
        struct option long_options[ARRAY_SIZE(options) + 1] = {0};
        for (size_t i = 0; i < ARRAY_SIZE(options); i++)
                long_options[i] = options[i].option;
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
        if (!target->root == !target->folder)
                return usage("either --root or --dir is wanted");
        if (target->dsn && target->schema_dump)
                return usage("--dsn and --schema-dump exclude each other");
        if (target->folder && !target->dsn && !target->schema_dump)
                return usage("--dir wants --dsn or --schema-dump");
        return EXIT_DONE;
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
