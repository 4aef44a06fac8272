import test from 'ava';
import {layOut} from '../../source/screen/layout.js';

test('every size from the smallest is filled exactly', t => {
	for (let columns = 40; columns <= 220; columns++) {
		for (let rows = 10; rows <= 70; rows += 3) {
			for (const wanted of [1, 4, 50]) {
				const layout = layOut({columns, rows}, wanted);
				t.is(layout.left + layout.main + layout.right, columns);
				t.is(layout.body + layout.composer + 2, rows);
				t.true(layout.messages >= 3 && layout.main >= 38);
			}
		}
	}
});

test('what is shown depends on the width', t => {
	for (const [columns, rows, kind] of [[39, 24, 'tiny'], [80, 9, 'tiny'], [20, 5, 'tiny'], [50, 24, 'narrow'], [80, 24, 'normal'], [200, 60, 'wide']] as const) {
		t.is(layOut({columns, rows}, 1).kind, kind);
	}
});
