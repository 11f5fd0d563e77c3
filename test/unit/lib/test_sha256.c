/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lib/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

/* Source: FIPS 180-2, appendix B, and the empty message. */
static const struct {
        const char *text, *hex;
} cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void test_at_once(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char hex[SHA256_HEX_SIZE];
                sha256_of(cases[i].text, strlen(cases[i].text), hex);
                assert_string_equal(hex, cases[i].hex);
        }
}

static void test_in_pieces(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char hex[SHA256_HEX_SIZE];
                _cleanup_sha256_ struct sha256 *sha256 = sha256_new();
                for (const char *letter = cases[i].text; *letter; letter++)
                        sha256_add(sha256, letter, 1);
                sha256_finish(sha256, hex);
                assert_string_equal(hex, cases[i].hex);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_at_once),
                cmocka_unit_test(test_in_pieces),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
