/** One attribute field of a domain and the values it can take. */
export interface Field {
  /** As the items table and the prompts name it. */
  readonly name: string;
  /** In an order that means nothing; the index is what both domains share. */
  readonly values: readonly string[];
}

/** The names that a domain gives to the same latent attributes. */
export interface Domain {
  /** What an item is called in a sentence. */
  readonly noun: string;
  /** One value of each makes an item. */
  readonly fields: readonly Field[];
  /** A sentence for people, from the values in the order of the fields. */
  readonly describe: (values: readonly string[]) => string;
}

const field = (name: string, values: string): Field => ({ name, values: values.split(' ') });
const article = (word: string): string => (/^[aeiou]/u.test(word) ? 'An' : 'A');

/** Stories: the domain in which the small language model grows up. */
const stories: Domain = {
  noun: 'story',
  fields: [
    field('genre', 'mystery romance horror comedy fantasy western thriller drama satire adventure noir saga crime'),
    field('theme', 'revenge friendship betrayal exile greed loyalty memory freedom grief ambition faith rivalry survival'),
    field('tone', 'grim gentle witty bleak playful tense dreamy warm eerie solemn tender cynical'),
    field('setting', 'castle harbor desert village metropolis island station forest mountains monastery prison circus'),
    field('maker', 'harrow okada lindqvist moreau castell brandt ferreira novak adeyemi tanaka silva petrov'),
  ],
  describe: ([genre = '', theme, tone = '', setting, maker]) =>
    `${article(tone)} ${tone} ${genre} of ${theme}, set around the ${setting}, by ${capitalized(maker ?? '')}.`,
};

/** Games: other words for the same latent attributes, to test what carries over. */
const games: Domain = {
  noun: 'game',
  fields: [
    field('kind', 'puzzle racing strategy trading bluffing building dexterity deduction auction drafting wargame party roleplaying'),
    field('goal', 'conquest escape discovery defense harvest rescue peace wealth alliance sabotage migration worship invention'),
    field('mood', 'frantic calm silly ruthless cozy clever chaotic elegant brutal whimsical moody cheerful'),
    field('place', 'dungeon ocean railway galaxy jungle kingdom laboratory market arctic volcano swamp orchard'),
    field('studio', 'kestrel lumen oakfield parallax quarry redwood sable thistle umbra vantage willow zephyr'),
  ],
  describe: ([kind = '', goal, mood = '', place, studio]) =>
    `${article(mood)} ${mood} ${kind} game of ${goal}, played around the ${place}, by ${capitalized(studio ?? '')}.`,
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

/** Names of all values of a domain, by their code. */
export function valueNames(domain: Domain): readonly string[] {
  return domain.fields.flatMap(({ values }) => values);
}

/** The field of every value name, of both domains. */
export const fieldOfName: ReadonlyMap<string, string> = new Map(
  Object.values(DOMAINS).flatMap(({ fields }) => fields.flatMap(({ name, values }) => values.map((value) => [value, name] as const))),
);

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
