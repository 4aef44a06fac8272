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
The seconds that a request on the screen still waits for its answer; not a number where there is none.
*/
export function secondsLeft(screen: string): number {
	return Number(/\b(?<seconds>\d+) s left/v.exec(screen)?.groups?.seconds);
}

/**
Waits until the countdown of a request has gone on for more than a second, so that its dialog takes keys, or until there is none any more.
*/
export async function countsDown(terminal: TerminalProgram): Promise<void> {
	const first = secondsLeft(await terminal.shows(/\d s left/v));
	await terminal.shows(screen => !(secondsLeft(screen) > first - 2));
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
