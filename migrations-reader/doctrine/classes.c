/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/doctrine/objects.h"

#include <pthread.h>

/*
 * The evaluator borrows tables of classes for ever, and each version of Doctrine has others: they are cut
 * from the whole tables once for each version.
 */

#define CLASSES_MAX 160

struct version_classes {
        struct php_host_class items[CLASSES_MAX];
        const struct doctrine_class *of[CLASSES_MAX];
        size_t count;
};
static struct version_classes versions[DOCTRINE_3_7 + 1];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool has(enum doctrine_version version, enum doctrine_version from, enum doctrine_version gone)
{
        return version >= from && (!gone || version < gone);
}

static size_t count_methods(const struct doctrine_method *table)
{
        size_t count = 0;

        while (table && table[count].method.name)
                count++;
        return count;
}

static const struct php_host_method *cut_methods(enum doctrine_version version,
        const struct doctrine_method *table, const struct doctrine_method *more)
{
        const struct doctrine_method *tables[] = {table, more};
        struct php_host_method *methods =
                memory_new_array(count_methods(table) + count_methods(more) + 1, sizeof(*methods));
        size_t count = 0;

        for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
                for (table = tables[i]; table && table->method.name; table++)
                        if (has(version, table->from, table->gone))
                                methods[count++] = table->method;
        return methods;
}

static const struct php_host_constant *cut_constants(
        enum doctrine_version version, const struct doctrine_constant *table)
{
        size_t count = 0;
        struct php_host_constant *constants;

        if (!table)
                return NULL;
        while (table[count].constant.name)
                count++;
        constants = memory_new_array(count + 1, sizeof(*constants));
        count = 0;
        for (; table->constant.name; table++)
                if (has(version, table->from, table->gone))
                        constants[count++] = table->constant;
        return constants;
}

static const struct php_host_class *cut_class(
        enum doctrine_version version, const struct doctrine_class *class)
{
        struct version_classes *classes = &versions[version];
        struct php_host_class *cut;

        for (size_t i = 0; i < classes->count; i++)
                if (classes->of[i] == class)
                        return &classes->items[i];
        if (classes->count == CLASSES_MAX)
                abort();
        classes->of[classes->count] = class;
        cut = &classes->items[classes->count++];
        *cut = class->class;
        cut->methods = cut_methods(version, class->methods, class->more);
        cut->constants = cut_constants(version, class->constants);
        return cut;
}

void classes_register(struct php_run *run, enum doctrine_version version, const struct doctrine_class *table)
{
        for (; table->class.name; table++) {
                const struct php_host_class *class;

                if (!has(version, table->from, table->gone))
                        continue;
                (void)pthread_mutex_lock(&lock);
                class = cut_class(version, table);
                (void)pthread_mutex_unlock(&lock);
                php_run_add_class(run, class);
        }
}
