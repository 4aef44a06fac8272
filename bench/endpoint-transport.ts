// The third way of ping-pong.ts: Earshot's peer link, encrypted and in order, over its real UDP socket.
import {once} from 'node:events';
import {Driver} from './endpoint-driver.js';
import {payloadSize, type Transport} from './ping-pong.js';

// The stream that chat records travel on, and one of a file that somebody waits for.
const chatStream = 1;
const fileStream = 2;

/**
What is written at once: as much as is read from a file at once.
*/
const chunk = new Uint8Array(1024 * 1024);

/**
A peer link between two processes; a fresh handshake for each call.
*/
export const peerLink: Transport = {
	async respond() {
		const driver = await Driver.respond(event => {
			if (event.type === 'data' && event.stream === chatStream) {
				driver.endpoint.write(event.link, event.stream, event.data);
			}
		});
		return {port: driver.port};
	},
	async call(port) {
		const target = new EventTarget();
		const opened = once(target, 'open');
		let missing = 0;
		let arrived: () => void;
		let isFilling = false;
		let filled = 0;
		const pump = (): void => {
			if (!isFilling) {
				return;
			}

			let taken;
			do {
				taken = driver.endpoint.write(link, fileStream, chunk);
				filled += taken;
			} while (taken === chunk.length);
		};

		const driver = await Driver.call(event => {
			switch (event.type) {
				case 'open': {
					target.dispatchEvent(new Event('open'));

					break;
				}

				case 'data': {
					missing -= event.data.length;
					if (missing === 0) {
						arrived();
					}

					break;
				}

				case 'writable': {
					pump();

					break;
				}
			// No default
			}
		});
		const from = performance.now();
		const link = driver.connect(port);
		await opened;
		const handshakeMs = performance.now() - from;
		const payload = new Uint8Array(payloadSize);
		return {
			handshakeMs,
			ping: async () => new Promise(resolve => {
				arrived = resolve;
				missing = payloadSize;
				driver.write(link, chatStream, payload);
			}),
			fill() {
				isFilling = true;
				filled = 0;
				pump();
				driver.schedule();
				return () => {
					isFilling = false;
					return filled;
				};
			},
			async close() {
				driver.hangUp(link);
				await driver.close();
			},
		};
	},
};
