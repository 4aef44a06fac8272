// The ways that `bench latency` compares, by the name they have in its table.
import {generateKeyPairSync, randomBytes} from 'node:crypto';
import {makeCertificate} from '../server/store/certificate.js';
import {peerLink} from './endpoint-transport.js';
import {rawDatagrams, tls, type Transport} from './ping-pong.js';

export type TransportName = 'raw dgram' | 'tls' | 'Earshot';

export const transports: Readonly<Record<TransportName, Transport>> = {
	'raw dgram': rawDatagrams,
	tls: tls(async () => {
		const {privateKey, publicKey} = generateKeyPairSync('ed25519');
		return {key: privateKey.export({format: 'pem', type: 'pkcs8'}), cert: makeCertificate(privateKey, publicKey, randomBytes(16))};
	}),
	Earshot: peerLink,
};
