/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* make.h - the maker of dumps, for kmd-mkimage. */
#ifndef MKDUMP_MAKE_H
#define MKDUMP_MAKE_H

/* Make the dump that a recipe ("-" is standard input) describes.  An error ends the program: 1. */
void make_dump(const char *recipe, const char *output);

#endif
