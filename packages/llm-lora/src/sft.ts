export { finetune, type FinetuneOptions, type FinetuneProgress, type FinetuneResult } from './sft/finetune.js';
export { sftOptions, type SftOptions, type SftSettings } from './sft/options.js';
export {
  parseExample,
  type ChatExample,
  type CompletionExample,
  type Example,
  type TextExample,
  type TokenExample,
} from './sft/example.js';
export { jsonLines, readExamples, type JsonLine } from './sft/read-examples.js';
export { rowsOf, type SftCounts, type SftRow, type SftRows } from './sft/rows.js';
export { evaluationLoss } from './sft/evaluate.js';
export { tokenCrossEntropy } from './sft/loss.js';
export { learningRateAt, type StepSizes } from './sft/schedule.js';
export { type Evaluation, type SftProgress } from './sft/checkpoint.js';
export { SftError } from './sft/errors.js';
