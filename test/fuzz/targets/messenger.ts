// The client: what a person types, what the server says, what comes by UDP, and what a peer says on the link.
import {Buffer} from 'node:buffer';
import {strict as assert} from 'node:assert';
import {generateKeyPairSync} from 'node:crypto';
import {commands, parseCommandLine, usage} from '../../../source/messenger/commands.js';
import {encodeRecord, RecordDecoder, type PeerRecord} from '../../../source/messenger/peers/records.js';
import {HybridClock} from '../../../source/messenger/clock.js';
import {signLine} from '../../../source/protocol/line-proof.js';
import {genuineLines} from '../genuine.js';
import {Household} from '../household.js';
import {type Target} from '../fuzzer.js';
import {orRefusal} from '../refusals.js';

const clock = new HybridClock().tick(1_700_000_000_000);

function records(shared: string): Uint8Array[] {
	const list: PeerRecord[] = [
		{
			kind: 'here', shared, visit: 1, seen: [], read: [],
		},
		{
			kind: 'say', shared, visit: 1, sequence: 1, text: 'hello', at: 1_700_000_000_000, clock,
		},
		{
			kind: 'say', shared, visit: 1, sequence: 2, text: 'again', at: 1_700_000_000_001, clock,
		},
		{
			kind: 'got', shared, seen: [[1, 1], [5, 9]], read: [[1, 1]],
		},
		{kind: 'absent', shared, visit: 1},
		{kind: 'bye', shared, visit: 1},
		{kind: 'close', shared, visit: 1},
		{
			kind: 'say', shared, visit: 1, sequence: 3, text: 'signed', at: 1_700_000_000_001, clock, proof: {made: 1_700_000_000_000, audience: 'ann:0 eve:2', signature: 'A'.repeat(86)},
		},
		...questions(shared),
	];
	return list.map(record => encodeRecord(record));
}

function questions(shared: string): PeerRecord[] {
	return [
		{
			kind: 'have', shared, visit: 1, made: 1_700_000_000_000, marks: [['0123456789abcdef', [[1, 4], [8, 9]]], ['fedcba9876543210', []]], missing: ['eve'],
		},
		{
			kind: 'pass', shared, visit: 1, card: '', lines: [],
		},
		{kind: 'more', shared, visit: 1},
	];
}

/**
What a member of the den may say, with a line that eve has said and signed for ann.
*/
function neighbourly({made, card, realm, device, key}: ReturnType<Household['enterRoom']>, now: number): Uint8Array[] {
	const line = {
		sequence: 1, text: genuineText, at: Math.floor(now), clock, audience: 'ann:0 bob:0',
	};
	const signature = signLine({
		realm, room: 'den', made, device, ...line,
	}, key);
	const list: PeerRecord[] = [
		{
			kind: 'here', shared: 'room:den', visit: 1, seen: [], read: [],
		},
		{
			kind: 'pass', shared: 'room:den', visit: 2, card, lines: [{...line, signature}],
		},
		...questions('room:den').filter(({kind}) => kind !== 'pass').map(record => ({...record, visit: 2, ...(record.kind === 'have' && {made})})),
	];
	return list.map(record => encodeRecord(record));
}

/**
What a room elsewhere would say of itself.
*/
const strangeRoom = {
	made: 1_700_000_000_000, card: 'a.b', realm: '0123456789abcdef', device: '0123456789abcdef', key: generateKeyPairSync('ed25519').privateKey,
};
const genuineText = 'This is what eve has said.';

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
	{
		name: 'neighbour',
		kind: 'text',
		inputsPerRound: 16,
		corpus: () => neighbourly(strangeRoom, 1_700_000_000_000),
		begin(random) {
			const household = new Household(random);
			household.comeTogether();
			const genuine = neighbourly(household.enterRoom('den', {sign: random.bytes(32), agree: random.bytes(32)}), household.now);
			household.say(genuine[0]!);
			return input => {
				// After a hint ann asks, and what she has asked for is looked at: here a line of eve's that was changed in one place.
				const [, pass, , more] = genuine;
				const changed = Buffer.from(pass!);
				if (random.chance(0.9)) {
					changed[random.integer(4, changed.length - 1)] = random.integer(32, 126);
				}

				household.say(more!);
				household.run(250);
				household.say(changed);
				household.say(random.chance(0.5) ? frame(input, household.shared, true) : genuine[2]!);
				for (const row of household.ann.view.conversations.find(({name}) => name === 'den')?.messages ?? []) {
					assert.ok(row.kind === 'notice' || row.from !== 'eve' || row.text === genuineText);
				}
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
