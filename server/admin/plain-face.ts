// The plain face: one readable line an event, for people, screen readers and pipes.
// Knows words and order; foreign text is made safe before it comes near a terminal.
import {sanitiseLine} from '../../source/kit/sanitise.js';
import {formatFingerprint} from '../../source/protocol/fingerprint.js';
import type {RoomRow, UserRow} from '../../source/protocol/messages.js';
import type {OperatorReply} from '../core/actions.js';
import type {RegisterRow} from '../core/storage.js';
import type {Face} from './face.js';

/**
`HH:MM:SS`, local time.
*/
function timeOf(at: number): string {
	return new Date(at).toTimeString().slice(0, 8);
}

function lines(at: number, texts: readonly string[]): string {
	return texts.map(text => `${timeOf(at)} ${sanitiseLine(text)}\n`).join('');
}

/**
`YYYY-MM-DD`, local time.
*/
function dayOf(at: string): string {
	const date = new Date(at);
	return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(part => String(part).padStart(2, '0')).join('-');
}

function counted(count: number, noun: string, plural = `${noun}s`): string {
	return `${count === 0 ? 'no' : count} ${count === 1 ? noun : plural}`;
}

type Registered = Omit<RegisterRow, 'at'> & {readonly at: string};

type Backup = {readonly file: string; readonly bytes: number; readonly accounts: number};
type Restored = {readonly file: string; readonly made: string; readonly accounts: number; readonly kept: string | undefined};

/**
How somebody left.
*/
const departures: Readonly<Record<NonNullable<RegisterRow['how']>, string>> = {
	bye: 'logged out',
	lost: 'vanished',
	shutdown: 'was sent away: the server stopped',
	crash: 'was last known to be here: the server died',
	departed: 'logged out while the server was away',
};

/**
The words of a successful reply, by command.
*/
const describe: Readonly<Record<string, (fields: any) => string[]>> = {
	lu: ({users}: {users: UserRow[]}) => [counted(users.length, 'user'), ...users.map(({name, online}) => `  ${name}${online ? ', connected' : ''}`)],
	lcu: ({users}: {users: UserRow[]}) => [counted(users.length, 'connected user'), ...users.map(({name}) => `  ${name}`)],
	ls: ({sessions}: {sessions: Array<{users: string[]}>}) => [counted(sessions.length, 'session'), ...sessions.map(({users}) => `  ${users.join(' and ')}`)],
	lr: ({rooms}: {rooms: RoomRow[]}) => [counted(rooms.length, 'room'), ...rooms.map(({name, creator, members, private: isPrivate}) => `  ${name}, created by ${creator}, ${counted(members, 'member')}${isPrivate ? ', private' : ''}`)],
	lru: ({room, users}: {room: string; users: string[]}) => [`${counted(users.length, 'user')} in ${room}`, ...users.map(name => `  ${name}`)],
	register: ({register}: {register: Registered[]}) => [
		counted(register.length, 'entry', 'entries'),
		...register.map(({at, user, event, address, how}) => `  ${dayOf(at)} ${timeOf(Date.parse(at))} ${user} ${event === 'login' ? 'logged in' : departures[how ?? 'lost']} (${address})`),
	],
	backup: ({file, bytes, accounts}: Backup) => [`everything is in ${file} (${Math.ceil(bytes / 1024)} KiB, ${counted(accounts, 'account')}); it holds the server's keys: keep it where only you can read it`],
	restore: ({file, made, accounts, kept}: Restored) => [
		`restored from ${file}, made on ${dayOf(made)} at ${timeOf(Date.parse(made))} (${counted(accounts, 'account')})`,
		...(kept === undefined ? [] : [`what was there before is kept in ${kept}`]),
	],
	help: ({commands}: {commands: Array<{usage: string; help: string}>}) => commands.map(({usage, help}) => `${usage.padEnd(17)}${help}`),
	x: () => ['stopping: every client is told'],
};

function describeReply(reply: OperatorReply): string[] {
	return reply.ok ? describe[reply.command]!(reply.fields) : [`${reply.command}: ${reply.error.message}`];
}

/**
@param now Ms since the epoch, for lines that carry no time of their own.
*/
export function createPlainFace(now: () => number): Face {
	return {
		ready: ({port, udpPort, fingerprint, folder}) => lines(now(), [
			`earshotd listens on TCP port ${port} and UDP port ${udpPort}; its data is in ${folder}`,
			`certificate fingerprint (SHA-256): ${formatFingerprint(fingerprint)}`,
			'type help for the commands',
		]),
		event(event) {
			switch (event.kind) {
				case 'query': {
					const {at, from, user, command, argument, ok} = event.entry;
					return lines(at, [`${user ?? '-'} (${from}): ${command}${argument === undefined ? '' : ` ${argument}`}${ok ? '' : ' (refused)'}`]);
				}

				case 'presence': {
					return lines(event.at, [`${event.user} ${event.online ? 'has come' : 'has gone'}`]);
				}

				case 'notice': {
					return lines(event.at, [`${event.level === 'info' ? '' : `${event.level}: `}${event.text}`]);
				}
			}
		},
		reply: (_line, reply) => lines(now(), describeReply(reply)),
	};
}
