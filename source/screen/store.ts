// Holds the screen's state outside React and decides, by the kit's rule, when a new one is shown; performs what the model asks for.
// The one place in the screen with a timer and a clock.
import {FrameScheduler} from '../kit/frame-scheduler.js';
import {LineCache} from '../kit/line-cache.js';
import type {Theme} from '../kit/theme.js';
import type {MessengerPort} from '../messenger/port.js';
import type {Size} from './layout.js';
import {isNews} from './news.js';
import type {Tools} from './panes/messages.js';
import {
	createState,
	shownConversation,
	type ScreenEffect,
	type ScreenInput,
	type ScreenState,
} from './state.js';
import {pollTimeout, update} from './update.js';

export type StoreOptions = {
	readonly port: MessengerPort;
	readonly theme: Theme;
	readonly size: Size;
	readonly user: string | undefined;
	/**
	Leaves the program in the ordinary way.
	*/
	readonly leave: () => void;
	readonly ringBell: () => void;
};

export class ScreenStore {
	readonly tools: Tools;
	readonly #options: StoreOptions;
	readonly #frames = new FrameScheduler();
	readonly #listeners = new Set<() => void>();
	readonly #stops: Array<() => void>;
	#state: ScreenState;
	#shown: ScreenState;
	/**
	The messenger has a newer view; it is made when it is looked at, so a loud room costs one a frame instead of one a message.
	*/
	#isViewStale = true;
	#publishedAt = 0;
	#isFlood = false;
	#timer: NodeJS.Timeout | undefined;

	constructor(options: StoreOptions) {
		const {port, theme, size, user} = options;
		this.#options = options;
		this.tools = {theme, cache: new LineCache()};
		this.#state = createState({
			view: port.view, size, now: Date.now(), user,
		});
		this.#shown = this.#state;
		this.#stops = [
			port.subscribe(() => {
				this.#isViewStale = true;
				this.#frames.handleChange(performance.now());
				this.#schedule();
			}),
			port.onEvent(event => {
				if (isNews(event)) {
					this.#handle({type: 'event', event});
				}
			}),
		];
		this.#lookAtView();
		this.#frames.handleChange(performance.now());
		this.#schedule();
	}

	/**
	The state that is on the screen, or is being drawn.
	*/
	readonly shown = (): ScreenState => this.#shown;

	readonly subscribe = (listener: () => void): (() => void) => {
		this.#listeners.add(listener);
		return () => {
			this.#listeners.delete(listener);
		};
	};

	/**
	Keys, pastes and resizes: drawn at once.
	*/
	handleInput(inputs: readonly ScreenInput[]): void {
		this.#lookAtView();
		for (const input of inputs) {
			this.#update(input);
		}

		this.#frames.handleKey(performance.now());
		this.#schedule();
	}

	/**
	Ink has written a frame.
	*/
	handleDrawn(): void {
		const now = performance.now();
		this.#frames.handleDrawn(now, now - this.#publishedAt, this.#isFlood);
		this.#schedule();
	}

	stop(): void {
		clearTimeout(this.#timer);
		for (const stop of this.#stops) {
			stop();
		}
	}

	#handle(input: ScreenInput): void {
		this.#update(input);
		this.#frames.handleChange(performance.now());
		this.#schedule();
	}

	#lookAtView(): void {
		if (!this.#isViewStale) {
			return;
		}

		this.#isViewStale = false;
		this.#update({type: 'view', view: this.#options.port.view});
	}

	#update(input: ScreenInput): void {
		const {state, effects} = update(this.#state, input, Date.now(), this.tools);
		this.#state = state;
		for (const effect of effects) {
			this.#perform(effect);
		}
	}

	#perform(effect: ScreenEffect): void {
		switch (effect.type) {
			case 'execute': {
				void this.#execute(effect);
				break;
			}

			case 'reach': {
				this.#options.port.reach(effect.conversation, effect.end);
				break;
			}

			case 'bell': {
				this.#options.ringBell();
				break;
			}

			case 'leave': {
				this.#options.leave();
			}
		}
	}

	async #execute({line, purpose}: Extract<ScreenEffect, {type: 'execute'}>): Promise<void> {
		const reply = await this.#options.port.execute(line);
		this.#lookAtView();
		this.#handle({type: 'reply', purpose, reply});
	}

	/**
	One timer for the next frame and the next change by time alone.
	*/
	#schedule(): void {
		const now = performance.now();
		const frameAt = this.#frames.pollTimeout();
		if (frameAt !== undefined && frameAt <= now) {
			this.#publish(now);
			return;
		}

		const changeAt = pollTimeout(this.#state);
		const waits = [
			...(frameAt === undefined ? [] : [frameAt - now]),
			...(changeAt === undefined ? [] : [changeAt - Date.now()]),
		];
		clearTimeout(this.#timer);
		if (waits.length > 0) {
			this.#timer = setTimeout(() => {
				this.#wake();
			}, Math.max(1, Math.min(...waits)));
		}
	}

	#wake(): void {
		const changeAt = pollTimeout(this.#state);
		if (changeAt !== undefined && changeAt <= Date.now()) {
			this.#lookAtView();
			this.#handle({type: 'tick'});
			return;
		}

		this.#schedule();
	}

	#publish(now: number): void {
		this.#publishedAt = now;
		const isTurn = this.#frames.handleBegun(now);
		if (isTurn) {
			this.#lookAtView();
		}

		const isWhole = isTurn || !isOnlyTalk(this.#shown, this.#state);
		this.#isFlood = isTurn && isFlood(this.#shown, this.#state);
		this.#shown = isWhole ? this.#state : {...this.#state, view: this.#shown.view};
		for (const listener of this.#listeners) {
			listener();
		}

		this.#schedule();
	}
}

/**
Whether all that others changed between the two states are messages, lists and the like: then the older view stands well beside the newer keys.
*/
function isOnlyTalk(shown: ScreenState, next: ScreenState): boolean {
	return shown.view.active === next.view.active
		&& shown.view.connection === next.view.connection
		&& shown.view.requests === next.view.requests
		&& shown.scrolled === next.scrolled;
}

/**
Whether more has been said between the two states than fits on the screen.
*/
function isFlood(shown: ScreenState, next: ScreenState): boolean {
	const last = shownConversation(shown.view)?.messages.at(-1);
	const rows = shownConversation(next.view)?.messages;
	return last !== undefined && rows !== undefined && shown.place === next.place
		&& rows.length - 1 - rows.findLastIndex(({id}) => id === last.id) >= next.size.rows;
}
