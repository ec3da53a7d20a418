import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixtures } from '../test/fixtures.ts';

export interface Golden {
  /** A request in TensorFlow Serving's row form. */
  readonly request: unknown;
  readonly response: unknown;
  readonly tolerance: { readonly rtol: number; readonly atol: number };
}

interface Case {
  readonly name: string;
  readonly tolerance: Golden['tolerance'];
  readonly rest?: { readonly row: { readonly request: unknown; readonly response: unknown } | null };
}

/** What TensorFlow itself answered for a model's version: the named case, in the form that REST takes and gives. */
export function readGolden(model: string, version: string, name: string): Golden {
  const path = join(fixtures() ?? '', 'models', 'goldens', model, version, 'goldens.json');
  const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: readonly Case[] };
  const found = cases.find((one) => one.name === name);
  if (found?.rest?.row == null) throw new Error(`no case ${name} in row form for ${model} ${version}`);
  return { ...found.rest.row, tolerance: found.tolerance };
}

/** Whether two JSON values are the same but for numbers that differ within the tolerance. */
export function isClose(got: unknown, want: unknown, { rtol, atol }: Golden['tolerance']): boolean {
  if (typeof got === 'number' && typeof want === 'number') return Math.abs(got - want) <= atol + rtol * Math.abs(want);
  if (Array.isArray(got) && Array.isArray(want)) {
    return got.length === want.length && got.every((one, at) => isClose(one, want[at], { rtol, atol }));
  }
  if (typeof got !== 'object' || typeof want !== 'object' || got === null || want === null) return got === want;
  const [a, b] = [got as Record<string, unknown>, want as Record<string, unknown>];
  const keys = Object.keys(b);
  return Object.keys(a).length === keys.length && keys.every((key) => key in a && isClose(a[key], b[key], { rtol, atol }));
}
