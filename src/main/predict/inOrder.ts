/** Starts `count` works, at most so many at once, and yields what they give in their order. The first failure ends it. */
export async function* inOrder<T>(count: number, concurrency: number, start: (index: number) => Promise<T>): AsyncGenerator<T> {
  const under: Promise<T>[] = [];
  let next = 0;
  for (let index = 0; index < count; index += 1) {
    while (next < count && under.length < concurrency) {
      const work = start(next);
      // One may fail before its turn: it is looked at then.
      work.catch(() => undefined);
      under.push(work);
      next += 1;
    }
    const first = under.shift();
    if (first !== undefined) yield await first;
  }
}
