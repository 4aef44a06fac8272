// What can go wrong on a link, as the codes a CLOSE carries, and the one error the inside of this room throws.
// A violation is the other side's fault: it is counted and closes the link, it never reaches the caller as a throw.

/**
Codes below 0x100 belong to the link; an application's own codes begin there.
*/
export const closeCode = {
	none: 0,
	/**
	A frame that cannot be read or has no business here.
	*/
	protocolViolation: 1,
	/**
	More data than was allowed.
	*/
	flowControl: 2,
	/**
	More streams or gaps than we keep.
	*/
	tooMuch: 3,
	/**
	The link was given up because a newer one to the same peer took its place.
	*/
	replaced: 4,
	application: 0x1_00,
} as const;

/**
An authentic peer broke the rules of the protocol.
*/
export class ProtocolViolation extends Error {
	readonly code: number;

	constructor(message: string, code: number = closeCode.protocolViolation) {
		super(message);
		this.name = 'ProtocolViolation';
		this.code = code;
	}
}
