// `bench handshake`: what a handshake consists of, part by part, in one process and without a socket.
// The first time of each part is what a cold program pays: V8 compiles it, OpenSSL looks its algorithms up.
import {Buffer} from 'node:buffer';
import {
	createHash,
	createHmac,
	hkdfSync,
	randomBytes,
} from 'node:crypto';
import {chaCha} from '../source/peer/crypto/cipher.js';
import {agreeOnCiphers} from '../source/peer/crypto/ciphers.js';
import {Endpoint} from '../source/peer/endpoint.js';
import {ReceiveKeys, SendKeys} from '../source/peer/crypto/keys.js';
import {AgreementKey, nodeAgreement} from '../source/peer/crypto/x25519.js';
import {
	deviceId,
	realmId,
	signCard,
	verifyCard,
} from '../source/protocol/cards.js';
import {encodeBase64, exportPublicKey, importPrivateKey} from '../source/protocol/keys.js';
import type {Report, Row} from './report.js';
import {formatNumber, percentile} from './statistics.js';

const rounds = 500;
const initSize = 1200;

type Part = {readonly work: string; readonly times: string; readonly samples: number[]};

const bytes = (size: number): Uint8Array => new Uint8Array(randomBytes(size));

function time<Result>(samples: number[], act: () => Result): Result {
	const from = performance.now();
	const result = act();
	samples.push((performance.now() - from) * 1000);
	return result;
}

/**
`times`: how often it happens at the caller and at who is called.
*/
function measure(work: string, times: string, act: () => unknown): Part {
	const samples: number[] = [];
	for (let round = 0; round < rounds; round++) {
		time(samples, act);
	}

	return {work, times, samples};
}

const stepNames = [
	'caller: from `connect` to the INIT',
	'called: INIT read, RESP written',
	'caller: RESP read, link open, first packet written',
	'called: first packet read, link open',
];

type Side = {readonly endpoint: Endpoint; readonly publicKey: Uint8Array};

const root = importPrivateKey('ed25519', bytes(32));
const rootKey = exportPublicKey(root);
const now = Date.now();

function makeCard(agree: Uint8Array): string {
	const sign = bytes(32);
	return signCard({
		realm: realmId(rootKey), user: 'ann', device: deviceId(sign), sign: encodeBase64(sign), agree: encodeBase64(agree), issued: now, expires: now + 3_600_000,
	}, root);
}

function makeSide(): Side {
	const privateKey = bytes(32);
	const {publicKey} = new AgreementKey(privateKey);
	const card = Buffer.from(makeCard(publicKey));
	const endpoint = new Endpoint({
		identity: {privateKey, publicKey},
		credential: () => card,
		authenticate: (_key, credential) => verifyCard(Buffer.from(credential).toString(), rootKey, now)?.user,
		random: bytes,
	});
	return {endpoint, publicKey};
}

/**
The four steps between two endpoints, each in one sample a round.
*/
function measureSteps(): Part[] {
	const steps = stepNames.map((work): Part => ({work, times: '', samples: []}));
	for (let round = 0; round < rounds; round++) {
		const [caller, called] = [makeSide(), makeSide()];
		const carry = (step: number, to: Side, act: () => unknown): Uint8Array | undefined => time(steps[step]!.samples, () => {
			act();
			return to.endpoint.pollTransmit(now)?.data;
		});
		const init = carry(0, caller, () => caller.endpoint.connect({publicKey: called.publicKey, candidates: ['called']}, now))!;
		const response = carry(1, called, () => {
			called.endpoint.handleDatagram(init, 'caller', now);
		})!;
		const first = carry(2, caller, () => {
			caller.endpoint.handleDatagram(response, 'called', now);
		})!;
		carry(3, called, () => {
			called.endpoint.handleDatagram(first, 'caller', now);
		});
		if (called.endpoint.pollEvent()?.type !== 'open') {
			throw new Error('the handshake failed');
		}
	}

	return steps;
}

function measureParts(): Part[] {
	const [privateKey, data, header] = [bytes(32), bytes(initSize), bytes(12)];
	const key = new AgreementKey(privateKey);
	const {publicKey} = new AgreementKey(bytes(32));
	const ciphers = agreeOnCiphers(chaCha, 8192, 8192);
	const sealed = new Uint8Array(initSize + 16);
	const nonce = new Uint8Array(12);
	const card = makeCard(publicKey);
	return [
		measure('an ephemeral key pair', '1 + 1', () => new AgreementKey(bytes(32))),
		measure('the same, by node:crypto', '', () => nodeAgreement.publicKeyOf(bytes(32))),
		measure('an agreement (X25519)', '4 + 4', () => key.agree(publicKey)),
		measure('the same, by node:crypto', '', () => nodeAgreement.agree(privateKey, publicKey)),
		measure('HKDF', '5 + 5', () => hkdfSync('sha256', publicKey, privateKey, '', 64)),
		measure('a hash of the transcript', '9 + 7', () => createHash('sha256').update(publicKey).update(privateKey).digest()),
		measure('sealing 1200 bytes', '3 + 3', () => {
			chaCha.create(privateKey).seal(sealed, data, header, nonce);
		}),
		measure('mac1 of an INIT', '2 + 2', () => createHmac('sha256', privateKey).update(data).digest()),
		measure('checking the peer\'s card', '1 + 1', () => verifyCard(card, rootKey, now)),
		measure('packet keys of both directions', '1 + 1', () => [new SendKeys(privateKey, ciphers), new ReceiveKeys(privateKey, ciphers, 1000)]),
	];
}

/**
Measures for some seconds.
*/
export async function measureHandshake(): Promise<Report> {
	const steps = measureSteps();
	const parts = measureParts();
	const whole: Part = {work: 'all four steps', times: '', samples: Array.from({length: rounds}, (_, round) => steps.reduce((sum, {samples}) => sum + samples[round]!, 0))};
	const toRow = ({work, times, samples}: Part): Row => ({
		work, earshot: `${formatNumber(percentile(samples, 0.5))} / ${formatNumber(samples[0]!)}`, ...(times !== '' && {ratio: times}),
	});
	return {
		name: 'handshake',
		about: `In one process, without sockets, ${rounds} times: \`median / the very first\`, µs. How often a part happens at the caller and at who is called stands as \`a + b\`. `
			+ 'The steps were measured first, so that their very first is that of a program which has done nothing before.',
		rows: [...steps, whole, ...parts].map(part => toRow(part)),
	};
}
