import { parentPort, workerData } from 'node:worker_threads';
import { summarize } from '../../shared/contract/savedModel.ts';
import { inspectFolder } from './inspectFolder.ts';

/** The thread of inspectInWorker: reads one folder and posts the description. */
const { path, verify } = workerData as { readonly path: string; readonly verify: boolean };
parentPort?.postMessage(summarize(await inspectFolder(path, { verify, signal: new AbortController().signal })));
