"""Token ids by transformers, for the tests of packages/llm-lora/src/tokenizer (pip install transformers).

    python tools/oracles/llm-lora_formats_tokenizer.py

reads the models in EXPCTR_MODELS (else ../shared/models beside the repository) and writes
packages/llm-lora/test/fixtures/formats/tokenizer-MODEL.json: texts with their ids and decoded forms; chats with their ids.

The class is PreTrainedTokenizerFast, which runs tokenizer.json as it is. AutoTokenizer of transformers 5 takes the class that
tokenizer_config.json names, and GPT2Tokenizer (SmolLM2) then puts a pre-tokenizer of its own in the place of the file's: it
loses `Digits`, so that two spaces before a number are no longer one token, as they were in training. Where both agree is
checked here text by text, and the exceptions are listed.
"""

import json
import os
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedTokenizerFast

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "packages/llm-lora/test/fixtures/formats"
MODELS = Path(os.environ.get("EXPCTR_MODELS", REPOSITORY.parent / "shared/models"))

TEXTS = {
    "ordinary": "Once upon a time, there was a little girl named Lily.",
    "one word": "Yes",
    "leading space": " Yes",
    "title": "Movie: Shawshank Redemption, The (1994) | Genres: Crime, Drama\nDoes the user like it?",
    "lines": "liked:\n- Toy Story (1995)\n- Heat (1995)\n\ndisliked:\n- Saw (2004)\n",
    "spaces before digits": "born:  1984\n\n1985\n \n3rd",
    "numbers beyond 0 to 9": "8 ½ Women, 9½ Weeks, x² ③ ٣٤ Ⅷ",
    "digits": "In 1999, 12345 users gave 4.5 stars; 0007 of them left 100,000 notes.",
    "contractions": "They'd say it's what we've won't I'm you're he'll CAN'T",
    "white space": "  two  spaces,\ttab,\n\n\nthree lines,   \n  end  ",
    "only spaces": "     ",
    "carriage return": "first\r\nsecond\rthird\u00a0no-break\u3000ideographic",
    "accents": "Amélie (Le Fabuleux Destin d'Amélie Poulain), Crème brûlée, naïve Zürich Łódź",
    "decomposed": "Ame\u0301lie",
    "unicode": "千と千尋の神隠し · Сталкер · Ὀδύσσεια · लगान · غزل · 기생충",
    "emoji": "great film 🎬🍿 👨‍👩‍👧‍👦 🇫🇷 ❤️ 10/10",
    "bytes": "ﬁﬂ\u200b\u00ad𝕄𝕠𝕧𝕚𝕖 \U0001f9ff \u2028",
    "control characters": "a\x00b\x01c\x7fd\x1be",
    "quotes": '"Quoted" \'single\' “curly” «guillemets» \\ backslash {braces} [brackets] <tag>',
    "sentencepiece space": "a▁b ▁ c",
    "repetition": "ha" * 40 + "!" * 30 + " ..." * 10,
}

OTHERWISE_IN_AUTO_TOKENIZER = {"spaces before digits", "numbers beyond 0 to 9"}

SYSTEM = {"role": "system", "content": "You judge films."}
CHATS = {
    "user": [{"role": "user", "content": "Would the user choose Heat (1995)?"}],
    "system and user": [SYSTEM, {"role": "user", "content": "Yes or No?"}],
    "turns": [
        SYSTEM,
        {"role": "user", "content": "Hi 🎬"},
        {"role": "assistant", "content": "Hello!"},
        {"role": "user", "content": "  spaces around \n"},
    ],
    "leading newline": [{"role": "user", "content": "\nline"}],
    "empty": [{"role": "user", "content": ""}],
}

for model in ["stories260K", "SmolLM2-135M-Instruct"]:
    if not (MODELS / model).exists():
        continue
    tokenizer = PreTrainedTokenizerFast.from_pretrained(MODELS / model)
    automatic = AutoTokenizer.from_pretrained(MODELS / model)
    for name, text in TEXTS.items():
        same = automatic(text)["input_ids"] == tokenizer(text)["input_ids"]
        assert same or name in OTHERWISE_IN_AUTO_TOKENIZER, (model, name)
    texts = [
        {"name": name, "text": text, "ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=True)}
        for name, text in TEXTS.items()
        for ids in [tokenizer(text)["input_ids"]]
    ]
    fixture = {"texts": texts, "chats": []}
    if tokenizer.chat_template:
        for name, messages in CHATS.items():
            opened = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
            fixture["chats"].append(
                {
                    "name": name,
                    "messages": messages,
                    "ids": tokenizer(opened, add_special_tokens=False)["input_ids"],
                    "continued": tokenizer(opened + "So the user will", add_special_tokens=False)["input_ids"],
                }
            )
    (FIXTURES / f"tokenizer-{model}.json").write_text(json.dumps(fixture, indent=1) + "\n")
