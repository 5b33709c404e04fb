import { WrongUseError } from '@expctr/core';

/** A plug-in that is missing, broken, or clashes with something else. The command line exits with 2. */
export class PluginError extends WrongUseError {}
