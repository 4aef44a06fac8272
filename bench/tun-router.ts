// The router between two namespaces: `CONDITIONS SECONDS NAME NAME` opens two TUN devices and passes IP packets from one to the other, through an
// emulated link each way. It runs in one loop of its own and sleeps in ppoll, so that packets leave within some 0.1 ms of their time.
// Knows devices, packets and the clock. Linux only, as root; Node has no ioctl, so libc is called by node:ffi (--experimental-ffi).
import {Buffer} from 'node:buffer';
import {constants, openSync} from 'node:fs';
import process from 'node:process';
import {LinkEmulator, type LinkConditions} from '../test/helpers/link-emulator.js';
import {SeededRandom} from '../test/helpers/random.js';

type Libc = {
	ioctl(fd: number, request: bigint, argument: Uint8Array): number;
	read(fd: number, buffer: Uint8Array, size: bigint): bigint;
	write(fd: number, buffer: Uint8Array, size: bigint): bigint;
	ppoll(polled: Uint8Array, count: bigint, timeout: Uint8Array, signals: bigint): number;
};
type Ffi = {dlopen(path: string, signatures: Record<keyof Libc, {return: string; arguments: readonly string[]}>): {functions: Libc}};

// From linux/if_tun.h and poll.h.
const tunsetiff = 0x40_04_54_CAn;
const isTun = 0x00_01;
const noPacketInfo = 0x10_00;
const readable = 1;
const pollSize = 8;

const maxPacket = 65_536;
/**
Packets taken from a device before those that are due get their turn.
*/
const batch = 64;

const {functions: libc} = (process.getBuiltinModule('node:ffi' as 'node:os') as unknown as Ffi).dlopen('libc.so.6', {
	ioctl: {return: 'int32', arguments: ['int32', 'uint64', 'buffer']},
	read: {return: 'int64', arguments: ['int32', 'buffer', 'uint64']},
	write: {return: 'int64', arguments: ['int32', 'buffer', 'uint64']},
	ppoll: {return: 'int32', arguments: ['buffer', 'uint64', 'buffer', 'uint64']},
});

function openTun(name: string): number {
	const fd = openSync('/dev/net/tun', constants.O_RDWR | constants.O_NONBLOCK);
	const request = Buffer.alloc(40);
	request.write(name, 'latin1');
	request.writeUInt16LE(isTun | noPacketInfo, 16);
	if (libc.ioctl(fd, tunsetiff, request) < 0) {
		throw new Error(`the device ${name} can't be made`);
	}

	return fd;
}

const [conditions = '{}', seconds = '60', ...names] = process.argv.slice(2);
const random = new SeededRandom(1);
const devices = names.map(name => ({fd: openTun(name), link: new LinkEmulator<Uint8Array>(random.fork(), {overhead: 0, ...JSON.parse(conditions) as Partial<LinkConditions>})}));

const polled = Buffer.alloc(pollSize * devices.length);
for (const [index, {fd}] of devices.entries()) {
	polled.writeInt32LE(fd, pollSize * index);
	polled.writeInt16LE(readable, (pollSize * index) + 4);
}

const buffer = new Uint8Array(maxPacket);

function take(fd: number, link: LinkEmulator<Uint8Array>, now: number): void {
	for (let count = 0; count < batch; count++) {
		const size = Number(libc.read(fd, buffer, BigInt(maxPacket)));
		if (size <= 0) {
			return;
		}

		link.send(buffer.slice(0, size), size, now);
	}
}

function route(): void {
	const timeout = Buffer.alloc(16);
	const end = performance.now() + (Number(seconds) * 1000);
	for (let now = performance.now(); now < end; now = performance.now()) {
		let next = now + 10;
		for (const [index, {fd, link}] of devices.entries()) {
			take(fd, link, now);
			const other = devices[1 - index]!.fd;
			for (let packet = link.receive(now); packet; packet = link.receive(now)) {
				libc.write(other, packet, BigInt(packet.length));
			}

			next = Math.min(next, link.nextArrival() ?? Infinity);
		}

		const wait = Math.max(0, next - performance.now());
		timeout.writeBigInt64LE(BigInt(Math.floor(wait * 1e6)), 8);
		libc.ppoll(polled, BigInt(devices.length), timeout, 0n);
	}
}

process.send!('ready');
// Nothing else happens in this process from now on.
setTimeout(() => {
	route();
	process.exit(0);
}, 50);
