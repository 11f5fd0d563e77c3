/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/api.h"
#include "daemon/daemon.h"
#include "daemon/options.h"
#include "lib/log.h"
#include "lib/memory.h"
#include "lib/streams.h"

#include <string.h>

#define PROGRAM "mautic-upgraded"
#define EXIT_USAGE 2
#define OPTIONS_MOST 32

struct arguments {
        struct settings_request request;
        const char **assignments;
        size_t assignment_count;
        bool check_config;
};

static void print_options(void)
{
        const struct daemon_option *option;
        for (size_t i = 0; (option = daemon_option_at(i)); i++) {
                _cleanup_free_ char *name = string_format("--%s%s%s", option->option.name,
                        option->argument ? " " : "", option->argument ? option->argument : "");
                printf("  %-25s %s\n", name, option->text);
        }
}

static void print_help(void)
{
        const char *name, *value, *text, *method, *path;
        printf("Usage: " PROGRAM " --site NAME | --root DIR --state-dir DIR [OPTION]...\n"
               "Takes one Mautic 2 site to Mautic 3, and can be killed at any time: the next start goes on "
               "where it\n"
               "stood. " PROGRAM " serves an API on a Unix socket; mautic-upgradectl talks to it.\n\n");
        print_options();
        printf("\n"
               "Exit status: 0 after a clean stop, 1 after a failure, 2 for a wrong command line.\n\n"
               "Configuration keys, as [section] and key in the file or section.key with --set:\n");
        for (size_t i = 0; config_describe(i, &name, &value, &text); i++)
                printf("  %-25s %s%s%s%s\n", name, text, *value ? " (default: " : "", value,
                        *value ? ")" : "");
        printf("\nThe API, HTTP/1.1 over the Unix socket (curl --unix-socket SOCKET "
               "http://localhost/v1/status):\n");
        for (size_t i = 0; api_describe(i, &method, &path, &text); i++)
                printf("  %-4s %-19s %s\n", method, path, text);
}

static int usage(const char *format, ...) _printf(1, 2);
static int usage(const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *text = string_format_list(format, arguments);
        va_end(arguments);
        fprintf(stderr, PROGRAM ": %s\nTry '" PROGRAM " --help'.\n", text);
        return EXIT_USAGE;
}

/* -1: go on; else the exit status. */
static int take_option(struct arguments *arguments, int option, const char *given)
{
        switch (option) {
        case 'k':
                arguments->check_config = true;
                return -1;
        case 'c':
                arguments->request.config = optarg;
                return -1;
        case 'h':
                print_help();
                return EXIT_SUCCESS;
        case 'r':
                arguments->request.root = optarg;
                return -1;
        case 's':
                arguments->assignments[arguments->assignment_count++] = optarg;
                return -1;
        case 'n':
                arguments->request.site = optarg;
                return -1;
        case 'u':
                arguments->request.socket = optarg;
                return -1;
        case 'd':
                arguments->request.state_folder = optarg;
                return -1;
        case 'v':
                printf(PROGRAM " %s\n", PROJECT_VERSION);
                return EXIT_SUCCESS;
        case ':':
                return usage("%s needs a value", given);
        default:
                return usage("there is no option %s", given);
        }
}

static int parse(struct arguments *arguments, int argc, char **argv)
{
        struct option options[OPTIONS_MOST + 1] = {0};
        for (size_t i = 0; i < OPTIONS_MOST && daemon_option_at(i); i++)
                options[i] = daemon_option_at(i)->option;
        opterr = 0;
        for (int option; (option = getopt_long(argc, argv, "+:hV", options, NULL)) != -1;) {
                int r = take_option(arguments, option == 'V' ? 'v' : option, argv[optind - 1]);
                if (r >= 0)
                        return r;
        }
        if (optind < argc)
                return usage("what is %s? Only options are taken", argv[optind]);
        arguments->request.assignments = arguments->assignments;
        arguments->request.assignment_count = arguments->assignment_count;
        if (!arguments->request.site && !arguments->request.config && !arguments->request.root)
                return usage("say which site: --site NAME, --config FILE or --root DIR");
        return -1;
}

static int fail(const struct error *err, int status)
{
        const struct log_field fields[] = {{"reason", reason_name(err->reason)}, {NULL, NULL}};
        log_write(LOG_LEVEL_ERROR, fields, "%s", error_message(err));
        return status;
}

static int run(const struct arguments *arguments)
{
        _cleanup_settings_ struct settings settings = {0};
        _cleanup_(error_deinit) struct error err = {0};
        if (settings_init(&settings, &arguments->request, &err) < 0)
                return fail(&err, err.reason == REASON_INVALID_ARGUMENT ? EXIT_USAGE : EXIT_FAILURE);
        if (arguments->check_config) {
                printf("site:   %s\nroot:   %s\nstate:  %s\nsocket: %s\n", settings.site,
                        settings.config.root, settings.state_path, settings.socket_path);
                if (settings.config.listen_address)
                        printf("listen: %s\n", settings.config.listen_address);
                return EXIT_SUCCESS;
        }
        if (settings_make_state_folder(&settings, &err) < 0 || daemon_run(&settings, &err) < 0)
                return fail(&err, EXIT_FAILURE);
        return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
        if (streams_fill_gaps() < 0)
                return EXIT_FAILURE;
        _cleanup_free_ const char **assignments = memory_new_array((size_t)argc, sizeof(*assignments));
        struct arguments arguments = {.assignments = assignments};
        int r = parse(&arguments, argc, argv);
        return r >= 0 ? r : run(&arguments);
}
