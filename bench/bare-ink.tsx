// The least that the renderer of `bench screen` can be asked for: one line of text that grows by a key.
// To be run with NODE_ENV=production, as the bundle is.
import process from 'node:process';
import {
	Box,
	render,
	Text,
	useInput,
} from 'ink';
import {useState, type JSX} from 'react';

function Line(): JSX.Element {
	const [text, setText] = useState('');
	useInput((input, key) => {
		setText(previous => key.ctrl ? '' : previous + input);
	});
	return <Box><Text>{`> ${text}`}</Text></Box>;
}

process.stdin.setRawMode(true);
render(<Line/>, {
	alternateScreen: true, incrementalRendering: true, maxFps: 1000, exitOnCtrlC: false, patchConsole: false, interactive: true,
});
