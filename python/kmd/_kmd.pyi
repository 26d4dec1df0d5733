# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
from typing import Any

ffi: Any
lib: Any
