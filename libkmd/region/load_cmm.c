/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * load.cmm - the Trace32 script that boot firmware writes into the dump and
 * collectors beside it:
 *
 *	d.load.binary <file> <address> [/options]
 *
 * Other commands are none of our business.  In a raw dump it is the better
 * source of addresses: the section table leaves some of them 0.
 */
#include "region/claim.h"

#include "base/text.h"
#include "region/text_table.h"

#include <string.h>

static bool named_load_cmm(const char *name)
{
	return kmd_text_has_suffix(name, ".cmm");
}

static bool field_is(struct kmd_field field, const char *word)
{
	return field.length == strlen(word) && kmd_text_has_prefix(field.text, word);
}

static bool is_load_binary(struct kmd_field command)
{
	static const char *const forms[] = { "d.load.binary", "data.load.binary", "d.load.b",
					     "data.load.b",   "d.load.bin",       "data.load.bin" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (field_is(command, forms[i]))
			return true;
	return false;
}

/* "0x1000", "1000", "A:0x1000", "EAN:0x1000--0x1fff": the number behind the memory class. */
static bool parse_address(struct kmd_field field, uint64_t *address)
{
	const char *colon = memrchr(field.text, ':', field.length);
	size_t length = 0;

	if (colon) {
		field.length = (size_t)(field.text + field.length - (colon + 1));
		field.text = colon + 1;
	}
	while (length < field.length && !memchr("-+;/", field.text[length], 4))
		length++;
	return kmd_text_u64(field.text, length, 16, address);
}

static enum kmd_line_kind parse_load_cmm(const struct kmd_line *whole, struct kmd_text_row *row)
{
	struct kmd_field command, file, address;
	struct kmd_line line = *whole;

	if (!kmd_line_field(&line, &command) || !is_load_binary(command))
		return KMD_LINE_OTHER;
	if (!kmd_line_field(&line, &file) || !kmd_line_field(&line, &address) ||
	    !parse_address(address, &row->phys))
		return KMD_LINE_BAD;
	row->whole = line.length > 0;
	row->file = kmd_field_base_name(file);
	return row->file.length ? KMD_LINE_ROW : KMD_LINE_BAD;
}

static const struct kmd_text_table load_cmm = {
	.what = "load.cmm",
	.origin = KMD_FROM_LOAD_CMM,
	.named = named_load_cmm,
	.parse = parse_load_cmm,
};

bool kmd_is_load_cmm(const struct kmd_blob *blob, struct kmd_diag *diag)
{
	return kmd_text_table_is(&load_cmm, blob, diag);
}

static enum kmd_status read_load_cmm(const struct kmd_image *image, struct kmd_diag *diag,
				     struct kmd_claims *claims)
{
	return kmd_text_table_read(&load_cmm, image, diag, claims);
}

const struct kmd_claim_reader kmd_claims_load_cmm = {
	.origin = KMD_FROM_LOAD_CMM,
	.read = read_load_cmm,
};
