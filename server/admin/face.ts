// What a face is: words for everything the server says to its operator.
import type {OperatorReply} from '../core/actions.js';
import type {ServerEvent} from '../serve.js';

/**
What a running server is known by.
*/
export type Ready = {readonly port: number; readonly udpPort: number; readonly fingerprint: string; readonly folder: string};

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
