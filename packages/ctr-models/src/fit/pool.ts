/**
 * The results of `run` for each item, at most `parallel` of them at a time. After an error nothing more is begun, and what runs is waited
 * for, so that nothing goes on behind the caller's back.
 * @throws the first error
 */
export async function inParallel<T, R>(items: readonly T[], parallel: number, run: (item: T, at: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const errors: unknown[] = [];
  let next = 0;
  async function work(): Promise<void> {
    while (next < items.length && errors.length === 0) {
      const at = next;
      next += 1;
      try {
        results[at] = await run(items[at]!, at);
      } catch (error) {
        errors.push(error);
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, work));
  if (errors.length > 0) throw errors[0];
  return results;
}
