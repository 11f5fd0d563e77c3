/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The gate's secrets, as the checkpoint keeps them: who knows one of them passes it. */

#define FACT_GATE_TOKEN "gate.token"
#define FACT_GATE_HELD_NAME "gate.held_name"
