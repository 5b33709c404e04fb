/** 95 % interval. */
export type Interval = readonly [low: number, high: number];

/** Figures by name, each with its interval beside it under `<name>Interval`; null where one is undefined. */
export type Estimates<Name extends string> = { readonly [N in Name]: number | null } & {
  readonly [N in Name as `${N}Interval`]: Interval | null;
};
