// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The ELF header region: a core file's header that describes all regions in
 * firmware's table, as the meminspect series writes it, but for the number of
 * program headers, which follows the table.
 *
 *	ELF header, PT_NOTE, PT_LOAD..., slack up to the size of a VMCOREINFO text
 *	at p_offset of PT_NOTE: NT_PRSTATUS, NT_PRPSINFO, header of VMCOREINFO
 *
 * The text itself is a region of its own.  The file that results from putting
 * header, text and regions behind each other, in the order of p_offset, is a
 * core, so p_offset is the running sum of the sizes, each rounded up to 4 bytes.
 *
 * A region that goes away therefore moves all that lie behind it.  That takes
 * time in proportion to the table, so kmd_kelf_settle() does it in steps, between
 * which interrupts are on.  Only p_offset lags meanwhile, which nobody needs who
 * finds regions by address, as kmd-assemble does, but for cores made by hand.
 */
#include <linux/elf.h>
#include <linux/elfcore.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "internal.h"

#define CORE_NAME	"CORE"
#define INFO_NAME	"VMCOREINFO"
#define SETTLE_STEP	256U

struct kmd_kelf {
	struct elfhdr *ehdr;
	struct elf_phdr *loads;		/* behind PT_NOTE */
	size_t size;
	size_t first_offset;		/* of the first region in the file */
	unsigned int nr;		/* of @loads in use */
	unsigned int settled;		/* of these have their place in the file */
	int *load_of;			/* slot to index, or -1 */
	unsigned int *slot_of;		/* index to slot */
};

static size_t note_size(const char *name, size_t desc)
{
	return sizeof(struct elf_note) + ALIGN(strlen(name) + 1, 4) +
	       ALIGN(desc, 4);
}

/* Where the notes begin; the odd sum is the series' own. */
static size_t notes_offset(unsigned int max_regions, size_t text)
{
	return ALIGN(sizeof(struct elfhdr) + sizeof(struct elf_prstatus) +
		     sizeof(struct elf_prpsinfo) + sizeof(INFO_NAME) + text +
		     (max_regions + 1) * sizeof(struct elf_phdr), 4);
}

static void *put_note(void *at, const char *name, u32 type, size_t desc)
{
	struct elf_note *note = at;

	note->n_namesz = strlen(name) + 1;
	note->n_descsz = desc;
	note->n_type = type;
	memcpy(note + 1, name, note->n_namesz);
	return (void *)(note + 1) + ALIGN(note->n_namesz, 4);
}

static void fill_notes(void *at, size_t text)
{
	struct elf_prpsinfo *info;

	at = put_note(at, CORE_NAME, NT_PRSTATUS, sizeof(struct elf_prstatus));
	at += ALIGN(sizeof(struct elf_prstatus), 4);
	info = put_note(at, CORE_NAME, NT_PRPSINFO, sizeof(*info));
	info->pr_sname = 'R';
	strscpy(info->pr_fname, "vmlinux", sizeof(info->pr_fname));
	at = (void *)info + ALIGN(sizeof(*info), 4);
	put_note(at, INFO_NAME, 0, text);
}

static void fill_header(struct kmd_kelf *kelf, size_t notes, size_t notes_len)
{
	struct elfhdr *ehdr = kelf->ehdr;
	struct elf_phdr *note = (void *)(ehdr + 1);

	memcpy(ehdr->e_ident, ELFMAG, SELFMAG);
	ehdr->e_ident[EI_CLASS] = ELF_CLASS;
	ehdr->e_ident[EI_DATA] = ELF_DATA;
	ehdr->e_ident[EI_VERSION] = EV_CURRENT;
	ehdr->e_type = ET_CORE;
	ehdr->e_machine = ELF_ARCH;
	ehdr->e_version = EV_CURRENT;
	ehdr->e_phoff = sizeof(*ehdr);
	ehdr->e_ehsize = sizeof(*ehdr);
	ehdr->e_phentsize = sizeof(*note);
	ehdr->e_phnum = 1;
	note->p_type = PT_NOTE;
	note->p_offset = notes;
	note->p_filesz = notes_len;
	kelf->loads = note + 1;
}

static bool alloc_arrays(struct kmd_kelf *kelf, unsigned int max_regions)
{
	unsigned int i;

	kelf->load_of = kvmalloc_array(max_regions, sizeof(*kelf->load_of),
				       GFP_KERNEL);
	kelf->slot_of = kvcalloc(max_regions, sizeof(*kelf->slot_of),
				 GFP_KERNEL);
	if (!kelf->load_of || !kelf->slot_of)
		return false;
	for (i = 0; i < max_regions; i++)
		kelf->load_of[i] = -1;
	return true;
}

struct kmd_kelf *kmd_kelf_alloc(unsigned int max_regions)
{
	size_t text = ALIGN(kmd_vmcoreinfo_size(), 4);
	size_t notes = notes_offset(max_regions, text);
	size_t notes_len = note_size(CORE_NAME, sizeof(struct elf_prstatus)) +
			   note_size(CORE_NAME, sizeof(struct elf_prpsinfo)) +
			   note_size(INFO_NAME, text);
	struct kmd_kelf *kelf;

	kelf = kzalloc(sizeof(*kelf), GFP_KERNEL);
	if (!kelf)
		return NULL;
	kelf->size = notes + notes_len - text;
	kelf->first_offset = notes + notes_len;
	kelf->ehdr = alloc_pages_exact(kelf->size, GFP_KERNEL | __GFP_ZERO);
	if (!kelf->ehdr || !alloc_arrays(kelf, max_regions)) {
		kmd_kelf_free(kelf);
		return NULL;
	}
	fill_header(kelf, notes, notes_len);
	fill_notes((void *)kelf->ehdr + notes, text);
	return kelf;
}

void kmd_kelf_free(struct kmd_kelf *kelf)
{
	if (!kelf)
		return;
	if (kelf->ehdr)
		free_pages_exact(kelf->ehdr, kelf->size);
	kvfree(kelf->load_of);
	kvfree(kelf->slot_of);
	kfree(kelf);
}

phys_addr_t kmd_kelf_pa(const struct kmd_kelf *kelf)
{
	return virt_to_phys(kelf->ehdr);
}

unsigned long kmd_kelf_va(const struct kmd_kelf *kelf)
{
	return (unsigned long)kelf->ehdr;
}

size_t kmd_kelf_size(const struct kmd_kelf *kelf)
{
	return kelf->size;
}

/* The header and the text stand in front of the regions in the file. */
static bool is_front(const struct kmd_kelf *kelf,
		     const struct kmemdump_region *r)
{
	return r->pa == kmd_kelf_pa(kelf) ||
	       (kmd_vmcoreinfo_size() && r->pa == kmd_vmcoreinfo_pa());
}

static size_t place_behind(const struct kmd_kelf *kelf, unsigned int index)
{
	const struct elf_phdr *before;

	if (!index)
		return kelf->first_offset;
	before = &kelf->loads[index - 1];
	return before->p_offset + before->p_filesz;
}

/* Give some more loads their place; true if there are others left. */
bool kmd_kelf_settle(struct kmd_kelf *kelf)
{
	unsigned int end = min(kelf->nr, kelf->settled + SETTLE_STEP);
	unsigned int i;

	for (i = kelf->settled; i < end; i++)
		kelf->loads[i].p_offset = place_behind(kelf, i);
	kelf->settled = end;
	return end < kelf->nr;
}

/* An entry counts from the moment that e_phnum covers it. */
static void publish(struct kmd_kelf *kelf)
{
	smp_wmb(); /* firmware stops the CPUs at any store */
	WRITE_ONCE(kelf->ehdr->e_phnum, kelf->nr + 1);
}

void kmd_kelf_add(struct kmd_kelf *kelf, unsigned int slot,
		  const struct kmemdump_region *r)
{
	struct elf_phdr *load;

	if (is_front(kelf, r))
		return;
	load = &kelf->loads[kelf->nr];
	load->p_type = PT_LOAD;
	load->p_flags = PF_R | PF_W;
	load->p_vaddr = r->va;
	load->p_paddr = r->pa;
	load->p_filesz = ALIGN(r->size, 4);
	load->p_memsz = load->p_filesz;
	kelf->load_of[slot] = kelf->nr;
	kelf->slot_of[kelf->nr] = slot;
	load->p_offset = place_behind(kelf, kelf->nr);
	if (kelf->settled == kelf->nr)
		kelf->settled++;
	kelf->nr++;
	publish(kelf);
}

void kmd_kelf_del(struct kmd_kelf *kelf, unsigned int slot)
{
	int hole = kelf->load_of[slot];

	if (hole < 0)
		return;
	kelf->load_of[slot] = -1;
	kelf->nr--;
	publish(kelf);
	if (hole != kelf->nr) {
		kelf->loads[hole] = kelf->loads[kelf->nr];
		kelf->slot_of[hole] = kelf->slot_of[kelf->nr];
		kelf->load_of[kelf->slot_of[hole]] = hole;
	}
	kelf->settled = min_t(unsigned int, kelf->settled, hole);
	memset(&kelf->loads[kelf->nr], 0, sizeof(kelf->loads[0]));
}
