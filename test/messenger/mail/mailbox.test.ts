// The mailbox by itself: sealed mail in, lines and acknowledgements out, with a server and a disk that are lists.
import test from 'ava';
import type {Effect, PrekeySecret, StoreWrite} from '../../../source/messenger/effects.js';
import {HybridClock} from '../../../source/messenger/clock.js';
import {Inbox} from '../../../source/messenger/lines/inbox.js';
import {Journal} from '../../../source/messenger/journal.js';
import {encodeLetter, type Letter} from '../../../source/messenger/mail/letters.js';
import {parkedLifetimeMs} from '../../../source/messenger/limits.js';
import {Mailbox} from '../../../source/messenger/mail/mailbox.js';
import {Prekeys} from '../../../source/messenger/mail/prekeys.js';
import {
	seal,
	signPrekey,
	type Outside,
	type Party,
} from '../../../source/messenger/mail/sealing.js';
import {deviceId, realmId, signCard} from '../../../source/protocol/cards.js';
import {
	encodeBase64,
	exportPublicKey,
	importPrivateKey,
} from '../../../source/protocol/keys.js';
import type {Mail} from '../../../source/protocol/messages.js';
import {encodeSequences} from '../../../source/protocol/sequences.js';
import {SeededRandom} from '../../helpers/random.js';

const start = 1_700_000_000_000;
const chance = new SeededRandom(11);
const root = importPrivateKey('ed25519', chance.bytes(32));
const rootKey = exportPublicKey(root);
const realm = realmId(rootKey);
const clock = new HybridClock().tick(start);

class Device {
	readonly user: string;
	readonly signKey = importPrivateKey('ed25519', chance.bytes(32));
	readonly agree = importPrivateKey('x25519', chance.bytes(32));
	readonly party: Party;
	readonly card: string;
	readonly id: string;

	constructor(user: string) {
		this.user = user;
		const keys = {sign: encodeBase64(exportPublicKey(this.signKey)), agree: encodeBase64(exportPublicKey(this.agree))};
		this.id = deviceId(exportPublicKey(this.signKey));
		this.party = {realm, user, ...keys};
		this.card = signCard({
			realm, user, device: this.id, ...keys, issued: start - 1000, expires: start + 1e10,
		}, root);
	}
}

const [ann, bob, eve] = [new Device('ann'), new Device('bob'), new Device('eve')];

/**
Bob's mailbox.
*/
class Bench {
	now = start;
	isBusy = false;
	readonly told: string[] = [];
	readonly unreadable: string[] = [];
	readonly asked: string[] = [];
	readonly writes: StoreWrite[] = [];
	readonly mailbox: Mailbox;
	/**
	What waits at the server.
	*/
	readonly waiting = new Map<number, Mail>();
	readonly #journal: Journal;
	readonly #effects: Effect[] = [];
	readonly #secrets: PrekeySecret[];
	#numbers = 0;

	constructor({taken = [], seen = 0}: {taken?: readonly string[]; seen?: number} = {}) {
		this.#secrets = Array.from({length: 20}, (_, index): PrekeySecret => ({
			id: index + 1, kind: index === 0 ? 'signed' : 'one-time', secret: chance.bytes(32), madeAt: start,
		}));
		this.#journal = new Journal(effect => {
			this.#effects.push(effect);
		});
		const control = {
			rootKey: encodeBase64(rootKey),
			server: 'here:1',
			request: (op: string, fields: Readonly<Record<string, unknown>>, now: number, done: (outcome: unknown, now: number) => void = () => {}) => {
				this.asked.push([op, ...Object.entries(fields).map(([name, value]) => `${name} ${JSON.stringify(value)}`)].join(' '));
				if (op === 'ack') {
					for (const number of fields.mails as readonly number[]) {
						this.waiting.delete(number);
					}

					done({ok: true, reply: {}}, now);
					return;
				}

				const mails = this.waiting.values().filter(({room, slot}) => fields.slots === true ? slot !== undefined : fields.room === undefined || room === fields.room).toArray();
				done({ok: true, reply: {mails, more: false}}, now);
			},
		};
		const inbox = new Inbox(this.#journal, () => 'o', {seen: new Map([[`${ann.id} o/session`, [[1, seen]]]]), read: new Map()});
		this.mailbox = new Mailbox({
			control: control as never,
			journal: this.#journal,
			inbox,
			prekeys: new Prekeys({
				control: control as never, journal: this.#journal, random: size => chance.bytes(size), signKey: bob.signKey, secrets: this.#secrets,
			}),
			listener: {
				handleCard() {},
				admits: (_from, room) => !this.isBusy || room === 'den',
				rooms: () => ['den'],
				partners: () => [],
				recordLine: () => [],
				handleLine: ({from, sequence, room}) => {
					this.told.push(`${from} ${sequence}${room === undefined ? '' : ` in ${room}`}`);
				},
				handleRepeated: ({sequence}) => {
					this.told.push(`repeated ${sequence}`);
					return [];
				},
				handleReceipt: (peer, {got, read}) => {
					this.told.push(`${peer} got ${encodeSequences(got)} read ${encodeSequences(read)}`);
				},
				handlePlea: (peer, {lane, got}) => {
					this.told.push(`${peer} wants ${lane} beyond ${encodeSequences(got)}`);
				},
				handleUnreadable: ({device, lane}) => {
					this.unreadable.push(`${device} ${lane}`);
					return [{
						kind: 'plead', device, place: `o/${lane}`, plea: undefined,
					}];
				},
				announce: ({from, count, room}) => {
					this.told.push(`${count} from ${from}${room === undefined ? '' : ` in ${room}`}`);
				},
				emit: event => {
					this.told.push(event.type === 'notice' ? event.text : event.type);
				},
			},
			taken: new Set(taken),
		});
		this.mailbox.handleLoggedIn({party: bob.party, agree: bob.agree}, this.now);
	}

	/**
	Leaves a letter at the server; its number.
	*/
	post(letter: Letter, {from = ann, as = from, oneTime, at = this.now, ...outside}: Outside & {from?: Device; as?: Device; oneTime?: number; at?: number} = {}): number {
		const publicOf = (id: number) => exportPublicKey(importPrivateKey('x25519', this.#secrets[id - 1]!.secret));
		const sealed = seal(encodeLetter(letter), from, {
			party: bob.party, keys: {signed: signPrekey(1, publicOf(1), bob.signKey), oneTime: oneTime === undefined ? undefined : {id: oneTime, key: encodeBase64(publicOf(oneTime))}},
		}, outside, size => chance.bytes(size))!;
		const number = ++this.#numbers;
		this.waiting.set(number, {
			number, from: as.user, card: as.card, at, sealed: encodeBase64(sealed), ...outside,
		});
		return number;
	}

	/**
	The server tells what waits, and all that comes of it happens.
	*/
	notify(): string[] {
		const lines = this.waiting.values().filter(({slot}) => slot === undefined).toArray();
		const rows = Map.groupBy(lines, ({from, room}) => `${from} ${room}`).values().map(([first, ...rest]) => ({
			user: first!.from, ...(first!.room !== undefined && {room: first!.room}), count: rest.length + 1, since: first!.at,
		})).toArray();
		this.mailbox.handleNotice({event: 'mail', waiting: rows, slots: this.waiting.size - lines.length});
		return this.turn();
	}

	turn(): string[] {
		for (let round = 0; round < 5; round++) {
			this.mailbox.flush(this.now);
			this.#journal.flush(Infinity);
			this.#write();
		}

		return this.told.splice(0);
	}

	#write(): void {
		for (const effect of this.#effects.splice(0)) {
			const {batch, writes} = effect as Effect & {type: 'store'};
			this.writes.push(...writes);
			this.#journal.handleStored(batch, this.now);
		}
	}
}

function line(sequence: number, after = 0): Letter {
	return {
		kind: 'line', sequence, after, at: start, clock, text: 'x',
	};
}

test('mail is taken in, in one batch with its mark and its prekey, announced, and acknowledged', t => {
	const bench = new Bench();
	bench.post(line(5), {oneTime: 2});
	bench.post(line(6, 5), {oneTime: 3});
	t.deepEqual(bench.notify(), ['2 from ann', 'ann 5', 'ann 6']);
	t.deepEqual(bench.asked, ['fetch', 'ack mails [1,2]']);
	t.deepEqual(bench.writes.map(({kind}) => kind), ['seen', 'prekey-remove', 'mail-taken', 'prekey-remove', 'mail-taken', 'mail-forgotten', 'mail-forgotten']);
	t.deepEqual(bench.mailbox.waiting, []);
	t.true(bench.mailbox.isIdle);
	t.is(bench.waiting.size, 0);
});

test('a line whose predecessor is missing waits for it', t => {
	const bench = new Bench();
	bench.post(line(6, 5));
	bench.post(line(7, 6));
	t.deepEqual(bench.notify(), []);
	t.is(bench.waiting.size, 2, 'still at the server');
	t.like(bench.mailbox.waiting, [{user: 'ann', count: 2}]);
	bench.post(line(5));
	t.deepEqual(bench.notify().filter(what => !what.includes('from')), ['ann 5', 'ann 6', 'ann 7']);
	t.is(bench.waiting.size, 0);
});

test('a line that has waited nearly as long as the server keeps it is taken without its predecessor', t => {
	const bench = new Bench();
	bench.post(line(6, 5));
	bench.notify();
	bench.now += parkedLifetimeMs;
	t.deepEqual(bench.turn(), ['1 from ann', 'ann 6']);
});

test('what came before, by whatever way, is not shown again, and its author is told', t => {
	const bench = new Bench({seen: 6});
	bench.post(line(5), {oneTime: 2});
	t.deepEqual(bench.notify(), ['repeated 5']);
	t.is(bench.waiting.size, 0);
	t.true(bench.writes.some(({kind}) => kind === 'prekey-remove'));
});

test('a later line whose author misses nothing before it lets go what waits in vain', t => {
	const bench = new Bench();
	bench.post(line(20, 19));
	bench.post(line(21, 20));
	bench.post(line(30, 29), {room: 'den'});
	t.deepEqual(bench.notify(), []);
	bench.post(line(2 ** 32));
	t.deepEqual(bench.notify().filter(text => text.startsWith('ann ')), ['ann 20', 'ann 21', `ann ${2 ** 32}`]);
});

test('what was taken in before a crash is only acknowledged', t => {
	const bench = new Bench({taken: [`here:1/${realm}/bob 1`, `here:1/${realm}/bob 9`, `here:1/${realm}/cat 2`, 'elsewhere:1/x/bob 1']});
	bench.post(line(5));
	t.deepEqual(bench.turn(), [], 'looked for without a word of the server');
	t.deepEqual(bench.asked, ['fetch', 'ack mails [1]']);
	t.deepEqual(bench.writes.map(write => write.kind === 'mail-forgotten' && write.number), [9, 1], 'first what is gone, then what was acknowledged');
});

const unreadable: ReadonlyArray<readonly [string, (bench: Bench) => void]> = [
	['sealed by somebody else', bench => {
		bench.post(line(5), {from: eve, as: ann});
	}],
	['changed', bench => {
		const mail = bench.waiting.get(bench.post(line(5)))!;
		bench.waiting.set(1, {...mail, sealed: `${mail.sealed.slice(0, -4)}AAAA`});
	}],
	['said to be from another name than its card', bench => {
		bench.waiting.set(1, {...bench.waiting.get(bench.post(line(5), {from: eve}))!, from: 'ann'});
	}],
	['moved to another room', bench => {
		bench.waiting.set(1, {...bench.waiting.get(bench.post(line(5)))!, room: 'den'});
	}],
	['with a card of another realm', bench => {
		const [body = ''] = ann.card.split('.', 1);
		bench.waiting.set(1, {...bench.waiting.get(bench.post(line(5)))!, card: `${body}.${'A'.repeat(86)}`});
	}],
	['no mail at all', bench => {
		bench.waiting.set(1, {...bench.waiting.get(bench.post(line(5)))!, sealed: 'AAAA'});
	}],
];

for (const [title, spoil] of unreadable) {
	test(`mail that is ${title} is told once, naming the sender, and gone`, t => {
		const bench = new Bench();
		spoil(bench);
		const told = bench.notify();
		t.is(told.length, 1);
		t.regex(told[0]!, /^(?:A message|Mail) of ann can't be opened/v);
		t.is(bench.waiting.size, 0);
		t.deepEqual(bench.notify(), []);
	});
}

test('the author whose mail could not be opened is to be asked, a receipt that could not is nobody\'s concern; a plea is handed on', t => {
	const bench = new Bench();
	for (const [letter, outside] of [[line(5), {}], [line(6), {room: 'den'}], [line(7), {slot: 'receipt-1'}]] as const) {
		const number = bench.post(letter, outside);
		const mail = bench.waiting.get(number)!;
		bench.waiting.set(number, {...mail, sealed: `${mail.sealed.slice(0, -4)}AAAA`});
	}

	bench.notify();
	t.deepEqual(bench.unreadable, [`${ann.id} session`, `${ann.id} room:den`]);
	bench.post({kind: 'plea', lane: 'session', got: [[1, 3]]}, {slot: 'plea-1'});
	t.deepEqual(bench.notify(), ['ann wants session beyond 1-3']);
	t.is(bench.waiting.size, 0);
});

test('a prekey opens one mail, however often it is sent', t => {
	const bench = new Bench();
	bench.post(line(5), {oneTime: 2});
	const copy = bench.waiting.get(1)!;
	bench.notify();
	bench.waiting.set(2, {...copy, number: 2});
	t.regex(bench.notify()[0]!, /can't be opened/v);
});

test('whoever is busy gets receipts and what belongs to their rooms, the rest when they are free', t => {
	const bench = new Bench();
	bench.isBusy = true;
	bench.post(line(5));
	bench.post(line(6), {room: 'den'});
	bench.post({
		kind: 'receipt', lane: 'session', got: [[1, 3]], read: [[1, 2]],
	}, {slot: 'receipt-1'});
	t.deepEqual(bench.notify(), ['ann got 1-3 read 1-2', 'ann 6 in den']);
	t.deepEqual(bench.asked.filter(what => what.startsWith('fetch')), ['fetch slots true', 'fetch room "den"']);
	t.like(bench.mailbox.waiting, [{user: 'ann', count: 1}]);
	bench.isBusy = false;
	t.deepEqual(bench.turn(), ['1 from ann', 'ann 5']);
});
