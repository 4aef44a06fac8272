// The ciphers: the vectors of RFC 8439 and of GCM's authors, agreement, and refusal of whatever was touched.
import {Buffer} from 'node:buffer';
import test from 'ava';
import {
	aesGcm,
	nodeChaCha,
	sodiumChaCha,
	type CipherSuite,
} from '../../../source/peer/crypto/cipher.js';
import {SeededRandom} from '../../helpers/random.js';

const suites = [nodeChaCha, sodiumChaCha()].filter((suite): suite is CipherSuite => suite !== undefined);

test('libsodium loads on this machine', t => {
	t.truthy(sodiumChaCha());
});

test('AES-256-GCM: test case 16 of its submission to NIST', t => {
	const key = Buffer.from('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308', 'hex');
	const nonce = Buffer.from('cafebabefacedbaddecaf888', 'hex');
	const header = Buffer.from('feedfacedeadbeeffeedfacedeadbeefabaddad2', 'hex');
	const plaintext = Buffer.from('d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39', 'hex');
	const sealed = new Uint8Array(plaintext.length + 16);
	aesGcm.create(key).seal(sealed, plaintext, header, nonce);
	t.is(Buffer.from(sealed.subarray(0, 8)).toString('hex'), '522dc1f099567d07');
	t.is(Buffer.from(sealed.subarray(-16)).toString('hex'), '76fc6ece0f4e1768cddf8853bb2d551b');
	t.deepEqual(Buffer.from(aesGcm.create(key).open(sealed, header, nonce)!), plaintext);
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
		t.deepEqual(Buffer.from(suite.create(key).open(sealed, header, nonce)!), plaintext);
	});
}

for (const suite of [...suites, aesGcm]) {
	test(`${suite.name}: seals in place`, t => {
		const cipher = suite.create(new Uint8Array(32));
		const buffer = new Uint8Array(66).fill(9);
		cipher.seal(buffer, buffer.subarray(0, 50), new Uint8Array(12), new Uint8Array(12));
		t.deepEqual(Buffer.from(cipher.open(buffer, new Uint8Array(12), new Uint8Array(12))!), Buffer.alloc(50, 9));
	});

	test(`${suite.name}: a tail from elsewhere is sealed as if it followed`, t => {
		const cipher = suite.create(new Uint8Array(32).fill(4));
		const [header, nonce] = [new Uint8Array(12).fill(5), new Uint8Array(12).fill(6)];
		const plaintext = Uint8Array.from({length: 20_000}, (_, index) => index * 7);
		const whole = new Uint8Array(20_016);
		cipher.seal(whole, plaintext, header, nonce);
		for (const split of [0, 1, 30, 19_999]) {
			const sealed = new Uint8Array(20_016);
			sealed.set(plaintext.subarray(0, split));
			cipher.seal(sealed, sealed.subarray(0, split), header, nonce, plaintext.slice(split));
			t.deepEqual(sealed, whole, `${split}`);
		}
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
				t.is(cipher.open(sealed, header, nonce), undefined);
				part[at]! ^= 0x80;
			}
		}

		t.truthy(cipher.open(sealed, header, nonce));
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
