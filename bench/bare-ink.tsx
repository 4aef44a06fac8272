// The least that the renderer of `bench screen` can be asked for: one line of text that grows by a key.
import process from 'node:process';

process.env.NODE_ENV = 'production';
const {useState} = await import('react');
const {
	Box, render, Text, useInput,
} = await import('ink');

function Line() {
	const [text, setText] = useState('');
	useInput((input, key) => {
		setText(previous => key.ctrl ? '' : previous + input);
	});
	return <Box><Text>{`> ${text}`}</Text></Box>;
}

render(<Line/>, {
	alternateScreen: true, incrementalRendering: true, maxFps: 1000, exitOnCtrlC: false, patchConsole: false, interactive: true,
});
