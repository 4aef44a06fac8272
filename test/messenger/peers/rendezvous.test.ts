import test from 'ava';
import {decodeBase64} from '../../../source/protocol/keys.js';
import {decodePunch, encodePunch, isPunchAuthentic} from '../../../source/protocol/punch.js';
import {Rendezvous} from '../../../source/messenger/peers/rendezvous.js';
import {SeededRandom} from '../../helpers/random.js';

const server = '10.0.0.100:7600';
const secret = {sid: '0a0b0c0d', secret: 'A'.repeat(43)};

function make() {
	const random = new SeededRandom(1);
	return new Rendezvous(size => random.bytes(size));
}

/**
Runs the rendezvous up to `end` and gives when and whereto it sent.
*/
function runTo(rendezvous: Rendezvous, end: number): Array<[at: number, to: string]> {
	const sent: Array<[number, string]> = [];
	for (let at = rendezvous.pollTimeout(); at !== undefined && at <= end; at = rendezvous.pollTimeout()) {
		rendezvous.handleTimeout(at);
		for (let datagram = rendezvous.pollTransmit(); datagram; datagram = rendezvous.pollTransmit()) {
			sent.push([at, datagram.to]);
		}
	}

	return sent;
}

test('the server is shown our address eagerly until it confirms it, then now and then', t => {
	const rendezvous = make();
	rendezvous.showServer(server, secret, 0);
	t.deepEqual(runTo(rendezvous, 1200), [[0, server], [500, server], [1000, server]]);
	rendezvous.confirm();
	t.deepEqual(runTo(rendezvous, 42_000), [[1500, server], [21_500, server], [41_500, server]]);
});

test('a server that never confirms is not flooded', t => {
	const rendezvous = make();
	rendezvous.showServer(server, secret, 0);
	t.is(runTo(rendezvous, 60_000).length, 12);
	rendezvous.leaveServer();
	t.is(rendezvous.pollTimeout(), undefined);
});

test('a peer is asked at every address, ever more slowly, until its link stands', t => {
	const rendezvous = make();
	rendezvous.expect('bob', secret, ['10.0.0.2:1', '10.0.0.2:2'], true, 0);
	t.deepEqual(runTo(rendezvous, 800), [[0, '10.0.0.2:1'], [0, '10.0.0.2:2'], [250, '10.0.0.2:1'], [250, '10.0.0.2:2'], [750, '10.0.0.2:1'], [750, '10.0.0.2:2']]);
	rendezvous.rest('bob');
	t.is(rendezvous.pollTimeout(), undefined);
});

test('an authentic ask is answered where it came from and its address found; anything else is silence', t => {
	const rendezvous = make();
	rendezvous.expect('bob', secret, [], false, 0);
	const ask = encodePunch({sid: Uint8Array.of(10, 11, 12, 13), txid: new Uint8Array(12).fill(7), kind: 'ask'}, decodeBase64(secret.secret));
	for (const bad of [ask.subarray(1), ask.with(5, 1), ask.with(30, 1), new Uint8Array(37)]) {
		rendezvous.handleDatagram(bad, '6.6.6.6:6');
	}

	t.is(rendezvous.pollTransmit(), undefined);
	t.is(rendezvous.pollFound(), undefined);
	rendezvous.handleDatagram(ask, '10.9.9.9:9');
	const answer = rendezvous.pollTransmit();
	t.is(answer?.to, '10.9.9.9:9');
	t.true(isPunchAuthentic(answer!.data, decodeBase64(secret.secret)));
	t.like(decodePunch(answer!.data), {kind: 'answer', txid: new Uint8Array(12).fill(7)});
	t.deepEqual(rendezvous.pollFound(), {name: 'bob', address: '10.9.9.9:9'});
	rendezvous.forget('bob');
	rendezvous.handleDatagram(ask, '10.9.9.9:9');
	t.is(rendezvous.pollTransmit(), undefined);
});
