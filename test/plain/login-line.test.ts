import test from 'ava';
import {lacksPassword, withName} from '../../source/plain/login-line.js';

// The line, the name of the flag, the line with the name, and the beginning when only the password is missing.
const cases: ReadonlyArray<readonly [string, string | undefined, string, string | undefined]> = [
	['login ann pw', undefined, 'login ann pw', undefined],
	['login ann', undefined, 'login ann', 'login ann '],
	['login', undefined, 'login', undefined],
	['login pw', 'ann', 'login ann pw', undefined],
	[' register  pw ', 'ann', 'register ann pw', undefined],
	['login', 'ann', 'login', 'login ann '],
	['register bob pw', 'ann', 'register bob pw', undefined],
	['login $1', 'ann', 'login ann $1', undefined],
	['logins', 'ann', 'logins', undefined],
	['lu', 'ann', 'lu', undefined],
];

for (const [line, user, whole, start] of cases) {
	test(`"${line}" ${user === undefined ? 'of nobody' : `of ${user}`}`, t => {
		t.is(withName(line, user), whole);
		t.is(lacksPassword(line, user)?.start, start);
	});
}
