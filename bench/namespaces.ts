// Two network namespaces with an emulated link between them, for programs that must believe in a real network: kernel TCP above all.
// Knows `ip` and the router between the two; refuses to know what runs in them. Linux only, as root.
// The kernel's own delay queue (sch_netem) is missing from many kernels, so delay, rate and loss are the router's (tun-router.ts).
import {
	execFileSync,
	fork,
	spawn,
	type ChildProcess,
} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync} from 'node:fs';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import type {LinkConditions} from '../test/helpers/link-emulator.js';

const sides = ['a', 'b'] as const;
export type Side = typeof sides[number];

const hosts: Readonly<Record<Side, string>> = {a: '10.77.0.1', b: '10.77.0.2'};
const network = '10.77.0.0/24';
const router = fileURLToPath(new URL('tun-router.js', import.meta.url));

/**
Why this machine can't have such a network; undefined when it can.
*/
export function namespacesProblem(): string | undefined {
	if (process.platform !== 'linux' || process.getuid?.() !== 0) {
		return 'network namespaces take Linux and root';
	}

	if (!existsSync('/dev/net/tun')) {
		return 'there is no /dev/net/tun';
	}

	try {
		run('ip', 'netns', 'add', nameOf('a'));
		run('ip', 'netns', 'del', nameOf('a'));
	} catch {
		return '`ip netns add` does not work here';
	}

	return undefined;
}

/**
The congestion controls that the kernel offers to TCP.
*/
export function kernelControls(): readonly string[] {
	return readFileSync('/proc/sys/net/ipv4/tcp_available_congestion_control', 'latin1').trim().split(' ');
}

export class Namespaces {
	readonly #router: ChildProcess;
	readonly #children: ChildProcess[] = [];

	private constructor(running: ChildProcess) {
		this.#router = running;
	}

	/**
	Lasts for `seconds` at most.
	*/
	static async open(conditions: Partial<LinkConditions>, seconds: number): Promise<Namespaces> {
		const running = fork(router, [JSON.stringify(conditions), String(seconds), ...sides.map(side => nameOf(side))], {execArgv: ['--experimental-ffi', '--no-warnings']});
		const namespaces = new Namespaces(running);
		try {
			await Promise.race([once(running, 'message'), once(running, 'exit').then(() => {
				throw new Error('the router between the namespaces did not start');
			})]);
			for (const side of sides) {
				const name = nameOf(side);
				run('ip', 'netns', 'add', name);
				run('ip', 'link', 'set', name, 'netns', name);
				run('ip', '-n', name, 'addr', 'add', `${hosts[side]}/24`, 'dev', name);
				run('ip', '-n', name, 'link', 'set', 'lo', 'up');
				run('ip', '-n', name, 'link', 'set', name, 'mtu', '1500', 'txqueuelen', '10000', 'up');
			}

			return namespaces;
		} catch (error) {
			await namespaces.close();
			throw error;
		}
	}

	addressOf(side: Side): string {
		return hosts[side];
	}

	/**
	What TCP connections that begin there from now on are controlled by.
	*/
	setControl(side: Side, control: string): void {
		// By the route, because a namespace of its own may not choose what the machine does not allow to everybody.
		run('ip', '-n', nameOf(side), 'route', 'replace', network, 'dev', nameOf(side), 'src', hosts[side], 'congctl', control);
	}

	/**
	Runs a module there, with a channel for messages.
	*/
	fork(side: Side, module: string, values: readonly string[]): ChildProcess {
		const child = spawn('ip', ['netns', 'exec', nameOf(side), process.execPath, module, ...values], {stdio: ['ignore', 'inherit', 'inherit', 'ipc']});
		this.#children.push(child);
		return child;
	}

	/**
	Ends everything that runs there, and both.
	*/
	async close(): Promise<void> {
		for (const child of [...this.#children, this.#router]) {
			child.kill('SIGKILL');
			if (child.exitCode === null && child.signalCode === null) {
				await once(child, 'exit');
			}
		}

		for (const side of sides) {
			try {
				run('ip', 'netns', 'del', nameOf(side));
			} catch {
				// It was never made.
			}
		}
	}
}

function nameOf(side: Side): string {
	return `es${process.pid}${side}`;
}

function run(program: string, ...values: readonly string[]): void {
	execFileSync(program, values, {stdio: ['ignore', 'ignore', 'pipe']});
}
