// Getting somewhere on the client's screen, as a person does.
// Knows what stands on the screen at the start; refuses to know what a test looks for.
import {keys, type TerminalOptions, type TerminalProgram} from './terminal.js';
import type {Options, World} from './world.js';

/**
Starts a client in a terminal, connected to the server, with the welcome form open.
*/
export async function openScreen(world: World, name: string, server: {readonly address: string}, options: Options & TerminalOptions = {}): Promise<TerminalProgram> {
	const terminal = world.terminal('earshot', name, {...options, arguments: ['--server', server.address, ...(options.arguments ?? [])]});
	await terminal.shows('Who are you?');
	return terminal;
}

/**
The same, and makes an account with the form.
*/
export async function registerOnScreen(world: World, name: string, server: {readonly address: string}, options: Options & TerminalOptions = {}): Promise<TerminalProgram> {
	const terminal = await openScreen(world, name, server, options);
	terminal.enter(name);
	terminal.enter(`${name}-secret`);
	await terminal.shows(`Hello, ${name}.`);
	return terminal;
}

/**
Types letters one after another, each as a key of its own.
*/
export function typeSlowly(terminal: TerminalProgram, text: string): void {
	for (const letter of text) {
		terminal.type(letter);
	}
}

/**
What stands in the line one types in.
*/
export function composerText(terminal: TerminalProgram): string | undefined {
	return /^ › (?<text>.*)$/mv.exec(terminal.rows().slice(-6).join('\n'))?.groups?.text;
}

/**
Opens the palette and runs what is typed into it.
*/
export async function runInPalette(terminal: TerminalProgram, text: string): Promise<void> {
	terminal.type(keys.control('p'));
	await terminal.shows('What would you like to do?');
	terminal.type(text);
	await terminal.shows(` › ${text}`);
	terminal.type(keys.enter);
}
