// Genuine inputs: what was really said in a small household, recorded once.

import {SeededRandom} from '../helpers/random.js';
import {Household} from './household.js';

let recorded: Household['kept'] | undefined;

/**
Lines to a client and to a server, and datagrams to a client, from a session with all that can be said in it.
*/
export function genuineLines(): Household['kept'] {
	recorded ??= record();
	return recorded;
}

function record(): Household['kept'] {
	const household = new Household(new SeededRandom(1));
	for (const line of ['lu', 'lcu', 'lr', 'or den', 'lru den', 'whois bob', 'path bob', 's hello', 'l', 'o nobody', 'cr den', 'o bob', 'cs', 'd', 'c 10.0.0.100', 'login ann ann-secret', 'o bob']) {
		household.type(line);
		household.run(100);
	}

	household.bobAtServer.ask('enter', {room: 'den'});
	household.bobAtServer.ask('open', {user: 'ann'});
	household.run(6000);
	household.comeTogether();
	household.bobAtServer.ask('bye');
	household.run(1000);
	return household.kept;
}
