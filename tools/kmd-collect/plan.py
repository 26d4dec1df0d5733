# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""--plan: the library knows the answers and the kernel; kmd-plan asks it."""
import glob
import os
import pathlib
import signal
import subprocess
import sys

import cli
from errors import CollectError

# Where distributions install it, seen from this program; in the folder of the build.
PLACES = ('../libexec/kmemdump/kmd-plan', '../lib*/kmemdump/kmd-plan', '../lib/*/kmemdump/kmd-plan', '../kmd-plan/kmd-plan')


def program():
    """The path of kmd-plan, or None."""
    own = pathlib.Path(sys.argv[0]).resolve().parent
    found = [os.environ.get('KMD_PLAN', '')]
    for place in PLACES:
        found += sorted(glob.glob(str(own / place)))
    for place in found:
        if place and os.access(place, os.X_OK):
            return place
    return None


def run(options):
    drivers = options.drivers or (0, 0)
    numbers = {'bytes': options.budget, 'slots': options.slots, 'cpus': options.cpus, 'ram': options.ram_size,
               'tasks': options.tasks, 'modules': options.modules, 'log': options.log_size or 0,
               'driver-regions': drivers[0], 'driver-bytes': drivers[1]}
    words = [f'{name}={number}' for name, number in numbers.items()]
    if not program():
        raise CollectError('--plan needs kmd-plan, which is installed with kmd-assemble and is not here')
    # What it prints comes behind what was printed here.
    sys.stdout.flush()
    code = subprocess.run([program(), options.vmlinux, *words], check=False).returncode
    if code < 0:
        cli.end_by(signal.Signals(-code))
    return code
