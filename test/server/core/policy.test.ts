import test from 'ava';
import fc from 'fast-check';
import {deviceId} from '../../../source/protocol/cards.js';
import {decodeBase64} from '../../../source/protocol/keys.js';
import {deviceKeys, FakeServer, type FakeClient} from '../helpers/fake-server.js';

test('a client asking too fast is slowed down, then served again', t => {
	const server = new FakeServer({limits: {requestRate: 10, requestBurst: 20}});
	const ann = server.register('ann');
	server.advance(10_000);
	const codes = Array.from({length: 30}, () => ann.refusal('lu'));
	t.is(codes.filter(code => code === undefined).length, 20);
	t.is(codes.filter(code => code === 'slow-down').length, 10);
	server.advance(5000);
	t.is(ann.refusal('lu'), undefined);
	t.false(ann.isCut);
});

test('a client that does not slow down is cut', t => {
	const server = new FakeServer({limits: {requestRate: 10, requestBurst: 20}});
	const ann = server.register('ann');
	const bob = server.register('bob', {device: deviceKeys('B')});
	for (let index = 0; index < 100; index++) {
		ann.send('lu');
	}

	t.is(ann.closing?.code, 'flood');
	t.deepEqual(bob.ask('lcu').users, [{name: 'bob', online: true}]);
});

test('logins of one address are bounded whatever the connection, other addresses are free', t => {
	const server = new FakeServer({limits: {loginRate: 1, loginBurst: 3}});
	const attempt = (remote: string) => {
		const client = server.connect(remote);
		client.ask('hello', {protocol: 1, program: 'test'});
		return client.refusal('login', {user: 'ann', password: 'x', device: deviceKeys()});
	};

	t.deepEqual(Array.from({length: 4}, (_, index) => attempt(`10.0.0.1:${index + 1}`)), ['bad-credentials', 'bad-credentials', 'bad-credentials', 'slow-down']);
	t.is(attempt('10.0.0.2:1'), 'bad-credentials');
	server.advance(5000);
	t.is(attempt('10.0.0.1:9'), 'bad-credentials');
});

test('a long mail costs more than a short one', t => {
	const count = (length: number) => {
		const server = new FakeServer({limits: {requestRate: 1, requestBurst: 100}});
		const ann = server.register('ann');
		server.register('bob', {device: deviceKeys('B')});
		server.advance(100_000);
		let mails = 0;
		while (ann.ask('mail', {
			to: 'bob', device: deviceId(decodeBase64(deviceKeys('B').sign)), mail: `mail-${mails}`, sealed: 'A'.repeat(length),
		}).ok) {
			mails++;
		}

		return mails;
	};

	t.deepEqual([count(300), count(60_000)], [100, 12]);
});

test('who does not say hello in 10 s is cut, who does may take its time to log in', t => {
	const server = new FakeServer();
	const silent = server.connect();
	const greeted = server.connect();
	greeted.ask('hello', {protocol: 1, program: 'test'});
	const wrong = server.connect();
	wrong.ask('hello', {protocol: 9, program: 'test'});
	server.advance(9999);
	t.false(silent.isCut);
	server.advance(1);
	t.is(silent.closing?.code, 'timeout');
	t.is(wrong.closing?.code, 'timeout');
	t.false(greeted.isCut);
	server.advance(20_000);
	t.true(greeted.ask('register', {user: 'ann', password: 'x', device: deviceKeys()}).ok);
});

test('the time before hello counts from the TCP connection', t => {
	const server = new FakeServer();
	server.core.handleOpened(77, '10.0.0.1:1', server.now, server.now - 4000);
	t.is(server.core.pollTimeout(), server.now + 6000);
});

test('one address has few connections that have not logged in', t => {
	const server = new FakeServer({limits: {strangersPerAddress: 3}});
	const strangers = Array.from({length: 4}, (_, index) => server.connect(`10.0.0.1:${index + 1}`));
	t.deepEqual(strangers.map(({closing}) => closing?.code), [undefined, undefined, undefined, 'flood']);
	t.false(server.connect('10.0.0.2:1').isCut, 'another address is free');
	strangers[0]!.drop();
	const next = server.connect('10.0.0.1:5');
	t.false(next.isCut);
	next.ask('hello', {protocol: 1, program: 'test'});
	t.true(next.ask('register', {user: 'ann', password: 'x', device: deviceKeys()}).ok);
	t.false(server.connect('10.0.0.1:6').isCut, 'who has logged in does not count');
	next.drop();
	t.true(server.connect('10.0.0.1:7').isCut);
});

test('silence for 150 s ends a connection, a ping keeps it', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	const bob = server.register('bob', {device: deviceKeys('B')});
	server.advance(100_000);
	t.true(ann.ask('ping').ok);
	server.advance(60_000);
	t.is(bob.closing?.code, 'timeout');
	t.false(ann.isCut);
	t.deepEqual(ann.take('presence').at(-1)!.users, [{name: 'bob', online: false}]);
});

test('a login that is being checked is no silence', t => {
	const server = new FakeServer();
	const client = server.connect();
	client.ask('hello', {protocol: 1, program: 'test'});
	server.isHolding = true;
	const id = client.send('register', {user: 'ann', password: 'x', device: deviceKeys()});
	server.advance(400_000);
	server.release();
	t.true(client.replies.get(id)!.ok);
	server.advance(150_000);
	t.is(client.closing?.code, 'timeout');
});

const garbage = ['GET / HTTP/1.1', 'hello', '[]', 'null', '{}', '{"op":"lu"}', '{"id":0,"op":"lu"}', '{"id":1.5,"op":"lu"}', '{"id":"1","op":"lu"}', '{"id":1', '\u{0}\u{1}'];
for (const line of garbage) {
	test(`${JSON.stringify(line)} is no request at all`, t => {
		const server = new FakeServer();
		const ann = server.register('ann');
		const client = server.connect();
		client.line(line);
		t.is(client.closing?.code, 'bad-request');
		ann.line(line);
		t.is(ann.closing?.code, 'bad-request');
	});
}

test('a request that can be answered is refused in words', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	for (const [line, code] of [
		['{"id":50,"op":"frobnicate"}', 'unknown-operation'],
		['{"id":51}', 'unknown-operation'],
		['{"id":52,"op":7}', 'unknown-operation'],
		['{"id":53,"op":"__proto__"}', 'unknown-operation'],
		['{"id":54,"op":"open"}', 'bad-request'],
		['{"id":55,"op":"open","user":"a b"}', 'bad-request'],
		[`{"id":56,"op":"open","user":"${'a'.repeat(33)}"}`, 'bad-request'],
		[String.raw`{"id":57,"op":"open","user":"a\u0007"}`, 'bad-request'],
		['{"id":58,"op":"open","user":"аnn"}', 'bad-request'],
	] as const) {
		ann.line(line);
		t.is(ann.replies.get(Number(/\d+/v.exec(line)![0]))?.error?.code, code, `answer to ${line}`);
	}

	t.false(ann.isCut);
});

test('the query log tells who asked what, and how it went', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	ann.ask('lu');
	ann.ask('open', {user: 'nobody'});
	ann.ask('enter', {room: 'den'});
	ann.ask('ping');
	ann.ask('announce', {addresses: []});
	const bob = server.register('bob', {device: deviceKeys('B')});
	const device = deviceId(decodeBase64(deviceKeys('B').sign));
	ann.ask('mail', {
		to: 'bob', device, mail: 'line', sealed: 'AA',
	});
	ann.ask('mail', {
		to: 'bob', device, mail: 'receipt', slot: 'receipt', sealed: 'AA',
	});
	for (const op of ['fetch', 'bundle', 'publish', 'ack', 'departed'] as const) {
		ann.ask(op, {
			user: 'bob', count: 0, oneTime: [], mails: [], at: 0,
		});
	}

	const {invitation} = ann.ask('invite', {room: 'den', user: 'bob'});
	bob.ask('answer-invitation', {invitation, answer: 'accept'});
	ann.line('{"id":99,"op":"frobnicate"}');
	ann.ask('bye');
	t.deepEqual(server.queries.map(({user, command, argument, ok}) => [user, command, argument, ok]), [
		['ann', 'register', 'ann', true],
		['ann', 'lu', undefined, true],
		['ann', 'o', 'nobody', false],
		['ann', 'or', 'den', true],
		['bob', 'register', 'bob', true],
		['ann', 'mail', 'bob', true],
		['ann', 'add', 'bob', true],
		['bob', 'accept', undefined, true],
		['ann', 'frobnicate', undefined, false],
		['ann', 'd', undefined, true],
	]);
	t.is(server.queries[0]!.from, '10.0.0.1:1000');
});

test('good-bye ends the connection without a reason', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	t.true(ann.ask('bye').ok);
	t.true(ann.isCut);
	t.is(ann.closing, undefined);
	t.is(server.core.connectionCount, 0);
	ann.line('{"id":1,"op":"lu"}');
	ann.drop();
});

test('the operator sees everything and ends it', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	server.register('bob', {device: deviceKeys('B')}).ask('bye');
	ann.ask('enter', {room: 'den'});
	const run = (line: string) => server.core.handleCommand(line, server.now);
	t.deepEqual(run('lu'), {command: 'lu', ok: true, fields: {users: [{name: 'ann', online: true}, {name: 'bob', online: false}]}});
	t.deepEqual(run(' lcu '), {command: 'lcu', ok: true, fields: {users: [{name: 'ann', online: true}]}});
	t.deepEqual(run('lr'), {command: 'lr', ok: true, fields: {rooms: [{name: 'den', creator: 'ann', members: 1}]}});
	t.deepEqual(run('lru den'), {command: 'lru', ok: true, fields: {room: 'den', users: ['ann']}});
	t.deepEqual(run('ls'), {command: 'ls', ok: true, fields: {sessions: []}});
	t.true(run('help').ok);
	for (const [line, code] of [['lru', 'bad-arguments'], ['lru attic', 'no-such-room'], ['lu x', 'bad-arguments'], ['constructor', 'unknown-command'], ['X', 'unknown-command']] as const) {
		const reply = run(line);
		t.is(reply.ok ? undefined : reply.error.code, code, `answer to ${line}`);
	}

	const stranger = server.connect();
	t.true(run('x').ok);
	server.perform();
	t.is(ann.closing?.code, 'shutdown');
	t.is(stranger.closing?.code, 'shutdown');
	t.true(server.hasExited);
});

test('no sequence of lines upsets the server', t => {
	const names = fc.constantFrom('ann', 'bob', 'cat', 'nobody', 'ANN', 'a b', '');
	const request = fc.oneof(
		fc.record({op: fc.constantFrom('open', 'whois'), user: names}),
		fc.record({op: fc.constantFrom('enter', 'leave', 'close-room', 'lru'), room: names}),
		fc.record({op: fc.constant('answer'), session: fc.constantFrom('one', 'two', 'LAST'), answer: fc.constantFrom('accept', 'decline', 'busy')}),
		fc.record({op: fc.constant('group'), session: fc.constantFrom('one', 'LAST'), user: names}),
		fc.record({op: fc.constant('invite'), room: names, user: names}),
		fc.record({op: fc.constant('answer-invitation'), invitation: fc.constantFrom('one', 'LAST'), answer: fc.constantFrom('accept', 'decline')}),
		fc.record({
			op: fc.constant('mail'), to: names, device: fc.constantFrom(...['A', 'B', 'C'].map(letter => deviceId(decodeBase64(deviceKeys(letter).sign)))), mail: fc.constantFrom('one', 'two'), sealed: fc.constant('AA'),
		}),
		fc.record({op: fc.constant('publish'), signed: fc.constant({id: 1, key: 'K'.repeat(43), signature: 'S'.repeat(86)}), oneTime: fc.constant([{id: 1, key: 'K'.repeat(43)}])}),
		fc.record({op: fc.constant('bundle'), user: names, count: fc.nat(2)}),
		fc.record({op: fc.constant('ack'), mails: fc.array(fc.nat(5))}),
		fc.record({op: fc.constant('close'), session: fc.constantFrom('one', 'two', 'LAST')}),
		fc.record({op: fc.constant('restore'), session: fc.constantFrom('one', 'two', 'LAST'), with: names}),
		fc.record({op: fc.constantFrom('lu', 'lcu', 'lr', 'fetch', 'ping', 'bye', 'drop', 'resume', 'wait', 'restart')}),
	);
	t.notThrows(() => {
		fc.assert(fc.property(fc.array(fc.tuple(fc.nat(2), request), {maxLength: 60}), steps => {
			const server = new FakeServer({limits: {requestRate: 1e6, requestBurst: 1e6, loginBurst: 1e6}});
			const people = ['ann', 'bob', 'cat'].map((name, index) => server.register(name, {device: deviceKeys('ABC'[index])}));
			const latest = {session: 'one', invitation: 'one'};
			for (const [who, step] of steps) {
				people[who] = perform(server, people[who]!, step, latest);
			}

			server.advance(120_000);
			checkAgreement(server, people.filter(person => !person.isCut));
			server.restart();
			checkAgreement(server, []);
		}), {numRuns: 200});
	});
});

type Step = {readonly op: string; readonly session?: string; readonly invitation?: string};

/**
@returns The client that goes on in this one's place.
*/
function perform(server: FakeServer, person: FakeClient, step: Step, latest: {session: string; invitation: string}): FakeClient {
	switch (step.op) {
		case 'drop': {
			person.drop();
			return person;
		}

		case 'wait': {
			server.advance(15_000);
			return person;
		}

		case 'restart': {
			server.restart();
			return person;
		}

		case 'resume': {
			const again = server.connect();
			again.ask('hello', {protocol: 1, program: 'test'});
			const reply = again.ask('resume', {token: person.login.token, device: person.device});
			again.login = reply.ok ? reply : person.login;
			again.device = person.device;
			return again;
		}

		default: {
			const {session, invitation} = person.ask(step.op as 'open', {...step, ...([step.session, step.invitation].includes('LAST') && latest)}) as {session?: string; invitation?: string};
			latest.session = session ?? latest.session;
			latest.invitation = invitation ?? latest.invitation;
			return person;
		}
	}
}

/**
What the server says of itself hangs together.
*/
function checkAgreement(server: FakeServer, people: readonly FakeClient[]): void {
	const {core, now} = server;
	const fields = (command: string): {users: Array<{name: string}>; rooms: Array<{name: string; members: number}>; sessions: Array<{users: string[]}>} => {
		const reply = core.handleCommand(command, now);
		return (reply.ok ? reply.fields : {}) as ReturnType<typeof fields>;
	};

	const online = new Set(fields('lcu').users.map(({name}) => name));
	if (online.size > people.length) {
		throw new Error('more users than connections');
	}

	for (const {name, members} of fields('lr').rooms) {
		const {users} = fields(`lru ${name}`) as unknown as {users: string[]};
		if (users.length !== members || users.some(user => !online.has(user))) {
			throw new Error(`room ${name} has members who are not there`);
		}
	}

	for (const {users} of fields('ls').sessions) {
		if (users.length !== 2 || users.some(user => !online.has(user))) {
			throw new Error('a session has ends that are not there');
		}
	}
}
