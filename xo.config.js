// House rules on top of xo's own; each line that turns a rule off says why.
export default [
	{ignores: ['dist/**', 'package.json', '**/*.md']},
	{
		rules: {
			// Programs end with a documented exit code.
			'unicorn/no-process-exit': 'off',
			'unicorn/no-top-level-side-effects': 'off',
			// Wire formats are made of bits.
			'no-bitwise': 'off',
			// Wire fields and JSON keys keep the names of their specification.
			'@typescript-eslint/naming-convention': 'off',
			camelcase: 'off',
			// The text kit exists to match control characters.
			'no-control-regex': 'off',
			'regexp/no-control-character': 'off',
			// Public fields are what a reader looks for first.
			'unicorn/consistent-class-member-order': 'off',
			'jsdoc/require-yields': 'off',
			// A docstring tells units, shapes and errors; what a name says already needs no sentence.
			'jsdoc/require-description': 'off',
			'jsdoc/require-param-description': 'off',
			// `ok`, `online`, `created` are fields of the wire and keep their names inside.
			'unicorn/consistent-boolean-name': 'off',
			// Some outcomes need no answer; a comment there says why.
			'@typescript-eslint/no-empty-function': 'off',
			// AVA runs what tsc made of the tests.
			'ava/no-ignored-test-files': 'off',
			// There are no tests of node:test here; helpers are imported.
			'node-test/no-import-test-files': 'off',
			// Properties and generators are calls within calls by nature.
			'unicorn/max-nested-calls': 'off',
			// A `default` is an answer to all other cases.
			'@typescript-eslint/switch-exhaustiveness-check': ['error', {considerDefaultExhaustiveForUnions: true}],
			// Order matters in protocols: one await after another is meant.
			'no-await-in-loop': 'off',
			// A sentence, a statement of SQL, a pattern and a row of a table stay in one piece: so they are found and read.
			'@stylistic/max-len': ['warn', {
				code: 200, ignoreStrings: true, ignoreTemplateLiterals: true, ignoreRegExpLiterals: true, ignoreUrls: true,
			}],
			// A switch over the kinds of something is one decision, however many kinds there are.
			complexity: ['warn', {max: 20, variant: 'modified'}],
			// A state, an event, `now` and what is called back; more than five want names.
			'max-params': ['warn', {max: 5}],
			// `null` stands in JSON replies that scripts rely on.
			'@typescript-eslint/no-restricted-types': 'off',
			'unicorn/no-null': 'off',
		},
	},
	{
		files: ['test/**'],
		rules: {
			// An assertion on one field of an answer reads best in one line.
			'unicorn/no-await-expression-member': 'off',
		},
	},
];
