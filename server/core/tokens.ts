// Resume tokens: the server's own note that this device has logged in as this user.
// Knows how a token is written, sealed and checked; refuses to know whether its device is still the account's newest.
import {Buffer} from 'node:buffer';
import {createHmac, timingSafeEqual} from 'node:crypto';
import {deviceId} from '../../source/protocol/cards.js';
import {decodeBase64, encodeBase64} from '../../source/protocol/keys.js';
import type {DeviceKeys} from '../../source/protocol/messages.js';
import {tokenValidityMs} from './limits.js';

type Claims = {readonly user: string; readonly sign: string; readonly agree: string; readonly expires: number};

function sealOf(body: string, secret: Uint8Array): Uint8Array {
	return createHmac('sha256', secret).update(`earshot token ${body}`).digest();
}

/**
A token for `user` on the device with `keys`: base64url of its JSON, a dot, base64url of an HMAC-SHA-256.
*/
export function issueToken(user: string, keys: DeviceKeys, secret: Uint8Array, now: number): string {
	const claims: Claims = {
		user, sign: keys.sign, agree: keys.agree, expires: Math.floor(now + tokenValidityMs),
	};
	const body = encodeBase64(Buffer.from(JSON.stringify(claims)));
	return `${body}.${encodeBase64(sealOf(body, secret))}`;
}

/**
Whose token this is, and of which device; `undefined` when it is not ours, has expired, or was issued to other keys.
*/
export function readToken(token: string, keys: DeviceKeys, secret: Uint8Array, now: number): {readonly user: string; readonly device: string} | undefined {
	const [body = '', seal = ''] = token.split('.', 2);
	const sealBytes = decodeBase64(seal);
	if (sealBytes.length !== 32 || !timingSafeEqual(sealBytes, sealOf(body, secret))) {
		return undefined;
	}

	// Only this server could have sealed it, so its shape is known.
	const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims;
	const isOfDevice = claims.sign === keys.sign && claims.agree === keys.agree;
	return isOfDevice && now < claims.expires ? {user: claims.user, device: deviceId(decodeBase64(keys.sign))} : undefined;
}
