"""One measurement of transformers and PEFT. usage: llm_peer.py MODEL_FOLDER WORK_AS_JSON; prints {figure, unit, gigabytes}"""
import json, logging, os, pathlib, resource, statistics, sys, time, warnings

warnings.filterwarnings('ignore')
os.environ.setdefault('HF_HUB_OFFLINE', '1')
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, StoppingCriteria, StoppingCriteriaList

logging.disable(logging.ERROR)
folder, work = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2])
torch.set_num_threads(len(os.sched_getaffinity(0)))
torch.manual_seed(0)
gguf = next(folder.glob('*.gguf')).name
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=gguf, dtype=torch.float32)


def adapted():
    return get_peft_model(model, LoraConfig(r=16, lora_alpha=32, target_modules=['q_proj', 'v_proj']))


def seconds(runs, task):
    """The best of a few runs after a warm-up."""
    task()
    best = float('inf')
    for _ in range(runs):
        start = time.perf_counter()
        task()
        best = min(best, time.perf_counter() - start)
    return best


def tokens(*shape):
    return torch.randint(5, 40_000, shape)


def generate(m, ids, count, criteria=None):
    with torch.no_grad():
        m.generate(input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=True, top_k=0, max_new_tokens=count,
                   min_new_tokens=count, pad_token_id=2, stopping_criteria=criteria)


def rows():
    prompts = tokens(work['prompts'], work['prompt']).repeat_interleave(work['completions'], 0)
    return torch.cat([prompts, tokens(prompts.shape[0], work['response'])], 1)


def response_log_probs(m, ids):
    """Logits for the response alone, which is all that has a label."""
    keep = work['response'] + 1
    logits = m(input_ids=ids, attention_mask=torch.ones_like(ids), logits_to_keep=keep, use_cache=False).logits[:, :-1]
    return torch.log_softmax(logits, -1).gather(2, ids[:, -work['response']:, None])[..., 0]


def decode():
    m = (adapted() if work['adapter'] else model).eval()
    ids = tokens(work['sequences'], work['prompt'])
    steps = []

    class Clock(StoppingCriteria):
        times = []
        def __call__(self, ids, scores, **_):
            self.times.append(time.perf_counter())
            return torch.zeros(ids.shape[0], dtype=torch.bool)

    for round in range(3):
        Clock.times = []
        generate(m, ids, 2 + work['tokens'], StoppingCriteriaList([Clock()]))
        if round > 0: steps += [b - a for a, b in zip(Clock.times, Clock.times[1:])]
    return work['sequences'] / statistics.median(steps), 'tok/s'


def prefill():
    m = adapted().eval()
    ids = tokens(work['sequences'], work['prompt'])
    return ids.numel() / seconds(3, lambda: generate(m, ids, 1)), 'tok/s'


def uneven():
    m = adapted().eval()
    count, batch = work['sequences'], 16
    lengths = [round(work['shortest'] + (work['longest'] - work['shortest']) * at / (count - 1)) for at in range(count)]
    prompts = [tokens(length) for length in lengths]  # sorted by length already, which wastes the least padding

    def one():
        for first in range(0, count, batch):
            part = prompts[first:first + batch]
            longest = max(len(each) for each in part)
            ids = torch.stack([torch.cat([torch.full((longest - len(each),), 2), each]) for each in part])
            mask = torch.stack([torch.cat([torch.zeros(longest - len(each)), torch.ones(len(each))]) for each in part]).long()
            with torch.no_grad():
                m.generate(input_ids=ids, attention_mask=mask, do_sample=True, top_k=0, max_new_tokens=work['tokens'],
                           min_new_tokens=work['tokens'], pad_token_id=2)
    return count / seconds(2, one), 'texts/s'


def step():
    m = adapted().train()
    optimizer = torch.optim.AdamW([p for p in m.parameters() if p.requires_grad], 1e-4)
    ids = rows()

    def one():
        optimizer.zero_grad()
        (-response_log_probs(m, ids).mean()).backward()
        optimizer.step()
    return seconds(4, one), 's'


def score():
    m = adapted().eval()
    ids = rows()

    def one():
        with torch.no_grad(): response_log_probs(m, ids)
    return seconds(4, one), 's'


def read():
    model.eval()
    prefix = tokens(work['prefix'])

    def one():
        ids = torch.cat([prefix.expand(work['texts'], -1), tokens(work['texts'], work['text'])], 1)
        with torch.no_grad():
            for part in ids.split(8):
                model(input_ids=part, attention_mask=torch.ones_like(part), logits_to_keep=1, use_cache=False).logits.log_softmax(-1)
    return work['texts'] / seconds(2, one), 'texts/s'


figure, unit = {'decode': decode, 'prefill': prefill, 'uneven': uneven, 'step': step, 'score': score, 'read': read}[work['kind']]()
print(json.dumps({'figure': figure, 'unit': unit, 'gigabytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}))
