/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/options.h"

#include "lib/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <limits.h>
#include <string.h>

#define WORDS_MOST 16

/* line: the words behind the program's name, with a blank between. ret_client's strings are in *words. */
static int parse(const char *line, char *words, struct client *ret_client, const struct command **ret_command)
{
        char *argv[WORDS_MOST + 2] = {(char *)"mautic-upgradectl"};
        int argc = 1;
        strcpy(words, line);
        for (char *word; (word = strsep(&words, " "));)
                argv[argc++] = word;
        *ret_client = (struct client){.lines = LOG_LINES, .reconnect_s = RECONNECT_S, .timeout_s = -1};
        optind = 0; /* getopt_long(3) begins anew */
        return options_parse(ret_client, ret_command, argc, argv);
}

static void test_right_lines(void **state)
{
        static const struct {
                const char *line, *command, *argument;
                long timeout_s, lines;
                json_int_t after;
        } cases[] = {
                {"status", "status", NULL, -1, LOG_LINES, 0},
                {"wait --timeout 0", "wait", NULL, 0, LOG_LINES, 0},
                {"--timeout=2147483647 wait", "wait", NULL, INT_MAX, LOG_LINES, 0},
                {"wait --timeout 1 --timeout 2", "wait", NULL, 2, LOG_LINES, 0},
                {"wait --time 3", "wait", NULL, 3, LOG_LINES, 0},
                {"log --lines 1", "log", NULL, -1, 1, 0},
                {"log --lines 10000", "log", NULL, -1, 10000, 0},
                {"events --after 9223372036854775807", "events", NULL, -1, LOG_LINES, LONG_MAX},
                {"start --all --jobs 256 --only-ready", "start", NULL, -1, LOG_LINES, 0},
                {"--all status", "status", NULL, -1, LOG_LINES, 0},
                {"sites remove a b c", "sites", "remove", -1, LOG_LINES, 0},
                {"explain -- ERR_CLEANUP_FILES", "explain", "ERR_CLEANUP_FILES", -1, LOG_LINES, 0},
                {"--help", "help", NULL, -1, LOG_LINES, 0},
                {"-h wait", "help", "wait", -1, LOG_LINES, 0},
                {"wait --help", "help", "wait", -1, LOG_LINES, 0},
                {"help --help", "help", NULL, -1, LOG_LINES, 0},
                {"--version", "version", NULL, -1, LOG_LINES, 0},
        };
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct client client;
                const struct command *command = NULL;
                char words[100];
                if (parse(cases[i].line, words, &client, &command) != EXIT_DONE)
                        fail_msg("%s: refused", cases[i].line);
                if (!string_equal(command->name, cases[i].command) ||
                        !string_equal(client.argument, cases[i].argument) ||
                        client.timeout_s != cases[i].timeout_s || client.lines != cases[i].lines ||
                        client.after != cases[i].after)
                        fail_msg("%s: %s %s, %ld s, %ld lines, after %lld", cases[i].line, command->name,
                                client.argument ? client.argument : "", client.timeout_s, client.lines,
                                (long long)client.after);
        }
}

static void test_wrong_lines(void **state)
{
        static const char *const lines[] = {"", "wait --timeout", "wait --timeout=", "wait --timeout -1",
                "wait --timeout +1", "wait --timeout 0x10", "wait --timeout 1s", "wait --timeout 2147483648",
                "wait --timeout 99999999999999999999", "wait --reconnect 86401", "log --lines 0",
                "log --lines 10001", "events --after 9223372036854775808", "wait --lines 5", "wait 5",
                "wait -- --timeout 5", "status --json=yes", "status -x", "--r 5 wait", "help wait watch",
                "nothing --help", "start --jobs 2", "start --only-ready", "start --all --jobs 0",
                "start --all --jobs 257", "status --all --site a", "start --socket a --all", "resume --all",
                "start --root /x"};
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                struct client client;
                const struct command *command = NULL;
                char words[100];
                if (parse(lines[i], words, &client, &command) != EXIT_USAGE)
                        fail_msg("%s: taken", lines[i]);
        }
}

/* One letter or bit for two options would be one option; one that no command takes would be none. */
static void test_the_table_is_sound(void **state)
{
        const struct client_option *option, *other;
        for (size_t i = 0; (option = option_at(i)); i++) {
                unsigned taken = option->bit;
                for (size_t k = 0; k < i; k++) {
                        other = option_at(k);
                        if (strcmp(other->option.name, option->option.name) >= 0 ||
                                other->option.val == option->option.val ||
                                (option->bit && other->bit == option->bit))
                                fail_msg("--%s and --%s", other->option.name, option->option.name);
                }
                for (size_t k = 0; command_at(k); k++)
                        taken &= ~command_at(k)->options;
                if (taken || (option->argument != NULL) != (option->option.has_arg == required_argument))
                        fail_msg("--%s", option->option.name);
        }
}

static void test_settings_are_collected(void **state)
{
        struct client client;
        const struct command *command = NULL;
        char words[100];
        assert_int_equal(
                parse("sites add crm --root /x --set a.b=c --set=d.e=f --user u", words, &client, &command),
                EXIT_DONE);
        assert_int_equal(client.used, OPTION_ROOT | OPTION_SET | OPTION_USER);
        assert_int_equal(strings_count(client.sets), 2);
        assert_string_equal(client.sets[0], "a.b=c");
        assert_string_equal(client.sets[1], "d.e=f");
        assert_string_equal(option_not_among(client.used, OPTION_ROOT | OPTION_USER), "set");
        assert_null(option_not_among(client.used, client.used));
        strings_free(client.sets);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_right_lines),
                cmocka_unit_test(test_wrong_lines),
                cmocka_unit_test(test_settings_are_collected),
                cmocka_unit_test(test_the_table_is_sound),
        };
        return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
