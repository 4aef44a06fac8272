// M4: accounts on disk. They survive the server; nobody is online who is not; no password can be read.
import {readFileSync} from 'node:fs';
import test from 'ava';
import {openWorld} from '../helpers/world.js';

test('accounts survive a restart, nobody is shown online, no password is readable in any file', async t => {
	const password = 'correct-horse-battery-4711';
	const world = openWorld(t);
	const first = await world.server();
	const ann = await world.client('ann');
	await ann.ok(`c ${first.address}`);
	await ann.ok(`register ann ${password}`);
	await ann.leave();
	t.is((await first.leave()).code, 0);

	const second = await world.server();
	t.deepEqual((await second.ok('lu')).users, [{name: 'ann', online: false}]);
	t.deepEqual((await second.ok('lcu')).users, []);
	const elsewhere = await world.client('elsewhere');
	await elsewhere.ok(`c ${second.address}`);
	await elsewhere.ok(`login ann ${password}`);
	t.deepEqual((await elsewhere.ok('lu')).users, [{name: 'ann', online: true}]);

	for (const home of ['server', 'ann', 'elsewhere']) {
		const files = world.files(home);
		t.true(files.length > 0);
		for (const file of files) {
			t.false(readFileSync(file).includes(password), `the password stands in ${file}`);
		}
	}
});
