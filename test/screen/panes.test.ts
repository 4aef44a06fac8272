import {stripVTControlCharacters} from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import {LineCache} from '../../source/kit/line-cache.js';
import {displayWidth} from '../../source/kit/text.js';
import {colorTheme, plainTheme, type Theme} from '../../source/kit/theme.js';
import type {MessengerView} from '../../source/messenger/view.js';
import {layOut, type Size} from '../../source/screen/layout.js';
import {layOutComposer, paintComposer} from '../../source/screen/panes/composer.js';
import {listsInput, paintLeft, paintRight} from '../../source/screen/panes/lists.js';
import {rowLines, viewMessages} from '../../source/screen/panes/messages.js';
import {paintRule, paintStatus} from '../../source/screen/panes/status.js';
import type {ScreenState} from '../../source/screen/state.js';
import {Player} from './player.js';
import {
	homeView,
	line,
	manyView,
	notice,
	session,
	talkView,
} from './scene.js';

const fill = (row: string, width: number) => row + ' '.repeat(Math.max(0, width - displayWidth(row)));

/**
All rows of the panes, as painted.
*/
function paint(state: ScreenState, theme: Theme = plainTheme): {readonly rows: string[]; readonly isRectangle: boolean} {
	const tools = {theme, cache: new LineCache<string>()};
	const composer = layOutComposer(state);
	const layout = layOut(state.size, composer.rows.length);
	const lists = listsInput(state, layout);
	const none = Array.from({length: layout.body}, () => '');
	const left = layout.left > 0 ? paintLeft(lists, theme).map(row => `${fill(row, layout.left - 1)}│`) : none;
	const right = layout.right > 0 ? paintRight(lists, theme).map(row => `│${row}`) : none;
	const messages = viewMessages(state, layout, tools);
	const rows = [
		...messages.lines.map((main, row) => left[row]! + fill(main, layout.main) + right[row]!),
		paintRule(state, layout, messages, theme),
		...paintComposer(state, composer, theme),
		paintStatus(state, theme),
	];
	return {rows, isRectangle: rows.length === state.size.rows && rows.every(row => displayWidth(row) <= state.size.columns)};
}

const text = (view: MessengerView, size?: Size) => paint(new Player(view, size).state).rows.map(row => stripVTControlCharacters(row)).join('\n');

test('a line reads HH:MM:SS name: text, with its state', t => {
	const one = (row: Parameters<typeof rowLines>[0], width = 40) => rowLines(row, width, plainTheme).map(painted => stripVTControlCharacters(painted).trimEnd());
	t.deepEqual(one(line(0, 'bob', 'hi')), [' 12:00:00 bob: hi']);
	t.deepEqual(one(line(0, 'ann', 'hi', 'delivered')), [' 12:00:00 ann: hi ✓']);
	t.deepEqual(one(line(0, 'ann', 'hi', 'read')), [' 12:00:00 ann: hi ✓✓']);
	t.deepEqual(one(line(0, 'ann', 'hi', 'failed')), [' 12:00:00 ann: hi not sent']);
	t.deepEqual(one(line(0, 'bob', 'a line that is too long for one row')), [' 12:00:00 bob: a line that is too long', '               for one row']);
	t.deepEqual(one(line(0, 'bob', 'x'), 24), [' 12:00:00 bob:', '   x']);
	t.deepEqual(one(line(0, 'b\u{1B}[31mob\u{202E}', 'a\u{1B}]0;x\u{7}b')), [' 12:00:00 bob: ab']);
	t.deepEqual(one(notice(0, 'join', 'bob entered.')), [' 12:00:00 → bob entered.']);
	t.deepEqual(one(notice(0, 'leave', 'bob left.')), [' 12:00:00 ← bob left.']);
});

test('join and leave lines are in colour, and in none without colours', t => {
	t.regex(rowLines(notice(0, 'join', 'x'), 40, colorTheme).join(''), /\u{1B}\[32m/v);
	t.regex(rowLines(notice(0, 'leave', 'x'), 40, colorTheme).join(''), /\u{1B}\[33m/v);
	t.notRegex(rowLines(notice(0, 'join', 'x'), 40, plainTheme).join(''), /\u{1B}\[3/v);
});

test('what there is to see', t => {
	t.regex(text(homeView), /Hello, ann\. No conversation is open\./v);
	t.regex(text({...homeView, contacts: [{name: 'zoë', online: true, verified: true}, {name: 'gus', online: false, verified: false}]}), /● zoë ★✓[\s\S]*○ gus ★[\s\S]*● bob /v);
	t.regex(text({...homeView, rooms: [{...homeView.rooms[0]!, private: true}]}), /∗ den/v);
	t.regex(text({...homeView, rooms: []}), /\/or NAME makes one/v);
	t.regex(text(talkView), /▸● bob[\s\S]*Monday, 5 January 2026[\s\S]*12:00:07 bob: hi ann/v);
	t.regex(text(manyView), /3 cat +2 new[\s\S]*welcome to the den/v);
	t.regex(text({...talkView, conversations: [session('bob', [], {state: 'waiting'})]}), /what you write is kept for bob/v);
	t.regex(text({
		...homeView, connection: {
			...homeView.connection, state: 'retrying', user: undefined, attempts: 2, retryAt: 1_003_000,
		},
	}), /does not answer\. Trying again in 3 s \(attempt 3\)/v);
	t.regex(text({...talkView, users: [], connection: {...homeView.connection, state: 'retrying'}}), /▸● bob/v);
	t.regex(text(manyView, {columns: 50, rows: 12}), /# den +3 people.* 2 new/v);
});

test('a conversation that somebody else ended stays in sight', t => {
	const ended = text({...homeView, ended: {...talkView.conversations[0]!, state: 'closed'}});
	t.regex(ended, /bob {2}closed; \/o bob asks again/v);
	t.regex(ended, /looks good!/v);
	t.regex(ended, /Type \/ for commands/v);
});

test('scrolled up, new lines are counted below', t => {
	const long = session('bob', Array.from({length: 50}, (_, index) => line(index, 'bob', `line ${index}`)));
	const player = new Player({...talkView, conversations: [long]}).type('<pageup>');
	player.show({...talkView, conversations: [{...long, messages: [...long.messages, line(60, 'bob', 'new one'), line(61, 'bob', 'and another')]}]});
	const {rows} = paint(player.state);
	t.true(rows.some(row => stripVTControlCharacters(row).includes('↓ 2 new, Alt-End returns')));
	t.false(rows.some(row => row.includes('new one')));
});

const name = fc.oneof(fc.string({unit: 'binary', minLength: 1, maxLength: 40}), fc.constantFrom('bob', '漢字'.repeat(10), '👩‍👩‍👧'.repeat(5), '\u{1B}[2J', 'a\nb', '\u{202E}bob'));
const hostileView = fc.record({names: fc.array(name, {maxLength: 12}), texts: fc.array(fc.string({unit: 'binary', maxLength: 200}), {maxLength: 20}), active: fc.boolean()}).map(({names, texts, active}): MessengerView => ({
	...homeView,
	connection: {...homeView.connection, server: names[0] ?? 'x', user: names[1] ?? 'ann'},
	users: names.map((each, index) => ({name: each, online: index % 2 === 0})),
	rooms: names.map(each => ({
		name: each, creator: each, members: 1, isEntered: false,
	})),
	conversations: names.slice(0, 4).map(each => session(each, texts.map((said, index) => line(index, each, said, 'queued')), {unread: 3})),
	active: active && names[0] !== undefined ? `session:${names[0]}` : undefined,
}));

test('whatever others write, the screen stays a rectangle without a control character', t => {
	t.notThrows(() => {
		fc.assert(fc.property(hostileView, fc.integer({min: 40, max: 210}), fc.integer({min: 10, max: 62}), (view, columns, rows) => {
			const player = new Player(view, {columns, rows});
			const painted = paint(player.state, colorTheme);
			return painted.isRectangle && !/[\p{Control}\u{202A}-\u{202E}]/v.test(painted.rows.join('').replaceAll(/\u{1B}\[\d+m/gv, ''));
		}), {numRuns: 300});
	});
});
