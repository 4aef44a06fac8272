// Bad input typed at a program: each bad line gets one clear error, and the next good one works.
import {Buffer} from 'node:buffer';
import test from 'ava';
import {openWorld} from '../helpers/world.js';
import {whileOthersTalk} from '../helpers/undisturbed.js';

const badLines: ReadonlyArray<readonly [line: string, code: string]> = [
	['dance', 'unknown-command'],
	['O bob', 'unknown-command'],
	['/o bob', 'unknown-command'],
	['{"type":"command"}', 'unknown-command'],
	['\u{0}\u{1}\u{2}', 'unknown-command'],
	['__proto__', 'unknown-command'],
	['constructor x', 'unknown-command'],
	['toString', 'unknown-command'],
	['c', 'bad-arguments'],
	['c a b', 'bad-arguments'],
	['c https://example.org/', 'bad-address'],
	['c 127.0.0.1:0', 'bad-address'],
	['c 127.0.0.1:65536', 'bad-address'],
	['o', 'bad-arguments'],
	['o bob cat', 'bad-arguments'],
	['or', 'bad-arguments'],
	['cr', 'bad-arguments'],
	['lru', 'bad-arguments'],
	['lu x', 'bad-arguments'],
	['help dance', 'unknown-command'],
];

const badNames = [
	'bo\u{7}b', 'bo\u{1B}[31mb', 'bo\u{200B}b', 'bo\u{202E}b', '.hidden', '-rf', 'a/b', '../x', 'a,b', 'x'.repeat(33), 'pаypal', 'ﬁsh', '\u{D800}', '😀',
];

test('hundreds of commands in one write are answered one by one, none refused for haste', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const ann = await world.person('ann', server);
	ann.program.type(`${'lu\n'.repeat(249)}lr`);
	t.true((await ann.event({type: 'reply', command: 'lr'})).ok);
	const replies = await ann.events({type: 'reply', command: 'lu'}, 249);
	t.true(replies.every(({ok}) => ok === true));
});

test('unknown and malformed commands and missing arguments are named', async t => {
	await whileOthersTalk(t, async ({ann}) => {
		for (const [line, code] of badLines) {
			t.is(await ann.refused(line), code, line);
		}

		t.true((await ann.ok('l')).ok);
	});
});

test('names with control characters, look-alikes and other tricks are refused wherever a name is given', async t => {
	await whileOthersTalk(t, async ({world, server, ann}) => {
		const eve = await world.client('eve');
		await eve.ok(`c ${server.address}`);
		for (const name of badNames) {
			t.is(await eve.refused(`register ${name} pw`), 'bad-name', JSON.stringify(name));
			t.is(await ann.refused(`or ${name}`), 'bad-name', JSON.stringify(name));
		}

		// "ann" in Cyrillic letters that look the same.
		t.is(await eve.refused('register ann pw'), 'name-taken');
		t.is(await eve.refused(`login eve${'!'.repeat(5)} pw`), 'bad-name');
		await eve.ok('register eve pw');
		t.deepEqual((await ann.ok('lr')).rooms, []);
	});
});

test('lines of 1 MB, binary noise and lines cut anywhere on standard input do no harm', async t => {
	await whileOthersTalk(t, async ({world, server}) => {
		const eve = await world.person('eve', server);
		t.is(await eve.refused(`s ${'x'.repeat(1024 * 1024)}`), 'line-too-long');
		t.is(await eve.refused('y'.repeat(1024 * 1024)), 'line-too-long');
		eve.program.write(Buffer.concat([Buffer.from([0xFF, 0xFE, 0x00, 0xC3, 0x28, 0x80]), Buffer.from('\n')]));
		eve.program.typed++;
		t.like(await eve.reply(eve.program.typed), {ok: false});
		eve.program.write('l');
		eve.program.write('u');
		t.true((await eve.ok('')).ok);
		// A text one byte longer than allowed; the byte that makes it so is half of a letter.
		t.is(await eve.refused(`or den${'x'.repeat(4000)}`), 'bad-name');
		await eve.ok('or den');
		t.is(await eve.refused(`s ${'ä'.repeat((32 * 1024) + 1)}`), 'text-too-long');
		await eve.ok(`s ${'ä'.repeat(32 * 1024)}`);

		t.is(await server.refused('z'.repeat(1024 * 1024)), 'line-too-long');
		t.is(await server.refused('lru'), 'bad-arguments');
		t.is(await server.refused('drop table'), 'unknown-command');
		t.is(await server.refused('lru \u{1B}]0;x\u{7}'), 'no-such-room');
	});
});

test('the plain face shows foreign escapes as harmless text', async t => {
	const world = openWorld(t);
	const server = await world.server();
	const ann = await world.person('ann', server);
	const bob = world.program('earshot', 'bob', {arguments: ['--plain', '--udp-port', '0', '--server', server.address, '--accept', 'everyone']});
	await bob.line(/connected/iv);
	bob.type('register bob pw');
	await ann.event({type: 'presence', user: 'bob', online: true});
	await ann.ok('o bob');
	await ann.event({type: 'session', with: 'bob', state: 'open'});
	await ann.ok('s \u{1B}[31mred\u{1B}[0m \u{1B}]0;title\u{7} \u{202E}drawkcab end');
	const line = await bob.line(/red.*end/v);
	t.notRegex(line, /[\u{0}-\u{8}\u{B}-\u{1F}\u{7F}-\u{9F}\u{202A}-\u{202E}\u{2066}-\u{2069}]/v);
});
