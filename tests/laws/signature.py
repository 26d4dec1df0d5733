# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""The lists of docs/signature.md, which others implement, are those of the code, and so is the version."""
import re

import kit


def of_code(text, name):
    words = re.search(rf'static names {name} = {{(.*?)NULL', text, re.DOTALL)
    return re.findall(r'"([^"]+)"', words[1]) if words else []


def of_docs(text, name):
    words = re.search(rf'^`{name}`: .*?\n\n(.*?)\n\n', text, re.DOTALL | re.MULTILINE)
    return re.findall(r'`([^`]+)`', words[1]) if words else []


def main():
    top, problems, checked = kit.root(), [], 0
    code = (top / 'libkmd/unwind/signature.c').read_text()
    docs = (top / 'docs/signature.md').read_text()
    for name in 'reporting', 'common', 'entries':
        ours, theirs = of_code(code, name), of_docs(docs, name)
        checked += len(ours)
        if ours != theirs:
            problems.append(f'{name}: not the same in both: {sorted(set(ours) ^ set(theirs)) or "the order"}')
    version = re.search(r'#define KMD_SIGNATURE_VERSION (\d+)', (top / 'libkmd/unwind/signature.h').read_text())[1]
    if f'    {version}-panic-' not in docs:
        problems.append(f'version {version} is not that of the example')
    kit.conclude(problems, checked)


main()
