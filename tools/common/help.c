/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "help.h"

#include "input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Each form of the input, with what is special about it. */
static const char help_inputs[] =
	"Forms of the input, recognised by content, not by name:\n"
	"  partition image    begins with Raw_Dmp!; may be longer than the dump\n"
	"  folder             md_*.BIN files with dump_info.txt or load.cmm, or with the KELF\n"
	"                     region; or a folder with one dump among other files, such as\n"
	"                     those of crash collectors; or one such folder below\n"
	"  cat                one file made of the region files, such as qdl's minidump.elf\n"
	"  RAM image          with an SMEM area (all of it with --all-memory); or without: its\n"
	"                     address from FILE@ADDR, --ram-base, dump_info.txt or the kernel\n"
	"                     in it\n"
	"                     with Rockchip's table: --rockchip=ADDR\n"
	"  DDRCS*.BIN         several images of one RAM, with dump_info.txt or as FILE@ADDR,...\n"
	"  0xADDR-0xEND.bin   images of RAM named by their addresses, if the length agrees\n"
	"  sysdump.core.NN    of Unisoc: give the folder or archive\n"
	"  LiME, AVML         dumps of all RAM with addresses; LiME's zlib too\n"
	"  Xen core           of xl dump-core\n"
	"  kdump-compressed   by makedumpfile or QEMU\n"
	"  ramoops            an area of pstore: its logs (--dmesg, --extract); no core\n"
	"  ELF core           of this command, qdl, QEMU, remoteproc, mrdump_mini;\n"
	"                     /proc/vmcore, /proc/kcore\n"
	"Several INPUTs are files of one dump, as if they lay in one folder.\n"
	"\n"
	"Around each of these:\n"
	"  compressed         gzip, xz, lzma, lzip, bzip2, lz4, zstd, compress (.Z); files\n"
	"                     of a folder one by one, too\n"
	"  archive            tar, zip, 7z, rar, cpio, ISO, ar, cab, lha; also a\n"
	"                     self-extracting zip, 7z or rar; ARCHIVE:PATH is a file or\n"
	"                     folder inside\n"
	"  whole disk         with a GPT or MBR; DISK:NAME is a partition (by default the dump)\n"
	"  split file         FILE.00, FILE.aa, FILE_0, FILE.001: give the first part;\n"
	"                     FILE.z01 ... FILE.zip: give the first or the last\n"
	"  flattened          by makedumpfile -F\n"
	"  Android sparse     whole, or sparse chunks: give the first\n"
	"  -                  any single file on standard input, also through a pipe\n";

static const char *line_after(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}

/* A line that begins a topic: "Output:", or "Exit codes: ...". */
static bool is_title(const char *line)
{
	size_t length = strcspn(line, " :\n");

	return length && strncmp(line, "Usage", 5) != 0 &&
	       (line[length] == ':' || !strncmp(line + length, " codes:", 7));
}

/* The topic is the first word of the title. */
static bool has_title(const char *line, const char *topic)
{
	size_t length = strlen(topic);

	return is_title(line) && !strncasecmp(line, topic, length) &&
	       (line[length] == ':' || line[length] == ' ');
}

static bool print_topic(const char *text, const char *topic)
{
	const char *line = text;

	while (*line && !has_title(line, topic))
		line = line_after(line);
	if (!*line || !*topic)
		return false;
	for (; *line && *line != '\n'; line = line_after(line))
		printf("%.*s", (int)(line_after(line) - line), line);
	return true;
}

static void list_topics(const char *text, bool has_inputs)
{
	const char *comma = has_inputs ? ", " : "";

	fputs(has_inputs ? "inputs" : "", stderr);
	for (const char *line = text; *line; line = line_after(line))
		if (is_title(line)) {
			size_t length = strcspn(line, ": ");

			fprintf(stderr, "%s%c%.*s", comma, *line - 'A' + 'a', (int)length - 1,
				line + 1);
			comma = ", ";
		}
}

bool help_print(const char *text, const char *topic)
{
	char *whole = NULL;
	/* A tool that opens dumps. */
	bool has_inputs = strstr(text, "%s"), found = true;

	if (has_inputs && topic && !strcmp(topic, "inputs")) {
		fputs(help_inputs, stdout);
		return true;
	}
	if (asprintf(&whole, text, input_help) < 0)
		return false;
	if (!topic) {
		fputs(whole, stdout);
	} else if (!print_topic(whole, topic)) {
		fprintf(stderr, "%s: --help: there is no topic '%s'; topics are ", program_name,
			topic);
		list_topics(whole, has_inputs);
		fputc('\n', stderr);
		found = false;
	}
	free(whole);
	return found;
}

void version_print(void)
{
	printf("%s %s\n", program_name, kmd_version());
	printf("features %s\n", kmd_features());
	puts("licence  BSD-2-Clause OR GPL-2.0-only");
}
