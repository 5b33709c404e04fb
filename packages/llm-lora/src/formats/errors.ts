import { ExpctrError } from '@expctr/core';

/**
 * A model, adapter or weight file that cannot be used as it is. Codes begin with `SAFETENSORS_`, `GGUF_`, `CONFIG_`,
 * `CHECKPOINT_`, `FAMILY_` or `ADAPTER_`; the message names the file, the tensor where there is one, what was expected and the remedy.
 */
export class FormatError extends ExpctrError {}
