// X25519 by libsodium and by node:crypto: the same bytes, those of RFC 7748, and no agreement with points of low order.
import {Buffer} from 'node:buffer';
import test from 'ava';
import {loadSodium} from '../../../source/peer/crypto/sodium.js';
import {
	AgreementKey,
	nodeAgreement,
	sodiumAgreement,
	type Agreement,
} from '../../../source/peer/crypto/x25519.js';
import {SeededRandom} from '../../helpers/random.js';

const fromHex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const agreements: ReadonlyArray<readonly [string, Agreement]> = [['node:crypto', nodeAgreement], ['libsodium', sodiumAgreement(loadSodium()!)]];

// RFC 7748, section 5.2: scalar, point, product. The second point has its highest bit set, which is to be ignored.
const products = [
	[
		'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
		'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
		'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
	],
	[
		'4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
		'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
		'95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
	],
] as const;

// Points whose order divides 8, as they are commonly listed (https://cr.yp.to/ecdh.html#validate), all below 2^255.
const lowOrderPoints = [
	'0000000000000000000000000000000000000000000000000000000000000000',
	'0100000000000000000000000000000000000000000000000000000000000000',
	'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
	'5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
	'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
	'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
	'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];

for (const [name, agreement] of agreements) {
	test(`${name}: the products of RFC 7748`, t => {
		for (const [scalar, point, product] of products) {
			t.is(toHex(agreement.agree(fromHex(scalar), fromHex(point))), product);
		}
	});

	test(`${name}: nobody agrees with a point of low order`, t => {
		for (const point of lowOrderPoints) {
			t.throws(() => agreement.agree(fromHex(products[0][0]), fromHex(point)), undefined, point);
		}
	});

	test(`${name}: both ends agree`, t => {
		const chance = new SeededRandom(5);
		for (let round = 0; round < 20; round++) {
			const [ours, theirs] = [chance.bytes(32), chance.bytes(32)];
			const secret = agreement.agree(ours, agreement.publicKeyOf(theirs));
			t.deepEqual(secret, agreement.agree(theirs, agreement.publicKeyOf(ours)));
			for (const [, other] of agreements) {
				t.deepEqual(new Uint8Array(other.publicKeyOf(ours)), new Uint8Array(agreement.publicKeyOf(ours)));
				t.deepEqual(new Uint8Array(other.agree(ours, other.publicKeyOf(theirs))), new Uint8Array(secret));
			}
		}
	});
}

test('a key is 32 bytes, and keeps what it was made of', t => {
	t.throws(() => new AgreementKey(new Uint8Array(31)), {instanceOf: RangeError});
	const raw = fromHex(products[0][0]);
	const key = new AgreementKey(raw);
	raw.fill(0);
	t.is(toHex(key.agree(fromHex(products[0][1]))!), products[0][2]);
	t.is(key.agree(new Uint8Array(32)), undefined);
	t.is(key.agree(new Uint8Array(31)), undefined);
});
