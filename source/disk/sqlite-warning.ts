// Node 24 before 24.13 says on standard error that its SQLite is experimental. Whoever runs this program did not choose it, and the line would
// stand across a screen. Knows that warning; refuses to know who opens a database.
import process from 'node:process';

/**
For threads that open databases: nothing said here reaches them.
*/
export const sqliteThreadFlags: readonly string[] = ['--disable-warning=ExperimentalWarning'];

/**
From now on this thread prints all warnings but those about what is experimental in Node. To be called before `node:sqlite` is imported.
*/
export function hideExperimentalWarnings(): void {
	const printers = process.listeners('warning');
	process.removeAllListeners('warning');
	process.on('warning', warning => {
		if (warning.name === 'ExperimentalWarning') {
			return;
		}

		for (const print of printers) {
			print(warning);
		}
	});
}
