/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* PHP's own web server on a port of the loopback, and a client for it. Included behind two_sites.h. */

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>

struct php_server {
        pid_t process; /* a keeper in between, so that PHP is not this process's child */
        unsigned short port;
};

static _unused bool has_php(void)
{
        return system("php -v >/dev/null 2>&1") == 0;
}

static unsigned short free_port(void)
{
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof(address);
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
        return ntohs(address.sin_port);
}

static bool is_listening(unsigned short port)
{
        struct sockaddr_in address = {
                .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

/* Starts a program in a folder as a grandchild; it dies with its keeper, and the keeper with this process. */
static pid_t start_grandchild(const char *folder, const char *const *arguments)
{
        (void)fflush(NULL);
        pid_t keeper = fork();
        assert_true(keeper >= 0);
        if (keeper > 0)
                return keeper;
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        pid_t child = fork();
        if (child == 0) {
                (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
                int null = open("/dev/null", O_RDWR);
                (void)dup2(null, STDOUT_FILENO);
                (void)dup2(null, STDERR_FILENO);
                if (chdir(folder) == 0)
                        (void)execvp(arguments[0], (char *const *)(uintptr_t)arguments);
                _exit(127);
        }
        (void)waitpid(child, NULL, 0);
        _exit(0);
}

static void stop_grandchild(pid_t keeper)
{
        (void)kill(keeper, SIGKILL);
        (void)waitpid(keeper, NULL, 0);
}

/* setting: "name=value" for PHP, or NULL. */
static _unused struct php_server start_php_server_with(
        const struct fixture *fixture, unsigned short port, const char *setting)
{
        struct php_server server = {.port = port};
        _cleanup_free_ char *address = string_format("127.0.0.1:%u", server.port);
        const char *const arguments[] = {
                "php", "-d", setting ?: "html_errors=0", "-S", address, "-t", fixture->root, NULL};
        server.process = start_grandchild("/", arguments);
        while (!is_listening(server.port)) {
                assert_int_equal(waitpid(server.process, NULL, WNOHANG), 0);
                (void)poll(NULL, 0, 10);
        }
        return server;
}

static _unused struct php_server start_php_server_at(const struct fixture *fixture, unsigned short port)
{
        return start_php_server_with(fixture, port, NULL);
}

static _unused struct php_server start_php_server(const struct fixture *fixture)
{
        return start_php_server_at(fixture, free_port());
}

static _unused void stop_php_server(struct php_server *server)
{
        stop_grandchild(server->process);
}

struct page {
        long status;
        struct buffer headers, body;
};

static _unused void page_deinit(struct page *page)
{
        buffer_deinit(&page->headers);
        buffer_deinit(&page->body);
}

static size_t collect(char *data, size_t size, size_t count, void *buffer)
{
        buffer_append(buffer, data, size * count);
        return size * count;
}

/* One request; header ("Accept: …") may be NULL. */
static _unused struct page get_page(const struct php_server *server, const char *path, const char *header)
{
        struct page page = {0};
        _cleanup_free_ char *url = string_format("http://127.0.0.1:%u%s", server->port, path);
        struct curl_slist *headers = header ? curl_slist_append(NULL, header) : NULL;
        CURL *curl = curl_easy_init();
        curl_easy_setopt(curl, CURLOPT_URL, url);
        curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, collect);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, &page.headers);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, &page.body);
        assert_int_equal(curl_easy_perform(curl), CURLE_OK);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &page.status);
        curl_easy_cleanup(curl);
        curl_slist_free_all(headers);
        return page;
}
