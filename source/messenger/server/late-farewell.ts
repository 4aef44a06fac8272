// A good-bye that the server could not hear: who leaves while it is away tells it the time at the next login, for its register.
// Knows whom it has to tell what; refuses to know why the server was away.
import type {Journal} from '../journal.js';
import type {ControlSession} from './control-session.js';

export class LateFarewell {
	readonly #control: ControlSession;
	readonly #journal: Journal;
	/**
	By `server user`, ms since the epoch.
	*/
	readonly #departures: Map<string, number>;

	constructor({control, journal, departures}: {control: ControlSession; journal: Journal; departures: ReadonlyMap<string, number>}) {
		this.#control = control;
		this.#journal = journal;
		this.#departures = new Map(departures);
	}

	/**
	We leave. A server that is there hears it from us; one that was left with `d` has heard it already.
	*/
	handleLeaving(user: string | undefined, now: number): void {
		const {server} = this.#control;
		if (user !== undefined && server !== undefined && this.#control.user === undefined) {
			this.#journal.write([{
				kind: 'departure', server, user, at: Math.floor(now),
			}]);
		}
	}

	handleLoggedIn(now: number): void {
		const {server, user} = this.#control;
		const at = this.#departures.get(`${server} ${user}`);
		if (server === undefined || user === undefined || at === undefined) {
			return;
		}

		this.#control.request('departed', {at}, now, ({ok}) => {
			if (ok && this.#departures.delete(`${server} ${user}`)) {
				this.#journal.write([{
					kind: 'departure', server, user, at: undefined,
				}]);
			}
		});
	}
}
