import test from 'ava';
import {FrameScheduler} from '../../source/kit/frame-scheduler.js';

test('nothing changed, nothing is drawn', t => {
	t.is(new FrameScheduler().pollTimeout(), undefined);
});

function draw(frames: FrameScheduler, now: number, durationMs: number): void {
	frames.handleBegun(now - durationMs);
	frames.handleDrawn(now, durationMs);
}

test('the first change is drawn at once, the next ones share a frame 50 ms later', t => {
	const frames = new FrameScheduler();
	frames.handleChange(1000);
	t.is(frames.pollTimeout(), 1000);
	draw(frames, 1000, 2);
	t.is(frames.pollTimeout(), undefined);
	frames.handleChange(1001);
	frames.handleChange(1030);
	t.is(frames.pollTimeout(), 1050);
});

test('an expensive frame is followed by a longer rest', t => {
	const frames = new FrameScheduler();
	draw(frames, 1000, 10);
	frames.handleChange(1001);
	t.is(frames.pollTimeout(), 1120);
});

test('on a busy machine news wait a quarter of a second, not longer', t => {
	const frames = new FrameScheduler();
	draw(frames, 1000, 900);
	frames.handleChange(1001);
	t.is(frames.pollTimeout(), 1250);
});

test('a key does not wait, and takes what was waiting with it', t => {
	const frames = new FrameScheduler();
	draw(frames, 1000, 10);
	frames.handleChange(1001);
	frames.handleKey(1002);
	t.is(frames.pollTimeout(), 1002);
	frames.handleChange(1003);
	t.is(frames.pollTimeout(), 1002);
	draw(frames, 1005, 3);
	t.is(frames.pollTimeout(), undefined);
});

test('what changes while a frame is being made is in the next one', t => {
	const frames = new FrameScheduler();
	frames.handleBegun(1000);
	frames.handleChange(1001);
	frames.handleDrawn(1010, 10);
	t.is(frames.pollTimeout(), 1130);
	frames.handleKey(1020);
	frames.handleDrawn(1021, 10);
	t.is(frames.pollTimeout(), 1020);
});

test('a flood of changes is drawn at most every interval', t => {
	const frames = new FrameScheduler();
	let drawn = 0;
	for (let now = 0; now < 1000; now++) {
		frames.handleChange(now);
		if (!(frames.pollTimeout()! <= now)) {
			continue;
		}

		drawn++;
		draw(frames, now, 5);
	}

	t.is(drawn, 17);
});
