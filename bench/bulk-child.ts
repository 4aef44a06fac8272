// One of the two processes of a transfer: `receive NAME` or `send NAME PORT SIZE`. Tells its parent what it saw, and its peak memory.
import process from 'node:process';
import {bulkTransports, type BulkTransportName} from './bulk-transports.js';

const [role, name, port, size] = process.argv.slice(2);
const transport = bulkTransports[name as BulkTransportName];
const peakMiB = () => process.resourceUsage().maxRSS / 1024;

if (role === 'receive') {
	process.send!({
		port: await transport.receive(received => {
			process.send!({...received, peakMiB: peakMiB()});
		}),
	});
} else {
	await transport.send(Number(port), Number(size));
	process.send!({peakMiB: peakMiB()});
}
