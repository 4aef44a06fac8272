// The least that the renderer of `bench screen` can be asked for: one line of text that grows by a key.
// The build bundles it as it bundles the programs, Ink made quicker and React's production half included.
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
