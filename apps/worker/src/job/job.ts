/** What jobs of all kinds say. */
export interface JobBase {
  /** `expctr-job/1`. */
  readonly format: 'expctr-job/1';
  /** Folder for plan and results. Default: the name of the job file without its ending. */
  readonly out?: string | undefined;
  /** [from, to): which rows, `to` not included. Default: all. */
  readonly rows?: readonly [number, number] | undefined;
  /** Rows in a chunk: what is lost when a worker dies. */
  readonly chunkRows?: number | undefined;
  /** A run's `config.json`: where model and settings come from that the job does not name. */
  readonly config?: string | undefined;
  /** Folder, file or hub id of the model. Default: that of `config`. */
  readonly model?: string | undefined;
  /** Options in the words of a run's configuration. */
  readonly settings: JobSettings;
}

/** Sections of a run's configuration that say something of this work. What stands in them is the configuration's to check. */
export interface JobSettings {
  /** Of the language model. */
  readonly llm?: Readonly<Record<string, unknown>> | undefined;
  /** How it is asked. */
  readonly prompt?: Readonly<Record<string, unknown>> | undefined;
  /** Of the reader. */
  readonly reader?: Readonly<Record<string, unknown>> | undefined;
  /** Of the encoder. */
  readonly encoder?: Readonly<Record<string, unknown>> | undefined;
  /** Every random stream follows from it. */
  readonly seed?: unknown;
  /** Of one process. Default 1: results may depend on it. */
  readonly threads?: unknown;
}

/** Explanations of interactions. */
export interface ExplainJob extends JobBase {
  /** The kind. */
  readonly kind: 'explain';
  /** Where the rows are. */
  readonly inputs: {
    /** Folder of a prepared dataset. */
    readonly data: string;
  };
  /** Folder of the policy's adapter in PEFT's format; null = the base model. */
  readonly adapter: string | null;
  /** What the column `stage` says of the explanations. */
  readonly stage: string;
  /** What the column `iteration` says. */
  readonly iteration: number;
}

/** The reader's probabilities of explanations. */
export interface ReadJob extends JobBase {
  /** The kind. */
  readonly kind: 'read';
  /** Where the rows are. */
  readonly inputs: {
    /** Folder of a prepared dataset. */
    readonly data: string;
    /** File of explanations/1 of its interactions. */
    readonly explanations: string;
  };
}

/** Vectors of texts. */
export interface EncodeJob extends JobBase {
  /** The kind. */
  readonly kind: 'encode';
  /** Where the rows are. */
  readonly inputs: {
    /** An Arrow table with a column of texts and, if it likes, `interaction_id`. */
    readonly texts: string;
  };
  /** The column of texts. */
  readonly column: string;
}

/** What is to be done with which rows. */
export type Job = ExplainJob | ReadJob | EncodeJob;

/** `explain`, `read` or `encode`. */
export type KindName = Job['kind'];
