// Makes Ink quicker: measured on a screen of 200x60, a key costs half the processor time, and the first frame comes 40 ms earlier.
// Ink forgets its caches after every frame and measures, sanitises and tokenises each line anew, and makes an object for each cell, though
// finished texts that stand beside each other need none; and for the width of a mere box-drawing character it loads Unicode's
// segmentation and emoji tables. meow brings the whole of npm's package.json normalisation with it, for a package.json that is our own.
// The bundler applies this; a version of Ink where a place or a file is not found fails the build instead of losing the gain silently.
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

// Characters that are one column wide each, alone and beside each other (the same as in source/kit/text.ts).
const narrow = String.raw`/^[\u0020-\u007E\u00A1-\u00AC\u00AE-\u02FF\u0400-\u0482\u048A-\u052F\u2010-\u2027\u2030-\u205E\u2190-\u21FF\u2500-\u25FC\u2713]*$/`;

const patches = {
	'string-width/index.js': {
		edits: [[
			String.raw`/^[\u0020-\u007E]*$/.test(string)`,
			`${narrow}.test(string)`,
		], [
			// The set of all emoji takes 20 ms to make; it is made when a character needs it.
			String.raw`const rgiEmojiRegex = /^\p{RGI_Emoji}$/v;`,
			String.raw`let rgiEmoji; const rgiEmojiRegex = {test: text => (rgiEmoji ??= /^\p{RGI_Emoji}$/v).test(text)};`,
		]],
	},
	'build/dependencies.js': {
		edits: [[
			'var normalizeExports = requireNormalize();',
			'const normalizeExports = () => {};',
		]],
	},
	// A text without a style of its own is not transformed, and so can be a row as it is.
	'components/Text.js': {
		edits: [[
			'internal_transform: isScreenReaderEnabled ? undefined : transform',
			'internal_transform: isScreenReaderEnabled || !(dimColor || color || effectiveBackgroundColor || bold || italic || underline || strikethrough || inverse) ? undefined : transform',
		]],
	},
	// Where a changed line begins to differ is counted in segments only where there are others than single columns.
	'build/line-update.js': {
		edits: [['/^[ -~]*$/u', narrow]],
	},
	// The texts are whole panes: a few, and long.
	'build/measure-text.js': {
		edits: [['maxSize: 4096', 'maxSize: 30']],
	},
	'build/output.js': {
		edits: [[
			'caches = new OutputCaches();',
			'caches = keptCaches();',
		], [
			'    get() {',
			String.raw`    get() {
        return this.getRows() ?? this.getCells();
    }
    getRows() {
        const {operations, width, height} = this;
        const rows = operations.every(({type, transformers}) => type === 'write' && transformers.length === 0)
            ? frameRows.compose(operations, {width, height}, writes => this.getCellRow(writes))
            : undefined;
        return rows && {output: rows.join('\n'), height};
    }
    getCellRow(writes) {
        const row = new Output({width: this.width, height: 1});
        row.operations = writes.map(write => ({...write, type: 'write', transformers: []}));
        return row.getCells().output;
    }
    getCells() {`,
		]],
		add: `
import {FrameRows} from ${JSON.stringify(fileURLToPath(new URL('source/kit/frame-rows.ts', import.meta.url)))};
const frameRows = new FrameRows();
let kept;
function keptCaches() {
	if (!kept || kept.styledChars.size > 600 || kept.widths.size > 2000) {
		kept = new OutputCaches();
	}
	return kept;
}
`,
	},
	'build/render-node-to-output.js': {
		edits: [[
			'widestLine(text)',
			'measureText(text).width',
		]],
		add: '\nimport measureText from \'./measure-text.js\';\n',
	},
	'build/squash-text-nodes.js': {
		edits: [[
			'sanitizeAnsi(text.',
			'keptSanitized(text.',
		]],
		add: `
const sanitized = new Map();
function keptSanitized(text) {
	let clean = sanitized.get(text);
	if (clean === undefined) {
		clean = sanitizeAnsi(text);
		if (sanitized.size > 30) {
			sanitized.clear();
		}
		sanitized.set(text, clean);
	}
	return clean;
}
`,
	},
};

const applied = new Set();

/**
Throws when one of the files to be changed was not in any of the bundles built so far.
*/
export function checkAllApplied() {
	const missing = Object.keys(patches).filter(name => !applied.has(name));
	if (missing.length > 0) {
		throw new Error(`A dependency has changed: nothing brought in ${missing.join(', ')}`);
	}
}

/**
The esbuild plugin.
*/
export const quickerInk = {
	name: 'quicker-ink',
	setup(build) {
		// The filter is read by Go, which knows no `v` flag.
		// eslint-disable-next-line require-unicode-regexp
		build.onLoad({filter: /node_modules.(?:ink.build.(?:components.Text|line-update|measure-text|output|render-node-to-output|squash-text-nodes)|string-width.index|meow.build.dependencies)\.js$/}, ({path: file}) => {
			const name = file.split(path.sep).slice(-2).join('/');
			const {edits, add = ''} = patches[name];
			applied.add(name);
			let text = readFileSync(file, 'utf8');
			for (const [from, to] of edits) {
				const parts = text.split(from);
				if (parts.length !== 2) {
					throw new Error(`A dependency has changed: "${from}" stands ${parts.length - 1} times in ${file}`);
				}

				text = parts.join(to);
			}

			return {contents: text + add, loader: 'js'};
		});
	},
};
