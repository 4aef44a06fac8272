// What the rules do about news that is out of date: each guard by itself, so that none can go missing behind another.
import test from 'ava';
import {RuleBench} from './conversations/rule-bench.js';

test('an open that comes for a session just left is closed, and does not take the place of the one asked for since', t => {
	const bench = new RuleBench().ask('s1');
	bench.sessions.leave(bench.session!, 0);
	bench.ask('s2');
	bench.tell('s1', 'open');
	t.is(bench.session?.session, 's2');
	t.is(bench.session?.state, 'asking');
	t.deepEqual(bench.asked, ['open bob', 'close s1', 'open bob', 'close s1']);
	t.deepEqual(bench.done.filter(each => each.startsWith('join')), []);
	bench.tell('s2', 'open');
	t.is(bench.session?.state, 'open');
	t.deepEqual(bench.done.filter(each => each.startsWith('join')), ['join bob session:s2']);
});

test('an answer that names a session just left is asked for again', t => {
	const bench = new RuleBench().ask('s1');
	bench.sessions.leave(bench.session!, 0);
	bench.ask('s1');
	t.deepEqual(bench.asked, ['open bob', 'close s1', 'open bob', 'open bob']);
	t.is(bench.session, undefined);
	bench.answer('open', {session: 's2', expiresInMs: 30_000});
	t.is(bench.session?.session, 's2');
});

test('an answer to asking again that names a session just left is none', t => {
	const bench = new RuleBench().ask('s1');
	bench.sessions.leave(bench.session!, 0);
	bench.ask('s2').tell('s2', 'unavailable');
	bench.directory.setUser({name: 'bob', online: true});
	bench.sessions.handlePresence('bob', true, 0);
	t.is(bench.asked.at(-1), 'open bob');
	bench.answer('open', {session: 's1', expiresInMs: 30_000});
	t.is(bench.session?.session, undefined);
	bench.sessions.handlePresence('bob', true, 0);
	bench.answer('open', {session: 's3', expiresInMs: 30_000});
	t.is(bench.session?.session, 's3');
});

test('of many sessions left only the last sixty-four are remembered', t => {
	const bench = new RuleBench();
	for (let index = 0; index <= 64; index++) {
		bench.ask(`s${index}`);
		bench.sessions.leave(bench.session!, 0);
	}

	bench.ask('s0');
	t.is(bench.session?.session, 's0', 'long forgotten');
	bench.sessions.leave(bench.session!, 0);
	bench.ask('s64');
	t.is(bench.session, undefined, 'still remembered');
});

test('a session left while the server was away is closed there at the next login, once', t => {
	const bench = new RuleBench().ask('s1').tell('s1', 'open');
	bench.user = undefined;
	bench.sessions.leave(bench.session!, 0);
	t.deepEqual(bench.asked, ['open bob']);
	bench.user = 'ann';
	bench.sessions.handleLoggedIn(0);
	t.deepEqual(bench.asked, ['open bob', 'close s1']);
	bench.sessions.handleLoggedIn(0);
	t.deepEqual(bench.asked, ['open bob', 'close s1']);
});

test('a room left while the server was away is left there at the next login, once', t => {
	const bench = new RuleBench().enterDen('bob');
	bench.user = undefined;
	bench.rooms.leave(bench.den!, 0);
	t.deepEqual(bench.asked, ['enter den']);
	bench.user = 'ann';
	bench.rooms.handleLoggedIn(0);
	t.deepEqual(bench.asked, ['enter den', 'leave den']);
	bench.rooms.handleLoggedIn(0);
	t.deepEqual(bench.asked, ['enter den', 'leave den']);
});

test('good-byes that the server has not heard are bounded', t => {
	const bench = new RuleBench();
	for (let index = 0; index < 100; index++) {
		bench.user = 'ann';
		bench.rooms.enter(`den-${index}`, 0, bench.onDone);
		bench.answer('enter', {
			room: `den-${index}`, creator: 'cat', created: false, members: [], away: [],
		});
		bench.user = undefined;
		bench.rooms.leave(bench.conversations.find('room', `den-${index}`)!, 0);
	}

	bench.user = 'ann';
	const before = bench.asked.length;
	bench.rooms.handleLoggedIn(0);
	t.is(bench.asked.length - before, 64);
});

test('that the server has lost the other end is a hint: the link is asked, and only without one is the session lost', t => {
	const bench = new RuleBench().ask('s1').tell('s1', 'open');
	bench.linked.add('bob');
	bench.tell('s1', 'gone');
	t.is(bench.done.at(-1), 'probe bob');
	t.is(bench.session?.state, 'open');
	bench.linked.delete('bob');
	bench.tell('s1', 'gone');
	t.is(bench.session?.state, 'lost');
	t.like(bench.events.at(-1), {type: 'session', state: 'lost'});
});

test('news of another session than the one that stands changes nothing', t => {
	const bench = new RuleBench().ask('s1').tell('s1', 'open').tell('s0', 'gone').tell('s0', 'closed');
	t.is(bench.session?.state, 'open');
	t.false(bench.done.includes('probe bob'));
});

test('that the server has lost a member is a hint: the link is asked, and only without one is the member lost', t => {
	const bench = new RuleBench().enterDen('bob', 'dan');
	bench.linked.add('bob');
	for (const user of ['bob', 'dan']) {
		bench.rooms.handleNotice({
			event: 'room', room: 'den', change: 'gone', user,
		}, 0);
	}

	t.deepEqual(bench.done.filter(each => each.startsWith('probe')), ['probe bob', 'probe dan']);
	t.deepEqual(bench.den!.members.keys().toArray(), ['bob']);
	t.like(bench.events.at(-1), {type: 'room', change: 'lost', user: 'dan'});
	bench.rooms.handleLinkDown('bob', 0);
	t.deepEqual(bench.den!.members.keys().toArray(), [], 'whom neither the server nor a link has is out');
});

test('what waits in a room that is closed fails, whoever closed it and however we hear of it', t => {
	const notice = {event: 'room', room: 'den', user: 'cat'} as const;
	const byNotice = new RuleBench().enterDen('bob');
	byNotice.rooms.handleNotice({...notice, change: 'closed'}, 0);
	t.is(byNotice.done.at(-1), 'fail room:den');
	t.like(byNotice.events.at(-1), {type: 'room', change: 'closed', user: 'cat'});

	const byCreator = new RuleBench().enterDen('cat');
	byCreator.rooms.handleClosedBy(byCreator.den!, 'cat', 0);
	t.is(byCreator.done.at(-1), 'fail room:den');

	const byOther = new RuleBench().enterDen('bob', 'cat');
	byOther.rooms.handleClosedBy(byOther.den!, 'bob', 0);
	t.false(byOther.done.includes('fail room:den'), 'only its creator may');

	const byUs = new RuleBench().enterDen('bob');
	byUs.rooms.close('den', 0, byUs.onDone);
	t.false(byUs.done.includes('fail room:den'), 'not before the server agrees');
	byUs.answer('close-room', {});
	t.is(byUs.done.at(-1), 'fail room:den');

	const whileAway = new RuleBench();
	whileAway.rooms.handleGone('den', 0);
	t.deepEqual(whileAway.done, ['fail room:den']);
	const whileIn = new RuleBench().enterDen('bob');
	whileIn.rooms.handleGone('den', 0);
	t.false(whileIn.done.includes('fail room:den'), 'the notice about the room itself decides');

	const anotherByThatName = new RuleBench().enterDen('bob');
	anotherByThatName.rooms.handleLoggedIn(0);
	anotherByThatName.answer('enter', {
		room: 'den', creator: 'dan', created: false, members: [], away: [],
	});
	t.is(anotherByThatName.done.at(-1), 'fail room:den');
	t.deepEqual(anotherByThatName.asked, ['enter den', 'enter den', 'leave den']);
});

test('who is away belongs to a room without being in it, until they enter, leave for good, or the server knows them no more', t => {
	const bench = new RuleBench().enterDen('bob', 'cat');
	bench.rooms.handleNotice({
		event: 'room', room: 'den', change: 'left', user: 'bob', away: true,
	}, 0);
	t.deepEqual(bench.den!.members.keys().toArray(), ['cat']);
	t.deepEqual(bench.den!.recipients, ['bob', 'cat']);
	bench.rooms.handleNotice({
		event: 'room', room: 'den', change: 'left', user: 'bob',
	}, 0);
	t.deepEqual(bench.den!.recipients, ['cat']);
	bench.rooms.handleNotice({
		event: 'room', room: 'den', change: 'gone', user: 'cat', away: true,
	}, 0);
	t.deepEqual(bench.den!.recipients, ['cat']);
	bench.rooms.handleLoggedIn(0);
	bench.answer('enter', {
		room: 'den', creator: 'cat', created: false, members: [], away: ['dan', 'ann'],
	});
	t.deepEqual(bench.den!.recipients, ['dan'], 'we are not written to by ourselves');
});
