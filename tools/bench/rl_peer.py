"""Updates of trl's GRPO with a PEFT LoRA: the peer of tools/bench/rl.ts. usage: rl_peer.py MODEL_FOLDER WORK_AS_JSON UPDATES; prints {seconds, phases, gigabytes}"""
import json, logging, os, pathlib, random, resource, statistics, sys, tempfile, time, warnings

warnings.filterwarnings('ignore')
os.environ.setdefault('HF_HUB_OFFLINE', '1')
import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

logging.disable(logging.ERROR)
folder, work, updates = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(len(os.sched_getaffinity(0)))
torch.manual_seed(0)
tokenizer = AutoTokenizer.from_pretrained(folder)
tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
gguf = next(folder.glob('*.gguf'), None)
model = AutoModelForCausalLM.from_pretrained(folder, **({'gguf_file': gguf.name} if gguf else {}), dtype=torch.float32)
if gguf:  # trl refuses to train what says that it was quantized: the same weights in a model that says nothing
    loaded = model
    del loaded.config.quantization_config
    model = AutoModelForCausalLM.from_config(loaded.config, dtype=torch.float32)
    model.load_state_dict(loaded.state_dict())
    del loaded

rng = random.Random(0)
words = [word for word in (tokenizer.decode([i]) for i in range(300, 40_000))
         if word.startswith(' ') and word[1:].isalpha() and len(tokenizer.encode(word)) == 1][:2000]
prompts = [''.join(rng.choice(words) for _ in range(work['prompt'])) for _ in range(4 * work['prompts'])]
assert all(len(tokenizer.encode(prompt)) == work['prompt'] for prompt in prompts)

phases = {'generate': [], 'log-probabilities': [], 'optimize': []}
spent = dict.fromkeys(phases, 0.0)


def clocked(owner, name, phase):
    """Adds the time within a method to a phase."""
    inner = getattr(owner, name)

    def outer(*args, **kwargs):
        start = time.perf_counter()
        try:
            return inner(*args, **kwargs)
        finally:
            spent[phase] += time.perf_counter() - start

    setattr(owner, name, outer)


class Clock(TrainerCallback):
    seconds = []

    def on_step_begin(self, *_, **__):
        self.start = time.perf_counter()
        for phase in spent:
            spent[phase] = 0.0

    def on_step_end(self, *_, **__):
        whole = time.perf_counter() - self.start
        self.seconds.append(whole)
        # the training forward asks for log-probabilities too: what was not spent before it is optimization
        phases['generate'].append(spent['generate'])
        phases['log-probabilities'].append(spent['log-probabilities'] - spent['generate'])
        phases['optimize'].append(whole - spent['log-probabilities'])


count = work['prompts'] * work['completions']
together = min(count, 16)  # all 128 of 16 x 8 at once need more than 24 GB
config = GRPOConfig(
    output_dir=tempfile.mkdtemp(), use_cpu=True, bf16=False, per_device_train_batch_size=together,
    gradient_accumulation_steps=count // together, num_generations=work['completions'],
    max_completion_length=work['response'], generation_kwargs={'min_new_tokens': work['response']}, max_steps=updates + 1, beta=0.05,
    report_to=[], save_strategy='no', logging_steps=1000, gradient_checkpointing=False, temperature=1.0, learning_rate=1e-5,
    disable_tqdm=True)
trainer = GRPOTrainer(
    model=model, reward_funcs=lambda completions, **_: [float(len(text) % 7) for text in completions], args=config,
    train_dataset=Dataset.from_list([{'prompt': prompt} for prompt in prompts]), processing_class=tokenizer,
    peft_config=LoraConfig(r=work['rank'], lora_alpha=2 * work['rank'], target_modules=['q_proj', 'v_proj']), callbacks=[Clock()])
clocked(trainer, '_generate_and_score_completions', 'log-probabilities')
clocked(trainer, '_generate', 'generate')
trainer.train()
print(json.dumps({
    'seconds': statistics.median(Clock.seconds[1:]),
    'phases': {phase: statistics.median(times[1:]) for phase, times in phases.items()},
    'gigabytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}))
