/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Filters and search.  #tasks=WORDS&state=D&log=WORDS&level=3 in the address sets them. */
(() => {
	'use strict';
	const found = window.CSS && CSS.highlights ? new Map() : null;

	/* Mark the words in the rows that are shown. */
	function highlight(name, rows, words) {
		if (!found)
			return;
		const ranges = [];
		for (const row of words.length ? rows : []) {
			const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
			for (let node; ranges.length < 2000 && (node = walker.nextNode());) {
				const text = node.data.toLowerCase();
				for (const word of words)
					for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) {
						const range = new Range();
						range.setStart(node, at);
						range.setEnd(node, Math.min(at + word.length, node.length));
						ranges.push(range);
					}
			}
		}
		found.set(name, ranges);
		CSS.highlights.set('found', new Highlight(...[].concat(...found.values())));
	}

	function matches(row, words, state, kind, level) {
		return (!state || row.dataset.state === state) && (!kind || row.dataset.kind === kind) &&
			(!level || Number(row.dataset.level) <= Number(level)) &&
			words.every(word => row.words.includes(word));
	}

	const levels = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];

	/* A line of a part of the log, as html_log.c writes it. */
	function row(line) {
		const [time, level, ...rest] = line.split('\t'), item = document.createElement('li');
		const number = levels.indexOf(level.replace('*', ''));
		item.className = `l${number}${level.endsWith('*') ? ' user' : ''}`;
		item.dataset.level = number;
		for (const [tag, text] of [['time', time === '-' ? '' : time], ['i', levels[number]],
				['span', rest.join('\t')]])
			item.appendChild(document.createElement(tag)).textContent = text;
		return item;
	}

	/* A long log: rows are made of the parts that come into view. */
	function setupLong(form, list) {
		const name = form.dataset.list, size = 500, original = [...list.children];
		let lines = null, timer, words = [], filled = [];

		const linesOf = part => part.textContent.replace(/\n$/, '').replace(/\n\t\t/g, '\r').split('\n')
			.map(line => line.replace(/\r/g, '\n'));

		/* Rows, in place of the text. */
		function fill(part) {
			const rows = document.createElement('ol');
			rows.append(...linesOf(part).map(row));
			part.replaceChildren(rows);
			part.dataset.filled = '';
			filled.push(part);
			if (words.length)
				highlight(name, filled.slice(-4), words);
		}
		const watcher = new IntersectionObserver(entries => {
			for (const entry of entries)
				if (entry.isIntersecting) {
					watcher.unobserve(entry.target);
					fill(entry.target);
				}
		}, {root: list, rootMargin: '600px'});

		function watch() {
			for (const part of list.querySelectorAll('.part:not([data-filled])'))
				watcher.observe(part);
		}

		/* All records as lines; the reason is a row of its own. */
		function all() {
			lines = [];
			for (const child of original) {
				if (child.querySelector('pre'))
					lines.push(...linesOf(child));
				else if (child.classList.contains('part'))
					for (const item of child.firstChild.children)
						lines.push(lineOf(item));
				else
					lines.push(lineOf(child));
			}
			return lines;
		}
		const lineOf = item => [item.querySelector('time').textContent || '-',
			levels[item.dataset.level] + (item.classList.contains('user') ? '*' : ''),
			item.querySelector('span').textContent].join('\t');

		function show(found) {
			const parts = [];
			for (let at = 0; at < found.length; at += size) {
				const part = document.createElement('li'), text = document.createElement('pre');
				part.className = 'part';
				part.style.containIntrinsicSize = `auto ${18 * Math.min(size, found.length - at)}px`;
				text.textContent = found.slice(at, at + size).map(line => line.replace(/\n/g, '\n\t\t')).join('\n');
				part.append(text);
				parts.push(part);
			}
			list.replaceChildren(...parts);
			list.scrollTop = 0;
		}

		function apply() {
			const level = form.elements.level.value;
			words = form.elements[name].value.toLowerCase().split(/\s+/).filter(Boolean);
			watcher.disconnect();
			filled = [];
			highlight(name, [], []);
			if (words.length || level) {
				const found = (lines || all()).filter(line => {
					const [, own] = line.split('\t', 2), text = line.toLowerCase();
					return (!level || levels.indexOf(own.replace('*', '')) <= Number(level)) &&
						words.every(word => text.includes(word));
				});
				show(found);
				form.querySelector('output').textContent = `${found.length} of ${lines.length}`;
			} else {
				list.replaceChildren(...original);
				form.querySelector('output').textContent = '';
			}
			watch();
		}
		form.addEventListener('input', () => {
			clearTimeout(timer);
			timer = setTimeout(apply, 150);
		});
		watch();
		return apply;
	}

	function setup(form) {
		const name = form.dataset.list, list = document.getElementById(name + '-list');
		form.addEventListener('submit', event => event.preventDefault());
		form.hidden = false;
		if (list.querySelector('.part'))
			return setupLong(form, list);
		const rows = [...list.querySelectorAll('details.task, tbody tr, li[data-level]')];
		const value = field => form.elements[field] ? form.elements[field].value : '';
		let timer;

		function apply() {
			const words = value(name).toLowerCase().split(/\s+/).filter(Boolean);
			const state = value('state'), kind = value('kind'), level = value('level');
			const active = words.length || state || kind || level;
			const shown = [];

			for (const row of rows) {
				row.words = row.words || row.textContent.toLowerCase();
				row.hidden = !matches(row, words, state, kind, level);
				if (!row.hidden)
					shown.push(row);
			}
			/* What is folded away would hide what was found. */
			if (active)
				for (const fold of list.querySelectorAll(':scope > details:not(.task)'))
					fold.open = true;
			form.querySelector('output').textContent = active ? `${shown.length} of ${rows.length}` : '';
			highlight(name, shown, words);
		}
		form.addEventListener('input', () => {
			clearTimeout(timer);
			timer = setTimeout(apply, rows.length > 2000 ? 150 : 0);
		});
		return apply;
	}

	const forms = [...document.querySelectorAll('form.filter')];
	const applies = forms.map(setup);

	function fromAddress() {
		const hash = location.hash.slice(1);
		if (!hash.includes('='))
			return;
		const wanted = new URLSearchParams(hash);
		forms.forEach((form, i) => {
			let changed = false;
			for (const field of form.elements)
				if (field.name && wanted.has(field.name)) {
					field.value = wanted.get(field.name);
					changed = true;
				}
			if (changed) {
				applies[i]();
				form.closest('section').scrollIntoView();
			}
		});
	}
	addEventListener('hashchange', fromAddress);

	/* The end of the log is what one wants to see. */
	const reason = document.getElementById('log-reason'), log = document.getElementById('log-list');
	if (log)
		log.scrollTop = reason ? reason.offsetTop - log.offsetTop - log.clientHeight / 3 : log.scrollHeight;
	fromAddress();
})();
