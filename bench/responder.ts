// The other process of `bench latency`: answers on one transport, named on the command line, and tells its port to the parent.
import process from 'node:process';
import {transports, type TransportName} from './transports.js';

const {port} = await transports[process.argv[2] as TransportName].respond();
process.send!({port});
