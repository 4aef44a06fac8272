import test from 'ava';
import type {Effect, PrekeySecret, StoreWrite} from '../../../source/messenger/effects.js';
import {Journal} from '../../../source/messenger/journal.js';
import {
	maximumPrekeySecrets,
	oneTimePrekeys,
	replacedPrekeyMs,
	signedPrekeyMs,
} from '../../../source/messenger/limits.js';
import {Prekeys} from '../../../source/messenger/mail/prekeys.js';
import {isPrekeyOf} from '../../../source/messenger/mail/sealing.js';
import type {Prekey, Reply, SignedPrekey} from '../../../source/protocol/messages.js';
import {encodeBase64, exportPublicKey, importPrivateKey} from '../../../source/protocol/keys.js';
import {SeededRandom} from '../../helpers/random.js';

const chance = new SeededRandom(5);
const signKey = importPrivateKey('ed25519', chance.bytes(32));

/**
Prekeys with a server and a disk that do as they are told.
*/
class Bench {
	readonly published: Array<{signed?: SignedPrekey; oneTime: readonly Prekey[]}> = [];
	readonly kept = new Map<number, PrekeySecret>();
	readonly prekeys: Prekeys;
	refusal: string | undefined;
	isDiskSlow = false;
	#batch = 0;
	readonly #journal: Journal;
	readonly #writes = new Map<number, readonly StoreWrite[]>();

	constructor(secrets: readonly PrekeySecret[] = []) {
		for (const secret of secrets) {
			this.kept.set(secret.id, secret);
		}

		this.#journal = new Journal(effect => {
			const {batch, writes} = effect as Effect & {type: 'store'};
			this.#batch = batch;
			this.#writes.set(batch, writes);
		});
		this.prekeys = new Prekeys({
			control: {
				request: (_op, fields, now, done) => {
					this.published.push(fields as never);
					const {oneTime} = fields as unknown as {oneTime: readonly Prekey[]};
					const reply: Reply<'publish'> = {oneTime: oneTime.length};
					done?.(this.refusal === undefined ? {ok: true, reply: reply as never} : {ok: false, error: {code: this.refusal, message: ''}}, now);
				},
			},
			journal: this.#journal,
			random: size => chance.bytes(size),
			signKey,
			secrets,
		});
	}

	logIn(held: {signed?: number; oneTime: number}, now: number): this {
		this.prekeys.handleLoggedIn(held, now);
		return this.turn(now);
	}

	turn(now: number): this {
		this.#journal.flush(Infinity);
		for (const write of this.#writes.get(this.#batch) ?? []) {
			if (write.kind === 'prekey-add') {
				this.kept.set(write.prekey.id, write.prekey);
			} else if (write.kind === 'prekey-remove') {
				this.kept.delete(write.id);
			}
		}

		if (!this.isDiskSlow) {
			this.#journal.handleStored(this.#batch, now);
		}

		return this;
	}

	get signed(): PrekeySecret[] {
		return this.kept.values().filter(({kind}) => kind === 'signed').toArray();
	}
}

test('the first login publishes a signed prekey and a hundred one-time ones, whose private halves are on disk', t => {
	const bench = new Bench().logIn({oneTime: 0}, 1000);
	const [{signed, oneTime}] = bench.published as [{signed: SignedPrekey; oneTime: readonly Prekey[]}];
	t.is(oneTime.length, oneTimePrekeys);
	t.true(isPrekeyOf({sign: encodeBase64(exportPublicKey(signKey))}, signed));
	t.is(new Set(oneTime.map(({id}) => id)).size, oneTimePrekeys);
	for (const {id, key} of [signed, ...oneTime]) {
		t.is(encodeBase64(exportPublicKey(importPrivateKey('x25519', bench.kept.get(id)!.secret))), key);
	}

	t.truthy(bench.prekeys.find('one-time', oneTime[0]!.id));
	t.is(bench.prekeys.find('signed', oneTime[0]!.id), undefined);
});

test('nothing leaves before it is on disk', t => {
	const bench = new Bench();
	bench.isDiskSlow = true;
	bench.logIn({oneTime: 0}, 1000);
	t.is(bench.published.length, 0);
	bench.isDiskSlow = false;
	bench.turn(1000);
	t.is(bench.published.length, 1);
});

test('a server that has enough is left alone; one that runs low is given more', t => {
	const bench = new Bench().logIn({oneTime: 0}, 1000);
	const signed = bench.published[0]!.signed!.id;
	bench.prekeys.handleLoggedOut();
	bench.logIn({signed, oneTime: oneTimePrekeys / 2}, 2000);
	t.is(bench.published.length, 1);
	bench.prekeys.handleFew(10, 3000);
	bench.turn(3000);
	t.is(bench.published.length, 2);
	t.is(bench.published[1]!.signed, undefined);
	t.is(bench.published[1]!.oneTime.length, oneTimePrekeys - 10);
});

test('a signed prekey is renewed weekly, the one before it outlives the mail that was sealed with it', t => {
	const bench = new Bench().logIn({oneTime: 0}, 1000);
	const [first] = bench.signed;
	t.is(bench.prekeys.pollTimeout(), 1000 + signedPrekeyMs);
	let now = 1000 + signedPrekeyMs;
	bench.prekeys.handleTimeout(now);
	bench.turn(now);
	t.is(bench.signed.length, 2);
	t.is(bench.published.at(-1)!.signed!.id, bench.signed.at(-1)!.id);
	t.truthy(bench.prekeys.find('signed', first!.id));
	now += replacedPrekeyMs;
	bench.prekeys.handleTimeout(now);
	bench.turn(now);
	t.false(bench.kept.has(first!.id));
	t.is(bench.prekeys.find('signed', first!.id), undefined);
});

test('a used one-time prekey is erased once, with the mail it opened', t => {
	const bench = new Bench().logIn({oneTime: 0}, 1000);
	const {id} = bench.published[0]!.oneTime[0]!;
	t.deepEqual(bench.prekeys.use(id), [{kind: 'prekey-remove', id}]);
	t.deepEqual(bench.prekeys.use(id), []);
	t.is(bench.prekeys.find('one-time', id), undefined);
});

test('what the server refuses is offered again, and not made anew', t => {
	const bench = new Bench();
	bench.refusal = 'slow-down';
	bench.logIn({oneTime: 0}, 1000);
	bench.refusal = undefined;
	const now = bench.prekeys.pollTimeout()!;
	bench.prekeys.handleTimeout(now);
	bench.turn(now);
	t.is(bench.published.length, 2);
	t.deepEqual(bench.published[1], bench.published[0]);
});

test('private halves are kept within bounds, the oldest go first', t => {
	const secrets = Array.from({length: maximumPrekeySecrets}, (_, index): PrekeySecret => ({
		id: index + 1, kind: 'one-time', secret: new Uint8Array(32), madeAt: index,
	}));
	const signed: PrekeySecret = {
		id: 10_000, kind: 'signed', secret: new Uint8Array(32), madeAt: 5000,
	};
	const bench = new Bench([...secrets, signed]).logIn({signed: signed.id, oneTime: 40}, 10_000);
	t.is(bench.kept.size, maximumPrekeySecrets + 1);
	t.false(bench.kept.has(60));
	t.true(bench.kept.has(61));
});

test('a device that has lost private halves has the server drop the public ones, until it has said that it did', t => {
	const bench = new Bench().logIn({oneTime: 0}, 1000);
	const signed = bench.signed[0]!;
	const older = new Bench([signed]);
	older.refusal = 'storage-failed';
	older.logIn({signed: signed.id, oneTime: 80}, 2000);
	t.like(older.published[0], {replace: true});
	t.is(older.published[0]!.oneTime.length, oneTimePrekeys);
	older.refusal = undefined;
	older.prekeys.handleTimeout(older.prekeys.pollTimeout()!);
	older.turn(3000);
	t.like(older.published[1], {replace: true});
	older.prekeys.handleFew(40, 4000);
	older.turn(4000);
	t.is((older.published[2] as {replace?: boolean}).replace, undefined);
	older.prekeys.handleLoggedOut();
	older.logIn({signed: signed.id, oneTime: 100}, 5000);
	t.is(older.published.length, 3);
});

test('as long as the server shows another signed prekey than the newest its one-time ones are not trusted, however many there are', t => {
	const bench = new Bench().logIn({oneTime: 0}, 1000);
	const signed = bench.signed[0]!;
	const now = 2000 + signedPrekeyMs;
	const older = new Bench([signed]);
	older.refusal = 'connection-lost';
	older.logIn({signed: signed.id, oneTime: 80}, now);
	t.like(older.published[0], {replace: true});
	older.refusal = undefined;

	// Its new ones are on disk and the server has not heard of them.
	const back = new Bench(older.kept.values().toArray()).logIn({signed: signed.id, oneTime: 80}, now);
	t.like(back.published[0], {replace: true, signed: {id: back.signed.at(-1)!.id}});
	t.is(back.published[0]!.oneTime.length, oneTimePrekeys);
});
