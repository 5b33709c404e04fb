import { WrongUseError } from '@expctr/core';

/** A configuration that cannot be used: unknown option, wrong value, unreadable file. The command line exits with 2. */
export class ConfigError extends WrongUseError {}
