// The view of a messenger in which nothing has happened yet, to be spread and changed by tests.
import type {MessengerView} from '../../source/messenger/view.js';

export const quietView: MessengerView = {
	connection: {
		state: 'closed', server: undefined, user: undefined, isResumed: false, attempts: 0, retryAt: undefined, reason: undefined,
	},
	users: [],
	rooms: [],
	contacts: [],
	conversations: [],
	active: undefined,
	ended: undefined,
	requests: [],
	pending: [],
	isBusy: false,
	isHosting: false,
	log: [],
};
