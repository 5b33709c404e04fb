/** What is known of a file or folder. */
export interface FileStatus {
  /** Bytes. */
  readonly size: number;
  isDirectory(): boolean;
  isFile(): boolean;
}

/** An open file. */
export interface OpenFile {
  stat(): Promise<Pick<FileStatus, 'size'>>;
  /** Reads up to `length` bytes from `position` on into `into`, from its byte `offset` on. */
  read(into: Uint8Array<ArrayBuffer>, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  /** Writes behind what this handle wrote before. */
  writeFile(content: string | Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The bytes of a file, or its text. */
export interface ReadFile {
  (path: string): Promise<Uint8Array<ArrayBuffer>>;
  (path: string, encoding: 'utf8'): Promise<string>;
}

/** Files, as `node:fs/promises` has them: the same arguments, the same error codes. */
export interface Files {
  readonly mkdir: (path: string, options?: { readonly recursive?: boolean }) => Promise<string | undefined>;
  /** `r` reads what is there, `r+` changes it too, `w` begins anew. */
  readonly open: (path: string, mode: 'r' | 'r+' | 'w') => Promise<OpenFile>;
  readonly readdir: (path: string) => Promise<string[]>;
  readonly readFile: ReadFile;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly rm: (path: string, options?: { readonly recursive?: boolean; readonly force?: boolean }) => Promise<void>;
  readonly rmdir: (path: string) => Promise<void>;
  readonly stat: (path: string) => Promise<FileStatus>;
  readonly writeFile: (path: string, content: string | Uint8Array) => Promise<void>;
}

/** Paths, as `node:path` has them. */
export interface Paths {
  readonly basename: (path: string) => string;
  readonly dirname: (path: string) => string;
  readonly join: (...parts: string[]) => string;
}

/** An array whose bytes are meant, of whatever type. */
export type Bytes = Uint8Array | Int32Array | Float32Array;

/** All that the packages which also run in a browser take from what they run on. */
export interface Platform extends Files, Paths {
  /** Its name for messages, such as `linux x64`. */
  readonly platformName: string;
  /** How many threads can compute at once. */
  readonly processors: () => number;
  /** SHA-256 of texts (as UTF-8) and bytes one behind the other, in lower-case hexadecimal. */
  readonly sha256Of: (parts: Iterable<string | Bytes>) => string;
  /** Whether two arrays hold the same bytes. */
  readonly equalBytes: (a: Uint8Array, b: Uint8Array) => boolean;
  /** Digits that no other writer has at the same time, for the name of a temporary file. */
  readonly uniqueDigits: () => string;
  /** Does some work, and ends it by force with an error of the code {@link NOT_ENDED} where it takes longer; in a browser nothing can end it. */
  readonly endedWithin: <T>(milliseconds: number, work: () => T) => T;
}

/** The code of the error of `endedWithin`; it is Node's own. */
export const NOT_ENDED = 'ERR_SCRIPT_EXECUTION_TIMEOUT';
