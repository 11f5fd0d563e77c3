/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text to zstd frames, and the frames of several connections in the dump's order. */
#include "states/native_dump_private.h"

#include <stdbool.h>
#include <string.h>
#include <zstd.h>

#define FRAME_SIZE ((uint64_t)4 << 20) /* of text, when a statement ends there */
#define PIECE_SIZE ((size_t)256 << 10)

/* The queue */

void dump_rows_free(struct dump_rows *rows)
{
        if (!rows)
                return;
        free(rows->select);
        free(rows->insert);
        free(rows->table);
        free(rows);
}

static void free_pieces(struct dump_piece *piece)
{
        while (piece) {
                struct dump_piece *next = piece->next;
                free(piece);
                piece = next;
        }
}

static void part_free(struct dump_part *part)
{
        if (!part)
                return;
        free_pieces(part->first);
        dump_rows_free(part->rows);
        free(part->text);
        free(part);
}

void dump_queue_init(struct dump_queue *queue)
{
        pthread_condattr_t steady;
        *queue = (struct dump_queue){0};
        (void)pthread_condattr_init(&steady);
        (void)pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
        (void)pthread_mutex_init(&queue->mutex, NULL);
        (void)pthread_cond_init(&queue->for_readers, NULL);
        (void)pthread_cond_init(&queue->for_writer, &steady);
        (void)pthread_condattr_destroy(&steady);
}

void dump_queue_deinit(struct dump_queue *queue)
{
        for (size_t i = queue->written; i < queue->count; i++)
                part_free(queue->parts[i]);
        free(queue->parts);
        error_deinit(&queue->failure);
        (void)pthread_cond_destroy(&queue->for_readers);
        (void)pthread_cond_destroy(&queue->for_writer);
        (void)pthread_mutex_destroy(&queue->mutex);
}

static void add(struct dump_queue *queue, struct dump_part *part)
{
        part->last = &part->first;
        (void)pthread_mutex_lock(&queue->mutex);
        queue->parts = memory_grow(queue->parts, queue->count, sizeof(struct dump_part *));
        queue->parts[queue->count++] = part;
        if (part->rows)
                (void)pthread_cond_signal(&queue->for_readers);
        (void)pthread_mutex_unlock(&queue->mutex);
}

void dump_queue_add_text(struct dump_queue *queue, char *text)
{
        struct dump_part *part = memory_new(sizeof(*part));
        part->text = text;
        add(queue, part);
}

void dump_queue_add_rows(struct dump_queue *queue, struct dump_rows *rows)
{
        struct dump_part *part = memory_new(sizeof(*part));
        part->rows = rows;
        add(queue, part);
}

void dump_queue_end(struct dump_queue *queue)
{
        (void)pthread_mutex_lock(&queue->mutex);
        queue->whole = true;
        queue->writing = true;
        (void)pthread_cond_broadcast(&queue->for_readers);
        (void)pthread_mutex_unlock(&queue->mutex);
}

static struct dump_part *next_rows(struct dump_queue *queue)
{
        while (queue->taken < queue->count) {
                struct dump_part *part = queue->parts[queue->taken++];
                if (part && part->rows)
                        return part;
        }
        return NULL;
}

struct dump_part *dump_queue_take(struct dump_queue *queue)
{
        struct dump_part *part = NULL;
        (void)pthread_mutex_lock(&queue->mutex);
        while (!queue->stopped && !(part = next_rows(queue)) && !queue->whole)
                (void)pthread_cond_wait(&queue->for_readers, &queue->mutex);
        (void)pthread_mutex_unlock(&queue->mutex);
        return part;
}

static bool is_first(const struct dump_queue *queue, const struct dump_part *part)
{
        return queue->writing && queue->parts[queue->written] == part;
}

int dump_queue_await_turn(struct dump_queue *queue, const struct dump_part *part)
{
        (void)pthread_mutex_lock(&queue->mutex);
        while (!queue->stopped && !is_first(queue, part))
                (void)pthread_cond_wait(&queue->for_readers, &queue->mutex);
        bool stopped = queue->stopped;
        (void)pthread_mutex_unlock(&queue->mutex);
        return stopped ? -1 : 0;
}

/* The first part is let through, however much waits: all others wait for it. */
static bool must_wait(const struct dump_queue *queue, const struct dump_part *part)
{
        return !queue->stopped && !is_first(queue, part) && queue->waiting >= QUEUE_LIMIT;
}

/* What the first part has waiting is bounded, too: by the writer, which takes it. */
static bool must_wait_for_writer(const struct dump_queue *queue, const struct dump_part *part)
{
        return !queue->stopped && queue->waiting >= 2 * QUEUE_LIMIT && part->first;
}

int dump_queue_push(struct dump_queue *queue, struct dump_part *part, struct dump_piece *piece)
{
        (void)pthread_mutex_lock(&queue->mutex);
        while (must_wait(queue, part) || must_wait_for_writer(queue, part))
                (void)pthread_cond_wait(&queue->for_readers, &queue->mutex);
        bool stopped = queue->stopped;
        if (stopped) {
                free(piece);
        } else {
                queue->waiting += piece->size;
                *part->last = piece;
                part->last = &piece->next;
                if (is_first(queue, part))
                        (void)pthread_cond_signal(&queue->for_writer);
        }
        (void)pthread_mutex_unlock(&queue->mutex);
        return stopped ? -1 : 0;
}

void dump_queue_part_done(struct dump_queue *queue, struct dump_part *part, uint64_t rows)
{
        (void)pthread_mutex_lock(&queue->mutex);
        part->ended = true;
        part->count = rows;
        (void)pthread_cond_signal(&queue->for_writer);
        (void)pthread_mutex_unlock(&queue->mutex);
}

static void stop(struct dump_queue *queue)
{
        queue->stopped = true;
        (void)pthread_cond_broadcast(&queue->for_readers);
        (void)pthread_cond_broadcast(&queue->for_writer);
}

void dump_queue_fail(struct dump_queue *queue, struct error *err)
{
        (void)pthread_mutex_lock(&queue->mutex);
        if (queue->failure.reason == REASON_NONE && !queue->stopped)
                error_move(&queue->failure, err);
        stop(queue);
        (void)pthread_mutex_unlock(&queue->mutex);
        error_deinit(err);
}

void dump_queue_stop(struct dump_queue *queue)
{
        (void)pthread_mutex_lock(&queue->mutex);
        stop(queue);
        (void)pthread_mutex_unlock(&queue->mutex);
}

/* With the queue's mutex. */
static int fail_when_stopped(struct dump_queue *queue, struct error *err)
{
        if (!queue->stopped)
                return 0;
        error_move(err, &queue->failure);
        return -1;
}

int dump_queue_check(struct dump_queue *queue, struct error *err)
{
        (void)pthread_mutex_lock(&queue->mutex);
        int result = fail_when_stopped(queue, err);
        (void)pthread_mutex_unlock(&queue->mutex);
        return result;
}

static void take_pieces(
        struct dump_queue *queue, struct dump_part *part, struct dump_piece **ret_pieces, bool *ret_ended)
{
        *ret_pieces = part->first;
        for (const struct dump_piece *piece = part->first; piece; piece = piece->next)
                queue->waiting -= piece->size;
        part->first = NULL;
        part->last = &part->first;
        *ret_ended = part->text || part->ended;
        (void)pthread_cond_broadcast(&queue->for_readers);
}

int dump_queue_next(struct dump_queue *queue, unsigned limit_ms, struct dump_part **ret_part,
        struct dump_piece **ret_pieces, bool *ret_ended, struct error *err)
{
        struct timespec until;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += (long)limit_ms * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        (void)pthread_mutex_lock(&queue->mutex);
        struct dump_part *part = queue->parts[queue->written];
        int waited = 0;
        while (!queue->stopped && !part->text && !part->first && !part->ended && waited == 0)
                waited = pthread_cond_timedwait(&queue->for_writer, &queue->mutex, &until);
        int result = fail_when_stopped(queue, err);
        if (result == 0) {
                *ret_part = part;
                take_pieces(queue, part, ret_pieces, ret_ended);
        }
        (void)pthread_mutex_unlock(&queue->mutex);
        return result;
}

void dump_queue_advance(struct dump_queue *queue)
{
        (void)pthread_mutex_lock(&queue->mutex);
        part_free(queue->parts[queue->written]);
        queue->parts[queue->written++] = NULL;
        (void)pthread_cond_broadcast(&queue->for_readers);
        (void)pthread_mutex_unlock(&queue->mutex);
}

/* Frames */

struct dump_frames {
        ZSTD_CCtx *zstd;
        dump_piece_function *on_piece;
        void *userdata;
        _Atomic uint64_t *bytes;
        struct dump_piece *piece; /* being filled */
        uint64_t size; /* of the frame's text; 0: none is open */
};

int dump_frames_new(unsigned level, dump_piece_function *on_piece, void *userdata, _Atomic uint64_t *bytes,
        struct dump_frames **ret, struct error *err)
{
        _cleanup_(dump_frames_freep) struct dump_frames *frames = memory_new(sizeof(*frames));
        unsigned fit = level < 1 ? 1 : level > COMPRESS_LEVEL_MAX ? COMPRESS_LEVEL_MAX : level;
        frames->on_piece = on_piece;
        frames->userdata = userdata;
        frames->bytes = bytes;
        frames->zstd = ZSTD_createCCtx();
        if (!frames->zstd ||
                ZSTD_isError(ZSTD_CCtx_setParameter(frames->zstd, ZSTD_c_compressionLevel, (int)fit)) ||
                ZSTD_isError(ZSTD_CCtx_setParameter(frames->zstd, ZSTD_c_checksumFlag, 1)))
                return error_set(err, REASON_INTERNAL, "can't set up the compression of the dump");
        *ret = steal(&frames);
        return 0;
}

void dump_frames_free(struct dump_frames *frames)
{
        if (!frames)
                return;
        (void)ZSTD_freeCCtx(frames->zstd);
        free(frames->piece);
        free(frames);
}

static int hand_over(struct dump_frames *frames, struct error *err)
{
        struct dump_piece *piece = steal(&frames->piece);
        if (!piece)
                return 0;
        /* The frames of small tables would keep a whole piece's memory each. */
        piece = memory_resize(piece, sizeof(*piece) + piece->size, 1);
        return frames->on_piece(piece, frames->userdata, err);
}

static int compress(struct dump_frames *frames, const void *text, size_t size, ZSTD_EndDirective directive,
        struct error *err)
{
        ZSTD_inBuffer input = {.src = text, .size = size};
        size_t left;
        do {
                if (!frames->piece) {
                        frames->piece = memory_resize(NULL, sizeof(*frames->piece) + PIECE_SIZE, 1);
                        *frames->piece = (struct dump_piece){0};
                }
                ZSTD_outBuffer output = {
                        .dst = frames->piece->data, .size = PIECE_SIZE, .pos = frames->piece->size};
                left = ZSTD_compressStream2(frames->zstd, &output, &input, directive);
                if (ZSTD_isError(left))
                        return error_set(
                                err, REASON_INTERNAL, "can't compress the dump: %s", ZSTD_getErrorName(left));
                frames->piece->size = output.pos;
                if (output.pos == output.size && hand_over(frames, err) < 0)
                        return -1;
        } while (directive == ZSTD_e_end ? left > 0 : input.pos < input.size);
        return 0;
}

int dump_frames_add(struct dump_frames *frames, const void *text, size_t size, struct error *err)
{
        if (size == 0)
                return 0;
        frames->size += size;
        atomic_fetch_add_explicit(frames->bytes, size, memory_order_relaxed);
        return compress(frames, text, size, ZSTD_e_continue, err);
}

int dump_frames_may_end(struct dump_frames *frames, struct error *err)
{
        return frames->size >= FRAME_SIZE ? dump_frames_end(frames, err) : 0;
}

int dump_frames_end(struct dump_frames *frames, struct error *err)
{
        if (frames->size == 0)
                return 0;
        frames->size = 0;
        return compress(frames, NULL, 0, ZSTD_e_end, err) < 0 ? -1 : hand_over(frames, err);
}
