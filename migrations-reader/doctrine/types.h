/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What types.c shares with the conversions of values (type_values.c) and the run's objects (doctrine.c). */

#include "migrations-reader/doctrine/objects.h"

size_t type_number(const struct type_info *type); /* among all types of all versions */
size_t type_count(void);

/* Methods of a type object. */
enum php_flow type_binding(struct php_run *run, struct php_call *call);
enum php_flow type_to_database(struct php_run *run, struct php_call *call);
enum php_flow type_to_php(struct php_run *run, struct php_call *call);
