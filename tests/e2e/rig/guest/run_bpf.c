// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * Loads a BPF program that calls bpf_get_prandom_u32(), and runs it once.  It is built without a C
 * library, since the guest has none.  The exit code says which step failed.
 */
typedef unsigned int u32;
typedef unsigned long long u64;

#define BPF_PROG_LOAD     5
#define BPF_PROG_TEST_RUN 10
#define SOCKET_FILTER     1

struct insn {
	unsigned char code, regs;
	short off;
	int imm;
};

/* The beginnings of union bpf_attr. */
struct load {
	u32 type, n;
	u64 insns, license;
	u32 log_level, log_size;
	u64 log;
	u32 version, flags;
	char name[16];
};

struct test {
	u32 fd, result, size_in, size_out;
	u64 in, out;
	u32 repeat, duration;
};

#if defined(__x86_64__)
#define SYS_BPF  321
#define SYS_EXIT 60

static long call(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
#define SYS_BPF  280
#define SYS_EXIT 93

static long call(long number, long a, long b, long c)
{
	register long x8 __asm__("x8") = number, x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b, x2 __asm__("x2") = c;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
	return x0;
}
#elif defined(__riscv)
#define SYS_BPF  280
#define SYS_EXIT 93

static long call(long number, long a, long b, long c)
{
	register long a7 __asm__("a7") = number, a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b, a2 __asm__("a2") = c;

	__asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
	return a0;
}
#endif

static struct insn insns[] = {
	{ 0x85, 0, 0, 7 }, /* call bpf_get_prandom_u32 */
	{ 0xb7, 0, 0, 0 }, /* r0 = 0 */
	{ 0x95, 0, 0, 0 }, /* exit */
};
static char packet[64];
static struct load load = { .type = SOCKET_FILTER, .n = 3, .name = "kmdlab_random" };
static struct test test = { .size_in = sizeof(packet), .repeat = 1 };

void _start(void)
{
	long fd, failed;

	load.insns = (u64)(unsigned long)insns;
	load.license = (u64)(unsigned long)"GPL";
	fd = call(SYS_BPF, BPF_PROG_LOAD, (long)&load, sizeof(load));
	test.fd = (u32)fd;
	test.in = (u64)(unsigned long)packet;
	failed = fd < 0 ? -fd : -call(SYS_BPF, BPF_PROG_TEST_RUN, (long)&test, sizeof(test));
	call(SYS_EXIT, failed, 0, 0);
	while (1)
		;
}
