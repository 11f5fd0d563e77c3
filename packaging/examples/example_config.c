/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints a configuration with every key at its default, made from the table that the daemon reads it with. */
#include "lib/config.h"
#include "lib/memory.h"
#include "lib/text.h"

#include <string.h>

#define LINE_SIZE 100

int main(void)
{
        const char *name, *value, *text, *section = "";
        printf("# SPDX-License-Identifier: GPL-3.0-or-later\n"
               "# A site's configuration: /etc/mautic-upgraded/SITE.conf, see mautic-upgraded.conf(5). What "
               "is "
               "commented out is the default.\n"
               "# mautic-upgraded --check-config --config FILE says whether it is right.\n");
        for (size_t i = 0; config_describe(i, &name, &value, &text); i++) {
                size_t size = strcspn(name, ".");
                if (strncmp(section, name, size + 1) != 0)
                        printf("\n[%.*s]\n", (int)size, name);
                section = name;
                _cleanup_free_ char *comment = text_wrap(text, LINE_SIZE, "# ");
                printf("\n%s\n", comment);
                if (strcmp(name, "site.root") == 0)
                        printf("root = /var/www/mautic\n");
                else
                        printf("#%s =%s%s\n", name + size + 1, *value ? " " : "", value);
        }
        return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
