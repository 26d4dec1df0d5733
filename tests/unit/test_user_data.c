/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Which text looks like user data: brackets stand round what must be found. */
#include "kit.h"

#include "target/user_data.h"

#include <stdlib.h>
#include <string.h>

static const char *const texts[] = {
	"mail to [bob.builder+x@example.com], please",
	"built by debian-kernel at lists",
	"Linux version 6.1.0 (debian-kernel@lists.debian.org) (gcc)",
	"Started getty@tty1.service and user@1000.service.",
	"memcpy@plt  a@b  @example.com",
	"IP-Config: addr: [192.168.2.17] gw: [10.0.0.1]:53",
	"lo 127.0.0.1 any 0.0.0.0 all 255.255.255.0",
	"version 6.1.0.4.5, v1.2.3.4, 1.2.3.400, 1.2.3, 01.2.3.4",
	"eth0: [00:1b:44:11:3a:b7] link up, ffffffff ff:ff:ff:ff:ff:ff",
	"wwn [50-06-01-60-3b-a0-11-22], time 12:34:56, 00:00:00:00:00:00",
	"pci 0000:00:1f.2 at ff:1f.7 0000:00:02.0",
	"addr [2001:db8:0:0:0:0:0:17]/64 and [fe80::21b:44ff:fe11:3ab7]%eth0",
	"std::bad add::bee f::a ::1",
	"root=UUID=[0f226fb2-e390-4bb2-be51-da864b7833c9] ro",
	"not 0f226fb2-e390-4bb2-be51-da864b7833c91 nor 0f226fb2-e390",
	"exe /home/[bob/.config/x] (deleted), \"/root/[a] b",
	"lib /usr/home/x /usr/lib/y",
	"androidboot.serialno=[A1B2C3D4] quiet",
	"console=ttyS0 root=/dev/sda1 key=7",
	"DB_PASSWORD=[hunter2] token=%d passwd=%s",
	"wpa_passphrase=\"[my secret phrase]\" x",
	"USER=[bob] HOME=/home/[bob] LANG=C",
	"usb 1-1: SerialNumber: [0123ABC]",
	"serial number: 0x%04x in a format",
	"Serial: 8250/16550 driver, 4 ports",
	"host [kmdlab] up, kmdlabel is not, [kmdlab].",
	"ssh-ed25519 [AAAAC3Nza bob@host]\nnext",
	"-----BEGIN PRIVATE KEY-----\n[MIIabc\ndef\n]-----END PRIVATE KEY-----\n",
	"a@b.c",
};

START_TEST(finds_what_is_marked)
{
	const char *marked = texts[_i];
	char text[512], got[512];
	struct kmd_user_search search = { .text = (unsigned char *)text, .host = "kmdlab" };
	struct kmd_user_span span;
	size_t n = 0, out = 0, from = 0;

	for (const char *c = marked; *c; c++)
		if (*c != '[' && *c != ']')
			text[n++] = *c;
	search.length = n;
	while (kmd_user_data_next(&search, &span)) {
		memcpy(got + out, text + from, span.start - from);
		out += span.start - from;
		got[out++] = '[';
		memcpy(got + out, text + span.start, span.end - span.start);
		out += span.end - span.start;
		got[out++] = ']';
		ck_assert_uint_gt(span.end, from);
		from = span.end;
	}
	memcpy(got + out, text + from, n - from);
	got[out + n - from] = '\0';
	ck_assert_str_eq(got, marked);
}
END_TEST

/* Every cut, and every start: no read outside, no loop. */
START_TEST(any_piece)
{
	struct kmd_user_span span;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (size_t start = 0; start < strlen(texts[i]); start++)
			for (size_t end = start; end <= strlen(texts[i]); end++) {
				unsigned char *copy = malloc(end - start + 1);
				struct kmd_user_search search = { .length = end - start,
								  .host = "x" };
				size_t from = 0;

				memcpy(copy, texts[i] + start, end - start);
				copy = realloc(copy, end - start ? end - start : 1);
				search.text = copy;
				while (kmd_user_data_next(&search, &span)) {
					ck_assert_uint_le(span.end, end - start);
					ck_assert_uint_gt(span.end, from);
					from = span.end;
				}
				free(copy);
			}
}
END_TEST

/* Long text of one kind takes time in proportion to its length: not minutes. */
START_TEST(long_text)
{
	static const char *const parts[] = { "ssh-",      "-----BEGIN ", "ab@c.de ", "pwd=\"",
					     "10.1.2.3 ", "psk='",       "::1 ",     "/home/a " };
	const char *part = parts[_i];
	size_t length = 1u << 20, size = strlen(part);
	unsigned char *text = malloc(length);
	struct kmd_user_search search = { .text = text, .length = length, .host = "kmdlab" };
	struct kmd_user_span span;

	for (size_t i = 0; i < length; i++)
		text[i] = (unsigned char)part[i % size];
	for (size_t from = 0; kmd_user_data_next(&search, &span); from = span.end) {
		ck_assert_uint_ge(span.start, from);
		ck_assert_uint_le(span.end, length);
		ck_assert_uint_le(span.end - span.start, KMD_USER_DATA_MAX);
	}
	free(text);
}
END_TEST

int main(void)
{
	TCase *tcase = kit_tcase();

	tcase_add_loop_test(tcase, finds_what_is_marked, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_test(tcase, any_piece);
	tcase_add_loop_test(tcase, long_text, 0, 8);
	return kit_run("user_data", tcase);
}
