/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "kernel/runtime.h"

#include "arch/arch.h"
#include "kernel/evidence.h"

#include <stdlib.h>
#include <string.h>

#define WHO_PLACE "place of the image"

static enum kmd_status run_sources(struct kmd_evidence *evidence, kmd_evidence_fn *const *sources,
				   size_t n)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < n; i++) {
		status = sources[i](evidence);
		if (status == KMD_OK && evidence->candidates.no_memory)
			status = kmd_fail_memory(evidence->diag);
	}
	return status;
}

/* What is agreed on so far; the user's word goes first. */
static bool best_value(const struct kmd_evidence *evidence, const struct kmd_runtime_given *given,
		       enum kmd_runtime_key key, uint64_t *value)
{
	if (given && given->has[key]) {
		*value = given->values[key];
		return true;
	}
	return kmd_candidates_best(&evidence->candidates, key, value);
}

static void image_delta_from_value(struct kmd_evidence *evidence,
				   const struct kmd_runtime_given *given)
{
	const struct kmd_arch *arch = evidence->build.arch;
	struct kmd_image_reader *reader = &evidence->reader;
	uint64_t value;

	if (reader->has_image_delta || !reader->has_kaslr || !arch || !arch->has_image_key ||
	    !best_value(evidence, given, arch->image_key, &value))
		return;
	reader->has_image_delta = true;
	reader->image_delta = kmd_arch_image_delta(arch, value) - reader->kaslr;
}

static void find_space(struct kmd_evidence *evidence, const struct kmd_runtime_given *given)
{
	struct kmd_image_reader *reader = &evidence->reader;

	reader->has_image_delta = kmd_candidates_best(
		&evidence->candidates, KMD_RUNTIME_IMAGE_DELTA, &reader->image_delta);
	reader->has_kaslr = best_value(evidence, given, KMD_RUNTIME_KASLR, &reader->kaslr);
	image_delta_from_value(evidence, given);
}

/* KASLR offset and image delta give the distance of the image's map. */
static void derive_map(struct kmd_evidence *evidence)
{
	const struct kmd_arch *arch = evidence->build.arch;
	uint64_t image_delta, kaslr;

	if (arch && arch->has_image_key &&
	    kmd_candidates_best(&evidence->candidates, KMD_RUNTIME_IMAGE_DELTA, &image_delta) &&
	    kmd_candidates_best(&evidence->candidates, KMD_RUNTIME_KASLR, &kaslr))
		kmd_evidence_add(evidence, arch->image_key,
				 kmd_arch_image_delta(arch, image_delta + kaslr), WHO_PLACE,
				 KMD_WEIGHT_PLAIN);
}

static enum kmd_status collect_candidates(struct kmd_evidence *evidence,
					  const struct kmd_runtime_given *given)
{
	static kmd_evidence_fn *const first[] = {
		kmd_evidence_from_vmcoreinfo, kmd_evidence_from_build,   kmd_evidence_from_names,
		kmd_evidence_from_text,       kmd_evidence_from_records, kmd_evidence_from_tables
	};
	static kmd_evidence_fn *const pairs[] = { kmd_evidence_from_pairs };
	static kmd_evidence_fn *const pointers[] = { kmd_evidence_from_pointers,
						     kmd_evidence_from_pairs };
	static kmd_evidence_fn *const variables[] = { kmd_evidence_from_variables };
	enum kmd_status status = run_sources(evidence, first, sizeof(first) / sizeof(first[0]));

	if (status == KMD_OK)
		status = run_sources(evidence, pairs, 1);
	find_space(evidence, given);
	if (status == KMD_OK)
		status = run_sources(evidence, pointers, 2);
	derive_map(evidence);
	find_space(evidence, given);
	if (status == KMD_OK)
		status = run_sources(evidence, variables, 1);
	return status;
}

static enum kmd_status collect_enough(struct kmd_evidence *evidence,
				      const struct kmd_runtime_given *given)
{
	enum kmd_status status = collect_candidates(evidence, given);

	find_space(evidence, given);
	if (status != KMD_OK || !evidence->hurried ||
	    (evidence->reader.has_kaslr && evidence->reader.has_image_delta))
		return status;
	evidence->thorough = true;
	return collect_candidates(evidence, given);
}

static enum kmd_status conclude(const struct kmd_evidence *evidence,
				const struct kmd_runtime_given *given, struct kmd_runtime *runtime)
{
	enum kmd_status status = KMD_OK;

	for (size_t i = 0; status == KMD_OK && i < KMD_N_RUNTIME_KEYS; i++)
		status = kmd_candidates_select(&evidence->candidates, (enum kmd_runtime_key)i,
					       given, evidence->diag, runtime);
	return status;
}

/*
 * VMCOREINFO may lack the key by which it shows a machine.  The ELF header's number is easily
 * damaged: it is taken for a machine on which little follows from it.
 */
static const struct kmd_arch *machine_without_vmlinux(const struct kmd_vmcoreinfo *info,
						      uint16_t machine)
{
	const struct kmd_arch *arch = kmd_arch_by_vmcoreinfo(info);
	const struct kmd_arch *recorded = kmd_arch_by_machine(machine);

	return !arch && info->text && recorded && recorded->no_kaslr ? recorded : arch;
}

enum kmd_status kmd_runtime_resolve(const struct kmd_memory *memory,
				    const struct kmd_vmcoreinfo *info,
				    const struct kmd_vmlinux *vmlinux, uint16_t machine,
				    const struct kmd_runtime_given *given, struct kmd_diag *diag,
				    struct kmd_runtime *runtime)
{
	struct kmd_evidence evidence = {
		.memory = memory, .info = info, .vmlinux = vmlinux, .diag = diag
	};
	const struct kmd_arch *arch = machine_without_vmlinux(info, machine);
	enum kmd_status status;

	memset(runtime, 0, sizeof(*runtime));
	kmd_build_read(vmlinux, &evidence.build);
	if (!vmlinux && arch) {
		evidence.build.machine = arch->machine;
		evidence.build.arch = arch;
	}
	evidence.reader =
		(struct kmd_image_reader){ .memory = memory, .vmlinux = vmlinux, .diag = diag };
	status = collect_enough(&evidence, given);
	if (status == KMD_OK)
		status = conclude(&evidence, given, runtime);
	kmd_candidates_deinit(&evidence.candidates);
	if (status != KMD_OK)
		kmd_runtime_deinit(runtime);
	return status;
}
