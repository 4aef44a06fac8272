import test from 'ava';
import {FrameScheduler} from '../../source/kit/frame-scheduler.js';

test('nothing changed, nothing is drawn', t => {
	t.is(new FrameScheduler().pollTimeout(), undefined);
});

function draw(frames: FrameScheduler, now: number, durationMs: number): void {
	frames.handleBegun(now);
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

test('where nobody can read along frames are rarer', t => {
	const frames = new FrameScheduler();
	frames.handleBegun(1000);
	frames.handleDrawn(1000, 2, true);
	frames.handleChange(1001);
	t.is(frames.pollTimeout(), 1100);
	draw(frames, 1100, 2);
	frames.handleChange(1101);
	t.is(frames.pollTimeout(), 1150);
});

test('on a busy machine news wait a quarter of a second, not longer', t => {
	const frames = new FrameScheduler();
	draw(frames, 1000, 900);
	frames.handleChange(1001);
	t.is(frames.pollTimeout(), 1250);
});

test('a key does not wait, and leaves what waits to its turn', t => {
	const frames = new FrameScheduler();
	draw(frames, 1000, 10);
	frames.handleChange(1001);
	frames.handleKey(1002);
	t.is(frames.pollTimeout(), 1002);
	frames.handleChange(1003);
	t.is(frames.pollTimeout(), 1002);
	t.false(frames.handleBegun(1002));
	frames.handleDrawn(1004, 2);
	t.is(frames.pollTimeout(), 1120);
	frames.handleKey(1121);
	t.true(frames.handleBegun(1121), 'its turn has come, so the key takes it along');
	t.is(frames.pollTimeout(), undefined);
});

test('steady typing does not hold others back', t => {
	const frames = new FrameScheduler();
	draw(frames, 0, 4);
	let whole = 0;
	for (let now = 1; now < 1000; now++) {
		frames.handleChange(now);
		if (now % 10 === 0) {
			frames.handleKey(now);
		}

		if (!(frames.pollTimeout()! <= now)) {
			continue;
		}

		whole += frames.handleBegun(now) ? 1 : 0;
		frames.handleDrawn(now, 4);
	}

	t.is(whole, 19);
});

test('what changes while a frame is being made is in the next one', t => {
	const frames = new FrameScheduler();
	frames.handleBegun(1000);
	frames.handleChange(1001);
	frames.handleDrawn(1010, 10);
	t.is(frames.pollTimeout(), 1130);
	frames.handleKey(1020);
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
