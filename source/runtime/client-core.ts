// What the runtime drives: the client core as inputs and outputs, without its insides.
// Refuses to know what any of them means; messenger/client.ts is the one there is, tests have a scripted one.
import type {
	ControlEvent,
	Effect,
	ExportResult,
	HostedResult,
	RecallResult,
} from '../messenger/effects.js';
import type {ConversationKey, MessengerView} from '../messenger/view.js';

/**
A datagram for `to` (`ip:port` or `[v6]:port`); `data` is not changed afterwards.
*/
export type Transmit = {readonly to: string; readonly data: Uint8Array};

/**
Inputs are `handle…`, outputs `poll…`, every `now` is float ms since the epoch.
*/
export type ClientCore = {
	/**
	`tag` comes back in the one `reply` effect.
	*/
	handleCommand(line: string, tag: number, now: number): void;
	handleControl(event: ControlEvent, now: number): void;
	handleDatagram(bytes: Uint8Array, from: string, now: number): void;
	handleUnreachable(address: string, now: number): void;
	handleStored(batch: number, now: number): void;
	handleRecalled(recall: number, result: RecallResult, now: number): void;
	handleExported(task: number, result: ExportResult, now: number): void;
	handleReached(conversation: ConversationKey, end: 'oldest' | 'newest', now: number): void;
	handleHosted(result: HostedResult, now: number): void;
	handleAddressesChanged(now: number): void;
	handleTimeout(now: number): void;
	pollTransmit(now: number): Transmit | undefined;
	/**
	The bytes of a `Transmit` have left and may be written again.
	*/
	giveBack?(data: Uint8Array): void;
	pollEffect(): Effect | undefined;
	/**
	When `handleTimeout` is due, or `undefined` when nothing waits for time.
	*/
	pollTimeout(): number | undefined;
	readonly view: MessengerView;
};
