"""Conversations as transformers writes them by chat templates: tests/Espalier.Tests/Goldens/tokenizers/chat.jsonl.

    python3 tools/goldens/chat_templates.py tests/Espalier.Tests/Goldens/tokenizers/chat.jsonl

Templates in the style of models' own, random conversations; then small templates: white space drawn at random,
expressions drawn at random, and one for each thing that Jinja2 has. A line is a template with its rows; a row
without "text" is one that transformers refuses. Made with transformers 5.12.1 and Jinja2 3.1.6; seed 20262.
"""

import json
import random
import sys

from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

random.seed(20262)
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>"}
base = Tokenizer(models.WordLevel({t: i for i, t in enumerate(TOKENS.values())}, unk_token="<unk>"))
tokenizer = PreTrainedTokenizerFast(tokenizer_object=base, **TOKENS)

MODELS = {
    "ChatML": "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + "
    "'<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
    "SmolLM2": "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + "
    "'\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|im_start|>assistant\n' }}{% endif %}",
    "Zephyr": """{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>\n' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>\n' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>\n'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}""",
    "Llama 2": "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
    "{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}"
    "{% set system_message = false %}{% endif %}{% for message in loop_messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if loop.index0 == 0 and system_message != false %}"
    "{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}"
    "{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}"
    "{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
    "{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
    "Llama 3": "{% set loop_messages = messages %}{% for message in loop_messages %}"
    "{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}"
    "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
    "Llama 3.1": """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not tools_in_user_message is defined %}
    {%- set tools_in_user_message = true %}
{%- endif %}
{%- if not date_string is defined %}
    {%- set date_string = "26 Jul 2024" %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}

{#- This block extracts the system message, so we can slot it into the right place. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}

{#- System message + builtin tools #}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if builtin_tools is defined or tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{%- if builtin_tools is defined %}
    {{- "Tools: " + builtin_tools | reject('equalto', 'code_interpreter') | join(", ") + "\\n\\n"}}
{%- endif %}
{{- "Cutting Knowledge Date: December 2023\\n" }}
{{- "Today Date: " + date_string + "\\n\\n" }}
{%- if tools is not none and not tools_in_user_message %}
    {{- "You have access to the following functions.\\n\\n" }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
{%- endif %}
{{- system_message }}
{{- "<|eot_id|>" }}

{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("This model only supports single tool-calls at once!") }}
        {%- endif %}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    "Mistral 0.1": "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token + ' ' }}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}",
    "Mistral 0.3": """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}
{%- set user_messages = loop_messages | selectattr("role", "equalto", "user") | list %}

{#- This block checks for alternating user/assistant messages, skipping tool calling messages #}
{%- set ns = namespace() %}
{%- set ns.index = 0 %}
{%- for message in loop_messages %}
    {%- if not (message.role == "tool" or message.role == "tool_results" or (message.tool_calls is defined and message.tool_calls is not none)) %}
        {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
            {{- raise_exception("After the optional system message, conversation roles must alternate user/assistant/user/assistant/...") }}
        {%- endif %}
        {%- set ns.index = ns.index + 1 %}
    {%- endif %}
{%- endfor %}

{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if tools is not none and (message == user_messages[-1]) %}
            {{- "[AVAILABLE_TOOLS] [" }}
            {%- for tool in tools %}
                {%- set tool = tool.function %}
                {{- '{"type": "function", "function": {' }}
                {%- for key, val in tool.items() if key != "return" %}
                    {%- if val is string %}
                        {{- '"' + key + '": "' + val + '"' }}
                    {%- else %}
                        {{- '"' + key + '": ' + val|tojson }}
                    {%- endif %}
                    {%- if not loop.last %}
                        {{- ", " }}
                    {%- endif %}
                {%- endfor %}
                {{- "}}" }}
                {%- if not loop.last %}
                    {{- ", " }}
                {%- else %}
                    {{- "]" }}
                {%- endif %}
            {%- endfor %}
            {{- "[/AVAILABLE_TOOLS]" }}
            {%- endif %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- else %}
        {{- raise_exception("Only user and assistant roles are supported, with the exception of an initial optional system message!") }}
    {%- endif %}
{%- endfor %}
""",
    "Qwen 2.5": """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0]['role'] == 'system' %}
        {{- messages[0]['content'] }}
    {%- else %}
        {{- 'You are a helpful assistant.' }}
    {%- endif %}
    {{- "\\n\\n# Tools\\n\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
{%- else %}
    {%- if messages[0]['role'] == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}
    {%- else %}
        {{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- for message in messages %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {{- '<|im_start|>' + message.role }}
        {%- if message.content %}
            {{- '\\n' + message.content }}
        {%- endif %}
    {%- elif message.role == "tool" %}
        {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' }}
        {{- message.content }}
        {{- '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
""",
    "Qwen 3": """{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
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
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index %}
            {%- if loop.last or (not loop.last and reasoning_content) %}
                {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
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
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    "Gemma": "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}"
    "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}",
    "Gemma 3": """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set first_user_prefix = messages[0]['content'] + '

' -%}
    {%- else -%}
        {%- set first_user_prefix = messages[0]['content'][0]['text'] + '

' -%}
    {%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Conversation roles must alternate user/assistant/user/assistant/...") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '
' + (first_user_prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' -%}
                {{ '<start_of_image>' }}
            {%- elif item['type'] == 'text' -%}
                {{ item['text'] | trim }}
            {%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("Invalid content type") }}
    {%- endif -%}
    {{ '<end_of_turn>
' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model
'}}
{%- endif -%}
""",
    "Phi 3": "{% for message in messages %}{% if message['role'] == 'system' %}{{'<|system|>\n' + message['content'] + '<|end|>\n'}}"
    "{% elif message['role'] == 'user' %}{{'<|user|>\n' + message['content'] + '<|end|>\n'}}"
    "{% elif message['role'] == 'assistant' %}{{'<|assistant|>\n' + message['content'] + '<|end|>\n'}}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}",
    "with a macro": """{%- macro turn(role, text, end=eos_token) -%}
<|{{ role | upper }}|>{{ text }}{{ end }}
{%- endmacro -%}
{% for m in messages %}
  {%- if loop.first %}{% generation %}{{ turn(m.role, m.content) }}{% endgeneration %}
  {%- elif loop.last -%}
    {{ turn(m.role, text=m.content, end='.') }}
  {%- else %}
    {{ turn(m.role, m.content | indent(2)) }}
  {%- endif %}
{% endfor %}""",
}
WORDS = ["Hi", "how are you?", "  spaced  ", "line\nbreak\n", "naïve 日本 😀", "<think>\nhm\n</think>\n\nYes", "", "\n", "{{ x }}",
         "It's \"quoted\"", "a\tb", "</s>", "{% if %}", "\u00a0nbsp\u2003", "\x1cfile\x1f"]


def conversation():
    messages = []
    if random.random() < 0.4:
        messages.append({"role": "system", "content": said()})
    for i in range(random.randint(1, 6)):
        role = "user" if i % 2 == 0 else "assistant"
        if random.random() < 0.06:
            role = random.choice(["user", "assistant", "system", "tool"])
        messages.append({"role": role, "content": said()})
    return messages


def said():
    return "".join(random.choice(WORDS) + random.choice(["", " "]) for _ in range(random.randint(1, 3)))


def render(template, row):
    try:
        row["text"] = tokenizer.apply_chat_template(
            row["messages"], chat_template=template, tokenize=False,
            add_generation_prompt=row["add_generation_prompt"], **row.get("settings", {}))
    except Exception as e:  # whatever Jinja2 and Python refuse
        row["why"] = f"{type(e).__name__}: {e}"[:100]
    return row


def white_space():
    """Tags and white space in any order; every if is ended."""
    parts, open_ifs = [], 0
    signs = ["", "", "", "-", "+"]
    for _ in range(random.randint(2, 14)):
        kind = random.randint(0, 11)
        left, right = random.choice(signs), random.choice(signs)
        if kind <= 2:
            parts.append(random.choice([" ", "  ", "\n", "\t", "\n\n", "x", "a b", "\r\n", " \n "]))
        elif kind <= 4:
            parts.append("{{%s %s %s}}" % (random.choice(["", "-"]), random.choice(["'o'", "' o '", "1", "''"]), random.choice(["", "-"])))
        elif kind == 5:
            parts.append("{%%%s if true %s%%}" % (left, right))
            open_ifs += 1
        elif kind == 6 and open_ifs:
            parts.append("{%%%s endif %s%%}" % (left, right))
            open_ifs -= 1
        elif kind == 7:
            parts.append("{#%s c %s#}" % (left, right))
        elif kind == 8:
            parts.append("{%%%s set y = 2 %s%%}" % (left, right))
        elif kind == 9:
            parts.append("{%%%s raw %s%%} {{ r }} {%%%s endraw %s%%}" % (left, random.choice(["", "-"]), random.choice(signs), right))
        elif kind == 10:
            parts.append("{%%%s for i in [1, 2] %s%%} {{ i }}\n{%%%s endfor %s%%}" % (left, right, random.choice(signs), random.choice(signs)))
        else:
            parts.append("\n")
    return "".join(parts) + "{% endif %}" * open_ifs


NAMES = ["n", "z", "f", "s", "t", "e", "l", "m", "b", "u", "none", "true", "false", "messages", "role"]
SETTINGS = {"n": 7, "z": -3, "f": 2.5, "s": "Hello World", "t": " x,y, z ", "e": "", "l": [3, 1, 2], "m": {"a": 1, "key": "v"}, "b": True}


def expression(depth):
    if depth == 0 or random.random() < 0.12:
        return random.choice(NAMES[:12] + ["0", "1", "2", "1.5", "'a'", "'l'", "\"it's\"", "[1, 'a', none]", "{'k': [1]}", "l[0]", "m.a", "m['key']",
                                           "m.nothing", "l[9]", "messages[0].role", "messages[-1]['content']", "s[1]", "t[-2]"])
    a, b = expression(depth - 1), expression(depth - 1)
    return random.choice([
        f"{a} + {b}", f"{a} - {b}", f"{a} * 2", f"{a} ~ {b}", f"{a} // {b}", f"{a} % 3", f"{a} / {b}", f"2 ** n",
        f"{a} == {b}", f"{a} != {b}", f"{a} < {b}", f"{a} >= {b}", f"1 < n <= {b}", f"{a} in {b}", f"{a} not in {b}",
        f"{a} and {b}", f"{a} or {b}", f"not {a}", f"not not {a}", f"({a})", f"({a} if {b} else {expression(depth - 1)})", f"({a} if {b})", f"-{a}", f"-n|abs",
        f"{a} is defined", f"{a} is not none", f"{a} is string", f"{a} is number", f"{a} is mapping", f"{a} is iterable", f"{a} is sequence",
        f"{a} is boolean", f"{a} is integer", f"{a} is float", f"{a} is true", f"{a} is eq {b}", f"{a} is in l", f"n is odd", f"{a} is divisibleby 2", f"{a} is sameas none", f"{a} is undefined",
        f"({a})|length", f"({a})|trim", f"({a})|upper", f"({a})|lower|title", f"({a})|string|capitalize", f"({a})|first", f"({a})|last",
        f"({a})|default('d')", f"({a})|default('d', true)", f"({a})|join('-')", f"({a})|list", f"({a})|reverse|list", f"({a})|tojson", f"({a})|tojson(indent=2)",
        f"({a})|int", f"({a})|replace('l', 'LL')", f"({a})|string|indent(2, true)", f"l|map('string')|join", f"messages|map(attribute='role')|join(',')", f"m|items|list|length",
        f"messages|selectattr('role', 'equalto', 'user')|list|length", f"messages|rejectattr('role', 'eq', {a})|list|length", f"l|select('gt', 1)|list", f"l|reject('odd')|list", f"m|dictsort|length",
        "s.split()", "t.split(',')", "t.split(',', 1)", "s.strip('Hd')", "t.lstrip()", "t.rstrip(' z')", "s.startswith('He')", "s.endswith(e)", "s.replace('o', '0')", "s.upper()", "s.title()",
        "m.items()|list|length", "m.keys()|list", "m.get('a')", "m.get('q', 5)", "s.find('o')", "s.count('l')", "l.index(1)", "l.count(2)",
        "s[1:4]", "s[::-1]", "l[1:]", "l[:-1]", "l[::2]", "t[-3:]", "messages[1:]|length", "range(4)|list", "range(1, 9, 3)|list", "range(5, 0, -2)|list",
    ])


SMALL = [
    "{% for a, c in m.items() %}{{ a }}={{ c }};{% endfor %}", "{% for k in m %}{{ k }}{% else %}no{% endfor %}", "{% for k in u %}{{ k }}{% else %}no{% endfor %}",
    "{% for c in 'añ😀' %}{{ loop.index }}/{{ loop.length }}{{ c }}{{ loop.revindex0 }}{{ loop.previtem }}{{ loop.nextitem }} {% endfor %}",
    "{% for i in range(9) if i % 2 %}{{ i }}{{ loop.cycle('a', 'b') }}{% if i == 5 %}{% break %}{% endif %}{% endfor %}",
    "{% for i in range(5) %}{% if i == 2 %}{% continue %}{% endif %}{{ i }}{% endfor %}", "{% set x = 1 %}{% for i in l %}{{ x }}{% set x = i %}{{ x }}{% endfor %}{{ x }}",
    "{% set x %} a {{ n }} {% endset %}[{{ x }}]", "{% set a, c = 1, 2 %}{{ a + c }}", "{% set ns = namespace(x=0) %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}",
    "{% if u %}a{% elif n > 6 %}b{% else %}c{% endif %}", "{% macro f(a, b='x') %}({{ a }}{{ b }}){% endmacro %}{{ f(1) }}{{ f(1, 2) }}{{ f(b=3, a=4) }}{{ f() }}",
    "{{ u.x }}", "{{ u() }}", "{{ n() }}", "{{ s.nothing }}", "{{ s + n }}", "{{ s + u }}", "{{ u + 1 }}", "{{ none }}{{ true }}{{ 1.0 }}{{ 1e3 }}{{ 1e20 }}{{ 1e-7 }}{{ 0.1 }}{{ 123456789012345678.0 }}",
    "{{ [1, 'a', \"it's\", none, true, 1.5, {'a': 'b'}] }}", "{{ 'a\\n\\t\\x41\\u00e9\\\\\\'\"' }}", "{{ 'a' 'b' }}", "{{ 'é\\q' }}", "{{ messages }}", "{{ dict(a=1, b='x') }}", "{{ dict(a=1).b is defined }}",
    "{{ 1 if false }}", "{{ (1, 2)|list }}", "{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 7 / 2 }} {{ 2 ** 10 }} {{ 1 / 0 }}", "{{ 2 ** -1 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }}", "{{ '%s' }}", "{{ l * 2 if false else 0 }}",
    "{{ 'x' * 3 }}", "{{ true + 1 }} {{ true == 1 }} {{ 1 == 1.0 }} {{ '1' == 1 }}", "{{ 'a' < 'b' }} {{ 'Z' < 'a' }} {{ '\uffff' < '😀' }}", "{{ 1 < 'a' }}", "{{ none < 1 }}", "{{ 1 in 'a' }}", "{{ 'a' in none }}",
    "{{ raise_exception('no') }}", "{% if raise_exception is defined %}y{% endif %}", "{{ range(200000)|length }}", "{% for i in n %}{% endfor %}", "{{ x", "{% if %}", "{% endif %}", "{% foo %}", "{{ 1 | nofilter }}", "{{ 1 is notest }}", "{{ ) }}", "{{ 'a }}", "{# a",
    "{% if true %}", "{% for x in l %}", "{{ a.b.c }}", "{{ }}", "{{ 1 2 }}", "{% set n = n + 1 %}{{ n }}", "{% set m.a = 2 %}", "{{ l.append(1) }}", "{{ s|tojson }}{{ '<&>é\u2028'|tojson }}", "{{ {'b': 1, 'a': [1, {}], 'c': []}|tojson(indent=4) }}",
    "{{ -1|abs }} {{ - 1 }} {{ +1 }} {{ --1 }}", "{{ not 1 == 2 }}", "{{ 'a' ~ 1 + 2 }}", "{{ 1 + 2 ~ 3 }}", "{{ 2 * 3 ** 2 }}", "{{ 1 < 2 < 3 }} {{ 3 > 2 > 2 }}", "{{ n is odd and b }}", "{{ l is sequence is defined }}", "{{ n is not odd }}",
    "{{ 'A,B'.split(',')[1].lower()|upper }}", "{{ messages|length }}", "{{ messages[0]|length }}", "{{ s|length }}{{ '😀'|length }}", "{{ loop }}", "{{ m.items }}" if False else "{{ m.zzz }}", "{{ {'items': 1}['items'] }}", "{{ 1_000 }} {{ 0 }} {{ 1.5e2 }}",
    "{{ '\\ud83d' if false else 1 }}", "{% set x = {'a': 1,} %}{{ x.a }}", "{{ [1, 2,] }}", "{{ [] }}{{ {} }}{{ ''|default('z', true) }}", "{{ messages | map(attribute='content') | map('length') | list }}", "{{ 'x'|default }}{{ u|default }}",
    "{{ l|sum }}" if False else "{{ l|first + l|last }}", "{{ 'abc'|reverse }}", "{{ 'a\nb\n\nc'|indent }}", "{{ 'a\nb'|indent(width=1, first=true) }}", "{{ l|join(d='/') }}", "{{ messages|join(',', attribute='role') }}", "{{ '12'|int + 1 }}{{ 'x'|int }}{{ 'x'|int(default=4) }}{{ 2.9|int }}",
    "a\n", "a\n\n", "\n{% if true %}\n  b\n{% endif %}\n", "  {% if true %}  b  {% endif %}  \n  c", "{%- if true -%} b {%- endif -%}", "x  {{- 'y' -}}  z", "{% raw %}{{ a }}{% endraw %}", "\t{# c #}\n d",
]


def main(path):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        def put(name, template, rows):
            file.write(json.dumps({"name": name, "template": template, "rows": rows}) + "\n")

        for name, template in MODELS.items():
            rows = []
            for _ in range(24):
                row = {"messages": conversation(), "add_generation_prompt": random.random() < 0.6}
                if name == "Llama 3.1":
                    row["settings"] = {"date_string": "01 Dec 2025"}
                if name == "Qwen 3" and random.random() < 0.5:
                    row["settings"] = {"enable_thinking": random.random() < 0.5}
                rows.append(render(template, row))
            put(name, template, rows)
        messages = [{"role": "user", "content": "Hi  "}, {"role": "assistant", "content": "ho\n"}]
        small = [("white space", white_space()) for _ in range(400)]
        small += [("expression", "{{ " + expression(random.randint(1, 3)) + " }}") for _ in range(1500)]
        small += [("small", t) for t in SMALL]
        for name, template in small:
            row = {"messages": messages, "add_generation_prompt": False, "settings": SETTINGS}
            row = render(template, row)
            put(name, template, [{k: v for k, v in row.items() if k in ("text", "why")}])


main(sys.argv[1])
