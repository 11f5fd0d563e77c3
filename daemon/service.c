/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/service.h"

#ifdef HAVE_SYSTEMD

#include "lib/memory.h"

#include <sys/socket.h>
#include <systemd/sd-daemon.h>

void service_notify(const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        _cleanup_free_ char *state = string_format_list(format, arguments);
        va_end(arguments);
        (void)sd_notify(0, state);
}

uint64_t service_watchdog_ms(void)
{
        uint64_t microseconds = 0;
        if (sd_watchdog_enabled(0, &microseconds) <= 0)
                return 0;
        uint64_t half = microseconds / 2000;
        return half > 0 ? half : 1;
}

int service_listen_fd(int *ret_fd, struct error *err)
{
        /* The variables stay: the worker thread is at work by now and reads the environment, which can't be
         * changed under its hands. Children do not get them (states/console.c, lib/process.c). */
        int count = sd_listen_fds(0);
        if (count < 0)
                return error_set_errno(err, -count, "taking the sockets of systemd");
        if (count == 0)
                return 1;
        if (count > 1)
                return error_set(err, REASON_CONFIGURATION_INVALID,
                        "systemd hands over %d sockets and one is wanted", count);
        if (sd_is_socket(SD_LISTEN_FDS_START, AF_UNIX, SOCK_STREAM, 1) <= 0)
                return error_set(err, REASON_CONFIGURATION_INVALID,
                        "what systemd hands over is no listening Unix socket (ListenStream=/path)");
        *ret_fd = SD_LISTEN_FDS_START;
        return 0;
}

#else

void service_notify(const char *format, ...)
{
}

uint64_t service_watchdog_ms(void)
{
        return 0;
}

int service_listen_fd(int *ret_fd, struct error *err)
{
        return 1;
}

#endif
