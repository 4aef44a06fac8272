// The Noise protocol framework, revision 34: the IK and XX patterns with 25519 and ChaChaPoly.
// A handshake is a table of tokens walked by one small machine. Knows nothing of packets, retransmission or time.
// https://noiseprotocol.org/noise.html; section numbers below are its.
import {Buffer} from 'node:buffer';
import {createHash, hkdfSync} from 'node:crypto';
import {concatBytes} from '../packets/bytes.js';
import {chaCha} from '../crypto/cipher.js';
import {type AgreementKey, keySize} from '../crypto/x25519.js';

type Token = 'e' | 's' | 'ee' | 'es' | 'se' | 'ss';

/**
Message patterns in turn, initiator first (section 7.5). `isResponderKnown`: the responder's static key is a pre-message.
*/
const patterns = {
	IK: {isResponderKnown: true, messages: [['e', 'es', 's', 'ss'], ['e', 'ee', 'se']]},
	XX: {isResponderKnown: false, messages: [['e'], ['e', 'ee', 's', 'es'], ['s', 'se']]},
} as const satisfies Record<string, {isResponderKnown: boolean; messages: ReadonlyArray<readonly Token[]>}>;

/**
Noise's names of the hash functions, node:crypto's, and how many bytes they make.
*/
const hashes = {SHA256: {name: 'sha256', size: 32}, BLAKE2b: {name: 'blake2b512', size: 64}} as const;

const nothing = new Uint8Array(0);

export type HandshakeOptions = {
	pattern: keyof typeof patterns;
	hash?: keyof typeof hashes;
	isInitiator: boolean;
	prologue: Uint8Array;
	staticKey: AgreementKey;
	/**
	Fresh for each handshake.
	*/
	ephemeralKey: AgreementKey;
	/**
	The responder's static public key, where the pattern presupposes it.
	*/
	remoteStatic?: Uint8Array;
};

/**
One side of one handshake. Writing out of turn throws (our bug); what cannot be read is undefined (theirs).
*/
export class Handshake {
	/**
	The other side's static public key, once known.
	*/
	remoteStatic: Uint8Array | undefined;
	readonly #options: HandshakeOptions;
	readonly #hashing: {readonly name: string; readonly size: number};
	readonly #messages: ReadonlyArray<readonly Token[]>;
	#turn = 0;
	#remoteEphemeral: Uint8Array | undefined;
	#chainingKey: Uint8Array;
	#hash: Uint8Array;
	#key: Uint8Array | undefined;
	#nonce = 0;

	constructor(options: HandshakeOptions) {
		const {pattern, hash = 'SHA256', prologue, isInitiator, remoteStatic, staticKey} = options;
		this.#options = options;
		this.#hashing = hashes[hash];
		this.#messages = patterns[pattern].messages;
		const name = Buffer.from(`Noise_${pattern}_25519_ChaChaPoly_${hash}`);
		const {size} = this.#hashing;
		this.#hash = name.length <= size ? concatBytes(name, new Uint8Array(size - name.length)) : this.#digest(name);
		this.#chainingKey = this.#hash;
		this.#mixHash(prologue);
		if (!patterns[pattern].isResponderKnown) {
			return;
		}

		const responder = isInitiator ? remoteStatic : staticKey.publicKey;
		if (!responder) {
			throw new Error(`${pattern} needs the responder's static key`);
		}

		this.remoteStatic = remoteStatic;
		this.#mixHash(responder);
	}

	/**
	Both messages, or all three, went through.
	*/
	get isComplete(): boolean {
		return this.#turn === this.#messages.length;
	}

	/**
	The transcript hash (section 11.2).
	*/
	get handshakeHash(): Uint8Array {
		return this.#hash;
	}

	/**
	The handshake as it stands, to be gone on with apart from this one: reading an answer uses a handshake up, and the next answer may be the right one.
	*/
	fork(): Handshake {
		const copy = new Handshake(this.#options);
		// Every step puts new bytes in the place of these, so both may hold them.
		copy.remoteStatic = this.remoteStatic;
		copy.#turn = this.#turn;
		copy.#remoteEphemeral = this.#remoteEphemeral;
		copy.#chainingKey = this.#chainingKey;
		copy.#hash = this.#hash;
		copy.#key = this.#key;
		copy.#nonce = this.#nonce;
		return copy;
	}

	/**
	Our next message, carrying `payload`; undefined when the other side's keys cannot be agreed with.
	*/
	writeMessage(payload: Uint8Array): Uint8Array | undefined {
		const parts: Uint8Array[] = [];
		const {staticKey, ephemeralKey} = this.#options;
		for (const token of this.#takeTurn(true)) {
			if (token === 'e') {
				parts.push(ephemeralKey.publicKey);
				this.#mixHash(ephemeralKey.publicKey);
			} else if (token === 's') {
				parts.push(this.#encryptAndHash(staticKey.publicKey));
			} else if (!this.#mixAgreement(token)) {
				return undefined;
			}
		}

		parts.push(this.#encryptAndHash(payload));
		return concatBytes(...parts);
	}

	/**
	The payload of the other side's next message, or undefined when it is not authentic. A failed handshake is of no more use.
	*/
	readMessage(message: Uint8Array): Uint8Array | undefined {
		let rest = message;
		const take = (size: number): Uint8Array | undefined => {
			const part = rest.subarray(0, size);
			rest = rest.subarray(size);
			return part.length === size ? part : undefined;
		};

		for (const token of this.#takeTurn(false)) {
			if (token === 'e') {
				const ephemeral = take(keySize);
				if (!ephemeral) {
					return undefined;
				}

				this.#remoteEphemeral = new Uint8Array(ephemeral);
				this.#mixHash(ephemeral);
			} else if (token === 's') {
				const sealed = take(this.#key ? keySize + 16 : keySize);
				this.remoteStatic = sealed && this.#decryptAndHash(sealed);
				if (!this.remoteStatic) {
					return undefined;
				}
			} else if (!this.#mixAgreement(token)) {
				return undefined;
			}
		}

		return this.#decryptAndHash(rest);
	}

	/**
	The two transport keys after the last message (section 5.2, Split).
	*/
	split(): {send: Uint8Array; receive: Uint8Array} {
		if (!this.isComplete) {
			throw new Error('the handshake is not complete');
		}

		const [first, second] = this.#deriveKeys(nothing);
		return this.#options.isInitiator
			? {send: first.subarray(0, keySize), receive: second.subarray(0, keySize)}
			: {send: second.subarray(0, keySize), receive: first.subarray(0, keySize)};
	}

	#takeTurn(isWriting: boolean): readonly Token[] {
		const tokens = this.#messages[this.#turn];
		if (!tokens || isWriting !== (this.#options.isInitiator === (this.#turn % 2 === 0))) {
			throw new Error('not our turn in the handshake');
		}

		this.#turn++;
		return tokens;
	}

	/**
	The first letter of a token names the initiator's key, the second the responder's (section 5.3).
	*/
	#mixAgreement(token: Token): boolean {
		const {isInitiator, staticKey, ephemeralKey} = this.#options;
		const ours = isInitiator ? token[0] : token[1];
		const theirs = isInitiator ? token[1] : token[0];
		const remote = theirs === 's' ? this.remoteStatic : this.#remoteEphemeral;
		const secret = remote && (ours === 's' ? staticKey : ephemeralKey).agree(remote);
		if (!secret) {
			return false;
		}

		const [chainingKey, key] = this.#deriveKeys(secret);
		this.#chainingKey = chainingKey;
		this.#key = key.subarray(0, keySize);
		this.#nonce = 0;
		return true;
	}

	#digest(...parts: readonly Uint8Array[]): Uint8Array {
		const hash = createHash(this.#hashing.name);
		for (const part of parts) {
			hash.update(part);
		}

		return hash.digest();
	}

	#mixHash(data: Uint8Array): void {
		this.#hash = this.#digest(this.#hash, data);
	}

	/**
	HKDF with two outputs (section 4.3), which is that of RFC 5869 without `info`.
	*/
	#deriveKeys(material: Uint8Array): [Uint8Array, Uint8Array] {
		const {name, size} = this.#hashing;
		const both = new Uint8Array(hkdfSync(name, material, this.#chainingKey, nothing, 2 * size));
		return [both.subarray(0, size), both.subarray(size)];
	}

	#encryptAndHash(plaintext: Uint8Array): Uint8Array {
		let sealed = plaintext;
		if (this.#key) {
			sealed = new Uint8Array(plaintext.length + 16);
			chaCha.create(this.#key).seal(sealed, plaintext, this.#hash, this.#takeNonce());
		}

		this.#mixHash(sealed);
		return sealed;
	}

	#decryptAndHash(sealed: Uint8Array): Uint8Array | undefined {
		if (this.#key && sealed.length < 16) {
			return undefined;
		}

		const plaintext = this.#key ? chaCha.create(this.#key).open(sealed, this.#hash, this.#takeNonce()) : sealed;
		this.#mixHash(sealed);
		return plaintext && new Uint8Array(plaintext);
	}

	/**
	Four zero bytes and a little-endian counter (section 12.3); a handshake never counts past one byte.
	*/
	#takeNonce(): Uint8Array {
		const nonce = new Uint8Array(12);
		nonce[4] = this.#nonce++;
		return nonce;
	}
}
