using System.Diagnostics;
using System.Text.Json;
using Espalier.Tests.Goldens;
using Espalier.Text.Chat;

namespace Espalier.Tests.Text.Chat;

/// <summary>Templates of models, white space and expressions against transformers' apply_chat_template.</summary>
[Trait("tier", "golden")]
public sealed class ChatTemplateTests
{
    static readonly Dictionary<string, string> Tokens = new()
    {
        ["bos_token"] = "<s>",
        ["eos_token"] = "</s>",
        ["unk_token"] = "<unk>",
        ["pad_token"] = "<pad>",
    };

    static readonly ChatMessage[] Two = [new("user", "Hi  "), new("assistant", "ho\n")];

    static readonly Dictionary<string, object?> Settings = new()
    {
        ["n"] = 7L,
        ["z"] = -3L,
        ["f"] = 2.5,
        ["s"] = "Hello World",
        ["t"] = " x,y, z ",
        ["e"] = "",
        ["l"] = new List<object?> { 3L, 1L, 2L },
        ["m"] = new Dictionary<string, object?> { ["a"] = 1L, ["key"] = "v" },
        ["b"] = true,
    };

    [Fact]
    public void Templates_write_conversations_as_transformers_does_and_refuse_what_it_refuses()
    {
        List<string> wrong = [];
        int rows = 0;
        foreach (string line in File.ReadLines(Golden.Own("tokenizers", "chat.jsonl")))
        {
            using JsonDocument json = JsonDocument.Parse(line);
            string template = json.RootElement.GetProperty("template").GetString()!;
            foreach (JsonElement row in json.RootElement.GetProperty("rows").EnumerateArray())
            {
                rows++;
                string? expected = row.TryGetProperty("text", out JsonElement text)
                    ? text.GetString()
                    : null;
                string found;
                try
                {
                    found = Render(template, row);
                    if (found == expected)
                    {
                        continue;
                    }
                }
                catch (InvalidDataException e)
                {
                    Assert.StartsWith("a template, line ", e.Message, StringComparison.Ordinal);
                    if (expected is null)
                    {
                        continue;
                    }

                    found = e.Message;
                }

                wrong.Add(
                    $"{json.RootElement.GetProperty("name")}: {(template.Length < 200 ? template : row)}\n"
                        + $"    expected {expected ?? row.GetProperty("why").GetString()}\n    found    {found}"
                );
            }
        }

        Assert.True(rows > 2000, $"{rows} rows");
        Assert.True(
            wrong.Count == 0,
            $"{wrong.Count} of {rows}:\n{string.Join("\n", wrong.Take(40))}"
        );
    }

    static string Render(string template, JsonElement row)
    {
        ChatTemplate read = ChatTemplate.Parse(template, "a template", Tokens);
        if (!row.TryGetProperty("messages", out JsonElement messages))
        {
            return read.Render(Two, addGenerationPrompt: false, Settings);
        }

        return read.Render(
            [
                .. messages
                    .EnumerateArray()
                    .Select(m => new ChatMessage(
                        m.GetProperty("role").GetString()!,
                        m.GetProperty("content").GetString()!
                    )),
            ],
            row.GetProperty("add_generation_prompt").GetBoolean(),
            row.TryGetProperty("settings", out JsonElement settings)
                ? settings
                    .EnumerateObject()
                    .ToDictionary(
                        s => s.Name,
                        s =>
                            s.Value.ValueKind == JsonValueKind.String
                                ? s.Value.GetString()
                                : (object?)s.Value.GetBoolean()
                    )
                : null
        );
    }

    [Theory]
    [InlineData(
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "steps"
    )]
    [InlineData("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "deep")]
    [InlineData(
        "{% set ns = namespace(x='xxxxxxxx') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "characters"
    )]
    [InlineData(
        "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}",
        "steps"
    )]
    [InlineData(
        "{% set ns = namespace(x=[1]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}",
        "deep"
    )]
    [InlineData(
        "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
        "steps"
    )]
    [InlineData("{{ 'x' * 99999999999 }}", "characters")]
    [InlineData("{{ 9 ** 99999999999 }}", "too large")]
    [InlineData("{{ strftime_now('%Y') }}", "no function 'strftime_now'")]
    [InlineData(
        "\n\n{% include 'x' %}",
        "line 3: Espalier knows if, for, set, macro, generation, break and continue here, not 'include'."
    )]
    [InlineData("\n{{ 1 | random }}", "line 2: Espalier knows no filter 'random'.")]
    [InlineData(
        "{{ raise_exception('Roles must alternate.') }}",
        "the template refuses this conversation: Roles must alternate."
    )]
    public void A_template_that_does_not_end_or_asks_for_what_is_not_known_ends_with_a_sentence(
        string template,
        string why
    )
    {
        long start = Stopwatch.GetTimestamp();
        string found = Assert
            .Throws<InvalidDataException>(() =>
                ChatTemplate.Parse(template, "t.jinja", Tokens).Render(Two, true)
            )
            .Message;
        Assert.Contains(why, found);
        Assert.DoesNotContain("\n", found);
        Assert.True(Stopwatch.GetElapsedTime(start).TotalMinutes < 10, "it took too long");
    }

    [Theory]
    [InlineData("(")]
    [InlineData("not ")]
    [InlineData("-")]
    [InlineData("[")]
    [InlineData("1+")]
    [InlineData("a.")]
    [InlineData("a if ")]
    public void Expressions_nested_without_end_are_refused_or_computed(string bit)
    {
        Exception? found = Record.Exception(() =>
            ChatTemplate
                .Parse("{{ " + string.Concat(Enumerable.Repeat(bit, 200_000)) + "a }}", "t", Tokens)
                .Render(Two, true)
        );
        Assert.True(found is null or InvalidDataException, $"{found}");
    }

    [Fact]
    public void The_time_is_told_where_it_is_given()
    {
        ChatTemplate template = ChatTemplate.Parse(
            "{{ strftime_now('%d %b %Y, %H:%M %A 100%%') }}",
            "t",
            Tokens
        );
        Assert.Equal(
            "09 Feb 2026, 08:05 Monday 100%",
            template.Render(Two, true, now: new DateTimeOffset(2026, 2, 9, 8, 5, 0, default))
        );
    }

    [Fact]
    public void A_prompt_of_a_megabyte_is_written()
    {
        string content = string.Concat(Enumerable.Repeat("naïve 日本 ", 100_000));
        ChatTemplate template = ChatTemplate.Parse(
            "{% for m in messages %}{% set c = m['content'] | trim %}{{ '<' + m.role + '>' + c + eos_token }}{% endfor %}",
            "t",
            Tokens
        );
        Assert.Equal(
            $"<user>{content.TrimEnd()}</s>",
            template.Render([new ChatMessage("user", content)], true)
        );
    }
}
