// A machine that gives this process no time.

/**
Stops the whole thread for `ms`, as a neighbour does who takes the processor: what comes from outside waits, timers become due.
*/
export function standStill(ms: number): void {
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
