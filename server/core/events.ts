// What an operator is told unasked.
// Knows the shapes; refuses to know which face shows them.
import type {QueryEntry} from './actions.js';

/**
What a server tells its operator unasked.
*/
export type ServerEvent =
	| {readonly kind: 'query'; readonly entry: QueryEntry}
	| {readonly kind: 'presence'; readonly user: string; readonly online: boolean; readonly at: number}
	| {readonly kind: 'notice'; readonly level: 'info' | 'warn' | 'error'; readonly text: string; readonly at: number};
