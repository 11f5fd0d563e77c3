/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * A private MariaDB for one test program: own data folder and socket below a temporary folder, no network,
 * ended and removed with test_server_stop. It dies with the test (PR_SET_PDEATHSIG).
 */

#include "lib/database.h"
#include "lib/memory.h"

#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TEST_SKIPPED 77 /* meson's exit status for a skipped test */

struct test_server {
        char folder[64]; /* short: a socket's path has at most 107 characters */
        char socket[96];
        pid_t pid; /* 0: not running */
};

static inline bool test_program_exists(const char *name)
{
        static const char *const folders[] = {"/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"};
        for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
                char path[256];
                (void)snprintf(path, sizeof(path), "%s/%s", folders[i], name);
                if (access(path, X_OK) == 0)
                        return true;
        }
        return false;
}

static inline pid_t test_spawn(const char *log, const char *const *arguments)
{
        pid_t parent = getpid();
        pid_t pid = fork();
        if (pid != 0)
                return pid;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(126);
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        (void)dup2(fd, STDOUT_FILENO);
        (void)dup2(fd, STDERR_FILENO);
        const char *path = getenv("PATH");
        char extended[4096];
        (void)snprintf(
                extended, sizeof(extended), "%s:/usr/local/sbin:/usr/sbin:/sbin", path ?: "/usr/bin:/bin");
        (void)setenv("PATH", extended, 1);
        (void)execvp(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(127);
}

static inline int test_wait(pid_t pid)
{
        int status = 0;
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline void test_server_parameters(
        const struct test_server *server, const char *name, struct database_parameters *ret)
{
        *ret = (struct database_parameters){
                .host = string_copy("localhost"),
                .unix_socket = string_copy(server->socket),
                .name = string_copy(name),
                .user = string_copy("root"),
                .password = string_copy(""),
        };
}

/* A connection as the server's root; a failure ends the test program with the server's words. */
static inline struct database *test_server_connect(const struct test_server *server, const char *name)
{
        struct database_parameters parameters;
        test_server_parameters(server, name, &parameters);
        struct database *database = NULL;
        _cleanup_error_ struct error err = {0};
        if (database_connect(&parameters, &database, &err) < 0) {
                fprintf(stderr, "%s\n", error_message(&err));
                abort();
        }
        database_parameters_deinit(&parameters);
        return database;
}

/* Runs one statement that must succeed. */
static inline void test_sql(struct database *database, const char *sql)
{
        _cleanup_error_ struct error err = {0};
        if (database_query(database, NULL, &err, "%s", sql) < 0) {
                fprintf(stderr, "%s: %s\n", sql, error_message(&err));
                abort();
        }
}

static inline int test_remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
        (void)status;
        (void)type;
        (void)walk;
        return remove(path);
}

static inline void test_remove_tree(const char *path)
{
        (void)nftw(path, test_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The end of a log, on stderr. */
static inline void test_show_end(const char *path)
{
        char end[2048];
        _cleanup_fclose_ FILE *log = fopen(path, "re");
        if (!log || fseek(log, 0, SEEK_END) < 0)
                return;
        (void)fseek(log, ftell(log) > (long)sizeof(end) ? -(long)sizeof(end) : -ftell(log), SEEK_END);
        size_t size = fread(end, 1, sizeof(end), log);
        fprintf(stderr, "%.*s\n", (int)size, end);
}

static inline void test_server_kill(struct test_server *server)
{
        if (server->pid <= 0)
                return;
        (void)kill(server->pid, SIGKILL);
        (void)test_wait(server->pid);
        server->pid = 0;
}

static inline void test_server_stop(struct test_server *server)
{
        test_server_kill(server);
        test_remove_tree(server->folder);
}

/* Starts the server on a data folder that is there; waits until it answers. */
static inline bool test_server_launch(struct test_server *server)
{
        _cleanup_free_ char *data = string_format("--datadir=%s/data", server->folder);
        _cleanup_free_ char *socket = string_format("--socket=%s", server->socket);
        _cleanup_free_ char *pid_file = string_format("--pid-file=%s/pid", server->folder);
        _cleanup_free_ char *log = string_format("%s/log", server->folder);
        _cleanup_free_ char *temporary = string_format("--tmpdir=%s", server->folder);
        const struct passwd *user = getpwuid(geteuid());
        _cleanup_free_ char *user_option = string_format("--user=%s", user ? user->pw_name : "nobody");
        const char *const arguments[] = {"mariadbd", "--no-defaults", data, socket, pid_file, temporary,
                user_option, "--skip-networking", "--skip-name-resolve", "--innodb-buffer-pool-size=16M",
                "--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=2",
                "--aria-pagecache-buffer-size=8M", "--key-buffer-size=1M", "--performance-schema=OFF",
                "--event-scheduler=OFF", "--character-set-server=utf8mb4", "--max-allowed-packet=64M", NULL};
        server->pid = test_spawn(log, arguments);
        struct database_parameters parameters;
        test_server_parameters(server, NULL, &parameters);
        bool answers = false;
        for (int i = 0; i < 1200 && !answers && waitpid(server->pid, NULL, WNOHANG) == 0; i++) {
                struct database *database = NULL;
                _cleanup_error_ struct error err = {0};
                answers = database_connect(&parameters, &database, &err) == 0;
                database_close(database);
                if (!answers)
                        (void)nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        }
        database_parameters_deinit(&parameters);
        if (!answers) {
                fprintf(stderr, "the private MariaDB does not start\n");
                test_show_end(log);
                test_server_kill(server);
        }
        return answers;
}

/* 0, or TEST_SKIPPED (with a word) when no MariaDB server is installed, or 1 (with the end of its log); there
 * is nothing to stop then. */
static inline int test_server_start(struct test_server *server)
{
        *server = (struct test_server){0};
        if (!test_program_exists("mariadbd") || !test_program_exists("mariadb-install-db")) {
                fprintf(stderr, "skipped: no MariaDB server is installed here\n");
                return TEST_SKIPPED;
        }
        (void)snprintf(server->folder, sizeof(server->folder), "/tmp/mautic-upgraded-test-XXXXXX");
        if (!mkdtemp(server->folder))
                return 1;
        (void)snprintf(server->socket, sizeof(server->socket), "%s/s", server->folder);
        _cleanup_free_ char *data = string_format("--datadir=%s/data", server->folder);
        _cleanup_free_ char *log = string_format("%s/log", server->folder);
        const struct passwd *user = getpwuid(geteuid());
        _cleanup_free_ char *user_option = string_format("--user=%s", user ? user->pw_name : "nobody");
        const char *const arguments[] = {"mariadb-install-db", "--no-defaults", data, user_option,
                "--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-log-file-size=8M",
                "--innodb-buffer-pool-size=16M", NULL};
        int status = test_wait(test_spawn(log, arguments));
        if (status != 0) {
                fprintf(stderr, "mariadb-install-db ended with status %d\n", status);
                test_show_end(log);
        }
        if (status == 0 && test_server_launch(server))
                return 0;
        test_server_stop(server);
        return 1;
}
