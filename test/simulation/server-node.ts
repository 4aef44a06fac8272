// The real server core in the made-up world: its connections, disk, passwords and crashes.
import {encodeLine} from '../../source/protocol/framing.js';
import {importPrivateKey} from '../../source/protocol/keys.js';
import type {Action, OperatorReply} from '../../server/core/actions.js';
import {ServerCore} from '../../server/core/server-core.js';
import type {Answer, Write} from '../../server/core/storage.js';
import {ServerDisk} from '../helpers/server-disk.js';
import type {Wire} from './wire.js';
import type {World} from './world.js';

export const serverHost = '10.0.0.100';
export const serverAddress = `${serverHost}:7600`;

export class ServerNode {
	core: ServerCore | undefined;
	/**
	Counts starts; what was meant for an earlier one is dropped.
	*/
	incarnation = 0;
	readonly disk = new ServerDisk();
	readonly #world: World;
	readonly #rootKey: Uint8Array;
	readonly #tokenSecret: Uint8Array;
	readonly #wires = new Map<number, Wire>();
	/**
	Writes that are not durable yet, in their order.
	*/
	readonly #unwritten = new Map<number, Write>();

	constructor(world: World) {
		this.#world = world;
		this.#rootKey = world.chance.bytes(32);
		this.#tokenSecret = world.chance.bytes(32);
	}

	start(): void {
		this.core = new ServerCore({
			rootKey: importPrivateKey('ed25519', this.#rootKey),
			tokenSecret: this.#tokenSecret,
			random: size => this.#world.chance.bytes(size),
			now: this.#world.now,
			stored: this.disk.load(),
		});
		this.core.setPorts({tcp: 7600, udp: 7600});
		this.pump();
	}

	/**
	SIGKILL: connections break, what was not on disk is lost.
	*/
	crash(): void {
		this.core = undefined;
		this.incarnation++;
		this.#unwritten.clear();
		for (const wire of this.#wires.values()) {
			wire.cut();
		}

		this.#wires.clear();
	}

	handleOpened(wire: Wire): void {
		this.#wires.set(wire.id, wire);
		this.core?.handleOpened(wire.id, `${wire.client.host}:${40_000 + (wire.id % 20_000)}`, this.#world.now);
		this.pump();
	}

	handleLine(wire: Wire, line: string): void {
		this.core?.handleLine(wire.id, line, this.#world.now);
		this.pump();
	}

	handleClosed(wire: Wire): void {
		if (!this.#wires.delete(wire.id)) {
			return;
		}

		this.core?.handleClosed(wire.id, this.#world.now);
		this.pump();
	}

	handleDatagram(data: Uint8Array, from: string): void {
		this.core?.handleDatagram(data, from, this.#world.now);
		this.pump();
	}

	handleTimeout(): void {
		this.core?.handleTimeout(this.#world.now);
		this.pump();
	}

	/**
	A line of the operator's.
	*/
	command(line: string): OperatorReply {
		const reply = this.core!.handleCommand(line, this.#world.now);
		this.pump();
		return reply;
	}

	pump(): void {
		for (let action = this.core?.pollAction(); action; action = this.core?.pollAction()) {
			this.#perform(action);
		}
	}

	#perform(action: Action): void {
		switch (action.kind) {
			case 'send': {
				this.#wires.get(action.connection)?.sendDown(encodeLine(action.message));
				break;
			}

			case 'cut': {
				const wire = this.#wires.get(action.connection);
				this.#wires.delete(action.connection);
				if (action.closing) {
					wire?.sendDown(encodeLine(action.closing));
				}

				wire?.closeByServer();
				break;
			}

			case 'hash': {
				this.#later(25, core => {
					core.handleHashed(action.task, {kind: 'hash', hash: action.password}, this.#world.now);
				});
				break;
			}

			case 'verify': {
				this.#later(25, core => {
					core.handleHashed(action.task, {kind: 'match', matches: this.disk.passwords.get(action.key) === action.password}, this.#world.now);
				});
				break;
			}

			case 'store': {
				let answer: unknown;
				this.#unwritten.set(action.task, action.write);
				this.#later(3, () => {
					this.#unwritten.delete(action.task);
					answer = this.disk.apply(action.write);
					if (action.write.kind === 'prekeys' && action.write.signed) {
						this.#world.ledger.handlePublished(action.write.user, this.#world.now);
					}
				});
				this.#later(4, core => {
					core.handleStored(action.task, {ok: true, answer: answer as Answer<'alive'>}, this.#world.now);
				});
				break;
			}

			case 'look-up': {
				this.#later(1, core => {
					core.handleStored(action.task, {ok: true, answer: this.disk.lookUp(action.query) as Answer<'alive'>}, this.#world.now);
				});
				break;
			}

			case 'datagram': {
				this.#world.send({from: serverAddress, to: action.to, data: action.bytes});
				break;
			}

			case 'exit': {
				// An orderly end brings to disk what is on its way there.
				for (const write of this.#unwritten.values()) {
					this.disk.apply(write);
				}

				this.crash();
				break;
			}

			default:
		}
	}

	#later(ms: number, act: (core: ServerCore) => void): void {
		const {incarnation} = this;
		this.#world.plan(ms, () => {
			if (this.incarnation !== incarnation || !this.core) {
				return;
			}

			act(this.core);
			this.pump();
		});
	}
}
