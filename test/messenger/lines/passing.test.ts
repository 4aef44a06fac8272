// What may be passed on and what is taken in, with neighbours who say whatever they like.
import {generateKeyPairSync, type KeyObject} from 'node:crypto';
import test from 'ava';
import {Archive} from '../../../source/messenger/archive.js';
import {CatchUp} from '../../../source/messenger/lines/catch-up.js';
import {HybridClock} from '../../../source/messenger/clock.js';
import {Conversations} from '../../../source/messenger/conversations/conversations.js';
import type {Effect, HistoryQuery, KnownKey} from '../../../source/messenger/effects.js';
import {Inbox} from '../../../source/messenger/lines/inbox.js';
import {Journal} from '../../../source/messenger/journal.js';
import {answerBurst, askSettleMs, passedBytes} from '../../../source/messenger/limits.js';
import {Passing} from '../../../source/messenger/lines/passing.js';
import type {PassedLine, PeerRecord} from '../../../source/messenger/peers/records.js';
import {Requests} from '../../../source/messenger/conversations/requests.js';
import {Trust} from '../../../source/messenger/people/trust.js';
import {
	deviceId,
	realmId,
	signCard,
	type Card,
} from '../../../source/protocol/cards.js';
import {encodeBase64, exportPublicKey} from '../../../source/protocol/keys.js';
import {signLine, type ProvenLine} from '../../../source/protocol/line-proof.js';
import {maximumSequence, runLength} from '../../../source/protocol/sequences.js';

const day = 24 * 3_600_000;
const now = 1_700_000_000_000;
const made = now - day;
const clock = new HybridClock().tick(now);
const root = generateKeyPairSync('ed25519').privateKey;
const rootKey = exportPublicKey(root);
const realm = realmId(rootKey);

/**
Somebody with a device and a card.
*/
class Author {
	readonly key = generateKeyPairSync('ed25519').privateKey;
	readonly sign = encodeBase64(exportPublicKey(this.key));
	readonly device = deviceId(exportPublicKey(this.key));
	readonly name: string;

	constructor(name: string) {
		this.name = name;
	}

	card(change: Partial<Card> = {}, rootPrivateKey: KeyObject = root): string {
		return signCard({
			realm, user: this.name, device: this.device, sign: this.sign, agree: this.sign, issued: now - day, expires: now + day, ...change,
		}, rootPrivateKey);
	}

	/**
	A line as it is passed on; `change` is what it is signed with instead.
	*/
	say(sequence: number, text: string, audience = 'bob:0 cat:0', change: Partial<ProvenLine> = {}): PassedLine {
		const line = {
			sequence, text, at: now - 1000, clock, audience,
		};
		const {at, audience: named} = {...line, ...change};
		return {
			...line, at, audience: named, signature: signLine({
				realm, room: 'den', made, device: this.device, ...line, ...change,
			}, this.key),
		};
	}
}

/**
Cat in the den, with bob and dan as neighbours, and what she says to them.
*/
class Cat {
	readonly said: Array<PeerRecord & {to: string}> = [];
	readonly shown: string[] = [];
	readonly told: string[] = [];
	readonly effects: Effect[] = [];
	readonly journal = new Journal(effect => {
		this.effects.push(effect);
	});

	readonly conversations = new Conversations(() => undefined);
	readonly inbox = new Inbox(this.journal, () => `${realm}/cat`, {seen: new Map(), read: new Map()});
	readonly trust: Trust;
	readonly catchUp: CatchUp;
	readonly passing: Passing;
	readonly queries: HistoryQuery[] = [];
	readonly archive = new Archive(effect => {
		if (effect.type === 'recall') {
			this.queries.push(effect.query);
		}
	});

	now = now;
	visits: {ours: number; theirs: number} | undefined = {ours: 3, theirs: 7};
	hasHistory = true;

	constructor(knownKeys: readonly KnownKey[] = []) {
		const room = this.conversations.open('room', 'den', 'open');
		room.made = made;
		room.members.set('bob', {name: 'bob', isLost: false});
		room.members.set('dan', {name: 'dan', isLost: false});
		room.away.set('ann', 'ann');
		this.trust = new Trust({
			journal: this.journal, requests: new Requests(), stored: knownKeys, owner: () => ({realm, user: 'cat'}), ownKeys: {sign: 's', agree: 'a'}, listener: {
				emit: event => {
					this.told.push(event.type);
				},
				handleSettled: () => undefined,
			},
		});
		const parts = {
			conversations: this.conversations,
			delivery: {visits: (peer: string, shared: string) => shared === 'room:den' && peer !== 'ann' ? this.visits : undefined},
			peers: {
				send: (to: string, record: PeerRecord) => {
					this.said.push({to, ...record});
				},
			},
			trust: this.trust,
		};
		this.catchUp = new CatchUp({
			...parts, inbox: this.inbox, listener: {
				reader: () => ({realm, user: 'cat', rootKey: encodeBase64(rootKey)}),
				recordLine: () => [],
				handleLine: ({from, text}) => {
					this.shown.push(`${from}: ${text}`);
				},
			},
		});
		this.passing = new Passing({...parts, archive: this.archive, person: () => this.hasHistory ? {realm, owner: 'cat'} : undefined});
		this.catchUp.handleHere(room, this.now);
	}

	/**
	Lets time pass until a neighbour is asked.
	*/
	ask(): PeerRecord & {kind: 'have'; to: string} {
		this.said.length = 0;
		this.now = this.catchUp.pollTimeout()!;
		this.catchUp.flush(this.now);
		return this.said.at(-1) as PeerRecord & {kind: 'have'; to: string};
	}

	/**
	A neighbour answers; the disk is quick.

	@returns What cat says to that.
	*/
	pass(from: string, card: string, lines: readonly PassedLine[], change: Partial<PeerRecord & {kind: 'pass'}> = {}): ReadonlyArray<PeerRecord & {to: string}> {
		this.said.length = 0;
		this.catchUp.handlePass(from, {
			kind: 'pass', shared: 'room:den', visit: 3, card, lines, ...change,
		}, this.now);
		this.store();
		return this.said;
	}

	store(): void {
		this.journal.write([]);
		this.journal.flush(this.now);
		for (const effect of this.effects.splice(0)) {
			if (effect.type === 'store') {
				this.journal.handleStored(effect.batch, this.now);
			}
		}
	}

	/**
	A neighbour asks cat.
	*/
	have(from: string, change: Partial<PeerRecord & {kind: 'have'}> = {}): void {
		this.passing.handleHave(from, {
			kind: 'have', shared: 'room:den', visit: 3, made, marks: [], missing: [], ...change,
		}, this.now);
	}
}

const ann = new Author('ann');

test('neighbours are asked in turn, with pauses that grow, while somebody is missing', t => {
	const cat = new Cat();
	t.is(cat.catchUp.pollTimeout(), now + askSettleMs);
	const questions = Array.from({length: 6}, () => {
		const {to, marks, missing, visit} = cat.ask();
		t.deepEqual({marks, missing, visit}, {marks: [], missing: ['ann'], visit: 7});
		const askedAt = cat.now;
		cat.pass(to, '', []);
		return [to, cat.catchUp.pollTimeout()! - askedAt];
	});
	t.deepEqual(questions, [['bob', 2000], ['dan', 4000], ['bob', 8000], ['dan', 16_000], ['bob', 30_000], ['dan', 30_000]]);
	cat.catchUp.handleLinkDown('dan', cat.now);
	t.is(cat.catchUp.pollTimeout(), cat.now + askSettleMs);
});

test('who misses nobody asks rarely', t => {
	const cat = new Cat();
	cat.conversations.get('room:den')!.away.clear();
	const {to} = cat.ask();
	cat.pass(to, '', []);
	t.is(cat.catchUp.pollTimeout(), cat.now + 60_000);
});

test('where something comes although nobody is missing, the others are asked soon as well', t => {
	const cat = new Cat();
	cat.conversations.get('room:den')!.away.clear();
	const {to} = cat.ask();
	cat.pass(to, ann.card(), [ann.say(3, 'one')]);
	cat.pass(to, '', []);
	const asked = new Set<string>();
	for (let count = 0; count < 3; count++) {
		const last = cat.now;
		const {to: next} = cat.ask();
		t.true(cat.now < last + 10_000);
		asked.add(next);
		cat.pass(next, '', []);
	}

	t.deepEqual(asked, new Set(['bob', 'dan']));
	t.is(cat.catchUp.pollTimeout(), cat.now + 60_000);
});

test('who does not answer is not waited for', t => {
	const cat = new Cat();
	t.is(cat.ask().to, 'bob');
	const askedAt = cat.now;
	t.is(cat.ask().to, 'dan');
	t.is(cat.now, askedAt + 5000);
	t.deepEqual(cat.pass('bob', ann.card(), [ann.say(1, 'late')]), []);
	t.deepEqual(cat.shown, []);
});

test('what comes is taken in, in order and once, and more is asked for at once', t => {
	const cat = new Cat();
	const {to} = cat.ask();
	const answer = cat.pass(to, ann.card(), [ann.say(3, 'one'), ann.say(4, 'two', 'bob:0 cat:3')]);
	t.deepEqual(cat.shown, ['ann: one', 'ann: two']);
	t.like(answer, [{kind: 'have', to, marks: [[ann.device, [[1, 4]]]]}]);
	cat.pass(to, ann.card(), [ann.say(3, 'one'), ann.say(4, 'two', 'bob:0 cat:3'), ann.say(9, 'three', 'bob:0 cat:4')]);
	t.deepEqual(cat.shown, ['ann: one', 'ann: two', 'ann: three']);
});

test('what comes after a line that is missing waits for it, until its author has begun anew; the missing one is taken even then', t => {
	const cat = new Cat();
	const anew = 30 * runLength;
	const {to} = cat.ask();
	cat.pass(to, ann.card(), [ann.say(3, 'three'), ann.say(9, 'nine', 'bob:0 cat:8')]);
	t.deepEqual(cat.shown, ['ann: three']);
	const answer = cat.pass(to, ann.card(), [ann.say(9, 'nine', 'bob:0 cat:8'), ann.say(anew + 1, 'anew')]);
	t.deepEqual(cat.shown, ['ann: three'], 'one that can\'t be taken ends the page');
	t.like(answer, [{kind: 'have', marks: [[ann.device, [[1, maximumSequence]]]]}]);
	cat.pass(to, '', []);
	const {to: next} = cat.ask();
	t.like(cat.pass(next, ann.card(), [ann.say(anew + 1, 'anew')]), [{kind: 'have', marks: [[ann.device, [[1, 3], [anew, anew + 1]]]]}]);
	t.like(cat.pass(next, ann.card(), [ann.say(9, 'nine', 'bob:0 cat:8')]), [{kind: 'have', marks: [[ann.device, [[1, 3], [9, 9], [anew, anew + 1]]]]}]);
	t.like(cat.pass(next, ann.card(), [ann.say(8, 'eight', 'bob:0 cat:3'), ann.say(9, 'nine', 'bob:0 cat:8')]), [{kind: 'have', marks: [[ann.device, [[1, 9], [anew, anew + 1]]]]}]);
	t.deepEqual(cat.shown, ['ann: three', 'ann: anew', 'ann: nine', 'ann: eight']);
});

test('a hint is followed at once, also one that comes while an answer is awaited', t => {
	const cat = new Cat();
	cat.pass(cat.ask().to, '', []);
	cat.catchUp.handleMore('bob', {kind: 'more', shared: 'room:den', visit: 3}, cat.now);
	t.is(cat.catchUp.pollTimeout(), cat.now + 200);
	t.is(cat.ask().to, 'bob');
	cat.catchUp.handleMore('dan', {kind: 'more', shared: 'room:den', visit: 3}, cat.now);
	cat.pass('bob', '', []);
	t.is(cat.ask().to, 'dan');
	cat.pass('dan', '', []);
	const waits = cat.catchUp.pollTimeout();
	cat.catchUp.handleMore('bob', {kind: 'more', shared: 'room:den', visit: 2}, cat.now);
	t.is(cat.catchUp.pollTimeout(), waits);
});

const eve = new Author('eve');
const self = new Author('Cat');
const stranger = generateKeyPairSync('ed25519').privateKey;
const line = ann.say(5, 'tea at four');
for (const [title, card, lines] of [
	['another text', ann.card(), [{...line, text: 'tea at five'}]],
	['another sequence', ann.card(), [{...line, sequence: 6}]],
	['another time', ann.card(), [{...line, at: now - 2000}]],
	['another audience', ann.card(), [{...line, audience: 'bob:0 cat:0 eve:0'}]],
	['a line that is not meant for cat', ann.card(), [ann.say(5, 'x', 'bob:0 dan:0')]],
	['a line that is not meant for cat, and is said to be', ann.card(), [{...ann.say(5, 'x', 'bob:0 dan:0'), audience: 'bob:0 cat:0'}]],
	['a line before which another one is missing', ann.card(), [ann.say(5, 'x', 'bob:0 cat:4')]],
	['such a line that is said to have none before it', ann.card(), [{...ann.say(5, 'x', 'bob:0 cat:4'), audience: 'bob:0 cat:0'}]],
	['a line of another room', ann.card(), [ann.say(5, 'x', 'bob:0 cat:0', {room: 'attic'})]],
	['a line of an earlier room of the name', ann.card(), [ann.say(5, 'x', 'bob:0 cat:0', {made: made - 1})]],
	['a line of another realm', ann.card(), [ann.say(5, 'x', 'bob:0 cat:0', {realm: '0123456789abcdef'})]],
	['a line of long ago', ann.card(), [ann.say(5, 'x', 'bob:0 cat:0', {at: now - (9 * day)})]],
	['a line under another\'s card', eve.card(), [line]],
	['another\'s line under a card', ann.card(), [eve.say(5, 'x')]],
	['a card that the root has not signed', ann.card({}, stranger), [line]],
	['a card of another device', ann.card({sign: eve.sign}), [line]],
	['a card that ran out long ago', ann.card({issued: now - (90 * day), expires: now - (10 * day)}), [line]],
	['a line of one who is called as cat is', self.card(), [self.say(5, 'x')]],
	['no card', '', [line]],
] as const) {
	test(`refused: ${title}`, t => {
		const cat = new Cat();
		const {to} = cat.ask();
		cat.pass(to, card, lines);
		t.deepEqual(cat.shown, []);
		t.deepEqual(cat.inbox.marksOf('room:den'), []);
		// Bad lines don't keep good ones away: another neighbour has them.
		let {to: next} = cat.ask();
		for (; next === to; next = cat.ask().to) {
			cat.pass(next, '', []);
		}

		cat.pass(next, ann.card(), [line]);
		t.deepEqual(cat.shown, ['ann: tea at four']);
	});
}

test('of a neighbour whose lines of one author can\'t be taken the others\' are asked for', t => {
	const cat = new Cat();
	const {to} = cat.ask();
	const answer = cat.pass(to, ann.card(), [{...line, text: 'forged'}]);
	t.like(answer, [{kind: 'have', marks: [[ann.device, [[1, maximumSequence]]]]}]);
	cat.pass(to, eve.card(), [eve.say(1, 'hello')]);
	t.deepEqual(cat.shown, ['eve: hello']);
});

test('a card that ran out yesterday still speaks for what was said before', t => {
	const cat = new Cat();
	cat.pass(cat.ask().to, ann.card({issued: now - (90 * day), expires: now - day}), [line]);
	t.deepEqual(cat.shown, ['ann: tea at four']);
});

for (const [title, change] of [
	['nobody has asked for', {}],
	['under another visit', {visit: 2}],
	['of a room we are not in', {shared: 'room:attic'}],
] as const) {
	test(`not looked at: lines ${title}`, t => {
		const cat = new Cat();
		const {to} = cat.ask();
		cat.pass(title.startsWith('nobody') ? 'eve' : to, ann.card(), [line], change);
		t.deepEqual(cat.shown, []);
	});
}

test('a device that was not seen before under a name is taken in only once the user has accepted it', t => {
	const known: KnownKey = {
		realm, owner: 'cat', user: 'ann', device: 'old', sign: 'x', agree: 'y', trust: 'trusted',
	};
	const cat = new Cat([known]);
	const {to} = cat.ask();
	cat.pass(to, ann.card(), [line]);
	t.deepEqual(cat.shown, []);
	t.true(cat.told.includes('request'));
	cat.trust.answer('accept', {
		id: `key-${ann.device}`, kind: 'key', from: 'ann', expiresAt: undefined,
	}, cat.now, () => undefined);
	cat.pass(to, '', []);
	cat.pass(cat.ask().to, ann.card(), [line]);
	t.deepEqual(cat.shown, ['ann: tea at four']);
});

test('a member who asks gets what is meant for them, no more than fits', t => {
	const cat = new Cat();
	cat.have('bob', {marks: [[ann.device, [[1, 4]]]]});
	t.like(cat.queries, [{
		kind: 'passable', place: 'room:den', made, reader: 'bob', marks: new Map([[ann.device, [[1, 4]]]]), since: now - (7 * day), owner: 'cat',
	}]);
	const found = Array.from({length: 10}, (_, index) => {
		const {audience, signature, ...said} = ann.say(5 + index, 'x'.repeat(passedBytes / 4));
		return {
			...said, realm, owner: 'cat', place: 'room:den' as const, id: '', device: ann.device, from: 'ann', state: undefined, isUnread: false, proof: {
				made, audience, signature, card: `card ${index}`,
			},
		};
	});
	cat.archive.handleRecalled(1, {ok: true, lines: found});
	t.like(cat.said, [{
		kind: 'pass', to: 'bob', visit: 7, card: 'card 2', lines: {length: 3, 0: {sequence: 5}},
	}]);
});

for (const [title, change, prepare] of [
	['under another visit', {visit: 4}],
	['about an earlier room', {made: made - 1}],
	['about a room we are not in', {shared: 'room:attic'}],
	['without being in the room', {}, (cat: Cat) => {
		cat.visits = undefined;
	}],
	['under a key in question', {}, (cat: Cat) => {
		cat.trust.observe({
			user: 'bob', device: 'one', sign: 'x', agree: 'y',
		});
		cat.trust.observe({
			user: 'bob', device: 'two', sign: 'x', agree: 'y',
		});
	}],
] as ReadonlyArray<[string, Partial<PeerRecord & {kind: 'have'}>, ((cat: Cat) => void)?]>) {
	test(`not answered: who asks ${title}`, t => {
		const cat = new Cat();
		prepare?.(cat);
		cat.have('bob', change);
		t.deepEqual(cat.queries, []);
		t.deepEqual(cat.said, []);
	});
}

test('who asks while being answered, or too often, is not answered', t => {
	const cat = new Cat();
	cat.have('bob');
	cat.have('bob');
	t.is(cat.queries.length, 1);
	cat.archive.handleRecalled(1, {ok: true, lines: []});
	for (let count = 2; count < 100; count++) {
		cat.have('bob');
		cat.archive.handleRecalled(cat.queries.length, {ok: true, lines: []});
	}

	t.is(cat.queries.length, answerBurst);
	cat.now += 1000;
	cat.have('bob');
	t.is(cat.queries.length, answerBurst + 1);
	cat.have('dan');
	t.is(cat.queries.length, answerBurst + 2);
});

test('without a history there is nothing to pass on, and that is said', t => {
	const cat = new Cat();
	cat.hasHistory = false;
	cat.have('bob');
	t.like(cat.said, [{
		kind: 'pass', to: 'bob', card: '', lines: [],
	}]);
});

test('who misses an author hears of the next line once, if it is meant for them', t => {
	const cat = new Cat();
	cat.have('bob', {missing: ['ann']});
	cat.archive.handleRecalled(1, {ok: true, lines: []});
	cat.said.length = 0;
	const come = (author: string, audience: string) => {
		cat.passing.handleLine({
			peer: author, key: 'room:den', lane: 'room:den', device: 'd', sequence: 1, text: 'x', at: now, clock, proof: {
				made, audience, signature: 's', card: 'c',
			},
		});
	};

	come('eve', 'bob:0 cat:0');
	come('ann', 'cat:0 dan:0');
	t.deepEqual(cat.said, []);
	come('ann', 'bob:0 cat:0');
	come('ann', 'bob:0 cat:0');
	t.deepEqual(cat.said, [{
		kind: 'more', to: 'bob', shared: 'room:den', visit: 7,
	}]);
});
