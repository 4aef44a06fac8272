// The client: what a person types, what the server says, what comes by UDP, and what a peer says on the link.
import {Buffer} from 'node:buffer';
import {strict as assert} from 'node:assert';
import {commands, parseCommandLine, usage} from '../../../source/messenger/commands.js';
import {encodeRecord, RecordDecoder, type PeerRecord} from '../../../source/messenger/records.js';
import {HybridClock} from '../../../source/messenger/clock.js';
import {genuineLines} from '../genuine.js';
import {Household} from '../household.js';
import {type Target} from '../fuzzer.js';
import {orRefusal} from '../refusals.js';

const clock = new HybridClock().tick(1_700_000_000_000);

function records(shared: string): Uint8Array[] {
	const list: PeerRecord[] = [
		{
			kind: 'here', shared, visit: 1, seen: 0, read: 0,
		},
		{
			kind: 'say', shared, visit: 1, sequence: 1, text: 'hello', at: 1_700_000_000_000, clock,
		},
		{
			kind: 'say', shared, visit: 1, sequence: 2, text: 'again', at: 1_700_000_000_001, clock,
		},
		{
			kind: 'got', shared, sequence: 1, read: 1,
		},
		{kind: 'absent', shared, visit: 1},
		{kind: 'bye', shared, visit: 1},
		{kind: 'close', shared, visit: 1},
	];
	return list.map(record => encodeRecord(record));
}

const lines = [...commands.map(command => usage(command)), 'o bob', 'or den', 's hello there', 'l', 'lu', 'cs', 'accept', 'path bob', 'whois bob', 'help o', 'c 10.0.0.100', 'd', 'login ann ann-secret', 'register eve pw', 'cr den', 'x y'];

export const messengerTargets: readonly Target[] = [
	{
		name: 'command-lines',
		kind: 'text',
		corpus: () => lines.map(line => Buffer.from(line)),
		begin: () => input => {
			const parsed = parseCommandLine(Buffer.from(input).toString());
			assert.ok('command' in parsed ? parsed.values.length <= parsed.command.arguments.length : [...parsed.word].length <= 64 && parsed.error.message !== '');
		},
	},
	{
		name: 'typist',
		kind: 'text',
		inputsPerRound: 512,
		corpus: () => lines.filter(line => !/^(?:x|host)/v.test(line)).map(line => Buffer.from(line)),
		begin(random) {
			const household = new Household(random);
			return input => {
				const line = Buffer.from(input).toString();
				// Leaving ends the round's household, and another begins with the next.
				if (!/^\s*(?:x|quit|exit|host)(?:\s|$)/v.test(line)) {
					household.type(line);
				}

				household.run(random.pick([0, 0, 5, 60]));
				assert.ok(household.ann.view.conversations.length <= 400);
			};
		},
	},
	{
		name: 'server-to-client',
		kind: 'text',
		inputsPerRound: 512,
		corpus: () => genuineLines().toAnn,
		begin(random) {
			const household = new Household(random);
			return input => {
				if (!household.connection && random.chance(0.2)) {
					household.comeTogether();
				}

				household.tellAnn(random.chance(0.9) ? Buffer.concat([Buffer.from(input), Buffer.from('\n')]) : input);
				household.run(random.pick([0, 0, 0, 20]));
			};
		},
	},
	{
		name: 'datagrams-to-client',
		kind: 'bytes',
		inputsPerRound: 512,
		corpus: () => [...genuineLines().datagrams, Uint8Array.of(0x24, ...new Uint8Array(33))],
		begin(random) {
			const household = new Household(random);
			return input => {
				household.sendAnn(input, random.pick(['10.0.0.2:5000', '10.0.0.100:7600', '203.0.113.9:9']));
				household.run(random.pick([0, 0, 0, 1]));
			};
		},
	},
	{
		name: 'records',
		kind: 'text',
		corpus: () => records('room:den'),
		begin(random) {
			let decoder = new RecordDecoder();
			return input => {
				const isRead = orRefusal(() => {
					const cut = random.integer(0, input.length);
					for (const part of [input.subarray(0, cut), input.subarray(cut)]) {
						for (const record of decoder.push(part)) {
							assert.deepEqual([...new RecordDecoder().push(encodeRecord(record))], [record]);
						}
					}

					return true;
				});
				if (!isRead) {
					decoder = new RecordDecoder();
				}
			};
		},
	},
	{
		name: 'peer-to-client',
		kind: 'text',
		inputsPerRound: 128,
		corpus: () => records('session:SHARED'),
		begin(random) {
			const household = new Household(random);
			return input => {
				if (!household.isLinked) {
					household.comeTogether();
				}

				household.say(frame(input, household.shared, random.chance(0.9)));
			};
		},
	},
];

/**
The body of a mutated record with its true length before it, and the household's session for the made-up one.
*/
function frame(input: Uint8Array, shared: string, isFramed: boolean): Uint8Array {
	if (!isFramed) {
		return input;
	}

	const body = Buffer.from(Buffer.from(input.subarray(4)).toString().replaceAll('session:SHARED', () => shared));
	const bytes = Buffer.alloc(4 + body.length);
	bytes.writeUInt32BE(body.length);
	body.copy(bytes, 4);
	return bytes;
}
