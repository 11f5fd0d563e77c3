/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/options.h"

#include <limits.h>
#include <string.h>

#define AS_WRITTEN(value) #value
#define AS_TEXT(macro) AS_WRITTEN(macro)

#define JOBS_MOST 256

enum { OPTION_GLOBAL = 0 };

static const struct client_option options[] = {
        {{"accept", required_argument, NULL, 'a'}, OPTION_ACCEPT, "ID,…", "@warnings",
                "accepts these warnings of preflight; may be given again"},
        {{"after", required_argument, NULL, 'f'}, OPTION_AFTER, "N", NULL, "only events behind number N"},
        {{"all", no_argument, NULL, 'A'}, OPTION_ALL, NULL, NULL, "all sites of this machine"},
        {{"complete", no_argument, NULL, 'c'}, OPTION_COMPLETE, NULL, NULL,
                "drops also what Mautic does not know (the migrations table's rows are put back)"},
        {{"confirm", required_argument, NULL, 'C'}, OPTION_CONFIRM, "NAME", NULL,
                "confirms with the database's name where no terminal is"},
        {{"files-only", no_argument, NULL, 'o'}, OPTION_FILES_ONLY, NULL, NULL,
                "leaves the database as it is: only the files go back"},
        {{"follow", no_argument, NULL, 'F'}, OPTION_FOLLOW, NULL, NULL, "goes on with what happens"},
        {{"force", no_argument, NULL, 'x'}, OPTION_FORCE, NULL, NULL,
                "also while an upgrade is under way or waits to be gone on with"},
        {{"help", no_argument, NULL, 'h'}, OPTION_GLOBAL, NULL, NULL, "this text"},
        {{"independent", no_argument, NULL, 'i'}, OPTION_INDEPENDENT, NULL, NULL,
                "plans each migration alone, on the database as it is; without VERSION all available ones"},
        {{"jobs", required_argument, NULL, 'J'}, OPTION_JOBS, "N", NULL,
                "so many sites at a time (default: " AS_TEXT(START_JOBS) ")"},
        {{"json", no_argument, NULL, 'j'}, OPTION_GLOBAL, NULL, NULL,
                "prints the API's JSON as it is; what is wrong is a problem (RFC 9457) on stderr"},
        {{"lines", required_argument, NULL, 'n'}, OPTION_LINES, "N", NULL,
                "so many lines (default: " AS_TEXT(LOG_LINES) ")"},
        {{"no-systemd", no_argument, NULL, 'N'}, OPTION_NO_SYSTEMD, NULL, NULL,
                "starts, stops and enables nothing: says which commands would"},
        {{"only-ready", no_argument, NULL, 'O'}, OPTION_ONLY_READY, NULL, NULL,
                "checks each site first, and leaves out those that preflight would stop"},
        {{"prefix-root", required_argument, NULL, 'P'}, OPTION_GLOBAL, "DIR", "@folders",
                "finds and writes configuration, units, state and sockets of sites below DIR, as in an image "
                "of another system"},
        {{"reconnect", required_argument, NULL, 'r'}, OPTION_RECONNECT, "SECONDS", NULL,
                "waits so long for a daemon that went away (default: " AS_TEXT(RECONNECT_S) ")"},
        {{"root", required_argument, NULL, 'D'}, OPTION_ROOT, "DIR", "@folders",
                "the folder of the Mautic site"},
        {{"run", no_argument, NULL, 'R'}, OPTION_RUN, NULL, NULL, "runs the checks now"},
        {{"set", required_argument, NULL, 'e'}, OPTION_SET, "SECTION.KEY=VALUE", NULL,
                "a key of the site's configuration; may be given again"},
        {{"site", required_argument, NULL, 's'}, OPTION_GLOBAL, "NAME", "@sites",
                "the site (default: the only one there is)"},
        {{"socket", required_argument, NULL, 'S'}, OPTION_GLOBAL, "PATH", "@files",
                "the daemon's socket (default: $MAUTIC_UPGRADED_SOCKET)"},
        {{"state-dir", required_argument, NULL, 'd'}, OPTION_STATE, "DIR", "@folders",
                "the daemon's state folder, to read when it does not run (default: the configured one, or "
                "the socket's)"},
        {{"timeout", required_argument, NULL, 't'}, OPTION_TIMEOUT, "SECONDS", NULL,
                "waits no longer than this (default: as long as it takes)"},
        {{"user", required_argument, NULL, 'u'}, OPTION_USER, "NAME", NULL,
                "the user that the daemon runs as (default: the owner of the site's files)"},
        {{"version", no_argument, NULL, 'v'}, OPTION_GLOBAL, NULL, NULL, "the version"},
        {{"wait", no_argument, NULL, 'w'}, OPTION_WAIT, NULL, NULL,
                "shows the progress until the upgrade rests"},
        {{"yes", no_argument, NULL, 'y'}, OPTION_YES, NULL, NULL, "does not ask"},
};

const struct client_option *option_at(size_t index)
{
        return index < ARRAY_SIZE(options) ? &options[index] : NULL;
}

static int take_number(const char *name, const char *text, long most, long *ret)
{
        char *end;
        errno = 0;
        long number = strtol(text, &end, 10);
        if (*text < '0' || *text > '9' || *end || errno || number > most)
                return fail_usage("--%s: %s is no number from 0 to %ld", name, text, most);
        *ret = number;
        return EXIT_DONE;
}

static int take_option(struct client *client, int letter)
{
        long number = 0;
        int r;
        switch (letter) {
        case 'a':
                string_replace(&client->accept, client->accept
                                                        ? string_format("%s,%s", client->accept, optarg)
                                                        : string_copy(optarg));
                return EXIT_DONE;
        case 'A':
                client->all = true;
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
        case 'x':
                client->force = true;
                return EXIT_DONE;
        case 'i':
                client->independent = true;
                return EXIT_DONE;
        case 'j':
                client->json = true;
                return EXIT_DONE;
        case 'J':
                r = take_number("jobs", optarg, JOBS_MOST, &client->jobs);
                return r == 0 && client->jobs == 0 ? fail_usage("--jobs: at least 1 is wanted") : r;
        case 'n':
                r = take_number("lines", optarg, 10000, &client->lines);
                return r == 0 && client->lines == 0 ? fail_usage("--lines: at least 1 is wanted") : r;
        case 'N':
                client->no_systemd = true;
                return EXIT_DONE;
        case 'O':
                client->only_ready = true;
                return EXIT_DONE;
        case 'P':
                client->prefix_root = optarg;
                return EXIT_DONE;
        case 'D':
                client->root = optarg;
                return EXIT_DONE;
        case 'e':
                strings_add(&client->sets, string_copy(optarg));
                return EXIT_DONE;
        case 'u':
                client->user = optarg;
                return EXIT_DONE;
        case 'r':
                return take_number("reconnect", optarg, 86400, &client->reconnect_s);
        case 'd':
                client->state_folder = optarg;
                return EXIT_DONE;
        case 't':
                return take_number("timeout", optarg, INT_MAX, &client->timeout_s);
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
        bool help, version;
};

static unsigned bit_of(int letter)
{
        for (size_t i = 0; i < ARRAY_SIZE(options); i++)
                if (options[i].option.val == letter)
                        return options[i].bit;
        return 0;
}

/* Whatever else is wrong is told as --json wants it. */
static void look_for_json(int argc, char **argv)
{
        for (int i = 1; i < argc && !string_equal(argv[i], "--"); i++)
                if (string_equal(argv[i], "--json"))
                        output_as_json();
}

static int parse_options(struct client *client, struct parsed *parsed, int argc, char **argv)
{
        struct option table[ARRAY_SIZE(options) + 1] = {0};
        for (size_t i = 0; i < ARRAY_SIZE(options); i++)
                table[i] = options[i].option;
        opterr = 0;
        look_for_json(argc, argv);
        for (int letter; (letter = getopt_long(argc, argv, ":h", table, NULL)) != -1;) {
                if (letter == ':')
                        return fail_usage("%s needs a value", argv[optind - 1]);
                if (letter == '?')
                        return fail_usage("there is no option %s", argv[optind - 1]);
                parsed->used |= bit_of(letter);
                parsed->help |= letter == 'h';
                parsed->version |= letter == 'v';
                int r = take_option(client, letter);
                if (r != 0)
                        return r;
        }
        return EXIT_DONE;
}

const char *option_not_among(unsigned used, unsigned taken)
{
        for (size_t i = 0; i < ARRAY_SIZE(options); i++)
                if (options[i].bit & used & ~taken)
                        return options[i].option.name;
        return NULL;
}

static int check_options(const struct parsed *parsed)
{
        const char *wrong = option_not_among(parsed->used, parsed->command->options);
        if (!wrong)
                return EXIT_DONE;
        return fail_usage("%s does not take --%s", parsed->command->name, wrong);
}

static int check_together(const struct client *client)
{
        if (client->site && client->socket)
                return fail_usage("--site and --socket can't be given together");
        if (client->all && (client->site || client->socket))
                return fail_usage("--all is every site: --site and --socket can't be given with it");
        if (!client->all && client->used & (OPTION_JOBS | OPTION_ONLY_READY))
                return fail_usage("--jobs and --only-ready are for --all");
        return EXIT_DONE;
}

/* A command that may be given more than one argument says so in its help. */
static bool takes_more(const struct command *command)
{
        return command->argument && strstr(command->argument, "...");
}

static int take_arguments(struct client *client, const struct command *command, int argc, char **argv)
{
        client->argument = optind < argc ? argv[optind++] : NULL;
        client->more = argv + optind;
        if ((optind < argc && !takes_more(command)) || (client->argument && !command->argument))
                return fail_usage(
                        "%s: %s is too much", command->name, optind < argc ? argv[optind] : client->argument);
        return EXIT_DONE;
}

int options_parse(struct client *client, const struct command **ret_command, int argc, char **argv)
{
        struct parsed parsed = {0};
        int r = parse_options(client, &parsed, argc, argv);
        if (r != EXIT_DONE)
                return r;
        const char *name = optind < argc    ? argv[optind++]
                           : parsed.help    ? "help"
                           : parsed.version ? "version"
                                            : NULL;
        if (!name)
                return fail_usage("which command?");
        *ret_command = parsed.command = command_find(name);
        if (!parsed.command)
                return fail_usage("there is no command %s", name);
        if (parsed.help && !string_equal(name, "help")) {
                *ret_command = command_find("help");
                client->argument = name;
                return EXIT_DONE;
        }
        client->used = parsed.used;
        r = take_arguments(client, parsed.command, argc, argv);
        if (r == EXIT_DONE)
                r = check_together(client);
        return r == EXIT_DONE ? check_options(&parsed) : r;
}
