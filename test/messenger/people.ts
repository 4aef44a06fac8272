// People at their terminals: real clients and a real server in a kind world, for tests that read like scenes.
import type {CommandReply, MessengerEvent} from '../../source/messenger/events.js';
import type {NetworkConditions} from '../helpers/network.js';
import type {ClientNode, ClientSettings} from '../simulation/client-node.js';
import {World} from '../simulation/world.js';

export class People {
	readonly world: World;

	constructor(conditions: Partial<NetworkConditions> = {}, seed = 1) {
		this.world = new World(seed, {conditions});
	}

	/**
	Somebody who is connected and has registered.
	*/
	join(name: string, settings: Partial<ClientSettings> = {}): Person {
		const person = new Person(this.world, this.world.addClient(name, {mode: 'one', accept: 'ask', ...settings}));
		person.type('c 10.0.0.100');
		person.type(`register ${name} secret`);
		this.run(200);
		return person;
	}

	/**
	Somebody who has registered before comes back.
	*/
	logIn(person: Person): void {
		person.type('c 10.0.0.100');
		person.type(`login ${person.node.name} secret`);
		this.run(200);
	}

	/**
	Lets `ms` pass.
	*/
	run(ms: number): void {
		this.world.run(ms);
	}
}

export class Person {
	readonly node: ClientNode;
	readonly #world: World;

	constructor(world: World, node: ClientNode) {
		this.#world = world;
		this.node = node;
	}

	/**
	Types a line and waits for the reply.
	*/
	type(line: string): CommandReply {
		const tag = this.node.type(line);
		this.#world.runUntil(() => this.node.replies.has(tag), 40_000);
		const reply = this.node.replies.get(tag);
		if (!reply) {
			throw new Error(`${this.node.name} got no reply to: ${line}`);
		}

		return reply;
	}

	/**
	Events of a kind, oldest first.
	*/
	events<Type extends MessengerEvent['type']>(type: Type): Array<MessengerEvent & {type: Type}> {
		return this.node.events.filter((event): event is MessengerEvent & {type: Type} => event.type === type);
	}

	/**
	What this person was shown, as `from: text`.
	*/
	get read(): string[] {
		return this.events('message').map(({from, text}) => `${from}: ${text}`);
	}

	get view() {
		return this.node.client!.view;
	}
}
