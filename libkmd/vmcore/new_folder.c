/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "vmcore/new_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum kmd_status fail(const char *path, int error, struct kmd_diag *diag)
{
	return kmd_fail_errno(diag, kmd_in(path), "cannot write", error);
}

enum kmd_status kmd_new_folder_make(const char *path, char **temporary, int *fd,
				    struct kmd_diag *diag)
{
	size_t length = strlen(path);

	*fd = -1;
	while (length > 1 && path[length - 1] == '/')
		length--;
	if (asprintf(temporary, "%.*s.XXXXXX", (int)length, path) < 0) {
		*temporary = NULL;
		return kmd_fail_memory(diag);
	}
	if (!mkdtemp(*temporary)) {
		int error = errno;

		free(*temporary);
		*temporary = NULL;
		return fail(path, error, diag);
	}
	*fd = open(*temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ? fail(path, errno, diag) : KMD_OK;
}
