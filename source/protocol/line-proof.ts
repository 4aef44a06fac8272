// Proofs: what an author signs of a line said in a room, so that others may pass it on to those whom the author does not reach.
// Knows what is signed, and for whom and after what a line was meant; refuses to know who passes what to whom.
//
//   audience   NAMEKEY:AFTER NAMEKEY:AFTER …     `AFTER` is the last earlier line of this author here that still waited for
//                                                that reader when this one was said, 0 where none did
//
// A reader who has AFTER has all that was said to them before, so lines that are passed on leave no gap, as on a link (sequences.ts).
import {Buffer} from 'node:buffer';
import {sign, verify, type KeyObject} from 'node:crypto';
import {decodeBase64, encodeBase64, importPublicKey} from './keys.js';
import {maximumAudienceLength} from './limits.js';
import {nameKey} from './names.js';
import {
	covers,
	isNext,
	take,
	type Sequences,
} from './sequences.js';

/**
Everything that a signature vouches for. `room` is the room's name key, `made` tells it from others of its name; `at` is ms since the epoch.
*/
export type ProvenLine = {
	readonly realm: string;
	readonly room: string;
	readonly made: number;
	readonly device: string;
	readonly sequence: number;
	readonly at: number;
	readonly clock: string;
	readonly audience: string;
	readonly text: string;
};

const audiencePattern = /^[^\s:]+:\d{1,16}(?: [^\s:]+:\d{1,16})*$/v;

/**
Whether `text` is written as audiences are.
*/
export function isAudience(text: string): boolean {
	return text.length <= maximumAudienceLength && audiencePattern.test(text);
}

/**
@param readers Name key and AFTER of each.
*/
export function encodeAudience(readers: ReadonlyArray<readonly [reader: string, after: number]>): string {
	return readers.map(([reader, after]) => `${reader}:${after}`).join(' ');
}

/**
The line that `reader` must have before this one, 0 where that is none; `undefined` where the line is not meant for them.
*/
export function afterFor(audience: string, reader: string): number | undefined {
	const named = `${nameKey(reader)}:`;
	const start = ` ${audience}`.indexOf(` ${named}`);
	if (start === -1) {
		return undefined;
	}

	const end = audience.indexOf(' ', start);
	return Number(audience.slice(start + named.length, end === -1 ? undefined : end));
}

/**
Of one author's lines, by sequence, those that `reader`, who has some already, can take one after the other.
*/
export function takeable<Line extends {readonly sequence: number; readonly audience: string}>(lines: Iterable<Line>, reader: string, had: Sequences): Line[] {
	const taken: Line[] = [];
	let all = had;
	for (const line of lines) {
		const after = afterFor(line.audience, reader);
		if (!(after !== undefined && !covers(all, line.sequence) && isNext(all, line.sequence, after))) {
			continue;
		}

		taken.push(line);
		all = take(all, line.sequence, after);
	}

	return taken;
}

/**
The signature over a line by its author's device key (Ed25519), in base64url.
*/
export function signLine(line: ProvenLine, key: KeyObject): string {
	return encodeBase64(sign(null, encodeLine(line), key));
}

/**
Whether the device with this signing key (raw 32 bytes in base64url) has said the line.
*/
export function isProven(line: ProvenLine, signature: string, signKey: string): boolean {
	const bytes = decodeBase64(signature);
	return bytes.length === 64 && verify(null, encodeLine(line), importPublicKey('ed25519', decodeBase64(signKey)), bytes);
}

/**
A text that no disk could keep as it is, for its lone surrogates, is signed as it will be kept.
*/
function encodeLine({realm, room, made, device, sequence, at, clock, audience, text}: ProvenLine): Uint8Array {
	return Buffer.from(`earshot room line ${JSON.stringify([realm, room, made, device, sequence, at, clock, audience, text.toWellFormed()])}`);
}
