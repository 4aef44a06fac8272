// A client core that does what a test says: records every input, hands out prepared effects and datagrams.
import type {
	ControlEvent,
	Effect,
	ExportResult,
	HostedResult,
	RecallResult,
} from '../../source/messenger/effects.js';
import type {ClientCore, Transmit} from '../../source/runtime/client-core.js';
import {quietView} from './quiet-view.js';

export type Input =
	| {readonly kind: 'command'; readonly line: string; readonly tag: number}
	| {readonly kind: 'control'; readonly event: ControlEvent}
	| {readonly kind: 'datagram'; readonly text: string; readonly from: string}
	| {readonly kind: 'unreachable'; readonly address: string}
	| {readonly kind: 'stored'; readonly batch: number}
	| {readonly kind: 'recalled'; readonly recall: number; readonly result: RecallResult}
	| {readonly kind: 'exported'; readonly task: number; readonly result: ExportResult}
	| {readonly kind: 'reached'; readonly conversation: string; readonly end: 'oldest' | 'newest'}
	| {readonly kind: 'hosted'; readonly result: HostedResult}
	| {readonly kind: 'addresses'}
	| {readonly kind: 'timeout'; readonly now: number};

export class ScriptedCore implements ClientCore {
	readonly inputs: Input[] = [];
	readonly effects: Effect[] = [];
	readonly transmits: Transmit[] = [];
	timeout: number | undefined;
	view = quietView;
	/**
	What the core does on an input; set by the test.
	*/
	onInput: (input: Input) => void = input => {
		if (input.kind === 'command' && input.line === 'x') {
			this.effects.push({type: 'reply', tag: input.tag, reply: {command: 'x', ok: true, fields: {}}}, {type: 'quit'});
		}
	};

	handleCommand(line: string, tag: number): void {
		this.#take({kind: 'command', line, tag});
	}

	handleControl(event: ControlEvent): void {
		this.#take({kind: 'control', event});
	}

	handleDatagram(bytes: Uint8Array, from: string): void {
		this.#take({kind: 'datagram', text: new TextDecoder().decode(bytes), from});
	}

	handleUnreachable(address: string): void {
		this.#take({kind: 'unreachable', address});
	}

	handleStored(batch: number): void {
		this.#take({kind: 'stored', batch});
	}

	handleRecalled(recall: number, result: RecallResult): void {
		this.#take({kind: 'recalled', recall, result});
	}

	handleExported(task: number, result: ExportResult): void {
		this.#take({kind: 'exported', task, result});
	}

	handleReached(conversation: string, end: 'oldest' | 'newest'): void {
		this.#take({kind: 'reached', conversation, end});
	}

	handleHosted(result: HostedResult): void {
		this.#take({kind: 'hosted', result});
	}

	handleAddressesChanged(): void {
		this.#take({kind: 'addresses'});
	}

	handleTimeout(now: number): void {
		this.timeout = undefined;
		this.#take({kind: 'timeout', now});
	}

	pollTransmit(): Transmit | undefined {
		return this.transmits.shift();
	}

	pollEffect(): Effect | undefined {
		return this.effects.shift();
	}

	pollTimeout(): number | undefined {
		return this.timeout;
	}

	#take(input: Input): void {
		this.inputs.push(input);
		this.onInput(input);
	}
}
