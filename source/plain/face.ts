// What the driver wants of a face that speaks in lines: to say what happened.
// Refuses to know where the lines come from and go to.
import type {CommandReply, MessengerEvent} from '../messenger/events.js';

/**
What a program says first.
*/
export type Ready = {readonly version: string; readonly udpPort: number};

/**
A face in lines. `write` puts out what each of them made of it.
*/
export type LineFace = {
	ready(facts: Ready): void;
	/**
	The answer to the command on input line `line`.
	*/
	reply(reply: CommandReply, line: number): void;
	event(event: MessengerEvent): void;
};
