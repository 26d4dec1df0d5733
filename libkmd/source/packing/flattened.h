/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* flattened.h - dumps that makedumpfile -F wrote into a pipe. */
#ifndef KMD_SOURCE_PACKING_FLATTENED_H
#define KMD_SOURCE_PACKING_FLATTENED_H

#include "source/packing/sink.h"

#define KMD_FLATTENED_MAGIC      "makedumpfile\0\0\0"
#define KMD_FLATTENED_MAGIC_SIZE 16

/* Put the pieces in order.  Damage is a finding if something could be read. */
enum kmd_status kmd_flattened_unpack(const struct kmd_source *source,
				     const struct kmd_input_options *options, struct kmd_diag *diag,
				     struct kmd_unpack_target *target);

#endif
