// A reason why a server can't start that its operator can do something about.

/**
Its message says what happened and what to do; the program prints it and exits with code 2.
*/
export class StartError extends Error {
	override readonly name = 'StartError';
}
