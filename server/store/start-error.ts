// A reason why a server can't start that its operator can do something about.

/**
Its message says what happened and what to do; the program prints it and exits with code 2.
*/
export class StartError extends Error {
	override readonly name = 'StartError';
}

/**
What is on disk can't be trusted any more: a backup must take its place.
*/
export class DamageError extends StartError {}
