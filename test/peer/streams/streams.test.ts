// Streams without packets: send and receive halves under any order of frames, credit, priorities, resets.
import {Buffer} from 'node:buffer';
import test from 'ava';
import fc from 'fast-check';
import {completeConfig} from '../../../source/peer/config.js';
import {closeCode, ProtocolViolation} from '../../../source/peer/errors.js';
import {decodeFrames} from '../../../source/peer/packets/frame.js';
import {ReceiveStream} from '../../../source/peer/streams/receive-stream.js';
import {type SentFrame} from '../../../source/peer/recovery/recovery.js';
import {SendStream} from '../../../source/peer/streams/send-stream.js';
import {
	streamClass,
	Streams,
	type PacketSpace,
	type StreamEvent,
} from '../../../source/peer/streams/streams.js';
import {SeededRandom} from '../../helpers/random.js';

const limits = {maxData: 4_000_000, maxStreamData: 1_000_000};

class Half {
	readonly events: StreamEvent[] = [];
	readonly streams: Streams;

	constructor(config = {}, peerLimits = limits) {
		this.streams = new Streams(completeConfig(config), event => {
			this.events.push(event);
		});
		this.streams.setPeerLimits(peerLimits);
	}

	/**
	The next packet, and what it held.
	*/
	fill(size = 1000): {bytes: Uint8Array; sent: SentFrame[]} {
		const space: PacketSpace = {
			bytes: new Uint8Array(size), at: 0, end: size, sent: [],
		};
		this.streams.fill(space);
		return {bytes: Buffer.concat([space.bytes.subarray(0, space.at), space.tail ?? Buffer.alloc(0)]), sent: space.sent};
	}

	take(bytes: Uint8Array): void {
		for (const frame of decodeFrames(bytes)!) {
			this.streams.handleFrame(frame);
		}
	}

	received(stream: number): string {
		return Buffer.concat(this.events.filter(event => event.type === 'data' && event.stream === stream).map(event => (event as {data: Uint8Array}).data)).toString();
	}
}

test('data that are sealed from where they lie begin at a multiple of 16, whatever stands before them', t => {
	for (let at = 12; at < 60; at++) {
		const ours = new Half({sendBuffer: 200_000});
		const data = Buffer.alloc(100_000, 'abc');
		ours.streams.write(2, data);
		const space: PacketSpace = {
			bytes: new Uint8Array(65_000).fill(0xFF), at, end: 64_984, sent: [],
		};
		ours.streams.fill(space);
		t.is(space.at % 16, 0);
		t.is(space.at + space.tail!.length, 64_984);
		const theirs = new Half();
		theirs.take(Buffer.concat([space.bytes.subarray(at, space.at), space.tail!]));
		t.is(theirs.received(2), data.toString('utf8', 0, space.tail!.length));
	}
});

test('a receive stream puts any cutting, order and repetition together', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.integer({min: 1, max: 10_000}), fc.integer(), (size, seed) => {
			const random = new SeededRandom(seed);
			const data = random.bytes(size);
			const stream = new ReceiveStream({window: 20_000, maxWindow: 20_000, maxGaps: 4096});
			const parts: Uint8Array[] = [];
			let isEnded = false;
			const take = (start: number, end: number) => {
				const ready = stream.handleData({offset: start, data: data.subarray(start, end), fin: end === size});
				if (!ready) {
					return;
				}

				parts.push(ready.data);
				isEnded ||= ready.fin;
			};

			for (let round = 0; round < 60; round++) {
				const start = random.integer(0, size - 1);
				take(start, Math.min(size, start + random.integer(0, 1000)));
			}

			for (let start = 0; start < size; start += 700) {
				take(start, Math.min(size, start + 700));
			}

			if (!isEnded || !Buffer.concat(parts).equals(Buffer.from(data))) {
				throw new Error('other bytes came out');
			}
		}), {numRuns: 100});
	});
});

test('a send stream sends everything, whatever is lost, acknowledged late or twice', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.integer(), seed => {
			const random = new SeededRandom(seed);
			const data = random.bytes(random.integer(1, 8000));
			const stream = new SendStream(1000);
			const arrived = new Uint8Array(data.length);
			const filled = new Set<number>();
			const inFlight: Array<{offset: number; length: number; fin: boolean}> = [];
			stream.limit = 8000;
			let written = 0;
			let hasEnd = false;
			for (let step = 0; step < 20_000 && !stream.isDone; step++) {
				written += stream.write(data.subarray(written));
				if (written === data.length) {
					stream.finish();
				}

				const piece = stream.isReady(100) ? stream.take(random.integer(1, 150), 100) : undefined;
				const isArriving = random.chance(0.8);
				if (piece && isArriving) {
					inFlight.push(piece);
					stream.copy(piece, arrived, piece.offset);
					for (let at = 0; at < piece.length; at++) {
						filled.add(piece.offset + at);
					}

					hasEnd ||= piece.fin;
				} else if (piece) {
					stream.handleLost(piece);
				}

				const isSettling = inFlight.length > 0 && random.chance(0.5);
				const settled = isSettling ? inFlight.splice(random.integer(0, inFlight.length - 1), 1)[0] : undefined;
				if (settled && random.chance(0.3)) {
					stream.handleLost(settled);
				}

				if (settled) {
					stream.handleAcknowledged(settled);
				}
			}

			if (!hasEnd || !stream.isDone || filled.size !== data.length || !Buffer.from(arrived).equals(Buffer.from(data))) {
				throw new Error(`${filled.size} of ${data.length}, done ${stream.isDone}, end ${hasEnd}`);
			}
		}), {numRuns: 100});
	});
});

test('a send stream takes no more than its buffer', t => {
	const stream = new SendStream(10);
	t.is(stream.write(Buffer.from('0123456789ab')), 10);
	t.is(stream.room, 0);
	t.is(stream.write(Buffer.from('x')), 0);
});

test('credit of the stream and of the link holds the sender back, and is renewed as the reader consumes', t => {
	const config = {streamWindow: 1000, connectionWindow: 1500};
	const peerLimits = {maxData: 1500, maxStreamData: 1000};
	const from = new Half(config, peerLimits);
	const to = new Half(config, peerLimits);
	from.streams.write(1, Buffer.alloc(5000, 'a'));
	from.streams.write(4, Buffer.alloc(5000, 'b'));
	for (let round = 0; round < 10; round++) {
		to.take(from.fill().bytes);
	}

	t.is(to.received(1).length, 1000);
	t.is(to.received(4).length, 406, 'a file leaves a sixteenth to chat');
	t.false(from.streams.isReady);
	let consumed = 0;
	for (let round = 0; round < 100; round++) {
		for (const event of to.events.slice(consumed)) {
			to.streams.handleConsumed(event.stream, (event as {data: Uint8Array}).data.length);
		}

		consumed = to.events.length;
		from.take(to.fill().bytes);
		to.take(from.fill().bytes);
	}

	t.is(to.received(1).length, 5000);
	t.is(to.received(4).length, 5000);
});

test('a file that used up its credit leaves some for a line of chat', t => {
	const half = new Half({}, {maxData: 2000, maxStreamData: 5000});
	half.streams.write(4, Buffer.alloc(5000));
	while (half.streams.isReady) {
		half.fill();
	}

	half.streams.write(1, Buffer.from('hello'));
	t.true(half.streams.isUrgent);
	t.deepEqual(decodeFrames(half.fill().bytes)?.map(frame => (frame as {stream: number}).stream), [1]);
	t.false(half.streams.isReady);
});

test('a window that was used up once doubles, up to its limit', t => {
	const stream = new ReceiveStream({window: 100, maxWindow: 250, maxGaps: 10});
	const granted: number[] = [];
	for (let offset = 0; offset < 1000; offset += 50) {
		stream.handleData({offset, data: new Uint8Array(50), fin: false});
		if (stream.handleConsumed(50)) {
			granted.push(stream.extendLimit() - stream.consumed);
		}
	}

	t.deepEqual(granted.slice(0, 4), [100, 200, 250, 250]);
	t.true(granted.every(window => window <= 250));
});

test('the send buffer follows the path, within its bounds, and always holds whole bytes', t => {
	const half = new Half({sendBuffer: 1000, maxSendBuffer: 4000});
	for (const [wished, room] of [[500, 1000], [2500.7, 2500], [10_000, 4000]] as const) {
		half.streams.setSendBuffer(wished);
		t.is(half.streams.writable(1), room);
	}

	half.streams.write(1, new Uint8Array(3000));
	half.streams.setSendBuffer(0);
	t.is(half.streams.writable(1), 0);
});

test('whoever ignores credit, contradicts an end or scatters bytes violates the protocol', t => {
	const data = (offset: number, size: number, {isEnd = false} = {}) => ({
		type: 'stream' as const, stream: 1, offset, data: new Uint8Array(size), fin: isEnd,
	});
	const cases: Array<[string, number, (half: Half) => void]> = [
		['beyond the stream', closeCode.flowControl, half => {
			half.streams.handleFrame(data(900, 101));
		}],
		['beyond the link', closeCode.flowControl, half => {
			for (const stream of [4, 8]) {
				half.streams.handleFrame({...data(0, 800), stream});
			}
		}],
		['data after the end', closeCode.protocolViolation, half => {
			half.streams.handleFrame(data(0, 10, {isEnd: true}));
			half.streams.handleFrame(data(5, 10));
		}],
		['two ends', closeCode.protocolViolation, half => {
			half.streams.handleFrame(data(5, 5, {isEnd: true}));
			half.streams.handleFrame(data(5, 4, {isEnd: true}));
		}],
		['an end before what came', closeCode.protocolViolation, half => {
			half.streams.handleFrame(data(0, 10));
			half.streams.handleFrame({
				type: 'resetStream', stream: 1, code: 0, size: 9,
			});
		}],
		['too many gaps', closeCode.tooMuch, half => {
			for (let offset = 1; offset < 100; offset += 2) {
				half.streams.handleFrame(data(offset, 1));
			}
		}],
		['too many streams', closeCode.tooMuch, half => {
			for (let stream = 0; stream < 100; stream++) {
				half.streams.handleFrame({...data(0, 1), stream});
			}
		}],
	];
	for (const [name, code, act] of cases) {
		const half = new Half({
			streamWindow: 1000, connectionWindow: 1500, maxGaps: 20, maxStreams: 10,
		});
		const error = t.throws(() => {
			act(half);
		}, {instanceOf: ProtocolViolation}, name);
		t.is(error.code, code, name);
	}
});

test('control goes before chat, chat before files somebody waits for, those before the rest', t => {
	t.deepEqual([0, 1, 2, 3, 4, 5, 6, 8, 10].map(id => streamClass(id)), [0, 1, 2, 3, 3, 3, 2, 3, 2]);
	const half = new Half();
	for (const stream of [8, 6, 4, 1, 0]) {
		half.streams.write(stream, Buffer.alloc(300, String(stream)));
	}

	const order: number[] = [];
	while (half.streams.isReady) {
		order.push(...half.fill(120).sent.map(frame => (frame as {stream: number}).stream));
	}

	const firsts = [...new Set(order)];
	t.deepEqual(firsts.slice(0, 3), [0, 1, 6]);
	t.deepEqual(order.filter(id => id !== 4 && id !== 8), order.slice(0, order.findIndex(id => id === 4 || id === 8)));
	const background = order.filter(id => id === 4 || id === 8);
	t.true(background.slice(0, 4).includes(4) && background.slice(0, 4).includes(8), 'streams of one class take turns');
});

test('a finished stream that waits for credit does not block the others', t => {
	const half = new Half({}, {maxData: 4000, maxStreamData: 100});
	half.streams.write(1, Buffer.alloc(200));
	half.streams.finish(1);
	half.fill();
	half.streams.write(4, Buffer.from('file'));
	t.deepEqual(half.fill().sent.map(frame => (frame as {stream: number}).stream), [4]);
});

test('a reset is told, settled and forgotten on both sides; a late frame opens nothing again', t => {
	const from = new Half();
	const to = new Half();
	from.streams.write(4, Buffer.from('half'));
	const first = from.fill();
	from.streams.reset(4, 9);
	const second = from.fill();
	to.take(second.bytes);
	to.take(first.bytes);
	t.deepEqual(to.events, [{type: 'reset', stream: 4, code: 9}]);
	to.streams.finish(4);
	const end = to.fill();
	from.take(end.bytes);
	for (const frame of second.sent) {
		from.streams.handleAcknowledged(frame);
	}

	for (const frame of end.sent) {
		to.streams.handleAcknowledged(frame);
	}

	for (const half of [from, to]) {
		t.is(half.streams.writable(4), 0);
		half.take(first.bytes);
		t.false(half.streams.isReady);
	}
});

test('ids of finished streams are remembered in little room: side by side they melt, scattered they are an attack', t => {
	const play = (half: Half, stream: number) => {
		half.streams.handleFrame({
			type: 'stream', stream, offset: 0, data: new Uint8Array(0), fin: true,
		});
		half.streams.finish(stream);
		for (const frame of half.fill().sent) {
			half.streams.handleAcknowledged(frame);
		}
	};

	const orderly = new Half();
	t.notThrows(() => {
		for (let file = 1; file < 5000; file++) {
			play(orderly, file * 4);
		}
	});
	const scattering = new Half();
	t.throws(() => {
		for (let file = 1; file < 5000; file++) {
			play(scattering, file * 8);
		}
	}, {instanceOf: ProtocolViolation, message: /scatters/v});
});

test('a stop makes the peer reset the stream', t => {
	const from = new Half();
	const to = new Half();
	from.streams.write(4, Buffer.alloc(5000));
	to.take(from.fill().bytes);
	to.streams.stop(4, 3);
	from.take(to.fill().bytes);
	t.deepEqual(from.events, [{type: 'stopped', stream: 4, code: 3}]);
	to.take(from.fill().bytes);
	t.deepEqual(to.events.at(-1), {type: 'reset', stream: 4, code: 3});
});

test('a short write is followed by a writable event once a quarter of the buffer is free', t => {
	const half = new Half({sendBuffer: 1000});
	t.is(half.streams.write(1, Buffer.alloc(1500)), 1000);
	const pieces = [half.fill(200), half.fill(400), half.fill(400)];
	for (const {sent} of pieces.slice(0, 1)) {
		half.streams.handleAcknowledged(sent[0]!);
	}

	t.deepEqual(half.events, []);
	half.streams.handleAcknowledged(pieces[1]!.sent[0]!);
	t.deepEqual(half.events, [{type: 'writable', stream: 1}]);
	t.true(half.streams.writable(1) >= 250);
});

test('credit frames that are lost are sent again with today\'s value', t => {
	const half = new Half({streamWindow: 100, connectionWindow: 150});
	half.streams.handleFrame({
		type: 'stream', stream: 1, offset: 0, data: new Uint8Array(80), fin: false,
	});
	half.streams.handleConsumed(1, 80);
	const {sent} = half.fill();
	t.deepEqual(sent.map(({type}) => type), ['maxData', 'maxStreamData']);
	t.false(half.streams.isReady);
	for (const frame of sent) {
		half.streams.handleLost(frame);
	}

	t.deepEqual(decodeFrames(half.fill().bytes), [{type: 'maxData', limit: 230}, {type: 'maxStreamData', stream: 1, limit: 180}]);
});
