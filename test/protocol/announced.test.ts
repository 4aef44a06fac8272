import test from 'ava';
import {parseAnnounced} from '../../source/protocol/addresses.js';

for (const [text, addresses] of [
	['none', []],
	['192.0.2.7', ['192.0.2.7:5000']],
	['192.0.2.7:7700, [2001:db8::7]:7701,2001:db8::8', ['192.0.2.7:7700', '[2001:db8::7]:7701', '[2001:db8::8]:5000']],
	['', undefined],
	['home.example', undefined],
	['192.0.2.7:0', undefined],
	['192.0.2.7,', undefined],
	[Array.from({length: 9}, () => '192.0.2.7').join(','), undefined],
] as const) {
	test(`EARSHOT_ANNOUNCE=${text.slice(0, 60)}`, t => {
		t.deepEqual(parseAnnounced(text, 5000), addresses && [...addresses]);
	});
}
