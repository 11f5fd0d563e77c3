/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/commands.h"
#include "client/sites.h"
#include "lib/streams.h"

#include <getopt.h>
#include <limits.h>
#include <locale.h>
#include <string.h>

#define PROGRAM "mautic-upgradectl"
#define HINT "Try '" PROGRAM " help'."
#define LINES 40

enum { OPTION_GLOBAL = 0 };

static const struct {
        struct option option;
        unsigned bit; /* 0: every command takes it */
        const char *argument;
        const char *text;
} options[] = {
        {{"accept", required_argument, NULL, 'a'}, OPTION_ACCEPT, "ID,…",
                "accepts these warnings of preflight"},
        {{"after", required_argument, NULL, 'f'}, OPTION_AFTER, "N", "only events behind number N"},
        {{"complete", no_argument, NULL, 'c'}, OPTION_COMPLETE, NULL,
                "drops also what Mautic does not know (the migrations table's rows are put back)"},
        {{"confirm", required_argument, NULL, 'C'}, OPTION_CONFIRM, "NAME",
                "confirms with the database's name where no terminal is"},
        {{"files-only", no_argument, NULL, 'o'}, OPTION_FILES_ONLY, NULL,
                "leaves the database as it is: only the files go back"},
        {{"follow", no_argument, NULL, 'F'}, OPTION_FOLLOW, NULL, "goes on with what happens"},
        {{"help", no_argument, NULL, 'h'}, OPTION_GLOBAL, NULL, "this text"},
        {{"independent", no_argument, NULL, 'i'}, OPTION_INDEPENDENT, NULL,
                "plans each migration alone, on the database as it is; without VERSION all available ones"},
        {{"json", no_argument, NULL, 'j'}, OPTION_GLOBAL, NULL, "prints the API's JSON as it is"},
        {{"lines", required_argument, NULL, 'n'}, OPTION_LINES, "N", "so many lines (default: 40)"},
        {{"reconnect", required_argument, NULL, 'r'}, OPTION_RECONNECT, "SECONDS",
                "waits so long for a daemon that went away (default: 60)"},
        {{"run", no_argument, NULL, 'R'}, OPTION_RUN, NULL, "runs the checks now"},
        {{"site", required_argument, NULL, 's'}, OPTION_GLOBAL, "NAME",
                "the site (default: the only one there is)"},
        {{"socket", required_argument, NULL, 'S'}, OPTION_GLOBAL, "PATH",
                "the daemon's socket (default: $MAUTIC_UPGRADED_SOCKET)"},
        {{"version", no_argument, NULL, 'v'}, OPTION_GLOBAL, NULL, "the version"},
        {{"wait", no_argument, NULL, 'w'}, OPTION_WAIT, NULL, "shows the progress until the upgrade rests"},
        {{"yes", no_argument, NULL, 'y'}, OPTION_YES, NULL, "does not ask"},
};

static void print_option(size_t i)
{
        _cleanup_free_ char *name = string_format("--%s%s%s", options[i].option.name,
                options[i].argument ? " " : "", options[i].argument ? options[i].argument : "");
        printf("  %-22s %s\n", name, options[i].text);
}

static int help_on(const struct command *command)
{
        printf("Usage: " PROGRAM " [OPTION]... %s%s%s\n%s.\n", command->name, command->argument ? " " : "",
                command->argument ? command->argument : "", command->text);
        if (command->options)
                printf("\nOptions of this command:\n");
        for (size_t i = 0; i < ARRAY_SIZE(options); i++)
                if (options[i].bit & command->options)
                        print_option(i);
        return EXIT_DONE;
}

static int help_on_all(void)
{
        printf("Usage: " PROGRAM " [--site NAME | --socket PATH] [--json] COMMAND\n"
               "Drives and shows the upgrade of a site from Mautic 2 to Mautic 3 by its "
               "mautic-upgraded.\n\nCommands:\n");
        for (size_t i = 0; command_at(i); i++) {
                const struct command *command = command_at(i);
                _cleanup_free_ char *name = string_format("%s%s%s", command->name,
                        command->argument ? " " : "", command->argument ? command->argument : "");
                printf("  %-22s %s\n", name, command->text);
        }
        printf("\nOptions (help COMMAND tells which it takes):\n");
        for (size_t i = 0; i < ARRAY_SIZE(options); i++)
                print_option(i);
        printf("\nExit status: 0 done; 1 the command failed, or the upgrade (or its rollback) waits for "
               "resume;\n"
               "2 wrong command line; 3 the upgrade, or its rollback, stands failed: code, reason and remedy "
               "are\n"
               "printed; 4 no daemon was reached; 5 refused in this state or for this user, or not "
               "confirmed;\n"
               "130 ended with Ctrl-C (the upgrade, or the rollback, goes on).\n");
        return EXIT_DONE;
}

static int usage(const char *format, ...) _printf(1, 2);
static int usage(const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = string_format_list(format, arguments);
        va_end(arguments);
        complain("%s\n" HINT, text);
        return EXIT_USAGE;
}

int command_help(struct client *client)
{
        if (!client->argument)
                return help_on_all();
        const struct command *command = command_find(client->argument);
        return command ? help_on(command) : usage("there is no command %s", client->argument);
}

static int take_number(const char *name, const char *text, long most, long *ret)
{
        char *end;
        errno = 0;
        long number = strtol(text, &end, 10);
        if (*text < '0' || *text > '9' || *end || errno || number > most)
                return usage("--%s: %s is no number from 0 to %ld", name, text, most);
        *ret = number;
        return EXIT_DONE;
}

static int take_option(struct client *client, int letter)
{
        long number = 0;
        int r;
        switch (letter) {
        case 'a':
                client->accept = optarg;
                return EXIT_DONE;
        case 'c':
                client->complete = true;
                return EXIT_DONE;
        case 'C':
                client->confirm = optarg;
                return EXIT_DONE;
        case 'f':
                r = take_number("after", optarg, LONG_MAX, &number);
                client->after = number;
                return r;
        case 'F':
                client->follow = true;
                return EXIT_DONE;
        case 'i':
                client->independent = true;
                return EXIT_DONE;
        case 'j':
                client->json = true;
                return EXIT_DONE;
        case 'n':
                r = take_number("lines", optarg, 10000, &client->lines);
                return r == 0 && client->lines == 0 ? usage("--lines: at least 1 is wanted") : r;
        case 'r':
                return take_number("reconnect", optarg, 86400, &client->reconnect_s);
        case 'o':
                client->files_only = true;
                return EXIT_DONE;
        case 'R':
                client->run = true;
                return EXIT_DONE;
        case 's':
                client->site = optarg;
                return EXIT_DONE;
        case 'S':
                client->socket = optarg;
                return EXIT_DONE;
        case 'w':
                client->wait = true;
                return EXIT_DONE;
        case 'y':
                client->yes = true;
                return EXIT_DONE;
        default:
                return EXIT_DONE; /* help and version: by the caller */
        }
}

struct parsed {
        const struct command *command;
        unsigned used; /* OPTION_… that were given */
        const char *first_used[32];
        bool help, version;
};

static unsigned bit_of(int letter, const char **ret_name)
{
        for (size_t i = 0; i < ARRAY_SIZE(options); i++)
                if (options[i].option.val == letter) {
                        *ret_name = options[i].option.name;
                        return options[i].bit;
                }
        return 0;
}

static int parse_options(struct client *client, struct parsed *parsed, int argc, char **argv)
{
        struct option table[ARRAY_SIZE(options) + 1] = {0};
        for (size_t i = 0; i < ARRAY_SIZE(options); i++)
                table[i] = options[i].option;
        opterr = 0;
        for (int letter; (letter = getopt_long(argc, argv, ":h", table, NULL)) != -1;) {
                const char *name = NULL;
                if (letter == ':')
                        return usage("%s needs a value", argv[optind - 1]);
                if (letter == '?')
                        return usage("there is no option %s", argv[optind - 1]);
                unsigned bit = bit_of(letter, &name);
                parsed->used |= bit;
                if (bit)
                        parsed->first_used[__builtin_ctz(bit)] = name;
                parsed->help |= letter == 'h';
                parsed->version |= letter == 'v';
                int r = take_option(client, letter);
                if (r != 0)
                        return r;
        }
        return EXIT_DONE;
}

static int check_options(const struct parsed *parsed)
{
        unsigned wrong = parsed->used & ~parsed->command->options;
        if (!wrong)
                return EXIT_DONE;
        return usage(
                "%s does not take --%s", parsed->command->name, parsed->first_used[__builtin_ctz(wrong)]);
}

static int parse(struct client *client, struct parsed *parsed, int argc, char **argv)
{
        int r = parse_options(client, parsed, argc, argv);
        if (r != 0)
                return r;
        const char *name = optind < argc     ? argv[optind++]
                           : parsed->help    ? "help"
                           : parsed->version ? "version"
                                             : NULL;
        if (!name)
                return usage("which command?");
        parsed->command = command_find(name);
        if (!parsed->command)
                return usage("there is no command %s", name);
        if (parsed->help && !string_equal(name, "help")) {
                parsed->command = command_find("help");
                client->argument = name;
                return EXIT_DONE;
        }
        client->argument = optind < argc ? argv[optind++] : NULL;
        client->more = argv + optind;
        bool takes_more = parsed->command->argument && strstr(parsed->command->argument, "...");
        if ((optind < argc && !takes_more) || (client->argument && !parsed->command->argument))
                return usage("%s: %s is too much", name, optind < argc ? argv[optind] : client->argument);
        if (client->site && client->socket)
                return usage("--site and --socket can't be given together");
        return check_options(parsed);
}

/* The only site there is; NULL, and a sentence on stderr, when it must be named. */
static char *only_socket(void)
{
        _cleanup_string_list_ struct string_list list = {0};
        struct buffer names = {0};
        sites_list(&list);
        if (list.count == 1)
                return sites_socket(list.items[0]);
        for (size_t i = 0; i < list.count; i++)
                buffer_append_format(&names, "%s%s", i > 0 ? ", " : "", list.items[i]);
        if (list.count == 0)
                usage("which site? None is known here: give --site NAME or --socket PATH");
        else
                usage("which site? Give --site with one of: %s", names.data);
        buffer_deinit(&names);
        return NULL;
}

static char *find_socket(const struct client *client)
{
        const char *environment = getenv("MAUTIC_UPGRADED_SOCKET");
        if (client->socket)
                return string_copy(client->socket);
        if (client->site) {
                char *socket = sites_socket(client->site);
                if (!socket)
                        usage("%s is no name of a site", client->site);
                return socket;
        }
        return environment && *environment ? string_copy(environment) : only_socket();
}

/* A reader that has gone away (a closed pipe) is nobody's fault; a full disk is worth a word. */
static int finish(int code)
{
        if (fflush(stdout) == 0 && !ferror(stdout))
                return code;
        if (errno != EPIPE)
                fprintf(stderr, PROGRAM ": the output could not be written: %s\n", strerror(errno));
        return code == EXIT_DONE ? EXIT_COMMAND_FAILED : code;
}

int main(int argc, char **argv)
{
        struct client client = {.lines = LINES, .reconnect_s = RECONNECT_S};
        struct parsed parsed = {0};
        if (streams_fill_gaps() < 0)
                return EXIT_COMMAND_FAILED;
        setlocale(LC_CTYPE, "");
        int r = parse(&client, &parsed, argc, argv);
        if (r != 0)
                return r;
        if (!parsed.command->connects)
                return finish(parsed.command->run(&client));
        _cleanup_free_ char *socket = find_socket(&client);
        if (!socket)
                return EXIT_USAGE;
        _cleanup_(connection_freep) struct connection *connection = connection_new(socket);
        client.connection = connection;
        return finish(parsed.command->run(&client));
}
