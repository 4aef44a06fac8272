// The third way of ping-pong.ts: Earshot's peer link, encrypted and in order, over its real UDP socket.
import {once} from 'node:events';
import {Driver} from './endpoint-driver.js';
import {payloadSize, type Transport} from './ping-pong.js';

// The stream that chat records travel on.
const chatStream = 1;

/**
A peer link between two processes; a fresh handshake for each call.
*/
export const peerLink: Transport = {
	async respond() {
		const driver = await Driver.respond(event => {
			if (event.type === 'data') {
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
		const driver = await Driver.call(event => {
			if (event.type === 'open') {
				target.dispatchEvent(new Event('open'));
			} else if (event.type === 'data') {
				missing -= event.data.length;
				if (missing === 0) {
					arrived();
				}
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
			close: async () => driver.close(),
		};
	},
};
