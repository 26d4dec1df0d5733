#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""crash --minimal prints the whole kernel log, as on the console."""
import platform
import subprocess

import kit


def crash_for(dump):
    """The command that runs a crash for the architecture of the dump; it reads no other dumps."""
    if platform.machine() in (dump.facts['arch'], {'arm64': 'aarch64'}.get(dump.facts['arch'])):
        return [kit.tool('crash')]
    if dump.facts['arch'] != 'arm64':
        kit.skip(f'no crash for {dump.facts["arch"]} dumps on this machine')
    emulator = kit.tool('qemu-aarch64-static')
    root = kit.fetch('fetch-crash', 'arm64')
    return [emulator, '-L', root, f'{root}/usr/bin/crash']


def log_of(crash, vmlinux, core):
    # After an error, crash ignores SIGTERM and waits for input, so it is killed after some time.
    command = ['timeout', '-k', '5', '600', *crash, '--minimal', '-s', vmlinux, core]
    done = subprocess.run(command, input='log\nexit\n', text=True, errors='replace',
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    kit.check(done.returncode == 0, f'crash exited {done.returncode}:\n{done.stdout}')
    start = done.stdout.find('[    0.000000]')
    kit.check(start >= 0, f'crash printed no log:\n{done.stdout}')
    return done.stdout[start:].rstrip().splitlines()


def main():
    program, dumps = kit.arguments()
    for dump in dumps:
        crash = crash_for(dump)
        vmlinux = kit.debug_vmlinux(dump)
        with kit.scratch() as where:
            log = log_of(crash, vmlinux, kit.core_of(program, dump, where))
        kit.check(any(dump.facts['token'] in line for line in log),
                  f'{dump.name}: the log lacks the token of this boot')
        kit.same_log(log, dump.dmesg(), f'{dump.name}: crash')
        print(f'{dump.name}: crash agrees, {len(log)} lines of log')


if __name__ == '__main__':
    main()
