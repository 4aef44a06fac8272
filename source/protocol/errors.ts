// The errors that people and scripts see: stable kebab-case codes, each with one sentence that says what to do.
// Knows every code of the control protocol and of the client's commands; refuses to know where they arise.

/**
An error as it travels and as the json face prints it.
*/
export type ErrorReport = {
	/**
	Stable kebab-case code.
	*/
	readonly code: string;
	/**
	What happened, what was expected, what to do next.
	*/
	readonly message: string;
};

/**
A failure that is the user's or the other side's to see; our own bugs are thrown as plain errors.
*/
export class ProtocolError extends Error {
	override readonly name = 'ProtocolError';
	readonly code: string;

	constructor(code: string, message: string) {
		super(message);
		this.code = code;
	}

	get report(): ErrorReport {
		return {code: this.code, message: this.message};
	}
}
