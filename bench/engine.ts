import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { loadModel } from '../src/main/engine/loadModel.ts';
import type { Tensor } from '../src/shared/tensor/tensor.ts';
import { fixtures } from '../test/fixtures.ts';
import { median, say } from './processMs.ts';

const rounds = 5;
/** `size`: what becomes of the dimensions that are open beside the batch. */
const models = [
  { name: 'MLP', path: 'iris/1', size: 0, runs: 2_000 },
  { name: 'CNN 8×8', path: 'digits_cnn/1', size: 0, runs: 500 },
  { name: 'MobileNet 224', path: 'mobilenet/1', size: 0, runs: 10 },
  { name: 'U-Net 64', path: 'unet_tiny/1', size: 64, runs: 200 },
  { name: 'transformer of 64 tokens', path: 'transformer/1', size: 64, runs: 300 },
  { name: 'spectrogram of 4000 samples', path: 'audio_mel/1', size: 4_000, runs: 300 },
  { name: 'LSTM of 40 steps', path: 'seq_lstm/1', size: 40, runs: 200 },
] as const;

/** A Python with TensorFlow: `SLIPWAY_TENSORFLOW_PYTHON`, else `python3` where it has it. */
function tensorflowPython(): string | undefined {
  const candidates = [process.env['SLIPWAY_TENSORFLOW_PYTHON'], 'python3'].filter((one): one is string => one !== undefined);
  return candidates.find((python) => spawnSync(python, ['-c', 'import tensorflow'], { stdio: 'ignore' }).status === 0);
}

interface Runner extends AsyncDisposable {
  /** Median time of one run in ms. */
  readonly measure: (batch: number, size: number, runs: number) => Promise<number>;
}

/** TensorFlow, called through the loaded signature, one thread within an op and one between ops. */
function tensorflowRunner(python: string, model: string): Runner {
  const child = spawn(python, [join(import.meta.dirname, 'tensorflowRuns.py'), model], { stdio: ['pipe', 'pipe', 'ignore'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async measure(batch, size, runs) {
      child.stdin.write(`${batch} ${size} ${runs}\n`);
      const { value } = await lines.next();
      return Number(value);
    },
    [Symbol.asyncDispose]() {
      child.stdin.end();
      return new Promise((ended) => child.once('close', () => ended()));
    },
  };
}

async function engineRunner(path: string): Promise<Runner> {
  const model = await loadModel(path, { intraOpThreads: 1, interOpThreads: 1 });
  const inputs = model.signatures['serving_default']?.inputs ?? {};
  return {
    async measure(batch, size, runs) {
      const feeds = Object.fromEntries(
        Object.entries(inputs).map(([name, { dtype, shape }]): [string, Tensor] => {
          const dims = (shape ?? []).map((dim, axis) => (dim >= 0 ? dim : axis === 0 ? batch : size));
          const length = dims.reduce((product, dim) => product * dim, 1);
          return dtype === 'DT_INT32'
            ? [name, { dtype, shape: dims, data: Int32Array.from({ length }, (_, at) => at % 17) }]
            : [name, { dtype: 'DT_FLOAT', shape: dims, data: Float32Array.from({ length }, (_, at) => (at % 17) / 17) }];
        }),
      );
      // Sizes that come three times get a plan of their own.
      for (let run = 0; run < 4; run += 1) await model.run('serving_default', feeds);
      const times: number[] = [];
      for (let run = 0; run < runs; run += 1) {
        const started = performance.now();
        await model.run('serving_default', feeds);
        times.push(performance.now() - started);
      }
      return median(times);
    },
    [Symbol.asyncDispose]: () => model[Symbol.asyncDispose](),
  };
}

/** The engine over TensorFlow in Python, in turns, one thread each: below 1 the engine is faster. */
export async function benchEngine(): Promise<void> {
  const folder = fixtures();
  const python = folder === undefined ? undefined : tensorflowPython();
  if (folder === undefined || python === undefined) {
    say(`engine: skipped, ${folder === undefined ? 'no fixtures' : 'no Python with TensorFlow (SLIPWAY_TENSORFLOW_PYTHON)'}`);
    return;
  }
  for (const { name, path, size, runs } of models) {
    const version = join(folder, 'models', 'models', path);
    await using engine = await engineRunner(version);
    await using tensorflow = tensorflowRunner(python, version);
    for (const batch of [1, 32]) {
      const times = { engine: [] as number[], tensorflow: [] as number[] };
      for (let round = 0; round < rounds; round += 1) {
        const count = Math.max(3, Math.round(runs / Math.sqrt(batch)));
        times.engine.push(await engine.measure(batch, size, count));
        times.tensorflow.push(await tensorflow.measure(batch, size, count));
      }
      const [ours, theirs] = [median(times.engine), median(times.tensorflow)];
      say(
        `engine: ${name}, batch ${batch}: ${(ours / theirs).toFixed(3)} of TensorFlow's time (${ours.toFixed(3)} ms, ${theirs.toFixed(3)} ms)`,
      );
    }
  }
}
