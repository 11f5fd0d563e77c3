/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/checkpoint_query.h"
#include "lib/clock.h"
#include "lib/interrupted.h"
#include "lib/memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/*
 * How the file comes to be, is judged, and is put aside.
 *
 * A new checkpoint is made whole under another name, synced, and renamed. So a file of that name that is
 * empty, cut short or without tables is never the trace of a crash in this program: it is damaged.
 * Nothing is written to a file before it has been judged; SQLite's checkpoint at closing is off until then.
 */

#define FILE_NAME CHECKPOINT_FILE
#define DAMAGED_PREFIX FILE_NAME ".damaged-"
#define NEW_NAME FILE_NAME ".new"
#define LAYOUT_VERSION 1
#define APPLICATION_ID 0x4d755570 /* "MuUp", for file(1) and against foreign databases */
#define BUSY_TIMEOUT_MS 5000

/* STRICT: quick_check then finds a value of the wrong type, too. */
static const char layout[] =
        "CREATE TABLE upgrade (id INTEGER PRIMARY KEY CHECK (id = 1), uuid TEXT, root TEXT, "
        "from_version TEXT, to_version TEXT, state TEXT, started_ms INTEGER NOT NULL, "
        "finished_ms INTEGER NOT NULL) STRICT;"
        "CREATE TABLE stage (name TEXT NOT NULL PRIMARY KEY, state TEXT, attempts INTEGER NOT NULL, "
        "started_ms INTEGER NOT NULL, finished_ms INTEGER NOT NULL, error_code TEXT, reason TEXT, "
        "message TEXT, done INTEGER NOT NULL, total INTEGER NOT NULL) STRICT;"
        "CREATE TABLE fact (name TEXT NOT NULL PRIMARY KEY, value TEXT) STRICT;"
        "CREATE TABLE step (stage TEXT NOT NULL, number INTEGER NOT NULL, action TEXT NOT NULL, "
        "detail TEXT, done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1)), evidence TEXT, "
        "PRIMARY KEY (stage, number)) STRICT;"
        "CREATE TABLE artifact (name TEXT NOT NULL PRIMARY KEY, path TEXT, size INTEGER NOT NULL, "
        "sha256 TEXT) STRICT;"
        "CREATE TABLE event (sequence INTEGER PRIMARY KEY AUTOINCREMENT, time_ms INTEGER NOT NULL, "
        "type TEXT, level TEXT, stage TEXT, text TEXT, fields TEXT) STRICT;";

static bool is_damage(int result)
{
        return (result & 0xff) == SQLITE_CORRUPT || (result & 0xff) == SQLITE_NOTADB;
}

int checkpoint_fail(struct checkpoint *checkpoint, int result, struct error *err)
{
        const char *text = checkpoint->db ? sqlite3_errmsg(checkpoint->db) : sqlite3_errstr(result);
        int number = checkpoint->db ? sqlite3_system_errno(checkpoint->db) : 0;
        bool io = (result & 0xff) == SQLITE_IOERR || (result & 0xff) == SQLITE_CANTOPEN;
        if ((result & 0xff) == SQLITE_FULL || (io && (number == ENOSPC || number == EDQUOT)))
                return error_set(
                        err, REASON_DISK_FULL, "no room for the checkpoint %s: %s", checkpoint->path, text);
        if (is_damage(result))
                return error_set(
                        err, REASON_CHECKPOINT_DAMAGED, "the checkpoint %s: %s", checkpoint->path, text);
        switch (result & 0xff) {
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_READONLY:
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_PROTOCOL:
                error_set(err, checkpoint->reader ? REASON_INPUT_OUTPUT : REASON_CHECKPOINT_UNWRITABLE,
                        "the checkpoint %s can't be %s: %s%s%s", checkpoint->path,
                        checkpoint->reader ? "read" : "written", text, io && number ? ": " : "",
                        io && number ? strerror(number) : "");
                err->number = io ? number : 0;
                return -1;
        default:
                return error_set(err, REASON_INTERNAL, "the checkpoint %s: %s", checkpoint->path, text);
        }
}

/* For system calls on the way to a checkpoint: whatever it is, it can't be written. */
static int fail_unwritable(struct error *err, int number, const char *path)
{
        error_set_errno(err, number, "the checkpoint %s can't be written", path);
        if (err->reason != REASON_DISK_FULL)
                err->reason = REASON_CHECKPOINT_UNWRITABLE;
        return -1;
}

void checkpoint_close(struct checkpoint *checkpoint)
{
        if (!checkpoint)
                return;
        for (size_t i = 0; i < STATEMENT_COUNT; i++)
                (void)sqlite3_finalize(checkpoint->statements[i]);
        (void)sqlite3_close(checkpoint->db);
        free(checkpoint->path);
        free(checkpoint);
}

static int execute(struct checkpoint *checkpoint, const char *sql, struct error *err)
{
        int result = sqlite3_exec(checkpoint->db, sql, NULL, NULL, NULL);
        return result == SQLITE_OK ? 0 : checkpoint_fail(checkpoint, result, err);
}

/* The first column of the first row of a PRAGMA. */
static int ask(struct checkpoint *checkpoint, const char *sql, char **ret, struct error *err)
{
        sqlite3_stmt *statement = NULL;
        int result = sqlite3_prepare_v2(checkpoint->db, sql, -1, &statement, NULL);
        if (result == SQLITE_OK)
                result = sqlite3_step(statement);
        if (result == SQLITE_ROW)
                *ret = string_copy((const char *)sqlite3_column_text(statement, 0));
        else
                checkpoint_fail(checkpoint, result, err);
        (void)sqlite3_finalize(statement);
        return result == SQLITE_ROW ? 0 : -1;
}

static int ask_number(struct checkpoint *checkpoint, const char *sql, long long *ret, struct error *err)
{
        _cleanup_free_ char *text = NULL;
        if (ask(checkpoint, sql, &text, err) < 0)
                return -1;
        *ret = text ? strtoll(text, NULL, 10) : 0;
        return 0;
}

static int connect_to(const char *path, bool reader, struct checkpoint **ret, struct error *err)
{
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = memory_new(sizeof(*checkpoint));
        checkpoint->path = string_copy(path);
        checkpoint->reader = reader;
        int flags = reader ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
        int result = sqlite3_open_v2(path, &checkpoint->db, flags | SQLITE_OPEN_FULLMUTEX, NULL);
        if (result != SQLITE_OK) {
                checkpoint_fail(checkpoint, result, err);
                return -1;
        }
        (void)sqlite3_extended_result_codes(checkpoint->db, 1);
        (void)sqlite3_busy_timeout(checkpoint->db, BUSY_TIMEOUT_MS);
        (void)sqlite3_db_config(checkpoint->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        (void)sqlite3_db_config(checkpoint->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        (void)sqlite3_db_config(checkpoint->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        /* The schema is read lazily; these need none. FULL: a commit is on disk when it returns. */
        if (execute(checkpoint, "PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON", err) < 0)
                return -1;
        *ret = steal(&checkpoint);
        return 0;
}

static int set_wal(struct checkpoint *checkpoint, struct error *err)
{
        _cleanup_free_ char *mode = NULL;
        if (ask(checkpoint, "PRAGMA journal_mode = WAL", &mode, err) < 0)
                return -1;
        if (!string_equal(mode, "wal"))
                return error_set(err, REASON_CHECKPOINT_UNWRITABLE,
                        "the file system of %s can't hold a write-ahead log: put the state folder on a "
                        "local disk",
                        checkpoint->path);
        return 0;
}

static int prepare(struct checkpoint *checkpoint, struct error *err)
{
        static const char *const texts[] = {
#define X(name, text) [STATEMENT_##name] = text,
                STATEMENTS(X)
#undef X
        };
        for (size_t i = 0; i < STATEMENT_COUNT; i++) {
                int result = sqlite3_prepare_v3(checkpoint->db, texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                        &checkpoint->statements[i], NULL);
                if (result == SQLITE_ERROR) /* a table or a column is missing */
                        return error_set(err, REASON_CHECKPOINT_DAMAGED, "the checkpoint %s: %s",
                                checkpoint->path, sqlite3_errmsg(checkpoint->db));
                if (result != SQLITE_OK)
                        return checkpoint_fail(checkpoint, result, err);
        }
        return 0;
}

#define HEADER_SIZE 100 /* https://www.sqlite.org/fileformat2.html */

/* SQLite takes an empty file for a new database, and then deletes the log beside it. */
static int check_header(const char *path, struct error *err)
{
        static const char magic[16] = "SQLite format 3";
        char header[HEADER_SIZE];
        _cleanup_close_ int fd = uninterrupted(open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
        struct stat status;
        if (fd < 0 || fstat(fd, &status) < 0)
                return error_set_errno(err, errno, "can't open the checkpoint %s", path);
        if (!S_ISREG(status.st_mode))
                return error_set(err, REASON_UNSAFE_PATH, "the checkpoint %s is not a regular file", path);
        ssize_t count = pread(fd, header, sizeof(header), 0);
        if (count < 0)
                return error_set_errno(err, errno, "can't read the checkpoint %s", path);
        if ((size_t)count < sizeof(header) || memcmp(header, magic, sizeof(magic)) != 0)
                return error_set(err, REASON_CHECKPOINT_DAMAGED, "the checkpoint %s %s", path,
                        count == 0 ? "is empty" : "does not begin like a database");
        return 0;
}

/* REASON_CHECKPOINT_DAMAGED and REASON_CHECKPOINT_NEWER are the verdicts; others mean that none was reached.
 */
static int judge(struct checkpoint *checkpoint, struct error *err)
{
        long long version, application;
        _cleanup_free_ char *verdict = NULL;
        if (ask_number(checkpoint, "PRAGMA user_version", &version, err) < 0 ||
                ask_number(checkpoint, "PRAGMA application_id", &application, err) < 0)
                return -1;
        if (application != APPLICATION_ID || version < 1)
                return error_set(err, REASON_CHECKPOINT_DAMAGED, "%s is not a checkpoint of this program",
                        checkpoint->path);
        if (version > LAYOUT_VERSION)
                return error_set(err, REASON_CHECKPOINT_NEWER,
                        "the checkpoint %s has layout %lld, this version knows up to %d", checkpoint->path,
                        version, LAYOUT_VERSION);
        if (checkpoint->reader) /* the writer has looked; a page that is damaged since will tell by itself */
                return prepare(checkpoint, err);
        if (ask(checkpoint, "PRAGMA quick_check(1)", &verdict, err) < 0)
                return -1;
        if (!string_equal(verdict, "ok"))
                return error_set(err, REASON_CHECKPOINT_DAMAGED, "the checkpoint %s: %s", checkpoint->path,
                        verdict ? verdict : "no verdict");
        return prepare(checkpoint, err);
}

/* A reader lives in the writer's process: a descriptor of the file that is closed there, other than by
 * SQLite, takes the writer's locks with it (fcntl(2)), and another program's SQLite may then delete its log.
 */
static int check_size(const char *path, struct error *err)
{
        struct stat status;
        if (lstat(path, &status) < 0)
                return error_set_errno(err, errno, "can't look at the checkpoint %s", path);
        if (!S_ISREG(status.st_mode))
                return error_set(err, REASON_UNSAFE_PATH, "the checkpoint %s is not a regular file", path);
        if (status.st_size < HEADER_SIZE)
                return error_set(err, REASON_CHECKPOINT_DAMAGED, "the checkpoint %s %s", path,
                        status.st_size == 0 ? "is empty" : "does not begin like a database");
        return 0;
}

/* Opens and judges what is there. */
static int open_existing(const char *path, bool reader, struct checkpoint **ret, struct error *err)
{
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        if (reader ? check_size(path, err) < 0
                   : check_header(path, err) < 0 || checkpoint_check_wal(path, err) < 0)
                return -1;
        if (connect_to(path, reader, &checkpoint, err) < 0 || judge(checkpoint, err) < 0)
                return -1;
        *ret = steal(&checkpoint);
        return 0;
}

/* An opened and judged file is made ready: only now it may be written. */
static int make_writable(struct checkpoint *checkpoint, struct error *err)
{
        if (chmod(checkpoint->path, 0600) < 0) /* SQLite gives -wal and -shm the mode of the file */
                return fail_unwritable(err, errno, checkpoint->path);
        (void)sqlite3_db_config(checkpoint->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
        if (set_wal(checkpoint, err) < 0 || checkpoint_begin(checkpoint, err) < 0)
                return -1;
        checkpoint_rollback(checkpoint);
        return 0;
}

static int write_layout(const char *path, struct error *err)
{
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        _cleanup_free_ char *sql = string_format("BEGIN; %s PRAGMA application_id = %d; "
                                                 "PRAGMA user_version = %d; COMMIT;",
                layout, APPLICATION_ID, LAYOUT_VERSION);
        /* WAL last: up to here all is in the file itself, and closing leaves nothing beside it. */
        if (connect_to(path, false, &checkpoint, err) < 0 || execute(checkpoint, sql, err) < 0 ||
                set_wal(checkpoint, err) < 0)
                return -1;
        return 0;
}

static void remove_unfinished(int folder_fd)
{
        static const char *const names[] = {NEW_NAME, NEW_NAME "-journal", NEW_NAME "-wal", NEW_NAME "-shm"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                (void)unlinkat(folder_fd, names[i], 0);
}

static int make_new(int folder_fd, const char *path, struct error *err)
{
        _cleanup_free_ char *new_path = string_format("%s.new", path);
        remove_unfinished(folder_fd);
        _cleanup_close_ int fd = uninterrupted(
                openat(folder_fd, NEW_NAME, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (fd < 0 || uninterrupted(fchmod(fd, 0600)) < 0)
                return fail_unwritable(err, errno, path);
        if (write_layout(new_path, err) < 0) {
                remove_unfinished(folder_fd);
                return -1;
        }
        if (uninterrupted(fsync(fd)) < 0 ||
                uninterrupted(renameat2(folder_fd, NEW_NAME, folder_fd, FILE_NAME, RENAME_NOREPLACE)) < 0 ||
                uninterrupted(fsync(folder_fd)) < 0)
                return fail_unwritable(err, errno, path);
        remove_unfinished(folder_fd);
        return 0;
}

/* Renames one of the three files; what is missing is no matter. */
static int put_aside(int folder_fd, const char *suffix, const char *stamp, struct error *err)
{
        _cleanup_free_ char *from = string_format(FILE_NAME "%s", suffix);
        _cleanup_free_ char *to = string_format(DAMAGED_PREFIX "%s%s", stamp, suffix);
        if (uninterrupted(renameat2(folder_fd, from, folder_fd, to, RENAME_NOREPLACE)) < 0 && errno != ENOENT)
                return fail_unwritable(err, errno, to);
        return 0;
}

/* Moves the file and what SQLite left beside it aside, under names that sqlite3(1) takes for one database.
 * The file goes first: a log without its file is found and follows at the next open, but a file without its
 * log would be taken for whole. */
static int move_aside(int folder_fd, char **ret_name, struct error *err)
{
        _cleanup_free_ char *stamp = NULL;
        struct stat status;
        for (unsigned i = 1;; i++) {
                time_t now = (time_t)(clock_wall_ms() / 1000);
                struct tm parts;
                char text[32];
                (void)strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &parts));
                string_replace(&stamp, i == 1 ? string_copy(text) : string_format("%s-%u", text, i));
                _cleanup_free_ char *name = string_format(DAMAGED_PREFIX "%s", stamp);
                if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
                        break;
        }
        if (put_aside(folder_fd, "", stamp, err) < 0 || put_aside(folder_fd, "-wal", stamp, err) < 0)
                return -1;
        (void)unlinkat(folder_fd, FILE_NAME "-shm", 0); /* an index of the -wal, made again when needed */
        if (uninterrupted(fsync(folder_fd)) < 0)
                return fail_unwritable(err, errno, FILE_NAME);
        *ret_name = string_format(DAMAGED_PREFIX "%s", stamp);
        return 0;
}

/* 1 when a damaged checkpoint lies in the folder; *ret_name is the newest one's name. */
static int find_damaged(int folder_fd, char **ret_name, struct error *err)
{
        int fd = uninterrupted(openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        DIR *folder = fd < 0 ? NULL : fdopendir(fd);
        if (!folder) {
                int number = errno;
                closep(&fd);
                return error_set_errno(err, number, "can't list the state folder");
        }
        _cleanup_free_ char *newest = NULL;
        struct dirent *entry;
        for (errno = 0; (entry = readdir(folder)); errno = 0)
                if (string_begins(entry->d_name, DAMAGED_PREFIX) &&
                        (!newest || strcmp(entry->d_name, newest) > 0))
                        string_replace(&newest, string_copy(entry->d_name));
        int number = errno;
        (void)closedir(folder);
        if (number)
                return error_set_errno(err, number, "can't list the state folder");
        if (!newest)
                return 0;
        *ret_name = steal(&newest);
        return 1;
}

static bool is_there(int folder_fd, const char *name)
{
        struct stat status;
        return fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

/* No file of the name: a first start, or one after a damaged checkpoint was moved aside, perhaps not wholly.
 */
static int check_nothing_lost(int folder_fd, const char *state_path, struct error *err)
{
        _cleanup_free_ char *moved = NULL, *found = NULL;
        if (is_there(folder_fd, FILE_NAME "-wal") && move_aside(folder_fd, &moved, err) < 0)
                return -1;
        int result = find_damaged(folder_fd, &found, err);
        if (result > 0)
                return error_set(err, REASON_CHECKPOINT_DAMAGED,
                        "a damaged checkpoint lies in %s (%s) and none beside it says how far the upgrade "
                        "has come",
                        state_path, found);
        return result;
}

static int open_state_folder(const char *state_path, int *ret_fd, struct error *err)
{
        if (*state_path != '/')
                return error_set(
                        err, REASON_INVALID_ARGUMENT, "the state folder %s is not absolute", state_path);
        int fd = uninterrupted(open(state_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (fd < 0)
                return error_set_errno(err, errno, "can't open the state folder %s", state_path);
        *ret_fd = fd;
        return 0;
}

int checkpoint_open(const char *state_path, struct checkpoint **ret, struct error *err)
{
        _cleanup_close_ int folder_fd = -1;
        _cleanup_free_ char *path = string_format("%s/" FILE_NAME, state_path);
        _cleanup_(checkpoint_closep) struct checkpoint *checkpoint = NULL;
        if (open_state_folder(state_path, &folder_fd, err) < 0)
                return -1;
        if (!is_there(folder_fd, FILE_NAME) &&
                (check_nothing_lost(folder_fd, state_path, err) < 0 || make_new(folder_fd, path, err) < 0))
                return -1;
        if (open_existing(path, false, &checkpoint, err) < 0) {
                _cleanup_free_ char *aside = NULL;
                if (err->reason != REASON_CHECKPOINT_DAMAGED)
                        return -1;
                _cleanup_error_ struct error second = {0};
                if (move_aside(folder_fd, &aside, &second) < 0)
                        return error_wrap(err, "could not be moved aside (%s)", error_message(&second));
                return error_wrap(err, "moved aside to %s", aside);
        }
        if (make_writable(checkpoint, err) < 0)
                return -1;
        *ret = steal(&checkpoint);
        return 0;
}

int checkpoint_open_reader(const char *state_path, struct checkpoint **ret, struct error *err)
{
        _cleanup_close_ int folder_fd = -1;
        _cleanup_free_ char *path = string_format("%s/" FILE_NAME, state_path);
        _cleanup_free_ char *damaged = NULL;
        if (open_state_folder(state_path, &folder_fd, err) < 0)
                return -1;
        if (is_there(folder_fd, FILE_NAME))
                return open_existing(path, true, ret, err);
        int result = find_damaged(folder_fd, &damaged, err);
        if (result < 0)
                return -1;
        if (result == 0)
                return 1;
        return error_set(
                err, REASON_CHECKPOINT_DAMAGED, "a damaged checkpoint lies in %s (%s)", state_path, damaged);
}
