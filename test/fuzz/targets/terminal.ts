// What meets a terminal or comes from one: foreign text before it is shown, keys, standard input, and the json face's lines.
import {Buffer} from 'node:buffer';
import {strict as assert} from 'node:assert';
import {namedEvents} from '../../../source/kit/keys.js';
import {maximumInputBytes, readLines} from '../../../source/kit/line-reader.js';
import {sanitiseLine, sanitiseText} from '../../../source/kit/sanitise.js';
import {displayWidth, fit} from '../../../source/kit/text.js';
import {parseCommandLine} from '../../../source/messenger/commands.js';
import {createJsonFace} from '../../../source/plain/json-face.js';
import {createPlainFace} from '../../../source/plain/plain-face.js';
import {type Target} from '../fuzzer.js';

const texts = [
	'good morning', 'two\nlines', '\u{1B}[31mred\u{1B}[0m', '\u{1B}]8;;http://x\u{7}link\u{1B}]8;;\u{7}', '\u{9B}2J', 'a\u{202E}b', '👨‍👩‍👧‍👦 family', 'e\u{301}\u{301}', '漢字', '\u{FEFF}x', 'tab\there', '\r\n\0',
].map(text => Buffer.from(text));

// C0 and C1 controls, and what turns the direction of writing around.
const forbidden = /[\0-\u{1F}\u{7F}-\u{9F}\u{202A}-\u{202E}\u{2066}-\u{2069}]/v;

export const terminalTargets: readonly Target[] = [
	{
		name: 'foreign-text',
		kind: 'text',
		corpus: () => texts,
		begin: () => input => {
			const encoding = input.length % 2 === 0 ? 'utf8' : 'latin1';
			const text = Buffer.from(input).toString(encoding);
			const line = sanitiseLine(text);
			assert.ok(!forbidden.test(line), `${JSON.stringify(line)} may not reach a terminal`);
			assert.ok(!forbidden.test(sanitiseText(text).replaceAll('\n', '')));
			assert.equal(sanitiseLine(line), line);
			assert.ok(displayWidth(fit(line, 20)) <= 20);
		},
	},
	{
		name: 'keys',
		kind: 'text',
		corpus: () => [...texts, '\u{1B}[A', '\u{1B}[1;5C', '\u{1B}OP', '[200~paste[201~', '\u{3}', '\u{7F}'].map(text => Buffer.from(text)),
		begin: random => input => {
			for (const event of namedEvents(Buffer.from(input).toString(), {ctrl: random.chance(0.1), meta: random.chance(0.1), return: random.chance(0.05)})) {
				const content = event.kind === 'key' ? event.name : event.text;
				assert.notEqual(content, '');
			}
		},
	},
	{
		name: 'standard-input',
		kind: 'text',
		corpus: () => ['l\n', 'o bob\r\ns hello\n', 's ünïcödé\n', 'no end'].map(text => Buffer.from(text)),
		begin: random => async input => {
			async function * chunks() {
				for (let at = 0; at < input.length;) {
					const end = at + random.integer(1, 64);
					yield input.subarray(at, end);
					at = end;
				}
			}

			let number = 0;
			for await (const line of readLines(chunks())) {
				number++;
				assert.equal(line.number, number);
				if (line.text === undefined) {
					continue;
				}

				assert.ok(!line.text.includes('\n'));
				assert.ok(line.text.length <= maximumInputBytes);
				parseCommandLine(line.text);
			}
		},
	},
	{
		name: 'faces',
		kind: 'text',
		corpus: () => texts,
		begin() {
			const json: string[] = [];
			const plain: string[] = [];
			const faces = [createJsonFace(text => {
				json.push(text);
			}), createPlainFace({
				write(text) {
					plain.push(text);
				},
				now: () => 0,
				theme: undefined,
			})];
			return input => {
				const text = Buffer.from(input).toString();
				for (const face of faces) {
					face.event({
						type: 'message', id: text, from: text, text, at: '2026-01-01T10:00:00.000Z', pending: false, session: text,
					});
					face.event({type: 'notice', level: 'warn', text});
					face.reply({command: text, ok: false, error: {code: 'x', message: text}}, 1);
					face.reply({command: 'path', ok: true, fields: {user: text, address: text}}, 2);
					face.reply({command: 'lru', ok: true, fields: {room: text, users: [text]}}, 3);
				}

				for (const line of json.splice(0)) {
					assert.strictEqual(line.indexOf('\n'), line.length - 1);
					assert.equal(typeof JSON.parse(line), 'object');
				}

				for (const line of plain.splice(0)) {
					assert.ok(!forbidden.test(line.replaceAll('\n', '')), `${JSON.stringify(line)} may not reach a terminal`);
				}
			};
		},
	},
];
