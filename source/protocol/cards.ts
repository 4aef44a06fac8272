// A card says, signed by the realm's root key: this device speaks for this name.
// Knows how a card is written, signed and checked; refuses to know whose it should be.
import {Buffer} from 'node:buffer';
import {
	createHash,
	sign,
	verify,
	type KeyObject,
} from 'node:crypto';
import * as v from 'valibot';
import {formatFingerprint} from './fingerprint.js';
import {
	decodeBase64,
	encodeBase64,
	exportPublicKey,
	importPublicKey,
} from './keys.js';
import {nameProblem} from './names.js';

/**
Clocks of two machines may differ by this much before a card counts as not yet valid.
*/
const clockSkewMs = 10 * 60_000;

const keyText = v.pipe(v.string(), v.regex(/^[\w\-]{43}$/v));

const cardSchema = v.object({
	realm: v.pipe(v.string(), v.regex(/^[\da-f]{16}$/v)),
	user: v.pipe(v.string(), v.check(name => nameProblem(name) === undefined)),
	device: v.pipe(v.string(), v.regex(/^[\da-f]{16}$/v)),
	sign: keyText,
	agree: keyText,
	issued: v.pipe(v.number(), v.safeInteger()),
	expires: v.pipe(v.number(), v.safeInteger()),
});

/**
What a card says. Keys are raw 32 bytes in base64url, times are ms since the epoch.
*/
export type Card = v.InferOutput<typeof cardSchema>;

/**
A card as text: base64url of its JSON, a dot, base64url of the signature over the first part.
*/
export type SignedCard = string;

/**
Longest text that is looked at as a card.
*/
export const maximumCardLength = 700;

/**
A realm is named by the hash of its root public key (raw 32 bytes).
*/
export function realmId(rootPublicKey: Uint8Array): string {
	return createHash('sha256').update('earshot realm').update(rootPublicKey).digest('hex').slice(0, 16);
}

/**
A device is named by the hash of its signing key, so nobody can claim another's id.
*/
export function deviceId(signPublicKey: Uint8Array): string {
	return createHash('sha256').update('earshot device').update(signPublicKey).digest('hex').slice(0, 16);
}

/**
What people compare: the hash of a device's two keys in groups of four hex digits.
*/
export function deviceFingerprint(card: Card): string {
	const digest = createHash('sha256').update('earshot fingerprint').update(decodeBase64(card.sign)).update(decodeBase64(card.agree)).digest('hex');
	return formatFingerprint(digest.slice(0, 32));
}

/**
Signs a card with the realm's root key (Ed25519).
*/
export function signCard(card: Card, rootPrivateKey: KeyObject): SignedCard {
	const body = encodeBase64(Buffer.from(JSON.stringify(card)));
	return `${body}.${encodeBase64(sign(null, Buffer.from(`earshot card ${body}`), rootPrivateKey))}`;
}

/**
Reads a card and checks signature, realm, device id and validity at `now` (ms since the epoch).

@returns The card, or `undefined` when any check fails.
*/
export function verifyCard(text: SignedCard, rootPublicKey: Uint8Array, now: number): Card | undefined {
	if (text.length > maximumCardLength || rootPublicKey.length !== 32) {
		return undefined;
	}

	const [body = '', signature = '', ...rest] = text.split('.');
	const signatureBytes = decodeBase64(signature);
	if (rest.length > 0 || signatureBytes.length !== 64 || !verify(null, Buffer.from(`earshot card ${body}`), importPublicKey('ed25519', rootPublicKey), signatureBytes)) {
		return undefined;
	}

	let parsed: unknown;
	try {
		parsed = JSON.parse(Buffer.from(body, 'base64url').toString());
	} catch {
		return undefined;
	}

	const result = v.safeParse(cardSchema, parsed);
	if (!result.success) {
		return undefined;
	}

	const card = result.output;
	const isOurs = card.realm === realmId(rootPublicKey) && card.device === deviceId(decodeBase64(card.sign));
	return isOurs && card.issued - clockSkewMs <= now && now < card.expires ? card : undefined;
}

/**
The raw root public key of a root private key, as it is announced in `hello`.
*/
export function rootPublicKeyOf(rootPrivateKey: KeyObject): Uint8Array {
	return exportPublicKey(rootPrivateKey);
}
