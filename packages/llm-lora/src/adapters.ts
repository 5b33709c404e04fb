export { loraScale, type Adapter, type LoraConfig, type LoraFactors, type ModuleNames } from './formats/adapter.js';
export { loraModules, type LoraModule } from './formats/peft/modules.js';
export { loadAdapter } from './formats/peft/load.js';
export { saveAdapter } from './formats/peft/save.js';
export { FormatError } from './formats/errors.js';
export { type FloatTensor } from './formats/host-tensor.js';
