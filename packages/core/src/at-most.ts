/** What a schema says of a number above its bound: the bound, and why there is one. @param why a clause, such as `no vocabulary is larger` */
export function atMost(bound: number, why: string): string {
  return `too large: at most ${bound < 1e15 ? bound.toLocaleString('en-US') : String(bound)}, for ${why}`;
}
