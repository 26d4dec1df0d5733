/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* recipe.h - the dump as a recipe of kmd-mkimage. */
#ifndef KMD_ASSEMBLE_RECIPE_H
#define KMD_ASSEMBLE_RECIPE_H

#include "options.h"

#include <stdio.h>

/*
 * Print the regions with their addresses, sizes and states, and the text of VMCOREINFO; memory is
 * left out, or taken from the files of options->extract.
 */
void recipe_print(FILE *out, struct kmd *kmd, const struct options *options);

#endif
