// Who stands in the people pane, in which order: contacts first, then everybody else of whom one knows.
// Knows the view; refuses to know how a row is drawn (panes/lists.ts) and what a key does there (pane-keys.ts).
import type {ContactView, MessengerView} from '../messenger/view.js';

/**
A row of the people pane.
*/
export type PersonRow = {readonly name: string; readonly online: boolean; readonly isContact: boolean; readonly isVerified: boolean};

export type PeopleInput = Pick<MessengerView, 'users' | 'contacts' | 'conversations'>;

/**
Contacts, online first; then the other users as the view has them; then partners of sessions whom, without a server, nobody else lists.
*/
export function peopleOf({users, contacts, conversations}: PeopleInput): PersonRow[] {
	const known = new Set([...contacts, ...users].map(({name}) => name));
	const listed = new Set(contacts.map(({name}) => name));
	const ofContact = ({name, online, verified}: ContactView): PersonRow => ({
		name, online, isContact: true, isVerified: verified,
	});
	const ofOther = ({name, online}: {readonly name: string; readonly online: boolean}): PersonRow => ({
		name, online, isContact: false, isVerified: false,
	});
	return [
		...contacts.filter(({online}) => online).map(contact => ofContact(contact)),
		...contacts.filter(({online}) => !online).map(contact => ofContact(contact)),
		...users.filter(({name}) => !listed.has(name)).map(user => ofOther(user)),
		...conversations.filter(({kind, name}) => kind === 'session' && !known.has(name)).map(({name, state}) => ofOther({name, online: state === 'open'})),
	];
}
