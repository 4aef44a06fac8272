// Cards of this realm: who speaks for which name, signed with the root key.
// Knows the realm's key and how long a card is valid; refuses to know how a device was proved.
import type {KeyObject} from 'node:crypto';
import {
	deviceId,
	realmId,
	rootPublicKeyOf,
	signCard,
	type Card,
	type SignedCard,
} from '../../source/protocol/cards.js';
import {decodeBase64} from '../../source/protocol/keys.js';
import type {DeviceKeys} from '../../source/protocol/messages.js';
import {cardValidityMs} from './limits.js';

/**
A card, as fields and as signed text.
*/
export type IssuedCard = {readonly card: Card; readonly text: SignedCard};

export class Cards {
	readonly rootPublicKey: Uint8Array;
	readonly #rootKey: KeyObject;
	readonly #realm: string;

	/**
	@param rootKey The realm's Ed25519 root key.
	*/
	constructor(rootKey: KeyObject) {
		this.#rootKey = rootKey;
		this.rootPublicKey = rootPublicKeyOf(rootKey);
		this.#realm = realmId(this.rootPublicKey);
	}

	/**
	A fresh card for the device with `keys`, which speaks for `user`.
	*/
	issue(user: string, {sign, agree}: DeviceKeys, now: number): IssuedCard {
		const issued = Math.floor(now);
		const card: Card = {
			realm: this.#realm, user, device: deviceId(decodeBase64(sign)), sign, agree, issued, expires: issued + cardValidityMs,
		};
		return {card, text: signCard(card, this.#rootKey)};
	}
}
