// Memory of packets: what is held stays as it is, what was given back is used again.
import test from 'ava';
import {Slab} from '../../../source/peer/packets/slab.js';

test('packets that are held keep their bytes, small or large', t => {
	const slab = new Slab();
	const held = Array.from({length: 300}, (_, index) => {
		const size = index % 3 === 0 ? 60_000 : 1200;
		const packet = slab.offer(size).subarray(0, size - (index % 7));
		packet.fill(index);
		slab.keep(packet.length);
		return packet;
	});
	for (const [index, packet] of held.entries()) {
		t.true(packet.every(byte => byte === index % 256), String(index));
	}
});

test('an offer that was not taken is made again', t => {
	const slab = new Slab();
	t.is(slab.offer(60_000).buffer, slab.offer(50_000).buffer);
	t.is(slab.offer(1000).byteOffset, slab.offer(1100).byteOffset);
});

test('a large packet that was given back is used again, once; others are not', t => {
	const slab = new Slab();
	const take = (size: number) => {
		const packet = slab.offer(size);
		slab.keep(size);
		return packet;
	};

	const first = take(60_000);
	slab.giveBack(first);
	t.is(take(50_000).buffer, first.buffer);
	t.not(take(50_000).buffer, first.buffer);
	const small = take(1000);
	slab.giveBack(small);
	slab.giveBack(new Uint8Array(60_000));
	const next = take(1000);
	t.true(next.buffer !== small.buffer || next.byteOffset !== small.byteOffset);
	t.not(take(60_000).buffer, small.buffer);
});
