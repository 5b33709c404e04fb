// What the model must be able to do before policy optimization begins, measured on users and items that it has not seen.
import { createRng } from '@expctr/core';
import { auc, expectedCalibrationError } from '@expctr/ctr-models';
import { readableText } from '@expctr/data';
import { generateWorld, parseClaims, testbedExplanationTemplate } from '../../packages/testbed/dist/index.js';
import { batchOf } from '../../packages/testbed/dist/text/batches.js';
import { explanationPrompt, historyPrompt, readerPrompt } from '../../packages/testbed/dist/text/lessons.js';
import { AGAINST, FOR } from '../../packages/testbed/dist/text/phrases.js';
import { situationOf } from '../../packages/testbed/dist/text/situation.js';
import { VOCABULARY, wordId, wordIds } from '../../packages/testbed/dist/text/tokenizer.js';
import { EOS_ID } from '../../packages/testbed/dist/tokenizer-json.js';
import { sayClaims, sayNotes } from '../../packages/testbed/dist/text/wording.js';
import { careful, generic } from '../../packages/testbed/dist/text/writers.js';
import { DOMAINS, valueNames } from '../../packages/testbed/dist/world/vocabulary.js';

const NAMES = valueNames(DOMAINS.first);
const [FOR_IDS, AGAINST_IDS] = [FOR, AGAINST].map((verbs) => verbs.map(wordId));

/** The gates: what is wanted of each figure of `measureGates`. */
export const GATES = {
  signAuc: { wanted: '>= 0.8', passes: (x) => x >= 0.8, what: 'AUC of the signs that it writes for true reasons' },
  inventedSampled: { wanted: '<= 0.03', passes: (x) => x <= 0.03, what: 'claims about attributes that the item lacks, sampled' },
  inventedGreedy: { wanted: '<= 0.03', passes: (x) => x <= 0.03, what: 'the same, greedy' },
  notesRight: { wanted: '>= 0.95', passes: (x) => x >= 0.95, what: 'notes that say what the visible history says' },
  readerAuc: { wanted: '>= 0.8', passes: (x) => x >= 0.8, what: 'AUC of the reader on true reasons' },
  readerCalibrationError: {
    wanted: '<= 0.05',
    passes: (x) => x <= 0.05,
    what: 'expected calibration error of the reader on true reasons, ten bins',
  },
  absentAuc: {
    wanted: '0.42 to 0.58',
    passes: (x) => x >= 0.42 && x <= 0.58,
    what: 'AUC of the reader on tastes that the item does not have',
  },
};

/** Held-out situations: worlds whose seeds no lesson has. */
export function heldOut(count, seed = 'held-out') {
  const world = generateWorld({ seed: `testbed ${seed}`, items: 400, users: count });
  const rng = createRng(seed);
  return Array.from({ length: count }, (_, at) => {
    const user = world.user(at);
    return situationOf(world, user, Math.floor(user.rows.length / 2) + rng.int(Math.ceil(user.rows.length / 2)));
  });
}

/** @param forward of `compileForward`, with its shape @returns every figure */
export async function measureGates({ forward, rows, time }, parameters, situations, { generated = 144 } = {}) {
  const rng = createRng('gates');
  const width = VOCABULARY.length;
  /** Log-probabilities after the last token of each sequence; with `every`, after every token. */
  async function after(sequences) {
    const results = new Array(sequences.length);
    for (const { batch, places } of packed(sequences, rows, time)) {
      const out = await forward(parameters, batch);
      for (const { index, end } of places) results[index] = out.slice(end * width, (end + 1) * width);
    }
    return results;
  }
  const mass = (logProbs, ids) => ids.reduce((sum, id) => sum + Math.exp(logProbs[id]), 0);
  const yes = (logProbs) => 1 / (1 + Math.exp(logProbs[wordId('no')] - logProbs[wordId('yes')]));
  const read = async (say) => (await after(situations.map((situation) => readerPrompt(situation, say(situation))))).map(yes);
  const labels = situations.map(({ label }) => label);

  // notes, given all notes before
  const noteCases = situations.flatMap((situation) => {
    const notes = wordIds(sayNotes(situation.evidence));
    const prompt = explanationPrompt(situation);
    return notes.flatMap((id, at) => (at % 2 === 1 ? [{ sequence: [...prompt, ...notes.slice(0, at)], id }] : []));
  });
  const notesRight = mean(
    (await after(noteCases.map(({ sequence }) => sequence))).map((logProbs, at) => (argmax(logProbs) === noteCases[at].id ? 1 : 0)),
  );

  // the sign that it writes behind each true reason
  const signCases = situations.flatMap((situation) => {
    const start = [...explanationPrompt(situation), ...wordIds(sayNotes(situation.evidence))];
    return careful(situation, rng).map(([value, sign]) => {
      const { liked, disliked } = situation.evidence.find((one) => one.value === value);
      return { sequence: [...start, wordId(NAMES[value])], up: sign > 0, counts: liked - disliked, known: liked + disliked > 0 };
    });
  });
  const odds = (await after(signCases.map(({ sequence }) => sequence))).map(
    (logProbs) => Math.log(mass(logProbs, FOR_IDS)) - Math.log(mass(logProbs, AGAINST_IDS)),
  );
  const ups = signCases.map(({ up }) => (up ? 1 : 0));

  // the reader
  const trueText =
    (flip = 1) =>
    (situation) =>
      sayClaims(
        careful(situation, rng).map(([value, sign]) => [value, flip * sign]),
        rng,
      );
  const onTrue = await read(trueText());
  const onAbsent = await read((situation) =>
    sayClaims(rng.shuffle(situation.tastes.filter(([value]) => !situation.values.includes(value))).slice(0, 3), rng),
  );
  const onNeutral = await read((situation) => {
    const reasons = new Set(careful(situation, rng).map(([value]) => value));
    const sign = situation.bayesProbability > 0.5 ? 1 : -1;
    return sayClaims(
      situation.values
        .filter((value) => !reasons.has(value))
        .slice(0, 2)
        .map((value) => [value, sign]),
      rng,
    );
  });
  const icl = (await after(situations.map(historyPrompt))).map(yes);
  const written = {};
  for (const temperature of [0, 1]) {
    const texts = await write({ forward, rows, time }, parameters, situations.slice(0, generated), temperature, rng);
    Object.assign(written, suffixed(qualityOf(texts, situations.slice(0, generated)), temperature === 0 ? 'Greedy' : 'Sampled'));
  }
  return {
    signAuc: auc(ups, odds),
    signAucOfCounts: auc(
      ups,
      signCases.map(({ counts }) => counts),
    ),
    signAucWhereSeen: auc(
      ups.filter((_, at) => signCases[at].known),
      odds.filter((_, at) => signCases[at].known),
    ),
    notesRight,
    readerAuc: auc(labels, onTrue),
    readerBrier: mean(onTrue.map((p, at) => (p - labels[at]) ** 2)),
    readerCalibrationError: expectedCalibrationError(labels, onTrue, { bins: 10 }),
    bayesAuc: auc(
      labels,
      situations.map(({ bayesProbability }) => bayesProbability),
    ),
    absentAuc: auc(labels, onAbsent),
    absentSpread: deviation(onAbsent) / deviation(onTrue),
    neutralAuc: auc(labels, onNeutral),
    flippedAuc: auc(labels, await read(trueText(-1))),
    genericAuc: auc(labels, await read((situation) => sayClaims(generic(situation, rng), rng))),
    historyAuc: auc(labels, icl),
    ...written,
  };
}

/** Completions, token by token without a cache: slow, and the very function that is trained. Sampled at temperature 1, or greedy at 0. */
async function write({ forward, rows, time }, parameters, situations, temperature, rng) {
  const width = VOCABULARY.length;
  const texts = [];
  for (let begin = 0; begin < situations.length; begin += rows) {
    const chunk = situations.slice(begin, begin + rows);
    const sequences = chunk.map(explanationPrompt);
    const starts = sequences.map(({ length }) => length);
    const done = sequences.map(() => false);
    while (done.some((one, at) => !one && sequences[at].length < time)) {
      const batch = batchOf(
        sequences.map((tokens) => [{ tokens, kinds: tokens.map(() => 'prompt'), yes: null }]),
        time,
      );
      const out = await forward(parameters, padded(batch, rows * time));
      sequences.forEach((sequence, at) => {
        if (done[at] || sequence.length >= time) return;
        const from = (at * time + sequence.length - 1) * width;
        const id = choose(out.subarray(from, from + width), temperature, rng);
        if (id === EOS_ID) done[at] = true;
        else sequence.push(id);
      });
    }
    texts.push(
      ...sequences.map((sequence, at) =>
        sequence
          .slice(starts[at])
          .map((id) => VOCABULARY[id])
          .join(' '),
      ),
    );
  }
  return texts;
}

function qualityOf(texts, situations) {
  let [hits, claimed, reasons, absent, malformed, notes] = [0, 0, 0, 0, 0, 0];
  texts.forEach((text, at) => {
    const situation = situations[at];
    const { claims, malformed: bad } = parseClaims(readableText(text, [testbedExplanationTemplate]));
    const truth = new Map(careful(situation, createRng(0)).map(([value, sign]) => [NAMES[value], sign]));
    const own = new Map(claims.map(({ value, sign }) => [value, sign]));
    hits += [...own].filter(([value, sign]) => truth.get(value) === sign).length;
    absent += [...own].filter(([value]) => !situation.values.some((code) => NAMES[code] === value)).length;
    claimed += own.size;
    reasons += truth.size;
    malformed += bad > 0 ? 1 : 0;
    notes += text.startsWith(sayNotes(situation.evidence)) ? 1 : 0;
  });
  return {
    f1: (2 * hits) / (claimed + reasons),
    precision: hits / Math.max(1, claimed),
    recall: hits / reasons,
    invented: absent / Math.max(1, claimed),
    claims: claimed / texts.length,
    malformed: malformed / texts.length,
    wholeNotesRight: notes / texts.length,
    texts: texts.slice(0, 8),
  };
}

function packed(sequences, rows, time) {
  const groups = [];
  let row = [];
  let room = time;
  const order = sequences.map((tokens, index) => ({ tokens, index }));
  let packedRows = [];
  const closeRow = () => {
    packedRows.push(row);
    row = [];
    room = time;
  };
  const closeBatch = () => {
    const batch = padded(
      batchOf(
        packedRows.map((list) => list.map(({ tokens }) => ({ tokens, kinds: tokens.map(() => 'prompt'), yes: null }))),
        time,
      ),
      rows * time,
    );
    const places = packedRows.flatMap((list, at) => {
      let end = at * time - 1;
      return list.map(({ tokens, index }) => ({ index, end: (end += tokens.length) }));
    });
    groups.push({ batch, places });
    packedRows = [];
  };
  for (const one of order) {
    if (one.tokens.length > room) closeRow();
    if (packedRows.length === rows) closeBatch();
    row.push(one);
    room -= one.tokens.length;
  }
  closeRow();
  if (packedRows.length > rows) throw new RangeError('packed: too many rows');
  closeBatch();
  return groups;
}

function padded({ tokens, segments }, size) {
  const grown = (array) => {
    const whole = new array.constructor(size);
    whole.set(array);
    return whole;
  };
  return { tokens: grown(tokens), segments: grown(segments) };
}

function choose(logProbs, temperature, rng) {
  if (temperature === 0) return argmax(logProbs);
  let left = rng.next();
  for (let id = 0; id < logProbs.length; id += 1) if ((left -= Math.exp(logProbs[id])) < 0) return id;
  return argmax(logProbs);
}

const argmax = (values) => values.reduce((best, value, at) => (value > values[best] ? at : best), 0);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values) => {
  const center = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - center) ** 2)));
};
const suffixed = (record, suffix) => Object.fromEntries(Object.entries(record).map(([name, value]) => [name + suffix, value]));
