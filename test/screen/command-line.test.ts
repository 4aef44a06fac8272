import test from 'ava';
import {
	completions,
	passwordStretch,
	readTyped,
	suggest,
} from '../../source/screen/command-line.js';
import {homeView, signedOutView, talkView} from './scene.js';

test('typed lines', t => {
	for (const [text, kind, content] of [
		['hello', 'message', 'hello'],
		['/cs', 'command', 'cs'],
		['//x', 'message', '/x'],
		['/', 'command', ''],
		['', 'message', ''],
		[' /x', 'message', ' /x'],
	] as const) {
		t.deepEqual(readTyped(text), {kind, content});
	}
});

test('where a password stands', t => {
	for (const [line, from] of [
		['login ann pw', 10],
		['login ann ', 10],
		['  register ann p w', 15],
		['Login ann pw', 10],
		['login ann', undefined],
		['o bob pw', undefined],
		['', undefined],
	] as const) {
		t.deepEqual(passwordStretch(line), from === undefined ? undefined : {from, to: line.length}, `in ${line}`);
	}
});

const labels = (line: string, view = homeView) => suggest(line, view, 50).map(({label}) => label);

test('commands and what is at hand', t => {
	t.deepEqual(labels('or').slice(0, 3), ['or den', 'or ROOM', 'or lobby']);
	t.true(labels('o').includes('o zoë'));
	t.false(labels('o').includes('o dave'), 'dave is offline');
	t.true(labels('cr').includes('cr lobby'));
	t.false(labels('cr').includes('cr den'), 'den is not ours');
	t.deepEqual(labels('leave', talkView).slice(0, 2), ['x', 'cs']);
	t.is(labels('dis')[0], 'd');
	t.is(labels('')[0], 'o USER');
	t.is(labels('cs')[0], 'cs');
});

test('arguments come from the live state', t => {
	t.deepEqual(labels('o '), ['o bob', 'o cat', 'o zoë', 'o dave']);
	t.deepEqual(labels('cr '), ['cr lobby']);
	t.deepEqual(labels('or att'), ['or att']);
	t.deepEqual(labels('or de'), ['or den', 'or de']);
	t.deepEqual(labels('or den'), ['or den']);
});

test('a refusal is told with the entry', t => {
	const [entry] = suggest('cs', homeView, 1);
	t.regex(entry!.refusal!, /No conversation/v);
	t.is(suggest('cs', talkView, 1)[0]!.refusal, undefined);
});

test('a password is not in a label', t => {
	const [entry] = suggest('login ann secret', signedOutView, 1);
	t.is(entry!.label, 'login ann ••••••');
	t.is(entry!.line, 'login ann secret');
});

test('completion', t => {
	t.deepEqual(completions('b', talkView), ['bob: ']);
	t.deepEqual(completions('hi Z', talkView), ['hi zoë ']);
	t.deepEqual(completions('hi ', talkView), []);
	t.deepEqual(completions('ann', talkView), []);
	t.deepEqual(completions('/o z', talkView), ['/o zoë', '/o z']);
	t.deepEqual(completions('/login ann pw', signedOutView), []);
});
