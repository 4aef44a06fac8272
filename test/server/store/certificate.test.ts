import {generateKeyPairSync, X509Certificate} from 'node:crypto';
import test from 'ava';
import {makeCertificate} from '../../../server/store/certificate.js';

test('the certificate is what others read as one', t => {
	for (const first of [0, 1, 0x7F, 0x80, 0xFF]) {
		const {privateKey, publicKey} = generateKeyPairSync('ed25519');
		const certificate = new X509Certificate(makeCertificate(privateKey, publicKey, Uint8Array.of(first, 1, 2, 3, 4, 5, 6, 7)));
		t.true(certificate.verify(publicKey), 'signed by itself');
		t.true(certificate.checkPrivateKey(privateKey));
		t.is(certificate.subject, 'CN=earshot');
		t.is(certificate.issuer, certificate.subject);
		t.is(certificate.validToDate.getUTCFullYear(), 9999);
		t.true(certificate.validFromDate.getTime() < Date.now());
		t.regex(certificate.serialNumber, /^[4-7][\dA-F]01020304050607$/v);
	}
});
