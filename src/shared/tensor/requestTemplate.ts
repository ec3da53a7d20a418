import type { SignatureInfo, TensorInfo } from '../contract/savedModel.ts';
import { valueDtype } from './dtype.ts';

/** More values than this are not written out: the person pastes or loads them. */
const maxValues = 200_000;

function scalarText(info: TensorInfo): string {
  switch (valueDtype(info.dtype)) {
    case 'DT_STRING':
      return '""';
    case 'DT_BOOL':
      return 'false';
    case 'DT_FLOAT':
    case 'DT_DOUBLE':
      return '0.0';
    default:
      return '0';
  }
}

/** The shape that a template is written in: unknown dimensions are 1, an unknown rank is one row. */
function templateShape(info: TensorInfo): readonly number[] {
  return info.shape === null ? [1] : info.shape.map((dim) => (dim < 0 ? 1 : dim));
}

/** Nested lists of one value; a shape of too many values is cut in its longest dimensions and no longer fits. */
function nested(shape: readonly number[], scalar: string): string {
  const cut = [...shape];
  while (cut.reduce((product, dim) => product * dim, 1) > maxValues) cut[cut.indexOf(Math.max(...cut))] = 1;
  return cut.reduceRight((inner, dim) => `[${Array.from({ length: dim }, () => inner).join(', ')}]`, scalar);
}

const hasRows = ({ inputs, outputs }: SignatureInfo): boolean =>
  [...Object.values(inputs), ...Object.values(outputs)].every(({ shape }) => shape === null || shape.length > 0) &&
  Object.values(inputs).every(({ shape }) => shape === null || shape[0] === -1 || shape[0] === 1);

/**
 * A request that fits a signature: batch 1, zeros and empty strings. In rows where every tensor has a first dimension in common,
 * else in columns; examples for classify and regress. `signatureName` is written where it is not the default.
 */
export function requestTemplate(signatureName: string, signature: SignatureInfo): string {
  const head = signatureName === 'serving_default' ? '' : `  "signature_name": ${JSON.stringify(signatureName)},\n`;
  const inputs = Object.entries(signature.inputs);
  const tensor = ([, info]: readonly [string, TensorInfo], rows: boolean): string =>
    nested(templateShape(info).slice(rows ? 1 : 0), scalarText(info));
  if (/classify$|regress$/.test(signature.method_name) && inputs.every(([, { dtype }]) => dtype === 'DT_STRING'))
    return `{\n${head}  "examples": [{}]\n}\n`;
  const [first] = inputs;
  const rows = hasRows(signature);
  const lines = inputs.map((entry) => `    ${JSON.stringify(entry[0])}: ${tensor(entry, rows)}`);
  if (inputs.length === 1 && first !== undefined)
    return `{\n${head}  "${rows ? 'instances' : 'inputs'}": ${rows ? `[${tensor(first, true)}]` : tensor(first, false)}\n}\n`;
  return rows ? `{\n${head}  "instances": [{\n${lines.join(',\n')}\n  }]\n}\n` : `{\n${head}  "inputs": {\n${lines.join(',\n')}\n  }\n}\n`;
}
