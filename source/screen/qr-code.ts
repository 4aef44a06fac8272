// A QR code as rows of text, two modules high each: what is light on paper is a full block, so that it reads on a dark screen.
// Knows half blocks; how a code is made is uqr's business.
import {encode} from 'uqr';

/**
The rows of the code for `text`, with the margin that readers need.
*/
export function qrRows(text: string): string[] {
	const {data} = encode(text, {ecc: 'L', border: 2});
	const rows: string[] = [];
	for (let index = 0; index < data.length; index += 2) {
		rows.push(data[index]!.map((isDark, column) => block(!isDark, !(data[index + 1]?.[column] ?? true))).join(''));
	}

	return rows;
}

function block(isUpper: boolean, isLower: boolean): string {
	if (isUpper && isLower) {
		return '█';
	}

	if (isUpper) {
		return '▀';
	}

	return isLower ? '▄' : ' ';
}
