// M6: opening a session. Both sides show it; nobody and oneself are errors; the peer's address can be seen.
import test from 'ava';
import {isPortFree} from '../helpers/ports.js';
import {hears, openSession, openWorld} from '../helpers/world.js';

const hasIpv6 = await isPortFree('::1', 0);

test('a session opens at both sides, errors are named, the address of the peer can be seen', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const [ann, bob] = await world.people(['ann', 'bob'], server);
	t.is(await ann.refused('o nobody'), 'no-such-user');
	t.is(await ann.refused('o ann'), 'self');
	t.like(await ann.ok('l'), {conversation: null});

	await openSession(ann, bob);
	t.like(await ann.ok('l'), {conversation: {kind: 'session', name: 'bob'}});
	t.like(await bob.ok('l'), {conversation: {kind: 'session', name: 'ann'}});
	await hears('hello', ann, bob);
	await hears('hello yourself', bob, ann);

	const whois = await ann.ok('whois bob');
	t.like(whois, {user: 'bob', online: true});
	t.regex(String(whois.address), /^(?:(?:\d+\.){3}\d+|\[[\d.:a-f]+\]):\d+$/v);
	t.regex(String(whois.fingerprint), /^(?:[\da-f]{4} ?){8}$/v);
	t.is(await ann.refused('whois nobody'), 'no-such-user');

	const path = await ann.ok('path bob');
	t.like(path, {user: 'bob', address: whois.address, lossShare: 0});
	t.true(Number(path.rttMs) > 0 && Number(path.packetsOut) > 0 && Number(path.keyAgeMs) >= 0 && typeof path.cipher === 'string');
	t.is(await ann.refused('path nobody'), 'no-such-user');

	await bob.leave();
	await ann.event({type: 'presence', user: 'bob', online: false});
	t.like(await ann.ok('whois bob'), {
		user: 'bob', online: false, address: null, fingerprint: whois.fingerprint,
	});
});

(hasIpv6 ? test : test.skip)('a server on ::1 alone introduces people as one on 127.0.0.1 does', async t => {
	const world = openWorld(t);
	const server = await world.server({arguments: ['--bind', '::1']});
	const [ann, bob] = await world.people(['ann', 'bob'], {address: `[::1]:${server.port}`});
	await openSession(ann, bob);
	await hears('by six', ann, bob);
	await hears('and back', bob, ann);
	const {address} = await ann.ok('path bob');
	t.notRegex(String(address), /ffff/v);
});
