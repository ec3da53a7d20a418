import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MalformedProto, ProtoReader } from '../protobuf/wire.ts';
import { crc32c, maskCrc } from '../savedmodel/crc32c.ts';
import { checkExampleSignature, exampleInputs, type ExampleMethod } from './classifyRegress.ts';
import { readExampleMessage, readMultiInferenceMessage, readPredictMessage } from './inferenceMessages.ts';
import type { ServerMetrics } from './metrics.ts';
import type { WriteLog } from './modelServerLog.ts';
import { predictInputs } from './predictInputs.ts';
import type { Servable } from './servable.ts';
import { StatusError, invalid } from './status.ts';

/**
 * A version's own requests, replayed before it is available, so that the first real one is not the slow one:
 * `assets.extra/tf_serving_warmup_requests`, a TFRecord file of PredictionLog messages (prediction_log.proto).
 */

const maxRecords = 1000;

/** The records of a TFRecord file: length, its checksum, data, its checksum. Throws StatusError. */
function* tfRecords(file: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const damaged = (what: string): StatusError =>
    new StatusError('DATA_LOSS', `${what}. Please verify your warmup data is in TFRecord format.`);
  for (let at = 0; at < file.length;) {
    if (at + 12 > file.length) throw damaged(`truncated record at ${at}`);
    if (maskCrc(crc32c(file.subarray(at, at + 8))) !== view.getUint32(at + 8, true)) throw damaged(`corrupted record at ${at}`);
    const length = Number(view.getBigUint64(at, true));
    const start = at + 12;
    if (start + length + 4 > file.length) throw damaged(`truncated record at ${at}`);
    const data = file.subarray(start, start + length);
    if (maskCrc(crc32c(data)) !== view.getUint32(start + length, true)) throw damaged(`corrupted record at ${at}`);
    yield data;
    at = start + length + 4;
  }
}

/** The request in a PredictionLog: its field, and the message of its log's field 1. */
function readLog(record: Uint8Array): { readonly field: number; readonly request: Uint8Array } {
  const reader = new ProtoReader(record);
  let found: { readonly field: number; readonly request: Uint8Array } | undefined;
  while (reader.next()) {
    if (reader.field < 2 || reader.field > 7 || reader.wireType !== 2) {
      reader.skip();
      continue;
    }
    const { field } = reader;
    const log = reader.message();
    let request = new Uint8Array();
    while (log.next()) {
      if (log.field === 1 && log.wireType === 2) request = Uint8Array.from(log.bytes());
      else log.skip();
    }
    found = { field, request };
  }
  if (found === undefined) throw new StatusError('UNIMPLEMENTED', 'Unsupported log_type for warmup: 0');
  return found;
}

async function runExamples(servable: Servable, name: string, method: ExampleMethod, examples: readonly Uint8Array[]): Promise<void> {
  const signature = servable.signature(name);
  if (signature === undefined) throw invalid(`No signature was found with the name: ${name}`);
  checkExampleSignature(signature, method, { checkName: false });
  await servable.run(name, exampleInputs(examples), {});
}

async function replay(servable: Servable, { field, request }: ReturnType<typeof readLog>): Promise<void> {
  switch (field) {
    case 2:
    case 3: {
      const { spec, examples } = readExampleMessage(request);
      await runExamples(servable, spec.signatureName, field === 2 ? 'classify' : 'regress', examples);
      return;
    }
    case 4: {
      const { tasks, examples } = readMultiInferenceMessage(request);
      for (const { spec, methodName } of tasks)
        await runExamples(servable, spec.signatureName, methodName.endsWith('classify') ? 'classify' : 'regress', examples);
      return;
    }
    case 6: {
      const { spec, inputs, outputFilter } = readPredictMessage(request);
      const signature = servable.signature(spec.signatureName);
      if (signature === undefined) throw invalid(`Serving signature name: "${spec.signatureName}" not found in signature def`);
      const checked = predictInputs(signature, servable.defaults(spec.signatureName), inputs, outputFilter);
      await servable.run(spec.signatureName, checked, outputFilter.length > 0 ? { outputs: outputFilter } : {});
      return;
    }
    default:
      throw new StatusError('UNIMPLEMENTED', `Unsupported log_type for warmup: ${field}`);
  }
}

export interface WarmupOptions {
  /** How often each request is run; less than 1: once. */
  readonly iterations: number;
  readonly log: WriteLog;
  readonly metrics: ServerMetrics;
}

/** Replays a version's warm-up requests; a version without them is left alone. A record that fails, fails the load: throws StatusError. */
export async function warmUp(servable: Servable, versionPath: string, { iterations, log, metrics }: WarmupOptions): Promise<void> {
  const path = join(versionPath, 'assets.extra', 'tf_serving_warmup_requests');
  const file = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw new StatusError('UNKNOWN', `${path}; ${error.code ?? ''}`, { cause: error });
  });
  if (file === undefined) {
    log('I', `No warmup data file found at ${path}`);
    return;
  }
  log('I', `Starting to read warmup data for model at ${path}`);
  const started = performance.now();
  let records = 0;
  let status = 'OK';
  try {
    for (const record of tfRecords(file)) {
      records += 1;
      if (records > maxRecords) throw invalid(`Number of warmup records exceeds the maximum (${maxRecords}) at ${path}`);
      const request = readLog(record);
      for (let run = 0; run < Math.max(iterations, 1); run += 1) await replay(servable, request);
    }
  } catch (error) {
    const failure =
      error instanceof MalformedProto ? invalid(`Failed to parse warmup record: ${records} from ${path}. ${error.message}`) : error;
    status = failure instanceof StatusError ? failure.status : 'INTERNAL';
    throw failure;
  } finally {
    const micros = Math.round((performance.now() - started) * 1000);
    metrics.warmupLatency.observe(micros, versionPath, status);
    metrics.warmupRecords.add(records, versionPath, status);
    log(
      'I',
      `Finished reading warmup data for model at ${path}. Number of warmup records read: ${records}. Elapsed time (microseconds): ${micros}.`,
    );
  }
}
