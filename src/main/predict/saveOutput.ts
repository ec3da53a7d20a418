import type { SavedFile, SaveFormat } from '../../shared/contract/playground.ts';
import { AppError } from '../../shared/contract/errors.ts';
import { dtypeLabel } from '../../shared/tensor/dtype.ts';
import type { Tensor } from '../../shared/tensor/tensor.ts';
import { elementText, tensorJson } from '../../shared/tensor/tensorJson.ts';
import { outputPicture } from './pictures.ts';
import { writeNpy } from './writeNpy.ts';

const types = { npy: 'application/octet-stream', json: 'application/json', csv: 'text/csv', png: 'image/png' } as const;

/** Cells that hold a comma, a quotation mark or a line's end are quoted. Source: RFC 4180. */
export const csvCell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** A line for each place of the first dimension, with the rest of it flat: `name[0]`, `name[1]` … above. */
function csv(name: string, tensor: Tensor): string {
  const { shape } = tensor;
  const rows = shape[0] ?? 1;
  const width = shape.slice(1).reduce((product, size) => product * size, 1);
  const text = elementText('', tensor);
  const cell = (index: number): string => {
    const json = text(index);
    return csvCell(json.startsWith('"') ? (JSON.parse(json) as string) : json);
  };
  const head = shape.length < 2 ? [name] : Array.from({ length: width }, (_, column) => `${name}[${column}]`);
  const lines = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: width }, (_unused, column) => cell(row * width + column)).join(','),
  );
  return `${[head.map(csvCell).join(','), ...lines].join('\r\n')}\r\n`;
}

/** An output as a file. BAD_INPUT where that format does not hold it. */
export function saveOutput(name: string, tensor: Tensor, format: SaveFormat): SavedFile {
  const bytes = {
    npy: () => writeNpy(tensor),
    json: () => Buffer.from([...tensorJson(name, tensor)].join('')),
    csv: () => Buffer.from(csv(name, tensor)),
    png: () => outputPicture(tensor),
  }[format]();
  if (bytes === null)
    throw new AppError('BAD_INPUT', {
      detail: `${name}, ${dtypeLabel(tensor.dtype)} [${tensor.shape.join(', ')}], cannot be saved as ${format}.`,
    });
  return {
    name: `${name.replaceAll(/[^A-Za-z0-9_.-]+/g, '_')}.${format}`,
    type: types[format],
    data: new Blob([new Uint8Array(bytes)], { type: types[format] }),
  };
}
