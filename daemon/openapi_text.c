/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/openapi_text.h"

/* OPENAPI_FILE is the build's. */
__asm__(".pushsection .rodata, \"a\"\n"
        ".hidden openapi_text\n"
        ".global openapi_text\n"
        "openapi_text:\n"
        ".incbin \"" OPENAPI_FILE "\"\n"
        ".byte 0\n"
        ".popsection\n");
