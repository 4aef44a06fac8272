// What a finished handshake leaves behind: who the peer is, how both sides address each other, and the keys.
import {type CipherSuite} from './crypto/cipher.js';
import {agreeOnCiphers, describeCiphers} from './crypto/ciphers.js';
import {type PeerConfig} from './config.js';
import {type LinkParameters} from './handshake/handshake-payload.js';
import {ReceiveKeys, SendKeys} from './crypto/keys.js';
import {type Handshake} from './handshake/noise.js';

/**
`ip:port`, or `[ip]:port` for IPv6.
*/
export type Address = string;

/**
An address without its port.
*/
export function hostOf(address: Address): string {
	return address.slice(0, address.lastIndexOf(':'));
}

export type Session = {
	/**
	The name that the caller's `authenticate` gave the peer.
	*/
	peer: string;
	publicKey: Uint8Array;
	address: Address;
	isInitiator: boolean;
	/**
	The connection id we are addressed by, and the peer's.
	*/
	localCid: number;
	remoteCid: number;
	/**
	Who shows this has forgotten the connection, and is the peer.
	*/
	resetToken: Uint8Array;
	parameters: LinkParameters;
	/**
	Round trip of the handshake, ms, where no message of it was sent twice.
	*/
	rtt: number | undefined;
	sendKeys: SendKeys;
	receiveKeys: ReceiveKeys;
	cipherName: string;
};

/**
Packet keys from a complete handshake in which the peer announced `parameters`.
*/
export function deriveKeys(handshake: Handshake, suite: CipherSuite, parameters: LinkParameters, config: PeerConfig): Pick<Session, 'sendKeys' | 'receiveKeys' | 'cipherName'> {
	const {send, receive} = handshake.split();
	const ciphers = agreeOnCiphers(suite, config.aesFrom, parameters.aesFrom);
	return {
		sendKeys: new SendKeys(send, ciphers),
		receiveKeys: new ReceiveKeys(receive, ciphers, config.oldKeyLifetime),
		cipherName: describeCiphers(ciphers),
	};
}
