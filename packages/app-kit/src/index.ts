export { ChildDied, scriptBeside, startChild, type Child } from './child.js';
export { createProgress, durationText, silentProgress, type Progress, type ProgressTask } from './progress.js';
export { downloadProgress } from './download-progress.js';
export { flagOf, optionFlags } from './flags.js';
export { interruptSignal, type InterruptSignal } from './interrupt.js';
export { stopSignals, type StopSignals } from './signals.js';
