// When the rehearsal is played: after the login, step by step, and no more once the program leaves.
import test from 'ava';
import {rehearseAfterLogin, type Wait} from '../../source/runtime/rehearsing.js';
import {FakePort} from '../helpers/fake-port.js';
import {quietView} from '../helpers/quiet-view.js';

/**
Waits for nothing: a test says when.
*/
class Agenda {
	readonly pauses: number[] = [];
	#next: (() => void) | undefined;

	readonly wait: Wait = (ms, act) => {
		this.pauses.push(ms);
		this.#next = act;
		return () => {
			this.#next = undefined;
		};
	};

	get isEmpty(): boolean {
		return this.#next === undefined;
	}

	goOn(): void {
		const act = this.#next;
		this.#next = undefined;
		act?.();
	}
}

function logIn(port: FakePort, state: 'connected' | 'connecting' = 'connected'): void {
	port.show({...quietView, connection: {...quietView.connection, state, user: 'ann'}});
}

function start(clock: () => number): {port: FakePort; agenda: Agenda} {
	const port = new FakePort();
	const agenda = new Agenda();
	rehearseAfterLogin(port, clock, agenda.wait);
	return {port, agenda};
}

test('it begins some time after the login, goes in steps, and ends', t => {
	const {port, agenda} = start(() => 1_800_000_000_000);
	t.true(agenda.isEmpty);
	logIn(port, 'connecting');
	t.true(agenda.isEmpty);
	logIn(port);
	t.deepEqual(agenda.pauses, [300]);
	for (let steps = 0; !agenda.isEmpty; steps++) {
		t.true(steps < 200);
		agenda.goOn();
	}

	t.true(agenda.pauses.length > 40);
	t.true(agenda.pauses.slice(1).every(ms => ms === 4));
	const {length} = agenda.pauses;
	logIn(port);
	t.is(agenda.pauses.length, length, 'once is enough');
});

test('after a step that took long the others get more time', t => {
	let now = 1_800_000_000_000;
	const {port, agenda} = start(() => {
		now += 5;
		return now;
	});
	logIn(port);
	agenda.goOn();
	t.deepEqual(agenda.pauses, [300, 15]);
});

for (const [when, steps] of [['before it has begun', 0], ['in the middle', 5]] as const) {
	test(`whoever leaves ${when} leaves no timer`, async t => {
		const {port, agenda} = start(() => 1_800_000_000_000);
		logIn(port);
		for (let step = 0; step < steps; step++) {
			agenda.goOn();
		}

		t.false(agenda.isEmpty);
		await port.leave();
		await port.finished;
		t.true(agenda.isEmpty);
	});
}
