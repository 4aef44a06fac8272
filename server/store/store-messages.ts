// What the store and its worker say to each other.
import type {Account} from '../core/accounts.js';
import type {StoredRoom} from '../core/rooms.js';
import type {DatabaseWrite} from './database.js';

/**
To the worker. Ids are given back with the answer.
*/
export type StoreRequest =
	| {readonly kind: 'write'; readonly id: number; readonly write: DatabaseWrite}
	| {readonly kind: 'hash-of'; readonly id: number; readonly key: string}
	| {readonly kind: 'close'};

/**
From the worker: first `opened` or `refused`, then answers.
*/
export type StoreAnswer =
	| {readonly kind: 'opened'; readonly accounts: readonly Account[]; readonly rooms: readonly StoredRoom[]}
	| {readonly kind: 'refused'; readonly message: string; readonly isExpected: boolean}
	| {readonly kind: 'written'; readonly ids: readonly number[]; readonly error: string | undefined}
	| {readonly kind: 'hash'; readonly id: number; readonly hash: string | undefined};
