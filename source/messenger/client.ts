// The client core: everything a user can do, without a socket, a disk or a clock of its own.
// Knows how its parts are joined; refuses to know the rules of sessions and rooms (sessions.ts, rooms.ts), the way lines
// take (delivery.ts) and the connection to the server (control-session.ts). Read those next, in this order.
//
// Inputs are `handle…` with `now` in float ms since the epoch, never going back. After each input poll effects and
// datagrams until there are none, and set one timer to `pollTimeout`.
import {Buffer} from 'node:buffer';
import type {KeyObject} from 'node:crypto';
import {formatHostPort} from '../protocol/addresses.js';
import {deviceId, realmId, type Card} from '../protocol/cards.js';
import type {ErrorReport} from '../protocol/errors.js';
import {
	decodeBase64,
	encodeBase64,
	exportPublicKey,
	importPrivateKey,
} from '../protocol/keys.js';
import {maximumAddresses} from '../protocol/limits.js';
import {signLine} from '../protocol/line-proof.js';
import type {Reply} from '../protocol/messages.js';
import {nameKey} from '../protocol/names.js';
import {punchType} from '../protocol/punch.js';
import {measureAesThreshold} from '../peer/crypto/ciphers.js';
import type {PeerConfig} from '../peer/config.js';
import {Endpoint, type TraceObserver} from '../peer/endpoint.js';
import {Archive} from './archive.js';
import {CatchUp} from './lines/catch-up.js';
import {HybridClock} from './clock.js';
import {parseCommandLine} from './commands.js';
import {
	succeed,
	type AcceptPolicy,
	type CommandOutcome,
	type Context,
	type OnDone,
} from './context.js';
import {Contacts} from './people/contacts.js';
import {ControlSession} from './server/control-session.js';
import {conversationKey, type Conversation} from './conversations/conversation.js';
import {Conversations} from './conversations/conversations.js';
import {Courier} from './mail/courier.js';
import {Delivery, type ReceivedLine} from './lines/delivery.js';
import {Departure} from './departure.js';
import {Directory} from './server/directory.js';
import type {
	ControlEvent,
	Effect,
	ExportResult,
	HostedResult,
	RecallResult,
	StoredState,
	StoreWrite,
} from './effects.js';
import type {DeliveryState, MessengerEvent} from './events.js';
import {Groups} from './conversations/groups.js';
import {Inbox} from './lines/inbox.js';
import {Journal} from './journal.js';
import {LateFarewell} from './server/late-farewell.js';
import {maximumLogRows} from './limits.js';
import {linkEnds} from './peers/link-codes.js';
import {Mailbox} from './mail/mailbox.js';
import {Mailing} from './mail/mailing.js';
import {MessageLog} from './conversations/message-log.js';
import {narrate} from './narration.js';
import {Outbox, type KeptEntry} from './lines/outbox.js';
import {Passing} from './lines/passing.js';
import {authenticatePeer, Peers} from './peers/peers.js';
import {Performer} from './performer.js';
import {Pending} from './mail/pending.js';
import {Pleas} from './mail/pleas.js';
import {Prekeys} from './mail/prekeys.js';
import {Progress} from './lines/progress.js';
import {Reading, type Arrival, type ReadingPolicy} from './lines/reading.js';
import {
	ownerKey,
	Receipts,
	type Author,
	type Owner,
} from './lines/receipts.js';
import type {PeerRecord, SharedName} from './peers/records.js';
import {Recollection} from './conversations/recollection.js';
import {Rendezvous, type Transmit} from './peers/rendezvous.js';
import {Requests} from './conversations/requests.js';
import {Rooms} from './conversations/rooms.js';
import type {Party} from './mail/sealing.js';
import {ServerNews} from './server/server-news.js';
import {Sessions} from './conversations/sessions.js';
import {Speaker} from './lines/speaker.js';
import {Trust} from './people/trust.js';
import type {ConversationKey, MessengerView, RequestView} from './view.js';
import {Ways} from './lines/ways.js';

export type ClientOptions = {
	/**
	Raw private keys of this device, 32 bytes each: Ed25519 and X25519.
	*/
	readonly device: {readonly sign: Uint8Array; readonly agree: Uint8Array};
	/**
	Unpredictable bytes.
	*/
	readonly random: (size: number) => Uint8Array;
	/**
	Float ms since the epoch.
	*/
	readonly now: number;
	/**
	`one`: opening a conversation leaves the one before.
	*/
	readonly mode: 'one' | 'many';
	readonly accept: AcceptPolicy;
	readonly stored: StoredState;
	/**
	Whether lines are kept on disk, and shown again when a conversation opens; they are unless this says `false`.
	*/
	readonly history?: boolean | undefined;
	/**
	Our own UDP addresses, `ip:port`, best first.
	*/
	readonly addresses: () => readonly string[];
	/**
	Name and version of the program, as the server is told.
	*/
	readonly program: string;
	/**
	Log in as this one without a password where the server's token for it is still known.
	*/
	readonly user?: string | undefined;
	/**
	How the face's lines are read; as they are printed where nobody says.
	*/
	readonly reading?: ReadingPolicy;
	/**
	A moment (ms since the epoch) as the clock on the user's wall shows it, `HH:MM:SS`; UTC where nobody says.
	*/
	readonly timeOfDay?: (at: number) => string;
	readonly peerConfig?: Partial<PeerConfig>;
	/**
	The largest datagram that leaves this machine for `ip:port` in one piece; 1452 bytes where nobody says.
	*/
	readonly sizeCeiling?: (address: string) => number;
	/**
	Ms with fractions, to find out once which cipher is faster on this machine.
	*/
	readonly stopwatch?: () => number;
	/**
	Is told of everything that happens on the links to peers.
	*/
	readonly trace?: TraceObserver | undefined;
};

type Identity = {readonly user: string; readonly realm: string; readonly rootKey: string; readonly credential: Uint8Array; readonly party: Party};

export class Client {
	readonly #options: ClientOptions;
	#effects: Effect[] = [];
	#nextEffect = 0;
	readonly #journal: Journal;
	readonly #archive: Archive;
	readonly #clock = new HybridClock();
	readonly #endpoint: Endpoint;
	readonly #rendezvous: Rendezvous;
	readonly #control: ControlSession;
	readonly #lateFarewell: LateFarewell;
	readonly #peers: Peers;
	readonly #inbox: Inbox;
	readonly #delivery: Delivery;
	readonly #outbox: Outbox;
	readonly #speaker: Speaker;
	readonly #recollection: Recollection;
	readonly #catchUp: CatchUp;
	readonly #passing: Passing;
	readonly #conversations: Conversations;
	readonly #directory = new Directory();
	readonly #requests = new Requests();
	readonly #sessions: Sessions;
	readonly #rooms: Rooms;
	readonly #groups: Groups;
	readonly #contacts: Contacts;
	readonly #trust: Trust;
	readonly #performer: Performer;
	readonly #ways: Ways;
	readonly #news: ServerNews;
	readonly #departure: Departure;
	readonly #prekeys: Prekeys;
	readonly #mailing: Mailing;
	readonly #mailbox: Mailbox;
	readonly #receipts: Receipts;
	readonly #pleas: Pleas;
	readonly #reading: Reading;
	readonly #pending = new Pending();
	readonly #log = new MessageLog(maximumLogRows);
	#identity: Identity | undefined;
	readonly #deviceKeys: {readonly sign: string; readonly agree: string};
	readonly #agreeKey: KeyObject;
	#hosting: OnDone | undefined;
	#isHosting = false;
	#isBusy = false;
	#now: number;
	#view: MessengerView | undefined;

	constructor(options: ClientOptions) {
		this.#options = options;
		this.#now = options.now;
		const {device, random, stored, program} = options;
		const hasHistory = options.history ?? true;
		const policy = options.reading ?? 'printed';
		const push = (effect: Effect): void => {
			this.#effects.push(effect);
		};

		const emit = (event: MessengerEvent): void => {
			this.#emit(event);
		};

		const signKey = importPrivateKey('ed25519', device.sign);
		const agreeKey = importPrivateKey('x25519', device.agree);
		const sign = exportPublicKey(signKey);
		const agree = exportPublicKey(agreeKey);
		this.#agreeKey = agreeKey;
		this.#deviceKeys = {sign: encodeBase64(sign), agree: encodeBase64(agree)};
		this.#journal = new Journal(push);
		this.#archive = new Archive(push);
		this.#recollection = new Recollection({
			archive: this.#archive,
			person: () => this.#identity && {realm: this.#identity.realm, owner: this.#identity.user},
			spell: key => this.#conversations.get(key)?.name ?? this.#directory.spell(key.slice(key.indexOf(':') + 1)),
			emit: event => {
				this.#emit(event);
			},
		});
		this.#conversations = new Conversations(conversation => {
			if (options.history !== false) {
				this.#recollection.handleOpened(conversation, this.#reading.unreadSince(conversation.key));
			}
		});
		this.#rendezvous = new Rendezvous(random);
		this.#endpoint = new Endpoint({
			identity: {privateKey: device.agree, publicKey: agree},
			credential: () => this.#identity?.credential ?? new Uint8Array(),
			authenticate: (staticKey, credential, now) => authenticatePeer(this.#identity?.rootKey, staticKey, credential, now),
			random,
			...(options.peerConfig && {config: options.peerConfig}),
			...(options.sizeCeiling && {sizeCeiling: options.sizeCeiling}),
			trace: options.trace,
		});
		this.#control = new ControlSession({
			listener: {
				handleNotice: (notice, now) => {
					this.#news.handleNotice(notice, now);
				},
				handleLoggedIn: (reply, _isResumed, now) => {
					this.#handleLoggedIn(reply, now);
				},
				handleLoggedOut: now => {
					this.#handleLoggedOut(now);
				},
			},
			push: effect => {
				if (effect.type === 'event') {
					this.#emit(effect.event);
				} else {
					push(effect);
				}
			},
			journal: this.#journal,
			random,
			device: this.#deviceKeys,
			program,
			stored,
		});
		this.#lateFarewell = new LateFarewell({control: this.#control, journal: this.#journal, departures: stored.departures});
		this.#peers = new Peers({
			endpoint: this.#endpoint,
			rendezvous: this.#rendezvous,
			listener: {
				handleCard: card => {
					this.#trust.observe(card);
				},
				handleLinkUp: (peer, now) => {
					this.#delivery.handleLinkUp(peer, now);
				},
				handleLinkDown: (peer, how, now) => {
					this.#delivery.handleLinkDown(peer, now);
					this.#sessions.handleLinkDown(peer, how, now);
					this.#rooms.handleLinkDown(peer, now);
					this.#catchUp.handleLinkDown(peer, now);
					this.#passing.handleLinkDown(peer);
				},
				handleRecord: (peer, record, now) => {
					this.#handleRecord(peer, record, now);
				},
				handleSilence(address) {
					push({type: 'poke', address});
				},
				isExpecting: () => this.#sessions.isExpecting || this.#rooms.isExpecting,
			},
			device: deviceId(sign),
		});
		const outbox = new Outbox(stored.outbox);
		this.#outbox = outbox;
		const isOurs = ({realm, from}: KeptEntry): boolean => realm === this.#identity?.realm && from === this.#identity.user;
		const progress = new Progress({
			outbox,
			journal: this.#journal,
			isOurs,
			onProgress: (entry, state) => {
				this.#handleProgress(entry, state);
			},
			hasHistory,
		});
		// What was printed was read: that needs no marks of its own.
		const inbox = new Inbox(this.#journal, () => ownerKey(this.#owner), {seen: stored.seen, read: policy === 'printed' ? stored.seen : stored.read});
		this.#inbox = inbox;
		this.#delivery = new Delivery({
			peers: this.#peers,
			outbox,
			inbox,
			progress,
			listener: {
				recordLine: line => this.#reading.record(this.#arrive(line)),
				handleLine: (line, now) => {
					this.#reading.show(this.#arrive(line), now);
					this.#passing.handleLine(line);
				},
				handleHere: (peer, key, now) => {
					this.#handleHere(peer, key, now);
				},
				handleClaim: (peer, shared, now) => {
					this.#rooms.handleClaim(peer, shared, now);
				},
				handleBye: (peer, key, now) => {
					this.#handleBye(peer, key, now);
				},
				handleRoomClosed: (peer, key, now) => {
					const conversation = this.#conversations.get(key);
					if (conversation) {
						this.#rooms.handleClosedBy(conversation, peer, now);
					}
				},
				isExpecting: shared => this.#isExpecting(shared),
				isStopped: peer => this.#trust.isStopped(peer),
				isOurs,
			},
		});
		this.#contacts = new Contacts({journal: this.#journal, stored: stored.contacts, owner: () => this.#owner});
		this.#trust = new Trust({
			journal: this.#journal,
			requests: this.#requests,
			stored: stored.knownKeys,
			owner: () => this.#owner,
			ownKeys: this.#deviceKeys,
			listener: {
				emit,
				handleSettled: (name, now) => {
					this.#mailing.handleOnline(name, now);
				},
			},
		});
		const onCard = (card: Card): void => {
			this.#trust.observe(card);
		};

		const courier = new Courier({
			onCard,
			control: this.#control,
			sender: () => this.#identity && {party: this.#identity.party, agree: agreeKey},
			random,
		});
		this.#prekeys = new Prekeys({
			control: this.#control, journal: this.#journal, random, signKey, secrets: stored.prekeys,
		});
		this.#mailing = new Mailing({
			outbox,
			progress,
			courier,
			listener: {
				directUntil: (peer, lane) => this.#ways.directUntil(peer, lane),
				isStopped: peer => this.#trust.isStopped(peer),
				isOurs,
				emit,
			},
		});
		this.#pleas = new Pleas({
			inbox, courier, journal: this.#journal, isReady: () => this.#prekeys.isIdle && this.#mailbox.isIdle, pleas: stored.pleas,
		});
		this.#receipts = new Receipts({
			inbox,
			journal: this.#journal,
			courier,
			listener: {standing: author => this.#ways.standing(author)},
			debts: stored.debts,
		});
		this.#reading = new Reading({
			policy,
			hasHistory,
			journal: this.#journal,
			inbox,
			conversations: this.#conversations,
			clock: this.#clock,
			emit,
			owner: () => this.#owner,
			listener: {
				handleRead: (author, now) => {
					this.#ways.handleRead(author, now);
				},
				handleFront: (conversation, now) => {
					this.#handleFront(conversation, now);
				},
			},
			unread: stored.unread,
		});
		this.#ways = new Ways({
			conversations: this.#conversations,
			delivery: this.#delivery,
			journal: this.#journal,
			peers: this.#peers,
			receipts: this.#receipts,
			mode: options.mode,
			isBusy: () => this.#isBusy,
			isLeaving: () => this.#departure.isUnderWay,
		});
		this.#passing = new Passing({
			conversations: this.#conversations,
			delivery: this.#delivery,
			peers: this.#peers,
			archive: this.#archive,
			trust: this.#trust,
			person: () => hasHistory && this.#identity ? {realm: this.#identity.realm, owner: this.#identity.user} : undefined,
		});
		const recordOwed = (line: Arrival, now: number): readonly StoreWrite[] => [...this.#reading.record(line), ...this.#receipts.owe(authorOf(line), now)];
		const handleOwed = (line: Arrival, now: number): void => {
			this.#reading.show(line, now);
			this.#ways.handleRead(authorOf(line), now);
		};

		this.#catchUp = new CatchUp({
			conversations: this.#conversations,
			delivery: this.#delivery,
			peers: this.#peers,
			inbox,
			trust: this.#trust,
			listener: {
				reader: () => this.#identity,
				recordLine: recordOwed,
				handleLine: (line, now) => {
					handleOwed(line, now);
					this.#passing.handleLine(line);
				},
			},
		});
		this.#mailbox = new Mailbox({
			control: this.#control,
			journal: this.#journal,
			inbox,
			prekeys: this.#prekeys,
			listener: {
				handleCard: onCard,
				admits: (from, room) => this.#ways.admits(from, room),
				rooms: () => this.#ways.namesOf('room'),
				partners: () => this.#ways.namesOf('session'),
				recordLine: recordOwed,
				handleLine: (line, now) => {
					handleOwed(line, now);
					this.#passing.handleLine(line);
				},
				handleRepeated: (line, now) => {
					this.#delivery.owe(line.peer, line.lane);
					return this.#receipts.owe(authorOf(line), now);
				},
				handlePlea: (peer, {lane, got}, now) => {
					progress.confirm(peer, lane, {got, read: []}, now);
					this.#mailing.handlePlea(peer, lane, got, now);
				},
				handleUnreadable: (author, now) => this.#pleas.add(author, now),
				handleReceipt(peer, receipt, now) {
					progress.confirm(peer, receipt.lane, receipt, now);
				},
				announce: batch => {
					this.#announcePending(batch);
				},
				emit,
			},
			taken: stored.takenMail,
		});
		this.#speaker = new Speaker({
			device: deviceId(sign), journal: this.#journal, outbox, progress, clock: this.#clock, emit, sign: line => signLine(line, signKey), hasHistory, nextSequence: stored.nextSequence,
		});
		const context: Context = {
			control: this.#control,
			peers: this.#peers,
			delivery: this.#delivery,
			progress,
			conversations: this.#conversations,
			directory: this.#directory,
			requests: this.#requests,
			mode: options.mode,
			welcomes: name => options.accept === 'everyone' || (options.accept === 'contacts' && this.#contacts.has(name) && !this.#trust.isStopped(name)),
			endRequest: (request, reason) => {
				this.#endRequest(request, reason);
			},
			isBusy: () => this.#isBusy,
			own: () => this.#identity?.user ?? '',
			rootKey: () => this.#identity?.rootKey ?? '',
			emit,
			tell: (conversation, tone, text, now) => {
				conversation.log.addNotice(tone, text, {clock: this.#clock.tick(now), at: Math.floor(now)});
			},
			makeWay: (exception, now) => {
				if (options.mode === 'one') {
					this.#leaveAll(exception, now);
				}
			},
		};
		this.#sessions = new Sessions(context);
		this.#rooms = new Rooms(context);
		this.#groups = new Groups(context, {sessions: this.#sessions, rooms: this.#rooms});
		this.#news = new ServerNews({
			...context,
			rendezvous: this.#rendezvous,
			sessions: this.#sessions,
			rooms: this.#rooms,
			groups: this.#groups,
			prekeys: this.#prekeys,
			mailing: this.#mailing,
			mailbox: this.#mailbox,
		});
		this.#departure = new Departure({
			isAllSaid: now => this.#isAllSaid(now),
			sayGoodbye: (onAnswered, now) => {
				this.#leaveAll(undefined, now, {isForGood: false});
				this.#control.request('bye', {}, now, onAnswered);
			},
			isAllHeard: () => this.#peers.bytesInFlight() === 0,
			hangUp: now => {
				this.#control.disconnect(now);
				this.#peers.closeAll(linkEnds.leaving, now);
			},
			isHungUp: () => this.#endpoint.closing === 0,
			isAllStored: () => this.#journal.isIdle,
			handleGone() {
				push({type: 'quit'});
			},
		});
		this.#performer = new Performer({
			context,
			sessions: this.#sessions,
			rooms: this.#rooms,
			groups: this.#groups,
			contacts: this.#contacts,
			trust: this.#trust,
			recollection: this.#recollection,
			actions: {
				connect: (server, now, done) => {
					this.#connect(server, now, done);
				},
				host: (port, done) => {
					this.#host(port, done);
				},
				say: (conversation, text, now, done) => {
					this.#say(conversation, text, now, done);
				},
				leave: now => {
					this.#depart(now);
				},
				setBusy: isBusy => {
					this.#isBusy = isBusy;
				},
				pending: () => this.view.pending,
				contacts: () => this.view.contacts,
			},
		});
	}

	/**
	A command line, bare. Its one reply is an effect with the same `tag`.
	*/
	handleCommand(line: string, tag: number, now: number): void {
		this.#now = now;
		const parsed = parseCommandLine(line);
		if ('error' in parsed) {
			this.#reply(parsed.word, tag, {ok: false, error: parsed.error});
		} else {
			const {command, values} = parsed;
			const refusal = this.#departure.isUnderWay ? {code: 'leaving', message: 'Earshot is leaving already.'} : command.refusal(this.view);
			if (refusal) {
				this.#reply(command.name, tag, {ok: false, error: refusal});
			} else {
				this.#performer.perform(command, values, now, outcome => {
					this.#reply(command.name, tag, outcome);
				});
			}
		}

		this.#settle(now);
	}

	handleControl(event: ControlEvent, now: number): void {
		this.#now = now;
		if (event.type === 'closed' && this.#departure.isUnderWay) {
			// The server hangs up when it has heard the good-bye; that is no loss, and nobody wants to be connected again.
			this.#control.disconnect(now);
		} else {
			this.#control.handleControl(event, now);
		}

		this.#settle(now);
	}

	/**
	@param bytes
	@param from `ip:port`.
	@param now
	*/
	handleDatagram(bytes: Uint8Array, from: string, now: number): void {
		this.#now = now;
		if (bytes[0] === punchType) {
			this.#rendezvous.handleDatagram(bytes, from);
		} else {
			this.#endpoint.handleDatagram(bytes, from, now);
		}

		this.#settle(now);
	}

	/**
	A `poke` was refused: nobody listens at `address`, as far as its system, or whoever answers for it, can tell.
	*/
	handleUnreachable(address: string, now: number): void {
		this.#now = now;
		this.#endpoint.handleUnreachable(address, now);
		this.#settle(now);
	}

	handleStored(batch: number, now: number): void {
		this.#now = now;
		this.#journal.handleStored(batch, now);
		this.#settle(now);
	}

	handleRecalled(recall: number, result: RecallResult, now: number): void {
		this.#now = now;
		this.#archive.handleRecalled(recall, result);
		this.#settle(now);
	}

	/**
	The reader has come to one end of the rows that are in memory.
	*/
	handleReached(key: ConversationKey, end: 'oldest' | 'newest', now: number): void {
		this.#now = now;
		const [kind, name] = [key.startsWith('room:') ? 'room' : 'session', key.slice(key.indexOf(':') + 1)] as const;
		const conversation = this.#conversations.find(kind, name);
		if (conversation && end === 'oldest') {
			this.#recollection.handleScrolledUp(conversation);
		} else {
			conversation?.log.trim();
		}

		this.#settle(now);
	}

	handleExported(task: number, result: ExportResult, now: number): void {
		this.#now = now;
		this.#archive.handleExported(task, result);
		this.#settle(now);
	}

	handleHosted(result: HostedResult, now: number): void {
		this.#now = now;
		const done = this.#hosting;
		this.#hosting = undefined;
		this.#isHosting &&= result.ok;
		if (!done) {
			return;
		}

		if (result.ok) {
			const server = {host: '127.0.0.1', port: result.port};
			this.#control.trust(formatHostPort(server), result.fingerprint);
			this.#connect(server, now, done);
		} else {
			done(result);
		}

		this.#settle(now);
	}

	/**
	The machine's own addresses are others now.
	*/
	handleAddressesChanged(now: number): void {
		this.#now = now;
		this.#rendezvous.refresh(now);
		this.#peers.refresh(now);
		this.#announce(now);
		this.#settle(now);
	}

	handleTimeout(now: number): void {
		this.#now = now;
		this.#endpoint.handleTimeout(now);
		this.#control.handleTimeout(now);
		this.#rendezvous.handleTimeout(now);
		this.#peers.handleTimeout(now);
		this.#delivery.handleTimeout(now);
		this.#sessions.handleTimeout(now);
		this.#groups.handleTimeout(now);
		this.#prekeys.handleTimeout(now);
		for (let request = this.#requests.pollExpired(now); request; request = this.#requests.pollExpired(now)) {
			this.#endRequest(request, 'timeout');
		}

		this.#settle(now);
	}

	/**
	The next datagram to send.
	*/
	pollTransmit(now: number): Transmit | undefined {
		return this.#rendezvous.pollTransmit() ?? this.#endpoint.pollTransmit(now);
	}

	/**
	The bytes of a datagram have left and may be written again.
	*/
	giveBack(data: Uint8Array): void {
		this.#endpoint.giveBack(data);
	}

	/**
	The next thing to be done, in order.
	*/
	pollEffect(): Effect | undefined {
		const effect = this.#effects[this.#nextEffect];
		this.#nextEffect++;
		if (!effect) {
			this.#effects = [];
			this.#nextEffect = 0;
		}

		return effect;
	}

	/**
	When to call `handleTimeout`, on the clock of `now`.
	*/
	pollTimeout(): number | undefined {
		return earliest(
			this.#endpoint.pollTimeout(),
			this.#control.pollTimeout(),
			this.#rendezvous.pollTimeout(),
			this.#peers.pollTimeout(),
			this.#delivery.pollTimeout(),
			this.#journal.pollTimeout(),
			this.#sessions.pollTimeout(),
			this.#groups.pollTimeout(),
			this.#requests.pollTimeout(),
			this.#prekeys.pollTimeout(),
			this.#mailing.pollTimeout(),
			this.#receipts.pollTimeout(),
			this.#pleas.pollTimeout(),
			this.#mailbox.pollTimeout(),
			this.#catchUp.pollTimeout(),
			this.#departure.pollTimeout(),
		);
	}

	/**
	The current snapshot; each part is the same object until it changed.
	*/
	get view(): MessengerView {
		const own = this.#identity?.user ?? '';
		const {active} = this.#conversations;
		const next: MessengerView = {
			connection: this.#control.view,
			users: this.#directory.users(this.#identity?.user),
			rooms: this.#directory.rooms(name => this.#conversations.find('room', name) !== undefined),
			contacts: this.#contacts.view({isOnline: name => this.#directory.isOnline(name), isVerified: name => this.#trust.isVerified(name)}),
			conversations: this.#conversations.view(own, name => this.#peers.isLinked(name)),
			active: active && `${active.kind}:${active.name}`,
			ended: this.#conversations.endedView(own),
			requests: this.#requests.view,
			pending: this.#pending.view(this.#mailbox.waiting, this.#reading.unread, ownerKey(this.#owner)),
			isBusy: this.#isBusy,
			isHosting: this.#isHosting,
			log: this.#log.view,
		};
		const before = this.#view;
		if (!before || (Object.keys(next) as Array<keyof MessengerView>).some(part => next[part] !== before[part])) {
			this.#view = next;
		}

		return this.#view!;
	}

	/**
	Ends a turn: what the parts have for each other is passed on until nothing is left.
	*/
	#settle(now: number): void {
		this.#performer.openNext(now);
		this.#peers.handleEvents(now);
		this.#reading.flush(now);
		this.#delivery.flush(now);
		this.#mailing.flush(now);
		this.#receipts.flush(now);
		this.#pleas.flush(now);
		this.#mailbox.flush(now);
		this.#catchUp.flush(now);
		this.#peers.handleEvents(now);
		this.#departure.advance(now);
		this.#journal.flush(now);
	}

	#reply(command: string, tag: number, outcome: CommandOutcome): void {
		if (!outcome.ok) {
			this.#note('warn', outcome.error.message);
		}

		this.#effects.push({type: 'reply', tag, reply: outcome.ok ? {command, ok: true, fields: outcome.fields} : {command, ok: false, error: outcome.error}});
	}

	#emit(event: MessengerEvent): void {
		const words = narrate(event);
		if (words) {
			this.#note(words.tone, words.text);
		}

		this.#effects.push({type: 'event', event});
	}

	#note(tone: 'join' | 'leave' | 'info' | 'warn', text: string): void {
		this.#log.addNotice(tone, text, {clock: this.#clock.tick(this.#now), at: Math.floor(this.#now)});
	}

	#endRequest({id, kind, from, room}: RequestView, reason: string): void {
		this.#requests.remove(id);
		this.#emit({
			type: 'request-ended', kind, from, id, ...(room !== undefined && {room}), reason,
		});
	}

	#handleRecord(peer: string, record: PeerRecord, now: number): void {
		switch (record.kind) {
			case 'have': {
				this.#passing.handleHave(peer, record, now);
				break;
			}

			case 'pass': {
				this.#catchUp.handlePass(peer, record, now);
				break;
			}

			case 'more': {
				this.#catchUp.handleMore(peer, record, now);
				break;
			}

			default: {
				this.#delivery.handleRecord(peer, record, now);
			}
		}
	}

	#handleHere(peer: string, key: ConversationKey, now: number): void {
		const conversation = this.#conversations.get(key);
		if (conversation?.kind === 'session') {
			this.#sessions.handleHere(conversation, now);
		} else if (conversation) {
			this.#rooms.handleHere(conversation, peer, now);
			this.#catchUp.handleHere(conversation, now);
		}

		if (conversation && this.#conversations.isFront(conversation)) {
			this.#handleFront(conversation, now);
		}
	}

	#handleBye(peer: string, key: ConversationKey, now: number): void {
		const conversation = this.#conversations.get(key);
		if (conversation?.kind === 'session') {
			this.#sessions.handleBye(conversation, now);
		} else if (conversation) {
			this.#rooms.handleBye(conversation, peer, now);
		}
	}

	#isExpecting(shared: SharedName): boolean {
		return shared.startsWith('session:')
			? this.#sessions.expects(shared)
			: this.#rooms.isExpecting || this.#conversations.get(shared as ConversationKey) !== undefined;
	}

	#connect(server: {host: string; port: number}, now: number, done: OnDone): void {
		const onConnected = (error: ErrorReport | undefined): void => {
			done(error ? {ok: false, error} : succeed({server: formatHostPort(server), user: this.#control.user ?? null}));
		};

		this.#control.connect(server, this.#options.user, now, onConnected);
	}

	#host(port: number | undefined, done: OnDone): void {
		if (this.#hosting) {
			done({ok: false, error: {code: 'already-hosting', message: 'A server is being started already; wait for it.'}});
			return;
		}

		this.#hosting = done;
		this.#isHosting = true;
		this.#effects.push({type: 'host', port});
	}

	#say(conversation: Conversation, text: string, now: number, done: OnDone): void {
		const {realm, user} = this.#identity!;
		this.#speaker.say(conversation, text, {realm, from: user}, now, done);
	}

	#handleLoggedIn({user, card, punch, prekeys}: Reply<'login'>, now: number): void {
		const rootKey = this.#control.rootKey!;
		const realm = realmId(decodeBase64(rootKey));
		if (!this.#identity && this.#options.stopwatch) {
			// Not at the start, which has better to do than to load and to try ciphers.
			this.#endpoint.preferAesFrom(measureAesThreshold(this.#options.stopwatch));
		}

		if (this.#identity && (this.#identity.user !== user || this.#identity.realm !== realm)) {
			// Conversations belong to a name; under another one they would be somebody else's.
			this.#leaveAll(undefined, now);
			this.#conversations.forget();
		}

		this.#identity = {
			user, realm, rootKey, credential: Buffer.from(card), party: {realm, user, ...this.#deviceKeys},
		};
		this.#inbox.handleLoggedIn(now);
		this.#rendezvous.showServer(this.#control.rendezvousAddress!, punch, now);
		this.#announce(now);
		this.#lateFarewell.handleLoggedIn(now);
		this.#trust.handleLoggedIn();
		this.#sessions.handleLoggedIn(now);
		this.#rooms.handleLoggedIn(now);
		this.#prekeys.handleLoggedIn(prekeys, now);
		this.#mailbox.handleLoggedIn({party: this.#identity.party, agree: this.#agreeKey}, now);
		this.#mailing.handleLoggedIn(now);
		this.#receipts.handleLoggedIn(this.#identity, now);
		this.#pleas.handleLoggedIn(this.#identity, now);
	}

	#handleLoggedOut(now: number): void {
		this.#directory.clear();
		this.#rendezvous.leaveServer();
		this.#sessions.handleLoggedOut(now);
		this.#prekeys.handleLoggedOut();
		this.#mailbox.handleLoggedOut();
		this.#mailing.handleLoggedOut();
		this.#receipts.handleLoggedOut();
		this.#pleas.handleLoggedOut();
	}

	#announce(now: number): void {
		if (this.#control.user !== undefined) {
			this.#control.request('announce', {addresses: this.#options.addresses().slice(0, maximumAddresses)}, now);
		}
	}

	/**
	A line from a link, with the names it is shown under.
	*/
	#arrive(line: ReceivedLine): Arrival {
		const {peer, key} = line;
		const room = key.startsWith('room:') ? this.#conversations.get(key)?.name ?? key.slice('room:'.length) : undefined;
		return {
			...line, from: this.#peers.nameOf(peer), room, isMail: false,
		};
	}

	get #owner(): Owner {
		return this.#identity ?? {realm: '', user: ''};
	}

	/**
	The user looks at a conversation: what its members have said there is read.
	*/
	#handleFront({kind, name, lane, members}: Conversation, now: number): void {
		const peers = kind === 'session' ? [nameKey(name)] : members.keys().toArray();
		for (const peer of peers) {
			const device = this.#peers.deviceOf(peer);
			if (device !== undefined) {
				this.#reading.read({device, lane, to: this.#peers.nameOf(peer)}, now);
			}
		}

		for (const author of this.#receipts.waitingFor(lane, kind === 'session' ? nameKey(name) : undefined)) {
			this.#reading.read(author, now);
		}
	}

	#announcePending({from, room, count, since}: {readonly from: string; readonly room: string | undefined; readonly count: number; readonly since: number}): void {
		const timeOfDay = this.#options.timeOfDay ?? (at => new Date(at).toISOString().slice(11, 19));
		this.#emit({
			type: 'notice',
			level: 'info',
			text: `${count} from ${from}${room === undefined ? '' : ` in ${room}`} since ${timeOfDay(since)}`,
			pending: {
				from, ...(room !== undefined && {room}), count, since: new Date(since).toISOString(),
			},
		});
	}

	#handleProgress({id, to, place}: KeptEntry, state: DeliveryState): void {
		this.#conversations.logOf(conversationKey(place.kind, place.name)).setDelivery(id, to, state, state === 'failed' ? state : this.#outbox.stateOf(id));
		this.#emit({
			type: 'delivery', id, to, state,
		});
	}

	#leaveAll(exception: Conversation | undefined, now: number, {isForGood = true} = {}): void {
		for (const conversation of this.#conversations) {
			if (conversation === exception) {
				continue;
			}

			if (conversation.kind === 'session') {
				this.#sessions.leave(conversation, now);
			} else {
				this.#rooms.leave(conversation, now, {isForGood});
			}
		}
	}

	#depart(now: number): void {
		this.#journal.hurry();
		this.#lateFarewell.handleLeaving(this.#identity?.user, now);
		this.#departure.begin(now);
		this.#mailing.lookAgain(now);
	}

	#isAllSaid(now: number): boolean {
		return this.#journal.isIdle && !this.#delivery.hasLinesInFlight && this.#mailing.isIdle(now) && this.#receipts.isIdle(now)
			&& this.#pleas.isIdle(now) && this.#mailbox.isIdle && this.#prekeys.isIdle;
	}
}

function earliest(...times: ReadonlyArray<number | undefined>): number | undefined {
	let first = Infinity;
	for (const time of times) {
		if (time !== undefined && time < first) {
			first = time;
		}
	}

	return first === Infinity ? undefined : first;
}

function authorOf({device, lane, from}: Arrival): Author {
	return {device, lane, to: from};
}
