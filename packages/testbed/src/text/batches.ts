import { createRng } from '@expctr/core';
import { generateWorld } from '../world/world.js';
import { degreesLesson, explanationLesson, historyLesson, KINDS, readerLesson, type Lesson } from './lessons.js';
import { situationOf } from './situation.js';
import { PAD_ID } from '../tokenizer-json.js';
import { answersOf } from './answers.js';
import { wordId } from './tokenizer.js';
import type { WriterShares } from './writers.js';

/** A batch in a fixed shape: several lessons lie in a row, and none sees the others. */
export interface LessonBatch {
  /** [rows, time] token ids */
  readonly tokens: Int32Array;
  /** [rows, time] which lesson of its row a token belongs to; 0 = padding */
  readonly segments: Float32Array;
  /** [rows, time] the next token, and for an answer `yes` */
  readonly targets: Int32Array;
  /** [rows, time] for an answer `no`, else as `targets` */
  readonly others: Int32Array;
  /** [rows, time] probability of `targets`; the rest is that of `others` */
  readonly shares: Float32Array;
  /** [rows, time] index into the kinds: what predicting the next token teaches */
  readonly kinds: Int32Array;
}

/** What lessons are made of. */
export interface LessonMix {
  /** Begins the seeds of the worlds; texts, so that no evaluation world can be among them. */
  readonly seed: string;
  readonly writers: WriterShares;
  /** How many lessons of the other kinds come with each explanation. */
  readonly degrees: number;
  readonly reader: number;
  readonly history: number;
  /** Share of the worlds whose items are those of the second domain. */
  readonly secondDomain: number;
}

/** Fields count for each user something else: the model learns what words mean, and cannot learn what a platform's fields count. */
const WORLD = { items: 400, users: 200, fieldWeights: 'by-user' } as const;
/** Interactions of a user that are written about. */
const PER_USER = 2;
/** Lessons among which the next is drawn: a batch that speaks of few users tells more of their whims than of what words mean. */
const SHUFFLED = 2048;

/** Endless lessons, each seen once, of many users and worlds side by side. */
export function* lessons(mix: LessonMix): Generator<Lesson, void> {
  const rng = createRng(mix.seed).fork('order');
  const waiting: Lesson[] = [];
  for (const lesson of lessonsInOrder(mix)) {
    if (waiting.length < SHUFFLED) {
      waiting.push(lesson);
      continue;
    }
    const at = rng.int(SHUFFLED);
    yield waiting[at]!;
    waiting[at] = lesson;
  }
}

/** World after world, user after user. */
function* lessonsInOrder({ seed, writers, degrees, reader, history, secondDomain }: LessonMix): Generator<Lesson, void> {
  const answersWorld = generateWorld({ seed: `${seed}/answers`, ...WORLD, users: 500 });
  const answers = answersOf(answersWorld, createRng(seed).fork('answers'));
  for (let number = 0; ; number += 1) {
    const rng = createRng(seed).fork('lessons', number);
    const world = generateWorld({ seed: `${seed}/${number}`, ...WORLD, secondDomain: rng.next() < secondDomain });
    for (let at = 0; at < WORLD.users; at += 1) {
      const user = world.user(at);
      const own = rng.fork(at);
      for (let k = 0; k < PER_USER; k += 1) {
        const explained = situationOf(world, user, own.int(user.rows.length));
        yield explanationLesson(explained, writers, own);
        for (let more = own.next(); more < degrees; more += 1) yield degreesLesson(explained, own);
        for (let more = own.next(); more < history; more += 1) yield historyLesson(explained, answers, own);
        for (let more = own.next(); more < reader; more += 1) yield readerLesson(explained, answers, own);
      }
    }
  }
}

/** Packs lessons into batches of [rows, time], first fit; a lesson that finds no room begins the next batch. */
export function* batches(source: Iterator<Lesson, void>, rows: number, time: number): Generator<LessonBatch, void> {
  let waiting: Lesson | undefined;
  for (;;) {
    const packed: Lesson[][] = Array.from({ length: rows }, () => []);
    const room = new Int32Array(rows).fill(time);
    for (;;) {
      const taken = waiting === undefined ? source.next() : { done: false as const, value: waiting };
      if (taken.done === true) return;
      const lesson = taken.value;
      waiting = undefined;
      if (lesson.tokens.length > time) continue;
      const row = room.findIndex((left) => left >= lesson.tokens.length);
      if (row < 0) {
        waiting = lesson;
        break;
      }
      packed[row]!.push(lesson);
      room[row]! -= lesson.tokens.length;
    }
    yield batchOf(packed, time);
  }
}

const [YES, NO] = [wordId('yes'), wordId('no')];

/** Rows of lessons as arrays. */
export function batchOf(packed: readonly (readonly Lesson[])[], time: number): LessonBatch {
  const size = packed.length * time;
  const batch = {
    tokens: new Int32Array(size).fill(PAD_ID),
    segments: new Float32Array(size),
    targets: new Int32Array(size),
    others: new Int32Array(size),
    shares: new Float32Array(size).fill(1),
    kinds: new Int32Array(size),
  };
  packed.forEach((row, index) => {
    let at = index * time;
    row.forEach(({ tokens, kinds, answers }, segment) => {
      tokens.forEach((token, place) => {
        batch.tokens[at + place] = token;
        batch.segments[at + place] = segment + 1;
        const kind = kinds[place + 1];
        if (kind === undefined) return;
        batch.kinds[at + place] = KINDS.indexOf(kind);
        const yes = answers.get(place + 1);
        batch.targets[at + place] = yes === undefined ? tokens[place + 1]! : YES;
        batch.others[at + place] = yes === undefined ? tokens[place + 1]! : NO;
        if (yes !== undefined) batch.shares[at + place] = yes;
      });
      at += tokens.length;
    });
  });
  return batch;
}
