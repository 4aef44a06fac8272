// Events in words, for the general log of the screen.
// Knows which events belong there and how to say them; refuses to know conversations, which have a log of their own.
import type {InvitationState, MessengerEvent, RequestKind} from './events.js';
import type {MessageRow} from './view.js';

type Words = Pick<MessageRow & {kind: 'notice'}, 'tone' | 'text'>;

const connectionWords: Readonly<Record<(MessengerEvent & {type: 'connection'})['state'], (server: string) => string>> = {
	connected: server => `Connected to ${server}.`,
	lost: server => `The connection to ${server} is lost.`,
	retrying: server => `${server} can't be reached; trying again.`,
	electing: () => 'The server is gone; a new one is being chosen.',
	closed: server => `Disconnected from ${server}.`,
};

const asking: Readonly<Record<RequestKind, (event: MessengerEvent & {type: 'request'}) => Words | undefined>> = {
	session: ({from}) => ({tone: 'info', text: `${from} asks for a session.`}),
	group: ({from, room}) => ({tone: 'info', text: `${from} asks you into ${room ?? 'a group'}.`}),
	file: ({from}) => ({tone: 'info', text: `${from} offers a file.`}),
	// The notice that comes with it says more.
	key: () => undefined,
};

const invitationWords: Readonly<Record<InvitationState, string>> = {
	asked: 'is asked to join',
	accepted: 'has accepted',
	declined: 'has declined to join',
	busy: 'is busy and can\'t join now',
	timeout: 'has not answered the invitation',
	gone: 'is gone and can\'t join',
	withdrawn: 'is not asked to join any more',
};

/**
What became of an invitation, without a full stop.
*/
export function wordInvitation(user: string, state: InvitationState): string {
	return `${user} ${invitationWords[state]}`;
}

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
			return asking[event.kind](event);
		}

		case 'request-ended': {
			return event.kind === 'key' ? undefined : {tone: 'info', text: `${event.from} does not ask ${event.kind === 'group' ? `you into ${event.room ?? 'a group'}` : 'for a session'} any more (${event.reason}).`};
		}

		case 'session': {
			if (event.room !== undefined) {
				return {tone: 'info', text: `The session with ${event.with} has become the group ${event.room}.`};
			}

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
