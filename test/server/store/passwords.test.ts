import process from 'node:process';
import test from 'ava';
import {BusyError, Passwords} from '../../../server/store/passwords.js';

const cheap = {memory: 8, passes: 1, parallelism: 1};

test('a hash fits its password and no other', async t => {
	const passwords = new Passwords();
	const hash = await passwords.hash('sécret');
	t.regex(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w\-]{22}\$[\w\-]{43}$/v);
	t.true(await passwords.verify('sécret', hash));
	t.true(await passwords.verify('se\u{301}cret', hash), 'whichever way the keyboard composes it');
	t.false(await passwords.verify('secret', hash));
	t.false(await passwords.verify('', hash));
	t.not(await passwords.hash('sécret'), hash, 'salted');
});

test('without a hash the answer is no', async t => {
	const passwords = new Passwords({parameters: cheap});
	t.false(await passwords.verify('anything', undefined));
	t.false(await passwords.verify('anything', 'not a hash'));
});

test.serial('an unknown user costs what a known one does', async t => {
	const passwords = new Passwords();
	const hash = await passwords.hash('secret');
	// Processor time, because a busy machine stretches the other.
	const time = async (stored: string | undefined) => {
		const before = process.cpuUsage();
		await passwords.verify('wrong', stored);
		return process.cpuUsage(before).user / 1000;
	};

	let [known, unknown] = [Infinity, Infinity];
	for (let round = 0; round < 8; round++) {
		known = Math.min(known, await time(hash));
		unknown = Math.min(unknown, await time(undefined));
	}

	t.true(unknown > known / 3 && unknown < known * 3, `${known} ms and ${unknown} ms`);
});

test('a hash of other parameters still fits, and is known to be outdated', async t => {
	const old = new Passwords({parameters: cheap});
	const hash = await old.hash('secret');
	const today = new Passwords();
	t.true(await today.verify('secret', hash));
	t.true(today.isOutdated(hash));
	t.false(old.isOutdated(hash));
});

test('few run, some wait, the rest is sent away', async t => {
	const passwords = new Passwords({parameters: cheap, concurrency: 1, queueLimit: 2});
	const outcomes = await Promise.allSettled(Array.from({length: 5}, async () => passwords.hash('x')));
	t.deepEqual(outcomes.map(({status}) => status), ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
	t.true(outcomes[4]!.status === 'rejected' && outcomes[4]!.reason instanceof BusyError);
	t.is(typeof await passwords.hash('x'), 'string', 'the queue is free again');
});
