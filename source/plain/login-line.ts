// What somebody leaves out of `login` and `register`: the name that a flag gave, the password that should not be seen.
// Knows these two commands' shape; refuses to know how they are performed.
import {findCommand, type Command} from '../messenger/commands.js';

const pattern = /^\s*(?<command>login|register)(?:\s+(?<word>\S+))?\s*$/v;

/**
`login secret` as `login ann secret` for somebody who named herself at the start (`user`).
*/
export function withName(line: string, user: string | undefined): string {
	const {command, word} = pattern.exec(line)?.groups ?? {};
	return user === undefined || command === undefined || word === undefined ? line : `${command} ${user} ${word}`;
}

/**
The beginning of a line that lacks nothing but the password, with the name it is for, or `undefined`.
*/
export function lacksPassword(line: string, user: string | undefined): {readonly command: Command; readonly name: string; readonly start: string} | undefined {
	const {command, word} = pattern.exec(line)?.groups ?? {};
	const name = user === undefined ? word : (word === undefined ? user : undefined);
	return command === undefined || name === undefined ? undefined : {command: findCommand(command)!, name, start: `${command} ${name} `};
}
