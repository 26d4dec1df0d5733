# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Builds the shim as for a kernel that lacks an option.

The headers are those of a release, without the option and without the symbols that are
exported only with it.  This shows whether the shim compiles and links, not whether it
works on such a kernel.  Options that also change other headers, such as SPARSEMEM, cannot
be tested in this way.
"""
import pathlib
import re
import shutil
import sys
import tempfile

import build
import kernels

# The options that depend on the option, and the symbols that are exported only with it.
OPTIONS = {
    'TRACEPOINTS': ('TRACING EVENT_TRACING', r'tracepoint'),
    'KPROBES': ('KRETPROBES KPROBE_EVENTS OPTPROBES KPROBES_ON_FTRACE RETHOOK '
                'KRETPROBE_ON_RETHOOK', r'kprobe'),
    'KALLSYMS': ('KALLSYMS_ALL', r'sprint_symbol|kallsyms'),
    'KALLSYMS_ALL': ('', r'^$'),
    'DEBUG_FS': ('', r'debugfs'),
    'MODULE_UNLOAD': ('MODULE_FORCE_UNLOAD', r'^(__)?module_(put|refcount)|try_module_get'),
    'VMAP_STACK': ('', r'^$'),
    'CRASH_CORE': ('KEXEC KEXEC_CORE KEXEC_FILE CRASH_DUMP PROC_VMCORE VMCORE_INFO',
                   r'vmcoreinfo|crash_notes|kexec'),
    'HOTPLUG_CPU': ('', r'^$'),
    'SMP': ('HOTPLUG_CPU', r'^$'),
    'OF': ('OF_ADDRESS OF_RESERVED_MEM', r'^of_'),
    'UNWINDER_ORC': ('', r'^$'),
}


def without_lines(path, unwanted):
    lines = path.read_text(encoding='utf-8').splitlines(keepends=True)
    path.write_text(''.join(line for line in lines if not unwanted(line)), encoding='utf-8')


def headers_without(kernel, option, where):
    """A copy of the headers of the kernel, in the same folder because of relative links."""
    also, exported = OPTIONS[option]
    names = '|'.join([option, *also.split()])
    source = kernel.build_root.folder / f'usr/src/linux-headers-{kernel.version}'
    shutil.copytree(source, where, symlinks=True)
    defined = re.compile(rf'#define CONFIG_({names})(_MODULE)? |CONFIG_({names})=')
    for name in ('include/generated/autoconf.h', 'include/config/auto.conf', '.config'):
        without_lines(where / name, defined.match)
    without_lines(where / 'Module.symvers',
                  lambda line: re.search(exported, line.split('\t')[1]))


def build_without(kernel, option):
    """The complaints in the output of make."""
    headers = pathlib.Path(tempfile.mkdtemp(prefix='kmd-option-',
                                            dir=kernel.build_root.folder / 'usr/src'))
    try:
        headers_without(kernel, option, headers / 'tree')
        (headers / 'tree').rename(headers.with_suffix('.tree'))
        with tempfile.TemporaryDirectory(prefix='kmd-build-') as where:
            where = pathlib.Path(where)
            build.copy_sources(where)
            done = kernel.build_root.run(
                ['make', '-C', f'/usr/src/{headers.name}.tree', f'M={where}/shim', 'modules'],
                [where])
    finally:
        shutil.rmtree(headers)
        shutil.rmtree(headers.with_suffix('.tree'), ignore_errors=True)
    output = (done.stdout + done.stderr).decode(errors='replace')
    bad = [line for line in build.warnings(output) if '/include/linux/' not in line]
    return bad or ([output[-2000:]] if done.returncode else [])


def main():
    kernel = kernels.kernel(sys.argv[1])
    failed = False
    for option in sys.argv[2:] or OPTIONS:
        bad = build_without(kernel, option)
        print(f'without {option}: {"builds" if not bad else "FAILED"}', *bad[:5], sep='\n  ',
              flush=True)
        failed |= bool(bad)
    sys.exit(failed)


if __name__ == '__main__':
    main()
