import type { Wire } from './request.js';

/** What one request asks for: tokens that go on from a prompt. */
export interface PieceRequest {
  /** Token ids. */
  readonly prompt: readonly number[];
  /** Most tokens of the answer. */
  readonly maxNewTokens: number;
  readonly temperature: number;
  readonly topK: number | null;
  readonly topP: number;
  readonly minP: number;
  readonly stopTokenIds: readonly number[];
  /** From 0 to 2^31 - 1. */
  readonly seed: number;
  /** The adapter's version; null = the base model. */
  readonly version: string | null;
}

/** What a server answered. */
export interface Piece {
  readonly tokens: readonly number[];
  /** One a token, in nats; NaN where the engine cannot say. */
  readonly logProbs: readonly number[];
  /** 'stop': the server ended at the last token; 'length': it went as far as it was asked to, or could. */
  readonly finish: 'stop' | 'length';
}

/** A server and what is asked of it in one request. */
export interface Call {
  /** Its address, without a slash at the end. */
  readonly url: string;
  readonly wire: Wire;
  readonly signal?: AbortSignal | undefined;
}

/** What differs from engine to engine: its dialect. Every method throws PassingError for what may pass, SamplerError for the rest. */
export interface Engine {
  /** As `sampler.kind` has it. */
  readonly name: string;
  /** It applies min-p before top-p, which then keeps other tokens than the policy does. */
  readonly minPFirst?: boolean;
  /** One request for one completion, or for a piece of one; checks what the engine echoes. */
  complete(call: Call, request: PieceRequest): Promise<Piece>;
  /** Makes an adapter known under a new name. @param again an earlier try may have got through */
  load(call: Call, version: string, folder: string, again: boolean): Promise<void>;
  /** Forgets one; one that is not there is no error. */
  unload(call: Call, version: string): Promise<void>;
  /** Checks, once a server, that its log-probabilities are those at the sampling temperature. */
  checkTemperature?(call: Call, request: PieceRequest): Promise<void>;
}

/** A piece with the stop token that its server trimmed, whose log-probability then is unknown. @param stop what the server says ended it */
export function withStopToken(piece: Piece, stop: unknown): Piece {
  const { tokens, logProbs, finish } = piece;
  const trimmed = finish === 'stop' && typeof stop === 'number' && tokens.at(-1) !== stop && logProbs.length === tokens.length;
  return trimmed ? { tokens: [...tokens, stop], logProbs: [...logProbs, NaN], finish } : piece;
}
