// All peer links of one UDP socket: datagrams, time and wishes in; datagrams, events and one timer out.
// Knows which datagram belongs to which link, how links begin, and which of two crossing handshakes wins.
// Refuses to know sockets, clocks and what is said on the links. Whatever a stranger sends is answered with silence and counted.
// Read link.ts next, then docs/peer-protocol.md for the flows as pictures.
import {compareBytes, freeBytes, readUint32} from './packets/bytes.js';
import {chaCha, type CipherSuite} from './crypto/cipher.js';
import {completeConfig, maxDatagramSize, type PeerConfig} from './config.js';
import {Bbr} from './congestion/congestion-bbr.js';
import {type CongestionFactory} from './congestion/congestion.js';
import {type EndpointCounters, type EndpointEvent, type LinkId} from './events.js';
import {type HalfOpen} from './handshake/half-open.js';
import {type LinkParameters} from './handshake/handshake-payload.js';
import {Initiation} from './handshake/initiation.js';
import {Link, type LinkStatistics} from './link.js';
import {
	isAlive,
	LinkTable,
	type LinkEntry,
} from './link-table.js';
import {
	decodeReset,
	decodeResp,
	deriveMacKey,
	dataHeaderSize,
	packetType,
	readDataHeader,
	readRetryTarget,
	type DataHeader,
} from './packets/packet.js';
import {cautiousCeiling} from './packet-size.js';
import {Reception} from './handshake/reception.js';
import {StatelessReset} from './handshake/reset.js';
import {type Address, type Session} from './session.js';
import {Slab} from './packets/slab.js';
import {EndpointTrace, type TraceObserver} from './trace/trace.js';
import {AgreementKey, keySize} from './crypto/x25519.js';

export type {EndpointCounters, EndpointEvent, LinkId} from './events.js';
export type {LinkStatistics} from './link.js';
export type {Address} from './session.js';
export type {TraceEvent, TraceObserver} from './trace/trace.js';

export type EndpointOptions = {
	/**
	Raw X25519 keys, 32 bytes each.
	*/
	identity: {privateKey: Uint8Array; publicKey: Uint8Array};
	/**
	What a handshake says about us, at most `maxCredential` bytes; asked anew for each handshake.
	*/
	credential: () => Uint8Array;
	/**
	The name of the peer that proved to hold `staticKey` and showed `credential`, or undefined to refuse it.
	*/
	authenticate(staticKey: Uint8Array, credential: Uint8Array, now: number): string | undefined;
	/**
	Unpredictable bytes.
	*/
	random(size: number): Uint8Array;
	config?: Partial<PeerConfig>;
	/**
	The largest datagram that leaves this machine for an address in one piece; 1452 where nobody says.
	*/
	sizeCeiling?: (address: Address) => number;
	/**
	Defaults to the fastest ChaCha20-Poly1305 of this machine.
	*/
	suite?: CipherSuite;
	/**
	Defaults to the model-based one.
	*/
	congestion?: CongestionFactory;
	/**
	Is told of everything that happens on the links, as events of qlog. Without it nothing of that is computed.
	*/
	trace?: TraceObserver | undefined;
};

export class Endpoint {
	/**
	What was dropped so far.
	*/
	readonly counters: EndpointCounters = {
		malformed: 0, unknown: 0, forged: 0, replayed: 0, refused: 0, retried: 0, overload: 0,
	};

	readonly #options: EndpointOptions;
	readonly #config: PeerConfig;
	readonly #suite: CipherSuite;
	readonly #staticKey: AgreementKey;
	readonly #macKey: Uint8Array;
	readonly #links = new LinkTable();
	readonly #reception: Reception;
	readonly #resets: StatelessReset;
	readonly #slab = new Slab();
	readonly #trace: EndpointTrace | undefined;
	#events: EndpointEvent[] = [];
	#nextEvent = 0;

	constructor(options: EndpointOptions) {
		this.#options = options;
		this.#config = completeConfig(options.config);
		this.#suite = options.suite ?? chaCha;
		this.#staticKey = new AgreementKey(options.identity.privateKey);
		if (compareBytes(this.#staticKey.publicKey, options.identity.publicKey) !== 0) {
			throw new Error('the identity\'s public key does not belong to its private key');
		}

		this.#macKey = deriveMacKey(this.#staticKey.publicKey);
		this.#resets = new StatelessReset(options.identity.privateKey);
		this.#trace = options.trace && new EndpointTrace(options.trace);
		this.#reception = new Reception({
			config: this.#config,
			suite: this.#suite,
			staticKey: this.#staticKey,
			macKey: this.#macKey,
			counters: this.counters,
			resets: this.#resets,
			random: size => options.random(size),
			credential: () => options.credential(),
			authenticate: (staticKey, credential, now) => options.authenticate(staticKey, credential, now),
			parameters: () => this.#parameters,
			createEphemeralKey: () => this.#createEphemeralKey(),
			createCid: () => this.#createCid(),
			hasBegun: name => this.#links.values().some(({initName}) => initName === name),
			isOursFirst: (remoteStatic, from) => this.#isOursFirst(remoteStatic, from),
			onAnswered: ({session}) => {
				this.#trace?.handleAnswered(session);
			},
		});
	}

	/**
	Begins a link to the owner of `publicKey`, who may be found at any of `candidates`. An `open` or `failed` event follows.
	Where a link to that peer is open or opening already, its id is returned and the candidates join in.
	*/
	connect({publicKey, candidates}: {publicKey: Uint8Array; candidates: readonly Address[]}, now: number): LinkId {
		const known = this.#links.findPeer(publicKey);
		if (known && isAlive(known)) {
			for (const candidate of candidates) {
				this.addCandidate(known.id, candidate, now);
			}

			return known.id;
		}

		const problem = this.#findConnectProblem(publicKey);
		if (problem !== undefined) {
			const link = this.#links.createId();
			this.#events.push({type: 'failed', link, reason: problem});
			return link;
		}

		const entry = this.#createEntry(publicKey, now);
		const localCid = this.#createCid();
		entry.initiation = new Initiation({
			config: this.#config,
			suite: this.#suite,
			staticKey: this.#staticKey,
			ephemeralKey: this.#createEphemeralKey(),
			remoteStatic: publicKey,
			candidates,
			localCid,
			resetToken: this.#resets.tokenOf(localCid),
			parameters: this.#parameters,
			credential: this.#options.credential(),
			authenticate: this.#options.authenticate,
		}, now);
		this.#links.bind(entry, entry.initiation);
		entry.link.trace?.handleAttempt({localCid, candidates}, now);
		return entry.id;
	}

	/**
	One more address to try for a link that is opening.
	*/
	addCandidate(link: LinkId, address: Address, _now: number): void {
		const entry = this.#links.find(link);
		if (!entry?.initiation) {
			return;
		}

		entry.initiation.addCandidate(address);
		this.#links.markReady(entry);
	}

	/**
	Takes bytes for a stream and returns how many fitted into its send buffer; a short answer is followed by a `writable` event. Like those that
	are written to one of Node's own streams, they must not change afterwards.
	May be called before the link is open.
	*/
	write(link: LinkId, stream: number, data: Uint8Array): number {
		return this.#use(link)?.link.streams.write(stream, data) ?? 0;
	}

	/**
	Bytes that `write` would take now.
	*/
	writable(link: LinkId, stream: number): number {
		return this.#use(link)?.link.streams.writable(stream) ?? 0;
	}

	/**
	Ends our half of a stream after what was written.
	*/
	finish(link: LinkId, stream: number): void {
		this.#use(link)?.link.streams.finish(stream);
	}

	/**
	Gives up our half of a stream; what has not arrived never will.
	*/
	reset(link: LinkId, stream: number, code: number): void {
		this.#use(link)?.link.streams.reset(stream, code);
	}

	/**
	Asks the peer to give up its half of a stream.
	*/
	stop(link: LinkId, stream: number, code: number): void {
		this.#use(link)?.link.streams.stop(stream, code);
	}

	/**
	A hint that the peer may be gone: it is pinged quickly, and lost when it does not answer. Harmless for a peer that lives.
	*/
	probe(link: LinkId, now: number): void {
		this.#use(link)?.link.probe(now);
	}

	/**
	The system says that nobody listens at `address`. That is a hint like any other: whoever forges it, or a firewall that refuses strangers,
	costs a living peer a few pings.
	*/
	handleUnreachable(address: Address, now: number): void {
		for (const entry of this.#links.values()) {
			if (entry.link.address === address) {
				this.#use(entry.id)?.link.probe(now, {isRefused: true});
			}
		}
	}

	/**
	Ends a link; `closed` follows, and the peer is told.
	*/
	close(link: LinkId, code: number, reason: string, now: number): void {
		const entry = this.#use(link);
		if (!entry) {
			return;
		}

		if (this.#trace) {
			this.#trace.now = now;
		}

		entry.link.close(code, reason, now);
		this.#settle(entry);
	}

	/**
	A datagram came. Its bytes are not kept and not changed.
	*/
	handleDatagram(data: Uint8Array, from: Address, now: number): void {
		this.#trace?.handleArrival(this.counters, now);
		this.#sort(data, from, now);
		this.#trace?.handleReceived(data, this.counters, this.#groupOf(data));
	}

	handleTimeout(now: number): void {
		this.#reception.halfOpens.expire(now);
		if (this.#trace) {
			this.#trace.now = now;
		}

		for (const entry of this.#links.values()) {
			if (entry.initiation?.handleTimeout(now)) {
				entry.link.trace?.handleFailed('the peer did not answer');
				this.#events.push({type: 'failed', link: entry.id, reason: 'the peer did not answer'});
				this.#links.remove(entry);
				continue;
			}

			entry.link.handleTimeout(now);
			this.#settle(entry);
		}
	}

	/**
	The next datagram to send. Its bytes stay as they are for as long as the caller holds them.
	*/
	pollTransmit(now: number): {to: Address; data: Uint8Array} | undefined {
		const response = this.#reception.pollTransmit();
		if (response) {
			this.#trace?.handleSent(response.data, undefined, now);
			return response;
		}

		for (let entry = this.#links.takeReady(); entry; entry = this.#links.takeReady()) {
			const datagram = this.#pollEntry(entry, now);
			if (datagram) {
				this.#links.markReady(entry);
				this.#trace?.handleSent(datagram.data, entry.link.trace?.group, now);
				return datagram;
			}
		}

		return undefined;
	}

	/**
	A polled datagram has left, and its bytes may be written again. Nobody has to say so, but it spares the memory of large ones.
	*/
	giveBack(data: Uint8Array): void {
		this.#slab.giveBack(data);
	}

	/**
	The data of a polled event have been read, and nobody will read them again: they must not be touched any more. Nobody has to say so,
	but it spares the garbage collector large ones.
	*/
	free(data: Uint8Array): void {
		freeBytes(data);
	}

	/**
	The next event. Data count as consumed, and the peer may send more, once they were polled; they belong to the caller.
	*/
	pollEvent(): EndpointEvent | undefined {
		if (this.#nextEvent === this.#events.length) {
			if (this.#nextEvent > 0) {
				this.#events = [];
				this.#nextEvent = 0;
			}

			return undefined;
		}

		const event = this.#events[this.#nextEvent++]!;
		if (event.type === 'data') {
			this.#use(event.link)?.link.streams.handleConsumed(event.stream, event.data.length);
		}

		return event;
	}

	/**
	When to call `handleTimeout`, and poll afterwards; undefined when there is nothing to wait for.
	*/
	pollTimeout(): number | undefined {
		let earliest = this.#reception.halfOpens.pollTimeout() ?? Infinity;
		for (const {initiation, link} of this.#links.values()) {
			earliest = Math.min(earliest, initiation?.pollTimeout() ?? link.pollTimeout() ?? Infinity);
		}

		return Number.isFinite(earliest) ? earliest : undefined;
	}

	/**
	Links whose CLOSE the peer has not answered yet; a program that is about to exit may wait for none.
	*/
	get closing(): number {
		return this.#links.values().filter(({link}) => link.state === 'closing').toArray().length;
	}

	/**
	Answered handshakes that wait for their first packet.
	*/
	get halfOpen(): number {
		return this.#reception.halfOpens.size;
	}

	/**
	From which packet size on this machine would rather seal with AES, in place of what the configuration says.
	Nothing changes once somebody was met, who would have been told the size before.
	*/
	preferAesFrom(size: number): void {
		if (this.#links.size === 0 && this.#reception.halfOpens.size === 0) {
			this.#config.aesFrom = size;
		}
	}

	statistics(link: LinkId): LinkStatistics | undefined {
		return this.#links.find(link)?.link.statistics();
	}

	get #parameters(): LinkParameters {
		const {connectionWindow, streamWindow, maxAckDelay, aesFrom, maxInFlight} = this.#config;
		return {
			maxData: connectionWindow, maxStreamData: streamWindow, maxAckDelay, aesFrom: Number.isFinite(aesFrom) ? aesFrom : 0, maxInFlight,
		};
	}

	#findConnectProblem(publicKey: Uint8Array): string | undefined {
		if (publicKey.length !== keySize) {
			return 'the peer\'s key is malformed';
		}

		if (compareBytes(publicKey, this.#staticKey.publicKey) === 0) {
			return 'that is ourselves';
		}

		return this.#links.size >= this.#config.maxLinks ? 'too many links' : undefined;
	}

	#sort(data: Uint8Array, from: Address, now: number): void {
		switch (data[0]) {
			case packetType.data: {
				this.#handleData(data, from, now);
				break;
			}

			case packetType.init: {
				this.#reception.handleInit(data, from, now);
				break;
			}

			case packetType.resp: {
				this.#handleResp(data, from, now);
				break;
			}

			case packetType.retry: {
				this.#handleRetry(data, from);
				break;
			}

			case packetType.reset: {
				this.#handleReset(data);
				break;
			}

			default: {
				this.counters.malformed++;
			}
		}
	}

	/**
	The trace's group of the link that a DATA packet says it belongs to.
	*/
	#groupOf(data: Uint8Array): string | undefined {
		return data[0] === packetType.data && data.length >= dataHeaderSize ? this.#links.findCid(readUint32(data, 2))?.link.trace?.group : undefined;
	}

	#handleRetry(data: Uint8Array, from: Address): void {
		const target = readRetryTarget(data);
		if (target === undefined) {
			this.counters.malformed++;
			return;
		}

		const entry = this.#links.findCid(target);
		if (entry?.initiation?.localCid !== target) {
			this.counters.unknown++;
			return;
		}

		if (!entry.initiation.handleRetry(data, from)) {
			this.counters.forged++;
			return;
		}

		this.#links.markReady(entry);
	}

	/**
	The peer has forgotten the link, because it restarted or lost us. A link that it has never confirmed may yet be replaced by
	the other of two crossing handshakes, so it is left alone.
	*/
	#handleReset(data: Uint8Array): void {
		const token = decodeReset(data);
		if (!token) {
			this.counters.malformed++;
			return;
		}

		const entry = this.#links.findResetToken(token);
		if (!entry?.link.isConfirmed) {
			this.counters.unknown++;
			return;
		}

		entry.link.lose('the peer has forgotten this link');
		this.#settle(entry);
	}

	/**
	Both sides began at once: the initiation of the smaller static key goes on, the other is answered. Ours goes on as long as the
	peer may still wait for it; that it reached us from `from` means that we may reach it there.
	*/
	#isOursFirst(remoteStatic: Uint8Array, from: Address): boolean {
		const order = compareBytes(this.#staticKey.publicKey, remoteStatic);
		if (order === 0) {
			return true;
		}

		const entry = this.#links.findPeer(remoteStatic);
		if (!entry || order > 0 || !isAlive(entry)) {
			return false;
		}

		if (entry.initiation) {
			entry.initiation.addCandidate(from);
			this.#links.markReady(entry);
			return true;
		}

		return entry.link.session!.isInitiator && !entry.link.isConfirmed;
	}

	#handleResp(data: Uint8Array, from: Address, now: number): void {
		const response = decodeResp(data, this.#macKey);
		if (!response) {
			this.counters.malformed++;
			return;
		}

		const entry = this.#links.findCid(response.dcid);
		if (entry?.initiation?.localCid !== response.dcid) {
			this.counters.unknown++;
			return;
		}

		const session = entry.initiation.handleResponse(response, from, now);
		if (!session) {
			this.counters.forged++;
			return;
		}

		if (compareBytes(this.#staticKey.publicKey, session.publicKey) < 0) {
			this.#reception.halfOpens.removePeer(session.publicKey);
		}

		this.#start(entry, session, now);
	}

	#handleData(data: Uint8Array, from: Address, now: number): void {
		const header = data.length <= maxDatagramSize ? readDataHeader(data) : undefined;
		if (!header) {
			this.counters.malformed++;
			return;
		}

		const entry = this.#links.findCid(header.dcid);
		if (!entry) {
			this.#handleFirstData(data, header, from, now);
			return;
		}

		const fate = entry.link.handlePacket({packet: data, header, from}, now);
		if (fate === 'accepted') {
			this.#settle(entry);
		} else {
			this.counters[fate === 'ignored' ? 'unknown' : fate]++;
		}
	}

	/**
	The first packet under the keys of a handshake that we answered proves that the handshake was no replay.
	*/
	#handleFirstData(data: Uint8Array, header: DataHeader, from: Address, now: number): void {
		const halfOpen = this.#reception.halfOpens.findByCid(header.dcid);
		if (!halfOpen) {
			this.#reception.handleUnknown(header.dcid, from, now);
			return;
		}

		const {session} = halfOpen;
		const opened = session.receiveKeys.open(data, header, now);
		if (!opened) {
			this.counters.forged++;
			return;
		}

		session.address = from;
		session.rtt = halfOpen.sends === 1 ? now - halfOpen.sentAt : undefined;
		this.#reception.halfOpens.remove(halfOpen);
		const entry = this.#adopt(halfOpen, now);
		if (!entry) {
			return;
		}

		this.#start(entry, session, now);
		entry.link.handleOpened(opened, {pn: header.pn, size: data.length, from}, now);
		this.#settle(entry);
	}

	/**
	The link that a handshake of the peer's belongs to: one that waits for it, or a new one in the place of the old.
	*/
	#adopt({name, session}: HalfOpen, now: number): LinkEntry | undefined {
		let entry = this.#links.findPeer(session.publicKey);
		if (entry && (!isAlive(entry) || entry.link.isConfirmed)) {
			entry.link.lose('a newer link took its place');
			this.#settle(entry);
			entry = undefined;
		}

		if (!entry && this.#links.size >= this.#config.maxLinks) {
			this.counters.overload++;
			return undefined;
		}

		entry ??= this.#createEntry(session.publicKey, now);
		entry.initName = name;
		return entry;
	}

	#start(entry: LinkEntry, session: Session, now: number): void {
		const {id, link} = entry;
		const wasOpen = link.state === 'open';
		this.#links.bind(entry, session);
		entry.initiation = undefined;
		link.trace?.handleStarted(session, {local: this.#parameters, datagramSize: this.#config.datagramSize}, now);
		link.start(session, now);
		this.#links.markReady(entry);
		if (wasOpen) {
			return;
		}

		const {peer, publicKey, address, isInitiator} = session;
		this.#events.push({
			type: 'open', link: id, peer, publicKey, address, initiator: isInitiator,
		});
	}

	#pollEntry({initiation, link}: LinkEntry, now: number): {to: Address; data: Uint8Array} | undefined {
		return initiation ? initiation.pollTransmit() : link.pollTransmit(this.#slab, now);
	}

	#createEntry(publicKey: Uint8Array, now: number): LinkEntry {
		const id = this.#links.createId();
		const trace = this.#trace?.createLink();
		const link = new Link({
			trace,
			config: this.#config,
			sizeCeiling: this.#options.sizeCeiling ?? (() => cautiousCeiling),
			congestion: this.#options.congestion ?? (datagramSize => new Bbr(datagramSize)),
			random: size => this.#options.random(size),
			emit: event => {
				trace?.handleEvent(event);
				this.#events.push({...event, link: id});
			},
		}, now);
		const entry: LinkEntry = {
			id, link, publicKey, initiation: undefined, initName: undefined, isReady: false,
		};
		this.#links.add(entry);
		return entry;
	}

	/**
	A link that its user may still act on.
	*/
	#use(link: LinkId): LinkEntry | undefined {
		const entry = this.#links.find(link);
		if (!entry || !isAlive(entry)) {
			return undefined;
		}

		this.#links.markReady(entry);
		return entry;
	}

	#settle(entry: LinkEntry): void {
		if (entry.link.state === 'gone') {
			this.#links.remove(entry);
		} else {
			this.#links.markReady(entry);
		}
	}

	#createEphemeralKey(): AgreementKey {
		return new AgreementKey(this.#options.random(keySize));
	}

	#createCid(): number {
		for (;;) {
			const cid = readUint32(this.#options.random(4), 0);
			if (cid !== 0 && !this.#links.findCid(cid) && !this.#reception.halfOpens.findByCid(cid)) {
				return cid;
			}
		}
	}
}
