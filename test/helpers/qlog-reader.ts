// Reads a trace as qvis reads it: the checks of its loader for sequential files of version 0.3, on which it shows nothing or complains.
// Knows qvis's demands and those of the qlog drafts that it leans on; refuses to know what an event means.

export type QlogFrame = {readonly frame_type: string; readonly acked_ranges?: ReadonlyArray<readonly [from: number, to: number]>; readonly [field: string]: unknown};

export type QlogData = {
	readonly header?: {readonly packet_type: string; readonly packet_number?: number; readonly packet_size?: unknown; readonly payload_length?: unknown};
	readonly raw?: {readonly length?: number};
	readonly frames?: readonly QlogFrame[];
	readonly packet_type?: unknown;
	readonly [field: string]: unknown;
};

/**
One event as it stands in the file.
*/
export type QlogEvent = {readonly time: number; readonly name: string; readonly group_id: string; readonly data: QlogData};

export type QlogHeader = {
	readonly qlog_version: string;
	readonly qlog_format: string;
	readonly trace?: {
		readonly vantage_point?: {readonly type?: string};
		readonly common_fields?: {readonly time_format?: string; readonly reference_time?: number};
	};
};

export type Qlog = {readonly header: QlogHeader; readonly events: readonly QlogEvent[]};

/**
Names and frames that qvis has a drawing for, or shows in its lists.
*/
const categories: ReadonlySet<string> = new Set(['connectivity', 'transport', 'security', 'recovery', 'generic']);
const frameFields: Readonly<Record<string, readonly string[]>> = {
	padding: [], ping: [], ack: ['ack_delay', 'acked_ranges'], stream: ['stream_id', 'offset', 'length'], crypto: ['offset', 'length'],
	max_data: ['maximum'], max_stream_data: ['stream_id', 'maximum'], reset_stream: ['stream_id', 'error_code', 'final_size'],
	stop_sending: ['stream_id', 'error_code'], path_challenge: [], path_response: [], connection_close: ['error_space', 'error_code', 'raw_error_code', 'reason'], datagram: ['length'],
};
const packetTypes: ReadonlySet<string> = new Set(['initial', 'handshake', '0RTT', '1RTT', 'retry', 'version_negotiation', 'stateless_reset', 'unknown']);

function check(isRight: boolean, complaint: string, about: unknown): asserts isRight {
	if (!isRight) {
		throw new Error(`${complaint}: ${JSON.stringify(about)}`);
	}
}

/**
Splits a JSON text sequence (RFC 7464): every text begins with a record separator and ends with a line feed.
*/
export function readTextSequence(text: string): unknown[] {
	const [before, ...records] = text.split('\u{1E}');
	check(before === '', 'something stands before the first record separator', before);
	return records.map(record => {
		check(record.endsWith('\n') && record.indexOf('\n') === record.length - 1, 'a record does not end with its line feed', record);
		return JSON.parse(record) as unknown;
	});
}

/**
Reads a whole trace.

@throws {Error} Where qvis would refuse it, complain, or draw nothing.
*/
export function readQlog(text: string): Qlog {
	// The type of a `.qlog` file is guessed from its first kilobyte.
	const beginning = text.slice(0, 1024);
	check(beginning.includes('qlog_version') && beginning.includes('qlog_format') && beginning.includes('JSON-SEQ'), 'qvis would not know the format', beginning);
	const [first, ...rest] = readTextSequence(text);
	const header = first as QlogHeader;
	check(header.qlog_version === '0.3' && header.qlog_format === 'JSON-SEQ' && header.trace !== undefined, 'not the header of a sequential file', header);
	const {vantage_point: vantagePoint, common_fields: commonFields} = header.trace;
	check(['client', 'server', 'network'].includes(vantagePoint?.type ?? ''), 'no vantage point', header);
	check(commonFields?.time_format === 'relative' && Number.isFinite(commonFields.reference_time), 'times could not be read', header);
	const events = rest as QlogEvent[];
	let time = 0;
	for (const event of events) {
		check(Number.isFinite(event.time) && event.time >= time, 'times must not run back', event);
		time = event.time;
		check(typeof event.group_id === 'string', 'one event without a group hides all groups', event);
		checkEvent(event);
	}

	return {header, events};
}

function checkEvent(event: QlogEvent): void {
	const {name, data} = event;
	const [category = '', type = ''] = name.split(':', 2);
	check(categories.has(category) && /^[_a-z]+$/v.test(type) && typeof data === 'object', 'not an event', event);
	const {header, raw, frames = []} = data;
	check(data.packet_type === undefined && header?.packet_size === undefined && header?.payload_length === undefined, 'qvis complains of fields of older versions', event);
	check(header === undefined || packetTypes.has(header.packet_type), 'an unknown type of packet', event);
	if (type === 'packet_sent' || type === 'packet_received') {
		check((raw?.length ?? 0) > 0, 'a packet without a size is not drawn', event);
		check(header !== undefined && (header.packet_type !== '1RTT' || Number.isSafeInteger(header.packet_number)), 'a packet without a number can\'t be acknowledged', event);
	}

	check(type !== 'packet_lost' || Number.isSafeInteger(header?.packet_number), 'a lost packet needs its number', event);
	checkFrames(frames, type, event);
}

function checkFrames(frames: readonly QlogFrame[], type: string, event: QlogEvent): void {
	for (const frame of frames) {
		const fields = frameFields[frame.frame_type];
		check(fields !== undefined && (type === 'packet_lost' || fields.every(field => frame[field] !== undefined)), 'a frame lacks something', event);
		check((frame.acked_ranges ?? []).every(([from, to]) => from <= to), 'a range runs backwards', event);
	}
}
