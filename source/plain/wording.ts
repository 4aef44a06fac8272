// How the plain face and the session log word an event: one line each, made of foreign text that has been made safe.
// Knows every event; refuses to know time, colour and where the line goes.
import {sanitiseLine} from '../kit/sanitise.js';
import {dayName, isSameDay} from '../kit/time.js';
import type {MessengerEvent} from '../messenger/events.js';
import {wordInvitation} from '../messenger/narration.js';

/**
What a line is about, for those who colour it.
*/
export type Tone = 'join' | 'leave' | 'plain' | 'warn';

/**
A line for people. `at`: when it happened, if it was not just now (ms since the epoch).
*/
export type Wording = {readonly text: string; readonly tone: Tone; readonly at?: number | undefined};

type EventOf<Type extends MessengerEvent['type']> = Extract<MessengerEvent, {type: Type}>;

const plain = (text: string): Wording => ({text, tone: 'plain'});
const join = (text: string): Wording => ({text, tone: 'join'});
const leave = (text: string): Wording => ({text, tone: 'leave'});
const warn = (text: string): Wording => ({text, tone: 'warn'});

const because = (reason: string | undefined) => reason === undefined ? '' : `: ${reason}`;

function wordConnection({state, server, reason, retryInMs}: EventOf<'connection'>): Wording {
	const place = server ?? 'the server';
	switch (state) {
		case 'connected': {
			return join(`connected to ${place}`);
		}

		case 'lost': {
			return warn(`connection to ${place} lost${because(reason)}`);
		}

		case 'retrying': {
			return warn(`trying ${place} again${retryInMs === undefined ? '' : ` in ${Math.ceil(retryInMs / 1000)} s`}${because(reason)}`);
		}

		case 'electing': {
			return warn('the server is gone; a new one is being chosen');
		}

		case 'closed': {
			return leave(`disconnected from ${place}${because(reason)}`);
		}
	}
}

function wordSession({with: name, state, reason, room}: EventOf<'session'>): Wording {
	switch (state) {
		case 'asking': {
			return plain(`asking ${name} for a session`);
		}

		case 'open': {
			return join(`session with ${name} is open`);
		}

		case 'declined': {
			return leave(`${name} declined${because(reason)}`);
		}

		case 'unavailable': {
			return warn(`${name} is not available now${because(reason)}; what you write waits`);
		}

		case 'closed': {
			return room === undefined ? leave(`session with ${name} closed${because(reason)}`) : join(`the session with ${name} is the group ${room} now`);
		}

		case 'lost': {
			return leave(`${name} was lost${because(reason)}`);
		}
	}
}

function wordRoom({room, change, user, reason}: EventOf<'room'>): Wording {
	switch (change) {
		case 'created': {
			return join(`[${room}] ${user} created the room`);
		}

		case 'entered': {
			return join(`[${room}] ${user} entered`);
		}

		case 'left': {
			return leave(`[${room}] ${user} left${because(reason)}`);
		}

		case 'closed': {
			return leave(`[${room}] ${user} closed the room${because(reason)}`);
		}

		case 'lost': {
			return leave(`[${room}] ${user} was lost${because(reason)}`);
		}
	}
}

function wordRequest({kind, from, room}: EventOf<'request'>): Wording {
	const answers = `"accept ${from}" or "decline ${from}"`;
	switch (kind) {
		case 'group': {
			return warn(`${from} asks you into ${room ?? 'a group'}: ${answers}`);
		}

		case 'key': {
			return warn(`trust the new key of ${from}? ${answers}`);
		}

		default: {
			return warn(`${from} asks for a ${kind}: ${answers}`);
		}
	}
}

function word(event: MessengerEvent): Wording | undefined {
	switch (event.type) {
		case 'connection': {
			return wordConnection(event);
		}

		case 'presence': {
			const {user, online, snapshot} = event;
			if (snapshot) {
				// Who was there already stands in `lcu`; a line for each would bury the first page.
				return undefined;
			}

			return online ? join(`${user} is online`) : leave(`${user} is offline`);
		}

		case 'request': {
			return wordRequest(event);
		}

		case 'request-ended': {
			return event.kind === 'key' ? undefined : plain(`${event.from} no longer asks${event.room === undefined ? '' : ` you into ${event.room}`}${because(event.reason)}`);
		}

		case 'invitation': {
			return plain(`[${event.room}] ${wordInvitation(event.user, event.state)}`);
		}

		case 'session': {
			return wordSession(event);
		}

		case 'room': {
			return wordRoom(event);
		}

		case 'message': {
			return {text: `${event.room === undefined ? '' : `[${event.room}] `}${event.from}: ${event.text}`, tone: 'plain', at: Date.parse(event.at)};
		}

		case 'history': {
			// It has lines of its own (`wordEarlier`), and nothing has happened.
			return undefined;
		}

		case 'delivery': {
			if (event.state === 'queued' || event.state === 'sent') {
				return undefined;
			}

			return event.state === 'failed' ? warn(`a line did not reach ${event.to}`) : plain(`${event.state} (${event.to})`);
		}

		case 'notice': {
			return event.level === 'info' ? plain(event.text) : warn(`${event.level === 'error' ? 'error: ' : ''}${event.text}`);
		}
	}
}

/**
The line for `event`, safe to print, or `undefined` when people need none.
*/
export function wordEvent(event: MessengerEvent): Wording | undefined {
	const wording = word(event);
	return wording && {...wording, text: sanitiseLine(wording.text)};
}

/**
The lines for what was said before, each at its own time, with the day where it changes.
*/
export function wordEarlier({messages, room, session}: EventOf<'history'>): Wording[] {
	const place = room === undefined ? `with ${session}` : `in ${room}`;
	const lines = messages.flatMap((message, index): Wording[] => {
		const at = Date.parse(message.at);
		const before = index === 0 ? undefined : Date.parse(messages[index - 1]!.at);
		return [
			...(isSameDay(before, at) ? [] : [{text: dayName(at), tone: 'leave' as const, at}]),
			{text: sanitiseLine(`${message.from}: ${message.text}`), tone: 'leave', at},
		];
	});
	return [{text: sanitiseLine(`earlier ${place}:`), tone: 'leave', at: lines[0]?.at}, ...lines, {text: 'until here; "history" shows more', tone: 'leave', at: lines.at(-1)?.at}];
}
