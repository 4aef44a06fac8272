// Drives a messenger from lines of text: each is a command, the next begins when the one before was answered. Only what is said
// line after line does not wait: so a program's output goes to disk and to the others by the handful.
// Knows the order of things from the first line to the last; refuses to know how a face words them.
import {Buffer} from 'node:buffer';
import {setTimeout as delay} from 'node:timers/promises';
import {parseCommandLine} from '../messenger/commands.js';
import type {MessengerPort} from '../messenger/port.js';
import type {MessengerView} from '../messenger/view.js';
import {inputProblems, readLines, type InputLine} from '../kit/line-reader.js';
import {maximumTextBytes} from '../protocol/limits.js';
import type {LineFace, Ready} from './face.js';
import {lacksPassword, withName} from './login-line.js';

/**
After the end of input, what is on its way has this long.
*/
const lingerMs = 5000;

/**
So many lines may be said of which none is answered yet.
*/
const maximumUnanswered = 16;

/**
How a messenger is driven.
*/
export type Drive = {
	readonly port: MessengerPort;
	readonly face: LineFace;
	readonly facts: Ready;
	/**
	Who `login PASSWORD` and `register PASSWORD` mean when they name nobody.
	*/
	readonly user: string | undefined;
	/**
	Standard input.
	*/
	readonly input: AsyncIterable<Uint8Array>;
	/**
	Hides the next line while it is typed, where the input can: a password is then asked for.
	*/
	readonly hideNextLine: (() => void) | undefined;
	/**
	Called once the face is up; the first line waits for it (to be connected at the start).
	*/
	readonly begin: () => Promise<void>;
	/**
	Called between two lines: brings what must come before the next (`--room` after a login).
	*/
	readonly between: () => Promise<void>;
};

/**
Runs until the messenger has left: by a command, by a signal, or because the input ended.
*/
export async function drive({
	port, face, facts, user, input, hideNextLine, begin, between,
}: Drive): Promise<void> {
	face.ready(facts);
	port.onEvent(event => {
		face.event(event);
	});
	let isOver = false;
	await Promise.race([runLines(), port.finished.then(() => {
		isOver = true;
	})]);
	await port.leave();

	async function runLines(): Promise<void> {
		await begin();
		const lines = readLines(input);
		const saying = new Set<Promise<void>>();
		// One line is read ahead, so that the end of input is known while the last command still runs.
		for (let next = lines.next(); ;) {
			await between();
			const {done, value} = await next;
			if (done) {
				break;
			}

			next = lines.next();
			if (isSaying(value, port.view)) {
				const answered = perform(value).finally(() => {
					saying.delete(answered);
				});
				saying.add(answered);
				if (saying.size >= maximumUnanswered) {
					await answered;
				}

				continue;
			}

			await Promise.all(saying);
			const login = hideNextLine && lacksPassword(value.text ?? '', user);
			if (login && !login.command.refusal(port.view)) {
				const password = await ask(login.name, next);
				next = lines.next();
				await perform({number: value.number, text: `${login.start}${password}`});
			} else {
				await Promise.race([perform(value), lingerAfter(next)]);
			}
		}

		const answered = Promise.all(saying).then(async () => settled(port));
		await Promise.race([answered, delay(lingerMs, undefined, {ref: false})]);
	}

	async function ask(name: string, next: Promise<IteratorResult<InputLine, void>>): Promise<string> {
		face.event({type: 'notice', level: 'info', text: `Password for ${name}:`});
		hideNextLine!();
		const {done, value} = await next;
		return done ? '' : value.text ?? '';
	}

	async function perform(line: InputLine): Promise<void> {
		if (line.problem !== undefined) {
			face.reply({command: '', ok: false, error: {code: line.problem, message: inputProblems[line.problem]}}, line.number);
		} else if (line.text.trim() !== '') {
			// Exactly one step from the reply to the face, so that no later event overtakes it.
			await port.execute(withName(line.text, user)).then(reply => {
				if (!isOver) {
					face.reply(reply, line.number);
				}
			});
		}
	}
}

/**
Whether a line is one to be said that can't be refused for its own sake: its reply will come in its turn.
*/
function isSaying({text = ''}: InputLine, view: MessengerView): boolean {
	const parsed = parseCommandLine(text);
	return 'command' in parsed && parsed.command.name === 's' && !parsed.command.refusal(view) && Buffer.byteLength(text) <= maximumTextBytes;
}

/**
Resolves a while after `next` turned out to be the end of input, otherwise never.
*/
async function lingerAfter(next: Promise<IteratorResult<InputLine, void>>): Promise<void> {
	const {done} = await next;
	if (!done) {
		// Another line waits: the command has all the time it needs.
		await Promise.withResolvers().promise;
	}

	await delay(lingerMs, undefined, {ref: false});
}

/**
Resolves when no line of ours is on its way to somebody who is there, or who may yet say that they are.
*/
async function settled(port: MessengerPort): Promise<void> {
	if (!isBusy(port.view)) {
		return;
	}

	await new Promise<void>(resolve => {
		const stop = port.subscribe(() => {
			if (isBusy(port.view)) {
				return;
			}

			stop();
			resolve();
		});
	});
}

function isBusy(view: MessengerView): boolean {
	return view.conversations.some(({state, messages}) => (state === 'open' || state === 'asking') && messages.some(row => row.kind === 'line' && row.isOwn && (row.delivery === 'queued' || row.delivery === 'sent')));
}
