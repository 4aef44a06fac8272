// The plain face: readable lines for people, pipes and screen readers, each with the time in front.
// Knows time and colour; the words are wording.ts and reply-wording.ts. What is typed is never printed, so no password is.
import {paint} from '../kit/style.js';
import type {Theme} from '../kit/theme.js';
import {clockTime} from '../kit/time.js';
import type {LineFace} from './face.js';
import {wordReply} from './reply-wording.js';
import {wordEarlier, wordEvent, type Tone} from './wording.js';

/**
How a plain face writes. Without a theme nothing is coloured.
*/
export type PlainFaceOptions = {
	readonly write: (text: string) => void;
	readonly now: () => number;
	readonly theme: Theme | undefined;
};

/**
A face that writes readable lines.
*/
export function createPlainFace({write, now, theme}: PlainFaceOptions): LineFace {
	const say = (text: string, tone: Tone = 'plain', at: number = now()) => {
		const styles = theme && {
			join: theme.good, leave: theme.muted, warn: theme.warning, plain: theme.plain,
		};
		write(`${clockTime(at)} ${paint(text, styles?.[tone])}\n`);
	};

	return {
		ready({version, udpPort}) {
			say(`Earshot ${version}, UDP port ${udpPort}. Type "help" for all commands, "x" to leave.`);
		},
		reply(reply) {
			for (const line of wordReply(reply)) {
				say(line, reply.ok ? 'plain' : 'warn');
			}
		},
		event(event) {
			for (const {text, tone, at} of event.type === 'history' ? wordEarlier(event) : [wordEvent(event)].filter(wording => wording !== undefined)) {
				say(text, tone, at);
			}
		},
	};
}
