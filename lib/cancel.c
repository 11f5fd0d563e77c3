/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/cancel.h"

#include "lib/pulse.h"

#include <limits.h>
#include <poll.h>
#include <sys/eventfd.h>

int cancel_init(struct cancel *cancel, struct error *err)
{
        int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0)
                return error_set_errno(err, errno, "can't make an eventfd");
        *cancel = (struct cancel){.event_fd = fd};
        return 0;
}

void cancel_deinit(struct cancel *cancel)
{
        closep(&cancel->event_fd);
}

void cancel_request(struct cancel *cancel, enum cancel_kind kind)
{
        int none = CANCEL_NONE;
        if (atomic_compare_exchange_strong(&cancel->kind, &none, (int)kind))
                (void)eventfd_write(cancel->event_fd, 1);
}

void cancel_reset(struct cancel *cancel)
{
        eventfd_t value;
        (void)eventfd_read(cancel->event_fd, &value);
        atomic_store(&cancel->kind, CANCEL_NONE);
}

int cancel_check(struct cancel *cancel, struct error *err)
{
        pulse_beat();
        if (!cancel)
                return 0;
        switch ((enum cancel_kind)atomic_load(&cancel->kind)) {
        case CANCEL_NONE:
                return 0;
        case CANCEL_BY_USER:
                return error_set(err, REASON_CANCELLED, "cancelled on request");
        case CANCEL_BY_STOP:
                return error_set(err, REASON_STOPPING, "the daemon is stopping");
        }
        return 0;
}

int cancel_fd(const struct cancel *cancel)
{
        return cancel ? cancel->event_fd : -1;
}

int cancel_sleep(struct cancel *cancel, uint64_t milliseconds, struct error *err)
{
        _pulse_waits_;
        struct pollfd request = {.fd = cancel_fd(cancel), .events = POLLIN};
        (void)poll(&request, 1, milliseconds > INT_MAX ? INT_MAX : (int)milliseconds);
        return cancel_check(cancel, err);
}
