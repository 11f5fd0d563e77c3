/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/commands.h"
#include "client/options.h"
#include "client/sites.h"
#include "lib/streams.h"

#include <locale.h>
#include <string.h>

/* A reader that has gone away (a closed pipe) is nobody's fault; a full disk is worth a word. */
static int finish(int code)
{
        if (fflush(stdout) == 0 && !ferror(stdout))
                return code;
        if (errno != EPIPE)
                (void)fail(EXIT_COMMAND_FAILED, "output_failed", NULL, "the output could not be written: %s",
                        strerror(errno));
        return code == EXIT_DONE ? EXIT_COMMAND_FAILED : code;
}

static void client_deinit(struct client *client)
{
        free(client->accept);
        strings_free(client->sets);
}

int main(int argc, char **argv)
{
        _cleanup_(client_deinit) struct client client = {
                .jobs = START_JOBS, .lines = LOG_LINES, .reconnect_s = RECONNECT_S, .timeout_s = -1};
        const struct command *command = NULL;
        if (streams_fill_gaps() < 0)
                return EXIT_COMMAND_FAILED;
        setlocale(LC_CTYPE, "");
        int r = options_parse(&client, &command, argc, argv);
        if (r != EXIT_DONE)
                return r;
        if (!command->connects || client.all)
                return finish(command->run(&client));
        _cleanup_free_ char *socket = sites_find_socket(&client);
        if (!socket)
                return EXIT_USAGE;
        _cleanup_(connection_freep) struct connection *connection = connection_new(socket);
        client.connection = connection;
        return finish(command->run(&client));
}
