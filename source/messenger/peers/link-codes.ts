// Why one messenger ends a link to another: the codes and words of its CLOSE.
// Knows both; refuses to know when a link is ended (peers.ts does). Codes below 256 are the peer room's own.

export type LinkEnd = {readonly code: number; readonly reason: string};

export const linkEnds = {
	done: {code: 0x1_00, reason: 'no conversation is shared any more'},
	stranger: {code: 0x1_01, reason: 'no conversation is shared'},
	badRecord: {code: 0x1_02, reason: 'a record could not be read'},
	flood: {code: 0x1_03, reason: 'more lines at once than can be kept'},
	leaving: {code: 0x1_04, reason: 'leaving'},
} as const satisfies Record<string, LinkEnd>;
