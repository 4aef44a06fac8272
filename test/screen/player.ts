// Plays a list of inputs into the screen's model and keeps what came out: the tests' view of update.ts.
// Keys are written as people name them: `<enter>`, `<ctrl+p>`; everything else is typed.
import {LineCache} from '../../source/kit/line-cache.js';
import {plainTheme} from '../../source/kit/theme.js';
import type {MessengerView} from '../../source/messenger/view.js';
import type {Size} from '../../source/screen/layout.js';
import {
	createState,
	type ScreenEffect,
	type ScreenInput,
	type ScreenState,
} from '../../source/screen/state.js';
import {update} from '../../source/screen/update.js';

export const tools = {theme: plainTheme, cache: new LineCache<string>()};

export class Player {
	state: ScreenState;
	effects: ScreenEffect[] = [];
	now = 1_000_000;

	constructor(view: MessengerView, size?: Size) {
		this.state = createState({view, size: size ?? {columns: 80, rows: 24}, now: this.now});
		this.handle({type: 'view', view});
	}

	/**
	The command lines the messenger was asked to perform since the last look.
	*/
	get executed(): string[] {
		const lines = this.effects.flatMap(effect => effect.type === 'execute' ? [effect.line] : []);
		this.effects = [];
		return lines;
	}

	get overlay(): string | undefined {
		return this.state.overlays.at(-1)?.kind;
	}

	handle(input: ScreenInput): this {
		const {state, effects} = update(this.state, input, this.now, tools);
		this.state = state;
		this.effects.push(...effects);
		return this;
	}

	type(script: string): this {
		for (const {0: whole, groups} of script.matchAll(/<(?<name>[\d+?_a-z]+)>|[^<]+/gv)) {
			const name = groups?.name;
			this.handle({type: 'key', event: name === undefined ? {kind: 'text', text: whole} : {kind: 'key', name}});
		}

		return this;
	}

	show(view: MessengerView): this {
		return this.handle({type: 'view', view});
	}

	after(ms: number): this {
		this.now += ms;
		return this.handle({type: 'tick'});
	}
}
