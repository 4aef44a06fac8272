// Events in words, for the general log of the screen.
// Knows which events belong there and how to say them; refuses to know conversations, which have a log of their own.
import type {MessengerEvent} from './events.js';
import type {MessageRow} from './view.js';

type Words = Pick<MessageRow & {kind: 'notice'}, 'tone' | 'text'>;

const connectionWords: Readonly<Record<(MessengerEvent & {type: 'connection'})['state'], (server: string) => string>> = {
	connected: server => `Connected to ${server}.`,
	lost: server => `The connection to ${server} is lost.`,
	retrying: server => `${server} can't be reached; trying again.`,
	electing: () => 'The server is gone; a new one is being chosen.',
	closed: server => `Disconnected from ${server}.`,
};

/**
What the general log says of an event, or `undefined` when that is not its business.
*/
export function narrate(event: MessengerEvent): Words | undefined {
	switch (event.type) {
		case 'connection': {
			const isGood = event.state === 'connected' || event.state === 'closed';
			return {tone: isGood ? 'info' : 'warn', text: connectionWords[event.state](event.server ?? 'the server')};
		}

		case 'request': {
			return {tone: 'info', text: `${event.from} asks for a session.`};
		}

		case 'request-ended': {
			return {tone: 'info', text: `${event.from} does not ask for a session any more (${event.reason}).`};
		}

		case 'session': {
			const words = {declined: `${event.with} did not accept.`, closed: `The session with ${event.with} is closed.`};
			return event.state === 'declined' || event.state === 'closed' ? {tone: 'leave', text: words[event.state]} : undefined;
		}

		case 'room': {
			return event.change === 'closed' ? {tone: 'leave', text: `${event.user} has closed the room ${event.room}.`} : undefined;
		}

		case 'notice': {
			return {tone: event.level === 'info' ? 'info' : 'warn', text: event.text};
		}

		default: {
			return undefined;
		}
	}
}
