// A program's json face as a test drives it: a command and its reply, an event and a deadline.
// Knows that replies carry the line they answer; refuses to know any command.
import {isDeepStrictEqual} from 'node:util';
import {type Patience} from './expectations.js';
import {Program, type Exit, type Launch} from './programs.js';

/**
One JSON line of a program.
*/
export type Said = {readonly type: string; readonly [field: string]: unknown};

/**
The reply to a command. `error` comes with `ok: false`.
*/
export type Reply = Said & {readonly ok: boolean; readonly line: number; readonly command: string; readonly error?: {readonly code: string; readonly message: string}};

/**
What a JSON line should look like: the given fields and no word about others; a RegExp stands for the strings it matches.
*/
export type Pattern = Readonly<Record<string, unknown>>;

/**
Whether `actual` has what `pattern` asks for.
*/
export function isLike(actual: unknown, pattern: unknown): boolean {
	if (pattern instanceof RegExp) {
		return typeof actual === 'string' && pattern.test(actual);
	}

	if (typeof pattern !== 'object' || pattern === null || Array.isArray(pattern)) {
		return isDeepStrictEqual(actual, pattern);
	}

	return typeof actual === 'object' && actual !== null
		&& Object.entries(pattern).every(([key, expected]) => isLike((actual as Record<string, unknown>)[key], expected));
}

/**
A program started with `--json`.
*/
export class JsonClient {
	readonly program: Program;
	/**
	Every line so far, in order.
	*/
	readonly said: Said[] = [];
	readonly #taken = new Set<Said>();
	readonly #replies = new Map<number, Reply>();
	#parsed = 0;

	constructor(name: string, path: string, launch: Launch) {
		this.program = new Program(name, path, {...launch, arguments: ['--json', ...launch.arguments]});
	}

	get name(): string {
		return this.program.name;
	}

	/**
	The first line, which says that the program is up.
	*/
	async ready(patience?: Patience): Promise<Said> {
		return this.event({type: 'ready'}, patience);
	}

	/**
	Types a command and waits for its reply.
	*/
	async command(text: string, patience?: Patience): Promise<Reply> {
		const line = this.program.type(text);
		return this.reply(line, text, patience);
	}

	/**
	The reply to stdin line `line`.
	*/
	async reply(line: number, what = `line ${line}`, patience?: Patience): Promise<Reply> {
		return this.program.expectations.until(`a reply to ${what.slice(0, 80)}`, () => {
			this.#parse();
			return this.#replies.get(line);
		}, patience);
	}

	/**
	Types a command that must succeed.
	*/
	async ok(text: string, patience?: Patience): Promise<Reply> {
		const reply = await this.command(text, patience);
		if (!reply.ok) {
			throw new Error(`${this.name}: ${text} was refused.\n${this.program.transcript}`);
		}

		return reply;
	}

	/**
	Types a command that must be refused.

	@returns The error's code.
	*/
	async refused(text: string, patience?: Patience): Promise<string> {
		const reply = await this.command(text, patience);
		if (reply.ok || typeof reply.error?.code !== 'string' || typeof reply.error.message !== 'string' || reply.error.message === '') {
			throw new Error(`${this.name}: ${text} was not refused with a code and a message.\n${this.program.transcript}`);
		}

		return reply.error.code;
	}

	/**
	The first event like `pattern` that no earlier call took, already here or still to come.
	*/
	async event(pattern: Pattern, patience?: Patience): Promise<Said> {
		const what = JSON.stringify(pattern, (_key, value: unknown) => value instanceof RegExp ? String(value) : value);
		return this.program.expectations.until(`${this.name} to say ${what}`, () => {
			this.#parse();
			const found = this.said.find(said => !this.#taken.has(said) && isLike(said, pattern));
			if (found) {
				this.#taken.add(found);
			}

			return found;
		}, patience);
	}

	/**
	As many events like `pattern` as asked for, in order, none taken from `event`.
	*/
	async events(pattern: Pattern, count: number, patience?: Patience): Promise<Said[]> {
		return this.program.expectations.until(`${this.name} to say ${JSON.stringify(pattern)} ${count} times`, () => {
			const found = this.seen(pattern);
			return found.length >= count ? found : undefined;
		}, patience);
	}

	/**
	What came so far that is like `pattern`.
	*/
	seen(pattern: Pattern): Said[] {
		this.#parse();
		return this.said.filter(said => isLike(said, pattern));
	}

	/**
	From here on `event` takes only what comes later.
	*/
	forget(): void {
		this.#parse();
		for (const said of this.said) {
			this.#taken.add(said);
		}
	}

	/**
	Leaves with `x`, which must end the program with code 0.
	*/
	async leave(): Promise<Exit> {
		this.program.type('x');
		const exit = await this.program.exit();
		if (exit.code !== 0) {
			throw new Error(`${this.name} left with ${JSON.stringify(exit)}.\n${this.program.transcript}`);
		}

		return exit;
	}

	#parse(): void {
		const {lines} = this.program;
		for (; this.#parsed < lines.length; this.#parsed++) {
			const text = lines[this.#parsed]!;
			let said: Said;
			try {
				said = JSON.parse(text) as Said;
			} catch {
				throw new Error(`${this.name} printed a line that is not JSON: ${text}\n${this.program.transcript}`);
			}

			if (typeof said.type !== 'string') {
				throw new TypeError(`${this.name} printed an object without a type: ${text}\n${this.program.transcript}`);
			}

			this.said.push(said);
			if (said.type === 'reply') {
				this.#file(said as Reply);
			}
		}
	}

	#file(reply: Reply): void {
		if (this.#replies.has(reply.line)) {
			throw new Error(`${this.name} answered line ${reply.line} twice.\n${this.program.transcript}`);
		}

		this.#replies.set(reply.line, reply);
	}
}
