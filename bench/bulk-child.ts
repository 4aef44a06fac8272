// One of the two processes of a transfer: `receive NAME` or `send NAME PORT SIZE`. Tells its parent what it saw, and what memory and time it took.
import process from 'node:process';
import {bulkTransports, type BulkTransportName} from './bulk-transports.js';

const [role, name, port, size] = process.argv.slice(2);
const transport = bulkTransports[name as BulkTransportName];
const cost = () => {
	const {maxRSS, userCPUTime, systemCPUTime} = process.resourceUsage();
	return {peakMiB: maxRSS / 1024, cpuMs: (userCPUTime + systemCPUTime) / 1000};
};

if (role === 'receive') {
	process.send!({
		port: await transport.receive(received => {
			process.send!({...received, ...cost()});
		}),
	});
} else {
	await transport.send(Number(port), Number(size));
	process.send!(cost());
}
