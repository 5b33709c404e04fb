/** One attribute field of a domain and the values it can take. */
export interface Field {
  /** As the items table and the prompts name it. */
  readonly name: string;
  /** Kin beside kin; the index is what both domains share. */
  readonly values: readonly string[];
  /** What each value means: an index into {@link MEANINGS}. */
  readonly meanings: readonly number[];
}

/** The names that a domain gives to the same latent attributes. */
export interface Domain {
  /** What an item is called in a sentence. */
  readonly noun: string;
  /** Several of them. */
  readonly plural: string;
  /** One value of each makes an item. */
  readonly fields: readonly Field[];
  /** A sentence for people, from the values in the order of the fields. */
  readonly describe: (values: readonly string[]) => string;
}

/**
 * What a value can mean, across all fields and both domains: a grim tone, a horror genre and a prison are kin. The numbering is the order
 * of the words in the fields below.
 */
export const MEANINGS = ['dark', 'love', 'laughter', 'adventure', 'violence', 'wonder', 'reason', 'home'] as const;

const article = (word: string): string => (/^[aeiou]/u.test(word) ? 'An' : 'A');

/** @param kin the field's values by what they mean, in the order of {@link MEANINGS} */
const field = (name: string, ...kin: readonly string[]): Field => {
  const meant = kin.flatMap((words, meaning) => words.split(' ').map((value) => ({ value, meaning })));
  return { name, values: meant.map(({ value }) => value), meanings: meant.map(({ meaning }) => meaning) };
};

/** Stories. */
const stories: Domain = {
  noun: 'story',
  plural: 'stories',
  fields: [
    field(
      'genre',
      'horror noir',
      'romance melodrama',
      'comedy farce',
      'adventure western',
      'war thriller',
      'fantasy',
      'mystery',
      'pastoral',
    ),
    field(
      'theme',
      'death madness',
      'love longing',
      'mischief',
      'quest',
      'revenge',
      'magic prophecy',
      'deception secrets',
      'family homecoming',
    ),
    field('tone', 'grim', 'tender', 'witty silly', 'bold restless', 'brutal furious', 'dreamy enchanted', 'cerebral', 'cozy'),
    field(
      'setting',
      'prison graveyard',
      'ballroom garden',
      'circus',
      'jungle',
      'battlefield',
      'castle',
      'laboratory library',
      'village farm',
    ),
    field('hero', 'ghost', 'bride', 'clown trickster', 'explorer pirate', 'soldier assassin', 'wizard dragon', 'detective', 'grandmother'),
  ],
  describe: ([genre = '', theme, tone = '', setting, hero]) =>
    `${article(tone)} ${tone} ${genre} story of ${theme}, set around the ${setting}, with a ${hero}.`,
};

/** Games: other words for the same latent attributes, to test what carries over. */
const games: Domain = {
  noun: 'game',
  plural: 'games',
  fields: [
    field(
      'kind',
      'survival haunting',
      'dating matchmaking',
      'party charades',
      'exploration racing',
      'shooter wargame',
      'roleplaying',
      'puzzle',
      'farming',
    ),
    field(
      'goal',
      'exorcism decay',
      'courtship devotion',
      'pranks',
      'treasure',
      'conquest',
      'sorcery summoning',
      'deduction invention',
      'cooking gardening',
    ),
    field('mood', 'creepy', 'affectionate', 'goofy absurd', 'wild breathless', 'ruthless explosive', 'mystical magical', 'clever', 'calm'),
    field('place', 'crypt asylum', 'chapel lagoon', 'carnival', 'ocean', 'trenches', 'kingdom', 'observatory archive', 'orchard cottage'),
    field('role', 'vampire', 'suitor', 'jester prankster', 'captain nomad', 'gladiator sniper', 'sorcerer unicorn', 'engineer', 'gardener'),
  ],
  describe: ([kind = '', goal, mood = '', place, role]) =>
    `${article(mood)} ${mood} ${kind} game of ${goal}, played around the ${place}, as a ${role}.`,
};

/** The two domains: the second has as many fields, and as many values in each, as the first. */
export const DOMAINS = {
  /** Stories. */
  first: stories,
  /** Games. */
  second: games,
} as const;

/** How many fields an item has. */
export const FIELD_COUNT = stories.fields.length;

/** Where each field's values begin in the numbering of all values, and, last, how many there are. */
export const VALUE_OFFSETS: readonly number[] = stories.fields.reduce<number[]>(
  (offsets, { values }) => [...offsets, offsets.at(-1)! + values.length],
  [0],
);

/** How many attribute values there are in all. */
export const VALUE_COUNT = VALUE_OFFSETS.at(-1)!;

/** The field of each value. */
export const FIELD_OF: readonly number[] = stories.fields.flatMap(({ values }, index) => values.map(() => index));

/** What each value means, in both domains. */
export const MEANING_OF: readonly number[] = stories.fields.flatMap(({ meanings }) => meanings);

/** Names of all values of a domain, by their code. */
export function valueNames(domain: Domain): readonly string[] {
  return domain.fields.flatMap(({ values }) => values);
}

/** The field of every value name, of both domains. */
export const fieldOfName: ReadonlyMap<string, string> = new Map(
  Object.values(DOMAINS).flatMap(({ fields }) => fields.flatMap(({ name, values }) => values.map((value) => [value, name] as const))),
);
