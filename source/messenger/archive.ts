// The archive: questions to the history on disk, and who waits for their answers.
// Knows numbers of questions; refuses to know tables (io/history-table.ts) and what the lines are wanted for.
import type {
	Effect,
	ExportResult,
	HistoryQuery,
	RecallResult,
} from './effects.js';

/**
Called once, with the lines in the order of the query or why there are none.
*/
export type OnRecalled = (result: RecallResult) => void;

export class Archive {
	readonly #push: (effect: Effect) => void;
	readonly #recalls = new Map<number, OnRecalled>();
	readonly #exports = new Map<number, (result: ExportResult) => void>();
	#last = 0;

	constructor(push: (effect: Effect) => void) {
		this.#push = push;
	}

	recall(query: HistoryQuery, onRecalled: OnRecalled): void {
		const recall = ++this.#last;
		this.#recalls.set(recall, onRecalled);
		this.#push({type: 'recall', recall, query});
	}

	/**
	Writes a conversation to a new file.
	*/
	export(order: Omit<Effect & {type: 'export'}, 'type' | 'task'>, onExported: (result: ExportResult) => void): void {
		const task = ++this.#last;
		this.#exports.set(task, onExported);
		this.#push({type: 'export', task, ...order});
	}

	handleRecalled(recall: number, result: RecallResult): void {
		const onRecalled = this.#recalls.get(recall);
		this.#recalls.delete(recall);
		onRecalled?.(result);
	}

	handleExported(task: number, result: ExportResult): void {
		const onExported = this.#exports.get(task);
		this.#exports.delete(task);
		onExported?.(result);
	}
}
