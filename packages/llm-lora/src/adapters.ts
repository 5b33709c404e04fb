export { loraScale, type Adapter, type LoraConfig, type LoraFactors } from './formats/adapter.js';
export { loadAdapter } from './formats/peft/load.js';
export { saveAdapter } from './formats/peft/save.js';
export { FormatError } from './formats/errors.js';
export { type FloatTensor } from './formats/host-tensor.js';
