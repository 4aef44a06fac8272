// The session log of `--log` as text: what the plain face would say, and one's own lines, each with its date.
// Knows what is worth a line; refuses to know the file.
import type {MessengerPort} from '../messenger/port.js';
import type {MessengerView} from '../messenger/view.js';
import {sanitiseLine} from '../kit/sanitise.js';
import {dateTime} from '../kit/time.js';
import {wordEvent} from './wording.js';

/**
Our own line of that id, and where it was said.
*/
function ownLine({conversations}: MessengerView, id: string): {readonly text: string; readonly at: number; readonly to: string} | undefined {
	for (const {kind, name, messages} of conversations) {
		const row = messages.findLast(candidate => candidate.id === id);
		if (row?.kind === 'line' && row.isOwn) {
			return {text: row.text, at: row.at, to: kind === 'room' ? `[${name}]` : `to ${name}:`};
		}
	}

	return undefined;
}

/**
Passes a line to `append` for everything that happens from now on.

@returns How to stop.
*/
export function transcribe(port: MessengerPort, append: (line: string) => void, now: () => number): () => void {
	let lastOwn: string | undefined;
	return port.onEvent(event => {
		// A line of ours is told once for each recipient in a room.
		if (event.type === 'delivery' && event.state === 'queued' && event.id !== lastOwn) {
			const line = ownLine(port.view, event.id);
			lastOwn = event.id;
			if (line) {
				append(`${dateTime(line.at)} ${sanitiseLine(`${line.to} ${line.text}`)}`);
			}
		}

		const wording = wordEvent(event);
		if (wording) {
			append(`${dateTime(wording.at ?? now())} ${wording.text}`);
		}
	});
}
