"""Chats by transformers, for the tests of packages/llm-lora/src/tokenizer (pip install transformers).

    python tools/oracles/llm-lora_chat_templates.py

writes packages/llm-lora/test/fixtures/formats/chat-templates.json: chats, and for each template its control tokens and what
apply_chat_template makes of each chat, the next turn of the assistant opened; or the words with which it refuses.

The templates are of the form that the models of a family have, and use what theirs use: namespaces, loops with their counters,
slices, macros, tests, filters, methods of strings, dates, generation tags, and refusals. Their words are our own.
"""

import datetime
import json
from pathlib import Path

import transformers.utils.chat_template_utils as chat_template_utils
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

OUT = Path(__file__).resolve().parents[2] / "packages/llm-lora/test/fixtures/formats/chat-templates.json"
NOW = datetime.datetime(2026, 3, 7, 12, 30)

TEMPLATES = {
    "llama 3": (
        ["<|begin_of_text|>", "<|eot_id|>", "<|start_header_id|>", "<|end_header_id|>"],
        """{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "01 Jan 2020" %}
    {%- endif %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set instruction = messages[0]['content'] | trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set instruction = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if tools is not none and tools is defined %}{{- "Tools: " + tools | tojson(indent=4) }}{% endif %}
{{- "Date: " + date_string + "\\n\\n" }}
{{- instruction }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls | length == 1 %}{{- raise_exception("One call at a time") }}{%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    ),
    "qwen 2.5": (
        ["", "<|im_end|>", "<|im_start|>"],
        """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- for tool in tools %}{{- "\\n" }}{{- tool | tojson }}{%- endfor %}
    {{- '<|im_end|>\\n' }}
{%- elif messages[0]['role'] == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
{%- else %}
    {{- '<|im_start|>system\\nYou help with films.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "tool" %}
        {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}{{- '<|im_start|>user' }}{%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}
""",
    ),
    "qwen 3": (
        ["", "<|im_end|>", "<|im_start|>"],
        """{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(searching=true, last_query=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.searching and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.searching = false %}
        {%- set ns.last_query = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set reasoning = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query %}
            {%- if loop.last or (not loop.last and reasoning) %}
                {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
            {%- else %}
                {{- '<|im_start|>' + message.role + '\\n' + content }}
            {%- endif %}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}
{%- endif %}
""",
    ),
    "gemma 2": (
        ["<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"],
        """{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('No system turns here') }}{% endif %}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Turns go user, assistant, user, assistant') }}{% endif %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}""",
    ),
    "gemma 3": (
        ["<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"],
        """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set first_user_prefix = messages[0]['content'] + '\\n\\n' -%}
    {%- else -%}
        {%- set first_user_prefix = messages[0]['content'][0]['text'] + '\\n\\n' -%}
    {%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Turns go user, assistant, user, assistant") }}
    {%- endif -%}
    {%- set role = "model" if (message['role'] == 'assistant') else message['role'] -%}
    {{ '<start_of_turn>' + role + '\\n' + (first_user_prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'text' -%}{{ item['text'] | trim }}{%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("Unknown content") }}
    {%- endif -%}
    {{ '<end_of_turn>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{'<start_of_turn>model\\n'}}{%- endif -%}
""",
    ),
    "phi 3": (
        ["<s>", "<|endoftext|>", "<|system|>", "<|user|>", "<|assistant|>", "<|end|>"],
        """{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}{{'<|system|>\\n' + message['content'] + '<|end|>\\n'}}{% elif message['role'] == 'user' %}{{'<|user|>\\n' + message['content'] + '<|end|>\\n'}}{% elif message['role'] == 'assistant' %}{{'<|assistant|>\\n' + message['content'] + '<|end|>\\n'}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}""",
    ),
    "mistral": (
        ["<s>", "</s>", "[INST]", "[/INST]"],
        """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("Roles take turns, beginning with user") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}{{- "[TOOLS]" }}{%- endif %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"] | trim + eos_token }}
    {%- else %}
        {{- raise_exception("Only user and assistant, after a system message") }}
    {%- endif %}
{%- endfor %}
""",
    ),
    "smollm 3": (
        ["", "<|im_end|>", "<|im_start|>"],
        """{%- if enable_thinking is not defined -%}
{%- set enable_thinking = true -%}
{%- endif -%}
{%- macro turn(role, text) -%}
{{ "<|im_start|>" ~ role ~ "\\n" ~ text ~ "<|im_end|>\\n" }}
{%- endmacro -%}
{%- set mode = "think" if enable_thinking else "no_think" -%}
{%- set custom = "" -%}
{%- if messages[0].role == "system" -%}
  {%- set given = messages[0].content -%}
  {%- if "/no_think" in given -%}
    {%- set mode = "no_think" -%}
  {%- elif "/think" in given -%}
    {%- set mode = "think" -%}
  {%- endif -%}
  {%- set custom = given.replace("/no_think", "").replace("/think", "").rstrip() -%}
{%- endif -%}
{%- if "/system_override" in custom -%}
  {{- turn("system", custom.replace("/system_override", "").rstrip()) -}}
{%- else -%}
  {{- "<|im_start|>system\\n" -}}
  {{- "## Facts\\n\\n" -}}
  {%- set today = strftime_now("%d %B %Y") -%}
  {{- "Today: " ~ today ~ "\\n" -}}
  {{- "Mode: /" + mode + "\\n\\n" -}}
  {%- if custom -%}{{- custom + "\\n\\n" -}}{%- endif -%}
  {{- "<|im_end|>\\n" -}}
{%- endif -%}
{%- for message in messages -%}
    {%- set content = message.content if message.content is string else "" -%}
    {%- if message.role == "user" -%}
        {{ turn(message.role, content) }}
    {%- elif message.role == "assistant" -%}
        {% generation %}
        {%- if mode == "think" -%}
            {{ "<|im_start|>assistant\\n" + content.lstrip("\\n") + "<|im_end|>\\n" }}
        {%- else -%}
            {{ "<|im_start|>assistant\\n" + "<think>\\n\\n</think>\\n" + content.lstrip("\\n") + "<|im_end|>\\n" }}
        {%- endif -%}
        {% endgeneration %}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {%- if mode == "think" -%}{{ "<|im_start|>assistant\\n" }}{%- else -%}{{ "<|im_start|>assistant\\n" + "<think>\\n\\n</think>\\n" }}{%- endif -%}
{%- endif -%}
""",
    ),
    "olmo 2": (
        ["<|endoftext|>", "<|endoftext|>"],
        """{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}{{ '<|system|>\\n' + message['content'] + '\\n' }}{% elif message['role'] == 'user' %}{{ '<|user|>\\n' + message['content'] + '\\n' }}{% elif message['role'] == 'assistant' %}{% if not loop.last %}{{ '<|assistant|>\\n'  + message['content'] + eos_token + '\\n' }}{% else %}{{ '<|assistant|>\\n'  + message['content'] + eos_token }}{% endif %}{% endif %}{% if loop.last and add_generation_prompt %}{{ '<|assistant|>\\n' }}{% endif %}{% endfor %}""",
    ),
    "llama 2": (
        ["<s>", "</s>"],
        """{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Turns go user, assistant, user, assistant') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}""",
    ),
    "all the rest": (
        ["<s>", "</s>", "<|a|>"],
        """{#- a comment -#}
{%- macro field(name, value="none", last=false) -%}{{ name | upper }}={{ value }}{{ "" if last else "," }}{%- endmacro -%}
{%- set names = {"user": "U", "assistant": "A", "system": "S"} -%}
{%- set ns = namespace(total=0, roles=[]) -%}
{%- for message in messages -%}
  {%- set ns.total = ns.total + 1 -%}
  {%- set ns.roles = ns.roles + [message.role] -%}
{%- endfor -%}
{{- field("turns", ns.total) }}{{ field("roles", ns.roles | join("/"), last=true) }}
{%- for key, value in names.items() %} {{ key[0] }}{{ value | lower }}{% endfor %}
{%- for message in messages if message.role != "system" %}
{{ loop.index }}/{{ loop.length }}{{ "<|a|>" if loop.first }} {{ names[message.role] }}: {{ message["content"] }}
{%- if loop.nextitem is defined and not loop.last %} -> {{ loop.nextitem.role }}{% endif %}
{%- endfor %}
{%- if messages | map(attribute="role") | list | first == "system" %} [{{ messages[0].content }}]{% endif %}
{%- set last = messages | last %}
{{ last.role.title() }} {{ (1, 2) | length }} {{ [3, 1, 2] | sort | join }} {{ "a-b-c".split("-")[1] }} {{ "x" * 3 if false else "y" }} {{ "is" if none is none }} {{ 7 // 2 }} {{ names | tojson }} {{ missing | default("d") }} {{ "xyaxby".strip("xy") }} {{ strftime_now("%A %a %-d %d %B %b %y %H:%M:%S %j %p %I%%") }}
{{- "\\n" + eos_token if not add_generation_prompt }}""",
    ),
}

SYSTEM = {"role": "system", "content": "You judge films.\nBriefly."}
HEAT = {"role": "user", "content": "Would the user choose Heat (1995)?"}
CHATS = {
    "user": [HEAT],
    "system and user": [SYSTEM, HEAT],
    "turns": [HEAT, {"role": "assistant", "content": "Yes: 🎬, and 千と千尋."}, {"role": "user", "content": "  Why? \n"}],
    "system and turns": [SYSTEM, HEAT, {"role": "assistant", "content": "\nYes"}, {"role": "user", "content": "Why?"}],
    "a thought": [HEAT, {"role": "assistant", "content": "<think>\n  hm \n</think>\n\n  Yes"}, {"role": "user", "content": "Why?"}],
    "two users": [HEAT, HEAT],
    "switches in the system text": [{"role": "system", "content": "Judge. /no_think"}, HEAT],
    "markup in a text": [{"role": "user", "content": "<|im_end|>\n<|im_start|>system {{ bos_token }} [/INST]</s><|eot_id|><end_of_turn> {% raw %}"}],
    "an end": [HEAT, {"role": "assistant", "content": "Yes"}],
}


class Fixed(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return NOW


chat_template_utils.datetime = Fixed

templates = []
for name, (control, template) in TEMPLATES.items():
    bos, eos, *more = control
    names = {"eos_token": eos, "additional_special_tokens": more, **({"bos_token": bos} if bos else {})}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), **names)
    rendered = {}
    for kind, messages in CHATS.items():
        try:
            text = tokenizer.apply_chat_template(messages, chat_template=template, add_generation_prompt=True, tokenize=False)
            rendered[kind] = {"text": text}
        except Exception as error:  # the template's own refusal
            rendered[kind] = {"refusal": str(error)}
    templates.append({"name": name, "names": names, "template": template, "rendered": rendered})

OUT.write_text(json.dumps({"now": NOW.isoformat(), "chats": CHATS, "templates": templates}, ensure_ascii=False) + "\n")
