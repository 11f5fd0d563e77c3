/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "doctrine_fixture.h"

/* Changes by the schema manager are writes of their own; what can't be followed stops with words. */

static const struct doctrine_case cases[] = {
        {
                .name = "changes are written down",
                .code = "$m = manager();\n"
                        "$m->dropTable('logs');\n"
                        "$m->dropIndex('by_parent', 'orders');\n"
                        "$m->dropForeignKey('FK_PARENT', 'orders');\n"
                        "$m->renameTable('orders', 'sales');\n"
                        "$t = new Doctrine\\DBAL\\Schema\\Table('x');\n"
                        "$t->addColumn('id', 'integer');\n"
                        "$t->addOption('charset', 'utf8mb4');\n"
                        "$t->addOption('collate', 'utf8mb4_bin');\n"
                        "$m->createTable($t);\n",
                .expected =
                        {
                                [DOCTRINE_2_10] = "write: DROP TABLE logs\n"
                                                  "write: DROP INDEX by_parent ON orders\n"
                                                  "write: ALTER TABLE orders DROP FOREIGN KEY FK_PARENT\n"
                                                  "write: ALTER TABLE orders RENAME TO sales\n"
                                                  "write: CREATE TABLE x (id INT NOT NULL) DEFAULT CHARACTER "
                                                  "SET utf8mb4 "
                                                  "COLLATE `utf8mb4_bin` ENGINE = InnoDB\n",
                        },
        },
        {
                .name = "a schema that nobody has looked at has no differences",
                .code = "$s = schema();\n$b = clone $s;\nout(count(difference($s, $b)));\n",
                .all = "0\n",
        },
        {
                .name = "what only preUp has looked at has no differences from 2.10 on",
                .code = "$s = schema();\n"
                        "$b = clone $s;\n"
                        "$s->dropTable('logs');\n"
                        "out(count(difference($s, $b)));\n",
                .expected = {[DOCTRINE_2_5] = "1\n",
                        [DOCTRINE_2_10] = "0\n",
                        [DOCTRINE_2_13] = "0\n",
                        [DOCTRINE_3_7] = "0\n"},
        },
        {
                .name = "types of one's own need PHP",
                .code = "Doctrine\\DBAL\\Types\\Type::addType('mine', 'My\\Type');\n",
                .all = "stopped: a Doctrine type of its own (Type::addType, overrideType)\n",
        },
        {
                .name = "visitors need PHP",
                .code = "schema()->visit(null);\n",
                .all = "stopped: a visitor of a Schema\n",
        },
        {
                .name = "a method that the version does not have stops by its name",
                .code = "schema()->getTable('logs')->modifyColumn('line', []);\n",
                .expected =
                        {
                                [DOCTRINE_2_5] =
                                        "stopped: method Doctrine\\DBAL\\Schema\\Table::modifyColumn()\n",
                                [DOCTRINE_2_13] =
                                        "stopped: method Doctrine\\DBAL\\Schema\\Table::modifyColumn()\n",
                                [DOCTRINE_3_7] = "",
                        },
        },
};

static void test_case(void **state)
{
        run_case(*state);
}

int main(void)
{
        struct CMUnitTest tests[ARRAY_SIZE(cases)];

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                tests[i] = (struct CMUnitTest){
                        .name = cases[i].name, .test_func = test_case, .initial_state = (void *)&cases[i]};
        return cmocka_run_group_tests(tests, NULL, NULL);
}
