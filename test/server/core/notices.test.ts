import test from 'ava';
import {parseServerLine} from '../../../source/protocol/codec.js';
import {encodeLine} from '../../../source/protocol/framing.js';
import {maximumLineBytes} from '../../../source/protocol/limits.js';
import {deviceKeys, FakeServer, type FakeClient} from '../helpers/fake-server.js';

const generous = {
	requestRate: 1e6, requestBurst: 1e6, loginRate: 1e6, loginBurst: 1e6,
};

test('a newcomer gets a snapshot, then changes', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	ann.ask('enter', {room: 'den'});
	server.settle();
	const bob = server.register('bob', {device: deviceKeys('B')});
	t.deepEqual(bob.take('presence')[0], {event: 'presence', users: [{name: 'ann', online: true}, {name: 'bob', online: true}], snapshot: true});
	t.deepEqual(bob.take('rooms')[0], {
		event: 'rooms', rooms: [{name: 'den', creator: 'ann', members: 1}], gone: [], snapshot: true,
	});
	t.deepEqual(ann.take('presence').at(-1), {event: 'presence', users: [{name: 'bob', online: true}]});
	bob.drop();
	server.settle();
	t.deepEqual(ann.take('presence'), [{event: 'presence', users: [{name: 'bob', online: false}]}]);
});

test('the first change is told at once, what follows within 50 ms together', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	server.advance(1000);
	ann.notices.length = 0;
	ann.ask('enter', {room: 'one'});
	server.advance(0);
	t.is(ann.take('rooms').length, 1);
	for (const room of ['two', 'three', 'four']) {
		ann.ask('enter', {room});
	}

	server.advance(49);
	t.is(ann.take('rooms').length, 0);
	server.advance(1);
	t.deepEqual(ann.take('rooms').map(({rooms}) => rooms.length), [3]);
});

test('a crowd is told less often', t => {
	const server = new FakeServer({limits: generous});
	const [first] = crowd(server, 800);
	server.advance(5000);
	first!.notices.length = 0;
	const heard = Array.from({length: 200}, () => {
		first!.ask('enter', {room: 'den'});
		first!.ask('leave', {room: 'den'});
		server.advance(10);
		return first!.take('rooms').length;
	});
	const lines = heard.reduce((sum, count) => sum + count);
	t.true(lines >= 18 && lines <= 22, `${lines} lines in two seconds`);
});

test('who comes and goes within a batch is told once, as it ends', t => {
	const server = new FakeServer();
	const ann = server.register('ann');
	server.settle();
	ann.notices.length = 0;
	const bob = server.connect();
	bob.ask('hello', {protocol: 1, program: 'test'});
	bob.ask('register', {user: 'bob', password: 'x', device: deviceKeys('B')});
	bob.drop();
	server.settle();
	t.deepEqual(ann.take('presence'), [{event: 'presence', users: [{name: 'bob', online: false}]}]);
});

function crowd(server: FakeServer, size: number): FakeClient[] {
	return Array.from({length: size}, (_, index) => {
		const client = server.connect(`10.0.${index >> 8}.${index & 255}:1000`);
		client.ask('hello', {protocol: 1, program: 'test'});
		client.ask('register', {user: `user${String(index).padStart(5, '0')}`, password: 'x', device: deviceKeys()});
		return client;
	});
}

test('a long snapshot comes in pages, completely', t => {
	const server = new FakeServer({limits: generous});
	crowd(server, 3000);
	server.advance(5000);
	const late = server.connect();
	late.ask('hello', {protocol: 1, program: 'test'});
	late.ask('register', {user: 'zoe', password: 'x', device: deviceKeys()});
	server.advance(0);
	const first = late.notices.length;
	t.true(first <= 9, 'not everything at once');
	server.advance(2000);
	const pages = late.take('presence').filter(({snapshot}) => snapshot);
	t.true(pages.every(({users}) => users.length <= 400));
	t.is(pages.flatMap(({users}) => users.map(({name}) => name)).length, 3001);
	t.is(late.take('rooms').filter(({snapshot}) => snapshot).length, 1);
});

test('the longest names fit into lines that the client accepts', t => {
	const server = new FakeServer({limits: generous});
	const name = (index: number) => `${'𐐷'.repeat(29)}${String(index).padStart(3, '0')}`;
	const people = Array.from({length: 500}, (_, index) => {
		const client = server.connect();
		client.ask('hello', {protocol: 1, program: 'test'});
		const reply = client.ask('register', {user: name(index), password: 'x', device: deviceKeys()});
		t.true(reply.ok);
		client.ask('enter', {room: name(index)});
		return client;
	});
	server.advance(1000);
	for (const line of people.at(-1)!.notices) {
		t.true(new TextEncoder().encode(encodeLine(line)).length <= maximumLineBytes);
		t.notThrows(() => parseServerLine(encodeLine(line)));
	}

	const rows: unknown[] = [];
	let after: string | undefined;
	for (let more = true; more;) {
		const reply = people[0]!.ask('lr', {after});
		t.true(new TextEncoder().encode(encodeLine(reply)).length <= maximumLineBytes);
		rows.push(...reply.rooms);
		after = reply.rooms.at(-1)!.name;
		more = reply.more;
	}

	t.is(rows.length, 500);
});

test('many logins within one batch cost each listener one line', t => {
	const server = new FakeServer({limits: generous});
	const people = crowd(server, 300);
	server.advance(0);
	for (const person of people) {
		t.true(person.take('presence').length <= 4);
	}
});

test('lists come in pages of 400, logged once', t => {
	const server = new FakeServer({limits: generous});
	const [first] = crowd(server, 900);
	for (const op of ['lu', 'lcu'] as const) {
		server.queries.length = 0;
		const names: string[] = [];
		let after: string | undefined;
		let pages = 0;
		for (let more = true; more; pages++) {
			const reply = first!.ask(op, {after});
			names.push(...reply.users.map(({name}) => name));
			after = names.at(-1)!;
			more = reply.more;
		}

		t.is(pages, 3);
		t.is(new Set(names).size, 900);
		t.deepEqual(names, names.toSorted());
		t.deepEqual(server.queries.map(({command}) => command), [op]);
	}

	t.deepEqual(first!.ask('lu', {after: '~'}).users, []);
});
