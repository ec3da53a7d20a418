/** `1–4, 7` of the places 0, 1, 2, 3, 6: runs in their order, counted from 1. */
export function columnsText(places: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const place of places) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] + 1 === place) last[1] = place;
    else runs.push([place, place]);
  }
  return runs.map(([from, to]) => (from === to ? String(from + 1) : `${from + 1}–${to + 1}`)).join(', ');
}

/** The places that a text such as `1-4, 7` names; null where it is no such text, or names a column that there is not. */
export function readColumns(text: string, count: number): readonly number[] | null {
  const places: number[] = [];
  for (const part of text.split(/[,，;；\s]+/).filter((one) => one !== '')) {
    const match = /^(\d+)(?:[-–—~](\d+))?$/.exec(part);
    const [from, to] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
    if (match === null || from < 1 || to > count || to < from) return null;
    for (let place = from; place <= to; place += 1) places.push(place - 1);
  }
  return places;
}

/** A column given to an input, in the order of the table, and taken from the one that had it; null gives it to nobody. */
export function assignColumn(
  columns: Readonly<Record<string, readonly number[]>>,
  place: number,
  input: string | null,
): Readonly<Record<string, readonly number[]>> {
  return Object.fromEntries(
    Object.entries(columns).map(([name, places]) => {
      const others = places.filter((one) => one !== place);
      if (name !== input) return [name, others];
      const at = others.findIndex((one) => one > place);
      return [name, at < 0 ? [...others, place] : others.toSpliced(at, 0, place)];
    }),
  );
}
