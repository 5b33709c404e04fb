// The packages of this repository and what each stands on, out of their package.json files.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SCOPE = '@expctr/';

/** A package as the picture shows it. */
export interface PackageNode {
  /** Without the scope: `core`. */
  readonly name: string;
  readonly isApp: boolean;
  /** Packages of this repository that it cannot do without, those left out that another of them brings. */
  readonly standsOn: readonly string[];
  /** Rows below it: 0 for one that needs no other. */
  readonly level: number;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** Every package, by name. @throws where packages need each other in a circle */
export function packageNodes(root: string): PackageNode[] {
  const manifests = new Map<string, { isApp: boolean; needs: string[] }>();
  for (const place of ['packages', 'apps']) {
    for (const folder of readdirSync(join(root, place)).sort()) {
      const file = join(root, place, folder, 'package.json');
      if (!existsSync(file)) continue;
      const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
      const needs = Object.keys({ ...dependencies, ...peerDependencies })
        .filter((name) => name.startsWith(SCOPE) && peerDependenciesMeta[name]?.optional !== true)
        .map((name) => name.slice(SCOPE.length));
      manifests.set(folder, { isApp: place === 'apps', needs });
    }
  }
  const below = new Map<string, ReadonlySet<string>>();
  const allBelow = (name: string, above: readonly string[] = []): ReadonlySet<string> => {
    if (above.includes(name)) throw new Error(`packages need each other in a circle: ${[...above, name].join(' > ')}`);
    const known = below.get(name);
    if (known !== undefined) return known;
    const needs = manifests.get(name)?.needs ?? [];
    const all = new Set(needs.flatMap((needed) => [needed, ...allBelow(needed, [...above, name])]));
    below.set(name, all);
    return all;
  };
  const levelOf = (name: string): number => Math.max(-1, ...[...allBelow(name)].map(levelOf)) + 1;
  return [...manifests].map(([name, { isApp, needs }]) => ({
    name,
    isApp,
    standsOn: needs.filter((needed) => !needs.some((other) => allBelow(other).has(needed))).sort(),
    level: levelOf(name),
  }));
}
