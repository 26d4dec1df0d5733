# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""commands.py TREE - each command in the pages is run by a test: ```console blocks by docs_run.py, others by what this table names."""
import pathlib
import re
import sys

TREE = pathlib.Path(sys.argv[1])
PAGES = ['README.md', 'CONTRIBUTING.md', 'HACKING.md', 'SECURITY.md', 'shim/README.md', 'bench/README.md', 'examples/fleet/README.md',
         'docs/*.md', 'docs/inputs/*.md']
COMMAND = re.compile(r'^(?:\$ |# (?=\w+-|system)|=> )?((?:sudo |\w+=\$\(|echo .*\| )?(?:kmd-\w+|kmemdump-load|scripts/[\w-]+|bench/\w+|make|meson|modprobe|crash'
                     r'|gdb(?:-multiarch)?|drgn|readelf|cat /\S+|dd|mkdir|qdl-ramdump|systemctl|export|examples/\S+|sqlite3|chromium|zstd)\b.*)$')
# What a command begins with; the file of the test that runs it, and a word of that file.  None: nothing here can run it,
# and the page must say so in these words.
ELSEWHERE = [
    (r'scripts/demo', 'scripts/check', 'scripts/demo'),
    (r'scripts/check', '.ci/run', 'scripts/check'),
    (r'(sudo )?scripts/package', 'scripts/check', 'scripts/package'),
    (r'meson (setup|compile|test|install)|(sudo )?meson install', 'scripts/check', 'meson setup'),
    (r'scripts/rig ', 'tests/docs/tutorial_qemu.py', 'rig'),
    (r'scripts/shim-into-tree', 'scripts/check', 'shim-into-tree'),
    (r'make -C shim', 'tests/e2e/rig/build.py', "'make'"),
    (r'(sudo )?(scripts/)?kmemdump-load .*-b (qcom|reserved|none)', 'tests/e2e/rig/guest/init', 'kmemdump-load'),
    (r'(scripts/)?kmemdump-load --unload', 'tests/e2e/rig/guest/reload', '--unload'),
    (r'export (PATH|vmlinux)=', 'tests/docs/docs_run.py', 'vmlinux'),
    (r'cat /sys/kernel/debug/kmemdump/regions', 'tests/e2e/rig/guest/init', 'kmemdump'),
    (r'systemctl enable kmd-collect-boot', 'tests/e2e/rig/boots.py', 'kmd-collect'),
    (r'kmd-collect --(qmp|gdb|u-boot-script)', 'tests/e2e/rig/collects.py', '--qmp'),
    (r'kmd-assemble .*--rockchip', 'tests/fixtures/meson.build', 'rockchip'),
    (r'kmd-(gdb|crash|drgn) ', 'tests/e2e/debuggers.py', 'kmd-'),
    (r'crash --minimal vmlinux|gdb(-multiarch)? |drgn -c', 'tests/e2e/meson.build', 'crash'),
    (r'kmd-assemble .*vmlinux', 'tests/e2e/meson.build', 'vmlinux'),
    (r'bench/(assemble|open|report|unpack|access|fleet|shim)', None, 'takes minutes'),
    (r'dd if=/dev/disk|mkdir dump && qdl', None, 'tried in QEMU only'),
    (r'chromium', 'tests/fleet/fleet.py', 'db.html'),
]


def commands_of(text):
    text = re.sub(r'^( *)(<!-- board -->\n *)?```\w*\n.*?^\1```$', '', text, flags=re.M | re.S)
    for line in re.findall(r'^ {4,}(\S.*)$', text, re.M):
        match = COMMAND.match(line)
        # "kmd-collect: ..." is what it prints.
        if match and not re.match(r'\S+: ', match[1]):
            yield match[1]


def main():
    seen, wrong = 0, []
    for page in sorted({path for pattern in PAGES for path in TREE.glob(pattern)}):
        text, name = page.read_text(), page.relative_to(TREE)
        for command in commands_of(text):
            seen += 1
            row = next((row for row in ELSEWHERE if re.match(row[0], command)), None)
            if not row:
                wrong.append(f'{name}: no test runs: {command}')
            elif row[1] is None:
                if row[2] not in ' '.join(text.split()):
                    wrong.append(f'{name}: the page does not say that this is not run ("{row[2]}"): {command}')
            elif not (TREE / row[1]).exists() or row[2] not in (TREE / row[1]).read_text():
                wrong.append(f'{name}: {row[1]} has no "{row[2]}": {command}')
    print(*wrong, sep='\n')
    print(f'{seen} commands outside of sessions, {len(wrong)} of them are run by no test')
    sys.exit(bool(wrong) or seen < 10)


main()
