// Both implementations of the cipher: the vector of RFC 8439, agreement, and refusal of whatever was touched.
import {Buffer} from 'node:buffer';
import test from 'ava';
import {nodeChaCha, sodiumChaCha, type CipherSuite} from '../../source/peer/cipher.js';
import {SeededRandom} from '../helpers/random.js';

const suites = [nodeChaCha, sodiumChaCha].filter((suite): suite is CipherSuite => suite !== undefined);

test('libsodium loads on this machine', t => {
	t.truthy(sodiumChaCha);
});

for (const suite of suites) {
	test(`${suite.name}: the vector of RFC 8439, section 2.8.2`, t => {
		const key = Uint8Array.from({length: 32}, (_, index) => 0x80 + index);
		const nonce = Buffer.from('070000004041424344454647', 'hex');
		const header = Buffer.from('50515253c0c1c2c3c4c5c6c7', 'hex');
		const plaintext = Buffer.from('Ladies and Gentlemen of the class of \'99: If I could offer you only one tip for the future, sunscreen would be it.');
		const sealed = new Uint8Array(plaintext.length + 16);
		suite.create(key).seal(sealed, plaintext, header, nonce);
		t.is(Buffer.from(sealed.subarray(0, 16)).toString('hex'), 'd31a8d34648e60db7b86afbc53ef7ec2');
		t.is(Buffer.from(sealed.subarray(-16)).toString('hex'), '1ae10b594f09e26a7e902ecbd0600691');
		const opened = new Uint8Array(plaintext.length);
		t.true(suite.create(key).open(opened, sealed, header, nonce));
		t.deepEqual(Buffer.from(opened), plaintext);
	});

	test(`${suite.name}: seals in place`, t => {
		const cipher = suite.create(new Uint8Array(32));
		const buffer = new Uint8Array(66).fill(9);
		cipher.seal(buffer, buffer.subarray(0, 50), new Uint8Array(12), new Uint8Array(12));
		const opened = new Uint8Array(50);
		t.true(cipher.open(opened, buffer, new Uint8Array(12), new Uint8Array(12)));
		t.deepEqual(opened, new Uint8Array(50).fill(9));
	});

	test(`${suite.name}: a changed bit anywhere is refused`, t => {
		const cipher = suite.create(new Uint8Array(32).fill(1));
		const sealed = new Uint8Array(36);
		const header = new Uint8Array(12);
		const nonce = new Uint8Array(12);
		cipher.seal(sealed, new Uint8Array(20), header, nonce);
		for (const part of [sealed, header, nonce]) {
			for (let at = part.length - 1; at >= 0; at--) {
				part[at]! ^= 0x80;
				t.false(cipher.open(new Uint8Array(20), sealed, header, nonce));
				part[at]! ^= 0x80;
			}
		}

		t.true(cipher.open(new Uint8Array(20), sealed, header, nonce));
	});
}

test('both implementations make the same bytes', t => {
	const random = new SeededRandom(3);
	for (let round = 0; round < 100; round++) {
		const [key, nonce, header] = [random.bytes(32), random.bytes(12), random.bytes(12)];
		const plaintext = random.bytes(random.integer(0, 2000));
		const results = suites.map(suite => {
			const sealed = new Uint8Array(plaintext.length + 16);
			suite.create(key).seal(sealed, plaintext, header, nonce);
			return sealed;
		});
		t.deepEqual(results[0], results.at(-1));
	}
});
