# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""What the Python module kmd returns for a dump: tasks, modules, functions of all stacks; as JSON.

    ask_python.py DUMP VMLINUX
"""
import json
import sys

import kmd


def functions(stack_of, index):
    """No functions if the registers of its CPU are not known."""
    try:
        return [frame.function for frame in stack_of(index).frames]
    except kmd.NotFound:
        return []


def address_of(name, **options):
    """The first thing that is asked of a dump."""
    with kmd.Dump(sys.argv[1], **options) as dump:
        try:
            return dump.symbol_address(name)
        except kmd.Error as error:
            return error.sentence


def main():
    own, want = address_of('schedule'), address_of('schedule', vmlinux=sys.argv[2])
    if own != want and not (isinstance(own, str) and 'no address is known' in own):
        sys.exit(f'schedule without a vmlinux: {own}, with it {want}')
    with kmd.Dump(sys.argv[1], vmlinux=sys.argv[2]) as dump:
        signature = dump.signature()  # None for a hang
        print(json.dumps({
            'tasks': [[task.pid, task.comm, task.state, functions(dump.stack_of_task, i)]
                      for i, task in enumerate(dump.tasks())],
            'modules': [[module.name, module.base, module.build_id] for module in dump.modules()],
            'cpus': [[cpu.cpu, functions(dump.stack_of_cpu, i)] for i, cpu in enumerate(dump.cpus)],
            'signature': signature.key if signature else None,
        }))


if __name__ == '__main__':
    main()
