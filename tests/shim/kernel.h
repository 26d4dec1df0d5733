/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* kernel.h - what copy.c and found.c need of the kernel, for a program. */
#ifndef TEST_KERNEL_H
#define TEST_KERNEL_H

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <kmemdump/minidump.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef uint16_t __le16;
typedef uint32_t __le32;
typedef uint64_t __le64;
typedef uint64_t phys_addr_t;
typedef int64_t ktime_t;
typedef struct {
	int n;
} atomic_t;

#define __packed __attribute__((packed))
#define __percpu
#define EXPORT_SYMBOL_GPL(x)
#define KBUILD_MODNAME    "test"
#define cpu_to_le16(x)    ((__le16)(x))
#define cpu_to_le32(x)    ((__le32)(x))
#define cpu_to_le64(x)    ((__le64)(x))
#define le32_to_cpu(x)    ((u32)(x))
#define le64_to_cpu(x)    ((u64)(x))
#define le32_to_cpup(x)   (*(x))
#define lower_32_bits(x)  ((u32)(x))
#define READ_ONCE(x)      (x)
#define WRITE_ONCE(x, to) ((x) = (to))
#define min(a, b)         ((a) < (b) ? (a) : (b))
#define min_t(t, a, b)    ((t)(a) < (t)(b) ? (t)(a) : (t)(b))
#define max_t(t, a, b)    ((t)(a) > (t)(b) ? (t)(a) : (t)(b))
/* clang-format off */
#define ALIGN(x, to)      (((x) + (to)-1) / (to) * (to))
#define IS_ALIGNED(x, to) ((x) % (to) == 0)
#define ARRAY_SIZE(a)     (sizeof(a) / sizeof((a)[0]))
#define SZ_4K             4096
#define NSEC_PER_SEC      1000000000
#define ATOMIC_INIT(x)                                                                             \
	{                                                                                          \
		x                                                                                  \
	}
#define DEFINE_MUTEX(x) int x
#define mutex_lock(x)   ((void)(x))
#define mutex_unlock(x) ((void)(x))
#define cond_resched()  ((void)0)
#define GFP_KERNEL      0
#define NOTIFY_DONE     0
/* clang-format on */

static inline u64 div_u64(u64 value, u32 by)
{
	return value / by;
}

static inline int atomic_xchg(atomic_t *a, int to)
{
	int was = a->n;

	a->n = to;
	return was;
}

/* The test's: a reset may come at any of them. */
void wmb(void);
void *__va(u64 pa);
bool virt_addr_valid(const void *va);
int copy_from_kernel_nofault(void *to, const void *from, size_t size);
__attribute__((format(printf, 1, 2))) int printk(const char *format, ...);

#define pr_emerg(...) printk(__VA_ARGS__)
#define pr_warn(...)  printk(__VA_ARGS__)
#define pr_info(...)  printk(__VA_ARGS__)

static inline u64 ktime_get_real_fast_ns(void)
{
	return 1700000000ull * NSEC_PER_SEC;
}

static inline ktime_t ktime_get(void)
{
	return 0;
}

#define ktime_ms_delta(a, b)      ((long long)((a) - (b)))
#define scnprintf                 snprintf
#define strscpy(to, from, size)   snprintf(to, size, "%s", from)
#define kvmalloc(size, gfp)       (no_memory ? NULL : malloc(size))
#define kmalloc(size, gfp)        malloc(size)
#define kvmalloc_array(n, s, gfp) calloc(n, s)
#define kvfree                    free
#define kfree                     free

/* The test's: an allocation fails. */
static bool no_memory;

struct notifier_block {
	int (*notifier_call)(struct notifier_block *nb, unsigned long event, void *data);
	int priority;
};

static struct notifier_block *panic_notifier_list;

static inline int chain(struct notifier_block **list, struct notifier_block *nb)
{
	*list = nb;
	return 0;
}

#define atomic_notifier_chain_register(list, nb)   chain(list, nb)
#define atomic_notifier_chain_unregister(list, nb) chain(list, NULL)

/* sysfs */
struct file;
struct kobject;
struct attribute {
	const char *name;
	unsigned int mode;
};
struct bin_attribute {
	struct attribute attr;
	size_t size;
	ssize_t (*read)(struct file *file, struct kobject *kobj, struct bin_attribute *attr,
			char *to, loff_t at, size_t size);
};
struct kobj_attribute {
	struct attribute attr;
	ssize_t (*show)(struct kobject *kobj, struct kobj_attribute *attr, char *to);
	ssize_t (*store)(struct kobject *kobj, struct kobj_attribute *attr, const char *from,
			 size_t size);
};

#define KMD_BIN_CONST
/* clang-format off */
#define KMD_BIN_READ read
#define __ATTR(name, mode, show, store)                                                            \
	{                                                                                          \
		{ #name, mode }, show, store                                                       \
	}
#define kernel_kobj                  NULL
#define kobject_create_and_add(n, p) ((struct kobject *)1)
#define kobject_put(k)               ((void)(k))
#define sysfs_create_files(k, f)     ((void)(f), 0)
#define sysfs_remove_files(k, f)     ((void)(f))
#define sysfs_bin_attr_init(a)       ((void)(a))
#define sysfs_create_bin_file(k, a)  ((void)(a), 0)
#define sysfs_remove_bin_file(k, a)  ((void)(a))
#define PAGE_SIZE                 4096
/* clang-format on */

static inline int kstrtobool(const char *text, bool *value)
{
	*value = *text == '1';
	return *text == '0' || *text == '1' ? 0 : -EINVAL;
}

/* What linux/kmemdump.h has, as far as needed. */
struct kmemdump_region;
struct kmemdump_backend {
	const char *name;
	unsigned int max_regions;
};
enum { KMEMDUMP_NR_PRIO = 13 };
#define KMEMDUMP_MAX_SLOTS 0xff00

#endif /* TEST_KERNEL_H */
