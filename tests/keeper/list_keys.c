/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* list_keys.c - prints "option NAME" and "SECTION KEY" for everything that smcredd parses. */
#include <stdio.h>

#include "keeper/config.h"
#include "keeper/options.h"

int main(void)
{
    static const char *const sections[] = {"keeper", "audit", "target", "pam"};
    for (const char *const *name = options_names(); *name; name++)
        (void)printf("option %s\n", *name);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        for (const char *const *key = config_keys(sections[i]); *key; key++)
            (void)printf("%s %s\n", sections[i], *key);
    return 0;
}
