/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* avml.h - AVML's compressed dumps (version 2). */
#ifndef KMD_SOURCE_PACKING_AVML_H
#define KMD_SOURCE_PACKING_AVML_H

#include "source/packing/sink.h"

/* False without libsnappy. */
bool kmd_avml_supported(void);

/* Unpack to a LiME dump.  Damage is a finding if something could be unpacked. */
enum kmd_status kmd_avml_unpack(const struct kmd_source *source,
				const struct kmd_input_options *options, struct kmd_diag *diag,
				struct kmd_unpack_target *target);

#endif
