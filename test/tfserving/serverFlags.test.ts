import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { flagsUsage, parseServerFlags } from '../../src/main/tfserving/serverFlags.ts';
import { fixtures, whyNoFixtures } from '../fixtures.ts';

const root = fixtures();

/** Flag → its default and type, from lines of usage; the number of threads is the machine's. */
function usage(text: string): ReadonlyMap<string, string> {
  return new Map(
    Array.from(text.matchAll(/^\t--(\w+)=(\S*)\s+(\w+)\t/gm), ([, name = '', value = '', type = '']) => [
      name,
      `${name.endsWith('_threads') && value !== '0' ? 'threads' : value} ${type.replace(/^int\d+$/, 'int')}`,
    ]),
  );
}

describe('tensorflow_model_server’s flags', () => {
  test.skipIf(root === undefined)(`are all there, with their types and defaults ${root === undefined ? whyNoFixtures : ''}`, () => {
    // Two logs, for each leaves out lines of the other.
    const logs = ['start_badflag.log', 'start_badflagval.log'].map((name) =>
      readFileSync(join(root ?? '', 'reference', 'logs', name), 'utf8'),
    );
    const genuine = usage(logs.join('\n'));
    const ours = usage(flagsUsage());
    expect(genuine.size).toBeGreaterThan(40);
    for (const [name, told] of genuine) expect([name, ours.get(name)]).toEqual([name, told]);
    expect([...ours.keys()].filter((name) => !genuine.has(name))).toEqual(['bind_address', 'max_request_bytes', 'max_requests']);
  });

  test('are taken as --flag=value and --flag value, with one dash or two; a bare one is true; the last one counts', () => {
    const { flags, unknown, wrong } = parseServerFlags([
      '--model_name=first',
      '-rest_api_port',
      '8501',
      '--enable_batching',
      '--model_name',
      'm',
      '--model_base_path=/a=b c',
      '--enable_model_warmup=false',
      '--rest_api_enable_cors_support',
      'true',
      '--load_retry_interval_micros=-1',
      '--port=0',
    ]);
    expect({ unknown, wrong }).toEqual({ unknown: [], wrong: [] });
    expect(flags).toMatchObject({
      model_name: 'm',
      rest_api_port: 8501,
      enable_batching: true,
      model_base_path: '/a=b c',
      enable_model_warmup: false,
      rest_api_enable_cors_support: true,
      load_retry_interval_micros: -1,
      port: 0,
    });
  });

  test('that are unknown, and values that are not the flag’s, are told apart', () => {
    const { unknown, wrong } = parseServerFlags([
      '--nope=1',
      'word',
      '--port=abc',
      '--enable_batching=perhaps',
      '--model_name',
      '--port=1',
    ]);
    expect(unknown).toEqual(['--nope=1', 'word']);
    expect(wrong).toEqual(['--port=abc', '--enable_batching=perhaps', '--model_name']);
  });

  test('without an effect are named only where they are given another value than their default', () => {
    expect(parseServerFlags(['--num_load_threads=0', '--enable_profiler=false', '--per_process_gpu_memory_fraction=0.5']).warnings).toEqual(
      [
        '--enable_profiler has no effect here: there is no profiler',
        '--per_process_gpu_memory_fraction has no effect here: there is no GPU support',
      ],
    );
  });
});
