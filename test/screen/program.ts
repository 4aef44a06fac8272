// The screen over a pretended messenger, as a program of its own for tests in a terminal: `node program.js SCENE`.
import process from 'node:process';
import {runScreen} from '../../source/screen/run-screen.js';
import {
	closedView,
	homeView,
	manyView,
	SceneMessenger,
	signedOutView,
	talkView,
} from './scene.js';

const scenes = {
	closed: closedView, 'signed-out': signedOutView, home: homeView, talk: talkView, many: manyView,
};

process.env.NODE_ENV ??= 'production';
const name = process.argv[2] as keyof typeof scenes;
process.exit(await runScreen(new SceneMessenger(scenes[name])));
