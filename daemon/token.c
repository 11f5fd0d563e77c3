/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/token.h"

#include "lib/memory.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEME "Bearer "

/* RFC 6750: what may stand behind "Bearer ". */
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";

static int check_file(int fd, const char *path, struct error *err)
{
        struct stat status;
        if (fstat(fd, &status) < 0)
                return error_set_errno(err, errno, "looking at %s", path);
        if (!S_ISREG(status.st_mode))
                return error_set(err, REASON_CONFIGURATION_INVALID, "listen.token_file: %s is no file", path);
        if (status.st_uid != geteuid() || (status.st_mode & 077))
                return error_set(err, REASON_CONFIGURATION_INVALID,
                        "listen.token_file: %s must belong to the user %u that the daemon runs as and be "
                        "closed to others (chmod 0600); it belongs to %u and has the mode %04o",
                        path, (unsigned)geteuid(), (unsigned)status.st_uid, status.st_mode & 07777u);
        return 0;
}

static int take_line(char *text, size_t size, const char *path, struct token *ret, struct error *err)
{
        if (size > 0 && text[size - 1] == '\n')
                size--;
        text[size] = '\0';
        if (strlen(text) != size || strspn(text, letters) != size || size < TOKEN_LEAST || size > TOKEN_MOST)
                return error_set(err, REASON_CONFIGURATION_INVALID,
                        "listen.token_file: %s must hold one line of %d to %d letters, digits and -._~+/= ; "
                        "openssl rand -hex 32 makes one",
                        path, TOKEN_LEAST, TOKEN_MOST);
        sha256_of(text, size, ret->hash);
        return 0;
}

int token_load(const char *path, struct token *ret, struct error *err)
{
        char text[TOKEN_MOST + 3];
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return error_set_errno(err, errno, "listen.token_file: opening %s", path);
        if (check_file(fd, path, err) < 0)
                return -1;
        ssize_t size = read(fd, text, sizeof(text) - 1);
        int r = size < 0 ? error_set_errno(err, errno, "listen.token_file: reading %s", path)
                         : take_line(text, (size_t)size, path, ret, err);
        OPENSSL_cleanse(text, sizeof(text));
        return r;
}

bool token_fits(const struct token *token, const char *authorization)
{
        char hash[SHA256_HEX_SIZE];
        if (!*token->hash || !authorization || strncasecmp(authorization, SCHEME, strlen(SCHEME)) != 0)
                return false;
        const char *given = authorization + strlen(SCHEME);
        sha256_of(given, strlen(given), hash);
        return CRYPTO_memcmp(hash, token->hash, sizeof(hash)) == 0;
}
