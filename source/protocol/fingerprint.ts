// Fingerprints as people compare them: at the server, in the client, over the telephone, always in the same groups.

/**
Hex digits in groups of four, as every face shows them; JSON fields hold them in one piece where they are a certificate's.
*/
export function formatFingerprint(digits: string): string {
	return digits.match(/.{1,4}/gv)?.join(' ') ?? '';
}
