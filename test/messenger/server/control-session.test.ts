// The control session against a script: what it sends, what it says, and when it tries again.
import {Buffer} from 'node:buffer';
import test from 'ava';
import {ControlSession} from '../../../source/messenger/server/control-session.js';
import type {Effect, StoredState} from '../../../source/messenger/effects.js';
import {Journal} from '../../../source/messenger/journal.js';
import type {ErrorReport} from '../../../source/protocol/errors.js';

const server = {host: '127.0.0.1', port: 7600};
const place = '127.0.0.1:7600';
const rootKey = 'R'.repeat(43);
const hello = {
	protocol: 1, program: 'earshotd', rootKey, udpPort: 7600, term: 1,
};
const loggedIn = {
	user: 'ann', card: 'card', token: 'token-2', punch: {sid: '00000001', secret: 'S'.repeat(43)}, prekeys: {oneTime: 0},
};

class Script {
	now = 1_700_000_000_000;
	readonly session: ControlSession;
	readonly effects: Effect[] = [];
	readonly told: string[] = [];
	readonly outcomes: Array<ErrorReport | undefined> = [];
	readonly #journal: Journal;

	constructor(stored: Partial<Pick<StoredState, 'pins' | 'logins'>> = {}, jitter = 0) {
		const push = (effect: Effect): void => {
			this.effects.push(effect);
		};

		this.#journal = new Journal(push);
		this.session = new ControlSession({
			listener: {
				handleNotice: notice => {
					this.told.push(notice.event);
				},
				handleLoggedIn: (reply, isResumed) => {
					this.told.push(`${isResumed ? 'resumed' : 'logged in'} ${reply.user}`);
				},
				handleLoggedOut: () => {
					this.told.push('logged out');
				},
			},
			push,
			journal: this.#journal,
			random: size => new Uint8Array(size).fill(jitter),
			device: {sign: 'A'.repeat(43), agree: 'B'.repeat(43)},
			program: 'test',
			stored: {pins: new Map(), logins: new Map(), ...stored},
		});
	}

	connect(user?: string): this {
		this.session.connect(server, user, this.now, error => {
			this.outcomes.push(error);
		});
		return this;
	}

	opened(fingerprint = 'aa'): this {
		this.session.handleControl({type: 'opened', fingerprint, remoteAddress: '127.0.0.1'}, this.now);
		return this;
	}

	say(message: unknown): this {
		this.session.handleControl({type: 'data', chunk: Buffer.from(`${JSON.stringify(message)}\n`)}, this.now);
		return this;
	}

	/**
	Answers the newest request, which must be `op`.
	*/
	answer(op: string, fields: Record<string, unknown>): this {
		const request = this.sent.at(-1) ?? {};
		if (request.op !== op) {
			throw new Error(`${op} was expected, and ${JSON.stringify(request)} was sent`);
		}

		return this.say({id: request.id, ok: true, ...fields});
	}

	refuse(code: string): this {
		return this.say({id: this.sent.at(-1)?.id, ok: false, error: {code, message: 'No.'}});
	}

	closed(code = 'lost'): this {
		this.session.handleControl({type: 'closed', code, message: 'It broke.'}, this.now);
		return this;
	}

	stand(): this {
		return this.connect().opened().answer('hello', hello);
	}

	logIn(): this {
		this.session.logIn('login', 'ann', 'secret', this.now, () => {});
		return this.answer('login', loggedIn);
	}

	/**
	Lets time pass, timers included.
	*/
	wait(ms: number): this {
		const end = this.now + ms;
		for (let at = this.session.pollTimeout(); at !== undefined && at <= end; at = this.session.pollTimeout()) {
			this.now = Math.max(this.now, at);
			this.session.handleTimeout(this.now);
		}

		this.now = end;
		return this;
	}

	get sent(): Array<Record<string, unknown>> {
		return this.effects.filter(effect => effect.type === 'send').map(({line}) => JSON.parse(line) as Record<string, unknown>);
	}

	get states(): string[] {
		return this.effects.filter(effect => effect.type === 'event').map(({event}) => event.type === 'connection' ? event.state : event.type);
	}

	get written(): string[] {
		this.#journal.flush(Infinity);
		return this.effects.filter(effect => effect.type === 'store').flatMap(({writes}) => writes.map(({kind}) => kind));
	}

	count(type: Effect['type']): number {
		return this.effects.filter(effect => effect.type === type).length;
	}
}

test('connects, says hello, trusts the first certificate', t => {
	const script = new Script().stand();
	t.deepEqual(script.outcomes, [undefined]);
	t.deepEqual(script.sent.map(({op}) => op), ['hello']);
	t.deepEqual(script.states, ['notice', 'connected']);
	t.deepEqual(script.written, ['pin']);
	t.like(script.session.view, {state: 'connected', server: place, user: undefined});
	t.is(script.session.rendezvousAddress, '127.0.0.1:7600');
});

test('a certificate that changed is refused before a byte is sent, and not tried again', t => {
	const script = new Script({pins: new Map([[place, {fingerprint: 'bb', rootKey}]])}).connect('ann').opened('aa');
	t.is(script.outcomes[0]?.code, 'certificate-changed');
	t.regex(script.outcomes[0]!.message, /Known: bb Shown: aa .*forget 127\.0\.0\.1:7600/v);
	t.deepEqual(script.sent, []);
	t.is(script.session.view.state, 'closed');
	t.is(script.count('disconnect'), 1);
	t.is(script.wait(60_000).count('connect'), 1);
	t.true(script.session.forget(place));
	script.connect().opened('aa').answer('hello', hello);
	t.is(script.session.view.state, 'connected');
});

test('a root key that changed is refused before a token is sent', t => {
	const script = new Script({pins: new Map([[place, {fingerprint: 'aa', rootKey: 'X'.repeat(43)}]]), logins: new Map([[place, {user: 'ann', token: 'token-1'}]])});
	script.connect('ann').opened('aa').answer('hello', hello);
	t.is(script.outcomes[0]?.code, 'certificate-changed');
	t.deepEqual(script.sent.map(({op}) => op), ['hello']);
});

test('no server: one error, then ever rarer attempts, each told', t => {
	const script = new Script().connect();
	const attempts: number[] = [];
	script.closed('unreachable');
	t.is(script.outcomes[0]?.code, 'unreachable');
	for (let count = 0; count < 7; count++) {
		const at = script.session.pollTimeout()!;
		attempts.push(at - script.now);
		script.wait(at - script.now).closed('unreachable');
	}

	t.deepEqual(attempts, [500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
	t.is(script.outcomes.length, 1);
	t.true(script.states.every(state => state === 'retrying'));
	t.like(script.session.view, {state: 'retrying', attempts: 8});
	script.wait(20_000).opened().answer('hello', hello);
	t.like(script.session.view, {state: 'connected', attempts: 0});
});

test('jitter lengthens a pause by up to a quarter', t => {
	t.is(new Script({}, 0xFF).connect().closed('unreachable').session.pollTimeout(), 1_700_000_000_625);
});

test('an attempt that is never answered is given up', t => {
	const script = new Script().connect().wait(10_000);
	t.is(script.outcomes[0]?.code, 'unreachable');
	t.is(script.count('disconnect'), 1);
});

test('d ends it for good, in every state', t => {
	for (const reach of [
		(script: Script) => script.connect(),
		(script: Script) => script.connect().opened(),
		(script: Script) => script.connect().closed('unreachable'),
		(script: Script) => script.stand(),
		(script: Script) => script.stand().logIn(),
	]) {
		const script = reach(new Script());
		script.session.disconnect(script.now);
		t.is(script.states.at(-1), 'closed');
		t.is(script.session.pollTimeout(), undefined);
		t.is(script.outcomes.length, 1);
		t.like(script.session.view, {state: 'closed', server: undefined, user: undefined});
	}
});

test('after a break it logs in again by itself, and says connected only then', t => {
	const script = new Script().stand().logIn().closed();
	t.deepEqual(script.told, ['logged in ann', 'logged out']);
	t.like(script.session.view, {state: 'retrying', user: 'ann'});
	script.wait(500).opened().answer('hello', hello);
	t.like(script.sent.at(-1), {op: 'resume', token: 'token-2'});
	t.like(script.session.view, {state: 'retrying'});
	script.answer('resume', {...loggedIn, token: 'token-3'});
	t.deepEqual(script.told, ['logged in ann', 'logged out', 'resumed ann']);
	t.deepEqual(script.states.slice(-3), ['lost', 'retrying', 'connected']);
	t.deepEqual(script.written, ['pin', 'login', 'login']);
});

test('a login that was taken up again may be shown its password, which only checks it', t => {
	const script = new Script().stand().logIn();
	t.false(script.session.view.isResumed);
	script.closed().wait(500).opened().answer('hello', hello).answer('resume', {...loggedIn, token: 'token-3'});
	t.true(script.session.view.isResumed);
	const told = [...script.told];
	const outcomes: boolean[] = [];
	const show = (password: string) => {
		script.session.logIn('login', 'ann', password, script.now, ({ok}) => {
			outcomes.push(ok);
		});
	};

	show('wrong');
	script.refuse('bad-credentials');
	t.true(script.session.view.isResumed);
	t.is(script.session.user, 'ann');
	show('secret');
	script.answer('login', loggedIn);
	t.deepEqual(outcomes, [false, true]);
	t.false(script.session.view.isResumed);
	t.deepEqual(script.told, told, 'nobody came or went');
});

test('a token that is not taken any more leaves it connected, and tells', t => {
	const script = new Script().stand().logIn().closed().wait(500).opened().answer('hello', hello).refuse('bad-token');
	t.like(script.session.view, {state: 'connected', user: undefined});
	t.is(script.states.at(-1), 'notice');
});

test('a server that is full at the return is tried again', t => {
	const script = new Script().stand().logIn().closed().wait(500).opened().answer('hello', hello).refuse('server-full');
	t.is(script.session.view.state, 'retrying');
	t.is(script.wait(2000).count('connect'), 3);
});

test('a stored token is used only for the user that is asked for', t => {
	const stored = {logins: new Map([[place, {user: 'ann', token: 'token-1'}]])};
	t.is(new Script(stored).connect().opened().answer('hello', hello).sent.at(-1)?.op, 'hello');
	t.is(new Script(stored).connect('bob').opened().answer('hello', hello).sent.at(-1)?.op, 'hello');
	t.like(new Script(stored).connect('ann').opened().answer('hello', hello).sent.at(-1), {op: 'resume', token: 'token-1'});
});

test('what would come too fast for the server waits, in order, and each is answered once', t => {
	const script = new Script().stand().logIn();
	const before = script.sent.length;
	const outcomes: boolean[] = [];
	for (let index = 0; index < 300; index++) {
		script.session.request('lru', {room: `r${index}`}, script.now, ({ok}) => {
			outcomes.push(ok);
		});
	}

	const atOnce = script.sent.length - before;
	t.true(atOnce > 100 && atOnce < 200, String(atOnce));
	t.true(script.wait(1000).sent.length > before + atOnce + 40);
	script.wait(4000);
	t.deepEqual(script.sent.slice(before).map(({room}) => room), Array.from({length: 300}, (_, index) => `r${index}`));
	t.is(outcomes.length, 0);
	for (const {id} of script.sent.slice(before, before + 200)) {
		script.say({
			id, ok: true, room: 'den', users: [],
		});
	}

	script.closed();
	t.is(outcomes.length, 300);
	t.is(outcomes.filter(Boolean).length, 200);
});

test('a silent server is noticed by its missing pong', t => {
	const script = new Script().stand().wait(20_000);
	t.is(script.sent.at(-1)?.op, 'ping');
	script.wait(15_000);
	t.deepEqual(script.states.slice(-2), ['lost', 'retrying']);
});

test('a server that answers pings is kept', t => {
	const script = new Script().stand();
	for (let count = 0; count < 10; count++) {
		script.wait(20_000).answer('ping', {});
	}

	t.is(script.session.view.state, 'connected');
});

test('requests that were under way are answered when the connection ends', t => {
	const script = new Script().stand().logIn();
	const errors: string[] = [];
	for (const op of ['lr', 'lu'] as const) {
		script.session.request(op, {after: undefined}, script.now, outcome => {
			errors.push(outcome.ok ? 'ok' : outcome.error.code);
		});
	}

	script.closed();
	t.deepEqual(errors, ['connection-lost', 'connection-lost']);
	script.session.request('lr', {after: undefined}, script.now, outcome => {
		errors.push(outcome.ok ? 'ok' : outcome.error.code);
	});
	t.is(errors.at(-1), 'not-connected');
});

test('who was replaced does not come back by itself; who was shut down on does', t => {
	const replaced = new Script().stand().logIn().say({event: 'closing', code: 'replaced', message: 'Another one.'});
	t.is(replaced.session.view.state, 'closed');
	t.is(replaced.session.pollTimeout(), undefined);
	const shutDown = new Script().stand().logIn().say({event: 'closing', code: 'shutdown', message: 'Good night.'});
	t.deepEqual(shutDown.states.slice(-3), ['notice', 'lost', 'retrying']);
});

test('another version of the protocol is an error, not a loop', t => {
	const script = new Script().connect().opened().refuse('protocol-version');
	t.is(script.outcomes[0]?.code, 'protocol-version');
	t.is(script.session.view.state, 'closed');
});

for (const [title, bytes] of [
	['binary noise', Buffer.from([0xFF, 0xFE, 0x00, 0x0A])],
	['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n')],
	['a line without end', Buffer.alloc(100_000, 0x20)],
	['a reply that is none', Buffer.from('{"id":1,"ok":7}\n')],
	['a notice with wrong fields', Buffer.from('{"event":"presence","users":7}\n')],
] as const) {
	test(`a server that sends ${title} is left`, t => {
		const script = new Script().stand();
		script.session.handleControl({type: 'data', chunk: bytes}, script.now);
		t.is(script.session.view.state, 'retrying');
		t.is(script.count('disconnect'), 1);
	});
}

test('a reply whose fields do not fit its request ends the connection, not the program', t => {
	const script = new Script().stand().logIn();
	script.session.request('lr', {after: undefined}, script.now);
	script.answer('lr', {rooms: 'none'});
	t.is(script.session.view.state, 'retrying');
});

test('notices of a newer server and late replies are passed over', t => {
	const script = new Script().stand().say({event: 'weather', sun: true}).say({id: 999, ok: true});
	t.is(script.session.view.state, 'connected');
	t.deepEqual(script.told, []);
});

test('until the server knows us again, no request of ours goes out', t => {
	const script = new Script().stand().logIn().closed().wait(1000).opened();
	const ask = (): void => {
		script.session.request('enter', {room: 'den'}, script.now, outcome => {
			script.outcomes.push(outcome.ok ? undefined : outcome.error);
		});
	};

	const before = script.outcomes.length;
	ask();
	t.is(script.sent.at(-1)?.op, 'hello');
	script.answer('hello', hello);
	t.is(script.sent.at(-1)?.op, 'resume');
	ask();
	t.is(script.sent.at(-1)?.op, 'resume');
	t.deepEqual(script.outcomes.slice(before).map(error => error?.code), ['not-connected', 'not-connected']);
	script.answer('resume', loggedIn);
	ask();
	t.is(script.sent.at(-1)?.op, 'enter');
});
