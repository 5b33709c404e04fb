"""One measurement of llama.cpp, by llama-cpp-python. usage: llm_llamacpp.py GGUF_FILE WORK_AS_JSON; prints {figure, unit, gigabytes}"""
import json, os, random, resource, statistics, sys, time
import llama_cpp as llama

path, work = sys.argv[1], json.loads(sys.argv[2])
threads, sequences, prompt = len(os.sched_getaffinity(0)), work['sequences'], work['prompt']
new = work.get('tokens', 0) + 2
quiet = llama.llama_log_callback(lambda *_: None)
llama.llama_log_set(quiet, None)
llama.llama_backend_init()
model = llama.llama_model_load_from_file(path.encode(), llama.llama_model_default_params())
options = llama.llama_context_default_params()
options.n_ctx = sequences * (prompt + new)
options.n_batch, options.n_ubatch, options.n_seq_max = 2048, 512, sequences
options.n_threads = options.n_threads_batch = threads
context = llama.llama_init_from_model(model, options)
batch = llama.llama_batch_init(2048, 0, 1)
rng = random.Random(0)


def put(at, position, sequence, logits):
    batch.token[at], batch.pos[at], batch.n_seq_id[at], batch.logits[at] = rng.randrange(5, 40_000), position, 1, logits
    batch.seq_id[at][0] = sequence


def run(count):
    batch.n_tokens = count
    assert llama.llama_decode(context, batch) == 0
    llama.llama_synchronize(context)


def prefill():
    llama.llama_memory_clear(llama.llama_get_memory(context), True)
    start = time.perf_counter()
    for sequence in range(sequences):
        for at in range(prompt): put(at, at, sequence, at == prompt - 1)
        run(prompt)
    return time.perf_counter() - start


def decode():
    steps = []
    for _ in range(2):
        prefill()
        for at in range(new):
            start = time.perf_counter()
            for sequence in range(sequences): put(sequence, prompt + at, sequence, True)
            run(sequences)
            if at > 1: steps.append(time.perf_counter() - start)
    return sequences / statistics.median(steps)


figure = decode() if work['kind'] == 'decode' else sequences * prompt / min(prefill() for _ in range(3))
print(json.dumps({'figure': figure, 'unit': 'tok/s', 'gigabytes': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}))
