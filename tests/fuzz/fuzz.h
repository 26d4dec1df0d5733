/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* fuzz.h - what the fuzz targets share. */
#ifndef KMD_FUZZ_H
#define KMD_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kmd_diag;
struct kmd_input;

/* libFuzzer, or replay.c in its place, calls this function with each input. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program if the library broke a promise; the fuzzer then keeps the input. */
#define FUZZ_CHECK(condition)                                                                      \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fuzz_broken(__FILE__, __LINE__, #condition);                               \
	} while (0)

_Noreturn void fuzz_broken(const char *file, int line, const char *condition);

/* The part of an input that was not used yet. */
struct fuzz_rest {
	const uint8_t *at;
	size_t size;
};

/* The next *@length bytes, or fewer at the end. */
static inline const uint8_t *fuzz_take(struct fuzz_rest *rest, size_t *length)
{
	const uint8_t *start = rest->at;

	if (*length > rest->size)
		*length = rest->size;
	rest->at += *length;
	rest->size -= *length;
	return start;
}

/*
 * Makes an input, whose members are in @data.  Bytes that begin with "KMDFOLD\n" are a
 * folder: for each file the length of its name (one byte), its size (three bytes, low one
 * first), its name and its bytes, all cut at the end of the input.  Other bytes are a single
 * file.  False if the library refuses them.
 */
bool fuzz_input_make(const uint8_t *data, size_t size, struct kmd_diag *diag,
		     struct kmd_input *input);

/* Ends the program unless @core is as the public header and vmcore/plan.h promise. */
void fuzz_core_check(const uint8_t *core, size_t size);

#endif
