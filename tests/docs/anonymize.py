# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""anonymize.py TREE KMD-MKIMAGE KMD-ASSEMBLE - kmd-mkimage --anonymize: the same findings, and nobody's data."""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

TREE, MKIMAGE, ASSEMBLE = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
SEED = int(os.environ.get('KMD_SEED', '1'))
MARKER = b'Passw0rd of Grace <grace@example.org> 192.0.2.77'
# The first three damage the packing, which the copy has not; in the others files differ in memory only.
LOST = ('avml-length', 'lime-zlib-sum', 'raw-in-tar-cut', 'folder-kelf-ambiguous', 'folder-kelf-ambiguous-many')
failed = []


def check(truth, what):
    if not truth:
        failed.append(what)
        print(f'FAIL: {what}')


def run(*command):
    done = subprocess.run(command, text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return done.returncode, done.stdout, done.stderr


def files(path):
    return {file.relative_to(path): file.read_bytes() for file in sorted(path.rglob('*')) if file.is_file()} \
        if path.is_dir() else {pathlib.Path('.'): path.read_bytes()}


def described(path):
    """What is said of a dump, without its name."""
    code, out, err = run(ASSEMBLE, '-v', '--list', path)
    return code, out.replace(str(path), 'DUMP').replace(path.name, 'DUMP'), err.replace(str(path), 'DUMP').replace(path.name, 'DUMP')


def remove(path):
    subprocess.run(['rm', '-rf', path], check=True)


def fixtures(where):
    """Every recipe, good and bad."""
    dump, copy, n = where / 'd-original', where / 'c-anonymous', 0
    for recipe in sorted((TREE / 'tests/fixtures').glob('*.recipe')):
        remove(dump)
        remove(copy)
        if run(MKIMAGE, recipe, dump)[0]:
            continue
        code, out, err = run(MKIMAGE, '--anonymize', dump, copy)
        n += 1
        check(code in (0, 1, 3), f'{recipe.stem}: exit code {code}')
        if code == 1:
            # It cannot be unpacked: there is nothing to copy.
            check(not copy.exists() and err, f'{recipe.stem}: {err}')
        else:
            check(code == (3 if recipe.stem in LOST else 0), f'{recipe.stem}: {out}{err}')
        if code == 0 and dump.is_dir() == copy.is_dir():
            old, new = files(dump), files(copy)
            if {name: len(data) for name, data in old.items()} == {name: len(data) for name, data in new.items()}:
                check(all(b in (a, 0, 1) for name in old for a, b in zip(old[name], new[name])), f'{recipe.stem}: other bytes')
    check(n > 200, f'{n} recipes')
    return n


def poison(path, regions, at_random):
    """Write the marker into the memory of regions: their start, their end, and between."""
    n = 0
    for region in regions:
        size = region['captured']
        if not region.get('virt') or size < 4 * len(MARKER) or region['name'].startswith(('KELF', 'Kvmcorein')) or 'uts' in region['name']:
            continue
        file = path / region['file'] if path.is_dir() else path
        with open(file, 'r+b') as out:
            for place in (0, size - len(MARKER), at_random.randrange(len(MARKER), size - 2 * len(MARKER))):
                out.seek(region.get('offset', 0) + place)
                out.write(MARKER)
                n += 1
    return n


def real(where):
    """Dumps of real kernels, with a marker in their memory."""
    at_random = random.Random(SEED)
    for name, host in (('arm64-6.1-rfc', None), ('x86_64-6.1-rfc', None)):
        for form in ('rawdump.img', 'md'):
            dump, copy = where / 'd-original', where / 'c-anonymous'
            remove(dump)
            remove(copy)
            packed = TREE / 'tests/fixtures/real' / name / ('md.tar.zst' if form == 'md' else 'rawdump.img.zst')
            data = subprocess.run(['zstd', '-dqc', packed], check=True, stdout=subprocess.PIPE).stdout
            if form == 'md':
                subprocess.run(['tar', '-xC', where], input=data, check=True)
                (where / 'md').rename(dump)
            else:
                dump.write_bytes(data)
            log = run(ASSEMBLE, '--dmesg', dump)[1]
            regions = json.loads(run(ASSEMBLE, '--json', '--list', dump)[1])['regions']
            what = f'{name} {form}'
            if form == 'rawdump.img':
                check(poison(dump, with_offsets(dump, regions), at_random) > 20, f'{what}: no marker was placed')
            else:
                check(poison(dump, [{**row, 'file': pathlib.Path(row['file']).name} for row in regions if row.get('file')],
                             at_random) > 20, f'{what}: no marker was placed')
            code, out, err = run(MKIMAGE, '--anonymize', dump, copy)
            check(code == 0, f'{what}: {out}{err}')
            check(described(dump) == described(copy), f'{what}: what is said differs')
            left = b'\n'.join(files(copy).values())
            places = [str(name) for name, data in files(copy).items() if MARKER[:8] in data]
            check(not places, f'{what}: the marker is left: {places}')
            lines = [line.partition('] ')[2].encode() for line in log.splitlines()]
            lines = [line for line in lines if len(line) > 12 and line in b'\n'.join(files(dump).values())]
            check(len(lines) > 5, f'{what}: the log is not in the dump')
            check(not [line for line in lines if line in left], f'{what}: lines of the log are left')
            check(b'OSRELEASE=6.1' in left, f'{what}: no VMCOREINFO')

            # A region that is kept has its bytes.
            remove(copy)
            code, out, err = run(MKIMAGE, '-aq', '--keep=*Kprb*', dump, copy)
            check((code, out) == (0, ''), f'{what} --keep: {out}{err}')
            check(MARKER in b'\n'.join(files(copy).values()), f'{what} --keep: the region is lost')


def with_offsets(path, regions):
    """Where the image has each region's bytes: the section table says it."""
    folder = path.parent / 'extracted'
    remove(folder)
    check(run(ASSEMBLE, '-q', f'--extract={folder}', path)[0] == 0, '--extract')
    image, rows = path.read_bytes(), []
    for row in regions:
        file = folder / f"md_{row['name']}.BIN"
        data = file.read_bytes() if file.exists() else b''
        at = image.find(data) if len(data) > 64 and any(data) else -1
        if at >= 0 and image.find(data, at + 1) < 0:
            rows.append({**row, 'offset': at})
    return rows


def words(where):
    dump, copy = where / 'd-original', where / 'c-anonymous'
    remove(dump)
    remove(copy)
    check(run(MKIMAGE, TREE / 'tests/fixtures/raw.recipe', dump)[0] == 0, 'raw.recipe')
    check(run(MKIMAGE, '-a', dump)[0] == 64, 'without an output')
    check(run(MKIMAGE, '-a', '/no/such', copy)[0] == 1, 'without an input')
    check(run(MKIMAGE, '--keep=x', dump, copy)[0] == 64, '--keep without --anonymize')
    check(run(MKIMAGE, '-a', dump, dump)[0] == 1, 'over the input')
    # A name that is mistyped in --keep would lose what the error needs.
    code, out, err = run(MKIMAGE, '-aq', '--keep=*Kprb*,nosuch', dump, copy)
    check((code, out) == (3, '') and err.count('\n') == 1 and '"nosuch", which was to be kept' in err, f'--keep=nosuch: {code} {out}{err}')
    remove(copy)
    check(run(MKIMAGE, '-a', dump, copy)[0] == 0 and oct(copy.stat().st_mode)[-3:] == '600', 'mode')
    check(run(MKIMAGE, '-a', dump, copy)[0] == 1, 'over a file')
    check(run(MKIMAGE, '-af', dump, copy)[0] == 0, '--force')
    check(run(MKIMAGE, '-af', dump, where / 'no/copy')[0] == 1, 'no folder')
    check(sorted(path.name for path in where.iterdir()) == ['c-anonymous', 'd-original', 'extracted'], 'files that are left')


def main():
    with tempfile.TemporaryDirectory(dir='/var/tmp') as scratch:
        where = pathlib.Path(scratch)
        n = fixtures(where)
        real(where)
        words(where)
    print(f'{n} recipes, {len(failed)} failed')
    sys.exit(bool(failed))


main()
