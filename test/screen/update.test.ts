import test from 'ava';
import fc from 'fast-check';
import {chooseTheme} from '../../source/kit/theme.js';
import {viewSheet} from '../../source/screen/overlays/sheet.js';
import {pollTimeout} from '../../source/screen/update.js';
import type {MessengerEvent} from '../../source/messenger/events.js';
import {quietView} from '../helpers/quiet-view.js';
import {keysOfEverything} from './keys.js';
import {Player} from './player.js';
import {
	homeView,
	line,
	manyView,
	session,
	signedOutView,
	talkView,
} from './scene.js';

const request = (id: string, from: string, expiresAt = 1_030_000) => ({
	id, kind: 'session' as const, from, expiresAt,
});

test('text in a conversation is a message, a slash makes a command, two slashes a message with one', t => {
	const player = new Player(talkView);
	player.type('hello bob<enter>/cs<enter>//shrug<enter>');
	t.deepEqual(player.executed, ['s hello bob', 'cs', 's /shrug']);
	t.is(player.state.composer.text, '');
});

test('several lines are one message', t => {
	const player = new Player(talkView);
	player.type('one<alt+enter>two').handle({type: 'paste', text: '\r\nthree\u{1B}[31m'}).type('<enter>');
	t.deepEqual(player.executed, ['s one\ntwo\nthree']);
});

test('without a conversation a line is a command or a hint', t => {
	const player = new Player(homeView);
	player.type('or den<enter>');
	t.deepEqual(player.executed, ['or den']);
	player.type('hello<enter>');
	t.deepEqual(player.executed, []);
	t.regex(player.state.toast!.text, /No conversation is open/v);
	t.is(player.state.composer.text, 'hello');
});

test('a refused or wrong command says why and stays to be corrected', t => {
	const player = new Player(homeView);
	player.type('/cs<enter>');
	t.deepEqual(player.executed, []);
	t.regex(player.state.toast!.text, /No conversation is open/v);
	t.is(player.state.composer.text, '/cs');
	player.type('<escape>/frobnicate<enter>');
	t.regex(player.state.toast!.text, /no such command/v);
});

test('a command without its argument waits for it', t => {
	const player = new Player(homeView);
	player.type('/or<enter>');
	t.is(player.state.composer.text, '/or ');
	player.type('den<enter>');
	t.deepEqual(player.executed, ['or den']);
});

test('a password is masked, not remembered and not kept for undo', t => {
	const player = new Player(signedOutView).type('<escape>/login ann secret<enter>');
	t.deepEqual(player.executed, ['login ann secret']);
	t.is(player.state.composer.text, '');
	t.is(player.type('<up>').state.composer.text, '');
	t.is(player.type('<ctrl+_>').state.composer.text, '');
	t.notRegex(JSON.stringify(player.state, (_, value: unknown) => value instanceof Map ? [...value] : value), /secret/v);
});

test('what was sent can be recalled', t => {
	const player = new Player(talkView).type('first<enter>second<enter><up><up>');
	t.is(player.state.composer.text, 'first');
});

test('a request opens a dialog that takes the keys, and a bell', t => {
	const player = new Player(talkView);
	player.show({...talkView, requests: [request('r1', 'cat')]});
	t.is(player.overlay, 'request');
	t.true(player.effects.some(({type}) => type === 'bell'));
	player.effects = [];
	player.type('hello').handle({type: 'paste', text: 'hello'});
	t.is(player.state.composer.text, '');
	player.type('<right><enter>');
	t.deepEqual(player.executed, ['decline cat']);
	t.is(player.overlay, undefined);
});

test('keys on their way when a request opens answer nothing', t => {
	const player = new Player(talkView).type('I was a');
	player.show({...talkView, requests: [request('r1', 'cat')]}).type('ad<enter>');
	t.deepEqual(player.executed, []);
	t.is(player.overlay, 'request');
	player.after(1000).type('a');
	t.deepEqual(player.executed, ['accept cat']);
	t.is(player.state.composer.text, 'I was a');
});

test('with two requests of one person, the one on the screen is answered', t => {
	const player = new Player(talkView).show({
		...talkView, requests: [request('r1', 'cat'), {
			id: 'r2', kind: 'group', from: 'cat', room: 'den', expiresAt: 1_030_000,
		}],
	});
	player.type('a');
	t.deepEqual(player.executed, ['accept r1']);
});

test('a changed key is not trusted by a hasty Enter, and waits without a countdown', t => {
	const player = new Player(talkView).show({
		...talkView, requests: [{
			id: 'key-1', kind: 'key', from: 'bob', expiresAt: undefined,
		}],
	});
	t.is(player.overlay, 'request');
	player.type('<enter>');
	t.deepEqual(player.executed, ['decline bob']);
});

test('what became of an invitation, and a session that became a group, are said without alarm', t => {
	const player = new Player(talkView);
	player.handle({
		type: 'event', event: {
			type: 'invitation', room: 'den', user: 'cat', state: 'declined',
		},
	});
	t.like(player.state.toast, {tone: 'info', text: 'cat has declined to join (den).'});
	player.handle({
		type: 'event', event: {
			type: 'session', with: 'bob', state: 'closed', room: 'ann-bob-cat',
		},
	});
	t.like(player.state.toast, {tone: 'info', text: 'The session with bob has become the group ann-bob-cat.'});
});

test('contacts come first among people, for the eye and for the keys', t => {
	const player = new Player({...homeView, contacts: [{name: 'dave', online: false, verified: false}, {name: 'zoë', online: true, verified: true}]});
	player.type('<tab><tab><enter>');
	t.deepEqual(player.executed, ['o zoë']);
});

test('a safety number is shown with a code to scan', t => {
	const player = new Player(talkView);
	player.handle({
		type: 'reply', purpose: 'command', reply: {
			command: 'verify', ok: true, fields: {
				user: 'bob', safetyNumber: Array.from({length: 12}, () => '01234').join(' '), trust: 'trusted', verified: false,
			},
		},
	});
	const sheet = player.state.overlays.at(-1);
	const rows = sheet?.kind === 'sheet' ? sheet.rows.flatMap(row => row.kind === 'verbatim' ? [row.text] : []) : [];
	t.is(rows[0], '01234 01234 01234 01234 01234 01234');
	t.is(rows[2], '█'.repeat(29));
	t.is(rows.length, 18);
	t.is(rows.at(-1), 'Same at both ends? /verify bob yes');
});

test('a request that ends closes its dialog; one put off stays in the status line', t => {
	const player = new Player(talkView).show({...talkView, requests: [request('r1', 'cat'), request('r2', 'zoë')]});
	player.type('<escape>');
	t.is(player.overlay, undefined);
	player.show({...talkView, requests: [request('r2', 'zoë')]});
	t.is(player.overlay, 'request');
	player.show(talkView);
	t.is(player.overlay, undefined);
});

test('the palette takes the keys and runs what it finds', t => {
	const player = new Player(talkView).type('<ctrl+p>or de');
	t.is(player.overlay, 'palette');
	t.is(player.state.composer.text, '');
	player.type('<enter>');
	t.deepEqual(player.executed, ['or den']);
	t.is(player.overlay, undefined);
});

test('the palette asks for an argument', t => {
	const player = new Player(homeView).type('<ctrl+p>whois<enter>');
	t.is(player.overlay, 'palette');
	t.deepEqual(player.executed, []);
	player.type('zo<enter>');
	t.deepEqual(player.executed, ['whois zoë']);
});

test('the palette makes a room that is not there yet', t => {
	const player = new Player(homeView).type('<ctrl+p>or attic<enter>');
	t.deepEqual(player.executed, ['or attic']);
});

test('an entry that is not allowed says why', t => {
	const player = new Player(homeView).type('<ctrl+p>cs<enter>');
	t.deepEqual(player.executed, []);
	t.is(player.overlay, 'palette');
	t.regex(player.state.toast!.text, /No conversation is open/v);
});

test('connected and unknown, one is asked who one is', t => {
	const player = new Player(signedOutView);
	t.is(player.overlay, 'sign-in');
	player.type('eve<enter>pw<enter>');
	t.deepEqual(player.executed, ['register eve pw']);
	player.show({...homeView, connection: {...homeView.connection, user: 'eve'}});
	t.is(player.overlay, undefined);
});

test('a taken name turns registering into logging in', t => {
	const player = new Player(signedOutView).type('ann<enter>pw<enter>');
	player.effects = [];
	player.handle({type: 'reply', purpose: 'sign-in', reply: {command: 'register', ok: false, error: {code: 'name-taken', message: 'taken'}}});
	player.type('<enter>');
	t.deepEqual(player.executed, ['login ann pw']);
	player.handle({type: 'reply', purpose: 'sign-in', reply: {command: 'login', ok: false, error: {code: 'bad-credentials', message: 'Name or password is wrong.'}}});
	const form = player.state.overlays.at(-1);
	t.is(form?.kind === 'sign-in' ? form.problem : '', 'Name or password is wrong.');
});

test('the form checks what is missing, and one paste fills one field', t => {
	const player = new Player(signedOutView).type('<enter><enter>');
	t.deepEqual(player.executed, []);
	player.handle({type: 'paste', text: 'a b\nc'}).type('<tab>x<enter>');
	const form = player.state.overlays.at(-1);
	t.is(form?.kind === 'sign-in' ? form.name.text : '', 'a b c');
	t.deepEqual(player.executed, []);
});

test('the form can be put off, and comes back with the next connection', t => {
	const player = new Player(signedOutView).type('<escape>');
	t.is(player.overlay, undefined);
	t.is(player.show(signedOutView).overlay, undefined);
	player.show(quietView).show(signedOutView);
	t.is(player.overlay, 'sign-in');
});

test('a name that can\'t be is typed anew', t => {
	const player = new Player(signedOutView).type('a/b<enter>pw<enter>');
	player.handle({type: 'reply', purpose: 'sign-in', reply: {command: 'register', ok: false, error: {code: 'bad-name', message: 'A name is made of letters.'}}});
	player.type('<ctrl+u>ann<enter>');
	t.is(player.executed.at(-1), 'register ann pw');
});

test('where no server answers, the screen offers to host one', t => {
	const player = new Player(quietView);
	t.is(player.overlay, undefined);
	t.is(pollTimeout(player.state), 1_000_800);
	player.after(1000);
	t.is(player.overlay, 'server');
	player.type('<enter>');
	t.deepEqual(player.executed, ['host']);
	player.show(signedOutView);
	t.is(player.overlay, 'sign-in');
});

test('a server that is gone before one is in is no dead end: another can be chosen, and the form comes back as it was', t => {
	const player = new Player(signedOutView).type('eve<enter>p');
	const lost = {
		...signedOutView, connection: {
			...signedOutView.connection, state: 'retrying' as const, attempts: 1, retryAt: 1_004_000,
		},
	};
	t.is(player.show(lost).overlay, 'server');
	t.deepEqual(player.type('<enter>').executed, ['host']);
	t.is(player.show(signedOutView).overlay, 'sign-in');
	t.deepEqual(player.type('w<enter>').executed, ['register eve pw']);
	player.show({...quietView, connection: {...quietView.connection, server: '127.0.0.1:7600'}}).after(5000);
	t.is(player.overlay, undefined, 'who has hung up is left alone');
});

test('where the usual port is taken, hosting means another', t => {
	const player = new Player(quietView).after(1000);
	player.handle({type: 'reply', purpose: 'server', reply: {command: 'host', ok: false, error: {code: 'host-failed', message: 'Port 7600 is in use.'}}});
	t.deepEqual(player.type('<enter>').executed, ['host 0']);
});

test('what happens where one is not looking is said', t => {
	const player = new Player(homeView);
	const said = (event: MessengerEvent) => player.handle({type: 'event', event}).state.toast?.text;
	t.is(said({type: 'session', with: 'bob', state: 'declined'}), 'bob did not accept.');
	t.not(said({type: 'notice', level: 'info', text: 'It stands in the log.'}), 'It stands in the log.');
	t.is(said({type: 'session', with: 'bob', state: 'lost'}), 'bob is gone.');
	t.is(said({
		type: 'room', room: 'den', change: 'closed', user: 'bob',
	}), 'bob has closed the room den.');
});

test('who types into the dialog types an address, and Enter connects there', t => {
	for (const typed of ['example.org:7601', 'c example.org:7601', '/c example.org:7601']) {
		const player = new Player(quietView).after(1000).type(`${typed}<enter>`);
		t.deepEqual(player.executed, ['c example.org:7601'], `after ${typed}`);
	}

	t.deepEqual(new Player(quietView).after(1000).type('  <enter>').executed, ['host'], 'a space is no address');
});

test('an address can be given, and a failure is shown beside it', t => {
	const view = {
		...quietView, connection: {
			...quietView.connection, state: 'retrying' as const, server: '127.0.0.1:7600', attempts: 1, retryAt: 1_004_000,
		},
	};
	const player = new Player(view);
	t.is(player.overlay, 'server');
	t.is(pollTimeout(player.after(900).state), 1_001_000);
	player.type('<down><enter>example.org:7<enter>');
	t.deepEqual(player.executed, ['c example.org:7']);
	player.handle({type: 'reply', purpose: 'server', reply: {command: 'c', ok: false, error: {code: 'unreachable', message: 'Nobody there.'}}});
	const dialog = player.state.overlays.at(-1);
	t.is(dialog?.kind === 'server' ? dialog.problem : '', 'Nobody there.');
	player.type('<escape><escape>').after(5000);
	t.is(player.overlay, undefined);
});

test('after a connection was lost nothing is put in the way', t => {
	const player = new Player(talkView).show({
		...talkView, connection: {
			...talkView.connection, state: 'retrying', user: undefined, attempts: 3,
		},
	});
	t.is(player.overlay, undefined);
	t.deepEqual(player.type('still here<enter>').executed, ['s still here']);
});

test('each conversation has its own draft, a command belongs to none', t => {
	const player = new Player(talkView).type('to bob');
	const both = {...talkView, conversations: [...talkView.conversations, session('cat', [])]};
	player.show({...both, active: 'session:cat'});
	t.is(player.state.composer.text, '');
	player.type('to cat').show({...both, active: 'session:bob'});
	t.is(player.state.composer.text, 'to bob');
	player.type('<ctrl+u>/or d').show({...both, active: 'session:cat'});
	t.is(player.state.composer.text, '/or d');
});

test('conversations are reached by number and neighbour', t => {
	const player = new Player(manyView);
	player.type('<alt+1><alt+2><alt+3><alt+9><alt+down><alt+up>');
	t.deepEqual(player.executed, ['o bob', 'o cat', 'o cat', 'o bob']);
});

test('Tab completes names and commands, and walks through the panes on an empty line', t => {
	const player = new Player(talkView);
	t.is(player.type('bo<tab>').state.composer.text, 'bob: ');
	t.is(player.type('and z<tab>').state.composer.text, 'bob: and zoë ');
	t.is(player.type('<ctrl+u>/whoi<tab>').state.composer.text, '/whois ');
	t.is(player.type('<tab>').state.composer.text, '/whois bob');
	t.is(player.type('<tab>').state.composer.text, '/whois cat');
	// Other commands have these letters, too; Tab goes on as the list says.
	t.deepEqual(['<ctrl+u>/wh<tab>', '<tab>', '<tab>', '<tab>'].map(keys => player.type(keys).state.composer.text), ['/whois ', '/whois bob', '/whois cat', '/whois zoë']);
	t.deepEqual(['<ctrl+u>/cont<tab>', '<tab>'].map(keys => player.type(keys).state.composer.text), ['/contacts', '/contact ']);
	player.type('<ctrl+u>');
	t.deepEqual(['<tab>', '<tab>', '<tab>', '<tab>'].map(key => player.type(key).state.focus), ['rooms', 'people', 'messages', 'composer']);
});

test('rooms and people are opened from their lists; typing goes to the composer', t => {
	const player = new Player(homeView).type('<tab><down><enter>');
	t.deepEqual(player.executed, ['or lobby']);
	player.type('<tab><tab><down><down><enter>');
	t.deepEqual(player.executed, ['o zoë']);
	player.type('<tab>x');
	t.is(player.state.focus, 'composer');
	t.is(player.state.composer.text, 'x');
});

test('suggestions are chosen with the arrows', t => {
	const player = new Player(homeView).type('/o<down><down><enter>');
	t.deepEqual(player.executed, ['o cat']);
	player.type('/whois<down><tab>');
	t.is(player.state.composer.text, '/whois ');
});

test('scrolling stays where it is until one sends or goes to the end', t => {
	const long = session('bob', Array.from({length: 100}, (_, index) => line(index, 'bob', `line ${index}`)));
	const view = {...talkView, conversations: [long]};
	const player = new Player(view).type('<pageup>');
	const {place} = player.state;
	const scrolled = player.state.scrolled.get(place);
	t.false(scrolled!.isAtBottom);
	player.show({...view, conversations: [{...long, messages: [...long.messages, line(200, 'bob', 'new')]}]}).handle({type: 'resize', size: {columns: 60, rows: 20}});
	t.deepEqual(player.state.scrolled.get(place), scrolled);
	t.is(player.type('<pagedown><pagedown>').state.scrolled.size, 0);
	t.is(player.type('<alt+home>').state.scrolled.size, 1);
	t.is(player.type('ok<enter>').state.scrolled.size, 0);
});

test('who scrolls up to the oldest lines gets earlier ones, and coming back lets them go', t => {
	const long = session('bob', Array.from({length: 100}, (_, index) => line(index, 'bob', `line ${index}`)), {earlier: 'some'});
	const player = new Player({...talkView, conversations: [long]});
	const reached = () => player.effects.splice(0).flatMap(effect => effect.type === 'reach' ? [`${effect.conversation} ${effect.end}`] : []);
	t.deepEqual(reached(), []);
	player.type('<pageup>');
	t.deepEqual(reached(), []);
	player.type('<alt+home>');
	t.deepEqual(reached(), ['session:bob oldest']);
	player.show({...talkView, conversations: [{...long, earlier: 'loading'}]}).type('<pageup>');
	t.deepEqual(reached(), []);
	player.type('<alt+end>');
	t.deepEqual(reached(), ['session:bob newest']);
	player.type('<alt+end>');
	t.deepEqual(reached(), []);
});

test('leaving asks only when something written would be lost', t => {
	const isLeaving = (player: Player) => player.effects.some(({type}) => type === 'leave');
	t.true(isLeaving(new Player(talkView).type('<ctrl+c>')));
	t.true(isLeaving(new Player(talkView).type('/or d<ctrl+c>')));
	const player = new Player(talkView).type('dear bob<ctrl+c>');
	t.false(isLeaving(player));
	t.is(player.overlay, 'quit');
	t.is(player.type('<escape>').overlay, undefined);
	t.true(isLeaving(player.type('<ctrl+c><ctrl+c>')));
});

test('what is too long for a line of a sheet goes on in the next, and is scrolled by lines', t => {
	const fingerprint = '0123456789abcdef'.repeat(4);
	const player = new Player(homeView);
	player.handle({
		type: 'reply', purpose: 'command', reply: {
			command: 'server', ok: true, fields: {
				address: '127.0.0.1:7600', role: 'root', term: 1, voters: [], program: 'earshotd', fingerprint,
			},
		},
	});
	const draw = () => {
		const sheet = player.state.overlays.at(-1);
		return sheet?.kind === 'sheet' ? viewSheet(player.state, sheet, chooseTheme({})).lines.map(spans => spans.map(({text}) => text).join('')) : [];
	};

	t.is(draw().join('').replaceAll(' ', '').split('Certificate', 2)[1], fingerprint);
	const messages = Array.from({length: 20}, (_, index) => ({at: '2026-01-01T10:00:00.000Z', from: 'bob', text: `${index} ${'word '.repeat(40)}`}));
	player.type('<escape>').handle({type: 'reply', purpose: 'command', reply: {command: 'history', ok: true, fields: {session: 'bob', messages}}});
	t.true(draw()[0]!.includes('bob: 0 word'));
	player.type('<end>');
	t.true(draw().some(text => text.includes('bob: 19 word')));
	t.true(draw().every(text => text.length <= 76));
});

test('answers that list something open a sheet, failures say so for a while', t => {
	const player = new Player(homeView);
	player.handle({type: 'reply', purpose: 'command', reply: {command: 'lu', ok: true, fields: {users: [{name: 'bob', online: true}]}}});
	t.is(player.overlay, 'sheet');
	player.type('hello<escape>');
	t.is(player.overlay, undefined);
	t.is(player.state.composer.text, '');
	player.handle({type: 'reply', purpose: 'command', reply: {command: 'path', ok: true, fields: {user: 'bob', address: '127.0.0.1:5', rttMs: 2}}});
	const sheet = player.state.overlays.at(-1);
	t.like(sheet?.kind === 'sheet' ? {title: sheet.title, first: sheet.rows[0]} : {}, {title: 'The link to bob', first: {left: 'Address', right: '127.0.0.1:5'}});
	player.type('<escape>');
	player.handle({type: 'reply', purpose: 'command', reply: {command: 'o', ok: false, error: {code: 'no-such-user', message: 'There is no user eve.'}}});
	t.is(player.state.toast!.text, 'There is no user eve.');
	t.is(player.after(10_000).state.toast, undefined);
	player.handle({type: 'event', event: {type: 'notice', level: 'warn', text: 'The server shuts down.'}});
	t.is(player.state.toast!.tone, 'warning');
});

test('help shows every command', t => {
	const player = new Player(homeView).type('<alt+h>');
	t.is(player.overlay, 'sheet');
	player.type('<escape>/help cr<enter>');
	const sheet = player.state.overlays.at(-1);
	t.is(sheet?.kind === 'sheet' ? sheet.title : '', 'Help: cr');
});

const views = [quietView, signedOutView, homeView, talkView, manyView, {...talkView, requests: [request('r1', 'cat')]}];
const inputs = fc.array(fc.oneof(
	{weight: 6, arbitrary: fc.constantFrom(...keysOfEverything).map(name => ({type: 'key' as const, event: {kind: 'key' as const, name}}))},
	{weight: 3, arbitrary: fc.oneof(fc.constantFrom('/', 'o', ' ', 'login ann pw', 'or den', 'a', 'bob'), fc.string({unit: 'grapheme', maxLength: 3})).map(text => ({type: 'key' as const, event: {kind: 'text' as const, text}}))},
	{weight: 1, arbitrary: fc.string({unit: 'binary', maxLength: 30}).map(text => ({type: 'paste' as const, text}))},
	{weight: 1, arbitrary: fc.constantFrom(...views).map(view => ({type: 'view' as const, view}))},
	{weight: 1, arbitrary: fc.record({columns: fc.integer({min: 1, max: 220}), rows: fc.integer({min: 1, max: 70})}).map(size => ({type: 'resize' as const, size}))},
	{weight: 1, arbitrary: fc.constant({type: 'tick' as const})},
), {maxLength: 50});

test('no input ever reaches the composer while a dialog is open, and none breaks the model', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.constantFrom(...views), inputs, (view, script) => {
			const player = new Player(view);
			for (const input of script) {
				const isGuarded = player.state.overlays.length > 0 && (input.type === 'key' || input.type === 'paste');
				const before = player.state.composer.text;
				player.now += 100;
				player.handle(input);
				if (isGuarded && player.state.composer.text !== before && player.state.composer.text !== '') {
					return false;
				}
			}

			return true;
		}), {numRuns: 500});
	});
});
