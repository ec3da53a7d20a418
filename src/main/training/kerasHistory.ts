import { plainText, type Json } from '../../shared/tensor/json.ts';
import { detailOf, measured, type Finding } from './finding.ts';
import { numberOf, versionOfKey } from './metricsJson.ts';

type Entries = readonly (readonly [string, Json])[];

function numbersOf(json: Json | undefined): readonly number[] | undefined {
  if (json?.kind !== 'list' || json.items.length === 0) return undefined;
  const numbers = json.items.map(numberOf);
  return numbers.includes(undefined) ? undefined : (numbers as readonly number[]);
}

function readCourses(entries: Entries, epochs: readonly number[] | undefined, version: string | null): Finding {
  const found = entries
    .filter(([key]) => key !== 'version')
    .map(([name, json]) => {
      const values = numbersOf(json);
      if (values !== undefined)
        return measured(
          name,
          values.map((value, index) => [epochs?.[index] ?? index + 1, value] as const),
        );
      const one = numberOf(json);
      if (one !== undefined) return measured(name, [[0, one]]);
      return { metrics: [], details: json.kind === 'null' ? [] : [detailOf(name, plainText(json))] };
    });
  return { version, metrics: found.flatMap(({ metrics }) => metrics), details: found.flatMap(({ details }) => details) };
}

/** One training: `{"loss": […], "val_loss": […]}`, or as `History` holds it, `{"history": {…}, "epoch": […]}`. */
function readTraining(entries: Entries, version: string | null): Finding {
  const inner = entries.find(([key]) => key === 'history')?.[1];
  if (inner?.kind !== 'object') return readCourses(entries, undefined, version);
  return readCourses(inner.entries, numbersOf(entries.find(([key]) => key === 'epoch')?.[1]), version);
}

/** What `json.dump(history.history)` of Keras wrote: a list of a value an epoch for each metric; a base folder's may be keyed by version. */
export function readKerasHistory(json: Json): readonly Finding[] {
  if (json.kind !== 'object') return [];
  const keyed = json.entries.filter(([key, value]) => versionOfKey(key) !== null && value.kind === 'object');
  if (keyed.length === 0) return [readTraining(json.entries, null)];
  return keyed.map(([key, value]) => readTraining(value.kind === 'object' ? value.entries : [], versionOfKey(key)));
}
