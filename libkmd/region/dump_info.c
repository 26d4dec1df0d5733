/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * dump_info.c - dump_info.txt, as QPST and PCAT write it beside the files:
 *
 *	<preference> 0x<address> <size, decimal> <description> <file>
 *
 * The description may hold blanks; collectors that pad it put tabs between the
 * fields, and then the file name may hold blanks as well.  Some host tools print
 * a heading ("pref base length region file name"), a ruler and blank lines.
 */
#include "region/claim.h"

#include "base/text.h"
#include "region/text_table.h"

#include <string.h>

static bool named_dump_info(const char *name)
{
	return kmd_text_has_prefix(name, "dump_info") && kmd_text_has_suffix(name, ".txt");
}

static bool is_hex(struct kmd_field field)
{
	return field.length > 2 && field.text[0] == '0' && (field.text[1] | 0x20) == 'x';
}

/* What follows the third field's last tab, or else the last field. */
static struct kmd_field last_field(struct kmd_line *rest)
{
	const char *tab = memrchr(rest->text, '\t', rest->length);
	struct kmd_field field = { rest->text, rest->length }, next;

	if (tab && tab > rest->text) {
		field.length = (size_t)(rest->text + rest->length - (tab + 1));
		field.text = tab + 1;
		while (field.length && field.text[0] == ' ') {
			field.text++;
			field.length--;
		}
		return field;
	}
	while (kmd_line_field(rest, &next))
		field = next;
	return field;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool has_control_character(const struct kmd_line *line)
{
	for (size_t i = 0; i < line->length; i++)
		if (((unsigned char)line->text[i] < 0x20 && line->text[i] != '\t') ||
		    line->text[i] == 0x7f)
			return true;
	return false;
}

static bool is_bin_file(struct kmd_field field)
{
	return field.length >= 4 && kmd_text_has_prefix(field.text + field.length - 4, ".bin");
}

/*
 * Words that a tool prints above or below the table.  A row, even a damaged one, has
 * a number with 0x, two numbers in its first three fields, or the name of a .BIN file.
 */
static bool is_heading(const struct kmd_line *whole)
{
	struct kmd_line line = *whole;
	struct kmd_field field;
	size_t numbers = 0;

	if (has_control_character(whole) || (whole->cut && is_digit(whole->text[0])))
		return false;
	for (size_t i = 0; kmd_line_field(&line, &field); i++) {
		if (is_hex(field) || is_bin_file(field))
			return false;
		numbers += i < 3 && field.length && is_digit(field.text[0]);
	}
	return numbers < 2;
}

static enum kmd_line_kind parse_dump_info(const struct kmd_line *whole, struct kmd_text_row *row)
{
	struct kmd_field preference, address, size;
	struct kmd_line line = *whole;
	uint64_t ignored;

	if (kmd_line_is_empty(whole) || is_heading(whole))
		return KMD_LINE_OTHER;
	if (!kmd_line_field(&line, &preference) || !kmd_line_field(&line, &address) ||
	    !kmd_line_field(&line, &size) || !line.length)
		return KMD_LINE_BAD;
	/* Sizes are padded with zeroes, and yet not octal. */
	if (!kmd_text_u64(preference.text, preference.length, 10, &ignored) ||
	    !kmd_text_u64(address.text, address.length, 16, &row->phys) ||
	    !kmd_text_u64(size.text, size.length, is_hex(size) ? 16 : 10, &row->size))
		return KMD_LINE_BAD;
	row->has_size = true;
	row->whole = true;
	row->file = kmd_field_base_name(last_field(&line));
	return row->file.length ? KMD_LINE_ROW : KMD_LINE_BAD;
}

static const struct kmd_text_table dump_info = {
	.what = "dump_info.txt",
	.origin = KMD_FROM_DUMP_INFO,
	.named = named_dump_info,
	.parse = parse_dump_info,
};

bool kmd_is_dump_info(const struct kmd_blob *blob, struct kmd_diag *diag)
{
	return kmd_text_table_is(&dump_info, blob, diag);
}

static enum kmd_status read_dump_info(const struct kmd_image *image, struct kmd_diag *diag,
				      struct kmd_claims *claims)
{
	return kmd_text_table_read(&dump_info, image, diag, claims);
}

const struct kmd_claim_reader kmd_claims_dump_info = {
	.origin = KMD_FROM_DUMP_INFO,
	.read = read_dump_info,
};
