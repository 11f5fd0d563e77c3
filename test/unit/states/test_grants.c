/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "states/grants.h"

#include "lib/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define TO " TO `mautic`@`localhost`"

/* Lines as MariaDB 10.11 and MySQL 5.7 and 8.0 write them. */
static const struct {
        const char *lines[3];
        const char *database, *privilege;
        bool has;
} cases[] = {
        {{"GRANT ALL PRIVILEGES ON *.*" TO " WITH GRANT OPTION"}, "mautic", "ALTER", true},
        {{"GRANT USAGE ON *.*" TO " IDENTIFIED BY PASSWORD '*ON ALL'",
                 "GRANT ALL PRIVILEGES ON `mautic`.*" TO},
                "mautic", "DROP", true},
        {{"GRANT USAGE ON *.*" TO}, "mautic", "SELECT", false},
        {{"GRANT SELECT, INSERT, ALTER ON `mautic`.*" TO}, "mautic", "ALTER", true},
        {{"GRANT SELECT, INSERT, ALTER ON `mautic`.*" TO}, "mautic", "select", true},
        {{"GRANT SELECT, INSERT, ALTER ON `mautic`.*" TO}, "mautic", "DROP", false},
        {{"GRANT SELECT, INSERT, ALTER ON `other`.*" TO}, "mautic", "SELECT", false},
        {{"GRANT SELECT ON *.*" TO, "GRANT ALTER ON `mautic`.*" TO}, "mautic", "ALTER", true},
        /* one privilege's name inside another's */
        {{"GRANT ALTER ROUTINE, CREATE VIEW, SHOW VIEW ON *.*" TO}, "mautic", "ALTER", false},
        {{"GRANT ALTER ROUTINE, CREATE VIEW, SHOW VIEW ON *.*" TO}, "mautic", "CREATE", false},
        {{"GRANT ALTER ROUTINE, CREATE VIEW, SHOW VIEW ON *.*" TO}, "mautic", "SHOW VIEW", true},
        /* patterns */
        {{"GRANT ALL PRIVILEGES ON `mautic\\_a`.*" TO}, "mautic_a", "DROP", true},
        {{"GRANT ALL PRIVILEGES ON `mautic\\_a`.*" TO}, "mauticXa", "DROP", false},
        {{"GRANT ALL PRIVILEGES ON `mautic_a`.*" TO}, "mauticXa", "DROP", true},
        {{"GRANT ALL PRIVILEGES ON `mau%`.*" TO}, "mautic", "DROP", true},
        {{"GRANT ALL PRIVILEGES ON `mau%x`.*" TO}, "mautic", "DROP", false},
        {{"GRANT ALL PRIVILEGES ON `%`.*" TO}, "mautic", "DROP", true},
        {{"GRANT ALL PRIVILEGES ON `%m%t%c`.*" TO}, "mautic", "DROP", true},
        {{"GRANT ALL PRIVILEGES ON `ma\\_tic`.*" TO}, "mautic", "DROP", false},
        {{"GRANT ALL PRIVILEGES ON `%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%b`.*" TO},
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "DROP", false},
        {{"GRANT ALL PRIVILEGES ON \"mautic\".*" TO}, "mautic", "DROP", true},
        {{"GRANT ALL PRIVILEGES ON `a``b`.*" TO}, "a`b", "DROP", true},
        {{"GRANT ALL PRIVILEGES ON `a ON *.* TO `.*" TO}, "mautic", "DROP", false},
        /* single tables, columns, routines, proxies */
        {{"GRANT ALL PRIVILEGES ON `mautic`.`leads`" TO}, "mautic", "DROP", false},
        {{"GRANT SELECT (`id`, `a, ALL`), INSERT ON `mautic`.*" TO}, "mautic", "SELECT", false},
        {{"GRANT SELECT (`id`, `a, ALL`), INSERT ON `mautic`.*" TO}, "mautic", "INSERT", true},
        {{"GRANT SELECT (`id`, `a, ALL`), INSERT ON `mautic`.*" TO}, "mautic", "DROP", false},
        {{"GRANT EXECUTE ON PROCEDURE `mautic`.`p`" TO}, "mautic", "EXECUTE", false},
        {{"GRANT PROXY ON ''@'%'" TO}, "mautic", "DROP", false},
        /* MySQL 8: partial revokes, roles */
        {{"GRANT SELECT, DROP ON *.*" TO, "REVOKE DROP ON `mautic`.* FROM `mautic`@`localhost`"}, "mautic",
                "DROP", false},
        {{"GRANT SELECT, DROP ON *.*" TO, "REVOKE DROP ON `mysql`.* FROM `mautic`@`localhost`"}, "mautic",
                "DROP", true},
        {{"GRANT `owner`@`%`" TO}, "mautic", "DROP", false},
        /* broken lines end */
        {{"GRANT SELECT (`id ON"}, "mautic", "SELECT", false},
        {{"GRANT SELECT ON `mautic"}, "mautic", "SELECT", false},
        {{"GRANT"}, "mautic", "SELECT", false},
        {{""}, "mautic", "SELECT", false},
};

static struct grants grants_of(const char *const *lines)
{
        struct grants grants = {.lines = lines};
        while (grants.count < 3 && lines[grants.count])
                grants.count++;
        return grants;
}

static void test_privileges(void **state)
{
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct grants grants = grants_of(cases[i].lines);
                if (grants_have(&grants, cases[i].database, cases[i].privilege) != cases[i].has)
                        fail_msg("case %zu: %s of %s in %s", i, cases[i].privilege, cases[i].database,
                                cases[i].lines[0]);
        }
}

static void test_roles(void **state)
{
        static const char *const with[3] = {"GRANT USAGE ON *.*" TO, "GRANT `owner`@`%`,`b ON c`@`%`" TO};
        static const char *const without[3] = {"GRANT USAGE ON *.*" TO, "GRANT ALL PRIVILEGES ON `m`.*" TO};
        struct grants roles = grants_of(with), none = grants_of(without);
        assert_true(grants_have_role(&roles));
        assert_false(grants_have_role(&none));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_privileges),
                cmocka_unit_test(test_roles),
        };
        return cmocka_run_group_tests_name("grants", tests, NULL, NULL);
}
