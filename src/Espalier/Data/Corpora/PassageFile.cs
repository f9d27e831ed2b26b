using System.Text;
using Espalier.Checkpoints;
using Espalier.Data.Files;

namespace Espalier.Data.Corpora;

/// <summary>Passages whose last word is asked for: a line each, or JSON lines with <c>text</c>, which is LAMBADA's form.</summary>
public static class PassageFile
{
    /// <returns>Those that are not blank, with their lines, counted from 1.</returns>
    /// <exception cref="InvalidDataException">The file is refused: one sentence for each problem.</exception>
    public static IReadOnlyList<(string Text, int Line)> Read(string path)
    {
        DataProblems problems = new();
        DataText? file = DataText.FromFile(path, problems);
        problems.ThrowIfAny();
        List<(string Text, int Line)> passages = [];
        bool? isJson = null;
        foreach (var (line, text) in file!.Lines())
        {
            if (!text.Span.ContainsAnyExcept(" \t\r"u8))
            {
                continue;
            }

            isJson ??= text.Span.TrimStart(" \t"u8)[0] == '{';
            try
            {
                string passage = isJson.Value
                    ? JsonFile.Parse($"{path}:{line}", text).String("text")
                    : Encoding.UTF8.GetString(text.Span);
                passages.Add((passage, line));
            }
            catch (InvalidDataException e)
            {
                problems.Add(e.Message);
            }
        }

        problems.ThrowIfAny();
        return passages.Count > 0
            ? passages
            : throw new InvalidDataException(
                $"{path} has no passages; one on each line was expected."
            );
    }
}
