// Names for rooms that nobody named: those of the first members, joined.
// Knows what a name may be; asks whether one is taken.
import {maximumNameLength} from '../../source/protocol/limits.js';
import {nameProblem} from '../../source/protocol/names.js';

/**
Room for a number behind a name that is taken.
*/
const numberLength = 5;

/**
A room name made of people's names, shortened where they are long, plain where they don't go together, numbered where it is taken.
*/
export function groupName(people: readonly string[], isTaken: (name: string) => boolean): string {
	const share = Math.floor((maximumNameLength - numberLength + 1) / people.length) - 1;
	const joined = people.join('-');
	const shortened = people.map(name => [...name].slice(0, share).join('')).join('-');
	const isName = (name: string) => nameProblem(name) === undefined;
	const first = [joined, shortened].find(name => isName(name)) ?? 'group';
	if (!isTaken(first)) {
		return first;
	}

	const base = isName(shortened) ? shortened : 'group';
	let number = 2;
	while (isTaken(`${base}-${number}`)) {
		number += 1;
	}

	return `${base}-${number}`;
}
