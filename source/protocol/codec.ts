// Control lines to checked messages: the boundary where text from the network becomes types.
// Knows JSON and the schemas; refuses to know what a message does.
import * as v from 'valibot';
import {ProtocolError, type ErrorReport} from './errors.js';
import {
	notices,
	operations,
	type Notice,
	type Operation,
	type Reply,
	type Request,
} from './messages.js';

const requestId = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

const requestSchemas = new Map(Object.entries(operations).map(([op, {request}]) => [op, v.object({id: requestId, op: v.literal(op), ...(request as v.ObjectEntries)})]));
const replySchemas = new Map(Object.entries(operations).map(([op, {reply}]) => [op, v.object(reply as v.ObjectEntries)]));
const noticeSchemas = new Map(Object.entries(notices).map(([event, fields]) => [event, v.object({event: v.literal(event), ...(fields as v.ObjectEntries)})]));
const failureSchema = v.object({code: v.pipe(v.string(), v.regex(/^[\-a-z]{1,40}$/v)), message: v.pipe(v.string(), v.maxLength(1000))});

function parseObject(line: string): Record<string, unknown> {
	let value: unknown;
	try {
		value = JSON.parse(line);
	} catch {
		throw new ProtocolError('bad-request', 'A line is not JSON; one JSON object a line was expected.');
	}

	if (typeof value !== 'object' || value === null || Array.isArray(value)) {
		throw new ProtocolError('bad-request', 'A line is not a JSON object.');
	}

	return value as Record<string, unknown>;
}

function explain(issues: ReadonlyArray<v.BaseIssue<unknown>>): string {
	const issue = issues[0]!;
	const path = v.getDotPath(issue);
	return path === null ? issue.message : `${path}: ${issue.message}`;
}

/**
What became of a line from a client: a request, or why not, with the id to answer to where one could be read.
*/
export type ParsedRequest = {readonly request: Request} | {readonly id: number | undefined; readonly op: string | undefined; readonly error: ErrorReport};

/**
Reads one line from a client. Never throws.
*/
export function parseRequest(line: string): ParsedRequest {
	let id: number | undefined;
	let op: string | undefined;
	try {
		const value = parseObject(line);
		id = v.is(requestId, value.id) ? value.id : undefined;
		op = typeof value.op === 'string' ? value.op.slice(0, 40) : undefined;
		const schema = op === undefined ? undefined : requestSchemas.get(op);
		if (!schema) {
			return {id, op, error: {code: 'unknown-operation', message: 'This server does not know that operation.'}};
		}

		const result = v.safeParse(schema, value, {abortEarly: true});
		return result.success
			? {request: result.output as unknown as Request}
			: {id, op, error: {code: 'bad-request', message: explain(result.issues)}};
	} catch (error) {
		if (error instanceof ProtocolError) {
			return {id, op, error: error.report};
		}

		throw error;
	}
}

/**
A line from a server: a notice, or a reply whose fields `parseReply` checks once its request is known.
*/
export type ServerLine =
	| {readonly kind: 'notice'; readonly notice: Notice}
	| {readonly kind: 'reply'; readonly id: number; readonly ok: true; readonly fields: Record<string, unknown>}
	| {readonly kind: 'reply'; readonly id: number; readonly ok: false; readonly error: ErrorReport};

/**
Reads one line from a server. A notice of an unknown name is `undefined`: a newer server may say more.

@throws {ProtocolError} `bad-reply` when the line is none of the three.
*/
export function parseServerLine(line: string): ServerLine | undefined {
	const value = parseObject(line);
	if (typeof value.event === 'string') {
		const schema = noticeSchemas.get(value.event);
		if (!schema) {
			return undefined;
		}

		const result = v.safeParse(schema, value, {abortEarly: true});
		if (!result.success) {
			throw new ProtocolError('bad-reply', `The server sent a notice that can't be read: ${explain(result.issues)}`);
		}

		return {kind: 'notice', notice: result.output as unknown as Notice};
	}

	const {id, ok, ...fields} = value;
	if (ok === true && v.is(requestId, id)) {
		return {
			kind: 'reply', id, ok, fields,
		};
	}

	const failure = v.safeParse(failureSchema, fields.error);
	if (ok === false && failure.success && v.is(requestId, id)) {
		return {
			kind: 'reply', id, ok, error: failure.output,
		};
	}

	throw new ProtocolError('bad-reply', 'The server sent a line that is neither a reply nor a notice.');
}

/**
Checks the fields of a reply against the operation it answers.

@throws {ProtocolError} `bad-reply`.
*/
export function parseReply<Name extends Operation>(op: Name, fields: Record<string, unknown>): Reply<Name> {
	const result = v.safeParse(replySchemas.get(op)!, fields, {abortEarly: true});
	if (!result.success) {
		throw new ProtocolError('bad-reply', `The server's answer to ${op} can't be read: ${explain(result.issues)}`);
	}

	return result.output as unknown as Reply<Name>;
}
