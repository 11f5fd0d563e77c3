/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * What the parts of the checkpoint share and nobody else sees: checkpoint_open.c makes the handle
 * (checkpoint_wal.c judges the log for it), checkpoint.c asks through it.
 */

#include "lib/checkpoint.h"

#include <sqlite3.h>

/* X(NAME, "SQL"): each prepared once, when the handle is made. */
#define STATEMENTS(X)                                                                                        \
        X(BEGIN, "BEGIN IMMEDIATE")                                                                          \
        X(COMMIT, "COMMIT")                                                                                  \
        X(ROLLBACK, "ROLLBACK")                                                                              \
        X(LOAD_UPGRADE, "SELECT uuid, root, from_version, to_version, state, started_ms, finished_ms "       \
                        "FROM upgrade")                                                                      \
        X(SAVE_UPGRADE, "INSERT OR REPLACE INTO upgrade (id, uuid, root, from_version, to_version, state, "  \
                        "started_ms, finished_ms) VALUES (1, ?, ?, ?, ?, ?, ?, ?)")                          \
        X(CLEAR_UPGRADE, "DELETE FROM upgrade")                                                              \
        X(LOAD_STAGE, "SELECT name, state, attempts, started_ms, finished_ms, error_code, reason, message, " \
                      "done, total FROM stage WHERE name = ?")                                               \
        X(SAVE_STAGE, "INSERT OR REPLACE INTO stage (name, state, attempts, started_ms, finished_ms, "       \
                      "error_code, reason, message, done, total) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")     \
        X(CLEAR_STAGES, "DELETE FROM stage")                                                                 \
        X(GET_FACT, "SELECT value FROM fact WHERE name = ?")                                                 \
        X(SET_FACT, "INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)")                               \
        X(CLEAR_FACTS, "DELETE FROM fact")                                                                   \
        X(ADD_STEP, "INSERT INTO step (stage, number, action, detail) "                                      \
                    "SELECT ?1, coalesce(max(number) + 1, 0), ?2, ?3 FROM step WHERE stage = ?1 "            \
                    "RETURNING number")                                                                      \
        X(FINISH_STEP, "UPDATE step SET done = 1, evidence = ?3 WHERE stage = ?1 AND number = ?2 "           \
                       "RETURNING number")                                                                   \
        X(LOAD_STEPS, "SELECT number, action, detail, done, evidence FROM step WHERE stage = ? "             \
                      "ORDER BY number")                                                                     \
        X(CLEAR_STEPS_OF_STAGE, "DELETE FROM step WHERE stage = ?")                                          \
        X(CLEAR_STEPS, "DELETE FROM step WHERE stage IS NOT ? OR done")                                                                   \
        X(LOAD_ARTIFACT, "SELECT name, path, size, sha256 FROM artifact WHERE name = ?")                     \
        X(SAVE_ARTIFACT, "INSERT OR REPLACE INTO artifact (name, path, size, sha256) VALUES (?, ?, ?, ?)")   \
        X(CLEAR_ARTIFACTS, "DELETE FROM artifact")                                                           \
        X(ADD_EVENT, "INSERT INTO event (time_ms, type, level, stage, text, fields) "                        \
                     "VALUES (?, ?, ?, ?, ?, ?) RETURNING sequence")                                         \
        X(LAST_EVENT, "SELECT coalesce(max(sequence), 0) FROM event")                                        \
        X(LOAD_EVENTS, "SELECT sequence, time_ms, type, level, stage, text, fields FROM event "              \
                       "WHERE sequence > ? ORDER BY sequence LIMIT ?")

enum statement {
#define X(name, text) STATEMENT_##name,
        STATEMENTS(X)
#undef X
};
#define X(name, text) +1
enum { STATEMENT_COUNT = STATEMENTS(X) };
#undef X

struct checkpoint {
        sqlite3 *db;
        char *path;
        bool reader;
        bool in_transaction; /* between checkpoint_begin and commit or rollback */
        sqlite3_stmt *statements[STATEMENT_COUNT];
};

/* Fills err from SQLite's result code and message. */
int checkpoint_fail(struct checkpoint *checkpoint, int result, struct error *err);

/* Judges the write-ahead log beside path (none is fine) while nobody writes to it:
 * REASON_CHECKPOINT_DAMAGED when acknowledged commits in it can't be read any more. */
int checkpoint_check_wal(const char *path, struct error *err) _must_check;
