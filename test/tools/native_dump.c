/* SPDX-License-Identifier: GPL-3.0-or-later */
/* native-dump SOCKET USER DATABASE FILE [CONNECTIONS [LEVEL [RANGE]]]: the native backup by itself, for the
 * property test and benches. The password is that of the environment's MYSQL_PWD. */
#include "states/native_dump.h"
#include "lib/files.h"
#include "lib/memory.h"

#include <fcntl.h>
#include <inttypes.h>

static void tell(void *userdata, const char *sentence)
{
        fprintf(stderr, "%s\n", sentence);
}

static int run(char **arguments, int count, struct error *err)
{
        char *password = getenv("MYSQL_PWD");
        const struct database_parameters parameters = {
                .host = (char[]){"localhost"},
                .unix_socket = arguments[1],
                .user = arguments[2],
                .password = password,
                .name = arguments[3],
        };
        const struct native_dump dump = {
                .parameters = &parameters,
                .connections = count > 5 ? (unsigned)strtoul(arguments[5], NULL, 10) : 0,
                .level = count > 6 ? (unsigned)strtoul(arguments[6], NULL, 10) : 3,
                .range_size = count > 7 ? strtoull(arguments[7], NULL, 10) : 0,
                .tell = tell,
        };
        _cleanup_dump_contents_ struct dump_contents contents = {0};
        struct compress_total total;
        _cleanup_close_ int fd = open(arguments[4], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0)
                return error_set_errno(err, errno, "can't open %s", arguments[4]);
        if (native_dump(&dump, fd, arguments[4], &total, &contents, err) < 0)
                return -1;
        printf("%" PRIu64 " bytes of text, %" PRIu64 " in the file\n", total.bytes_in, total.bytes_out);
        return 0;
}

int main(int count, char **arguments)
{
        _cleanup_error_ struct error err = {0};
        if (count < 5) {
                fprintf(stderr, "native-dump SOCKET USER DATABASE FILE [CONNECTIONS [LEVEL [RANGE]]]\n");
                return 2;
        }
        if (run(arguments, count, &err) == 0)
                return 0;
        fprintf(stderr, "%s: %s\n", reason_name(err.reason), error_message(&err));
        return 1;
}
