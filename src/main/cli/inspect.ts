import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  callableSignatures,
  type Inspection,
  type MetaGraphInfo,
  type Problem,
  type TensorInfo,
  type VersionInfo,
} from '../../shared/contract/savedModel.ts';
import { dtypeLabel } from '../../shared/tensor/dtype.ts';
import { inspectFolder } from '../savedmodel/inspectFolder.ts';
import { exitCode, type CommandIo } from './commandIo.ts';
import { showAll } from './showAll.ts';

/** Shown by `slipway inspect --help`. */
export const inspectHelp = `slipway inspect DIR [--json | --show-all] [--verify]

Describes a SavedModel or a base folder of versions.
  --json      one JSON document instead of text
  --show-all  as TensorFlow's saved_model_cli show --all prints it
  --verify    also compares the checksums of all variables

Example: slipway inspect ~/models/digits
`;

const marks = { error: '✗', warning: '!', note: '·' } as const;

function problemLines(problems: readonly Problem[], indent: string): readonly string[] {
  return problems.flatMap(({ severity, message, advice, mends = [] }) => [
    `${indent}${marks[severity]} ${message}`,
    `${indent}  ${advice}`,
    ...mends.flatMap((mend) => (mend.kind === 'runPython' ? [`${indent}  ${mend.line}`] : [])),
  ]);
}

const shapeText = ({ shape }: TensorInfo): string => (shape === null ? '[…]' : `[${shape.map((dim) => (dim < 0 ? '?' : dim)).join(', ')}]`);
const tensorText = ([key, info]: readonly [string, TensorInfo]): string => `${key} ${dtypeLabel(info.dtype)} ${shapeText(info)}`;

function signatureLines(graph: MetaGraphInfo): readonly string[] {
  return callableSignatures(graph).flatMap(([name, { method_name, inputs, outputs }]) => [
    `    ${name}  ${method_name.replace('tensorflow/serving/', '')}`,
    ...Object.entries(inputs).map((entry) => `      in   ${tensorText(entry)}`),
    ...Object.entries(outputs).map((entry) => `      out  ${tensorText(entry)}`),
  ]);
}

/** Decimal units, three significant figures. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${units[unit] ?? ''}`;
}

function versionLines(version: VersionInfo): readonly string[] {
  const checksums = version.variables.length === 0 ? 'no variables' : version.verified ? 'checksums verified' : 'checksums not verified';
  const facts = [
    sizeText(version.size_bytes),
    `${version.total_params.toLocaleString('en').replaceAll(',', '\u202f')} parameters`,
    version.tensorflow_version === '' ? 'TensorFlow version not told' : `TensorFlow ${version.tensorflow_version}`,
    checksums,
  ];
  return [
    '',
    `${version.version === null ? 'unversioned' : `version ${version.version}`}  ${facts.join(' · ')}`,
    ...version.meta_graphs.flatMap((graph) => [`  tags ${graph.tags.join(', ')}`, ...signatureLines(graph)]),
    ...problemLines(version.problems, '  '),
  ];
}

function describe(inspection: Inspection): string {
  const { kind, name, base, versions, problems } = inspection;
  const errors = versions.every((version) => version.problems.some(({ severity }) => severity === 'error'));
  const verdict =
    kind === 'rejected'
      ? `${name} is no usable SavedModel`
      : errors
        ? `${name} can be read, but would not serve`
        : `${name} is ready to serve`;
  return [verdict, base, ...problemLines(problems, ''), ...versions.flatMap(versionLines), ''].join('\n');
}

/** `slipway inspect`: 0 for a usable model, 1 for a rejected one, 2 for wrong usage. */
export async function runInspect(args: readonly string[], io: CommandIo): Promise<number> {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        'show-all': { type: 'boolean' },
        verify: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    io.err(`${error instanceof Error ? error.message : String(error)}\n\n${inspectHelp}`);
    return exitCode.usage;
  }
  const { values, positionals } = parsed;
  if (values.help === true) {
    io.out(inspectHelp);
    return exitCode.done;
  }
  const [folder] = positionals;
  if (folder === undefined || positionals.length > 1 || (values.json === true && values['show-all'] === true)) {
    io.err(inspectHelp);
    return exitCode.usage;
  }
  const path = resolve(io.cwd, folder);
  const inspection = await inspectFolder(path, { verify: values.verify === true, signal: io.signal });
  const done = inspection.kind === 'ok' ? exitCode.done : exitCode.failed;
  if (values.json === true) io.out(`${JSON.stringify(inspection)}\n`);
  else if (values['show-all'] === true && inspection.kind === 'ok')
    for (const version of inspection.versions) io.out(await showAll(version));
  else io.out(describe(inspection));
  return done;
}
