/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* evidence.h - what the sources of run-time values work on, and the candidates they add. */
#ifndef KMD_ARCH_EVIDENCE_H
#define KMD_ARCH_EVIDENCE_H

#include "arch/build.h"
#include "arch/image_reader.h"
#include "runtime/candidates.h"

#define KMD_CPU_FEATURE_WORDS 8

struct kmd_evidence {
	const struct kmd_memory *memory;
	const struct kmd_vmcoreinfo *info;
	const struct kmd_vmlinux *vmlinux; /* NULL = none */
	struct kmd_build build;
	struct kmd_image_reader reader;
	struct kmd_candidates candidates;
	/* arm64: the processor's capabilities as the panic text prints them, low word first. */
	uint64_t features[KMD_CPU_FEATURE_WORDS];
	size_t n_features;
	struct kmd_diag *diag;
	bool hurried;  /* not all of memory was searched for texts, and may be ... */
	bool thorough; /* ... since what was found is not enough */
};

static inline void kmd_evidence_add(struct kmd_evidence *evidence, unsigned int key, uint64_t value,
				    const char *source, unsigned int weight)
{
	kmd_candidates_add(&evidence->candidates, key, value, source, weight);
}

/* A little-endian variable of @size bytes in the captured image. */
static inline bool kmd_evidence_variable(const struct kmd_evidence *evidence, const char *symbol,
					 size_t size, uint64_t *value)
{
	return kmd_image_reader_variable(&evidence->reader, symbol, size, value);
}

/* If the build does not have @variable, the value is a constant of it. */
static inline void kmd_evidence_constant(struct kmd_evidence *evidence, const char *variable,
					 enum kmd_runtime_key key, uint64_t value)
{
	uint64_t link;

	if (!kmd_vmlinux_symbol(evidence->vmlinux, variable, &link))
		kmd_evidence_add(evidence, key, value, "vmlinux", KMD_WEIGHT_PLAIN);
}

#endif
