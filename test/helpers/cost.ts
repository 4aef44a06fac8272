// What a piece of work costs the processor, whoever else uses the machine.
// Knows this thread's own time; refuses to know the clock on the wall, which goes on while others are served.
import process from 'node:process';

/**
Milliseconds of this thread's processor time that `work` takes: the least of three runs, because caches and a first compilation are not its own cost.
*/
export function processorMs(work: () => void): number {
	return Math.min(...Array.from({length: 3}, () => {
		const before = process.threadCpuUsage();
		work();
		const {user, system} = process.threadCpuUsage(before);
		return (user + system) / 1000;
	}));
}
