// Sealing: one letter to a device that is away, which nobody but that device can open (X3DH, revision 1, without a ratchet).
// Knows the key agreement, the cipher and what a seal binds; refuses to know what a letter says and where keys are kept.
//
// The two identity keys of X3DH are the X25519 keys on the cards, which the realm's root key has signed. A signed prekey carries the
// signature of the Ed25519 key on the same card. The sender is known by DH1: only it or the recipient could have made the seal.
//
//   DH1 = DH(sender's card, signed prekey)    DH3 = DH(ephemeral, signed prekey)
//   DH2 = DH(ephemeral, recipient's card)     DH4 = DH(ephemeral, one-time prekey), where there is one
//   key, nonce = HKDF-SHA-256(0xFF × 32 | DH1 | DH2 | DH3 | DH4)             ChaCha20-Poly1305
//
// Wire: version 1 | signed prekey id 4 | has one-time 1 | one-time prekey id 4 | ephemeral key 32 | ciphertext | tag 16, big-endian.
import {Buffer} from 'node:buffer';
import {
	createCipheriv,
	createDecipheriv,
	diffieHellman,
	hkdfSync,
	sign,
	verify,
	type KeyObject,
} from 'node:crypto';
import type {Card} from '../../protocol/cards.js';
import {
	decodeBase64,
	encodeBase64,
	exportPublicKey,
	importPrivateKey,
	importPublicKey,
} from '../../protocol/keys.js';
import type {Prekey, SignedPrekey} from '../../protocol/messages.js';

const version = 1;
const headerLength = 42;
const tagLength = 16;
/**
Bytes that a seal adds to a letter.
*/
export const sealLength = headerLength + tagLength;

const info = 'earshot mail: X25519, SHA-256, ChaCha20-Poly1305';

/**
One side of a letter, as its card says.
*/
export type Party = Pick<Card, 'realm' | 'user' | 'sign' | 'agree'>;

/**
What stands on the outside for the server to read, and is bound by the seal.
*/
export type Outside = {readonly room?: string | undefined; readonly slot?: string | undefined};

/**
The recipient's prekeys: the signed one, and a one-time one as long as there were any.
*/
export type RecipientKeys = {readonly signed: SignedPrekey; readonly oneTime: Prekey | undefined};

/**
Private halves of the reader: of its card, and of a prekey by its id.
*/
export type ReaderKeys = {
	readonly agree: KeyObject;
	readonly signed: (id: number) => KeyObject | undefined;
	readonly oneTime: (id: number) => KeyObject | undefined;
};

/**
What became of opening a letter. `malformed`: it is none; `unknown-prekey`: sealed for a prekey that is not here (any more);
`broken-seal`: changed, or not from this sender, or not for this reader.
*/
export type Opened =
	| {readonly ok: true; readonly plaintext: Uint8Array; readonly oneTime: number | undefined}
	| {readonly ok: false; readonly problem: 'malformed' | 'unknown-prekey' | 'broken-seal'};

/**
Signs the public half of a prekey (raw 32 bytes) with the device's Ed25519 key.
*/
export function signPrekey(id: number, key: Uint8Array, signKey: KeyObject): SignedPrekey {
	return {id, key: encodeBase64(key), signature: encodeBase64(sign(null, prekeyMessage(id, key), signKey))};
}

/**
Whether a prekey was signed by the device of this card.
*/
export function isPrekeyOf({sign: signKey}: Pick<Card, 'sign'>, {id, key, signature}: SignedPrekey): boolean {
	return verify(null, prekeyMessage(id, decodeBase64(key)), importPublicKey('ed25519', decodeBase64(signKey)), decodeBase64(signature));
}

/**
Seals `plaintext` from a sender (its card, and its private X25519 key) for a recipient (its card, and prekeys whose signature was
checked). `random` gives unpredictable bytes.

@returns The letter, or `undefined` when a key of the recipient is none (of low order).
*/
export function seal(
	plaintext: Uint8Array,
	from: {readonly party: Party; readonly agree: KeyObject},
	to: {readonly party: Party; readonly keys: RecipientKeys},
	outside: Outside,
	random: (size: number) => Uint8Array,
): Uint8Array | undefined {
	const {signed, oneTime} = to.keys;
	const ephemeral = importPrivateKey('x25519', random(32));
	const header = Buffer.alloc(headerLength);
	header.writeUInt8(version, 0);
	header.writeUInt32BE(signed.id, 1);
	header.writeUInt8(oneTime ? 1 : 0, 5);
	header.writeUInt32BE(oneTime?.id ?? 0, 6);
	header.set(exportPublicKey(ephemeral), 10);
	try {
		const signedKey = importPublic(signed.key);
		const {key, nonce} = derive([
			diffieHellman({privateKey: from.agree, publicKey: signedKey}),
			diffieHellman({privateKey: ephemeral, publicKey: importPublic(to.party.agree)}),
			diffieHellman({privateKey: ephemeral, publicKey: signedKey}),
			...(oneTime ? [diffieHellman({privateKey: ephemeral, publicKey: importPublic(oneTime.key)})] : []),
		]);
		const cipher = createCipheriv('chacha20-poly1305', key, nonce, {authTagLength: tagLength});
		cipher.setAAD(associate(header, from.party, to.party, outside), {plaintextLength: plaintext.length});
		return Buffer.concat([header, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
	} catch {
		return undefined;
	}
}

/**
Opens a letter from `from`, whose card must have been checked, with our own card and private keys.
*/
export function open(letter: Uint8Array, from: Party, to: {readonly party: Party; readonly keys: ReaderKeys}, outside: Outside): Opened {
	if (letter.length < headerLength + tagLength || letter[0] !== version || letter[5]! > 1) {
		return {ok: false, problem: 'malformed'};
	}

	const header = Buffer.from(letter.subarray(0, headerLength));
	const oneTimeId = header[5] === 1 ? header.readUInt32BE(6) : undefined;
	const signed = to.keys.signed(header.readUInt32BE(1));
	const oneTime = oneTimeId === undefined ? undefined : to.keys.oneTime(oneTimeId);
	if (!signed || (oneTimeId !== undefined && !oneTime)) {
		return {ok: false, problem: 'unknown-prekey'};
	}

	try {
		const ephemeral = importPublicKey('x25519', header.subarray(10));
		const {key, nonce} = derive([
			diffieHellman({privateKey: signed, publicKey: importPublic(from.agree)}),
			diffieHellman({privateKey: to.keys.agree, publicKey: ephemeral}),
			diffieHellman({privateKey: signed, publicKey: ephemeral}),
			...(oneTime ? [diffieHellman({privateKey: oneTime, publicKey: ephemeral})] : []),
		]);
		const body = letter.subarray(headerLength, -tagLength);
		const decipher = createDecipheriv('chacha20-poly1305', key, nonce, {authTagLength: tagLength});
		decipher.setAAD(associate(header, from, to.party, outside), {plaintextLength: body.length});
		decipher.setAuthTag(letter.subarray(-tagLength));
		return {ok: true, plaintext: Buffer.concat([decipher.update(body), decipher.final()]), oneTime: oneTimeId};
	} catch {
		return {ok: false, problem: 'broken-seal'};
	}
}

function importPublic(key: string): KeyObject {
	return importPublicKey('x25519', decodeBase64(key));
}

/**
The ephemeral key is used once, so key and nonce are; X3DH, section 2.2, has the 32 bytes of 0xFF.
*/
function derive(secrets: readonly Uint8Array[]): {readonly key: Uint8Array; readonly nonce: Uint8Array} {
	const material = Buffer.concat([Buffer.alloc(32, 0xFF), ...secrets]);
	const bytes = new Uint8Array(hkdfSync('sha256', material, Buffer.alloc(32), info, 44));
	return {key: bytes.subarray(0, 32), nonce: bytes.subarray(32)};
}

/**
The associated data: what both sides must agree on, each part with its length in two bytes before it.
*/
function associate(header: Uint8Array, from: Party, to: Party, {room = '', slot = ''}: Outside): Uint8Array {
	const parts = ['earshot mail', from.realm, from.user, from.sign, from.agree, to.realm, to.user, to.sign, to.agree, room, slot];
	return Buffer.concat([header, ...parts.flatMap(part => {
		const bytes = Buffer.from(part);
		return [Buffer.from([bytes.length >> 8, bytes.length & 0xFF]), bytes];
	})]);
}

function prekeyMessage(id: number, key: Uint8Array): Uint8Array {
	const message = Buffer.alloc(4);
	message.writeUInt32BE(id);
	return Buffer.concat([Buffer.from('earshot signed prekey'), message, key]);
}
