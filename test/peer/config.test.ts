// Configuration is checked where an endpoint is made.
import test from 'ava';
import {completeConfig, defaultConfig} from '../../source/peer/config.js';
import {Endpoint} from '../../source/peer/endpoint.js';
import {Pair} from '../helpers/pair.js';

test('defaults fill in what is not said', t => {
	t.deepEqual(completeConfig(), {...defaultConfig});
	t.is(completeConfig({datagramSize: 1452}).datagramSize, 1452);
});

test('values that could not work are refused with a reason', t => {
	for (const [config, message] of [
		[{datagramSize: 1199}, /datagramSize must be 1200 to 65507, got 1199/v],
		[{datagramSize: 70_000}, /datagramSize/v],
		[{maxCredential: 5000}, /maxCredential must fit/v],
		[{maxLinks: 0}, /maxLinks must be positive/v],
		[{lostAfter: NaN}, /lostAfter/v],
	] as const) {
		t.throws(() => completeConfig(config), {instanceOf: RangeError, message});
	}
});

test('keys that do not belong together are refused', t => {
	t.throws(() => new Endpoint({
		identity: {privateKey: new Uint8Array(32).fill(1), publicKey: new Uint8Array(32)},
		credential: () => new Uint8Array(0),
		authenticate: () => 'x',
		random: size => new Uint8Array(size),
	}), {message: /public key/v});
});

test('a link closed before it opened says so and is gone', t => {
	const pair = new Pair();
	const link = pair.connect();
	pair.ann.endpoint.close(link, 7, 'changed my mind', pair.now);
	pair.run(100);
	t.deepEqual(pair.ann.events, [{
		type: 'closed', link, code: 7, reason: 'changed my mind', by: 'us',
	}]);
	t.is(pair.ann.endpoint.pollTimeout(), undefined);
});
