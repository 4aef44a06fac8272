// The only components of the kit: a box of fixed size and finished lines in it, so that Ink lays out nothing but rows.
// They refuse to wrap, measure or colour: all of that happened before, in functions with tests.
import {Box, Text} from 'ink';
import {memo, type JSX} from 'react';
import {paint, type Style} from './style.js';

/**
One finished line, drawn again only when its text changes.
*/
export const Line = memo(({text}: {readonly text: string}): JSX.Element => <Text wrap='truncate'>{text === '' ? ' ' : text}</Text>);

/**
A vertical rule between panes.
*/
export const Rule = memo(({height, style}: {readonly height: number; readonly style: Style}): JSX.Element => (
	<Box flexShrink={0} width={1} height={height}>
		<Text>{Array.from({length: height}, () => paint('│', style)).join('\n')}</Text>
	</Box>
));

type LinesProperties = {
	readonly lines: readonly string[];
	readonly width: number;
	readonly height: number;
	/**
	Where an overlay stands on the screen; a pane stands where its parent puts it.
	*/
	readonly at?: {readonly row: number; readonly column: number};
};

/**
Finished lines in a box of exactly that size; what is more than `height` is not drawn. They are one text: laying out a text for each
row took as long as drawing them all.
*/
export const Lines = memo(({lines, width, height, at}: LinesProperties): JSX.Element => {
	const place = at ? {position: 'absolute' as const, marginLeft: at.column, marginTop: at.row} : {};
	const text = lines.slice(0, height).join('\n');
	return (
		<Box flexShrink={0} width={width} height={height} {...place}>
			<Text wrap='truncate'>{text}</Text>
		</Box>
	);
});
