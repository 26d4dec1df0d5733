#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""forms.py TREE KMD-ASSEMBLE - each form of the input is in the man page, in --help=inputs and in docs/, has a seed for the
fuzzers, and a test: a recipe, or a file of tests/ that makes it."""
import pathlib
import re
import subprocess
import sys

TREE = pathlib.Path(sys.argv[1])
# A form: word in the man page, in --help=inputs, in docs/; seed of tests/fuzz/corpus; words of which a test has one.
# No seed: what is given by several files, or no tool here makes it.
FORMS = {
    'partition image': ('partition', 'partition image', 'Raw_Dmp!', 'form-raw', r'^form raw'),
    'folder': ('dump_info.txt', 'folder', 'dump_info.txt', None, r'^form folder'),
    'cat': ('minidump.elf', 'cat ', 'minidump.elf', 'form-cat', r'^form cat'),
    'SMEM': ('SMEM', 'SMEM', 'SMEM', 'form-small-ram', r'^form ram'),
    'RAM image': ('FILE_@_ADDR', 'FILE@ADDR', 'FILE@ADDR', None, r'FILE@ADDR|@0x'),
    'DDR set': ('DDRCS', 'DDRCS', 'DDRCS', None, r'DDRCS'),
    'Rockchip': (r'Rockchip', 'Rockchip', 'Rockchip', 'form-rockchip', r'^form rockchip'),
    'sysdump': ('sysdump', 'sysdump', 'sysdump', None, r'sysdump'),
    'LiME': ('LiME', 'LiME', 'LiME', 'form-lime', r'^form lime'),
    'LiME zlib': ('compress=1', 'LiME', 'compress=1', 'form-lime-zlib', r'lime'),
    'AVML': ('AVML', 'AVML', 'AVML', 'form-avml', r'^form avml'),
    'Xen': (r'Xen', 'Xen core', 'xl dump-core', 'form-xen', r'\.xen_pages|xen_pages'),
    'kdump': ('kdump-compressed', 'kdump-compressed', 'kdump-compressed', 'form-kdump-zlib', r'^form kdump'),
    'ramoops': ('ramoops', 'ramoops', 'ramoops', 'form-ramoops', r'ramoops'),
    'ELF core': ('ELF core', 'ELF core', 'ELF core', 'form-core-32-big-endian', r'^form core'),
    'kcore': ('kcore', 'kcore', '/proc/kcore', 'form-kcore', r'kcore=1'),
    'vmcore': ('vmcore', 'vmcore', '/proc/vmcore', None, r'vmcore'),
    'remoteproc': ('remoteproc', 'remoteproc', 'remoteproc', 'form-remoteproc-64', r'remoteproc'),
    'mrdump': ('mrdump_mini', 'mrdump', 'mrdump_mini', 'form-mrdump', r'^form mrdump'),
    'zstd': ('zstd', 'zstd', 'zstd', 'form-zstd', r'zst'),
    'gzip': ('gzip', 'gzip', 'gzip', 'form-gzip', r'\.gz|gzip'),
    'xz': ('xz', 'xz', 'xz', 'form-xz', r'\.xz|\bxz\b'),
    'lzma': ('lzma', 'lzma', 'lzma', 'form-lzma', r'lzma'),
    'lzip': ('lzip', 'lzip', 'lzip', 'form-lzip', r'lzip|\.lz\b'),
    'bzip2': ('bzip2', 'bzip2', 'bzip2', 'form-bzip2', r'bz2|bzip2'),
    'lz4': ('lz4', 'lz4', 'lz4', 'form-lz4', r'lz4'),
    'compress': ('compress)', 'compress', '.Z', 'form-compress', r'compress'),
    'tar': ('tar', 'tar', 'tar', 'form-tar', r'in=tar'),
    'zip': ('zip', 'zip', 'zip', 'form-zip', r'\bzip\b'),
    '7z': ('7z', '7z', '7z', 'form-7z', r'\b7z|7zip'),
    'rar': ('rar', 'rar', 'rar', 'form-rar', r'rar'),
    'cpio': ('cpio', 'cpio', 'cpio', 'form-cpio', r'cpio'),
    'ISO': ('ISO', 'ISO', 'ISO', None, r'iso9660|ISO'),
    'disk': ('GPT', 'GPT', 'GPT', 'form-disk-mbr', r'in=disk'),
    'split': ('FILE.aa', 'FILE.aa', 'FILE.aa', None, r'\.aa\b'),
    'flattened': ('flattened', 'flattened', 'flattened', 'form-flattened', r'in=flattened'),
    'Android sparse': ('Android sparse', 'Android sparse', 'ndroid sparse', 'form-sparse', r'in=sparse'),
    'standard input': ('standard input', 'standard input', 'tandard input', None, r"'-'|\"-\"|stdin"),
}


def text_of(*patterns):
    return '\n'.join(path.read_text(encoding='utf-8', errors='replace')
                     for pattern in patterns for path in sorted(TREE.glob(pattern)))


def main():
    man = text_of('man/kmd-assemble.scd').replace('\\', '')
    docs = text_of('docs/*.md', 'docs/inputs/*.md', 'README.md')
    tests = text_of('tests/fixtures/*.recipe', 'tests/e2e/*.py', 'tests/e2e/meson.build', 'tests/mkdump/foreign.py')
    usage = subprocess.run([sys.argv[2], '--help=inputs'], capture_output=True, text=True, check=True).stdout
    wrong = []
    for form, (in_man, in_help, in_docs, seed, test) in FORMS.items():
        places = {'the man page': in_man in man, '--help=inputs': in_help in usage, 'docs/': in_docs in docs,
                  'tests/fuzz/corpus': not seed or (TREE / 'tests/fuzz/corpus/assemble' / seed).exists(),
                  'a test': re.search(test, tests, re.M)}
        wrong += [f'{form}: not in {place}' for place, good in places.items() if not good]
    print(*wrong, sep='\n')
    print(f'{len(FORMS)} forms, {len(wrong)} gaps')
    return bool(wrong)


if __name__ == '__main__':
    sys.exit(main())
