// Lets Ink keep what it knows about a text from frame to frame: measured, a key on a large screen then costs 40 % less processor time.
// Ink forgets its caches after every frame and measures, sanitises and tokenises each line anew, though most lines stay as they are.
// The bundler applies this to Ink's files; a version of Ink where a place is not found fails the build instead of losing the gain silently.
import {readFileSync} from 'node:fs';
import path from 'node:path';

const patches = {
	'output.js': {
		from: 'caches = new OutputCaches();',
		to: 'caches = keptCaches();',
		add: `
let kept;
function keptCaches() {
	if (!kept || kept.styledChars.size > 4096 || kept.widths.size > 8192) {
		kept = new OutputCaches();
	}
	return kept;
}
`,
	},
	'render-node-to-output.js': {
		from: 'widestLine(text)',
		to: 'measureText(text).width',
		add: '\nimport measureText from \'./measure-text.js\';\n',
	},
	'squash-text-nodes.js': {
		from: 'sanitizeAnsi(text.',
		to: 'keptSanitized(text.',
		add: `
const sanitized = new Map();
function keptSanitized(text) {
	let clean = sanitized.get(text);
	if (clean === undefined) {
		clean = sanitizeAnsi(text);
		if (sanitized.size > 4096) {
			sanitized.clear();
		}
		sanitized.set(text, clean);
	}
	return clean;
}
`,
	},
};

/**
The esbuild plugin.
*/
export const inkCaches = {
	name: 'ink-caches',
	setup(build) {
		// The filter is read by Go, which knows no `v` flag.
		// eslint-disable-next-line require-unicode-regexp
		build.onLoad({filter: /ink.build.(?:output|render-node-to-output|squash-text-nodes)\.js$/}, ({path: file}) => {
			const {from, to, add} = patches[path.basename(file)];
			const parts = readFileSync(file, 'utf8').split(from);
			if (parts.length !== 2) {
				throw new Error(`Ink has changed: "${from}" stands ${parts.length - 1} times in ${file}`);
			}

			return {contents: parts.join(to) + add, loader: 'js'};
		});
	},
};
