// Everything that takes bytes from outside, by room. Whoever adds a parser or a protocol lists it here.
import {type Target} from './fuzzer.js';
import {fileTargets} from './targets/files.js';
import {messengerTargets} from './targets/messenger.js';
import {peerTargets} from './targets/peer.js';
import {protocolTargets} from './targets/protocol.js';
import {serverTargets} from './targets/server.js';
import {terminalTargets} from './targets/terminal.js';

export const targets: readonly Target[] = [...protocolTargets, ...peerTargets, ...messengerTargets, ...serverTargets, ...terminalTargets, ...fileTargets];
