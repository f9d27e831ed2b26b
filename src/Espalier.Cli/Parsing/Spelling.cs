namespace Espalier.Cli.Parsing;

/// <summary>
/// Other tools' spellings of our options, understood and not advertised: snake_case, and the names that Hugging Face's
/// scripts, Olive and lm-eval use.
/// </summary>
static class Spelling
{
    static readonly Dictionary<string, string> Others = new()
    {
        ["--model-name-or-path"] = "--model",
        ["--task-name"] = "--task",
        ["--data-dir"] = "--data",
        ["--train-file"] = "--train",
        ["--test-file"] = "--test",
        ["--validation-file"] = "--validation",
        ["--text-column"] = "--text",
        ["--label-column"] = "--label",
        ["--num-threads"] = "--threads",
        ["--max-seq-length"] = "--max-length",
        ["--output-dir"] = "--output",
        ["--output-path"] = "--output",
        ["--batch-size"] = "--batch",
        ["--per-device-eval-batch-size"] = "--batch",
        ["--json"] = "--format=json",
    };

    /// <summary>The arguments with every option called as we call it; what follows <c>--</c> is left alone.</summary>
    public static string[] Ours(IReadOnlyList<string> args)
    {
        string[] ours = [.. args];
        for (int i = 0; i < ours.Length && ours[i] != "--"; i++)
        {
            if (!ours[i].StartsWith("--", StringComparison.Ordinal))
            {
                continue;
            }

            int end = ours[i].IndexOfAny(['=', ':']);
            string name = (end < 0 ? ours[i] : ours[i][..end]).Replace('_', '-'),
                value = end < 0 ? "" : ours[i][end..];
            ours[i] = Others.GetValueOrDefault(name, name) + value;
        }

        return ours;
    }
}
