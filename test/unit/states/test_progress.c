/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/progress.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct call {
        uint64_t done, total;
        const char *unit;
        uint64_t now_ms;
};

static const struct {
        const char *name;
        struct call calls[6];
        uint64_t rate;
        int64_t eta_ms;
} cases[] = {
        {"nothing told", {{0}}, 0, -1},
        {"one call says nothing about speed", {{0, 100, "files", 1000}}, 0, -1},
        {"too short a time says nothing", {{0, 100, "files", 1000}, {50, 100, "files", 1100}}, 0, -1},
        {"steady", {{0, 100, "files", 1000}, {10, 100, "files", 2000}, {20, 100, "files", 3000}}, 10, 8000},
        {"a resumed start is no speed", {{900, 1000, "bytes", 1000}, {910, 1000, "bytes", 2000}}, 10, 9000},
        {"total not known", {{0, 0, "bytes", 1000}, {500, 0, "bytes", 2000}}, 500, -1},
        {"standing still from the start", {{5, 10, "steps", 1000}, {5, 10, "steps", 2000}}, 0, -1},
        {"all done", {{0, 10, "steps", 1000}, {10, 10, "steps", 2000}}, 10, 0},
        {"more than all", {{0, 10, "steps", 1000}, {11, 10, "steps", 2000}}, 11, -1},
        {"a jump back begins anew", {{0, 10, "steps", 1000}, {8, 10, "steps", 2000}, {2, 10, "steps", 3000}},
                0, -1},
        {"another unit begins anew", {{0, 10, "steps", 1000}, {8, 10, "steps", 2000}, {9, 10, "files", 3000}},
                0, -1},
        {"a clock that goes back is borne", {{0, 10, "steps", 5000}, {8, 10, "steps", 1000}}, 0, -1},
        {"slowing down is smoothed",
                {{0, 1000, "files", 1000}, {100, 1000, "files", 2000}, {100, 1000, "files", 7000}}, 50,
                18000},
        {"no estimate of a century", {{0, UINT64_MAX, "bytes", 1000}, {1, UINT64_MAX, "bytes", 2000}}, 1, -1},
};

static void test_cases(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct progress_meter meter = {0};
                for (size_t call = 0; cases[i].calls[call].unit; call++) {
                        const struct call *c = &cases[i].calls[call];
                        progress_meter_update(&meter, c->done, c->total, c->unit, c->now_ms);
                }
                if (progress_meter_rate(&meter) != cases[i].rate ||
                        progress_meter_eta_ms(&meter) != cases[i].eta_ms)
                        fail_msg("%s: rate %llu, eta %lld", cases[i].name,
                                (unsigned long long)progress_meter_rate(&meter),
                                (long long)progress_meter_eta_ms(&meter));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cases),
        };
        return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
