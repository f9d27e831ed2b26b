using System.Text.Json;
using Espalier.Checkpoints;
using Espalier.Data.Files;

namespace Espalier.Data.Corpora;

/// <summary>A context and how it may go on, one of which is right.</summary>
/// <param name="Answer">The index of the right one.</param>
public sealed record Question(string Context, IReadOnlyList<string> Choices, int Answer);

/// <summary>
/// Questions with choices, one JSON object a line: <c>context</c>, <c>choices</c> (two or more texts) and <c>answer</c>, the index of the
/// right one counted from 0, or its text. This is what the tasks of EleutherAI's evaluation harness hold.
/// </summary>
public static class ChoiceFile
{
    /// <exception cref="InvalidDataException">The file is refused: one sentence for each problem.</exception>
    public static IReadOnlyList<Question> Read(string path)
    {
        DataProblems problems = new();
        DataText? file = DataText.FromFile(path, problems);
        problems.ThrowIfAny();
        List<Question> questions = [];
        foreach (var (line, text) in file!.Lines())
        {
            if (text.Span.ContainsAnyExcept(" \t\r"u8))
            {
                try
                {
                    questions.Add(Of(JsonFile.Parse($"{path}:{line}", text)));
                }
                catch (InvalidDataException e)
                {
                    problems.Add(e.Message);
                }
            }
        }

        problems.ThrowIfAny();
        return questions.Count > 0
            ? questions
            : throw new InvalidDataException(
                $"{path} has no lines; a JSON object with context, choices and answer was expected on each."
            );
    }

    static Question Of(JsonFields fields)
    {
        IReadOnlyList<string> choices = fields.Strings("choices");
        if (choices.Count < 2 || choices.Any(c => c.Length == 0))
        {
            throw fields.Refuse("choices", "two texts or more, none of them empty,");
        }

        int answer =
            fields.Required("answer", "the index of a choice or its text").ValueKind
            == JsonValueKind.String
                ? IndexOf(choices, fields.String("answer"))
                : fields.Integer("answer", 0, choices.Count - 1);
        return answer < 0
            ? throw fields.Refuse("answer", "the index of a choice, or the text of exactly one,")
            : new Question(fields.String("context"), choices, answer);
    }

    /// <summary>−1 where none or several are that text.</summary>
    static int IndexOf(IReadOnlyList<string> choices, string text)
    {
        int[] same = [.. Enumerable.Range(0, choices.Count).Where(i => choices[i] == text)];
        return same.Length == 1 ? same[0] : -1;
    }
}
