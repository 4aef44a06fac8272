import {Buffer} from 'node:buffer';
import test from 'ava';
import {
	answerDiscovery,
	decodeDiscoveryAnswer,
	discoveryAskLength,
	encodeDiscoveryAsk,
} from '../../source/protocol/discovery.js';

const nonce = Buffer.from('0102030405060708', 'hex');

test('a question and its answer have the bytes of the table', t => {
	const ask = encodeDiscoveryAsk(nonce);
	t.is(Buffer.from(ask).toString('hex'), '25010102030405060708000000000000');
	t.is(ask.length, discoveryAskLength);
	t.is(Buffer.from(answerDiscovery(ask, 7600)!).toString('hex'), '260101020304050607081db0');
});

for (const port of [1, 255, 256, 7600, 65_535]) {
	test(`port ${port} comes back`, t => {
		t.is(decodeDiscoveryAnswer(answerDiscovery(encodeDiscoveryAsk(nonce), port)!, nonce), port);
	});
}

test('what is no question gets no answer, and an answer to another question does not count', t => {
	const ask = encodeDiscoveryAsk(nonce);
	t.is(answerDiscovery(ask.subarray(1), 1), undefined);
	t.is(answerDiscovery(Buffer.concat([ask, ask]), 1), undefined);
	t.is(answerDiscovery(Buffer.alloc(discoveryAskLength), 1), undefined);
	const answer = answerDiscovery(ask, 7600)!;
	t.is(decodeDiscoveryAnswer(answer, Buffer.alloc(8)), undefined);
	t.is(decodeDiscoveryAnswer(answer.subarray(0, 11), nonce), undefined);
	t.is(decodeDiscoveryAnswer(answerDiscovery(ask, 0)!, nonce), undefined);
});
