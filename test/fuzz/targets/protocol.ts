// What client and server say to each other, and the datagrams beside it: codecs without a state, and the line decoder.
import {Buffer} from 'node:buffer';
import {strict as assert} from 'node:assert';
import {
	formatHostPort,
	isIpAddress,
	parseAnnounced,
	parseHostPort,
} from '../../../source/protocol/addresses.js';
import {
	deviceId,
	realmId,
	rootPublicKeyOf,
	signCard,
	verifyCard,
} from '../../../source/protocol/cards.js';
import {parseReply, parseRequest, parseServerLine} from '../../../source/protocol/codec.js';
import {
	answerDiscovery,
	decodeDiscoveryAnswer,
	discoveryAskLength,
	encodeDiscoveryAsk,
} from '../../../source/protocol/discovery.js';
import {encodeLine, LineDecoder} from '../../../source/protocol/framing.js';
import {decodeBase64, encodeBase64, importPrivateKey} from '../../../source/protocol/keys.js';
import {maximumAddresses} from '../../../source/protocol/limits.js';
import {operations, type Operation} from '../../../source/protocol/messages.js';
import {nameKey, nameProblem} from '../../../source/protocol/names.js';
import {
	decodePunch,
	encodePunch,
	isPunchAuthentic,
	punchLength,
} from '../../../source/protocol/punch.js';
import {genuineLines} from '../genuine.js';
import {type Target} from '../fuzzer.js';
import {orRefusal} from '../refusals.js';

const secret = new Uint8Array(32).fill(5);
const punches = (['ask', 'answer'] as const).map(kind => encodePunch({sid: Uint8Array.of(1, 2, 3, 4), txid: new Uint8Array(12).fill(7), kind}, secret));
const nonce = new Uint8Array(8).fill(9);
const ask = encodeDiscoveryAsk(nonce);
const answer = answerDiscovery(ask, 7600)!;

const root = importPrivateKey('ed25519', new Uint8Array(32).fill(1));
const rootKey = rootPublicKeyOf(root);
const issued = 1_700_000_000_000;
const key = encodeBase64(new Uint8Array(32).fill(3));
const card = signCard({
	realm: realmId(rootKey), user: 'ann', device: deviceId(decodeBase64(key)), sign: key, agree: key, issued, expires: issued + 1000,
}, root);

const text = (input: Uint8Array): string => Buffer.from(input).toString();

export const protocolTargets: readonly Target[] = [
	{
		name: 'requests',
		kind: 'text',
		corpus: () => genuineLines().toServer,
		begin: () => input => {
			const parsed = parseRequest(text(input));
			assert.ok('request' in parsed || parsed.error.code !== '');
		},
	},
	{
		name: 'replies',
		kind: 'text',
		corpus: () => genuineLines().toAnn,
		begin: () => input => {
			const line = orRefusal(() => parseServerLine(text(input)));
			if (!line || !('reply' in line)) {
				return;
			}

			for (const op of Object.keys(operations) as Operation[]) {
				orRefusal(() => parseReply(op, line.reply as Record<string, unknown>));
			}
		},
	},
	{
		name: 'lines',
		kind: 'text',
		corpus: () => [...genuineLines().toServer, ...genuineLines().toAnn],
		begin(random) {
			let decoder = new LineDecoder(8192);
			return input => {
				const isRead = orRefusal(() => {
					for (let at = 0; at < input.length;) {
						const end = at + random.integer(1, Math.max(1, input.length));
						for (const line of decoder.push(input.subarray(at, end))) {
							assert.ok(!line.includes('\n'));
							assert.ok(Buffer.byteLength(line) <= 8192);
						}

						at = end;
					}

					return true;
				});
				if (!isRead) {
					decoder = new LineDecoder(8192);
				}
			};
		},
	},
	{
		name: 'punches',
		kind: 'bytes',
		corpus: () => punches,
		begin: () => input => {
			assert.equal(decodePunch(input) !== undefined, input.length === punchLength && input[0] === 0x24 && input[17]! <= 1);
			assert.equal(isPunchAuthentic(input, secret), punches.some(punch => Buffer.compare(punch, input) === 0) || (input.length === punchLength && isPunchAuthentic(input, secret)));
		},
	},
	{
		name: 'discovery',
		kind: 'bytes',
		corpus: () => [ask, answer],
		begin: () => input => {
			const answered = answerDiscovery(input, 7600);
			assert.ok(!answered || (input.length === discoveryAskLength && answered.length <= input.length));
			const port = decodeDiscoveryAnswer(input, nonce);
			assert.ok(port === undefined || (port > 0 && port < 65_536));
		},
	},
	{
		name: 'cards',
		kind: 'text',
		corpus: () => [Buffer.from(card)],
		begin: () => input => {
			const read = verifyCard(text(input), rootKey, issued);
			assert.ok(!read || read.user === 'ann', 'a card that the root did not sign was believed');
		},
	},
	{
		name: 'names',
		kind: 'text',
		corpus: () => ['ann', 'Bob-2', 'жанна', '127.0.0.1:7600', '[::1]:7600', 'example.org', '192.0.2.1,192.0.2.2:5,none', 'none'].map(name => Buffer.from(name)),
		begin: () => input => {
			const name = text(input);
			const problem = nameProblem(name);
			assert.ok(problem === undefined || (problem.length > 0 && !problem.includes('\n')));
			nameKey(name);
			isIpAddress(name);
			const place = parseHostPort(name);
			assert.ok(!place || parseHostPort(formatHostPort(place)));
			assert.ok((parseAnnounced(name, 7600)?.length ?? 0) <= maximumAddresses);
			encodeLine({name});
		},
	},
];
