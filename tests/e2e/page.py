# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
"""Reads a page of kmd-report --html, and makes a dump with hostile names."""
import html.parser

import kit

TAGS = {'html', 'head', 'meta', 'link', 'title', 'style', 'script', 'body', 'nav', 'main', 'header', 'footer', 'section',
        'article', 'div', 'p', 'h1', 'h2', 'h3', 'h4', 'a', 'b', 'i', 's', 'em', 'code', 'small', 'span', 'mark', 'time',
        'ul', 'ol', 'li', 'dl', 'dt', 'dd', 'details', 'summary', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'svg',
        'rect', 'pre', 'form', 'input', 'select', 'option', 'output'}
EMPTY = {'meta', 'link', 'input'}
# Tags whose end the page leaves out, as HTML allows.
OPEN = {'tr', 'th', 'td', 'option'}

# Texts of a real dump, and what takes their place: of the same length, so that the rest stays as it is.
HOSTILE = [
    (b'Kernel panic - not syncing: sysrq triggered crash', b'Kernel panic - not syncing: </title><script>x()//'),
    (b'sysrq: Trigger a crash', b'</span>]]>"\'\xff\0<img onx'),
    (b'Comm: init ', b'Comm: <u>\' '),
    (b'jiffies_', b'<script>'),
    # '<' in two bytes, a surrogate, a mark that turns the direction, too large, cut short; and a good character.
    (b'loading out-of-tree module taints kernel',
     b'\xc0\xbc\xed\xa0\x80\xe2\x80\xae\xf5\x80\x80\x80\xe2\x82 \xc3\xa9 of-module taints kerne'),
]
# As the page shows them.
SHOWN = ['Kernel panic - not syncing: </title><script>x()//', '</span>]]>"\'\\xff\\x00<img onx', "<u>'", 'K<script>',
         '\\xc0\\xbc\\xed\\xa0\\x80\\xe2\\x80\\xae\\xf5\\x80\\x80\\x80\\xe2\\x82 \u00e9 of-module taints']


class Page(html.parser.HTMLParser):
    """The page's text; it fails for a tag or an address that the page never has by itself."""

    def __init__(self, text):
        super().__init__()
        self.parts, self.ids, self.open, self.counts = [], set(), [], {}
        self.feed(text)
        self.close()
        kit.same(self.open, [], 'elements that are not closed')
        self.text = ''.join(self.parts)
        for tag in 'script', 'style', 'title', 'h1':
            kit.same(self.counts[tag], 1, f'number of {tag}')

    def handle_starttag(self, tag, attributes):
        # An SVG has a title in each mark.
        if tag == 'title' and 'svg' in self.open:
            tag = 'svg-title'
        kit.check(tag in TAGS or tag == 'svg-title', f'an element {tag} at {self.getpos()}')
        self.counts[tag] = self.counts.get(tag, 0) + 1
        for name, value in attributes:
            kit.check(not name.startswith('on') and name not in ('src', 'srcset', 'style', 'action'),
                      f'{tag} has the attribute {name}')
            if name == 'href':
                kit.check(value.startswith('#') or value == 'data:,', f'an address: {value}')
            if name == 'id':
                kit.check(value not in self.ids, f'the id {value} is used twice')
                self.ids.add(value)
        if tag not in EMPTY and tag not in OPEN:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag == 'title' and 'svg' in self.open:
            tag = 'svg-title'
        kit.check(self.open and self.open[-1] == tag, f'{tag} ends at {self.getpos()}, open are {self.open}')
        self.open.pop()

    def handle_data(self, data):
        if self.open and self.open[-1] not in ('script', 'style'):
            self.parts.append(data)


def hostile(image, path):
    data = image.read_bytes()
    for old, new in HOSTILE:
        kit.same(len(new), len(old), f'length of {new}')
        kit.check(old in data, f'{old} is not in the dump')
        data = data.replace(old, new)
    path.write_bytes(data)
    return path
