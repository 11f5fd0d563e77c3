/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "migrations-reader/site_parameter.h"

#include "lib/files.h"
#include "lib/local_config.h"
#include "lib/memory.h"
#include "lib/site.h"

#define LOCAL_CONFIG_LIMIT ((size_t)1024 * 1024)

int site_parameter(void *site, const char *name, char **ret_text, struct error *err)
{
        _cleanup_close_ int folder_fd = -1;
        _cleanup_free_ char *file = NULL, *text = NULL;
        _cleanup_(local_config_freep) struct local_config *config = NULL;
        size_t size = 0;
        int result = site_find_local_config(site, &folder_fd, &file, err);
        if (result == 0)
                result = file_read(folder_fd, file, LOCAL_CONFIG_LIMIT, &text, &size, err);
        if (result == 0)
                result = local_config_parse(text, size, &config, err);
        if (result != 0)
                return result;
        if (local_config_presence(config, name) == LOCAL_CONFIG_NULL) {
                *ret_text = NULL;
                return 0;
        }
        return local_config_get(config, name, ret_text, err);
}
