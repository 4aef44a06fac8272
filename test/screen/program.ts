// The screen over a pretended messenger, as a program of its own for tests in a terminal: `node program.js SCENE`.
import process from 'node:process';
import {quietView} from '../helpers/quiet-view.js';
import {
	homeView,
	manyView,
	SceneMessenger,
	signedOutView,
	talkView,
} from './scene.js';

const scenes = {
	closed: quietView, 'signed-out': signedOutView, home: homeView, talk: talkView, many: manyView,
};

// Before React is loaded, which reads it once.
process.env.NODE_ENV ??= 'production';
const {runScreen} = await import('../../source/screen/run-screen.js');
const name = process.argv[2] as keyof typeof scenes;
process.exit(await runScreen(new SceneMessenger(scenes[name])));
