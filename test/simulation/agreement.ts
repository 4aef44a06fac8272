// What must hold once the world has healed and is quiet: server and clients agree on everything.
import {nameKey} from '../../source/protocol/names.js';
import type {ClientNode} from './client-node.js';
import {check} from './ledger.js';
import type {World} from './world.js';

function listOf(world: World, command: string, field: string): readonly unknown[] {
	const reply = world.server.command(command);
	return reply.ok ? reply.fields[field] as readonly unknown[] : [];
}

function sorted(names: Iterable<string>): string {
	return [...names].toSorted((one, other) => one.localeCompare(other)).join(' ');
}

/**
@throws {Violation} Where somebody disagrees.
*/
export function checkAgreement(world: World): void {
	const clients = world.clients.values().toArray();
	world.ledger.checkAll(world.clients, world.now);
	checkPresence(world, clients);
	checkRooms(world, clients);
	checkSessions(world, clients);
	for (const client of clients) {
		checkConversations(client);
	}
}

/**
Whatever happened: once everybody is there and free, every line that was acknowledged has been received, on its way or by mail.

@throws {Violation} Where one waits.
*/
export function checkNothingWaits(world: World): void {
	for (const {name, disk} of world.clients.values()) {
		for (const {id, to, place, state} of disk.outbox) {
			check(state.step === 'delivered', `${id} of ${name} for ${to} in ${place.kind} ${place.name} is still ${state.step}`);
		}
	}

	world.ledger.checkAll(world.clients, world.now);
	world.ledger.checkLeft();
}

function checkPresence(world: World, clients: readonly ClientNode[]): void {
	const online = (listOf(world, 'lcu', 'users') as Array<{name: string}>).map(({name}) => name);
	check(sorted(online) === sorted(clients.map(({name}) => name)), `the server has ${sorted(online)} on line`);
	for (const {name, client} of clients) {
		const seen = client!.view.users.filter(user => user.online).map(user => user.name);
		check(sorted([...seen, name]) === sorted(online), `${name} sees ${sorted(seen)} on line, the server ${sorted(online)}`);
	}
}

function checkRooms(world: World, clients: readonly ClientNode[]): void {
	const rooms = listOf(world, 'lr', 'rooms') as Array<{name: string; private?: boolean}>;
	const names = rooms.map(room => room.name);
	const open = sorted(rooms.filter(room => room.private !== true).map(room => room.name));
	for (const {name, client} of clients) {
		const {rooms: seenRooms} = client!.view;
		check(sorted(seenRooms.filter(room => room.private !== true).map(room => room.name)) === open, `${name} sees the rooms ${sorted(seenRooms.map(room => room.name))}, the server has ${open}`);
		check(seenRooms.every(room => names.includes(room.name)), `${name} sees the rooms ${sorted(seenRooms.map(room => room.name))}, the server has only ${sorted(names)}`);
		const entered = client!.view.conversations.filter(({kind}) => kind === 'room');
		for (const conversation of entered) {
			const members = listOf(world, `lru ${conversation.name}`, 'users') as string[];
			const seen = conversation.members.map(member => member.name);
			check(sorted(seen) === sorted(members), `${name} sees ${sorted(seen)} in ${conversation.name}, the server ${sorted(members)}`);
		}
	}

	for (const room of rooms) {
		for (const member of listOf(world, `lru ${room.name}`, 'users') as string[]) {
			const {view} = world.clients.get(member)!.client!;
			check(view.conversations.some(({kind, name}) => kind === 'room' && name === room.name), `the server has ${member} in ${room.name}, and ${member} is not there`);
		}
	}
}

function checkSessions(world: World, clients: readonly ClientNode[]): void {
	const sessions = (listOf(world, 'ls', 'sessions') as Array<{users: string[]}>).map(({users}) => sorted(users));
	const seen = new Set<string>();
	for (const {name, client} of clients) {
		const open = client!.view.conversations.filter(({kind, state}) => kind === 'session' && state === 'open');
		for (const conversation of open) {
			const other = world.clients.get(conversation.name)!.client!.view;
			check(other.conversations.some(theirs => theirs.kind === 'session' && theirs.name === name && theirs.state === 'open'), `${name} has an open session with ${conversation.name}, who has none with ${name}`);
			check(sessions.includes(sorted([name, conversation.name])), `the server does not know the session of ${name} and ${conversation.name}`);
			seen.add(sorted([name, conversation.name]));
		}
	}

	for (const session of sessions) {
		check(seen.has(session), `the server has a session of ${session}, and they have none`);
	}
}

function checkConversations({name, client, disk}: ClientNode): void {
	for (const conversation of client!.view.conversations) {
		if (conversation.state !== 'open') {
			continue;
		}

		for (const member of conversation.members) {
			check(member.isLinked, `${name} has no link to ${member.name} in ${conversation.key}`);
			const waiting = disk.outbox.filter(({to, place, state}) => state.step !== 'delivered' && to === member.name && place.kind === conversation.kind && nameKey(place.name) === nameKey(conversation.name));
			check(waiting.length === 0, `${waiting[0]?.id} of ${name} waits for ${member.name} in ${conversation.key}, though both are there`);
		}
	}
}
