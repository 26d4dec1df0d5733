# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Writes a boot script of stock U-Boot commands that saves the regions after a warm reset.

U-Boot has no functions and no text files.  A line of dump_info.txt is made by exporting a
variable whose name is the line up to its description.  The words that are written lie in a part
of the SMEM area that nothing uses (0x8000 to 0xf000), so no memory of the dead kernel changes.
"""
import binascii
import struct

from errors import CollectError
from memory import outside

# Of the area that the shim's reserved backend builds: offset and value of each word.
MARKS = [
    (0xf000, 0x434f5424, 'no partition table'), (0xf004, 1, 'version'), (0xf008, 1, 'partitions'),
    (0xf020, 0x4000, 'place of the partition'), (0xf024, 0x4000, 'size of the partition'),
    (0xf02c, 0xfffefffe, 'hosts of the partition'), (0xf050, 0x49494953, 'end record'),
    (0xf054, 0x10000, 'size of the area'), (0x5c, 0x000c0000, 'version of SMEM'), (0xc0, 1, 'state of SMEM'),
    (0x4000, 0x54525024, 'partition'), (0x4004, 0xfffefffe, 'hosts'), (0x4008, 0x4000, 'size'),
    (0x4020, 0x025aa5a5, 'item 602'), (0x4030, 1, 'Minidump'), (0x4034, 1, 'revision'),
    (0x4044, 0x454e424c, 'table is not enabled'), (0x4048, 0x444f4e45, 'encryption'),
    (0x4040, 1, 'no kernel has registered regions, or they were saved already'),
]
STATUS, TAKEN = 0x4040, 0x4e4b4154      # bytes "TAKN" in the place of 1
ROWS_MAX = 0x6000
LINES, NAME, LINES_END = 0x8000, 0xb000, 0x9000
WRITERS = ('fatwrite', 'ext4write', 'save', 'tftpput')
PREPARE = {'usb': 'usb start', 'virtio': 'virtio scan', 'scsi': 'scsi scan', 'nvme': 'nvme scan'}


def windows(ram, avoid):
    """Memory that may be saved: RAM without what U-Boot overwrites."""
    result = []
    for start, size in sorted(ram):
        result += [(first, first + length) for first, length, inside in
                   outside(start, size, sorted(avoid)) if not inside]
    if not result:
        raise CollectError('--avoid leaves nothing of --ram')
    if any(end > 1 << 63 for _, end in result):
        raise CollectError('--ram: U-Boot compares addresses below 2^63 only')
    return result


class Script:
    """Lines with their indentation."""

    def __init__(self):
        self.lines, self.depth = [], 0

    def add(self, *lines):
        for line in lines:
            word = line.split(' ', 1)[0]
            if word in ('fi', 'done', 'else'):
                self.depth -= 1
            self.lines.append('\t' * self.depth + line)
            if line.endswith(('then', ' do')) or word == 'else':
                self.depth += 1

    def text(self):
        return '\n'.join(self.lines) + '\n'


class Writer:
    """How files are written."""

    def __init__(self, options):
        self.command, self.folder = options.write, options.folder
        self.device = options.device

    def save(self, address, file, size):
        if self.command == 'tftpput':
            return f'tftpput {address} {size} "{file}"'
        return f'{self.command} {self.device} {address} "{file}" {size}'

    def exists(self, file):
        if self.command == 'tftpput':
            return 'false'
        return f'test -e {self.device} "{file}"'

    def remove(self, file):
        if self.command in ('fatwrite', 'save'):
            return f'fatrm {self.device} "{file}"'
        return 'true'

    def prepare(self):
        lines = []
        interface, _, unit = (self.device or '').partition(' ')
        if interface in PREPARE:
            lines.append(PREPARE[interface])
        if interface == 'mmc':
            lines.append(f'mmc dev {unit.split(":")[0]}')
        return lines

    def make_folder(self):
        # Without this command the folders must be there.
        return f'fatmkdir {self.device} $kmd_dir' if self.command in ('fatwrite', 'save') else 'true'


def head(options):
    folder = 'kmd-collect.scr'
    return [
        '# Written by kmd-collect --u-boot-script: saves what a dead kernel registered with kmemdump.',
        '# Load it where nothing of the dead kernel lies, before all else:',
        f'#   load {options.device or "mmc 0:1"} ADDRESS {folder} && source ADDRESS; then boot as before',
        '# It needs: hush, setexpr, itest, cp, mw, env import and export, ' + options.write + '.',
    ]


def search(script, ranges, step):
    script.add('setenv kmd_base')
    for start, size in ranges:
        end = start + size
        script.add(f'setenv kmd_t {start:x}',
                   f'while itest $kmd_t < {end:x}; do',
                   'setexpr kmd_q $kmd_t + f000',
                   'if itest.l *$kmd_q == 434f5424; then',
                   'setexpr kmd_q $kmd_t + f050',
                   'if itest.l *$kmd_q == 49494953; then',
                   'setenv kmd_base $kmd_t', f'setenv kmd_t {end:x}',
                   'fi', 'fi',
                   f'setexpr kmd_t $kmd_t + {step:x}', 'done')


def check(script):
    """kmd_ok is 1, or names what is wrong."""
    script.add('setenv kmd_ok 1')
    for offset, value, what in MARKS:
        script.add('if test "$kmd_ok" = 1; then', f'setexpr kmd_q $kmd_base + {offset:x}',
                   f'itest.l *$kmd_q == {value:x} || setenv kmd_ok "{what}"', 'fi')
    script.add('if test "$kmd_ok" = 1; then',
               'setexpr kmd_q $kmd_base + 4058', 'setexpr.q kmd_a *$kmd_q',
               'setexpr kmd_p $kmd_base + 10000',
               'itest $kmd_a == $kmd_p || setenv kmd_ok "place of the regions"',
               'setexpr kmd_q $kmd_base + f058', 'setexpr.l kmd_a *$kmd_q',
               'setexpr kmd_q $kmd_base "&" ffffffff',
               'itest $kmd_a == $kmd_q || setenv kmd_ok "this is a copy of a table"',
               'setexpr kmd_q $kmd_base + 4050', 'setexpr.l kmd_n *$kmd_q',
               f'itest $kmd_n <= {ROWS_MAX:x} || setenv kmd_ok "number of regions"', 'fi')


def choose_folder(script, writer, keep):
    if writer.command == 'tftpput':
        script.add(f'setenv kmd_dir {writer.folder}')
        return
    script.add('setenv kmd_dir', 'setenv kmd_k 0', f'while itest $kmd_k < {keep:x}; do',
               f'if {writer.exists(writer.folder + "$kmd_k/md_SMEMINFO.BIN")}; then',
               'setexpr kmd_k $kmd_k + 1', 'else',
               f'setenv kmd_dir {writer.folder}$kmd_k', f'setenv kmd_k {keep:x}', 'fi', 'done')


def save_lines(script, writer):
    script.add(f'setexpr kmd_q $kmd_base + {LINES:x}', 'setexpr kmd_z $kmd_w - $kmd_q',
               'if itest $kmd_z > 0; then',
               f'if {writer.save("$kmd_q", "$kmd_dir/dump_info$kmd_f.txt", "$kmd_z")}; then',
               'setenv kmd_listed 1', 'else', 'setenv kmd_lost 1', 'fi',
               'setexpr kmd_f $kmd_f + 1', 'setenv kmd_w $kmd_q', 'fi')


def save_window(script, writer, start, end):
    """The part of region kmd_a..kmd_e that lies here."""
    script.add(
        f'setenv kmd_b $kmd_a; if itest $kmd_b < {start:x}; then setenv kmd_b {start:x}; fi',
        f'setenv kmd_c $kmd_e; if itest $kmd_c > {end:x}; then setenv kmd_c {end:x}; fi',
        'if itest $kmd_b < $kmd_c; then',
        'setexpr kmd_z $kmd_c - $kmd_b',
        'setenv kmd_o "$kmd_dir/$kmd_m.BIN"',
        'itest $kmd_b == $kmd_a || setenv kmd_o "$kmd_dir/$kmd_m-$kmd_b.BIN"',
        # FAT takes upper and lower case for the same.
        f'if {writer.exists("$kmd_o")}; then setenv kmd_o $kmd_dir/md_$kmd_i-$kmd_b.BIN; fi',
        'setenv kmd_y 1',
        f'{writer.save("$kmd_b", "$kmd_o", "$kmd_z")} || setenv kmd_y 0',
        'if itest $kmd_y == 0; then',
        # The name may be what is wrong.
        writer.remove('$kmd_o'),
        'setenv kmd_o $kmd_dir/md_$kmd_i-$kmd_b.BIN', 'setenv kmd_y 1',
        f'{writer.save("$kmd_b", "$kmd_o", "$kmd_z")} || setenv kmd_y 0', 'fi',
        'if itest $kmd_y == 1; then',
        'setenv kmd_r "1 0x$kmd_b 0x$kmd_z region"',
        'setenv "$kmd_r" " $kmd_o"', 'env export -t $kmd_w "$kmd_r"', 'setenv "$kmd_r"',
        # Without the NUL at the end.
        'setexpr kmd_w $kmd_w + $filesize', 'setexpr kmd_w $kmd_w - 1',
        'setexpr kmd_d $kmd_d + 1', 'else', writer.remove('$kmd_o'), 'setexpr kmd_x $kmd_x + 1', 'fi', 'fi')


def save_rows(script, writer, spans):
    script.add('setenv kmd_i 0', 'setenv kmd_d 0', 'setenv kmd_x 0', 'setenv kmd_f 0',
               f'setexpr kmd_w $kmd_base + {LINES:x}', f'setexpr kmd_l $kmd_base + {LINES_END:x}',
               f'setexpr kmd_g $kmd_base + {NAME:x}', f'setexpr kmd_h $kmd_base + {NAME + 2:x}',
               'while itest $kmd_i < $kmd_n; do',
               'setexpr kmd_q $kmd_p + 14', 'if itest.l *$kmd_q == 56414c49; then',
               'setexpr kmd_q $kmd_p + 18', 'setexpr.q kmd_a *$kmd_q',
               'setexpr kmd_q $kmd_p + 20', 'setexpr.q kmd_s *$kmd_q', 'setexpr kmd_e $kmd_a + $kmd_s',
               # "kn=" and the name, as a text to import.
               'mw.b $kmd_g 0 20', 'mw.w $kmd_g 3d6e', 'cp.b $kmd_p $kmd_h 10',
               'setenv n', 'env import -t $kmd_g 14 n', 'setenv kmd_m md_$n',
               'setexpr kmd_q $kmd_p + 10', 'itest.l *$kmd_q == 0 || setenv kmd_m md_${n}_$kmd_i')
    for start, end in spans:
        save_window(script, writer, start, end)
    script.add('fi', 'if itest $kmd_w > $kmd_l; then')
    save_lines(script, writer)
    script.add('fi', 'setexpr kmd_p $kmd_p + 28', 'setexpr kmd_i $kmd_i + 1', 'done')
    save_lines(script, writer)


def save(script, writer, spans, keep):
    script.add(*writer.prepare())
    choose_folder(script, writer, keep)
    script.add('if test -n "$kmd_dir"; then', writer.make_folder(),
               'setexpr kmd_s $kmd_n * 28', 'setexpr kmd_s $kmd_s + 10000',
               f'if {writer.save("$kmd_base", "$kmd_dir/md_SMEMINFO.BIN", "$kmd_s")}; then',
               'setenv kmd_listed 0', 'setenv kmd_lost 0')
    save_rows(script, writer, spans)
    script.add('if itest $kmd_listed == 1; then',
               f'setexpr kmd_q $kmd_base + {STATUS:x}', f'mw.l $kmd_q {TAKEN:x}', 'fi',
               'echo "kmd-collect: $kmd_dir: 0x$kmd_d files of 0x$kmd_n regions, 0x$kmd_x not written"',
               'itest $kmd_lost == 0 || echo "kmd-collect: some lines of dump_info.txt were not written"',
               'else', 'echo "kmd-collect: $kmd_dir cannot be written: nothing is saved"', 'fi',
               'else', f'echo "kmd-collect: {writer.folder}0 to {writer.folder}{keep - 1:x} are all there: '
               'nothing is saved"', 'fi')


def text(options):
    """The script."""
    script, spans = Script(), windows(options.ram, options.avoid or [])
    script.add(*head(options))
    for start, end in spans:
        script.add(f'# Memory that may be saved: {start:#x}-{end:#x}')
    if options.table is not None:
        script.add(f'setenv kmd_base {options.table:x}')
    else:
        search(script, options.range, options.step)
    script.add('if test -n "$kmd_base"; then')
    check(script)
    script.add('if test "$kmd_ok" = 1; then')
    save(script, Writer(options), spans, options.keep)
    script.add('else', 'echo "kmd-collect: nothing to save at $kmd_base: $kmd_ok"', 'fi',
               'else', 'echo "kmd-collect: no table was found"', 'fi',
               'setenv n', *(f'setenv kmd_{c}' for c in
                             (*'abcdefghiklmnopqrstwxyz', 'base', 'dir', 'ok', 'listed', 'lost')))
    return script.text()


def image(source):
    """The script with the header that "source" needs, as mkimage -T script makes it."""
    data = source.encode()
    data = struct.pack('>II', len(data), 0) + data

    def header(checksum):
        return struct.pack('>7I4B32s', 0x27051956, checksum, 0, len(data), 0, 0, binascii.crc32(data),
                           5, 22, 6, 0, b'kmd-collect')
    return header(binascii.crc32(header(0))) + data
