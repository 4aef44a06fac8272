// An operator at the streams of a process: commands in, a face's lines out, until the server ends.
// Knows standard input and signals; refuses to know what a command means.
import process from 'node:process';
import {inputProblems, readLines} from '../../source/kit/line-reader.js';
import type {Face, Operated} from './face.js';

const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
Resolves when a signal asks the program to end. From the call on no such signal kills it: one that comes while the server still starts is obeyed once it
has, so that it ends in order.
*/
export async function endSignal(): Promise<void> {
	const {promise, resolve} = Promise.withResolvers<void>();
	for (const signal of endSignals) {
		process.on(signal, () => {
			resolve();
		});
	}

	await promise;
}

/**
Serves the operator until the server has ended by command, by `signal`, by the end of piped commands, or by a failure, which it throws.

The end of an input that never brought a command ends nothing: that is how a detached server looks (`earshotd < /dev/null &`).
*/
export async function operate(server: Operated, face: Face, {print, signal}: {readonly print: (text: string) => void; readonly signal: Promise<void>}): Promise<void> {
	void signal.then(async () => server.close());
	void serveInput(server, face, print);
	try {
		await server.closed;
	} finally {
		process.stdin.destroy();
	}
}

async function serveInput(server: Operated, face: Face, print: (text: string) => void): Promise<void> {
	let hasCommands = false;
	for await (const {number, text, problem} of readLines(process.stdin)) {
		if (problem !== undefined) {
			print(face.reply(number, {command: '', ok: false, error: {code: problem, message: inputProblems[problem]}}));
		} else if (text.trim() !== '') {
			hasCommands = true;
			print(face.reply(number, await server.command(text)));
		}
	}

	if (hasCommands) {
		await server.close();
	}
}
