/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/completion.h"

#include "client/options.h"
#include "client/sites.h"
#include "lib/error_codes.h"
#include "lib/text.h"

#include <string.h>

#define ANSWER_S 2 /* somebody waits with a finger on the key */

/* Words that only this program knows */

/* bash expands what it is given: a name that could be more than one is left out. */
static void put_word(const char *word)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
        if (*word && strspn(word, letters) == strlen(word))
                puts(word);
}

static void print_sites(struct client *client)
{
        _cleanup_string_list_ struct string_list list = {0};
        sites_list(client->prefix_root, &list);
        for (size_t i = 0; i < list.count; i++)
                put_word(list.items[i]);
}

static void print_errors(struct client *client)
{
        for (size_t i = 0; error_code_at(i) != ERR_NONE; i++)
                put_word(error_code_name(error_code_at(i)));
}

static void ask_quietly(struct client *client, const char *path, struct reply *ret)
{
        _cleanup_free_ char *socket = sites_find_socket(client);
        if (!socket)
                return;
        _cleanup_(connection_freep) struct connection *connection = connection_new(socket);
        (void)connection_request(connection, "GET", path, NULL, ANSWER_S, ret);
}

static void print_stages(struct client *client)
{
        _cleanup_reply_ struct reply reply = {0};
        size_t i;
        json_t *stage;
        ask_quietly(client, "/v1/stages", &reply);
        json_array_foreach(json_object_get(reply.json, "stages"), i, stage)
        {
                _cleanup_free_ char *name = member_text(stage, "name");
                put_word(name);
        }
}

static void print_ids(const json_t *ids)
{
        for (size_t i = 0; i < json_array_size(ids); i++) {
                const char *id = json_string_value(json_array_get(ids, i));
                put_word(id ? id : "");
        }
}

static bool has_id(const json_t *ids, const char *id)
{
        for (size_t i = 0; i < json_array_size(ids); i++)
                if (string_equal(json_string_value(json_array_get(ids, i)), id))
                        return true;
        return false;
}

static void print_warnings(struct client *client)
{
        _cleanup_reply_ struct reply status = {0}, reply = {0};
        size_t i;
        json_t *finding, *asked;
        ask_quietly(client, "/v1/status", &status);
        ask_quietly(client, "/v1/preflight", &reply);
        asked = json_object_get(json_object_get(status.json, "error"), "acceptable");
        print_ids(asked);
        json_array_foreach(json_object_get(reply.json, "findings"), i, finding)
        {
                _cleanup_free_ char *id = member_text(finding, "id");
                _cleanup_free_ char *severity = member_text(finding, "severity");
                if (string_equal(severity, "warning") && !has_id(asked, id))
                        put_word(id);
        }
}

static const struct {
        const char *kind;
        void (*print)(struct client *client);
} kinds[] = {
        {"errors", print_errors},
        {"sites", print_sites},
        {"stages", print_stages},
        {"warnings", print_warnings},
};

void completion_print_words(struct client *client, const char *kind)
{
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (string_equal(kinds[i].kind, kind))
                        kinds[i].print(client);
}

/* The scripts. Each table becomes a case of the shell; what is fixed stands around them. */

/* Text for a shell's single quotes; owned by the caller. */
static char *quoted(const char *text, const char *quote)
{
        return text_replace(text, "'", quote);
}

static void print_command_names(const char *separator)
{
        for (size_t i = 0; command_at(i); i++)
                printf("%s%s", i > 0 ? separator : "", command_at(i)->name);
}

/* The options that a command takes, or with NULL those that every one takes. */
static void print_options_of(const struct command *command)
{
        const struct client_option *option;
        for (size_t i = 0; (option = option_at(i)); i++)
                if (option->bit == 0 || (command && option->bit & command->options))
                        printf(" --%s", option->option.name);
}

static void print_bash_cases(void)
{
        const struct client_option *option;
        printf("    case $previous in\n");
        for (size_t i = 0; (option = option_at(i)); i++)
                if (option->argument)
                        printf("    --%s) _mautic_upgradectl_words '%s'; return ;;\n", option->option.name,
                                option->words ? option->words : "");
        printf("    esac\n    case $command in\n    '')\n        words='");
        print_command_names(" ");
        printf("' options='");
        print_options_of(NULL);
        printf("' ;;\n");
        for (size_t i = 0; command_at(i); i++) {
                printf("    %s) words='%s' options='", command_at(i)->name,
                        command_at(i)->words ? command_at(i)->words : "");
                print_options_of(command_at(i));
                printf("' ;;\n");
        }
        printf("    esac\n");
}

static void print_bash_options_with_value(void)
{
        const struct client_option *option;
        const char *separator = "";
        for (size_t i = 0; (option = option_at(i)); i++)
                if (option->argument) {
                        printf("%s--%s", separator, option->option.name);
                        separator = "|";
                }
}

static void print_bash(void)
{
        printf("# Completion of mautic-upgradectl for bash, made by \"mautic-upgradectl completion bash\".\n"
               "\n"
               "# _mautic_upgradectl_words KIND: fills COMPREPLY with what begins like the word.\n"
               "_mautic_upgradectl_words() {\n"
               "    local kind=$1 before= list\n"
               "    case $kind in\n"
               "    @files) mapfile -t COMPREPLY < <(compgen -f -- \"$word\"); return ;;\n"
               "    @folders) mapfile -t COMPREPLY < <(compgen -d -- \"$word\"); return ;;\n"
               "    @commands) list='");
        print_command_names(" ");
        printf("' ;;\n"
               "    @*) list=$(\"$program\" \"${target[@]}\" completion list \"${kind#@}\" 2>/dev/null) ;;\n"
               "    *) list=$kind ;;\n"
               "    esac\n"
               "    # A list of ids: the last one is completed.\n"
               "    if [[ $kind == @warnings && $word == *,* ]]; then before=${word%%,*},; fi\n"
               "    mapfile -t COMPREPLY < <(compgen -W \"$list\" -P \"$before\" -- "
               "\"${word#\"$before\"}\")\n"
               "}\n"
               "\n"
               "_mautic_upgradectl() {\n"
               "    local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} "
               "previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
               "    local command= words= options= i before=0\n"
               "    local -a target=()\n"
               "    # \"--site=NAME\" comes as three words.\n"
               "    if [[ $word == = ]]; then word=; fi\n"
               "    if [[ $previous == = ]]; then previous=${COMP_WORDS[COMP_CWORD - 2]}; fi\n"
               "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
               "        case ${COMP_WORDS[i]} in\n"
               "        --site|--socket)\n"
               "            target=(\"${COMP_WORDS[i]}\" \"${COMP_WORDS[i + 1]/#=/${COMP_WORDS[i + 2]}}\") "
               ";;\n"
               "        esac\n"
               "        case ${COMP_WORDS[i]} in\n"
               "        =) ;;\n"
               "        ");
        print_bash_options_with_value();
        printf(")\n"
               "            ((i++))\n"
               "            if [[ ${COMP_WORDS[i]} == = ]]; then ((i++)); fi ;;\n"
               "        -*) ;;\n"
               "        *)\n"
               "            if [[ -z $command ]]; then command=${COMP_WORDS[i]}; else ((before++)); fi ;;\n"
               "        esac\n"
               "    done\n");
        print_bash_cases();
        printf("    if [[ $word == -* ]]; then\n"
               "        _mautic_upgradectl_words \"$options\"\n"
               "    elif ((before == 0)); then\n"
               "        _mautic_upgradectl_words \"$words\"\n"
               "    fi\n"
               "}\n"
               "\n"
               "complete -F _mautic_upgradectl mautic-upgradectl\n");
}

/* zsh: _arguments takes "--name[text]:message:action"; brackets and colons in a text are escaped. */
static void print_zsh_text(const char *text)
{
        _cleanup_free_ char *safe = quoted(text, "'\\''");
        for (const char *c = safe; *c; c++) {
                if (*c == '[' || *c == ']' || *c == ':')
                        putchar('\\');
                putchar(*c);
        }
}

static void print_zsh_action(const char *words)
{
        if (!words)
                printf(" ");
        else if (string_equal(words, "@files"))
                printf("_files");
        else if (string_equal(words, "@folders"))
                printf("_files -/");
        else if (string_equal(words, "@commands"))
                printf("_mautic_upgradectl_commands");
        else if (*words == '@')
                printf("_mautic_upgradectl_ask %s", words + 1);
        else
                printf("(%s)", words);
}

static void print_zsh_option(const struct client_option *option)
{
        printf(" \\\n            '--%s%s[", option->option.name, option->argument ? "=" : "");
        print_zsh_text(option->text);
        printf("]");
        if (option->argument) {
                printf(":");
                print_zsh_text(option->argument);
                printf(":");
                print_zsh_action(option->words);
        }
        printf("'");
}

static void print_zsh_options(unsigned bits, bool global)
{
        const struct client_option *option;
        for (size_t i = 0; (option = option_at(i)); i++)
                if (global ? option->bit == 0 : (option->bit & bits) != 0)
                        print_zsh_option(option);
}

static void print_zsh_commands(void)
{
        for (size_t i = 0; command_at(i); i++) {
                _cleanup_free_ char *text = quoted(command_at(i)->text, "'\\''");
                printf("        '%s:%s'\n", command_at(i)->name, text);
        }
}

static void print_zsh(void)
{
        printf("#compdef mautic-upgradectl\n"
               "# Completion of mautic-upgradectl for zsh, made by \"mautic-upgradectl completion zsh\".\n"
               "\n"
               "_mautic_upgradectl_commands() {\n"
               "    local -a commands=(\n");
        print_zsh_commands();
        printf("    )\n"
               "    _describe -t commands command commands\n"
               "}\n"
               "\n"
               "# _mautic_upgradectl_ask KIND: the words that the program itself knows.\n"
               "_mautic_upgradectl_ask() {\n"
               "    local kind=$argv[-1]\n"
               "    local -a target list\n"
               "    if (( ${+opt_args[--site]} )); then target=(--site \"${(Q)opt_args[--site]}\"); fi\n"
               "    if (( ${+opt_args[--socket]} )); then target=(--socket \"${(Q)opt_args[--socket]}\"); "
               "fi\n"
               "    list=(\"${(@f)$(_call_program $kind \"${(q)words[1]} ${(j: :)${(@q)target}} completion "
               "list "
               "$kind\" "
               "2>/dev/null)}\")\n"
               "    if [[ $kind == warnings ]]; then\n"
               "        _values -s , id $list\n"
               "    else\n"
               "        compadd \"${(@)argv[1,-2]}\" -a list\n"
               "    fi\n"
               "}\n"
               "\n"
               "_mautic_upgradectl() {\n"
               "    local curcontext=$curcontext state line\n"
               "    typeset -A opt_args\n"
               "    local -a every=(");
        print_zsh_options(0, true);
        printf(")\n"
               "    local -a own=()\n"
               "    local command=${words[(r)(");
        print_command_names("|");
        printf(")]}\n"
               "    case $command in\n");
        for (size_t i = 0; command_at(i); i++) {
                printf("    %s)\n        own=(", command_at(i)->name);
                print_zsh_options(command_at(i)->options, false);
                if (command_at(i)->argument) {
                        printf(" \\\n            '2:");
                        print_zsh_text(command_at(i)->argument);
                        printf(":");
                        print_zsh_action(command_at(i)->words);
                        printf("'");
                }
                printf(") ;;\n");
        }
        printf("    esac\n"
               "    _arguments -C $every $own '1:command:_mautic_upgradectl_commands'\n"
               "}\n"
               "\n"
               "_mautic_upgradectl \"$@\"\n");
}

/* fish: a line for each word; quotes are escaped with a backslash. */
static void print_fish_words(const char *words)
{
        if (string_equal(words, "@files"))
                printf(" --force-files");
        else if (string_equal(words, "@folders"))
                printf(" --arguments '(__fish_complete_directories)'");
        else if (string_equal(words, "@commands"))
                printf(" --arguments '(__mautic_upgradectl_commands)'");
        else if (string_equal(words, "@warnings"))
                printf(" --arguments '(__fish_append , (__mautic_upgradectl_ask warnings))'");
        else if (words && *words == '@')
                printf(" --arguments '(__mautic_upgradectl_ask %s)'", words + 1);
        else if (words)
                printf(" --arguments '%s'", words);
}

static void print_fish_option(const struct client_option *option)
{
        _cleanup_free_ char *text = quoted(option->text, "\\'");
        printf("complete -c mautic-upgradectl");
        if (option->bit != 0) {
                printf(" -n '__fish_seen_subcommand_from");
                for (size_t i = 0; command_at(i); i++)
                        if (command_at(i)->options & option->bit)
                                printf(" %s", command_at(i)->name);
                printf("'");
        }
        printf(" -l %s", option->option.name);
        if (option->argument)
                printf(" -r");
        print_fish_words(option->words);
        printf(" -d '%s'\n", text);
}

static void print_fish(void)
{
        const struct client_option *option;
        printf("# Completion of mautic-upgradectl for fish, made by \"mautic-upgradectl completion fish\".\n"
               "\n"
               "function __mautic_upgradectl_commands\n"
               "    string split ' ' '");
        print_command_names(" ");
        printf("'\n"
               "end\n"
               "\n"
               "# The words that the program itself knows, of the site that the command line names.\n"
               "function __mautic_upgradectl_ask\n"
               "    set -l words (commandline -opc)\n"
               "    set -l target\n"
               "    for i in (seq 2 (count $words))\n"
               "        switch $words[$i]\n"
               "            case --site --socket\n"
               "                set target $words[$i] $words[(math $i + 1)]\n"
               "            case '--site=*' '--socket=*'\n"
               "                set target $words[$i]\n"
               "        end\n"
               "    end\n"
               "    $words[1] $target completion list $argv[1] 2>/dev/null\n"
               "end\n"
               "\n"
               "complete -c mautic-upgradectl -f\n");
        for (size_t i = 0; command_at(i); i++) {
                _cleanup_free_ char *text = quoted(command_at(i)->text, "\\'");
                printf("complete -c mautic-upgradectl -n __fish_use_subcommand -a %s -d '%s'\n",
                        command_at(i)->name, text);
        }
        for (size_t i = 0; command_at(i); i++) {
                if (!command_at(i)->words)
                        continue;
                printf("complete -c mautic-upgradectl -n '__fish_seen_subcommand_from %s'",
                        command_at(i)->name);
                print_fish_words(command_at(i)->words);
                printf("\n");
        }
        for (size_t i = 0; (option = option_at(i)); i++)
                print_fish_option(option);
}

static const struct {
        const char *name;
        void (*print)(void);
} shells[] = {{"bash", print_bash}, {"fish", print_fish}, {"zsh", print_zsh}};

int command_completion(struct client *client)
{
        bool words = string_equal(client->argument, "list");
        if (words && client->more[0] && !client->more[1]) {
                completion_print_words(client, client->more[0]);
                return EXIT_DONE;
        }
        for (size_t i = 0; i < ARRAY_SIZE(shells); i++)
                if (string_equal(shells[i].name, client->argument) && !client->more[0]) {
                        shells[i].print();
                        return EXIT_DONE;
                }
        return fail_usage("completion for which shell? bash, zsh or fish");
}
