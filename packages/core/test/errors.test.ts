import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkOptions, EXIT, ExpctrError, failWith, nearestName, OptionsError, sentences, WrongUseError } from '../src/index.js';
import { packageVersion } from '../src/node.js';

const END = /[.!?…]$/u;

/** Texts as they stand in errors: names in quotes, paths, numbers, texts that end like sentences, and anything at all. */
const part = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    "there is no dataset 'movieLens'",
    'one of a, b',
    'see above.',
    'really?',
    'and so on…',
    '(in brackets.)',
    ' ',
    '..',
    '"a."',
  ),
);

describe('the parts of an error', () => {
  test('are sentences, whatever they are', () => {
    const details = fc.record({ where: part, expected: part, remedy: part }, { requiredKeys: [] });
    fc.assert(
      fc.property(part, details, (what, given) => {
        const { message } = new ExpctrError('X', what, given);
        expect(message).toBe(message.trim());
        expect(message === '' || END.test(message)).toBe(true);
        for (const [begin, text] of [
          ['Expected', given.expected],
          ['To mend it:', given.remedy],
        ] as const) {
          if (text === undefined || text.trim() === '') continue;
          const at = message.indexOf(`${begin} `);
          expect(at).toBeGreaterThanOrEqual(0);
          expect(at === 0 || message[at - 1] === ' ').toBe(true);
        }
      }),
    );
  });

  test('are joined with one blank, each with an end and none with two, and joining again changes nothing', () => {
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const joined = sentences(parts);
        let rest = joined;
        for (const text of parts.map((given) => given.trim()).filter((given) => given !== '')) {
          expect(rest.startsWith(text)).toBe(true);
          rest = rest.slice(text.length);
          if (!END.test(text)) {
            expect(rest.startsWith('.')).toBe(true);
            rest = rest.slice(1);
          }
          expect(rest === '' || rest.startsWith(' ')).toBe(true);
          rest = rest.slice(1);
        }
        expect(rest).toBe('');
        expect(sentences([joined])).toBe(joined);
      }),
    );
  });

  test.each([
    ["there is no dataset 'movieLens'", 'one of a, b', undefined, "there is no dataset 'movieLens'. Expected one of a, b."],
    ['it ends.', undefined, 'do this.', 'it ends. To mend it: do this.'],
    ["there is no folder '..'", undefined, ' ', "there is no folder '..'."],
    ['too long…', 'at most 3', undefined, 'too long… Expected at most 3.'],
  ])('%s', (what, expected, remedy, message) => {
    const details = { ...(expected === undefined ? {} : { expected }), ...(remedy === undefined ? {} : { remedy }) };
    expect(new ExpctrError('X', what, details).message).toBe(message);
  });
});

describe('exit statuses', () => {
  const commander = (exitCode: number): Error => Object.assign(new Error('help'), { code: 'commander.x', exitCode });

  test.each([
    ['wrong use by its class', new WrongUseError('X', 'no such name'), EXIT.wrongUse, 'error X: no such name.\n'],
    ['wrong use by its detail', new ExpctrError('X', 'no such folder', { wrongUse: true }), EXIT.wrongUse, 'error X: no such folder.\n'],
    ['what was found is damaged', new ExpctrError('X', 'half a file'), EXIT.failed, 'error X: half a file.\n'],
    ['help', commander(0), EXIT.done, ''],
    ['wrong arguments', commander(1), EXIT.wrongUse, ''],
    ['no error', 'thrown', EXIT.failed, 'thrown\n'],
  ])('%s', (_, error, status, text) => {
    let said = '';
    expect(failWith(error, (more) => (said += more))).toBe(status);
    expect(said).toBe(text);
  });

  test('what nobody foresaw shows where it came from', () => {
    let said = '';
    expect(failWith(new TypeError('x is no function'), (text) => (said += text))).toBe(EXIT.failed);
    expect(said).toContain('errors.test.ts');
  });
});

describe('checkOptions', () => {
  const keys = { epochs: true, batchSize: true, onEpoch: true } as const;
  /** As JavaScript calls it, where no compiler looks. */
  const check = checkOptions as (what: string, options: unknown, known: unknown) => void;

  test('known keys pass, undefined ones too', () => {
    expect(() => checkOptions('fit', { epochs: 3, batchSize: undefined }, keys)).not.toThrow();
    expect(() => checkOptions('fit', {}, keys)).not.toThrow();
  });

  test('an unknown key is wrong use, with the nearest name', () => {
    expect(() => check('fit', { epoch: 3 }, keys)).toThrow(/fit: .*'epoch'.*write epochs/u);
    expect(() => check('fit', { whatever: 3 }, keys)).toThrow(/leave it out/u);
    expect(() => check('fit', { toString: 3 }, keys)).toThrow(OptionsError);
  });

  test.each([null, undefined, 3, 'text', []])('%j is no object', (given) => {
    expect(() => check('fit', given, keys)).toThrow(/options are .*epochs, batchSize, onEpoch/u);
  });

  test('every key outside the list is refused, and none inside', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.anything(), { minKeys: 1 }), (given) => {
        const unknown = Object.keys(given).some((key) => !Object.hasOwn(keys, key));
        const check = (): void => checkOptions('fit', given as object, keys as object);
        if (unknown) expect(check).toThrow(OptionsError);
        else expect(check).not.toThrow();
      }),
    );
  });
});

test('the nearest name to a very long one is found at once', () => {
  const long = 'x'.repeat(100_000);
  expect(nearestName(long, ['x', 'y'])).toBeUndefined();
});

test('the version of a module is that of its package', () => {
  expect(packageVersion(import.meta.url)).toMatch(/^\d+\.\d+\.\d+/u);
});
