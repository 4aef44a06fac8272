// The json face: one JSON object a line and nothing else, for scripts.
// Knows the envelope of a reply; events go out as they are. Refuses to change a word of foreign text: JSON escapes it.
import {encodeLine} from '../protocol/framing.js';
import type {LineFace} from './face.js';

/**
A face that writes JSON lines through `write`.
*/
export function createJsonFace(write: (text: string) => void): LineFace {
	return {
		ready(facts) {
			write(encodeLine({type: 'ready', ...facts}));
		},
		reply(reply, line) {
			const envelope = {
				type: 'reply', command: reply.command, line, ok: reply.ok,
			};
			write(encodeLine(reply.ok ? {...envelope, ...reply.fields, ...envelope} : {...envelope, error: reply.error}));
		},
		event(event) {
			write(encodeLine(event));
		},
	};
}
