/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/grid.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <locale.h>
#include <string.h>

static void assert_printed(const struct grid *grid, const char *expected)
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        _cleanup_fclose_ FILE *file = open_memstream(&text, &size);
        grid_print(grid, file);
        (void)fflush(file);
        assert_string_equal(text, expected);
}

static void test_columns_are_as_wide_as_they_must(void **state)
{
        static const char *const heads[] = {"SITE", "STATE", "ERROR"};
        static const char *const cells[] = {
                "crm", "running", NULL, "a-longer-name", "failed", "ERR_X", "b", NULL, "E"};
        _cleanup_grid_ struct grid grid = {.heads = heads, .columns = ARRAY_SIZE(heads)};
        for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
                grid_add(&grid, string_copy(cells[i]));
        assert_printed(&grid, "SITE           STATE    ERROR\n"
                              "crm            running\n"
                              "a-longer-name  failed   ERR_X\n"
                              "b                       E\n");
}

static void test_wide_characters_and_no_rows(void **state)
{
        static const char *const heads[] = {"A", "B"};
        _cleanup_grid_ struct grid grid = {.heads = heads, .columns = ARRAY_SIZE(heads)};
        assert_printed(&grid, "A  B\n");
        if (!setlocale(LC_CTYPE, "C.UTF-8"))
                skip();
        grid_add(&grid, string_copy("漢字"));
        grid_add(&grid, string_copy("x"));
        assert_printed(&grid, "A     B\n漢字  x\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_columns_are_as_wide_as_they_must),
                cmocka_unit_test(test_wide_characters_and_no_rows),
        };
        return cmocka_run_group_tests_name("grid", tests, NULL, NULL);
}
