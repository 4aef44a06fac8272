// What all profiles of one data folder share: trusted servers, the one used last, who used which profile.
// Knows `settings.json` and that another running client writes it too; refuses to know what trust means.
import {setTimeout as delay} from 'node:timers/promises';
import {Low} from 'lowdb';
import * as v from 'valibot';
import {JsonFile} from './json-file.js';

const pin = v.object({
	fingerprint: v.pipe(v.string(), v.regex(/^[\da-f]{64}$/v)),
	rootKey: v.optional(v.pipe(v.string(), v.regex(/^[\w\-]{43}$/v))),
});

const schema = v.object({
	/**
	`host:port` of the server that was connected last.
	*/
	lastServer: v.optional(v.pipe(v.string(), v.maxLength(300))),
	/**
	By `host:port`: the certificate and root key that were trusted on first use.
	*/
	pins: v.optional(v.record(v.string(), pin), {}),
	/**
	By number of the profile: the names that were logged in there, the last one first. A single name is how earlier versions wrote it.
	*/
	users: v.optional(v.record(v.string(), v.union([v.array(v.string()), v.pipe(v.string(), v.transform(name => [name]))])), {}),
});

export type SettingsData = v.InferOutput<typeof schema>;

/**
Changes that come within this time are written together.
*/
const debounceMs = 10;

type Change = (data: SettingsData) => void;

/**
The settings as this client last saw them.
*/
export class Settings {
	readonly #database: Low<SettingsData>;
	readonly #changes: Change[] = [];
	#running: Promise<void> | undefined;
	#next: Promise<void> | undefined;

	private constructor(database: Low<SettingsData>) {
		this.#database = database;
	}

	/**
	Reads `path`; where neither it nor its backup can be read, the settings begin empty.
	*/
	static async open(path: string): Promise<Settings> {
		const file = new JsonFile(path, value => {
			const result = v.safeParse(schema, value);
			return result.success ? result.output : undefined;
		});
		const database = new Low<SettingsData>(file, {pins: {}, users: {}});
		await database.read();
		return new Settings(database);
	}

	get data(): Readonly<SettingsData> {
		return this.#database.data;
	}

	/**
	Applies `change` here at once, and to the file as it then is: another client may have written it meanwhile.
	Resolves when it is on the disk; rejects when the disk refuses.
	*/
	async update(change: Change): Promise<void> {
		change(this.#database.data);
		this.#changes.push(change);
		this.#next ??= this.#write(this.#running);
		await this.#next;
	}

	/**
	Resolves when no change is on its way any more.
	*/
	async flush(): Promise<void> {
		await Promise.allSettled([this.#running, this.#next]);
	}

	async #write(previous: Promise<void> | undefined): Promise<void> {
		await Promise.allSettled([previous, delay(debounceMs)]);
		this.#running = this.#next;
		this.#next = undefined;
		await this.#database.read();
		for (const change of this.#changes.splice(0)) {
			change(this.#database.data);
		}

		await this.#database.write();
	}
}
