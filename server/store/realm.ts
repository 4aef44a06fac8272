// The realm's own secrets: its root key and its TLS key with certificate, made at the first start.
// Knows where they are kept; refuses to show them to anybody but the server's own start.
import {
	createHmac,
	createPrivateKey,
	generateKeyPairSync,
	randomBytes,
	X509Certificate,
	type KeyObject,
} from 'node:crypto';
import {existsSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import {makeCertificate} from './certificate.js';
import {readOrMake} from './safe-file.js';
import {DamageError} from './start-error.js';

export type Realm = {
	/**
	Ed25519; signs cards.
	*/
	readonly rootKey: KeyObject;
	/**
	Seals resume tokens; follows from the root key.
	*/
	readonly tokenSecret: Uint8Array;
	/**
	Private key and certificate in PEM.
	*/
	readonly tls: string;
	/**
	SHA-256 of the certificate, 64 lower-case hex digits.
	*/
	readonly fingerprint: string;
};

/**
The files that a realm is kept in.
*/
export const realmFiles = ['root.key', 'tls.pem'] as const;

function makeRootKey(): string {
	return generateKeyPairSync('ed25519').privateKey.export({format: 'pem', type: 'pkcs8'});
}

function makeTls(): string {
	const {privateKey, publicKey} = generateKeyPairSync('ed25519');
	// One file for both, so that a crash can't leave a key without its certificate.
	return `${privateKey.export({format: 'pem', type: 'pkcs8'})}${makeCertificate(privateKey, publicKey, randomBytes(16))}`;
}

/**
Whether a server has ever started in `folder`: its realm is made after its database.
*/
export function hasRealm(folder: string): boolean {
	return realmFiles.some(name => existsSync(join(folder, name)));
}

/**
The realm's files as they are, for a backup.
*/
export async function readRealmFiles(folder: string): Promise<Readonly<Record<string, string>>> {
	const contents = await Promise.all(realmFiles.map(async name => [name, await readFile(join(folder, name), 'utf8')] as const));
	return Object.fromEntries(contents);
}

/**
Reads the realm from `folder`, making what is not there yet. Call it under the database's lock, or two servers could make two realms.

@throws {StartError} When a file is damaged or can't be read or written.
*/
export async function openRealm(folder: string): Promise<Realm> {
	const [rootFile, tlsFile] = realmFiles.map(name => join(folder, name)) as [string, string];
	const root = await readOrMake(rootFile, makeRootKey);
	const tls = await readOrMake(tlsFile, makeTls);
	const rootKey = read(rootFile, () => createPrivateKey(root));
	if (rootKey.asymmetricKeyType !== 'ed25519') {
		throw new DamageError(`${rootFile} holds no Ed25519 key; put back a backup.`);
	}

	const fingerprint = read(tlsFile, () => {
		const certificate = new X509Certificate(tls);
		if (!certificate.checkPrivateKey(createPrivateKey(tls))) {
			throw new Error('its key is not the certificate\'s');
		}

		return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
	});
	const tokenSecret = createHmac('sha256', rootKey.export({format: 'der', type: 'pkcs8'})).update('earshot resume tokens').digest();
	return {
		rootKey, tokenSecret, tls, fingerprint,
	};
}

function read<Value>(file: string, parse: () => Value): Value {
	try {
		return parse();
	} catch (error) {
		throw new DamageError(`${file} is damaged (${(error as Error).message}); put back a backup. Without it clients will not trust this server any more.`);
	}
}
