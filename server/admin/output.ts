// What a face prints, kept from piling up when nobody reads it.
// Knows the stream and how much waits in it; refuses to know what the text says.
import type {Writable} from 'node:stream';

/**
Bytes of events that may wait for a reader.
*/
const backlogLimit = 1024 * 1024;

export class Output {
	readonly #stream: Writable;
	readonly #describeLoss: (count: number) => string;
	#lost = 0;

	/**
	@param stream
	@param describeLoss Words for events that were left out.
	*/
	constructor(stream: Writable, describeLoss: (count: number) => string) {
		this.#stream = stream;
		this.#describeLoss = describeLoss;
		// Nobody reads any more: that is no reason to stop serving.
		stream.on('error', () => {});
	}

	/**
	Prints what was asked for.
	*/
	print(text: string): void {
		this.#stream.write(text);
	}

	/**
	Prints what comes by itself, unless too much waits already.
	*/
	printEvent(text: string): void {
		if (this.#stream.writableLength > backlogLimit) {
			this.#lost += 1;
			return;
		}

		if (this.#lost > 0) {
			this.#stream.write(this.#describeLoss(this.#lost));
			this.#lost = 0;
		}

		this.#stream.write(text);
	}
}
