import { execFileSync } from 'node:child_process';
import { mkdir, open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeNpy } from '../../src/main/predict/writeNpy.ts';

/**
 * Keeps a case whose input is a pipe, so that whoever runs it waits until `release`; disposing releases it, and takes it away. Not on
 * Windows, which has no named pipes in folders.
 */
export async function writeHeldCase(
  folder: string,
  { input, output }: { readonly input: readonly [name: string, shape: readonly number[]]; readonly output: object },
): Promise<AsyncDisposable & { release(): Promise<void> }> {
  const [name, shape] = input;
  const [file, pipe] = [join(folder, 'held.case.json'), join(folder, 'held.npy')];
  await mkdir(folder, { recursive: true });
  execFileSync('mkfifo', [pipe]);
  const inputs = { [name]: { dtype: 'float32', shape, npy: 'held.npy' } };
  await writeFile(file, JSON.stringify({ slipway_case: 1, inputs, expect: { outputs: output } }));
  async function release(): Promise<void> {
    const count = shape.reduce((product, size) => product * size, 1);
    // For reading and writing: it opens whether or not anybody reads.
    const end = await open(pipe, 'r+');
    await end.write(writeNpy({ dtype: 'DT_FLOAT', shape, data: new Float32Array(count) }) ?? Buffer.alloc(0));
    await end.close();
  }
  return {
    release,
    async [Symbol.asyncDispose]() {
      await release();
      await rm(file);
      await rm(pipe);
    },
  };
}
