// Rounds of SIGKILL: a real server under load dies at a random moment, what is left on disk is compared with what it had acknowledged,
// and it is started again. Two real clients talk all the while and come back by themselves.
import {copyFileSync, mkdirSync, rmSync} from 'node:fs';
import path from 'node:path';
import {DatabaseSync} from 'node:sqlite';
import {setTimeout as delay} from 'node:timers/promises';
import type {JsonClient} from '../helpers/json-client.js';
import {SeededRandom} from '../helpers/random.js';
import {openSession, type World} from '../helpers/world.js';
import {Ledger, loadServer, sealedOf} from './load.js';

const askers = 6;
const longestLoadMs = 800;

export type Torment = {
	readonly world: World;
	readonly rounds: number;
	readonly seed: number;
	/**
	Is told of each round when it is over.
	*/
	readonly onRound?: (round: number, outcome: Outcome) => void;
};

export type Outcome = {
	/**
	Writes that the server had acknowledged by then.
	*/
	acknowledged: number;
	/**
	Of these, what the disk did not hold, or still held though it was gone.
	*/
	readonly lost: string[];
	/**
	What was there in part only.
	*/
	readonly torn: string[];
	/**
	Ms from the start of the server to its word that it listens, a round.
	*/
	readonly listeningMs: number[];
	/**
	Ms from that word until both clients were back, a round.
	*/
	readonly returnMs: number[];
};

/**
@throws {Error} When a client does not come back, or a line does not arrive.
*/
export async function torture({world, rounds, seed, onRound}: Torment): Promise<Outcome> {
	const random = new SeededRandom(seed);
	const ledger = new Ledger();
	const outcome: Outcome = {
		acknowledged: 0, lost: [], torn: [], listeningMs: [], returnMs: [],
	};
	let server = await world.server();
	const {port} = server;
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	ledger.accounts.push('ann', 'bob');
	await openSession(ann, bob);
	for (let round = 1; round <= rounds; round++) {
		const {promise: isBusy, resolve: onBusy} = Promise.withResolvers<void>();
		const load = Promise.all(Array.from({length: askers}, async () => loadServer(port, ledger, {random: random.fork(), onBusy})));
		await Promise.race([isBusy, load]);
		await delay(random.integer(0, longestLoadMs));
		server.program.signal('SIGKILL');
		await server.program.exit();
		await load;
		inspect(world, ledger, outcome, `round ${round}`);
		ann.forget();
		bob.forget();
		const startedAt = performance.now();
		server = await world.server({arguments: ['--port', String(port)]});
		const readyAt = performance.now();
		await Promise.all([comesBack(ann), comesBack(bob)]);
		outcome.listeningMs.push(readyAt - startedAt);
		outcome.returnMs.push(performance.now() - readyAt);
		await ann.ok(`s round ${round}`);
		await bob.event({type: 'message', from: 'ann', text: `round ${round}`});
		onRound?.(round, outcome);
	}

	await server.leave();
	return outcome;
}

async function comesBack(client: JsonClient): Promise<void> {
	await client.event({type: 'connection', state: 'connected'});
	for (let isBack = false; !isBack;) {
		const {user} = await client.ok('l');
		isBack = user === client.name;
	}
}

/**
Looks at a copy of what the killed server left, log included, so that its own recovery finds everything as it was.
*/
function inspect(world: World, ledger: Ledger, outcome: Outcome, when: string): void {
	const copy = path.join(world.home('inspection'), 'copy');
	rmSync(copy, {recursive: true, force: true});
	mkdirSync(copy);
	const files = world.files('server').filter(file => /server[\/\\]earshotd\.db(?:-wal)?$/v.test(file));
	for (const file of files) {
		copyFileSync(file, path.join(copy, path.basename(file)));
	}

	const database = new DatabaseSync(path.join(copy, 'earshotd.db'));
	const rows = <Row>(sql: string) => database.prepare(sql).all() as Row[];
	const verdict = rows<{integrity_check: string}>('PRAGMA integrity_check').map(row => row.integrity_check).join(' ');
	if (verdict !== 'ok' || rows('PRAGMA foreign_key_check').length > 0) {
		outcome.torn.push(`${when}: ${verdict}`);
	}

	const accounts = new Set(rows<{name: string}>('SELECT name FROM account').map(({name}) => name));
	const rooms = new Set(rows<{name: string}>('SELECT name FROM room').map(({name}) => name));
	const mails = new Map(rows<{mail: string; sealed: string}>('SELECT mail, sealed FROM mail').map(({mail, sealed}) => [mail, sealed]));
	database.close();
	outcome.acknowledged = ledger.size;
	outcome.lost.push(
		...ledger.accounts.filter(name => !accounts.has(name)).map(name => `${when}: account ${name}`),
		...ledger.mails.filter(mail => !mails.has(`m${mail}`)).map(mail => `${when}: mail ${mail}`),
		...[...ledger.rooms].filter(room => !rooms.has(room)).map(room => `${when}: room ${room}`),
		...[...ledger.closedRooms].filter(room => rooms.has(room)).map(room => `${when}: the end of room ${room}`),
	);
	outcome.torn.push(...[...mails].filter(([mail, sealed]) => /^m\d+$/v.test(mail) && sealed !== sealedOf(Number(mail.slice(1)))).map(([mail]) => `${when}: mail ${mail}`));
}
