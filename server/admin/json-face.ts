// The json face: one JSON object a line for scripts, foreign text verbatim.
import type {Face} from './face.js';

function write(object: Readonly<Record<string, unknown>>): string {
	return `${JSON.stringify(object)}\n`;
}

export const jsonFace: Face = {
	ready: ({port, udpPort, fingerprint}) => write({
		type: 'ready', port, udpPort, fingerprint,
	}),
	event(event) {
		switch (event.kind) {
			case 'query': {
				const {at, from, user = null, command, argument, ok} = event.entry;
				return write({
					type: 'query', at: new Date(at).toISOString(), from, user, command, argument, ok,
				});
			}

			case 'presence': {
				return write({type: 'presence', user: event.user, online: event.online});
			}

			case 'notice': {
				return write({type: 'notice', level: event.level, text: event.text});
			}
		}
	},
	reply: (line, reply) => write({
		type: 'reply', command: reply.command, line, ok: reply.ok, ...(reply.ok ? reply.fields : {error: reply.error}),
	}),
};
