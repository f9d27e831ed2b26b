using System.CommandLine;
using System.CommandLine.Completions;

namespace Espalier.Cli.Parsing;

/// <summary>What may follow: one of a few words, a file, a folder, or what no shell can know.</summary>
/// <param name="Words">Empty where it is no choice.</param>
sealed record Completable(IReadOnlyList<string> Words, bool IsFile, bool IsFolder)
{
    public static Completable None { get; } = new([], false, false);

    public static Completable Of(Option option) =>
        new(
            WordsOf(option.GetCompletions(CompletionContext.Empty)),
            option.HelpName is "file" or "path",
            option.HelpName is "folder"
        );

    /// <summary>An argument that is no choice is a path.</summary>
    public static Completable Of(Argument argument)
    {
        IReadOnlyList<string> words = WordsOf(argument.GetCompletions(CompletionContext.Empty));
        return new(words, words.Count == 0, false);
    }

    /// <summary>Whether the option stands alone.</summary>
    public static bool IsFlag(Option option) =>
        option.ValueType == typeof(bool) || option is System.CommandLine.Help.HelpOption;

    static IReadOnlyList<string> WordsOf(IEnumerable<CompletionItem> items) =>
        [.. items.Select(i => i.InsertText ?? i.Label)];
}
