/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/native_dump.h"

#include "lib/clock.h"
#include "lib/files.h"
#include "lib/sha256.h"
#include "states/native_dump_private.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#define TICK_MS 100

struct dumping {
        const struct native_dump *dump;
        struct dump_connections connections;
        struct dump_queue queue;
        pthread_t *threads;
        struct dump_reading *readings;
        size_t started;
        struct dump_reader *reader; /* of the text between the rows */
        struct dump_frames *frames; /* the same */
        int fd;
        const char *name;
        struct sha256 *sha256;
        uint64_t written;
        uint64_t end_ms; /* 0: none */
        uint64_t told_ms; /* when progress was told last */
};

static int write_piece(struct dump_piece *piece, void *userdata, struct error *err)
{
        struct dumping *dumping = userdata;
        int result = file_write_all(dumping->fd, piece->data, piece->size, dumping->name, err);
        if (result == 0) {
                sha256_add(dumping->sha256, piece->data, piece->size);
                dumping->written += piece->size;
        }
        free(piece);
        return result;
}

static int write_pieces(struct dumping *dumping, struct dump_piece *piece, struct error *err)
{
        int result = 0;
        while (piece) {
                struct dump_piece *next = piece->next;
                if (result == 0)
                        result = write_piece(piece, dumping, err);
                else
                        free(piece);
                piece = next;
        }
        return result;
}

static int write_text(struct dumping *dumping, const char *text, struct error *err)
{
        size_t size = strlen(text);
        if (dump_reader_feed(dumping->reader, text, size, err) < 0 ||
                dump_frames_add(dumping->frames, text, size, err) < 0)
                return -1;
        return dump_frames_end(dumping->frames, err);
}

static int look(void *userdata, struct error *err)
{
        struct dumping *dumping = userdata;
        const struct native_dump *dump = dumping->dump;
        uint64_t now_ms = clock_steady_ms();
        if (cancel_check(dump->cancel, err) < 0 || dump_queue_check(&dumping->queue, err) < 0)
                return -1;
        if (dumping->end_ms > 0 && now_ms >= dumping->end_ms)
                return error_set(err, REASON_TIMED_OUT, "the dump was not done after %" PRIu64 " s",
                        dump->time_limit_ms / 1000);
        if (dump->on_progress && now_ms - dumping->told_ms >= TICK_MS) {
                dumping->told_ms = now_ms;
                dump->on_progress(
                        atomic_load_explicit(&dumping->queue.bytes, memory_order_relaxed), dump->userdata);
        }
        return 0;
}

static int write_part(struct dumping *dumping, const struct dump_part *part, struct error *err)
{
        if (part->text)
                return write_text(dumping, part->text, err);
        dump_reader_count(dumping->reader, part->rows->table, part->count);
        return 0;
}

/* In the parts' order, each as far as it is there. */
static int write_all(struct dumping *dumping, struct error *err)
{
        struct dump_queue *queue = &dumping->queue;
        while (queue->written < queue->count) {
                struct dump_part *part = NULL;
                struct dump_piece *pieces = NULL;
                bool ended = false;
                if (look(dumping, err) < 0 ||
                        dump_queue_next(queue, TICK_MS, &part, &pieces, &ended, err) < 0 ||
                        write_pieces(dumping, pieces, err) < 0)
                        return -1;
                if (!ended)
                        continue;
                if (write_part(dumping, part, err) < 0)
                        return -1;
                dump_queue_advance(queue);
        }
        return 0;
}

/* Signals are the other threads'. */
static int start_readers(struct dumping *dumping, struct error *err)
{
        size_t count = dumping->connections.count;
        dumping->threads = memory_new_array(count, sizeof(*dumping->threads));
        dumping->readings = memory_new_array(count, sizeof(*dumping->readings));
        sigset_t all, former;
        (void)sigfillset(&all);
        (void)pthread_sigmask(SIG_SETMASK, &all, &former);
        int number = 0;
        while (number == 0 && dumping->started < count) {
                struct dump_reading *reading = &dumping->readings[dumping->started];
                *reading = (struct dump_reading){.database = dumping->connections.readers[dumping->started],
                        .queue = &dumping->queue,
                        .level = dumping->dump->level};
                number = pthread_create(&dumping->threads[dumping->started], NULL, dump_read_rows, reading);
                dumping->started += number == 0;
        }
        (void)pthread_sigmask(SIG_SETMASK, &former, NULL);
        return number == 0 ? 0 : error_set_errno(err, number, "can't start a thread for the dump");
}

/* Whoever waits for the server, or for its turn, hears of it at once. */
static void end_readers(struct dumping *dumping, bool interrupt)
{
        dump_queue_stop(&dumping->queue);
        for (size_t i = 0; i < dumping->started; i++) {
                if (interrupt)
                        database_interrupt(dumping->connections.readers[i]);
                (void)pthread_join(dumping->threads[i], NULL);
        }
        free(dumping->threads);
        free(dumping->readings);
}

static int make(struct dumping *dumping, struct dump_contents *ret_contents, struct error *err)
{
        if (dump_frames_new(dumping->dump->level, write_piece, dumping, &dumping->queue.bytes,
                    &dumping->frames, err) < 0 ||
                dump_connections_open(dumping->dump, &dumping->connections, err) < 0)
                return -1;
        int result = start_readers(dumping, err);
        if (result == 0)
                result = dump_plan(dumping->dump, dumping->connections.keeper, dumping->connections.count > 1,
                        &dumping->queue, look, dumping, err);
        if (result == 0)
                result = write_all(dumping, err);
        end_readers(dumping, result < 0);
        return result < 0 ? -1 : dump_reader_finish(dumping->reader, ret_contents, err);
}

int native_dump(const struct native_dump *dump, int fd, const char *name, struct compress_total *ret,
        struct dump_contents *ret_contents, struct error *err)
{
        struct dumping dumping = {
                .dump = dump,
                .fd = fd,
                .name = name,
                .end_ms = dump->time_limit_ms > 0 ? clock_steady_ms() + dump->time_limit_ms : 0,
                .reader = dump_reader_new(NULL, NULL),
                .sha256 = sha256_new(),
        };
        dump_queue_init(&dumping.queue);
        int result = make(&dumping, ret_contents, err);
        if (result == 0) {
                ret->bytes_in = ret_contents->bytes = atomic_load(&dumping.queue.bytes);
                ret->bytes_out = dumping.written;
                sha256_finish(dumping.sha256, ret->sha256);
        }
        dump_connections_close(&dumping.connections);
        dump_queue_deinit(&dumping.queue);
        dump_reader_free(dumping.reader);
        dump_frames_free(dumping.frames);
        sha256_free(dumping.sha256);
        return result;
}
