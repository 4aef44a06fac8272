import {Buffer} from 'node:buffer';
import {
	createDecipheriv,
	createHash,
	createHmac,
	diffieHellman,
	type KeyObject,
} from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import {
	isPrekeyOf,
	open,
	seal,
	signPrekey,
	type Outside,
	type Party,
	type RecipientKeys,
} from '../../../source/messenger/mail/sealing.js';
import {
	encodeBase64,
	exportPublicKey,
	importPrivateKey,
	importPublicKey,
} from '../../../source/protocol/keys.js';

/**
32 bytes that stand for a secret.
*/
function bytes(name: string): Uint8Array {
	return new Uint8Array(createHash('sha256').update(name).digest());
}

function publicHalf(secret: Uint8Array): string {
	return encodeBase64(exportPublicKey(importPrivateKey('x25519', secret)));
}

class Device {
	readonly signKey: KeyObject;
	readonly agree: KeyObject;
	readonly party: Party;
	readonly secrets = new Map<string, Uint8Array>();

	constructor(name: string) {
		this.signKey = importPrivateKey('ed25519', bytes(`${name} sign`));
		this.agree = importPrivateKey('x25519', bytes(`${name} agree`));
		this.party = {
			realm: '0123456789abcdef', user: name, sign: encodeBase64(exportPublicKey(this.signKey)), agree: encodeBase64(exportPublicKey(this.agree)),
		};
		for (const prekey of ['signed 7', 'one-time 21', 'one-time 22']) {
			this.secrets.set(prekey, bytes(`${name} ${prekey}`));
		}
	}

	keys(oneTime?: number): RecipientKeys {
		const key = this.secrets.get('signed 7')!;
		return {
			signed: signPrekey(7, exportPublicKey(importPrivateKey('x25519', key)), this.signKey),
			oneTime: oneTime === undefined ? undefined : {id: oneTime, key: publicHalf(this.secrets.get(`one-time ${oneTime}`)!)},
		};
	}

	open(sealed: Uint8Array, from: Party, outside: Outside = {}) {
		const find = (kind: string) => (id: number) => {
			const secret = this.secrets.get(`${kind} ${id}`);
			return secret && importPrivateKey('x25519', secret);
		};

		return open(sealed, from, {party: this.party, keys: {agree: this.agree, signed: find('signed'), oneTime: find('one-time')}}, outside);
	}
}

const [ann, bob, eve] = [new Device('ann'), new Device('bob'), new Device('eve')];
const hello = Buffer.from('hello, bob');
const random = (size: number): Uint8Array => bytes('ephemeral').subarray(0, size);

function letter(oneTime?: number, outside: Outside = {}): Uint8Array {
	return seal(hello, ann, {party: bob.party, keys: bob.keys(oneTime)}, outside, random)!;
}

test('a letter is opened by whom it was sealed for, with and without a one-time prekey', t => {
	for (const oneTime of [undefined, 21]) {
		const opened = bob.open(letter(oneTime), ann.party);
		t.true(opened.ok);
		t.is(opened.ok && Buffer.from(opened.plaintext).toString(), 'hello, bob');
		t.is(opened.ok ? opened.oneTime : 0, oneTime);
	}
});

/**
HKDF (RFC 5869) by its definition.
*/
function expand(material: Uint8Array, info: string, length: number): Buffer {
	const key = createHmac('sha256', Buffer.alloc(32)).update(material).digest();
	let block = Buffer.alloc(0);
	const blocks: Buffer[] = [];
	for (let count = 1; blocks.length * 32 < length; count++) {
		block = createHmac('sha256', key).update(block).update(info).update(Uint8Array.of(count)).digest();
		blocks.push(block);
	}

	return Buffer.concat(blocks).subarray(0, length);
}

test('the key is that of X3DH, step by step', t => {
	const sealed = Buffer.from(letter(21, {room: 'den', slot: 's'}));
	const ephemeral = importPublicKey('x25519', sealed.subarray(10, 42));
	const secret = (name: string) => importPrivateKey('x25519', bob.secrets.get(name)!);
	const agreements = [
		[secret('signed 7'), importPublicKey('x25519', Buffer.from(ann.party.agree, 'base64url'))],
		[bob.agree, ephemeral],
		[secret('signed 7'), ephemeral],
		[secret('one-time 21'), ephemeral],
	].map(([privateKey, publicKey]) => diffieHellman({privateKey: privateKey!, publicKey: publicKey!}));
	const material = expand(Buffer.concat([Buffer.alloc(32, 0xFF), ...agreements]), 'earshot mail: X25519, SHA-256, ChaCha20-Poly1305', 44);
	const parts = ['earshot mail', ann.party.realm, 'ann', ann.party.sign, ann.party.agree, bob.party.realm, 'bob', bob.party.sign, bob.party.agree, 'den', 's'];
	const decipher = createDecipheriv('chacha20-poly1305', material.subarray(0, 32), material.subarray(32), {authTagLength: 16});
	decipher.setAAD(Buffer.concat([sealed.subarray(0, 42), ...parts.map(part => Buffer.concat([Buffer.from([0, part.length]), Buffer.from(part)]))]), {plaintextLength: hello.length});
	decipher.setAuthTag(sealed.subarray(-16));
	t.is(Buffer.concat([decipher.update(sealed.subarray(42, -16)), decipher.final()]).toString(), 'hello, bob');
});

test('the bytes of a letter do not change from one version to the next', t => {
	t.is(Buffer.from(letter(21)).toString('hex'), '01000000070100000015e29d7521911498b837ed692d12a81587898e0ac3f6208eac1069bca82fb6b63387f6acc846d69c88340fe41cbd8d8681e9c9cf033d6c343166bb');
	t.is(Buffer.from(letter()).toString('hex'), '01000000070000000000e29d7521911498b837ed692d12a81587898e0ac3f6208eac1069bca82fb6b63362f56e936f518cb28a5a977e28d0055a0da7fc8a0f690cae1ad8');
});

test('every change of a letter, of its outside, its sender or its reader breaks the seal', t => {
	const sealed = letter(21, {room: 'den'});
	t.true(bob.open(sealed, ann.party, {room: 'den'}).ok);
	for (let index = 0; index < sealed.length; index++) {
		const changed = Uint8Array.from(sealed);
		changed[index]! ^= 1;
		t.false(bob.open(changed, ann.party, {room: 'den'}).ok, `byte ${index}`);
	}

	for (let length = 0; length < sealed.length; length++) {
		t.false(bob.open(sealed.subarray(0, length), ann.party, {room: 'den'}).ok);
	}

	t.deepEqual(bob.open(sealed, ann.party, {room: 'attic'}), {ok: false, problem: 'broken-seal'});
	t.deepEqual(bob.open(sealed, ann.party, {}), {ok: false, problem: 'broken-seal'});
	t.deepEqual(bob.open(sealed, ann.party, {slot: 'den'}), {ok: false, problem: 'broken-seal'});
	t.deepEqual(bob.open(sealed, eve.party, {room: 'den'}), {ok: false, problem: 'broken-seal'});
	t.deepEqual(bob.open(sealed, {...ann.party, user: 'annie'}, {room: 'den'}), {ok: false, problem: 'broken-seal'});
	t.deepEqual(eve.open(sealed, ann.party, {room: 'den'}), {ok: false, problem: 'broken-seal'});
});

test('a letter for a prekey that was used up or never was can\'t be opened', t => {
	const cat = new Device('bob');
	cat.secrets.delete('one-time 22');
	t.deepEqual(cat.open(letter(22), ann.party), {ok: false, problem: 'unknown-prekey'});
	cat.secrets.delete('signed 7');
	t.deepEqual(cat.open(letter(), ann.party), {ok: false, problem: 'unknown-prekey'});
});

test('only the device that a card names can have signed a prekey', t => {
	const {signed} = bob.keys();
	t.true(isPrekeyOf(bob.party, signed));
	t.false(isPrekeyOf(eve.party, signed));
	t.false(isPrekeyOf(bob.party, {...signed, id: 8}));
	t.false(isPrekeyOf(bob.party, {...signed, key: publicHalf(bytes('another'))}));
});

test('keys of low order are refused', t => {
	const zero = encodeBase64(new Uint8Array(32));
	t.is(seal(hello, ann, {party: {...bob.party, agree: zero}, keys: bob.keys()}, {}, random), undefined);
	const sealed = Uint8Array.from(letter());
	sealed.fill(0, 10, 42);
	t.deepEqual(bob.open(sealed, ann.party), {ok: false, problem: 'broken-seal'});
});

test('whatever bytes come, opening never throws', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.uint8Array({maxLength: 200}), fc.boolean(), (body, isPlausible) => {
			const sealed = isPlausible ? Buffer.concat([letter(21).subarray(0, 10), body]) : body;
			return !bob.open(sealed, ann.party).ok;
		}));
	});
});
