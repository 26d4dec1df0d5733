/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * libdebuginfod is loaded at need: it brings a whole HTTP client, which few runs use.
 * It is never unloaded, since that client has state of its own.
 */
#include "elf/debuginfod.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY "libdebuginfod.so.1"

struct debuginfod_client;

typedef int find_fn(struct debuginfod_client *, const unsigned char *build_id, int length,
		    char **path);

struct library {
	void *handle;
	struct debuginfod_client *(*begin)(void);
	void (*end)(struct debuginfod_client *);
	find_fn *debuginfo, *executable;
};

static bool load(struct library *library)
{
	library->handle = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL | RTLD_NODELETE);
	if (!library->handle)
		return false;
	*(void **)&library->begin = dlsym(library->handle, "debuginfod_begin");
	*(void **)&library->end = dlsym(library->handle, "debuginfod_end");
	*(void **)&library->debuginfo = dlsym(library->handle, "debuginfod_find_debuginfo");
	*(void **)&library->executable = dlsym(library->handle, "debuginfod_find_executable");
	return library->begin && library->end && library->debuginfo && library->executable;
}

static int find(const struct library *library, const char *build_id, enum kmd_debuginfod_kind kind,
		char **path)
{
	find_fn *run_sources =
		kind == KMD_DEBUGINFOD_DEBUG ? library->debuginfo : library->executable;
	struct debuginfod_client *client = library->begin();
	int fd;

	if (!client)
		return -ENOMEM;
	/* A length of 0 means that the build-id is hexadecimal text. */
	fd = run_sources(client, (const unsigned char *)build_id, 0, path);
	library->end(client);
	if (fd >= 0)
		close(fd);
	return fd;
}

enum kmd_status kmd_debuginfod_find(const char *build_id, enum kmd_debuginfod_kind kind,
				    struct kmd_diag *diag, char **path)
{
	struct library library = { 0 };
	enum kmd_status status = KMD_OK;
	int found;

	*path = NULL;
	if (!load(&library)) {
		status = kmd_report(diag, KMD_FIND_KERNEL, KMD_NOTE, kmd_in(LIBRARY),
				    "cannot be loaded: debuginfod is not used");
	} else {
		found = find(&library, build_id, kind, path);
		/* ENOSYS: no server is named. */
		if (found < 0 && found != -ENOSYS)
			status = kmd_report(diag, KMD_FIND_KERNEL, KMD_NOTE, kmd_in("debuginfod"),
					    "no %s of build-id %s (error %d)",
					    kind == KMD_DEBUGINFOD_DEBUG ? "debug information"
									 : "executable",
					    build_id, -found);
	}
	if (library.handle)
		dlclose(library.handle);
	return status;
}
