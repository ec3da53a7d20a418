import { parentPort, workerData } from 'node:worker_threads';
import { AppError } from '../../shared/contract/errors.ts';
import { summarize } from '../../shared/contract/savedModel.ts';
import { readEvidence } from '../training/readEvidence.ts';
import { inspectFolder } from './inspectFolder.ts';
import type { ReaderAnswer, ReaderJob } from './readerThread.ts';
import { readSignatureGraph } from './signatureGraph.ts';

/** The thread of runInThread: does one job and posts what came of it. */
const job = workerData as ReaderJob;
const { signal } = new AbortController();

async function answer(): Promise<ReaderAnswer> {
  try {
    if (job.kind === 'inspect') return { value: summarize(await inspectFolder(job.path, { verify: job.verify, signal })) };
    if (job.kind === 'evidence') return { value: await readEvidence(job.request) };
    return { value: await readSignatureGraph(job.path, job.tags, job.signature, { signal }) };
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, data: error.data };
    throw error;
  }
}

parentPort?.postMessage(await answer());
