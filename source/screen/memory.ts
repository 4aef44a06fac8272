// Keeps the garbage collector's nursery small once it is big enough for a frame: it would grow to 64 MiB for what a frame throws away.
// Measured in docs/benchmarks.md, also what a smaller one does. Knows V8; refuses to know what the memory is used for.
import process from 'node:process';
import {getHeapSpaceStatistics, setFlagsFromString} from 'node:v8';

/**
Room for new objects; V8 keeps twice that, to have where to copy those that live on. What a frame makes and drops dies in it: in 1 MiB it
does not, is taken for old, and the old space fills up with 50 MiB of garbage.
*/
const nurseryBytes = 3 * 1024 * 1024;

/**
A V8 that did not know the flag would write so onto the screen.
*/
const newestKnownNode = 26;

/**
A function to be called after each frame: stops the nursery's growth when it has reached its size, and does nothing afterwards.
*/
export function createNurseryGuard(): () => void {
	let isGuarded = Math.trunc(Number(process.versions.node.split('.', 1)[0])) > newestKnownNode;
	return () => {
		if (isGuarded) {
			return;
		}

		const nursery = getHeapSpaceStatistics().find(space => space.space_name === 'new_space');
		isGuarded = nursery === undefined || nursery.space_used_size + nursery.space_available_size >= nurseryBytes;
		if (isGuarded) {
			// V8 reads it whenever the nursery might grow.
			setFlagsFromString('--semi-space-growth-factor=1');
		}
	};
}
