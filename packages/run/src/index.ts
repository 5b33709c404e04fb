export { RunFolderError } from './errors.js';
export { runFolder, type RunFolder } from './run-folder.js';
export {
  alignmentName,
  FINAL,
  P_LC,
  POST_HOC,
  POST_HOC_SAMPLED,
  rolloutsName,
  stage2Iteration,
  stage2Name,
  type AlignmentStage,
} from './names.js';
export type {
  CtrEpochEvent,
  HistoryBackboneEvent,
  HistoryCandidate,
  ReaderCheckEvent,
  ReaderFormFigures,
  RunEvent,
  UpdateEvent,
  WarningEvent,
} from './events.js';
export { openEventLog, type EventLog } from './event-log.js';
export { readRunLog, type RunLog } from './read-log.js';
export { isObject, parseObject, readText } from './json-lines.js';
export { readTiming, timed, writeTiming, type TimingLine } from './timing.js';
export { openArtifacts, type Artifacts } from './artifacts.js';
export { jsonCodec, tableCodec, type Codec } from './codecs.js';
