// Makes a running messenger: opens profile and port, joins a client core to them.
// Knows what a messenger consists of; refuses to know flags, faces and servers.
import {randomBytes} from 'node:crypto';
import {ownAddresses} from '../io/addresses.js';
import {createClock} from '../io/clock.js';
import {createSizeCeiling} from '../io/path-sizes.js';
import {ProfileStore} from '../io/profile-store.js';
import type {Settings} from '../io/settings.js';
import type {TraceFile} from '../io/trace-file.js';
import {UdpSocket} from '../io/udp-socket.js';
import {Client} from '../messenger/client.js';
import {parseAnnounced} from '../protocol/addresses.js';
import {rehearseAfterLogin} from './rehearsing.js';
import {Runtime, type Host} from './runtime.js';

/**
What a messenger is to be like.
*/
export type MessengerOptions = {
	/**
	The data folder.
	*/
	readonly folder: string;
	readonly user: string | undefined;
	/**
	0 takes a free one.
	*/
	readonly udpPort: number;
	/**
	What to announce in place of the own addresses, in the words of `EARSHOT_ANNOUNCE`.
	*/
	readonly announce: string | undefined;
	readonly mode: 'one' | 'many';
	readonly accept: 'ask' | 'contacts' | 'everyone';
	/**
	Whether lines are kept on disk once they have arrived.
	*/
	readonly history: boolean;
	/**
	How the face's lines are read: as they are printed, or where they are looked at.
	*/
	readonly reading: 'printed' | 'active';
	/**
	A moment, ms since the epoch, as the clock on the user's wall shows it.
	*/
	readonly timeOfDay: (at: number) => string;
	/**
	Name and version, as the server is told.
	*/
	readonly program: string;
	readonly host: Host | undefined;
	/**
	Where to write down what happens on the links to peers; nowhere unless given. Who opened it closes it.
	*/
	readonly trace?: TraceFile | undefined;
};

/**
A running messenger and what it runs on.
*/
export type RunningMessenger = {readonly runtime: Runtime; readonly udpPort: number; readonly settings: Settings};

/**
Starts a messenger; it connects nowhere by itself.

@throws {ProtocolError} When the port is busy, or the data folder or a profile in it can't be used.
*/
export async function startMessenger({
	folder, user, udpPort, announce, mode, accept, history, reading, timeOfDay, program, host, trace,
}: MessengerOptions): Promise<RunningMessenger> {
	const udp = await UdpSocket.open(udpPort);
	let store: ProfileStore;
	try {
		store = await ProfileStore.open({folder, user});
	} catch (error) {
		await udp.close();
		throw error;
	}

	const clock = createClock();
	const createCore = (profile: ProfileStore, name: string | undefined): Client => new Client({
		device: profile.device,
		random: size => randomBytes(size),
		now: clock(),
		mode,
		accept,
		history,
		reading,
		timeOfDay,
		stored: profile.stored,
		addresses: () => (announce === undefined ? undefined : parseAnnounced(announce, udp.port)) ?? ownAddresses(udp.port),
		program,
		user: name,
		// Half of what the system granted; and Linux counts its own bookkeeping into what it tells, which is about half again.
		peerConfig: {maxInFlight: Math.floor(udp.receiveBufferSize / 4)},
		stopwatch: () => performance.now(),
		sizeCeiling: createSizeCeiling(clock),
		trace: trace && (event => {
			trace.append(event);
		}),
	});
	const runtime = new Runtime({
		core: createCore(store, user), createCore: profile => createCore(profile, undefined), udp, store, clock, host,
	});
	rehearseAfterLogin(runtime, clock);
	const {settings} = store;
	runtime.onEvent(event => {
		if (event.type === 'connection' && event.state === 'connected' && event.server !== null) {
			void rememberServer(settings, event.server);
		}
	});
	return {runtime, udpPort: udp.port, settings};
}

async function rememberServer(settings: Settings, server: string): Promise<void> {
	try {
		await settings.update(data => {
			data.lastServer = server;
		});
	} catch {
		// The next start has to be told or to look around; nothing else depends on it.
	}
}
