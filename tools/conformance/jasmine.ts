// The little of jasmine that the suite uses; jasmine-core brings no types.
import { createRequire } from 'node:module';

/** A failed expectation, or an error. */
export interface Failure {
  readonly message: string;
  readonly stack?: string;
}

/** How a spec ended. */
export interface SpecResult {
  readonly fullName: string;
  readonly status: 'passed' | 'failed' | 'pending' | 'excluded';
  readonly failedExpectations: readonly Failure[];
}

/** How the whole suite ended. */
export interface SuiteResult {
  /** Errors outside of specs, such as in afterAll. */
  readonly failedExpectations?: readonly Failure[];
}

/** Jasmine's environment. */
export interface JasmineEnvironment {
  configure(options: { readonly random: boolean; readonly specFilter: (spec: { getFullName(): string }) => boolean }): void;
  addReporter(reporter: { readonly specStarted: () => void; readonly specDone: (result: SpecResult) => void }): void;
  execute(): Promise<SuiteResult>;
}

/** Starts jasmine and puts its globals (`describe`, `it`, …) where specs look for them. */
export function startJasmine(): JasmineEnvironment {
  const { boot } = createRequire(import.meta.url)('jasmine-core') as { boot: () => { getEnv(): JasmineEnvironment } };
  return boot().getEnv();
}
