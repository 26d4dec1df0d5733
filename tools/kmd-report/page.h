/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* page.h - page.css and page.js as bytes, which embed.py makes when the program is built. */
#ifndef KMD_REPORT_PAGE_H
#define KMD_REPORT_PAGE_H

#include <stddef.h>

struct page_file {
	const char *bytes;
	size_t size;
	const char *hash; /* by which a Content-Security-Policy names it */
};

extern const struct page_file page_css, page_js;

#endif
