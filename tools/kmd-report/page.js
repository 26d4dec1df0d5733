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

	function setup(form) {
		const name = form.dataset.list, list = document.getElementById(name + '-list');
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
		form.addEventListener('submit', event => event.preventDefault());
		form.addEventListener('input', () => {
			clearTimeout(timer);
			timer = setTimeout(apply, rows.length > 2000 ? 150 : 0);
		});
		form.hidden = false;
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
