/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/sha256.h"
#include "lib/memory.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

struct sha256 {
        EVP_MD_CTX *context;
};

static void must(bool good)
{
        if (good)
                return;
        fprintf(stderr, "libcrypto can't compute a SHA-256\n");
        abort();
}

struct sha256 *sha256_new(void)
{
        struct sha256 *sha256 = memory_new(sizeof(*sha256));
        sha256->context = EVP_MD_CTX_new();
        must(sha256->context && EVP_DigestInit_ex(sha256->context, EVP_sha256(), NULL) == 1);
        return sha256;
}

void sha256_add(struct sha256 *sha256, const void *data, size_t size)
{
        must(EVP_DigestUpdate(sha256->context, data, size) == 1);
}

void sha256_finish(struct sha256 *sha256, char ret_hex[SHA256_HEX_SIZE])
{
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        _cleanup_buffer_ struct buffer hex = {0};
        must(EVP_DigestFinal_ex(sha256->context, digest, &size) == 1);
        buffer_append_hex(&hex, digest, size);
        must(hex.size + 1 == SHA256_HEX_SIZE);
        memcpy(ret_hex, hex.data, SHA256_HEX_SIZE);
}

void sha256_free(struct sha256 *sha256)
{
        if (!sha256)
                return;
        EVP_MD_CTX_free(sha256->context);
        free(sha256);
}

void sha256_of(const void *data, size_t size, char ret_hex[SHA256_HEX_SIZE])
{
        _cleanup_sha256_ struct sha256 *sha256 = sha256_new();
        sha256_add(sha256, data, size);
        sha256_finish(sha256, ret_hex);
}
