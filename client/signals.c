/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/signals.h"

#include <signal.h>
#include <sys/signalfd.h>

static const struct {
        int number;
        enum signal_wish wish;
} table[] = {
        {SIGHUP, WISH_END},
        {SIGINT, WISH_END},
        {SIGQUIT, WISH_END},
        {SIGTERM, WISH_END},
        {SIGTSTP, WISH_REST},
        {SIGCONT, WISH_GO_ON},
        {SIGWINCH, WISH_SIZE},
};

/* nohup(1) has asked for this one not to end it. Ctrl-C and kill do, also in the background of a script. */
static bool is_refused(int number)
{
        struct sigaction action;
        return number == SIGHUP && sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

int signals_take(void)
{
        sigset_t set, blocked;
        sigemptyset(&set);
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (!is_refused(table[i].number))
                        sigaddset(&set, table[i].number);
        int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        if (fd < 0)
                return -1;
        blocked = set;
        sigaddset(&blocked, SIGTTOU); /* the terminal's settings are put back wherever the job stands */
        (void)sigprocmask(SIG_BLOCK, &blocked, NULL);
        return fd;
}

enum signal_wish signals_next(int fd, int *ret_number)
{
        struct signalfd_siginfo info;
        if (fd < 0 || read(fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
                return WISH_NONE;
        *ret_number = (int)info.ssi_signo;
        for (size_t i = 0; i < ARRAY_SIZE(table); i++)
                if (table[i].number == *ret_number)
                        return table[i].wish;
        return WISH_NONE;
}

/* The default action of SIGTSTP, which the kernel leaves out where nobody could wake the process again. */
void signals_rest(void)
{
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTSTP);
        (void)raise(SIGTSTP);
        (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
        (void)sigprocmask(SIG_BLOCK, &set, NULL);
}
