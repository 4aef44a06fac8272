import test from 'ava';
import {createClock} from '../../source/io/clock.js';

test('the clock follows the monotonic clock, with its fractions', t => {
	let monotonic = 5;
	const clock = createClock(() => 1000, () => monotonic);
	t.is(clock(), 1000);
	monotonic = 5.25;
	t.is(clock(), 1000.25);
});

test('the clock jumps forward after the machine slept, and stays there', t => {
	let wall = 1000;
	let monotonic = 0;
	const clock = createClock(() => wall, () => monotonic);
	wall = 61_000;
	monotonic = 10;
	t.is(clock(), 61_000);
	monotonic = 20;
	t.is(clock(), 61_010);
});

test('the clock never goes back when the wall clock is set back', t => {
	let wall = 100_000;
	let monotonic = 0;
	const clock = createClock(() => wall, () => monotonic);
	wall = 0;
	monotonic = 1;
	t.is(clock(), 100_001);
});
