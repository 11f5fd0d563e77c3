/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What states/gate*.c share; nobody else includes this. */

#include "states/gate.h"
#include "states/stages.h"

#define GATE_PHASE_ADMIT "admit"
#define GATE_PHASE_OPEN "open"
#define GATE_APP_CONSOLE NAME_MAUTIC_3_FILES "/app-console" /* the stub, once the gate is lifted */

/* Writes the 503 page; what is there is left as it is. */
int gate_write_page(struct stage_context *context, const char *path, struct error *err) _must_check;
