# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Run by gdb (-x): the frames of each thread, by its number, as one line of JSON.

A frame without debug information ends the list: gdb guesses what follows it.
"""
import json
import sys

import gdb

DEPTH = 100


def backtrace():
    found, frame = [], gdb.newest_frame()
    while frame and len(found) < DEPTH and frame.function():
        found.append(frame.function().name)
        try:
            frame = frame.older()
        except gdb.error:
            break
    return found


def main():
    found = {}
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        found[str(thread.ptid[1])] = backtrace()
    print('@@' + json.dumps(found))
    sys.stdout.flush()


main()
