// The path of a link: a new address is used only after it has proved itself.
import test from 'ava';
import {Path} from '../../source/peer/path.js';
import {SeededRandom} from '../helpers/random.js';

const create = () => {
	const random = new SeededRandom(1);
	return new Path('old:1', size => random.bytes(size));
};

test('an address that answers its challenge is used', t => {
	const path = create();
	path.handlePacket({from: 'new:2', size: 100, isNewest: true}, 0);
	t.is(path.address, 'old:1');
	const {to, frame} = path.pollProbe(0)!;
	t.is(to, 'new:2');
	t.is(frame.type, 'pathChallenge');
	path.handleResponse(new Uint8Array(8));
	t.is(path.address, 'old:1');
	path.handleResponse(frame.token);
	t.is(path.address, 'new:2');
	t.is(path.pollTimeout(), undefined);
});

test('a silent address is asked four times, then forgotten', t => {
	const path = create();
	path.handlePacket({from: 'new:2', size: 100, isNewest: true}, 0);
	const times: number[] = [];
	for (let now = 0; now < 5000; now += 10) {
		path.handlePacket({from: 'new:2', size: 100, isNewest: true}, now);
		if (path.pollProbe(now)) {
			times.push(now);
		}
	}

	t.deepEqual(times, [0, 250, 500, 750]);
	t.is(path.pollTimeout(), undefined);
});

test('to an address that has not proved itself goes at most three times what came from it', t => {
	const path = create();
	path.handlePacket({from: 'new:2', size: 30, isNewest: true}, 0);
	let challenges = 0;
	for (let now = 0; now < 5000; now += 10) {
		challenges += path.pollProbe(now) ? 1 : 0;
	}

	t.is(challenges, 2);
	t.is(path.pollTimeout(), undefined);
	path.handlePacket({from: 'new:2', size: 30, isNewest: true}, 5000);
	t.is(path.pollProbe(5000)?.to, 'new:2');
});

test('late packets from the old address change nothing, newer ones end the question', t => {
	const path = create();
	path.handlePacket({from: 'new:2', size: 100, isNewest: false}, 0);
	t.is(path.pollProbe(0), undefined);
	path.handlePacket({from: 'new:2', size: 100, isNewest: true}, 0);
	const {token} = path.pollProbe(0)!.frame;
	path.handlePacket({from: 'old:1', size: 100, isNewest: false}, 1);
	t.not(path.pollTimeout(), undefined);
	path.handlePacket({from: 'old:1', size: 100, isNewest: true}, 2);
	t.is(path.pollTimeout(), undefined);
	path.handleResponse(token);
	t.is(path.address, 'old:1');
});

test('challenges are answered to where they came from, a few at once', t => {
	const path = create();
	for (let index = 0; index < 10; index++) {
		path.handleChallenge(new Uint8Array(8).fill(index), `asker:${index}`);
	}

	const answers = Array.from({length: 10}, () => path.pollProbe(0)).filter(answer => answer !== undefined);
	t.deepEqual(answers.map(({to, frame}) => [to, frame.type, frame.token[0]]), [0, 1, 2, 3].map(index => [`asker:${index}`, 'pathResponse', index]));
});
