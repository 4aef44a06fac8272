import test from 'ava';
import {
	chooseTheme,
	colorTheme,
	plainTheme,
	styleOfName,
} from '../../source/kit/theme.js';

test('NO_COLOR and a dumb terminal are respected', t => {
	t.is(chooseTheme({TERM: 'xterm-256color'}), colorTheme);
	t.is(chooseTheme({NO_COLOR: ''}), colorTheme);
	t.is(chooseTheme({NO_COLOR: '1'}), plainTheme);
	t.is(chooseTheme({TERM: 'dumb'}), plainTheme);
});

test('the theme without colours has none', t => {
	const styles = Object.values(plainTheme).flat().filter(style => typeof style === 'object');
	t.true(styles.every(style => !('color' in style)));
});

test('a name keeps its colour, and names share the colours out', t => {
	t.is(styleOfName(colorTheme, 'ann'), styleOfName(colorTheme, 'ann'));
	const used = new Set(Array.from({length: 200}, (_, index) => styleOfName(colorTheme, `user${index}`)));
	t.is(used.size, colorTheme.names.length);
});

test('short names of a few friends do not all look alike', t => {
	const friends = ['ann', 'bob', 'cat', 'dan', 'eve', 'zoë', 'max', 'ida', 'leo', 'mia'];
	t.true(new Set(friends.map(name => styleOfName(colorTheme, name))).size >= 6);
});
