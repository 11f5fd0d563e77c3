/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* openapi.json as a string. */
extern const char openapi_text[] __attribute__((visibility("hidden")));
