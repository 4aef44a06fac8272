// One real client core in the made-up world: its disk, its control connection, its crashes, and all that it told.
import type {ControlEvent, Effect, StoreWrite} from '../../source/messenger/effects.js';
import type {CommandReply, MessengerEvent} from '../../source/messenger/events.js';
import {Client} from '../../source/messenger/client.js';
import type {ConversationKey} from '../../source/messenger/view.js';
import {MemoryProfile} from '../helpers/memory-profile.js';
import {serverAddress} from './server-node.js';
import {Wire} from './wire.js';
import type {World} from './world.js';

export type ClientSettings = {readonly mode: 'one' | 'many'; readonly accept: 'ask' | 'contacts' | 'everyone'; readonly reading?: 'printed' | 'active'; readonly history?: boolean};

/**
Between two backups; a program takes a minute, which is longer than many of these lives.
*/
const backupPausesMs = [50, 1000, 10_000, 60_000] as const;

export class ClientNode {
	client: Client | undefined;
	/**
	Counts starts; what was meant for an earlier one is dropped.
	*/
	incarnation = 0;
	readonly name: string;
	disk = new MemoryProfile();
	/**
	The automatic backup of the disk, as long as there is one.
	*/
	backup: MemoryProfile | undefined;
	/**
	Whether the backup is brought up to date by itself.
	*/
	isBackedUp = true;
	readonly events: MessengerEvent[] = [];
	readonly replies = new Map<number, CommandReply>();
	readonly settings: ClientSettings;
	/**
	IP of its machine.
	*/
	readonly host: string;
	port: number;
	wire: Wire | undefined;
	readonly #world: World;
	#device: {sign: Uint8Array; agree: Uint8Array};
	#lastTag = 0;
	#diskBusyUntil = 0;
	#backupAt = 0;
	readonly #unwritten = new Map<number, readonly StoreWrite[]>();

	constructor(world: World, name: string, host: string, settings: ClientSettings) {
		this.#world = world;
		this.name = name;
		this.host = host;
		this.port = 5000;
		this.settings = settings;
		this.#device = {sign: world.chance.bytes(32), agree: world.chance.bytes(32)};
	}

	get address(): string {
		return `${this.host}:${this.port}`;
	}

	start(): void {
		this.incarnation++;
		this.client = new Client({
			device: this.#device,
			random: size => this.#world.chance.bytes(size),
			now: this.#world.now,
			...this.settings,
			stored: this.disk.load(),
			addresses: () => [this.address],
			program: 'simulation',
		});
		this.pump();
	}

	/**
	SIGKILL: what was not on disk is lost, the kernel closes the connection.
	*/
	crash(): void {
		this.client = undefined;
		this.incarnation++;
		this.wire?.cut();
		this.wire = undefined;
		this.#unwritten.clear();
		this.#world.ledger.handleCrash(this);
	}

	/**
	SIGKILL, and the profile is found damaged: the next start goes on with its backup. Without one it stays as it is, as nothing can be done then.
	*/
	crashAndDamage(): void {
		this.crash();
		if (!this.backup) {
			return;
		}

		this.disk = this.disk.restore(this.backup, this.#world.now);
		this.#world.ledger.handleRestored(this, this.#world.clients);
	}

	/**
	The backup is brought up to date.
	*/
	backUp(): void {
		this.backup = this.disk.backUp();
	}

	/**
	The same person sits down at a machine that was never used before.
	*/
	startOnNewDevice(): void {
		this.disk = new MemoryProfile();
		this.backup = undefined;
		this.#device = {sign: this.#world.chance.bytes(32), agree: this.#world.chance.bytes(32)};
		this.start();
	}

	/**
	Types a line; the reply comes to `replies` under the number returned.
	*/
	type(line: string): number {
		const tag = ++this.#lastTag;
		if (this.client) {
			this.#world.ledger.handleTyped(this, tag, line, this.#world.now);
		}

		this.client?.handleCommand(line, tag, this.#world.now);
		this.pump();
		return tag;
	}

	handleControl(event: ControlEvent): void {
		if (event.type === 'closed') {
			this.wire = undefined;
		}

		this.client?.handleControl(event, this.#world.now);
		this.pump();
	}

	handleDatagram(data: Uint8Array, from: string): void {
		this.client?.handleDatagram(data, from, this.#world.now);
		this.pump();
	}

	handleUnreachable(address: string): void {
		this.client?.handleUnreachable(address, this.#world.now);
		this.pump();
	}

	/**
	Scrolls to one end of the rows in memory.
	*/
	reach(conversation: ConversationKey, end: 'oldest' | 'newest'): void {
		this.client?.handleReached(conversation, end, this.#world.now);
		this.pump();
	}

	handleTimeout(): void {
		this.client?.handleTimeout(this.#world.now);
		this.pump();
	}

	/**
	Another address for its datagrams, as when a NAT forgets or a laptop moves.
	*/
	move(): void {
		this.port++;
		this.client?.handleAddressesChanged(this.#world.now);
		this.pump();
	}

	pump(): void {
		for (let effect = this.client?.pollEffect(); effect; effect = this.client?.pollEffect()) {
			this.#perform(effect);
		}

		for (let datagram = this.client?.pollTransmit(this.#world.now); datagram; datagram = this.client?.pollTransmit(this.#world.now)) {
			this.#world.send({from: this.address, ...datagram});
		}
	}

	#perform(effect: Effect): void {
		switch (effect.type) {
			case 'connect': {
				this.#connect();
				break;
			}

			case 'send': {
				this.wire?.sendUp(effect.line);
				break;
			}

			case 'disconnect': {
				this.wire?.closeByClient();
				this.wire = undefined;
				break;
			}

			case 'store': {
				this.#store(effect);
				break;
			}

			case 'event': {
				this.events.push(effect.event);
				this.#world.trace(this.name, effect.event);
				this.#world.ledger.handleEvent(this, effect.event, this.#world.now);
				break;
			}

			case 'reply': {
				this.replies.set(effect.tag, effect.reply);
				this.#world.trace(this.name, effect.reply);
				this.#world.ledger.handleReply(this, effect.tag, effect.reply);
				break;
			}

			case 'poke': {
				this.#world.poke(this, effect.address);
				break;
			}

			case 'recall': {
				this.#recall(effect);
				break;
			}

			case 'export': {
				this.client?.handleExported(effect.task, {ok: true, lines: this.disk.history.filter(({place}) => place === effect.place).length}, this.#world.now);
				break;
			}

			case 'host': {
				break;
			}

			case 'quit': {
				this.#world.trace(this.name, 'has left');
				this.#quit();
				break;
			}
		}
	}

	#connect(): void {
		const {incarnation} = this;
		if (this.#world.server.core && !this.#world.isParted(this.host, 'server')) {
			this.wire = new Wire(this.#world, this, this.#world.nextWire());
			return;
		}

		this.#world.plan(20, () => {
			if (this.incarnation === incarnation) {
				this.handleControl({type: 'closed', code: 'unreachable', message: `No server answers at ${serverAddress}.`});
			}
		});
	}

	/**
	Leaves as the runtime does: what was on the way to disk gets there.
	*/
	#quit(): void {
		for (const [batch, writes] of this.#unwritten) {
			this.disk.apply(writes);
			this.#world.ledger.handleDurable(this, batch);
		}

		this.#unwritten.clear();
		this.backUp();
		this.client = undefined;
		this.incarnation++;
		this.#world.ledger.handleCrash(this);
	}

	/**
	Answers once everything stored before is on the disk.
	*/
	#recall({recall, query}: Effect & {type: 'recall'}): void {
		const {incarnation} = this;
		this.#diskBusyUntil = Math.max(this.#diskBusyUntil, this.#world.now) + (this.#world.diskMs / 2);
		this.#world.planAt(this.#diskBusyUntil, () => {
			if (this.incarnation !== incarnation) {
				return;
			}

			this.client?.handleRecalled(recall, this.disk.answer(query), this.#world.now);
			this.pump();
		});
	}

	#backUpNowAndThen(): void {
		if (!this.isBackedUp || this.#world.now < this.#backupAt) {
			return;
		}

		this.backUp();
		this.#backupAt = this.#world.now + this.#world.chance.pick(backupPausesMs);
	}

	#store({batch, writes}: Effect & {type: 'store'}): void {
		const {incarnation} = this;
		this.#world.ledger.handleWrites(this, batch, writes);
		this.#unwritten.set(batch, writes);
		const durableAt = Math.max(this.#diskBusyUntil, this.#world.now + (this.#world.diskMs * (0.5 + this.#world.chance.float())));
		const answeredAt = durableAt + (this.#world.diskMs / 2);
		this.#diskBusyUntil = answeredAt;
		this.#world.planAt(durableAt, () => {
			if (this.incarnation !== incarnation) {
				return;
			}

			this.#unwritten.delete(batch);
			this.disk.apply(writes);
			this.#world.ledger.handleDurable(this, batch);
			this.#backUpNowAndThen();
		});
		this.#world.planAt(answeredAt, () => {
			if (this.incarnation !== incarnation) {
				return;
			}

			this.#world.ledger.handleAcknowledged(this, batch);
			this.client?.handleStored(batch, this.#world.now);
			this.pump();
		});
	}
}
