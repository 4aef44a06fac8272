// The tables against plain lists, and files of earlier versions.
import {copyFile} from 'node:fs/promises';
import {join} from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import {setImmediate as nextTurn} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import test from 'ava';
import fc from 'fast-check';
import type {BackupReport} from '../../../server/store/backup.js';
import {Database} from '../../../server/store/database.js';
import {schemaVersion} from '../../../server/store/schema.js';
import type {Query, Write} from '../../../server/core/storage.js';
import type {StoredState} from '../../../server/core/server-core.js';
import {ServerDisk} from '../../helpers/server-disk.js';
import {deviceKeys} from '../helpers/fake-server.js';
import {run, temporaryFolder} from '../helpers/running.js';
import {TlsClient} from '../helpers/tls-client.js';

const people = ['ann', 'bob', 'cat'];
const rooms = ['den', 'attic'];
const prekey = (id: number) => ({id, key: String(id).padStart(43, 'K')});

const accounts: readonly Write[] = people.map(name => ({
	kind: 'account', key: name, name, hash: 'hash', device: 'd0', keys: deviceKeys(), at: 0,
}));

const person = fc.constantFrom(...people);
const room = fc.constantFrom(...rooms);
const device = fc.constantFrom('d0', 'd1');

/**
Writes that the core may ask for; `at` is set when they are made.
*/
const write = fc.oneof(
	{
		weight: 6, arbitrary: fc.record({
			kind: fc.constant('mail' as const),
			user: person,
			device,
			sender: person,
			senderDevice: device,
			mail: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
			room: fc.option(room, {nil: undefined}),
			slot: fc.option(fc.constantFrom('s', 't'), {nil: undefined}),
			card: fc.constant('card'),
			at: fc.constant(0),
			sealed: fc.nat(30_000).map(length => 'A'.repeat(length)),
		}),
	},
	{
		weight: 2, arbitrary: fc.record({
			kind: fc.constant('mail-taken' as const), user: person, device, numbers: fc.array(fc.integer({min: 1, max: 40})),
		}),
	},
	fc.record({
		kind: fc.constant('device' as const), key: person, device, keys: fc.constantFrom(deviceKeys('A'), {...deviceKeys('A'), agree: deviceKeys('B').agree}), at: fc.constant(0),
	}),
	fc.record({
		kind: fc.constant('prekeys' as const),
		user: person,
		device: fc.constant('d0'),
		signed: fc.option(fc.nat(5).map(id => ({...prekey(id), signature: 'S'.repeat(86)})), {nil: undefined}),
		oneTime: fc.array(fc.nat(30).map(id => prekey(id)), {maxLength: 40}),
		isReplacing: fc.boolean(),
	}),
	fc.record({
		kind: fc.constant('prekeys-taken' as const), user: person, device, count: fc.nat(20), at: fc.constant(0),
	}),
	fc.record({
		kind: fc.constant('room' as const), key: room, name: room, creator: person, isPrivate: fc.boolean(), members: fc.uniqueArray(person, {maxLength: 2}), at: fc.constant(0),
	}),
	fc.record({kind: fc.constant('room-closed' as const), key: room}),
	fc.record({
		kind: fc.constantFrom('member' as const, 'member-gone' as const), room, user: person,
	}),
	fc.record({
		kind: fc.constantFrom('member-away' as const, 'invited' as const), room, user: person, at: fc.constant(0),
	}),
	fc.record({kind: fc.constantFrom('members-away' as const, 'alive' as const, 'expired' as const), at: fc.constant(0)}),
	fc.record({
		kind: fc.constant('register' as const), row: fc.record({
			at: fc.nat(), user: person, event: fc.constantFrom('login' as const, 'logout' as const), address: fc.constant('10.0.0.1:1'), how: fc.constantFrom('bye' as const, undefined),
		}),
	}),
);

/**
Whether the core could ask for this write as things stand.
*/
function isPossible(change: Write, disk: ServerDisk): boolean {
	switch (change.kind) {
		case 'room': {
			return !disk.rooms.has(change.key);
		}

		case 'member':
		case 'invited': {
			return disk.rooms.has(change.room);
		}

		case 'mail': {
			return change.user !== change.sender && disk.accounts.get(change.user)!.device === change.device;
		}

		default: {
			return true;
		}
	}
}

/**
A value as text, whatever the order of its fields.
*/
function canonical(value: unknown): string {
	return JSON.stringify(value, (_name, part: unknown) => {
		const hasFields = typeof part === 'object' && part !== null && !Array.isArray(part);
		return hasFields ? Object.fromEntries(Object.entries(part).toSorted(([one], [other]) => one < other ? -1 : 1)) : part;
	});
}

const byText = (one: unknown, other: unknown) => canonical(one) < canonical(other) ? -1 : 1;

/**
A state in an order that does not matter.
*/
function ordered(state: StoredState): unknown {
	return {
		...state,
		accounts: [...state.accounts].toSorted(byText),
		rooms: [...state.rooms].map(stored => ({...stored, members: stored.members.toSorted(byText), invited: stored.invited.toSorted()})).toSorted(byText),
		mailboxes: [...new Set(Iterator.from(state.mailboxes).map(box => `${box.user} ${box.device}`))].toSorted(),
		register: [...state.register],
	};
}

function queriesOf(user: string): Query[] {
	return ['d0', 'd1'].flatMap((name): Query[] => [
		{kind: 'keys', user, device: name},
		{kind: 'waiting', user, device: name},
		...[undefined, 'den'].flatMap(place => [false, true].map((slots): Query => ({
			kind: 'fetch', user, device: name, after: 3, room: place, slots,
		}))),
	]);
}

test('the tables answer as plain lists do, whatever is written, and after reopening', async t => {
	const folder = await temporaryFolder(t);
	let count = 0;
	t.notThrows(() => {
		fc.assert(fc.property(fc.array(fc.array(write, {minLength: 1, maxLength: 12}), {maxLength: 8}), batches => {
			count++;
			const file = join(folder, `${count}.db`);
			let database = new Database(file);
			const disk = new ServerDisk();
			const isAlike = (writes: readonly Write[]) => canonical(database.apply(writes)) === canonical(writes.map(change => disk.apply(change)));
			let at = 1000;
			try {
				let isRight = isAlike(accounts);
				for (const batch of batches) {
					for (const change of batch) {
						at += 10;
						const timed = change.kind === 'expired' ? {...change, at: at - 300} : ('at' in change ? {...change, at} : change);
						isRight &&= !isPossible(timed, disk) || isAlike([timed]);
					}

					for (const query of people.flatMap(name => queriesOf(name))) {
						isRight &&= canonical(database.lookUp(query)) === canonical(disk.lookUp(query));
					}

					database.close();
					database = new Database(file);
					isRight &&= canonical(ordered(database.load(file))) === canonical(ordered(disk.load()));
				}

				return isRight;
			} finally {
				database.close();
			}
		}), {numRuns: 25});
	});
});

test('a batch is written whole or not at all', async t => {
	const file = join(await temporaryFolder(t), 'test.db');
	const database = new Database(file);
	database.apply(accounts);
	t.throws(() => database.apply([
		{kind: 'alive', at: 7},
		{
			kind: 'mail', user: 'bob', device: 'd0', sender: 'nobody', senderDevice: 'd0', mail: 'm', room: undefined, slot: undefined, card: 'card', at: 1, sealed: '',
		},
	]));
	t.is(database.load(file).lastAlive, undefined);
	database.close();
});

test('the register keeps its newest rows', async t => {
	const file = join(await temporaryFolder(t), 'test.db');
	const database = new Database(file);
	database.apply(Array.from({length: 10_050}, (_, at): Write => ({
		kind: 'register', row: {
			at, user: 'ann', event: 'login', address: '10.0.0.1:1', how: undefined,
		},
	})));
	const rows = [...database.load(file).register];
	database.close();
	t.is(rows.length, 10_000);
	t.is(rows[0]!.at, 50);
});

test('handed out prekeys are remembered, but not for ever', async t => {
	const database = new Database(join(await temporaryFolder(t), 'test.db'));
	database.apply(accounts);
	const publish = (first: number): Write => ({
		kind: 'prekeys', user: 'ann', device: 'd0', signed: {...prekey(1), signature: 'S'.repeat(86)}, oneTime: Array.from({length: 100}, (_, index) => prekey(first + index)), isReplacing: false,
	});
	const take: Write = {
		kind: 'prekeys-taken', user: 'ann', device: 'd0', count: 100, at: 5,
	};
	for (let first = 0; first < 1200; first += 100) {
		t.is(database.apply([publish(first)])[0], 100);
		database.apply([{...take, at: first}]);
	}

	database.apply([publish(1200), {...take, at: 1200}]);
	t.is(database.apply([publish(1100)])[0], 0, 'the newest are known');
	t.is(database.apply([publish(0)])[0], 100, 'the oldest are not');
	database.apply([take, {kind: 'expired', at: 2000}]);
	t.is(database.apply([publish(1100)])[0], 100);
	database.close();
});

const oldFile = fileURLToPath(new URL('../../../../test/server/store/version-1.db', import.meta.url));

test('a file of version 1 keeps everything and takes what is new', async t => {
	const folder = await temporaryFolder(t);
	const file = join(folder, 'earshotd.db');
	await copyFile(oldFile, file);
	const server = await run(t, {folder});
	t.deepEqual(server.command('lu'), {command: 'lu', ok: true, fields: {users: [{name: 'ann', online: false}, {name: 'Bob', online: false}]}});
	t.deepEqual(server.command('lr'), {command: 'lr', ok: true, fields: {rooms: [{name: 'attic', creator: 'Bob', members: 0}, {name: 'Den', creator: 'ann', members: 0}]}});
	const login = async (user: string, letter: string) => {
		const client = await TlsClient.open(server.port);
		await client.ask('hello', {protocol: 1, program: 'test'});
		return {client, reply: await client.ok('login', {user, password: `${user}-secret`, device: deviceKeys(letter)})};
	};

	const ann = await login('ann', 'A');
	t.deepEqual(ann.reply.prekeys, {oneTime: 0});
	const bob = await login('Bob', 'C');
	await bob.client.ok('publish', {signed: {...prekey(1), signature: 'S'.repeat(86)}, oneTime: [prekey(2)]});
	const {card, oneTime} = await ann.client.ok('bundle', {user: 'bob', count: 1});
	t.deepEqual(oneTime, [prekey(2)]);
	t.is(card.length, bob.reply.card.length);
	await ann.client.ok('mail', {
		to: 'bob', device: '30d35eb053802d58', mail: 'one', sealed: 'AAAA',
	});
	await bob.client.ok('enter', {room: 'den'});
	await server.close();

	const again = new Database(file);
	const {accounts: loaded, rooms: loadedRooms, mailboxes} = again.load(file);
	again.close();
	t.like([...loaded], [{key: 'ann', name: 'ann', device: '8da70091cdc135c5'}, {key: 'bob', signedPrekey: 1, oneTimePrekeys: 0}]);
	t.like([...loadedRooms], [{key: 'attic', isPrivate: false, members: []}, {key: 'den', members: [{user: 'bob'}]}]);
	t.deepEqual([...mailboxes].map(box => ({...box})), [{user: 'bob', device: '30d35eb053802d58'}]);
});

test('a fresh file and one of version 1 come to the same tables', async t => {
	const folder = await temporaryFolder(t);
	await copyFile(oldFile, join(folder, 'old.db'));
	const tablesOf = (name: string) => {
		new Database(join(folder, name)).close();
		const database = new DatabaseSync(join(folder, name));
		const tables = database.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all().map(({name: table, sql}) => [table, String(sql).replaceAll(/\s+/gv, ' ')]);
		const version = database.prepare('PRAGMA user_version').get()!.user_version;
		database.close();
		return {tables, version};
	};

	t.deepEqual(tablesOf('old.db'), tablesOf('new.db'));
	t.is(tablesOf('new.db').version, schemaVersion);
});

test('a backup is made while writes come one after the other', async t => {
	const folder = await temporaryFolder(t);
	const database = new Database(join(folder, 'earshotd.db'));
	database.apply(accounts);
	let at = 0;
	const writeUntil = async (made: Promise<BackupReport>): Promise<BackupReport> => {
		at++;
		database.apply([{
			kind: 'room', key: `room-${at}`, name: `room-${at}`, creator: 'ann', isPrivate: false, members: [], at,
		}]);
		return await Promise.race([made, nextTurn()]) ?? writeUntil(made);
	};

	for (let round = 0; round < 30; round++) {
		const report = await writeUntil(database.backUp({file: join(folder, `backup-${round}`), realm: {}, at: 0}));
		t.is(report.accounts, people.length);
	}

	database.close();
});
