/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Between the files of states/native_dump*.c, for nobody else. */

#include "lib/memory.h"
#include "states/native_dump.h"

#include <pthread.h>
#include <stdatomic.h>

/* native_dump_snapshot.c: the connections. */

struct dump_connections {
        struct database *keeper; /* asks for definitions; in no snapshot */
        struct database **readers; /* each in the same snapshot */
        size_t count;
};
int dump_connections_open(const struct native_dump *dump, struct dump_connections *ret, struct error *err)
        _must_check;
void dump_connections_close(struct dump_connections *connections);

/* native_dump_frames.c: text to frames, and frames to the file in the dump's order. */

#define QUEUE_LIMIT ((size_t)16 << 20) /* bytes of compressed data that wait for their turn */

/* Rows of one table, all that a single SELECT gives. */
struct dump_rows {
        char *select; /* the statement */
        char *insert; /* "INSERT INTO `t` (`a`) VALUES\n" */
        char *table; /* its name */
        bool nothing; /* the columns are all generated: a row is () */
        bool locks; /* while it is read nobody can write to the table: not before its turn */
};
void dump_rows_free(struct dump_rows *rows);

/* Text, or rows that a connection's thread makes text of. */
struct dump_part {
        char *text; /* NULL: rows */
        struct dump_rows *rows;
        /* Guarded by the queue's mutex: */
        struct dump_piece *first, **last;
        bool ended;
        uint64_t count; /* of rows, once it has ended */
};

struct dump_piece {
        struct dump_piece *next;
        size_t size;
        char data[];
};

struct dump_queue {
        pthread_mutex_t mutex;
        pthread_cond_t for_readers, for_writer;
        struct dump_part **parts;
        size_t count;
        size_t taken; /* parts that readers have looked at */
        size_t written; /* parts that are done with */
        bool whole; /* no part will come any more */
        bool writing; /* the first part's pieces are taken as they come */
        bool stopped;
        size_t waiting; /* bytes in pieces */
        struct error failure; /* the first one */
        _Atomic uint64_t bytes; /* of text */
};
void dump_queue_init(struct dump_queue *queue);
void dump_queue_deinit(struct dump_queue *queue);
void dump_queue_add_text(struct dump_queue *queue, char *text); /* owned from now on */
void dump_queue_add_rows(struct dump_queue *queue, struct dump_rows *rows); /* the same */
void dump_queue_end(struct dump_queue *queue); /* those were all */
/* The readers': the next part with rows, or NULL: there will be none. */
struct dump_part *dump_queue_take(struct dump_queue *queue);
/* Waits until all parts before it are written. -1: it was stopped. */
int dump_queue_await_turn(struct dump_queue *queue, const struct dump_part *part) _must_check;
/* Waits while too much waits. -1: it was stopped. */
int dump_queue_push(struct dump_queue *queue, struct dump_part *part, struct dump_piece *piece) _must_check;
void dump_queue_part_done(struct dump_queue *queue, struct dump_part *part, uint64_t rows);
void dump_queue_fail(struct dump_queue *queue, struct error *err); /* takes err's content; stops */
void dump_queue_stop(struct dump_queue *queue);
/* -1 with the readers' failure. */
int dump_queue_check(struct dump_queue *queue, struct error *err) _must_check;
/* The writer's: pieces of the first part, all there are (the caller's), and whether it has ended; waits
 * at most so long. -1 with the readers' failure. */
int dump_queue_next(struct dump_queue *queue, unsigned limit_ms, struct dump_part **ret_part,
        struct dump_piece **ret_pieces, bool *ret_ended, struct error *err) _must_check;
void dump_queue_advance(struct dump_queue *queue); /* the first part is done with */

/* Text becomes pieces of zstd frames. */
struct dump_frames;
typedef int dump_piece_function(struct dump_piece *piece, void *userdata, struct error *err);
int dump_frames_new(unsigned level, dump_piece_function *on_piece, void *userdata, _Atomic uint64_t *bytes,
        struct dump_frames **ret, struct error *err) _must_check;
void dump_frames_free(struct dump_frames *frames);
DEFINE_CLEANUP(struct dump_frames *, dump_frames_free);
int dump_frames_add(struct dump_frames *frames, const void *text, size_t size, struct error *err) _must_check;
/* A statement has ended: so does the frame when it is long enough. */
int dump_frames_may_end(struct dump_frames *frames, struct error *err) _must_check;
int dump_frames_end(struct dump_frames *frames, struct error *err) _must_check;

/* native_dump_rows.c: a connection's thread. */

struct dump_reading {
        struct database *database;
        struct dump_queue *queue;
        unsigned level;
};
void *dump_read_rows(void *reading); /* struct dump_reading *; until no part is left */

/* native_dump_plan.c: what the schema holds, into the queue; ranges: big tables in several parts. look is
 * called between two questions to the server. */
typedef int dump_look_function(void *userdata, struct error *err);
int dump_plan(const struct native_dump *dump, struct database *keeper, bool ranges, struct dump_queue *queue,
        dump_look_function *look, void *userdata, struct error *err) _must_check;

/* native_dump_schema.c: definitions as text, for the end of the buffer. The connection's results are raw
 * (character_set_results = binary). */
int dump_table_definition(struct database *keeper, const char *table, struct buffer *text, struct error *err)
        _must_check;
int dump_sequence_definition(
        struct database *keeper, const char *sequence, struct buffer *text, struct error *err) _must_check;
int dump_view_placeholder(struct database *keeper, const char *view, struct buffer *text, struct error *err)
        _must_check;
int dump_view_definition(struct database *keeper, const char *view, struct buffer *text, struct error *err)
        _must_check;
void dump_comment(struct buffer *text, const char *what, const char *name);
void dump_session_begin(struct buffer *text, const char *schema, const char *server);
void dump_session_end(struct buffer *text);

/* native_dump_programs.c: what has a body. */
int dump_triggers(struct database *keeper, const char *table, const char *collation, struct buffer *text,
        struct error *err) _must_check;
int dump_events(struct database *keeper, const char *collation, struct buffer *text, struct error *err)
        _must_check;
int dump_routines(struct database *keeper, const char *collation, struct buffer *text, struct error *err)
        _must_check;
