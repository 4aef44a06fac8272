// An operator at the streams of a process: commands in, a face's lines out, until the server ends.
// Knows standard input and signals; refuses to know what a command means.
import process from 'node:process';
import {createInterface} from 'node:readline';
import type {Face, Operated} from './face.js';

const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
Serves the operator until the server has ended by command, by signal, by the end of piped commands, or by a failure, which it throws.

The end of an input that never brought a command ends nothing: that is how a detached server looks (`earshotd < /dev/null &`).
*/
export async function operate(server: Operated, face: Face, print: (text: string) => void): Promise<void> {
	const leave = () => {
		void server.close();
	};

	for (const signal of endSignals) {
		process.on(signal, leave);
	}

	let line = 0;
	let hasCommands = false;
	const input = createInterface({input: process.stdin, crlfDelay: Infinity});
	input.on('line', text => {
		line += 1;
		if (text.trim() === '') {
			return;
		}

		hasCommands = true;
		print(face.reply(line, server.command(text)));
	});
	input.on('close', () => {
		if (hasCommands) {
			leave();
		}
	});

	try {
		await server.closed;
	} finally {
		input.close();
		process.stdin.destroy();
		for (const signal of endSignals) {
			process.removeListener(signal, leave);
		}
	}
}
