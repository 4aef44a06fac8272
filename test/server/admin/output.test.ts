import {PassThrough} from 'node:stream';
import test from 'ava';
import {Output} from '../../../server/admin/output.js';

test('events that nobody reads are left out and counted, answers are not', t => {
	const stream = new PassThrough({highWaterMark: 1});
	const output = new Output(stream, count => `lost ${count}\n`);
	const event = `${'x'.repeat(1023)}\n`;
	for (let index = 0; index < 5000; index++) {
		output.printEvent(event);
	}

	t.true(stream.writableLength < 2 * 1024 * 1024);
	output.print('answer\n');
	const text = String(stream.setEncoding('utf8').read()) + drain(stream);
	t.true(text.endsWith('answer\n'));
	output.printEvent('again\n');
	const kept = text.split('\n').length - 2;
	t.is(drain(stream), `lost ${5000 - kept}\nagain\n`);
});

function drain(stream: PassThrough): string {
	let text = '';
	for (let chunk = stream.read() as string | null; chunk !== null; chunk = stream.read() as string | null) {
		text += chunk;
	}

	return text;
}

test('a reader who goes away is no error', t => {
	const stream = new PassThrough();
	const output = new Output(stream, String);
	stream.destroy(new Error('EPIPE'));
	t.notThrows(() => {
		output.print('x');
		output.printEvent('y');
	});
});
