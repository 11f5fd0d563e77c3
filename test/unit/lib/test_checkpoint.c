/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "test/unit/scratch.h"

#define FILE_NAME "checkpoint.sqlite3"
#define _cleanup_checkpoint_ _cleanup_(checkpoint_closep)

static struct checkpoint *open_or_fail(const struct scratch *scratch)
{
        _cleanup_error_ struct error err = {0};
        struct checkpoint *checkpoint = NULL;
        assert_ok(checkpoint_open(scratch->path, &checkpoint, &err));
        return checkpoint;
}

/* What another program does to the file. */
static void execute(const struct scratch *scratch, const char *sql)
{
        sqlite3 *db = NULL;
        _cleanup_free_ char *path = string_format("%s/" FILE_NAME, scratch->path);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_first_start(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_checkpoint_ struct checkpoint *checkpoint = NULL, *reader = NULL;
        _cleanup_upgrade_record_ struct upgrade_record upgrade = {0};
        struct stat status;
        assert_result(checkpoint_open_reader(scratch.path, &reader, &err), 1);
        mode_t mask = umask(0);
        checkpoint = open_or_fail(&scratch);
        assert_result(checkpoint_load_upgrade(checkpoint, &upgrade, &err), 1);
        assert_ok(checkpoint_set_fact(checkpoint, "a", "b", &err));
        umask(mask);
        static const char *const names[] = {FILE_NAME, FILE_NAME "-wal", FILE_NAME "-shm"};
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                assert_int_equal(fstatat(scratch.fd, names[i], &status, 0), 0);
                assert_int_equal(status.st_mode & 07777, 0600);
        }
        assert_false(scratch_has(&scratch, FILE_NAME ".new"));
}

static void test_mode_is_narrowed(void **state)
{
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        struct stat status;
        checkpoint_close(open_or_fail(&scratch));
        assert_int_equal(fchmodat(scratch.fd, FILE_NAME, 0644, 0), 0);
        checkpoint_close(open_or_fail(&scratch));
        assert_int_equal(fstatat(scratch.fd, FILE_NAME, &status, 0), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
}

static void test_upgrade(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_checkpoint_ struct checkpoint *checkpoint = open_or_fail(&scratch);
        _cleanup_upgrade_record_ struct upgrade_record loaded = {0};
        struct upgrade_record saved = {
                .uuid = (char[]){"id"},
                .root = (char[]){"/srv/gr\xfcn/\x01'\"; DROP TABLE stage"}, /* a path is bytes */
                .from_version = (char[]){"2.16.5"},
                .state = (char[]){"running"},
                .started_ms = INT64_MAX,
                .finished_ms = INT64_MIN,
        };
        assert_ok(checkpoint_save_upgrade(checkpoint, &saved, &err));
        saved.to_version = (char[]){""};
        assert_ok(checkpoint_save_upgrade(checkpoint, &saved, &err));
        checkpoint_close(steal(&checkpoint));
        checkpoint = open_or_fail(&scratch);
        assert_ok(checkpoint_load_upgrade(checkpoint, &loaded, &err));
        assert_string_equal(loaded.uuid, "id");
        assert_string_equal(loaded.root, saved.root);
        assert_string_equal(loaded.from_version, "2.16.5");
        assert_string_equal(loaded.to_version, "");
        assert_string_equal(loaded.state, "running");
        assert_int_equal(loaded.started_ms, INT64_MAX);
        assert_int_equal(loaded.finished_ms, INT64_MIN);
}

static void test_stage(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_checkpoint_ struct checkpoint *checkpoint = open_or_fail(&scratch);
        _cleanup_stage_record_ struct stage_record loaded = {0};
        struct stage_record saved = {
                .name = (char[]){"move_files"},
                .state = (char[]){"failed"},
                .attempts = 3,
                .started_ms = 1,
                .finished_ms = 2,
                .error_code = (char[]){"ERR_X"},
                .reason = (char[]){"disk_full"},
                .message = (char[]){"line\nline"},
                .done = UINT64_MAX,
                .total = 7,
        };
        assert_result(checkpoint_load_stage(checkpoint, "move_files", &loaded, &err), 1);
        assert_ok(checkpoint_save_stage(checkpoint, &saved, &err));
        assert_result(checkpoint_load_stage(checkpoint, "Move_files", &loaded, &err), 1);
        assert_ok(checkpoint_load_stage(checkpoint, "move_files", &loaded, &err));
        assert_string_equal(loaded.name, "move_files");
        assert_string_equal(loaded.state, "failed");
        assert_int_equal(loaded.attempts, 3);
        assert_int_equal(loaded.started_ms, 1);
        assert_int_equal(loaded.finished_ms, 2);
        assert_string_equal(loaded.error_code, "ERR_X");
        assert_string_equal(loaded.reason, "disk_full");
        assert_string_equal(loaded.message, "line\nline");
        assert_int_equal(loaded.done, INT64_MAX);
        assert_int_equal(loaded.total, 7);
        /* saved again after a success: the old failure is gone */
        saved.error_code = saved.reason = saved.message = NULL;
        assert_ok(checkpoint_save_stage(checkpoint, &saved, &err));
        stage_record_deinit(&loaded);
        assert_ok(checkpoint_load_stage(checkpoint, "move_files", &loaded, &err));
        assert_null(loaded.error_code);
        assert_null(loaded.message);
}

static void test_facts_and_artifacts(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_checkpoint_ struct checkpoint *checkpoint = open_or_fail(&scratch);
        _cleanup_artifact_record_ struct artifact_record artifact = {0};
        _cleanup_free_ char *fact = NULL;
        assert_result(checkpoint_get_fact(checkpoint, "folder", &fact, &err), 1);
        assert_ok(checkpoint_set_fact(checkpoint, "folder", "one", &err));
        assert_ok(checkpoint_set_fact(checkpoint, "folder", "two", &err));
        assert_ok(checkpoint_get_fact(checkpoint, "folder", &fact, &err));
        assert_string_equal(fact, "two");
        struct artifact_record saved = {
                .name = (char[]){"package"}, .path = (char[]){"/p"}, .size = 5, .sha256 = (char[]){"ab"}};
        assert_result(checkpoint_load_artifact(checkpoint, "package", &artifact, &err), 1);
        assert_ok(checkpoint_save_artifact(checkpoint, &saved, &err));
        saved.size = 6;
        assert_ok(checkpoint_save_artifact(checkpoint, &saved, &err));
        assert_ok(checkpoint_load_artifact(checkpoint, "package", &artifact, &err));
        assert_string_equal(artifact.name, "package");
        assert_string_equal(artifact.path, "/p");
        assert_int_equal(artifact.size, 6);
        assert_string_equal(artifact.sha256, "ab");
}

static void test_steps(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_checkpoint_ struct checkpoint *checkpoint = open_or_fail(&scratch);
        _cleanup_step_list_ struct step_list list = {0}, other = {0};
        int64_t number = -1;
        for (int64_t i = 0; i < 100; i++) {
                _cleanup_free_ char *detail = string_format("%jd", (intmax_t)i);
                assert_ok(checkpoint_add_step(checkpoint, "move", "rename", detail, &number, &err));
                assert_int_equal(number, i);
        }
        assert_ok(checkpoint_add_step(checkpoint, "other", "x", NULL, &number, &err));
        assert_int_equal(number, 0);
        assert_ok(checkpoint_finish_step(checkpoint, "move", 42, "seen", &err));
        assert_ok(checkpoint_finish_step(checkpoint, "move", 43, NULL, &err));
        assert_ok(checkpoint_finish_step(checkpoint, "move", 42, "seen again", &err));
        assert_fails(checkpoint_finish_step(checkpoint, "move", 100, "x", &err), REASON_INTERNAL);
        assert_ok(checkpoint_load_steps(checkpoint, "move", &list, &err));
        assert_int_equal(list.count, 100);
        for (size_t i = 0; i < list.count; i++) {
                assert_int_equal(list.items[i].number, i);
                assert_int_equal(atoi(list.items[i].detail), i);
                assert_string_equal(list.items[i].action, "rename");
                assert_int_equal(list.items[i].done, i == 42 || i == 43);
        }
        assert_string_equal(list.items[42].evidence, "seen again");
        assert_null(list.items[43].evidence);
        assert_ok(checkpoint_clear_steps(checkpoint, "move", &err));
        step_list_deinit(&list);
        assert_ok(checkpoint_load_steps(checkpoint, "move", &list, &err));
        assert_int_equal(list.count, 0);
        assert_ok(checkpoint_load_steps(checkpoint, "other", &other, &err));
        assert_int_equal(other.count, 1);
        assert_null(other.items[0].detail);
}

static int64_t add_event(struct checkpoint *checkpoint, const char *text)
{
        _cleanup_error_ struct error err = {0};
        int64_t sequence = -1;
        struct event_record event = {
                .time_ms = 9, .type = (char[]){"log"}, .level = (char[]){"info"}, .text = (char *)text};
        assert_ok(checkpoint_add_event(checkpoint, &event, &sequence, &err));
        return sequence;
}

static void test_events(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_checkpoint_ struct checkpoint *checkpoint = open_or_fail(&scratch);
        _cleanup_event_list_ struct event_list list = {0}, none = {0};
        for (int64_t i = 1; i <= 10; i++)
                assert_int_equal(add_event(checkpoint, "x"), i);
        assert_ok(checkpoint_load_events(checkpoint, 3, 4, &list, &err));
        assert_int_equal(list.count, 4);
        assert_int_equal(list.items[0].sequence, 4);
        assert_int_equal(list.items[3].sequence, 7);
        assert_int_equal(list.items[0].time_ms, 9);
        assert_string_equal(list.items[0].type, "log");
        assert_string_equal(list.items[0].level, "info");
        assert_string_equal(list.items[0].text, "x");
        assert_null(list.items[0].stage);
        assert_null(list.items[0].fields);
        assert_ok(checkpoint_load_events(checkpoint, 10, SIZE_MAX, &none, &err));
        assert_int_equal(none.count, 0);
        /* cleared and opened again: the events stay and no number comes twice */
        assert_ok(checkpoint_clear_upgrade(checkpoint, NULL, &err));
        checkpoint_close(steal(&checkpoint));
        execute(&scratch, "DELETE FROM event");
        checkpoint = open_or_fail(&scratch);
        assert_int_equal(add_event(checkpoint, "x"), 11);
}

static void test_clear(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_checkpoint_ struct checkpoint *checkpoint = open_or_fail(&scratch);
        _cleanup_event_list_ struct event_list events = {0};
        struct upgrade_record upgrade = {.uuid = (char[]){"u"}};
        struct stage_record stage = {.name = (char[]){"s"}};
        struct artifact_record artifact = {.name = (char[]){"a"}};
        int64_t number;
        assert_ok(checkpoint_save_upgrade(checkpoint, &upgrade, &err));
        assert_ok(checkpoint_save_stage(checkpoint, &stage, &err));
        assert_ok(checkpoint_set_fact(checkpoint, "f", "v", &err));
        assert_ok(checkpoint_add_step(checkpoint, "s", "a", "d", &number, &err));
        assert_ok(checkpoint_save_artifact(checkpoint, &artifact, &err));
        add_event(checkpoint, "kept");
        assert_ok(checkpoint_clear_upgrade(checkpoint, NULL, &err));
        struct upgrade_record no_upgrade = {0};
        struct stage_record no_stage = {0};
        struct artifact_record no_artifact = {0};
        struct step_list no_steps = {0};
        char *no_fact = NULL;
        assert_result(checkpoint_load_upgrade(checkpoint, &no_upgrade, &err), 1);
        assert_result(checkpoint_load_stage(checkpoint, "s", &no_stage, &err), 1);
        assert_result(checkpoint_load_artifact(checkpoint, "a", &no_artifact, &err), 1);
        assert_result(checkpoint_get_fact(checkpoint, "f", &no_fact, &err), 1);
        assert_ok(checkpoint_load_steps(checkpoint, "s", &no_steps, &err));
        assert_int_equal(no_steps.count, 0);
        assert_ok(checkpoint_load_events(checkpoint, 0, 10, &events, &err));
        assert_int_equal(events.count, 1);
}

static void test_clear_keeps_what_is_to_be_done(void **state)
{
        static const struct {
                const char *stage, *action;
                bool done;
        } cases[] = {{"kept", "done", true}, {"kept", "left", false}, {"other", "left", false}};
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_checkpoint_ struct checkpoint *checkpoint = open_or_fail(&scratch);
        _cleanup_step_list_ struct step_list kept = {0}, others = {0};
        int64_t number;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                assert_ok(checkpoint_add_step(
                        checkpoint, cases[i].stage, cases[i].action, NULL, &number, &err));
                if (cases[i].done)
                        assert_ok(checkpoint_finish_step(checkpoint, cases[i].stage, number, "e", &err));
        }
        assert_ok(checkpoint_clear_upgrade(checkpoint, "kept", &err));
        assert_ok(checkpoint_load_steps(checkpoint, "kept", &kept, &err));
        assert_int_equal(kept.count, 1);
        assert_string_equal(kept.items[0].action, "left");
        assert_ok(checkpoint_load_steps(checkpoint, "other", &others, &err));
        assert_int_equal(others.count, 0);
}

static void test_transactions(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_checkpoint_ struct checkpoint *checkpoint = open_or_fail(&scratch);
        _cleanup_free_ char *value = NULL;
        checkpoint_rollback(checkpoint); /* nothing to do */
        assert_fails(checkpoint_commit(checkpoint, &err), REASON_INTERNAL);
        assert_ok(checkpoint_begin(checkpoint, &err));
        assert_fails(checkpoint_begin(checkpoint, &err), REASON_INTERNAL);
        assert_ok(checkpoint_set_fact(checkpoint, "a", "1", &err));
        checkpoint_rollback(checkpoint);
        assert_result(checkpoint_get_fact(checkpoint, "a", &value, &err), 1);
        assert_ok(checkpoint_begin(checkpoint, &err));
        assert_ok(checkpoint_set_fact(checkpoint, "a", "2", &err));
        assert_ok(checkpoint_clear_upgrade(checkpoint, NULL, &err)); /* joins the transaction */
        assert_ok(checkpoint_set_fact(checkpoint, "b", "3", &err));
        assert_ok(checkpoint_commit(checkpoint, &err));
        assert_result(checkpoint_get_fact(checkpoint, "a", &value, &err), 1);
        assert_ok(checkpoint_get_fact(checkpoint, "b", &value, &err));
        assert_string_equal(value, "3");
}

static void test_reader_beside_the_writer(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_checkpoint_ struct checkpoint *writer = open_or_fail(&scratch), *reader = NULL;
        _cleanup_free_ char *before = NULL, *during = NULL, *after = NULL;
        assert_ok(checkpoint_set_fact(writer, "a", "old", &err));
        assert_ok(checkpoint_open_reader(scratch.path, &reader, &err));
        assert_ok(checkpoint_get_fact(reader, "a", &before, &err));
        assert_ok(checkpoint_begin(writer, &err));
        assert_ok(checkpoint_set_fact(writer, "a", "new", &err));
        assert_ok(checkpoint_get_fact(reader, "a", &during, &err));
        assert_ok(checkpoint_commit(writer, &err));
        assert_ok(checkpoint_get_fact(reader, "a", &after, &err));
        assert_string_equal(before, "old");
        assert_string_equal(during, "old");
        assert_string_equal(after, "new");
        assert_int_equal(checkpoint_set_fact(reader, "a", "x", &err), -1);
        checkpoint_close(steal(&writer)); /* a reader may outlive it */
        string_replace(&after, NULL);
        assert_ok(checkpoint_get_fact(reader, "a", &after, &err));
        assert_string_equal(after, "new");
}

/* 0: another process sees the lock that SQLite holds on a database which is in use (SHARED_FIRST and
 * SHARED_SIZE in src/os.h of SQLite 3.40). */
static int see_lock(const struct scratch *scratch)
{
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000002, .l_len = 510};
        _cleanup_close_ int fd = openat(scratch->fd, FILE_NAME, O_RDWR | O_CLOEXEC);
        if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0)
                return 2;
        return lock.l_type == F_UNLCK;
}

static int in_a_child(const struct scratch *scratch, int (*function)(const struct scratch *))
{
        int status;
        pid_t child = fork();
        if (child == 0)
                _exit(function(scratch));
        assert_int_equal(waitpid(child, &status, 0), child);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_reader_leaves_the_writers_locks(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_checkpoint_ struct checkpoint *writer = open_or_fail(&scratch), *reader = NULL;
        assert_ok(checkpoint_set_fact(writer, "a", "b", &err));
        assert_int_equal(in_a_child(&scratch, see_lock), 0);
        assert_ok(checkpoint_open_reader(scratch.path, &reader, &err));
        checkpoint_close(steal(&reader));
        assert_int_equal(in_a_child(&scratch, see_lock), 0);
}

/* Damage */

static char *only_damaged_name(const struct scratch *scratch)
{
        char *found = NULL;
        DIR *folder = opendir(scratch->path);
        assert_non_null(folder);
        struct dirent *entry;
        while ((entry = readdir(folder))) {
                size_t size = strlen(entry->d_name);
                if (strncmp(entry->d_name, FILE_NAME ".damaged-", strlen(FILE_NAME ".damaged-")) != 0 ||
                        (size > 4 && strcmp(entry->d_name + size - 4, "-wal") == 0))
                        continue;
                assert_null(found);
                found = string_copy(entry->d_name);
        }
        closedir(folder);
        assert_non_null(found);
        return found;
}

/* A checkpoint with enough in it that its tables have pages of their own. */
static void fill(const struct scratch *scratch)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_checkpoint_ struct checkpoint *checkpoint = open_or_fail(scratch);
        int64_t number;
        assert_ok(checkpoint_begin(checkpoint, &err));
        for (int i = 0; i < 500; i++)
                assert_ok(checkpoint_add_step(checkpoint, "move_files", "rename",
                        "some text that takes its place on the page", &number, &err));
        assert_ok(checkpoint_commit(checkpoint, &err));
}

static void overwrite(const struct scratch *scratch, off_t offset, const void *data, size_t size)
{
        _cleanup_close_ int fd = openat(scratch->fd, FILE_NAME, O_WRONLY | O_CLOEXEC);
        assert_int_equal(pwrite(fd, data, size, offset), size);
}

static void garbage_header(const struct scratch *scratch)
{
        overwrite(scratch, 0, "garbage!", 8);
}
static void empty(const struct scratch *scratch)
{
        scratch_write(scratch, FILE_NAME, "", 0);
}
static void cut_short(const struct scratch *scratch)
{
        struct stat status;
        assert_int_equal(fstatat(scratch->fd, FILE_NAME, &status, 0), 0);
        _cleanup_close_ int fd = openat(scratch->fd, FILE_NAME, O_WRONLY | O_CLOEXEC);
        assert_int_equal(ftruncate(fd, status.st_size - 4096), 0);
}
static void half_a_header(const struct scratch *scratch)
{
        scratch_write(scratch, FILE_NAME, "SQLite format 3", 16);
}
/* The cell pointers behind the head of the last page, which holds steps. */
static void flipped_bytes(const struct scratch *scratch)
{
        struct stat status;
        assert_int_equal(fstatat(scratch->fd, FILE_NAME, &status, 0), 0);
        overwrite(scratch, status.st_size - 4096 + 3, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
}
static void flipped_schema(const struct scratch *scratch)
{
        overwrite(scratch, 100, "\xff\xff\xff\xff", 4);
}
static void foreign_database(const struct scratch *scratch)
{
        assert_int_equal(unlinkat(scratch->fd, FILE_NAME, 0), 0);
        execute(scratch, "CREATE TABLE contacts (name); PRAGMA user_version = 1");
}
static void dropped_table(const struct scratch *scratch)
{
        execute(scratch, "DROP TABLE step");
}
static void wrong_value(const struct scratch *scratch)
{
        execute(scratch, "PRAGMA ignore_check_constraints = ON; UPDATE step SET done = 7 WHERE number = 3");
}

static _Atomic bool writes_on;

/* Counts up, in the first table and in one behind it, in one transaction. */
static void *write_on(void *userdata)
{
        struct checkpoint *checkpoint = userdata;
        _cleanup_error_ struct error err = {0};
        for (int i = 0; writes_on && !err.message; i++) {
                char number[16];
                (void)snprintf(number, sizeof(number), "%d", i);
                const struct upgrade_record upgrade = {.uuid = (char *)"u", .from_version = number};
                if (checkpoint_begin(checkpoint, &err) < 0 ||
                        checkpoint_save_upgrade(checkpoint, &upgrade, &err) < 0 ||
                        checkpoint_set_fact(checkpoint, "number", number, &err) < 0 ||
                        checkpoint_commit(checkpoint, &err) < 0)
                        break;
        }
        return err.message ? NULL : checkpoint;
}

static const char *member(const json_t *export, const char *table, const char *name)
{
        return json_string_value(json_object_get(json_array_get(json_object_get(export, table), 0), name));
}

static void test_an_export_is_of_one_moment(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_checkpoint_ struct checkpoint *checkpoint = open_or_fail(&scratch), *reader = NULL;
        pthread_t thread;
        void *wrote = NULL;
        int changes = 0, torn = 0;
        char before[16] = "";
        writes_on = true;
        assert_ok(checkpoint_open_reader(scratch.path, &reader, &err));
        assert_int_equal(pthread_create(&thread, NULL, write_on, checkpoint), 0);
        while (changes < 500) {
                json_t *export = NULL;
                assert_ok(checkpoint_export(reader, 10, &export, &err));
                const char *version = member(export, "upgrade", "from_version");
                torn += !string_equal(version, member(export, "fact", "value"));
                changes += version && strcmp(before, version) != 0;
                (void)snprintf(before, sizeof(before), "%s", version ? version : "");
                json_decref(export);
        }
        writes_on = false;
        assert_int_equal(pthread_join(thread, &wrote), 0);
        assert_ptr_equal(wrote, checkpoint);
        assert_int_equal(torn, 0);
}

static void test_damaged(void **state)
{
        static void (*const damages[])(const struct scratch *) = {
                garbage_header,
                empty,
                cut_short,
                half_a_header,
                flipped_bytes,
                flipped_schema,
                foreign_database,
                dropped_table,
                wrong_value,
        };
        for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_scratch_ struct scratch scratch = scratch_make();
                struct checkpoint *checkpoint = NULL;
                size_t size, size_after;
                fill(&scratch);
                damages[i](&scratch);
                _cleanup_free_ char *content = scratch_read(&scratch, FILE_NAME, &size);
                assert_fails(checkpoint_open(scratch.path, &checkpoint, &err), REASON_CHECKPOINT_DAMAGED);
                _cleanup_free_ char *name = only_damaged_name(&scratch);
                if (!strstr(err.message, name) || !strstr(err.message, scratch.path))
                        fail_msg("case %zu: %s", i, err.message);
                /* moved, byte for byte */
                assert_false(scratch_has(&scratch, FILE_NAME));
                _cleanup_free_ char *moved = scratch_read(&scratch, name, &size_after);
                assert_int_equal(size, size_after);
                assert_memory_equal(content, moved, size);
                /* and nobody begins anew beside it */
                for (int again = 0; again < 2; again++)
                        assert_fails(
                                checkpoint_open(scratch.path, &checkpoint, &err), REASON_CHECKPOINT_DAMAGED);
                assert_fails(
                        checkpoint_open_reader(scratch.path, &checkpoint, &err), REASON_CHECKPOINT_DAMAGED);
                assert_non_null(strstr(err.message, name));
                assert_null(checkpoint);
        }
}

static void test_the_reader_moves_nothing(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        struct checkpoint *checkpoint = NULL;
        fill(&scratch);
        garbage_header(&scratch);
        assert_fails(checkpoint_open_reader(scratch.path, &checkpoint, &err), REASON_CHECKPOINT_DAMAGED);
        assert_true(scratch_has(&scratch, FILE_NAME));
}

static void test_a_good_copy_put_back(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        struct checkpoint *checkpoint = NULL;
        size_t size;
        fill(&scratch);
        _cleanup_free_ char *good = scratch_read(&scratch, FILE_NAME, &size);
        garbage_header(&scratch);
        assert_fails(checkpoint_open(scratch.path, &checkpoint, &err), REASON_CHECKPOINT_DAMAGED);
        scratch_write(&scratch, FILE_NAME, good, size);
        checkpoint_close(open_or_fail(&scratch));
        /* the second damage in the same second gets a name of its own */
        garbage_header(&scratch);
        assert_fails(checkpoint_open(scratch.path, &checkpoint, &err), REASON_CHECKPOINT_DAMAGED);
        assert_non_null(strstr(err.message, "moved aside"));
}

/* A log with what was recorded, beside a file that is gone or that SQLite would take for a new one. */
static void leave_with_log(const struct scratch *scratch)
{
        fill(scratch);
        pid_t child = fork();
        if (child == 0) {
                _cleanup_error_ struct error err = {0};
                struct checkpoint *checkpoint;
                if (checkpoint_open(scratch->path, &checkpoint, &err) == 0 &&
                        checkpoint_set_fact(checkpoint, "a", "b", &err) == 0)
                        kill(getpid(), SIGKILL);
                _exit(1);
        }
        assert_true(WIFSIGNALED(scratch_wait(child)));
        struct stat status;
        assert_int_equal(fstatat(scratch->fd, FILE_NAME "-wal", &status, 0), 0);
        assert_true(status.st_size > 4096);
}

static void assert_log_moved(const struct scratch *scratch, const char *content, size_t size)
{
        _cleanup_free_ char *found = NULL;
        assert_false(scratch_has(scratch, FILE_NAME "-wal"));
        DIR *folder = opendir(scratch->path);
        struct dirent *entry;
        while ((entry = readdir(folder)))
                if (strstr(entry->d_name, ".damaged-") && strstr(entry->d_name, "-wal"))
                        string_replace(&found, string_copy(entry->d_name));
        closedir(folder);
        assert_non_null(found);
        size_t moved_size;
        _cleanup_free_ char *moved = scratch_read(scratch, found, &moved_size);
        assert_int_equal(moved_size, size);
        assert_memory_equal(moved, content, size);
}

static void test_the_log_goes_with_its_file(void **state)
{
        for (int emptied = 0; emptied < 2; emptied++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_scratch_ struct scratch scratch = scratch_make();
                struct checkpoint *checkpoint = NULL;
                size_t size;
                leave_with_log(&scratch);
                _cleanup_free_ char *log = scratch_read(&scratch, FILE_NAME "-wal", &size);
                if (emptied)
                        empty(&scratch);
                else
                        assert_int_equal(unlinkat(scratch.fd, FILE_NAME, 0), 0);
                assert_fails(checkpoint_open(scratch.path, &checkpoint, &err), REASON_CHECKPOINT_DAMAGED);
                assert_log_moved(&scratch, log, size);
                assert_fails(checkpoint_open(scratch.path, &checkpoint, &err), REASON_CHECKPOINT_DAMAGED);
        }
}

static void test_newer_layout_is_not_touched(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        struct checkpoint *checkpoint = NULL;
        fill(&scratch);
        /* The newer program was killed: what it wrote last is in the log. */
        pid_t child = fork();
        if (child == 0) {
                sqlite3 *db = NULL;
                _cleanup_free_ char *path = string_format("%s/" FILE_NAME, scratch.path);
                if (sqlite3_open(path, &db) == SQLITE_OK &&
                        sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL) == SQLITE_OK)
                        kill(getpid(), SIGKILL);
                _exit(1);
        }
        assert_true(WIFSIGNALED(scratch_wait(child)));
        size_t size, size_after, log_size, log_size_after;
        _cleanup_free_ char *content = scratch_read(&scratch, FILE_NAME, &size);
        _cleanup_free_ char *log = scratch_read(&scratch, FILE_NAME "-wal", &log_size);
        assert_true(log_size > 0);
        assert_fails(checkpoint_open(scratch.path, &checkpoint, &err), REASON_CHECKPOINT_NEWER);
        assert_non_null(strstr(err.message, "99"));
        assert_fails(checkpoint_open_reader(scratch.path, &checkpoint, &err), REASON_CHECKPOINT_NEWER);
        _cleanup_free_ char *after = scratch_read(&scratch, FILE_NAME, &size_after);
        _cleanup_free_ char *log_after = scratch_read(&scratch, FILE_NAME "-wal", &log_size_after);
        assert_int_equal(size, size_after);
        assert_memory_equal(content, after, size);
        assert_int_equal(log_size, log_size_after);
        assert_memory_equal(log, log_after, log_size);
}

static void test_not_a_file(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        struct checkpoint *checkpoint = NULL;
        assert_fails(checkpoint_open("relative", &checkpoint, &err), REASON_INVALID_ARGUMENT);
        _cleanup_free_ char *missing = string_format("%s/missing", scratch.path);
        assert_int_equal(checkpoint_open(missing, &checkpoint, &err), -1);
        assert_non_null(strstr(err.message, missing));
        assert_int_equal(symlinkat("elsewhere", scratch.fd, FILE_NAME), 0);
        assert_fails(checkpoint_open(scratch.path, &checkpoint, &err), REASON_UNSAFE_PATH);
        assert_false(scratch_has(&scratch, "elsewhere"));
        assert_int_equal(unlinkat(scratch.fd, FILE_NAME, 0), 0);
        assert_int_equal(mkdirat(scratch.fd, FILE_NAME, 0700), 0);
        assert_fails(checkpoint_open(scratch.path, &checkpoint, &err), REASON_UNSAFE_PATH);
}

/* What a kill in the middle of making a checkpoint leaves. */
static void test_unfinished_first_start(void **state)
{
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        scratch_write(&scratch, FILE_NAME ".new", "half", 4);
        scratch_write(&scratch, FILE_NAME ".new-journal", "half", 4);
        checkpoint_close(open_or_fail(&scratch));
        assert_false(scratch_has(&scratch, FILE_NAME ".new"));
        assert_false(scratch_has(&scratch, FILE_NAME ".new-journal"));
}

/* What can't be written */

static int expect(int result, const struct error *err, enum reason reason)
{
        if (result < 0 && err->reason == reason)
                return 0;
        fprintf(stderr, "gave %d: %s: %s\n", result, reason_name(err->reason), error_message(err));
        return 1;
}

static int open_in_folder_without_rights(const struct scratch *scratch)
{
        _cleanup_error_ struct error err = {0};
        struct checkpoint *checkpoint = NULL;
        if (fchmod(scratch->fd, 0500) < 0)
                return 2;
        int result = checkpoint_open(scratch->path, &checkpoint, &err);
        return expect(result, &err, REASON_CHECKPOINT_UNWRITABLE);
}

static int open_file_without_rights(const struct scratch *scratch)
{
        _cleanup_error_ struct error err = {0};
        struct checkpoint *checkpoint = NULL;
        if (checkpoint_open(scratch->path, &checkpoint, &err) < 0)
                return 2;
        checkpoint_close(checkpoint);
        if (fchmodat(scratch->fd, FILE_NAME, 0400, 0) < 0 || fchmod(scratch->fd, 0500) < 0)
                return 3;
        int result = checkpoint_open(scratch->path, &checkpoint, &err);
        return expect(result, &err, REASON_CHECKPOINT_UNWRITABLE);
}

static void test_without_rights(void **state)
{
        _cleanup_scratch_ struct scratch first = scratch_make(), second = scratch_make();
        assert_int_equal(scratch_as_user(&first, open_in_folder_without_rights), 0);
        assert_int_equal(scratch_as_user(&second, open_file_without_rights), 0);
}

static void test_held_by_another_writer(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_checkpoint_ struct checkpoint *checkpoint = open_or_fail(&scratch);
        sqlite3 *db = NULL;
        _cleanup_free_ char *path = string_format("%s/" FILE_NAME, scratch.path);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
        assert_fails(checkpoint_set_fact(checkpoint, "a", "b", &err), REASON_CHECKPOINT_UNWRITABLE);
        assert_non_null(strstr(err.message, path));
        sqlite3_close(db);
        assert_ok(checkpoint_set_fact(checkpoint, "a", "b", &err));
}

static void test_removed_while_open(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        _cleanup_checkpoint_ struct checkpoint *checkpoint = open_or_fail(&scratch);
        assert_ok(checkpoint_begin(checkpoint, &err));
        assert_ok(checkpoint_set_fact(checkpoint, "a", "b", &err));
        assert_int_equal(renameat(scratch.fd, FILE_NAME, scratch.fd, "aside"), 0);
        assert_fails(checkpoint_commit(checkpoint, &err), REASON_CHECKPOINT_UNWRITABLE);
        assert_fails(checkpoint_set_fact(checkpoint, "a", "b", &err), REASON_CHECKPOINT_UNWRITABLE);
        assert_int_equal(renameat(scratch.fd, "aside", scratch.fd, FILE_NAME), 0);
        assert_ok(checkpoint_set_fact(checkpoint, "a", "b", &err));
        assert_int_equal(unlinkat(scratch.fd, FILE_NAME, 0), 0);
        assert_fails(checkpoint_set_fact(checkpoint, "a", "b", &err), REASON_CHECKPOINT_UNWRITABLE);
        assert_non_null(strstr(err.message, "removed or moved"));
}

static void take_all_room(const struct scratch *scratch)
{
        _cleanup_close_ int fd = openat(scratch->fd, "ballast", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        static const char piece[4096];
        while (write(fd, piece, sizeof(piece)) > 0)
                ;
        assert_int_equal(errno, ENOSPC);
}

static void test_full_disk(void **state)
{
        _cleanup_error_ struct error err = {0};
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        struct checkpoint *checkpoint = NULL;
        _cleanup_step_list_ struct step_list steps = {0};
        int64_t number, last = -1;
        if (!scratch_mount(&scratch, "size=1m")) {
                scratch_remove(&scratch);
                skip();
        }
        take_all_room(&scratch);
        assert_fails(checkpoint_open(scratch.path, &checkpoint, &err), REASON_DISK_FULL);
        assert_false(scratch_has(&scratch, FILE_NAME));
        assert_int_equal(unlinkat(scratch.fd, "ballast", 0), 0);
        checkpoint = open_or_fail(&scratch);
        assert_ok(checkpoint_add_step(checkpoint, "s", "first", NULL, &last, &err));
        take_all_room(&scratch);
        /* Single calls, until the room that is left in the log is used up. */
        int result;
        while ((result = checkpoint_add_step(checkpoint, "s", "more", "a detail", &number, &err)) == 0)
                last = number;
        assert_int_equal(err.reason, REASON_DISK_FULL);
        /* A transaction that breaks in its middle (SQLite undoes it: more than its cache holds) takes no
         * more, not even when there is room again. */
        assert_ok(checkpoint_begin(checkpoint, &err));
        assert_ok(checkpoint_set_fact(checkpoint, "first half", "x", &err));
        _cleanup_free_ char *large = memory_new(8000001);
        memset(large, 'x', 8000000);
        assert_fails(checkpoint_add_step(checkpoint, "s", "broken", large, &number, &err), REASON_DISK_FULL);
        assert_int_equal(unlinkat(scratch.fd, "ballast", 0), 0);
        assert_fails(checkpoint_set_fact(checkpoint, "second half", "x", &err), REASON_CHECKPOINT_UNWRITABLE);
        assert_int_equal(checkpoint_commit(checkpoint, &err), -1);
        checkpoint_rollback(checkpoint);
        char *fact = NULL;
        assert_result(checkpoint_get_fact(checkpoint, "first half", &fact, &err), 1);
        assert_result(checkpoint_get_fact(checkpoint, "second half", &fact, &err), 1);
        /* One that breaks at its commit is undone as well. */
        take_all_room(&scratch);
        large[200000] = '\0';
        assert_ok(checkpoint_begin(checkpoint, &err));
        assert_ok(checkpoint_add_step(checkpoint, "s", "broken", large, &number, &err));
        assert_fails(checkpoint_commit(checkpoint, &err), REASON_DISK_FULL);
        /* Room again: the same handle goes on, and everything acknowledged is there. */
        assert_int_equal(unlinkat(scratch.fd, "ballast", 0), 0);
        assert_ok(checkpoint_add_step(checkpoint, "s", "last", NULL, &number, &err));
        assert_int_equal(number, last + 1);
        checkpoint_close(checkpoint);
        checkpoint = open_or_fail(&scratch);
        assert_ok(checkpoint_load_steps(checkpoint, "s", &steps, &err));
        assert_int_equal(steps.count, last + 2);
        for (size_t i = 0; i < steps.count; i++)
                assert_string_not_equal(steps.items[i].action, "broken");
        checkpoint_close(checkpoint);
}

/* Kill */

/* Adds steps and says the number of each one that is committed. */
static void write_until_killed(const char *path, int fd)
{
        _cleanup_error_ struct error err = {0};
        struct checkpoint *checkpoint;
        if (checkpoint_open(path, &checkpoint, &err) < 0) {
                fprintf(stderr, "child: %s\n", error_message(&err));
                _exit(1);
        }
        for (;;) {
                int64_t number;
                if (checkpoint_begin(checkpoint, &err) < 0 ||
                        checkpoint_add_step(checkpoint, "s", "a", "first half", &number, &err) < 0 ||
                        checkpoint_add_step(checkpoint, "s", "b", "second half", &number, &err) < 0 ||
                        checkpoint_commit(checkpoint, &err) < 0 ||
                        write(fd, &number, sizeof(number)) != sizeof(number))
                        _exit(1);
        }
}

static void kill_after(const char *path, unsigned commits, int64_t *last)
{
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0)
                write_until_killed(path, ends[1]);
        close(ends[1]);
        for (unsigned i = 0; i < commits; i++)
                assert_int_equal(read(ends[0], last, sizeof(*last)), sizeof(*last));
        kill(child, SIGKILL);
        while (read(ends[0], last, sizeof(*last)) == sizeof(*last))
                ; /* what it could still say */
        close(ends[0]);
        assert_true(WIFSIGNALED(scratch_wait(child)));
}

static void test_killed_writer(void **state)
{
        _cleanup_scratch_ struct scratch scratch = scratch_make();
        int64_t last = -1;
        for (unsigned round = 0; round < 12; round++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_step_list_ struct step_list steps = {0};
                /* the last round goes past the page after which SQLite begins its log anew */
                kill_after(scratch.path, round < 11 ? 1 + round * 7 : 700, &last);
                _cleanup_checkpoint_ struct checkpoint *checkpoint = open_or_fail(&scratch);
                assert_ok(checkpoint_load_steps(checkpoint, "s", &steps, &err));
                assert_true(steps.count >= (size_t)last + 1); /* one more may be there, not yet said */
                assert_int_equal(steps.count % 2, 0); /* never half a transaction */
                for (size_t i = 0; i < steps.count; i++)
                        assert_int_equal(steps.items[i].number, i);
        }
}

/* A damaged log */

static const struct {
        const char *what;
        off_t offset; /* from the beginning, or from the end when negative */
        bool damage;
} log_damages[] = {
        {"its magic", 0, true},
        {"its salt", 16, true},
        {"the first frame's commit mark", 32 + 4, true},
        {"the first frame's salt", 32 + 8, true},
        {"the first frame's checksum", 32 + 16, true},
        {"the first frame's page", 32 + 24 + 100, true},
        {"the middle", 20000, true},
        {"the last page: as a power cut leaves it", -100, false},
};

static void test_damaged_log(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(log_damages); i++) {
                _cleanup_error_ struct error err = {0};
                _cleanup_scratch_ struct scratch scratch = scratch_make();
                _cleanup_checkpoint_ struct checkpoint *checkpoint = NULL;
                _cleanup_step_list_ struct step_list steps = {0};
                struct stat status;
                int64_t last = -1;
                unsigned char byte;
                kill_after(scratch.path, 20, &last);
                {
                        _cleanup_close_ int fd = openat(scratch.fd, FILE_NAME "-wal", O_RDWR | O_CLOEXEC);
                        assert_int_equal(fstat(fd, &status), 0);
                        off_t offset = log_damages[i].offset;
                        if (offset < 0)
                                offset += status.st_size;
                        assert_int_equal(pread(fd, &byte, 1, offset), 1);
                        byte ^= 0x10;
                        assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
                }
                int result = checkpoint_open(scratch.path, &checkpoint, &err);
                if (log_damages[i].damage) {
                        if (result != -1 || err.reason != REASON_CHECKPOINT_DAMAGED)
                                fail_msg("%s: %d %s", log_damages[i].what, result, error_message(&err));
                        free(only_damaged_name(&scratch));
                        assert_false(scratch_has(&scratch, FILE_NAME "-wal"));
                } else {
                        assert_result(result, 0);
                        assert_ok(checkpoint_load_steps(checkpoint, "s", &steps, &err));
                        assert_true(steps.count + 2 >= (size_t)last + 1);
                }
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_first_start),
                cmocka_unit_test(test_mode_is_narrowed),
                cmocka_unit_test(test_upgrade),
                cmocka_unit_test(test_stage),
                cmocka_unit_test(test_facts_and_artifacts),
                cmocka_unit_test(test_steps),
                cmocka_unit_test(test_events),
                cmocka_unit_test(test_clear),
                cmocka_unit_test(test_clear_keeps_what_is_to_be_done),
                cmocka_unit_test(test_transactions),
                cmocka_unit_test(test_reader_beside_the_writer),
                cmocka_unit_test(test_reader_leaves_the_writers_locks),
                cmocka_unit_test(test_an_export_is_of_one_moment),
                cmocka_unit_test(test_damaged),
                cmocka_unit_test(test_the_reader_moves_nothing),
                cmocka_unit_test(test_a_good_copy_put_back),
                cmocka_unit_test(test_the_log_goes_with_its_file),
                cmocka_unit_test(test_newer_layout_is_not_touched),
                cmocka_unit_test(test_not_a_file),
                cmocka_unit_test(test_unfinished_first_start),
                cmocka_unit_test(test_without_rights),
                cmocka_unit_test(test_held_by_another_writer),
                cmocka_unit_test(test_removed_while_open),
                cmocka_unit_test(test_full_disk),
                cmocka_unit_test(test_killed_writer),
                cmocka_unit_test(test_damaged_log),
        };
        return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
