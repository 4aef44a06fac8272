// The built programs as child processes: started, fed lines, watched, signalled, and surely ended.
// Knows processes and lines of text; refuses to know what a line means (json-client.ts does).
import {Buffer} from 'node:buffer';
import {spawn, type ChildProcess} from 'node:child_process';
import {readdirSync, readFileSync} from 'node:fs';
import process from 'node:process';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {
	countDown,
	Expectations,
	patienceMs,
	type Patience,
} from './expectations.js';

/**
The built program of that name.
*/
export function programPath(name: 'earshot' | 'earshotd'): string {
	return fileURLToPath(new URL(`../../bin/${name}.js`, import.meta.url));
}

/**
An environment in which nothing of the developer's machine shows: own home, no search of the local network, no `CI` (Ink would draw nothing).
*/
export function cleanEnvironment(home: string, extra: Readonly<Record<string, string>> = {}): Record<string, string> {
	const kept = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined && !/^(?:AVA_.*|CI|COLORTERM|CONTINUOUS_INTEGRATION|EARSHOT_.*|FORCE_COLOR|GITHUB_ACTIONS|NODE_ENV|NO_COLOR|TERM|XDG_.*)$/v.test(entry[0]));
	return {
		...Object.fromEntries(kept), HOME: home, TZ: 'UTC', LANG: 'C.UTF-8', EARSHOT_DISCOVERY: 'off', EARSHOT_HOME: home, ...extra,
	};
}

/**
How a program ended.
*/
export type Exit = {readonly code: number | null; readonly signal: NodeJS.Signals | null};

/**
How to start a program. `home` is its working folder and its data folder; `environment` is added to the clean one.
*/
export type Launch = {
	readonly home: string;
	readonly arguments: readonly string[];
	readonly environment?: Readonly<Record<string, string>>;
};

// Kept here as well as in each test's teardown: a test process that dies must not leave programs behind.
const running = new Set<number>();
process.on('exit', () => {
	for (const pid of running) {
		killGroup(pid);
	}
});

/**
Ends a whole process group at once; nothing happens when it is gone already.
*/
export function killGroup(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
	try {
		process.kill(-pid, signal);
	} catch {
		// Gone.
	}
}

/**
Remembers a child that leads a process group, so that it dies with this process.

@returns Forgets it again.
*/
export function watchGroup(pid: number): () => void {
	running.add(pid);
	return () => {
		running.delete(pid);
	};
}

/**
The processes whose environment holds `marker`: whoever was started in a test and its children, wherever they hid. Linux only; empty elsewhere.
*/
export function processesWith(marker: string): number[] {
	if (process.platform !== 'linux') {
		return [];
	}

	return readdirSync('/proc').filter(entry => /^\d+$/v.test(entry)).map(Number).filter(pid => {
		try {
			return pid !== process.pid && readFileSync(`/proc/${pid}/environ`).includes(marker) && !/^\d+ \(.*\) Z/v.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
		} catch {
			// It ended meanwhile, or is another user's.
			return false;
		}
	});
}

/**
A program with pipes for its standard streams, one line of text at a time.
*/
export class Program {
	readonly name: string;
	/**
	Every line of standard output so far.
	*/
	readonly lines: string[] = [];
	/**
	Settles when the process and its streams have ended.
	*/
	readonly exited: Promise<Exit>;
	readonly expectations: Expectations;
	/**
	Everything it wrote to standard error so far.
	*/
	errors = '';
	/**
	Lines sent to standard input so far.
	*/
	typed = 0;
	readonly #child: ChildProcess;
	readonly #transcript: string[] = [];
	readonly #startedAt = performance.now();
	#read = 0;

	constructor(name: string, path: string, launch: Launch) {
		this.name = name;
		this.expectations = new Expectations(() => this.transcript);
		const child = spawn(process.execPath, [path, ...launch.arguments], {
			cwd: launch.home,
			env: cleanEnvironment(launch.home, launch.environment),
			// A group of its own: teardown reaches the children it may have started.
			detached: true,
		});
		this.#child = child;
		this.#note('$', [path, ...launch.arguments].join(' '));
		const unwatch = watchGroup(this.pid);
		child.stdin.on('error', () => {
			// It closed its input; what it said on the way out is what the test looks at.
		});
		const output = createInterface({input: child.stdout});
		output.on('line', line => {
			this.lines.push(line);
			this.#note('<', line);
			this.expectations.notify();
		});
		child.stderr.setEncoding('utf8').on('data', (text: string) => {
			this.errors += text;
			this.#note('!', text.trimEnd());
			this.expectations.notify();
		});
		this.exited = new Promise(resolve => {
			child.on('close', (code, signal) => {
				unwatch();
				this.#note('$', `ended with ${signal ?? `code ${code}`}`);
				// The last lines are in the reader's queue.
				setImmediate(() => {
					this.expectations.abandon(`${name} ended with ${signal ?? `code ${code}`}`);
					resolve({code, signal});
				});
			});
		});
	}

	get pid(): number {
		return this.#child.pid!;
	}

	/**
	What was typed (>), printed (<), complained (!) and done to it ($), with seconds since its start.
	*/
	get transcript(): string {
		return `Transcript of ${this.name}:\n${this.#transcript.join('\n')}\n`;
	}

	/**
	Sends a line to standard input.

	@returns Its number, counted from 1.
	*/
	type(line: string): number {
		this.#note('>', line);
		this.#child.stdin!.write(`${line}\n`);
		this.typed += line.split('\n').length;
		return this.typed;
	}

	/**
	Sends raw bytes to standard input.
	*/
	write(bytes: string | Uint8Array): void {
		this.#note('>', `${bytes.length} bytes`);
		this.#child.stdin!.write(bytes);
	}

	/**
	Ends standard input.
	*/
	end(): void {
		this.#note('>', 'end of input');
		this.#child.stdin!.end();
	}

	/**
	The next line of standard output, after the one found last, that matches.
	*/
	async line(pattern: RegExp | string, patience?: Patience): Promise<string> {
		return this.expectations.until(`${this.name} to print ${String(pattern)}`, () => {
			for (let index = this.#read; index < this.lines.length; index++) {
				const line = this.lines[index]!;
				if (typeof pattern === 'string' ? line.includes(pattern) : pattern.test(line)) {
					this.#read = index + 1;
					return line;
				}
			}

			return undefined;
		}, patience);
	}

	/**
	Sends a signal to the process alone, as a person's `kill` would.
	*/
	signal(signal: NodeJS.Signals): void {
		this.#note('$', signal);
		this.#child.kill(signal);
	}

	/**
	Its end, which must come in time.
	*/
	async exit({within = patienceMs}: Patience = {}): Promise<Exit> {
		let stop: (() => void) | undefined;
		const late = new Promise<never>((_resolve, reject) => {
			stop = countDown(within, () => {
				reject(new Error(`Expected ${this.name} to end within ${within} ms.\n${this.transcript}`));
			});
		});
		try {
			return await Promise.race([this.exited, late]);
		} finally {
			stop?.();
		}
	}

	/**
	Ends it and all it started, at once.
	*/
	async destroy(): Promise<void> {
		killGroup(this.pid);
		await this.exited;
	}

	#note(mark: string, text: string): void {
		const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(3).padStart(7);
		const shown = text.length > 400 ? `${text.slice(0, 400)}… (${Buffer.byteLength(text)} bytes)` : text;
		this.#transcript.push(`${seconds} ${mark} ${shown}`);
	}
}
