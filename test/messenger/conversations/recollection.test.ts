import test from 'ava';
import {realmId} from '../../../source/protocol/cards.js';
import {decodeBase64} from '../../../source/protocol/keys.js';
import type {HistoryLine} from '../../../source/messenger/effects.js';
import {People, type Person} from '../people.js';

/**
Puts lines into a person's history as if they had been said before this run.
*/
function remember(person: Person, count: number, change: Partial<HistoryLine> = {}): void {
	const [pin] = person.node.disk.load().pins.values();
	const realm = realmId(decodeBase64(pin!.rootKey!));
	person.node.disk.apply(Array.from({length: count}, (_, index): HistoryLine => ({
		realm, owner: person.node.name, place: 'session:bob', id: `old-${index}`, device: 'old', sequence: index + 1, from: 'bob', text: `word${index} old`, at: 1000 * index, clock: `000000000.${String(index).padStart(6, '0')}`, state: undefined, isUnread: false, proof: undefined, ...change,
	})).map(line => ({kind: 'history-add', line})));
}

function talk(people: People, ann: Person, bob: Person): void {
	ann.type(`o ${bob.node.name}`);
	people.run(100);
	bob.type('accept');
	people.run(1000);
}

const texts = (messages: unknown) => (messages as ReadonlyArray<{text: string}>).map(({text}) => text);

test('a conversation opens with what was said before, and the faces hear of the last of it', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	remember(ann, 130);
	talk(people, ann, bob);
	const [conversation] = ann.view.conversations;
	t.is(conversation!.earlier, 'some');
	t.deepEqual(conversation!.messages.flatMap(row => row.kind === 'line' ? [row.text] : []), Array.from({length: 100}, (_, index) => `word${index + 30} old`));
	t.is(ann.events('history').length, 1);
	t.like(ann.events('history')[0], {session: 'bob'});
	t.deepEqual(texts(ann.events('history')[0]!.messages), Array.from({length: 20}, (_, index) => `word${index + 110} old`));

	ann.node.reach('session:bob', 'oldest');
	people.run(100);
	t.is(ann.view.conversations[0]!.earlier, 'none');
	t.is(ann.view.conversations[0]!.messages.filter(({kind}) => kind === 'line').length, 130);
	ann.type('cs');
	people.run(100);
	talk(people, ann, bob);
	t.is(ann.events('history').length, 1, 'what was shown in this run is no news');
});

test('nobody is shown what others on this profile have said', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	remember(ann, 3, {owner: 'zoe'});
	talk(people, ann, bob);
	t.deepEqual(ann.events('history'), []);
	t.deepEqual(ann.type('search old').ok && ann.type('search old'), {command: 'search', ok: true, fields: {words: 'old', messages: []}});
});

test('history, search and export answer from the disk', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	remember(ann, 130);
	t.like(ann.type('history'), {ok: false, error: {code: 'no-conversation'}});
	t.like(ann.type('export x'), {ok: false, error: {code: 'no-conversation'}});
	const found = ann.type('search old word7');
	t.true(found.ok);
	t.deepEqual(texts(found.ok && found.fields.messages), ['word79 old', 'word78 old', 'word77 old', 'word76 old', 'word75 old', 'word74 old', 'word73 old', 'word72 old', 'word71 old', 'word70 old', 'word7 old']);
	const [hit] = (found.ok ? found.fields.messages : []) as Array<{before: unknown; after: unknown; session: string}>;
	t.is(hit!.session, 'bob');
	t.deepEqual([texts(hit!.before), texts(hit!.after)], [['word78 old'], ['word80 old']]);

	talk(people, ann, bob);
	const last = ann.type('history 2');
	t.deepEqual(texts(last.ok && last.fields.messages), ['word128 old', 'word129 old']);
	t.is(texts((ann.type('history') as unknown as {fields: {messages: unknown}}).fields.messages).length, 50);
	for (const count of ['0', '1001', '-1', 'x', '1e3']) {
		t.like(ann.type(`history ${count}`), {ok: false, error: {code: 'bad-count'}});
	}

	t.like(ann.type('export talk.json'), {ok: true, fields: {path: 'talk.json', lines: 130}});
});

test('a history that can\'t be read is no empty one', t => {
	const people = new People();
	const [ann, bob] = [people.join('ann'), people.join('bob')];
	remember(ann, 3);
	ann.node.disk.problem = 'The history can\'t be read: broken';
	talk(people, ann, bob);
	t.true(ann.events('notice').some(({text}) => text === ann.node.disk.problem));
	for (const line of ['history', 'search word1']) {
		t.like(ann.type(line), {ok: false, error: {code: 'history-unreadable', message: ann.node.disk.problem}});
	}

	ann.node.disk.problem = undefined;
	const last = ann.type('history');
	t.is(texts(last.ok && last.fields.messages).length, 3);
});
