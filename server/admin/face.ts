// What a face is: words for everything the server says to its operator.
import type {OperatorReply} from '../core/actions.js';
import type {ServerEvent} from '../core/events.js';

/**
What a running server is known by.
*/
export type Ready = {readonly port: number; readonly udpPort: number; readonly fingerprint: string; readonly folder: string};

/**
What an operator can do with a running server.
*/
export type Operated = {
	command(line: string): Promise<OperatorReply>;
	close(): Promise<void>;
	/**
	Settles when the server has ended; rejects when it could not go on.
	*/
	readonly closed: Promise<void>;
};

/**
Each function returns text that ends in a newline.
*/
export type Face = {
	ready(ready: Ready): string;
	event(event: ServerEvent): string;
	/**
	@param line Counts lines of standard input from 1.
	*/
	reply(line: number, reply: OperatorReply): string;
};
