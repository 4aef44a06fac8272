// What the store and its worker say to each other.
import type {BackupOrder} from './backup.js';
import type {DatabaseQuery, DatabaseWrite} from './database.js';

/**
To the worker: first `open`. Ids are given back with the answer.
*/
export type StoreRequest =
	| {readonly kind: 'open'}
	| {readonly kind: 'write'; readonly id: number; readonly write: DatabaseWrite}
	| {readonly kind: 'look-up'; readonly id: number; readonly query: DatabaseQuery}
	| {readonly kind: 'back-up'; readonly id: number; readonly order: BackupOrder}
	| {readonly kind: 'close'};

/**
From the worker: first `opened` or `refused`, then answers.
*/
export type StoreAnswer =
	| {readonly kind: 'opened'}
	| {readonly kind: 'refused'; readonly message: string; readonly reason: 'damage' | 'start' | 'other'}
	| {readonly kind: 'done'; readonly ids: readonly number[]; readonly answers: readonly unknown[]}
	| {readonly kind: 'failed'; readonly ids: readonly number[]; readonly error: string; readonly code?: string | undefined};
