// Published test vectors of the Noise framework: cacophony's `vectors/cacophony.txt`
// (https://github.com/haskell-cryptography/cacophony), which snow and others check themselves against too.

/**
Keys and messages in hexadecimal. The first messages are the handshake, the rest transport messages in turn.
*/
export type NoiseVector = {
	pattern: 'IK' | 'XX';
	prologue: string;
	initiatorStatic: string;
	initiatorEphemeral: string;
	responderStatic: string;
	responderEphemeral: string;
	handshakeHash: string;
	messages: ReadonlyArray<readonly [payload: string, ciphertext: string]>;
};

const keys = {
	prologue: '4a6f686e2047616c74',
	initiatorStatic: 'e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1',
	initiatorEphemeral: '893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a',
	responderStatic: '4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893',
	responderEphemeral: 'bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b',
};

/**
Noise_IK_25519_ChaChaPoly_SHA256.
*/
export const vectorIk: NoiseVector = {
	...keys,
	pattern: 'IK',
	handshakeHash: '0b0f68fb0c27e03ce9b97565995ed4838cc0581b762ef72b062f6a546419fad7',
	messages: [
		['4c756477696720766f6e204d69736573', 'ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944718da798efbcd91528520204f904b9bd6c7413dccdc214d951e15253e39987f18146e8cd0873654207148333479d4d16c289f0294b29960a72f48e0b7bba2e89083169825e59642148d492020664ccf7'],
		['4d757272617920526f746862617264', '95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f1448088435361e70b2ed446e6c9ec387d1d6b3b840f194e373979d241b203c4acafccf5'],
		['462e20412e20486179656b', '050e9f3c8fac16b68dbce8f8c4bfbf6617c897f9ada4aa29aa19c8'],
		['4361726c204d656e676572', '344233a6cabb7141d80f3da2fedc311d9646bbb0f505afe403a667'],
		['4a65616e2d426170746973746520536179', '62cdeeb172ad7ade7aa7d9e069da5790f12331bfa00177787a1d0810c67dc3b2b4'],
		['457567656e2042f6686d20766f6e2042617765726b', '029bead1b40992327044d409d9a1f3ad8f36c3c452775d557e18bbeb2e8dfcead32d514024'],
	],
};

/**
Noise_XX_25519_ChaChaPoly_SHA256.
*/
export const vectorXx: NoiseVector = {
	...keys,
	pattern: 'XX',
	handshakeHash: 'c8e5f64e846193be2a834104c2a009868d6c9f3bd3c186299888b488b2f1f58e',
	messages: [
		['4c756477696720766f6e204d69736573', 'ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79444c756477696720766f6e204d69736573'],
		['4d757272617920526f746862617264', '95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f14480884381cbad1f276e038c48378ffce2b65285e08d6b68aaa3629a5a8639392490e5b9bd5269c2f1e4f488ed8831161f19b7815528f8982ffe09be9b5c412f8a0db50f8814c7194e83f23dbd8d162c9326ad'],
		['462e20412e20486179656b', 'c7195ffacac1307ff99046f219750fc47693e23c3cb08b89c2af808b444850a80ae475b9df0f169ae80a89be0865b57f58c9fea0d4ec82a286427402f113e4b6ae769a1d95941d49b25030'],
		['4361726c204d656e676572', '96763ed773f8e47bb3712f0e29b3060ffc956ffc146cee53d5e1df'],
		['4a65616e2d426170746973746520536179', '3e40f15f6f3a46ae446b253bf8b1d9ffb6ed9b174d272328ff91a7e2e5c79c07f5'],
		['457567656e2042f6686d20766f6e2042617765726b', 'eb3f3515110702e047a6c9da4478b6ead94873c11c0f2d710ddb3f09fce024b3a58502ae3f'],
	],
};
