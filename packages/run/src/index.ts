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
export { isObject, parseObject, readText, writtenObject } from './json-lines.js';
export { readTiming, timed, writeTiming, type TimingLine } from './timing.js';
export { openArtifacts, type Artifacts, type ArtifactsOptions } from './artifacts.js';
export { readManifest, type CompletedArtifact, type Manifest, type PartialArtifact, type RunIdentity } from './manifest.js';
export { sealOf, type Seal, type Seals } from './seals.js';
export { changesBetween, type OptionChange } from './changes.js';
export { verifyArtifact, verifyRun } from './verify-run.js';
export { rollBackRun, type RollBack } from './roll-back.js';
export { lockRun, type LockOptions, type LockOwner, type RunLock } from './lock.js';
export { inRunFolder, type InRunFolderOptions } from './in-run-folder.js';
export { tidyRunFolder } from './tidy.js';
export { jsonCodec, tableCodec, type Codec } from './codecs.js';
