// Load on a real server, and a ledger of what it has acknowledged.
// Knows registrations, rooms and mail over raw connections; refuses to know when the server dies.
import {deviceId} from '../../source/protocol/cards.js';
import {decodeBase64} from '../../source/protocol/keys.js';
import type {SeededRandom} from '../helpers/random.js';
import {deviceKeys} from '../server/helpers/fake-server.js';
import {TlsClient} from '../server/helpers/tls-client.js';

/**
What a server has promised to keep, and what it has promised to be gone.
*/
export class Ledger {
	readonly accounts: string[] = [];
	/**
	Numbers of mails; `sealedOf` says what was in them.
	*/
	readonly mails: number[] = [];
	readonly rooms = new Set<string>();
	readonly closedRooms = new Set<string>();
	#last = 0;

	get size(): number {
		return this.accounts.length + this.mails.length + this.rooms.size + this.closedRooms.size;
	}

	/**
	A number that was never given before.
	*/
	next(): number {
		this.#last += 1;
		return this.#last;
	}
}

/**
The sealed text of a mail: told by its number, so that a torn one shows.
*/
export function sealedOf(mail: number): string {
	return `m${mail}-`.repeat(1 + (mail * 37 % 400));
}

const device = deviceId(decodeBase64(deviceKeys().sign));

/**
What one person does before another takes their place; a connection has only so many requests in it.
*/
const deedsEach = 100;

/**
People who come one after the other and write as fast as they are answered, until their server is gone.

@param port
@param ledger
@param options `onBusy` is called when the first one is about to write.
@param options.random
@param options.onBusy
*/
export async function loadServer(port: number, ledger: Ledger, {random, onBusy}: {random: SeededRandom; onBusy: () => void}): Promise<void> {
	try {
		for (;;) {
			const name = `user-${ledger.next()}`;
			const client = await TlsClient.register(port, name);
			ledger.accounts.push(name);
			onBusy();
			for (let deed = 0; deed < deedsEach; deed++) {
				await doSomething(client, ledger, random);
			}

			client.socket.destroy();
		}
	} catch {
		// The server was killed; what it had not answered counts for nothing.
	}
}

async function doSomething(client: TlsClient, ledger: Ledger, random: SeededRandom): Promise<void> {
	if (client.socket.destroyed) {
		throw new Error('the connection is gone');
	}

	const number = ledger.next();
	if (random.chance(0.8)) {
		await client.ok('mail', {
			to: random.pick(ledger.accounts), device, mail: `m${number}`, sealed: sealedOf(number),
		});
		ledger.mails.push(number);
		return;
	}

	const room = `room-${number}`;
	await client.ok('enter', {room});
	ledger.rooms.add(room);
	await client.ok('leave', {room});
	if (!random.chance(0.5)) {
		return;
	}

	// Until the answer comes, it may be either.
	ledger.rooms.delete(room);
	await client.ok('close-room', {room});
	ledger.closedRooms.add(room);
}
