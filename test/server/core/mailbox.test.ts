import {Buffer} from 'node:buffer';
import test from 'ava';
import fc from 'fast-check';
import {deviceId} from '../../../source/protocol/cards.js';
import {encodeLine} from '../../../source/protocol/framing.js';
import {decodeBase64} from '../../../source/protocol/keys.js';
import {mailLifetimeMs, maximumLineBytes, maximumSealedLength} from '../../../source/protocol/limits.js';
import {deviceKeys, FakeServer, type FakeClient} from '../helpers/fake-server.js';

const generous = {
	requestRate: 1e6, requestBurst: 1e6, loginRate: 1e6, loginBurst: 1e6,
};
const deviceOf = (name: string) => deviceId(decodeBase64(deviceKeys(name).sign));

function village(...names: readonly string[]): [server: FakeServer, ...people: FakeClient[]] {
	const server = new FakeServer({limits: generous});
	const people = names.map((name, index) => server.register(name, {device: deviceKeys('ABCDEFGH'[index])}));
	server.settle();
	for (const person of people) {
		person.notices.length = 0;
	}

	return [server, ...people];
}

function resume(server: FakeServer, client: FakeClient): FakeClient {
	const again = server.connect(client.remote);
	again.ask('hello', {protocol: 1, program: 'test'});
	again.device = client.device;
	again.login = again.ask('resume', {token: client.login.token, device: client.device});
	server.settle();
	return again;
}

let lastMail = 0;

/**
A mail to bob, whose device is B.
*/
function letter(fields: Record<string, unknown> = {}): Record<string, unknown> {
	lastMail++;
	return {
		to: 'bob', device: deviceOf('B'), mail: `mail-${lastMail}`, sealed: 'AAAA', ...fields,
	};
}

test('mail for somebody away waits, is told at the login, fetched, and gone when acknowledged', t => {
	const [server, ann, bob] = village('ann', 'bob');
	bob!.ask('bye');
	const since = server.now;
	t.like(ann!.ask('mail', letter({sealed: 'first'})), {ok: true, at: since});
	server.advance(1000);
	t.true(ann!.ask('mail', letter({sealed: 'second'})).ok);
	t.true(ann!.ask('mail', letter({sealed: 'third', room: 'den'})).ok);
	server.restart();
	const again = resume(server, bob!);
	t.deepEqual(again.take('mail'), [{
		event: 'mail', waiting: [
			{user: 'ann', count: 2, since},
			{
				user: 'ann', room: 'den', count: 1, since: since + 1000,
			},
		], slots: 0,
	}]);
	const {mails, more} = again.ask('fetch');
	t.false(more);
	t.like(mails, [
		{
			from: 'ann', sealed: 'first', at: since, card: ann!.login.card,
		},
		{sealed: 'second', at: since + 1000},
		{sealed: 'third', room: 'den'},
	]);
	t.like(again.ask('fetch', {room: 'DEN'}).mails, [{sealed: 'third'}]);
	t.like(again.ask('fetch', {after: mails[0]!.number}).mails, [{sealed: 'second'}, {sealed: 'third'}]);
	t.true(again.ask('ack', {mails: [mails[0]!.number, mails[2]!.number, 999]}).ok);
	t.like(again.ask('fetch').mails, [{sealed: 'second'}]);
	t.true(again.ask('ack', {mails: mails.map(({number}) => number)}).ok);
	again.drop();
	t.deepEqual(resume(server, again).take('mail'), [], 'nothing waits any more');
	t.deepEqual(server.disk.mails, []);
});

test('nobody reads or deletes the mail of somebody else', t => {
	const [server, ann, bob, cat] = village('ann', 'bob', 'cat');
	ann!.ask('mail', letter());
	server.settle();
	const {number} = bob!.ask('fetch').mails[0]!;
	for (const other of [ann!, cat!]) {
		t.deepEqual(other.ask('fetch').mails, []);
		t.deepEqual(other.take('mail'), []);
		t.true(other.ask('ack', {mails: [number]}).ok);
	}

	t.is(bob!.ask('fetch').mails.length, 1);
});

test('who is here is told at once, and within 50 ms only once', t => {
	const [server, ann, bob] = village('ann', 'bob');
	server.advance(1000);
	ann!.ask('mail', letter());
	server.advance(0);
	t.like(bob!.take('mail'), [{waiting: [{user: 'ann', count: 1}]}]);
	for (let index = 0; index < 5; index++) {
		ann!.ask('mail', letter());
	}

	server.advance(49);
	t.deepEqual(bob!.take('mail'), []);
	server.advance(1);
	t.like(bob!.take('mail'), [{waiting: [{user: 'ann', count: 6}]}]);
});

test('stored means durable', t => {
	const [server, ann, bob] = village('ann', 'bob');
	server.isHolding = true;
	const id = ann!.send('mail', letter());
	server.advance(1000);
	t.false(ann!.replies.has(id));
	t.deepEqual(bob!.take('mail'), []);
	server.release();
	t.true(ann!.replies.get(id)!.ok);
	server.settle();
	t.is(bob!.take('mail').length, 1);

	const second = bob!.ask('fetch').mails[0]!.number;
	server.isHolding = true;
	const acknowledging = bob!.send('ack', {mails: [second]});
	t.false(bob!.replies.has(acknowledging));
	server.release();
	t.true(bob!.replies.get(acknowledging)!.ok);
});

test('a full disk keeps nothing and says so', t => {
	const [server, ann, bob] = village('ann', 'bob');
	server.isDiskFull = true;
	t.is(ann!.refusal('mail', letter()), 'storage-failed');
	t.is(bob!.refusal('publish', {oneTime: []}), 'storage-failed');
	t.is(ann!.refusal('bundle', {user: 'bob', count: 1}), 'storage-failed');
	t.is(bob!.refusal('ack', {mails: [1]}), 'storage-failed');
	server.isDiskFull = false;
	t.true(ann!.ask('mail', letter()).ok);
});

test('a repeated mail is answered alike and kept once, also in a full box', t => {
	const [server, ann, bob, cat] = village('ann', 'bob', 'cat');
	const first = letter();
	const {at} = ann!.ask('mail', first);
	server.advance(5000);
	bob!.notices.length = 0;
	t.is(ann!.ask('mail', first).at, at);
	server.settle();
	t.is(bob!.take('mail').length, 0, 'no news');
	t.true(cat!.ask('mail', first).ok, 'the id is its sender\'s own');
	t.is(bob!.ask('fetch').mails.length, 2);
	for (let index = 0; index < 998; index++) {
		t.true(ann!.ask('mail', letter()).ok);
	}

	t.is(cat!.refusal('mail', letter()), 'mailbox-full');
	t.is(ann!.ask('mail', first).at, at);
	t.true(ann!.ask('mail', letter({slot: 'receipt'})).ok, 'a slot is no line');
	const [{number} = {number: 0}] = bob!.ask('fetch').mails;
	bob!.ask('ack', {mails: [number]});
	t.true(cat!.ask('mail', letter()).ok);
});

test('a slot holds the newest mail only, 64 of each sender', t => {
	const [server, ann, bob, cat] = village('ann', 'bob', 'cat');
	bob!.ask('bye');
	ann!.ask('mail', letter({sealed: 'old', slot: 'receipt-1'}));
	cat!.ask('mail', letter({sealed: 'cats', slot: 'receipt-1'}));
	ann!.ask('mail', letter({sealed: 'line'}));
	ann!.ask('mail', letter({sealed: 'new', slot: 'receipt-1'}));
	const again = resume(server, bob!);
	t.like(again.take('mail'), [{waiting: [{user: 'ann', count: 1}], slots: 2}]);
	t.deepEqual(again.ask('fetch').mails.map(({sealed}) => sealed), ['cats', 'line', 'new']);
	t.deepEqual(again.ask('fetch', {slots: true}).mails.map(({sealed, slot}) => [sealed, slot]), [['cats', 'receipt-1'], ['new', 'receipt-1']]);
	for (let index = 2; index <= 64; index++) {
		t.true(ann!.ask('mail', letter({slot: `receipt-${index}`})).ok);
	}

	t.is(ann!.refusal('mail', letter({slot: 'receipt-65'})), 'mailbox-full');
	t.true(ann!.ask('mail', letter({slot: 'receipt-7'})).ok);
	t.true(cat!.ask('mail', letter({slot: 'receipt-65'})).ok);
});

test('a reader who acknowledges an older mail of a slot keeps the newer one', t => {
	const [, ann, bob] = village('ann', 'bob');
	ann!.ask('mail', letter({sealed: 'old', slot: 'receipt'}));
	const {number} = bob!.ask('fetch').mails[0]!;
	ann!.ask('mail', letter({sealed: 'new', slot: 'receipt'}));
	bob!.ask('ack', {mails: [number]});
	t.like(bob!.ask('fetch').mails, [{sealed: 'new'}]);
});

test('refusals name what is wrong', t => {
	const [server, ann, bob] = village('ann', 'bob');
	t.is(ann!.refusal('mail', letter({to: 'nobody'})), 'no-such-user');
	t.is(bob!.refusal('mail', letter()), 'self');
	t.is(ann!.refusal('mail', letter({device: deviceOf('Z')})), 'device-changed');
	bob!.ask('bye');
	const other = server.connect();
	other.ask('hello', {protocol: 1, program: 'test'});
	t.true(other.ask('login', {user: 'bob', password: 'bob-secret', device: deviceKeys('Y')}).ok);
	t.is(ann!.refusal('mail', letter()), 'device-changed');
	t.true(ann!.ask('mail', letter({device: deviceOf('Y')})).ok);
});

test('mail stays with the device it is sealed for', t => {
	const [server, ann, bob] = village('ann', 'bob');
	ann!.ask('mail', letter({sealed: 'for-B'}));
	bob!.ask('bye');
	const other = server.connect();
	other.ask('hello', {protocol: 1, program: 'test'});
	other.ask('login', {user: 'bob', password: 'bob-secret', device: deviceKeys('Y')});
	server.settle();
	t.deepEqual(other.take('mail'), []);
	t.deepEqual(other.ask('fetch').mails, []);
	ann!.ask('mail', letter({sealed: 'for-Y', device: deviceOf('Y')}));
	t.like(other.ask('fetch').mails, [{sealed: 'for-Y'}]);
	other.ask('bye');
	const back = server.connect();
	back.ask('hello', {protocol: 1, program: 'test'});
	back.ask('login', {user: 'bob', password: 'bob-secret', device: deviceKeys('B')});
	server.settle();
	t.like(back.take('mail'), [{waiting: [{user: 'ann', count: 1}]}]);
	t.like(back.ask('fetch').mails, [{sealed: 'for-B'}]);
});

test('a device whose mail is read, or that has none, does not hide the mail of another device', t => {
	for (const hasOwn of [false, true]) {
		const [server, ann, bob] = village('ann', 'bob');
		bob!.ask('bye');
		ann!.ask('mail', letter({sealed: 'for-B'}));
		const other = server.connect();
		other.ask('hello', {protocol: 1, program: 'test'});
		other.ask('login', {user: 'bob', password: 'bob-secret', device: deviceKeys('Y')});
		server.settle();
		if (hasOwn) {
			ann!.ask('mail', letter({sealed: 'for-Y', device: deviceOf('Y')}));
			ann!.ask('mail', letter({sealed: 'for-Y too', device: deviceOf('Y')}));
			other.ask('ack', {mails: other.ask('fetch').mails.map(({number}) => number)});
			server.settle();
		}

		other.ask('bye');
		const back = server.connect();
		back.ask('hello', {protocol: 1, program: 'test'});
		back.ask('login', {user: 'bob', password: 'bob-secret', device: deviceKeys('B')});
		server.settle();
		t.like(back.take('mail'), [{waiting: [{user: 'ann', count: 1}]}], `has mail of its own: ${hasOwn}`);
	}
});

test('after a week mail is gone, hour by hour and at a start', t => {
	const [server, ann, bob] = village('ann', 'bob');
	bob!.ask('bye');
	ann!.ask('mail', letter({sealed: 'old'}));
	server.now += mailLifetimeMs - 60_000;
	ann!.ask('mail', letter({sealed: 'new'}));
	t.is(server.disk.mails.length, 2);
	server.advance(3_600_000);
	t.like(server.disk.mails, [{sealed: 'new'}]);
	server.now += mailLifetimeMs;
	server.restart();
	t.deepEqual(server.disk.mails, []);
	t.deepEqual(resume(server, bob!).take('mail'), []);
});

test('the largest mails come in pages that fit in a line', t => {
	const [, ann, bob] = village('ann', 'bob');
	const sizes = [maximumSealedLength, maximumSealedLength, 10, 20_000, 20_000, 20_000, maximumSealedLength];
	for (const [index, size] of sizes.entries()) {
		t.true(ann!.ask('mail', letter({
			mail: 'm'.repeat(60) + String(index), sealed: 'A'.repeat(size), room: 'r'.repeat(32), slot: `${'s'.repeat(62)}${index}`,
		})).ok);
	}

	const found: number[] = [];
	let after = 0;
	for (let more = true; more;) {
		const reply = bob!.ask('fetch', {after});
		t.true(Buffer.byteLength(encodeLine(reply)) <= maximumLineBytes);
		found.push(...reply.mails.map(({sealed}) => sealed.length));
		after = reply.mails.at(-1)!.number;
		more = reply.more;
	}

	t.deepEqual(found, sizes);
});

test('what waits is told in one line that the client accepts, however many have written', t => {
	const server = new FakeServer({limits: generous});
	const bob = server.register('bob', {device: deviceKeys('B')});
	const name = (index: number) => `${'𐐷'.repeat(29)}${String(index).padStart(3, '0')}`;
	for (let index = 0; index < 450; index++) {
		const writer = server.connect();
		writer.ask('hello', {protocol: 1, program: 'test'});
		writer.ask('register', {user: name(index), password: 'x', device: deviceKeys('C')});
		t.true(writer.ask('mail', letter({room: name(index)})).ok);
		writer.drop();
	}

	server.settle();
	const line = encodeLine(bob.take('mail').at(-1)!);
	t.true(Buffer.byteLength(line) <= maximumLineBytes);
});

type Entry = {readonly sender: number; readonly mail: string; readonly slot: string | undefined; readonly room: string | undefined; readonly sealed: string};
type Step =
	| {readonly kind: 'mail'; readonly sender: number; readonly mail: number; readonly slot: number | undefined; readonly room: string | undefined}
	| {readonly kind: 'ack'; readonly share: number}
	| {readonly kind: 'restart' | 'drop' | 'full'};

/**
Two writers and their reader at a server, and a plain list of what must wait there.
*/
class Lifetime {
	readonly server = new FakeServer({limits: generous});
	entries: Entry[] = [];
	#writers = ['ann', 'cat'].map((name, index) => this.server.register(name, {device: deviceKeys('AC'[index])}));
	#bob = this.server.register('bob', {device: deviceKeys('B')});
	#count = 0;

	act(step: Step): void {
		this.server.advance(1000);
		switch (step.kind) {
			case 'mail': {
				this.#write(step);

				break;
			}

			case 'ack': {
				const taken = this.#bob.ask('fetch').mails.slice(0, Math.ceil(this.entries.length * step.share));
				const {ok} = this.#bob.ask('ack', {mails: taken.map(({number}) => number)});
				this.entries = ok ? this.entries.slice(taken.length) : this.entries;

				break;
			}

			case 'full': {
				this.server.isDiskFull = !this.server.isDiskFull;

				break;
			}

			default: {
				this.#reconnect(step.kind === 'restart');
			}
		}
	}

	/**
	What the server gives and tells against the list.
	*/
	agrees(): boolean {
		const gives = (fields: Record<string, unknown>, isMeant: (entry: Entry) => boolean) => {
			const {mails} = this.#bob.ask('fetch', fields);
			return mails.map(({sealed}) => sealed).join(' ') === this.entries.filter(entry => isMeant(entry)).map(({sealed}) => sealed).join(' ')
				&& mails.every(({number}, index) => number > (mails[index - 1]?.number ?? 0));
		};

		const lines = this.entries.filter(({slot}) => slot === undefined).length;
		this.server.settle();
		const told = this.#bob.take('mail').at(-1);
		const toldLines = told?.waiting.reduce((sum, {count}) => sum + count, 0) ?? lines;
		return gives({}, () => true) && gives({room: 'den'}, ({room}) => room === 'den') && gives({slots: true}, ({slot}) => slot !== undefined) && toldLines === lines;
	}

	#write({sender, mail, slot, room}: Extract<Step, {kind: 'mail'}>): void {
		this.#count++;
		const entry: Entry = {
			sender, mail: `m${mail}`, slot: slot === undefined ? undefined : `s${slot}`, room, sealed: `c${this.#count}`,
		};
		const reply = this.#writers[sender]!.ask('mail', letter(entry));
		if (!reply.ok && !this.server.isDiskFull) {
			throw new Error(`refused with ${reply.error!.code}`);
		}

		if (reply.ok && this.entries.every(other => !(other.sender === sender && other.mail === entry.mail))) {
			this.entries = [...this.entries.filter(other => slot === undefined || other.sender !== sender || other.slot !== entry.slot), entry];
		}
	}

	#reconnect(isRestart: boolean): void {
		if (isRestart) {
			this.server.restart();
			this.#writers = this.#writers.map(writer => resume(this.server, writer));
		} else {
			this.#bob.drop();
		}

		this.#bob = resume(this.server, this.#bob);
	}
}

test('a lifetime of mail agrees with a list of it', t => {
	const step: fc.Arbitrary<Step> = fc.oneof(
		{
			weight: 4, arbitrary: fc.record({
				kind: fc.constant('mail' as const), sender: fc.nat(1), mail: fc.nat(12), slot: fc.option(fc.nat(2), {nil: undefined}), room: fc.option(fc.constantFrom('den', 'attic'), {nil: undefined}),
			}),
		},
		{weight: 1, arbitrary: fc.record({kind: fc.constant('ack' as const), share: fc.double({min: 0, max: 1, noNaN: true})})},
		{weight: 1, arbitrary: fc.record({kind: fc.constantFrom('restart' as const, 'drop' as const, 'full' as const)})},
	);
	t.notThrows(() => {
		fc.assert(fc.property(fc.array(step, {maxLength: 60}), steps => {
			const lifetime = new Lifetime();
			return steps.every(action => {
				lifetime.act(action);
				return lifetime.agrees();
			});
		}), {numRuns: 150});
	});
});
