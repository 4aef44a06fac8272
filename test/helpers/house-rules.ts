// Which room may import which, what a pure room may not touch, and a reader that finds every breach in a set of files.
// Knows TypeScript's syntax tree; refuses to run anything. house.test.ts applies it to the real house.
import {posix} from 'node:path';
import ts from 'typescript';

/**
Text of the files by path from the root (`source/io/clock.ts`).
*/
export type Files = ReadonlyMap<string, string>;

/**
Where a rule is broken, and how.
*/
export type Breach = {readonly file: string; readonly line: number; readonly problem: string};

/**
Each room with the rooms below it that it may import. A file that is a room by itself stands here with its name.
*/
const arrows: Readonly<Record<string, readonly string[]>> = {
	'source/main.ts': ['source/cli.tsx', 'source/disk'],
	'source/cli.tsx': ['source/flags.ts', 'source/screen', 'source/plain', 'source/runtime', 'source/io', 'source/messenger', 'source/kit', 'source/protocol', 'server/host.ts'],
	'source/flags.ts': ['source/disk', 'source/protocol'],
	'source/screen': ['source/messenger', 'source/kit', 'source/protocol'],
	'source/plain': ['source/messenger', 'source/kit', 'source/protocol'],
	'source/runtime': ['source/io', 'source/messenger', 'source/protocol'],
	'source/io': ['source/disk', 'source/kit', 'source/protocol'],
	'source/messenger': ['source/files', 'source/peer', 'source/protocol'],
	'source/files': ['source/protocol'],
	'source/peer': ['source/protocol'],
	'source/protocol': [],
	'source/kit': [],
	'source/disk': [],
	'server/main.ts': ['server/cli.tsx', 'source/disk'],
	'server/cli.tsx': ['server/host.ts', 'server/serve.ts', 'server/admin', 'server/net', 'server/store', 'server/directory', 'server/core', 'source/protocol'],
	'server/admin': ['server/serve.ts', 'server/core', 'source/kit', 'source/protocol'],
	'server/host.ts': ['server/serve.ts', 'server/net', 'server/store', 'server/core', 'source/kit', 'source/protocol'],
	'server/serve.ts': ['server/net', 'server/store', 'server/directory', 'server/core', 'source/protocol'],
	'server/net': ['server/core', 'source/disk', 'source/protocol'],
	'server/store': ['server/core', 'source/disk', 'source/protocol'],
	'server/directory': ['server/core', 'source/protocol'],
	'server/core': ['source/protocol'],
};

// The world performs the core's effects, so it must know their shapes; nothing of the core runs there.
const typeArrows: Readonly<Record<string, readonly string[]>> = {'source/io': ['source/messenger']};

const pureRooms: ReadonlySet<string> = new Set(['source/protocol', 'source/peer', 'source/files', 'source/messenger', 'source/kit', 'server/core']);

// What a pure room may take from Node: nothing here waits, looks at the world or makes something up.
const pureModules: ReadonlySet<string> = new Set(['node:buffer', 'node:crypto', 'node:assert', 'node:util']);
// Libsodium is an addon that may be missing, which only `createRequire` can find out without waiting.
const excused: ReadonlySet<string> = new Set(['source/peer/crypto/sodium.ts node:module']);
const impureCrypto = /^(?:random|generateKey|generatePrime|getRandomValues$|webcrypto$|default$)/v;
const impureGlobals: ReadonlySet<string> = new Set([
	'clearImmediate',
	'clearInterval',
	'clearTimeout',
	'queueMicrotask',
	'setImmediate',
	'setInterval',
	'setTimeout',
	'console',
	'crypto',
	'fetch',
	'global',
	'globalThis',
	'performance',
	'process',
	'require',
	'WebSocket',
]);
const impureMembers: ReadonlySet<string> = new Set(['Date.now', 'Math.random']);

/**
The room that a file is in, or `undefined` when it is in none that is known.
*/
export function roomOf(file: string): string | undefined {
	return Object.keys(arrows).find(room => file === room || file.startsWith(`${room}/`));
}

type Import = {readonly specifier: string; readonly line: number; readonly isType: boolean; readonly names: readonly string[]};

type Reading = {readonly imports: readonly Import[]; readonly impurities: ReadonlyArray<{readonly line: number; readonly what: string}>};

function read(file: string, text: string): Reading {
	const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS);
	const imports: Import[] = [];
	const impurities: Array<{line: number; what: string}> = [];
	const lineOf = (node: ts.Node) => source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
	const visit = (node: ts.Node): void => {
		if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) {
			return;
		}

		const found = importOf(node);
		if (found) {
			imports.push({...found, line: lineOf(node)});
		} else {
			const what = impurityOf(node, source);
			if (what !== undefined) {
				impurities.push({line: lineOf(node), what});
			}
		}

		if (!ts.isImportDeclaration(node)) {
			ts.forEachChild(node, visit);
		}
	};

	visit(source);
	return {imports, impurities};
}

/**
What `node` imports, in any of the three ways, if it does.
*/
function importOf(node: ts.Node): Omit<Import, 'line'> | undefined {
	if (ts.isImportDeclaration(node)) {
		return {specifier: (node.moduleSpecifier as ts.StringLiteral).text, ...namesOf(node.importClause)};
	}

	if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
		return {specifier: (node.moduleSpecifier as ts.StringLiteral).text, isType: node.isTypeOnly, names: ['default']};
	}

	if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
		const [target] = node.arguments;
		return {specifier: target && ts.isStringLiteralLike(target) ? target.text : '(computed)', isType: false, names: ['default']};
	}

	return undefined;
}

/**
Which clock, dice or piece of the world `node` reaches for, if it does.
*/
function impurityOf(node: ts.Node, source: ts.SourceFile): string | undefined {
	if (ts.isPropertyAccessExpression(node)) {
		return impureMembers.has(node.getText(source)) ? node.getText(source) : undefined;
	}

	if (ts.isNewExpression(node)) {
		return node.expression.getText(source) === 'Date' && (node.arguments ?? []).length === 0 ? 'new Date()' : undefined;
	}

	if (ts.isCallExpression(node)) {
		return node.expression.getText(source) === 'Date' ? 'Date()' : undefined;
	}

	return ts.isIdentifier(node) && impureGlobals.has(node.text) && isReference(node) ? node.text : undefined;
}

function namesOf(clause: ts.ImportClause | undefined): {isType: boolean; names: readonly string[]} {
	if (!clause) {
		return {isType: false, names: []};
	}

	const {namedBindings} = clause;
	const named = namedBindings && ts.isNamedImports(namedBindings) ? [...namedBindings.elements] : [];
	const values = named.filter(({isTypeOnly}) => !isTypeOnly).map(({propertyName, name}) => (propertyName ?? name).text);
	const hasWhole = clause.name !== undefined || (namedBindings !== undefined && ts.isNamespaceImport(namedBindings));
	// `import {type A}` alone still runs the file it names; only `import type` vanishes.
	const isType = clause.phaseModifier === ts.SyntaxKind.TypeKeyword;
	return {isType, names: isType ? [] : [...(hasWhole ? ['default'] : []), ...values]};
}

/**
Whether the identifier stands for a value of that name in scope, and not for a member or a declaration called so.
*/
function isReference(node: ts.Identifier): boolean {
	const {parent} = node;
	const isMember = ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isPropertyDeclaration(parent)
		|| ts.isPropertySignature(parent) || ts.isMethodSignature(parent) || ts.isJsxAttribute(parent);
	const isDeclaration = ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isBindingElement(parent) || ts.isFunctionDeclaration(parent);
	return !((isMember || isDeclaration) && parent.name === node);
}

/**
The file that a relative import of `from` means: the sources are named by what the compiler makes of them.
*/
function resolve(from: string, specifier: string, files: Files): string | undefined {
	const path = posix.join(posix.dirname(from), specifier).replace(/\.js$/v, '');
	return [`${path}.ts`, `${path}.tsx`].find(candidate => files.has(candidate));
}

function checkPurity(file: string, {imports, impurities}: Reading): Breach[] {
	const breaches: Breach[] = impurities.map(({line, what}) => ({file, line, problem: `uses ${what} in a pure room`}));
	for (const {
		specifier, line, isType, names,
	} of imports) {
		if (isType || !specifier.startsWith('node:')) {
			continue;
		}

		if (!pureModules.has(specifier) && !excused.has(`${file} ${specifier}`)) {
			breaches.push({file, line, problem: `imports ${specifier} in a pure room`});
		}

		for (const name of specifier === 'node:crypto' ? names.filter(candidate => impureCrypto.test(candidate)) : []) {
			breaches.push({file, line, problem: `imports ${name} of node:crypto in a pure room`});
		}
	}

	return breaches;
}

/**
What is wrong with one import of a file in `room`, or the file it leads to.
*/
function follow(file: string, room: string, {specifier, isType}: Import, files: Files): {readonly problem: string} | {readonly target: string} | undefined {
	if (specifier === '(computed)') {
		return {problem: 'imports what only running it would tell'};
	}

	if (!specifier.startsWith('.')) {
		return undefined;
	}

	const target = resolve(file, specifier, files);
	const below = target === undefined ? undefined : roomOf(target);
	if (target === undefined || below === undefined) {
		return {problem: `imports ${specifier}, which is in no room`};
	}

	const isAllowed = below === room || arrows[room]!.includes(below) || (isType && typeArrows[room]?.includes(below));
	return isAllowed ? {target} : {problem: `${room} must not import ${below} (${target})`};
}

/**
Every breach of the house's rules in `files`.
*/
export function findBreaches(files: Files): Breach[] {
	const breaches: Breach[] = [];
	const graph = new Map<string, Array<{readonly target: string; readonly line: number}>>();
	for (const [file, text] of files) {
		const room = roomOf(file);
		if (room === undefined) {
			breaches.push({file, line: 1, problem: 'stands in no known room'});
			continue;
		}

		const reading = read(file, text);
		if (pureRooms.has(room)) {
			breaches.push(...checkPurity(file, reading));
		}

		const ways = reading.imports.map(entry => ({...entry, ...follow(file, room, entry, files)}));
		breaches.push(...ways.flatMap(way => 'problem' in way ? [{file, line: way.line, problem: way.problem}] : []));
		// Types count, too: who can't be read without the other is in the wrong file, even if nothing of it is left when the program runs.
		graph.set(file, ways.flatMap(way => 'target' in way ? [{target: way.target, line: way.line}] : []));
	}

	return [...breaches, ...findCycles(graph)];
}

function findCycles(graph: ReadonlyMap<string, ReadonlyArray<{readonly target: string; readonly line: number}>>): Breach[] {
	const breaches: Breach[] = [];
	const done = new Set<string>();
	const path: string[] = [];
	const walk = (file: string): void => {
		path.push(file);
		for (const {target, line} of graph.get(file) ?? []) {
			const start = path.indexOf(target);
			if (start !== -1) {
				breaches.push({file, line, problem: `closes a cycle: ${[...path.slice(start), target].join(' -> ')}`});
			} else if (!done.has(target)) {
				walk(target);
			}
		}

		path.pop();
		done.add(file);
	};

	for (const file of graph.keys()) {
		if (!done.has(file)) {
			walk(file);
		}
	}

	return breaches;
}
