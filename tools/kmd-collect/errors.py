# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Errors that end a collection, and memory that cannot be read, which does not."""


class CollectError(Exception):
    """Nothing can be collected; the text says why."""


def reason(error):
    """Why a system call failed, without the number of errno."""
    return getattr(error, 'strerror', None) or str(error)


class NoTable(CollectError):
    """There is no table at this place, or it is damaged."""


class Unreadable(Exception):
    """These bytes could not be read."""

    def __init__(self, address, size, why):
        super().__init__(f'{address:#x}+{size:#x}: {why}')
        self.address, self.size, self.why = address, size, why
