import { ExpctrError } from '@expctr/core';

/**
 * Every error that this package throws on purpose. Codes:
 *
 * | code | meaning |
 * |---|---|
 * | `CTR_ONE_CLASS` | labels hold only zeros or only ones where both are needed |
 * | `CTR_EMPTY` | no rows |
 * | `CTR_LENGTH` | columns of different lengths |
 * | `CTR_LABEL` | a label that is neither 0 nor 1 |
 * | `CTR_NOT_FINITE` | NaN or infinity in a feature, a score, a probability or the loss |
 * | `CTR_PRECISION` | numbers that float32, in which models compute, cannot tell apart |
 * | `CTR_PROBABILITY` | a probability outside [0, 1] |
 * | `CTR_DENSE_ROWS` | a dense column lacks a vector for some rows |
 * | `CTR_SCHEMA` | a feature schema that contradicts itself, or columns that do not fit it |
 * | `CTR_OPTION` | an option that does not exist or is out of range |
 * | `CTR_BACKBONE` | an unknown backbone, or one whose name or options clash with others |
 * | `CTR_MODEL_FILE` | a saved model that is missing, damaged or of another version |
 * | `CTR_CHECKPOINT` | a checkpoint that is damaged, of another fit, or beyond what is asked for |
 * | `CTR_EXPORT` | a backbone whose graph cannot be exported with a free batch size |
 */
export class CtrError extends ExpctrError {}
