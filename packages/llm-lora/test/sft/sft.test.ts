// One file, for what a model needs takes longer to import than to test.
import './examples.js';
import './finetune.js';
import './pack.js';
import './trainer-oracle.js';
