import { FormatError } from '../formats/errors.js';
import type { ModelFamily } from './family.js';
import { FAMILIES } from './table.js';

/**
 * The built-in families and those given beside them; a built-in one that is given once more is that one.
 * @throws FormatError `FAMILY_NAME` where a name or a GGUF architecture is taken
 */
export function familiesWith(own: readonly ModelFamily[] = []): readonly ModelFamily[] {
  const all: ModelFamily[] = Object.values(FAMILIES);
  for (const family of own.filter((each) => !all.includes(each))) {
    const clash = all.find(({ name, gguf }) => name === family.name || (gguf !== null && gguf.architecture === family.gguf?.architecture));
    if (clash !== undefined) {
      throw new FormatError('FAMILY_NAME', `there is a model family ${JSON.stringify(clash.name)} already`, {
        where: `families, ${JSON.stringify(family.name)}`,
        expected: 'a name and a GGUF architecture that no other family has',
        remedy: `give it another name than ${all.map(({ name }) => name).join(', ')}`,
      });
    }
    all.push(family);
  }
  return all;
}
