/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/process_output.h"
#include "lib/interrupted.h"
#include "lib/process.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_NAME ".child-output" /* where the file system knows no O_TMPFILE, and then for a moment only */
#define FILE_ROOM 262144 /* more than any console says in earnest */
#define FREE_EVERY 1048576

void output_deinit(struct output *output)
{
        closep(&output->fd);
        buffer_deinit(&output->buffer);
}

void output_append(struct output *output, const char *data, size_t size)
{
        struct buffer *buffer = &output->buffer;
        buffer_append(buffer, data, size);
        if (buffer->size <= (size_t)2 * PROCESS_OUTPUT_LIMIT)
                return;
        memmove(buffer->data, buffer->data + buffer->size - PROCESS_OUTPUT_LIMIT, PROCESS_OUTPUT_LIMIT);
        buffer->size = PROCESS_OUTPUT_LIMIT;
        buffer->data[PROCESS_OUTPUT_LIMIT] = '\0';
        output->cut = true;
}

char *output_steal(struct output *output)
{
        char *data = output->buffer.data;
        size_t size = output->buffer.size;
        size_t surplus = size > PROCESS_OUTPUT_LIMIT ? size - PROCESS_OUTPUT_LIMIT : 0;
        if (surplus > 0) {
                memmove(data, data + surplus, size - surplus + 1);
                output->buffer.size = size - surplus;
                output->cut = true;
        }
        for (size_t i = 0; i < output->buffer.size; i++)
                if (data[i] == '\0')
                        data[i] = ' ';
        return buffer_steal(&output->buffer);
}

static int open_nameless(int folder_fd)
{
        const int flags = O_RDWR | O_APPEND | O_CLOEXEC;
        int fd = uninterrupted(openat(folder_fd, ".", O_TMPFILE | flags, 0600));
        if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
                return fd;
        (void)unlinkat(folder_fd, FILE_NAME, 0); /* of one who was killed right here */
        fd = uninterrupted(openat(folder_fd, FILE_NAME, O_CREAT | O_EXCL | O_NOFOLLOW | flags, 0600));
        if (fd >= 0 && uninterrupted(unlinkat(folder_fd, FILE_NAME, 0)) < 0)
                closep(&fd);
        return fd;
}

int output_open_file(struct output *output, int folder_fd, int *ret_child_fd, struct error *err)
{
        output->fd = open_nameless(folder_fd);
        if (output->fd < 0)
                return error_set_errno(err, errno, "can't make a file for its output");
        if (uninterrupted(fallocate(output->fd, FALLOC_FL_KEEP_SIZE, 0, FILE_ROOM)) < 0 &&
                errno != EOPNOTSUPP && errno != ENOSYS)
                return error_set_errno(err, errno, "can't keep room for its output");
        *ret_child_fd = fcntl(output->fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        if (*ret_child_fd < 0)
                return error_set_errno(err, errno, "can't duplicate a descriptor");
        return 0;
}

/* The child appends meanwhile, which a hole in front of its end does not disturb. */
static void free_taken(struct output *output)
{
        if (output->taken - output->freed < FREE_EVERY)
                return;
        off_t size = output->taken - output->freed;
        if (uninterrupted(fallocate(
                    output->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, output->freed, size)) == 0)
                output->freed = output->taken;
        else if (uninterrupted(ftruncate(output->fd, 0)) ==
                 0) /* no holes here: then what came since is lost */
                output->taken = output->freed = 0;
}

void output_take_file(struct output *output)
{
        struct stat status;
        char piece[65536];
        if (output->fd < 0 || fstat(output->fd, &status) < 0)
                return;
        if (status.st_size - output->taken > FREE_EVERY) {
                output->taken = status.st_size - PROCESS_OUTPUT_LIMIT;
                output->buffer.size = 0;
                output->cut = true;
        }
        /* Up to the size seen: a child that writes without end must not keep us here. */
        while (output->taken < status.st_size) {
                ssize_t count = pread(output->fd, piece, sizeof(piece), output->taken);
                if (count < 0 && errno == EINTR)
                        continue;
                if (count <= 0)
                        break;
                output_append(output, piece, (size_t)count);
                output->taken += count;
        }
        free_taken(output);
}
